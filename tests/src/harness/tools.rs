//! The backup file as independent tools read it: `unzip`, Python's `zipfile`, `b3sum`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

/// How to install the tools.
const SETUP: &str = "`make setup-tests` installs it";
/// A Python script that prints and unpacks the entries of an archive.
const INSPECT: &str = include_str!("inspect.py");

/// A backup file.
#[derive(Debug, Clone)]
pub struct Archive {
    file: PathBuf,
}

/// An entry as Python's `zipfile` sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// `filename`
    pub name: String,
    /// `file_size`, in bytes
    pub size: u64,
    /// `compress_type`; 0 is stored
    pub method: u16,
    /// `external_attr`; the mode is in the upper half
    pub attributes: u32,
    /// `flag_bits`; 0x800 is a UTF-8 name
    pub flags: u16,
    /// `date_time`: year, month, day, hour, minute, second
    pub date: Vec<u32>,
    /// `create_system`; 3 is Unix
    pub system: u8,
    /// The length of `extra` in bytes
    pub extra: usize,
    /// The length of `comment` in bytes
    pub comment: usize,
}

impl Archive {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Requires that `unzip -t` finds no error.
    ///
    /// # Panics
    ///
    /// If it finds one, or is not installed.
    pub fn passes_unzip(&self) {
        // `-q` twice: `unzip` prints only the names of damaged entries.
        run(Command::new("unzip").arg("-tqq").arg(&self.file));
    }

    /// Returns the entries in the order of the central directory. Python checks each CRC.
    ///
    /// # Panics
    ///
    /// If Python finds an error, or is not installed.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let output = run(python().arg(&self.file));
        serde_json::from_slice(&output.stdout).expect("the script prints JSON")
    }

    /// Unpacks all entries with Python into a new directory.
    ///
    /// # Panics
    ///
    /// If Python finds an error, or is not installed.
    pub fn unpack(&self, directory: &Path) {
        run(python().arg(&self.file).arg(directory));
    }
}

fn python() -> Command {
    let mut command = Command::new("python3");
    command.arg("-c").arg(INSPECT);
    command
}

/// Requires that `b3sum --check` accepts the `B3SUMS` in a directory.
///
/// # Panics
///
/// If it does not, or is not installed.
pub fn passes_b3sum(directory: &Path) {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target/tools/bin/b3sum");
    let b3sum = if installed.exists() {
        installed
    } else {
        "b3sum".into()
    };
    let mut command = Command::new(b3sum);
    run(command
        .args(["--quiet", "--check", "B3SUMS"])
        .current_dir(directory));
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        assert!(
            error.kind() != io::ErrorKind::NotFound,
            "{command:?} is not installed: {SETUP}"
        );
        panic!("cannot run {command:?}: {error}")
    });
    assert!(
        output.status.success(),
        "{command:?} ended with {}\nstdout:\n{}\nstderr:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
