//! Running the `license-backup` binary, and looking at what it leaves behind.
//!
//! Everything here panics on failure: it is for tests, and its messages hold the command, the directory and both
//! streams.

mod concurrently;
mod listing;
mod run;
mod sampling;
mod sandbox;
mod scaled;
mod schema;
#[cfg(target_os = "linux")]
mod tmpfs;
mod tools;

pub use concurrently::meanwhile;
pub use listing::{Snapshot, files_below};
pub use run::{Invocation, Outcome, Running, binary, sources, target};
pub use sampling::Moments;
pub use sandbox::Sandbox;
pub use scaled::{counted, sized, skipped};
#[cfg(target_os = "linux")]
pub use tmpfs::Tmpfs;
pub use tools::{Archive, Entry, passes_b3sum};
