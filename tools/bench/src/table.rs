//! The results as tables in Markdown, for a terminal and for the README.

use crate::results::{Comparison, Machine, Program, Results, Store};

/// Returns the tables of all results.
pub(crate) fn tables(results: &Results) -> String {
    let machine = &results.machine;
    let mut parts = vec![format!(
        "{} cores of {}, Linux {}\n",
        machine.cores, machine.processor, machine.kernel
    )];
    for store in results.stores.iter().chain(&results.largest) {
        parts.extend(
            store
                .comparisons
                .iter()
                .map(|comparison| long_runs(store, comparison)),
        );
        parts.extend((!store.cancellations.is_empty()).then(|| cancellations(store)));
    }
    parts.extend(
        results
            .stores
            .iter()
            .chain(&results.generations)
            .flat_map(over_time),
    );
    parts.extend(results.places.iter().flat_map(|store| {
        store
            .comparisons
            .iter()
            .map(|comparison| long_runs(store, comparison))
    }));
    parts.extend(
        results
            .publications
            .comparisons
            .iter()
            .map(|comparison| long_runs(&results.publications, comparison)),
    );
    parts.extend(results.short.iter().flat_map(|store| {
        store
            .comparisons
            .iter()
            .map(|comparison| short_runs(store, comparison))
    }));
    parts.push(table(
        &["component", "size"],
        results.components.iter().map(|component| {
            vec![
                component.name.clone(),
                format!("{} KiB", kibibytes(component.bytes)),
            ]
        }),
    ));
    parts.join("\n")
}

/// Returns the description of the machine.
pub(crate) fn machine(machine: &Machine) -> String {
    format!(
        "{} cores of {}, Linux {}:\n",
        machine.cores, machine.processor, machine.kernel
    )
}

/// Returns the table of a comparison, with the ratio of the first program to each.
pub(crate) fn long_runs(store: &Store, comparison: &Comparison) -> String {
    let title = format!(
        "{} of {} licenses, {} rounds",
        comparison.task,
        store.licenses,
        comparison.rounds()
    );
    let rows = comparison.programs.iter().map(|program| {
        vec![
            program.name.clone(),
            format!("{:.3} s", program.median_seconds()),
            format!("{:.1} µs", store.microseconds_a_license(program)),
            format!("{:.2}", comparison.ratio_to(program)),
            memory(program),
        ]
    });
    table(
        &[
            &title,
            "median",
            "a license",
            "license-backup ÷ it",
            "peak memory",
        ],
        rows,
    )
}

/// Returns the tables of what is done with the backups of a store over time.
pub(crate) fn over_time(store: &Store) -> Vec<String> {
    let comparisons = store.over_time.iter();
    comparisons
        .map(|comparison| due_runs(store, comparison))
        .collect()
}

/// Returns the table of a comparison that may be due within a time, with the ratio of the first
/// program to each.
fn due_runs(store: &Store, comparison: &Comparison) -> String {
    let title = format!(
        "{} of {} licenses, {} rounds{}",
        comparison.task,
        store.licenses,
        comparison.rounds(),
        comparison
            .due_milliseconds
            .map_or_else(String::new, |due| format!(", due below {due} ms"))
    );
    let first = comparison.programs.first();
    let ratio = format!("{} ÷ it", first.map_or("", |first| &first.name));
    let rows = comparison.programs.iter().map(|program| {
        vec![
            program.name.clone(),
            format!("{:.1} ms", program.median_seconds() * 1e3),
            format!("{:.2}", comparison.ratio_to(program)),
            program
                .bytes_read
                .map_or_else(String::new, |bytes| format!("{} KiB", kibibytes(bytes))),
        ]
    });
    table(&[&title, "median", &ratio, "read"], rows)
}

/// Returns the table of the times from a cancellation to the outcome.
fn cancellations(store: &Store) -> String {
    let rows = store.cancellations.iter().map(|cancellation| {
        // With a small store, every request can come too late.
        let milliseconds = |seconds: Option<f64>| {
            seconds.map_or_else(String::new, |seconds| format!("{:.1} ms", seconds * 1e3))
        };
        vec![
            cancellation.task.clone(),
            milliseconds(cancellation.median_seconds()),
            milliseconds(cancellation.max_seconds()),
            cancellation.seconds.len().to_string(),
            cancellation.too_late.to_string(),
        ]
    });
    let title = format!("cancelled, {} licenses", store.licenses);
    table(
        &[&title, "median", "longest", "requests in time", "too late"],
        rows,
    )
}

/// Returns the table of a comparison of short runs, whose ratios mean little.
fn short_runs(store: &Store, comparison: &Comparison) -> String {
    let title = format!(
        "{} of {} licenses, {} rounds",
        comparison.task,
        store.licenses,
        comparison.rounds()
    );
    let rows = comparison.programs.iter().map(|program| {
        vec![
            program.name.clone(),
            format!("{:.1} ms", program.median_seconds() * 1e3),
            memory(program),
        ]
    });
    table(&[&title, "median", "peak memory"], rows)
}

/// Formats the peak memory of a program.
fn memory(program: &Program) -> String {
    format!("{:.1} MiB", kibibytes(program.peak_memory) / 1024.0)
}

/// Converts bytes to whole KiB, of which every measured value has few enough for 32 bits.
fn kibibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX))
}

/// Formats a table whose first column is text and whose others are numbers.
pub(crate) fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|&title| title.to_owned()).collect();
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| {
            if column == 0 {
                "-".repeat(*width)
            } else {
                "-".repeat(width - 1) + ":"
            }
        })
        .collect();
    lines.insert(1, line(&rule, &widths));
    lines.join("\n") + "\n"
}

/// Formats a row with columns of these widths.
fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| {
            if column == 0 {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
    format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
}
