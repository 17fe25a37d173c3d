//! The operation that lists the backups of a directory, a state machine.

use std::cell::OnceCell;
use std::ops::ControlFlow::{self, Break, Continue};
use std::vec;

use super::history::GenerationFile;
use super::last_run::{LastBackup, LastRun};
use crate::archive::backup_file::backups;
use crate::archive::manifest_head;
use crate::budget::{Budget, LICENSE};
use crate::directory::{FsError, READ_LENGTH};
use crate::{Directory, ErrorCode, Failure, File, Operation};

/// The options of a listing of backups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct GenerationsOptions {
    /// Whether to read each file to compute its BLAKE3.
    pub hash: bool,
}

/// A backup file in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Generation {
    /// The name of the file.
    pub file: String,
    /// The time of the backup in seconds since the Unix epoch: that in the name of a generation,
    /// and the modification time of `licenses.zip`.
    pub time: u64,
    /// The size of the file in bytes.
    pub size: u64,
    /// Whether it is pinned: no retention policy removes it.
    pub pinned: bool,
    /// The number of license documents in the backup. `None` if the file is not a backup or is
    /// damaged; not all damage is found. Also `None` if it is encrypted, unless `last-run.json`
    /// records it.
    pub licenses: Option<u64>,
    /// Whether it is encrypted, and no identity opens it.
    pub encrypted: bool,
    /// The BLAKE3 of the file, as 64 lower-case hexadecimal digits, if it was requested.
    pub blake3: Option<String>,
}

/// The totals of the backups in a directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GenerationsSummary {
    /// The number of files.
    pub generations: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// A running listing of the backups of a directory.
pub struct ListGenerations<D: Directory> {
    directory: D,
    /// The caller's path of the directory.
    path: String,
    options: GenerationsOptions,
    files: vec::IntoIter<GenerationFile>,
    hashing: Option<Hashing<D::File>>,
    /// What `last-run.json` records, once an encrypted backup was found.
    recorded: OnceCell<Option<LastBackup>>,
    summary: GenerationsSummary,
}

/// A file that is being hashed.
struct Hashing<F> {
    file: F,
    hasher: Box<blake3::Hasher>,
    generation: Generation,
}

impl<D: Directory> ListGenerations<D> {
    /// Starts to list the backups in `directory`, whose path is `path` to the caller: `licenses.zip`
    /// and the generations, the oldest first.
    ///
    /// # Errors
    ///
    /// The code of the error of the file system if the directory cannot be listed.
    pub fn start(directory: D, path: &str, options: GenerationsOptions) -> Result<Self, Failure> {
        let files = backups(&directory, path)?;
        Ok(Self {
            directory,
            path: path.to_owned(),
            options,
            files: files.into_iter(),
            hashing: None,
            recorded: OnceCell::new(),
            summary: GenerationsSummary::default(),
        })
    }

    /// Lists some backups. Returns `true` after the last one.
    fn list(&mut self, generations: &mut Vec<Generation>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            if let Some(hashing) = &mut self.hashing {
                let read = hashing.read(&mut budget);
                if !read.map_err(|error| self.failure(error))? {
                    continue;
                }
                let hashed = self.hashing.take().map(Hashing::finish);
                generations.extend(hashed);
                continue;
            }
            let Some(file) = self.files.next() else {
                return Ok(true);
            };
            budget.spend(LICENSE);
            match self.inspect(file) {
                // Another run has removed it.
                Err(FsError::NoEntry) => {}
                Err(error) => return Err(self.failure(error)),
                Ok(generation) => {
                    self.summary.generations += 1;
                    self.summary.bytes += generation.size;
                    if self.options.hash {
                        self.hashing = self.start_hashing(generation)?;
                    } else {
                        generations.push(generation);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Returns what is known of a backup without reading all of it.
    fn inspect(&self, file: GenerationFile) -> Result<Generation, FsError> {
        let opened = self.directory.open_file(&file.name)?;
        let size = opened.metadata()?.size;
        let (licenses, encrypted) = match manifest_head(opened) {
            Err(FsError::Encrypted) => (self.recorded_licenses(&file.name, size), true),
            head => (head?.map(|head| head.licenses), false),
        };
        Ok(Generation {
            file: file.name,
            time: file.time,
            size,
            pinned: file.is_pinned,
            licenses,
            encrypted,
            blake3: None,
        })
    }

    /// Returns the number of licenses of a backup that `last-run.json` records.
    fn recorded_licenses(&self, name: &str, size: u64) -> Option<u64> {
        let read = || LastRun::read(&self.directory).ok()??.backup;
        let backup = self.recorded.get_or_init(read).as_ref()?;
        (backup.file == name && backup.size == size).then_some(backup.licenses)
    }

    fn start_hashing(&self, generation: Generation) -> Result<Option<Hashing<D::File>>, Failure> {
        let file = self.directory.open_file(&generation.file);
        Ok(Some(Hashing {
            file: file.map_err(|error| self.failure(error))?,
            hasher: Box::new(blake3::Hasher::new()),
            generation,
        }))
    }

    fn failure(&self, error: FsError) -> Failure {
        let path = &self.path;
        let message = format!("cannot read the backups in {path}: {error}");
        Failure::at(error.code(), path, message)
    }
}

impl<F: File> Hashing<F> {
    /// Reads a part of the file. Returns `true` at its end.
    fn read(&mut self, budget: &mut Budget) -> Result<bool, FsError> {
        let bytes = self.file.read(READ_LENGTH, self.hasher.count())?.bytes;
        self.hasher.update(&bytes);
        budget.spend_bytes(bytes.len());
        Ok(bytes.is_empty())
    }

    fn finish(self) -> Generation {
        Generation {
            blake3: Some(self.hasher.finalize().to_hex().to_string()),
            ..self.generation
        }
    }
}

impl<D: Directory> Operation for ListGenerations<D> {
    type Event = Generation;
    type Summary = GenerationsSummary;

    fn step(
        mut self,
        generations: &mut Vec<Generation>,
    ) -> ControlFlow<Result<GenerationsSummary, Failure>, Self> {
        match self.list(generations) {
            Ok(false) => Continue(self),
            Ok(true) => Break(Ok(self.summary)),
            Err(failure) => Break(Err(failure)),
        }
    }

    fn cancel(self) -> ControlFlow<Failure, Self> {
        let message = "the listing was cancelled";
        Break(Failure::new(ErrorCode::Cancelled, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_fs::Disk;
    use crate::{Backup, BackupOptions};

    fn run<O: Operation>(mut operation: O) -> (Vec<O::Event>, Result<O::Summary, Failure>) {
        let mut events = Vec::new();
        loop {
            match operation.step(&mut events) {
                Continue(next) => operation = next,
                Break(outcome) => return (events, outcome),
            }
        }
    }

    #[test]
    fn each_backup_is_listed_with_its_size_pin_count_and_hash() {
        let disk = Disk::new();
        let options = BackupOptions {
            generation: Some(0),
            ..BackupOptions::default()
        };
        let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
        let backup = Backup::start(store, directory, "/backup", options).expect("it starts");
        run(backup).1.expect("the store is backed up");
        let first = "licenses-19700101T000000Z.zip".to_owned();
        let second = "licenses-19700101T000001Z.zip".to_owned();
        disk.write(&format!("/backup/{second}"), "damaged");
        disk.write(&format!("/backup/{second}.pin"), "");
        let content = disk.read(&format!("/backup/{first}")).expect("it exists");
        let size = content.len() as u64;
        for hash in [false, true] {
            let hash_of = |bytes: &[u8]| hash.then(|| blake3::hash(bytes).to_hex().to_string());
            let listing = ListGenerations::start(
                disk.directory("/backup"),
                "/backup",
                GenerationsOptions { hash },
            );
            let (generations, outcome) = run(listing.expect("it starts"));
            let expected = [
                Generation {
                    file: first.clone(),
                    time: 0,
                    size,
                    pinned: false,
                    licenses: Some(0),
                    encrypted: false,
                    blake3: hash_of(&content),
                },
                Generation {
                    file: second.clone(),
                    time: 1,
                    size: 7,
                    pinned: true,
                    licenses: None,
                    encrypted: false,
                    blake3: hash_of(b"damaged"),
                },
            ];
            assert_eq!(generations, expected);
            let summary = outcome.expect("the directory can be read");
            assert_eq!((summary.generations, summary.bytes), (2, size + 7));
        }
    }
}
