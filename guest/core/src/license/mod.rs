//! The rights gate: which format a document has, what it says of itself, and whether it may be backed up.
//!
//! The gate fails closed: what is not understood to the end grants nothing. Each format has a module with a function
//! `judge`, which sets [`LicenseIdentity::format`] as soon as it has recognised the document, and fills in the rest of the
//! identity while it reads on.

mod lcp;
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

use std::borrow::Cow;

pub(crate) use lcp::version;
pub(crate) use protected_store::is_protected_store;

use text::Text;

use crate::{LicenseIdentity, Restriction};

/// What the rights gate decides of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every license in the document grants the right to be backed up.
    Allowed,
    /// Some license in the document does not, or the document is no license.
    Restricted(Restriction),
    /// The format was recognised, but the document is broken; the text says how, in a few words.
    Malformed(String),
}

/// A document as the rights gate sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appraisal {
    /// What the document says of itself.
    pub identity: LicenseIdentity,
    /// Whether it may be backed up.
    pub verdict: Verdict,
}

/// Reads a document as far as the decision needs, and no further.
#[must_use]
pub fn appraise(document: &[u8]) -> Appraisal {
    let mut identity = LicenseIdentity::default();
    let verdict = match judge(document, &mut identity) {
        Ok(None) => Verdict::Allowed,
        Ok(Some(restriction)) => Verdict::Restricted(restriction),
        // What breaks before it has shown a format is something else, not a broken license.
        Err(_) if identity.format.is_none() => Verdict::Restricted(Restriction::Unrecognized),
        Err(fault) => Verdict::Malformed(fault.to_string()),
    };
    Appraisal { identity, verdict }
}

/// What stands against a backup of a document that is whole: nothing, or a restriction.
type Ruling = Result<Option<Restriction>, Fault>;

/// How a document is broken, in words that contain nothing of it but the encoding that it declares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Fault(Cow<'static, str>);

impl Fault {
    const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The fault of a document whose encoding is not supported.
    fn encoding(name: &str) -> Self {
        Self(format!("its encoding is {name}, and only UTF-8 and UTF-16 can be read").into())
    }
}

/// White space of XML and of JSON alike; neither counts what else Unicode calls so.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The largest license document that is read, in bytes. Real ones have a few KiB; the bound keeps a
/// file that is none from filling memory.
pub(crate) const LARGEST_DOCUMENT: u64 = 1 << 20;

/// The most license IDs, and the most key IDs, that are kept of one document.
pub(crate) const MAX_IDS: usize = 64;

/// What a document can be by its first bytes.
enum Beginning {
    Xmr,
    Xml,
    Json,
    /// There is nothing but white space yet.
    Blank,
    /// No license document begins so.
    Foreign,
}

impl Beginning {
    /// Returns what a document can be. `text` is the document, decoded.
    fn of(document: &[u8], text: &Text<'_>) -> Self {
        if document.starts_with(&xmr::SIGNATURE) {
            return Self::Xmr;
        }
        match text.content.trim_start_matches(WHITE_SPACE).bytes().next() {
            Some(b'<') => Self::Xml,
            Some(b'{') => Self::Json,
            None if text.whole => Self::Blank,
            _ => Self::Foreign,
        }
    }
}

fn judge(document: &[u8], identity: &mut LicenseIdentity) -> Ruling {
    let text = text::decode(document);
    match Beginning::of(document, &text) {
        Beginning::Xmr => xmr::judge(document, identity),
        Beginning::Xml => xml_license::judge(document, &text, identity),
        Beginning::Json => lcp::judge(&text, identity),
        Beginning::Blank | Beginning::Foreign => Ok(Some(Restriction::Unrecognized)),
    }
}

/// Returns `false` if no license document begins with these bytes, whatever follows them.
pub(crate) fn can_be_license(head: &[u8]) -> bool {
    // Unless it is white space, the start decides, and there is no need to decode more.
    const START_LENGTH: usize = 64;
    let beginning = |bytes| Beginning::of(bytes, &text::decode(bytes));
    match head.get(..START_LENGTH).map(beginning) {
        Some(Beginning::Xmr | Beginning::Xml | Beginning::Json) => true,
        _ => !matches!(beginning(head), Beginning::Foreign),
    }
}

/// Returns `true` if a document that begins with these bytes is a license document, whole or broken.
pub(crate) fn is_begun_by(head: &[u8]) -> bool {
    match Beginning::of(head, &text::decode(head)) {
        Beginning::Json => lcp::is_begun_by(head),
        _ => appraise(head).identity.format.is_some(),
    }
}

/// The longest ID that is kept, in bytes. Real ones have some dozens; what is longer is there to fill memory.
pub(crate) const MAX_ID_LENGTH: usize = 256;

/// Keeps an ID, unless it is too long or there are too many of them already.
fn keep(ids: &mut Vec<String>, id: &str) {
    if ids.len() < MAX_IDS && id.len() <= MAX_ID_LENGTH {
        ids.push(id.to_owned());
    }
}
