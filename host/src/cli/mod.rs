//! The command line, from the first system call to the exit code.

mod arguments;
mod backup;
mod interrupt;
mod list;
mod output;
mod progress;

use std::process;

use clap::Parser as _;
use license_backup::{ErrorCode, Failure, OperationError};
use license_backup_core::report::ExitCode;

use self::arguments::{Arguments, Command};
use self::interrupt::Interrupt;
use self::output::complain;

/// Runs the command line.
pub(crate) fn run() -> process::ExitCode {
    make_files_private();
    let exit = match Interrupt::install() {
        Ok(interrupt) => match Arguments::parse().command {
            Command::Backup(arguments) => backup::run(&arguments, &interrupt),
            Command::List(arguments) => list::run(&arguments, &interrupt),
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

/// An error in the form in which all failures are told, with its causes in the message.
fn failure(error: &anyhow::Error) -> Failure {
    let operation = error.downcast_ref::<OperationError>();
    let code = operation.map_or(ErrorCode::Io, OperationError::code);
    Failure { path: operation.and_then(OperationError::path), ..Failure::new(code, format!("{error:#}")) }
}
