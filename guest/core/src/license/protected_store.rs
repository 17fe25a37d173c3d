//! The protected stores in which old clients of Windows Media DRM and PlayReady keep all
//! their licenses.
//!
//! Each is one file that only its client on its machine can read. They are recognized by
//! their names: `drmv2.lic` of Windows Media DRM, an OLE compound file, and
//! `drmstore.hds` and `mspr.hds` of PlayReady, whose format is not published.

/// The first bytes of an OLE compound file ([MS-CFB], section 2.2).
const OLE_SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Returns `true` if a file of this name that starts with these bytes, and that is not a
/// license document, is a protected license store. Windows does not distinguish the case
/// of names.
pub(crate) fn is_protected_store(name: &str, head: &[u8]) -> bool {
    let is_named = |other: &str| name.eq_ignore_ascii_case(other);
    (is_named("drmv2.lic") && head.starts_with(&OLE_SIGNATURE))
        || is_named("drmstore.hds")
        || is_named("mspr.hds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_stores_match_by_name_and_signature() {
        let ole = [&OLE_SIGNATURE[..], &[0; 504]].concat();
        for (name, head, expected) in [
            ("drmv2.lic", &ole[..], true),
            ("DRMv2.LIC", &ole, true),
            ("drmv2.lic", b"no compound file", false),
            ("other.lic", &ole, false),
            ("mspr.hds", b"\0\x01", true),
            ("MSPR.HDS", b"\0\x01", true),
            ("drmstore.hds", b"\0\x01", true),
            ("drmstore.hds.bak", b"\0\x01", false),
        ] {
            assert_eq!(
                is_protected_store(name, head),
                expected,
                "{name}, {}",
                head.escape_ascii()
            );
        }
    }
}
