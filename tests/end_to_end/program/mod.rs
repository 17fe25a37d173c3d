//! Tests of the program `license-backup`.

mod archive;
mod backup_directory;
mod exfat;
#[cfg(target_os = "linux")]
mod file_system_errors;
mod fleet;
mod json_lines;
mod list;
mod many;
#[cfg(target_os = "linux")]
mod publications;
mod restic;
mod shell;
mod signals;
pub(crate) mod store;
mod stores;
pub(crate) mod temporary_files;
mod terminal;
