//! `license-backup restore`.

use license_backup::{RestoreOptions, block_on};
use license_backup_report::{ExitCode, RestoreReport};

use crate::arguments::RestoreArguments;
use crate::interrupt::Interrupt;
use crate::verb::{self, archive};

/// Restores a backup, tells conflicts, and says how it ended.
pub(crate) fn run(arguments: &RestoreArguments, interrupt: &Interrupt) -> ExitCode {
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
        Ok(block_on(runtime.restore(&options))?)
    })
}
