//! Backups that stop at any call, because power is lost or the program is killed.

use super::scenario::{assert_recovers, backup_file, kinds, other_names};
use super::*;
use crate::memory_fs::{report_count, survivals};
use crate::temporary::is_temporary_name;

#[test]
fn a_backup_stopped_at_any_call_leaves_a_complete_backup() {
    let mut cases = 0;
    for kind in kinds() {
        let whole = Some(kind.baseline().file);
        let mut is_reached = true;
        let mut number = 0;
        while is_reached {
            for surviving in survivals(number) {
                let when = format!("{kind:?}, stopped at call {number}, {surviving:?} survives");
                let disk = kind.disk();
                let (earlier, store) = (backup_file(&disk), disk.tree("/licenses"));
                // Every call from this one on fails, so the disk keeps its state at this call.
                disk.fail(FsError::Other("io"), move |call| call.number >= number);
                let (_, outcome) = kind.attempt(&disk);
                is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                let is_in_place = match &outcome {
                    Ok(_) => true,
                    Err(failure) => {
                        assert!(is_reached, "{failure} {when}");
                        let is_in_place = failure.message.contains("is in place");
                        let is_reported =
                            |name: &String| is_in_place || failure.message.contains(name);
                        assert!(
                            other_names(&disk).iter().all(is_reported),
                            "a temporary file is not reported {when}: {failure}"
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
                disk.lose_power(surviving);
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
                assert_recovers(&disk, &when);
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
