//! The backup file: an ordinary ZIP archive in which every byte that is not a license has one permitted value.

mod format;
mod reader;
mod record;
mod sums;
mod writer;

pub(crate) use format::{Entry, LICENSES, LONGEST_NAME};
pub(crate) use reader::{ArchiveFault, ArchiveReader};
pub(crate) use record::{BackupRecord, FORMAT_VERSION, LeftOut, PROGRAM, Reason, RecordHead};
pub(crate) use writer::{ArchiveFinisher, ArchiveWriter, Output};

/// The name of the backup file in the backup directory.
pub(crate) const BACKUP_FILE: &str = "licenses.zip";
/// The entry that holds the BLAKE3 of each license.
pub(crate) const SUMS_ENTRY: &str = "B3SUMS";
/// The entry that holds the backup's own record.
pub(crate) const RECORD_ENTRY: &str = "backup.json";
