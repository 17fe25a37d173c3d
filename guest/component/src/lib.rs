//! The library component: `licenses:management` over the directories that its host has opened, and an asynchronous shell
//! around the core's step machines.

mod bindings;
mod convert;
mod operation;
mod progress;

use bindings::exports::licenses::management::management::{
    self, BackupFlags, BackupOperation, GuestCancellationCookie, ListOperation, ListSource,
    RestoreFlags, RestoreOperation, VerifyOperation,
};
use bindings::licenses_types::Failure;
use license_backup_core::{Backup, List, Opener, Restore, Verify};
use license_backup_wasi::{open_path, open_store};
use operation::{Accepted, Cancellation};

/// Whoever embeds this component opens its directories.
const HOST: Opener = Opener::Host;

struct Component;

/// The cookie in the caller's hands.
struct Cookie(Cancellation);

impl management::Guest for Component {
    type CancellationCookie = Cookie;

    async fn backup_licenses(
        backup_directory: String,
        flags: BackupFlags,
    ) -> Result<BackupOperation, Failure> {
        let overwrite = flags.contains(BackupFlags::OVERWRITE);
        let backup = || {
            Backup::start(
                open_store(HOST)?,
                open_path(HOST, &backup_directory)?,
                &backup_directory,
                overwrite,
            )
        };
        let Accepted {
            cookie,
            told,
            completed,
        } = operation::begin(backup)?;
        Ok(BackupOperation {
            cookie,
            progress: told,
            completed,
        })
    }

    async fn verify_backup(
        backup_directory: String,
        expected_hash: Option<String>,
    ) -> Result<VerifyOperation, Failure> {
        let verify = || {
            Verify::start(
                &open_path(HOST, &backup_directory)?,
                &backup_directory,
                expected_hash.as_deref(),
            )
        };
        let Accepted {
            cookie,
            told,
            completed,
        } = operation::begin(verify)?;
        Ok(VerifyOperation {
            cookie,
            progress: told,
            completed,
        })
    }

    async fn restore_licenses(
        backup_directory: String,
        flags: RestoreFlags,
    ) -> Result<RestoreOperation, Failure> {
        let flags = convert::restore_flags(flags);
        let restore = || {
            Restore::start(
                open_store(HOST)?,
                &open_path(HOST, &backup_directory)?,
                &backup_directory,
                flags,
            )
        };
        let Accepted {
            cookie,
            told,
            completed,
        } = operation::begin(restore)?;
        Ok(RestoreOperation {
            cookie,
            progress: told,
            completed,
        })
    }

    async fn list_licenses(source: ListSource) -> Result<ListOperation, Failure> {
        let list = || match &source {
            ListSource::Store => List::of_store(open_store(HOST)?),
            ListSource::Backup(directory) => {
                List::of_backup(&open_path(HOST, directory)?, directory)
            }
        };
        let Accepted {
            cookie,
            told,
            completed,
        } = operation::begin_listing(list)?;
        Ok(ListOperation {
            cookie,
            licenses: told,
            completed,
        })
    }
}

impl GuestCancellationCookie for Cookie {
    fn cancel(&self) {
        self.0.ask();
    }
}
