//! The exported functions: each starts one operation of the core.

use license_backup_core::{
    self as core, Backup, Check, Diff, Forget, HintFor, List, ListGenerations, Restore, Verify,
};
use license_backup_wasi_fs::{open_path, open_store};

use crate::bindings::exports::license_backup::management::management::{
    self, BackupOperation, BackupOptions, BackupSource, CheckOperation, CheckOptions, DiffAgainst,
    DiffOperation, DiffOptions, ForgetOperation, ForgetOptions, GenerationsOperation,
    GenerationsOptions, LicenseFilter, ListOperation, ListSource, RestoreOperation, RestoreOptions,
    VerifyOperation, VerifyOptions,
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
                filter,
            } = options;
            Restore::start(
                open_store(HINT_FOR)?,
                &open_path(HINT_FOR, &backup_directory)?,
                &backup_directory,
                generation.as_deref(),
                core::RestoreOptions {
                    overwrite,
                    dry_run,
                    filter: filter.into(),
                },
            )
        })?;
        Ok(RestoreOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn list_licenses(
        source: ListSource,
        filter: LicenseFilter,
    ) -> Result<ListOperation, Failure> {
        let filter = filter.into();
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start_listing(
            || match &source {
                ListSource::Store => List::of_store(open_store(HINT_FOR)?, &filter),
                ListSource::Backup(BackupSource {
                    backup_directory,
                    generation,
                }) => List::of_backup(
                    &open_path(HINT_FOR, backup_directory)?,
                    backup_directory,
                    generation.as_deref(),
                    &filter,
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

    async fn diff_backup(
        backup_directory: String,
        options: DiffOptions,
    ) -> Result<DiffOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start_listing(
            || {
                let directory = open_path(HINT_FOR, &backup_directory)?;
                let (path, generation) = (&backup_directory, options.generation.as_deref());
                match &options.against {
                    DiffAgainst::Previous => Diff::of_backups(&directory, path, generation, None),
                    DiffAgainst::Generation(against) => {
                        Diff::of_backups(&directory, path, generation, Some(against))
                    }
                    DiffAgainst::Store => {
                        Diff::of_store(open_store(HINT_FOR)?, &directory, path, generation)
                    }
                }
            },
            convert::difference,
        )?;
        Ok(DiffOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn list_generations(
        backup_directory: String,
        options: GenerationsOptions,
    ) -> Result<GenerationsOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start_listing(
            || {
                ListGenerations::start(
                    open_path(HINT_FOR, &backup_directory)?,
                    &backup_directory,
                    options.into(),
                )
            },
            convert::generation,
        )?;
        Ok(GenerationsOperation {
            cookie,
            events,
            completed,
        })
    }

    async fn check_backup(
        backup_directory: String,
        options: CheckOptions,
    ) -> Result<CheckOperation, Failure> {
        let Operation {
            cookie,
            events,
            completed,
        } = operation::start(|| {
            Check::start(
                &open_path(HINT_FOR, &backup_directory)?,
                &backup_directory,
                options.into(),
            )
        })?;
        Ok(CheckOperation {
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
