//! `license-backup verify`.

use license_backup::{VerifyOptions, wait};
use license_backup_core::report::{ExitCode, VerifyReport};

use super::arguments::VerifyArguments;
use super::interrupt::Interrupt;
use super::verb::{self, archive};

/// Verifies a backup, tells its faults, and says how it ended.
pub(super) fn run(arguments: &VerifyArguments, interrupt: &Interrupt) -> ExitCode {
    let VerifyArguments {
        from,
        expect,
        manner,
    } = arguments;
    let report = VerifyReport {
        archive: archive(from),
        expected: expect.is_some(),
    };
    let options = VerifyOptions::new(from);
    let options = match expect {
        Some(hash) => options.expected_hash(hash),
        None => options,
    };
    verb::run(report, manner.into(), interrupt, |runtime| {
        Ok(wait(runtime.verify(&options))?.into())
    })
}
