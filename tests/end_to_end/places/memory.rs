//! The memory of a backup, a verification and a restore of many licenses off the device.

use std::fs;

use license_backup_tests::harness::{Invocation, Sandbox, counted, scaled, wait_and_measure};

use super::place::{Kind, Place};

/// The limit in KiB.
const LIMIT: u64 = 96 << 10;

/// Runs a command, and requires that its peak memory is within the limit.
fn stays_within_the_limit(place: &Place, what: &str, command: Invocation) {
    let (outcome, peak) = wait_and_measure(command.start());
    let outcome = place.checked(outcome).exits(0);
    counted(peak, format_args!("KiB of memory: {what}"));
    assert!(peak <= LIMIT, "{peak} KiB\n{}", outcome.report());
}

/// Requires that the program stays within the limit with many licenses.
fn little_memory_is_used(kind: Kind) {
    let licenses = scaled(4_000, 100_000);
    for is_encrypted in [false, true] {
        let sandbox = Sandbox::with_many_files(licenses);
        let place = Place::with_store(kind, is_encrypted, sandbox);
        fs::create_dir(place.sandbox.path("new")).expect("the sandbox is writable");
        for line in [
            "backup --store store TO --json",
            "verify FROM --json",
            "restore FROM --store new --json",
        ] {
            let encrypted = if is_encrypted { ", encrypted" } else { "" };
            let what = format!("{line} of {licenses} licenses, {kind:?}{encrypted}");
            stays_within_the_limit(&place, &what, place.command("many", line));
        }
    }
}

#[test]
fn many_licenses_on_an_sftp_server_need_little_memory() {
    little_memory_is_used(Kind::Sftp);
}

#[test]
fn many_licenses_in_a_bucket_need_little_memory() {
    little_memory_is_used(Kind::S3);
}
