//! Measures `license-backup` beside what people use otherwise, and shows what was measured.

mod measure;
mod plot;
mod programs;
mod publish;
mod results;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};

use programs::{BACKUP, PUBLICATIONS, Places, RESTORE, START, VERIFY};
use results::{Cancellation, Comparison, Component, Machine, Results, SCHEMA, Store};

/// How many times a short run is done: it takes little, and differs much.
const SHORT_ROUNDS: usize = 21;
/// The number of licenses of each store that short runs back up.
const SMALL_STORES: [u32; 2] = [0, 100];

/// Measures license-backup beside tar, zip, cp, rsync, restic and unzip
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    request: Request,
}

#[derive(Subcommand)]
enum Request {
    /// Measure, and print the tables
    Run {
        /// The number of licenses of a sample store; once for each store, in ascending order
        #[arg(long, value_name = "N", required = true)]
        licenses: Vec<u32>,
        /// The number of publications of 2 MiB in a further store, which has nothing else
        #[arg(long, value_name = "N", default_value_t = 2000)]
        publications: u32,
        /// How many times each program is run
        #[arg(long, value_name = "N", default_value_t = 5)]
        rounds: usize,
        /// The directory that `make` builds into; what is measured is kept there meanwhile
        #[arg(long, value_name = "DIR", default_value = "target")]
        target: PathBuf,
        /// Where the results are to go
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Print the tables of earlier results, in Markdown
    Show {
        /// The results
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Write the plot, the tables and the README's part, all made of tools/bench/results.json
    Publish {
        /// The directory of the sources
        #[arg(long, value_name = "DIR", default_value = ".")]
        root: PathBuf,
        /// Write nothing, and fail if anything is not as it would be written
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().request {
        Request::Run {
            licenses,
            publications,
            rounds,
            target,
            to,
        } => {
            let target = fs::canonicalize(&target)
                .with_context(|| format!("there is no {}", target.display()))?;
            let results = run(&target, &licenses, publications, rounds)?;
            let text = serde_json::to_string_pretty(&results)? + "\n";
            fs::write(&to, text).with_context(|| format!("{} cannot be written", to.display()))?;
            print!("{}", table::tables(&results));
            Ok(())
        }
        Request::Show { from } => {
            print!("{}", table::tables(&publish::results(&from)?));
            Ok(())
        }
        Request::Publish { root, check: false } => publish::publish(&root),
        Request::Publish { root, check: true } => publish::check(&root),
    }
}

fn run(
    target: &Path,
    licenses: &[u32],
    publications: u32,
    rounds: usize,
) -> anyhow::Result<Results> {
    let directory = target.join("bench");
    let places = Places {
        target: target.to_owned(),
        store: directory.join("store"),
        publications: directory.join("publications"),
        backup: directory.join("backup"),
        output: directory.join("output"),
        compiled: directory.join("license-backup-command.cwasm"),
    };
    measure::renew(&directory)?;
    fs::create_dir(&places.output)?;
    let mut compile = Command::new("wasmtime");
    compile.arg("compile").arg("--output").arg(&places.compiled);
    compile.arg(target.join("components/license-backup-command.wasm"));
    measure::wait(compile)?;

    let short = SMALL_STORES.iter().map(|&licenses| {
        store(&places, licenses, |places| {
            Ok((
                vec![measure::compare("start", &START, places, SHORT_ROUNDS)?],
                Vec::new(),
            ))
        })
    });
    let short = short.collect::<anyhow::Result<_>>()?;
    let publications = store(&places, publications, |places| {
        let mut sample = Command::new(places.target.join("release/sample-store"));
        sample.arg(&places.publications).args([
            "--ordinary-only",
            "--replace",
            "--licenses",
            "0",
            "--publications",
        ]);
        sample.arg(publications.to_string());
        measure::wait(sample)?;
        let comparison = measure::compare("backup", &PUBLICATIONS, places, rounds)?;
        fs::remove_dir_all(&places.publications)?;
        Ok((vec![comparison], Vec::new()))
    })?;
    let stores = licenses.iter().map(|&licenses| {
        store(&places, licenses, |places| {
            let backup = measure::compare("backup", &BACKUP, places, rounds)?;
            measure::renew(&places.backup)?;
            measure::wait(places.back_up_into(&places.backup))?;
            let verify = measure::compare("verify", &VERIFY, places, rounds)?;
            let restore = measure::compare("restore", &RESTORE, places, rounds)?;
            let moments = u32::try_from(2 * rounds).context("so many rounds would never end")?;
            Ok((
                vec![backup, verify, restore],
                cancellations(places, moments)?,
            ))
        })
    });
    let stores = stores.collect::<anyhow::Result<_>>()?;
    fs::remove_dir_all(&directory)?;
    Ok(Results {
        schema: SCHEMA,
        machine: machine()?,
        components: components(target)?,
        short,
        publications,
        stores,
    })
}

/// Makes a sample store and measures with it.
fn store(
    places: &Places,
    licenses: u32,
    work: impl FnOnce(&Places) -> anyhow::Result<(Vec<Comparison>, Vec<Cancellation>)>,
) -> anyhow::Result<Store> {
    eprintln!("a store of {licenses} licenses");
    let mut sample = Command::new(places.target.join("release/sample-store"));
    sample
        .arg(&places.store)
        .args(["--ordinary-only", "--replace", "--licenses"])
        .arg(licenses.to_string());
    measure::wait(sample)?;
    let (comparisons, cancellations) = work(places)?;
    Ok(Store {
        licenses,
        comparisons,
        cancellations,
    })
}

/// Has all operations cancelled that can be, each so many times.
fn cancellations(places: &Places, moments: u32) -> anyhow::Result<Vec<Cancellation>> {
    let mut command = Command::new(places.target.join("release/cancel"));
    command
        .args([
            &places.store,
            &places.backup,
            &measure::new_directory(&places.output)?,
        ])
        .arg(moments.to_string())
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}",
        output.status
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn components(target: &Path) -> anyhow::Result<Vec<Component>> {
    let component = |name: &str| {
        let file = target.join("components").join(name);
        let metadata =
            fs::metadata(&file).with_context(|| format!("there is no {}", file.display()))?;
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
