//! The command `fleet`: many stores, backed up by tasks of a scheduler on many machines.
//!
//! `plan` writes a file of units, `run` backs up a share of them, and `report` finds out which have
//! no good backup. There is no queue: whether a unit is done is decided by its backup directory, and
//! a unit that is done twice, in turn or at once, does no harm.

mod arguments;
mod plan;
mod report;
mod results;
mod run;
mod share;
mod units;

pub(crate) use self::arguments::FleetCommand;

use license_backup_report::ExitCode;

use crate::signals::SignalHandler;

/// Runs a command, and returns the exit code.
pub(crate) fn run(command: &FleetCommand, signals: &SignalHandler) -> ExitCode {
    match command {
        FleetCommand::Plan(arguments) => plan::run(arguments),
        FleetCommand::Run(arguments) => run::run(arguments, signals),
        FleetCommand::Report(arguments) => report::run(arguments, signals),
    }
}
