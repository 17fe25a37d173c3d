//! Temporary files of the backup directory: their names, and how those that were left behind are told from those in use.

use std::rc::Rc;

use crate::directory::{ERRORS_IN_A_ROW, FsError};
use crate::{Directory, Entries, EntryKind, File, Timestamp};

const PREFIX: &str = ".license-backup-";
const SUFFIX: &str = ".tmp";
/// How many temporary names may be taken. Each stands for a backup that runs now or was killed in the last hour.
const MOST_NAMES: u32 = 10_000;
/// The age in seconds, counted from the file that a run has created, above which it takes a temporary file for one that
/// a killed run left behind. A run whose file is taken away all the same, since it was held up for so long, notices it.
const STALE_AFTER: u64 = 60 * 60;

/// Whether a name is that of one of our temporary files.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The temporary file of this run, open until the commit: a name alone could come to stand for another run's file.
pub(super) struct Temporary<F> {
    pub(super) name: String,
    pub(super) file: Rc<F>,
}

impl<F: File> Temporary<F> {
    /// Creates a file under a name that nobody uses; [`FsError::Exist`] if all names are taken.
    pub(super) fn create<D: Directory<File = F>>(directory: &D) -> Result<Self, FsError> {
        for number in 0..MOST_NAMES {
            let name = format!("{PREFIX}{number}{SUFFIX}");
            match directory.create_file(&name) {
                Err(FsError::Exist) => {}
                created => return created.map(|file| Self { name, file: Rc::new(file) }),
            }
        }
        Err(FsError::Exist)
    }

    /// Whether the name still stands for this file.
    pub(super) fn is_in_place<D: Directory<File = F>>(&self, directory: &D) -> Result<bool, FsError> {
        match directory.is_name_of(&self.name, &self.file) {
            Err(FsError::NoEntry) => Ok(false),
            answer => answer,
        }
    }

    /// Removes the files of runs that were killed long before this file was created.
    ///
    /// What cannot be looked at or removed stays: it is in nobody's way, and the next run tries again.
    pub(super) fn remove_stale<D: Directory<File = F>>(&self, directory: &D) {
        let Some(now) = self.file.metadata().ok().and_then(|metadata| metadata.modified) else { return };
        let Ok(mut entries) = directory.entries() else { return };
        let mut errors_in_a_row = 0;
        while errors_in_a_row < ERRORS_IN_A_ROW {
            match entries.next_entry() {
                Ok(None) => break,
                Ok(Some(entry)) => {
                    errors_in_a_row = 0;
                    if is_temporary_name(&entry.name) && is_stale(directory, &entry.name, now) {
                        let _ = directory.unlink(&entry.name);
                    }
                }
                Err(FsError::IllegalName | FsError::NoEntry) => {}
                Err(_) => errors_in_a_row += 1,
            }
        }
    }
}

fn is_stale<D: Directory>(directory: &D, name: &str, now: Timestamp) -> bool {
    let Ok(metadata) = directory.metadata(name) else { return false };
    metadata.kind == EntryKind::File
        && metadata.modified.is_some_and(|modified| {
            let limit = Timestamp { seconds: modified.seconds.saturating_add(STALE_AFTER), ..modified };
            limit < now
        })
}
