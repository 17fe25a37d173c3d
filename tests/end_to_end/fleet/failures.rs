//! Tests of a cluster that fails: after each failure, every unit has exactly one new generation.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Instant;

use license_backup_tests::harness::{Tmpfs, counted, skipped};
use nix::sys::signal::{Signal, kill};

use super::fixture::{Fleet, NODES, Plan};

/// The number of stores, except where a disk of a few MiB holds their backups.
const STORES: u16 = 2000;
/// The number of tasks of the array.
const TASKS: usize = 20;
/// The number of tasks that run at once: one for each processor of the nodes.
const AT_ONCE: usize = 2 * NODES;
/// The large store, whose backup is interrupted. It is the third unit of the first task.
const LARGE: usize = 2 * TASKS;
const LARGE_TASK: usize = LARGE % TASKS;

/// Returns a fleet with an earlier generation of each store.
fn fleet() -> Fleet {
    let mut fleet = Fleet::new(STORES.into());
    fleet.back_up_once();
    fleet.make_large(LARGE);
    fleet
}

/// Requires that every unit of the plan has a good backup, and prints how long that took.
fn requires_good_backups(fleet: &Fleet, plan: &Plan, what: &str, start: Instant) {
    fleet.requires(plan, &BTreeSet::new(), &BTreeMap::new(), 0);
    counted(
        STORES.into(),
        format_args!("stores, {what}: {:.1} s", start.elapsed().as_secs_f64()),
    );
}

#[test]
#[ignore = "run by `make test-fleet`"]
fn a_node_that_is_killed_in_the_middle_of_a_unit_leaves_one_generation() {
    let start = Instant::now();
    let fleet = fleet();
    let plan = fleet.submit(TASKS, AT_ONCE);
    let node = fleet.freeze_in_the_middle(&plan, LARGE_TASK, LARGE);
    fleet.cluster.signal(&node, Signal::SIGKILL);
    fleet.cluster.wait_until_empty();
    requires_good_backups(&fleet, &plan, "a node killed", start);
}

#[test]
#[ignore = "run by `make test-fleet`"]
fn a_frozen_node_that_wakes_after_its_unit_is_done_elsewhere_changes_nothing() {
    let start = Instant::now();
    let fleet = fleet();
    let plan = fleet.submit(TASKS, AT_ONCE);
    let node = fleet.freeze_in_the_middle(&plan, LARGE_TASK, LARGE);
    fleet.cluster.wait_until_empty();
    fleet.requires(&plan, &BTreeSet::new(), &BTreeMap::new(), 0);

    // The program first, since the node would end it.
    let programs = fleet.cluster.programs(&node);
    assert!(
        !programs.is_empty(),
        "the unit should still be in its middle"
    );
    for id in programs {
        kill(id, Signal::SIGCONT).expect("the program is frozen");
    }
    fleet.cluster.wait_until("the program has ended", || {
        fleet.cluster.programs(&node).is_empty()
    });
    requires_good_backups(&fleet, &plan, "a node frozen and its task woken", start);

    fleet.cluster.signal(&node, Signal::SIGCONT);
    fleet.cluster.wait_until_idle();
    requires_good_backups(&fleet, &plan, "the node woken", start);
}

#[test]
#[ignore = "run by `make test-fleet`"]
fn a_controller_that_is_killed_and_started_again_leaves_one_generation() {
    let start = Instant::now();
    let fleet = fleet();
    let plan = fleet.submit(TASKS, AT_ONCE);
    plan.wait_until_started(LARGE);
    fleet.cluster.signal("controller", Signal::SIGKILL);
    plan.requires_the_middle(LARGE);
    // Tasks end while nobody notices.
    fleet.cluster.wait_until("all tasks have ended", || {
        (1..=NODES).all(|node| fleet.cluster.programs(&format!("n{node}")).is_empty())
    });
    fleet.cluster.run("controller");
    fleet.cluster.wait_until("the queue is empty", || {
        fleet.cluster.resume_and_release();
        fleet.cluster.queue().is_some_and(|queue| queue.is_empty())
    });
    // It may have forgotten jobs that it had accepted.
    fleet.submit_again(&plan, TASKS, AT_ONCE);
    fleet.cluster.wait_until_empty();
    requires_good_backups(&fleet, &plan, "the controller killed", start);
}

#[test]
#[ignore = "run by `make test-fleet`"]
fn a_destination_that_is_full_for_one_unit_keeps_it_for_the_next_run() {
    let start = Instant::now();
    let mut fleet = Fleet::new(40);
    let mut disk = match Tmpfs::mount(&fleet.sandbox, "size=3m") {
        Ok(disk) => disk,
        Err(why) => return skipped("a fleet whose destination is full", why),
    };
    fleet.back_up_into(disk.directory());
    fleet.back_up_once();
    let large = 17;
    fleet.make_large(large);
    // One task at a time: others would have no space while the large backup takes it.
    let plan = fleet.submit(4, 1);
    fleet.cluster.wait_until_empty();
    assert_eq!(
        fleet.cluster.exit_codes(&plan.array, large % 4),
        [1, 1, 1, 100]
    );
    assert_eq!(fleet.cluster.exit_code(&plan.report), [101]);
    fleet.requires(&plan, &[large].into(), &[(large, "failed")].into(), 1);

    disk.resize("64m").expect("the size of a tmpfs can change");
    let _ = fleet.run_again(&plan).exits(0);
    fleet.requires(&plan, &BTreeSet::new(), &BTreeMap::new(), 0);
    counted(
        40,
        format_args!(
            "stores, the disk full: {:.1} s",
            start.elapsed().as_secs_f64()
        ),
    );
}
