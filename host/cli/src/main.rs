//! The command line `license-backup`: it parses arguments, runs an operation of the library, and
//! prints its events and its outcome.

mod arguments;
mod backup;
mod documents;
mod interrupt;
mod list;
mod output;
mod progress;
mod restore;
mod verb;
mod verify;

use std::process;

use clap::Parser as _;
use license_backup_report::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::interrupt::Interrupt;
use crate::output::complain;

fn main() -> process::ExitCode {
    make_files_private();
    let exit = match Interrupt::install() {
        Ok(interrupt) => match Arguments::parse().command {
            Command::Backup(arguments) => backup::run(&arguments, &interrupt),
            Command::Restore(arguments) => restore::run(&arguments, &interrupt),
            Command::Verify(arguments) => verify::run(&arguments, &interrupt),
            Command::List(arguments) => list::run(arguments, &interrupt),
            Command::Completions { shell } => documents::print_completions(shell),
            Command::Man { directory } => documents::write_manual(&directory),
        },
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::Failed
        }
    };
    process::ExitCode::from(exit.number())
}

/// What this process creates is its owner's alone. The umask belongs to the whole process, so that this comes before the
/// first thread.
#[cfg(unix)]
fn make_files_private() {
    use nix::sys::stat::{Mode, umask};
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
}

/// Elsewhere the access control list of the directory decides.
#[cfg(not(unix))]
fn make_files_private() {}
