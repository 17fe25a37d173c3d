//! A simulated year of hourly backups of a store that changes, with the retention policy of the
//! systemd unit: at the end of each month, the store at the end of each earlier month is restored.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use license_backup::{BackupOptions, GenerationsOptions, RestoreOptions, RetentionPolicy};
use license_backup_tests::harness::{Sandbox, counted, files_below, scaled};

use super::RUNTIME;
use crate::expected::allowed;

/// 1 January 2026, 00:00:00 UTC.
const NEW_YEAR: u64 = 1_767_225_600;
/// The number of days of each month of 2026.
const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// The number of licenses at the start.
const LICENSES: u64 = 40;

const POLICY: RetentionPolicy = RetentionPolicy {
    keep_last: None,
    keep_hourly: Some(24),
    keep_daily: Some(7),
    keep_weekly: Some(5),
    keep_monthly: Some(12),
    keep_yearly: Some(10),
    keep_within: None,
};

/// A store whose licenses are added, changed and removed over time.
struct ChangingStore {
    directory: PathBuf,
    added: u64,
}

impl ChangingStore {
    fn new(directory: PathBuf) -> Self {
        let mut store = Self {
            directory,
            added: 0,
        };
        (0..LICENSES).for_each(|_| store.add());
        store
    }

    fn add(&mut self) {
        self.added += 1;
        self.write(self.added, "new");
    }

    fn write(&self, number: u64, version: &str) {
        let license = allowed(&format!("{number} {version}"));
        fs::write(self.path(number), license).unwrap();
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number}.lcpl"))
    }

    /// Changes the store in one of four hours, always in the same way in the same hour.
    fn pass(&mut self, hour: u64) {
        let random = blake3::hash(&hour.to_le_bytes());
        let [kind, which, ..] = *random.as_bytes();
        let number = 1 + u64::from(which) % self.added;
        match kind % 16 {
            0 | 1 => self.add(),
            2 if self.path(number).exists() => fs::remove_file(self.path(number)).unwrap(),
            3 => self.write(number, &format!("of hour {hour}")),
            _ => {}
        }
    }
}

/// Requires that a restore of a generation has these licenses.
fn restores(sandbox: &Sandbox, name: &str, licenses: &BTreeMap<PathBuf, Vec<u8>>) {
    let target = sandbox.path("target");
    fs::create_dir(&target).unwrap();
    let options = RestoreOptions::new(sandbox.backup(), &target).generation(name);
    RUNTIME.restore_blocking(&options).unwrap();
    assert!(files_below(&target) == *licenses, "{name}");
    fs::remove_dir_all(&target).unwrap();
}

/// Returns the number of generations in a directory, and their size in bytes.
fn generations(directory: &Path) -> (u64, u64) {
    let options = GenerationsOptions::new(directory);
    let (_, summary) = RUNTIME.generations_blocking(&options).unwrap();
    (summary.generations, summary.bytes)
}

#[test]
fn each_month_of_a_year_can_be_restored_to_its_end() {
    let step = scaled(6, 1);
    let sandbox = Sandbox::new();
    let mut store = ChangingStore::new(sandbox.store());
    let mut ends = Vec::new();
    let (mut runs, mut unchanged, mut removed, mut hour) = (0, 0, 0, 0);
    for (month, days) in (1..).zip(DAYS) {
        let mut last = String::new();
        for _ in 0..days * 24 / step {
            (hour..hour + step).for_each(|hour| store.pass(hour));
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(NEW_YEAR + hour * 3600);
            let options = BackupOptions::new(sandbox.store(), sandbox.backup());
            let summary = RUNTIME
                .backup_blocking(&options.generation(time).retention(POLICY))
                .unwrap();
            runs += 1;
            unchanged += u64::from(summary.unchanged);
            removed += summary.removed;
            last = summary.file;
            hour += step;
        }
        ends.push((last, files_below(&sandbox.store())));
        for (name, licenses) in &ends {
            restores(&sandbox, name, licenses);
        }
        let (kept, bytes) = generations(&sandbox.backup());
        counted(
            kept,
            format_args!(
                "generations at the end of month {month}, {} KiB; {runs} runs, of which {unchanged} \
                 unchanged; {removed} generations removed; {} ends of months restored",
                bytes / 1024,
                ends.len()
            ),
        );
    }
}
