//! The verification of a backup: it is complete and intact, and contains nothing else.
//!
//! A backup is rejected if and only if it contains anything that the writer of its format
//! version never writes. So a later rights gate may allow more for a format version, but
//! never less.

mod backup_verifier;
mod central_directory;
mod checksums;
mod entry_order;
mod file_hasher;
mod findings;
mod licenses;
mod manifest;
mod selected;
mod stored_verifier;
#[cfg(test)]
mod tests;
mod verifier;

use std::ops::ControlFlow::{self, Break, Continue};

pub(crate) use backup_verifier::BackupVerifier;
pub(crate) use selected::{Selected, SelectedVerifier};
pub(crate) use verifier::{Verified, Verifier};

use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation};

/// The options of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct VerifyOptions {
    /// The BLAKE3 that the backup file must have, as 64 hexadecimal digits.
    pub expected_blake3: Option<String>,
}

/// The result of a verification that found nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VerifySummary {
    /// The number of license documents in the backup.
    pub licenses: u64,
    /// The size of these documents in bytes.
    pub bytes: u64,
    /// The number of files that the backup lists as skipped, for whatever reason.
    pub skipped: u64,
    /// The name of the backup file.
    pub file: String,
    /// The size of the backup file in bytes.
    pub size: u64,
    /// The BLAKE3 of the whole backup file, as 64 lower-case hexadecimal digits.
    pub blake3: String,
    /// The program that wrote the backup, and its version. `None` if `encrypted` is `true`.
    pub program: Option<String>,
    /// Whether the backup is encrypted, and no identity opens it. Its bytes are then those that the
    /// last run wrote, but its content was not verified: all other fields are what the last run
    /// recorded.
    pub encrypted: bool,
}

/// A verification that proceeds step by step.
pub struct Verify<D: Directory> {
    path: String,
    verifier: BackupVerifier<D::File>,
    expected: Option<blake3::Hash>,
}

impl<D: Directory> Verify<D> {
    /// Starts a verification of a backup in `directory`, which the caller knows as `path`: the one
    /// in the file `generation`, or the newest one.
    ///
    /// # Errors
    ///
    /// - [`ErrorCode::InvalidArgument`] if the expected hash does not have 64 hexadecimal digits, or
    ///   `generation` is not the name of a backup.
    /// - [`ErrorCode::PathNotFound`] if the directory has no backup.
    /// - [`ErrorCode::AccessDenied`] if the backup is encrypted, no identity opens it, and its hash
    ///   is expected or `last-run.json` does not record it.
    /// - [`ErrorCode::BackupCorrupt`] if the file does not end as a backup does.
    /// - Another code if the file cannot be read.
    pub fn start(
        directory: &D,
        path: &str,
        generation: Option<&str>,
        options: &VerifyOptions,
    ) -> Result<Self, Failure> {
        let expected = options
            .expected_blake3
            .as_deref()
            .map(parse_hash)
            .transpose()?;
        let verifier = BackupVerifier::open(directory, path, generation)?;
        if let (Some(_), BackupVerifier::Stored(verifier)) = (&expected, &verifier) {
            return Err(verifier.unreadable());
        }
        Ok(Self {
            path: path.to_owned(),
            verifier,
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
            path,
            verifier,
            expected,
        } = self;
        match verifier.step(events) {
            Continue(verifier) => Continue(Self {
                path,
                verifier,
                expected,
            }),
            Break(Ok(VerifySummary { file, blake3, .. }))
                if expected.is_some_and(|expected| *expected.to_hex() != *blake3) =>
            {
                let message = format!(
                    "the backup ({file}) in {path} is intact, \
                     but it is not the expected one: its BLAKE3 is {blake3}"
                );
                Break(Err(Failure::at(ErrorCode::BackupCorrupt, &path, message)))
            }
            Break(outcome) => Break(outcome),
        }
    }

    fn cancel(self) -> ControlFlow<Failure, Self> {
        Break(Failure::new(
            ErrorCode::Cancelled,
            "the verification was cancelled; the backup was not verified",
        ))
    }
}

fn parse_hash(hash: &str) -> Result<blake3::Hash, Failure> {
    blake3::Hash::from_hex(hash).map_err(|_| {
        let message = format!(
            "{hash} is not a BLAKE3 hash; \
             use the 64 hexadecimal digits that an earlier verification reported"
        );
        Failure::new(ErrorCode::InvalidArgument, message)
    })
}
