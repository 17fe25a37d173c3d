//! What became of each file of a sample store, as it must be told.

use license_backup_tests::sample::{Expected, SampleLicense, SampleStore};

/// A store with every special case and a few ordinary licenses.
pub(crate) fn sample() -> SampleStore {
    SampleStore { licenses: 30, ..SampleStore::default() }
}

/// The files that must be in the backup, in byte order of path.
pub(crate) fn backed_up(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| expected == Expected::BackedUp)
}

/// The files that must be left out, in byte order of the path that is told.
pub(crate) fn left_out(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| expected != Expected::BackedUp)
}

/// The restricted files, in byte order of path.
pub(crate) fn restricted(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| matches!(expected, Expected::Restricted(_)))
}

/// The files that must be told as errors, in byte order of the path that is told.
pub(crate) fn errors(files: &[SampleLicense]) -> Vec<&SampleLicense> {
    in_path_order(files, |expected| matches!(expected, Expected::Error(_)))
}

/// The reason or code of a file that is left out.
pub(crate) fn reason(file: &SampleLicense) -> &'static str {
    match file.expected {
        Expected::BackedUp => panic!("{} is not left out", file.told_path()),
        Expected::Restricted(reason) | Expected::Error(reason) => reason,
    }
}

/// The bytes of the licenses that must be in the backup.
pub(crate) fn bytes(files: &[SampleLicense]) -> u64 {
    backed_up(files).iter().map(|file| file.bytes.len() as u64).sum()
}

fn in_path_order(files: &[SampleLicense], chosen: impl Fn(Expected) -> bool) -> Vec<&SampleLicense> {
    let mut files: Vec<_> = files.iter().filter(|file| chosen(file.expected)).collect();
    files.sort_by_key(|file| file.told_path());
    files
}

/// A license that may be backed up, and is no other's.
pub(crate) fn allowed(id: &str) -> Vec<u8> {
    let id = serde_json::to_string(id).expect("text is a string of JSON");
    format!(r#"{{"id":{id},"provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#).into_bytes()
}
