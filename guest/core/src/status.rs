//! The events of a running operation, and what they say of a license.

use serde::{Deserialize, Serialize};

use crate::Failure;

/// The kind of a license document, told by its content and never by its name.
///
/// The serialized form is the name of the case in `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LicenseFormat {
    /// A Windows Media DRM license, of any version.
    Wmdrm,
    /// An Extensible Media Rights binary license.
    Xmr,
    /// A PlayReady license response.
    #[serde(rename = "playready")]
    PlayReady,
    /// A Readium LCP license document.
    Lcp,
}

impl LicenseFormat {
    /// The name of this format in `wit/types.wit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wmdrm => "wmdrm",
            Self::Xmr => "xmr",
            Self::PlayReady => "playready",
            Self::Lcp => "lcp",
        }
    }
}

/// Why a file was left out although nothing went wrong.
///
/// The serialized form is the name of the case in `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restriction {
    /// A license does not grant the right to be backed up.
    NotPermitted,
    /// A license grants the right under a condition other than `1` or `true`, or contradicts itself.
    Conditional,
    /// A license is encrypted, or of a version whose rights cannot be read.
    Opaque,
    /// The file is no license of a known format.
    Unrecognized,
    /// The file is the protected license store of an old Windows Media DRM or PlayReady client.
    ProtectedStore,
    /// The file is an LCP status document, and not the license document that it is about.
    StatusDocument,
    /// The file is the error that a license server returned in place of a license document.
    ErrorResponse,
    /// A link, or a directory entry that is neither file nor directory. It was not opened.
    NotARegularFile,
}

impl Restriction {
    /// The name of this restriction in `wit/types.wit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotPermitted => "not-permitted",
            Self::Conditional => "conditional",
            Self::Opaque => "opaque",
            Self::Unrecognized => "unrecognized",
            Self::ProtectedStore => "protected-store",
            Self::StatusDocument => "status-document",
            Self::ErrorResponse => "error-response",
            Self::NotARegularFile => "not-a-regular-file",
        }
    }
}

/// What a document says of itself, as far as the rights gate needs to read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenseIdentity {
    /// Its format, or nothing when it was not recognised.
    pub format: Option<LicenseFormat>,
    /// The license ID of each license in the document, as it stands there. Empty when the format has none.
    pub license_ids: Vec<String>,
    /// The key ID of each key that the document speaks of. Empty when the format has none.
    pub key_ids: Vec<String>,
    /// When the rights that the license grants end, as it stands there: `rights.end` of an LCP
    /// license, an ISO 8601 date. `None` when the license does not say.
    pub rights_end: Option<String>,
}

/// A file that was left out because it may not be backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestrictedLicense {
    /// The path below the store, with `/` between its parts, as the file system has it: whoever shows it has to escape it.
    pub path: String,
    /// What the document says of itself.
    pub identity: LicenseIdentity,
    /// Why it was left out.
    pub reason: Restriction,
}

impl RestrictedLicense {
    /// A link or special file, which is not opened, so that nothing more is known of it.
    pub(crate) fn not_a_regular_file(path: String) -> Self {
        Self {
            path,
            identity: LicenseIdentity::default(),
            reason: Restriction::NotARegularFile,
        }
    }
}

/// What an operation is about. It goes through its stages in this order, and each counts from 0.
///
/// The serialized form is the name of the case in `wit/types.wit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A backup lists the store.
    #[default]
    Listing,
    /// A backup copies the licenses that allow it.
    Copying,
    /// The licenses of a backup are compared with what the backup says of them.
    Verifying,
    /// A restore writes licenses under temporary names; a dry run looks where they would go.
    Writing,
    /// A restore makes them durable.
    Syncing,
    /// A restore gives them their names. From the first on it can no longer be cancelled.
    Committing,
}

impl Stage {
    /// The name of this stage in `wit/types.wit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Copying => "copying",
            Self::Verifying => "verifying",
            Self::Writing => "writing",
            Self::Syncing => "syncing",
            Self::Committing => "committing",
        }
    }
}

/// How far an operation has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it is about.
    pub stage: Stage,
    /// The number of files dealt with in this stage, those left out included.
    pub done: u64,
    /// The number of files to deal with in this stage; nothing while the store is being listed.
    pub total: Option<u64>,
    /// The number of bytes of licenses dealt with in this stage, those left out excluded.
    pub bytes: u64,
    /// The path below the store of the file in hand; empty while the store is being listed, and after the last file.
    pub path: String,
}

/// One event of a running operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupRestoreStatus {
    /// The operation begins. Once, and first.
    Begin,
    /// How far it has come. A newer one may take the place of one that nobody has read yet.
    Progress(Progress),
    /// A file was left out because it may not be backed up.
    RestrictedLicense(RestrictedLicense),
    /// Something is amiss with one file, and the operation goes on: a backup could not read it, a restore met a conflict
    /// ([`ErrorCode::FileExists`](crate::ErrorCode)), a backup that is being verified has a fault
    /// ([`ErrorCode::BackupCorrupt`](crate::ErrorCode)).
    Error(Failure),
    /// The operation is over, however it went. Once, and last.
    End,
}
