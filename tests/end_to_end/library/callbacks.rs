//! Tests of the callbacks of the library.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupRestoreStatus, BackupSummary, Callback, CancellationCookie, ErrorCode, ListOptions,
    OperationError, RestoreOptions, VerifyOptions, block_on,
};
use license_backup_tests::harness::Sandbox;
use license_backup_tests::sample::SampleStore;

use crate::expected::{backed_up, sample, skipped};
use crate::library::{RUNTIME, options, start};

/// A callback that sends each of its calls to a channel.
struct Recorder<Event, Summary> {
    calls: mpsc::Sender<Call<Event, Summary>>,
}

/// A call of a [`Recorder`].
#[derive(Debug)]
enum Call<Event, Summary> {
    Event(Event),
    Completed(Result<Summary, OperationError>),
}

impl<Event: Send, Summary: Send> Callback<Event, Summary> for Recorder<Event, Summary> {
    fn event(&mut self, event: Event) {
        self.calls.send(Call::Event(event)).unwrap();
    }

    fn completed(&mut self, outcome: Result<Summary, OperationError>) {
        self.calls.send(Call::Completed(outcome)).unwrap();
    }
}

/// Returns the events and the summary that a [`Recorder`] received. Requires that the operation
/// succeeds, and that its outcome is the last call.
fn recorded<Event, Summary>(
    called: &mpsc::Receiver<Call<Event, Summary>>,
) -> (Vec<Event>, Summary) {
    let mut events = Vec::new();
    loop {
        match called
            .recv_timeout(Duration::from_mins(2))
            .expect("the outcome should be reported")
        {
            Call::Event(event) => events.push(event),
            Call::Completed(outcome) => {
                assert_eq!(
                    called.iter().count(),
                    0,
                    "the outcome should be the last call"
                );
                return (events, outcome.unwrap());
            }
        }
    }
}

#[test]
fn a_callback_receives_the_events_and_then_the_outcome() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let (calls, called) = mpsc::channel();
    let _cookie: CancellationCookie =
        block_on(RUNTIME.backup_with_callback(&options(&sandbox), Recorder { calls })).unwrap();
    let (events, summary) = recorded(&called);
    assert_eq!(summary.licenses, backed_up(&files).len() as u64);
    assert_eq!(
        (events.first(), events.last()),
        (
            Some(&BackupRestoreStatus::Begin),
            Some(&BackupRestoreStatus::End)
        )
    );
    let reports_a_file = |event: &&BackupRestoreStatus| {
        matches!(
            event,
            BackupRestoreStatus::RestrictedLicense(_) | BackupRestoreStatus::Error(_)
        )
    };
    assert_eq!(
        events.iter().filter(reports_a_file).count(),
        skipped(&files).len()
    );
}

#[test]
fn verify_and_restore_call_the_callback_like_a_backup() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    start(&sandbox).wait().unwrap();
    let (calls, called) = mpsc::channel();
    block_on(
        RUNTIME.verify_with_callback(&VerifyOptions::new(sandbox.backup()), Recorder { calls }),
    )
    .unwrap();
    let (events, summary) = recorded(&called);
    assert_eq!(
        (events.first(), events.last()),
        (
            Some(&BackupRestoreStatus::Begin),
            Some(&BackupRestoreStatus::End)
        )
    );
    assert_eq!(summary.licenses, 3);

    let (calls, called) = mpsc::channel();
    let options = RestoreOptions::new(sandbox.backup(), sandbox.store());
    block_on(RUNTIME.restore_with_callback(&options, Recorder { calls })).unwrap();
    let (events, summary) = recorded(&called);
    assert_eq!(
        (events.first(), events.last()),
        (
            Some(&BackupRestoreStatus::Begin),
            Some(&BackupRestoreStatus::End)
        )
    );
    assert_eq!(summary.present, 3);
}

#[test]
fn a_callback_is_not_called_for_a_refused_backup() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    start(&sandbox).wait().unwrap();
    let (calls, called) = mpsc::channel();
    let error =
        block_on(RUNTIME.backup_with_callback(&options(&sandbox), Recorder { calls })).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BackupExists);
    assert_eq!(called.iter().count(), 0);
}

#[test]
fn a_callback_of_a_listing_receives_each_license() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let (calls, called) = mpsc::channel();
    let options = ListOptions::store(sandbox.store());
    block_on(RUNTIME.list_with_callback(&options, Recorder { calls })).unwrap();
    let (licenses, summary) = recorded(&called);
    assert_eq!(licenses.len(), 3);
    assert_eq!(summary.licenses, 3);
    assert_eq!(
        (licenses, summary),
        RUNTIME.list_blocking(&options).unwrap()
    );
}

#[test]
fn a_callback_need_not_handle_events() {
    struct OutcomeOnly(mpsc::Sender<u64>);
    impl Callback<BackupRestoreStatus, BackupSummary> for OutcomeOnly {
        fn completed(&mut self, outcome: Result<BackupSummary, OperationError>) {
            self.0.send(outcome.unwrap().licenses).unwrap();
        }
    }

    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let (sender, licenses) = mpsc::channel();
    block_on(RUNTIME.backup_with_callback(&options(&sandbox), OutcomeOnly(sender))).unwrap();
    assert_eq!(licenses.recv_timeout(Duration::from_mins(2)), Ok(3));
}

#[test]
fn a_callback_that_blocks_does_not_delay_the_backup() {
    struct Blocking(mpsc::Receiver<()>);
    impl Callback<BackupRestoreStatus, BackupSummary> for Blocking {
        fn event(&mut self, _: BackupRestoreStatus) {
            let _ = self.0.recv();
        }
        fn completed(&mut self, _: Result<BackupSummary, OperationError>) {}
    }

    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3000));
    let (release, released) = mpsc::channel();
    let _cookie =
        block_on(RUNTIME.backup_with_callback(&options(&sandbox), Blocking(released))).unwrap();
    let since = Instant::now();
    while !sandbox.backup_file().exists() {
        assert!(
            since.elapsed() < Duration::from_mins(2),
            "the backup should be written"
        );
        thread::sleep(Duration::from_millis(1));
    }
    drop(release);
}
