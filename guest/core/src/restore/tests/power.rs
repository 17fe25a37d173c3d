//! Restores that stop for good at any call, because the power is cut or the program is killed.

use super::trial::{KINDS, temporaries};
use super::*;
use crate::directory::FsError;
use crate::memory_fs::{report_count, survivals};

#[test]
fn wherever_everything_stops_each_license_is_what_it_was_or_what_it_is_to_be() {
    let mut cases = 0;
    for kind in KINDS {
        let mut is_reached = true;
        let mut number = 0;
        while is_reached {
            for left in survivals(number) {
                let when = format!("{kind:?}, stopped at call {number}, {left:?} being left");
                let disk = kind.disk();
                let before = store(&disk);
                // With nothing done from this call on, the disk is as it is at this moment.
                disk.fail(FsError::Other("io"), move |call| call.number >= number);
                let (events, outcome) = kind.attempt(&disk);
                is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                assert_eq!(outcome.is_err(), is_reached, "{when}: {outcome:?}");
                let now = store(&disk);
                let is_told = says_what_is_left(&events, &outcome);
                assert!(
                    is_told || temporaries(&now).is_empty(),
                    "what is left is not told {when}: {outcome:?}"
                );
                kind.is_old_or_new(&before, &now, &when);
                disk.lose_power(left);
                let now = store(&disk);
                kind.is_old_or_new(&before, &now, &when);
                assert!(
                    outcome.is_err() || now == kind.complete(&before),
                    "it is not durable {when}"
                );
                kind.recovers(&disk, &when);
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

/// Whether the failure, or what was told before it, names a temporary file.
fn says_what_is_left(
    events: &[BackupRestoreStatus],
    outcome: &Result<RestoreSummary, Failure>,
) -> bool {
    let told = events.iter().filter_map(|event| {
        if let BackupRestoreStatus::Error(failure) = event {
            Some(failure)
        } else {
            None
        }
    });
    told.chain(outcome.as_ref().err())
        .any(|failure| failure.message.contains(".license-backup-"))
}
