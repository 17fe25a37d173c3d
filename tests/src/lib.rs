//! What the end-to-end tests are made of: the sample store, damaged backups, and a harness that runs the binary in a
//! directory of its own and lets a failing test explain itself.

pub mod corpus;
pub mod harness;
pub use license_backup_sample as sample;
