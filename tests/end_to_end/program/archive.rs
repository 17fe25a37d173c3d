//! Tests of the backup file with other tools: its entries, checksums and manifest.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use license_backup_tests::harness::{Sandbox, files_below, passes_b3sum};
use license_backup_tests::sample::SampleLicense;
use serde_json::{Value, json};

use crate::expected::{self, backed_up, sample, skipped};

/// Returns a sandbox with a backup of the sample store, and the files of the store.
fn backup() -> (Sandbox, Vec<SampleLicense>) {
    let (sandbox, files) = Sandbox::with_store(sample());
    sandbox.back_up(&[]).run().exits(3);
    (sandbox, files)
}

#[test]
fn unzip_finds_no_error() {
    let (sandbox, _) = backup();
    sandbox.archive().passes_unzip();
}

#[test]
fn entries_are_licenses_by_path_then_b3sums_and_backup_json() {
    let (sandbox, files) = backup();
    let names: Vec<_> = sandbox
        .archive()
        .entries()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    let mut expected = entries_of_licenses(&files);
    expected.extend(["B3SUMS".to_owned(), "backup.json".to_owned()]);
    assert_eq!(names, expected);
}

/// Returns the names of the entries for the licenses, in byte order.
fn entries_of_licenses(files: &[SampleLicense]) -> Vec<String> {
    backed_up(files)
        .iter()
        .map(|file| format!("licenses/{}", file.backup_path()))
        .collect()
}

#[test]
fn entries_are_stored_and_private_with_utf8_names_and_no_times() {
    let (sandbox, _) = backup();
    for entry in sandbox.archive().entries() {
        assert_eq!(entry.method, 0, "{} should be stored", entry.name);
        assert_eq!(
            entry.flags, 0x800,
            "{} should have only the UTF-8 flag",
            entry.name
        );
        assert_eq!(
            entry.system, 3,
            "{} should have Unix attributes",
            entry.name
        );
        assert_eq!(
            entry.attributes,
            0o100_600 << 16,
            "{} should be a file of mode 0600",
            entry.name
        );
        assert_eq!(
            entry.date,
            [1980, 1, 1, 0, 0, 0],
            "{} should have the earliest time that ZIP can represent",
            entry.name
        );
        assert_eq!(
            (entry.extra, entry.comment),
            (0, 0),
            "{} should have no extra field and no comment",
            entry.name
        );
    }
}

#[test]
fn every_allowed_license_and_nothing_else_is_in_the_backup() {
    let (sandbox, files) = backup();
    sandbox.archive().unpack(&sandbox.path("unpacked"));
    let unpacked = files_below(&sandbox.path("unpacked/licenses"));
    let expected = expected::restored(&files);
    assert_eq!(
        unpacked.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in expected {
        assert!(
            unpacked[&path] == bytes,
            "{} should have the bytes of the license",
            path.display()
        );
    }
}

#[test]
fn b3sum_verifies_every_license() {
    let (sandbox, _) = backup();
    sandbox.archive().unpack(&sandbox.path("unpacked"));
    passes_b3sum(&sandbox.path("unpacked"));
}

#[test]
fn b3sums_lists_exactly_the_licenses_in_byte_order() {
    let (sandbox, files) = backup();
    sandbox.archive().unpack(&sandbox.path("unpacked"));
    let sums = fs::read_to_string(sandbox.path("unpacked/B3SUMS")).unwrap();
    let named: Vec<_> = sums.lines().map(name_of_sum).collect();
    assert_eq!(named, entries_of_licenses(&files));
}

/// Returns the name in a line of `b3sum`. It follows the hash and two spaces, and is escaped if the
/// line starts with a backslash.
fn name_of_sum(line: &str) -> String {
    let Some(escaped) = line.strip_prefix('\\') else {
        return line[66..].to_owned();
    };
    escaped[66..]
        .replace("\\\\", "\0")
        .replace("\\n", "\n")
        .replace("\\r", "\r")
        .replace('\0', "\\")
}

#[test]
fn the_manifest_counts_licenses_and_skipped_files() {
    let (sandbox, files) = backup();
    let manifest = manifest(&sandbox);
    assert_eq!(manifest["licenses"], backed_up(&files).len());
    assert_eq!(manifest["bytes"], expected::bytes(&files));
    assert_eq!(manifest["restricted"], expected::restricted(&files).len());
    assert_eq!(manifest["errors"], expected::errors(&files).len());
    assert_eq!(manifest["format"], 1);
    assert_eq!(
        manifest["program"],
        concat!("license-backup ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_manifest_lists_skipped_files_with_key_ids_and_reason() {
    let (sandbox, files) = backup();
    let lines = manifest(&sandbox)["skipped"].clone();
    let lines = lines.as_array().unwrap();
    let reported: Vec<_> = lines
        .iter()
        .map(|line| (line["path"].as_str().unwrap(), &line["reason"]))
        .collect();
    let expected = skipped(&files);
    let expected: Vec<_> = expected
        .iter()
        .map(|file| (file.reported_path(), expected::reason(file)))
        .collect();
    assert_eq!(reported.len(), expected.len(), "reported: {reported:#?}");
    for (reported, (path, reason)) in reported.iter().zip(&expected) {
        assert_eq!(
            (reported.0, reported.1.as_str().unwrap()),
            (path.as_str(), *reason)
        );
    }
    for file in expected::restricted(&files) {
        let line = lines
            .iter()
            .find(|line| line["path"] == file.reported_path())
            .unwrap();
        let or_empty = |ids: &Value| {
            if ids.is_null() {
                json!([])
            } else {
                ids.clone()
            }
        };
        let reported = (
            &line["format"],
            or_empty(&line["license_ids"]),
            or_empty(&line["key_ids"]),
        );
        let identity = &file.identity;
        let expected = (
            &json!(identity.format),
            json!(identity.license_ids),
            json!(identity.key_ids),
        );
        assert_eq!(reported, expected, "{}", file.reported_path());
    }
}

/// Returns `backup.json` of the backup in a sandbox.
fn manifest(sandbox: &Sandbox) -> Value {
    sandbox.archive().unpack(&sandbox.path("unpacked"));
    serde_json::from_slice(&fs::read(sandbox.path("unpacked/backup.json")).unwrap()).unwrap()
}

#[test]
fn a_backup_does_not_depend_on_time_user_or_location() {
    let (sandbox, _) = Sandbox::with_store(sample());
    sandbox.back_up(&[]).run().exits(3);
    let first = fs::read(sandbox.backup_file()).unwrap();

    // Another directory, and files in another order with other modes and times.
    let other = Sandbox::new();
    let mut files: Vec<_> = sample().files().collect();
    files.reverse();
    for file in &files {
        file.write_into(&other.path("elsewhere/store")).unwrap();
        make_old(&other.path("elsewhere/store").join(&file.path));
    }
    let arguments = [
        "backup",
        "--store",
        "elsewhere/store",
        "--to",
        "backup",
        "--quiet",
    ];
    other
        .license_backup(arguments)
        .after("umask 077; export TZ=Asia/Tokyo LC_ALL=C USER=somebody")
        .run()
        .exits(3);
    assert!(
        fs::read(other.backup_file()).unwrap() == first,
        "backups of the same licenses should have the same bytes"
    );
}

/// Makes a file read-only, with a modification time in the past.
fn make_old(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let file = fs::File::open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(1000))
        .unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o444))
        .unwrap();
}

#[test]
fn a_backup_of_an_empty_store_has_no_licenses() {
    let sandbox = Sandbox::new();
    sandbox.back_up(&[]).run().exits(0);
    let names: Vec<_> = sandbox
        .archive()
        .entries()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["B3SUMS", "backup.json"]);
    sandbox.archive().passes_unzip();
}

#[test]
fn other_tools_read_a_backup_with_more_than_65535_entries() {
    let sandbox = Sandbox::with_many_files(65_600);
    sandbox.back_up(&["--quiet"]).run().exits(0);
    sandbox.archive().passes_unzip();
    assert_eq!(sandbox.archive().entries().len(), 65_602);
}
