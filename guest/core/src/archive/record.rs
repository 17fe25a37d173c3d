//! `backup.json`, the backup's own record: what is in it, what was left out, and why.
//!
//! It is written piece by piece, one line for each file that was left out, since there may be as many as licenses.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Failure, Format, Identity, Restricted, Restriction};

/// The version of the archive's format, in `backup.json` as `format`.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// The program and its version, in `backup.json` as `program`.
pub(crate) const PROGRAM: &str = concat!("license-backup ", env!("CARGO_PKG_VERSION"));

/// The counts at the head of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordHead {
    /// [`FORMAT_VERSION`]
    pub(crate) format: u32,
    /// [`PROGRAM`]
    pub(crate) program: Cow<'static, str>,
    /// The number of license documents in the backup.
    pub(crate) licenses: u64,
    /// Their size in bytes.
    pub(crate) bytes: u64,
    /// The number of files that may not be backed up.
    pub(crate) restricted: u64,
    /// The number of files and names that could not be read.
    pub(crate) errors: u64,
}

/// The whole record, as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BackupRecord {
    pub(crate) head: RecordHead,
    pub(crate) left_out: Vec<LeftOut>,
}

/// The part of the record behind its head.
#[derive(Deserialize)]
struct RecordTail {
    left_out: Vec<LeftOut>,
}

impl BackupRecord {
    /// Reads the content of `backup.json`.
    pub(crate) fn parse(json: &[u8]) -> serde_json::Result<Self> {
        // Two passes, since one over a flattened head would hold the list twice.
        let head = serde_json::from_slice(json)?;
        let RecordTail { left_out } = serde_json::from_slice(json)?;
        Ok(Self { head, left_out })
    }
}

/// One file that is not in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    /// The path below the store.
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    format: Option<Format>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    license_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    key_ids: Vec<String>,
    /// Why.
    pub(crate) reason: Reason,
}

/// Why a file is not in the backup. The names of the two kinds differ, so that no tag is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reason {
    /// It may not be backed up.
    Restricted(Restriction),
    /// It could not be read.
    Failed(ErrorCode),
}

impl LeftOut {
    /// The record of a file that may not be backed up.
    pub(crate) fn restricted(restricted: &Restricted) -> Self {
        let Restricted { path, identity, reason } = restricted;
        Self::new(path.clone(), identity.clone(), Reason::Restricted(*reason))
    }

    /// The record of a file that could not be read. Every such failure names a path.
    pub(crate) fn failed(failure: &Failure, identity: Identity) -> Self {
        Self::new(failure.path.clone().unwrap_or_default(), identity, Reason::Failed(failure.code))
    }

    fn new(path: String, identity: Identity, reason: Reason) -> Self {
        let Identity { format, license_ids, key_ids } = identity;
        Self { path, format, license_ids, key_ids, reason }
    }

    /// What the document said of itself.
    pub(crate) fn identity(self) -> Identity {
        Identity { format: self.format, license_ids: self.license_ids, key_ids: self.key_ids }
    }
}

/// The record in pieces: the head, one line for each file that was left out, and the tail.
pub(super) struct RecordPieces<'a> {
    pub(super) head: &'a RecordHead,
    pub(super) left_out: &'a [LeftOut],
}

impl RecordPieces<'_> {
    /// The number of pieces.
    pub(super) fn count(&self) -> usize {
        self.left_out.len() + 2
    }

    /// Appends one piece.
    pub(super) fn write(&self, piece: usize, out: &mut Vec<u8>) {
        if piece == 0 {
            write_json(self.head, out);
            out.pop(); // the closing brace: the list of what was left out follows
            out.extend_from_slice(b",\"left_out\":[");
        } else if let Some(left_out) = self.left_out.get(piece - 1) {
            out.extend_from_slice(if piece == 1 { b"\n" } else { b",\n" });
            write_json(left_out, out);
        } else {
            out.extend_from_slice(b"\n]}\n");
        }
    }
}

/// Appends a value whose keys are strings, written to memory: neither can fail.
fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_together_are_the_record_that_is_read_back() {
        let head = RecordHead {
            format: FORMAT_VERSION,
            program: PROGRAM.into(),
            licenses: 3,
            bytes: 12_000,
            restricted: 1,
            errors: 1,
        };
        let identity = Identity {
            format: Some(Format::Wmdrm),
            license_ids: vec!["{lid}".to_owned()],
            key_ids: vec!["\"kid\"".to_owned()],
        };
        let restricted = Restricted { path: "a \"b\"\n.lic".to_owned(), identity, reason: Restriction::Conditional };
        let failure = Failure::at(ErrorCode::Malformed, "broken.xmr", "it ends early");
        for left_out in [vec![], vec![LeftOut::restricted(&restricted), LeftOut::failed(&failure, Identity::default())]]
        {
            let pieces = RecordPieces { head: &head, left_out: &left_out };
            let mut json = Vec::new();
            for piece in 0..pieces.count() {
                pieces.write(piece, &mut json);
            }
            let record = BackupRecord::parse(&json).expect("the record is JSON");
            assert_eq!(record, BackupRecord { head: head.clone(), left_out });
        }
    }
}
