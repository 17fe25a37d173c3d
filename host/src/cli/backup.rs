//! `license-backup backup`.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use license_backup::{BackupOptions, BackupSummary, ErrorCode, Failure, OperationError, Runtime, Status, wait};
use license_backup_core::report::{ExitCode, Omissions, backup_end_line, backup_text, status_line};

use super::arguments::BackupArguments;
use super::failure;
use super::interrupt::Interrupt;
use super::output::{Output, complain};
use super::progress::Display;

/// At most ten progress lines a second.
const JSON_PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Backs up, tells what happens, and says how it ended.
pub(super) fn run(arguments: &BackupArguments, interrupt: &Interrupt) -> ExitCode {
    let mut teller = Teller::new(arguments, interrupt);
    let outcome = back_up(arguments, interrupt, &mut teller).map_err(|error| failure(&error));
    teller.end(outcome.as_ref())
}

fn back_up(arguments: &BackupArguments, interrupt: &Interrupt, teller: &mut Teller) -> anyhow::Result<BackupSummary> {
    // Without a store there will be no backup, and no need for a directory; the library says so.
    if arguments.store.is_dir() {
        make_directory(&arguments.to)?;
    }
    let options = BackupOptions::new(&arguments.store, &arguments.to).overwrite(arguments.overwrite);
    let mut operation = wait(Runtime::new()?.backup(&options))?;
    interrupt.watch(operation.cookie);
    while let Some(status) = operation.progress.wait_next() {
        teller.status(&status);
    }
    Ok(wait(operation.completed)?)
}

/// Makes the backup directory if it is not there. The umask makes it the owner's alone.
fn make_directory(directory: &Path) -> Result<(), OperationError> {
    let Err(source) = fs::create_dir(directory) else { return Ok(()) };
    match (source.kind(), directory.parent()) {
        (io::ErrorKind::AlreadyExists, _) => Ok(()),
        (io::ErrorKind::NotFound, Some(parent)) => {
            Err(OperationError::Directory { role: "parent of the backup directory", path: parent.to_owned(), source })
        }
        _ => Err(OperationError::Directory { role: "backup directory", path: directory.to_owned(), source }),
    }
}

/// Tells what happens, to a person or to a program.
struct Teller<'a> {
    arguments: &'a BackupArguments,
    output: Output,
    display: Display<'a>,
    omissions: Omissions,
    /// When the last progress line was written.
    last_progress: Option<Instant>,
}

impl<'a> Teller<'a> {
    fn new(arguments: &'a BackupArguments, interrupt: &'a Interrupt) -> Self {
        Self {
            arguments,
            output: Output::default(),
            display: Display::new(interrupt.bar(), !arguments.quiet && !arguments.json),
            omissions: Omissions::default(),
            last_progress: None,
        }
    }

    fn status(&mut self, status: &Status) {
        if self.arguments.json {
            self.json(status);
        } else {
            self.omissions.note(status);
            if let Status::Information(progress) = status {
                self.display.show(progress);
            }
        }
    }

    fn json(&mut self, status: &Status) {
        if let Status::Information(_) = status {
            let too_soon = self.last_progress.is_some_and(|last| last.elapsed() < JSON_PROGRESS_EVERY);
            if self.arguments.quiet || too_soon {
                return;
            }
            self.last_progress = Some(Instant::now());
        }
        if let Some(line) = status_line(status) {
            self.output.line(&line);
        }
    }

    fn end(mut self, outcome: Result<&BackupSummary, &Failure>) -> ExitCode {
        self.display.clear();
        let exit = ExitCode::of_backup(outcome, self.arguments.strict);
        if self.arguments.json {
            self.output.line(&backup_end_line(outcome, self.arguments.strict));
        } else {
            self.text(outcome, exit);
        }
        match self.output.failure() {
            None => exit,
            Some(error) => {
                let done = if outcome.is_ok() { "the backup is complete, but " } else { "" };
                complain(&format!("{done}the result cannot be written to standard output: {error}"));
                exit.and(ExitCode::Failed)
            }
        }
    }

    fn text(&mut self, outcome: Result<&BackupSummary, &Failure>, exit: ExitCode) {
        match outcome {
            Ok(_) if self.arguments.quiet && exit == ExitCode::Success => {}
            Ok(summary) => {
                let archive = self.arguments.to.join("licenses.zip");
                let text = backup_text(summary, &self.omissions, &archive.to_string_lossy());
                self.output.write(&text);
            }
            Err(Failure { code: ErrorCode::BackupExists, message, .. }) => {
                complain(&format!("{message} (--overwrite allows it)"));
            }
            Err(failure) => complain(&failure.message),
        }
    }
}
