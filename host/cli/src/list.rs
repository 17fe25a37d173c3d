//! The command `list`.

use license_backup::{ListOptions, block_on};
use license_backup_report::{ExitCode, ListReport, OutputOptions};

use crate::arguments::{ListArguments, ListSource};
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Lists a store or a backup, and returns the exit code.
pub(crate) fn run(
    ListArguments {
        source,
        remote,
        generation,
        filter,
        json,
    }: ListArguments,
    signals: &SignalHandler,
) -> ExitCode {
    let options = match source {
        ListSource {
            store: Some(store), ..
        } => ListOptions::store(store),
        ListSource {
            from: Some(from), ..
        } => match generation {
            Some(name) => ListOptions::generation(remote.apply(&from), name),
            None => ListOptions::backup(remote.apply(&from)),
        },
        // The parser requires one of them.
        ListSource {
            store: None,
            from: None,
        } => return ExitCode::Usage,
    };
    let options = options.filter((&filter).into());
    let output = OutputOptions { json, quiet: false };
    run_operation(ListReport, output, signals, |manager| {
        block_on(manager.list(&options))
    })
    .0
}
