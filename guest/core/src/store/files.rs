//! The files of a store in byte order of path, each with what a backup would do with it.

use super::{
    BackupName, Examined, ReadError, StoreReader, Walk, examine, malformed, name_in_backup,
    shadowed, too_long,
};
use crate::budget::{Budget, LICENSE, LOOK};
use crate::catalogue::{Catalogue, FileId};
use crate::directory::FsError;
use crate::license::Verdict;
use crate::skipped::{SkippedFiles, unreadable};
use crate::{
    BackupRestoreStatus, Directory, Failure, LicenseIdentity, RestrictedLicense, Restriction,
};

/// A running search for the files of a store.
pub(crate) struct StoreSearch<D: Directory> {
    walk: Walk<D>,
    skipped: SkippedFiles,
    /// The events about the skipped files.
    events: Vec<BackupRestoreStatus>,
}

/// The files of a store, and the files that the walk skipped, both in byte order of path.
pub(crate) struct StoreFiles<D: Directory> {
    reader: StoreReader<D>,
    catalogue: Catalogue,
    next: FileId,
    skipped: Vec<StoreFile>,
    next_skipped: usize,
}

/// A file of a store.
#[derive(Debug, Clone)]
pub(crate) struct StoreFile {
    /// The path relative to the store.
    pub(crate) path: String,
    /// The identifiers in the document.
    pub(crate) identity: LicenseIdentity,
    /// The name of the entry that holds the license, if the file is a publication.
    pub(crate) entry: Option<&'static str>,
    pub(crate) state: FileState,
}

/// What a backup would do with a file.
#[derive(Debug, Clone)]
pub(crate) enum FileState {
    /// It would contain this document. That of a publication has the name of [`name_in_backup`].
    Allowed(Vec<u8>),
    /// It would skip the file, for this reason.
    Restricted(Restriction),
    /// It would skip the file and report this failure.
    Failed(Failure),
    /// It would not mention the file: the file has disappeared, or another file contains the same
    /// license under the name that the license has in a backup; or the file was not read.
    Absent,
}

impl<D: Directory> StoreSearch<D> {
    /// Starts a search of `store`.
    pub(crate) fn new(store: D) -> Result<Self, FsError> {
        Ok(Self {
            walk: Walk::new(store)?,
            skipped: SkippedFiles::default(),
            events: Vec::new(),
        })
    }

    /// Searches for some files. Returns all of them after the last one.
    pub(crate) fn step(&mut self) -> Option<StoreFiles<D>> {
        let mut reporter = self.skipped.reporter(&mut self.events);
        let (store, catalogue) = self.walk.step(None, &mut reporter)?;
        Some(StoreFiles {
            reader: StoreReader::new(store),
            catalogue,
            next: 0,
            skipped: skipped_files(std::mem::take(&mut self.events)),
            next_skipped: 0,
        })
    }
}

impl<D: Directory> StoreFiles<D> {
    /// Returns the files that the walk skipped, in byte order of path.
    pub(crate) fn skipped(&self) -> &[StoreFile] {
        &self.skipped
    }

    /// Returns the next file, or `None` after the last one. A file whose path `is_read` rejects is
    /// not read, and [`FileState::Absent`].
    pub(crate) fn next_file(
        &mut self,
        budget: &mut Budget,
        is_read: impl Fn(&str) -> bool,
    ) -> Option<StoreFile> {
        budget.spend(LOOK);
        let path = (self.next < self.catalogue.len()).then(|| self.catalogue.file_path(self.next));
        let is_due = |skipped: &&StoreFile| path.as_ref().is_none_or(|path| skipped.path < *path);
        if let Some(skipped) = self.skipped.get(self.next_skipped).filter(is_due) {
            self.next_skipped += 1;
            return Some(skipped.clone());
        }
        let (file, path) = (self.next, path?);
        self.next += 1;
        if !is_read(&path) {
            return Some(StoreFile::new(path, FileState::Absent));
        }
        let file = self.read(file, path);
        budget.spend(LICENSE);
        budget.spend_bytes(self.reader.take_bytes_read());
        Some(file)
    }

    fn read(&mut self, file: FileId, path: String) -> StoreFile {
        let examined = match self.reader.read(&self.catalogue, file) {
            Ok(content) => examine(self.catalogue.file_name(file), content),
            Err(error) => {
                let state = match error {
                    ReadError::Unusable(failure) => FileState::Failed(failure),
                    ReadError::Io(FsError::NoEntry) => FileState::Absent,
                    ReadError::Io(FsError::Link) => {
                        FileState::Restricted(Restriction::NotARegularFile)
                    }
                    ReadError::Io(error) => FileState::Failed(unreadable(path.clone(), error)),
                };
                return StoreFile::new(path, state);
            }
        };
        let backup_name = match examined.verdict {
            Verdict::Allowed => self.backup_name(&path, &examined),
            Verdict::Restricted(_) | Verdict::Malformed(_) => BackupName::Free,
        };
        let Examined {
            identity,
            verdict,
            document,
            entry,
        } = examined;
        let state = match (verdict, backup_name) {
            (Verdict::Allowed, BackupName::Free) => FileState::Allowed(document),
            (Verdict::Allowed, BackupName::Same) => FileState::Absent,
            (Verdict::Allowed, BackupName::Taken) => {
                FileState::Failed(shadowed(path.clone(), &name_in_backup(&path)))
            }
            (Verdict::Allowed, BackupName::TooLong) => FileState::Failed(too_long(path.clone())),
            (Verdict::Restricted(reason), _) => FileState::Restricted(reason),
            (Verdict::Malformed(fault), _) => FileState::Failed(malformed(path.clone(), &fault)),
        };
        StoreFile {
            identity,
            entry,
            ..StoreFile::new(path, state)
        }
    }

    /// Looks up the name that a license has in a backup.
    fn backup_name(&mut self, path: &str, examined: &Examined) -> BackupName {
        if examined.entry.is_none() {
            return BackupName::Free;
        }
        let (name, files) = (name_in_backup(path), self.catalogue.len());
        let is_skipped = |path: &str| {
            self.skipped
                .binary_search_by(|skipped| skipped.path.as_str().cmp(path))
                .is_ok()
        };
        BackupName::look_up(
            &name,
            &examined.document,
            &mut self.reader,
            &self.catalogue,
            files,
            is_skipped,
        )
    }
}

impl StoreFile {
    /// Returns a file of which only the path and the state are known.
    fn new(path: String, state: FileState) -> Self {
        Self {
            path,
            identity: LicenseIdentity::default(),
            entry: None,
            state,
        }
    }
}

/// Returns the files that the walk skipped, in byte order of path.
fn skipped_files(events: Vec<BackupRestoreStatus>) -> Vec<StoreFile> {
    let mut files: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            BackupRestoreStatus::RestrictedLicense(restricted) => {
                let RestrictedLicense {
                    path,
                    identity,
                    reason,
                } = restricted;
                let file = StoreFile::new(path, FileState::Restricted(reason));
                Some(StoreFile { identity, ..file })
            }
            BackupRestoreStatus::Error(failure) => Some(StoreFile::new(
                failure.path.clone()?,
                FileState::Failed(failure),
            )),
            BackupRestoreStatus::Begin
            | BackupRestoreStatus::Progress(_)
            | BackupRestoreStatus::End => None,
        })
        .collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}
