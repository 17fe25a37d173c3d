//! The file of `--metrics`: the result of a run in the text format of Prometheus.
//!
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use license_backup::BackupSummary;
use license_backup_report::ExitCode;

use crate::files::replace_readable;
use crate::stderr::print_error;

/// The metric that is kept after a run that failed.
const LAST_SUCCESS: &str = "last_success_timestamp_seconds";

/// The result of the backup of a store.
pub(crate) struct Metrics {
    /// The location of the backup.
    pub(crate) to: String,
    /// The start of the run.
    pub(crate) now: SystemTime,
    pub(crate) duration: Duration,
    pub(crate) exit: ExitCode,
    /// The summary of a backup that was made.
    pub(crate) summary: Option<BackupSummary>,
}

/// Replaces the file in one step. Returns [`ExitCode::Failed`] after an error, which is printed.
pub(crate) fn write_metrics(file: &Path, stores: &[Metrics]) -> ExitCode {
    write_text(file, &text(stores, &last_successes(file)))
}

/// Replaces the file by a text in the format of Prometheus. Returns [`ExitCode::Failed`] after an
/// error, which is printed.
pub(crate) fn write_text(file: &Path, text: &str) -> ExitCode {
    match replace_readable(file, text.as_bytes()) {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            print_error(&format!("cannot write {}: {error}", file.display()));
            ExitCode::Failed
        }
    }
}

/// Writes the series of a gauge, each with its labels in braces. Writes nothing if there is none.
pub(crate) fn write_gauge(
    text: &mut String,
    name: &str,
    help: &str,
    series: impl IntoIterator<Item = (String, u64)>,
) {
    let mut series = series.into_iter().peekable();
    if series.peek().is_some() {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }
    for (labels, value) in series {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

/// Returns the text of the file. `last_successes` are the times of the last runs that succeeded, in
/// seconds since the Unix epoch, by the labels of the directory.
fn text(stores: &[Metrics], last_successes: &BTreeMap<String, u64>) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&Metrics) -> Option<u64>| {
        let series = stores
            .iter()
            .filter_map(|store| Some((labels(&store.to), value(store)?)));
        write_gauge(&mut text, &format!("license_backup_{name}"), help, series);
    };
    gauge(
        "last_run_timestamp_seconds",
        "Start of the last run, in seconds since the Unix epoch.",
        &|store| Some(unix_seconds(store.now)),
    );
    gauge(
        LAST_SUCCESS,
        "Start of the last run that made a backup or found it unchanged, in seconds since the Unix \
         epoch.",
        &|store| match store.exit {
            ExitCode::Success | ExitCode::Incomplete => Some(unix_seconds(store.now)),
            _ => last_successes.get(&labels(&store.to)).copied(),
        },
    );
    gauge("exit_code", "Exit code of the last run.", &|store| {
        Some(u64::from(store.exit.number()))
    });
    gauge("duration_seconds", "Duration of the last run.", &|store| {
        Some(store.duration.as_secs())
    });
    let mut count = |name: &str, help: &str, value: fn(&BackupSummary) -> u64| {
        gauge(name, help, &|store| store.summary.as_ref().map(value));
    };
    count("licenses", "Licenses in the backup.", |summary| {
        summary.licenses
    });
    count("license_bytes", "Size of these licenses.", |summary| {
        summary.bytes
    });
    count(
        "restricted",
        "Files that may not be backed up.",
        |summary| summary.restricted,
    );
    count("errors", "Files that could not be read.", |summary| {
        summary.errors
    });
    count("file_bytes", "Size of the backup file.", |summary| {
        summary.size
    });
    count("unchanged", "1 if nothing had changed.", |summary| {
        u64::from(summary.unchanged)
    });
    count(
        "removed_generations",
        "Generations that were removed.",
        |summary| summary.removed,
    );
    text
}

/// Returns the labels of a backup directory.
fn labels(directory: &str) -> String {
    format!("{{directory=\"{}\"}}", label(directory))
}

/// Returns the text of a label, escaped.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Returns the times of the last runs that succeeded from the file of an earlier run, by the labels.
fn last_successes(file: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let prefix = format!("license_backup_{LAST_SUCCESS}{{");
    let series = text.lines().filter(|line| line.starts_with(&prefix));
    let parsed = series.filter_map(|line| {
        let (labels, time) = line.get(prefix.len() - 1..)?.rsplit_once(' ')?;
        Some((labels.to_owned(), time.parse().ok()?))
    });
    parsed.collect()
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.map_or(0, |duration| duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_escaped() {
        assert_eq!(label("C:\\a\"b\nc"), "C:\\\\a\\\"b\\nc");
    }

    #[test]
    fn the_last_success_of_each_directory_outlasts_failures() {
        let store = |to: &str, exit| Metrics {
            to: to.to_owned(),
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(9),
            duration: Duration::ZERO,
            exit,
            summary: None,
        };
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let file = directory.path().join("m.prom");
        let first = [
            store("/a", ExitCode::Success),
            store("/b \"c", ExitCode::Failed),
        ];
        assert_eq!(write_metrics(&file, &first), ExitCode::Success);
        let expected = BTreeMap::from([("{directory=\"/a\"}".to_owned(), 9)]);
        assert_eq!(last_successes(&file), expected);
        let second = [Metrics {
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(20),
            ..store("/a", ExitCode::Failed)
        }];
        assert_eq!(write_metrics(&file, &second), ExitCode::Success);
        assert_eq!(last_successes(&file), expected);
    }

    #[test]
    fn the_series_of_a_metric_have_one_head() {
        let mut text = String::new();
        let series = [("{a=\"1\"}".to_owned(), 2), ("{a=\"2\"}".to_owned(), 3)];
        write_gauge(&mut text, "m", "Help.", series);
        write_gauge(&mut text, "none", "Help.", []);
        assert_eq!(
            text,
            "# HELP m Help.\n# TYPE m gauge\nm{a=\"1\"} 2\nm{a=\"2\"} 3\n"
        );
    }
}
