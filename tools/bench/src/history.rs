//! What a schedule of backups does over time: a run that changes nothing, the removal of old
//! generations, and a look at a single license.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::measure;
use crate::programs::{Candidate, Paths, one_file};
use crate::results::Comparison;

/// The number of generations of which a policy keeps some: one per hour for more than a year.
const GENERATIONS: u32 = 10_000;
/// The number of licenses in each of them. For a backup of this size or more, the program reads the
/// same number of bytes.
pub(crate) const LICENSES: u32 = 1000;
/// The time within which a policy must be applied to [`GENERATIONS`], in milliseconds.
const FORGET_DUE: u32 = 1000;
/// The time within which one license must be found, in milliseconds.
const ONE_LICENSE_DUE: u32 = 100;

/// A run that finds the store unchanged, beside one that writes a generation.
const UNCHANGED: [Candidate; 2] = [
    Candidate {
        prepare: Some(back_up_generation),
        ..one_file("unchanged", back_up_generation)
    },
    one_file("writing", back_up_generation),
];

/// The removal of generations. The files are hard links, which are set up quickly: a set is needed
/// for each run.
const FORGET: [Candidate; 2] = [
    Candidate {
        prepare: Some(link_generations),
        ..one_file("forget", forget)
    },
    Candidate {
        prepare: Some(link_generations),
        ..one_file("forget --dry-run", |paths| {
            let mut command = forget(paths);
            command.arg("--dry-run");
            command
        })
    },
];

/// The list and the restore of one license.
const ONE_LICENSE: [Candidate; 4] = [
    one_file("list --include PATH", |paths| list(paths, &paths.license)),
    one_file("list --include **/NAME", |paths| {
        list(paths, &anywhere(paths))
    }),
    one_file("restore --include PATH", |paths| {
        restore(paths, &paths.license)
    }),
    one_file("restore --include **/NAME", |paths| {
        restore(paths, &anywhere(paths))
    }),
];

fn back_up_generation(paths: &Paths) -> Command {
    let mut command = paths.back_up_into(&paths.output);
    command.arg("--generations");
    command
}

fn link_generations(paths: &Paths) -> Command {
    let mut command = Command::new("cp");
    command
        .args(["--recursive", "--link"])
        .arg(paths.backup.join("."))
        .arg(&paths.output);
    command
}

fn forget(paths: &Paths) -> Command {
    let mut command = paths.quiet("forget");
    command
        .args(["--keep-daily", "30", "--keep-monthly", "12"])
        .arg("--from")
        .arg(&paths.output);
    command
}

fn list(paths: &Paths, include: &Path) -> Command {
    let mut command = paths.license_backup("list");
    command
        .args(["--generation", &generation(0), "--from"])
        .arg(&paths.backup)
        .arg("--include")
        .arg(include);
    command
}

fn restore(paths: &Paths, include: &Path) -> Command {
    let mut command = paths.quiet("restore");
    command
        .arg("--from")
        .arg(&paths.backup)
        .arg("--store")
        .arg(&paths.output)
        .arg("--include")
        .arg(include);
    command
}

/// Returns the pattern of the license that names no directory.
fn anywhere(paths: &Paths) -> PathBuf {
    Path::new("**").join(paths.license.file_name().unwrap_or_default())
}

/// Measures backups of the store, and searches of one license in a backup of it.
pub(crate) fn over_time(paths: &Paths, rounds: usize) -> anyhow::Result<Vec<Comparison>> {
    let unchanged = measure::compare("backup --generations", &UNCHANGED, paths, rounds)?;
    measure::recreate(&paths.backup)?;
    create_generation(paths)?;
    let paths = &Paths {
        license: license_in_the_middle(&paths.store)?,
        ..paths.clone()
    };
    let mut one_license = measure::compare("one", &ONE_LICENSE, paths, rounds)?;
    one_license.due_milliseconds = Some(ONE_LICENSE_DUE);
    Ok(vec![unchanged, one_license])
}

/// Measures the application of a policy to many generations.
pub(crate) fn forgetting(paths: &Paths, rounds: usize) -> anyhow::Result<Vec<Comparison>> {
    measure::recreate(&paths.backup)?;
    let first = create_generation(paths)?;
    for hour in 1..GENERATIONS {
        fs::hard_link(&first, paths.backup.join(generation(hour)))?;
    }
    let task = format!("forget in {GENERATIONS} generations");
    let mut forget = measure::compare(&task, &FORGET, paths, rounds)?;
    forget.due_milliseconds = Some(FORGET_DUE);
    Ok(vec![forget])
}

/// Backs up the store twice. Returns the path of the only generation, which gets the first name.
fn create_generation(paths: &Paths) -> anyhow::Result<PathBuf> {
    let output = measure::new_directory(&paths.output)?;
    let paths_of_run = &Paths {
        output: output.clone(),
        ..paths.clone()
    };
    measure::wait(back_up_generation(paths_of_run))?;
    measure::wait(back_up_generation(paths_of_run))?;
    let mut files = sorted(&output)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "zip"));
    ensure!(
        files.len() == 1,
        "the second backup should be unchanged: {files:?}"
    );
    let to = paths.backup.join(generation(0));
    fs::rename(&files[0], &to)?;
    Ok(to)
}

/// Returns the name of a generation: one per hour of the first 28 days of each month since 2024.
fn generation(hour: u32) -> String {
    let (day, month) = (hour / 24, hour / (24 * 28));
    format!(
        "licenses-{}{:02}{:02}T{:02}0000Z.zip",
        2024 + month / 12,
        month % 12 + 1,
        day % 28 + 1,
        hour % 24
    )
}

/// Returns the path of a license in the middle of a sample store, relative to the store.
fn license_in_the_middle(store: &Path) -> anyhow::Result<PathBuf> {
    let mut path = store.to_owned();
    while path.is_dir() {
        let mut names = sorted(&path)?;
        ensure!(!names.is_empty(), "{} is empty", path.display());
        path = names.swap_remove(names.len() / 2);
    }
    Ok(path.strip_prefix(store)?.to_owned())
}

/// Returns the sorted paths in a directory.
fn sorted(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(directory)
        .with_context(|| format!("cannot list {}", directory.display()))?
        .map(|entry| Ok(entry?.path()));
    let mut paths: Vec<_> = paths.collect::<std::io::Result<_>>()?;
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_generations_are_those_of_consecutive_hours() {
        assert_eq!(generation(0), "licenses-20240101T000000Z.zip");
        assert_eq!(generation(24 * 28 - 1), "licenses-20240128T230000Z.zip");
        assert_eq!(generation(24 * 28), "licenses-20240201T000000Z.zip");
        assert_eq!(generation(GENERATIONS - 1), "licenses-20250325T150000Z.zip");
        assert!((0..GENERATIONS).map(generation).is_sorted());
    }
}
