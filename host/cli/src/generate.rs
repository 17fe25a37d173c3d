//! The files that are generated from the definition of the command line: shell completions
//! and manual pages.

use std::io::{self, Write as _};
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use license_backup_report::ExitCode;

use crate::arguments::Arguments;
use crate::stderr::print_error;

/// Prints a completion script for a shell.
pub(crate) fn print_completions(shell: Shell) -> ExitCode {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    match io::stdout().write_all(&script) {
        Ok(()) => ExitCode::Success,
        Err(error) => fail(&format!(
            "cannot write the completion script to standard output: {error}"
        )),
    }
}

/// Writes the manual pages of the program and of each command into a directory.
pub(crate) fn write_manual(directory: &Path) -> ExitCode {
    let command = Arguments::command().disable_help_subcommand(true);
    match clap_mangen::generate_to(command, directory) {
        Ok(()) => ExitCode::Success,
        Err(error) => fail(&format!(
            "cannot write the manual pages into {}: {error}; \
             choose an existing, writable directory",
            directory.display()
        )),
    }
}

fn fail(message: &str) -> ExitCode {
    print_error(message);
    ExitCode::Failed
}
