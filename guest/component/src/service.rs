//! The exported functions: each starts one operation of the core.

use license_backup_core::{self as core, Backup, Forget, HintFor, List, Restore, Verify};
use license_backup_wasi_fs::{open_path, open_store};

use crate::bindings::exports::license_backup::management::management::{
    self, BackupOperation, BackupOptions, BackupSource, ForgetOperation, ForgetOptions,
    ListOperation, ListSource, RestoreOperation, RestoreOptions, VerifyOperation, VerifyOptions,
};
use crate::bindings::wit_types::Failure;
use crate::cancellation::Cancellation;
use crate::convert;
use crate::operation::{self, Operation};

/// The embedder opens the directories of this component.
const HINT_FOR: HintFor = HintFor::Embedder;

/// The implementation of the interface `management`.
pub(crate) struct Service;

impl management::Guest for Service {
    type CancellationCookie = Cancellation;

    async fn backup_licenses(
        backup_directory: String,
        options: BackupOptions,
    ) -> Result<BackupOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start(|| {
            Backup::start(
                open_store(HINT_FOR)?,
                open_path(HINT_FOR, &backup_directory)?,
                &backup_directory,
                options.into(),
            )
        })?;
        Ok(BackupOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn verify_backup(
        backup_directory: String,
        options: VerifyOptions,
    ) -> Result<VerifyOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start(|| {
            let VerifyOptions {
                expected_blake3,
                generation,
            } = options;
            Verify::start(
                &open_path(HINT_FOR, &backup_directory)?,
                &backup_directory,
                generation.as_deref(),
                &core::VerifyOptions { expected_blake3 },
            )
        })?;
        Ok(VerifyOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn restore_licenses(
        backup_directory: String,
        options: RestoreOptions,
    ) -> Result<RestoreOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start(|| {
            let RestoreOptions {
                overwrite,
                dry_run,
                generation,
            } = options;
            Restore::start(
                open_store(HINT_FOR)?,
                &open_path(HINT_FOR, &backup_directory)?,
                &backup_directory,
                generation.as_deref(),
                core::RestoreOptions { overwrite, dry_run },
            )
        })?;
        Ok(RestoreOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn list_licenses(source: ListSource) -> Result<ListOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start_listing(
            || match &source {
                ListSource::Store => List::of_store(open_store(HINT_FOR)?),
                ListSource::Backup(BackupSource {
                    backup_directory,
                    generation,
                }) => List::of_backup(
                    &open_path(HINT_FOR, backup_directory)?,
                    backup_directory,
                    generation.as_deref(),
                ),
            },
            convert::listing,
        )?;
        Ok(ListOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn forget_generations(
        backup_directory: String,
        options: ForgetOptions,
    ) -> Result<ForgetOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start_listing(
            || {
                Forget::start(
                    open_path(HINT_FOR, &backup_directory)?,
                    &backup_directory,
                    options.into(),
                )
            },
            convert::decision,
        )?;
        Ok(ForgetOperation {
            cookie,
            events,
            completed,
        })
    }
}

impl management::GuestCancellationCookie for Cancellation {
    fn cancel(&self) {
        self.request();
    }
}
