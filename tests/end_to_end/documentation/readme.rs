//! Tests of the README: all of its commands are run in order, in one sandbox.
//!
//! The commands are read from the README, so that a new command is also run. `/mnt/` is replaced by
//! a directory of the sandbox, which also contains the home directory. The shell ignores comments.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use license_backup_tests::harness::{Outcome, Sandbox, files_below, passes_b3sum, sources};
use license_backup_tests::sample::SampleStore;

use crate::expected;

const README: &str = include_str!("../../../README.md");

/// Commands that are not run, without their comments, and the reasons.
const SKIPPED: [(&str, &str); 8] = [
    (
        "make run",
        "it builds the programs under test; a separate test covers the rest",
    ),
    ("make test", "it runs this test"),
    (
        "license-backup backup --store ~/licenses --to sftp://nas/licenses --generations",
        "it needs a server; the tests of other places start one",
    ),
    (
        "license-backup backup --store ~/licenses --to s3://my-backups/laptop --generations",
        "it needs a service; the tests of other places start one",
    ),
    (
        "make browser",
        "it needs packages that only `make test-browser` installs, which runs it",
    ),
    (
        "npm ci",
        "`make setup-tests` has already installed the packages in the same way",
    ),
    (
        "python3 -m venv venv",
        "`make setup-tests` has already created an environment in the same way",
    ),
    (
        "venv/bin/pip install --require-hashes -r requirements.txt",
        "`make setup-tests` has already installed the packages in the same way",
    ),
];

/// A function that prepares a command.
type Preparation = fn(&Reader);
/// A function that checks the files of the reader and the output of a command.
type Check = fn(&Reader, &str);

/// Preparations for some commands, by a part of the command.
const BEFORE: [(&str, Preparation); 5] = [
    ("license-backup restore ", |reader| {
        reader.loses_the_licenses_in(PLAYER);
    }),
    ("license-backup-command.wasm restore ", |reader| {
        reader.loses_the_licenses_in(LICENSES);
    }),
    // These overwrite a backup. Without an earlier one, the backup that is checked is theirs.
    (
        "license-backup-command.wasm backup ",
        Reader::removes_the_backup,
    ),
    ("npm run backup ", Reader::removes_the_backup),
    ("python backup.py ", Reader::removes_the_backup),
];

/// Checks after some commands have succeeded, by a part of the command.
const AFTER: [(&str, Check); 18] = [
    ("license-backup backup --store ", |reader, printed| {
        reader.has_a_backup_without_the_notes(printed);
    }),
    ("license-backup backup --recipients-file ", |reader, _| {
        let backup = reader.sandbox.path("mnt/nas/encrypted/licenses.zip.age");
        assert!(
            fs::read(backup)
                .unwrap()
                .starts_with(b"age-encryption.org/v1")
        );
    }),
    ("license-backup verify ", |reader, printed| {
        reader.sees_the_hash(printed);
    }),
    ("license-backup list ", |reader, printed| {
        reader.sees_the_names(printed);
    }),
    ("license-backup restore ", |reader, _| {
        reader.has_all_licenses_and_the_notes_in(PLAYER);
    }),
    ("b3sum --check B3SUMS", |reader, _| {
        reader.has_all_licenses_in(&reader.here("unpacked/licenses"));
    }),
    ("license-backup-command.wasm backup ", |reader, printed| {
        reader.has_a_backup_without_the_notes(printed);
    }),
    ("license-backup-command.wasm verify ", |reader, printed| {
        reader.sees_the_hash(printed);
    }),
    ("license-backup-command.wasm restore ", |reader, _| {
        reader.has_all_licenses_and_the_notes_in(LICENSES);
    }),
    ("license-backup-command.wasm list", |reader, printed| {
        reader.sees_the_licenses(printed);
    }),
    ("license-backup backup --stores ", |reader, _| {
        assert_eq!(files_below(&reader.sandbox.path("mnt/nas/stores")).len(), 4);
    }),
    ("license-backup fleet report ", |reader, printed| {
        assert!(
            printed.contains("2 of 2 units have a good backup"),
            "{printed}"
        );
        requires_text(&reader.here("report.html"));
    }),
    ("license-backup completions ", |reader, _| {
        requires_text(&reader.home(COMPLETIONS).join("license-backup"));
    }),
    ("license-backup man ", |reader, _| {
        requires_text(&reader.home(MANUAL).join("license-backup-restore.1"));
    }),
    ("license-backup --version", |_, printed| {
        assert!(printed.contains("\ncomponent license-backup.wasm "));
    }),
    ("npm run transpile", |reader, _| {
        requires_text(&reader.here("examples/node/generated/license-backup.d.ts"));
    }),
    ("npm run backup ", |reader, _| reader.has_a_backup()),
    ("python backup.py ", |reader, _| reader.has_a_backup()),
];

/// Directories that the README expects in the home directory: the two stores, and the directories
/// of a shell and of `man`.
const PLAYER: &str = ".local/share/player/licenses";
const LICENSES: &str = "licenses";
const COMPLETIONS: &str = ".local/share/bash-completion/completions";
const MANUAL: &str = ".local/share/man/man1";

/// A file in both stores that is not a license.
const NOTES: &str = "notes.txt";

/// Returns the commands of each `console` block with their comments, in order.
fn blocks() -> Vec<Vec<&'static str>> {
    let fenced = README
        .split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'));
    let (console, other): (Vec<_>, Vec<_>) =
        fenced.partition(|(language, _)| *language == "console");
    let other: Vec<_> = other.into_iter().map(|(language, _)| language).collect();
    assert_eq!(
        other,
        ["json", "powershell", "rust,no_run", "python"],
        "only the console blocks and the example of the library are tested here; the tests of other \
         places use the policy, and those of the program for Windows and of the package for Python \
         run what is in the other ones"
    );
    console
        .into_iter()
        .map(|(_, text)| {
            text.lines()
                .filter_map(|line| line.strip_prefix("$ "))
                .collect()
        })
        .collect()
}

/// Returns a command without its comment.
fn bare(command: &str) -> &str {
    command.split(" #").next().unwrap_or(command).trim_end()
}

fn is_skipped(command: &str) -> bool {
    SKIPPED.iter().any(|(skipped, _)| bare(command) == *skipped)
}

/// Runs `sh` with these arguments after a preparation.
fn shell(sandbox: &Sandbox, preparation: &str, arguments: &[&str]) -> Outcome {
    sandbox
        .license_backup(arguments)
        .with_binary("/bin/sh".into())
        .after(preparation)
        .run()
}

/// Requires that a file exists and is not empty.
fn requires_text(file: &Path) {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(!text.is_empty(), "{} should not be empty", file.display());
}

/// A reader who follows the README.
struct Reader {
    sandbox: Sandbox,
    /// The files of each store except the notes, by path.
    licenses: BTreeMap<PathBuf, Vec<u8>>,
}

impl Reader {
    /// Creates a reader with everything that the README expects: the stores, a directory for
    /// backups, the directories of the shell and the manual, and the results of
    /// `make setup-tests component`.
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let files = SampleStore::ordinary(14)
            .files()
            .map(|license| (license.path, license.bytes))
            .collect();
        let reader = Self {
            sandbox,
            licenses: files,
        };
        for store in [PLAYER, LICENSES].map(|name| reader.home(name)) {
            SampleStore::ordinary(14).write_into(&store).unwrap();
            fs::write(store.join(NOTES), "no license").unwrap();
        }
        for name in ["alice", "bob"] {
            let store = reader
                .sandbox
                .path("mnt/stores")
                .join(name)
                .join("licenses");
            SampleStore::ordinary(3).write_into(&store).unwrap();
        }
        for directory in [
            reader.home(COMPLETIONS),
            reader.home(MANUAL),
            reader.sandbox.path("mnt/nas"),
        ] {
            fs::create_dir_all(directory).unwrap();
        }
        reader.links_the_components();
        reader.copies_the_example_for_node();
        reader.copies_the_example_for_python();
        reader
    }

    fn links_the_components(&self) {
        let components = sources().join("target/components");
        fs::create_dir_all(self.here("target")).unwrap();
        symlink(&components, self.here("target/components")).unwrap();
        let command = "license-backup-command.wasm";
        symlink(components.join(command), self.here(command)).unwrap();
    }

    /// Copies the example, because its commands write into it, and other tests use the original at
    /// the same time.
    fn copies_the_example_for_node(&self) {
        let (original, copy) = (sources().join("examples/node"), self.here("examples/node"));
        fs::create_dir_all(&copy).unwrap();
        for name in ["backup.js", "package.json", "package-lock.json"] {
            fs::copy(original.join(name), copy.join(name)).unwrap();
        }
        symlink(original.join("node_modules"), copy.join("node_modules")).unwrap();
    }

    /// Copies the example, because Python writes its compiled modules into it.
    fn copies_the_example_for_python(&self) {
        let original = sources().join("examples/python");
        let copy = self.here("examples/python");
        fs::create_dir_all(copy.join("license_backup")).unwrap();
        for name in [
            "backup.py",
            "license_backup/__init__.py",
            "license_backup/results.py",
            "license_backup/run.py",
        ] {
            fs::copy(original.join(name), copy.join(name)).unwrap();
        }
        symlink(sources().join("target/python"), copy.join("venv")).unwrap();
    }

    /// Returns the path of a name in the directory in which each block starts.
    fn here(&self, name: &str) -> PathBuf {
        self.sandbox.path("here").join(name)
    }

    fn home(&self, name: &str) -> PathBuf {
        self.sandbox.path("home").join(name)
    }

    fn backup_file(&self) -> PathBuf {
        self.sandbox.path("mnt/nas/laptop/licenses.zip")
    }

    /// Runs the commands of a block in order, each in the directory in which the command before it
    /// ended.
    fn follows(&self, block: &[&str]) {
        let mut directory = self.here("");
        for command in block.iter().filter(|command| !is_skipped(command)) {
            for (_, prepare) in BEFORE.iter().filter(|(part, _)| command.contains(part)) {
                prepare(self);
            }
            let outcome = self.runs(command, &directory).exits(0);
            for (_, check) in AFTER.iter().filter(|(part, _)| command.contains(part)) {
                check(self, outcome.stdout());
            }
            directory = fs::read_to_string(self.sandbox.path("directory"))
                .unwrap()
                .trim_end()
                .into();
        }
    }

    /// Runs a command in a directory, and writes the directory in which it ended to the file
    /// `directory`.
    fn runs(&self, command: &str, directory: &Path) -> Outcome {
        assert!(
            !command.ends_with('\\'),
            "a command should be on one line: {command}"
        );
        let root = self.sandbox.path("");
        let root = root
            .to_str()
            .expect("the path of a sandbox is UTF-8")
            .trim_end_matches('/');
        let target = sources().join("target");
        let preparation = format!(
            "cd '{}'; export HOME='{root}/home' PATH='{target}/release:{target}/tools/bin':\"$PATH\"; \
                export npm_config_update_notifier=false",
            directory.display(),
            target = target.display(),
        );
        let command = command.replace("/mnt/", &format!("{root}/mnt/"));
        let script = format!("{command}\nstatus=$?; pwd >'{root}/directory'; exit $status");
        shell(&self.sandbox, &preparation, &["-c", &script])
    }

    fn loses_the_licenses_in(&self, store: &str) {
        for path in self.licenses.keys() {
            fs::remove_file(self.home(store).join(path)).unwrap();
        }
    }

    fn removes_the_backup(&self) {
        fs::remove_file(self.backup_file()).unwrap();
    }

    fn has_all_licenses_in(&self, directory: &Path) {
        assert!(
            files_below(directory) == self.licenses,
            "{} should contain all licenses",
            directory.display()
        );
    }

    fn has_all_licenses_and_the_notes_in(&self, store: &str) {
        let mut files = files_below(&self.home(store));
        assert!(
            files.remove(Path::new(NOTES)).is_some(),
            "{NOTES} should still be in {store}"
        );
        assert!(
            files == self.licenses,
            "{store} should contain all licenses"
        );
    }

    /// Requires that other tools accept the backup, and that it contains each license bit for bit.
    fn has_a_backup(&self) {
        let copy = Sandbox::new();
        fs::copy(self.backup_file(), copy.backup_file()).unwrap();
        copy.archive().passes_unzip();
        let unpacked = copy.path("unpacked");
        copy.archive().unpack(&unpacked);
        passes_b3sum(&unpacked);
        self.has_all_licenses_in(&unpacked.join("licenses"));
    }

    fn has_a_backup_without_the_notes(&self, printed: &str) {
        self.has_a_backup();
        assert!(
            printed.contains("Skipped 1, unrecognized") && printed.contains(NOTES),
            "{printed}"
        );
    }

    fn sees_the_hash(&self, printed: &str) {
        let hash = blake3::hash(&fs::read(self.backup_file()).unwrap());
        assert!(
            printed.contains(&format!("BLAKE3 {hash}\n")),
            "the output should contain {hash}\n{printed}"
        );
    }

    fn sees_the_licenses(&self, printed: &str) {
        for path in self.licenses.keys() {
            assert!(
                printed.contains(&*path.to_string_lossy()),
                "the output should contain {}\n{printed}",
                path.display()
            );
        }
    }

    fn sees_the_names(&self, printed: &str) {
        self.sees_the_licenses(printed);
        assert!(
            printed.contains(NOTES),
            "the output should contain {NOTES}\n{printed}"
        );
    }
}

#[test]
fn every_command_of_the_readme_works_in_order() {
    let reader = Reader::new();
    for block in blocks() {
        reader.follows(&block);
    }
}

#[test]
fn every_rule_about_a_command_applies_to_the_readme() {
    let commands = blocks().concat();
    for (skipped, reason) in SKIPPED {
        assert!(
            commands.iter().any(|command| bare(command) == skipped),
            "the README should contain the command {skipped}, which is skipped ({reason})"
        );
    }
    for part in BEFORE
        .iter()
        .map(|(part, _)| part)
        .chain(AFTER.iter().map(|(part, _)| part))
    {
        assert!(
            commands.iter().any(|command| command.contains(part)),
            "a command of the README should contain {part:?}"
        );
    }
}

#[test]
fn make_run_backs_up_lists_and_restores_a_sample_store() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("scripts")).unwrap();
    fs::create_dir_all(sandbox.path("target")).unwrap();
    fs::copy(
        sources().join("scripts/run-sample.sh"),
        sandbox.path("scripts/run-sample.sh"),
    )
    .unwrap();
    symlink(
        sources().join("target/release"),
        sandbox.path("target/release"),
    )
    .unwrap();
    let outcome = shell(&sandbox, "true", &["scripts/run-sample.sh"]).exits(0);

    let files: Vec<_> = SampleStore {
        licenses: 24,
        ..SampleStore::default()
    }
    .files()
    .collect();
    let restored = files_below(&sandbox.path("target/sample-restored"));
    assert!(
        restored == expected::restored(&files),
        "{}",
        outcome.report()
    );
    let summary = format!(
        " in the backup, {} files skipped;",
        expected::skipped(&files).len()
    );
    assert!(
        outcome.stdout().contains(&summary),
        "the output should contain {summary:?}\n{}",
        outcome.report()
    );
}
