//! The library's listing of a backup, as an embedder sees it.

use std::thread;
use std::time::Duration;

use license_backup::{ErrorCode, Restriction, Standing, wait};
use license_backup_tests::harness::Sandbox;

use crate::fates::{backed_up, left_out, sample};
use crate::library::{RUNTIME, large, outcome, start};

#[test]
fn a_listing_tells_what_is_in_the_backup_and_what_was_left_out() {
    let (sandbox, files) = Sandbox::with_store(sample());
    start(&sandbox).wait().unwrap();
    let mut operation = wait(RUNTIME.list(&sandbox.backup())).unwrap();
    let listings: Vec<_> = std::iter::from_fn(|| operation.licenses.wait_next()).collect();
    let summary = outcome(operation.completed).unwrap();
    assert_eq!((summary.licenses, summary.left_out), (backed_up(&files).len() as u64, left_out(&files).len() as u64));
    assert_eq!(listings.len(), files.len());
    let opaque = listings.iter().filter(|listing| listing.standing == Standing::Restricted(Restriction::Opaque));
    assert_eq!(opaque.count(), 2);
}

#[test]
fn a_listing_whose_stream_is_dropped_ends_early_as_cancelled() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let mut operation = wait(RUNTIME.list(&sandbox.backup())).unwrap();
    assert!(operation.licenses.wait_next().is_some());
    drop(operation.licenses);
    let error = outcome(operation.completed).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
}

#[test]
fn a_listing_is_dropped_between_any_two_events_without_harm() {
    // With as many licenses as travel together, the component has nothing more to write when the reader leaves.
    for licenses in [0, 63, 64, 65, 256] {
        let sandbox = Sandbox::with_many_files(licenses);
        start(&sandbox).wait().unwrap();
        for read in [false, true] {
            let mut operation = wait(RUNTIME.list(&sandbox.backup())).unwrap();
            let is_read = read && operation.licenses.wait_next().is_some();
            drop(operation.licenses);
            let ended = outcome(operation.completed);
            assert!(
                ended.as_ref().map_or_else(|error| error.code() == ErrorCode::Cancelled, |_| true),
                "{licenses} licenses, read: {is_read}: {ended:?}"
            );
        }
    }
}

#[test]
fn a_listing_that_nobody_reads_can_be_cancelled() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let operation = wait(RUNTIME.list(&sandbox.backup())).unwrap();
    // Long enough for the component to have filled the channel and to wait for a reader.
    thread::sleep(Duration::from_millis(300));
    operation.cookie.cancel();
    let error = outcome(operation.completed).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    drop(operation.licenses);
}
