//! The `HRESULT` of each outcome, with the values of the public Windows headers (`winerror.h`,
//! `nserror.h`).

use crate::{BackupSummary, ErrorCode, RestoreSummary};

/// `S_OK`: all is well.
pub const S_OK: u32 = 0;
/// `S_FALSE`: it completed, but not for every license.
pub const S_FALSE: u32 = 1;

impl BackupSummary {
    /// The `HRESULT` of this outcome: `S_OK` (0), or `S_FALSE` (1) when some license could not be read.
    #[must_use]
    pub const fn hresult(&self) -> u32 {
        if self.errors > 0 { S_FALSE } else { S_OK }
    }
}

impl RestoreSummary {
    /// The `HRESULT` of this outcome: `S_OK` (0), or `S_FALSE` (1) when there were conflicts.
    #[must_use]
    pub const fn hresult(&self) -> u32 {
        if self.conflicts > 0 { S_FALSE } else { S_OK }
    }
}

impl ErrorCode {
    /// The `HRESULT` of this code, with the value that the public Windows headers (`winerror.h`,
    /// `nserror.h`) give it.
    #[must_use]
    pub const fn hresult(self) -> u32 {
        match self {
            Self::Cancelled => 0x8000_4004,
            Self::Io
            | Self::Malformed
            | Self::TooLarge
            | Self::Changed
            | Self::Shadowed
            | Self::IllegalName => 0x8000_4005,
            Self::AccessDenied => 0x8007_0005,
            Self::OutOfMemory => 0x8007_000E,
            Self::InvalidArgument => 0x8007_0057,
            Self::PathNotFound => 0x8007_0003,
            Self::DiskFull => 0x8007_0070,
            Self::BackupExists => 0xC00D_2742,
            Self::BackupCorrupt => 0xC00D_2743,
            Self::Busy => 0xC00D_2744,
            Self::FileExists => 0x8007_0050,
        }
    }
}
