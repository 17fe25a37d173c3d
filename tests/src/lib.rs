//! What the end-to-end tests are made of: the sample store, which `make run` uses too, damaged backups, and a harness
//! that runs the binary in a directory of its own and lets a failing test explain itself.

pub mod corpus;
pub mod harness;
pub mod sample;
