//! Cancelled at random moments over the whole course of a backup and of a restore, through the library's cookie and with Ctrl-C:
//! all is as it was, or the operation has completed.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupOptions, BackupRestoreStatus, ErrorCode, Operation, OperationError, RestoreOptions,
    block_on,
};
use license_backup_tests::harness::{Invocation, Sampler, Snapshot, counted, scaled};
use nix::sys::signal::Signal;

use crate::fixture::{Before, Fixture, Program};
use crate::library::{RUNTIME, outcome};

/// How many operations are cancelled after it was measured how long one takes, which the load of the machine changes.
const AT_A_TIME: u64 = 10;

/// How often a test does that.
fn times() -> u64 {
    scaled(1, 20)
}

/// When an operation is cancelled.
#[derive(Clone, Copy)]
enum When {
    AtOnce,
    After(Duration),
    AtTheEnd,
}

impl When {
    /// All moments at which an operation is cancelled that takes so long.
    fn all(whole: Duration) -> impl Iterator<Item = Self> {
        let mut moments = Sampler::new();
        let random =
            (2..AT_A_TIME).map(move |_| Self::After(whole.mul_f64(moments.next_fraction())));
        [Self::AtOnce, Self::AtTheEnd].into_iter().chain(random)
    }
}

/// Cancels an operation. Gives whether it has completed all the same.
fn cancel<S: Send + 'static>(
    operation: Result<Operation<BackupRestoreStatus, S>, OperationError>,
    when: When,
) -> bool {
    let Operation {
        mut events,
        completed,
        cookie,
    } = operation.expect("the operation is accepted");
    match when {
        When::AtOnce => {}
        When::After(moment) => thread::sleep(moment),
        When::AtTheEnd => {
            while events
                .wait_next()
                .is_some_and(|status| status != BackupRestoreStatus::End)
            {}
        }
    }
    cookie.cancel();
    match outcome(completed) {
        Ok(_) => true,
        Err(error) if error.code() == ErrorCode::Cancelled => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// Interrupts a run, from the moment on when it is ready for that. Gives whether it has completed all the same.
fn interrupt(run: Invocation, when: When, is_at_the_end: impl Fn() -> bool) -> bool {
    let mut run = run.start();
    // A run that is over by then has completed.
    match when {
        When::AtOnce | When::After(_) => run.wait_until_it_handles(Signal::SIGINT),
        When::AtTheEnd => run.wait_until(is_at_the_end),
    };
    if let When::After(moment) = when {
        thread::sleep(moment);
    }
    run.signal(Signal::SIGINT);
    let outcome = run.wait();
    match outcome.code() {
        Some(0) => true,
        Some(130) => false,
        _ => panic!("{}", outcome.report()),
    }
}

/// Cancels operations on a directory at one moment after the other. `set` makes it what it is before, `operate` gives whether an
/// operation has completed all the same, and `check` requires that the directory then is what it is to be.
fn cancel_many(
    what: &str,
    directory: &Path,
    set: impl Fn(),
    operate: impl Fn(When) -> bool,
    check: impl Fn(),
) {
    let (mut cancelled, mut completed) = (0, 0);
    for _ in 0..times() {
        set();
        let since = Instant::now();
        assert!(
            operate(When::AtTheEnd),
            "what is cancelled at the end should be complete"
        );
        for when in When::all(since.elapsed()) {
            set();
            let was = Snapshot::of(directory);
            if operate(when) {
                check();
                completed += 1;
            } else {
                assert_eq!(Snapshot::of(directory), was);
                cancelled += 1;
            }
        }
    }
    counted(
        cancelled + completed,
        format_args!("cancellations of {what}, {completed} of them too late"),
    );
    assert!(
        cancelled > 0 && completed > 0,
        "both outcomes should be seen: {cancelled} and {completed}"
    );
}

/// Cancels backups, with and without an earlier one.
fn backups(what: &str, back_up: impl Fn(&Fixture, Before, When) -> bool) {
    let fixture = Fixture::new(1500);
    for before in Before::BOTH {
        let check = || {
            assert!(
                fixture.backup().as_ref() == Some(&fixture.new),
                "the backup should be the new one"
            );
            assert!(
                fixture.temporaries().is_empty(),
                "{:?}",
                fixture.temporaries()
            );
        };
        cancel_many(
            &format!("a backup {what}, {}", before.name()),
            &fixture.sandbox.backup(),
            || fixture.set_backup(before),
            |when| back_up(&fixture, before, when),
            check,
        );
    }
}

/// Cancels restores.
fn restores(what: &str, restore: impl Fn(&Fixture, When) -> bool) {
    let fixture = Fixture::new(150);
    let check = || {
        let (files, temporaries) = fixture.target_files();
        assert!(files == fixture.to_be, "all should be restored");
        assert!(temporaries.is_empty(), "{temporaries:?}");
    };
    let operate = |when| restore(&fixture, when);
    cancel_many(
        &format!("a restore {what}"),
        &fixture.target(),
        || fixture.set_target(),
        operate,
        check,
    );
}

#[test]
fn a_backup_cancelled_by_its_cookie_changes_nothing_or_finishes() {
    backups("through its cookie", |fixture, before, when| {
        let options = BackupOptions::new(fixture.sandbox.store(), fixture.sandbox.backup());
        cancel(
            block_on(RUNTIME.backup(&options.overwrite(before == Before::AnEarlierBackup))),
            when,
        )
    });
}

#[test]
fn a_backup_interrupted_at_any_time_changes_nothing_or_finishes() {
    backups("with Ctrl-C", |fixture, before, when| {
        let run = Program::Binary.back_up(&fixture.sandbox, "store", "backup", before.options());
        interrupt(run, when, || {
            fixture.backup().as_ref() == Some(&fixture.new)
        })
    });
}

#[test]
fn a_restore_cancelled_by_its_cookie_rolls_back_or_finishes() {
    restores("through its cookie", |fixture, when| {
        let options =
            RestoreOptions::new(fixture.sandbox.path("from"), fixture.target()).overwrite(true);
        cancel(block_on(RUNTIME.restore(&options)), when)
    });
}

#[test]
fn a_restore_interrupted_at_any_time_rolls_back_or_finishes() {
    restores("with Ctrl-C", |fixture, when| {
        let run = Program::Binary.restore(
            &fixture.sandbox,
            "from",
            "target",
            &["--overwrite", "--quiet"],
        );
        // The first license has its name: from then on the restore runs to its end.
        interrupt(run, when, || {
            fixture.target().join(fixture.first_missing()).exists()
        })
    });
}
