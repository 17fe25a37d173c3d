//! The command `fleet plan`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use license_backup_report::{ExitCode, counted, escape};

use super::arguments::PlanArguments;
use super::units::Plan;
use crate::directories::create_directory;
use crate::files;
use crate::stderr::print_error;
use crate::stores::{Target, absolute, targets};

/// Writes a file of units, and returns the exit code.
pub(super) fn run(arguments: &PlanArguments) -> ExitCode {
    match plan(arguments) {
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::Success,
            Err(error) => fail(&format!(
                "cannot write the result to standard output: {error}; the plan is complete"
            )),
        },
        Err(error) => fail(&format!("{error:#}")),
    }
}

fn fail(message: &str) -> ExitCode {
    print_error(message);
    ExitCode::Failed
}

fn plan(arguments: &PlanArguments) -> anyhow::Result<String> {
    let PlanArguments {
        to,
        units: file,
        split_above,
        ..
    } = arguments;
    let mut units = targets(arguments.selection(), to)?;
    if let Some(limit) = split_above {
        units = split(units, *limit)?;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let time = now.context("the clock is before the year 1970")?.as_secs();
    let to = absolute(to)?;
    let (text, id) = Plan::encode(time, &to, &units)?;
    let name = escape(&file.to_string_lossy());
    if file.symlink_metadata().is_ok() {
        bail!("cannot create {name}: it exists; name a new file");
    }
    create_directory(&to)?;
    files::create(file, text.as_bytes()).with_context(|| {
        format!("cannot create {name}; name a new file in a directory that exists")
    })?;
    let count = u64::try_from(units.len()).unwrap_or(u64::MAX);
    Ok(format!(
        "Planned {} in {name}.\nPlan {id}\n",
        counted(count, "unit")
    ))
}

/// Replaces each store with more than `limit` files by the directories in it.
fn split(targets: Vec<Target>, limit: u64) -> anyhow::Result<Vec<Target>> {
    let mut units = Vec::new();
    for target in targets {
        // A store that cannot be counted is one unit: its run reports why it cannot be read.
        if has_more_files(&target.store, limit).unwrap_or(false) {
            let store = escape(&target.store.to_string_lossy());
            units
                .extend(directories_in(&target).with_context(|| format!("cannot divide {store}"))?);
        } else {
            units.push(target);
        }
    }
    units.sort_unstable_by(|one, other| one.store.cmp(&other.store));
    Ok(units)
}

/// Returns `true` if there are more than `limit` files in a directory and below it.
fn has_more_files(directory: &Path, limit: u64) -> io::Result<bool> {
    let mut files = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                directories.push(entry.path());
                continue;
            }
            files += 1;
            if files > limit {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns a unit for each directory in a store.
fn directories_in(Target { store, directory }: &Target) -> anyhow::Result<Vec<Target>> {
    let mut units = Vec::new();
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        let name = entry.file_name();
        if !entry.file_type()?.is_dir() {
            bail!(
                "{} is directly in it, and would be in no unit; move it into a directory, or raise \
                 --split-above",
                escape(&name.to_string_lossy())
            );
        }
        units.push(Target {
            store: store.join(&name),
            directory: directory.join(&name),
        });
    }
    Ok(units)
}
