//! What is wrong with a backup, told as it is found.

use crate::archive::{ArchiveFault, backup_file};
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::{BackupRestoreStatus, ErrorCode, Failure};

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    count: u64,
    first: String,
    events: Vec<BackupRestoreStatus>,
}

impl Faults {
    /// Tells a fault of the entry called `entry`. The text says what is wrong, and names the entry where there is one.
    pub(super) fn tell(&mut self, entry: &str, fault: String) {
        let failure = Failure::at(ErrorCode::BackupCorrupt, entry, &fault);
        if self.count == 0 {
            self.first = fault;
        }
        self.count += 1;
        self.events.push(BackupRestoreStatus::Error(failure));
    }

    /// Tells a fault of an entry that a sentence about it says.
    pub(super) fn tell_of(&mut self, entry: &str, what: &str) {
        self.tell(entry, format!("entry {entry} {what}"));
    }

    /// Tells what was found in reading the archive itself. What the file system refuses is no fault of the archive.
    pub(super) fn tell_of_archive(&mut self, fault: ArchiveFault) -> Result<(), FsError> {
        match fault {
            ArchiveFault::Refused(error) => Err(error),
            ArchiveFault::Corrupt(fault) => {
                self.tell(BACKUP_FILE, fault);
                Ok(())
            }
        }
    }

    /// Tells what was found in reading an entry.
    pub(super) fn tell_of_entry(
        &mut self,
        entry: &str,
        fault: ArchiveFault,
    ) -> Result<(), FsError> {
        match fault {
            ArchiveFault::Refused(error) => Err(error),
            ArchiveFault::Corrupt(what) => {
                self.tell_of(entry, &what);
                Ok(())
            }
        }
    }

    pub(super) fn take_events(&mut self, events: &mut Vec<BackupRestoreStatus>) {
        events.append(&mut self.events);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What to tell in the end of the backup in the directory `path`.
    pub(super) fn failure(&self, path: &str) -> Failure {
        let fault = match self.count {
            0 | 1 => self.first.clone(),
            count => format!("{count} faults, the first: {}", self.first),
        };
        backup_file::corrupt(path, &fault)
    }
}
