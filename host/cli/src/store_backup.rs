//! The settings of a backup, and the backup of one store of many, without output.

use std::path::Path;
use std::time::{Instant, SystemTime};

use license_backup::{
    BackupLocation, BackupOptions, BackupSummary, LicenseManager, OperationError, RetentionPolicy,
    block_on,
};

use crate::arguments::BackupArguments;
use crate::directories::CreatedDirectories;
use crate::jobs::Worked;
use crate::outcome::Outcome;
use crate::signals::SignalHandler;
use crate::stores::Target;

/// The settings of a backup, without its directories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) generation: Option<SystemTime>,
    pub(crate) retention: Option<RetentionPolicy>,
    pub(crate) overwrite: bool,
    pub(crate) allow_shrink: bool,
    pub(crate) strict: bool,
}

impl Settings {
    /// Returns the settings of a backup that starts at `now`.
    pub(crate) fn new(arguments: &BackupArguments, now: SystemTime) -> Self {
        let retention = arguments.policy.policy();
        Self {
            generation: (arguments.generations || retention.is_some()).then_some(now),
            retention,
            overwrite: arguments.overwrite,
            allow_shrink: arguments.allow_shrink,
            strict: arguments.strict,
        }
    }

    /// Returns the options of the backup of a store to a location.
    pub(crate) fn options(&self, store: &Path, to: BackupLocation) -> BackupOptions {
        let options = BackupOptions::new(store, to)
            .overwrite(self.overwrite)
            .allow_shrink(self.allow_shrink);
        let options = match self.generation {
            Some(time) => options.generation(time),
            None => options,
        };
        match self.retention {
            Some(policy) => options.retention(policy),
            None => options,
        }
    }
}

/// What the backups of a run share.
pub(crate) struct StoreBackup<'a> {
    pub(crate) manager: &'a LicenseManager,
    pub(crate) signals: &'a SignalHandler,
    pub(crate) created: CreatedDirectories,
    /// The location of all backups, whose keys are those of each backup.
    pub(crate) location: &'a BackupLocation,
    pub(crate) settings: Settings,
}

impl StoreBackup<'_> {
    /// Backs up a store, unless the run was cancelled.
    pub(crate) fn run(&self, target: &Target) -> Worked<Outcome> {
        let start = Instant::now();
        let result = self.back_up(target);
        let has_room = !matches!(&result, Err(error) if is_lack_of_room(error));
        let outcome = Outcome::of(result, self.settings.strict, start.elapsed());
        if has_room {
            Worked::Done(outcome)
        } else {
            Worked::NoRoom(outcome)
        }
    }

    fn back_up(
        &self,
        Target { store, directory }: &Target,
    ) -> Result<BackupSummary, OperationError> {
        self.signals.check()?;
        // Without a store, no directory is created, and the library reports the error.
        if store.is_dir() {
            self.created.create(directory)?;
        }
        let to = self.location.clone().at(directory);
        let operation = block_on(self.manager.backup(&self.settings.options(store, to)))?;
        let _running = self.signals.cancel_on_signal(&operation.cookie);
        let result = operation.wait();
        if result.is_ok() {
            self.created.keep(directory);
        }
        result
    }
}

/// Returns `true` if an operation could not be started because the system has no thread, address
/// space or file left. Nothing was changed then, and it may succeed when another operation has ended.
pub(crate) fn is_lack_of_room(error: &OperationError) -> bool {
    match error {
        OperationError::Thread(_) | OperationError::Start(_) => true,
        OperationError::Directory { source, .. } => is_lack_of_files(source),
        _ => false,
    }
}

#[cfg(unix)]
fn is_lack_of_files(error: &std::io::Error) -> bool {
    use nix::errno::Errno;
    let errors = [Errno::EMFILE, Errno::ENFILE].map(|errno| Some(errno as i32));
    errors.contains(&error.raw_os_error())
}

/// Returns `false`: other systems have no such limit that a process reaches.
#[cfg(not(unix))]
fn is_lack_of_files(_: &std::io::Error) -> bool {
    false
}
