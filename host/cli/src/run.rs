//! Running an operation: it is started, can be cancelled by a signal, and is reported.

use license_backup::{ErrorCode, Failure, LicenseManager, Operation, OperationError, block_on};
use license_backup_report::{ExitCode, OutputOptions, Report, Reporter};

use crate::console::StandardStreams;
use crate::signals::SignalHandler;

/// Runs an operation to its end, reports its events and its outcome, and returns the exit code and
/// the summary, if it has succeeded.
pub(crate) fn run_operation<R: Report>(
    report: R,
    output: OutputOptions,
    signals: &SignalHandler,
    start: impl FnOnce(&LicenseManager) -> Result<Operation<R::Event, R::Summary>, OperationError>,
) -> (ExitCode, Option<R::Summary>) {
    let mut reporter = Reporter::new(report, output, StandardStreams::new(signals.bar()));
    let outcome = follow(&mut reporter, signals, start).map_err(|error| failure(&error));
    signals.bar().finish_and_clear();
    (reporter.end(outcome.as_ref()), outcome.ok())
}

fn follow<R: Report>(
    reporter: &mut Reporter<R, StandardStreams<'_>>,
    signals: &SignalHandler,
    start: impl FnOnce(&LicenseManager) -> Result<Operation<R::Event, R::Summary>, OperationError>,
) -> anyhow::Result<R::Summary> {
    let manager = LicenseManager::new()?;
    signals.check()?;
    let Operation {
        mut events,
        completed,
        cookie,
    } = start(&manager)?;
    let _running = signals.cancel_on_signal(&cookie);
    while let Some(event) = events.wait_next() {
        if reporter.event(&event).is_break() {
            break;
        }
    }
    drop(events);
    Ok(block_on(completed)?)
}

/// Returns an error as a [`Failure`] whose message contains each cause once.
pub(crate) fn failure(error: &anyhow::Error) -> Failure {
    let operation = error.downcast_ref::<OperationError>();
    let code = operation.map_or(ErrorCode::Io, OperationError::code);
    Failure {
        path: operation
            .and_then(OperationError::path)
            .map(|path| path.to_string_lossy().into_owned()),
        ..Failure::new(code, format!("{error:#}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_failure_contains_each_cause_once() {
        let error = OperationError::Thread(io::Error::other("limit reached"));
        let failure = failure(&error.into());
        assert_eq!(failure.code, ErrorCode::Io);
        assert!(failure.message.ends_with(": limit reached"), "{failure}");
        assert_eq!(failure.message.matches("limit reached").count(), 1);
    }
}
