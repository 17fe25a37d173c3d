//! The library of the end-to-end tests: the sample store, damaged backups and the test harness.

pub mod corpus;
pub mod harness;
pub use license_backup_sample as sample;
