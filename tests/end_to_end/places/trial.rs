//! A place with a backup that the next run replaces, for tests that disturb that run.

use std::fs;
use std::path::Path;

use license_backup_tests::harness::{Outcome, Process, Sandbox};
use license_backup_tests::sample::SampleStore;

use super::place::{Kind, Place};

/// The stores in the sandbox, which are backed up in turn.
const STORES: [&str; 2] = ["store", "other"];

/// A place, and what is known about the backup in it.
pub(super) struct Trial {
    pub(super) place: Place,
    /// The BLAKE3 of the backup of each store.
    hashes: [String; 2],
    /// The number of the directory in the place.
    directory: u32,
    /// The store whose backup is in the directory.
    current: Option<usize>,
}

/// What is in the directory after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// What was there before: the earlier backup, or none.
    Earlier,
    New,
}

impl Trial {
    /// Makes a place without a backup, and two stores that differ in their bytes only.
    pub(super) fn new(kind: Kind, is_encrypted: bool, store: SampleStore) -> Self {
        let sandbox = Self::sandbox(store);
        Self::of(Place::with_store(kind, is_encrypted, sandbox))
    }

    /// Returns a sandbox with the stores.
    pub(super) fn sandbox(store: SampleStore) -> Sandbox {
        let sandbox = Sandbox::new();
        for (seed, name) in (1..).zip(STORES) {
            SampleStore { seed, ..store }
                .write_into(&sandbox.path(name))
                .expect("the sandbox is writable");
        }
        sandbox
    }

    /// Uses a place with these stores, and an empty directory in it.
    pub(super) fn of(place: Place) -> Self {
        let sandbox = &place.sandbox;
        let hashes = STORES.map(|store| {
            let back_up = ["backup", "--store", store, "--to", "expected", "--quiet"];
            sandbox.license_backup(back_up).run().exits(0);
            let verify = ["verify", "--from", "expected", "--json"];
            let verified = sandbox.license_backup(verify).run().exits(0);
            fs::remove_dir_all(sandbox.path("expected")).expect("the sandbox is writable");
            hash(&verified)
        });
        Self {
            place,
            hashes,
            directory: 0,
            current: None,
        }
    }

    /// Returns the name of the directory in the place.
    pub(super) fn directory(&self) -> String {
        format!("trial-{}", self.directory)
    }

    /// Goes on in a directory without a backup.
    pub(super) fn begin_anew(&mut self) {
        self.directory += 1;
        self.current = None;
    }

    /// Makes a backup, which the next run replaces.
    pub(super) fn with_an_earlier_backup(mut self) -> Self {
        self.next_run_succeeds();
        self
    }

    /// Returns the store that the next run backs up.
    fn next(&self) -> usize {
        self.current.map_or(0, |current| 1 - current)
    }

    /// Starts a backup of the store that is not backed up. It replaces the earlier backup, if any.
    pub(super) fn start(&self) -> Process {
        let overwrite = if self.current.is_some() {
            "--overwrite"
        } else {
            ""
        };
        let store = STORES[self.next()];
        let line = format!("backup --store {store} TO {overwrite} --json");
        self.place.command(&self.directory(), &line).start()
    }

    /// Returns whether the next run writes to a file. In a bucket, that is not known: it may
    /// always.
    pub(super) fn has_begun(&self) -> impl Fn() -> bool + use<> {
        let is_known = self.place.is_on_this_machine();
        let directory = self.place.sandbox.path("places").join(self.directory());
        let before = temporaries(&directory);
        move || !is_known || temporaries(&directory) > before
    }

    /// Returns the number of temporary files in the directory of a place on this machine.
    pub(super) fn temporary_files(&self) -> usize {
        temporaries(&self.place.sandbox.path("places").join(self.directory()))
    }

    /// Requires that a run, which may have been killed, has left the earlier backup or the new one,
    /// that its outcome says which, and that nothing keeps the next run from succeeding.
    #[track_caller]
    pub(super) fn check(&mut self, outcome: Outcome) -> Found {
        let found = self.found(outcome);
        self.next_run_succeeds();
        found
    }

    /// Requires the same as [`check`](Self::check), but nothing of the next run.
    #[track_caller]
    pub(super) fn found(&mut self, outcome: Outcome) -> Found {
        let outcome = self.place.checked(outcome);
        let after = self.whole_backup();
        let found = if after == self.current {
            Found::Earlier
        } else {
            Found::New
        };
        // A run that was killed has no outcome.
        if let Some(code) = outcome.code() {
            let end = outcome.end_event();
            let message = end["message"].as_str().unwrap_or_default();
            let is_there = ["is complete, but", "is in place but"];
            let says = if code == 0 || is_there.iter().any(|text| message.contains(text)) {
                Some(Found::New)
            } else if message.contains("it is unknown whether") {
                None
            } else {
                Some(Found::Earlier)
            };
            assert!(
                says.is_none_or(|says| says == found),
                "the {found:?} backup is there\n{}",
                outcome.report()
            );
        }
        self.current = after;
        found
    }

    /// Returns the store whose backup is in the directory. Requires that it is whole.
    #[track_caller]
    fn whole_backup(&self) -> Option<usize> {
        let verified = self.place.run(&self.directory(), "verify FROM --json");
        if verified.code() == Some(1) && verified.end_event()["code"] == "path-not-found" {
            return None;
        }
        let verified = verified.exits(0);
        let hash = hash(&verified);
        let store = self.hashes.iter().position(|expected| *expected == hash);
        assert!(store.is_some(), "an unknown backup\n{}", verified.report());
        store
    }

    /// Makes the next backup, and requires that it is there.
    #[track_caller]
    fn next_run_succeeds(&mut self) {
        let next = self.next();
        let outcome = self.place.checked(self.start().wait()).exits(0);
        self.current = Some(next);
        assert_eq!(self.whole_backup(), Some(next), "{}", outcome.report());
    }
}

/// A store whose backup is sent to an S3 service in two parts.
pub(super) fn large() -> SampleStore {
    SampleStore {
        size: 1 << 20,
        ..SampleStore::ordinary(10)
    }
}

/// Returns the number of temporary files in a directory, which may not exist.
fn temporaries(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| name.starts_with(".license-backup-"))
        .count()
}

fn hash(verified: &Outcome) -> String {
    let end = verified.end_event();
    end["blake3"].as_str().expect("it is a text").to_owned()
}
