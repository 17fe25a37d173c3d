//! The command `check`.

use std::time::Duration;

use license_backup::{CheckOptions, block_on};
use license_backup_report::{CheckReport, ExitCode};

use crate::arguments::CheckArguments;
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Checks that there is a recent backup, and returns the exit code.
pub(crate) fn run(arguments: &CheckArguments, signals: &SignalHandler) -> ExitCode {
    let &CheckArguments {
        ref from,
        max_age,
        verify,
        ref output,
    } = arguments;
    let from = from.location();
    let report = CheckReport {
        directory: from.to_string(),
    };
    let options = CheckOptions::new(from, Duration::from_secs(max_age)).verify(verify);
    run_operation(report, output.into(), signals, |manager| {
        block_on(manager.check(&options))
    })
    .0
}
