//! The command: it parses its arguments, runs an operation of the core, and reports the events and
//! the outcome.

use std::ops::ControlFlow::{Break, Continue};

use license_backup_core::{
    Backup, BackupRestoreStatus, Failure, HintFor, List, Operation, Restore, RestoreOptions,
    Verify, VerifyOptions,
};
use license_backup_report::{
    BACKUP_FILE, BackupReport, Console as _, ExitCode, ListReport, OutputOptions, Report, Reporter,
    RestoreReport, VerifyReport, error_line,
};
use license_backup_wasi_fs::{open_path, open_store};

use crate::arguments::{self, HELP, Request};
use crate::bindings::exports::wasi::cli::run;
use crate::bindings::wasi::cli::{environment, exit};
use crate::console::StandardStreams;

/// The user of the wasmtime command line opens the directories of this component.
const HINT_FOR: HintFor = HintFor::WasmtimeCli;

/// The implementation of the interface `wasi:cli/run`.
pub(crate) struct Command;

impl run::Guest for Command {
    fn run() -> Result<(), ()> {
        let exit = match arguments::parse(environment::get_arguments()) {
            Ok(request) => execute(request),
            Err(error) => usage_error(&error),
        };
        match exit {
            ExitCode::Success => {}
            code => exit::exit_with_code(code.number()),
        }
        Ok(())
    }
}

fn usage_error(error: &lexopt::Error) -> ExitCode {
    let message = error_line(&format!("{error}; see --help"));
    StandardStreams::open().write_stderr_line(&message);
    ExitCode::Usage
}

fn execute(request: Request) -> ExitCode {
    match request {
        Request::Help => print(HELP),
        Request::Version => print(concat!("license-backup ", env!("CARGO_PKG_VERSION"), "\n")),
        Request::Backup {
            to,
            options,
            strict,
            output,
        } => {
            let report = BackupReport {
                archive: archive(&to),
                strict,
            };
            let start = || {
                Backup::start(
                    open_store(HINT_FOR)?,
                    open_path(HINT_FOR, &to)?,
                    &to,
                    options,
                )
            };
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
        Request::Restore {
            from,
            overwrite,
            dry_run,
            output,
        } => {
            let report = RestoreReport {
                archive: archive(&from),
                overwrite,
                dry_run,
            };
            let start = || {
                Restore::start(
                    open_store(HINT_FOR)?,
                    &open_path(HINT_FOR, &from)?,
                    &from,
                    RestoreOptions { overwrite, dry_run },
                )
            };
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
        Request::Verify {
            from,
            expected_blake3,
            output,
        } => {
            let report = VerifyReport {
                archive: archive(&from),
                expected: expected_blake3.is_some(),
            };
            let options = VerifyOptions { expected_blake3 };
            let start = || Verify::start(&open_path(HINT_FOR, &from)?, &from, &options);
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
        Request::List { from, output } => {
            let start = || match &from {
                Some(from) => List::of_backup(&open_path(HINT_FOR, from)?, from),
                None => List::of_store(open_store(HINT_FOR)?),
            };
            run(ListReport, output, None, start)
        }
    }
}

/// Returns the path of the backup file in a directory, in the notation of the directory.
fn archive(directory: &str) -> String {
    let separator = match directory {
        directory if directory.ends_with(['/', '\\']) => "",
        directory if directory.starts_with('\\') => "\\",
        _ => "/",
    };
    format!("{directory}{separator}{BACKUP_FILE}")
}

fn print(text: &str) -> ExitCode {
    let mut streams = StandardStreams::open();
    let Err(error) = streams.write_stdout(text) else {
        return ExitCode::Success;
    };
    let message = format!("cannot write to standard output: {error}");
    streams.write_stderr_line(&error_line(&message));
    ExitCode::Failed
}

/// Runs an operation to its end, and reports `first`, its events and its outcome.
fn run<R, O>(
    report: R,
    output: OutputOptions,
    first: Option<R::Event>,
    start: impl FnOnce() -> Result<O, Failure>,
) -> ExitCode
where
    R: Report,
    O: Operation<Event = R::Event, Summary = R::Summary>,
{
    let mut reporter = Reporter::new(report, output, StandardStreams::open());
    let mut events: Vec<_> = first.into_iter().collect();
    let outcome = start().and_then(|mut operation| {
        loop {
            let stepped = operation.step(&mut events);
            let flow = events
                .drain(..)
                .try_for_each(|event| reporter.event(&event));
            operation = match stepped {
                Continue(next) if flow.is_continue() => next,
                // The results can no longer be written.
                Continue(next) => match next.cancel() {
                    Continue(next) => next,
                    Break(failure) => return Err(failure),
                },
                Break(outcome) => return outcome,
            };
        }
    });
    reporter.end(outcome.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backup_file_has_the_separator_of_its_directory() {
        for (directory, file) in [
            ("/backup", "/backup/licenses.zip"),
            ("/backup/", "/backup/licenses.zip"),
            (".", "./licenses.zip"),
            ("//nas/backups", "//nas/backups/licenses.zip"),
            (
                r"\\nas\backups\laptop",
                r"\\nas\backups\laptop\licenses.zip",
            ),
            (r"\\nas\backups\", r"\\nas\backups\licenses.zip"),
        ] {
            assert_eq!(archive(directory), file);
        }
    }
}
