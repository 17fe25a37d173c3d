//! `list --from`: what a backup holds, and what it left out and why.

use std::fs;

use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::{Expected, SampleLicense};
use serde_json::{Value, json};

use crate::fates::{self, backed_up, left_out, sample};

fn backup() -> (Sandbox, Vec<SampleLicense>) {
    let (sandbox, files) = Sandbox::with_store(sample());
    sandbox.back_up(&["--quiet"]).run().exits(3);
    (sandbox, files)
}

/// The files as a listing names them: what is in the backup, then what was left out.
fn in_listing_order(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    [backed_up(files), left_out(files)].concat()
}

#[test]
fn every_file_is_listed_with_its_standing() {
    let (sandbox, files) = backup();
    let mut events = sandbox.list(&["--json"]).run().exits(0).events();
    let end = events.pop();
    let told: Vec<_> = events.iter().map(|event| (event["path"].as_str().unwrap(), standing(event))).collect();
    let expected = in_listing_order(&files);
    let paths: Vec<_> = expected.iter().map(|file| file.told_path()).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, (path, file)) in told.into_iter().zip(paths.iter().zip(expected)) {
        let standing = match file.expected {
            Expected::BackedUp => ("backed-up", None, Some(file.bytes.len() as u64)),
            Expected::Restricted(reason) => ("restricted", Some(reason), None),
            Expected::Error(code) => ("failed", Some(code), None),
        };
        assert_eq!(told, (path.as_str(), standing));
    }
    assert_eq!(end.map(|end| end["event"].clone()), Some(json!("end")));
}

/// What a listing says of a file: whether it is in the backup, why not, and its size.
fn standing(event: &Value) -> (&str, Option<&str>, Option<u64>) {
    assert_eq!(event["event"], "license", "{event}");
    let why = event["reason"].as_str().or(event["code"].as_str());
    (event["standing"].as_str().unwrap(), why, event["size"].as_u64())
}

#[test]
fn every_license_is_listed_with_what_it_says_of_itself() {
    let (sandbox, files) = backup();
    let events = sandbox.list(&["--json"]).run().exits(0).events();
    let expected = in_listing_order(&files).into_iter().filter(|file| !matches!(file.expected, Expected::Error(_)));
    for file in expected {
        let event = events.iter().find(|event| event["path"] == file.told_path()).unwrap();
        let told = (&event["format"], &event["license_ids"], &event["key_ids"]);
        let identity = &file.identity;
        let expected = (&json!(identity.format), &json!(identity.license_ids), &json!(identity.key_ids));
        assert_eq!(told, expected, "{}", file.told_path());
    }
}

#[test]
fn a_listing_ends_with_its_totals() {
    let (sandbox, files) = backup();
    let end = sandbox.list(&["--json"]).run().exits(0).end_event();
    assert_eq!(end["outcome"], "success");
    assert_eq!(end["licenses"], backed_up(&files).len());
    assert_eq!(end["bytes"], fates::bytes(&files));
    assert_eq!(end["left_out"], left_out(&files).len());
}

#[test]
fn people_get_a_line_for_each_file_and_one_with_the_totals() {
    let (sandbox, files) = backup();
    let outcome = sandbox.list(&[]).run().exits(0);
    let lines: Vec<_> = outcome.stdout().lines().collect();
    assert_eq!(lines.len(), files.len() + 1, "{}", outcome.report());
    let line = |name: &str| lines.iter().find(|line| line.contains(name)).copied().unwrap_or_default();
    assert!(line("lcp/book.lcpl (license ").starts_with("backed-up "), "{}", outcome.report());
    assert!(line("xmr/no-rights.xmr (key ").starts_with("not-permitted "), "{}", outcome.report());
    assert!(line("wmdrm/opaque/encrypted.lic").starts_with("opaque "), "{}", outcome.report());
    assert!(line("broken/cut.xmr").starts_with("malformed "), "{}", outcome.report());
    assert!(line("names/new\\nline.lic").starts_with("backed-up "), "{}", outcome.report());
}

#[test]
fn a_listing_changes_nothing() {
    let (sandbox, _) = backup();
    let before = Snapshot::of(&sandbox.backup());
    sandbox.list(&[]).run().exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn a_directory_without_a_backup_is_named() {
    let sandbox = Sandbox::new();
    sandbox.list(&[]).run().exits(1).says(&["no backup (licenses.zip) in backup:"]);
    sandbox.license_backup(["list", "--from", "nowhere"]).run().exits(1).says(&["nowhere"]);
    assert!(!sandbox.path("nowhere").exists());
}

#[test]
fn a_file_that_is_no_backup_is_corrupt() {
    let foreign_zip = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for content in [&b""[..], b"my notes", foreign_zip] {
        let sandbox = Sandbox::new();
        fs::write(sandbox.backup_file(), content).unwrap();
        sandbox.list(&[]).run().exits(5).says(&["licenses.zip"]);
        let end = sandbox.list(&["--json"]).run().exits(5).end_event();
        assert_eq!((&end["code"], &end["hresult"]), (&json!("backup-corrupt"), &json!("0xC00D2743")));
    }
}

#[test]
fn a_backup_that_was_cut_anywhere_is_corrupt() {
    let (sandbox, _) = Sandbox::with_store(license_backup_tests::sample::SampleStore::ordinary(3));
    sandbox.back_up(&[]).run().exits(0);
    let whole = fs::read(sandbox.backup_file()).unwrap();
    for kept in [1, 100, whole.len() / 2, whole.len() - 23, whole.len() - 22, whole.len() - 1] {
        fs::write(sandbox.backup_file(), &whole[..kept]).unwrap();
        let outcome = sandbox.list(&[]).run();
        assert_eq!(outcome.code(), Some(5), "of {} bytes, {kept} were kept\n{}", whole.len(), outcome.report());
    }
}

#[test]
fn a_backup_with_something_behind_it_is_corrupt() {
    let (sandbox, _) = Sandbox::with_store(license_backup_tests::sample::SampleStore::ordinary(3));
    sandbox.back_up(&[]).run().exits(0);
    let mut longer = fs::read(sandbox.backup_file()).unwrap();
    longer.push(0);
    fs::write(sandbox.backup_file(), longer).unwrap();
    sandbox.list(&[]).run().exits(5);
}

#[test]
fn a_fifo_in_the_place_of_a_backup_is_told_and_not_opened() {
    use nix::sys::stat::Mode;

    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.backup_file(), Mode::S_IRUSR).unwrap();
    let outcome = sandbox.list(&[]).run().exits(5);
    assert!(outcome.stderr().contains("no regular file"), "{}", outcome.stderr());
}

#[test]
fn a_store_is_listed_with_what_may_be_backed_up_and_why_the_rest_may_not() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let mut events = sandbox.license_backup(["list", "--store", "store", "--json"]).run().exits(3).events();
    let end = events.pop().unwrap();
    let mut expected: Vec<_> = files.iter().collect();
    expected.sort_by_key(|file| file.told_path());
    let told: Vec<_> = events.iter().map(|event| (event["path"].as_str().unwrap(), standing(event))).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, file) in told.into_iter().zip(expected) {
        let standing = match file.expected {
            Expected::BackedUp => ("allowed", None, Some(file.bytes.len() as u64)),
            Expected::Restricted(reason) => ("restricted", Some(reason), None),
            Expected::Error(code) => ("failed", Some(code), None),
        };
        assert_eq!(told, (file.told_path().as_str(), standing));
    }
    assert_eq!((&end["licenses"], &end["bytes"]), (&json!(backed_up(&files).len()), &json!(fates::bytes(&files))));
    assert_eq!((&end["left_out"], &end["program"]), (&json!(left_out(&files).len()), &Value::Null));
}

#[test]
fn a_store_is_listed_as_its_backup_would_be() {
    let (sandbox, files) = backup();
    let identities = |source: [&str; 2]| {
        let outcome = sandbox.license_backup([&["list"], &source[..], &["--json"]].concat()).run();
        let mut events = outcome.events();
        events.retain(|event| event["event"] == "license" && event["standing"] != "failed");
        let mut lines: Vec<_> = events
            .into_iter()
            .map(|event| (event["path"].to_string(), event["license_ids"].clone(), event["key_ids"].clone()))
            .collect();
        lines.sort_by(|one, other| one.0.cmp(&other.0));
        lines
    };
    let (store, backup) = (identities(["--store", "store"]), identities(["--from", "backup"]));
    assert_eq!(store.len(), files.len() - fates::errors(&files).len());
    assert_eq!(store, backup);
}

#[test]
fn listing_a_store_changes_nothing() {
    let (sandbox, _) = Sandbox::with_store(sample());
    let before = Snapshot::of(&sandbox.store());
    sandbox.license_backup(["list", "--store", "store"]).run().exits(3);
    assert_eq!(Snapshot::of(&sandbox.store()), before);
}
