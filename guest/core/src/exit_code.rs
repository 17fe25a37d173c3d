//! The exit codes of the command lines, which `last-run.json` records, too.

use crate::ErrorCode;

/// The exit code of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: the command succeeded. Files that may not be backed up, and files that are not licenses,
    /// were reported and skipped.
    Success,
    /// 1: the command failed; this includes a missing store or directory.
    Failed,
    /// 2: the command line is invalid.
    Usage,
    /// 3: the command completed, but a file could not be read or, with `--strict`, any file was
    /// skipped.
    Incomplete,
    /// 3: `diff` found differences.
    Different,
    /// 4: a backup exists and `--overwrite` was not given, or a restore met conflicts.
    Conflict,
    /// 5: the backup is corrupt, or does not have the hash of `--expect`.
    Corrupt,
    /// 6: most licenses of the earlier backup are missing from the store, and `--allow-shrink` was
    /// not given.
    Shrunk,
    /// 130: the command was cancelled. The number is 128 + SIGINT, the convention of shells.
    Cancelled,
}

impl ExitCode {
    /// Returns the exit code of the process.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Incomplete | Self::Different => 3,
            Self::Conflict => 4,
            Self::Corrupt => 5,
            Self::Shrunk => 6,
            Self::Cancelled => 130,
        }
    }

    /// Returns the `outcome` in the last JSON line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Incomplete => "incomplete",
            Self::Different => "different",
            Self::Conflict => "conflict",
            Self::Corrupt => "corrupt",
            Self::Shrunk => "shrunk",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the code if both apply: the first of 130, 1, 5, 6, 4, 3. A usage error takes
    /// precedence, since nothing ran.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.rank() >= other.rank() {
            self
        } else {
            other
        }
    }

    /// Returns the exit code for an operation that failed with an error code.
    #[must_use]
    pub const fn of_failure(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Cancelled => Self::Cancelled,
            ErrorCode::BackupExists | ErrorCode::FileExists => Self::Conflict,
            ErrorCode::BackupCorrupt => Self::Corrupt,
            ErrorCode::Shrunk => Self::Shrunk,
            ErrorCode::Io
            | ErrorCode::AccessDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::InvalidArgument
            | ErrorCode::PathNotFound
            | ErrorCode::DiskFull
            | ErrorCode::Stale
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
            Self::Different => 2,
            Self::Conflict => 3,
            Self::Shrunk => 4,
            Self::Corrupt => 5,
            Self::Failed => 6,
            Self::Cancelled => 7,
            Self::Usage => 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_the_documented_exit_codes() {
        let number = |code| ExitCode::of_failure(code).number();
        assert_eq!(number(ErrorCode::Cancelled), 130);
        assert_eq!(number(ErrorCode::BackupExists), 4);
        assert_eq!(number(ErrorCode::BackupCorrupt), 5);
        assert_eq!(number(ErrorCode::Shrunk), 6);
        assert_eq!(number(ErrorCode::PathNotFound), 1);
        assert_eq!(number(ErrorCode::InvalidArgument), 1);
    }

    #[test]
    fn of_two_codes_the_first_of_130_1_5_6_4_3_wins() {
        let order = [
            ExitCode::Cancelled,
            ExitCode::Failed,
            ExitCode::Corrupt,
            ExitCode::Shrunk,
            ExitCode::Conflict,
            ExitCode::Different,
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
