//! Measures backups of many stores: in one process with more and more jobs, and as tasks of a Slurm
//! cluster on this machine, on a local disk and on a file system that answers slowly.

mod cluster;
pub(crate) mod page;
pub(crate) mod results;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;
use nix::unistd::sync;

use self::cluster::{Cluster, SlowMirror};
use self::results::{FleetResults, Measured, SCHEMA, Series};
use crate::measure;

/// The numbers of `--jobs` on the local disk, and on the slow file system.
const JOBS: [u32; 3] = [1, 2, 4];
const SLOW_JOBS: [u32; 6] = [1, 2, 4, 8, 16, 32];
/// The numbers of nodes.
const NODES: [u32; 3] = [1, 2, 3];
/// The number of tasks that a node runs at once.
const TASKS_PER_NODE: u32 = 2;
/// The number of tasks of an array, of which each node runs as many as any other.
const TASKS: u32 = 12;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Number of stores on the local disk
    #[arg(long, value_name = "N", default_value_t = 300)]
    stores: u32,
    /// Number of licenses in each of them
    #[arg(long, value_name = "N", default_value_t = 1000)]
    licenses: u32,
    /// Number of stores of one license
    #[arg(long, value_name = "N", default_value_t = 2000)]
    tiny_stores: u32,
    /// Number of stores of 100 licenses on the slow file system
    #[arg(long, value_name = "N", default_value_t = 60)]
    slow_stores: u32,
    /// Delay of each call of the slow file system
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 1000)]
    delay: u32,
    /// Number of tasks with one unit each
    #[arg(long, value_name = "N", default_value_t = 120)]
    tasks: u32,
    /// Number of runs of each backup
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Directory that `make` builds into; the stores are created in it
    #[arg(long, value_name = "DIR", default_value = "target")]
    target: PathBuf,
    /// File for the results
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// A run of the benchmark.
struct Bench<'a> {
    options: &'a Options,
    root: PathBuf,
    target: PathBuf,
    directory: PathBuf,
}

/// Measures, writes the results, and prints the tables.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = fs::canonicalize(&options.target)?;
    let bench = Bench {
        options,
        root: fs::canonicalize(".")?,
        directory: target.join("bench-fleet"),
        target,
    };
    measure::recreate(&bench.directory)?;
    let results = bench.results()?;
    fs::write(&options.to, serde_json::to_string_pretty(&results)? + "\n")?;
    print!("{}", page::tables(&results));
    fs::remove_dir_all(&bench.directory)?;
    Ok(())
}

impl Bench<'_> {
    fn results(&self) -> anyhow::Result<FleetResults> {
        let options = self.options;
        let disk = self.stores("disk", options.stores, options.licenses)?;
        let tiny = self.stores("tiny", options.tiny_stores, 1)?;
        let slow = self.stores("slow", options.slow_stores, 100)?;
        let mount_point = self.directory.join("mirror");
        let slow_fs = self.target.join("tools/bin/slow_fs");
        let few = self.stores("few", options.tasks, 1)?;
        Ok(FleetResults {
            schema: SCHEMA,
            machine: crate::machine()?,
            disk: Series {
                stores: options.stores,
                licenses: options.licenses,
                delay: 0,
                jobs: self.with_jobs(&disk, &JOBS)?,
                nodes: self.with_nodes(&disk)?,
            },
            tiny: Series {
                stores: options.tiny_stores,
                licenses: 1,
                delay: 0,
                jobs: self.with_jobs(&tiny, &[1])?,
                nodes: Vec::new(),
            },
            tasks: self.with_tasks(&few, 1, options.tasks)?,
            slow: {
                let _mirror = SlowMirror::mount(&slow_fs, &slow, &mount_point, options.delay)?;
                Series {
                    stores: options.slow_stores,
                    licenses: 100,
                    delay: options.delay,
                    jobs: self.with_jobs(&mount_point, &SLOW_JOBS)?,
                    nodes: self.with_nodes(&mount_point)?,
                }
            },
        })
    }

    /// Creates stores, and returns their directory.
    fn stores(&self, name: &str, stores: u32, licenses: u32) -> anyhow::Result<PathBuf> {
        eprintln!("{stores} stores of {licenses} licenses");
        let directory = self.directory.join(name);
        for store in 0..stores {
            let mut sample = Command::new(self.target.join("release/sample-store"));
            sample
                .arg(directory.join(format!("{store:05}")))
                .args(["--ordinary-only", "--seed", &store.to_string()])
                .args(["--licenses", &licenses.to_string()]);
            measure::wait(sample)?;
        }
        Ok(directory)
    }

    /// Measures one process with each number of jobs.
    fn with_jobs(&self, stores: &Path, jobs: &[u32]) -> anyhow::Result<Vec<Measured>> {
        let measured = jobs.iter().map(|&jobs| {
            self.rounds(jobs, &format!("--jobs {jobs}"), || {
                let to = self.new_destination()?;
                let mut backup = self.program();
                backup
                    .args(["backup", "--quiet", "--jobs", &jobs.to_string(), "--stores"])
                    .arg(stores.join("*"))
                    .arg("--to")
                    .arg(to);
                let start = Instant::now();
                measure::wait(backup)?;
                Ok(start.elapsed().as_secs_f64())
            })
        });
        measured.collect()
    }

    /// Measures a cluster with each number of nodes.
    fn with_nodes(&self, stores: &Path) -> anyhow::Result<Vec<Measured>> {
        let measured = NODES.iter().map(|&nodes| {
            let measured = self.with_tasks(stores, nodes, TASKS)?;
            Ok(Measured {
                count: nodes,
                ..measured
            })
        });
        measured.collect()
    }

    /// Measures an array with this number of tasks.
    fn with_tasks(&self, stores: &Path, nodes: u32, tasks: u32) -> anyhow::Result<Measured> {
        let cluster = Cluster::start(
            &self.root,
            &self.directory.join("cluster"),
            &self.binary(),
            nodes,
        )?;
        self.rounds(tasks, &format!("{tasks} tasks on {nodes} nodes"), || {
            let to = self.new_destination()?;
            let units_file = to.with_extension("units");
            let mut plan = self.program();
            plan.args(["fleet", "plan", "--stores"])
                .arg(stores.join("*"));
            plan.arg("--to").arg(&to).arg("--units").arg(&units_file);
            measure::wait(plan)?;
            let start = Instant::now();
            cluster.run(&units_file, tasks, TASKS_PER_NODE * nodes)?;
            Ok(start.elapsed().as_secs_f64())
        })
    }

    /// Measures each round.
    fn rounds(
        &self,
        count: u32,
        what: &str,
        work: impl Fn() -> anyhow::Result<f64>,
    ) -> anyhow::Result<Measured> {
        let rounds = 1..=self.options.rounds;
        let seconds = rounds.map(|round| {
            eprintln!("{what}, round {round} of {}", self.options.rounds);
            // Flushes what was written before, so that it does not count.
            sync();
            work()
        });
        Ok(Measured {
            count,
            seconds: seconds.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Creates an empty directory for the backups of one run.
    fn new_destination(&self) -> anyhow::Result<PathBuf> {
        let all = self.directory.join("backups");
        fs::create_dir_all(&all)?;
        measure::new_directory(&all)
    }

    fn program(&self) -> Command {
        Command::new(self.binary())
    }

    fn binary(&self) -> PathBuf {
        self.target.join("release/license-backup")
    }
}
