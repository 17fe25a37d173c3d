//! Puts the results where people read them: a plot, a page of all tables, and the README between two marks.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::results::{Results, Store};
use crate::{plot, table};

/// The directory of the benchmark, in which `results.json` is.
const BENCH: &str = "tools/bench";
/// Around the part of the README that is made of the results.
const BEGIN: &str = "<!-- made by `make bench` of tools/bench/results.json: begin -->\n";
const END: &str = "<!-- made by `make bench` of tools/bench/results.json: end -->\n";

/// A file and its text.
type Page = (&'static str, String);

/// Writes what is made of the results below `root`, the directory of the sources.
pub(crate) fn publish(root: &Path) -> anyhow::Result<()> {
    for (name, text) in pages(root)? {
        fs::write(root.join(name), text).with_context(|| format!("{name} cannot be written"))?;
    }
    Ok(())
}

/// Requires that everything is as [`publish`] would write it.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    for (name, text) in pages(root)? {
        if read(&root.join(name))? != text {
            bail!(
                "{name} is not what {BENCH}/results.json says: run `license-backup-bench publish`"
            );
        }
    }
    Ok(())
}

fn pages(root: &Path) -> anyhow::Result<[Page; 3]> {
    let results = results(&root.join(BENCH).join("results.json"))?;
    let largest = results
        .largest_store()
        .context("there are no results of any store")?;
    let readme = read(&root.join("README.md"))?;
    Ok([
        ("tools/bench/backup.svg", plot::plot(largest)),
        (
            "tools/bench/results.md",
            format!(
                "# What `make bench` measured\n\n{}",
                table::tables(&results)
            ),
        ),
        (
            "README.md",
            in_readme(&readme, &results, largest)
                .context("README.md lacks the marks of the benchmark")?,
        ),
    ])
}

/// The README with the part between the marks made anew.
fn in_readme(readme: &str, results: &Results, store: &Store) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let tables: Vec<String> = store
        .comparisons
        .iter()
        .map(|comparison| table::long_runs(store, comparison))
        .collect();
    let made = format!(
        "![Backup of {} licenses: seconds of each program](tools/bench/backup.svg)\n\n{}\n{}",
        store.licenses,
        table::machine(&results.machine),
        tables.join("\n")
    );
    Some(format!("{before}{BEGIN}{made}{END}{after}"))
}

/// Reads results.
pub(crate) fn results(file: &Path) -> anyhow::Result<Results> {
    serde_json::from_str(&read(file)?)
        .with_context(|| format!("{} holds no results", file.display()))
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}
