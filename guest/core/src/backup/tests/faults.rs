//! Every call of a backup, met by every fault.

use std::collections::BTreeMap;

use super::trial::{
    KINDS, Kind, Undisturbed, backup_file, licenses, other_names, recovers, verify,
};
use super::*;
use crate::memory_fs::{FAULTS, Fault, InjectedFault, Tree, report_count};
use crate::publication::{RandomReader, read_license};

#[test]
fn whatever_befalls_a_call_the_earlier_backup_is_there_or_the_new_one_is_whole_and_the_outcome_says_which()
 {
    let mut cases = 0;
    for kind in KINDS {
        let undisturbed = kind.undisturbed();
        for fault in FAULTS {
            let before = cases;
            for number in 0.. {
                let disk = kind.disk();
                disk.inject(number, fault);
                let befallen = Befallen::attempt(kind, &disk, &undisturbed);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                if let Some(injected) = disk.take_injected() {
                    befallen.check(&disk, &injected);
                    recovers(&disk, &format!("{kind:?} {injected:?}"));
                    cases += 1;
                }
            }
            assert!(
                cases > before,
                "{fault:?} means nothing to any call: {kind:?}"
            );
        }
    }
    report_count(cases, 2500, "a backup with each call failed in turn");
}

/// A backup that something has befallen.
struct Befallen<'a> {
    kind: Kind,
    /// The store and the backup directory before it.
    store: Tree,
    directory: BTreeMap<String, (Vec<u8>, u64)>,
    undisturbed: &'a Undisturbed,
    told: Vec<(String, Reason)>,
    outcome: Result<BackupSummary, Failure>,
}

impl<'a> Befallen<'a> {
    fn attempt(kind: Kind, disk: &Disk, undisturbed: &'a Undisturbed) -> Self {
        let (store, directory) = (disk.tree("/licenses"), disk.snapshot("/backup"));
        let (events, outcome) = kind.attempt(disk);
        Self {
            kind,
            store,
            directory,
            undisturbed,
            told: told(&events),
            outcome,
        }
    }

    fn check(&self, disk: &Disk, injected: &InjectedFault) {
        let when = format!("{:?} {injected:?}: {:?}", self.kind, self.outcome);
        self.others_are_left_alone(disk, injected, &when);
        let is_of_the_destination = injected.path.starts_with("/backup");
        if injected.is_short() {
            assert!(
                self.outcome.is_ok() && backup_file(disk).as_ref() == Some(&self.undisturbed.file),
                "{when}"
            );
        }
        if self.outcome.is_ok() && (injected.is_short() || is_of_the_destination) {
            assert_eq!(
                self.told, self.undisturbed.told,
                "it is put down to a license {when}"
            );
        }
        if let (Some(error), Err(failure)) = (injected.io_error(), &self.outcome) {
            assert_eq!(failure.code, error.code(), "{when}");
        }
        match &self.outcome {
            Ok(summary) => {
                self.is_whole(disk, injected, &when);
                let entries = entries(disk);
                let (licenses, size) = (
                    licenses(&entries),
                    backup_file(disk).map(|file| file.len() as u64),
                );
                let errors = self
                    .told
                    .iter()
                    .filter(|(_, reason)| matches!(reason, Reason::Failed(_)))
                    .count() as u64;
                let restricted = self.told.len() as u64 - errors;
                let bytes = licenses.values().map(|license| license.len() as u64).sum();
                let counted = (licenses.len() as u64, bytes, restricted, errors, size);
                let said = (
                    summary.licenses,
                    summary.bytes,
                    summary.restricted,
                    summary.errors,
                    Some(summary.size),
                );
                assert_eq!(said, counted, "{when}");
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
                self.is_whole(disk, injected, &when);
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
                    "after a power cut {when}"
                );
            }
        }
    }

    /// That the backup in place verifies and is true to the store: every license in it is what the store had before or has
    /// now, bit for bit; every other one was told, and so was nothing else.
    fn is_whole(&self, disk: &Disk, injected: &InjectedFault, when: &str) {
        verify(disk).unwrap_or_else(|failure| panic!("{failure} {when}"));
        let (entries, store) = (entries(disk), disk.tree("/licenses"));
        assert_eq!(recorded(&entries), self.told, "the record {when}");
        let licenses = licenses(&entries);
        for (path, license) in &licenses {
            let states = [&self.store, &store].map(|tree| license_in(tree, path));
            assert!(
                states.contains(&Some(license.clone())),
                "{path} is a mixture {when}"
            );
        }
        let new: Vec<_> = self
            .told
            .iter()
            .filter(|told| !self.undisturbed.told.contains(told))
            .collect();
        assert!(
            new.len() <= 1,
            "more was told than befell it: {new:?} {when}"
        );
        for (path, reason) in &new {
            let is_true = match injected.fault {
                Fault::Error(error) => *reason == Reason::Failed(error.code()),
                _ => injected.altered.contains_key(&format!("/licenses/{path}")),
            };
            assert!(is_true, "{path} is told to be {reason:?} {when}");
        }
        for path in &self.undisturbed.paths {
            let file = file_of(path);
            let is_told = self.told.iter().any(|(told, _)| told == file)
                || new
                    .iter()
                    .any(|(told, _)| told == "." || path.starts_with(&format!("{told}/")));
            // What vanishes while the store is being listed is nothing; and so is what the file system says is not there.
            let is_nothing =
                !store.contains_key(&format!("/{file}")) || injected.is_false_absence();
            assert!(
                licenses.contains_key(path) || is_told || is_nothing,
                "{path} is missing and not told {when}"
            );
            assert!(
                !(licenses.contains_key(path) && self.told.iter().any(|(told, _)| told == file)),
                "{path} {when}"
            );
        }
        assert!(
            licenses
                .keys()
                .all(|path| self.undisturbed.paths.contains(path)),
            "{when}"
        );
    }

    /// That nothing but the fault has altered the store.
    fn others_are_left_alone(&self, disk: &Disk, injected: &InjectedFault, when: &str) {
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

/// Returns the file of the store that a license in the backup is from.
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
