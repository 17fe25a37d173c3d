//! From the core's vocabulary to that of the interface, case by case: a case that is missing does not compile.

use license_backup_core as core;

use crate::bindings::exports::licenses::management::management::{
    BackupSummary, LicenseListing, LicenseStanding, ListSummary, RestoreFlags, RestoreSummary,
    VerifySummary,
};
use crate::bindings::licenses_types::{
    BackupRestoreStatus, ErrorCode, Failure, LicenseFormat, LicenseIdentity, Progress,
    RestrictedLicense, Restriction, Stage,
};

impl From<core::BackupSummary> for BackupSummary {
    fn from(summary: core::BackupSummary) -> Self {
        let core::BackupSummary {
            licenses,
            bytes,
            restricted,
            errors,
            size,
        } = summary;
        Self {
            licenses,
            bytes,
            restricted,
            errors,
            size,
        }
    }
}

impl From<core::VerifySummary> for VerifySummary {
    fn from(summary: core::VerifySummary) -> Self {
        let core::VerifySummary {
            licenses,
            bytes,
            left_out,
            size,
            hash,
            program,
        } = summary;
        Self {
            licenses,
            bytes,
            left_out,
            size,
            hash,
            program,
        }
    }
}

impl From<core::RestoreSummary> for RestoreSummary {
    fn from(summary: core::RestoreSummary) -> Self {
        let core::RestoreSummary {
            restored,
            bytes,
            present,
            conflicts,
        } = summary;
        Self {
            restored,
            bytes,
            present,
            conflicts,
        }
    }
}

impl From<core::ListSummary> for ListSummary {
    fn from(summary: core::ListSummary) -> Self {
        let core::ListSummary {
            licenses,
            bytes,
            left_out,
            program,
        } = summary;
        Self {
            licenses,
            bytes,
            left_out,
            program,
        }
    }
}

pub(crate) fn restore_flags(flags: RestoreFlags) -> core::RestoreFlags {
    core::RestoreFlags {
        overwrite: flags.contains(RestoreFlags::OVERWRITE),
        dry_run: flags.contains(RestoreFlags::DRY_RUN),
    }
}

pub(crate) fn listing(listing: core::Listing) -> LicenseListing {
    let core::Listing {
        path,
        identity: said,
        size,
        entry,
        standing,
        message,
    } = listing;
    let standing = match standing {
        core::Standing::Allowed => LicenseStanding::Allowed,
        core::Standing::BackedUp => LicenseStanding::BackedUp,
        core::Standing::Restricted(reason) => LicenseStanding::Restricted(restriction(reason)),
        core::Standing::Failed(code) => LicenseStanding::Failed(error_code(code)),
    };
    LicenseListing {
        path,
        identity: identity(said),
        size,
        entry,
        standing,
        message,
    }
}

pub(crate) fn status(status: core::Status) -> BackupRestoreStatus {
    match status {
        core::Status::Begin => BackupRestoreStatus::Begin,
        core::Status::Information(core::Progress {
            stage: about,
            done,
            total,
            bytes,
            path,
        }) => BackupRestoreStatus::Information(Progress {
            stage: stage(about),
            done,
            total,
            bytes,
            path,
        }),
        core::Status::RestrictedLicense(core::Restricted {
            path,
            identity: said,
            reason,
        }) => {
            let reason = restriction(reason);
            BackupRestoreStatus::RestrictedLicense(RestrictedLicense {
                path,
                identity: identity(said),
                reason,
            })
        }
        core::Status::Error(error) => BackupRestoreStatus::Error(failure(error)),
        core::Status::End => BackupRestoreStatus::End,
    }
}

pub(crate) fn failure(failure: core::Failure) -> Failure {
    let core::Failure {
        code,
        message,
        path,
    } = failure;
    Failure {
        code: error_code(code),
        message,
        path,
    }
}

fn identity(identity: core::Identity) -> LicenseIdentity {
    let core::Identity {
        format,
        license_ids,
        key_ids,
        rights_end,
    } = identity;
    let format = format.map(|format| match format {
        core::Format::Wmdrm => LicenseFormat::Wmdrm,
        core::Format::Xmr => LicenseFormat::Xmr,
        core::Format::PlayReady => LicenseFormat::Playready,
        core::Format::Lcp => LicenseFormat::Lcp,
    });
    LicenseIdentity {
        format,
        license_ids,
        key_ids,
        rights_end,
    }
}

fn stage(stage: core::Stage) -> Stage {
    match stage {
        core::Stage::Listing => Stage::Listing,
        core::Stage::Copying => Stage::Copying,
        core::Stage::Verifying => Stage::Verifying,
        core::Stage::Writing => Stage::Writing,
        core::Stage::Syncing => Stage::Syncing,
        core::Stage::Placing => Stage::Placing,
    }
}

fn restriction(restriction: core::Restriction) -> Restriction {
    match restriction {
        core::Restriction::NotPermitted => Restriction::NotPermitted,
        core::Restriction::Conditional => Restriction::Conditional,
        core::Restriction::Opaque => Restriction::Opaque,
        core::Restriction::Unrecognized => Restriction::Unrecognized,
        core::Restriction::ProtectedStore => Restriction::ProtectedStore,
        core::Restriction::StatusDocument => Restriction::StatusDocument,
        core::Restriction::ErrorResponse => Restriction::ErrorResponse,
        core::Restriction::NotARegularFile => Restriction::NotARegularFile,
    }
}

fn error_code(code: core::ErrorCode) -> ErrorCode {
    match code {
        core::ErrorCode::Cancelled => ErrorCode::Cancelled,
        core::ErrorCode::Io => ErrorCode::Io,
        core::ErrorCode::AccessDenied => ErrorCode::AccessDenied,
        core::ErrorCode::OutOfMemory => ErrorCode::OutOfMemory,
        core::ErrorCode::InvalidArgument => ErrorCode::InvalidArgument,
        core::ErrorCode::PathNotFound => ErrorCode::PathNotFound,
        core::ErrorCode::DiskFull => ErrorCode::DiskFull,
        core::ErrorCode::BackupExists => ErrorCode::BackupExists,
        core::ErrorCode::BackupCorrupt => ErrorCode::BackupCorrupt,
        core::ErrorCode::Busy => ErrorCode::Busy,
        core::ErrorCode::FileExists => ErrorCode::FileExists,
        core::ErrorCode::Malformed => ErrorCode::Malformed,
        core::ErrorCode::TooLarge => ErrorCode::TooLarge,
        core::ErrorCode::Changed => ErrorCode::Changed,
        core::ErrorCode::Shadowed => ErrorCode::Shadowed,
        core::ErrorCode::IllegalName => ErrorCode::IllegalName,
    }
}
