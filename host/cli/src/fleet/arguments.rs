//! The arguments of `fleet`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::arguments::{OutputArguments, PolicyArguments};
use crate::location::directory_parser;
use crate::stores::Selection;

/// The command to run.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Write a file of units: which stores are backed up, and where to
    #[command(
        long_about = "Write a file of units: which stores are backed up, and where to.\n\n\
            Each store is a unit, and its backup directory is at the whole path of the store \
            below the directory of --to. The file fixes the time of the generations, so that a \
            unit that is done twice has one generation. A file that exists is never replaced.",
        after_help = "Examples:\n  \
            license-backup fleet plan --stores '/home/*/licenses' --to /mnt/nas --units units.jsonl\n  \
            license-backup fleet plan --stores-from stores.txt --to /mnt/nas --units units.jsonl"
    )]
    Plan(PlanArguments),
    /// Back up a share of the units
    #[command(
        long_about = "Back up a share of the units.\n\n\
            With --task I --of N, it takes the units I, I+N, I+2N and so on; I begins with 0. \
            Without these options, it uses the variables of Slurm (SLURM_ARRAY_TASK_ID), of \
            indexed jobs of Kubernetes (JOB_COMPLETION_INDEX, which needs --of) and of Grid Engine \
            (SGE_TASK_ID); without these, it takes all units. A unit that has its backup is not \
            read again. A unit may be done twice, also at once. The result of each unit is \
            written into the directory FILE.results.",
        after_help = "Examples:\n  \
            license-backup fleet run --units units.jsonl --jobs 8\n  \
            license-backup fleet run --units units.jsonl --task 3 --of 100 --keep-daily 7"
    )]
    Run(RunArguments),
    /// Report the units without a good backup
    #[command(
        long_about = "Report the units without a good backup.\n\n\
            The backup directory of each unit decides whether it has one; the results of its runs \
            only explain why not. The exit code is 0 only if each unit has a good backup.",
        after_help = "Examples:\n  \
            license-backup fleet report --units units.jsonl --verify --jobs 8\n  \
            license-backup fleet report --units units.jsonl --html report.html"
    )]
    Report(ReportArguments),
}

/// The arguments of `fleet plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    source: StoresSource,
    /// Directory for the backups; it is created if its parent exists
    #[arg(long, value_name = "DIR", value_parser = directory_parser())]
    pub(super) to: PathBuf,
    /// File to write the units into; it must not exist
    #[arg(long, value_name = "FILE")]
    pub(super) units: PathBuf,
    /// Make each directory in a store with more than N files a unit of its own
    #[arg(long, value_name = "N")]
    pub(super) split_above: Option<u64>,
}

impl PlanArguments {
    /// Returns the choice of stores.
    pub(super) fn selection(&self) -> Selection<'_> {
        match &self.source.stores_from {
            Some(file) => Selection::List(file),
            None => Selection::Globs(&self.source.stores),
        }
    }
}

/// The stores: exactly one of the two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct StoresSource {
    /// License stores to back up
    #[arg(long, value_name = "GLOB")]
    stores: Vec<String>,
    /// File that names the license stores to back up, one a line
    #[arg(long, value_name = "FILE")]
    stores_from: Option<PathBuf>,
}

/// The arguments of `fleet run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// File of the units
    #[arg(long, value_name = "FILE")]
    pub(super) units: PathBuf,
    /// Number of this task, from 0
    #[arg(long, value_name = "I", requires = "of")]
    pub(super) task: Option<usize>,
    /// Number of all tasks
    #[arg(long, value_name = "N")]
    pub(super) of: Option<NonZeroUsize>,
    /// Number of units to back up at once [default: number of processors]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) policy: PolicyArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
}

/// The arguments of `fleet report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// File of the units
    #[arg(long, value_name = "FILE")]
    pub(super) units: PathBuf,
    /// Also verify every byte of each newest backup
    #[arg(long)]
    pub(super) verify: bool,
    /// Number of units to look at at once [default: number of processors]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Write the result into this file, for the textfile collector of Prometheus
    #[arg(long, value_name = "FILE")]
    pub(super) metrics: Option<PathBuf>,
    /// Write the result into this file, as a page for a browser
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: OutputArguments,
}
