//! Tests of UNC shares that an embedder maps to directories of the host.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use license_backup::{
    BackupOperation, BackupOptions, BackupSummary, ErrorCode, LicenseManager, ListOptions,
    OperationError, RestoreOptions, VerifyOptions, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot, files_below};
use license_backup_tests::sample::SampleStore;

use crate::library::RUNTIME;

/// The share that [`runtime`] maps.
const SHARE: &str = r"\\nas\backups";

/// Returns a sandbox with a store of three licenses, and a directory `share/laptop` for backups.
fn sandbox() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::create_dir_all(sandbox.path("share/laptop")).unwrap();
    sandbox
}

/// Returns a license manager that maps [`SHARE`] to the directory `share`.
fn runtime(sandbox: &Sandbox) -> LicenseManager {
    RUNTIME
        .clone()
        .with_share(SHARE, sandbox.path("share"))
        .expect("`SHARE` is a valid share")
}

fn back_up(
    runtime: &LicenseManager,
    sandbox: &Sandbox,
    to: impl AsRef<Path>,
) -> Result<BackupSummary, OperationError> {
    block_on(runtime.backup(&BackupOptions::new(sandbox.store(), to.as_ref())))
        .and_then(BackupOperation::wait)
}

/// Returns the directories of the sandbox that contain a backup.
fn backups(sandbox: &Sandbox) -> Vec<String> {
    let names = Snapshot::of(&sandbox.path("")).names();
    names
        .iter()
        .filter_map(|name| name.strip_suffix("/licenses.zip"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_spelling_of_a_unc_path_reaches_its_share() {
    for spelling in [
        r"\\nas\backups\laptop",
        r"\\nas\backups\laptop\",
        r"\\NAS\Backups\laptop",
        r"\\nas/backups\laptop",
        r"\\nas\backups/laptop/",
        r"\\nas\backups\.\\laptop",
        r"\\?\UNC\nas\backups\laptop",
        r"\\?\unc\Nas\BACKUPS\laptop\",
        "//nas/backups/laptop",
        "//NAS/backups//laptop/",
        "//?/UNC/nas/backups/laptop",
    ] {
        let sandbox = sandbox();
        back_up(&runtime(&sandbox), &sandbox, spelling)
            .unwrap_or_else(|error| panic!("{spelling}: {error}"));
        assert_eq!(backups(&sandbox), ["share/laptop"], "{spelling}");
    }
}

#[test]
fn names_below_a_share_are_case_sensitive() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("share/Laptop")).unwrap();
    back_up(&runtime(&sandbox), &sandbox, r"\\nas\backups\Laptop").unwrap();
    assert_eq!(backups(&sandbox), ["share/Laptop"]);
}

#[test]
fn the_root_of_a_share_can_be_the_backup_directory() {
    let sandbox = sandbox();
    back_up(&runtime(&sandbox), &sandbox, r"\\nas\backups").unwrap();
    assert_eq!(backups(&sandbox), ["share"]);
}

#[test]
fn every_operation_accepts_a_backup_directory_on_a_share() {
    let sandbox = sandbox();
    let (runtime, directory) = (runtime(&sandbox), r"\\nas\backups\laptop");
    back_up(&runtime, &sandbox, directory).unwrap();

    let verified = block_on(runtime.verify(&VerifyOptions::new(directory)))
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(verified.licenses, 3);

    let operation = block_on(runtime.list(&ListOptions::backup(directory))).unwrap();
    let mut events = operation.events;
    assert_eq!(std::iter::from_fn(|| events.wait_next()).count(), 3);
    assert_eq!(block_on(operation.completed).unwrap().licenses, 3);

    fs::create_dir(sandbox.path("new")).unwrap();
    let options = RestoreOptions::new(directory, sandbox.path("new"));
    assert_eq!(
        block_on(runtime.restore(&options))
            .unwrap()
            .wait()
            .unwrap()
            .restored,
        3
    );
    assert_eq!(
        files_below(&sandbox.path("new")),
        files_below(&sandbox.store())
    );
}

#[test]
fn the_longest_share_that_covers_a_path_is_used() {
    for order in [[0, 1], [1, 0]] {
        let sandbox = sandbox();
        fs::create_dir(sandbox.path("laptop")).unwrap();
        let shares = [(SHARE, "share"), (r"\\nas\backups\laptop", "laptop")];
        let map = |runtime: LicenseManager, at: usize| {
            runtime
                .with_share(shares[at].0, sandbox.path(shares[at].1))
                .unwrap()
        };
        let runtime = order.into_iter().fold(RUNTIME.clone(), map);
        back_up(&runtime, &sandbox, r"\\nas\backups\laptop").unwrap();
        assert_eq!(backups(&sandbox), ["laptop"]);
    }
}

#[test]
fn a_failure_has_the_path_as_the_caller_spelled_it() {
    let sandbox = sandbox();
    let runtime = runtime(&sandbox);
    back_up(&runtime, &sandbox, r"\\nas\backups\laptop").unwrap();
    for (path, code) in [
        (r"\\NAS\backups/laptop\", ErrorCode::BackupExists),
        (r"\\nas\backups\nowhere", ErrorCode::PathNotFound),
        (
            r"\\nas\backups\laptop\licenses.zip",
            ErrorCode::InvalidArgument,
        ),
    ] {
        let error = back_up(&runtime, &sandbox, path).unwrap_err();
        assert_eq!(
            (error.code(), error.path()),
            (code, Some(Path::new(path))),
            "{error}"
        );
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn an_uncovered_unc_path_error_lists_the_shares() {
    let sandbox = sandbox();
    let runtime = runtime(&sandbox)
        .with_share("//nas/more", sandbox.path("share"))
        .unwrap();
    for path in [
        r"\\nas\other\laptop",
        r"\\other\backups\laptop",
        r"\\nas\backupsandmore\laptop",
    ] {
        let error = back_up(&runtime, &sandbox, path).unwrap_err();
        assert_eq!(
            (error.code(), error.path()),
            (ErrorCode::PathNotFound, Some(Path::new(path))),
            "{error}"
        );
        assert!(
            error.to_string().contains(r"\\nas\backups, \\nas\more"),
            "{error}"
        );
    }
}

#[test]
fn a_parent_component_in_a_unc_path_is_invalid() {
    let sandbox = sandbox();
    let before = Snapshot::of(&sandbox.path(""));
    let runtime = runtime(&sandbox);
    for path in [
        r"\\nas\backups\laptop\..",
        r"\\nas\backups\..\backup",
        "//nas/backups/../backup",
        r"//nas\backups\..",
        r"\\?\UNC\nas\backups\..",
        r"\\other\backups\..",
    ] {
        let error = back_up(&runtime, &sandbox, path).unwrap_err();
        assert_eq!(
            (error.code(), error.path()),
            (ErrorCode::InvalidArgument, Some(Path::new(path))),
            "{error}"
        );
    }
    assert_eq!(Snapshot::of(&sandbox.path("")), before);
}

#[test]
fn other_paths_are_plain_paths_of_the_host() {
    let sandbox = sandbox();
    let runtime = runtime(&sandbox);
    let with_two_slashes = PathBuf::from(format!("/{}", sandbox.backup().display()));
    for path in [
        sandbox.backup(),
        sandbox.path("share/../backup"),
        with_two_slashes,
    ] {
        back_up(&runtime, &sandbox, &path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(backups(&sandbox), ["backup"], "{}", path.display());
        fs::remove_file(sandbox.backup_file()).unwrap();
    }
}

#[test]
fn a_path_with_two_slashes_reaches_a_share_of_that_name() {
    let sandbox = sandbox();
    let path = format!("/{}/laptop", sandbox.path("backup").display());
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let share = format!(r"\\{}\{}", parts.next().unwrap(), parts.next().unwrap());
    let below = parts.collect::<Vec<_>>().join("/");
    fs::create_dir_all(sandbox.path("share").join(&below)).unwrap();
    back_up(
        &RUNTIME
            .clone()
            .with_share(&share, sandbox.path("share"))
            .unwrap(),
        &sandbox,
        path,
    )
    .unwrap();
    assert_eq!(backups(&sandbox), [format!("share/{below}")]);
}

#[test]
fn a_path_that_is_not_utf_8_is_a_plain_path_of_the_host() {
    let sandbox = sandbox();
    let path = sandbox.path(Path::new(std::ffi::OsStr::from_bytes(
        b"\\\\nas\\backups\\\xff",
    )));
    fs::create_dir(&path).unwrap();
    back_up(&runtime(&sandbox), &sandbox, &path).unwrap();
    assert!(path.join("licenses.zip").exists());
}

#[test]
fn without_shares_a_unc_path_is_a_plain_path_of_the_host() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let error = back_up(&RUNTIME, &sandbox, r"\\nas\backups\..").unwrap_err();
    assert!(
        matches!(&error, OperationError::Directory { .. }),
        "{error:?}"
    );
    assert_eq!(error.code(), ErrorCode::PathNotFound);
}

#[test]
fn no_link_below_a_share_is_followed() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("backup/laptop")).unwrap();
    symlink(sandbox.backup(), sandbox.path("share/absolute")).unwrap();
    symlink("../backup", sandbox.path("share/relative")).unwrap();
    symlink("laptop", sandbox.path("share/within")).unwrap();
    let before = Snapshot::of(&sandbox.path(""));
    let runtime = runtime(&sandbox);
    for path in [
        "absolute",
        "relative",
        "within",
        r"absolute\laptop",
        "relative/laptop",
    ] {
        let path = format!(r"\\nas\backups\{path}");
        let error = back_up(&runtime, &sandbox, &path).unwrap_err();
        assert_eq!(error.path(), Some(Path::new(&path)));
        assert!(
            format!("{error}: {:?}", std::error::Error::source(&error)).contains("no link"),
            "{error:?}"
        );
    }
    assert_eq!(Snapshot::of(&sandbox.path("")), before);
}

#[test]
fn the_directory_of_a_share_may_be_a_link() {
    let sandbox = sandbox();
    symlink("share", sandbox.path("mounted")).unwrap();
    let runtime = RUNTIME
        .clone()
        .with_share(SHARE, sandbox.path("mounted"))
        .unwrap();
    back_up(&runtime, &sandbox, r"\\nas\backups\laptop").unwrap();
    assert_eq!(backups(&sandbox), ["share/laptop"]);
}

#[test]
fn a_share_of_the_store_is_refused_as_the_backup_directory() {
    let sandbox = sandbox();
    let runtime = RUNTIME.clone().with_share(SHARE, sandbox.store()).unwrap();
    let error = back_up(&runtime, &sandbox, SHARE).unwrap_err();
    assert_eq!(
        (error.code(), error.path()),
        (ErrorCode::InvalidArgument, Some(Path::new(SHARE)))
    );
}

#[test]
fn a_share_needs_a_server_and_a_name() {
    for name in [
        "",
        "backups",
        "/nas/backups",
        r"\nas\backups",
        r"\\nas",
        "//nas/",
        r"\\?\C:\backups",
        r"\\nas\..",
    ] {
        let refused = RUNTIME.clone().with_share(name, "/tmp").expect_err(name);
        assert_eq!(refused.share, name);
    }
}
