//! The command `restore`.

use license_backup::{RestoreOptions, block_on};
use license_backup_report::{ExitCode, RestoreReport};

use crate::arguments::RestoreArguments;
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Restores a backup, and returns the exit code.
pub(crate) fn run(arguments: &RestoreArguments, signals: &SignalHandler) -> ExitCode {
    let &RestoreArguments {
        ref from,
        ref generation,
        ref store,
        overwrite,
        dry_run,
        ref filter,
        ref output,
    } = arguments;
    let from = from.location();
    let report = RestoreReport {
        directory: from.to_string(),
        overwrite,
        dry_run,
    };
    let options = RestoreOptions::new(from, store)
        .overwrite(overwrite)
        .dry_run(dry_run)
        .filter(filter.into());
    let options = match generation {
        Some(name) => options.generation(name),
        None => options,
    };
    run_operation(report, output.into(), signals, |manager| {
        block_on(manager.restore(&options))
    })
    .0
}
