//! Generations: the backups of a directory over time, each in a file of its own.
//!
//! The name of a generation contains the time of its backup, so that it is never replaced by a
//! later one. A directory may also contain `licenses.zip`; both are read as one history.

mod history;
mod last_run;
mod listing;
mod name;
mod pin;

pub(crate) use history::{GenerationFile, history};
pub(crate) use last_run::{LastBackup, LastRun, LastRunError};
pub use listing::{Generation, GenerationsOptions, GenerationsSummary, ListGenerations};
pub use name::{generation_name, generation_time, utc_time};
pub(crate) use pin::{is_pinned, pin, unpin};
