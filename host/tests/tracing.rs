//! The `tracing` events of an operation, as an embedder's subscriber receives them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use license_backup::{
    BackupOperation, BackupOptions, CancellationCookie, LicenseManager, OperationError, block_on,
};
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

/// A subscriber that records spans and events as lines of text.
#[derive(Clone, Default)]
struct Recorder(Arc<Shared>);

#[derive(Default)]
struct Shared {
    next_id: AtomicU64,
    lines: Mutex<Vec<(Level, String)>>,
    spans: Mutex<BTreeMap<u64, String>>,
    entered: Mutex<Vec<u64>>,
}

/// The fields of a span or an event, as text.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a String can be written to");
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("license_backup")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.0.next_id.fetch_add(1, Ordering::SeqCst) + 1;
        let mut fields = Fields::default();
        span.record(&mut fields);
        let text = format!("{}{}", span.metadata().name(), fields.0);
        self.0
            .spans
            .lock()
            .expect("no test panics")
            .insert(id, text);
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let entered = self.0.entered.lock().expect("no test panics");
        let spans = self.0.spans.lock().expect("no test panics");
        let span = entered.last().map_or("", |id| &spans[id]);
        let line = format!("[{span}]{}", fields.0);
        let mut lines = self.0.lines.lock().expect("no test panics");
        lines.push((*event.metadata().level(), line));
    }

    // Only one thread of a test is in a span at a time, apart from that of a deadline, which is in
    // the same one.
    fn enter(&self, span: &Id) {
        let mut entered = self.0.entered.lock().expect("no test panics");
        entered.push(span.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.0.entered.lock().expect("no test panics").pop();
    }
}

impl Recorder {
    /// Returns the lines at a level, sorted by time.
    fn lines(&self, level: Level) -> Vec<String> {
        let lines = self.0.lines.lock().expect("no test panics");
        let lines = lines.iter().filter(|(of, _)| *of == level);
        lines.map(|(_, line)| line.clone()).collect()
    }

    /// Returns all lines that are more important than those at the debug level, in one text.
    fn above_debug(&self) -> String {
        [Level::ERROR, Level::WARN, Level::INFO]
            .map(|level| self.lines(level).join("\n"))
            .join("\n")
    }
}

/// The content of the file, which no event may have.
const CONTENT: &str = "no license";

/// Creates a store with one file, which is not a license, and a backup directory.
fn directories() -> Result<(TempDir, BackupOptions), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let (store, backup) = (directory.path().join("store"), directory.path().join("to"));
    fs::create_dir_all(&store)?;
    fs::create_dir_all(&backup)?;
    fs::write(store.join("notes.txt"), CONTENT)?;
    Ok((directory, BackupOptions::new(store, backup)))
}

/// The lock of the one test that runs at a time. `tracing` caches for each place whether any
/// subscriber is interested. It loses events of a place that another thread, without a subscriber,
/// reaches for the first time while the subscriber is created.
static ONE_TEST: Mutex<()> = Mutex::new(());

fn lock() -> MutexGuard<'static, ()> {
    ONE_TEST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a backup with a subscriber on the calling thread only, and waits for its end.
fn recorded(
    manager: &LicenseManager,
    options: &BackupOptions,
    started: impl FnOnce(&CancellationCookie),
) -> (Recorder, Result<u64, OperationError>) {
    let recorder = Recorder::default();
    let outcome = subscriber::with_default(recorder.clone(), || {
        block_on(manager.backup(options)).and_then(|operation| {
            started(&operation.cookie);
            let BackupOperation {
                mut events,
                completed,
                ..
            } = operation;
            while events.wait_next().is_some() {}
            block_on(completed)
        })
    });
    (recorder, outcome.map(|summary| summary.restricted))
}

#[test]
fn an_operation_has_a_span_and_reports_its_course() -> Result<(), Box<dyn Error>> {
    let _lock = lock();
    let (directory, options) = directories()?;
    let (recorder, outcome) = recorded(&LicenseManager::new()?, &options, |_| ());
    assert_eq!(outcome?, 1);
    assert!(!recorder.lines(Level::DEBUG).join("\n").contains(CONTENT));
    assert_eq!(
        recorder.lines(Level::INFO),
        [
            "[operation kind=\"backup\"] message=operation accepted",
            "[operation kind=\"backup\"] message=operation finished"
        ]
    );
    let path = directory.path().to_str().ok_or("it is UTF-8")?;
    assert!(recorder.lines(Level::DEBUG).join("\n").contains(path));
    assert!(!recorder.above_debug().contains(path));
    Ok(())
}

#[test]
fn a_refusal_is_reported_with_its_code_and_without_paths() -> Result<(), Box<dyn Error>> {
    let _lock = lock();
    let (directory, options) = directories()?;
    let manager = LicenseManager::new()?;
    manager.backup_blocking(&options)?;
    let (recorder, outcome) = recorded(&manager, &options, |_| ());
    outcome.expect_err("there is a backup");
    assert_eq!(
        recorder.lines(Level::WARN),
        ["[operation kind=\"backup\"] message=operation refused code=\"backup-exists\""]
    );
    let path = directory.path().to_str().ok_or("it is UTF-8")?;
    assert!(!recorder.above_debug().contains(path));
    Ok(())
}

#[test]
fn a_passed_deadline_is_reported() -> Result<(), Box<dyn Error>> {
    let _lock = lock();
    let (_directory, options) = directories()?;
    let manager = LicenseManager::new()?.with_deadline(Duration::ZERO);
    let (recorder, outcome) = recorded(&manager, &options, |_| ());
    outcome.expect_err("the deadline has passed");
    let expected = "[operation kind=\"backup\" deadline=0ns] message=deadline exceeded limit=0ns";
    let warnings = recorder.lines(Level::WARN);
    assert!(warnings.iter().any(|line| line == expected), "{warnings:?}");
    Ok(())
}

#[test]
fn a_cancellation_is_reported() -> Result<(), Box<dyn Error>> {
    let _lock = lock();
    let (directory, options) = directories()?;
    // The backup must not end before it is cancelled.
    for number in 0..2000 {
        let name = directory.path().join(format!("store/{number}.txt"));
        fs::hard_link(directory.path().join("store/notes.txt"), name)?;
    }
    let (recorder, outcome) = recorded(
        &LicenseManager::new()?,
        &options,
        CancellationCookie::cancel,
    );
    outcome.expect_err("the backup was cancelled");
    let expected = "[operation kind=\"backup\"] message=cancellation requested";
    let lines = recorder.lines(Level::INFO);
    assert!(lines.iter().any(|line| line == expected), "{lines:?}");
    Ok(())
}
