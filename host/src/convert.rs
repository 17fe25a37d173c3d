//! Conversions from the types of the component's interface to those of the library.
//!
//! Every match is exhaustive, so that the compiler reports a case that is new in the interface.

use std::time::SystemTime;

use license_backup_core::{
    BackupRestoreStatus, BackupSummary, CheckSummary, DiffSummary, ErrorCode, Failure,
    ForgetSummary, Generation, GenerationDecision, GenerationsSummary, KeepWithin, LicenseChange,
    LicenseDifference, LicenseFilter, LicenseFormat, LicenseIdentity, LicenseListing,
    LicenseStanding, ListSummary, Progress, RestoreSummary, RestrictedLicense, Restriction,
    RetentionPolicy, Rule, Shrinkage, Stage, VerifySummary,
};

use crate::bindings::exports::license_backup::management::{management, types};

impl From<types::ErrorCode> for ErrorCode {
    fn from(code: types::ErrorCode) -> Self {
        match code {
            types::ErrorCode::Cancelled => Self::Cancelled,
            types::ErrorCode::Io => Self::Io,
            types::ErrorCode::AccessDenied => Self::AccessDenied,
            types::ErrorCode::OutOfMemory => Self::OutOfMemory,
            types::ErrorCode::InvalidArgument => Self::InvalidArgument,
            types::ErrorCode::PathNotFound => Self::PathNotFound,
            types::ErrorCode::DiskFull => Self::DiskFull,
            types::ErrorCode::BackupExists => Self::BackupExists,
            types::ErrorCode::BackupCorrupt => Self::BackupCorrupt,
            types::ErrorCode::Shrunk => Self::Shrunk,
            types::ErrorCode::Stale => Self::Stale,
            types::ErrorCode::Busy => Self::Busy,
            types::ErrorCode::FileExists => Self::FileExists,
            types::ErrorCode::Malformed => Self::Malformed,
            types::ErrorCode::TooLarge => Self::TooLarge,
            types::ErrorCode::Changed => Self::Changed,
            types::ErrorCode::Shadowed => Self::Shadowed,
            types::ErrorCode::IllegalName => Self::IllegalName,
        }
    }
}

impl From<types::LicenseFormat> for LicenseFormat {
    fn from(format: types::LicenseFormat) -> Self {
        match format {
            types::LicenseFormat::Wmdrm => Self::Wmdrm,
            types::LicenseFormat::Xmr => Self::Xmr,
            types::LicenseFormat::Playready => Self::PlayReady,
            types::LicenseFormat::Lcp => Self::Lcp,
        }
    }
}

impl From<types::Restriction> for Restriction {
    fn from(restriction: types::Restriction) -> Self {
        match restriction {
            types::Restriction::NotPermitted => Self::NotPermitted,
            types::Restriction::Conditional => Self::Conditional,
            types::Restriction::Opaque => Self::Opaque,
            types::Restriction::Unrecognized => Self::Unrecognized,
            types::Restriction::ProtectedStore => Self::ProtectedStore,
            types::Restriction::StatusDocument => Self::StatusDocument,
            types::Restriction::ErrorResponse => Self::ErrorResponse,
            types::Restriction::NotARegularFile => Self::NotARegularFile,
        }
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        let types::Failure {
            code,
            message,
            path,
        } = failure;
        Self {
            code: code.into(),
            message,
            path,
        }
    }
}

impl From<types::LicenseIdentity> for LicenseIdentity {
    fn from(identity: types::LicenseIdentity) -> Self {
        let types::LicenseIdentity {
            format,
            license_ids,
            key_ids,
            rights_end,
        } = identity;
        Self {
            format: format.map(LicenseFormat::from),
            license_ids,
            key_ids,
            rights_end,
        }
    }
}

impl From<types::RestrictedLicense> for RestrictedLicense {
    fn from(restricted: types::RestrictedLicense) -> Self {
        let types::RestrictedLicense {
            path,
            identity,
            reason,
        } = restricted;
        Self {
            path,
            identity: identity.into(),
            reason: reason.into(),
        }
    }
}

impl From<types::Progress> for Progress {
    fn from(progress: types::Progress) -> Self {
        let types::Progress {
            stage,
            done,
            total,
            bytes,
            path,
        } = progress;
        Self {
            stage: stage.into(),
            done,
            total,
            bytes,
            path,
        }
    }
}

impl From<types::Stage> for Stage {
    fn from(stage: types::Stage) -> Self {
        match stage {
            types::Stage::Listing => Self::Listing,
            types::Stage::Copying => Self::Copying,
            types::Stage::Verifying => Self::Verifying,
            types::Stage::Writing => Self::Writing,
            types::Stage::Syncing => Self::Syncing,
            types::Stage::Committing => Self::Committing,
        }
    }
}

impl From<types::BackupRestoreStatus> for BackupRestoreStatus {
    fn from(status: types::BackupRestoreStatus) -> Self {
        match status {
            types::BackupRestoreStatus::Begin => Self::Begin,
            types::BackupRestoreStatus::Progress(progress) => Self::Progress(progress.into()),
            types::BackupRestoreStatus::RestrictedLicense(restricted) => {
                Self::RestrictedLicense(restricted.into())
            }
            types::BackupRestoreStatus::Error(failure) => Self::Error(failure.into()),
            types::BackupRestoreStatus::End => Self::End,
        }
    }
}

impl From<management::BackupSummary> for BackupSummary {
    fn from(summary: management::BackupSummary) -> Self {
        let management::BackupSummary {
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
            shrunk: shrunk
                .map(|management::Shrinkage { earlier, left }| Shrinkage { earlier, left }),
            blake3,
            removed,
        }
    }
}

impl From<management::VerifySummary> for VerifySummary {
    fn from(summary: management::VerifySummary) -> Self {
        let management::VerifySummary {
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

impl From<management::RestoreSummary> for RestoreSummary {
    fn from(summary: management::RestoreSummary) -> Self {
        let management::RestoreSummary {
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

impl From<management::LicenseStanding> for LicenseStanding {
    fn from(standing: management::LicenseStanding) -> Self {
        match standing {
            management::LicenseStanding::Allowed => Self::Allowed,
            management::LicenseStanding::BackedUp => Self::BackedUp,
            management::LicenseStanding::Restricted(reason) => Self::Restricted(reason.into()),
            management::LicenseStanding::Failed(code) => Self::Failed(code.into()),
        }
    }
}

impl From<management::LicenseListing> for LicenseListing {
    fn from(listing: management::LicenseListing) -> Self {
        let management::LicenseListing {
            path,
            identity,
            size,
            entry,
            standing,
            message,
        } = listing;
        Self {
            path,
            identity: identity.into(),
            size,
            entry,
            standing: standing.into(),
            message,
        }
    }
}

impl From<management::ListSummary> for ListSummary {
    fn from(summary: management::ListSummary) -> Self {
        let management::ListSummary {
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

impl From<types::RetentionRule> for Rule {
    fn from(rule: types::RetentionRule) -> Self {
        match rule {
            types::RetentionRule::Newest => Self::Newest,
            types::RetentionRule::Pinned => Self::Pinned,
            types::RetentionRule::Last => Self::Last,
            types::RetentionRule::Hourly => Self::Hourly,
            types::RetentionRule::Daily => Self::Daily,
            types::RetentionRule::Weekly => Self::Weekly,
            types::RetentionRule::Monthly => Self::Monthly,
            types::RetentionRule::Yearly => Self::Yearly,
            types::RetentionRule::Within => Self::Within,
            types::RetentionRule::InFuture => Self::InFuture,
        }
    }
}

impl From<management::GenerationDecision> for GenerationDecision {
    fn from(decision: management::GenerationDecision) -> Self {
        let management::GenerationDecision { file, time, rules } = decision;
        let rules = rules.into_iter().map(Rule::from).collect();
        Self { file, time, rules }
    }
}

impl From<management::ForgetSummary> for ForgetSummary {
    fn from(summary: management::ForgetSummary) -> Self {
        let management::ForgetSummary {
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

impl From<types::LicenseChange> for LicenseChange {
    fn from(change: types::LicenseChange) -> Self {
        match change {
            types::LicenseChange::Added => Self::Added,
            types::LicenseChange::Removed => Self::Removed,
            types::LicenseChange::Changed => Self::Changed,
            types::LicenseChange::Unreadable => Self::Unreadable,
        }
    }
}

impl From<management::LicenseDifference> for LicenseDifference {
    fn from(difference: management::LicenseDifference) -> Self {
        let management::LicenseDifference {
            path,
            change,
            identity,
            message,
        } = difference;
        Self {
            path,
            change: change.into(),
            identity: identity.into(),
            message,
        }
    }
}

impl From<management::DiffSummary> for DiffSummary {
    fn from(summary: management::DiffSummary) -> Self {
        let management::DiffSummary {
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

impl From<management::Generation> for Generation {
    fn from(generation: management::Generation) -> Self {
        let management::Generation {
            file,
            time,
            size,
            pinned,
            licenses,
            encrypted,
            blake3,
        } = generation;
        Self {
            file,
            time,
            size,
            pinned,
            licenses,
            encrypted,
            blake3,
        }
    }
}

impl From<management::GenerationsSummary> for GenerationsSummary {
    fn from(summary: management::GenerationsSummary) -> Self {
        let management::GenerationsSummary { generations, bytes } = summary;
        Self { generations, bytes }
    }
}

impl From<management::CheckSummary> for CheckSummary {
    fn from(summary: management::CheckSummary) -> Self {
        let management::CheckSummary {
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

impl From<LicenseFilter> for management::LicenseFilter {
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

impl From<KeepWithin> for types::CalendarDuration {
    fn from(duration: KeepWithin) -> Self {
        let KeepWithin {
            years,
            months,
            days,
            hours,
        } = duration;
        Self {
            years,
            months,
            days,
            hours,
        }
    }
}

impl From<RetentionPolicy> for types::RetentionPolicy {
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
        Self {
            keep_last,
            keep_hourly,
            keep_daily,
            keep_weekly,
            keep_monthly,
            keep_yearly,
            keep_within: keep_within.map(types::CalendarDuration::from),
        }
    }
}

/// Returns a time in seconds since the Unix epoch; 0 for an earlier one.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.map_or(0, |duration| duration.as_secs())
}
