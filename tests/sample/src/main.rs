//! A command line that writes a sample license store, for `make run`, tests and measurements.

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Parser;
use license_backup_sample::{
    MAXIMUM_PUBLICATION_SIZE, MAXIMUM_SIZE, MINIMUM_PUBLICATION_SIZE, MINIMUM_SIZE, SampleLicense,
    SampleStore,
};

/// Write a license store with every special case once, and ordinary licenses and publications
///
/// The same options always write the same files. All keys and IDs are random filler: the licenses
/// decrypt nothing.
#[derive(Parser)]
#[command(name = "sample-store", version)]
struct Arguments {
    /// Directory for the files; it must be empty or not exist
    directory: PathBuf,
    /// Number of ordinary licenses, all of which may be backed up
    #[arg(long, value_name = "N", default_value_t = 100)]
    licenses: u64,
    /// Seed of all random parts
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Size of each ordinary license, from 2048 to 1048576
    #[arg(long, value_name = "BYTES", default_value_t = 4096, value_parser = size)]
    size: usize,
    /// Number of ordinary publications, each of which contains a license that may be backed up
    #[arg(long, value_name = "N", default_value_t = 0)]
    publications: u64,
    /// Approximate size of each ordinary publication, from 16384 to 1073741824
    #[arg(long, value_name = "BYTES", default_value_t = 2 << 20, value_parser = publication_size)]
    publication_size: usize,
    /// Omit the special cases
    #[arg(long)]
    ordinary_only: bool,
    /// Remove the contents of the directory first
    #[arg(long)]
    replace: bool,
}

fn size(text: &str) -> Result<usize, String> {
    size_in(MINIMUM_SIZE..=MAXIMUM_SIZE, text)
}

fn publication_size(text: &str) -> Result<usize, String> {
    size_in(MINIMUM_PUBLICATION_SIZE..=MAXIMUM_PUBLICATION_SIZE, text)
}

fn size_in(sizes: RangeInclusive<usize>, text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if sizes.contains(&size) => Ok(size),
        _ => Err(format!(
            "expected a number of bytes from {} to {}",
            sizes.start(),
            sizes.end()
        )),
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let (directory, seed) = (&arguments.directory, arguments.seed);
    prepare(directory, arguments.replace)?;
    let store = SampleStore {
        seed,
        catalogue: !arguments.ordinary_only,
        licenses: arguments.licenses,
        size: arguments.size,
        publications: arguments.publications,
        publication_size: arguments.publication_size,
    };
    let (mut files, mut bytes) = (0_u64, 0_usize);
    for file in store.files() {
        write(&file, directory)?;
        files += 1;
        bytes += file.bytes.len();
    }
    println!(
        "{}: {files} files, {bytes} bytes, seed {seed}",
        directory.display()
    );
    Ok(())
}

/// Creates the directory, or empties it if `replace` is `true`.
///
/// # Errors
///
/// Fails if the directory contains files and `replace` is `false`, or if the file system fails.
fn prepare(directory: &Path, replace: bool) -> anyhow::Result<()> {
    let context = || format!("cannot prepare {}", directory.display());
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return fs::create_dir_all(directory).with_context(context);
        }
        Err(error) => return Err(error).with_context(context),
        Ok(entries) => {
            for entry in entries {
                if !replace {
                    bail!(
                        "cannot prepare {}: it is not empty; add --replace to remove its contents",
                        directory.display()
                    );
                }
                let entry = entry.with_context(context)?;
                let is_directory = entry.file_type().with_context(context)?.is_dir();
                let removed = if is_directory {
                    fs::remove_dir_all(entry.path())
                } else {
                    fs::remove_file(entry.path())
                };
                removed.with_context(|| format!("cannot remove {}", entry.path().display()))?;
            }
        }
    }
    Ok(())
}

fn write(file: &SampleLicense, directory: &Path) -> anyhow::Result<()> {
    file.write_into(directory)
        .with_context(|| format!("cannot write {}", directory.join(&file.path).display()))
}
