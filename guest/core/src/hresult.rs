//! The `HRESULT` of each outcome, with the values of the public Windows headers
//! (`winerror.h`, `nserror.h`).

use crate::{BackupSummary, ErrorCode, RestoreSummary};

/// `S_OK`: the operation succeeded.
pub const S_OK: u32 = 0;
/// `S_FALSE`: the operation succeeded, but not for every license.
pub const S_FALSE: u32 = 1;

/// `E_ABORT`: the operation was cancelled.
const E_ABORT: u32 = 0x8000_4004;
/// `E_FAIL`: an error without a more specific value.
const E_FAIL: u32 = 0x8000_4005;
/// `E_ACCESSDENIED`: access was refused.
const E_ACCESSDENIED: u32 = 0x8007_0005;
/// `E_OUTOFMEMORY`: memory ran out.
const E_OUTOFMEMORY: u32 = 0x8007_000E;
/// `E_INVALIDARG`: an argument is invalid.
const E_INVALIDARG: u32 = 0x8007_0057;
/// `HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND)`: a path does not exist.
const PATH_NOT_FOUND: u32 = 0x8007_0003;
/// `HRESULT_FROM_WIN32(ERROR_DISK_FULL)`: the disk is full.
const DISK_FULL: u32 = 0x8007_0070;
/// `HRESULT_FROM_WIN32(ERROR_FILE_EXISTS)`: a file has the name already.
const FILE_EXISTS: u32 = 0x8007_0050;
/// `NS_E_DRM_BACKUP_EXISTS`: the directory already contains a backup.
const NS_E_DRM_BACKUP_EXISTS: u32 = 0xC00D_2742;
/// `NS_E_DRM_BACKUP_CORRUPT`: the backup is damaged.
const NS_E_DRM_BACKUP_CORRUPT: u32 = 0xC00D_2743;
/// `NS_E_DRM_BACKUPRESTORE_BUSY`: another backup or restore is running.
const NS_E_DRM_BACKUPRESTORE_BUSY: u32 = 0xC00D_2744;

impl BackupSummary {
    /// Returns the `HRESULT` of the backup: [`S_FALSE`] if a license could not be read,
    /// and [`S_OK`] otherwise.
    #[must_use]
    pub const fn hresult(&self) -> u32 {
        if self.errors > 0 { S_FALSE } else { S_OK }
    }
}

impl RestoreSummary {
    /// Returns the `HRESULT` of the restore: [`S_FALSE`] if there were conflicts, and
    /// [`S_OK`] otherwise.
    #[must_use]
    pub const fn hresult(&self) -> u32 {
        if self.conflicts > 0 { S_FALSE } else { S_OK }
    }
}

impl ErrorCode {
    /// Returns the `HRESULT` of the code:
    ///
    /// | code | `HRESULT` | value |
    /// | --- | --- | --- |
    /// | `Cancelled` | `E_ABORT` | `0x80004004` |
    /// | `Io`, `Shrunk`, `Stale`, `Malformed`, `TooLarge`, `Changed`, `Shadowed`, `IllegalName` | `E_FAIL` | `0x80004005` |
    /// | `AccessDenied` | `E_ACCESSDENIED` | `0x80070005` |
    /// | `OutOfMemory` | `E_OUTOFMEMORY` | `0x8007000E` |
    /// | `InvalidArgument` | `E_INVALIDARG` | `0x80070057` |
    /// | `PathNotFound` | `HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND)` | `0x80070003` |
    /// | `DiskFull` | `HRESULT_FROM_WIN32(ERROR_DISK_FULL)` | `0x80070070` |
    /// | `FileExists` | `HRESULT_FROM_WIN32(ERROR_FILE_EXISTS)` | `0x80070050` |
    /// | `BackupExists` | `NS_E_DRM_BACKUP_EXISTS` | `0xC00D2742` |
    /// | `BackupCorrupt` | `NS_E_DRM_BACKUP_CORRUPT` | `0xC00D2743` |
    /// | `Busy` | `NS_E_DRM_BACKUPRESTORE_BUSY` | `0xC00D2744` |
    #[must_use]
    pub const fn hresult(self) -> u32 {
        match self {
            Self::Cancelled => E_ABORT,
            Self::Io
            | Self::Shrunk
            | Self::Stale
            | Self::Malformed
            | Self::TooLarge
            | Self::Changed
            | Self::Shadowed
            | Self::IllegalName => E_FAIL,
            Self::AccessDenied => E_ACCESSDENIED,
            Self::OutOfMemory => E_OUTOFMEMORY,
            Self::InvalidArgument => E_INVALIDARG,
            Self::PathNotFound => PATH_NOT_FOUND,
            Self::DiskFull => DISK_FULL,
            Self::BackupExists => NS_E_DRM_BACKUP_EXISTS,
            Self::BackupCorrupt => NS_E_DRM_BACKUP_CORRUPT,
            Self::Busy => NS_E_DRM_BACKUPRESTORE_BUSY,
            Self::FileExists => FILE_EXISTS,
        }
    }
}
