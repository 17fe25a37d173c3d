//! Restores that stop at any call, because the power is cut or the program is killed.

use super::scenario::{SCENARIOS, temporaries};
use super::*;
use crate::directory::FsError;
use crate::memory_fs::{report_count, survivals};

#[test]
fn a_killed_restore_leaves_each_license_old_or_complete() {
    let mut cases = 0;
    for scenario in SCENARIOS {
        let mut is_reached = true;
        let mut number = 0;
        while is_reached {
            for surviving in survivals(number) {
                let when =
                    format!("{scenario:?}, stopped at call {number}, surviving: {surviving:?}");
                let disk = scenario.disk();
                let before = store(&disk);
                // If every call from this one on fails, the disk stays as it is at this moment.
                disk.fail(FsError::Other("io"), move |call| call.number >= number);
                let (events, result) = scenario.run(&disk);
                is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                assert_eq!(result.is_err(), is_reached, "{when}: {result:?}");
                let now = store(&disk);
                assert!(
                    temporaries(&now).is_empty() || reports_a_temporary_file(&events, &result),
                    "no temporary file is reported {when}: {result:?}"
                );
                scenario.assert_old_or_complete(&before, &now, &when);
                disk.lose_power(surviving);
                let now = store(&disk);
                scenario.assert_old_or_complete(&before, &now, &when);
                assert!(
                    result.is_err() || now == scenario.complete(&before),
                    "the restore is not durable {when}"
                );
                scenario.assert_recovers(&disk, &when);
                cases += 1;
            }
            number += 1;
        }
    }
    report_count(
        cases,
        4000,
        "a restore with everything stopped at each call in turn",
    );
}

/// Returns `true` if the failure, or an error reported before it, names a temporary file.
fn reports_a_temporary_file(
    events: &[BackupRestoreStatus],
    result: &Result<RestoreSummary, Failure>,
) -> bool {
    let errors = events.iter().filter_map(|event| {
        if let BackupRestoreStatus::Error(failure) = event {
            Some(failure)
        } else {
            None
        }
    });
    errors
        .chain(result.as_ref().err())
        .any(|failure| failure.message.contains(".license-backup-"))
}
