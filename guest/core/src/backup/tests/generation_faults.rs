//! Generations in which each call fails, or everything stops at each call: every other generation
//! stays, and `last-run.json` does not lie.

use super::generations::{
    FIRST, SECOND, TIME, back_up_and_keep_two, back_up_at, files, last_run, verify,
};
use super::*;
use crate::memory_fs::{FAULTS, report_count, survivals};
use crate::temporary::is_temporary_name;

/// The generation before the first one.
const OLDEST: &str = "licenses-20261125T214500Z.zip";

/// A second generation, and what happens besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// A license has changed.
    Changed,
    /// The store has shrunk: the first generation is pinned.
    Shrunk,
    /// A license has changed, and the retention policy keeps the newest two generations.
    Retention,
}

impl Case {
    const ALL: [Self; 3] = [Self::Changed, Self::Shrunk, Self::Retention];

    /// Returns a disk with generations, and a store that has changed or shrunk since.
    pub(super) fn disk(self) -> Disk {
        let disk = mixed();
        if self == Self::Retention {
            disk.write("/licenses/with\nline", allowed("oldest"));
            let options = BackupOptions {
                generation: Some(TIME - 3600),
                ..BackupOptions::default()
            };
            start_with(&disk, options)
                .and_then(|backup| run(backup).1)
                .expect("the store is backed up");
            disk.write("/licenses/with\nline", allowed("first"));
        }
        back_up_at(&disk, 0).expect("the store is backed up");
        if self == Self::Shrunk {
            shrink(&disk);
        } else {
            disk.write("/licenses/with\nline", allowed("changed"));
        }
        disk.limit_reads(1 << 10);
        disk.sync_all();
        disk.take_calls();
        disk
    }

    fn back_up(self, disk: &Disk) -> Result<BackupSummary, Failure> {
        if self == Self::Retention {
            back_up_and_keep_two(disk, 1)
        } else {
            back_up_at(disk, 1)
        }
    }

    /// Asserts that the first generation is as it was, and the oldest unless the new one is there.
    fn assert_kept(self, disk: &Disk, earlier: &BTreeMap<String, Vec<u8>>, when: &str) {
        let after = files(disk);
        assert_eq!(after.get(FIRST), earlier.get(FIRST), "{when}");
        let may_be_removed = self == Self::Retention && after.contains_key(SECOND);
        if !may_be_removed || after.contains_key(OLDEST) {
            assert_eq!(after.get(OLDEST), earlier.get(OLDEST), "{when}");
        }
        if let Some((_, Some(file))) = last_run(disk) {
            assert!(after.contains_key(&file), "the record names {file}: {when}");
        }
    }
}

/// Replaces most licenses of the store by others.
fn shrink(disk: &Disk) {
    for (directory, names) in [
        (
            "/licenses",
            &[
                "a-b",
                "a.b",
                "-dash",
                "book",
                "book-notes",
                "with\nline",
                "back\\slash",
            ][..],
        ),
        ("/licenses/a", &["b"]),
        ("/licenses/deep", &["two"]),
        ("/licenses/deep/er", &["one"]),
    ] {
        for name in names {
            disk.directory(directory).unlink(name).expect("it exists");
        }
    }
    for path in [
        "one", "two", "three", "four", "five", "six", "seven", "eight",
    ] {
        disk.write(&format!("/licenses/{path}"), allowed(path));
    }
}

#[test]
fn a_generation_with_any_call_failed_keeps_every_other_one() {
    let mut cases = 0;
    for case in Case::ALL {
        for fault in FAULTS {
            for number in 0.. {
                let disk = case.disk();
                let earlier = files(&disk);
                disk.inject(number, fault);
                let outcome = case.back_up(&disk);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                let Some(injected) = disk.take_injected() else {
                    continue;
                };
                let is_altered = |path: &String| path.starts_with("/backup");
                if injected.altered.keys().any(is_altered) {
                    continue;
                }
                let when = format!("{case:?} {injected:?}: {outcome:?}");
                case.assert_kept(&disk, &earlier, &when);
                assert_eq!(
                    is_made(&outcome),
                    files(&disk).contains_key(SECOND),
                    "{when}"
                );
                if is_made(&outcome) {
                    verify(&disk, SECOND);
                }
                if let Ok(summary) = outcome {
                    let recorded = (summary.exit_code().name().to_owned(), Some(summary.file));
                    assert_eq!(last_run(&disk), Some(recorded), "{when}");
                    let after = disk.snapshot("/backup");
                    disk.lose_power(Surviving::Nothing);
                    assert_eq!(disk.snapshot("/backup"), after, "it is durable {when}");
                }
                cases += 1;
            }
        }
    }
    report_count(cases, 2000, "a generation with each call failed in turn");
}

/// Returns `true` if a backup was made, even if something failed after that.
fn is_made(outcome: &Result<BackupSummary, Failure>) -> bool {
    outcome.as_ref().err().is_none_or(|failure| {
        ["is in place", "is complete, but"]
            .iter()
            .any(|text| failure.message.contains(text))
    })
}

#[test]
fn a_generation_stopped_at_any_call_keeps_every_other_one() {
    let mut cases = 0;
    for case in Case::ALL {
        let mut is_reached = true;
        let mut number = 0;
        while is_reached {
            for surviving in survivals(number) {
                let when = format!("{case:?} stopped at call {number}, {surviving:?} survives");
                let disk = case.disk();
                let earlier = files(&disk);
                disk.fail(FsError::Other("io"), move |call| call.number >= number);
                let outcome = case.back_up(&disk);
                is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                disk.lose_power(surviving);
                case.assert_kept(&disk, &earlier, &when);
                let after = files(&disk);
                if outcome.is_ok() || after.contains_key(SECOND) {
                    verify(&disk, SECOND);
                }
                let is_known = |name: &String| {
                    [OLDEST, FIRST, SECOND, &format!("{FIRST}.pin")].contains(&name.as_str())
                        || is_temporary_name(name)
                };
                assert!(after.keys().all(is_known), "{when}");
                let summary = back_up_at(&disk, 2).expect("the next backup succeeds");
                verify(&disk, &summary.file);
                cases += 1;
            }
            number += 1;
        }
    }
    report_count(
        cases,
        500,
        "a generation with everything stopped at each call",
    );
}
