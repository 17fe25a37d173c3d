//! Tests of the components and of the files of a release.

mod imports;
#[cfg(target_os = "linux")]
pub(crate) mod registry;
#[cfg(target_os = "linux")]
pub(crate) mod release;
