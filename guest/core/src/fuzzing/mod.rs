//! What fuzzing runs: for each target a function that takes any bytes, and panics if something is not as it has to be for
//! all input.
//!
//! The targets themselves are in `guest/core/fuzz`. Here is what they do, so that parsers stay private; and the tests run
//! it too, over some inputs and over all that ever made it panic.

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
