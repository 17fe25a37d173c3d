//! Making many new files durable with one call of the operating system.
//!
//! A restore creates thousands of files and then syncs each of them. One `fsync` for each waits for
//! the disk each time. On Linux, `syncfs` makes all files of a file system durable, and so one call
//! answers for all files that the operation has created, until it changes something again.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The number of new files from which on one call makes all of them durable. Below it, each file is
/// synced by itself, since the one call also waits for what other programs have written.
const MIN_FILES: usize = 64;

/// The files that an operation has created and not synced yet.
#[derive(Default)]
pub(super) struct NewFiles {
    group: Option<Group>,
}

/// New files on the same file system.
struct Group {
    /// The number of the device of the file system.
    device: u64,
    /// The first file that was created. The operating system reports through it each error of
    /// writing to the file system since it was opened, also of files that are closed.
    first: Arc<File>,
    files: HashSet<FileId>,
    /// Whether something was changed since the last call that made everything durable.
    is_changed: bool,
    /// Whether such a call has failed. The operating system reports an error only once.
    has_failed: bool,
}

/// The identity of a file on its file system. The number of a file can be used again once the file
/// is removed, and so the time of its creation is a part. There may be a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FileId {
    number: u64,
    /// The nanoseconds since the Unix epoch.
    created: u64,
}

impl NewFiles {
    /// Notes a file that was just created, to which nothing was written yet.
    pub(super) fn note_created(&mut self, file: &Arc<File>) {
        let Some((device, id)) = system::identity(file) else {
            return;
        };
        if self.group.is_none() && system::can_sync_all(file) {
            self.group = Some(Group {
                device,
                first: Arc::clone(file),
                files: HashSet::new(),
                is_changed: true,
                has_failed: false,
            });
        }
        if let Some(group) = &mut self.group
            && group.device == device
        {
            group.files.insert(id);
            group.is_changed = true;
        }
    }

    /// Notes that the operation changes a file or a directory.
    pub(super) fn note_changed(&mut self) {
        if let Some(group) = &mut self.group {
            group.is_changed = true;
        }
    }

    /// Makes a file durable, and all other new files with it. Returns `false` if the file has to be
    /// synced by itself.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system if any file of the file system could not be
    /// written, and [`io::ErrorKind::Other`] for each further file after that.
    pub(super) fn sync(&mut self, file: &File) -> io::Result<bool> {
        let Some(group) = &mut self.group else {
            return Ok(false);
        };
        let is_large = group.files.len() >= MIN_FILES;
        let is_new = system::identity(file)
            .is_some_and(|(device, id)| group.device == device && group.files.remove(&id));
        if !is_new {
            return Ok(false);
        }
        if group.has_failed {
            return Err(io::Error::other("an earlier sync has failed"));
        }
        if group.is_changed {
            if !is_large {
                return Ok(false);
            }
            group.has_failed = true;
            system::sync_all(&group.first)?;
            group.has_failed = false;
            group.is_changed = false;
        }
        Ok(true)
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::MetadataExt as _;
    use std::time::UNIX_EPOCH;

    use nix::sys::statfs::{BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, FsType, TMPFS_MAGIC, fstatfs};
    use nix::sys::utsname::uname;
    use nix::unistd::syncfs;

    use super::FileId;

    /// From `linux/magic.h`.
    const XFS_SUPER_MAGIC: FsType = FsType(0x5846_5342);
    /// File systems of this machine, which write to its disks or memory themselves. Others may pass
    /// the call on to a server that does not answer for each file.
    const LOCAL: [FsType; 4] = [
        BTRFS_SUPER_MAGIC,
        EXT4_SUPER_MAGIC,
        TMPFS_MAGIC,
        XFS_SUPER_MAGIC,
    ];
    /// The version of Linux since which `syncfs` reports errors (man 2 syncfs).
    const REPORTS_ERRORS: (u32, u32) = (5, 8);

    /// Returns the number of the device of a file, and its identity there, or `None` if the file
    /// system does not store when the file was created.
    pub(super) fn identity(file: &File) -> Option<(u64, FileId)> {
        let metadata = file.metadata().ok()?;
        let created = metadata.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let id = FileId {
            number: metadata.ino(),
            created: u64::try_from(created.as_nanos()).ok()?,
        };
        Some((metadata.dev(), id))
    }

    /// Returns `true` if [`sync_all`] makes all files of the file system of `file` durable and
    /// reports errors.
    pub(super) fn can_sync_all(file: &File) -> bool {
        fstatfs(file).is_ok_and(|statfs| LOCAL.contains(&statfs.filesystem_type()))
            && uname().is_ok_and(|system| {
                version(&system.release().to_string_lossy())
                    .is_some_and(|version| version >= REPORTS_ERRORS)
            })
    }

    /// Makes all files of the file system of `file` durable.
    pub(super) fn sync_all(file: &File) -> io::Result<()> {
        Ok(syncfs(file)?)
    }

    /// Returns the first two numbers of a release of Linux, such as `6.1.0-18-amd64`.
    fn version(release: &str) -> Option<(u32, u32)> {
        let mut numbers = release.split(|character: char| !character.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_version_of_linux_is_read_from_its_release() {
            assert_eq!(version("6.1.0-18-amd64"), Some((6, 1)));
            assert_eq!(version("5.15"), Some((5, 15)));
            assert_eq!(version("6-rc1"), None);
            assert_eq!(version(""), None);
        }
    }
}

/// Other systems have no such call.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;
    use std::io;

    use super::FileId;

    pub(super) fn identity(_: &File) -> Option<(u64, FileId)> {
        None
    }

    pub(super) fn can_sync_all(_: &File) -> bool {
        false
    }

    pub(super) fn sync_all(_: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::path::{Path, PathBuf};

    use super::*;

    /// A directory on a file system of which all files can be synced at once, which is removed when
    /// it is dropped.
    struct TestDirectory(PathBuf);

    impl TestDirectory {
        fn new(name: &str) -> Self {
            let directory =
                Path::new("/dev/shm").join(format!("new-files-{name}-{}", std::process::id()));
            fs::create_dir(&directory).expect("the directory can be created");
            Self(directory)
        }

        fn create(&self, name: &str) -> Arc<File> {
            let mut options = OpenOptions::new();
            let created = options
                .read(true)
                .write(true)
                .create_new(true)
                .open(self.0.join(name));
            Arc::new(created.expect("the file can be created"))
        }

        /// Returns `count` new files and the group that has noted them.
        fn files(&self, count: usize) -> (NewFiles, Vec<Arc<File>>) {
            let mut new_files = NewFiles::default();
            let files: Vec<_> = (0..count)
                .map(|number| self.create(&number.to_string()))
                .collect();
            for file in &files {
                new_files.note_created(file);
            }
            (new_files, files)
        }
    }

    impl Drop for TestDirectory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn is_synced(new_files: &mut NewFiles, file: &File) -> bool {
        new_files.sync(file).expect("the file system is writable")
    }

    #[test]
    fn many_new_files_are_synced_with_the_first() {
        let directory = TestDirectory::new("many");
        let (mut new_files, files) = directory.files(MIN_FILES);
        for file in &files {
            assert!(is_synced(&mut new_files, file));
        }
    }

    #[test]
    fn few_new_files_are_synced_each_by_itself() {
        let directory = TestDirectory::new("few");
        let (mut new_files, files) = directory.files(MIN_FILES - 1);
        assert!(!is_synced(&mut new_files, &files[0]));
    }

    #[test]
    fn a_file_of_another_program_is_synced_by_itself() {
        let directory = TestDirectory::new("other");
        let other = directory.create("other");
        let (mut new_files, files) = directory.files(MIN_FILES);
        assert!(is_synced(&mut new_files, &files[0]));
        assert!(!is_synced(&mut new_files, &other));
    }

    #[test]
    fn a_file_is_answered_for_once() {
        let directory = TestDirectory::new("once");
        let (mut new_files, files) = directory.files(MIN_FILES);
        assert!(is_synced(&mut new_files, &files[0]));
        assert!(!is_synced(&mut new_files, &files[0]));
    }

    #[test]
    fn after_a_change_few_files_are_synced_each_by_itself_again() {
        let directory = TestDirectory::new("change");
        let (mut new_files, files) = directory.files(MIN_FILES);
        assert!(is_synced(&mut new_files, &files[0]));
        new_files.note_changed();
        assert!(!is_synced(&mut new_files, &files[1]));
    }

    #[test]
    fn after_an_error_no_further_file_is_durable() {
        let directory = TestDirectory::new("error");
        let (mut new_files, files) = directory.files(MIN_FILES);
        let group = new_files.group.as_mut().expect("it has new files");
        group.has_failed = true;
        for file in &files {
            assert!(new_files.sync(file).is_err());
        }
    }
}
