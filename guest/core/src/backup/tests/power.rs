//! Backups that stop for good at any call, because the power is cut or the program is killed.

use super::trial::{KINDS, backup_file, other_names, recovers};
use super::*;
use crate::memory_fs::{report_count, survivals};
use crate::temporary::is_temporary_name;

#[test]
fn wherever_everything_stops_the_earlier_backup_is_there_or_the_new_one_is_whole() {
    let mut cases = 0;
    for kind in KINDS {
        let whole = Some(kind.undisturbed().file);
        let mut is_reached = true;
        let mut number = 0;
        while is_reached {
            for left in survivals(number) {
                let when = format!("{kind:?}, stopped at call {number}, {left:?} being left");
                let disk = kind.disk();
                let (earlier, store) = (backup_file(&disk), disk.tree("/licenses"));
                // With nothing done from this call on, the disk is as it is at this moment.
                disk.fail(FsError::Other("io"), move |call| call.number >= number);
                let (_, outcome) = kind.attempt(&disk);
                is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                let is_in_place = match &outcome {
                    Ok(_) => true,
                    Err(failure) => {
                        assert!(is_reached, "{failure} {when}");
                        let is_in_place = failure.message.contains("is in place");
                        let is_told = |name: &String| is_in_place || failure.message.contains(name);
                        assert!(
                            other_names(&disk).iter().all(is_told),
                            "what is left is not told {when}: {failure}"
                        );
                        is_in_place
                    }
                };
                assert!(
                    backup_file(&disk)
                        == if is_in_place {
                            whole.clone()
                        } else {
                            earlier.clone()
                        },
                    "{when}"
                );
                disk.lose_power(left);
                let file = backup_file(&disk);
                assert!(
                    file == whole && is_in_place || file == earlier && outcome.is_err(),
                    "{when}"
                );
                assert!(
                    other_names(&disk)
                        .iter()
                        .all(|name| is_temporary_name(name)),
                    "{when}"
                );
                assert_eq!(disk.tree("/licenses"), store, "{when}");
                recovers(&disk, &when);
                assert!(backup_file(&disk) == whole, "another backup {when}");
                cases += 1;
            }
            number += 1;
        }
    }
    report_count(
        cases,
        3000,
        "a backup with everything stopped at each call in turn",
    );
}
