//! The file of `--metrics`: the result of a run in the text format of Prometheus.
//!
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use license_backup::BackupSummary;
use license_backup_report::ExitCode;

use crate::stderr::print_error;

/// The metric that is kept after a run that failed.
const LAST_SUCCESS: &str = "license_backup_last_success_timestamp_seconds";

/// The result of a run.
pub(crate) struct Metrics<'a> {
    /// The backup directory.
    pub(crate) to: &'a Path,
    /// The start of the run.
    pub(crate) now: SystemTime,
    pub(crate) exit: ExitCode,
    /// The summary of a backup that was made.
    pub(crate) summary: Option<BackupSummary>,
}

/// Replaces the file in one step. Returns [`ExitCode::Failed`] after an error, which is printed.
pub(crate) fn write_metrics(file: &Path, metrics: &Metrics) -> ExitCode {
    match replace(file, &metrics.text(last_success(file))) {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            print_error(&format!("cannot write {}: {error}", file.display()));
            ExitCode::Failed
        }
    }
}

impl Metrics<'_> {
    /// Returns the text of the file. `last_success` is the time of the last run that succeeded, in
    /// seconds since the Unix epoch.
    fn text(&self, last_success: Option<u64>) -> String {
        let mut text = String::new();
        let directory = label(&self.to.to_string_lossy());
        let mut gauge = |name: &str, help: &str, value: u64| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
            let _ = writeln!(text, "{name}{{directory=\"{directory}\"}} {value}");
        };
        let now = unix_seconds(self.now);
        let is_success = matches!(self.exit, ExitCode::Success | ExitCode::Incomplete);
        gauge(
            "license_backup_last_run_timestamp_seconds",
            "Start of the last run, in seconds since the Unix epoch.",
            now,
        );
        if let Some(time) = if is_success { Some(now) } else { last_success } {
            let help = "Start of the last run that made a backup or found it unchanged, in seconds \
                        since the Unix epoch.";
            gauge(LAST_SUCCESS, help, time);
        }
        gauge(
            "license_backup_exit_code",
            "Exit code of the last run.",
            u64::from(self.exit.number()),
        );
        let elapsed = self.now.elapsed().unwrap_or_default();
        gauge(
            "license_backup_duration_seconds",
            "Duration of the last run.",
            elapsed.as_secs(),
        );
        if let Some(summary) = &self.summary {
            for (name, help, value) in [
                ("licenses", "Licenses in the backup.", summary.licenses),
                ("license_bytes", "Size of these licenses.", summary.bytes),
                (
                    "restricted",
                    "Files that may not be backed up.",
                    summary.restricted,
                ),
                ("errors", "Files that could not be read.", summary.errors),
                ("file_bytes", "Size of the backup file.", summary.size),
                (
                    "unchanged",
                    "1 if nothing had changed.",
                    u64::from(summary.unchanged),
                ),
                (
                    "removed_generations",
                    "Generations that were removed.",
                    summary.removed,
                ),
            ] {
                gauge(&format!("license_backup_{name}"), help, value);
            }
        }
        text
    }
}

/// Returns the text of a label, escaped.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Returns the time of the last run that succeeded from the file of an earlier run.
fn last_success(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(LAST_SUCCESS))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.map_or(0, |duration| duration.as_secs())
}

/// Replaces a file in one step, so that the collector never reads a part of it. Other users can read
/// the new one: the collector runs as one of them.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    // The collector reads only names that end with `.prom`.
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = Path::new(&temporary);
    let written = File::create(temporary)
        .and_then(|mut new| {
            new.write_all(text.as_bytes())?;
            make_readable(&new)
        })
        // The file is closed by now, which Windows may require.
        .and_then(|()| fs::rename(temporary, file));
    if written.is_err() {
        // The first error is reported.
        let _ = fs::remove_file(temporary);
    }
    written
}

#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

/// Does nothing: on other systems, files inherit the access control list of their directory.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_escaped() {
        assert_eq!(label("C:\\a\"b\nc"), "C:\\\\a\\\"b\\nc");
    }
}
