//! The command `forget`.

use license_backup::{ForgetOptions, block_on};
use license_backup_report::{ExitCode, ForgetReport};

use crate::arguments::ForgetArguments;
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Removes the generations that a policy does not keep, and returns the exit code.
pub(crate) fn run(arguments: &ForgetArguments, signals: &SignalHandler) -> ExitCode {
    let &ForgetArguments {
        ref from,
        ref remote,
        ref policy,
        ref unpin,
        dry_run,
        ref output,
    } = arguments;
    let policy = policy.policy().unwrap_or_default();
    let options = unpin.iter().fold(
        ForgetOptions::new(remote.apply(from), policy).dry_run(dry_run),
        ForgetOptions::unpin,
    );
    run_operation(
        ForgetReport { dry_run },
        output.into(),
        signals,
        |manager| block_on(manager.forget(&options)),
    )
    .0
}
