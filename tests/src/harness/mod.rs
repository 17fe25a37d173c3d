//! The test harness: runs programs in a sandbox and inspects the files that they write.
//!
//! The functions panic on failure. Their messages contain the command, the directory and both
//! output streams.

mod concurrently;
mod listing;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod pipe;
mod run;
mod sampling;
mod sandbox;
mod scaled;
mod schema;
#[cfg(target_os = "linux")]
mod slurm;
#[cfg(target_os = "linux")]
mod tmpfs;
mod tools;

pub use concurrently::concurrently;
pub use listing::{Snapshot, files_below};
#[cfg(target_os = "linux")]
pub use memory::{peak_memory, wait_and_measure};
#[cfg(target_os = "linux")]
pub use pipe::UnreadPipe;
pub use run::{Invocation, Outcome, Process, binary, sources, target};
pub use sampling::Sampler;
pub use sandbox::Sandbox;
pub use scaled::{counted, scaled, skipped};
#[cfg(target_os = "linux")]
pub use slurm::{ClusterProcess, SlurmCluster};
#[cfg(target_os = "linux")]
pub use tmpfs::Tmpfs;
pub use tools::{Archive, Entry, passes_b3sum};
