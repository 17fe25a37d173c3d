//! Running the `license-backup` binary, and looking at what it leaves behind.
//!
//! Everything here panics on failure: it is for tests, and its messages hold the command, the directory and both
//! streams.

mod listing;
mod run;
mod sandbox;
mod tools;

pub use listing::{Snapshot, files_below};
pub use run::{Invocation, Outcome, Running, binary};
pub use sandbox::Sandbox;
pub use tools::{Archive, Entry, passes_b3sum};
