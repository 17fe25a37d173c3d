//! What became of each file of a sample store, as it must be told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use license_backup_tests::sample::{Expected, SampleLicense, SampleStore};

/// A store with every special case and a few ordinary licenses.
pub(crate) fn sample() -> SampleStore {
    SampleStore {
        licenses: 30,
        ..SampleStore::default()
    }
}

/// The files whose license must be in the backup, in byte order of the path that it has there.
pub(crate) fn backed_up(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    let is_backed_up = |file: &&SampleLicense| file.expected == Expected::BackedUp;
    let mut files: Vec<_> = files.iter().filter(is_backed_up).collect();
    files.sort_by_key(|file| file.backup_path());
    files
}

/// The license documents that must be in a store after a restore, by path.
pub(crate) fn restored(files: &[SampleLicense]) -> BTreeMap<PathBuf, Vec<u8>> {
    let entry = |file: &SampleLicense| (file.restored_path(), file.document().to_vec());
    backed_up(files).into_iter().map(entry).collect()
}

/// The files that must be left out, in byte order of the path that is told.
pub(crate) fn skipped(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    let is_reported = |expected| matches!(expected, Expected::Restricted(_) | Expected::Error(_));
    in_path_order(files, is_reported)
}

/// The restricted files, in byte order of path.
pub(crate) fn restricted(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| {
        matches!(expected, Expected::Restricted(_))
    })
}

/// The files that must be told as errors, in byte order of the path that is told.
pub(crate) fn errors(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| matches!(expected, Expected::Error(_)))
}

/// The reason or code of a file that is left out.
pub(crate) fn reason(file: &SampleLicense) -> &'static str {
    match file.expected {
        Expected::BackedUp | Expected::Duplicate => {
            panic!("{} is not left out", file.reported_path())
        }
        Expected::Restricted(reason) | Expected::Error(reason) => reason,
    }
}

/// The bytes of the licenses that must be in the backup.
pub(crate) fn bytes(files: &[SampleLicense]) -> u64 {
    backed_up(files).into_iter().map(size).sum()
}

/// The bytes of a license document.
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

/// A license that may be backed up, and is no other's.
pub(crate) fn allowed(id: &str) -> Vec<u8> {
    let id = serde_json::to_string(id).expect("text is a string of JSON");
    format!(r#"{{"id":{id},"provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#).into_bytes()
}
