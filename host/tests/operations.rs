//! Operations as an embedder sees them: readers that are slow, late or gone, cookies, callbacks, limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupCallback, BackupOperation, BackupOptions, BackupSummary, ErrorCode, OperationError, Runtime, Standing,
    Status, wait,
};
use tempfile::TempDir;

/// More files than the channels between component and embedder hold events.
const MANY: usize = 1000;

/// How long to wait for what has to happen soon.
const SOON: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("the embedded component compiles"));

/// A directory with a store of some licenses and many other files, and an empty directory for the backup.
struct Sandbox(TempDir);

impl Sandbox {
    fn new(licenses: usize, others: usize) -> Self {
        let sandbox = Self(TempDir::new().expect("a temporary directory is made"));
        for directory in [sandbox.store(), sandbox.backup()] {
            fs::create_dir(directory).expect("the directory is made");
        }
        for number in 0..licenses {
            let license = format!(r#"{{"id":"{number}","provider":"p","encryption":{{"profile":"x"}}}}"#);
            fs::write(sandbox.store().join(format!("{number}.lcpl")), license).expect("the license is written");
        }
        for number in 0..others {
            fs::write(sandbox.store().join(format!("{number}.txt")), "no license").expect("the file is written");
        }
        sandbox
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn backup(&self) -> PathBuf {
        self.0.path().join("backup")
    }

    fn archive(&self) -> PathBuf {
        self.backup().join("licenses.zip")
    }

    fn options(&self) -> BackupOptions {
        BackupOptions::new(self.store(), self.backup())
    }

    fn start(&self) -> BackupOperation {
        wait(RUNTIME.backup(&self.options())).expect("the backup is accepted")
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory is listed");
    entries.map(|entry| entry.expect("the entry is read").file_name().to_string_lossy().into_owned()).collect()
}

fn happens_soon(condition: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > SOON {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

fn code<T>(result: Result<T, OperationError>) -> Option<ErrorCode> {
    result.err().map(|error| error.code())
}

#[test]
fn the_events_begin_and_end_as_documented() {
    let sandbox = Sandbox::new(3, 2);
    let mut operation = sandbox.start();
    let events: Vec<Status> = std::iter::from_fn(|| operation.progress.wait_next()).collect();
    assert_eq!(events.first(), Some(&Status::Begin));
    assert_eq!(events.last(), Some(&Status::End));
    let restricted = events.iter().filter(|event| matches!(event, Status::RestrictedLicense(_))).count();
    assert_eq!(restricted, 2);
    let summary = wait(operation.completed).expect("the backup completes");
    assert_eq!((summary.licenses, summary.restricted, summary.errors), (3, 2, 0));
}

#[test]
fn a_backup_completes_without_a_reader_and_a_late_reader_misses_nothing() {
    let sandbox = Sandbox::new(1, MANY);
    let mut operation = sandbox.start();
    let summary = wait(operation.completed).expect("the backup completes");
    assert_eq!(summary.restricted, MANY as u64);
    let events: Vec<Status> = std::iter::from_fn(|| operation.progress.wait_next()).collect();
    let restricted = events.iter().filter(|event| matches!(event, Status::RestrictedLicense(_))).count();
    assert_eq!(restricted, MANY);
    assert_eq!(events.last(), Some(&Status::End));
}

#[test]
fn a_backup_completes_when_its_progress_is_dropped_at_once() {
    let sandbox = Sandbox::new(1, MANY);
    let summary = sandbox.start().wait().expect("the backup completes");
    assert_eq!(summary.restricted, MANY as u64);
}

#[test]
fn a_backup_completes_when_its_progress_is_dropped_half_way() {
    let sandbox = Sandbox::new(1, MANY);
    let mut operation = sandbox.start();
    for _ in 0..100 {
        assert!(operation.progress.wait_next().is_some());
    }
    let summary = operation.wait().expect("the backup completes");
    assert_eq!(summary.restricted, MANY as u64);
}

#[test]
fn dropping_the_operation_does_not_cancel() {
    let sandbox = Sandbox::new(MANY, 0);
    drop(sandbox.start());
    assert!(happens_soon(|| sandbox.archive().exists()), "{:?}", names_in(&sandbox.backup()));
}

#[test]
fn dropping_the_cookie_does_not_cancel() {
    let sandbox = Sandbox::new(MANY, 0);
    let BackupOperation { progress, completed, cookie } = sandbox.start();
    drop(cookie);
    let summary = wait(completed).expect("the backup completes");
    assert_eq!(summary.licenses, MANY as u64);
    drop(progress);
}

#[test]
fn a_cancelled_backup_leaves_the_directory_as_it_was() {
    let sandbox = Sandbox::new(MANY, MANY);
    let operation = sandbox.start();
    operation.cookie.cancel();
    operation.cookie.cancel();
    assert_eq!(code(operation.wait()), Some(ErrorCode::Cancelled));
    assert_eq!(names_in(&sandbox.backup()), Vec::<String>::new());
}

#[test]
fn the_events_of_a_cancelled_backup_end_too() {
    let sandbox = Sandbox::new(MANY, 0);
    let mut operation = sandbox.start();
    operation.cookie.cancel();
    let events: Vec<Status> = std::iter::from_fn(|| operation.progress.wait_next()).collect();
    assert_eq!(events.last(), Some(&Status::End));
}

#[test]
fn a_refusal_is_told_by_the_call() {
    let sandbox = Sandbox::new(1, 0);
    sandbox.start().wait().expect("the first backup completes");
    assert_eq!(code(wait(RUNTIME.backup(&sandbox.options()))), Some(ErrorCode::BackupExists));
    let again = wait(RUNTIME.backup(&sandbox.options().overwrite(true))).expect("overwriting is accepted");
    assert_eq!(again.wait().map(|summary| summary.licenses).ok(), Some(1));
}

#[test]
fn a_refusal_names_the_directory_as_the_caller_does() {
    let sandbox = Sandbox::new(1, 0);
    sandbox.start().wait().expect("the first backup completes");
    let error = wait(RUNTIME.backup(&sandbox.options())).expect_err("there is a backup");
    let directory = sandbox.backup().display().to_string();
    assert!(error.to_string().contains(&directory), "{error}");
    assert_eq!(error.path(), Some(directory));
}

#[test]
fn a_missing_directory_is_told_by_the_call() {
    let sandbox = Sandbox::new(1, 0);
    let nowhere = sandbox.backup().join("nowhere");
    let error = wait(RUNTIME.backup(&BackupOptions::new(&nowhere, sandbox.backup()))).expect_err("no store");
    assert!(matches!(&error, OperationError::Directory { path, .. } if *path == nowhere), "{error:?}");
    assert_eq!(error.code(), ErrorCode::PathNotFound);
    assert_eq!(code(wait(RUNTIME.list(&nowhere))), Some(ErrorCode::PathNotFound));
}

#[test]
fn operations_of_one_runtime_do_not_disturb_each_other() {
    let sandboxes: Vec<Sandbox> = (1..=3).map(|licenses| Sandbox::new(licenses, 100)).collect();
    let operations: Vec<BackupOperation> = sandboxes.iter().map(Sandbox::start).collect();
    let licenses: Vec<u64> =
        operations.into_iter().map(|operation| operation.wait().expect("the backup completes").licenses).collect();
    assert_eq!(licenses, [1, 2, 3]);
}

#[test]
fn too_little_memory_to_begin_is_told_by_the_call() {
    let sandbox = Sandbox::new(1, 0);
    let runtime = RUNTIME.clone().with_memory_limit(64 * 1024);
    let error = wait(runtime.backup(&sandbox.options())).expect_err("the component does not fit");
    assert!(matches!(error, OperationError::OutOfMemory { limit: 65536 }), "{error:?}");
}

#[test]
fn a_component_that_takes_too_much_memory_is_ended_and_its_events_end() {
    let sandbox = Sandbox::new(0, 5 * MANY);
    // Enough for the component to begin, and too little to keep so many events that nobody takes.
    let runtime = RUNTIME.clone().with_memory_limit(2 * 1024 * 1024);
    let mut operation = wait(runtime.backup(&sandbox.options())).expect("the backup is accepted");
    let error = wait(operation.completed).expect_err("memory runs out");
    assert_eq!(error.code(), ErrorCode::OutOfMemory, "{error:?}");
    let events = std::iter::from_fn(|| operation.progress.wait_next());
    assert!(
        !events.into_iter().any(|event| event == Status::End),
        "an operation that breaks down does not say goodbye"
    );
}

#[test]
fn bytes_that_are_no_component_make_no_runtime() {
    assert!(Runtime::from_component(b"no component").is_err());
}

#[test]
fn a_listing_tells_what_is_in_the_backup_and_what_was_left_out() {
    let sandbox = Sandbox::new(2, 1);
    sandbox.start().wait().expect("the backup completes");
    let mut operation = wait(RUNTIME.list(&sandbox.backup())).expect("the listing is accepted");
    let listed: Vec<(String, bool)> = std::iter::from_fn(|| operation.licenses.wait_next())
        .map(|listing| (listing.path, listing.standing == Standing::BackedUp))
        .collect();
    assert_eq!(listed, [("0.lcpl".to_owned(), true), ("1.lcpl".to_owned(), true), ("0.txt".to_owned(), false)]);
    let summary = wait(operation.completed).expect("the listing completes");
    assert_eq!((summary.licenses, summary.left_out), (2, 1));
}

#[test]
fn a_listing_ends_early_when_nobody_reads_it_any_more() {
    let sandbox = Sandbox::new(0, MANY);
    sandbox.start().wait().expect("the backup completes");
    let mut operation = wait(RUNTIME.list(&sandbox.backup())).expect("the listing is accepted");
    assert!(operation.licenses.wait_next().is_some());
    drop(operation.licenses);
    assert_eq!(code(wait(operation.completed)), Some(ErrorCode::Cancelled));
}

/// Sends on what it is called with.
struct Recorder(Sender<String>);

impl BackupCallback for Recorder {
    fn progress(&mut self, status: Status) {
        if !matches!(status, Status::Information(_)) {
            self.0.send(format!("{status:?}")).expect("the test listens");
        }
    }

    fn completed(&mut self, outcome: Result<BackupSummary, OperationError>) {
        self.0.send(format!("completed: {}", outcome.is_ok())).expect("the test listens");
    }
}

#[test]
fn a_callback_is_called_with_the_outcome_once_and_last() {
    let sandbox = Sandbox::new(2, 0);
    let (sender, calls) = channel();
    wait(RUNTIME.backup_with(&sandbox.options(), Recorder(sender))).expect("the backup is accepted");
    assert_eq!(calls.into_iter().collect::<Vec<_>>(), ["Begin", "End", "completed: true"]);
}

#[test]
fn a_callback_is_not_called_for_a_refusal() {
    let sandbox = Sandbox::new(1, 0);
    let (sender, calls) = channel();
    let options = BackupOptions::new(sandbox.store(), sandbox.store());
    assert_eq!(code(wait(RUNTIME.backup_with(&options, Recorder(sender)))), Some(ErrorCode::InvalidArgument));
    assert_eq!(calls.into_iter().count(), 0);
}

#[test]
fn what_the_library_hands_out_can_be_moved_between_threads() {
    fn movable<T: Send + 'static>(_: &T) {}
    let sandbox = Sandbox::new(1, 0);
    let call = RUNTIME.backup(&sandbox.options());
    movable(&call);
    let operation = wait(call).expect("the backup is accepted");
    movable(&operation);
    assert!(operation.wait().is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn the_backup_is_its_owners_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;

    let before = nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    let sandbox = Sandbox::new(1, 0);
    sandbox.start().wait().expect("the backup completes");
    let mode = fs::metadata(sandbox.archive()).expect("the backup is there").permissions().mode();
    nix::sys::stat::umask(before);
    assert_eq!(mode & 0o777, 0o600);
}
