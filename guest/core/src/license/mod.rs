//! The rights gate: it recognizes the format of a document, reads the identifiers of its
//! licenses, and decides whether the document may be backed up.
//!
//! The gate fails closed: a document that it does not understand completely grants
//! nothing. Each format has a module with a function `evaluate`. That function sets
//! [`LicenseIdentity::format`] as soon as it has recognized the document, and fills in
//! the other fields of the identity while it reads the document.

mod decision;
mod ids;
mod lcp;
mod license_reader;
mod playready;
mod protected_store;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod standards;
#[cfg(test)]
mod tests;
mod text;
mod wmdrm;
mod xml;
mod xml_license;
mod xmr;

pub(crate) use ids::{MAX_ID_LENGTH, MAX_IDS};
pub(crate) use lcp::version;
pub(crate) use protected_store::is_protected_store;
#[cfg(any(test, fuzzing))]
pub(crate) use xml::compare_with_quick_xml;

use decision::Decision;
use text::{Text, WHITE_SPACE};

use crate::{LicenseIdentity, Restriction};

/// The decision of the rights gate about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every license in the document grants the right to be backed up.
    Allowed,
    /// Some license in the document does not grant it, or the document is not a license.
    Restricted(Restriction),
    /// The format was recognized, but the document is malformed; the text describes the
    /// error in a few words.
    Malformed(String),
}

/// The evaluation of a document by the rights gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The identifiers in the document.
    pub identity: LicenseIdentity,
    /// Whether the document may be backed up.
    pub verdict: Verdict,
}

/// Evaluates a document. Reads no more of it than the decision needs.
#[must_use]
pub fn evaluate(document: &[u8]) -> Evaluation {
    let mut identity = LicenseIdentity::default();
    let verdict = match decide(document, &mut identity) {
        Ok(None) => Verdict::Allowed,
        Ok(Some(restriction)) => Verdict::Restricted(restriction),
        // An error before the format was recognized: the document is something else, not
        // a malformed license.
        Err(_) if identity.format.is_none() => Verdict::Restricted(Restriction::Unrecognized),
        Err(error) => Verdict::Malformed(error.to_string()),
    };
    Evaluation { identity, verdict }
}

/// The largest license document that is read, in bytes. Real ones have a few KiB; the
/// limit keeps another file from filling memory.
pub(crate) const MAX_DOCUMENT_SIZE: u64 = 1 << 20;

/// The syntax of a document, by its first bytes.
enum Syntax {
    Xmr,
    Xml,
    Json,
    /// There is nothing but white space so far.
    Blank,
    /// No license document starts with these bytes.
    Unknown,
}

impl Syntax {
    /// Returns the syntax of a document. `text` is the document, decoded.
    fn detect(document: &[u8], text: &Text<'_>) -> Self {
        if document.starts_with(&xmr::SIGNATURE) {
            return Self::Xmr;
        }
        match text.content.trim_start_matches(WHITE_SPACE).bytes().next() {
            Some(b'<') => Self::Xml,
            Some(b'{') => Self::Json,
            None if text.is_complete => Self::Blank,
            _ => Self::Unknown,
        }
    }
}

fn decide(document: &[u8], identity: &mut LicenseIdentity) -> Decision {
    let text = text::decode(document);
    match Syntax::detect(document, &text) {
        Syntax::Xmr => xmr::evaluate(document, identity),
        Syntax::Xml => xml_license::evaluate(document, &text, identity),
        Syntax::Json => lcp::evaluate(&text, identity),
        Syntax::Blank | Syntax::Unknown => Ok(Some(Restriction::Unrecognized)),
    }
}

/// Returns `false` if no license document starts with these bytes.
pub(crate) fn can_be_license(head: &[u8]) -> bool {
    // The first bytes decide, unless they are white space: then all of `head` is decoded.
    const START_LENGTH: usize = 64;
    let syntax = |bytes| Syntax::detect(bytes, &text::decode(bytes));
    match head.get(..START_LENGTH).map(syntax) {
        Some(Syntax::Xmr | Syntax::Xml | Syntax::Json) => true,
        _ => !matches!(syntax(head), Syntax::Unknown),
    }
}

/// Returns `true` if a document that starts with these bytes is a license document,
/// well-formed or malformed.
pub(crate) fn is_license_start(head: &[u8]) -> bool {
    match Syntax::detect(head, &text::decode(head)) {
        Syntax::Json => lcp::is_license_start(head),
        _ => evaluate(head).identity.format.is_some(),
    }
}
