//! The command `verify`.

use license_backup::{VerifyOptions, block_on};
use license_backup_report::{ExitCode, VerifyReport};

use crate::arguments::VerifyArguments;
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Verifies a backup, and returns the exit code.
pub(crate) fn run(arguments: &VerifyArguments, signals: &SignalHandler) -> ExitCode {
    let VerifyArguments {
        from,
        generation,
        expect,
        output,
    } = arguments;
    let from = from.location();
    let report = VerifyReport {
        directory: from.to_string(),
        expected: expect.is_some(),
    };
    let options = VerifyOptions::new(from);
    let options = match expect {
        Some(hash) => options.expected_blake3(hash),
        None => options,
    };
    let options = match generation {
        Some(name) => options.generation(name),
        None => options,
    };
    run_operation(report, output.into(), signals, |manager| {
        block_on(manager.verify(&options))
    })
    .0
}
