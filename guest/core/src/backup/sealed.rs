//! An earlier backup that is encrypted, and that no identity of this run opens.
//!
//! The machine that backs up needs recipients only, so that it cannot read its own backups. What it
//! compares a new backup with is then what `last-run.json` records of the earlier one.

use super::BackupSummary;
use crate::directory::FsError;
use crate::generations::LastBackup;
use crate::{Directory, File};

/// An earlier backup that cannot be read.
pub(super) struct Sealed<F> {
    file: F,
    /// What is recorded of it.
    record: Option<LastBackup>,
}

impl<F: File> Sealed<F> {
    /// Returns the earlier backup in the file `name`, or `None` if it can be read.
    pub(super) fn new<D: Directory<File = F>>(directory: &D, file: F, name: &str) -> Option<Self> {
        if file.read(1, 0) != Err(FsError::Encrypted) {
            return None;
        }
        let size = file.metadata().ok().map(|metadata| metadata.size);
        let record = LastBackup::of(directory, name).filter(|backup| Some(backup.size) == size);
        Some(Self { file, record })
    }

    /// Returns the file of the backup.
    pub(super) fn file(&self) -> &F {
        &self.file
    }

    /// Returns `true` if a new backup is recorded as the earlier one.
    pub(super) fn is_recorded_as(&self, new: &BackupSummary) -> bool {
        self.record.as_ref().is_some_and(|record| {
            record.size == new.size && new.blake3.as_ref() == Some(&record.blake3)
        })
    }

    /// Returns the number of licenses in the backup, if it is recorded.
    pub(super) fn licenses(&self) -> Option<u64> {
        self.record.as_ref().map(|record| record.licenses)
    }
}
