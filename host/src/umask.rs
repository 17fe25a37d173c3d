//! The umask of the thread that runs an operation.
//!
//! A backup file and restored licenses are accessible to their owner only, from the moment of their
//! creation. WASI has no file modes: a file that the component creates gets the mode 0666 without
//! the bits of the umask. On Linux, the thread of a backup or a restore therefore gets a umask of
//! its own. Other Unix systems have no umask by thread, and Windows has none.

use std::io;

/// Makes files that the calling thread creates accessible to their owner only.
///
/// Other threads are not affected: the thread stops sharing its file system attributes with them
/// (`unshare` of `CLONE_FS`, which needs no privilege) and sets its umask. Where a sandbox forbids
/// that, the umask of the process is sufficient if it is private.
///
/// # Errors
///
/// Returns the error of `unshare` if the umask of the process is not private either.
#[cfg(target_os = "linux")]
pub(crate) fn make_private() -> io::Result<()> {
    use nix::sched::{CloneFlags, unshare};
    use nix::sys::stat::{Mode, umask};

    match unshare(CloneFlags::CLONE_FS) {
        Ok(()) => {
            umask(Mode::S_IRWXG | Mode::S_IRWXO);
            Ok(())
        }
        Err(_) if current()? & 0o077 == 0o077 => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Returns the umask of the calling thread. The system call would change it for all threads
/// meanwhile.
#[cfg(target_os = "linux")]
fn current() -> io::Result<u32> {
    let status = std::fs::read_to_string("/proc/thread-self/status")?;
    parse(&status).ok_or_else(|| io::Error::other("/proc/thread-self/status has no umask"))
}

/// Finds the line `Umask:\t0022` (Linux 4.7 and later).
#[cfg(target_os = "linux")]
fn parse(status: &str) -> Option<u32> {
    let umask = status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(umask.trim(), 8).ok()
}

/// Does nothing: no other Unix has a umask by thread, so that the umask that the embedder chose decides.
/// On Windows, the file system calls create private files (`run/filesystem/nt.rs`).
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
pub(crate) fn make_private() -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::thread;

    use nix::sys::stat::{Mode, umask};

    use super::*;

    fn mode_of_new_file(path: &Path) -> u32 {
        File::create(path).expect("the file is created");
        let mode = fs::metadata(path)
            .expect("the file exists")
            .permissions()
            .mode()
            & 0o777;
        fs::remove_file(path).expect("the file is removed");
        mode
    }

    #[test]
    fn files_are_private_on_the_calling_thread_only() {
        let path =
            std::env::temp_dir().join(format!("license-backup-umask-{}", std::process::id()));
        let before = umask(Mode::empty());
        let inside = path.clone();
        let private = thread::spawn(move || {
            make_private().expect("the system supports it");
            (
                mode_of_new_file(&inside),
                current().expect("the umask can be read"),
            )
        });
        let private = private.join().expect("the thread ends");
        let shared = mode_of_new_file(&path);
        umask(before);
        assert_eq!(private, (0o600, 0o077));
        assert_eq!(shared, 0o666);
    }

    #[test]
    fn the_umask_is_found_among_the_other_lines() {
        assert_eq!(parse("Name:\tx\nUmask:\t0027\nState:\tR\n"), Some(0o027));
        assert_eq!(parse("Name:\tx\n"), None);
    }
}
