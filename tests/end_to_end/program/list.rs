//! `list`: the licenses of a backup or a store, and the skipped files with their reasons.

use std::collections::BTreeSet;
use std::fs;

use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::{Expected, Identity, SampleLicense};
use serde_json::{Value, json};

use crate::expected::{self, backed_up, sample, skipped};

fn backup() -> (Sandbox, Vec<SampleLicense>) {
    let (sandbox, files) = Sandbox::with_store(sample());
    sandbox.back_up(&["--quiet"]).run().exits(3);
    (sandbox, files)
}

/// Returns the files in the order of the listing of a backup: its licenses, then the skipped files.
fn in_listing_order(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    [backed_up(files), skipped(files)].concat()
}

#[test]
fn every_file_is_listed_with_its_standing() {
    let (sandbox, files) = backup();
    let mut events = sandbox.list(&["--json"]).run().exits(0).events();
    let end = events.pop();
    let listed: Vec<_> = events
        .iter()
        .map(|event| (event["path"].as_str().unwrap(), standing(event)))
        .collect();
    let expected = in_listing_order(&files);
    assert_eq!(listed.len(), expected.len(), "{listed:#?}");
    for (listing, file) in listed.into_iter().zip(expected) {
        let standing = match file.expected {
            Expected::BackedUp => ("backed-up", None, Some(expected::size(file))),
            Expected::Duplicate => {
                panic!("{} is in the backup as another file", file.reported_path())
            }
            Expected::Restricted(reason) => ("restricted", Some(reason), None),
            Expected::Error(code) => ("failed", Some(code), None),
        };
        assert_eq!(listing, (path_in_backup(file).as_str(), standing));
    }
    assert_eq!(end.map(|end| end["event"].clone()), Some(json!("end")));
}

/// Returns the path of a file in the listing of a backup.
fn path_in_backup(file: &SampleLicense) -> String {
    match file.expected {
        Expected::BackedUp | Expected::Duplicate => file.backup_path(),
        Expected::Restricted(_) | Expected::Error(_) => file.reported_path(),
    }
}

/// Returns the standing of a listed file, the reason for it, and the size of the license.
fn standing(event: &Value) -> (&str, Option<&str>, Option<u64>) {
    assert_eq!(event["event"], "license-listing", "{event}");
    let reason = event["reason"].as_str().or(event["code"].as_str());
    (
        event["standing"].as_str().unwrap(),
        reason,
        event["size"].as_u64(),
    )
}

#[test]
fn every_license_is_listed_with_its_identity() {
    let (sandbox, files) = backup();
    let events = sandbox.list(&["--json"]).run().exits(0).events();
    let expected = in_listing_order(&files)
        .into_iter()
        .filter(|file| !matches!(file.expected, Expected::Error(_)));
    for file in expected {
        let event = events
            .iter()
            .find(|event| event["path"] == path_in_backup(file))
            .unwrap();
        assert_eq!(
            identity(event),
            reported_identity(file),
            "{}",
            file.reported_path()
        );
    }
}

/// Returns the identity in a listing.
fn identity(event: &Value) -> Value {
    json!([
        event["format"],
        event["license_ids"],
        event["key_ids"],
        event["rights_end"]
    ])
}

/// Returns the expected identity in a listing.
fn reported_identity(file: &SampleLicense) -> Value {
    let Identity {
        format,
        license_ids,
        key_ids,
        rights_end,
    } = &file.identity;
    json!([format, license_ids, key_ids, rights_end])
}

#[test]
fn a_listing_ends_with_its_totals() {
    let (sandbox, files) = backup();
    let end = sandbox.list(&["--json"]).run().exits(0).end_event();
    assert_eq!(end["outcome"], "success");
    assert_eq!(end["licenses"], backed_up(&files).len());
    assert_eq!(end["bytes"], expected::bytes(&files));
    assert_eq!(end["skipped"], skipped(&files).len());
}

#[test]
fn text_has_a_line_for_each_file_and_one_with_totals() {
    let (sandbox, files) = backup();
    let outcome = sandbox.list(&[]).run().exits(0);
    let lines: Vec<_> = outcome.stdout().lines().collect();
    assert_eq!(
        lines.len(),
        in_listing_order(&files).len() + 1,
        "{}",
        outcome.report()
    );
    let line = |name: &str| {
        lines
            .iter()
            .find(|line| line.contains(name))
            .copied()
            .unwrap_or_default()
    };
    assert!(
        line("lcp/book.lcpl (license ").starts_with("backed-up "),
        "{}",
        outcome.report()
    );
    assert!(
        line("xmr/no-rights.xmr (key ").starts_with("not-permitted "),
        "{}",
        outcome.report()
    );
    assert!(
        line("wmdrm/opaque/encrypted.lic").starts_with("opaque "),
        "{}",
        outcome.report()
    );
    assert!(
        line("broken/cut.xmr").starts_with("malformed "),
        "{}",
        outcome.report()
    );
    assert!(
        line("names/new\\nline.lic").starts_with("backed-up "),
        "{}",
        outcome.report()
    );
    let end = "; until 2027-01-01T00:00:00+01:00)";
    assert!(line("lcp/loan.lcpl").ends_with(end), "{}", outcome.report());
}

#[test]
fn a_listing_changes_nothing() {
    let (sandbox, _) = backup();
    let before = Snapshot::of(&sandbox.backup());
    sandbox.list(&[]).run().exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn a_directory_without_a_backup_is_reported() {
    let sandbox = Sandbox::new();
    sandbox
        .list(&[])
        .run()
        .exits(1)
        .says(&["no backup (licenses.zip) in backup;"]);
    sandbox
        .license_backup(["list", "--from", "nowhere"])
        .run()
        .exits(1)
        .says(&["nowhere"]);
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
        assert_eq!(
            (&end["code"], &end["hresult"]),
            (&json!("backup-corrupt"), &json!("0xC00D2743"))
        );
    }
}

#[test]
fn a_truncated_backup_is_corrupt() {
    let (sandbox, _) = Sandbox::with_store(license_backup_tests::sample::SampleStore::ordinary(3));
    sandbox.back_up(&[]).run().exits(0);
    let whole = fs::read(sandbox.backup_file()).unwrap();
    for kept in [
        1,
        100,
        whole.len() / 2,
        whole.len() - 23,
        whole.len() - 22,
        whole.len() - 1,
    ] {
        fs::write(sandbox.backup_file(), &whole[..kept]).unwrap();
        let outcome = sandbox.list(&[]).run();
        assert_eq!(
            outcome.code(),
            Some(5),
            "truncated from {} bytes to {kept}\n{}",
            whole.len(),
            outcome.report()
        );
    }
}

#[test]
fn a_backup_with_trailing_bytes_is_corrupt() {
    let (sandbox, _) = Sandbox::with_store(license_backup_tests::sample::SampleStore::ordinary(3));
    sandbox.back_up(&[]).run().exits(0);
    let mut longer = fs::read(sandbox.backup_file()).unwrap();
    longer.push(0);
    fs::write(sandbox.backup_file(), longer).unwrap();
    sandbox
        .list(&[])
        .run()
        .exits(5)
        .says(&["the end of the central directory is missing or invalid"]);
}

#[test]
fn a_fifo_in_place_of_a_backup_is_reported_and_not_opened() {
    use nix::sys::stat::Mode;

    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.backup_file(), Mode::S_IRUSR).unwrap();
    let outcome = sandbox.list(&[]).run().exits(5);
    assert!(
        outcome.stderr().contains("not a regular file"),
        "{}",
        outcome.stderr()
    );
}

#[test]
fn every_file_of_a_store_is_listed_with_its_standing() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let mut events = sandbox
        .license_backup(["list", "--store", "store", "--json"])
        .run()
        .exits(3)
        .events();
    let end = events.pop().unwrap();
    // A publication is not listed if a separate file with its name contains the same license.
    let is_listed = |file: &&SampleLicense| file.expected != Expected::Duplicate;
    let mut expected: Vec<_> = files.iter().filter(is_listed).collect();
    expected.sort_by_key(|file| file.reported_path());
    let listed: Vec<_> = events
        .iter()
        .map(|event| (event["path"].as_str().unwrap(), standing(event)))
        .collect();
    assert_eq!(listed.len(), expected.len(), "{listed:#?}");
    for (listing, file) in listed.into_iter().zip(expected) {
        let standing = match file.expected {
            Expected::BackedUp => ("allowed", None, Some(expected::size(file))),
            Expected::Duplicate => panic!("{} is listed as another file", file.reported_path()),
            Expected::Restricted(reason) => ("restricted", Some(reason), None),
            Expected::Error(code) => ("failed", Some(code), None),
        };
        assert_eq!(listing, (file.reported_path().as_str(), standing));
    }
    let expected = (
        json!(backed_up(&files).len()),
        json!(expected::bytes(&files)),
    );
    assert_eq!(
        (&end["licenses"], &end["bytes"]),
        (&expected.0, &expected.1)
    );
    assert_eq!(
        (&end["skipped"], &end["program"]),
        (&json!(skipped(&files).len()), &Value::Null)
    );
}

/// Returns the events of the files of a store.
fn store_events(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.license_backup(["list", "--store", "store", "--json"]);
    let mut events = list.run().exits(3).events();
    events.retain(|event| event["event"] == "license-listing");
    events
}

#[test]
fn a_publication_is_listed_with_the_entry_of_its_license() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let events = store_events(&sandbox);
    for file in files
        .iter()
        .filter(|file| file.expected != Expected::Duplicate)
    {
        let event = events
            .iter()
            .find(|event| event["path"] == file.reported_path())
            .unwrap();
        if let Expected::Restricted(_) | Expected::Error("malformed") = file.expected {
            continue;
        }
        let entry = file.embedded.as_ref().map(|embedded| embedded.entry);
        assert_eq!(event["entry"], json!(entry), "{event}");
    }
}

#[test]
fn a_failed_file_is_listed_with_a_message_that_has_its_path() {
    let (sandbox, _) = Sandbox::with_store(sample());
    for event in store_events(&sandbox) {
        let path = event["path"].as_str().unwrap();
        let is_named = event["message"]
            .as_str()
            .map(|message| message.contains(path));
        let is_expected = event["standing"] == "failed";
        assert_eq!(is_named, is_expected.then_some(true), "{event}");
    }
}

#[test]
fn an_unknown_encoding_is_named_in_a_listing() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let path = "wmdrm/encodings/iso-8859-1.lic";
    let file = files
        .iter()
        .find(|file| file.reported_path() == path)
        .unwrap();
    let events = store_events(&sandbox);
    let event = events.iter().find(|event| event["path"] == path).unwrap();
    assert!(
        event["message"].as_str().unwrap().contains("ISO-8859-1"),
        "{event}"
    );
    assert_eq!(identity(event), reported_identity(file));
}

#[test]
fn a_store_and_its_backup_have_the_same_listing() {
    let (sandbox, files) = backup();
    let identities = |source: [&str; 2]| {
        let outcome = sandbox
            .license_backup([&["list"], &source[..], &["--json"]].concat())
            .run();
        let mut events = outcome.events();
        events.retain(|event| event["event"] == "license-listing" && event["standing"] != "failed");
        // In a backup, the license of a publication has the name of the publication.
        let lines = events.into_iter().map(|event| {
            let path = event["path"].as_str().unwrap();
            let extension = if event["entry"].is_null() {
                ""
            } else {
                ".lcpl"
            };
            (format!("{path}{extension}"), identity(&event).to_string())
        });
        lines.collect::<BTreeSet<_>>()
    };
    let (store, backup) = (
        identities(["--store", "store"]),
        identities(["--from", "backup"]),
    );
    assert_eq!(
        backup.len(),
        in_listing_order(&files).len() - expected::errors(&files).len()
    );
    assert_eq!(store, backup);
}

#[test]
fn listing_a_store_changes_nothing() {
    let (sandbox, _) = Sandbox::with_store(sample());
    let before = Snapshot::of(&sandbox.store());
    sandbox
        .license_backup(["list", "--store", "store"])
        .run()
        .exits(3);
    assert_eq!(Snapshot::of(&sandbox.store()), before);
}
