//! The verification of a backup: of its content, or if that is encrypted and no identity opens it,
//! of the bytes that are stored.

use std::ops::ControlFlow::{self, Break, Continue};

use super::stored_verifier::StoredVerifier;
use super::{Verified, Verifier, VerifySummary};
use crate::archive::{ArchiveError, ArchiveReader, backup_file};
use crate::directory::FsError;
use crate::{BackupRestoreStatus, Directory, Failure, File};

/// A verification that proceeds step by step.
pub(crate) enum BackupVerifier<F> {
    Content(Box<Verifier<F>>),
    Stored(Box<StoredVerifier<F>>),
}

impl<F: File> BackupVerifier<F> {
    /// Opens the backup of this name in `directory`, which the caller knows as `path`; without a
    /// name, the newest one.
    pub(crate) fn open<D: Directory<File = F>>(
        directory: &D,
        path: &str,
        name: Option<&str>,
    ) -> Result<Self, Failure> {
        let (file, location) = backup_file::open(directory, path, name)?;
        match ArchiveReader::open(file) {
            Ok(reader) => Ok(Self::Content(Box::new(Verifier::new(reader, location)))),
            Err(ArchiveError::Io(FsError::Encrypted)) => {
                let verifier = StoredVerifier::open(directory, location)?;
                Ok(Self::Stored(Box::new(verifier)))
            }
            Err(error) => Err(location.failure(&error)),
        }
    }

    /// Does a bounded amount of work and appends its events. Returns the verifier for the next
    /// step, or the summary if nothing was found.
    pub(crate) fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<VerifySummary, Failure>, Self> {
        match self {
            Self::Content(verifier) => match verifier.step(events) {
                Continue(verifier) => Continue(Self::Content(Box::new(verifier))),
                Break(outcome) => Break(outcome.map(|verified| summary(&verified))),
            },
            Self::Stored(verifier) => match verifier.step(events) {
                Continue(verifier) => Continue(Self::Stored(Box::new(verifier))),
                Break(outcome) => Break(outcome),
            },
        }
    }
}

fn summary<F>(verified: &Verified<F>) -> VerifySummary {
    VerifySummary {
        licenses: verified.index.len() as u64,
        bytes: verified.index.bytes(),
        skipped: verified.skipped,
        file: verified.location.name.clone(),
        size: verified.size,
        blake3: verified.hash.to_hex().to_string(),
        program: Some(verified.program.clone()),
        encrypted: false,
    }
}
