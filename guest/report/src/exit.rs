//! Exit codes and `HRESULT`s of outcomes.

use license_backup_core::ErrorCode;

/// With what a command line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: it did what it was asked to do. What may not be backed up, and what is no license, was told.
    Success,
    /// 1: it failed; a missing store or directory included.
    Failed,
    /// 2: the command line was not understood.
    Usage,
    /// 3: it completed, but some license could not be read or, with `--strict`, anything at all was left out.
    Incomplete,
    /// 4: a backup exists and `--overwrite` was not given, or a restore met conflicts.
    Conflict,
    /// 5: the backup is corrupt, or not the one of `--expect`.
    Corrupt,
    /// 130: it was cancelled; 128 + SIGINT, as shells have it.
    Cancelled,
}

impl ExitCode {
    /// The number that the process ends with.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Conflict => 4,
            Self::Corrupt => 5,
            Self::Cancelled => 130,
        }
    }

    /// The word for it in the last JSON line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Incomplete => "incomplete",
            Self::Conflict => "conflict",
            Self::Corrupt => "corrupt",
            Self::Cancelled => "cancelled",
        }
    }

    /// The code when both hold: the first of 130, 1, 5, 4, 3. A usage error excludes all others, since nothing ran.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.rank() >= other.rank() {
            self
        } else {
            other
        }
    }

    /// How an operation ended that failed with this code.
    #[must_use]
    pub const fn of_failure(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Cancelled => Self::Cancelled,
            ErrorCode::BackupExists | ErrorCode::FileExists => Self::Conflict,
            ErrorCode::BackupCorrupt => Self::Corrupt,
            ErrorCode::Io
            | ErrorCode::AccessDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::InvalidArgument
            | ErrorCode::PathNotFound
            | ErrorCode::DiskFull
            | ErrorCode::Busy
            | ErrorCode::Malformed
            | ErrorCode::TooLarge
            | ErrorCode::Changed
            | ErrorCode::Shadowed
            | ErrorCode::IllegalName => Self::Failed,
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Incomplete => 1,
            Self::Conflict => 2,
            Self::Corrupt => 3,
            Self::Failed => 4,
            Self::Cancelled => 5,
            Self::Usage => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_end_with_the_documented_numbers() {
        let number = |code| ExitCode::of_failure(code).number();
        assert_eq!(number(ErrorCode::Cancelled), 130);
        assert_eq!(number(ErrorCode::BackupExists), 4);
        assert_eq!(number(ErrorCode::BackupCorrupt), 5);
        assert_eq!(number(ErrorCode::PathNotFound), 1);
        assert_eq!(number(ErrorCode::InvalidArgument), 1);
    }

    #[test]
    fn when_several_hold_the_first_of_130_1_5_4_3_wins() {
        let order = [
            ExitCode::Cancelled,
            ExitCode::Failed,
            ExitCode::Corrupt,
            ExitCode::Conflict,
            ExitCode::Incomplete,
            ExitCode::Success,
        ];
        for (position, first) in order.iter().enumerate() {
            for second in &order[position..] {
                assert_eq!(first.and(*second), *first);
                assert_eq!(second.and(*first), *first);
            }
        }
    }
}
