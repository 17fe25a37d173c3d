//! What a walk of the store must not open: a FIFO, and links.

use std::io;
use std::path::Path;

use super::{Document, Expected, MINIMUM_SIZE, SampleLicense, ordinary_license};

/// Writes a FIFO and links (to a license, to a directory with one, to nothing, to themselves, out of the store) below
/// `store`, in its directory `special`, and returns them as they must be told.
///
/// # Errors
///
/// As the file system says; [`io::ErrorKind::Unsupported`] where there is no FIFO.
#[cfg(unix)]
pub fn write_special_files(store: &Path) -> io::Result<Vec<SampleLicense>> {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;

    let license = ordinary_license(1, 0, MINIMUM_SIZE);
    fs::create_dir_all(store.join("special"))?;
    nix::unistd::mkfifo(&store.join("special/fifo"), Mode::S_IRUSR | Mode::S_IWUSR)?;
    // Links to these two would give the backup a license twice.
    fs::create_dir_all(store.join("linked"))?;
    fs::write(store.join("linked/license.lic"), &license.bytes)?;
    for (name, target) in [
        ("link-to-file", "../linked/license.lic"),
        ("link-to-directory", "../linked"),
        ("link-to-nothing", "nothing"),
        ("link-to-itself", "link-to-itself"),
        ("link-out-of-the-store", "../.."),
    ] {
        symlink(target, store.join("special").join(name))?;
    }
    let not_opened = [
        "fifo",
        "link-to-file",
        "link-to-directory",
        "link-to-nothing",
        "link-to-itself",
        "link-out-of-the-store",
    ]
    .map(|name| {
        let path = format!("special/{name}");
        Document::foreign([]).at(path, Expected::Restricted("not-a-regular-file"))
    });
    let mut files = vec![SampleLicense {
        path: "linked/license.lic".into(),
        ..license
    }];
    files.extend(not_opened);
    Ok(files)
}

/// There is no FIFO on this system.
///
/// # Errors
///
/// Always [`io::ErrorKind::Unsupported`].
#[cfg(not(unix))]
pub fn write_special_files(_store: &Path) -> io::Result<Vec<SampleLicense>> {
    Err(io::ErrorKind::Unsupported.into())
}
