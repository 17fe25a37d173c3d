//! Conversions between the types of the core and those of the interface.
//!
//! Each match is exhaustive, so that a new case of the core does not compile until it is added
//! here.

use license_backup_core as core;

use crate::bindings::exports::license_backup::management::management::{
    BackupOptions, BackupSummary, CheckOptions, CheckSummary, DiffSummary, ForgetOptions,
    ForgetSummary, Generation, GenerationDecision, GenerationsOptions, GenerationsSummary,
    LicenseDifference, LicenseFilter, LicenseListing, LicenseStanding, ListSummary, RestoreSummary,
    Shrinkage, VerifySummary,
};
use crate::bindings::wit_types::{
    BackupRestoreStatus, CalendarDuration, ErrorCode, Failure, LicenseChange, LicenseFormat,
    LicenseIdentity, Progress, RestrictedLicense, Restriction, RetentionPolicy, RetentionRule,
    Stage,
};

impl From<core::BackupSummary> for BackupSummary {
    fn from(summary: core::BackupSummary) -> Self {
        let core::BackupSummary {
            licenses,
            bytes,
            restricted,
            errors,
            file,
            size,
            unchanged,
            shrunk,
            blake3,
            removed,
        } = summary;
        Self {
            licenses,
            bytes,
            restricted,
            errors,
            file,
            size,
            unchanged,
            shrunk: shrunk.map(|core::Shrinkage { earlier, left }| Shrinkage { earlier, left }),
            blake3,
            removed,
        }
    }
}

impl From<core::VerifySummary> for VerifySummary {
    fn from(summary: core::VerifySummary) -> Self {
        let core::VerifySummary {
            licenses,
            bytes,
            skipped,
            file,
            size,
            blake3,
            program,
            encrypted,
        } = summary;
        Self {
            licenses,
            bytes,
            skipped,
            file,
            size,
            blake3,
            program,
            encrypted,
        }
    }
}

impl From<core::RestoreSummary> for RestoreSummary {
    fn from(summary: core::RestoreSummary) -> Self {
        let core::RestoreSummary {
            file,
            restored,
            bytes,
            present,
            conflicts,
        } = summary;
        Self {
            file,
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
            file,
            licenses,
            bytes,
            skipped,
            program,
        } = summary;
        Self {
            file,
            licenses,
            bytes,
            skipped,
            program,
        }
    }
}

impl From<BackupOptions> for core::BackupOptions {
    fn from(options: BackupOptions) -> Self {
        let BackupOptions {
            overwrite,
            allow_shrink,
            generation,
            encrypted,
            retention,
        } = options;
        Self {
            overwrite,
            allow_shrink,
            generation,
            encrypted,
            retention: retention.map(core::RetentionPolicy::from),
        }
    }
}

impl From<ForgetOptions> for core::ForgetOptions {
    fn from(options: ForgetOptions) -> Self {
        let ForgetOptions {
            policy,
            unpin,
            now,
            dry_run,
        } = options;
        Self {
            policy: policy.into(),
            unpin,
            now,
            dry_run,
        }
    }
}

impl From<RetentionPolicy> for core::RetentionPolicy {
    fn from(policy: RetentionPolicy) -> Self {
        let RetentionPolicy {
            keep_last,
            keep_hourly,
            keep_daily,
            keep_weekly,
            keep_monthly,
            keep_yearly,
            keep_within,
        } = policy;
        let keep_within = keep_within.map(|duration| {
            let CalendarDuration {
                years,
                months,
                days,
                hours,
            } = duration;
            core::KeepWithin {
                years,
                months,
                days,
                hours,
            }
        });
        Self {
            keep_last,
            keep_hourly,
            keep_daily,
            keep_weekly,
            keep_monthly,
            keep_yearly,
            keep_within,
        }
    }
}

impl From<core::ForgetSummary> for ForgetSummary {
    fn from(summary: core::ForgetSummary) -> Self {
        let core::ForgetSummary {
            kept,
            removed,
            removed_bytes,
            unpinned,
        } = summary;
        Self {
            kept,
            removed,
            removed_bytes,
            unpinned,
        }
    }
}

impl From<LicenseFilter> for core::LicenseFilter {
    fn from(filter: LicenseFilter) -> Self {
        let LicenseFilter {
            include,
            license_ids,
            key_ids,
        } = filter;
        Self {
            include,
            license_ids,
            key_ids,
        }
    }
}

impl From<GenerationsOptions> for core::GenerationsOptions {
    fn from(options: GenerationsOptions) -> Self {
        let GenerationsOptions { hash } = options;
        Self { hash }
    }
}

impl From<CheckOptions> for core::CheckOptions {
    fn from(options: CheckOptions) -> Self {
        let CheckOptions {
            max_age,
            now,
            verify,
        } = options;
        Self {
            max_age,
            now,
            verify,
        }
    }
}

impl From<core::DiffSummary> for DiffSummary {
    fn from(summary: core::DiffSummary) -> Self {
        let core::DiffSummary {
            old,
            new,
            added,
            removed,
            changed,
            unreadable,
            unchanged,
        } = summary;
        Self {
            old,
            new,
            added,
            removed,
            changed,
            unreadable,
            unchanged,
        }
    }
}

impl From<core::GenerationsSummary> for GenerationsSummary {
    fn from(summary: core::GenerationsSummary) -> Self {
        let core::GenerationsSummary { generations, bytes } = summary;
        Self { generations, bytes }
    }
}

impl From<core::CheckSummary> for CheckSummary {
    fn from(summary: core::CheckSummary) -> Self {
        let core::CheckSummary {
            file,
            time,
            age,
            blake3,
            encrypted,
            last_failure,
        } = summary;
        Self {
            file,
            time,
            age,
            blake3,
            encrypted,
            last_failure,
        }
    }
}

pub(crate) fn difference(difference: core::LicenseDifference) -> LicenseDifference {
    let core::LicenseDifference {
        path,
        change,
        identity: said,
        message,
    } = difference;
    let change = match change {
        core::LicenseChange::Added => LicenseChange::Added,
        core::LicenseChange::Removed => LicenseChange::Removed,
        core::LicenseChange::Changed => LicenseChange::Changed,
        core::LicenseChange::Unreadable => LicenseChange::Unreadable,
    };
    LicenseDifference {
        path,
        change,
        identity: identity(said),
        message,
    }
}

pub(crate) fn generation(generation: core::Generation) -> Generation {
    let core::Generation {
        file,
        time,
        size,
        pinned,
        licenses,
        encrypted,
        blake3,
    } = generation;
    Generation {
        file,
        time,
        size,
        pinned,
        licenses,
        encrypted,
        blake3,
    }
}

pub(crate) fn decision(decision: core::GenerationDecision) -> GenerationDecision {
    let core::GenerationDecision { file, time, rules } = decision;
    let rules = rules.into_iter().map(retention_rule).collect();
    GenerationDecision { file, time, rules }
}

fn retention_rule(rule: core::Rule) -> RetentionRule {
    match rule {
        core::Rule::Newest => RetentionRule::Newest,
        core::Rule::Pinned => RetentionRule::Pinned,
        core::Rule::Last => RetentionRule::Last,
        core::Rule::Hourly => RetentionRule::Hourly,
        core::Rule::Daily => RetentionRule::Daily,
        core::Rule::Weekly => RetentionRule::Weekly,
        core::Rule::Monthly => RetentionRule::Monthly,
        core::Rule::Yearly => RetentionRule::Yearly,
        core::Rule::Within => RetentionRule::Within,
        core::Rule::InFuture => RetentionRule::InFuture,
    }
}

pub(crate) fn listing(listing: core::LicenseListing) -> LicenseListing {
    let core::LicenseListing {
        path,
        identity: said,
        size,
        entry,
        standing,
        message,
    } = listing;
    let standing = match standing {
        core::LicenseStanding::Allowed => LicenseStanding::Allowed,
        core::LicenseStanding::BackedUp => LicenseStanding::BackedUp,
        core::LicenseStanding::Restricted(reason) => {
            LicenseStanding::Restricted(restriction(reason))
        }
        core::LicenseStanding::Failed(code) => LicenseStanding::Failed(error_code(code)),
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

pub(crate) fn status(status: core::BackupRestoreStatus) -> BackupRestoreStatus {
    match status {
        core::BackupRestoreStatus::Begin => BackupRestoreStatus::Begin,
        core::BackupRestoreStatus::Progress(core::Progress {
            stage: about,
            done,
            total,
            bytes,
            path,
        }) => BackupRestoreStatus::Progress(Progress {
            stage: stage(about),
            done,
            total,
            bytes,
            path,
        }),
        core::BackupRestoreStatus::RestrictedLicense(core::RestrictedLicense {
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
        core::BackupRestoreStatus::Error(error) => BackupRestoreStatus::Error(failure(error)),
        core::BackupRestoreStatus::End => BackupRestoreStatus::End,
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

fn identity(identity: core::LicenseIdentity) -> LicenseIdentity {
    let core::LicenseIdentity {
        format,
        license_ids,
        key_ids,
        rights_end,
    } = identity;
    let format = format.map(|format| match format {
        core::LicenseFormat::Wmdrm => LicenseFormat::Wmdrm,
        core::LicenseFormat::Xmr => LicenseFormat::Xmr,
        core::LicenseFormat::PlayReady => LicenseFormat::Playready,
        core::LicenseFormat::Lcp => LicenseFormat::Lcp,
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
        core::Stage::Committing => Stage::Committing,
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
        core::ErrorCode::Shrunk => ErrorCode::Shrunk,
        core::ErrorCode::Stale => ErrorCode::Stale,
        core::ErrorCode::Busy => ErrorCode::Busy,
        core::ErrorCode::FileExists => ErrorCode::FileExists,
        core::ErrorCode::Malformed => ErrorCode::Malformed,
        core::ErrorCode::TooLarge => ErrorCode::TooLarge,
        core::ErrorCode::Changed => ErrorCode::Changed,
        core::ErrorCode::Shadowed => ErrorCode::Shadowed,
        core::ErrorCode::IllegalName => ErrorCode::IllegalName,
    }
}
