//! Temporary files: their names, their rename to the final name, and the removal of stale ones.

use std::rc::Rc;

use crate::directory::{FileId, FsError, MAX_CONSECUTIVE_ERRORS};
use crate::{Directory, Entries, EntryKind, File, Timestamp};

const PREFIX: &str = ".license-backup-";
const SUFFIX: &str = ".tmp";
/// The largest number of names that are tried. Each existing one is a file of a run that
/// continues, or that was killed in the last hour.
const MAX_NAMES: usize = 10_000;
/// The age in seconds, relative to a file that the current run has created, above which a
/// temporary file is stale: the run that created it was killed. A run that was merely
/// suspended for so long detects that its file was removed.
const STALE_AFTER: u64 = 60 * 60;

/// Returns the name of the temporary file with this number.
pub(crate) fn temporary_name(number: u32) -> String {
    format!("{PREFIX}{number}{SUFFIX}")
}

/// Returns `true` if a name is that of a temporary file of this program.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    digits(name).is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Returns the number of a temporary file, or `None` if [`temporary_name`] does not
/// return this name for any number.
pub(crate) fn temporary_number(name: &str) -> Option<u32> {
    digits(name)?
        .parse()
        .ok()
        .filter(|number| temporary_name(*number) == name)
}

/// Returns the part of the name of a temporary file between prefix and suffix.
fn digits(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
}

/// An open temporary file of this run. The open file identifies it, because another run
/// may replace the file of its name.
pub(crate) struct Temporary<F> {
    pub(crate) number: u32,
    pub(crate) file: Rc<F>,
}

/// A temporary file of this run that is closed. Windows, or a host there, may refuse to rename an
/// open file.
pub(crate) struct ClosedTemporary {
    number: u32,
    id: FileId,
}

impl<F: File> Temporary<F> {
    /// Creates a file with the first free number, counting from `first`. Returns
    /// [`FsError::Exist`] if [`MAX_NAMES`] numbers are in use.
    pub(crate) fn create<D: Directory<File = F>>(
        directory: &D,
        first: u32,
    ) -> Result<Self, FsError> {
        for number in (first..=u32::MAX).take(MAX_NAMES) {
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

    /// Returns when the file was created or last written. The age of other files is
    /// relative to this time.
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        self.file
            .metadata()
            .ok()
            .and_then(|metadata| metadata.modified)
    }

    /// Writes the content of the file.
    pub(crate) fn write(&self, content: &[u8]) -> Result<(), FsError> {
        self.file.write_all_at(content, 0)
    }

    /// Returns `true` if the name is still that of this file.
    pub(crate) fn is_in_place<D: Directory<File = F>>(
        &self,
        directory: &D,
    ) -> Result<bool, FsError> {
        match directory.is_name_of(&self.name(), &self.file) {
            Err(FsError::NoEntry) => Ok(false),
            result => result,
        }
    }

    /// Removes the file, unless its name is that of a file of another run by now.
    pub(crate) fn remove<D: Directory<File = F>>(&self, directory: &D) -> Result<(), FsError> {
        if self.is_in_place(directory)? {
            unlink(directory, &self.name())
        } else {
            Ok(())
        }
    }

    /// Closes the file, which has no other user. After an error, it is still open.
    pub(crate) fn close(self) -> Result<ClosedTemporary, (Self, FsError)> {
        match self.file.id() {
            Ok(id) => Ok(ClosedTemporary {
                number: self.number,
                id,
            }),
            Err(error) => Err((self, error)),
        }
    }

    /// Removes stale temporary files: those that are much older than this file.
    ///
    /// Ignores errors, because such a file does no damage and the next run tries again.
    pub(crate) fn remove_stale<D: Directory<File = F>>(&self, directory: &D) {
        let Some(now) = self.modified() else { return };
        let Ok(mut entries) = directory.entries() else {
            return;
        };
        let mut errors_in_a_row = 0;
        while errors_in_a_row < MAX_CONSECUTIVE_ERRORS {
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

impl ClosedTemporary {
    pub(crate) fn name(&self) -> String {
        temporary_name(self.number)
    }

    /// Returns `true` if a name is that of this file.
    pub(crate) fn has_name<D: Directory>(
        &self,
        directory: &D,
        name: &str,
    ) -> Result<bool, FsError> {
        Ok(self.open_if_it_has(directory, name)?.is_some())
    }

    /// Opens the file again, unless its name is that of a file of another run by now.
    pub(crate) fn reopen<D: Directory>(
        &self,
        directory: &D,
    ) -> Result<Temporary<D::File>, FsError> {
        let file = self.open_if_it_has(directory, &self.name())?;
        Ok(Temporary {
            number: self.number,
            file: Rc::new(file.ok_or(FsError::NoEntry)?),
        })
    }

    /// Removes the file, unless its name is that of a file of another run by now.
    pub(crate) fn remove<D: Directory>(&self, directory: &D) -> Result<(), FsError> {
        if self.has_name(directory, &self.name())? {
            unlink(directory, &self.name())
        } else {
            Ok(())
        }
    }

    /// Opens the file of a name if it is this file.
    fn open_if_it_has<D: Directory>(
        &self,
        directory: &D,
        name: &str,
    ) -> Result<Option<D::File>, FsError> {
        match directory.metadata(name) {
            Err(FsError::NoEntry) => return Ok(None),
            // Opening a FIFO can block forever.
            metadata if metadata?.kind != EntryKind::File => return Ok(None),
            _ => {}
        }
        let file = directory.open_file(name)?;
        Ok((file.id()? == self.id).then_some(file))
    }
}

/// Removes a temporary file if it is stale at `now`. Ignores errors.
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

/// Removes the name of a file. Returns `Ok` also if the name does not exist.
pub(crate) fn unlink<D: Directory>(directory: &D, name: &str) -> Result<(), FsError> {
    match directory.unlink(name) {
        Err(FsError::NoEntry) => Ok(()),
        removed => removed,
    }
}

/// Adds the final name to a temporary file with a hard link, or renames the file if the
/// file system has no hard links, such as FAT. Returns `true` if the temporary name still
/// exists, and [`FsError::Exist`] if the final name exists already.
///
/// Without hard links, the function checks that the final name does not exist before it
/// renames the file. A file that gets this name between the check and the rename is
/// replaced: no call of such a file system detects that.
pub(crate) fn link_or_rename<D: Directory>(
    directory: &D,
    temporary: &str,
    name: &str,
) -> Result<bool, FsError> {
    match directory.hard_link(temporary, name) {
        // A host may return `io` for a system call that the file system does not support.
        // If the disk fails, the check or the rename fails, too.
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

/// Makes the names in a directory durable. Returns `Ok` also if the host or the file
/// system does not support that, because there is no alternative.
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
    fn only_the_name_of_a_number_yields_the_number() {
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
