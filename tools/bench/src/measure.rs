//! Runs the programs of a comparison in turn, and measures the time and the memory of each run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use nix::unistd::{sync, syncfs};
use wait4::Wait4 as _;

use crate::programs::{Candidate, Paths};
use crate::results::{Comparison, Program};

/// Compares programs with the same task. Each round runs every program once, in order.
pub(crate) fn compare<'a>(
    task: &str,
    candidates: impl IntoIterator<Item = &'a Candidate>,
    paths: &Paths,
    rounds: usize,
) -> anyhow::Result<Comparison> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    let mut programs: Vec<Program> = Vec::new();
    for candidate in &candidates {
        programs.push(Program {
            name: candidate.name.to_owned(),
            seconds: Vec::new(),
            peak_memory: 0,
            bytes_read: None,
        });
    }
    for round in 1..=rounds {
        for (candidate, program) in candidates.iter().zip(&mut programs) {
            eprintln!("{task}, round {round} of {rounds}: {}", candidate.name);
            let run = run(candidate, paths).with_context(|| candidate.name)?;
            program.seconds.push(run.seconds);
            program.peak_memory = program.peak_memory.max(run.peak_memory);
            program.bytes_read = program.bytes_read.max(run.bytes_read);
        }
    }
    Ok(Comparison {
        task: task.to_owned(),
        due_milliseconds: None,
        programs,
    })
}

/// The measurements of one run.
struct Run {
    /// The seconds until the result was on disk.
    seconds: f64,
    /// The peak memory in bytes.
    peak_memory: u64,
    /// The number of bytes read. `None` if Linux does not count them.
    bytes_read: Option<u64>,
}

/// Runs a program once.
fn run(candidate: &Candidate, paths: &Paths) -> anyhow::Result<Run> {
    let paths = &Paths {
        output: new_directory(&paths.output)?,
        ..paths.clone()
    };
    if let Some(prepare) = candidate.prepare {
        wait(prepare(paths))?;
    }
    // Flushes what earlier runs have written, so that it does not count towards this run.
    sync();
    let disk = File::open(&paths.output)?;
    let read_before = bytes_read();
    let start = Instant::now();
    let peak_memory = wait((candidate.command)(paths))?;
    syncfs(&disk)?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes_read = bytes_read().zip(read_before);
    if !candidate.creates_many_files {
        recreate(&paths.output)?;
    }
    Ok(Run {
        seconds,
        peak_memory,
        bytes_read: bytes_read.map(|(after, before)| after - before),
    })
}

/// Returns the number of bytes that this process and those that it has waited for have read.
fn bytes_read() -> Option<u64> {
    let counters = fs::read_to_string("/proc/self/io").ok()?;
    counters
        .strip_prefix("rchar: ")?
        .lines()
        .next()?
        .parse()
        .ok()
}

/// Creates an empty directory for the output of one run.
///
/// It is not removed before the end of the benchmark: ext4 does not reuse inodes for some minutes
/// after they were freed, and skips them one by one. A run that creates many files would be slowed
/// down by files of an earlier run that were removed.
pub(crate) fn new_directory(output: &Path) -> anyhow::Result<PathBuf> {
    let directory = output.join(fs::read_dir(output)?.count().to_string());
    fs::create_dir(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    Ok(directory)
}

/// Creates an empty directory. Removes an existing one first.
pub(crate) fn recreate(directory: &Path) -> anyhow::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))
}

/// Runs a command, which must succeed. Returns its peak memory in bytes.
pub(crate) fn wait(mut command: Command) -> anyhow::Result<u64> {
    let program = command.get_program().display().to_string();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {program}; `make setup-tests` installs it"))?;
    let exited = child.wait4()?;
    if !exited.status.success() {
        bail!("{program} failed: {}", exited.status);
    }
    Ok(exited.rusage.maxrss)
}
