//! Files of a store that a backup must not open: a FIFO, and symbolic links.

use std::io;
use std::path::Path;

use super::{Document, Expected, MINIMUM_SIZE, SampleLicense, ordinary_license};

/// Writes a FIFO and symbolic links to the directory `special` of `store`. The links lead to a
/// license, to a directory with a license, to nothing, to themselves and out of the store. Returns
/// the files, with the expected results of a backup.
///
/// # Errors
///
/// Returns the error of the file system, or [`io::ErrorKind::Unsupported`] if the system has no
/// FIFOs.
#[cfg(unix)]
pub fn write_special_files(store: &Path) -> io::Result<Vec<SampleLicense>> {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;

    let license = ordinary_license(1, 0, MINIMUM_SIZE);
    fs::create_dir_all(store.join("special"))?;
    nix::unistd::mkfifo(&store.join("special/fifo"), Mode::S_IRUSR | Mode::S_IWUSR)?;
    // A backup that followed the links to these would contain a license twice.
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

/// Fails, because this system has no FIFOs.
///
/// # Errors
///
/// Returns [`io::ErrorKind::Unsupported`].
#[cfg(not(unix))]
pub fn write_special_files(_store: &Path) -> io::Result<Vec<SampleLicense>> {
    Err(io::ErrorKind::Unsupported.into())
}
