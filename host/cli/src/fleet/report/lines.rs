//! The report as text and as JSON lines.

use license_backup::ErrorCode;
use license_backup_report::{ExitCode, counted, escape, utc_time};
use serde::Serialize;

use super::state::{Reason, State};
use super::{Report, UnitReport};
use crate::output::Output;

/// The end of a report.
pub(super) struct End {
    exit: ExitCode,
    hresult: u32,
    counts: Counts,
    text: String,
}

/// The counts in the last JSON line.
#[derive(Serialize)]
struct Counts {
    units: usize,
    good: usize,
    incomplete: usize,
    never_run: usize,
    failed: usize,
    missing: usize,
    corrupt: usize,
    shrunk: usize,
    unreadable: usize,
}

/// The line of a unit.
#[derive(Serialize)]
struct UnitState<'a> {
    unit: usize,
    store: &'a str,
    directory: &'a str,
    good: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// The last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Run<'a>>,
}

/// The result of the last run of a unit.
#[derive(Serialize)]
struct Run<'a> {
    outcome: &'a str,
    exit_code: u8,
    time: u64,
    milliseconds: u64,
    host: &'a str,
    attempt: u64,
}

/// Writes a JSON line for each unit, or the units without a good backup by reason.
pub(super) fn write(report: &Report, output: &mut Output) {
    if output.is_json() {
        for unit in &report.units {
            write_event(unit, output);
        }
        return;
    }
    for reason in Reason::ALL {
        let units: Vec<_> = report.bad(reason).collect();
        if units.is_empty() {
            continue;
        }
        let count = counted(u64::try_from(units.len()).unwrap_or(u64::MAX), "unit");
        output.result(&format!(
            "{} {}: {}.\n",
            count,
            reason.name(),
            reason.explanation()
        ));
        for (unit, message) in units {
            let store = escape(&unit.target.store.to_string_lossy());
            output.result(&format!("  {} {store}: {}\n", unit.number, escape(message)));
        }
    }
}

fn write_event(unit: &UnitReport, output: &mut Output) {
    let (file, reason, message) = match &unit.state {
        State::Good { file } => (Some(file.as_str()), None, None),
        State::Bad { reason, message } => (None, Some(reason.name()), Some(message.as_str())),
    };
    let fields = UnitState {
        unit: unit.number,
        store: &unit.target.store.to_string_lossy(),
        directory: &unit.target.directory.to_string_lossy(),
        good: file.is_some(),
        file,
        reason,
        message,
        run: unit.result.as_ref().map(|result| Run {
            outcome: &result.outcome,
            exit_code: result.exit_code,
            time: result.time,
            milliseconds: result.milliseconds,
            host: &result.host,
            attempt: result.attempt,
        }),
    };
    output.event("unit-state", &fields);
}

impl End {
    /// Returns the end of a report.
    pub(super) fn of(report: &Report) -> Self {
        let (exit, hresult) = report.status();
        let count = |reason| report.bad(reason).count();
        let counts = Counts {
            units: report.units.len(),
            good: report.good(),
            incomplete: report.incomplete(),
            never_run: count(Reason::NeverRun),
            failed: count(Reason::Failed),
            missing: count(Reason::Missing),
            corrupt: count(Reason::Corrupt),
            shrunk: count(Reason::Shrunk),
            unreadable: count(Reason::Unreadable),
        };
        let incomplete = match counts.incomplete {
            0 => String::new(),
            count => format!(" Of {count} of these, some files could not be read."),
        };
        let text = format!(
            "{} of {} units have a good backup since {}.{incomplete}",
            counts.good,
            counts.units,
            utc_time(report.plan.time)
        );
        Self {
            exit,
            hresult,
            counts,
            text,
        }
    }

    /// Includes the exit code of another part of the run.
    pub(super) fn and(&mut self, exit: ExitCode) {
        let both = self.exit.and(exit);
        if both != self.exit {
            self.hresult = ErrorCode::Io.hresult();
        }
        self.exit = both;
    }

    /// Writes the end, and returns the exit code.
    pub(super) fn end(self, output: Output) -> ExitCode {
        output.end(self.exit, self.hresult, &self.counts, &self.text)
    }
}
