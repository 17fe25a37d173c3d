//! Extensible Media Rights binary licenses.
//!
//! All numbers are big-endian. A header (signature, u32 version, 16 bytes rights ID) is
//! followed by objects. An object consists of u16 flags, u16 type, u32 length, which
//! includes these eight bytes, and data. The data of a container consists of objects.
//! Numbers and layout are those of the licenses of Microsoft PlayReady. Of a key, only
//! the ID is read.
//!
//! The rights are bits of the rights settings. A version 1 license may be backed up if
//! all its rights settings have [`ALLOW_BACKUP_RESTORE`] and none of them has
//! [`CANNOT_PERSIST`] or [`TEMPORARY_STORE_ONLY`]: a license that must not be stored must
//! not be copied. The bit 0x0040, cannot bind, makes no difference. In version 3, clients
//! accept only the bits 0x0001, 0x0040 and 0x0080, so a license that allows a backup is
//! invalid there: no version 3 license may be backed up. The rights of any other version
//! are not known, and such a license is opaque.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::decision::{Decision, FormatError};
use super::ids::push_id;
use super::text::WHITE_SPACE;
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// The first bytes of every XMR license.
pub(super) const SIGNATURE: [u8; 4] = *b"XMR\0";

/// The length of the rights ID, which follows the version, in bytes.
const RIGHTS_ID_LENGTH: usize = 16;

/// The flag of an object whose data consists of objects.
const CONTAINER: u16 = 0x2;

/// The largest number of containers that may be nested.
const MAX_DEPTH: usize = 16;

/// The types of objects that are read.
mod object_type {
    pub(super) const OUTER_CONTAINER: u16 = 0x0001;
    pub(super) const GLOBAL_POLICY_CONTAINER: u16 = 0x0002;
    pub(super) const KEY_MATERIAL_CONTAINER: u16 = 0x0009;
    pub(super) const CONTENT_KEY: u16 = 0x000A;
    pub(super) const RIGHTS_SETTINGS: u16 = 0x000D;
}

/// The license must not be stored.
const CANNOT_PERSIST: u16 = 0x0001;

/// The license must only be stored temporarily.
const TEMPORARY_STORE_ONLY: u16 = 0x0080;

/// The license may be backed up and restored.
const ALLOW_BACKUP_RESTORE: u16 = 0x0004;

/// Evaluates a license that starts with [`SIGNATURE`].
pub(super) fn evaluate(document: &[u8], identity: &mut LicenseIdentity) -> Decision {
    identity.format = Some(LicenseFormat::Xmr);
    evaluate_license(document, &mut identity.key_ids)
}

/// Evaluates a license, which may be part of a document of another format. Appends the ID
/// of each of its content keys to `key_ids`.
pub(super) fn evaluate_license(license: &[u8], key_ids: &mut Vec<String>) -> Decision {
    let after_signature = license
        .strip_prefix(&SIGNATURE)
        .ok_or(FormatError::new("the XMR signature is missing"))?;
    let truncated = FormatError::new("the XMR header is truncated");
    let (version, rest) = after_signature
        .split_first_chunk()
        .ok_or(truncated.clone())?;
    let objects = rest.get(RIGHTS_ID_LENGTH..).ok_or(truncated)?;
    let mut license = License {
        granted: None,
        key_ids,
    };
    let read = license.read_objects(objects, 0);
    Ok(match u32::from_be_bytes(*version) {
        1 => {
            read?;
            if license.granted == Some(true) {
                None
            } else {
                Some(Restriction::NotPermitted)
            }
        }
        // Its objects may have another layout. None of them can grant the backup.
        3 => Some(Restriction::NotPermitted),
        _ => Some(Restriction::Opaque),
    })
}

/// A license that is being read.
struct License<'i> {
    /// Whether all rights settings so far grant the backup. `None` before the first.
    granted: Option<bool>,
    key_ids: &'i mut Vec<String>,
}

impl License<'_> {
    /// Reads the objects that `bytes` consists of, nested in `depth` containers.
    fn read_objects(&mut self, mut bytes: &[u8], depth: usize) -> Result<(), FormatError> {
        while !bytes.is_empty() {
            let (object, rest) = Object::split_off(bytes)?;
            bytes = rest;
            if !object.is_container {
                self.read_leaf(&object)?;
            } else if depth < MAX_DEPTH {
                self.read_objects(object.data, depth + 1)?;
            } else {
                return Err(FormatError::new("XMR containers are nested too deeply"));
            }
        }
        Ok(())
    }

    fn read_leaf(&mut self, object: &Object<'_>) -> Result<(), FormatError> {
        match object.kind {
            object_type::RIGHTS_SETTINGS => {
                let rights = object
                    .data
                    .try_into()
                    .map_err(|_| FormatError::new("the XMR rights settings have a wrong length"))?;
                let rights = u16::from_be_bytes(rights);
                let denials = CANNOT_PERSIST | TEMPORARY_STORE_ONLY;
                let grants = rights & ALLOW_BACKUP_RESTORE != 0 && rights & denials == 0;
                self.granted = Some(grants && self.granted.unwrap_or(true));
            }
            object_type::CONTENT_KEY => {
                let key_id = object
                    .data
                    .first_chunk()
                    .ok_or(FormatError::new("an XMR content key is truncated"))?;
                push_id(self.key_ids, &guid(key_id));
            }
            _ => {}
        }
        Ok(())
    }
}

/// An object.
struct Object<'d> {
    kind: u16,
    is_container: bool,
    data: &'d [u8],
}

impl<'d> Object<'d> {
    /// Splits the first object off `bytes`.
    fn split_off(bytes: &'d [u8]) -> Result<(Self, &'d [u8]), FormatError> {
        let (&[f0, f1, t0, t1, l0, l1, l2, l3], after_header) = bytes
            .split_first_chunk()
            .ok_or(FormatError::new("the header of an XMR object is truncated"))?;
        let kind = u16::from_be_bytes([t0, t1]);
        let is_container = u16::from_be_bytes([f0, f1]) & CONTAINER != 0;
        let (data, rest) = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3]))
            .ok()
            .and_then(|length| length.checked_sub(8))
            .and_then(|length| after_header.split_at_checked(length))
            .ok_or(FormatError::new("the length of an XMR object is wrong"))?;
        let matches_type = match kind {
            object_type::OUTER_CONTAINER
            | object_type::GLOBAL_POLICY_CONTAINER
            | object_type::KEY_MATERIAL_CONTAINER => is_container,
            object_type::RIGHTS_SETTINGS | object_type::CONTENT_KEY => !is_container,
            _ => true,
        };
        if !matches_type {
            return Err(FormatError::new(
                "the flags of an XMR object contradict its type",
            ));
        }
        Ok((
            Self {
                kind,
                is_container,
                data,
            },
            rest,
        ))
    }
}

/// Returns a GUID as text. Its first three groups are little-endian numbers, the others
/// are bytes in order.
fn guid(bytes: &[u8; 16]) -> String {
    let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, e @ ..] = *bytes;
    let a = u32::from_le_bytes([a0, a1, a2, a3]);
    let b = u16::from_le_bytes([b0, b1]);
    let c = u16::from_le_bytes([c0, c1]);
    let [e0, e1, e2, e3, e4, e5] = e;
    format!(
        "{a:08x}-{b:04x}-{c:04x}-{d0:02x}{d1:02x}-{e0:02x}{e1:02x}{e2:02x}{e3:02x}{e4:02x}{e5:02x}"
    )
}

/// Decodes the base64 of a license, or returns `None` if the text is not base64.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    // Most text has no white space. Decoding it first is faster than searching it.
    BASE64
        .decode(text)
        .or_else(|_| BASE64.decode(text.replace(WHITE_SPACE, "")))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::samples::{CONTAINER, CONTENT_KEY, CONTENT_KEY_ID, object, xmr, xmr_of};
    use crate::{Evaluation, Verdict, evaluate};

    const NOT_PERMITTED: Verdict = Verdict::Restricted(Restriction::NotPermitted);
    const OPAQUE: Verdict = Verdict::Restricted(Restriction::Opaque);

    fn settings(rights: u16) -> Vec<u8> {
        object(0, 0x0D, &rights.to_be_bytes())
    }

    /// Containers, one in the other, around an object that grants the backup.
    fn nested(depth: usize) -> Vec<u8> {
        xmr_of(&(0..depth).fold(settings(4), |inner, _| object(CONTAINER, 0x50, &inner)))
    }

    fn verdict(document: &[u8]) -> Verdict {
        evaluate(document).verdict
    }

    fn assert_malformed(document: &[u8]) {
        let Evaluation { identity, verdict } = evaluate(document);
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{verdict:?} for {document:02x?}"
        );
        assert_eq!(identity.format, Some(LicenseFormat::Xmr));
    }

    #[test]
    fn a_license_that_grants_the_backup_is_allowed_with_its_key_id() {
        let evaluation = evaluate(&xmr(&[0x0004]));
        assert_eq!(evaluation.verdict, Verdict::Allowed);
        assert_eq!(evaluation.identity.format, Some(LicenseFormat::Xmr));
        assert_eq!(evaluation.identity.key_ids, [CONTENT_KEY_ID]);
        assert!(evaluation.identity.license_ids.is_empty());
    }

    #[test]
    fn other_rights_make_no_difference() {
        assert_eq!(verdict(&xmr(&[0xFF7E])), Verdict::Allowed);
        assert_eq!(verdict(&xmr(&[0xFF7A])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[0x0044])), Verdict::Allowed, "cannot bind");
    }

    #[test]
    fn a_license_for_a_temporary_store_is_not_permitted() {
        assert_eq!(verdict(&xmr(&[0x0084])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[0x0085])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[0x0004, 0x0084])), NOT_PERMITTED);
    }

    #[test]
    fn a_license_without_the_right_is_not_permitted() {
        assert_eq!(verdict(&xmr(&[0x0000])), NOT_PERMITTED);
    }

    #[test]
    fn a_license_that_cannot_persist_is_not_permitted() {
        assert_eq!(verdict(&xmr(&[0x0005])), NOT_PERMITTED);
    }

    #[test]
    fn a_license_without_rights_settings_is_not_permitted() {
        assert_eq!(verdict(&xmr(&[])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr_of(&[])), NOT_PERMITTED);
    }

    #[test]
    fn every_rights_settings_object_must_grant_the_backup() {
        assert_eq!(verdict(&xmr(&[4, 4])), Verdict::Allowed);
        assert_eq!(verdict(&xmr(&[4, 0])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[0, 4])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[4, 5])), NOT_PERMITTED);
    }

    #[test]
    fn a_denial_deep_in_a_container_of_unknown_type_counts() {
        let inner = object(CONTAINER, 0x77, &object(CONTAINER, 0x78, &settings(0)));
        assert_eq!(
            verdict(&xmr_of(&[settings(4), inner].concat())),
            NOT_PERMITTED
        );
    }

    #[test]
    fn only_version_1_can_allow_a_backup() {
        for (version, expected) in [
            (1_u32, Verdict::Allowed),
            (3, NOT_PERMITTED),
            (0, OPAQUE),
            (2, OPAQUE),
            (4, OPAQUE),
            (u32::MAX, OPAQUE),
        ] {
            let mut document = xmr(&[4]);
            document[4..8].copy_from_slice(&version.to_be_bytes());
            assert_eq!(verdict(&document), expected, "version {version}");
        }
    }

    #[test]
    fn a_version_3_license_is_not_permitted_with_any_rights() {
        for rights in [&[][..], &[0], &[0x0001], &[0x0004], &[0x0040], &[0x0044]] {
            let mut document = xmr(rights);
            document[7] = 3;
            assert_eq!(verdict(&document), NOT_PERMITTED, "{rights:?}");
        }
    }

    #[test]
    fn objects_of_unknown_type_are_skipped() {
        assert_eq!(
            verdict(&xmr_of(
                &[object(0, 0x77, &[0xFF; 5]), settings(4)].concat()
            )),
            Verdict::Allowed
        );
        assert_eq!(
            verdict(&xmr_of(&[object(0, 0x77, &[]), settings(4)].concat())),
            Verdict::Allowed
        );
    }

    #[test]
    fn at_most_sixteen_containers_may_be_nested() {
        assert_eq!(verdict(&nested(16)), Verdict::Allowed);
        assert_malformed(&nested(17));
        assert_malformed(&nested(10_000));
    }

    #[test]
    fn a_container_must_have_the_container_flag() {
        for kind in [0x01, 0x02, 0x09] {
            assert_malformed(&xmr_of(&[settings(4), object(1, kind, &[])].concat()));
        }
    }

    #[test]
    fn a_leaf_object_must_not_have_the_container_flag() {
        assert_malformed(&xmr_of(&object(CONTAINER, 0x0D, &[0, 4])));
        assert_malformed(&xmr_of(
            &[settings(4), object(CONTAINER, 0x0A, &[])].concat(),
        ));
    }

    #[test]
    fn rights_settings_have_exactly_two_bytes() {
        for data in [&[][..], &[4], &[0, 4, 0], &[0, 0, 0, 4]] {
            assert_malformed(&xmr_of(&object(0, 0x0D, data)));
        }
    }

    #[test]
    fn a_content_key_has_a_complete_key_id() {
        assert_malformed(&xmr_of(
            &[settings(4), object(0, 0x0A, &CONTENT_KEY[..15])].concat(),
        ));
        assert_eq!(
            verdict(&xmr_of(
                &[settings(4), object(0, 0x0A, &CONTENT_KEY[..16])].concat()
            )),
            Verdict::Allowed
        );
    }

    #[test]
    fn an_object_with_a_wrong_length_is_malformed() {
        for length in [0_u32, 7, 11, u32::MAX] {
            let mut object = settings(4);
            object[4..8].copy_from_slice(&length.to_be_bytes());
            assert_malformed(&xmr_of(&object));
        }
    }

    #[test]
    fn an_object_longer_than_its_container_is_malformed() {
        let mut inner = settings(4);
        inner[7] += 1;
        assert_malformed(&xmr_of(
            &[object(CONTAINER, 0x01, &inner), settings(4)].concat(),
        ));
    }

    #[test]
    fn bytes_that_are_not_an_object_are_malformed() {
        assert_malformed(&[xmr(&[4]), vec![0]].concat());
        assert_malformed(&xmr_of(&object(
            CONTAINER,
            0x01,
            &[settings(4), vec![0; 7]].concat(),
        )));
    }

    #[test]
    fn a_license_truncated_in_its_header_is_malformed() {
        for length in 4..24 {
            assert_malformed(&xmr(&[4])[..length]);
        }
    }

    #[test]
    fn the_key_ids_before_an_error_are_returned() {
        let evaluation = evaluate(&[xmr(&[4]), vec![0]].concat());
        assert_eq!(evaluation.identity.key_ids, [CONTENT_KEY_ID]);
    }

    #[test]
    fn at_most_64_key_ids_are_returned() {
        let keys = object(0, 0x0A, &CONTENT_KEY).repeat(65);
        assert_eq!(evaluate(&xmr_of(&keys)).identity.key_ids.len(), 64);
    }
}
