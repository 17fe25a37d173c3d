//! Extensible Media Rights licenses: nested binary objects with big-endian numbers.

use std::ops::Range;

use super::random::{Random, guid};
use super::{Document, Identity};

/// Rights settings that allow backup and restore.
pub(super) const ALLOWED: &[u16] = &[0x0004];
/// Rights settings that do not mention backups.
pub(super) const NOT_GRANTED: &[u16] = &[0x0000];
/// Rights settings that allow a backup of a license that must not be stored.
pub(super) const CANNOT_PERSIST: &[u16] = &[0x0005];
/// Rights settings that allow a backup of a license that only a temporary store may contain.
pub(super) const TEMPORARY: &[u16] = &[0x0084];
/// Two rights settings, one of which allows a backup.
pub(super) const CONTRADICTING: &[u16] = &[0x0004, 0x0000];

const SIGNATURE: &[u8] = b"XMR\0";
/// The version of nearly all licenses.
const VERSION: u32 = 1;
/// The position of the version.
const VERSION_RANGE: Range<usize> = 4..8;
/// An object flag: a reader that does not know the type must refuse the license.
const MUST_UNDERSTAND: u16 = 0x1;
/// An object flag: the data consists of objects.
const CONTAINER: u16 = 0x2;
const HEADER_LENGTH: usize = 8;

/// Returns a license with these rights settings, one object each. Its signature has `filler` extra
/// bytes.
pub(super) fn license(random: &mut Random, rights: &[u16], filler: usize) -> Document {
    let rights_id: [u8; 16] = random.array();
    let key_id: [u8; 16] = random.array();
    let rights: Vec<u8> = rights
        .iter()
        .flat_map(|bits| object(MUST_UNDERSTAND, 0x000D, &bits.to_be_bytes()))
        .collect();
    let policy = object(MUST_UNDERSTAND | CONTAINER, 0x0002, &rights);
    let key: Vec<u8> = [&key_id[..], &[0, 1, 0, 1, 0, 128], &random.bytes(128)].concat();
    let keys = object(
        MUST_UNDERSTAND | CONTAINER,
        0x0009,
        &object(MUST_UNDERSTAND, 0x000A, &key),
    );
    let signature = object(
        MUST_UNDERSTAND,
        0x000B,
        &[&[0, 1, 0, 16], &random.bytes(16 + filler)[..]].concat(),
    );
    let outer = object(
        MUST_UNDERSTAND | CONTAINER,
        0x0001,
        &[policy, keys, signature].concat(),
    );
    let bytes = [SIGNATURE, &VERSION.to_be_bytes(), &rights_id, &outer].concat();
    let key_ids = vec![guid(key_id)];
    Document::new(
        bytes,
        Identity {
            format: Some("xmr"),
            key_ids,
            ..Identity::default()
        },
    )
}

/// Returns a license of another version that allows a backup in the same way as version 1.
pub(super) fn of_version(random: &mut Random, version: u32) -> Document {
    let mut license = license(random, ALLOWED, 0);
    license.bytes[VERSION_RANGE].copy_from_slice(&version.to_be_bytes());
    license
}

/// Returns a license of exactly `size` bytes that may be backed up.
pub(super) fn allowed(random: &mut Random, size: usize) -> Document {
    let bare = license(&mut random.clone(), ALLOWED, 0).bytes.len();
    license(random, ALLOWED, size - bare)
}

fn object(flags: u16, kind: u16, data: &[u8]) -> Vec<u8> {
    let length =
        u32::try_from(HEADER_LENGTH + data.len()).expect("an object of the sample store is small");
    [
        &flags.to_be_bytes()[..],
        &kind.to_be_bytes(),
        &length.to_be_bytes(),
        data,
    ]
    .concat()
}
