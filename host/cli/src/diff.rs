//! The command `diff`.

use license_backup::{DiffOptions, block_on};
use license_backup_report::{DiffReport, ExitCode, OutputOptions};

use crate::arguments::DiffArguments;
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Compares a backup, and returns the exit code.
pub(crate) fn run(arguments: DiffArguments, signals: &SignalHandler) -> ExitCode {
    let DiffArguments {
        from,
        generation,
        against,
        store,
        json,
    } = arguments;
    let options = DiffOptions::new(from.location());
    let options = match generation {
        Some(name) => options.generation(name),
        None => options,
    };
    let options = match (against, store) {
        (_, Some(store)) => options.against_store(store),
        (Some(name), None) => options.against(name),
        (None, None) => options,
    };
    let output = OutputOptions { json, quiet: false };
    run_operation(DiffReport, output, signals, |manager| {
        block_on(manager.diff(&options))
    })
    .0
}
