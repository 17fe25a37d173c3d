//! The command `generations`.

use license_backup::{GenerationsOptions, block_on};
use license_backup_report::{ExitCode, GenerationsReport, OutputOptions};

use crate::arguments::GenerationsArguments;
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Lists the backups in a directory, and returns the exit code.
pub(crate) fn run(arguments: &GenerationsArguments, signals: &SignalHandler) -> ExitCode {
    let &GenerationsArguments {
        ref from,
        hash,
        json,
    } = arguments;
    let options = GenerationsOptions::new(from.location()).hash(hash);
    let output = OutputOptions { json, quiet: false };
    run_operation(GenerationsReport, output, signals, |manager| {
        block_on(manager.generations(&options))
    })
    .0
}
