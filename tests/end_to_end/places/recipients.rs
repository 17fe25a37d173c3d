//! Runs of a device that has only recipients, so that it cannot read its own backups.

use std::fs;

use license_backup_tests::harness::files_below;

use super::place::{Kind, Place};
use crate::fixture::wait_for_next_second;

/// The number of licenses in the store of a place.
const LICENSES: usize = 40;

/// Backs up into generations without an identity, and returns the last event.
fn back_up(place: &Place, code: i32) -> serde_json::Value {
    wait_for_next_second();
    place
        .run(
            "one",
            "backup --store store TO-RECIPIENTS --generations --json",
        )
        .exits(code)
        .end_event()
}

fn works_without_an_identity(kind: Kind) {
    let place = Place::new(kind, true);
    assert_eq!(back_up(&place, 0)["outcome"], "success");
    assert_eq!(back_up(&place, 0)["unchanged"], true);

    let verified = place.run("one", "verify FROM-NOBODY --json").exits(0);
    let end = verified.end_event();
    assert_eq!(
        (&end["encrypted"], &end["licenses"]),
        (&true.into(), &LICENSES.into())
    );
    let checked = place
        .run("one", "check FROM-NOBODY --max-age 1d --verify --json")
        .exits(0);
    assert_eq!(checked.end_event()["encrypted"], true);
    let opened = place.run("one", "verify FROM --json").exits(0).end_event();
    assert_eq!(opened["encrypted"], false);
    assert_eq!(opened["blake3"], end["blake3"]);

    let refused = place
        .run("one", "restore FROM-NOBODY --store store")
        .exits(1);
    assert!(
        refused.stderr().contains("give the identity"),
        "{}",
        refused.report()
    );

    let licenses = files_below(&place.sandbox.store()).into_keys();
    for path in licenses.take(LICENSES * 9 / 10) {
        fs::remove_file(place.sandbox.store().join(path)).unwrap();
    }
    assert_eq!(back_up(&place, 6)["outcome"], "shrunk");

    // Another process sees that the earlier backup is pinned, and that it can still be restored.
    let listed = place.run("one", "generations FROM-NOBODY --json").exits(0);
    let events = listed.events();
    let pinned = events.iter().filter(|event| event["pinned"] == true);
    assert_eq!(pinned.count(), 1, "{}", listed.report());
    let _ = place
        .run("one", "check FROM-NOBODY --max-age 1d --json")
        .exits(6);

    if kind == Kind::S3 {
        return;
    }
    let end = place.run("one", "verify FROM-NOBODY --json").end_event();
    let file = end["file"].as_str().unwrap();
    let stored = place.sandbox.path("places/one").join(format!("{file}.age"));
    let mut bytes = fs::read(&stored).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(stored, bytes).unwrap();
    let damaged = place.run("one", "verify FROM-NOBODY").exits(5);
    assert!(
        damaged.stderr().contains("the last run wrote"),
        "{}",
        damaged.report()
    );
}

#[test]
fn a_device_with_recipients_only_backs_up_into_a_directory() {
    works_without_an_identity(Kind::Directory);
}

#[test]
fn a_device_with_recipients_only_backs_up_to_an_sftp_server() {
    works_without_an_identity(Kind::Sftp);
}

#[test]
fn a_device_with_recipients_only_backs_up_into_a_bucket() {
    works_without_an_identity(Kind::S3);
}
