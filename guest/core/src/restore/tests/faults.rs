//! Every call of a restore, met by every fault.

use super::trial::{KINDS, Kind, PATHS, is_right, temporaries};
use super::*;
use crate::memory_fs::{FAULTS, InjectedFault, report_count};

#[test]
fn whatever_befalls_a_call_all_is_undone_or_each_license_is_in_place_or_told() {
    let (mut cases, mut undone, mut incomplete) = (0, 0, 0);
    for kind in KINDS {
        for fault in FAULTS {
            let before = cases;
            for number in 0.. {
                let disk = kind.disk();
                disk.inject(number, fault);
                let befallen = Befallen::attempt(kind, &disk);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                if let Some(injected) = disk.take_injected() {
                    match befallen.check(&disk, &injected) {
                        Found::Restored => {}
                        Found::Undone => undone += 1,
                        Found::Incomplete => incomplete += 1,
                    }
                    kind.recovers(&disk, &format!("{kind:?} {injected:?}"));
                    cases += 1;
                }
            }
            assert!(
                cases > before,
                "{fault:?} means nothing to any call: {kind:?}"
            );
        }
    }
    assert!(undone > 1000 && incomplete > 100, "{undone} {incomplete}");
    report_count(cases, 4000, "a restore with each call failed in turn");
}

/// A restore that something has befallen.
struct Befallen {
    kind: Kind,
    /// The store and the backup directory before it.
    store: Tree,
    directory: Tree,
    events: Vec<BackupRestoreStatus>,
    outcome: Result<RestoreSummary, Failure>,
}

/// What has become of it.
enum Found {
    /// It says that all went well.
    Restored,
    /// The store is as it was.
    Undone,
    /// Something is in place, and something is amiss.
    Incomplete,
}

impl Befallen {
    fn attempt(kind: Kind, disk: &Disk) -> Self {
        let (store, directory) = (store(disk), disk.tree("/backup"));
        let (events, outcome) = kind.attempt(disk);
        Self {
            kind,
            store,
            directory,
            events,
            outcome,
        }
    }

    fn check(&self, disk: &Disk, injected: &InjectedFault) -> Found {
        let when = format!(
            "{:?} {injected:?}: {:?} {:?}",
            self.kind,
            self.outcome,
            self.troubles()
        );
        assert_eq!(
            disk.tree("/backup"),
            altered(&self.directory, injected, "/backup"),
            "{when}"
        );
        let (before, now) = (altered(&self.store, injected, "/licenses"), store(disk));
        self.kind.is_old_or_new(&before, &now, &when);
        if injected.is_short() {
            assert!(self.outcome.is_ok(), "{when}");
        }
        let conflicts = told(&self.events, ErrorCode::FileExists);
        let is_conflict = |path: &str| conflicts.iter().any(|conflict| conflict == path);
        // What somebody else alters after the restore has looked at it, or put it there, is not the restore's.
        let is_anothers = |path: &str| injected.altered.contains_key(&format!("/licenses/{path}"));
        let wrong: Vec<_> = PATHS
            .into_iter()
            .filter(|path| !is_right(&now, path) && !is_conflict(path))
            .collect();
        let missing: Vec<_> = wrong
            .iter()
            .copied()
            .filter(|path| !is_anothers(path))
            .collect();
        if let (Some(error), Err(failure)) = (injected.io_error(), &self.outcome) {
            assert_eq!(failure.code, error.code(), "{when}");
        }
        match &self.outcome {
            Ok(summary) => {
                assert_eq!(missing, [] as [&str; 0], "{when}");
                assert_eq!(self.troubles(), [] as [&Failure; 0], "{when}");
                assert_eq!(summary.conflicts, conflicts.len() as u64, "{when}");
                assert_eq!(
                    summary.restored + summary.present + summary.conflicts,
                    PATHS.len() as u64,
                    "{when}"
                );
                assert!(
                    temporaries(&now).is_empty() || injected.is_false_absence(),
                    "{when}"
                );
                disk.lose_power(Surviving::Nothing);
                assert_eq!(store(disk), now, "something is not durable {when}");
                Found::Restored
            }
            Err(failure) if is_committed(failure) => {
                let (failed, _) = failure
                    .message
                    .split_once(" of 7 licenses could not")
                    .unwrap_or(("0", ""));
                let failed = failed.parse().expect("it is a number");
                assert!((missing.len()..=wrong.len()).contains(&failed), "{when}");
                for path in missing {
                    let is_told = self
                        .troubles()
                        .iter()
                        .any(|failure| failure.path.as_deref() == Some(path));
                    assert!(is_told, "{path} is not told {when}");
                }
                assert!(
                    self.troubles()
                        .first()
                        .is_some_and(|first| failure.message.contains(&first.message)),
                    "{when}"
                );
                for path in temporaries(&now) {
                    let name = path.rsplit('/').next().unwrap_or_default();
                    let is_told = self
                        .troubles()
                        .iter()
                        .any(|failure| failure.message.contains(name));
                    assert!(
                        is_told || injected.is_false_absence(),
                        "{path} is left and not told {when}"
                    );
                }
                Found::Incomplete
            }
            Err(_) => {
                assert_eq!(now, before, "it is not undone {when}");
                disk.lose_power(Surviving::Nothing);
                assert_eq!(
                    store(disk),
                    before,
                    "it is not undone after a power cut {when}"
                );
                Found::Undone
            }
        }
    }

    /// What was told of trouble in the store: neither conflicts nor what is wrong with the backup.
    fn troubles(&self) -> Vec<&Failure> {
        let failures = self.events.iter().filter_map(|event| {
            if let BackupRestoreStatus::Error(failure) = event {
                Some(failure)
            } else {
                None
            }
        });
        failures
            .filter(|failure| {
                ![ErrorCode::FileExists, ErrorCode::BackupCorrupt].contains(&failure.code)
            })
            .collect()
    }
}

/// Whether a failure says that something is in place.
fn is_committed(failure: &Failure) -> bool {
    failure
        .message
        .contains("licenses could not be put in place")
        || failure.message.contains("licenses are in place")
}

/// What was in a directory, after what somebody else has altered there.
fn altered(before: &Tree, injected: &InjectedFault, directory: &str) -> Tree {
    let mut altered = before.clone();
    for (path, content) in &injected.altered {
        let Some(path) = path.strip_prefix(directory) else {
            continue;
        };
        match content {
            None => drop(altered.remove(path)),
            Some(_) => drop(altered.insert(path.to_owned(), content.clone())),
        }
    }
    altered
}
