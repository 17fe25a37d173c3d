//! All commands, in each place.

use std::fs;
use std::thread;
use std::time::Duration;

use license_backup_tests::harness::files_below;
use serde_json::Value;

use super::place::{Kind, Place};

/// A change of the store before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    /// A later second, so that a generation has another name.
    Later,
    /// One more license, in a later second.
    Added,
}

/// A verification that expects another backup.
const EXPECT_ANOTHER: &str = "verify FROM --json --expect \
     0000000000000000000000000000000000000000000000000000000000000000";

/// The commands: the change before it, the directory, the line, and the expected exit code.
const COMMANDS: [(Change, &str, &str, i32); 22] = [
    (Change::None, "one", "backup --store store TO --json", 0),
    (Change::None, "one", "backup --store store TO --json", 4),
    (
        Change::None,
        "one",
        "backup --store store TO --overwrite --json",
        0,
    ),
    (
        Change::Added,
        "one",
        "backup --store store TO --overwrite --json",
        0,
    ),
    (Change::None, "one", "verify FROM --json", 0),
    (Change::None, "one", EXPECT_ANOTHER, 5),
    (Change::None, "one", "list FROM --json", 0),
    (
        Change::None,
        "one",
        "restore FROM --store changed --json",
        4,
    ),
    (
        Change::None,
        "one",
        "restore FROM --store changed --overwrite --json",
        0,
    ),
    (
        Change::None,
        "one",
        "backup --store store TO --overwrite --strict --json",
        3,
    ),
    (Change::None, "one", "restore FROM --store new --json", 0),
    (Change::None, "one", "restore FROM --store new --json", 0),
    (
        Change::None,
        "many",
        "backup --store store TO --generations --json",
        0,
    ),
    (
        Change::Added,
        "many",
        "backup --store store TO --generations --json",
        0,
    ),
    (
        Change::None,
        "many",
        "backup --store store TO --generations --json",
        0,
    ),
    (Change::None, "many", "generations FROM --hash --json", 0),
    (Change::None, "many", "diff FROM --json", 3),
    (
        Change::None,
        "many",
        "check FROM --max-age 1h --verify --json",
        0,
    ),
    (Change::None, "many", "forget FROM --keep-last 1 --json", 0),
    (Change::None, "many", "verify FROM --json", 0),
    (
        Change::None,
        "one",
        "backup --store empty TO --overwrite --json",
        6,
    ),
    (
        Change::Later,
        "many",
        "backup --store empty TO --generations --json",
        6,
    ),
];

/// Returns the lines of all commands in a place, without what depends on time and place.
fn transcript(place: &Place) -> Vec<(String, Vec<Value>)> {
    let sandbox = &place.sandbox;
    for name in ["new", "empty", "changed"] {
        fs::create_dir(sandbox.path(name)).expect("the sandbox is writable");
    }
    for (path, content) in [
        ("changed/added-1.lcpl", lcp_license(0)),
        ("store/notes.txt", "not a license".to_owned()),
    ] {
        fs::write(sandbox.path(path), content).expect("the sandbox is writable");
    }
    if place.is_on_this_machine() {
        for name in ["one", "many"] {
            fs::create_dir(sandbox.path("places").join(name)).expect("the sandbox is writable");
        }
    }
    let mut added = 0;
    let mut lines = Vec::new();
    for (change, directory, line, code) in COMMANDS {
        if change == Change::Added {
            added += 1;
            let license = sandbox.store().join(format!("added-{added}.lcpl"));
            fs::write(license, lcp_license(added)).expect("the store is writable");
        }
        if change != Change::None {
            thread::sleep(Duration::from_millis(1100));
        }
        let outcome = place.run(directory, line).exits(code);
        let events = outcome.events().into_iter();
        let lasting = events.filter(|event| event["event"] != "progress");
        let comparable = lasting.map(|event| without_time_and_place(event, place));
        lines.push((line.to_owned(), comparable.collect()));
    }
    lines
}

/// Returns a license whose ID has this number.
fn lcp_license(number: u32) -> String {
    format!(
        r#"{{"id": "added-{number}", "issued": "2026-01-01T00:00:00Z", "provider": "https://example.com",
        "encryption": {{"profile": "http://readium.org/lcp/basic-profile"}}, "links": [], "signature": {{}}}}"#
    )
}

fn without_time_and_place(value: Value, place: &Place) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !["milliseconds", "time", "age"].contains(&name.as_str()))
            .map(|(name, value)| (name, without_time_and_place(value, place)))
            .collect(),
        Value::Array(values) => values
            .into_iter()
            .map(|value| without_time_and_place(value, place))
            .collect(),
        Value::String(text) => {
            let mut text = ["one", "many"].iter().fold(text, |text, directory| {
                text.replace(&place.location(directory), "PLACE")
            });
            while let Some(start) = text.find("licenses-2") {
                text.replace_range(
                    start..start + "licenses-20260101T000000Z".len(),
                    "GENERATION",
                );
            }
            Value::String(text)
        }
        value => value,
    }
}

/// Compares a place with a directory that is not encrypted.
fn behaves_like_a_directory(kind: Kind, is_encrypted: bool) {
    let directory = Place::new(Kind::Directory, false);
    let expected = transcript(&directory);
    let place = Place::new(kind, is_encrypted);
    for ((line, mut lines), (_, mut expected)) in transcript(&place).into_iter().zip(expected) {
        if line.starts_with("backup ") {
            // A run that encrypts hashes each backup, because the record of the run needs it.
            for event in lines.iter_mut().chain(&mut expected) {
                event.as_object_mut().map(|fields| fields.remove("blake3"));
            }
        }
        assert_eq!(lines, expected, "{line}");
    }
    let restored = |place: &Place| files_below(&place.sandbox.path("new"));
    assert!(restored(&place) == restored(&directory));
    let mut names: Vec<_> = fs::read_dir(place.sandbox.path(""))
        .expect("the sandbox is a directory")
        .map(|entry| entry.expect("the sandbox can be listed").file_name())
        .collect();
    let of_the_test = ["home", "identity", "places", "recipients", "tmp"];
    names.retain(|name| !of_the_test.iter().any(|other| name == other));
    names.sort();
    assert_eq!(
        names,
        ["backup", "changed", "empty", "new", "store"],
        "nothing of the backup lies elsewhere"
    );
    assert!(files_below(&place.sandbox.backup()).is_empty());
}

#[test]
fn an_sftp_server_behaves_like_a_directory() {
    behaves_like_a_directory(Kind::Sftp, false);
}

#[test]
fn an_s3_service_behaves_like_a_directory() {
    behaves_like_a_directory(Kind::S3, false);
}

#[test]
fn an_encrypted_directory_behaves_like_a_directory() {
    behaves_like_a_directory(Kind::Directory, true);
}

#[test]
fn an_encrypted_directory_of_an_sftp_server_behaves_like_a_directory() {
    behaves_like_a_directory(Kind::Sftp, true);
}

#[test]
fn an_encrypted_prefix_of_an_s3_service_behaves_like_a_directory() {
    behaves_like_a_directory(Kind::S3, true);
}

#[test]
fn age_and_unzip_open_an_encrypted_backup() {
    for kind in [Kind::Directory, Kind::Sftp] {
        let place = Place::new(kind, true);
        fs::create_dir(place.sandbox.path("places/one")).expect("the sandbox is writable");
        let _ = place.run("one", "backup --store store TO").exits(0);
        let script = "age --decrypt -i identity -o plain.zip places/one/licenses.zip.age && \
                      unzip -tq plain.zip && ! unzip -tq places/one/licenses.zip.age";
        let _ = place
            .sandbox
            .license_backup(["-c", script])
            .with_binary("/bin/sh".into())
            .run()
            .exits(0);
    }
}
