//! The verification of an encrypted backup that no identity opens: its bytes are those that the
//! last run has written. What they decrypt to is not verified.

use std::ops::ControlFlow::{self, Break, Continue};

use super::VerifySummary;
use super::file_hasher::FileHasher;
use crate::archive::backup_file::BackupLocation;
use crate::budget::Budget;
use crate::directory::{FsError, READ_LENGTH};
use crate::generations::LastBackup;
use crate::{
    BackupRestoreStatus, Directory, ErrorCode, Failure, File, Progress, Stage, stored_archive,
};

/// A verification that proceeds step by step.
pub(crate) struct StoredVerifier<F> {
    /// The stored file.
    file: F,
    location: BackupLocation,
    /// What `last-run.json` records of the backup.
    record: LastBackup,
    /// The hash that the stored file must have.
    expected: blake3::Hash,
    hasher: FileHasher,
    /// The number of bytes that were read.
    position: u64,
}

impl<F: File> StoredVerifier<F> {
    /// Opens the stored file of a backup.
    ///
    /// # Errors
    ///
    /// Returns the failure of an encrypted backup that cannot be read if the last run has not
    /// recorded the hash of this one, or the directory does not provide its stored file.
    pub(super) fn open<D: Directory<File = F>>(
        directory: &D,
        location: BackupLocation,
    ) -> Result<Self, Failure> {
        let record = LastBackup::of(directory, &location.name);
        let expected = record.as_ref().and_then(LastBackup::stored_hash);
        let (Some(record), Some(expected)) = (record, expected) else {
            return Err(location.unreadable(FsError::Encrypted));
        };
        let file =
            stored_archive::open(directory, &location.name).map_err(|error| match error {
                // Identities were given, so that the content was to be verified.
                FsError::NoEntry => location.unreadable(FsError::Encrypted),
                error => location.unreadable(error),
            })?;
        Ok(Self {
            file,
            location,
            record,
            expected,
            hasher: FileHasher::default(),
            position: 0,
        })
    }

    /// Returns the failure that reports that the content of the backup cannot be read.
    pub(super) fn unreadable(&self) -> Failure {
        self.location.unreadable(FsError::Encrypted)
    }

    /// Does a bounded amount of work. Emits the number of bytes read as progress, and the stored
    /// file as the only file.
    pub(super) fn step(
        mut self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<VerifySummary, Failure>, Self> {
        let mut budget = Budget::of_a_step();
        let mut is_end = false;
        while !is_end && budget.is_left() {
            let read = match self.file.read(READ_LENGTH, self.position) {
                Ok(read) => read.bytes,
                Err(error) => return Break(Err(self.location.unreadable(error))),
            };
            self.hasher.update(&read);
            self.position += read.len() as u64;
            budget.spend_bytes(read.len());
            is_end = read.is_empty();
        }
        events.push(BackupRestoreStatus::Progress(Progress {
            stage: Stage::Verifying,
            done: u64::from(is_end),
            total: Some(1),
            bytes: self.position,
            path: String::new(),
        }));
        if is_end {
            Break(self.finish())
        } else {
            Continue(self)
        }
    }

    /// Compares the hash of all bytes with the recorded one.
    fn finish(self) -> Result<VerifySummary, Failure> {
        let (hash, _) = self.hasher.finish();
        if hash != self.expected {
            let BackupLocation { directory, name } = &self.location;
            let message = format!(
                "the backup ({name}) in {directory} is not the one that the last run wrote: the \
                 BLAKE3 of the encrypted file is {hash}, and last-run.json records {}; verify it \
                 with an identity, since a run that was killed may have written it, or back up again",
                self.expected
            );
            return Err(Failure::at(ErrorCode::BackupCorrupt, directory, message));
        }
        Ok(self.record.verify_summary())
    }
}
