//! The check operation, a state machine: it finds out whether there is a recent backup, and whether
//! the last run found that the store has shrunk.
//!
//! It trusts `last-run.json` for the time at which the store was last found unchanged, and for
//! nothing else: the backup that it names must be there.

mod options;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};

pub use options::{CheckOptions, CheckSummary};

use crate::archive::backup_file::backups;
use crate::generations::{GenerationFile, LastBackup, LastRun, LastRunError, is_pinned};
use crate::verify::{BackupVerifier, VerifySummary};
use crate::{BackupRestoreStatus, Directory, EntryKind, ErrorCode, Failure, Operation};

/// The number of seconds by which a backup may be in the future: clocks of machines differ.
const CLOCK_TOLERANCE: u64 = 5 * 60;

/// A running check.
pub struct Check<D: Directory> {
    /// The caller's path of the directory.
    path: String,
    summary: CheckSummary,
    /// The hash that the backup must have by `last-run.json`.
    expected_blake3: Option<String>,
    verifier: Option<BackupVerifier<D::File>>,
}

impl<D: Directory> Check<D> {
    /// Starts to check the backups in `directory`, whose path is `path` to the caller.
    ///
    /// # Errors
    ///
    /// - [`ErrorCode::PathNotFound`] if the directory has no backup.
    /// - [`ErrorCode::Stale`] if the newest one is older than permitted, or in the future.
    /// - [`ErrorCode::Shrunk`] if it has shrunk, and the one before it is still pinned.
    /// - [`ErrorCode::BackupCorrupt`] if the backup of the last run was lost or replaced.
    /// - [`ErrorCode::Malformed`] if `last-run.json` cannot be understood.
    /// - The code of the error of the file system if the directory cannot be read.
    pub fn start(directory: &D, path: &str, options: CheckOptions) -> Result<Self, Failure> {
        let newest = newest(directory, path)?;
        let run = read_last_run(directory, path)?;
        let (mut time, mut expected_blake3, mut last_failure) = (newest.time, None, None);
        if let Some(LastRun {
            message, backup, ..
        }) = run
        {
            last_failure = message;
            if let Some(backup) = backup {
                // A run that was killed has not recorded the newest backup, and may have removed the
                // one that an earlier run recorded.
                if backup.time >= newest.time {
                    check_file(directory, path, &backup)?;
                }
                check_shrunk(directory, path, &backup)?;
                if backup.file == newest.name {
                    expected_blake3 = Some(backup.blake3);
                }
                time = time.max(backup.time);
            }
        }
        check_time(path, &newest.name, time, options)?;
        let verifier = options
            .verify
            .then(|| BackupVerifier::open(directory, path, Some(&newest.name)))
            .transpose()?;
        Ok(Self {
            path: path.to_owned(),
            summary: CheckSummary {
                file: newest.name,
                time,
                age: options.now.saturating_sub(time),
                blake3: None,
                encrypted: false,
                last_failure,
            },
            expected_blake3,
            verifier,
        })
    }

    /// Returns the summary after a verification.
    fn verified(mut self, backup: VerifySummary) -> Result<CheckSummary, Failure> {
        let hash = backup.blake3;
        if self
            .expected_blake3
            .is_some_and(|expected| expected != hash)
        {
            let (path, file) = (&self.path, &self.summary.file);
            let message = format!(
                "the backup ({file}) in {path} is intact, but not the one that last-run.json \
                 records: its BLAKE3 is {hash}; find out who replaced it"
            );
            return Err(Failure::at(ErrorCode::BackupCorrupt, path, message));
        }
        self.summary.blake3 = Some(hash);
        self.summary.encrypted = backup.encrypted;
        Ok(self.summary)
    }
}

impl<D: Directory> Operation for Check<D> {
    type Event = BackupRestoreStatus;
    type Summary = CheckSummary;

    fn step(
        mut self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<CheckSummary, Failure>, Self> {
        let Some(verifier) = self.verifier.take() else {
            return Break(Ok(self.summary));
        };
        match verifier.step(events) {
            Continue(verifier) => Continue(Self {
                verifier: Some(verifier),
                ..self
            }),
            Break(Ok(backup)) => Break(self.verified(backup)),
            Break(Err(failure)) => Break(Err(failure)),
        }
    }

    fn cancel(self) -> ControlFlow<Failure, Self> {
        let message = "the check was cancelled";
        Break(Failure::new(ErrorCode::Cancelled, message))
    }
}

/// Returns the newest backup in a directory.
fn newest<D: Directory>(directory: &D, path: &str) -> Result<GenerationFile, Failure> {
    backups(directory, path)?.pop().ok_or_else(|| {
        let message = format!("there is no backup in {path}; back up into it");
        Failure::at(ErrorCode::PathNotFound, path, message)
    })
}

fn read_last_run<D: Directory>(directory: &D, path: &str) -> Result<Option<LastRun>, Failure> {
    LastRun::read(directory).map_err(|error| {
        let (code, cause) = match error {
            LastRunError::Io(error) => (error.code(), error.to_string()),
            LastRunError::Malformed => (ErrorCode::Malformed, "it is malformed".to_owned()),
        };
        let message =
            format!("cannot read last-run.json in {path}: {cause}; back up again to replace it");
        Failure::at(code, path, message)
    })
}

/// Returns an error unless the backup that `last-run.json` records is there.
fn check_file<D: Directory>(directory: &D, path: &str, backup: &LastBackup) -> Result<(), Failure> {
    let file = &backup.file;
    let is_there = directory
        .metadata(file)
        .is_ok_and(|metadata| metadata.kind == EntryKind::File && metadata.size == backup.size);
    if is_there {
        return Ok(());
    }
    let message = format!(
        "the backup that last-run.json in {path} records ({file}, {} bytes) is missing or has \
         another size; find out who changed it, and back up again",
        backup.size
    );
    Err(Failure::at(ErrorCode::BackupCorrupt, path, message))
}

/// Returns an error if the backup of the last run has shrunk, and the one before it is pinned.
fn check_shrunk<D: Directory>(
    directory: &D,
    path: &str,
    backup: &LastBackup,
) -> Result<(), Failure> {
    let Some(shrunk) = &backup.shrunk else {
        return Ok(());
    };
    if !is_pinned(directory, &shrunk.pinned) {
        return Ok(());
    }
    let message = format!(
        "a backup in {path} had {} of the {} licenses of {}; is the store mounted? If it is \
         complete, unpin that backup",
        shrunk.left, shrunk.earlier, shrunk.pinned
    );
    Err(Failure::at(ErrorCode::Shrunk, path, message))
}

/// Returns an error if a backup is too old, or in the future.
fn check_time(path: &str, file: &str, time: u64, options: CheckOptions) -> Result<(), Failure> {
    let CheckOptions { max_age, now, .. } = options;
    let message = if time > now.saturating_add(CLOCK_TOLERANCE) {
        format!(
            "the backup ({file}) in {path} is from the future, by {} s; set the clock, or remove a \
             backup that was made while the clock was wrong",
            time - now
        )
    } else if now.saturating_sub(time) > max_age {
        format!(
            "the backup ({file}) in {path} is too old: the store was last backed up {} ago; find \
             out why no later run succeeded",
            duration(now - time)
        )
    } else {
        return Ok(());
    };
    Err(Failure::at(ErrorCode::Stale, path, message))
}

/// Returns a duration in its largest unit, rounded down.
fn duration(seconds: u64) -> String {
    const HOUR: u64 = 3600;
    match seconds {
        0..HOUR => format!("{} min", seconds / 60),
        HOUR..172_800 => format!("{} h", seconds / HOUR),
        _ => format!("{} days", seconds / (24 * HOUR)),
    }
}
