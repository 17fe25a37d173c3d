//! `license-backup backup`.

use std::path::{Path, PathBuf};
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
    let runtime = Runtime::new()?;
    interrupt.check()?;
    // Without a store there will be no backup, and no need for a directory; the library says so.
    let is_new = arguments.store.is_dir() && make_directory(&arguments.to)?;
    let outcome = run_backup(&runtime, arguments, interrupt, teller);
    if is_new && outcome.is_err() {
        // What was not there before goes, unless there is something in it.
        let _ = fs::remove_dir(&arguments.to);
    }
    outcome
}

fn run_backup(
    runtime: &Runtime,
    arguments: &BackupArguments,
    interrupt: &Interrupt,
    teller: &mut Teller,
) -> anyhow::Result<BackupSummary> {
    let options = BackupOptions::new(&arguments.store, &arguments.to).overwrite(arguments.overwrite);
    let mut operation = wait(runtime.backup(&options))?;
    interrupt.watch(operation.cookie);
    while let Some(status) = operation.progress.wait_next() {
        teller.status(&status);
    }
    Ok(wait(operation.completed)?)
}

/// Makes the backup directory durably if it is not there, and gives whether it was not. The umask makes it the owner's alone.
fn make_directory(directory: &Path) -> Result<bool, OperationError> {
    // Without a `.` at its end, which cannot be made.
    let directory: PathBuf = directory.components().collect();
    let parent = match directory.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(false),
    };
    let trouble = |role, path: &Path, source| OperationError::Directory { role, path: path.to_owned(), source };
    match fs::create_dir(&directory) {
        Ok(()) => {
            sync(parent).map_err(|source| trouble("parent of the backup directory", parent, source))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) if !parent.is_dir() => Err(trouble("parent of the backup directory", parent, error)),
        Err(error) => Err(trouble("backup directory", &directory, error)),
    }
}

/// Makes the names in a directory durable, where the system can.
#[cfg(unix)]
fn sync(directory: &Path) -> io::Result<()> {
    match fs::File::open(directory)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => Ok(()),
        synced => synced,
    }
}

/// Elsewhere a directory cannot be synced.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
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
                complain(&format!("{message} (--overwrite does that)"));
            }
            Err(failure) => complain(&failure.message),
        }
    }
}
