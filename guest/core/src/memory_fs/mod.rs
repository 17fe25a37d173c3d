//! A file system in memory with fault injection, for tests and fuzzing.
//!
//! The [`Disk`] records each call and can fail any of them. It can lose power, and then
//! keeps only a part of the changes that were not synced. And it can behave as other file
//! systems do: ignore the case of names, or have no hard links.

mod cases;
mod disk;
mod fault;
mod fixture;
mod handles;
mod inject;
mod names;
mod node;
mod power_loss;

pub(crate) use cases::{report_count, survivals};
pub(crate) use disk::Disk;
pub(crate) use fault::{Call, FAULTS, Fault, InjectedFault, Tree};
pub(crate) use handles::MemoryDirectory;
pub(crate) use power_loss::Surviving;
