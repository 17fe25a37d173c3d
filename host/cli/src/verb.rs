//! What the verbs have in common: an operation is started, can be interrupted, is told, and waited for.

use std::path::Path;

use license_backup::{ErrorCode, Failure, LicenseManager, Operation, OperationError, block_on};
use license_backup_report::{BACKUP_FILE, ExitCode, Manner, Report, Reporter};

use crate::interrupt::Interrupt;
use crate::output::Terminal;

/// Starts an operation, tells what happens, and says how it ended.
pub(crate) fn run<R: Report>(
    report: R,
    manner: Manner,
    interrupt: &Interrupt,
    start: impl FnOnce(&LicenseManager) -> Result<Operation<R::Event, R::Summary>, OperationError>,
) -> ExitCode {
    let mut reporter = Reporter::new(report, manner, Terminal::new(interrupt.bar()));
    let outcome = follow(&mut reporter, interrupt, start).map_err(|error| failure(&error));
    interrupt.bar().finish_and_clear();
    reporter.end(outcome.as_ref())
}

fn follow<R: Report>(
    reporter: &mut Reporter<R, Terminal<'_>>,
    interrupt: &Interrupt,
    start: impl FnOnce(&LicenseManager) -> Result<Operation<R::Event, R::Summary>, OperationError>,
) -> anyhow::Result<R::Summary> {
    let runtime = LicenseManager::new()?;
    interrupt.check()?;
    let Operation {
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
    Ok(block_on(completed)?)
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
pub(crate) fn archive(directory: &Path) -> String {
    directory.join(BACKUP_FILE).to_string_lossy().into_owned()
}
