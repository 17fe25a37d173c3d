//! What is made of the definition of the command line: completions for shells, and manual pages.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;
use license_backup_report::ExitCode;

use crate::arguments::Arguments;
use crate::output::complain;

/// Prints what makes a shell complete the arguments.
pub(crate) fn print_completions(shell: Shell) -> ExitCode {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    end(io::stdout()
        .write_all(&text)
        .context("the completions cannot be written to standard output"))
}

/// Writes the manual pages of the program and of each verb.
pub(crate) fn write_manual(directory: &Path) -> ExitCode {
    let written = clap_mangen::generate_to(
        Arguments::command().disable_help_subcommand(true),
        directory,
    );
    end(written.with_context(|| {
        format!(
            "the manual pages cannot be written into {}: give a directory that exists and is writable",
            directory.display()
        )
    }))
}

fn end(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::Failed
        }
    }
}
