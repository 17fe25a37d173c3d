//! `license-backup verify`.

use license_backup::{VerifyOptions, block_on};
use license_backup_report::{ExitCode, VerifyReport};

use crate::arguments::VerifyArguments;
use crate::interrupt::Interrupt;
use crate::verb::{self, archive};

/// Verifies a backup, tells its faults, and says how it ended.
pub(crate) fn run(arguments: &VerifyArguments, interrupt: &Interrupt) -> ExitCode {
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
        Some(hash) => options.expected_blake3(hash),
        None => options,
    };
    verb::run(report, manner.into(), interrupt, |runtime| {
        Ok(block_on(runtime.verify(&options))?)
    })
}
