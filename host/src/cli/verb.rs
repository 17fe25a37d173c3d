//! What the verbs have in common: an operation is started, can be interrupted, is told, and waited for.

use std::path::Path;

use license_backup::{
    CancellationCookie, Completion, ErrorCode, Events, Failure, ListOperation, ListSummary,
    Listing, Operation, OperationError, Runtime, Status, wait,
};
use license_backup_core::report::{BACKUP_FILE, ExitCode, Manner, Report, Reporter};

use super::interrupt::Interrupt;
use super::output::Terminal;

/// An operation that was accepted.
pub(super) struct Running<Event, Summary> {
    events: Events<Event>,
    completed: Completion<Summary>,
    cookie: CancellationCookie,
}

impl<Summary> From<Operation<Summary>> for Running<Status, Summary> {
    fn from(
        Operation {
            progress,
            completed,
            cookie,
        }: Operation<Summary>,
    ) -> Self {
        Self {
            events: progress,
            completed,
            cookie,
        }
    }
}

impl From<ListOperation> for Running<Listing, ListSummary> {
    fn from(
        ListOperation {
            licenses,
            completed,
            cookie,
        }: ListOperation,
    ) -> Self {
        Self {
            events: licenses,
            completed,
            cookie,
        }
    }
}

/// Starts an operation, tells what happens, and says how it ended.
pub(super) fn run<R: Report>(
    report: R,
    manner: Manner,
    interrupt: &Interrupt,
    start: impl FnOnce(&Runtime) -> Result<Running<R::Event, R::Summary>, OperationError>,
) -> ExitCode {
    let mut reporter = Reporter::new(report, manner, Terminal::new(interrupt.bar()));
    let outcome = follow(&mut reporter, interrupt, start).map_err(|error| failure(&error));
    interrupt.bar().finish_and_clear();
    reporter.end(outcome.as_ref())
}

fn follow<R: Report>(
    reporter: &mut Reporter<R, Terminal<'_>>,
    interrupt: &Interrupt,
    start: impl FnOnce(&Runtime) -> Result<Running<R::Event, R::Summary>, OperationError>,
) -> anyhow::Result<R::Summary> {
    let runtime = Runtime::new()?;
    interrupt.check()?;
    let Running {
        mut events,
        completed,
        cookie,
    } = start(&runtime)?;
    interrupt.watch(cookie);
    while let Some(event) = events.wait_next() {
        if reporter.event(&event).is_break() {
            break;
        }
    }
    drop(events);
    Ok(wait(completed)?)
}

/// An error in the form in which all failures are told, with its causes in the message.
fn failure(error: &anyhow::Error) -> Failure {
    let operation = error.downcast_ref::<OperationError>();
    let code = operation.map_or(ErrorCode::Io, OperationError::code);
    Failure {
        path: operation.and_then(OperationError::path),
        ..Failure::new(code, format!("{error:#}"))
    }
}

/// The path of the backup file in a directory, for a person.
pub(super) fn archive(directory: &Path) -> String {
    directory.join(BACKUP_FILE).to_string_lossy().into_owned()
}
