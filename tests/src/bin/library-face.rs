//! The host library as a command line, so that it can be compared with the two others: `faces.sh` does that.
//!
//! The arguments are those of the command component, and directories of the host; the first names the license store.

use std::io::{self, Write as _};
use std::process;
use std::time::Duration;

use anyhow::{Context as _, bail};
use license_backup::{
    BackupOptions, Failure, LicenseManager, ListOptions, Operation, OperationError, Progress,
    RestoreOptions, VerifyOptions, block_on,
};
use license_backup_report::{
    BACKUP_FILE, BackupReport, Console, ExitCode, ListReport, OutputOptions, Report, Reporter,
    RestoreReport, VerifyReport, WriteError,
};

/// The streams of this process, without a display of progress.
struct Streams;

impl Console for Streams {
    fn write_stdout(&mut self, text: &str) -> Result<(), WriteError> {
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| WriteError::Failed(error.to_string()))
    }

    fn write_stderr_line(&mut self, line: &str) {
        eprintln!("{line}");
    }

    fn show_progress(&mut self, _: &Progress) {}

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// The command line.
struct Arguments {
    store: String,
    verb: String,
    directory: Option<String>,
    options: Vec<String>,
}

impl Arguments {
    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|given| given == option)
    }

    /// The backup directory, which every verb but a listing needs.
    fn directory(&self) -> anyhow::Result<&str> {
        self.directory
            .as_deref()
            .context("the backup directory is missing")
    }

    fn archive(&self) -> anyhow::Result<String> {
        Ok(format!("{}/{BACKUP_FILE}", self.directory()?))
    }
}

fn main() -> anyhow::Result<process::ExitCode> {
    let mut words = std::env::args().skip(1);
    let (store, verb) = words
        .next()
        .zip(words.next())
        .context("usage: library-face STORE VERB [DIR] [OPTION...]")?;
    let mut words = words.peekable();
    let directory = words.next_if(|word| !word.starts_with("--"));
    let exit = run(&Arguments {
        store,
        verb,
        directory,
        options: words.collect(),
    })?;
    Ok(process::ExitCode::from(exit.number()))
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = LicenseManager::new()?;
    let (overwrite, dry_run) = (arguments.has("--overwrite"), arguments.has("--dry-run"));
    let manner = OutputOptions {
        json: arguments.has("--json"),
        quiet: arguments.has("--quiet"),
    };
    Ok(match arguments.verb.as_str() {
        "backup" => {
            let options =
                BackupOptions::new(&arguments.store, arguments.directory()?).overwrite(overwrite);
            let report = BackupReport {
                archive: arguments.archive()?,
                strict: arguments.has("--strict"),
            };
            follow(report, manner, block_on(runtime.backup(&options)))
        }
        "restore" => {
            let options = RestoreOptions::new(arguments.directory()?, &arguments.store);
            let options = options.overwrite(overwrite).dry_run(dry_run);
            let report = RestoreReport {
                archive: arguments.archive()?,
                overwrite,
                dry_run,
            };
            follow(report, manner, block_on(runtime.restore(&options)))
        }
        "verify" => {
            let expected = arguments
                .options
                .iter()
                .skip_while(|option| *option != "--expect")
                .nth(1);
            let options = VerifyOptions::new(arguments.directory()?);
            let options = expected.map_or(options.clone(), |hash| options.expected_blake3(hash));
            let report = VerifyReport {
                archive: arguments.archive()?,
                expected: expected.is_some(),
            };
            follow(report, manner, block_on(runtime.verify(&options)))
        }
        "list" => {
            let options = arguments
                .directory
                .as_ref()
                .map_or(ListOptions::store(&arguments.store), ListOptions::backup);
            follow(ListReport, manner, block_on(runtime.list(&options)))
        }
        other => bail!("there is no verb {other}"),
    })
}

/// Reports the events and the outcome of an operation.
fn follow<R: Report>(
    report: R,
    manner: OutputOptions,
    started: Result<Operation<R::Event, R::Summary>, OperationError>,
) -> ExitCode {
    let mut reporter = Reporter::new(report, manner, Streams);
    let outcome = started.and_then(|operation| {
        let Operation {
            mut events,
            completed,
            ..
        } = operation;
        while let Some(event) = events.wait_next() {
            if reporter.event(&event).is_break() {
                break;
            }
        }
        block_on(completed)
    });
    let outcome = outcome.map_err(|error| Failure {
        path: error.path(),
        ..Failure::new(error.code(), format!("{:#}", anyhow::Error::from(error)))
    });
    reporter.end(outcome.as_ref())
}
