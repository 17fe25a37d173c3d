//! `kill -9`, at random moments and at those that matter most: whenever it comes, what is there is what was there before, or what
//! was to be made, and the next run does its work.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::thread;
use std::time::{Duration, Instant};

use license_backup_tests::harness::{Outcome, Process, Sampler, Sandbox, counted, scaled};

use crate::fixture::{Before, Fixture, Program};
use crate::program::temporary_files::make_older;

/// How many kills each test has to do.
fn kills() -> u64 {
    scaled(8, 200)
}

/// How long a temporary file has to be left alone until it is taken for one that nobody uses, and more.
const LONG_AGO: Duration = Duration::from_hours(2);

/// Runs that are killed, each at another moment of its course.
struct Kills<Start, HasBegun> {
    start: Start,
    /// Whether a run has begun with what matters most.
    has_begun: HasBegun,
    /// One of so many is killed at a moment before that, all others after it.
    one_before_in: u64,
    /// How long a run takes that nobody kills, until it has begun and from then on.
    course: [Duration; 2],
    moments: [Sampler; 2],
    started: u64,
    killed: u64,
}

impl<Start: Fn() -> Process, HasBegun: Fn() -> bool> Kills<Start, HasBegun> {
    fn new(one_before_in: u64, start: Start, has_begun: HasBegun) -> Self {
        let moments = [Sampler::new(), Sampler::new()];
        let mut new = Self {
            start,
            has_begun,
            one_before_in,
            course: [Duration::ZERO; 2],
            moments,
            started: 0,
            killed: 0,
        };
        new.measure();
        new
    }

    /// Has a run come to its end.
    fn measure(&mut self) {
        let started = Instant::now();
        let mut run = (self.start)();
        assert!(run.wait_until(&self.has_begun), "a run should begin");
        let begun = Instant::now();
        run.wait().exits(0);
        self.course = [begun.duration_since(started), begun.elapsed()];
    }

    /// Whether there is something left to do: more kills, or more to be seen.
    fn go_on(&self, has_seen_enough: bool) -> bool {
        assert!(
            self.started < 10 * kills(),
            "{} kills should be enough, and spread over the whole course",
            self.killed
        );
        self.killed < kills() || !has_seen_enough
    }

    /// Starts a run and kills it. Gives also whether that came before its end: otherwise it does not count.
    fn one_more(&mut self) -> (Outcome, bool) {
        // The machine gets more or less to do.
        if self.started % 8 == 7 {
            self.measure();
        }
        let mut run = (self.start)();
        let part = usize::from(!self.started.is_multiple_of(self.one_before_in));
        if part == 1 {
            run.wait_until(&self.has_begun);
        }
        thread::sleep(self.course[part].mul_f64(self.moments[part].next_fraction()));
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

/// Requires that what is in the backup directory is what was there before or the new backup, and that a verification says the
/// same. Gives whether it is the new one.
fn is_whole(fixture: &Fixture, before: Before, outcome: &Outcome) -> bool {
    let found = fixture.backup();
    let is_new = found.as_ref() == Some(&fixture.new);
    let is_as_before = found.as_ref() == fixture.before(before);
    assert!(
        is_new || is_as_before,
        "there should be the backup of before, or the new one\n{}",
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

/// Requires that a backup of another store can be made beside what a killed run has left.
fn next_backup_is_made(fixture: &Fixture) {
    let next = Program::Binary.back_up(
        &fixture.sandbox,
        "other",
        "backup",
        &["--quiet", "--overwrite"],
    );
    let outcome = next.run().exits(0);
    assert!(
        fixture.backup().as_ref() == Some(&fixture.earlier),
        "{}",
        outcome.report()
    );
}

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
    while kills.go_on(left > 0 && committed < kills.killed) {
        let (outcome, was_killed) = kills.one_more();
        let is_new = is_whole(&fixture, before, &outcome);
        assert!(
            was_killed || is_new,
            "success was told before the backup was there\n{}",
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
            "a fresh temporary file is neither used nor removed"
        );
        committed += u64::from(was_killed && is_new);
        left += u64::from(!temporaries.is_empty());
    }
    let (name, there) = (program.name(), before.name());
    let what = format_args!("{committed} after the commit, {left} that leave a temporary file");
    counted(
        kills.killed,
        format_args!("kills of {name} during a backup, {there}: {what}"),
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

/// The file of this number, if there is one.
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
            is_whole(&fixture, before, &outcome),
            "the commit should have been seen\n{}",
            outcome.report()
        );

        // Had it come between the link and the removal of the temporary name, that would be a second name of the backup.
        let temporary = fixture.sandbox.path("backup/.license-backup-0.tmp");
        if !temporary.exists() {
            fs::hard_link(fixture.sandbox.backup_file(), &temporary).unwrap();
        }
        make_older(&temporary, LONG_AGO);
        fixture.sandbox.back_up(&["--quiet"]).run().exits(4);
        assert!(
            fixture.backup().as_ref() == Some(&fixture.new),
            "a refused backup should change nothing"
        );
        next_backup_is_made(&fixture);
        assert!(
            fixture.temporaries().is_empty(),
            "what is stale should be removed: {:?}",
            fixture.temporaries()
        );
    }
    counted(killed, "kills of license-backup at the commit of a backup");
}

#[test]
fn the_temporary_file_of_a_killed_run_is_removed_after_1_hour() {
    let fixture = Fixture::new(1500);
    let temporary = fixture.sandbox.path("backup/.license-backup-0.tmp");
    // A kill that comes too late leaves nothing.
    while !temporary.exists() {
        fixture.set_backup(Before::Nothing);
        let mut run = fixture.sandbox.back_up(&["--quiet"]).start();
        assert!(
            run.wait_until(|| temporary.exists()),
            "a temporary file should be there meanwhile"
        );
        let _ = run.kill();
    }
    make_older(&temporary, Duration::from_mins(59));
    next_backup_is_made(&fixture);
    assert!(temporary.exists(), "it is not old enough to be removed");
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
    // As many before the first license gets its name as after.
    let mut kills = Kills::new(2, start, || first.exists());
    let (mut untouched, mut partly, mut removed) = (0, 0, 0);
    while kills.go_on(untouched > 0 && partly > 0 && removed > 0) {
        let are_old = kills.started % 4 < 2;
        let (outcome, was_killed) = kills.one_more();
        let (files, temporaries) = fixture.target_files();
        for path in fixture.to_be.keys() {
            let is_known =
                [fixture.was.get(path), fixture.to_be.get(path)].contains(&files.get(path));
            assert!(
                is_known,
                "{} should be as it was or is to be\n{}",
                path.display(),
                outcome.report()
            );
        }
        assert!(
            files.keys().all(|path| fixture.to_be.contains_key(path)),
            "{}",
            outcome.report()
        );
        assert!(
            was_killed || (files == fixture.to_be && temporaries.is_empty()),
            "{}",
            outcome.report()
        );

        // What is left behind is in nobody's way, and is removed when it is old and something is written beside it.
        for temporary in temporaries.iter().filter(|_| are_old) {
            make_older(&fixture.target().join(temporary), LONG_AGO);
        }
        let second = restore("--json").run().exits(0);
        let (completed, still_there) = fixture.target_files();
        assert!(
            completed == fixture.to_be,
            "a second restore should complete it\n{}",
            second.report()
        );
        let is_cleared = are_old && second.end_event()["restored"] != 0;
        let expected = if is_cleared { &[][..] } else { &temporaries };
        assert_eq!(
            still_there,
            expected,
            "{}\n{}",
            outcome.report(),
            second.report()
        );

        untouched += u64::from(was_killed && files == fixture.was);
        partly += u64::from(was_killed && files != fixture.was && files != fixture.to_be);
        removed += if is_cleared { temporaries.len() } else { 0 };
    }
    let what = format_args!(
        "{untouched} before the first license had its name, {partly} with some in place"
    );
    let after = format_args!("{removed} files that were left are removed by the next");
    counted(
        kills.killed,
        format_args!("kills of license-backup during a restore: {what}; {after}"),
    );
}
