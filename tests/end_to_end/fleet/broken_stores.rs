//! A test of 2,000 stores, of which one in a hundred is broken.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use license_backup_tests::harness::counted;

use super::fixture::Fleet;

/// The number of stores.
const STORES: usize = 2000;
/// The number of tasks of the array. A task has the units with its number, plus a multiple of this.
const TASKS: usize = 40;
/// The stores that are broken in each way, in tasks of their own.
const MISSING: [usize; 5] = [1, 402, 803, 1204, 1605];
const SHRUNK: [usize; 5] = [6, 407, 808, 1209, 1610];
const CORRUPT: [usize; 5] = [11, 412, 813, 1214, 1615];
const REMOVED: [usize; 5] = [16, 417, 818, 1219, 1620];
/// Stores with a license that cannot be read. Their backup is good: it contains all others.
const INCOMPLETE: [usize; 5] = [21, 422, 823, 1224, 1625];

#[test]
#[ignore = "run by `make test-fleet`"]
fn the_report_names_exactly_the_broken_ones_of_two_thousand_stores() {
    let start = Instant::now();
    let mut fleet = Fleet::new(STORES);
    for store in SHRUNK {
        for license in 10..30 {
            fleet.add_license(store, license);
        }
    }
    fleet.back_up_once();
    for store in SHRUNK {
        let directory = fleet.store(store);
        fs::remove_dir_all(&directory).unwrap();
        fs::create_dir(&directory).unwrap();
        fleet.add_license(store, 0);
    }
    for store in INCOMPLETE {
        fs::write(
            fleet.store(store).join("malformed.lic"),
            "<LICENSE version=\"2.0.0.0\">",
        )
        .unwrap();
    }
    let prepared = start.elapsed();
    let start = Instant::now();

    let plan = fleet.submit(TASKS, 6);
    for store in MISSING {
        fs::remove_dir_all(fleet.store(store)).unwrap();
    }
    fleet.cluster.wait_until_empty();
    let backed_up = start.elapsed();

    // Only what may be different the next time is tried again, and not without an end.
    for store in MISSING {
        assert_eq!(
            fleet.cluster.exit_codes(&plan.array, store % TASKS),
            [1, 1, 1, 100]
        );
    }
    for store in SHRUNK {
        assert_eq!(fleet.cluster.exit_codes(&plan.array, store % TASKS), [6]);
    }
    for store in INCOMPLETE {
        assert_eq!(fleet.cluster.exit_codes(&plan.array, store % TASKS), [3]);
    }
    // The report ran after them.
    assert_eq!(fleet.cluster.exit_code(&plan.report), [101]);
    let mut broken: BTreeMap<_, _> = MISSING.map(|store| (store, "failed")).into();
    broken.extend(SHRUNK.map(|store| (store, "shrunk")));
    fleet.requires(&plan, &MISSING.into(), &broken, 1);

    for store in CORRUPT {
        let backup = plan.backup(store);
        let mut bytes = fs::read(&backup).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&backup, bytes).unwrap();
    }
    for store in REMOVED {
        fs::remove_file(plan.backup(store)).unwrap();
    }
    broken.extend(CORRUPT.map(|store| (store, "corrupt")));
    // The record of the last run, beside an earlier generation, names a backup that is gone.
    broken.extend(REMOVED.map(|store| (store, "corrupt")));
    fleet.requires(
        &plan,
        &MISSING.into_iter().chain(REMOVED).collect(),
        &broken,
        1,
    );
    counted(
        STORES as u64,
        format_args!(
            "stores, {} of them broken: prepared in {:.1} s, backed up by {TASKS} tasks in {:.1} s",
            broken.len(),
            prepared.as_secs_f64(),
            backed_up.as_secs_f64()
        ),
    );
}
