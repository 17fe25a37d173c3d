//! The license store: the walk that finds its files, and the reader of their licenses.

mod embedded;
mod examine;
mod files;
mod reader;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use embedded::{BackupName, name_in_backup, shadowed, too_long};
pub(crate) use examine::{Examined, examine, malformed};
pub(crate) use files::{FileState, StoreFile, StoreFiles, StoreSearch};
pub(crate) use reader::{Content, ReadError, StoreReader};
pub(crate) use walk::Walk;
