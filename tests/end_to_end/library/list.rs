//! Listings of a store and of a backup through the library.

use std::path::Path;

use license_backup::{
    ErrorCode, LicenseListing, LicenseStanding, ListOperation, ListOptions, ListSummary,
    OperationError, Restriction, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::{Expected, SampleLicense, SampleStore};

use crate::expected::{self, backed_up, sample, skipped};
use crate::library::{RUNTIME, large, outcome, start};

/// Returns the listed files and the summary.
fn listed(options: &ListOptions) -> Result<(Vec<LicenseListing>, ListSummary), OperationError> {
    let ListOperation {
        mut events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.list(options))?;
    let listings = std::iter::from_fn(|| events.wait_next()).collect();
    outcome(completed).map(|summary| (listings, summary))
}

#[test]
fn a_listing_of_a_backup_has_licenses_and_skipped_files() {
    let (sandbox, files) = Sandbox::with_store(sample());
    start(&sandbox).wait().unwrap();
    let (listings, summary) = listed(&ListOptions::backup(sandbox.backup())).unwrap();
    assert_eq!(
        (summary.licenses, summary.skipped),
        (backed_up(&files).len() as u64, skipped(&files).len() as u64)
    );
    assert!(
        summary
            .program
            .is_some_and(|program| program.starts_with("license-backup "))
    );
    assert_eq!(
        listings.len(),
        backed_up(&files).len() + skipped(&files).len()
    );
    let opaque = listings
        .iter()
        .filter(|listing| listing.standing == LicenseStanding::Restricted(Restriction::Opaque));
    let expected = files
        .iter()
        .filter(|file| file.expected == Expected::Restricted("opaque"));
    assert_eq!(opaque.count(), expected.count());
}

#[test]
fn a_listing_of_a_store_has_the_standing_of_each_file() {
    let (sandbox, mut files) = Sandbox::with_store(sample());
    let (listings, summary) = listed(&ListOptions::store(sandbox.store())).unwrap();
    let expected = (
        backed_up(&files).len() as u64,
        expected::bytes(&files),
        skipped(&files).len() as u64,
        None,
    );
    assert_eq!(
        (
            summary.licenses,
            summary.bytes,
            summary.skipped,
            summary.program
        ),
        expected
    );

    files.retain(|file| file.expected != Expected::Duplicate);
    files.sort_by_key(SampleLicense::reported_path);
    let paths: Vec<_> = listings
        .iter()
        .map(|listing| listing.path.clone())
        .collect();
    assert_eq!(
        paths,
        files
            .iter()
            .map(SampleLicense::reported_path)
            .collect::<Vec<_>>()
    );
    for file in &files {
        let listing = listings
            .iter()
            .find(|listing| listing.path == file.reported_path())
            .expect("the file is listed");
        let (standing, size) = match listing.standing {
            LicenseStanding::Allowed => (Expected::BackedUp, Some(expected::size(file))),
            LicenseStanding::Restricted(reason) => (Expected::Restricted(reason.name()), None),
            LicenseStanding::Failed(code) => (Expected::Error(code.name()), None),
            LicenseStanding::BackedUp => {
                panic!("a store has no file with this standing: {listing:?}")
            }
        };
        assert_eq!(
            (standing, listing.size),
            (file.expected, size),
            "{listing:?}"
        );
        // The identity of a malformed document may be incomplete.
        if !matches!(standing, Expected::Error(_)) {
            assert_eq!(
                listing.identity.license_ids, file.identity.license_ids,
                "{listing:?}"
            );
            assert_eq!(
                listing.identity.key_ids, file.identity.key_ids,
                "{listing:?}"
            );
            assert_eq!(
                listing.identity.rights_end, file.identity.rights_end,
                "{listing:?}"
            );
            let entry = file.embedded.as_ref().map(|embedded| embedded.entry);
            assert_eq!(listing.entry.as_deref(), entry, "{listing:?}");
        }
    }
}

#[test]
fn a_listing_changes_nothing() {
    let (sandbox, _) = Sandbox::with_store(sample());
    start(&sandbox).wait().unwrap();
    let before = (
        Snapshot::of(&sandbox.store()),
        Snapshot::of(&sandbox.backup()),
    );
    listed(&ListOptions::store(sandbox.store())).unwrap();
    listed(&ListOptions::backup(sandbox.backup())).unwrap();
    assert_eq!(
        (
            Snapshot::of(&sandbox.store()),
            Snapshot::of(&sandbox.backup())
        ),
        before
    );
}

#[test]
fn a_missing_backup_is_reported_with_the_path_of_the_caller() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let error = listed(&ListOptions::backup(sandbox.store())).unwrap_err();
    let named = sandbox.store().display().to_string();
    assert_eq!(
        (error.code(), error.path()),
        (ErrorCode::PathNotFound, Some(Path::new(&named)))
    );
    assert!(error.to_string().contains(&named), "{error}");
}

#[test]
fn a_listing_whose_stream_is_dropped_is_cancelled() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let mut operation = block_on(RUNTIME.list(&ListOptions::backup(sandbox.backup()))).unwrap();
    assert!(operation.events.wait_next().is_some());
    drop(operation.events);
    let error = outcome(operation.completed).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
}

#[test]
fn a_listing_can_be_dropped_between_any_two_events() {
    // The component writes 64 licenses at a time. With a multiple of that number, it has nothing
    // more to write when the reader drops the stream.
    for licenses in [0, 63, 64, 65, 256] {
        let sandbox = Sandbox::with_many_files(licenses);
        start(&sandbox).wait().unwrap();
        for read in [false, true] {
            let mut operation =
                block_on(RUNTIME.list(&ListOptions::backup(sandbox.backup()))).unwrap();
            let is_read = read && operation.events.wait_next().is_some();
            drop(operation.events);
            let ended = outcome(operation.completed);
            assert!(
                ended
                    .as_ref()
                    .map_or_else(|error| error.code() == ErrorCode::Cancelled, |_| true),
                "{licenses} licenses, read: {is_read}: {ended:?}"
            );
        }
    }
}

#[test]
fn an_unread_listing_can_be_cancelled() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    // The component waits for the reader before, within and after its first batches of 64.
    for read in [0, 1, 64, 65, 256, 1000] {
        let mut operation = block_on(RUNTIME.list(&ListOptions::backup(sandbox.backup()))).unwrap();
        for _ in 0..read {
            assert!(operation.events.wait_next().is_some());
        }
        operation.cookie.cancel();
        let error = outcome(operation.completed).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Cancelled, "after {read} events");
        drop(operation.events);
    }
}
