//! Tests of what a reporter writes, and where.

use std::cell::Cell;

use super::*;
use crate::{BackupReport, ListReport, RestoreReport, VerifyReport};
use license_backup_core::{
    BackupSummary, ErrorCode, LicenseIdentity, ListSummary, Progress, RestoreSummary,
    RestrictedLicense, Restriction,
};

/// A console that records what is written. Its clock advances by 40 ms per reading.
#[derive(Default)]
struct Recorder {
    stdout: String,
    stderr: Vec<String>,
    progress: Vec<u64>,
    readings: Cell<u32>,
    write_error: Option<WriteError>,
}

impl Console for &mut Recorder {
    fn write_stdout(&mut self, text: &str) -> Result<(), WriteError> {
        self.stdout.push_str(text);
        self.write_error.clone().map_or(Ok(()), Err)
    }

    fn write_stderr_line(&mut self, line: &str) {
        self.stderr.push(line.to_owned());
    }

    fn show_progress(&mut self, progress: &Progress) {
        self.progress.push(progress.done);
    }

    fn now(&self) -> Duration {
        self.readings.set(self.readings.get() + 1);
        Duration::from_millis(40) * self.readings.get()
    }
}

const TEXT: OutputOptions = OutputOptions {
    json: false,
    quiet: false,
};
const JSON: OutputOptions = OutputOptions {
    json: true,
    quiet: false,
};
const QUIET: OutputOptions = OutputOptions {
    json: false,
    quiet: true,
};
const QUIET_JSON: OutputOptions = OutputOptions {
    json: true,
    quiet: true,
};

const SUMMARY: BackupSummary = BackupSummary {
    licenses: 3,
    bytes: 30,
    restricted: 0,
    errors: 0,
    file: String::new(),
    size: 400,
    unchanged: false,
    shrunk: None,
    blake3: None,
    removed: 0,
};

fn backup() -> BackupReport {
    BackupReport {
        directory: "/b".to_owned(),
        strict: false,
    }
}

fn progress(done: u64) -> BackupRestoreStatus {
    BackupRestoreStatus::Progress(Progress {
        done,
        ..Progress::default()
    })
}

fn restricted(path: &str) -> BackupRestoreStatus {
    let (identity, reason) = (LicenseIdentity::default(), Restriction::Opaque);
    BackupRestoreStatus::RestrictedLicense(RestrictedLicense {
        path: path.to_owned(),
        identity,
        reason,
    })
}

/// Reports events and an outcome, and returns the exit code.
fn run<R: Report>(
    recorder: &mut Recorder,
    report: R,
    options: OutputOptions,
    events: &[R::Event],
    outcome: Result<&R::Summary, &Failure>,
) -> ExitCode {
    let mut reporter = Reporter::new(report, options, recorder);
    let _ = events.iter().try_for_each(|event| reporter.event(event));
    reporter.end(outcome)
}

/// Returns the values of `event` in JSON lines.
fn json_events(lines: &str) -> Vec<String> {
    let event = |line| {
        serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")["event"].clone()
    };
    lines
        .lines()
        .map(|line| {
            event(line)
                .as_str()
                .expect("an event has a name")
                .to_owned()
        })
        .collect()
}

#[test]
fn json_lines_contain_each_event_and_last_the_outcome() {
    let mut recorder = Recorder::default();
    let events = [
        BackupRestoreStatus::Begin,
        progress(1),
        restricted("a"),
        BackupRestoreStatus::End,
    ];
    let exit = run(&mut recorder, backup(), JSON, &events, Ok(&SUMMARY));
    assert_eq!(
        json_events(&recorder.stdout),
        ["begin", "progress", "restricted-license", "end"]
    );
    assert_eq!(
        (recorder.stderr, recorder.progress, exit),
        (vec![], vec![], ExitCode::Success)
    );
}

#[test]
fn json_lines_contain_progress_at_most_ten_times_a_second() {
    let mut recorder = Recorder::default();
    let events: Vec<_> = (0..7).map(progress).collect();
    run(&mut recorder, backup(), JSON, &events, Ok(&SUMMARY));
    // At 80, 200 and 320 ms.
    assert_eq!(
        json_events(&recorder.stdout),
        ["progress", "progress", "progress", "end"]
    );
}

#[test]
fn quiet_json_lines_contain_all_but_progress() {
    let mut recorder = Recorder::default();
    run(
        &mut recorder,
        backup(),
        QUIET_JSON,
        &[progress(1), restricted("a")],
        Ok(&SUMMARY),
    );
    assert_eq!(json_events(&recorder.stdout), ["restricted-license", "end"]);
}

#[test]
fn text_shows_progress_and_the_outcome() {
    let mut recorder = Recorder::default();
    let exit = run(
        &mut recorder,
        backup(),
        TEXT,
        &[progress(1), restricted("a"), progress(2)],
        Ok(&SUMMARY),
    );
    assert_eq!(
        (recorder.progress, recorder.stderr, exit),
        (vec![1, 2], vec![], ExitCode::Success)
    );
    assert!(
        recorder.stdout.starts_with("Backed up 3 licenses"),
        "{}",
        recorder.stdout
    );
    assert!(recorder.stdout.contains("\n  a\n"), "{}", recorder.stdout);
    assert!(
        recorder.stdout.ends_with("\nDone in 0.0 s.\n"),
        "{}",
        recorder.stdout
    );
}

#[test]
fn quiet_writes_nothing_on_success() {
    let mut recorder = Recorder::default();
    run(
        &mut recorder,
        backup(),
        QUIET,
        &[progress(1), restricted("a")],
        Ok(&SUMMARY),
    );
    assert_eq!(
        (recorder.stdout.as_str(), recorder.stderr, recorder.progress),
        ("", vec![], vec![])
    );
}

#[test]
fn quiet_writes_the_text_if_the_backup_is_incomplete() {
    let mut recorder = Recorder::default();
    let summary = BackupSummary {
        errors: 1,
        ..SUMMARY
    };
    let exit = run(&mut recorder, backup(), QUIET, &[], Ok(&summary));
    assert!(
        recorder.stdout.starts_with("Backed up 3 licenses"),
        "{}",
        recorder.stdout
    );
    assert_eq!(exit, ExitCode::Incomplete);
}

#[test]
fn a_failure_is_reported_on_stderr_with_the_option_that_helps() {
    let mut recorder = Recorder::default();
    let failure = Failure::new(ErrorCode::BackupExists, "there is one");
    let exit = run(&mut recorder, backup(), TEXT, &[], Err(&failure));
    assert_eq!(
        recorder.stderr,
        ["license-backup: there is one (use --overwrite)"]
    );
    assert_eq!((recorder.stdout.as_str(), exit), ("", ExitCode::Conflict));
}

#[test]
fn errors_of_a_backup_are_reported_at_once_up_to_a_limit() {
    let error = |number: u64| {
        BackupRestoreStatus::Error(Failure::at(
            ErrorCode::BackupCorrupt,
            "e",
            format!("error {number}"),
        ))
    };
    let report = VerifyReport {
        directory: "/b".to_owned(),
        expected: false,
    };
    let failure = Failure::new(ErrorCode::BackupCorrupt, "it is corrupt");
    let mut recorder = Recorder::default();
    let events: Vec<_> = (0..MAX_ERRORS).map(error).collect();
    let exit = run(&mut recorder, report.clone(), QUIET, &events, Err(&failure));
    assert_eq!(
        recorder.stderr.first().map(String::as_str),
        Some("license-backup: error 0")
    );
    assert_eq!(
        recorder.stderr.get(20..),
        Some(&["license-backup: it is corrupt".to_owned()][..])
    );
    assert_eq!(exit, ExitCode::Corrupt);

    let mut recorder = Recorder::default();
    let events: Vec<_> = (0..MAX_ERRORS + 3).map(error).collect();
    run(&mut recorder, report, QUIET, &events, Err(&failure));
    let last = [
        "license-backup: 3 more errors; use --json to list all errors",
        "license-backup: it is corrupt",
    ];
    assert_eq!(
        recorder.stderr.get(20..),
        Some(&last.map(str::to_owned)[..])
    );
}

#[test]
fn a_restore_reports_conflicts_at_the_end_and_errors_at_once() {
    let report = RestoreReport {
        directory: "/b".to_owned(),
        overwrite: false,
        dry_run: false,
    };
    let error = |code, message: &str| BackupRestoreStatus::Error(Failure::at(code, "a", message));
    let mut recorder = Recorder::default();
    let events = [
        error(ErrorCode::FileExists, "a is there"),
        error(ErrorCode::Io, "b could not be put in place"),
    ];
    let failure = Failure::new(ErrorCode::Io, "1 of 2 licenses could not be put in place");
    let exit = run(&mut recorder, report.clone(), TEXT, &events, Err(&failure));
    let messages = [
        "b could not be put in place",
        "1 of 2 licenses could not be put in place",
    ];
    assert_eq!(recorder.stderr, messages.map(error_line));
    assert_eq!((recorder.stdout.as_str(), exit), ("", ExitCode::Failed));

    let mut recorder = Recorder::default();
    let summary = RestoreSummary {
        file: String::new(),
        restored: 1,
        bytes: 10,
        present: 0,
        conflicts: 1,
    };
    let exit = run(&mut recorder, report, TEXT, &events[..1], Ok(&summary));
    assert!(
        recorder.stdout.contains("\n  a is there\n"),
        "{}",
        recorder.stdout
    );
    assert_eq!((recorder.stderr, exit), (vec![], ExitCode::Conflict));
}

#[test]
fn a_backup_completes_even_if_its_result_cannot_be_written() {
    for options in [TEXT, JSON] {
        let mut recorder = Recorder {
            write_error: Some(WriteError::BrokenPipe),
            ..Recorder::default()
        };
        let exit = run(
            &mut recorder,
            backup(),
            options,
            &[BackupRestoreStatus::Begin, restricted("a")],
            Ok(&SUMMARY),
        );
        let message = "license-backup: cannot write the result to standard output: \
            broken pipe; the backup is complete";
        assert_eq!(
            (recorder.stderr, exit),
            (vec![message.to_owned()], ExitCode::Failed)
        );
    }
}

#[test]
fn a_listing_that_cannot_be_written_is_cancelled() {
    let listing = LicenseListing::new("a".to_owned(), LicenseStanding::Allowed);
    let cancelled = Failure::new(ErrorCode::Cancelled, "the listing was cancelled");
    let full = WriteError::Failed("disk full".to_owned());
    for (write_error, lines) in [
        (WriteError::BrokenPipe, vec![]),
        (
            full,
            vec![
                "license-backup: cannot write the listing to standard output: disk full".to_owned(),
            ],
        ),
    ] {
        let mut recorder = Recorder {
            write_error: Some(write_error),
            ..Recorder::default()
        };
        let mut reporter = Reporter::new(ListReport, TEXT, &mut recorder);
        assert!(reporter.event(&listing).is_break());
        assert_eq!(reporter.end(Err(&cancelled)), ExitCode::Failed);
        assert_eq!(recorder.stderr, lines);
    }
}

#[test]
fn a_listing_is_written_to_stdout_line_by_line() {
    let listing = |standing| LicenseListing::new("a".to_owned(), standing);
    let summary = ListSummary {
        file: None,
        licenses: 0,
        bytes: 0,
        skipped: 2,
        program: None,
    };
    let events = [
        listing(LicenseStanding::Restricted(Restriction::Opaque)),
        listing(LicenseStanding::Failed(ErrorCode::Malformed)),
    ];
    let mut recorder = Recorder::default();
    let exit = run(&mut recorder, ListReport, TEXT, &events, Ok(&summary));
    let first: Vec<_> = recorder
        .stdout
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(first, ["opaque", "malformed", "0"]);
    assert_eq!(exit, ExitCode::Incomplete);
}
