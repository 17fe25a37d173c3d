//! `wasi:filesystem` as the host implements it for the component of an operation.
//!
//! It is that of wasmtime-wasi with these differences: files are read ahead, directories are
//! listed entry by entry, opening a file for reading never blocks on a FIFO or a lease, many new
//! files are made durable at once, there are no streams, the number of open handles is limited, and
//! no call begins after the deadline.

mod blocking;
mod causes;
mod filesystem_view;
mod io_state;
mod new_files;
#[cfg(windows)]
mod nt;
mod open;
mod read_ahead;
mod read_dir;
#[cfg_attr(
    not(all(feature = "age", feature = "s3", feature = "sftp")),
    allow(dead_code, reason = "each of these features uses a part")
)]
mod remote;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod windows_names;

pub(super) use self::blocking::ALLOW_BLOCKING;
pub(super) use self::causes::Causes;
pub(super) use self::filesystem_view::{FilesystemView, HasFilesystem};
pub(super) use self::io_state::IoState;
#[cfg(feature = "age")]
pub(super) use self::remote::{ARCHIVE_SUFFIX, Local, encrypted_in};
pub(super) use self::remote::{
    Directory as RemoteDirectory, Purpose, RemoteDescriptor, as_descriptor, s3, sftp,
};
#[cfg(windows)]
pub(crate) use self::windows::create_directory;
