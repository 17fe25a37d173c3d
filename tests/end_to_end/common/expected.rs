//! The expected results of operations on a sample store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use license_backup_tests::sample::{Expected, SampleLicense, SampleStore};

/// Returns the parameters of a store with every special case and a few ordinary licenses.
pub(crate) fn sample() -> SampleStore {
    SampleStore {
        licenses: 30,
        ..SampleStore::default()
    }
}

/// Returns the files whose licenses must be in the backup, in byte order of the paths there.
pub(crate) fn backed_up(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    let is_backed_up = |file: &&SampleLicense| file.expected == Expected::BackedUp;
    let mut files: Vec<_> = files.iter().filter(is_backed_up).collect();
    files.sort_by_key(|file| file.backup_path());
    files
}

/// Returns the license documents that must be in a store after a restore, by path.
pub(crate) fn restored(files: &[SampleLicense]) -> BTreeMap<PathBuf, Vec<u8>> {
    let entry = |file: &SampleLicense| (file.restored_path(), file.document().to_vec());
    backed_up(files).into_iter().map(entry).collect()
}

/// Returns the files that must be skipped, in byte order of the reported path.
pub(crate) fn skipped(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    let is_reported = |expected| matches!(expected, Expected::Restricted(_) | Expected::Error(_));
    in_path_order(files, is_reported)
}

/// Returns the restricted files, in byte order of the reported path.
pub(crate) fn restricted(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| {
        matches!(expected, Expected::Restricted(_))
    })
}

/// Returns the files that must be reported as errors, in byte order of the reported path.
pub(crate) fn errors(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| matches!(expected, Expected::Error(_)))
}

/// Returns the reason or the code of a skipped file.
pub(crate) fn reason(file: &SampleLicense) -> &'static str {
    match file.expected {
        Expected::BackedUp | Expected::Duplicate => {
            panic!("{} should be skipped", file.reported_path())
        }
        Expected::Restricted(reason) | Expected::Error(reason) => reason,
    }
}

/// Returns the total size of the licenses that must be in the backup, in bytes.
pub(crate) fn bytes(files: &[SampleLicense]) -> u64 {
    backed_up(files).into_iter().map(size).sum()
}

/// Returns the size of a license document in bytes.
pub(crate) fn size(file: &SampleLicense) -> u64 {
    file.document().len() as u64
}

fn in_path_order(
    files: &[SampleLicense],
    chosen: impl Fn(Expected) -> bool,
) -> Vec<&SampleLicense> {
    let mut files: Vec<_> = files.iter().filter(|file| chosen(file.expected)).collect();
    files.sort_by_key(|file| file.reported_path());
    files
}

/// Returns a license with this ID that may be backed up.
pub(crate) fn allowed(id: &str) -> Vec<u8> {
    let id = serde_json::to_string(id).expect("a string can be written as JSON");
    format!(r#"{{"id":{id},"provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#).into_bytes()
}
