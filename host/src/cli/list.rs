//! `license-backup list`.

use std::io;

use license_backup::{Failure, ListSummary, Runtime, wait};
use license_backup_core::report::{ExitCode, list_end_line, list_text, listing_line, listing_text};

use super::arguments::ListArguments;
use super::failure;
use super::interrupt::Interrupt;
use super::output::{Output, complain};

/// Lists a backup, and says how it ended.
pub(super) fn run(arguments: &ListArguments, interrupt: &Interrupt) -> ExitCode {
    let mut output = Output::default();
    let outcome = list(arguments, interrupt, &mut output).map_err(|error| failure(&error));
    end(arguments, outcome.as_ref(), output)
}

fn list(arguments: &ListArguments, interrupt: &Interrupt, output: &mut Output) -> anyhow::Result<ListSummary> {
    let runtime = Runtime::new()?;
    interrupt.check()?;
    let mut operation = wait(runtime.list(&arguments.from))?;
    interrupt.watch(operation.cookie);
    while let Some(listing) = operation.licenses.wait_next() {
        output.line(&if arguments.json { listing_line(&listing) } else { listing_text(&listing) });
        if output.failure().is_some() {
            break;
        }
    }
    drop(operation.licenses);
    Ok(wait(operation.completed)?)
}

fn end(arguments: &ListArguments, outcome: Result<&ListSummary, &Failure>, mut output: Output) -> ExitCode {
    // A listing that could not be written was given up for that reason, whatever its outcome says.
    if output.failure().is_none() {
        match (arguments.json, outcome) {
            (true, outcome) => output.line(&list_end_line(outcome)),
            (false, Ok(summary)) => output.line(&list_text(summary)),
            (false, Err(failure)) => complain(&failure.message),
        }
    }
    match output.failure() {
        None => outcome.map_or_else(|failure| ExitCode::of_failure(failure.code), |_| ExitCode::Success),
        // Whoever closed the pipe has read enough, and need not be told.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::Failed,
        Some(error) => {
            complain(&format!("the listing cannot be written to standard output: {error}"));
            ExitCode::Failed
        }
    }
}
