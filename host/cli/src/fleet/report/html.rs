//! The report as a page: one file without references to others, which a browser shows offline.
//!
//! The page contains text from file names and error messages, which anybody may have chosen. All of
//! it is escaped, and the Content-Security-Policy permits only the page's own style and script.

mod histogram;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use license_backup_report::{escape, utc_time};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::state::{Reason, State};
use super::{Report, UnitReport};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The columns of the table, in the order of [`Row`].
const COLUMNS: [&str; 9] = [
    "Unit", "Store", "State", "Message", "Duration", "Attempts", "Host", "Licenses", "Size",
];
/// The largest number of rows that a browser without JavaScript shows. The script replaces them, and
/// a browser would take long for all of them.
const MAX_STATIC_ROWS: usize = 500;
/// The state of a unit with a good backup.
const GOOD: &str = "good";

/// A row of the table.
#[derive(Serialize)]
struct Row<'a>(
    usize,
    String,
    &'static str,
    String,
    Option<u64>,
    Option<u64>,
    &'a str,
    Option<u64>,
    Option<u64>,
);

/// Returns the page of a report that was made at `now`, in seconds since the Unix epoch.
pub(super) fn page(report: &Report, is_verified: bool, now: u64) -> String {
    let (good, units) = (report.good(), report.units.len());
    let rows: Vec<_> = report.units.iter().map(row).collect();
    let parts = [
        ("{style-hash}", hash(STYLE)),
        ("{script-hash}", hash(SCRIPT)),
        (
            "{title}",
            format!("{good} of {units} units have a good backup"),
        ),
        ("{style}", STYLE.to_owned()),
        ("{time}", utc_time(report.plan.time)),
        ("{now}", utc_time(now)),
        (
            "{verified}",
            if is_verified { ", and verified" } else { "" }.to_owned(),
        ),
        ("{to}", text(&report.plan.to.to_string_lossy())),
        ("{states}", states(report)),
        ("{histogram}", histogram::figure(&durations(report))),
        ("{columns}", columns()),
        ("{rows}", static_rows(&rows)),
        ("{data}", data(&rows)),
        ("{script}", SCRIPT.to_owned()),
    ];
    fill(PAGE, &parts)
}

/// Replaces each placeholder of a template once, in their order, so that no text is searched for
/// them.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((name, start)) = next_placeholder(rest, parts) {
        let (before, after) = rest.split_at(start);
        page += before;
        page += parts
            .iter()
            .find(|part| part.0 == name)
            .map_or("", |part| &part.1);
        rest = &after[name.len()..];
    }
    page + rest
}

/// Returns the first placeholder of a text, and its position.
fn next_placeholder<'a>(text: &str, parts: &[(&'a str, String)]) -> Option<(&'a str, usize)> {
    let found = parts
        .iter()
        .filter_map(|part| Some((part.0, text.find(part.0)?)));
    found.min_by_key(|(_, position)| *position)
}

/// Returns the source of a Content-Security-Policy that permits a style or a script.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

/// Returns text for HTML, in which characters that could mislead a reader are escaped, too.
fn text(text: &str) -> String {
    escape(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn row<'a>(unit: &'a UnitReport) -> Row<'a> {
    let result = unit.result.as_ref();
    let (state, message) = match &unit.state {
        State::Good { .. } => (GOOD, String::new()),
        State::Bad { reason, message } => (reason.name(), escape(message)),
    };
    Row(
        unit.number,
        escape(&unit.target.store.to_string_lossy()),
        state,
        message,
        result.map(|result| result.milliseconds),
        result.map(|result| result.attempt),
        result.map_or("", |result| &result.host),
        result.and_then(|result| result.licenses),
        result.and_then(|result| result.size),
    )
}

/// Returns the rows as JSON that can be in a `script`, which `<` could end.
fn data(rows: &[Row]) -> String {
    // Strings and numbers in arrays always serialize.
    let json = serde_json::to_string(rows).unwrap_or_default();
    json.replace('<', "\\u003c")
}

/// Returns the number of units in each state.
fn states(report: &Report) -> String {
    let bad = Reason::ALL.map(|reason| {
        let count = report.bad(reason).count();
        (reason.name(), reason.explanation(), count, "bad")
    });
    let good = (GOOD, "the backup is there", report.good(), GOOD);
    let item = |(name, explanation, count, class): (&str, &str, usize, &str)| {
        let class = if count == 0 { "none" } else { class };
        format!(
            "<li class=\"{class}\"><b>{count} {name}</b><span>{}</span></li>\n",
            text(explanation)
        )
    };
    [good].into_iter().chain(bad).map(item).collect()
}

/// Returns the durations of the runs that backed up a unit, in milliseconds.
fn durations(report: &Report) -> Vec<u64> {
    let results = report.units.iter().filter_map(|unit| unit.result.as_ref());
    let backups = results.filter(|result| result.licenses.is_some());
    backups.map(|result| result.milliseconds).collect()
}

fn columns() -> String {
    let column = |name| {
        format!("<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">{name}</button></th>")
    };
    COLUMNS.into_iter().map(column).collect()
}

/// Returns the rows of the units without a good backup, which a browser without JavaScript shows.
fn static_rows(rows: &[Row]) -> String {
    let bad = rows
        .iter()
        .filter(|row| row.2 != GOOD)
        .take(MAX_STATIC_ROWS);
    let mut html = String::new();
    for Row(number, store, state, message, ..) in bad {
        let (store, message) = (text(store), text(message));
        let _ = writeln!(
            html,
            "<tr><td class=\"number\">{number}</td><td class=\"path\">{store}</td>\
             <td class=\"bad\">{state}</td><td class=\"message\">{message}</td></tr>"
        );
    }
    html
}
