//! The command component: the command line over the directories that a WASI 0.2 runtime opens, as `wasmtime run` does
//! with `--dir`.

mod arguments;
mod bindings;
mod console;

use std::ops::ControlFlow::{Break, Continue};

use arguments::{HELP, Request};
use bindings::wasi::cli::{environment, exit};
use console::Streams;
use license_backup_core::{
    Backup, BackupOptions, BackupRestoreStatus, Failure, HintFor, List, Operation, Restore,
    RestoreOptions, Verify, VerifyOptions,
};
use license_backup_report::{
    BACKUP_FILE, BackupReport, Console as _, ExitCode, ListReport, Manner, Report, Reporter,
    RestoreReport, VerifyReport, complaint,
};
use license_backup_wasi_fs::{open_path, open_store};

/// Whoever a message asks to open a directory.
const HINT_FOR: HintFor = HintFor::WasmtimeCli;

struct Command;

impl bindings::exports::wasi::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        match arguments::parse(environment::get_arguments())
            .map_or_else(|error| misused(&error), execute)
        {
            ExitCode::Success => {}
            code => exit::exit_with_code(code.number()),
        }
        Ok(())
    }
}

fn misused(error: &lexopt::Error) -> ExitCode {
    let mut streams = Streams::open();
    streams.say(&complaint(&format!("{error}; --help tells what it takes")));
    ExitCode::Usage
}

fn execute(request: Request) -> ExitCode {
    match request {
        Request::Help => print(HELP),
        Request::Version => print(concat!("license-backup ", env!("CARGO_PKG_VERSION"), "\n")),
        Request::Backup {
            directory,
            overwrite,
            strict,
            manner,
        } => {
            let report = BackupReport {
                archive: archive(&directory),
                strict,
            };
            let start = || {
                Backup::start(
                    open_store(HINT_FOR)?,
                    open_path(HINT_FOR, &directory)?,
                    &directory,
                    BackupOptions { overwrite },
                )
            };
            run(report, manner, Some(BackupRestoreStatus::Begin), start)
        }
        Request::Restore {
            directory,
            overwrite,
            dry_run,
            manner,
        } => {
            let report = RestoreReport {
                archive: archive(&directory),
                overwrite,
                dry_run,
            };
            let flags = RestoreOptions { overwrite, dry_run };
            let start = || {
                Restore::start(
                    open_store(HINT_FOR)?,
                    &open_path(HINT_FOR, &directory)?,
                    &directory,
                    flags,
                )
            };
            run(report, manner, Some(BackupRestoreStatus::Begin), start)
        }
        Request::Verify {
            directory,
            expected,
            manner,
        } => {
            let report = VerifyReport {
                archive: archive(&directory),
                expected: expected.is_some(),
            };
            let start = || {
                Verify::start(
                    &open_path(HINT_FOR, &directory)?,
                    &directory,
                    &VerifyOptions {
                        expected_blake3: expected,
                    },
                )
            };
            run(report, manner, Some(BackupRestoreStatus::Begin), start)
        }
        Request::List { directory, manner } => {
            let start = || match &directory {
                Some(directory) => List::of_backup(&open_path(HINT_FOR, directory)?, directory),
                None => List::of_store(open_store(HINT_FOR)?),
            };
            run(ListReport, manner, None, start)
        }
    }
}

/// The path of the backup file in a directory, for a person.
fn archive(directory: &str) -> String {
    let separator = match directory {
        directory if directory.ends_with(['/', '\\']) => "",
        directory if directory.starts_with('\\') => "\\",
        _ => "/",
    };
    format!("{directory}{separator}{BACKUP_FILE}")
}

fn print(text: &str) -> ExitCode {
    let mut streams = Streams::open();
    let Err(unwritten) = streams.print(text) else {
        return ExitCode::Success;
    };
    streams.say(&complaint(&format!(
        "this cannot be written to standard output: {unwritten}"
    )));
    ExitCode::Failed
}

/// Runs an operation to its end and tells what happens, `first` before all else.
fn run<R, O>(
    report: R,
    manner: Manner,
    first: Option<R::Event>,
    start: impl FnOnce() -> Result<O, Failure>,
) -> ExitCode
where
    R: Report,
    O: Operation<Event = R::Event, Summary = R::Summary>,
{
    let mut reporter = Reporter::new(report, manner, Streams::open());
    let mut events: Vec<_> = first.into_iter().collect();
    let outcome = start().and_then(|mut operation| {
        loop {
            let stepped = operation.step(&mut events);
            let told = events
                .drain(..)
                .try_for_each(|event| reporter.event(&event));
            operation = match stepped {
                Continue(next) if told.is_continue() => next,
                // Nobody hears it any more.
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
    fn the_path_of_the_backup_file_goes_on_as_that_of_its_directory_does() {
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
