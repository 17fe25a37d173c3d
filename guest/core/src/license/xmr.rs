//! Extensible Media Rights binary licenses.
//!
//! All numbers are big-endian. A header (signature, u32 version, 16 bytes rights ID) is followed by
//! objects: u16 flags, u16 type, u32 length with these eight bytes counted in, data. The data of a
//! container is objects again. Numbers and layout are those of the licenses of Microsoft
//! PlayReady. Nothing is read of a key but its ID.
//!
//! The rights are bits of the rights settings. A version 1 license may be backed up if all its
//! rights settings have [`ALLOW_BACKUP_RESTORE`] and none of them has [`CANNOT_PERSIST`] or
//! [`TEMPORARY_STORE_ONLY`]: what must not be kept must not be copied. 0x0040, cannot bind, has no
//! bearing on it. In version 3, clients accept only the bits 0x0001, 0x0040 and 0x0080, so that a
//! license that allows a backup is invalid there: no version 3 license may be backed up. The rights
//! of any other version are not known, and such a license is opaque.

use super::{Fault, Ruling, keep};
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// The bytes that every XMR license starts with.
pub(super) const SIGNATURE: [u8; 4] = *b"XMR\0";

/// The length of the rights ID, which follows the version, in bytes.
const RIGHTS_ID_LENGTH: usize = 16;

/// The flag of an object whose data is objects.
const CONTAINER: u16 = 0x2;

/// How many containers may be one in the other.
const MAX_DEPTH: usize = 16;

/// The types of objects that have a meaning here.
mod object_type {
    pub(super) const OUTER_CONTAINER: u16 = 0x0001;
    pub(super) const GLOBAL_POLICY_CONTAINER: u16 = 0x0002;
    pub(super) const KEY_MATERIAL_CONTAINER: u16 = 0x0009;
    pub(super) const CONTENT_KEY: u16 = 0x000A;
    pub(super) const RIGHTS_SETTINGS: u16 = 0x000D;
}

/// The license must not be stored.
const CANNOT_PERSIST: u16 = 0x0001;

/// The license must be stored temporarily only.
const TEMPORARY_STORE_ONLY: u16 = 0x0080;

/// The right to back the license up, and to restore it.
const ALLOW_BACKUP_RESTORE: u16 = 0x0004;

/// Judges a license that starts with [`SIGNATURE`].
pub(super) fn judge(document: &[u8], identity: &mut LicenseIdentity) -> Ruling {
    identity.format = Some(LicenseFormat::Xmr);
    judge_license(document, &mut identity.key_ids)
}

/// Judges a license, wherever it was found, and adds the ID of each of its content keys to `key_ids`.
pub(super) fn judge_license(license: &[u8], key_ids: &mut Vec<String>) -> Ruling {
    let after_signature = license
        .strip_prefix(&SIGNATURE)
        .ok_or(Fault::new("the XMR signature is missing"))?;
    let short = Fault::new("the XMR header is cut short");
    let (version, rest) = after_signature.split_first_chunk().ok_or(short.clone())?;
    let objects = rest.get(RIGHTS_ID_LENGTH..).ok_or(short)?;
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
        // Its objects may have another layout, and whatever they are, they cannot grant the backup.
        3 => Some(Restriction::NotPermitted),
        _ => Some(Restriction::Opaque),
    })
}

/// What has been read of a license.
struct License<'i> {
    /// Whether all rights settings so far grant the backup; nothing before the first.
    granted: Option<bool>,
    key_ids: &'i mut Vec<String>,
}

impl License<'_> {
    /// Reads objects that have to fill `bytes` exactly, and lie in `depth` containers.
    fn read_objects(&mut self, mut bytes: &[u8], depth: usize) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let (object, rest) = Object::split_off(bytes)?;
            bytes = rest;
            if !object.is_container {
                self.read_leaf(&object)?;
            } else if depth < MAX_DEPTH {
                self.read_objects(object.data, depth + 1)?;
            } else {
                return Err(Fault::new("XMR containers are nested too deeply"));
            }
        }
        Ok(())
    }

    fn read_leaf(&mut self, object: &Object<'_>) -> Result<(), Fault> {
        match object.kind {
            object_type::RIGHTS_SETTINGS => {
                let rights = object
                    .data
                    .try_into()
                    .map_err(|_| Fault::new("XMR rights settings have a wrong length"))?;
                let rights = u16::from_be_bytes(rights);
                let denials = CANNOT_PERSIST | TEMPORARY_STORE_ONLY;
                let grants = rights & ALLOW_BACKUP_RESTORE != 0 && rights & denials == 0;
                self.granted = Some(grants && self.granted.unwrap_or(true));
            }
            object_type::CONTENT_KEY => {
                let key_id = object
                    .data
                    .first_chunk()
                    .ok_or(Fault::new("an XMR content key is cut short"))?;
                keep(self.key_ids, &guid(key_id));
            }
            _ => {}
        }
        Ok(())
    }
}

/// One object.
struct Object<'d> {
    kind: u16,
    is_container: bool,
    data: &'d [u8],
}

impl<'d> Object<'d> {
    /// Takes the first object off `bytes`.
    fn split_off(bytes: &'d [u8]) -> Result<(Self, &'d [u8]), Fault> {
        let (&[f0, f1, t0, t1, l0, l1, l2, l3], behind_header) = bytes
            .split_first_chunk()
            .ok_or(Fault::new("the header of an XMR object is cut short"))?;
        let kind = u16::from_be_bytes([t0, t1]);
        let is_container = u16::from_be_bytes([f0, f1]) & CONTAINER != 0;
        let (data, rest) = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3]))
            .ok()
            .and_then(|length| length.checked_sub(8))
            .and_then(|length| behind_header.split_at_checked(length))
            .ok_or(Fault::new("the length of an XMR object is wrong"))?;
        let is_as_its_type = match kind {
            object_type::OUTER_CONTAINER
            | object_type::GLOBAL_POLICY_CONTAINER
            | object_type::KEY_MATERIAL_CONTAINER => is_container,
            object_type::RIGHTS_SETTINGS | object_type::CONTENT_KEY => !is_container,
            _ => true,
        };
        if !is_as_its_type {
            return Err(Fault::new("the flags of an XMR object contradict its type"));
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

/// A GUID as text: its first three groups are little-endian numbers, the others are bytes in order.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::samples::{CONTAINER, CONTENT_KEY, CONTENT_KEY_ID, object, xmr, xmr_of};
    use crate::{Appraisal, Verdict, appraise};

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
        appraise(document).verdict
    }

    fn assert_malformed(document: &[u8]) {
        let Appraisal { identity, verdict } = appraise(document);
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{verdict:?} for {document:02x?}"
        );
        assert_eq!(identity.format, Some(LicenseFormat::Xmr));
    }

    #[test]
    fn a_license_that_grants_the_backup_is_allowed_and_tells_its_key_id() {
        let appraisal = appraise(&xmr(&[0x0004]));
        assert_eq!(appraisal.verdict, Verdict::Allowed);
        assert_eq!(appraisal.identity.format, Some(LicenseFormat::Xmr));
        assert_eq!(appraisal.identity.key_ids, [CONTENT_KEY_ID]);
        assert!(appraisal.identity.license_ids.is_empty());
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
    fn every_rights_settings_object_has_to_grant_the_backup() {
        assert_eq!(verdict(&xmr(&[4, 4])), Verdict::Allowed);
        assert_eq!(verdict(&xmr(&[4, 0])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[0, 4])), NOT_PERMITTED);
        assert_eq!(verdict(&xmr(&[4, 5])), NOT_PERMITTED);
    }

    #[test]
    fn a_refusal_deep_in_a_container_of_unknown_type_counts() {
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
    fn a_version_3_license_is_not_permitted_whatever_its_rights_are() {
        for rights in [&[][..], &[0], &[0x0001], &[0x0004], &[0x0040], &[0x0044]] {
            let mut document = xmr(rights);
            document[7] = 3;
            assert_eq!(verdict(&document), NOT_PERMITTED, "{rights:?}");
        }
    }

    #[test]
    fn objects_of_unknown_type_are_skipped_whatever_is_in_them() {
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
    fn sixteen_containers_may_be_nested_and_no_more() {
        assert_eq!(verdict(&nested(16)), Verdict::Allowed);
        assert_malformed(&nested(17));
        assert_malformed(&nested(10_000));
    }

    #[test]
    fn a_container_type_has_to_have_the_flag() {
        for kind in [0x01, 0x02, 0x09] {
            assert_malformed(&xmr_of(&[settings(4), object(1, kind, &[])].concat()));
        }
    }

    #[test]
    fn rights_settings_and_content_keys_must_not_have_the_flag_of_a_container() {
        assert_malformed(&xmr_of(&object(CONTAINER, 0x0D, &[0, 4])));
        assert_malformed(&xmr_of(
            &[settings(4), object(CONTAINER, 0x0A, &[])].concat(),
        ));
    }

    #[test]
    fn rights_settings_are_two_bytes_exactly() {
        for data in [&[][..], &[4], &[0, 4, 0], &[0, 0, 0, 4]] {
            assert_malformed(&xmr_of(&object(0, 0x0D, data)));
        }
    }

    #[test]
    fn a_content_key_has_a_whole_key_id() {
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
    fn a_length_below_that_of_the_header_or_beyond_the_end_is_malformed() {
        for length in [0_u32, 7, 11, u32::MAX] {
            let mut object = settings(4);
            object[4..8].copy_from_slice(&length.to_be_bytes());
            assert_malformed(&xmr_of(&object));
        }
    }

    #[test]
    fn an_object_that_reaches_beyond_its_container_is_malformed() {
        let mut inner = settings(4);
        inner[7] += 1;
        assert_malformed(&xmr_of(
            &[object(CONTAINER, 0x01, &inner), settings(4)].concat(),
        ));
    }

    #[test]
    fn bytes_that_are_no_object_are_malformed() {
        assert_malformed(&[xmr(&[4]), vec![0]].concat());
        assert_malformed(&xmr_of(&object(
            CONTAINER,
            0x01,
            &[settings(4), vec![0; 7]].concat(),
        )));
    }

    #[test]
    fn a_license_cut_short_in_its_header_is_malformed() {
        for length in 4..24 {
            assert_malformed(&xmr(&[4])[..length]);
        }
    }

    #[test]
    fn a_broken_license_tells_the_key_ids_in_front_of_the_fault() {
        let appraisal = appraise(&[xmr(&[4]), vec![0]].concat());
        assert_eq!(appraisal.identity.key_ids, [CONTENT_KEY_ID]);
    }

    #[test]
    fn no_more_than_64_key_ids_are_kept() {
        let keys = object(0, 0x0A, &CONTENT_KEY).repeat(65);
        assert_eq!(appraise(&xmr_of(&keys)).identity.key_ids.len(), 64);
    }
}
