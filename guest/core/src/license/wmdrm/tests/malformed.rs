//! Tests of malformed documents, and of documents that are not licenses.

use super::*;

#[test]
fn a_response_without_a_license_is_malformed() {
    assert_malformed(&[
        response(""),
        "<LICENSERESPONSE/>".to_owned(),
        response("<license/>"),
        response(BACKUP),
    ]);
}

#[test]
fn other_xml_is_unrecognized() {
    let documents = [
        "<a/>",
        "<x:LICENSERESPONSE/>",
        "<License/>",
        "<LICENSES/>",
        "<WRMHEADER><LICENSE/></WRMHEADER>",
        "<html>",
    ];
    for document in documents {
        let evaluation = evaluate(document.as_bytes());
        assert_eq!(evaluation.verdict, UNRECOGNIZED, "{document}");
        assert_eq!(
            evaluation.identity,
            LicenseIdentity::default(),
            "{document}"
        );
    }
}

#[test]
fn an_error_is_malformed_only_after_the_root_tag() {
    let whole = data(BACKUP);
    assert_verdict(
        &UNRECOGNIZED,
        &[
            format!(" {whole}"),
            format!("x{whole}"),
            format!("<!-- -- -->{}", license(BACKUP)),
            format!("\u{FEFF}\u{FEFF}{whole}"),
            format!("<!-- \u{1} -->{}", license(BACKUP)),
            "<LICENSERESPONSE".to_owned(),
        ],
    );
    assert_malformed(&[
        format!("<!DOCTYPE LICENSE>{}", license(BACKUP)),
        license(BACKUP).replace("version", "version='2.0.0.0' version"),
        whole.replace("</DATA>", ""),
        whole.replace("</DATA>", "&x;</DATA>"),
        whole.replace("</DATA>", "\u{1}</DATA>"),
        whole.replace("</DATA>", "]]></DATA>"),
        whole.replace("type=", "type='Play' type="),
        format!("{whole}x"),
        format!("{whole}<LICENSE/>"),
        format!("{whole}\u{FFFF}"),
        format!("{whole}\0"),
    ]);
}

#[test]
fn ill_formed_text_after_the_root_tag_is_malformed() {
    for rest in [&b"\xFF"[..], b"\xC3", b" \xED\xA0\x80"] {
        let document = [data(BACKUP).as_bytes(), rest].concat();
        assert!(
            matches!(verdict(document), Verdict::Malformed(_)),
            "{rest:x?}"
        );
    }
    let mut utf16: Vec<u8> = data(BACKUP)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    utf16.push(b' ');
    assert!(
        matches!(verdict(utf16), Verdict::Malformed(_)),
        "half a unit"
    );
    assert_eq!(verdict(b"<\xFFLICENSE/>"), UNRECOGNIZED);
}

#[test]
fn the_ids_before_an_error_are_returned() {
    let evaluation = evaluate(format!("{}<", license(BACKUP)).as_bytes());
    assert!(matches!(evaluation.verdict, Verdict::Malformed(_)));
    assert_eq!(evaluation.identity.license_ids, [LICENSE_ID]);
    assert_eq!(evaluation.identity.key_ids, [KEY_ID]);
}

#[test]
fn an_unsupported_encoding_is_malformed_and_named() {
    let latin_1 = |text: &str| -> Vec<u8> {
        text.chars()
            .map(|character| u8::try_from(u32::from(character)).expect("it is Latin-1"))
            .collect()
    };
    let declaration = r#"<?xml version="1.0" encoding="ISO-8859-1"?>"#;
    let title = "<META name='ContentTitle'>Déjà vu</META>";
    for document in [
        format!("{declaration}{}", license(&format!("{BACKUP}{title}"))),
        format!(
            "{declaration}<!-- {title} -->{}",
            license(BACKUP).replace('\u{2014}', "-")
        ),
        format!("{declaration}{}", license(BACKUP)),
    ] {
        let Evaluation { identity, verdict } = evaluate(&latin_1(&document));
        let Verdict::Malformed(fault) = verdict else {
            panic!("{verdict:?} for {document}")
        };
        assert!(fault.contains("ISO-8859-1"), "{fault}");
        assert_eq!(identity.format, Some(LicenseFormat::Wmdrm));
    }
    let foreign = format!("{declaration}<html>{title}</html>");
    assert_eq!(verdict(latin_1(&foreign)), UNRECOGNIZED);
}
