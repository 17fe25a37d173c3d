//! Generated stores: backed up, and restored elsewhere.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;

use super::*;
use crate::archive::fault_of_path;
use crate::directory::FsError;

type Files = BTreeMap<String, Vec<u8>>;

/// Names as a Linux store may have them, with a good chance that two are the same to other systems.
fn name() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\\", ":", ".", " ", "\n", "*", "\"", "é", "日本", "\u{202e}", "-",
    ]);
    let part = prop_oneof![3 => "[abAB]".prop_map(String::from), 1 => odd.prop_map(String::from)];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..4)
        .prop_map(|names| names.join("/"))
        .prop_filter("no backup holds it", |path| fault_of_path(path).is_none())
}

/// Files of which none has the name of a directory that another is in.
fn files(content: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Files> {
    btree_map(path(), content, 0..24).prop_map(|files| {
        let is_directory = |path: &String| {
            files
                .keys()
                .any(|other| other.starts_with(&format!("{path}/")))
        };
        files
            .clone()
            .into_iter()
            .filter(|(path, _)| !is_directory(path))
            .collect()
    })
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => "[0-9]{1,9}".prop_map(|id| license(&id)),
        // Some with the same bytes.
        1 => "[01]".prop_map(|id| license(&id)),
        1 => "[0-9]{1,9}".prop_map(|text| format!("no license: {text}").into_bytes()),
        1 => Just(license(&"7".repeat(70_000))),
    ]
}

fn is_license(content: &[u8]) -> bool {
    content.starts_with(b"{")
}

fn backup_file(files: &Files) -> Vec<u8> {
    backup_of(
        files
            .iter()
            .map(|(path, content)| (path.as_str(), content.clone())),
    )
}

/// The files in the store.
fn files_in_store(disk: &Disk) -> Files {
    let file = |(path, content): (String, Option<Vec<u8>>)| {
        Some((path.strip_prefix('/')?.to_owned(), content?))
    };
    store(disk).into_iter().filter_map(file).collect()
}

/// The directories in the store, without those that lead to a file.
fn empty_directories(disk: &Disk) -> Vec<String> {
    let tree = store(disk);
    let is_empty = |path: &&String| {
        path.len() > 1
            && path.ends_with('/')
            && !tree
                .iter()
                .any(|(other, content)| content.is_some() && other.starts_with(*path))
    };
    tree.keys().filter(is_empty).cloned().collect()
}

/// A disk that treats names as the worst of systems do.
fn odd_disk() -> Disk {
    let disk = Disk::new();
    disk.fold_case();
    disk.strip_trailing_dots();
    disk.separate_at_backslashes();
    disk.disable_hard_links();
    disk.reject_names(FsError::Invalid, false, |name| {
        name.contains([':', '*', '"', '\n'])
    });
    disk
}

/// What [`odd_disk`] takes a path for.
fn taken_for(path: &str) -> String {
    path.to_lowercase()
        .replace('\\', "/")
        .split('/')
        .map(|name| name.trim_end_matches('.'))
        .collect::<Vec<_>>()
        .join("/")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_was_backed_up_is_restored_bit_for_bit_and_a_second_restore_changes_nothing(files in files(content())) {
        let disk = Disk::new();
        disk.write("/backup/licenses.zip", backup_file(&files));
        let (summary, _) = restored(&disk, KEEP);
        let expected: Files = files.into_iter().filter(|(_, content)| is_license(content)).collect();
        prop_assert_eq!(summary.restored, expected.len() as u64);
        prop_assert_eq!(files_in_store(&disk), expected);
        prop_assert_eq!(empty_directories(&disk), Vec::<String>::new());
        disk.take_calls();
        let (again, _) = restored(&disk, KEEP);
        prop_assert_eq!(again, RestoreSummary { present: summary.restored, ..RestoreSummary::default() });
        prop_assert_eq!(changes(&disk.take_calls()).len(), 0);
    }

    #[test]
    fn on_any_file_system_each_license_is_restored_or_named_and_what_was_there_is_kept(
        files in files(content()),
        others in files(Just(b"another one".to_vec())),
        overwrite in any::<bool>(),
    ) {
        let disk = odd_disk();
        disk.write("/backup/licenses.zip", backup_file(&files));
        for (path, content) in &others {
            let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
            // What the file system itself would not take is not in its way.
            if !path.contains(['\\', ':', '*', '"', '\n']) && !path.contains("./") && !path.ends_with('.') {
                let directory = directory.split('/').filter(|part| *part != ".").try_fold(
                    disk.directory("/licenses"),
                    |directory, name| {
                        let _ = directory.create_directory(name);
                        directory.open_directory(name)
                    },
                );
                if let Ok(file) = directory.and_then(|directory| directory.create_file(name)) {
                    crate::File::write(&file, content, 0).expect("it is written");
                }
            }
        }
        let before = files_in_store(&disk);
        let empty_before = empty_directories(&disk);
        let flags = RestoreOptions { overwrite, dry_run: false };
        let (summary, conflicts) = restored(&disk, flags);
        let after = files_in_store(&disk);
        let licenses: Files = files.into_iter().filter(|(_, content)| is_license(content)).collect();
        let mut restored_or_present = 0;
        for (path, content) in &licenses {
            if conflicts.contains(path) {
                prop_assert_eq!(after.get(path), before.get(path), "{} is named, and was touched", path);
            } else {
                restored_or_present += 1;
                // One that is present has the content, and may have another spelling.
                let is_there = after.get(path) == Some(content) || summary.present > 0 && after.values().any(|other| other == content);
                prop_assert!(is_there, "{} is neither restored nor named", path);
            }
        }
        prop_assert_eq!(restored_or_present, summary.restored + summary.present);
        for (path, content) in &before {
            let is_replaced = overwrite && licenses.contains_key(path) && !conflicts.contains(path);
            prop_assert_eq!(after.get(path), if is_replaced { licenses.get(path) } else { Some(content) }, "{}", path);
        }
        for path in after.keys() {
            prop_assert!(before.contains_key(path) || licenses.contains_key(path), "{} is neither old nor a license", path);
        }
        // One may be left where the file system takes two directories of the backup for the same.
        for path in empty_directories(&disk) {
            let is_on_the_way = licenses.keys().any(|license| taken_for(&format!("/{license}")).starts_with(&taken_for(&path)));
            prop_assert!(empty_before.contains(&path) || is_on_the_way, "{} is left", path);
        }
        // What was in the way may have been this restore's own, and gone by now; but that is all.
        let (_, conflicts_again) = restored(&disk, flags);
        prop_assert!(conflicts_again.iter().all(|path| conflicts.contains(path)), "{:?} {:?}", conflicts, conflicts_again);
        for (path, content) in files_in_store(&disk) {
            let is_late = conflicts.contains(&path) && licenses.get(&path) == Some(&content);
            prop_assert!(after.get(&path) == Some(&content) || is_late, "{} has changed", path);
        }
    }
}
