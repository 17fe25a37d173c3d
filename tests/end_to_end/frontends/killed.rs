//! Tests that kill programs with `SIGKILL`, at random times and around the commit: each file is
//! either the earlier or the new one, and the next run succeeds.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use license_backup_tests::harness::{Outcome, Process, Sandbox, Snapshot, counted, scaled};

use crate::fixture::{Before, Fixture, Program, wait_for_next_second};
use crate::moments::Moments;
use crate::program::temporary_files::make_older;

/// Returns the number of kills of each test.
fn kills() -> u64 {
    scaled(8, 200)
}

/// An age at which a temporary file is stale: more than one hour.
const STALE_AGE: Duration = Duration::from_hours(2);

/// A series of runs that are killed, each at a random time.
struct Kills<Start, HasBegun> {
    start: Start,
    /// Returns `true` if the critical part of a run has begun: it writes the backup, or commits
    /// licenses.
    has_begun: HasBegun,
    moments: Moments,
    started: u64,
    killed: u64,
}

impl<Start: Fn() -> Process, HasBegun: Fn() -> bool> Kills<Start, HasBegun> {
    /// Begins a series of which one of `one_before_in` runs is killed before its critical part.
    fn new(one_before_in: u64, start: Start, has_begun: HasBegun) -> Self {
        Self {
            start,
            has_begun,
            moments: Moments::new(one_before_in),
            started: 0,
            killed: 0,
        }
    }

    /// Returns `true` if more kills are necessary: too few runs were killed, or not all cases have
    /// occurred.
    fn must_continue(&self, all_cases_occurred: bool) -> bool {
        assert!(
            self.started < 10 * kills(),
            "all cases should have occurred after {} kills",
            self.killed
        );
        self.killed < kills() || !all_cases_occurred
    }

    /// Starts a run and kills it. Returns its outcome, and `true` if the run was killed before its
    /// end.
    fn kill_one(&mut self) -> (Outcome, bool) {
        if self.moments.need_measurement() {
            self.moments.measure(&self.start, &self.has_begun);
        }
        let mut run = (self.start)();
        self.moments.wait(&mut run, &self.has_begun);
        let outcome = run.kill();
        let was_killed = outcome.code().is_none();
        assert!(
            was_killed || outcome.code() == Some(0),
            "{}",
            outcome.report()
        );
        self.started += 1;
        self.killed += u64::from(was_killed);
        (outcome, was_killed)
    }
}

/// Requires that the backup directory contains the earlier backup, if any, or the new one, and that
/// the backup is valid. Returns `true` if it is the new one.
fn backup_is_old_or_new(fixture: &Fixture, before: Before, outcome: &Outcome) -> bool {
    let found = fixture.backup();
    let is_new = found.as_ref() == Some(&fixture.new);
    let is_old = found.as_ref() == fixture.before(before);
    assert!(
        is_new || is_old,
        "the backup should be the earlier or the new one\n{}",
        outcome.report()
    );
    if found.is_some() {
        fixture
            .sandbox
            .license_backup(["verify", "--from", "backup", "--quiet"])
            .run()
            .exits(0);
    }
    is_new
}

/// Requires that a backup of the store that is not backed up succeeds after a killed run.
fn next_backup_is_made(fixture: &Fixture) {
    let (store, expected) = if fixture.backup().as_ref() == Some(&fixture.earlier) {
        ("store", &fixture.new)
    } else {
        ("other", &fixture.earlier)
    };
    let options = ["--quiet", "--overwrite", "--allow-shrink"];
    let next = Program::Binary.back_up(&fixture.sandbox, store, "backup", &options);
    let outcome = next.run().exits(0);
    assert!(
        fixture.backup().as_ref() == Some(expected),
        "{}",
        outcome.report()
    );
}

/// Kills backups, and requires that each leaves the earlier or the new backup, and that the next
/// backup succeeds and keeps fresh temporary files.
fn kill_backups(program: Program, before: Before) {
    let fixture = Fixture::new(1500);
    let temporary = fixture.sandbox.path("backup/.license-backup-0.tmp");
    let start = || {
        fixture.set_backup(before);
        program
            .back_up(&fixture.sandbox, "store", "backup", before.options())
            .start()
    };
    let mut kills = Kills::new(8, start, || temporary.exists());
    let (mut committed, mut left) = (0, 0);
    while kills.must_continue(left > 0 && committed < kills.killed) {
        let (outcome, was_killed) = kills.kill_one();
        let is_new = backup_is_old_or_new(&fixture, before, &outcome);
        assert!(
            was_killed || is_new,
            "a program that succeeds should have written the new backup\n{}",
            outcome.report()
        );
        let temporaries = fixture.temporaries();
        assert!(
            was_killed || temporaries.is_empty(),
            "{temporaries:?}\n{}",
            outcome.report()
        );
        next_backup_is_made(&fixture);
        assert_eq!(
            fixture.temporaries(),
            temporaries,
            "the next backup should keep a fresh temporary file"
        );
        committed += u64::from(was_killed && is_new);
        left += u64::from(!temporaries.is_empty());
    }
    let (program, before) = (program.name(), before.name());
    let details = format_args!("{committed} after the commit, {left} with a temporary file left");
    counted(
        kills.killed,
        format_args!("kills of {program} during a backup, {before}: {details}"),
    );
}

#[test]
fn a_killed_backup_leaves_no_backup_or_a_complete_one() {
    kill_backups(Program::Binary, Before::Nothing);
}

#[test]
fn a_killed_backup_leaves_the_earlier_one_or_a_complete_one() {
    kill_backups(Program::Binary, Before::AnEarlierBackup);
}

#[test]
fn a_killed_wasmtime_leaves_no_backup_or_a_complete_one() {
    kill_backups(Program::Wasmtime, Before::Nothing);
}

#[test]
fn a_killed_wasmtime_leaves_the_earlier_one_or_a_complete_one() {
    kill_backups(Program::Wasmtime, Before::AnEarlierBackup);
}

/// Returns the inode number of a file of the sandbox, or `None` if the file does not exist.
fn inode(sandbox: &Sandbox, path: &str) -> Option<u64> {
    fs::metadata(sandbox.path(path))
        .ok()
        .map(|metadata| metadata.ino())
}

#[test]
fn a_backup_killed_at_its_commit_outlives_its_temporary_name() {
    let fixture = Fixture::new(300);
    let mut killed = 0;
    while killed < kills() {
        let before = Before::BOTH[usize::from(killed % 2 == 0)];
        fixture.set_backup(before);
        let old = inode(&fixture.sandbox, "backup/licenses.zip");
        let mut run = fixture.sandbox.back_up(before.options()).start();
        run.wait_until(|| {
            let now = inode(&fixture.sandbox, "backup/licenses.zip");
            now.is_some() && now != old
        });
        let outcome = run.kill();
        killed += u64::from(outcome.code().is_none());
        assert!(
            backup_is_old_or_new(&fixture, before, &outcome),
            "the backup should be the new one after the commit\n{}",
            outcome.report()
        );

        // A kill between the creation of the link and the removal of the temporary name leaves a
        // second name of the backup. Create it if this kill did not leave one.
        let temporary = fixture.sandbox.path("backup/.license-backup-0.tmp");
        if !temporary.exists() {
            fs::hard_link(fixture.sandbox.backup_file(), &temporary).unwrap();
        }
        make_older(&temporary, STALE_AGE);
        fixture.sandbox.back_up(&["--quiet"]).run().exits(4);
        assert!(
            fixture.backup().as_ref() == Some(&fixture.new),
            "a refused backup should change nothing"
        );
        next_backup_is_made(&fixture);
        assert!(
            fixture.temporaries().is_empty(),
            "stale temporary files should be removed: {:?}",
            fixture.temporaries()
        );
    }
    counted(killed, "kills of license-backup at the commit of a backup");
}

#[test]
fn the_temporary_file_of_a_killed_run_is_removed_after_1_hour() {
    let fixture = Fixture::new(1500);
    let temporary = fixture.sandbox.path("backup/.license-backup-0.tmp");
    // A kill after the commit leaves no temporary file.
    while !temporary.exists() {
        fixture.set_backup(Before::Nothing);
        let mut run = fixture.sandbox.back_up(&["--quiet"]).start();
        assert!(
            run.wait_until(|| temporary.exists()),
            "the backup should write a temporary file"
        );
        let _ = run.kill();
    }
    make_older(&temporary, Duration::from_mins(59));
    next_backup_is_made(&fixture);
    assert!(
        temporary.exists(),
        "a temporary file of 59 minutes should be kept"
    );
    make_older(&temporary, Duration::from_mins(61));
    next_backup_is_made(&fixture);
    assert!(
        fixture.temporaries().is_empty(),
        "{:?}",
        fixture.temporaries()
    );
}

#[test]
fn a_killed_restore_leaves_no_partial_license_and_can_resume() {
    let fixture = Fixture::new(150);
    let first = fixture.target().join(fixture.first_missing());
    let restore = |arguments| {
        Program::Binary.restore(
            &fixture.sandbox,
            "from",
            "target",
            &["--overwrite", arguments],
        )
    };
    let start = || {
        fixture.set_target();
        restore("--quiet").start()
    };
    // One half is killed before the first license is committed, the other half after.
    let mut kills = Kills::new(2, start, || first.exists());
    let (mut untouched, mut partial, mut removed) = (0, 0, 0);
    while kills.must_continue(untouched > 0 && partial > 0 && removed > 0) {
        let are_stale = kills.started % 4 < 2;
        let (outcome, was_killed) = kills.kill_one();
        let (files, temporaries) = fixture.target_files();
        for path in fixture.restored.keys() {
            let is_known =
                [fixture.initial.get(path), fixture.restored.get(path)].contains(&files.get(path));
            assert!(
                is_known,
                "{} should be unchanged or restored\n{}",
                path.display(),
                outcome.report()
            );
        }
        assert!(
            files.keys().all(|path| fixture.restored.contains_key(path)),
            "{}",
            outcome.report()
        );
        assert!(
            was_killed || (files == fixture.restored && temporaries.is_empty()),
            "{}",
            outcome.report()
        );

        // Temporary files do not prevent a restore. A restore that writes to their directory
        // removes those that are stale.
        for temporary in temporaries.iter().filter(|_| are_stale) {
            make_older(&fixture.target().join(temporary), STALE_AGE);
        }
        let second = restore("--json").run().exits(0);
        let (completed, remaining) = fixture.target_files();
        assert!(
            completed == fixture.restored,
            "a second restore should restore all licenses\n{}",
            second.report()
        );
        let should_be_removed = are_stale && second.end_event()["restored"] != 0;
        let expected = if should_be_removed {
            &[][..]
        } else {
            &temporaries
        };
        assert_eq!(
            remaining,
            expected,
            "{}\n{}",
            outcome.report(),
            second.report()
        );

        untouched += u64::from(was_killed && files == fixture.initial);
        partial += u64::from(was_killed && files != fixture.initial && files != fixture.restored);
        removed += if should_be_removed {
            temporaries.len()
        } else {
            0
        };
    }
    let details =
        format_args!("{untouched} before the first commit, {partial} with some licenses restored");
    let after = format_args!("the next restore removed {removed} temporary files");
    counted(
        kills.killed,
        format_args!("kills of license-backup during a restore: {details}; {after}"),
    );
}

/// Returns the generations in the backup directory, the oldest first.
fn generations(sandbox: &Sandbox) -> Vec<String> {
    let mut names = Snapshot::of(&sandbox.backup()).names();
    names.retain(|name| name.starts_with("licenses-"));
    names
}

/// Returns the name of the backup that a run reports.
fn file(outcome: &Outcome) -> String {
    let end = outcome.end_event();
    let file = end["file"].as_str().expect("the run has succeeded");
    file.to_owned()
}

/// Kills backups that keep the newest two generations. The newest one that was reported stays, each
/// generation is whole, and the next backup succeeds.
fn kill_generations(program: Program) {
    let fixture = Fixture::new(1500);
    let sandbox = &fixture.sandbox;
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let turn = Cell::new(0);
    let options = ["--keep-last", "2", "--allow-shrink", "--json"];
    let start = || {
        // The stores differ, so that each run makes a generation.
        turn.set(turn.get() + 1);
        wait_for_next_second();
        let store = if turn.get() % 2 == 0 {
            "store"
        } else {
            "other"
        };
        program.back_up(sandbox, store, "backup", &options).start()
    };
    let mut kills = Kills::new(8, start, || temporary.exists());
    let (mut reported, mut verified) = (String::new(), 0);
    while kills.must_continue(true) {
        let (outcome, was_killed) = kills.kill_one();
        if !was_killed {
            reported = file(&outcome);
        }
        for name in generations(sandbox) {
            let verify = [
                "verify",
                "--from",
                "backup",
                "--quiet",
                "--generation",
                &name,
            ];
            sandbox.license_backup(verify).run().exits(0);
            verified += 1;
        }
        let newest = generations(sandbox).pop().unwrap_or_default();
        assert!(newest >= reported, "{newest}\n{}", outcome.report());
        wait_for_next_second();
        let next = sandbox.back_up(&options).run().exits(0);
        reported = file(&next);
        assert!(
            generations(sandbox).contains(&reported),
            "{}",
            next.report()
        );
        sandbox
            .license_backup(["check", "--from", "backup", "--max-age", "1h", "--quiet"])
            .run()
            .exits(0);
    }
    let details = format_args!("{verified} generations verified after them");
    counted(
        kills.killed,
        format_args!("kills of {} with a policy: {details}", program.name()),
    );
}

#[test]
fn a_killed_backup_with_a_policy_loses_no_generation() {
    kill_generations(Program::Binary);
}

#[test]
fn a_killed_wasmtime_with_a_policy_loses_no_generation() {
    kill_generations(Program::Wasmtime);
}
