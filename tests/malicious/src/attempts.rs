//! Attacks on the file system.

use crate::bindings::wasi::filesystem::preopens::get_directories;
use crate::bindings::wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

/// Returns the directories that the host has opened: the store and the backup directory.
fn opened() -> (Descriptor, Descriptor) {
    let mut store = None;
    let mut backup = None;
    for (directory, name) in get_directories() {
        match name.as_str() {
            "/licenses" => store = Some(directory),
            "/backup" => backup = Some(directory),
            _ => {}
        }
    }
    (
        store.expect("the host opens the store"),
        backup.expect("the host opens the backup directory"),
    )
}

/// Opens the backup directory until an error occurs, and keeps it open. Returns the number of
/// successes.
pub(crate) fn hoard_files() -> String {
    let (_, backup) = opened();
    let mut directories = Vec::new();
    while let Ok(directory) = backup.open_at(
        PathFlags::empty(),
        ".",
        OpenFlags::DIRECTORY,
        DescriptorFlags::READ,
    ) {
        directories.push(directory);
    }
    format!("{} were opened", directories.len())
}

/// Opens the file `fifo` of the backup directory for reading, as a file and as a directory, with
/// these flags. Returns the results.
pub(crate) fn open_a_fifo(flags: PathFlags) -> String {
    let (_, backup) = opened();
    let open = |open| match backup.open_at(flags, "fifo", open, DescriptorFlags::READ) {
        Ok(_) => "it was opened",
        Err(error) => error.name(),
    };
    format!(
        "{}, {}",
        open(OpenFlags::empty()),
        open(OpenFlags::DIRECTORY)
    )
}

/// Writes to a file of the backup directory forever.
pub(crate) fn scribble() -> ! {
    let (_, backup) = opened();
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = backup
        .open_at(PathFlags::empty(), "scribble", OpenFlags::CREATE, flags)
        .expect("the backup directory is writable");
    // Small writes, and large ones that the host may perform after the call has returned.
    let large = vec![0; 256 << 10];
    loop {
        let _ = file.write(&large[..4096], 0);
        for _ in 0..8 {
            let _ = file.write(&large, 4096);
        }
    }
}

/// Tries every way to leave the opened directories and to change the store. Returns the attempts
/// that succeeded.
///
/// The tests create `secret` and `directory` beside both directories, and links to them in the
/// backup directory, `out` and `away`.
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
pub(crate) fn escape() -> String {
    let (store, backup) = opened();
    let mut successes = Vec::new();
    let mut attempt = |action: &str, succeeded: bool| {
        if succeeded {
            successes.push(action.to_owned());
        }
    };
    let flags = DescriptorFlags::READ;
    let writing = DescriptorFlags::READ | DescriptorFlags::WRITE;
    for path in [
        "../secret",
        "/etc/passwd",
        "./../secret",
        "down/../../secret",
        "out",
        "away/secret",
        "..",
        "../store",
    ] {
        for follow in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
            for directory in [&store, &backup] {
                attempt(
                    &format!("open {path}"),
                    directory
                        .open_at(follow, path, OpenFlags::empty(), flags)
                        .is_ok(),
                );
                let is_stat_of_link = path == "out" && follow == PathFlags::empty();
                attempt(
                    &format!("stat {path}"),
                    !is_stat_of_link && directory.stat_at(follow, path).is_ok(),
                );
                let created = directory.open_at(follow, path, OpenFlags::CREATE, writing);
                attempt(&format!("create {path}"), created.is_ok());
            }
        }
        attempt(
            &format!("link from {path}"),
            backup
                .link_at(PathFlags::SYMLINK_FOLLOW, path, &backup, "got")
                .is_ok(),
        );
        // A change of the link itself is permitted, because its directory is writable.
        if path != "out" {
            attempt(
                &format!("unlink {path}"),
                backup.unlink_file_at(path).is_ok(),
            );
            attempt(
                &format!("rename to {path}"),
                backup.rename_at("mine", &backup, path).is_ok(),
            );
            attempt(
                &format!("rename from {path}"),
                backup.rename_at(path, &backup, "got").is_ok(),
            );
        }
    }
    attempt(
        "symlink to an absolute path",
        backup.symlink_at("/etc", "etc").is_ok(),
    );
    attempt(
        "mkdir outside",
        backup.create_directory_at("../made").is_ok(),
    );

    let mine = backup
        .open_at(PathFlags::empty(), "mine", OpenFlags::empty(), writing)
        .expect("the file `mine` exists");
    attempt("read by a stream", mine.read_via_stream(0).is_ok());
    attempt("write by a stream", mine.write_via_stream(0).is_ok());
    attempt("append by a stream", mine.append_via_stream().is_ok());

    attempt(
        "create in the store",
        store
            .open_at(PathFlags::empty(), "new", OpenFlags::CREATE, writing)
            .is_ok(),
    );
    attempt(
        "write in the store",
        store
            .open_at(PathFlags::empty(), "escape", OpenFlags::empty(), writing)
            .is_ok(),
    );
    attempt(
        "truncate in the store",
        store
            .open_at(PathFlags::empty(), "escape", OpenFlags::TRUNCATE, writing)
            .is_ok(),
    );
    attempt(
        "unlink in the store",
        store.unlink_file_at("escape").is_ok(),
    );
    attempt(
        "rename in the store",
        store.rename_at("escape", &store, "other").is_ok(),
    );
    attempt(
        "rename out of the store",
        store.rename_at("escape", &backup, "escape").is_ok(),
    );
    attempt(
        "rename into the store",
        backup.rename_at("mine", &store, "mine").is_ok(),
    );
    attempt(
        "link into the store",
        backup
            .link_at(PathFlags::empty(), "mine", &store, "mine")
            .is_ok(),
    );
    attempt(
        "link out of the store",
        store
            .link_at(PathFlags::empty(), "escape", &backup, "mine-too")
            .is_ok(),
    );
    attempt(
        "mkdir in the store",
        store.create_directory_at("made").is_ok(),
    );
    attempt(
        "symlink in the store",
        store.symlink_at("escape", "made").is_ok(),
    );
    successes.join(", ")
}
