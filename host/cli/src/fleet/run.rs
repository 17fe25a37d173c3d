//! The command `fleet run`.

use std::env;
use std::path::Path;
use std::time::{Instant, SystemTime};

use license_backup::{
    BackupLocation, CheckOptions, ErrorCode, LicenseManager, OperationError, block_on,
};
use license_backup_report::{ExitCode, OutputOptions};

use super::arguments::RunArguments;
use super::results::{ResultError, Results};
use super::share::Share;
use super::units::Plan;
use crate::directories::CreatedDirectories;
use crate::jobs::{Worked, number_of_jobs, run_jobs};
use crate::outcome::{Ending, Outcome};
use crate::output::Output;
use crate::signals::SignalHandler;
use crate::stderr::print_error;
use crate::store_backup::{Settings, StoreBackup, is_lack_of_room};
use crate::stores::Target;
use crate::totals::Totals;

/// Backs up a share of the units, and returns the exit code.
pub(super) fn run(arguments: &RunArguments, signals: &SignalHandler) -> ExitCode {
    let variable = |name: &str| env::var(name).ok();
    let share = match Share::new(arguments.task, arguments.of, variable) {
        Ok(share) => share,
        Err(error) => {
            print_error(&error.to_string());
            return ExitCode::Usage;
        }
    };
    let mut output = Output::new(OutputOptions::from(&arguments.output), signals.bar());
    match back_up(arguments, share, signals, &mut output) {
        Ok(totals) => totals.end(output),
        Err(error) => output.fail(&error),
    }
}

fn back_up(
    arguments: &RunArguments,
    share: Share,
    signals: &SignalHandler,
    output: &mut Output,
) -> anyhow::Result<Totals> {
    let plan = Plan::read(&arguments.units)?;
    let results = Results::of(&arguments.units, &plan);
    let units = units(&plan, &results, share)?;
    let manager = LicenseManager::new()?;
    results.create()?;
    let location = BackupLocation::from(&plan.to);
    let runner = Runner {
        plan: &plan,
        results: &results,
        stores: StoreBackup {
            manager: &manager,
            signals,
            created: CreatedDirectories::below(&plan.to),
            location: &location,
            settings: Settings {
                generation: Some(plan.system_time()),
                retention: arguments.policy.policy(),
                overwrite: false,
                allow_shrink: false,
                strict: false,
            },
        },
    };
    let (jobs, note) = number_of_jobs(arguments.jobs);
    output.note(note);
    let mut totals = Totals::new();
    let note = run_jobs(
        &units,
        jobs,
        |unit| runner.run(unit),
        |unit, (outcome, written)| {
            totals.add(Some(unit.number), unit.target, &outcome, output);
            if let Err(error) = written {
                output.error(&error.to_string());
                totals.and(ExitCode::Failed, ErrorCode::Io.hresult());
            }
        },
    )?;
    output.note(note);
    Ok(totals)
}

/// A unit of a share.
struct Unit<'a> {
    number: usize,
    target: &'a Target,
    /// The number of its earlier runs.
    earlier: u64,
    /// Whether the last one made the backup, or found the store unchanged.
    is_backed_up: bool,
}

/// Returns the units of a share. Fails if one of them has a result of another plan.
fn units<'a>(
    plan: &'a Plan,
    results: &Results,
    share: Share,
) -> Result<Vec<Unit<'a>>, ResultError> {
    let numbers = share.units(plan.units.len());
    let units = numbers.filter_map(|number| Some((number, plan.units.get(number)?)));
    units
        .map(|(number, target)| {
            let last = results.read(number)?;
            Ok(Unit {
                number,
                target,
                earlier: last.as_ref().map_or(0, |last| last.attempt),
                is_backed_up: last.is_some_and(|last| last.licenses.is_some()),
            })
        })
        .collect()
}

/// What the units of a run share.
struct Runner<'a> {
    plan: &'a Plan,
    results: &'a Results<'a>,
    stores: StoreBackup<'a>,
}

impl Runner<'_> {
    /// Backs up a unit unless it has its backup, and writes its result.
    fn run(&self, unit: &Unit) -> Worked<(Outcome, Result<(), ResultError>)> {
        let (start, since) = (SystemTime::now(), Instant::now());
        if let Err(cancelled) = self.stores.signals.check() {
            // It was not started, so that it has no result.
            let outcome = Outcome::of(Err(cancelled), false, since.elapsed());
            return Worked::Done((outcome, Ok(())));
        }
        let outcome = match self.is_done(unit.target) {
            Ok(true) => Outcome::done(since.elapsed()),
            Err(error) if is_lack_of_room(&error) => {
                return Worked::NoRoom((Outcome::of(Err(error), false, since.elapsed()), Ok(())));
            }
            Ok(false) | Err(_) => match self.stores.run(unit.target) {
                Worked::NoRoom(outcome) => return Worked::NoRoom((outcome, Ok(()))),
                Worked::Done(outcome) => or_done(outcome),
            },
        };
        // A unit that is done keeps the result of its backup.
        let written = if unit.is_backed_up && matches!(outcome.ending, Ending::Done) {
            Ok(())
        } else {
            self.results
                .write(unit.number, &outcome, start, unit.earlier)
        };
        Worked::Done((outcome, written))
    }

    /// Returns `true` if the store was backed up or found unchanged at the time of the plan, or later.
    fn is_done(&self, Target { directory, .. }: &Target) -> Result<bool, OperationError> {
        if !directory.is_dir() {
            return Ok(false);
        }
        let options = since(self.plan, directory);
        let operation = block_on(self.stores.manager.check(&options))?;
        let _running = self.stores.signals.cancel_on_signal(&operation.cookie);
        operation.wait().map(|_| true)
    }
}

/// Returns an outcome, or that the unit is done if another run has made its backup meanwhile.
fn or_done(outcome: Outcome) -> Outcome {
    match outcome.ending {
        Ending::Failed(failure) if failure.code == ErrorCode::BackupExists => {
            Outcome::done(outcome.duration)
        }
        _ => outcome,
    }
}

/// Returns the options of a check that there is a backup of the time of a plan, or a later one.
pub(super) fn since(plan: &Plan, directory: &Path) -> CheckOptions {
    let planned = plan.system_time();
    // The clock of this machine may show an earlier time than that of the plan.
    let now = SystemTime::now().max(planned);
    let age = now.duration_since(planned).unwrap_or_default();
    CheckOptions::new(directory, age).now(now)
}
