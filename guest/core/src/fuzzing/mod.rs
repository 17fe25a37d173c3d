//! The functions that fuzzing runs: one for each target, which takes any bytes as its
//! input and panics if a property that must hold for all inputs does not hold.
//!
//! The targets in `guest/core/fuzz` call these functions. They are part of this crate so
//! that the parsers stay private. The tests also run them, with some inputs.

mod archive;
mod backups;
mod files;
mod formats;
mod paths;
mod publication;
mod round_trip;
#[cfg(test)]
mod tests;

pub use archive::archive;
pub use backups::backup_of;
pub use files::input_of;
pub use formats::{lcp, xml, xmr};
pub use paths::paths;
pub use publication::publication;
pub use round_trip::round_trip;
