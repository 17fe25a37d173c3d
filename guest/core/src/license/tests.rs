//! Tests that hold for documents of every format and of none.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::samples::{BACKUP, LCP, license, playready, response, xmr};
use super::*;

/// Returns one allowed document of each format and encoding.
fn allowed_documents() -> Vec<Vec<u8>> {
    let text = response(&license(BACKUP));
    let short = license(BACKUP);
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, xmr(&[4]));
    vec![
        short.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        format!("\u{FEFF}{short}")
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect(),
        format!("\u{FEFF}{short}").into_bytes(),
        text.trim_end().as_bytes().to_vec(),
        response(&format!(r#"<LICENSE version="3.0.0.0">{base64}</LICENSE>"#))
            .trim_end()
            .as_bytes()
            .to_vec(),
        playready(&format!("<License>{base64}</License>"))
            .trim_end()
            .as_bytes()
            .to_vec(),
        xmr(&[4]),
        LCP.as_bytes().to_vec(),
    ]
}

fn unrecognized() -> Evaluation {
    Evaluation {
        identity: LicenseIdentity::default(),
        verdict: Verdict::Restricted(Restriction::Unrecognized),
    }
}

#[test]
fn complete_documents_are_allowed_and_truncated_ones_never() {
    for document in allowed_documents() {
        assert_eq!(
            evaluate(&document).verdict,
            Verdict::Allowed,
            "{}",
            document.escape_ascii()
        );
        for length in 0..document.len() {
            let cut = &document[..length];
            assert_ne!(
                evaluate(cut).verdict,
                Verdict::Allowed,
                "cut at {length}: {}",
                cut.escape_ascii()
            );
        }
    }
}

#[test]
fn a_document_without_a_format_is_unrecognized() {
    for document in [
        &b""[..],
        b" \r\n",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\0",
        b"XMR",
        b"XMR\x01",
        b" XMR\0",
        b"hello",
        b"PK\x03\x04",
        b"\xFF\xFF\xFF",
        b"\xFF\xFE\0\0<\0\0\0",
        b"[1]",
        b"\xC2\xA0<LICENSE/>",
    ] {
        assert_eq!(
            evaluate(document),
            unrecognized(),
            "{}",
            document.escape_ascii()
        );
    }
}

#[test]
fn an_error_contains_nothing_of_the_document() {
    for document in [
        response(&license(BACKUP).replace("</LICENSORINFO>", "</SECRET>")),
        response(&license("<SECRET a='SECRET' a='SECRET'>&SECRET;</SECRET>")),
        response(&license("&SECRET;")),
        r#"{"provider":"SECRET","encryption":SECRET"#.to_owned(),
    ] {
        let Verdict::Malformed(text) = evaluate(document.as_bytes()).verdict else {
            panic!("not malformed: {document}");
        };
        assert!(!text.contains("SECRET") && !text.is_empty(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_bytes_cause_a_panic(document in vec(any::<u8>(), 0..256)) {
        let _ = evaluate(&document);
    }

    #[test]
    fn no_bytes_after_an_xmr_header_cause_a_panic(rest in vec(prop_oneof![0..16_u8, any::<u8>()], 0..256)) {
        let _ = evaluate(&super::samples::xmr_of(&rest));
    }

    #[test]
    fn no_markup_causes_a_panic(parts in vec(select(vec![
        "<LICENSERESPONSE>", "</LICENSERESPONSE>", "<LICENSE version='2.0.0.0'>", "<LICENSE version='3.0.0.0'>",
        "</LICENSE>", "<LICENSORINFO>", "</LICENSORINFO>", "<DATA>", "</DATA>", "<ONACTION type='Backup'>",
        "</ONACTION>", "<CONDITION>", "</CONDITION>", "<KID>", "</KID>", "1", "AAAA", "<!--", "-->", "<![CDATA[",
        "]]>", "<?", "?>", "<!DOCTYPE", "[", "]", "<", ">", "&", ";", "&#", "'", "\"", "=", " ", "/", "é", "\u{FEFF}",
        "\0",
    ]), 0..24)) {
        let _ = evaluate(format!("<LICENSE>{}", parts.concat()).as_bytes());
        let _ = evaluate(parts.concat().as_bytes());
    }

    #[test]
    fn no_change_of_a_license_causes_a_panic(
        document in select(allowed_documents()),
        changes in vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(),
    ) {
        let mut document = document;
        for (index, byte) in changes {
            let index = index.index(document.len());
            document[index] = byte;
        }
        let _ = evaluate(&document);
        document.truncate(cut.index(document.len()));
        let _ = evaluate(&document);
    }
}
