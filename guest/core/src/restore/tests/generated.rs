//! Generated stores that are backed up, and restored to another file system.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;

use super::*;
use crate::directory::FsError;
use crate::entry_names::validate_path;

/// Files by their paths below the store.
type Files = BTreeMap<String, Vec<u8>>;

/// Names that a Linux store may have. Often two of them are the same to other systems.
fn name() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\\", ":", ".", " ", "\n", "*", "\"", "é", "日本", "\u{202e}", "-",
    ]);
    let part = prop_oneof![
        4 => "[aAb]".prop_map(String::from),
        1 => r"[.\\]".prop_map(String::from),
        1 => odd.prop_map(String::from),
    ];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

fn path() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        2 => prop::collection::vec(name(), 1..=2),
        1 => prop::collection::vec(name(), 3),
    ];
    names
        .prop_map(|names| names.join("/"))
        .prop_filter("a backup cannot hold the path", |path| {
            validate_path(path).is_ok()
        })
}

/// Files of which none has the path of a directory of another one.
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
        // Many have the same content.
        3 => "[01]".prop_map(|id| license(&id)),
        1 => "[0-9]{1,9}".prop_map(|text| format!("other file: {text}").into_bytes()),
        1 => Just(license(&"7".repeat(70_000))),
    ]
}

fn licenses(files: Files) -> Files {
    files
        .into_iter()
        .filter(|(_, content)| content.starts_with(b"{"))
        .collect()
}

fn backup_file(files: &Files) -> Vec<u8> {
    backup_of(
        files
            .iter()
            .map(|(path, content)| (path.as_str(), content.clone())),
    )
}

/// Returns the files in the store.
fn files_in_store(disk: &Disk) -> Files {
    let file = |(path, content): (String, Option<Vec<u8>>)| {
        Some((path.strip_prefix('/')?.to_owned(), content?))
    };
    store(disk).into_iter().filter_map(file).collect()
}

/// Returns the directories in the store that have no file in them or below them.
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

/// A file system that alters names as all of the worst ones together: it folds case, drops dots at
/// the end of a name, separates at backslashes, rejects some characters and has no hard links.
mod altering {
    use super::*;

    const REJECTED: [char; 4] = [':', '*', '"', '\n'];

    pub(super) fn disk() -> Disk {
        let disk = Disk::new();
        disk.fold_case();
        disk.strip_trailing_dots();
        disk.separate_at_backslashes();
        disk.disable_hard_links();
        disk.reject_names(FsError::Invalid, false, |name| name.contains(REJECTED));
        disk
    }

    /// Returns the path that the file system takes a path for: two paths with the same one are
    /// paths of the same file.
    pub(super) fn folded(path: &str) -> String {
        path.to_lowercase()
            .replace('\\', "/")
            .split('/')
            .map(|name| name.trim_end_matches('.'))
            .collect::<Vec<_>>()
            .join("/")
    }

    /// Returns `true` if the file system can have a file of exactly this path.
    pub(super) fn can_hold(path: &str) -> bool {
        path.split('/')
            .all(|name| !name.contains(REJECTED) && !name.contains('\\') && !name.ends_with('.'))
    }
}

/// Writes a file to the store as another program does: a part of its path that exists in another
/// spelling is used, and a file that exists is kept.
fn write_as_another_program(disk: &Disk, path: &str, content: &[u8]) {
    let mut directory = disk.directory("/licenses");
    let mut names: Vec<&str> = path.split('/').collect();
    let name = names.pop().expect("a path has a name");
    for name in names {
        let _ = directory.create_directory(name);
        match directory.open_directory(name) {
            Ok(opened) => directory = opened,
            Err(_) => return,
        }
    }
    if let Ok(file) = directory.create_file(name) {
        crate::File::write(&file, content, 0).expect("the disk writes the file");
    }
}

/// A restore to a file system that alters names, and the store before and after it.
struct AlteredRun {
    disk: Disk,
    options: RestoreOptions,
    /// The licenses of the backup.
    licenses: Files,
    before: Files,
    empty_before: Vec<String>,
    summary: RestoreSummary,
    conflicts: Vec<String>,
    after: Files,
}

impl AlteredRun {
    fn new(files: Files, others: &Files, options: RestoreOptions) -> Self {
        let disk = altering::disk();
        disk.write("/backup/licenses.zip", backup_file(&files));
        disk.directory("/licenses");
        for (path, content) in others {
            if altering::can_hold(path) {
                write_as_another_program(&disk, path, content);
            }
        }
        let (before, empty_before) = (files_in_store(&disk), empty_directories(&disk));
        let (summary, conflicts) = restored(&disk, options.clone());
        Self {
            options,
            licenses: licenses(files),
            before,
            empty_before,
            summary,
            conflicts,
            after: files_in_store(&disk),
            disk,
        }
    }

    fn is_conflict(&self, path: &str) -> bool {
        self.conflicts.iter().any(|conflict| conflict == path)
    }

    /// Returns `true` if the store has a file with this content under a path that the file system
    /// takes for `path`.
    fn is_present(&self, path: &str, content: &[u8]) -> bool {
        let folded = altering::folded(path);
        self.after
            .iter()
            .any(|(other, found)| altering::folded(other) == folded && found == content)
    }

    /// Asserts that each license is restored under its path, or present under a path that is the
    /// same to the file system, or reported as a conflict; and that the summary counts these.
    fn assert_each_license_is_accounted_for(&self) {
        let (mut restored, mut present) = (0, 0);
        for (path, content) in &self.licenses {
            if self.is_conflict(path) {
                continue;
            }
            if self.after.get(path) == Some(content) {
                restored += 1;
            } else {
                let is_present = self.is_present(path, content);
                assert!(is_present, "{path} is neither in the store nor reported");
                present += 1;
            }
        }
        assert_eq!(
            (self.summary.restored, self.summary.present),
            (restored, present)
        );
    }

    /// Asserts that each file that existed is as it was, unless it was replaced by a license of
    /// exactly its path.
    fn assert_existing_files_are_kept(&self) {
        for (path, content) in &self.before {
            let expected = match self.licenses.get(path) {
                Some(license) if self.options.overwrite && !self.is_conflict(path) => license,
                _ => content,
            };
            assert_eq!(self.after.get(path), Some(expected), "{path}");
        }
    }

    /// Asserts that the restore has created no file but licenses that are no conflicts.
    fn assert_no_other_file_is_created(&self) {
        for path in self.after.keys() {
            let is_restored = self.licenses.contains_key(path) && !self.is_conflict(path);
            assert!(
                self.before.contains_key(path) || is_restored,
                "{path} is no restored license"
            );
        }
    }

    /// Asserts that the restore has created no directory for nothing, except where the file system
    /// takes two directories of the backup for one.
    fn assert_no_empty_directory_is_created(&self) {
        for directory in empty_directories(&self.disk) {
            let folded = altering::folded(&directory);
            let is_of_a_license = self
                .licenses
                .keys()
                .any(|path| altering::folded(&format!("/{path}")).starts_with(&folded));
            assert!(
                self.empty_before.contains(&directory) || is_of_a_license,
                "{directory} is empty"
            );
        }
    }

    /// Asserts that a second restore keeps all files, and restores at most licenses that were
    /// conflicts with a file of the first restore which that has removed again.
    fn assert_a_second_restore_keeps_all(&self) {
        let (_, conflicts) = restored(&self.disk, self.options.clone());
        assert!(
            conflicts.iter().all(|path| self.is_conflict(path)),
            "{:?} {conflicts:?}",
            self.conflicts
        );
        let now = files_in_store(&self.disk);
        for path in self.after.keys() {
            assert!(now.contains_key(path), "{path} has disappeared");
        }
        for (path, content) in &now {
            let is_late = self.is_conflict(path) && self.licenses.get(path) == Some(content);
            assert!(
                self.after.get(path) == Some(content) || is_late,
                "{path} has changed"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn generated_backups_are_restored_exactly(files in files(content())) {
        let disk = Disk::new();
        disk.write("/backup/licenses.zip", backup_file(&files));
        let (summary, _) = restored(&disk, KEEP);
        let expected = licenses(files);
        prop_assert_eq!(summary.restored, expected.len() as u64);
        prop_assert_eq!(files_in_store(&disk), expected);
        prop_assert_eq!(empty_directories(&disk), Vec::<String>::new());
        disk.take_calls();
        let (again, _) = restored(&disk, KEEP);
        let all_present = RestoreSummary { present: summary.restored, ..nothing_restored() };
        prop_assert_eq!(again, all_present);
        prop_assert_eq!(changes(&disk.take_calls()).len(), 0);
    }

    #[test]
    fn no_license_is_lost_on_a_file_system_that_alters_names(
        files in files(content()),
        others in files(Just(b"another one".to_vec())),
        overwrite in any::<bool>(),
    ) {
        let run = AlteredRun::new(files, &others, RestoreOptions { overwrite, ..KEEP });
        run.assert_each_license_is_accounted_for();
        run.assert_existing_files_are_kept();
        run.assert_no_other_file_is_created();
        run.assert_no_empty_directory_is_created();
        run.assert_a_second_restore_keeps_all();
    }
}
