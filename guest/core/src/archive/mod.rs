//! The backup file: an ordinary ZIP archive in which every byte that is not a license has one permitted value.

pub(crate) mod backup_file;
mod contents;
mod format;
mod forward;
mod lines;
mod names;
mod reader;
mod record;
mod sums;
mod writer;

pub(crate) use contents::{Contents, Hash, StoredLicense};
pub(crate) use format::{CentralDirectory, Entry};
pub(crate) use forward::Forward;
pub(crate) use lines::Lines;
pub use names::BACKUP_FILE;
pub(crate) use names::{
    LICENSES, LONGEST_NAME, RECORD_ENTRY, SUMS_ENTRY, fault_of_parts, fault_of_path,
};
pub(crate) use reader::{ArchiveFault, ArchiveReader};
pub(crate) use record::{
    FORMAT_VERSION, PROGRAM, Reason, RecordHead, RecordLine, RecordReader, SkippedFile,
};
pub(crate) use sums::parse_line as parse_sum;
pub(crate) use writer::{ArchiveFinisher, ArchiveWriter, Output};
