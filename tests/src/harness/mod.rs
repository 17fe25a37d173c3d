//! Running the `license-backup` binary, and looking at what it leaves behind.
//!
//! Everything here panics on failure: it is for tests, and its messages hold the command, the directory and both
//! streams.

mod listing;
mod concurrently;
mod sampling;
mod run;
mod sandbox;
mod schema;
mod scaled;
#[cfg(target_os = "linux")]
mod tmpfs;
mod tools;

pub use listing::{Snapshot, files_below};
pub use concurrently::meanwhile;
pub use sampling::Moments;
pub use run::{Invocation, Outcome, Running, binary, sources, target};
pub use sandbox::Sandbox;
pub use scaled::{counted, sized, skipped};
#[cfg(target_os = "linux")]
pub use tmpfs::Tmpfs;
pub use tools::{Archive, Entry, passes_b3sum};
