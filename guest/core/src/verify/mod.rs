//! The verification of a backup, as a state machine: that it has all that a backup has, in one piece, and nothing else.
//!
//! A backup is refused for whatever the writer of its format version never writes, and for nothing else. So the rights gate
//! of a format version may come to allow more, but never less.

mod faults;
mod inspection;
mod licenses;
mod record;
mod structure;
mod sums;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};

pub(crate) use inspection::{Inspection, Verified};

use crate::entry_names::BACKUP_FILE;
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation};

/// Options of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct VerifyOptions {
    /// The BLAKE3 that the backup file must have, as 64 hexadecimal digits.
    pub expected_blake3: Option<String>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VerifySummary {
    /// The number of license documents in the backup.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of files that the backup tells of as left out, whatever the reason.
    pub skipped: u64,
    /// The size of the backup file in bytes.
    pub size: u64,
    /// The BLAKE3 of the whole backup file, 64 lower-case hexadecimal digits.
    pub blake3: String,
    /// The program that wrote the backup, and its version.
    pub program: String,
}

/// A verification that goes on step by step.
pub struct Verify<D: Directory> {
    inspection: Inspection<D::File>,
    /// The backup directory as its caller knows it.
    path: String,
    expected: Option<blake3::Hash>,
}

impl<D: Directory> Verify<D> {
    /// Begins a verification of the backup in `directory`, which the caller knows as `path`. With `expected_blake3`, 64
    /// hexadecimal digits, its BLAKE3 must be that one.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] for a hash that is none, [`ErrorCode::PathNotFound`] if there is no backup,
    /// [`ErrorCode::BackupCorrupt`] if the file does not end as one does, otherwise what keeps it from being read.
    pub fn start(directory: &D, path: &str, options: &VerifyOptions) -> Result<Self, Failure> {
        let expected = options
            .expected_blake3
            .as_deref()
            .map(parse_hash)
            .transpose()?;
        Ok(Self {
            inspection: Inspection::open(directory, path)?,
            path: path.to_owned(),
            expected,
        })
    }
}

impl<D: Directory> Operation for Verify<D> {
    type Event = BackupRestoreStatus;
    type Summary = VerifySummary;

    fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<VerifySummary, Failure>, Self> {
        let Self {
            inspection,
            path,
            expected,
        } = self;
        match inspection.step(events) {
            Continue(inspection) => Continue(Self {
                inspection,
                path,
                expected,
            }),
            Break(Err(failure)) => Break(Err(failure)),
            Break(Ok(Verified { hash, .. }))
                if expected.is_some_and(|expected| expected != hash) =>
            {
                let hash = hash.to_hex();
                let message = format!(
                    "the backup ({BACKUP_FILE}) in {path} is whole, but it is not the expected one: its BLAKE3 is {hash}"
                );
                Break(Err(Failure::at(ErrorCode::BackupCorrupt, path, message)))
            }
            Break(Ok(verified)) => Break(Ok(verified.summary())),
        }
    }

    fn cancel(self) -> ControlFlow<Failure, Self> {
        Break(Failure::new(
            ErrorCode::Cancelled,
            "the verification was cancelled, and says nothing of the backup",
        ))
    }
}

fn parse_hash(hash: &str) -> Result<blake3::Hash, Failure> {
    blake3::Hash::from_hex(hash).map_err(|_| {
        let message = format!(
            "{hash} is no BLAKE3 hash: give 64 hexadecimal digits, as a verification tells them"
        );
        Failure::new(ErrorCode::InvalidArgument, message)
    })
}
