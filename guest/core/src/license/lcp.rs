//! Readium LCP license documents.
//!
//! The document is JSON (Readium LCP 1.0, section 3, and its JSON Schema,
//! `license.schema.json`). Users are meant to keep it, and it opens no publication
//! without the passphrase, so a well-formed license document may always be backed up. The
//! schema requires `id`, `issued`, `provider`, `encryption`, `links` and `signature`: no
//! reading application opens a document that lacks one of them, so the document is
//! malformed. Their values are not evaluated, including the encryption profile. Keys and
//! hints are not read.
//!
//! A server may have returned another document instead of a license, and a browser may
//! have saved it as `.lcpl`. Two such documents are recognized: a status document
//! (Readium License Status Document 1.0, section 2) and an error (RFC 9457, which section
//! 3.1 of the same document requires).

mod members;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::members::{Kind, Members, Name};
use super::decision::{Decision, FormatError};
use super::ids::{MAX_ID_LENGTH, push_id};
use super::text::{self, Text};
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// The required members of a license document, the kind of each, and the error if it is
/// not valid.
const REQUIRED: [(Name, Kind, &str); 6] = [
    (
        Name::Id,
        Kind::String,
        "`id` is missing, duplicated or not a string",
    ),
    (
        Name::Issued,
        Kind::String,
        "`issued` is missing, duplicated or not a string",
    ),
    (
        Name::Provider,
        Kind::String,
        "`provider` is missing, duplicated or not a string",
    ),
    (
        Name::Encryption,
        Kind::Object,
        "`encryption` is missing, duplicated or not an object",
    ),
    (
        Name::Links,
        Kind::Array,
        "`links` is missing, duplicated or not an array",
    ),
    (
        Name::Signature,
        Kind::Object,
        "`signature` is missing, duplicated or not an object",
    ),
];

/// The number of required members that make a document without `encryption` a license document.
const MIN_MEMBERS_WITHOUT_ENCRYPTION: usize = 4;

/// The number of required members, including `encryption`, that make a document with
/// `encryption` a license document.
const MIN_MEMBERS_WITH_ENCRYPTION: usize = 3;

/// The values of `status` in a status document (License Status Document 1.0, section 2.3).
const STATUSES: [&str; 6] = [
    "ready",
    "active",
    "revoked",
    "returned",
    "cancelled",
    "expired",
];

/// Evaluates a document that starts with a brace.
pub(super) fn evaluate(text: &Text<'_>, identity: &mut LicenseIdentity) -> Decision {
    let Cow::Borrowed(content) = text.content else {
        return Ok(Some(Restriction::Unrecognized)); // The document is UTF-16, and JSON is UTF-8.
    };
    let mut members = Members::default();
    let is_complete = members.read(content) && text.is_complete;
    let is_license = if is_complete {
        members.are_of_license()
    } else {
        members.may_be_of_license()
    };
    if !is_license {
        return Ok(Some(if is_complete {
            members.restriction()
        } else {
            Restriction::Unrecognized
        }));
    }
    identity.format = Some(LicenseFormat::Lcp);
    if let Some(id) = &members[Name::Id].text {
        push_id(&mut identity.license_ids, id);
    }
    identity.rights_end = members
        .rights_end()
        .filter(|end| end.len() <= MAX_ID_LENGTH)
        .map(str::to_owned);
    if !is_complete {
        return Err(FormatError::new("the JSON is not well-formed"));
    }
    match REQUIRED
        .iter()
        .find(|(name, kind, _)| !members[*name].is_one(*kind))
    {
        Some((_, _, error)) => Err(FormatError::new(error)),
        None => Ok(None),
    }
}

/// Returns `true` if the first bytes of a document have most members of a license document.
pub(super) fn is_license_start(head: &[u8]) -> bool {
    let text = text::decode(head);
    let mut members = Members::default();
    members.read(&text.content);
    members.are_of_license()
}

/// A version of a license: the ID of the license, and the time of the version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version {
    id: String,
    /// When the license was updated, or issued if it was never updated. `None` if the
    /// document does not have it as a date of RFC 3339, as the schema requires.
    time: Option<OffsetDateTime>,
}

impl Version {
    /// Returns `true` if both are versions of the same license, and this one is older, or
    /// if their times cannot be compared.
    pub(crate) fn may_be_older_than(&self, other: &Self) -> bool {
        let is_older = match (self.time, other.time) {
            (Some(time), Some(other)) => time < other,
            _ => true,
        };
        self.id == other.id && is_older
    }
}

/// Returns the version of a license document, or `None` if the document is not a
/// well-formed license document.
pub(crate) fn version(document: &[u8]) -> Option<Version> {
    let text = text::decode(document);
    let mut members = Members::default();
    let is_complete = members.read(&text.content) && text.is_complete;
    if !is_complete
        || !REQUIRED
            .iter()
            .all(|(name, kind, _)| members[*name].is_one(*kind))
    {
        return None;
    }
    let date = members[Name::Updated]
        .one_text()
        .or_else(|| members[Name::Issued].one_text())?;
    let time = OffsetDateTime::parse(date, &Rfc3339).ok();
    Some(Version {
        id: members[Name::Id].one_text()?.to_owned(),
        time,
    })
}

impl Members<'_> {
    /// Returns `true` if most of the members are those of a license document.
    fn are_of_license(&self) -> bool {
        let required = if self[Name::Encryption].count > 0 {
            MIN_MEMBERS_WITH_ENCRYPTION
        } else {
            MIN_MEMBERS_WITHOUT_ENCRYPTION
        };
        REQUIRED
            .iter()
            .filter(|(name, ..)| self[*name].count > 0)
            .count()
            >= required
    }

    /// Returns `true` if a document that is not well-formed is reported as a malformed
    /// license document.
    fn may_be_of_license(&self) -> bool {
        self[Name::Provider].count > 0 || self[Name::Encryption].count > 0
    }

    /// Returns the restriction of a document that is not a license document.
    fn restriction(&self) -> Restriction {
        let is_string = |name| self[name].kind == Kind::String && self[name].count > 0;
        let has_status = self[Name::Status]
            .text
            .as_ref()
            .is_some_and(|status| STATUSES.contains(&status.as_ref()));
        if has_status
            && is_string(Name::Id)
            && is_string(Name::Message)
            && self[Name::Links].kind == Kind::Array
        {
            return Restriction::StatusDocument;
        }
        // All members of an error are optional, and other documents have members of these
        // names.
        let count = usize::from(is_string(Name::Type))
            + usize::from(is_string(Name::Detail))
            + usize::from(self[Name::Status].kind == Kind::Number);
        if is_string(Name::Title) && count >= 2 {
            return Restriction::ErrorResponse;
        }
        Restriction::Unrecognized
    }
}
