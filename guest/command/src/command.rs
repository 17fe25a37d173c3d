//! The command: it parses its arguments, runs an operation of the core, and reports the events and
//! the outcome.

use std::ops::ControlFlow::{Break, Continue};

use license_backup_core::{
    Backup, BackupRestoreStatus, Check, CheckOptions, Diff, Failure, Forget, ForgetOptions,
    GenerationsOptions, HintFor, List, ListGenerations, Operation, Restore, RestoreOptions, Verify,
    VerifyOptions,
};
use license_backup_report::{
    BackupReport, CheckReport, Console as _, DiffReport, ExitCode, ForgetReport, GenerationsReport,
    ListReport, OutputOptions, Report, Reporter, RestoreReport, VerifyReport, error_line,
};
use license_backup_wasi_fs::wasi::clocks::wall_clock;
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
            mut options,
            generations,
            strict,
            output,
        } => {
            options.generation = generations.then(|| wall_clock::now().seconds);
            let report = BackupReport {
                directory: to.clone(),
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
            generation,
            overwrite,
            dry_run,
            filter,
            output,
        } => {
            let report = RestoreReport {
                directory: from.clone(),
                overwrite,
                dry_run,
            };
            let start = || {
                Restore::start(
                    open_store(HINT_FOR)?,
                    &open_path(HINT_FOR, &from)?,
                    &from,
                    generation.as_deref(),
                    RestoreOptions {
                        overwrite,
                        dry_run,
                        filter,
                    },
                )
            };
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
        Request::Verify {
            from,
            generation,
            expected_blake3,
            output,
        } => {
            let report = VerifyReport {
                directory: from.clone(),
                expected: expected_blake3.is_some(),
            };
            let options = VerifyOptions { expected_blake3 };
            let start = || {
                Verify::start(
                    &open_path(HINT_FOR, &from)?,
                    &from,
                    generation.as_deref(),
                    &options,
                )
            };
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
        Request::Forget {
            from,
            policy,
            unpin,
            dry_run,
            output,
        } => {
            let options = ForgetOptions {
                policy,
                unpin,
                now: wall_clock::now().seconds,
                dry_run,
            };
            let start = || Forget::start(open_path(HINT_FOR, &from)?, &from, options);
            run(ForgetReport { dry_run }, output, None, start)
        }
        Request::List {
            from,
            generation,
            filter,
            output,
        } => {
            let start = || match &from {
                Some(from) => {
                    let directory = open_path(HINT_FOR, from)?;
                    List::of_backup(&directory, from, generation.as_deref(), &filter)
                }
                None => List::of_store(open_store(HINT_FOR)?, &filter),
            };
            run(ListReport, output, None, start)
        }
        Request::Generations { from, hash, output } => {
            let options = GenerationsOptions { hash };
            let start = || ListGenerations::start(open_path(HINT_FOR, &from)?, &from, options);
            run(GenerationsReport, output, None, start)
        }
        Request::Diff {
            from,
            generation,
            against,
            store,
            output,
        } => {
            let start = || {
                let directory = open_path(HINT_FOR, &from)?;
                if store {
                    let store = open_store(HINT_FOR)?;
                    return Diff::of_store(store, &directory, &from, generation.as_deref());
                }
                Diff::of_backups(&directory, &from, generation.as_deref(), against.as_deref())
            };
            run(DiffReport, output, None, start)
        }
        Request::Check {
            from,
            max_age,
            verify,
            output,
        } => {
            let report = CheckReport {
                directory: from.clone(),
            };
            let options = CheckOptions {
                max_age,
                now: wall_clock::now().seconds,
                verify,
            };
            let start = || Check::start(&open_path(HINT_FOR, &from)?, &from, options);
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
    }
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
