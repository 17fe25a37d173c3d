//! The command `fleet report`.

mod html;
mod lines;
mod metrics;
mod state;

use std::time::SystemTime;

use license_backup::LicenseManager;
use license_backup_report::{ExitCode, OutputOptions, S_OK};

use self::state::{Reason, State};
use super::arguments::ReportArguments;
use super::results::{Results, UnitResult};
use super::units::Plan;
use crate::files::replace_readable;
use crate::jobs::{Worked, number_of_jobs, run_jobs};
use crate::metrics::write_text;
use crate::output::Output;
use crate::signals::SignalHandler;
use crate::store_backup::is_lack_of_room;
use crate::stores::Target;

/// A report: the state of each unit of a plan.
struct Report<'a> {
    plan: &'a Plan,
    units: Vec<UnitReport<'a>>,
}

/// The state of a unit.
struct UnitReport<'a> {
    number: usize,
    target: &'a Target,
    /// The result of its last run.
    result: Option<UnitResult>,
    state: State,
}

/// Reports the units without a good backup, and returns the exit code.
pub(super) fn run(arguments: &ReportArguments, signals: &SignalHandler) -> ExitCode {
    let mut output = Output::new(OutputOptions::from(&arguments.output), signals.bar());
    match report(arguments, signals, &mut output) {
        Ok(end) => end.end(output),
        Err(error) => output.fail(&error),
    }
}

fn report(
    arguments: &ReportArguments,
    signals: &SignalHandler,
    output: &mut Output,
) -> anyhow::Result<lines::End> {
    let plan = Plan::read(&arguments.units)?;
    let report = Report {
        plan: &plan,
        units: inspect(arguments, &plan, signals, output)?,
    };
    lines::write(&report, output);
    let mut end = lines::End::of(&report);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    if let Some(file) = &arguments.metrics {
        end.and(write_text(file, &metrics::text(&report, now)));
    }
    if let Some(file) = &arguments.html {
        let page = html::page(&report, arguments.verify, now);
        if let Err(error) = replace_readable(file, page.as_bytes()) {
            output.error(&format!("cannot write {}: {error}", file.display()));
            end.and(ExitCode::Failed);
        }
    }
    Ok(end)
}

/// Looks at all units.
fn inspect<'a>(
    arguments: &ReportArguments,
    plan: &'a Plan,
    signals: &SignalHandler,
    output: &mut Output,
) -> anyhow::Result<Vec<UnitReport<'a>>> {
    let results = Results::of(&arguments.units, plan);
    let manager = LicenseManager::new()?;
    let look = |&(number, target): &(usize, &'a Target)| -> Worked<anyhow::Result<_>> {
        let result = match results.read(number) {
            Ok(result) => result,
            Err(error) => return Worked::Done(Err(error.into())),
        };
        let verify = arguments.verify;
        match state::state(&manager, signals, plan, target, result.as_ref(), verify) {
            Ok(state) => Worked::Done(Ok(UnitReport {
                number,
                target,
                result,
                state,
            })),
            Err(error) if is_lack_of_room(&error) => Worked::NoRoom(Err(error.into())),
            Err(error) => Worked::Done(Err(error.into())),
        }
    };
    let numbered: Vec<_> = plan.units.iter().enumerate().collect();
    let (jobs, note) = number_of_jobs(arguments.jobs);
    output.note(note);
    let mut units = Vec::with_capacity(numbered.len());
    let note = run_jobs(&numbered, jobs, look, |_, unit| units.push(unit))?;
    output.note(note);
    let mut units = units.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    units.sort_unstable_by_key(|unit| unit.number);
    Ok(units)
}

impl Report<'_> {
    /// Returns the number of units with a good backup.
    fn good(&self) -> usize {
        let is_good = |unit: &&UnitReport| matches!(unit.state, State::Good { .. });
        self.units.iter().filter(is_good).count()
    }

    /// Returns the units without a good backup for a reason.
    fn bad(&self, reason: Reason) -> impl Iterator<Item = (&UnitReport<'_>, &str)> {
        self.units.iter().filter_map(move |unit| match &unit.state {
            State::Bad {
                reason: of_unit,
                message,
            } if *of_unit == reason => Some((unit, message.as_str())),
            State::Bad { .. } | State::Good { .. } => None,
        })
    }

    /// Returns the number of units with a good backup whose last run could not read some files.
    fn incomplete(&self) -> usize {
        let is_incomplete = |unit: &&UnitReport| {
            let result = unit.result.as_ref();
            matches!(unit.state, State::Good { .. })
                && result.is_some_and(|result| result.errors.is_some_and(|errors| errors > 0))
        };
        self.units.iter().filter(is_incomplete).count()
    }

    /// Returns the exit code and the `HRESULT`.
    fn status(&self) -> (ExitCode, u32) {
        let mut status = (ExitCode::Success, S_OK);
        for reason in Reason::ALL {
            if self.bad(reason).next().is_some() {
                let code = reason.code();
                let exit = status.0.and(ExitCode::of_failure(code));
                if exit != status.0 {
                    status = (exit, code.hresult());
                }
            }
        }
        status
    }
}
