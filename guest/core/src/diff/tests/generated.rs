//! Generated stores, whose differences must be those of their backups as maps.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;

use super::*;
use crate::archive::ArchiveReader;
use crate::entry_names::LICENSES;

type Files = BTreeMap<String, Vec<u8>>;

/// Names of which many are the start of another one, or of the license in a publication.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]{1,2}",
        2 => "[ab][-.a]",
        2 => "[ab]{1,2}\\.lcpl",
        1 => "[ab]\\.l",
        1 => "(é|\n|\\\\x)",
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        5 => "[0-2]".prop_map(|id| license(&id)),
        2 => "[0-2]".prop_map(|id| book(&id)),
        1 => Just(b"no license".to_vec()),
    ]
}

/// Files of which none has the path of a directory of another one.
fn files() -> impl Strategy<Value = Files> {
    let path = prop_oneof![
        name(),
        (name(), name()).prop_map(|(a, b)| format!("{a}/{b}"))
    ];
    btree_map(path, content(), 0..12).prop_map(|mut files| {
        let paths: Vec<String> = files.keys().cloned().collect();
        files.retain(|path, _| {
            let directory = format!("{path}/");
            paths.iter().all(|other| !other.starts_with(&directory))
        });
        files
    })
}

/// Returns the backup of a store that has these files.
fn backup(files: &Files) -> Vec<u8> {
    let disk = disk_with(files);
    back_up(&disk, None);
    disk.read("/backup/licenses.zip").expect("it was written")
}

fn disk_with(files: &Files) -> Disk {
    let disk = Disk::new();
    disk.directory("/licenses");
    for (path, content) in files {
        disk.write(&format!("/licenses/{path}"), content.as_slice());
    }
    disk
}

/// Returns the licenses in a backup.
fn licenses(disk: &Disk, name: &str) -> Files {
    let directory = disk.directory("/backup");
    let file = directory.open_file(name).expect("the backup exists");
    let mut archive = ArchiveReader::open(file).expect("it is an archive");
    let mut licenses = Files::new();
    while let Some(entry) = archive.next_entry().expect("the backup is valid") {
        let content = archive.content(&entry).expect("the backup is valid");
        if let Some(path) = entry.name.strip_prefix(LICENSES) {
            licenses.insert(path.to_owned(), content);
        }
    }
    licenses
}

/// Returns the differences of two maps.
fn difference(older: &Files, newer: &Files) -> Vec<(String, LicenseChange)> {
    let mut changes = BTreeMap::new();
    for (path, content) in newer {
        match older.get(path) {
            None => drop(changes.insert(path.clone(), LicenseChange::Added)),
            Some(older) if older == content => {}
            Some(_) => drop(changes.insert(path.clone(), LicenseChange::Changed)),
        }
    }
    let removed = older.keys().filter(|path| !newer.contains_key(*path));
    changes.extend(removed.map(|path| (path.clone(), LicenseChange::Removed)));
    changes.into_iter().collect()
}

proptest! {
    #[test]
    fn the_differences_are_those_of_the_backups_as_maps(older in files(), newer in files()) {
        let disk = disk_with(&newer);
        disk.write(&format!("/backup/{FIRST}"), backup(&older));
        disk.write(&format!("/backup/{SECOND}"), backup(&newer));
        let [older, newer] = [FIRST, SECOND].map(|name| licenses(&disk, name));
        let expected = difference(&older, &newer);
        prop_assert_eq!(&changes(diff_backups(&disk, None, None)), &expected);
        let of_store = changes(diff_store(&disk, Some(FIRST)));
        prop_assert!(of_store.is_sorted_by(|one, other| one.0 < other.0));
        // A publication whose license is shadowed is reported, and not that its path has no license.
        let (unread, of_store): (Vec<_>, Vec<_>) = of_store
            .into_iter()
            .partition(|(_, change)| *change == LicenseChange::Unreadable);
        let is_compared = |change: &(String, LicenseChange)| {
            unread.iter().all(|(path, _)| *path != change.0)
        };
        let expected: Vec<_> = expected.into_iter().filter(is_compared).collect();
        prop_assert_eq!(of_store, expected);
    }
}
