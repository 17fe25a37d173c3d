//! Tests of the program for Windows, which run it under Wine. `make test-windows` builds the program
//! and runs these tests; `make test` does neither.
//!
//! Wine 8 has no links of Windows: no junctions and no symbolic links. It derives access control
//! lists from the modes of files, and writes them as modes. It replaces no file that is open. Its
//! shares are directories of this machine.

mod access;
mod cancellation;
mod interruptions;
mod names;
mod open_files;
mod paths;
mod races;
mod verbs;

use std::path::{Path, PathBuf};

use license_backup_tests::harness::{Invocation, Sandbox, target};

/// Returns a program that `make test-windows` has put beside the others.
fn built(name: &str) -> PathBuf {
    target().join("wine/bin").join(name)
}

/// Returns a command that runs a program for Windows in the sandbox. Its current directory is that
/// of the sandbox.
fn wine(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> Invocation {
    let path = |name| {
        let path = built(name).into_os_string().into_string();
        path.expect("the path of the checkout is UTF-8")
    };
    let repair = format!("LD_PRELOAD={}", path("wine_repair.so"));
    sandbox.system([&[&repair, "wine64", &path(program)], arguments].concat())
}

/// Returns a command that runs the program for Windows in the sandbox.
fn license_backup(sandbox: &Sandbox, arguments: &[&str]) -> Invocation {
    wine(sandbox, "license-backup.exe", arguments)
}

/// Returns a command that backs up `store` into `backup` with the program for Windows.
fn back_up(sandbox: &Sandbox, arguments: &[&str]) -> Invocation {
    let command = ["backup", "--store", "store", "--to", "backup"];
    license_backup(sandbox, &[&command, arguments].concat())
}

/// Returns a command that restores the backup in `backup` into `store` with the program for Windows.
fn restore(sandbox: &Sandbox, store: &str, arguments: &[&str]) -> Invocation {
    let command = ["restore", "--from", "backup", "--store", store];
    license_backup(sandbox, &[&command, arguments].concat())
}

/// Returns an absolute path as a program for Windows has it: the root of this machine is drive Z.
fn windows_path(path: &Path) -> String {
    let path = path.to_str().expect("the path of the sandbox is UTF-8");
    format!("Z:{}", path.replace('/', "\\"))
}
