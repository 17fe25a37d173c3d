//! The command `backup`.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use license_backup::block_on;
use license_backup_report::{BackupReport, ExitCode};

use crate::arguments::{BackupArguments, Source};
use crate::backup_many;
use crate::directories::create_directory;
use crate::metrics::{Metrics, write_metrics};
use crate::run::run_operation;
use crate::signals::SignalHandler;
use crate::store_backup::Settings;

/// Backs up a store or many, and returns the exit code.
pub(crate) fn run(arguments: &BackupArguments, signals: &SignalHandler) -> ExitCode {
    match arguments.source.choice() {
        Source::Store(store) => back_up(store, arguments, signals),
        Source::Stores(selection) => backup_many::run(arguments, selection, signals),
    }
}

fn back_up(store: &Path, arguments: &BackupArguments, signals: &SignalHandler) -> ExitCode {
    let BackupArguments {
        strict,
        metrics,
        output,
        ..
    } = arguments;
    let to = arguments.location();
    let report = BackupReport {
        directory: to.to_string(),
        strict: *strict,
    };
    let now = SystemTime::now();
    let options = Settings::new(arguments, now).options(store, to.clone());
    let mut is_new = false;
    let (exit, summary) = run_operation(report, output.into(), signals, |manager| {
        // Without a store, no directory is created, and the library reports the error.
        is_new = store.is_dir() && to.as_path().map_or(Ok(false), create_directory)?;
        block_on(manager.backup(&options))
    });
    let exit = match metrics {
        Some(file) => exit.and(write_metrics(
            file,
            &[Metrics {
                to: to.to_string(),
                now,
                duration: now.elapsed().unwrap_or_default(),
                exit,
                summary,
            }],
        )),
        None => exit,
    };
    if is_new && let Some(to) = to.as_path() {
        // Removes the new directory if it is empty, which it is unless the backup succeeded.
        let _ = fs::remove_dir(to);
    }
    exit
}
