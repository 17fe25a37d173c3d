//! `license-backup restore`.

use license_backup::{RestoreOptions, wait};
use license_backup_core::report::{ExitCode, RestoreReport};

use super::arguments::RestoreArguments;
use super::interrupt::Interrupt;
use super::verb::{self, archive};

/// Restores a backup, tells conflicts, and says how it ended.
pub(super) fn run(arguments: &RestoreArguments, interrupt: &Interrupt) -> ExitCode {
    let &RestoreArguments {
        ref from,
        ref store,
        overwrite,
        dry_run,
        ref manner,
    } = arguments;
    let report = RestoreReport {
        archive: archive(from),
        overwrite,
        dry_run,
    };
    let options = RestoreOptions::new(from, store)
        .overwrite(overwrite)
        .dry_run(dry_run);
    verb::run(report, manner.into(), interrupt, |runtime| {
        Ok(wait(runtime.restore(&options))?.into())
    })
}
