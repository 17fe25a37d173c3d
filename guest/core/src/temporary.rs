//! Temporary files: their names, how a file gets the name it is for, and how those that were left behind are told from
//! those in use.

use std::rc::Rc;

use crate::directory::{ERRORS_IN_A_ROW, FsError};
use crate::{Directory, Entries, EntryKind, File, Timestamp};

const PREFIX: &str = ".license-backup-";
const SUFFIX: &str = ".tmp";
/// How many names in a row may be taken. Each stands for a file of a run that goes on now or was killed in the last hour.
const MOST_NAMES: usize = 10_000;
/// The age in seconds, counted from the file that a run has created, above which it takes a temporary file for one that
/// a killed run left behind. A run whose file is taken away all the same, since it was held up for so long, notices it.
const STALE_AFTER: u64 = 60 * 60;

/// The name of a temporary file.
pub(crate) fn temporary_name(number: u32) -> String {
    format!("{PREFIX}{number}{SUFFIX}")
}

/// Whether a name is that of one of our temporary files.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    digits(name).is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The number of the temporary file of this name, if [`temporary_name`] gives it.
pub(crate) fn temporary_number(name: &str) -> Option<u32> {
    digits(name)?
        .parse()
        .ok()
        .filter(|number| temporary_name(*number) == name)
}

fn digits(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
}

/// A temporary file of this run while it is open: a name alone could come to stand for another run's file.
pub(crate) struct Temporary<F> {
    pub(crate) number: u32,
    pub(crate) file: Rc<F>,
}

impl<F: File> Temporary<F> {
    /// Creates a file under a name that nobody uses, counting from `first`; [`FsError::Exist`] if too many are taken.
    pub(crate) fn create<D: Directory<File = F>>(
        directory: &D,
        first: u32,
    ) -> Result<Self, FsError> {
        for number in (first..=u32::MAX).take(MOST_NAMES) {
            match directory.create_file(&temporary_name(number)) {
                Err(FsError::Exist) => {}
                created => {
                    return created.map(|file| Self {
                        number,
                        file: Rc::new(file),
                    });
                }
            }
        }
        Err(FsError::Exist)
    }

    pub(crate) fn name(&self) -> String {
        temporary_name(self.number)
    }

    /// When the file was made or last written to: what the age of other files is counted from.
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        self.file
            .metadata()
            .ok()
            .and_then(|metadata| metadata.modified)
    }

    /// Writes its whole content.
    pub(crate) fn write(&self, content: &[u8]) -> Result<(), FsError> {
        let mut taken = 0;
        while let Some(rest) = content.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest, taken as u64)? {
                0 => return Err(FsError::Other("a write took nothing")),
                count => taken += count,
            }
        }
        self.file.release(0, taken as u64);
        Ok(())
    }

    /// Whether the name still stands for this file.
    pub(crate) fn is_in_place<D: Directory<File = F>>(
        &self,
        directory: &D,
    ) -> Result<bool, FsError> {
        match directory.is_name_of(&self.name(), &self.file) {
            Err(FsError::NoEntry) => Ok(false),
            answer => answer,
        }
    }

    /// Removes the file, unless the name is another run's by now.
    pub(crate) fn remove<D: Directory<File = F>>(&self, directory: &D) -> Result<(), FsError> {
        if self.is_in_place(directory)? {
            unlink(directory, &self.name())
        } else {
            Ok(())
        }
    }

    /// Removes the files of runs that were killed long before this file was created.
    ///
    /// What cannot be looked at or removed stays: it is in nobody's way, and the next run tries again.
    pub(crate) fn remove_stale<D: Directory<File = F>>(&self, directory: &D) {
        let Some(now) = self.modified() else { return };
        let Ok(mut entries) = directory.entries() else {
            return;
        };
        let mut errors_in_a_row = 0;
        while errors_in_a_row < ERRORS_IN_A_ROW {
            match entries.next_entry() {
                Ok(None) => break,
                Ok(Some(entry)) => {
                    errors_in_a_row = 0;
                    if is_temporary_name(&entry.name) {
                        remove_if_stale(directory, &entry.name, now);
                    }
                }
                Err(FsError::IllegalName | FsError::NoEntry) => {}
                Err(_) => errors_in_a_row += 1,
            }
        }
    }
}

/// Removes a temporary file if it was left behind long before `now`. What cannot be looked at or removed stays.
pub(crate) fn remove_if_stale<D: Directory>(directory: &D, name: &str, now: Timestamp) {
    let Ok(metadata) = directory.metadata(name) else {
        return;
    };
    let is_stale = metadata.kind == EntryKind::File
        && metadata.modified.is_some_and(|modified| {
            let limit = Timestamp {
                seconds: modified.seconds.saturating_add(STALE_AFTER),
                ..modified
            };
            limit < now
        });
    if is_stale {
        let _ = directory.unlink(name);
    }
}

/// Removes the name of a file, which may be gone already.
pub(crate) fn unlink<D: Directory>(directory: &D, name: &str) -> Result<(), FsError> {
    match directory.unlink(name) {
        Err(FsError::NoEntry) => Ok(()),
        removed => removed,
    }
}

/// Gives a temporary file the name it is for; [`FsError::Exist`] if that is taken. Says whether the temporary name is
/// still there.
///
/// That is a hard link, or a look and a rename on a file system without hard links, such as FAT. There a file that gets
/// this name between the look and the rename is replaced: such a file system has no call that would tell.
pub(crate) fn put_in_place<D: Directory>(
    directory: &D,
    temporary: &str,
    name: &str,
) -> Result<bool, FsError> {
    match directory.hard_link(temporary, name) {
        // A host may have no better word than `io` for a system call that the file system does not have. If the disk itself is
        // in trouble, the look or the rename will say so.
        Err(FsError::NotPermitted | FsError::Unsupported | FsError::Other("io")) => {
            match directory.metadata(name) {
                Err(FsError::NoEntry) => directory.rename(temporary, name).map(|()| false),
                Err(error) => Err(error),
                Ok(_) => Err(FsError::Exist),
            }
        }
        linked => linked.map(|()| true),
    }
}

/// Makes the names in a directory durable, where the host and the file system can do so. Where they cannot, there is
/// nothing to be done about it.
pub(crate) fn sync_names<D: Directory>(directory: &D) -> Result<(), FsError> {
    match directory.sync() {
        Err(FsError::Unsupported | FsError::Invalid) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_only_from_the_name_that_is_made_of_it() {
        for number in [0, 7, 10_000, u32::MAX] {
            assert_eq!(temporary_number(&temporary_name(number)), Some(number));
        }
        for name in [
            ".license-backup-.tmp",
            ".license-backup-07.tmp",
            ".license-backup-+7.tmp",
            "7",
            "x",
        ] {
            assert_eq!(temporary_number(name), None, "{name}");
        }
        assert_eq!(
            temporary_number(&format!("{PREFIX}{}{SUFFIX}", u64::from(u32::MAX) + 1)),
            None
        );
    }
}
