//! `last-run.json`: the outcome of the last run that backed up a store as a generation or
//! encrypted, beside the backups.
//!
//! It is the only file whose content depends on the time. It helps people and `check`. No backup,
//! restore or removal relies on it, since anybody who can write to the directory can change it,
//! with two exceptions if no identity opens a backup: a new one is compared with its record, and so
//! is it itself when it is verified.

use serde::{Deserialize, Serialize};

use super::pin::is_pinned;
use crate::archive::backup_file::is_backup_name;
use crate::directory::{FsError, READ_LENGTH};
use crate::temporary::{Temporary, sync_names};
use crate::{
    BackupSummary, Directory, EntryKind, ExitCode, Failure, File, VerifySummary, stored_archive,
};

/// The name of the file.
const FILE: &str = "last-run.json";
/// The version of the format.
const FORMAT_VERSION: u32 = 1;
/// The number of bytes that are read at most: the longest text in it is the message of a failure,
/// which contains a few paths.
const MAX_LENGTH: usize = 1 << 20;

/// The record of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastRun {
    /// [`FORMAT_VERSION`]
    format: u32,
    /// The time of the start of the run, in seconds since the Unix epoch.
    pub(crate) time: u64,
    /// [`ExitCode::name`]. `--strict` does not change it.
    pub(crate) outcome: String,
    /// [`ExitCode::number`]
    pub(crate) exit_code: u8,
    /// The error message of a run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// The number of generations that the run has removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
    /// The backup that the last run without a failure made or found unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backup: Option<LastBackup>,
}

/// The backup that a run made or found unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastBackup {
    /// The time of the start of that run, in seconds since the Unix epoch.
    pub(crate) time: u64,
    /// The name of the file.
    pub(crate) file: String,
    /// Whether the run found the backup unchanged.
    unchanged: bool,
    pub(crate) licenses: u64,
    bytes: u64,
    restricted: u64,
    errors: u64,
    /// The size of the file in bytes.
    pub(crate) size: u64,
    /// The BLAKE3 of the file.
    pub(crate) blake3: String,
    /// The BLAKE3 of the encrypted file, if the backup is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_blake3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shrunk: Option<ShrunkBackup>,
}

/// How a backup has shrunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShrunkBackup {
    /// The number of licenses in the earlier backup.
    pub(crate) earlier: u64,
    /// The number of these that are left.
    pub(crate) left: u64,
    /// The name of the earlier backup, which was pinned.
    pub(crate) pinned: String,
}

/// An error reading the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastRunError {
    Io(FsError),
    /// The file is not a record of this format.
    Malformed,
}

impl From<FsError> for LastRunError {
    fn from(error: FsError) -> Self {
        Self::Io(error)
    }
}

impl LastRun {
    /// Returns the record of a run at `time` with this outcome. `earlier` is the name of the backup
    /// with which the new one was compared. The record of an encrypted backup contains no path:
    /// instead of the message of a failure, it contains the name of the code.
    pub(crate) fn new<D: Directory>(
        directory: &D,
        time: u64,
        outcome: &Result<BackupSummary, Failure>,
        earlier: Option<&str>,
        is_encrypted: bool,
    ) -> Self {
        // A record that cannot be read is replaced.
        let previous = Self::read(directory)
            .ok()
            .flatten()
            .and_then(|run| run.backup);
        let (exit, message) = match outcome {
            Ok(summary) => (summary.exit_code(), None),
            Err(Failure { code, message, .. }) => {
                let message = if is_encrypted { code.name() } else { message };
                (ExitCode::of_failure(*code), Some(message.to_owned()))
            }
        };
        let summary = outcome.as_ref().ok();
        let backup = match summary {
            Some(summary) => {
                let stored = is_encrypted
                    .then(|| stored_blake3(directory, summary, previous.as_ref()))
                    .flatten();
                let backup = LastBackup::new(directory, time, summary, earlier, previous);
                Some(LastBackup {
                    stored_blake3: stored,
                    ..backup
                })
            }
            None => previous,
        };
        Self {
            format: FORMAT_VERSION,
            time,
            outcome: exit.name().to_owned(),
            exit_code: exit.number(),
            message,
            removed: summary.map(|summary| summary.removed),
            backup,
        }
    }

    /// Reads the record. Returns `None` if there is none.
    pub(crate) fn read<D: Directory>(directory: &D) -> Result<Option<Self>, LastRunError> {
        match directory.metadata(FILE) {
            Err(FsError::NoEntry) => return Ok(None),
            // Opening a FIFO would block.
            Ok(metadata) if metadata.kind != EntryKind::File => {
                return Err(LastRunError::Malformed);
            }
            metadata => drop(metadata?),
        }
        let content = match directory.open_file(FILE) {
            Err(FsError::NoEntry) => return Ok(None),
            file => read_all(&file?)?,
        };
        serde_json::from_slice(&content)
            .ok()
            .filter(|run: &Self| run.format == FORMAT_VERSION && run.has_backup_names())
            .map(Some)
            .ok_or(LastRunError::Malformed)
    }

    /// Returns `true` if each name of a backup in the record is one, and not some path.
    fn has_backup_names(&self) -> bool {
        self.backup.as_ref().is_none_or(|backup| {
            let pinned = backup.shrunk.as_ref().map(|shrunk| &shrunk.pinned);
            let mut names = pinned.into_iter().chain([&backup.file]);
            names.all(|name| is_backup_name(name))
        })
    }

    /// Replaces the record in one step, and makes it durable.
    pub(crate) fn write<D: Directory>(&self, directory: &D) -> Result<(), FsError> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        let temporary = Temporary::create(directory, 0)?;
        let written = temporary.write(&json).and_then(|()| temporary.file.sync());
        let closed = match written {
            Ok(()) => temporary.close(),
            Err(error) => Err((temporary, error)),
        };
        // The first error says what failed; the next runs remove the file.
        let closed = closed.map_err(|(temporary, error)| {
            let _ = temporary.remove(directory);
            error
        })?;
        if let Err(error) = directory.rename(&closed.name(), FILE) {
            let _ = closed.remove(directory);
            return Err(error);
        }
        sync_names(directory)
    }
}

impl LastBackup {
    fn new<D: Directory>(
        directory: &D,
        time: u64,
        summary: &BackupSummary,
        earlier: Option<&str>,
        previous: Option<Self>,
    ) -> Self {
        let shrunk = match summary.shrunk {
            Some(shrinkage) => Some(ShrunkBackup {
                earlier: shrinkage.earlier,
                left: shrinkage.left,
                pinned: earlier.unwrap_or_default().to_owned(),
            }),
            // It has still shrunk, until a person removes the pin or the licenses are back.
            None => previous
                .and_then(|previous| previous.shrunk)
                .filter(|shrunk| summary.unchanged || summary.licenses < shrunk.earlier.div_ceil(2))
                .filter(|shrunk| is_pinned(directory, &shrunk.pinned)),
        };
        Self {
            time,
            file: summary.file.clone(),
            unchanged: summary.unchanged,
            licenses: summary.licenses,
            bytes: summary.bytes,
            restricted: summary.restricted,
            errors: summary.errors,
            size: summary.size,
            blake3: summary.blake3.clone().unwrap_or_default(),
            stored_blake3: None,
            shrunk,
        }
    }

    /// Returns what is recorded of the backup in the file `name`, if that can be read.
    pub(crate) fn of<D: Directory>(directory: &D, name: &str) -> Option<Self> {
        let backup = LastRun::read(directory).ok()??.backup?;
        (backup.file == name).then_some(backup)
    }

    /// Returns the recorded hash of the encrypted file.
    pub(crate) fn stored_hash(&self) -> Option<blake3::Hash> {
        blake3::Hash::from_hex(self.stored_blake3.as_ref()?).ok()
    }

    /// Returns what is known of an encrypted backup whose content cannot be verified.
    pub(crate) fn verify_summary(self) -> VerifySummary {
        VerifySummary {
            licenses: self.licenses,
            bytes: self.bytes,
            skipped: self.restricted.saturating_add(self.errors),
            file: self.file,
            size: self.size,
            blake3: self.blake3,
            program: None,
            encrypted: true,
        }
    }
}

/// Returns the BLAKE3 of the encrypted file of a backup: as this run has written it, or as an
/// earlier run has recorded it.
fn stored_blake3<D: Directory>(
    directory: &D,
    summary: &BackupSummary,
    previous: Option<&LastBackup>,
) -> Option<String> {
    if !summary.unchanged {
        let hash = stored_archive::written_blake3(directory, &summary.file);
        return hash.map(|hash| hash.to_hex().to_string());
    }
    previous
        .filter(|previous| {
            previous.file == summary.file && Some(&previous.blake3) == summary.blake3.as_ref()
        })
        .and_then(|previous| previous.stored_blake3.clone())
}

/// Reads a small file.
fn read_all(file: &impl File) -> Result<Vec<u8>, LastRunError> {
    let mut content = Vec::new();
    loop {
        let bytes = file.read(READ_LENGTH, content.len() as u64)?.bytes;
        if bytes.is_empty() {
            return Ok(content);
        }
        content.extend_from_slice(&bytes);
        if content.len() > MAX_LENGTH {
            return Err(LastRunError::Malformed);
        }
    }
}
