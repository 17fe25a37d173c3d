//! A Slurm cluster on this machine, and a file system that answers slowly.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::measure;

/// The time between two looks.
const INTERVAL: Duration = Duration::from_millis(50);
/// The longest time until the file system is mounted.
const MOUNT_LIMIT: Duration = Duration::from_secs(10);

/// A cluster that `scripts/slurm-cluster.sh` starts, and ends when the value is dropped.
pub(super) struct Cluster {
    root: PathBuf,
    directory: PathBuf,
    program: PathBuf,
}

impl Cluster {
    /// Starts a cluster in a new directory. `root` is that of the sources.
    pub(super) fn start(
        root: &Path,
        directory: &Path,
        program: &Path,
        nodes: u32,
    ) -> anyhow::Result<Self> {
        measure::recreate(directory)?;
        let cluster = Self {
            root: root.to_owned(),
            directory: directory.to_owned(),
            program: program.to_owned(),
        };
        let mut start = cluster.script("start");
        start.arg(nodes.to_string());
        measure::wait(start)?;
        Ok(cluster)
    }

    /// Runs the units of a plan as an array of tasks, and waits for its end.
    pub(super) fn run(&self, units_file: &Path, tasks: u32, at_once: u32) -> anyhow::Result<()> {
        let mut submit = self.command("sbatch");
        submit
            .arg("--parsable")
            .arg("--output=/dev/null")
            .arg(format!("--array=0-{}%{at_once}", tasks - 1))
            .arg(self.root.join("examples/slurm/backup.sbatch"))
            .arg(units_file);
        let array = text(submit)?;
        loop {
            let mut queue = self.command("squeue");
            queue.args(["--noheader", "--format=%i"]);
            if text(queue)?.is_empty() {
                break;
            }
            thread::sleep(INTERVAL);
        }
        ensure!(!array.is_empty(), "sbatch printed no job");
        Ok(())
    }

    /// Returns a command of Slurm. The program under test is on its `PATH`, and on that of its jobs.
    fn command(&self, name: &str) -> Command {
        let programs = self.program.parent().unwrap_or(Path::new("/"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(name);
        command
            .env("SLURM_CONF", self.directory.join("slurm.conf"))
            .env("PATH", format!("{}:{path}", programs.display()))
            .stdin(Stdio::null());
        command
    }

    fn script(&self, action: &str) -> Command {
        let mut command = Command::new(self.root.join("scripts/slurm-cluster.sh"));
        command.arg(action).arg(&self.directory);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = measure::wait(self.script("stop")) {
            eprintln!("cannot end the cluster: {error:#}");
        }
    }
}

/// A mirror of a directory that answers each call late, until the value is dropped.
pub(super) struct SlowMirror {
    mount_point: PathBuf,
    process: Child,
}

impl SlowMirror {
    /// Mounts the mirror, which needs FUSE.
    pub(super) fn mount(
        program: &Path,
        directory: &Path,
        mount_point: &Path,
        delay: u32,
    ) -> anyhow::Result<Self> {
        measure::recreate(mount_point)?;
        let process = Command::new(program)
            .args([directory, mount_point])
            .arg(delay.to_string())
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| {
                format!(
                    "cannot run {}; `make bench-fleet` builds it",
                    program.display()
                )
            })?;
        let mut mirror = Self {
            mount_point: mount_point.to_owned(),
            process,
        };
        let start = Instant::now();
        while mount_point.read_dir()?.next().is_none() {
            if let Some(status) = mirror.process.try_wait()? {
                bail!("cannot mount {}: {status}", mount_point.display());
            }
            ensure!(
                start.elapsed() < MOUNT_LIMIT,
                "{} is not mounted after {MOUNT_LIMIT:?}",
                mount_point.display()
            );
            thread::sleep(INTERVAL);
        }
        Ok(mirror)
    }
}

impl Drop for SlowMirror {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        unmount.arg(&self.mount_point);
        if let Err(error) = measure::wait(unmount) {
            eprintln!("cannot unmount {}: {error:#}", self.mount_point.display());
        }
        // It ends with its mount.
        let _ = self.process.wait();
    }
}

/// Runs a command, which must succeed. Returns what it prints.
fn text(mut command: Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}; `make bench-fleet` installs it"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
