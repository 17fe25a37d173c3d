//! The backup file: an ordinary ZIP archive in which every byte that is not a license has one permitted value.

pub(crate) mod backup_file;
mod contents;
mod format;
mod forward;
mod lines;
mod reader;
mod record;
mod sums;
mod writer;

pub(crate) use contents::{Contents, Hash, StoredLicense};
pub(crate) use format::{CentralDirectory, Entry};
pub(crate) use forward::Forward;
pub(crate) use lines::Lines;
pub(crate) use reader::{ArchiveFault, ArchiveReader};
pub(crate) use record::{
    FORMAT_VERSION, PROGRAM, RecordHead, RecordLine, RecordReader, SkippedEntry,
};
pub(crate) use sums::parse_line as parse_sum;
pub(crate) use writer::{ArchiveFinisher, ArchiveWriter, Output};
