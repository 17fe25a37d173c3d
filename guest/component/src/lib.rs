//! The library component: `licenses:management` over the directories that its host has opened, and an asynchronous shell
//! around the core's step machines.

mod bindings;
mod convert;
mod operation;
mod progress;

use bindings::exports::licenses::management::management::{
    self, BackupFlags, BackupOperation, GuestCancellationCookie, ListOperation,
};
use bindings::licenses_types::Failure;
use license_backup_core::{Backup, List};
use license_backup_wasi::{open_path, open_store};
use operation::{Cancellation, Turn};

struct Component;

/// The cookie in the caller's hands.
struct Cookie(Cancellation);

impl management::Guest for Component {
    type CancellationCookie = Cookie;

    async fn backup_licenses(backup_directory: String, flags: BackupFlags) -> Result<BackupOperation, Failure> {
        let turn = Turn::take().map_err(convert::failure)?;
        let overwrite = flags.contains(BackupFlags::OVERWRITE);
        let start = || Backup::start(open_store()?, open_path(&backup_directory)?, &backup_directory, overwrite);
        let backup = start().map_err(convert::failure)?;
        Ok(operation::spawn_backup(backup, turn))
    }

    async fn list_licenses(backup_directory: String) -> Result<ListOperation, Failure> {
        let turn = Turn::take().map_err(convert::failure)?;
        let start = || List::start(&open_path(&backup_directory)?, &backup_directory);
        let list = start().map_err(convert::failure)?;
        Ok(operation::spawn_list(list, turn))
    }
}

impl GuestCancellationCookie for Cookie {
    fn cancel(&self) {
        self.0.ask();
    }
}
