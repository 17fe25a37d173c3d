//! The command: it parses its arguments, runs an operation of the core, and reports the events and
//! the outcome.

use std::ops::ControlFlow::{Break, Continue};

use license_backup_core::{
    Backup, BackupRestoreStatus, Check, Diff, Failure, Forget, HintFor, List, ListGenerations,
    Operation, Restore, RestoreOptions, Verify, VerifyOptions,
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
            options,
            output,
        } => restore(&from, generation.as_deref(), options, output),
        Request::Verify {
            from,
            generation,
            options,
            output,
        } => verify(&from, generation.as_deref(), &options, output),
        Request::Forget {
            from,
            mut options,
            output,
        } => {
            options.now = wall_clock::now().seconds;
            let dry_run = options.dry_run;
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
        Request::Generations {
            from,
            options,
            output,
        } => {
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
            mut options,
            output,
        } => {
            options.now = wall_clock::now().seconds;
            let report = CheckReport {
                directory: from.clone(),
            };
            let start = || Check::start(&open_path(HINT_FOR, &from)?, &from, options);
            run(report, output, Some(BackupRestoreStatus::Begin), start)
        }
    }
}

fn restore(
    from: &str,
    generation: Option<&str>,
    options: RestoreOptions,
    output: OutputOptions,
) -> ExitCode {
    let report = RestoreReport {
        directory: from.to_owned(),
        overwrite: options.overwrite,
        dry_run: options.dry_run,
    };
    let start = || {
        let store = open_store(HINT_FOR)?;
        let directory = open_path(HINT_FOR, from)?;
        Restore::start(store, &directory, from, generation, options)
    };
    run(report, output, Some(BackupRestoreStatus::Begin), start)
}

fn verify(
    from: &str,
    generation: Option<&str>,
    options: &VerifyOptions,
    output: OutputOptions,
) -> ExitCode {
    let report = VerifyReport {
        directory: from.to_owned(),
        expected: options.expected_blake3.is_some(),
    };
    let start = || Verify::start(&open_path(HINT_FOR, from)?, from, generation, options);
    run(report, output, Some(BackupRestoreStatus::Begin), start)
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
