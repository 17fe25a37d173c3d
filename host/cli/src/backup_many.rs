//! The command `backup` for many stores.

use std::time::SystemTime;

use anyhow::Context as _;
use license_backup::{ErrorCode, LicenseManager};
use license_backup_report::ExitCode;

use crate::arguments::BackupArguments;
use crate::directories::CreatedDirectories;
use crate::jobs::{number_of_jobs, run_jobs};
use crate::metrics::{Metrics, write_metrics};
use crate::output::Output;
use crate::signals::SignalHandler;
use crate::store_backup::{Settings, StoreBackup};
use crate::stores::{Selection, absolute, targets};
use crate::totals::Totals;

/// Backs up the chosen stores, and returns the exit code.
pub(crate) fn run(
    arguments: &BackupArguments,
    selection: Selection,
    signals: &SignalHandler,
) -> ExitCode {
    let mut output = Output::new((&arguments.output).into(), signals.bar());
    match back_up(arguments, selection, signals, &mut output) {
        Ok(totals) => totals.end(output),
        Err(error) => output.fail(&error),
    }
}

fn back_up(
    arguments: &BackupArguments,
    selection: Selection,
    signals: &SignalHandler,
    output: &mut Output,
) -> anyhow::Result<Totals> {
    let BackupArguments { jobs, metrics, .. } = arguments;
    let location = arguments.location();
    let to = location.as_path().with_context(|| {
        format!(
            "cannot back up many stores to {location}: only a directory can hold them; back up each \
             store with a command of its own"
        )
    })?;
    let targets = targets(selection, to)?;
    let manager = LicenseManager::new()?;
    let created = CreatedDirectories::below(&absolute(to)?);
    created.create_root()?;
    let now = SystemTime::now();
    let stores = StoreBackup {
        manager: &manager,
        signals,
        created,
        location: &location,
        settings: Settings::new(arguments, now),
    };
    let (jobs, note) = number_of_jobs(*jobs);
    output.note(note);
    let mut totals = Totals::new();
    let mut of_stores = Vec::new();
    let note = run_jobs(
        &targets,
        jobs,
        |target| stores.run(target),
        |target, outcome| {
            totals.add(None, target, &outcome, output);
            if metrics.is_some() {
                of_stores.push(Metrics {
                    to: target.directory.display().to_string(),
                    now,
                    duration: outcome.duration,
                    exit: outcome.exit,
                    summary: outcome.summary().cloned(),
                });
            }
        },
    )?;
    output.note(note);
    if let Some(file) = metrics {
        of_stores.sort_unstable_by(|one, other| one.to.cmp(&other.to));
        totals.and(write_metrics(file, &of_stores), ErrorCode::Io.hresult());
    }
    Ok(totals)
}
