//! The random number generator of the sample store.
//!
//! It is the extendable output of BLAKE3, which the specification of the hash function determines.
//! Its output is therefore the same on every platform and in every version, which the usual crates
//! for random numbers do not guarantee.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// An unlimited stream of bytes that a seed and a label determine.
#[derive(Debug, Clone)]
pub(super) struct Random(blake3::OutputReader);

impl Random {
    pub(super) fn new(seed: u64, label: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("license-backup sample store 2026-11-22");
        hasher.update(&seed.to_le_bytes()).update(label.as_bytes());
        Self(hasher.finalize_xof())
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    /// Returns `length` random bytes in base64.
    pub(super) fn base64(&mut self, length: usize) -> String {
        BASE64_STANDARD.encode(self.bytes(length))
    }

    /// Returns a random GUID.
    pub(super) fn guid(&mut self) -> String {
        guid(self.array())
    }
}

/// Returns the text of a GUID, whose first three fields are in little-endian order, as in memory on
/// Windows.
pub(super) fn guid(mut bytes: [u8; 16]) -> String {
    for field in [0..4, 4..6, 6..8] {
        bytes[field].reverse();
    }
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}
