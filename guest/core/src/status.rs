//! The events of a running operation, and the records in them.

use crate::Failure;
use crate::case_name::case_names;

/// The format of a license document. The content of a document determines it; names do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LicenseFormat {
    /// A Windows Media DRM license of any version: XML with the root `LICENSE`, or
    /// `LICENSERESPONSE` around it.
    Wmdrm,
    /// An Extensible Media Rights (XMR) binary license.
    Xmr,
    /// A PlayReady license response: SOAP that contains XMR licenses.
    PlayReady,
    /// A Readium LCP license document: JSON, as a file or in a publication.
    Lcp,
}

case_names! {
    LicenseFormat {
        Wmdrm => "wmdrm",
        Xmr => "xmr",
        PlayReady => "playready",
        Lcp => "lcp",
    }
}

/// The reason why a file is skipped although nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Restriction {
    /// The license does not grant the right to be backed up. (`AllowBackupRestore` is
    /// false unless the license grants it.)
    NotPermitted,
    /// The license grants the right under a condition other than `1` or `true`, or
    /// contradicts itself.
    Conditional,
    /// The license is encrypted, or its rights cannot be read in this version.
    Opaque,
    /// The file is not a license of a known format.
    Unrecognized,
    /// The file is the protected license store of an old Windows Media DRM or PlayReady
    /// client (`drmv2.lic`, `drmstore.hds`, `mspr.hds`). Only that client on that machine
    /// can read it.
    ProtectedStore,
    /// The file is an LCP status document, not a license document.
    StatusDocument,
    /// The file is an error that a license server returned instead of a license document.
    ErrorResponse,
    /// The directory entry is a link or another entry that is neither a regular file nor
    /// a directory. It is never opened.
    NotARegularFile,
}

case_names! {
    Restriction {
        NotPermitted => "not-permitted",
        Conditional => "conditional",
        Opaque => "opaque",
        Unrecognized => "unrecognized",
        ProtectedStore => "protected-store",
        StatusDocument => "status-document",
        ErrorResponse => "error-response",
        NotARegularFile => "not-a-regular-file",
    }
}

/// The identifiers that were read from a license document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LicenseIdentity {
    /// The format. `None` if it was not recognized.
    pub format: Option<LicenseFormat>,
    /// The license ID of each license in the document, as written there (`LID`, or the
    /// `id` of an LCP license). Empty if the format has none.
    pub license_ids: Vec<String>,
    /// The ID of each key that the document names: the base64 of a `KID`, or the GUID of
    /// an XMR content key. Empty if the format has none.
    pub key_ids: Vec<String>,
    /// When the granted rights end, as written in the document: `rights.end` of an LCP
    /// license, an ISO 8601 date. `None` if the license does not limit them, and for
    /// files that the manifest of a backup lists as skipped.
    pub rights_end: Option<String>,
}

/// A file that was skipped because it may not be backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RestrictedLicense {
    /// The path relative to the store, with `/` as the separator. It is not escaped: use
    /// [`escape`](crate::escape) before showing it on a terminal.
    pub path: String,
    /// The identifiers of the document.
    pub identity: LicenseIdentity,
    /// The reason why the file was skipped.
    pub reason: Restriction,
}

impl RestrictedLicense {
    /// Returns the event for a link or special file. Such a file is not opened, so its
    /// identity is empty.
    pub(crate) fn not_a_regular_file(path: String) -> Self {
        Self {
            path,
            identity: LicenseIdentity::default(),
            reason: Restriction::NotARegularFile,
        }
    }
}

/// A phase of an operation. An operation passes its stages in this order, and counts each
/// from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// A backup lists the store.
    #[default]
    Listing,
    /// A backup copies the licenses that permit it.
    Copying,
    /// A verification or a restore compares the licenses of a backup with its checksums
    /// and its manifest.
    Verifying,
    /// A restore writes the licenses under temporary names. A dry run looks up the names
    /// that they would get.
    Writing,
    /// A restore syncs the licenses to disk.
    Syncing,
    /// A restore renames the licenses to their final names. It can no longer be cancelled
    /// once the first one is renamed.
    Committing,
}

case_names! {
    Stage {
        Listing => "listing",
        Copying => "copying",
        Verifying => "verifying",
        Writing => "writing",
        Syncing => "syncing",
        Committing => "committing",
    }
}

/// The progress of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Progress {
    /// The current stage.
    pub stage: Stage,
    /// The number of files processed in this stage, skipped ones included.
    pub done: u64,
    /// The number of files to process in this stage. `None` while the store is being listed.
    pub total: Option<u64>,
    /// The number of bytes of licenses processed in this stage, skipped files excluded.
    pub bytes: u64,
    /// The path of the current file, relative to the store. Empty while the store is
    /// being listed, and after the last file.
    pub path: String,
}

/// An event of a running operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum BackupRestoreStatus {
    /// The operation begins. Emitted once, first.
    Begin,
    /// The operation made progress. While the reader is slow, a newer event replaces one
    /// that was not read yet.
    Progress(Progress),
    /// A file was skipped because it may not be backed up.
    RestrictedLicense(RestrictedLicense),
    /// One file failed, and the operation continues: a backup could not read it, a
    /// restore met a conflict ([`ErrorCode::FileExists`](crate::ErrorCode)), or a
    /// verification found a fault ([`ErrorCode::BackupCorrupt`](crate::ErrorCode)).
    Error(Failure),
    /// The operation ended, whatever its outcome. Emitted once, last.
    End,
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ErrorCode;

    #[test]
    fn events_serialize_with_the_names_of_the_wit() {
        let restricted = RestrictedLicense {
            path: "a.xml".to_owned(),
            identity: LicenseIdentity {
                format: Some(LicenseFormat::PlayReady),
                ..LicenseIdentity::default()
            },
            reason: Restriction::NotPermitted,
        };
        let identity =
            json!({"format": "playready", "license_ids": [], "key_ids": [], "rights_end": null});
        let progress = Progress {
            stage: Stage::Committing,
            ..Progress::default()
        };
        for (event, expected) in [
            (BackupRestoreStatus::Begin, json!("begin")),
            (
                BackupRestoreStatus::Progress(progress),
                json!({"progress": {"stage": "committing", "done": 0, "total": null, "bytes": 0, "path": ""}}),
            ),
            (
                BackupRestoreStatus::RestrictedLicense(restricted),
                json!({"restricted-license": {"path": "a.xml", "identity": identity, "reason": "not-permitted"}}),
            ),
            (
                BackupRestoreStatus::Error(Failure::at(ErrorCode::TooLarge, "b", "c")),
                json!({"error": {"code": "too-large", "message": "c", "path": "b"}}),
            ),
        ] {
            let value = serde_json::to_value(&event).expect("an event serializes");
            assert_eq!(value, expected);
            let read: BackupRestoreStatus =
                serde_json::from_value(value).expect("an event deserializes");
            assert_eq!(read, event);
        }
    }
}
