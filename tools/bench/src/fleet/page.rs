//! The tables of `docs/fleets.md`: what was measured, and what follows for a large fleet.

use super::results::{FleetResults, Measured, Series};
use super::{NODES, TASKS_PER_NODE};
use crate::table;

/// The fleet for which times are computed: 10^5 stores of 1000 licenses.
const STORES: f64 = 1e5;
const LICENSES: f64 = 1e8;
/// The times within which a backup may have to end, in hours.
const WINDOWS: [f64; 2] = [1.0, 8.0];

/// Returns all tables.
pub(crate) fn tables(results: &FleetResults) -> String {
    [
        table::machine(&results.machine),
        series(&results.disk, "on the local disk"),
        series(
            &results.slow,
            &format!("with {} µs a call", results.slow.delay),
        ),
        overhead(results),
        large_fleet(results),
        limits(results),
    ]
    .join("\n")
}

/// Returns the table of backups of the same stores.
fn series(series: &Series, place: &str) -> String {
    let row = |name: String, measured: &Measured| {
        vec![
            name,
            format!("{:.1} s", measured.median()),
            format!("{:.0}", series.stores_an_hour(measured)),
            format!("{:.0}", series.licenses_a_second(measured)),
        ]
    };
    let jobs = series
        .jobs
        .iter()
        .map(|jobs| row(format!("--jobs {}", jobs.count), jobs));
    let nodes = series.nodes.iter().map(|nodes| row(cluster(nodes), nodes));
    let title = format!(
        "{} stores of {} licenses {place}",
        series.stores, series.licenses
    );
    table::table(
        &[&title, "median", "stores an hour", "licenses a second"],
        jobs.chain(nodes),
    )
}

/// Returns the table of what a unit and a task cost.
fn overhead(results: &FleetResults) -> String {
    let tiny = &results.tiny;
    let one = tiny.jobs.iter().map(|jobs| {
        let each = jobs.median() / f64::from(tiny.stores);
        vec![
            "a unit, in a process with others".to_owned(),
            format!("{:.1} ms", each * 1e3),
        ]
    });
    let tasks = &results.tasks;
    let each = tasks.median() * f64::from(TASKS_PER_NODE) / f64::from(tasks.count);
    let task = vec![
        "a task of Slurm with one unit".to_owned(),
        format!("{:.0} ms", each * 1e3),
    ];
    table::table(&["cost", "time"], one.chain([task]))
}

/// Returns the table of the large fleet.
fn large_fleet(results: &FleetResults) -> String {
    let hours = |series: &Series, measured: &Measured| {
        format!(
            "{:.1} h",
            LICENSES / series.licenses_a_second(measured) / 3600.0
        )
    };
    let (disk, slow) = (&results.disk, &results.slow);
    let rows = |series: &Series, place: &str| {
        let jobs = series.jobs.iter().map(|jobs| {
            vec![
                format!("one process, --jobs {}, {place}", jobs.count),
                hours(series, jobs),
            ]
        });
        let nodes = series
            .nodes
            .iter()
            .map(|nodes| vec![format!("{}, {place}", cluster(nodes)), hours(series, nodes)]);
        jobs.chain(nodes).collect::<Vec<_>>()
    };
    let title = format!("{STORES:.0} stores, {LICENSES:.0} licenses, computed");
    let rows = rows(disk, "local disk")
        .into_iter()
        .chain(rows(slow, &format!("{} µs a call", slow.delay)));
    table::table(&[&title, "time"], rows)
}

/// Returns the table of how much one machine backs up in time.
fn limits(results: &FleetResults) -> String {
    let row = |series: &Series, place: &str| {
        let fastest = series.fastest()?;
        let licenses = |hours: f64| {
            let licenses = series.licenses_a_second(fastest) * hours * 3600.0;
            format!("{:.0} million", licenses / 1e6)
        };
        let mut cells = vec![format!("{place}, --jobs {}", fastest.count)];
        cells.extend(WINDOWS.map(licenses));
        Some(cells)
    };
    let slow = format!("{} µs a call", results.slow.delay);
    let rows = [row(&results.disk, "local disk"), row(&results.slow, &slow)];
    let windows = WINDOWS.map(|hours| format!("licenses in {hours:.0} h"));
    table::table(
        &["one machine, computed", &windows[0], &windows[1]],
        rows.into_iter().flatten(),
    )
}

/// Returns the description of a cluster.
fn cluster(nodes: &Measured) -> String {
    let plural = if nodes.count == NODES[0] { "" } else { "s" };
    format!(
        "Slurm, {} node{plural}, {} tasks at once",
        nodes.count,
        nodes.count * TASKS_PER_NODE
    )
}
