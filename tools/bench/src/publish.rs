//! Writes the results into the plots, the page of all tables, and, between two markers, into the README
//! and the page about fleets.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::fleet::page;
use crate::fleet::results::FleetResults;
use crate::results::{Results, Store};
use crate::{growth, plot, table};

/// The directory of the benchmark, which contains `results.json`.
const BENCH: &str = "tools/bench";
/// The marker before the section of the README that is generated from the results.
const BEGIN: &str = "<!-- made by `make bench` of tools/bench/results.json: begin -->\n";
/// The marker after that section.
const END: &str = "<!-- made by `make bench` of tools/bench/results.json: end -->\n";

/// The markers around the section of the page about fleets.
const FLEET_BEGIN: &str = "<!-- made by `make bench-fleet` of tools/bench/fleet.json: begin -->\n";
const FLEET_END: &str = "<!-- made by `make bench-fleet` of tools/bench/fleet.json: end -->\n";

/// The path of a file and its text.
type Page = (&'static str, String);

/// Writes the files that are generated from the results. `root` is the directory of the sources.
pub(crate) fn publish(root: &Path) -> anyhow::Result<()> {
    for (name, text) in pages(root)? {
        fs::write(root.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

/// Returns an error if a file differs from what [`publish`] writes.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    for (name, text) in pages(root)? {
        if read(&root.join(name))? != text {
            bail!(
                "{name} is out of date with the results in {BENCH}; run `license-backup-bench publish`"
            );
        }
    }
    Ok(())
}

/// Generates the files.
fn pages(root: &Path) -> anyhow::Result<[Page; 5]> {
    let results = results(&root.join(BENCH).join("results.json"))?;
    let store = results
        .main_store()
        .context("the results contain no store")?;
    let readme = read(&root.join("README.md"))?;
    let fleets = read(&root.join("docs/fleets.md"))?;
    let fleet: FleetResults = serde_json::from_str(&read(&root.join(BENCH).join("fleet.json"))?)
        .context("cannot parse fleet.json")?;
    Ok([
        ("tools/bench/programs.svg", plot::plot(store)),
        ("tools/bench/growth.svg", growth::plot(&results)),
        (
            "tools/bench/results.md",
            format!("# Results of `make bench`\n\n{}", table::tables(&results)),
        ),
        (
            "README.md",
            between(&readme, BEGIN, END, &section(&results, store))
                .context("README.md does not contain the markers of the benchmark")?,
        ),
        (
            "docs/fleets.md",
            between(&fleets, FLEET_BEGIN, FLEET_END, &page::tables(&fleet))
                .context("docs/fleets.md does not contain the markers of the benchmark")?,
        ),
    ])
}

/// Replaces the text between two markers. Returns `None` if a marker is missing.
fn between(page: &str, begin: &str, end: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{text}{end}{after}"))
}

/// Returns the section of the README.
fn section(results: &Results, store: &Store) -> String {
    let tables: Vec<String> = store
        .comparisons
        .iter()
        .map(|comparison| table::long_runs(store, comparison))
        .collect();
    format!(
        "![Backup, verification and restore of {} licenses: seconds of each program]\
         (tools/bench/programs.svg)\n\n\
         ![Microseconds for each license as a store grows](tools/bench/growth.svg)\n\n{}\n{}",
        store.licenses,
        table::machine(&results.machine),
        tables.join("\n")
    )
}

/// Reads the results in a file.
pub(crate) fn results(file: &Path) -> anyhow::Result<Results> {
    serde_json::from_str(&read(file)?).with_context(|| format!("cannot parse {}", file.display()))
}

/// Reads a text file.
fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
