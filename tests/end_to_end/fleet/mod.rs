//! Tests of a fleet: many stores that a Slurm cluster backs up, while parts of it fail.
//!
//! `make test-fleet` installs Slurm and runs these tests, each with a cluster of its own. `make test`
//! does neither.

mod broken_stores;
mod failures;
mod fixture;
