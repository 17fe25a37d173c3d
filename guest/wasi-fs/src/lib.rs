//! The trait [`Directory`](license_backup_core::Directory) over `wasi:filesystem`, for the library
//! component and the command component.

mod bindings;
mod directory;
mod preopens;

pub use bindings::wasi;
pub use directory::{WasiDirectory, WasiEntries, WasiFile};
pub use preopens::{open_path, open_store};
