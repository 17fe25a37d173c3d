//! What the end-to-end tests are made of: the sample store, which `make run` and the benchmarks use too, and a harness
//! that runs the binary in a directory of its own and lets a failing test explain itself.

pub mod harness;
pub mod sample;
