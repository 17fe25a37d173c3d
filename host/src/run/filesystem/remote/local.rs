//! A directory on this machine, for encryption on top of it.

use std::fs::File as SystemFile;
use std::io;
use std::sync::{Mutex, PoisonError};

use wasmtime_wasi::p2::bindings::filesystem::types::DescriptorType;

use super::{Directory, Entry, EntryKind, File, Metadata};
use crate::run::filesystem::open::{self, Opened};
use crate::run::filesystem::read_dir;

/// A directory on this machine.
pub(crate) struct Local(SystemFile);

/// An open file in a [`Local`].
struct LocalFile {
    file: SystemFile,
    /// The number of bytes that were appended.
    length: Mutex<u64>,
}

impl Local {
    /// Returns the directory that was opened as `directory`.
    pub(crate) fn new(directory: SystemFile) -> Self {
        Self(directory)
    }
}

impl Directory for Local {
    /// Names that are not UTF-8 are left out: no file that this program creates has one.
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in read_dir::entries(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.name.into_string() else {
                continue;
            };
            let kind = match entry.type_ {
                DescriptorType::RegularFile => EntryKind::File,
                DescriptorType::Directory => EntryKind::Directory,
                // Some file systems do not store the type in the listing.
                DescriptorType::Unknown => match self.metadata(&name) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    metadata => metadata?.kind,
                },
                _ => EntryKind::Other,
            };
            entries.push(Entry { name, kind });
        }
        Ok(entries)
    }

    fn metadata(&self, name: &str) -> io::Result<Metadata> {
        check(name)?;
        system::metadata(&self.0, name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        check(name)?;
        match system::retried(|| open::open(&self.0, name))? {
            Opened::File { file, length } => Ok(Box::new(LocalFile {
                file,
                length: Mutex::new(length),
            })),
            Opened::Directory(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        check(name)?;
        Ok(Box::new(LocalFile {
            file: system::create(&self.0, name)?,
            length: Mutex::new(0),
        }))
    }

    /// Fails with [`io::ErrorKind::Unsupported`] on a file system without hard links.
    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        check(from)?;
        check(to)?;
        system::link(&self.0, from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        check(from)?;
        check(to)?;
        system::rename(&self.0, from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        check(name)?;
        system::remove(&self.0, name)
    }

    fn sync(&self) -> io::Result<()> {
        system::sync_names(&self.0)
    }

    fn is_stored_in(&self, other: &SystemFile) -> bool {
        let id = |directory| {
            system::metadata_of(directory)
                .ok()
                .map(|metadata| metadata.id)
        };
        id(&self.0).is_some_and(|own| id(other) == Some(own))
    }
}

impl File for LocalFile {
    fn metadata(&self) -> io::Result<Metadata> {
        system::metadata_of(&self.file)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut count = 0;
        while count < length {
            match system::read_at(&self.file, &mut bytes[count..], offset + count as u64) {
                Ok(0) => break,
                Ok(read) => count += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Small, so that little is left to write to the disk when the file is synced.
    fn append_size(&self) -> usize {
        1 << 20
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut length = self.length.lock().unwrap_or_else(PoisonError::into_inner);
        let start = *length;
        let mut rest = bytes;
        while !rest.is_empty() {
            match system::write_at(&self.file, rest, *length) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    *length += written as u64;
                    rest = &rest[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        system::start_writeback(&self.file, start, bytes.len());
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        system::sync(&self.file)
    }
}

/// Returns an error unless `name` is the name of an entry, which cannot lead elsewhere.
fn check(name: &str) -> io::Result<()> {
    if open::is_name(name) && system::is_name(name) {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidFilename.into())
    }
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt as _;
    use std::time::{Duration, SystemTime};

    use nix::errno::Errno;
    use nix::fcntl::{AtFlags, OFlag, openat, renameat};
    use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
    use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

    use super::{EntryKind, Metadata};

    pub(super) fn retried<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        call()
    }

    /// Every name is one, except those that [`open::is_name`](super::open::is_name) refuses.
    pub(super) fn is_name(name: &str) -> bool {
        !name.contains('\0')
    }

    pub(super) fn metadata(directory: &File, name: &str) -> io::Result<Metadata> {
        let stat = fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        Ok(converted(&stat))
    }

    pub(super) fn metadata_of(file: &File) -> io::Result<Metadata> {
        Ok(converted(&fstat(file)?))
    }

    #[allow(
        clippy::cast_lossless,
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        reason = "the types of the fields differ from system to system"
    )]
    fn converted(stat: &FileStat) -> Metadata {
        let kind = match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
            SFlag::S_IFREG => EntryKind::File,
            SFlag::S_IFDIR => EntryKind::Directory,
            _ => EntryKind::Other,
        };
        let since_epoch = u64::try_from(stat.st_mtime)
            .ok()
            .map(|seconds| Duration::new(seconds, u32::try_from(stat.st_mtime_nsec).unwrap_or(0)));
        Metadata {
            kind,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: since_epoch.and_then(|time| SystemTime::UNIX_EPOCH.checked_add(time)),
            id: (stat.st_dev as u128) << 64 | stat.st_ino as u128,
        }
    }

    pub(super) fn create(directory: &File, name: &str) -> io::Result<File> {
        let flags =
            OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        Ok(File::from(openat(directory, name, flags, mode)?))
    }

    pub(super) fn link(directory: &File, from: &str, to: &str) -> io::Result<()> {
        linkat(directory, from, directory, to, AtFlags::empty()).map_err(|errno| match errno {
            // What Linux and FUSE return for a file system without hard links.
            Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS => io::ErrorKind::Unsupported.into(),
            errno => errno.into(),
        })
    }

    pub(super) fn rename(directory: &File, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(directory, from, directory, to)?)
    }

    pub(super) fn remove(directory: &File, name: &str) -> io::Result<()> {
        Ok(unlinkat(directory, name, UnlinkatFlags::NoRemoveDir)?)
    }

    pub(super) fn sync(file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Some file systems sync no directory.
    pub(super) fn sync_names(directory: &File) -> io::Result<()> {
        // The directory may have been opened for looking up names only.
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let opened = File::from(openat(directory, ".", flags, Mode::empty())?);
        match opened.sync_all() {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }

    pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(bytes, offset)
    }

    pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }

    /// Starts to write a part of a file to the disk, so that less is left when it is synced.
    #[cfg(target_os = "linux")]
    pub(super) fn start_writeback(file: &File, offset: u64, length: usize) {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        use nix::libc::off_t;

        if let (Ok(offset), Ok(length)) = (off_t::try_from(offset), off_t::try_from(length)) {
            let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
            // Without it, only the sync takes longer.
            let _ = posix_fadvise(file, offset, length, advice);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn start_writeback(_: &File, _: u64, _: usize) {}
}

#[cfg(windows)]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::windows::fs::FileExt as _;

    use windows_sys::Win32::Foundation::ERROR_DELETE_PENDING;

    use super::{EntryKind, Metadata};
    use crate::run::filesystem::nt::{self, Access};
    use crate::run::filesystem::windows;
    pub(super) use crate::run::filesystem::windows::retried;
    use crate::run::filesystem::windows_names;

    pub(super) fn is_name(name: &str) -> bool {
        windows_names::check(name).is_ok()
    }

    pub(super) fn metadata(directory: &File, name: &str) -> io::Result<Metadata> {
        metadata_of(&gone(nt::open(directory, name, Access::Metadata))?)
    }

    pub(super) fn metadata_of(file: &File) -> io::Result<Metadata> {
        let metadata = file.metadata()?;
        let kind = if metadata.is_symlink() {
            EntryKind::Other
        } else if metadata.is_dir() {
            EntryKind::Directory
        } else {
            EntryKind::File
        };
        let (volume, high, low) = nt::identity(file)?;
        Ok(Metadata {
            kind,
            size: metadata.len(),
            modified: metadata.modified().ok(),
            id: u128::from(volume) << 64 | u128::from(high) << 32 | u128::from(low),
        })
    }

    pub(super) fn create(directory: &File, name: &str) -> io::Result<File> {
        nt::create(directory, name).map_err(|error| {
            if is_being_removed(&error) {
                io::ErrorKind::AlreadyExists.into()
            } else {
                error
            }
        })
    }

    pub(super) fn link(directory: &File, from: &str, to: &str) -> io::Result<()> {
        gone(retried(|| nt::link(directory, from, to)))
    }

    pub(super) fn rename(directory: &File, from: &str, to: &str) -> io::Result<()> {
        gone(windows::rename(directory, from, to))
    }

    pub(super) fn remove(directory: &File, name: &str) -> io::Result<()> {
        gone(retried(|| nt::remove_file(directory, name)))
    }

    /// Windows syncs a file only if it is open for writing.
    pub(super) fn sync(file: &File) -> io::Result<()> {
        match file.sync_all() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                retried(|| nt::reopen_to_write(file))?.sync_all()
            }
            synced => synced,
        }
    }

    /// A directory needs no sync, as in the calls of `wasi:filesystem`.
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    pub(super) fn sync_names(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(bytes, offset)
    }

    pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.seek_write(bytes, offset)
    }

    pub(super) fn start_writeback(_: &File, _: u64, _: usize) {}

    /// Reports a file that is removed when another program closes it as one that does not exist.
    fn gone<T>(result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            if is_being_removed(&error) {
                io::ErrorKind::NotFound.into()
            } else {
                error
            }
        })
    }

    fn is_being_removed(error: &io::Error) -> bool {
        error.raw_os_error() == Some(ERROR_DELETE_PENDING.cast_signed())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::run::filesystem::remote::suite::{Connection, promises};

    impl Connection for TempDir {
        fn open(&self) -> Box<dyn Directory> {
            Box::new(open_directory(self.path()))
        }
    }

    pub(crate) fn open_directory(path: &Path) -> Local {
        let opened =
            cap_primitives::fs::open_ambient_dir(path, cap_primitives::ambient_authority());
        Local::new(opened.expect("the directory exists"))
    }

    fn empty_directory() -> TempDir {
        tempfile::tempdir().expect("a directory can be created")
    }

    promises!(empty_directory);

    #[test]
    fn only_a_name_is_accepted() {
        let directory = empty_directory();
        let opened = directory.open();
        for name in ["", ".", "..", "a/b", "/a", "../a"] {
            let error = opened.create(name).map(drop).expect_err("it is no name");
            assert_eq!(error.kind(), io::ErrorKind::InvalidFilename, "{name}");
        }
    }

    #[test]
    fn a_file_that_exists_can_be_synced() {
        let directory = empty_directory();
        fs::write(directory.path().join("file"), "content").expect("it can be written");
        let file = directory.open().open("file").expect("it exists");
        file.sync().expect("it can be made durable");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_and_no_fifo_is_opened() {
        let directory = empty_directory();
        let path = directory.path();
        fs::write(path.join("target"), "target").expect("it can be written");
        std::os::unix::fs::symlink("target", path.join("link")).expect("it can be created");
        nix::unistd::mkfifo(&path.join("fifo"), nix::sys::stat::Mode::S_IRWXU)
            .expect("it can be created");
        let opened = directory.open();
        for name in ["link", "fifo"] {
            let metadata = opened.metadata(name).expect("it exists");
            assert_eq!(metadata.kind, EntryKind::Other, "{name}");
            assert!(opened.open(name).is_err(), "{name}");
        }
        let mut entries = opened.entries().expect("the directory can be listed");
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        let kinds: Vec<_> = entries.into_iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [EntryKind::Other, EntryKind::Other, EntryKind::File]);
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_accessible_to_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = empty_directory();
        directory.open().create("file").expect("the name is free");
        let metadata = fs::metadata(directory.path().join("file")).expect("it exists");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}
