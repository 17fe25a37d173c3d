//! The rights gate: which format a document has, what it says of itself, and whether it may be backed up.
//!
//! The gate fails closed: what is not understood to the end grants nothing. Each format has a module with a function
//! `judge`, which sets [`Identity::format`] as soon as it has recognised the document, and fills in the rest of the
//! identity while it reads on.

mod lcp;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod text;
mod wmdrm;
mod xml;
mod xmr;

use crate::{Identity, Restriction};

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
    pub identity: Identity,
    /// Whether it may be backed up.
    pub verdict: Verdict,
}

/// Reads a document as far as the decision needs, and no further.
#[must_use]
pub fn appraise(document: &[u8]) -> Appraisal {
    let mut identity = Identity::default();
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

/// How a document is broken, in words that hold nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Fault(&'static str);

/// White space of XML and of JSON alike; neither counts what else Unicode calls so.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The most license IDs, and the most key IDs, that are kept of one document.
pub(crate) const MAX_IDS: usize = 64;

fn judge(document: &[u8], identity: &mut Identity) -> Ruling {
    if document.starts_with(&xmr::SIGNATURE) {
        return xmr::judge(document, identity);
    }
    let text = text::decode(document);
    match text.content.trim_start_matches(WHITE_SPACE).bytes().next() {
        Some(b'<') => wmdrm::judge(&text, identity),
        Some(b'{') => lcp::judge(&text, identity),
        _ => Ok(Some(Restriction::Unrecognized)),
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
