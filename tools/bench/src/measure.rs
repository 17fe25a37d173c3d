//! Runs the programs of a comparison in turns, and takes the time and the memory of each run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use nix::unistd::{sync, syncfs};
use wait4::Wait4 as _;

use crate::programs::{Entrant, Places};
use crate::results::{Comparison, Program};

/// Compares programs that do the same: each once a round, one after the other.
pub(crate) fn compare(
    task: &str,
    entrants: &[Entrant],
    places: &Places,
    rounds: usize,
) -> anyhow::Result<Comparison> {
    let mut programs: Vec<Program> = Vec::new();
    for entrant in entrants {
        programs.push(Program {
            name: entrant.name.to_owned(),
            seconds: Vec::new(),
            peak_memory: 0,
        });
    }
    for round in 1..=rounds {
        for (entrant, program) in entrants.iter().zip(&mut programs) {
            eprintln!("{task}, round {round} of {rounds}: {}", entrant.name);
            let (seconds, peak_memory) = run(entrant, places).with_context(|| entrant.name)?;
            program.seconds.push(seconds);
            program.peak_memory = program.peak_memory.max(peak_memory);
        }
    }
    Ok(Comparison {
        task: task.to_owned(),
        programs,
    })
}

/// Runs a program once. Gives the seconds until its result was on disk, and the bytes it had resident at most.
fn run(entrant: &Entrant, places: &Places) -> anyhow::Result<(f64, u64)> {
    let places = &Places {
        output: new_directory(&places.output)?,
        ..places.clone()
    };
    if let Some(prepare) = entrant.prepare {
        wait(prepare(places))?;
    }
    // What another run has left to write is not to be written in this one's time.
    sync();
    let disk = File::open(&places.output)?;
    let start = Instant::now();
    let peak_memory = wait((entrant.command)(places))?;
    syncfs(&disk)?;
    let seconds = start.elapsed().as_secs_f64();
    if !entrant.makes_files {
        renew(&places.output)?;
    }
    Ok((seconds, peak_memory))
}

/// Makes an empty directory for what one run makes.
///
/// It stays until all is measured: ext4 passes over inodes that were freed within the last minutes, one by one, and whoever
/// makes many files would pay for those of an earlier run that were removed.
pub(crate) fn new_directory(output: &Path) -> anyhow::Result<PathBuf> {
    let directory = output.join(fs::read_dir(output)?.count().to_string());
    fs::create_dir(&directory)
        .with_context(|| format!("{} cannot be created", directory.display()))?;
    Ok(directory)
}

/// Makes a directory anew.
pub(crate) fn renew(directory: &Path) -> anyhow::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)
        .with_context(|| format!("{} cannot be created", directory.display()))
}

/// Runs a command to its end, which has to be a good one. Gives the bytes that it had resident at most.
pub(crate) fn wait(mut command: Command) -> anyhow::Result<u64> {
    let program = command.get_program().display().to_string();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| {
            format!("{program} cannot be run; `make setup-tests` installs what is compared")
        })?;
    let ended = child.wait4()?;
    if !ended.status.success() {
        bail!("{program} ended with {}", ended.status);
    }
    Ok(ended.rusage.maxrss)
}
