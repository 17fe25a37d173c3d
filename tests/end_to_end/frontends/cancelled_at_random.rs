//! Cancelled at random moments over the whole course of a backup and of a restore, through the library's cookie and with Ctrl-C:
//! all is as it was, or the operation has completed.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupOptions, BackupRestoreStatus, ErrorCode, Operation, OperationError, RestoreOptions,
    block_on,
};
use license_backup_tests::harness::{Invocation, Moments, Snapshot, counted, sized};
use nix::sys::signal::Signal;

use crate::library::{RUNTIME, outcome};
use crate::scene::{Before, Program, Scene};

/// How many operations are cancelled after it was measured how long one takes, which the load of the machine changes.
const AT_A_TIME: u64 = 10;

/// How often a test does that.
fn times() -> u64 {
    sized(1, 20)
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
        let mut moments = Moments::new();
        let random = (2..AT_A_TIME).map(move |_| Self::After(whole.mul_f64(moments.next_part())));
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
fn backups(what: &str, back_up: impl Fn(&Scene, Before, When) -> bool) {
    let scene = Scene::new(1500);
    for before in Before::BOTH {
        let check = || {
            assert!(
                scene.backup().as_ref() == Some(&scene.new),
                "the backup should be the new one"
            );
            assert!(scene.temporaries().is_empty(), "{:?}", scene.temporaries());
        };
        cancel_many(
            &format!("a backup {what}, {}", before.name()),
            &scene.sandbox.backup(),
            || scene.set_backup(before),
            |when| back_up(&scene, before, when),
            check,
        );
    }
}

/// Cancels restores.
fn restores(what: &str, restore: impl Fn(&Scene, When) -> bool) {
    let scene = Scene::new(150);
    let check = || {
        let (files, temporaries) = scene.target_files();
        assert!(files == scene.to_be, "all should be restored");
        assert!(temporaries.is_empty(), "{temporaries:?}");
    };
    let operate = |when| restore(&scene, when);
    cancel_many(
        &format!("a restore {what}"),
        &scene.target(),
        || scene.set_target(),
        operate,
        check,
    );
}

#[test]
fn a_backup_cancelled_by_its_cookie_changes_nothing_or_finishes() {
    backups("through its cookie", |scene, before, when| {
        let options = BackupOptions::new(scene.sandbox.store(), scene.sandbox.backup());
        cancel(
            block_on(RUNTIME.backup(&options.overwrite(before == Before::AnEarlierBackup))),
            when,
        )
    });
}

#[test]
fn a_backup_interrupted_at_any_time_changes_nothing_or_finishes() {
    backups("with Ctrl-C", |scene, before, when| {
        let run = Program::Binary.back_up(&scene.sandbox, "store", "backup", before.options());
        interrupt(run, when, || scene.backup().as_ref() == Some(&scene.new))
    });
}

#[test]
fn a_restore_cancelled_by_its_cookie_rolls_back_or_finishes() {
    restores("through its cookie", |scene, when| {
        let options =
            RestoreOptions::new(scene.sandbox.path("from"), scene.target()).overwrite(true);
        cancel(block_on(RUNTIME.restore(&options)), when)
    });
}

#[test]
fn a_restore_interrupted_at_any_time_rolls_back_or_finishes() {
    restores("with Ctrl-C", |scene, when| {
        let run = Program::Binary.restore(
            &scene.sandbox,
            "from",
            "target",
            &["--overwrite", "--quiet"],
        );
        // The first license has its name: from then on the restore runs to its end.
        interrupt(run, when, || {
            scene.target().join(scene.first_missing()).exists()
        })
    });
}
