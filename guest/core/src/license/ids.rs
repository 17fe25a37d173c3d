//! The IDs that are read from a document, and the limits on their number and length.

/// The largest number of license IDs, and of key IDs, that are read from one document.
pub(crate) const MAX_IDS: usize = 64;

/// The largest length of an ID in bytes. A longer one is ignored: real ones have a few
/// dozen bytes, and the limit keeps a crafted document from filling memory.
pub(crate) const MAX_ID_LENGTH: usize = 256;

/// Appends an ID, unless it is longer than [`MAX_ID_LENGTH`] or there are [`MAX_IDS`] already.
pub(super) fn push_id(ids: &mut Vec<String>, id: &str) {
    if ids.len() < MAX_IDS && id.len() <= MAX_ID_LENGTH {
        ids.push(id.to_owned());
    }
}
