//! A target for each format of license documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::crc32::crc32;
use crate::license::{MAX_ID_LENGTH, MAX_IDS, compare_with_quick_xml};
use crate::{Evaluation, LicenseFormat, LicenseIdentity, Restriction, Verdict, evaluate};

const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
/// Two XMR objects, each the rights settings: without any right, and with that to be backed up.
const DENIAL: [u8; 10] = [0, 1, 0, 0x0D, 0, 0, 0, 10, 0, 0];
const GRANT: [u8; 10] = [0, 1, 0, 0x0D, 0, 0, 0, 10, 0, 4];

/// Treats the input as a Windows Media DRM or PlayReady document.
///
/// # Panics
///
/// If the evaluation is wrong.
pub fn xml(document: &[u8]) {
    let evaluation = evaluated(document);
    let Ok(text) = str::from_utf8(document) else {
        return;
    };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // A NUL may be half a character of UTF-16, and is not a character of XML.
    if text.contains('\0') || !text.trim_start_matches(WHITE_SPACE).starts_with('<') {
        return;
    }
    compare_with_quick_xml(text);
    let marked = format!("\u{FEFF}{text}");
    let in_utf8 = evaluate(marked.as_bytes());
    let units = marked.encode_utf16();
    assert_eq!(
        evaluate(&units.clone().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        in_utf8,
        "in UTF-16LE"
    );
    assert_eq!(
        evaluate(&units.flat_map(u16::to_be_bytes).collect::<Vec<_>>()),
        in_utf8,
        "in UTF-16BE"
    );
    let foreign = evaluate(format!("<ARCHIVE>{text}</ARCHIVE>").as_bytes());
    assert_eq!(
        foreign.verdict,
        Verdict::Restricted(Restriction::Unrecognized),
        "in an element that is not a license"
    );
    if evaluation.verdict == Verdict::Allowed {
        assert_eq!(in_utf8, evaluation, "with a byte order mark");
        assert!(matches!(
            evaluation.identity.format,
            Some(LicenseFormat::Wmdrm | LicenseFormat::PlayReady)
        ));
        check_allowed_xml(text);
    }
}

/// Checks the consequences of the verdict that a document is allowed.
fn check_allowed_xml(text: &str) {
    assert_not_allowed(&format!("{text}{text}"), "with another root element");
    let start = r#"<LICENSERESPONSE><LICENSE version="2.0.0.0"><LICENSORINFO><DATA><META>"#;
    let end = "</META></DATA></LICENSORINFO></LICENSE></LICENSERESPONSE>";
    assert_not_allowed(
        &format!("{start}{text}{end}"),
        "in the metadata of a license that grants nothing",
    );
    let text = text.trim_end_matches(WHITE_SPACE);
    // Otherwise a comment or a processing instruction follows the root element.
    if !text.ends_with("-->") && !text.ends_with("?>") {
        check_prefixes(text.as_bytes());
    }
    if let Some(text) = text.strip_suffix("</LICENSERESPONSE>") {
        let with_another = format!(r#"{text}<LICENSE version="1.0.0.0"/></LICENSERESPONSE>"#);
        let verdict = evaluate(with_another.as_bytes()).verdict;
        assert_eq!(
            verdict,
            Verdict::Restricted(Restriction::Opaque),
            "with a license that cannot be read"
        );
    }
}

/// Treats the input as an XMR license.
///
/// # Panics
///
/// If the evaluation is wrong.
pub fn xmr(license: &[u8]) {
    let Evaluation { identity, verdict } = evaluated(license);
    if !license.starts_with(b"XMR\0") {
        return;
    }
    assert_eq!(
        (identity.format, &identity.license_ids),
        (Some(LicenseFormat::Xmr), &Vec::new())
    );
    let text = BASE64.encode(license);
    let wrapped = format!(
        r#"<LICENSERESPONSE version="3.0.0.0"><LICENSE>{text}</LICENSE></LICENSERESPONSE>"#
    );
    let wrapped = evaluate(wrapped.as_bytes());
    assert_eq!(
        (&wrapped.verdict, &wrapped.identity.key_ids),
        (&verdict, &identity.key_ids),
        "in a license response"
    );

    let verdict_with = |more: &[u8]| evaluate(&[license, more].concat()).verdict;
    let version = license
        .get(4..8)
        .map(|version| u32::from_be_bytes([version[0], version[1], version[2], version[3]]));
    let denial = match version {
        Some(1 | 3) => Restriction::NotPermitted,
        _ => Restriction::Opaque,
    };
    match verdict {
        Verdict::Malformed(_) => return,
        Verdict::Allowed => {
            assert_eq!(version, Some(1));
            assert_eq!(verdict_with(&GRANT), Verdict::Allowed, "with another grant");
        }
        Verdict::Restricted(reason) => assert_eq!(reason, denial),
    }
    assert_eq!(
        verdict_with(&DENIAL),
        Verdict::Restricted(denial),
        "with other rights settings"
    );
    // An object, or a header without objects, has more bytes than these.
    for missing in 1..8 {
        assert_malformed(&license[..license.len() - missing], "truncated");
    }
    assert_malformed(&[license, &[0]].concat(), "with another byte");
}

/// Treats the input as a Readium LCP license document.
///
/// # Panics
///
/// If the evaluation is wrong.
pub fn lcp(document: &[u8]) {
    let Evaluation { identity, verdict } = evaluated(document);
    let Ok(text) = str::from_utf8(document) else {
        return;
    };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if !text.trim_start_matches(WHITE_SPACE).starts_with('{') {
        return;
    }
    if verdict == Verdict::Allowed {
        assert_eq!(identity.format, Some(LicenseFormat::Lcp));
        check_prefixes(text.trim_end_matches(WHITE_SPACE).as_bytes());
        assert_malformed(format!("{text}x").as_bytes(), "with another character");
    }
    // The gate also evaluates documents that are nested too deeply for a value.
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let (is_license, is_complete) = (has_enough_members(&value), has_all_members(&value));
    let id = value
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| id.len() <= MAX_ID_LENGTH);
    match verdict {
        Verdict::Allowed => {
            assert!(is_complete, "allowed without its members");
            assert_eq!(identity.license_ids, id.as_slice());
        }
        Verdict::Restricted(_) => assert!(!is_license, "restricted with its members"),
        Verdict::Malformed(_) => {}
    }
    // After serialization, each member is there once.
    match evaluate(value.to_string().as_bytes()).verdict {
        Verdict::Allowed => assert!(is_complete, "allowed without its members, serialized again"),
        Verdict::Restricted(_) => {
            assert!(!is_license, "restricted with its members, serialized again");
        }
        Verdict::Malformed(_) => assert!(is_license && !is_complete, "malformed, serialized again"),
    }
}

/// The required members of a license document.
const MEMBERS: [&str; 6] = [
    "id",
    "issued",
    "provider",
    "encryption",
    "links",
    "signature",
];

/// Returns `true` if a document has enough of the members to be a license document.
fn has_enough_members(value: &Value) -> bool {
    let count = MEMBERS
        .iter()
        .filter(|name| value.get(**name).is_some())
        .count();
    count
        >= if value.get("encryption").is_some() {
            3
        } else {
            4
        }
}

/// Returns `true` if a document has all members, each of its kind.
fn has_all_members(value: &Value) -> bool {
    MEMBERS.iter().all(|name| {
        value.get(*name).is_some_and(|member| match *name {
            "encryption" | "signature" => member.is_object(),
            "links" => member.is_array(),
            _ => member.is_string(),
        })
    })
}

/// Evaluates a document, and checks the properties of every evaluation.
fn evaluated(document: &[u8]) -> Evaluation {
    let evaluation = evaluate(document);
    assert_eq!(evaluate(document), evaluation, "evaluated again");
    let Evaluation { identity, verdict } = &evaluation;
    match verdict {
        Verdict::Restricted(
            Restriction::Unrecognized | Restriction::StatusDocument | Restriction::ErrorResponse,
        ) => {
            assert_eq!(*identity, LicenseIdentity::default());
        }
        Verdict::Restricted(Restriction::NotARegularFile | Restriction::ProtectedStore) => {
            panic!("a document is neither")
        }
        _ => assert!(identity.format.is_some(), "{verdict:?} without a format"),
    }
    for ids in [&identity.license_ids, &identity.key_ids] {
        assert!(
            ids.len() <= MAX_IDS && ids.iter().all(|id| id.len() <= MAX_ID_LENGTH),
            "more than the limits"
        );
    }
    evaluation
}

/// Checks that a document that ends with its root is not allowed if it is truncated: by
/// one byte, and at a length chosen by its CRC-32, because testing every length would
/// take too long.
fn check_prefixes(document: &[u8]) {
    let chosen = crc32(document) as usize % document.len();
    for length in [chosen, document.len() - 1] {
        let verdict = evaluate(&document[..length]).verdict;
        assert_ne!(verdict, Verdict::Allowed, "truncated to {length} bytes");
    }
}

fn assert_not_allowed(document: &str, what: &str) {
    assert_ne!(
        evaluate(document.as_bytes()).verdict,
        Verdict::Allowed,
        "{what}"
    );
}

fn assert_malformed(document: &[u8], what: &str) {
    let verdict = evaluate(document).verdict;
    assert!(
        matches!(verdict, Verdict::Malformed(_)),
        "{what}: {verdict:?}"
    );
}
