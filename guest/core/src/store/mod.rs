//! The license store: what is in it, and how a license is read from it.

mod embedded;
mod examine;
mod reader;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use embedded::{BackupName, name_in_backup, shadowed, too_long};
pub(crate) use examine::{Examined, examine, malformed};
pub(crate) use reader::{Content, StoreReader, Unread};
pub(crate) use walk::Walk;
