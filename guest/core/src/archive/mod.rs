//! The backup file: an ordinary ZIP archive in which every byte outside of a license has
//! exactly one permitted value.

pub(crate) mod backup_file;
mod checksums;
mod comparison;
mod entry_lines;
mod error;
mod forward_reader;
mod index;
mod manifest;
mod output;
mod reader;
mod writer;
mod zip_headers;

pub(crate) use checksums::{parse_line as parse_checksum, write_line as write_checksum};
pub(crate) use comparison::FileComparison;
pub(crate) use entry_lines::EntryLines;
pub(crate) use error::ArchiveError;
pub(crate) use forward_reader::ForwardReader;
pub(crate) use index::{ArchiveIndex, Hash, StoredLicense};
pub(crate) use manifest::{
    FORMAT_VERSION, ManifestHead, ManifestLine, ManifestReader, PROGRAM, SkippedEntry, check_format,
};
pub(crate) use output::Output;
pub(crate) use reader::{ArchiveReader, manifest_head};
pub(crate) use writer::{ArchiveFinisher, ArchiveWriter};
pub(crate) use zip_headers::{CentralDirectory, Entry};
