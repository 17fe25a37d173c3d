//! Restores of which each call is faulted in turn, with every fault.

use super::scenario::{SCENARIOS, Scenario, is_right, temporaries};
use super::*;
use crate::memory_fs::{FAULTS, InjectedFault, report_count};

#[test]
fn a_faulted_restore_is_rolled_back_or_reports_each_license() {
    let (mut cases, mut rolled_back, mut incomplete) = (0, 0, 0);
    for scenario in SCENARIOS {
        for fault in FAULTS {
            let before = cases;
            for number in 0.. {
                let disk = scenario.disk();
                disk.inject(number, fault);
                let faulted = FaultedRun::new(scenario, &disk);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                if let Some(injected) = disk.take_injected() {
                    match faulted.check(&disk, &injected) {
                        Ending::Succeeded => {}
                        Ending::RolledBack => rolled_back += 1,
                        Ending::Incomplete => incomplete += 1,
                    }
                    scenario.assert_recovers(&disk, &format!("{scenario:?} {injected:?}"));
                    cases += 1;
                }
            }
            assert!(cases > before, "{fault:?} applies to no call: {scenario:?}");
        }
    }
    assert!(
        rolled_back > 1000 && incomplete > 100,
        "{rolled_back} {incomplete}"
    );
    report_count(cases, 4000, "a restore with each call failed in turn");
}

/// A restore into which a fault was injected.
struct FaultedRun {
    scenario: Scenario,
    /// The store before the restore.
    store: Tree,
    /// The backup directory before the restore.
    backup: Tree,
    events: Vec<BackupRestoreStatus>,
    result: Result<RestoreSummary, Failure>,
}

/// How a faulted restore has ended.
enum Ending {
    /// It has reported success.
    Succeeded,
    /// The store is unchanged.
    RolledBack,
    /// Some licenses are in place, and errors were reported.
    Incomplete,
}

impl FaultedRun {
    fn new(scenario: Scenario, disk: &Disk) -> Self {
        let (store, backup) = (store(disk), disk.tree("/backup"));
        let (events, result) = scenario.run(disk);
        Self {
            scenario,
            store,
            backup,
            events,
            result,
        }
    }

    fn check(&self, disk: &Disk, injected: &InjectedFault) -> Ending {
        let when = format!(
            "{:?} {injected:?}: {:?} {:?}",
            self.scenario,
            self.result,
            self.errors()
        );
        assert_eq!(
            disk.tree("/backup"),
            altered(&self.backup, injected, "/backup"),
            "{when}"
        );
        let before = altered(&self.store, injected, "/licenses");
        let now = store(disk);
        self.scenario.assert_old_or_complete(&before, &now, &when);
        if injected.is_short() {
            assert!(self.result.is_ok(), "{when}");
        }
        if let (Some(error), Err(failure)) = (injected.io_error(), &self.result) {
            assert_eq!(failure.code, error.code(), "{when}");
        }
        match &self.result {
            Ok(summary) => {
                self.check_success(disk, injected, summary, &now, &when);
                Ending::Succeeded
            }
            Err(failure) if is_committed(failure) => {
                self.check_incomplete(injected, failure, &now, &when);
                Ending::Incomplete
            }
            Err(_) => {
                assert_eq!(now, before, "it is not rolled back {when}");
                disk.lose_power(Surviving::Nothing);
                assert_eq!(store(disk), before, "the rollback is not durable {when}");
                Ending::RolledBack
            }
        }
    }

    fn check_success(
        &self,
        disk: &Disk,
        injected: &InjectedFault,
        summary: &RestoreSummary,
        now: &Tree,
        when: &str,
    ) {
        let conflicts = self.conflicts();
        let (missing, _) = self.missing_and_altered(injected, now);
        assert_eq!(missing, [] as [&str; 0], "{when}");
        assert_eq!(self.errors(), [] as [&Failure; 0], "{when}");
        assert_eq!(summary.conflicts, conflicts.len() as u64, "{when}");
        assert_eq!(
            summary.restored + summary.present + summary.conflicts,
            self.scenario.paths().len() as u64,
            "{when}"
        );
        assert!(
            temporaries(now).is_empty() || injected.is_false_absence(),
            "{when}"
        );
        disk.lose_power(Surviving::Nothing);
        assert_eq!(store(disk), *now, "the restore is not durable {when}");
    }

    fn check_incomplete(
        &self,
        injected: &InjectedFault,
        failure: &Failure,
        now: &Tree,
        when: &str,
    ) {
        let errors = self.errors();
        let (missing, altered) = self.missing_and_altered(injected, now);
        let failed = failure
            .message
            .split_once(&format!(
                " of {} licenses could not",
                self.scenario.paths().len()
            ))
            .map_or(0, |(failed, _)| failed.parse().expect("it is a number"));
        assert!(
            (missing.len()..=missing.len() + altered.len()).contains(&failed),
            "{when}"
        );
        for path in missing {
            let is_reported = errors
                .iter()
                .any(|failure| failure.path.as_deref() == Some(path));
            assert!(is_reported, "{path} is not reported {when}");
        }
        assert!(
            errors
                .first()
                .is_some_and(|first| failure.message.contains(&first.message)),
            "{when}"
        );
        for path in temporaries(now) {
            let name = path.rsplit('/').next().unwrap_or_default();
            let is_reported = errors.iter().any(|failure| failure.message.contains(name));
            assert!(
                is_reported || injected.is_false_absence(),
                "the temporary file {path} is not reported {when}"
            );
        }
    }

    /// Returns the licenses that are neither in place nor reported as conflicts: first those for
    /// which the restore has to account, then those that the fault, as another program, has
    /// altered.
    fn missing_and_altered(
        &self,
        injected: &InjectedFault,
        now: &Tree,
    ) -> (Vec<&'static str>, Vec<&'static str>) {
        let conflicts = self.conflicts();
        let paths = self.scenario.paths();
        paths
            .iter()
            .copied()
            .filter(|path| !is_right(now, path) && !conflicts.iter().any(|it| it == path))
            .partition(|path| !injected.altered.contains_key(&format!("/licenses/{path}")))
    }

    fn conflicts(&self) -> Vec<String> {
        reported(&self.events, ErrorCode::FileExists)
    }

    /// Returns the reported errors of the store: neither conflicts nor faults of the backup.
    fn errors(&self) -> Vec<&Failure> {
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

/// Returns `true` if a failure is one after the commit point.
fn is_committed(failure: &Failure) -> bool {
    failure
        .message
        .contains("licenses could not be put in place")
        || failure.message.contains("licenses are in place")
}

/// Returns a directory after the changes that a fault, as another program, has made in it.
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
