//! Backups in which each call fails with each fault.

use std::collections::BTreeMap;

use super::scenario::{
    Baseline, Earlier, Kind, assert_recovers, backup_file, kinds, licenses, other_names, verify,
};
use super::*;
use crate::memory_fs::{FAULTS, Fault, InjectedFault, Tree, report_count};
use crate::publication::{RandomReader, read_license};

#[test]
fn a_backup_with_any_call_failed_leaves_a_complete_backup() {
    let mut cases = 0;
    for kind in kinds() {
        let baseline = kind.baseline();
        for fault in FAULTS {
            let before = cases;
            for number in 0.. {
                let disk = kind.disk();
                disk.inject(number, fault);
                let run = FaultedRun::attempt(kind, &disk, &baseline);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                if let Some(injected) = disk.take_injected() {
                    run.check(&disk, &injected);
                    assert_recovers(&disk, &format!("{kind:?} {injected:?}"));
                    cases += 1;
                }
            }
            let writes_nothing =
                kind.earlier == Earlier::Same && matches!(fault, Fault::ShortWrite);
            assert!(
                cases > before || writes_nothing,
                "{fault:?} applies to no call: {kind:?}"
            );
        }
    }
    report_count(cases, 2500, "a backup with each call failed in turn");
}

/// A backup during which a fault was injected.
struct FaultedRun<'a> {
    kind: Kind,
    /// The store and the backup directory before the backup.
    store: Tree,
    directory: BTreeMap<String, (Vec<u8>, u64)>,
    baseline: &'a Baseline,
    reported: Vec<(String, Reason)>,
    outcome: Result<BackupSummary, Failure>,
}

impl<'a> FaultedRun<'a> {
    fn attempt(kind: Kind, disk: &Disk, baseline: &'a Baseline) -> Self {
        let (store, directory) = (disk.tree("/licenses"), disk.snapshot("/backup"));
        let (events, outcome) = kind.attempt(disk);
        Self {
            kind,
            store,
            directory,
            baseline,
            reported: reported(&events),
            outcome,
        }
    }

    fn check(&self, disk: &Disk, injected: &InjectedFault) {
        let when = format!("{:?} {injected:?}: {:?}", self.kind, self.outcome);
        self.assert_store_unchanged(disk, injected, &when);
        let is_of_the_destination = injected.path.starts_with("/backup");
        if injected.is_short() {
            assert!(
                self.outcome.is_ok() && backup_file(disk).as_ref() == Some(&self.baseline.file),
                "{when}"
            );
        }
        if self.outcome.is_ok() && (injected.is_short() || is_of_the_destination) {
            assert_eq!(
                self.reported, self.baseline.reported,
                "the fault is reported for a license {when}"
            );
        }
        if let (Some(error), Err(failure)) = (injected.io_error(), &self.outcome) {
            assert_eq!(failure.code, error.code(), "{when}");
        }
        match &self.outcome {
            Ok(summary) => {
                self.assert_complete(disk, injected, &when);
                let entries = entries(disk);
                let (licenses, size) = (
                    licenses(&entries),
                    backup_file(disk).map(|file| file.len() as u64),
                );
                let errors = self
                    .reported
                    .iter()
                    .filter(|(_, reason)| matches!(reason, Reason::Failed(_)))
                    .count() as u64;
                let restricted = self.reported.len() as u64 - errors;
                let bytes = licenses.values().map(|license| license.len() as u64).sum();
                let counted = (licenses.len() as u64, bytes, restricted, errors, size);
                let summarized = (
                    summary.licenses,
                    summary.bytes,
                    summary.restricted,
                    summary.errors,
                    Some(summary.size),
                );
                assert_eq!(summarized, counted, "{when}");
                assert!(
                    other_names(disk).is_empty() || injected.is_false_absence(),
                    "{when}"
                );
                let file = backup_file(disk);
                disk.lose_power(Surviving::Nothing);
                assert!(backup_file(disk) == file, "it is not durable {when}");
            }
            Err(failure) if failure.message.contains("is in place") => {
                assert!(is_of_the_destination, "{when}");
                self.assert_complete(disk, injected, &when);
            }
            Err(_) => {
                let mut expected = self.directory.clone();
                for (path, content) in &injected.altered {
                    let name = path.strip_prefix("/backup/").unwrap_or_default();
                    match (content, expected.get_mut(name)) {
                        (Some(content), Some((earlier, _))) => earlier.clone_from(content),
                        _ => drop(expected.remove(name)),
                    }
                }
                assert_eq!(disk.snapshot("/backup"), expected, "{when}");
                disk.lose_power(Surviving::Nothing);
                assert_eq!(
                    disk.snapshot("/backup"),
                    expected,
                    "after a power loss {when}"
                );
            }
        }
    }

    /// Asserts that the backup is valid and consistent with the store: every license in it has the
    /// bytes that the store had before or has now, every other license was reported, and nothing
    /// else was reported.
    fn assert_complete(&self, disk: &Disk, injected: &InjectedFault, when: &str) {
        verify(disk).unwrap_or_else(|failure| panic!("{failure} {when}"));
        let (entries, store) = (entries(disk), disk.tree("/licenses"));
        assert_eq!(recorded(&entries), self.reported, "the manifest {when}");
        let licenses = licenses(&entries);
        for (path, license) in &licenses {
            let states = [&self.store, &store].map(|tree| license_in(tree, path));
            assert!(
                states.contains(&Some(license.clone())),
                "{path} is a mixture {when}"
            );
        }
        let new: Vec<_> = self
            .reported
            .iter()
            .filter(|skipped| !self.baseline.reported.contains(skipped))
            .collect();
        assert!(
            new.len() <= 1,
            "one fault caused several reports: {new:?} {when}"
        );
        for (path, reason) in &new {
            let is_expected = match injected.fault {
                Fault::Error(error) => *reason == Reason::Failed(error.code()),
                _ => injected.altered.contains_key(&format!("/licenses/{path}")),
            };
            assert!(is_expected, "{path} is reported as {reason:?} {when}");
        }
        for path in &self.baseline.paths {
            let file = file_of(path);
            let is_reported = self.reported.iter().any(|(skipped, _)| skipped == file)
                || new
                    .iter()
                    .any(|(skipped, _)| skipped == "." || path.starts_with(&format!("{skipped}/")));
            // A file that disappears while the store is listed is not reported, nor is a file that
            // the file system reports as missing.
            let is_missing =
                !store.contains_key(&format!("/{file}")) || injected.is_false_absence();
            assert!(
                licenses.contains_key(path) || is_reported || is_missing,
                "{path} is neither in the backup nor reported {when}"
            );
            assert!(
                !(licenses.contains_key(path)
                    && self.reported.iter().any(|(skipped, _)| skipped == file)),
                "{path} {when}"
            );
        }
        assert!(
            licenses
                .keys()
                .all(|path| self.baseline.paths.contains(path)),
            "{when}"
        );
    }

    /// Asserts that only the fault changed the store.
    fn assert_store_unchanged(&self, disk: &Disk, injected: &InjectedFault, when: &str) {
        let mut expected = self.store.clone();
        for (path, content) in &injected.altered {
            if let Some(path) = path.strip_prefix("/licenses") {
                match content {
                    Some(content) => expected.insert(path.to_owned(), Some(content.clone())),
                    None => expected.remove(path),
                };
            }
        }
        assert_eq!(disk.tree("/licenses"), expected, "{when}");
    }
}

/// Returns the file of the store that contains a license of the backup.
fn file_of(path: &str) -> &str {
    if path == "book.lcpl" { "book" } else { path }
}

/// Returns the license that a state of the store has for this path of the backup.
fn license_in(store: &Tree, path: &str) -> Option<Vec<u8>> {
    let file = file_of(path);
    let content = store.get(&format!("/{file}"))?.clone()?;
    if file == path {
        return Some(content);
    }
    let disk = Disk::new();
    disk.write("/publication", content.clone());
    let file = disk.directory("/").open_file("publication").ok()?;
    let mut reader = RandomReader::new(&file, content.len() as u64);
    Some(read_license(&mut reader, &content).ok()??.document)
}
