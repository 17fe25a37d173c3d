//! `wasi:filesystem` behind the [`Directory`](license_backup_core::Directory) trait, for every component of this project.

mod bindings;
mod directory;
mod opened;

pub use bindings::wasi;
pub use directory::{WasiDirectory, WasiEntries, WasiFile};
pub use opened::{open_path, open_store};
