//! The license store: what is in it, and how a license is read from it.

mod catalogue;
mod reader;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use catalogue::{Catalogue, DirectoryId, FileId};
pub(crate) use reader::{LARGEST_DOCUMENT, StoreReader, Unread};
pub(crate) use walk::Walk;
