//! The command line `license-backup`: it parses arguments, runs an operation of the library, and
//! prints its events and its outcome.

mod arguments;
mod backup;
mod backup_many;
mod check;
mod console;
mod diff;
mod directories;
mod files;
mod fleet;
mod forget;
mod generate;
mod generations;
mod jobs;
mod list;
mod location;
mod metrics;
mod open_files;
mod outcome;
mod output;
mod progress;
mod restore;
mod run;
mod signals;
mod stderr;
mod store_backup;
mod stores;
mod totals;
mod verify;

use std::process;

use clap::Parser as _;
use license_backup_report::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::signals::SignalHandler;
use crate::stderr::print_error;

fn main() -> process::ExitCode {
    make_files_private();
    disable_core_dumps();
    let exit = match SignalHandler::install() {
        Ok(signals) => match Arguments::parse().command {
            Command::Backup(arguments) => backup::run(&arguments, &signals),
            Command::Restore(arguments) => restore::run(&arguments, &signals),
            Command::Verify(arguments) => verify::run(&arguments, &signals),
            Command::List(arguments) => list::run(arguments, &signals),
            Command::Forget(arguments) => forget::run(&arguments, &signals),
            Command::Generations(arguments) => generations::run(&arguments, &signals),
            Command::Diff(arguments) => diff::run(arguments, &signals),
            Command::Check(arguments) => check::run(&arguments, &signals),
            Command::Fleet(command) => fleet::run(&command, &signals),
            Command::Completions { shell } => generate::print_completions(shell),
            Command::Man { directory } => generate::write_manual(&directory),
        },
        Err(error) => {
            print_error(&format!("{error:#}"));
            ExitCode::Failed
        }
    };
    process::ExitCode::from(exit.number())
}

/// Sets the umask so that only the owner can access the files that this process creates. The umask
/// belongs to the process, so this runs before the first thread starts.
#[cfg(unix)]
fn make_files_private() {
    use nix::sys::stat::{Mode, umask};
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
}

/// Does nothing: on Windows, the library creates each file that must be private as such.
#[cfg(not(unix))]
fn make_files_private() {}

/// Turns core dumps off for this process and its children: they would contain bytes of licenses, and
/// identities.
#[cfg(unix)]
fn disable_core_dumps() {
    use nix::sys::resource::{Resource, setrlimit};
    // Every process may lower its limits, so this does not fail.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}

/// Does nothing: Windows writes a dump of a process only where its administrator asked for it.
#[cfg(not(unix))]
fn disable_core_dumps() {}
