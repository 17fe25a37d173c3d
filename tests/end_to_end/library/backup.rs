//! Backups through the library: events, summary, errors and cancellation.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::LazyLock;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupOperation, BackupOptions, BackupRestoreStatus, BackupSummary, Completion, ErrorCode,
    Events, Failure, LicenseFormat, LicenseManager, OperationError, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

use crate::expected::{self, backed_up, errors, restricted, sample};

/// The license manager of all tests: an embedder compiles the component once, too.
pub(crate) static RUNTIME: LazyLock<LicenseManager> =
    LazyLock::new(|| LicenseManager::new().expect("the embedded component is valid"));

/// The longest duration of an operation.
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) fn options(sandbox: &Sandbox) -> BackupOptions {
    BackupOptions::new(sandbox.store(), sandbox.backup())
}

pub(crate) fn start(sandbox: &Sandbox) -> BackupOperation {
    block_on(RUNTIME.backup(&options(sandbox))).expect("the backup is accepted")
}

pub(crate) fn all(mut events: Events<BackupRestoreStatus>) -> Vec<BackupRestoreStatus> {
    std::iter::from_fn(|| events.wait_next()).collect()
}

/// Returns the reported errors.
pub(crate) fn reported_errors(events: &[BackupRestoreStatus]) -> Vec<&Failure> {
    let errors = events.iter().filter_map(|status| match status {
        BackupRestoreStatus::Error(failure) => Some(failure),
        _ => None,
    });
    errors.collect()
}

/// Returns the result of an operation, which must be available in time.
pub(crate) fn outcome<T: Send + 'static>(completed: Completion<T>) -> Result<T, OperationError> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(block_on(completed)));
    receiver
        .recv_timeout(LIMIT)
        .expect("the operation should end")
}

/// Waits until this process has no open file in a sandbox: its operations have ended and can no
/// longer write.
#[cfg(target_os = "linux")]
pub(crate) fn wait_until_files_are_closed(sandbox: &Sandbox) {
    let is_open = || {
        let open_files = fs::read_dir("/proc/self/fd").expect("procfs is mounted");
        open_files.flatten().any(|file| {
            fs::read_link(file.path()).is_ok_and(|path| path.starts_with(sandbox.path(".")))
        })
    };
    let start = Instant::now();
    while is_open() {
        assert!(start.elapsed() < LIMIT, "a file is still open");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Returns a store whose backup takes long enough to be cancelled, and emits far more events than a
/// channel holds.
pub(crate) fn large() -> Sandbox {
    let sandbox = Sandbox::with_many_files(20_000);
    fs::write(sandbox.path("store/0.txt"), "not a license").unwrap();
    for number in 1..5000 {
        fs::hard_link(
            sandbox.path("store/0.txt"),
            sandbox.path(format!("store/{number}.txt")),
        )
        .unwrap();
    }
    sandbox
}

/// Reads events until the backup has processed many licenses.
pub(crate) fn wait_until_half_way(events: &mut Events<BackupRestoreStatus>) {
    while let Some(status) = events.wait_next() {
        if matches!(status, BackupRestoreStatus::Progress(events) if events.done >= 1000) {
            return;
        }
    }
    panic!("the backup should emit progress");
}

#[test]
fn begin_is_the_first_event_and_end_the_last() {
    let (sandbox, _) = Sandbox::with_store(sample());
    let BackupOperation {
        events,
        completed,
        cookie: _,
    } = start(&sandbox);
    let events = all(events);
    outcome(completed).unwrap();
    let at = |wanted: &BackupRestoreStatus| {
        events
            .iter()
            .enumerate()
            .filter(|(_, status)| *status == wanted)
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    assert_eq!(at(&BackupRestoreStatus::Begin), [0]);
    assert_eq!(at(&BackupRestoreStatus::End), [events.len() - 1]);
}

#[test]
fn skipped_files_are_reported_with_their_identity() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let events = all(start(&sandbox).events);
    let mut reported: Vec<_> = events
        .iter()
        .filter_map(|status| match status {
            BackupRestoreStatus::RestrictedLicense(license) => Some(license),
            _ => None,
        })
        .collect();
    reported.sort_by_key(|license| &license.path);
    let expected = restricted(&files);
    assert_eq!(reported.len(), expected.len(), "{reported:#?}");
    for (license, file) in reported.into_iter().zip(expected) {
        let identity = &file.identity;
        assert_eq!(
            (&license.path, license.reason.name()),
            (&file.reported_path(), expected::reason(file))
        );
        assert_eq!(
            license.identity.format.map(LicenseFormat::name),
            identity.format,
            "{}",
            license.path
        );
        assert_eq!(
            license.identity.license_ids, identity.license_ids,
            "{}",
            license.path
        );
        assert_eq!(
            license.identity.key_ids, identity.key_ids,
            "{}",
            license.path
        );
        assert_eq!(
            license.identity.rights_end, identity.rights_end,
            "{}",
            license.path
        );
    }
}

#[test]
fn unreadable_licenses_are_reported_as_errors() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let events = all(start(&sandbox).events);
    let mut reported: Vec<_> = reported_errors(&events)
        .into_iter()
        .map(|failure| {
            (
                failure.path.clone().unwrap_or_default(),
                failure.code.name(),
            )
        })
        .collect();
    reported.sort_unstable();
    let expected: Vec<_> = errors(&files)
        .iter()
        .map(|file| (file.reported_path(), expected::reason(file)))
        .collect();
    assert_eq!(reported, expected);
}

#[test]
fn the_outcome_has_the_counts_of_the_backup() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let summary = start(&sandbox).wait().unwrap();
    let expected = BackupSummary {
        licenses: backed_up(&files).len() as u64,
        bytes: expected::bytes(&files),
        restricted: restricted(&files).len() as u64,
        errors: errors(&files).len() as u64,
        file: "licenses.zip".to_owned(),
        size: fs::metadata(sandbox.backup_file()).unwrap().len(),
        unchanged: false,
        shrunk: None,
        blake3: None,
        removed: 0,
    };
    assert_eq!(summary, expected);
}

#[test]
fn the_hresult_is_s_false_if_a_license_is_unreadable() {
    let (with_errors, _) = Sandbox::with_store(sample());
    let (without, _) = Sandbox::with_store(SampleStore::ordinary(3));
    assert_eq!(start(&with_errors).wait().unwrap().hresult(), 1);
    assert_eq!(start(&without).wait().unwrap().hresult(), 0);
}

#[test]
fn the_program_and_the_library_write_the_same_bytes() {
    let (sandbox, _) = Sandbox::with_store(sample());
    start(&sandbox).wait().unwrap();
    let by_library = fs::read(sandbox.backup_file()).unwrap();
    sandbox.back_up(&["--overwrite"]).run().exits(3);
    assert!(fs::read(sandbox.backup_file()).unwrap() == by_library);
}

#[test]
fn an_unread_stream_delays_and_changes_nothing() {
    let sandbox = large();
    let BackupOperation {
        events,
        completed,
        cookie: _,
    } = start(&sandbox);
    let summary = outcome(completed).unwrap();
    assert_eq!((summary.licenses, summary.restricted), (20_000, 5000));
    // All events except progress are kept.
    let events = all(events);
    let restricted = events
        .iter()
        .filter(|status| matches!(status, BackupRestoreStatus::RestrictedLicense(_)))
        .count();
    assert_eq!(restricted, 5000);
    assert_eq!(
        (events.first(), events.last()),
        (
            Some(&BackupRestoreStatus::Begin),
            Some(&BackupRestoreStatus::End)
        )
    );

    let unread = fs::read(sandbox.backup_file()).unwrap();
    let BackupOperation {
        events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.backup(&options(&sandbox).overwrite(true))).unwrap();
    all(events);
    outcome(completed).unwrap();
    assert!(
        fs::read(sandbox.backup_file()).unwrap() == unread,
        "reading the events should not change the backup"
    );
}

#[test]
fn a_dropped_stream_changes_nothing() {
    let sandbox = large();
    let BackupOperation {
        events,
        completed,
        cookie: _,
    } = start(&sandbox);
    drop(events);
    assert_eq!(outcome(completed).unwrap().licenses, 20_000);

    let BackupOperation {
        mut events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.backup(&options(&sandbox).overwrite(true))).unwrap();
    wait_until_half_way(&mut events);
    drop(events);
    assert_eq!(outcome(completed).unwrap().licenses, 20_000);
}

#[test]
fn a_dropped_cookie_does_not_cancel() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3000));
    let BackupOperation {
        events,
        completed,
        cookie,
    } = start(&sandbox);
    drop(cookie);
    all(events);
    assert_eq!(outcome(completed).unwrap().licenses, 3000);
}

#[test]
fn a_dropped_operation_finishes() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3000));
    drop(start(&sandbox));
    let since = Instant::now();
    while !sandbox.backup_file().exists() {
        assert!(since.elapsed() < LIMIT, "the backup should be written");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn cancelling_leaves_the_directory_unchanged() {
    let sandbox = large();
    for overwrite in [false, true] {
        let before = Snapshot::of(&sandbox.backup());
        let BackupOperation {
            mut events,
            completed,
            cookie,
        } = block_on(RUNTIME.backup(&options(&sandbox).overwrite(overwrite))).unwrap();
        wait_until_half_way(&mut events);
        cookie.cancel();
        cookie.cancel();
        let rest = all(events);
        let error = outcome(completed).unwrap_err();
        assert_eq!(
            (error.code(), error.hresult()),
            (ErrorCode::Cancelled, 0x8000_4004)
        );
        assert_eq!(
            rest.last(),
            Some(&BackupRestoreStatus::End),
            "a cancelled backup should emit its last event"
        );
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
        if !overwrite {
            start(&sandbox).wait().unwrap();
        }
    }
}

#[test]
fn cancelling_needs_no_reader_of_the_events() {
    let sandbox = large();
    let BackupOperation {
        mut events,
        completed,
        cookie,
    } = start(&sandbox);
    wait_until_half_way(&mut events);
    cookie.cancel();
    let error = outcome(completed).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    assert!(Snapshot::of(&sandbox.backup()).names().is_empty());
    drop(events);
}

#[test]
#[cfg(target_os = "linux")]
fn cancelling_after_the_end_has_no_effect() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let BackupOperation {
        events,
        completed,
        cookie,
    } = start(&sandbox);
    all(events);
    outcome(completed).unwrap();
    let before = Snapshot::of(&sandbox.backup());
    cookie.cancel();
    wait_until_files_are_closed(&sandbox);
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn refused_backups_have_their_code_and_hresult() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    start(&sandbox).wait().unwrap();
    let (store, backup) = (sandbox.store(), sandbox.backup());
    for (options, code, hresult) in [
        (
            BackupOptions::new(&store, &backup),
            ErrorCode::BackupExists,
            0xC00D_2742,
        ),
        (
            BackupOptions::new(sandbox.path("no"), &backup),
            ErrorCode::PathNotFound,
            0x8007_0003,
        ),
        (
            BackupOptions::new(&store, sandbox.path("no")),
            ErrorCode::PathNotFound,
            0x8007_0003,
        ),
        (
            BackupOptions::new(&store, &store),
            ErrorCode::InvalidArgument,
            0x8007_0057,
        ),
    ] {
        let error = block_on(RUNTIME.backup(&options)).unwrap_err();
        assert_eq!(
            (error.code(), error.hresult()),
            (code, hresult),
            "{options:?}: {error}"
        );
    }
}

#[test]
fn a_refusal_has_the_path_as_the_caller_spelled_it() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    start(&sandbox).wait().unwrap();
    let error = block_on(RUNTIME.backup(&options(&sandbox))).unwrap_err();
    let backup = sandbox.backup();
    assert_eq!(error.path(), Some(backup.as_path()));
    assert!(
        error.to_string().contains(&backup.display().to_string()),
        "{error}"
    );
}

#[test]
fn operations_of_one_manager_run_concurrently() {
    let sandboxes: Vec<_> = (0..4)
        .map(|_| Sandbox::with_store(SampleStore::ordinary(1000)).0)
        .collect();
    let operations: Vec<_> = sandboxes.iter().map(start).collect();
    for operation in operations {
        assert_eq!(operation.wait().unwrap().licenses, 1000);
    }
}

#[test]
fn a_backup_is_private_under_any_umask_of_the_process() {
    use nix::sys::stat::{Mode, umask};

    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let before = umask(Mode::empty());
    let ended = start(&sandbox).wait();
    umask(before);
    ended.unwrap();
    let mode = fs::metadata(sandbox.backup_file())
        .unwrap()
        .permissions()
        .mode()
        & 0o7777;
    assert_eq!(format!("{mode:04o}"), "0600");
}
