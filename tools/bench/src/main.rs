//! A benchmark that compares `license-backup` with other programs, and publishes the results.

mod fleet;
mod growth;
mod history;
mod measure;
mod places;
mod plot;
mod programs;
mod publish;
mod results;
mod svg;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};

use places::Place;
use programs::{BACKUP, Candidate, PUBLICATIONS, Paths, RESTORE, START, VERIFY};
use results::{Cancellation, Comparison, Component, Machine, Results, SCHEMA, Store};

/// The number of rounds of short runs. They are fast, and their times vary more.
const SHORT_ROUNDS: usize = 21;
/// The number of licenses in each store that short runs back up.
const SMALL_STORES: [u32; 2] = [0, 100];

/// Compare license-backup with tar, zip, cp, rsync, restic and unzip
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// The subcommand.
#[derive(Subcommand)]
enum Action {
    /// Measure, and print the tables
    Run {
        /// Number of licenses of a sample store; repeat it for each store, in ascending order
        #[arg(long, value_name = "N", required = true)]
        licenses: Vec<u32>,
        /// Number of licenses of another sample store, which is measured with fewer programs
        #[arg(long, value_name = "N")]
        largest: Option<u32>,
        /// Number of publications of 2 MiB in another store, which contains nothing else
        #[arg(long, value_name = "N", default_value_t = 2000)]
        publications: u32,
        /// Number of licenses of the store that is backed up to servers
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        places: u32,
        /// Number of runs of each program
        #[arg(long, value_name = "N", default_value_t = 5)]
        rounds: usize,
        /// Directory that `make` builds into; the stores and results of the run are created in it
        #[arg(long, value_name = "DIR", default_value = "target")]
        target: PathBuf,
        /// File for the results
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Measure only what is done with the backups over time, and print the tables
    OverTime {
        /// Number of licenses of a sample store; repeat it for each store
        #[arg(long, value_name = "N", required = true)]
        licenses: Vec<u32>,
        /// Number of runs of each program
        #[arg(long, value_name = "N", default_value_t = 5)]
        rounds: usize,
        /// Directory that `make` builds into; the stores are created in it
        #[arg(long, value_name = "DIR", default_value = "target")]
        target: PathBuf,
    },
    /// Measure backups of many stores, with more and more jobs and on a Slurm cluster
    Fleet(fleet::Options),
    /// Measure only backups on SFTP and S3 servers and encrypted ones, and print the tables
    Places {
        /// Number of licenses of the sample store
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        licenses: u32,
        /// Number of runs of each program
        #[arg(long, value_name = "N", default_value_t = 5)]
        rounds: usize,
        /// Directory that `make` builds into; the stores are created in it
        #[arg(long, value_name = "DIR", default_value = "target")]
        target: PathBuf,
        /// File with the results of `run`, in which those of servers are replaced
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Print the tables of earlier results, in Markdown
    Show {
        /// File with the results
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Write the plots, and the tables of the README and other pages, from the results in tools/bench
    Publish {
        /// Directory of the sources
        #[arg(long, value_name = "DIR", default_value = ".")]
        root: PathBuf,
        /// Write nothing, and fail if a file is out of date
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().action {
        Action::Run {
            licenses,
            largest,
            publications,
            places,
            rounds,
            target,
            to,
        } => {
            let paths = create_directories(&target)?;
            let results = run(&paths, &licenses, largest, publications, places, rounds)?;
            write(&results, &to)?;
            print!("{}", table::tables(&results));
            // Removing millions of files takes minutes.
            fs::remove_dir_all(&paths.directory)?;
            Ok(())
        }
        Action::OverTime {
            licenses,
            rounds,
            target,
        } => {
            let paths = create_directories(&target)?;
            let mut stores = Vec::new();
            for licenses in licenses {
                stores.push(store(&paths, licenses, |paths, store| {
                    store.over_time = history::over_time(paths, rounds)?;
                    Ok(())
                })?);
            }
            stores.push(generations(&paths, rounds)?);
            fs::remove_dir_all(&paths.directory)?;
            let tables: Vec<_> = stores.iter().flat_map(table::over_time).collect();
            print!("{}", tables.join("\n"));
            Ok(())
        }
        Action::Fleet(options) => fleet::run(&options),
        Action::Places {
            licenses,
            rounds,
            target,
            to,
        } => {
            let paths = create_directories(&target)?;
            let store = in_places(&paths, licenses, rounds)?;
            fs::remove_dir_all(&paths.directory)?;
            let tables = store.comparisons.iter();
            let tables: Vec<_> = tables
                .map(|comparison| table::long_runs(&store, comparison))
                .collect();
            print!("{}", tables.join("\n"));
            if let Some(to) = to {
                let results = Results {
                    places: Some(store),
                    ..publish::results(&to)?
                };
                write(&results, &to)?;
            }
            Ok(())
        }
        Action::Show { from } => {
            print!("{}", table::tables(&publish::results(&from)?));
            Ok(())
        }
        Action::Publish { root, check: false } => publish::publish(&root),
        Action::Publish { root, check: true } => publish::check(&root),
    }
}

/// Creates the directories that the comparisons use.
fn create_directories(target: &Path) -> anyhow::Result<Paths> {
    let target =
        fs::canonicalize(target).with_context(|| format!("cannot open {}", target.display()))?;
    let directory = target.join("bench");
    let paths = Paths {
        store: directory.join("store"),
        publications: directory.join("publications"),
        backup: directory.join("backup"),
        output: directory.join("output"),
        compiled: directory.join("license-backup-command.cwasm"),
        license: PathBuf::new(),
        place: Place::default(),
        target,
        directory,
    };
    measure::recreate(&paths.directory)?;
    fs::create_dir(&paths.output)?;
    Ok(paths)
}

/// Runs all comparisons. Returns the results.
fn run(
    paths: &Paths,
    licenses: &[u32],
    largest: Option<u32>,
    publications: u32,
    places: u32,
    rounds: usize,
) -> anyhow::Result<Results> {
    let mut compile = Command::new("wasmtime");
    compile.arg("compile").arg("--output").arg(&paths.compiled);
    compile.arg(paths.target.join("components/license-backup-command.wasm"));
    measure::wait(compile)?;

    let short = SMALL_STORES.iter().map(|&licenses| {
        store(paths, licenses, |paths, store| {
            store.comparisons = vec![measure::compare("start", &START, paths, SHORT_ROUNDS)?];
            Ok(())
        })
    });
    let short = short.collect::<anyhow::Result<_>>()?;
    let publications = store(paths, publications, |paths, store| {
        let mut sample = Command::new(paths.target.join("release/sample-store"));
        sample.arg(&paths.publications).args([
            "--ordinary-only",
            "--replace",
            "--licenses",
            "0",
            "--publications",
        ]);
        sample.arg(publications.to_string());
        measure::wait(sample)?;
        store.comparisons = vec![measure::compare("backup", &PUBLICATIONS, paths, rounds)?];
        fs::remove_dir_all(&paths.publications)?;
        Ok(())
    })?;
    let stores = licenses.iter().map(|&licenses| {
        store(paths, licenses, |paths, store| {
            store.comparisons = comparisons(paths, rounds, |_| true)?;
            let moments = u32::try_from(2 * rounds).context("the number of rounds is too large")?;
            store.cancellations = cancellations(paths, moments)?;
            store.over_time = history::over_time(paths, rounds)?;
            Ok(())
        })
    });
    let stores = stores.collect::<anyhow::Result<_>>()?;
    let generations = generations(paths, rounds)?;
    let places = in_places(paths, places, rounds)?;
    let largest = largest.map(|licenses| {
        store(paths, licenses, |paths, store| {
            store.comparisons = comparisons(paths, rounds, |candidate| candidate.scales)?;
            Ok(())
        })
    });
    Ok(Results {
        schema: SCHEMA,
        machine: machine()?,
        components: components(&paths.target)?,
        short,
        generations: Some(generations),
        publications,
        stores,
        places: Some(places),
        largest: largest.transpose()?,
    })
}

/// Compares the candidates that `is_measured` selects in backing up a store, verifying the backup
/// and restoring it.
fn comparisons(
    paths: &Paths,
    rounds: usize,
    is_measured: fn(&Candidate) -> bool,
) -> anyhow::Result<Vec<Comparison>> {
    let compare = |task, candidates: &[Candidate]| {
        let candidates = candidates.iter().filter(|candidate| is_measured(candidate));
        measure::compare(task, candidates, paths, rounds)
    };
    let backup = compare("backup", &BACKUP)?;
    measure::recreate(&paths.backup)?;
    measure::wait(paths.back_up_into(&paths.backup))?;
    Ok(vec![
        backup,
        compare("verify", &VERIFY)?,
        compare("restore", &RESTORE)?,
    ])
}

/// Creates a sample store and measures with it.
fn store(
    paths: &Paths,
    licenses: u32,
    work: impl FnOnce(&Paths, &mut Store) -> anyhow::Result<()>,
) -> anyhow::Result<Store> {
    eprintln!("a store of {licenses} licenses");
    let mut sample = Command::new(paths.target.join("release/sample-store"));
    sample
        .arg(&paths.store)
        .args(["--ordinary-only", "--replace", "--licenses"])
        .arg(licenses.to_string());
    measure::wait(sample)?;
    let mut store = Store {
        licenses,
        comparisons: Vec::new(),
        over_time: Vec::new(),
        cancellations: Vec::new(),
    };
    work(paths, &mut store)?;
    Ok(store)
}

/// Creates many generations of a sample store and measures with them.
fn generations(paths: &Paths, rounds: usize) -> anyhow::Result<Store> {
    store(paths, history::LICENSES, |paths, store| {
        store.over_time = history::forgetting(paths, rounds)?;
        Ok(())
    })
}

/// Writes results to a file.
fn write(results: &Results, to: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(results)? + "\n";
    fs::write(to, text).with_context(|| format!("cannot write {}", to.display()))
}

/// Measures backups of a sample store on servers, and encrypted ones.
fn in_places(paths: &Paths, licenses: u32, rounds: usize) -> anyhow::Result<Store> {
    store(paths, licenses, |paths, store| {
        store.comparisons = places::comparisons(paths, rounds)?;
        Ok(())
    })
}

/// Measures the cancellation of each operation, `moments` times.
fn cancellations(paths: &Paths, moments: u32) -> anyhow::Result<Vec<Cancellation>> {
    let mut command = Command::new(paths.target.join("release/cancel"));
    command
        .args([
            &paths.store,
            &paths.backup,
            &measure::new_directory(&paths.output)?,
        ])
        .arg(moments.to_string())
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        output.status
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the sizes of the components.
fn components(target: &Path) -> anyhow::Result<Vec<Component>> {
    let component = |name: &str| {
        let file = target.join("components").join(name);
        let metadata =
            fs::metadata(&file).with_context(|| format!("cannot open {}", file.display()))?;
        Ok(Component {
            name: name.to_owned(),
            bytes: metadata.len(),
        })
    };
    ["license-backup.wasm", "license-backup-command.wasm"]
        .into_iter()
        .map(component)
        .collect()
}

/// Returns the description of this machine.
fn machine() -> anyhow::Result<Machine> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Ok(Machine {
        processor: model.map_or("unknown", |(_, model)| model).to_owned(),
        cores: std::thread::available_parallelism()?.get(),
        kernel: kernel
            .split('-')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    })
}
