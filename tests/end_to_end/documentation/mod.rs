//! Tests of the documents of the repository.

mod cited_tests;
#[cfg(target_os = "linux")]
mod readme;
