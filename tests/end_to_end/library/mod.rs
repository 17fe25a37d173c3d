//! Tests of the Rust library `license_backup`.

pub(crate) mod backup;
mod callbacks;
#[cfg(target_os = "linux")]
mod embedder;
mod examples;
mod instance;
mod limits;
mod list;
#[cfg(target_os = "linux")]
mod malicious_component;
mod precompiled;
mod restore;
mod shares;
pub(crate) mod verify;
mod year;

pub(crate) use backup::*;
