//! Tests of which PlayReady license responses may be backed up.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;
use crate::license::samples::{CONTENT_KEY_ID, PLAYREADY, playready, xmr};
use crate::{Evaluation, Verdict, evaluate};

const UNRECOGNIZED: Verdict = Verdict::Restricted(Restriction::Unrecognized);
const NOT_PERMITTED: Verdict = Verdict::Restricted(Restriction::NotPermitted);
const OPAQUE: Verdict = Verdict::Restricted(Restriction::Opaque);

fn license(rights: &[u16]) -> String {
    format!("<License>{}</License>", BASE64.encode(xmr(rights)))
}

fn assert_verdict(expected: &Verdict, documents: &[String]) {
    for document in documents {
        assert_eq!(
            &evaluate(document.as_bytes()).verdict,
            expected,
            "{document}"
        );
    }
}

fn assert_malformed(documents: &[String]) {
    for document in documents {
        let Evaluation { identity, verdict } = evaluate(document.as_bytes());
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{verdict:?} for {document}"
        );
        assert_eq!(identity.format, Some(LicenseFormat::PlayReady));
    }
}

#[test]
fn a_response_whose_license_allows_the_backup_is_allowed() {
    let Evaluation { identity, verdict } = evaluate(playready(&license(&[4])).as_bytes());
    assert_eq!(verdict, Verdict::Allowed);
    assert_eq!(identity.format, Some(LicenseFormat::PlayReady));
    assert_eq!(identity.key_ids, [CONTENT_KEY_ID]);
    assert_verdict(
        &NOT_PERMITTED,
        &[playready(&license(&[0])), playready(&license(&[0x84]))],
    );
}

#[test]
fn every_license_of_a_response_must_allow_the_backup() {
    let all = |rights: &[u16]| {
        playready(
            &rights
                .iter()
                .map(|rights| license(&[*rights]))
                .collect::<String>(),
        )
    };
    assert_verdict(&Verdict::Allowed, &[all(&[4, 4])]);
    assert_verdict(
        &NOT_PERMITTED,
        &[all(&[4, 0]), all(&[0, 4]), all(&[4, 4, 5])],
    );
}

#[test]
fn elements_match_by_namespace_and_local_name() {
    let response = playready(&license(&[4]));
    let prefixed = response
        .replace("soap:", "S:")
        .replace("xmlns:soap", "xmlns:S")
        .replace(
            "<License>",
            "<p:License xmlns:p='http://schemas.microsoft.com/DRM/2007/03/protocols'>",
        )
        .replace("</License>", "</p:License>");
    let messages = response.replace(
        &format!("<LicenseResponse xmlns=\"{PLAYREADY}\""),
        &format!("<LicenseResponse xmlns=\"{PLAYREADY}/messages\""),
    );
    let soap_1_2 = response.replace(
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    );
    for changed in [&prefixed, &messages, &soap_1_2] {
        assert_ne!(*changed, response);
    }
    assert_verdict(&Verdict::Allowed, &[prefixed, messages, soap_1_2]);
    assert_verdict(
        &UNRECOGNIZED,
        &[
            response.replace("xmlns:soap=\"http", "xmlns:soap=\"urn:http"),
            response.replace("xmlns:soap", "xmlns:x"),
            response.replace(
                &format!("<AcquireLicenseResponse xmlns=\"{PLAYREADY}\""),
                "<AcquireLicenseResponse xmlns=\"urn:x\"",
            ),
        ],
    );
}

#[test]
fn other_envelopes_are_unrecognized() {
    let envelope = |body: &str| {
        format!(
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">{body}</s:Envelope>"#
        )
    };
    let fault = "<s:Body><s:Fault><faultcode>s:Client</faultcode></s:Fault></s:Body>";
    assert_verdict(
        &UNRECOGNIZED,
        &[
            envelope(""),
            envelope("<s:Body/>"),
            envelope(fault),
            envelope(&format!("<AcquireLicenseResponse xmlns='{PLAYREADY}'/>")),
            envelope("<s:Body>"),
            format!(
                "<LicenseResponse xmlns='{PLAYREADY}'>{}</LicenseResponse>",
                license(&[4])
            ),
        ],
    );
}

#[test]
fn a_license_at_another_position_makes_the_document_opaque() {
    let stray = license(&[4]);
    let good = playready(&stray);
    assert_verdict(
        &OPAQUE,
        &[
            good.replace("<Licenses>", &format!("{stray}<Licenses>")),
            good.replace("<Version>", &format!("{stray}<Version>")),
            good.replace(
                "<AcquireLicenseResult>",
                &format!("<AcquireLicenseResult>{stray}"),
            ),
            good.replace("<Licenses>", &format!("<Licenses><X>{stray}</X>")),
            good.replace("<Licenses>", "<Licenses><License xmlns='urn:x'/>"),
            good.replace("<Version>", "<License xmlns=''/><Version>"),
        ],
    );
}

#[test]
fn other_content_of_licenses_makes_the_document_opaque() {
    let with = |other: &str| playready(&format!("{}{other}", license(&[4])));
    assert_verdict(&Verdict::Allowed, &[with("\n"), with("<!-- -->")]);
    assert_verdict(
        &OPAQUE,
        &[
            with("<EncryptedLicense/>"),
            with("text"),
            with("<![CDATA[text]]>"),
            with("<?p?>"),
        ],
    );
}

#[test]
fn a_response_without_a_license_is_malformed() {
    let empty = playready("");
    assert_malformed(&[empty.replace("<Licenses></Licenses>", ""), empty]);
}

#[test]
fn a_license_that_is_not_base64_of_xmr_is_malformed() {
    let good = BASE64.encode(xmr(&[4]));
    let (start, end) = good.split_at(20);
    let contents = [
        String::new(),
        "AAAA".to_owned(),
        format!("{good}!"),
        format!("{start}<?p?>{end}"),
        format!("{start}<X/>{end}"),
        BASE64.encode(&xmr(&[4])[..60]),
    ];
    assert_malformed(&contents.map(|content| playready(&format!("<License>{content}</License>"))));
    assert_verdict(
        &Verdict::Allowed,
        &[
            format!("<![CDATA[{good}]]>"),
            format!("{start}\n{end}"),
            format!("{start}<!-- -->{end}"),
        ]
        .map(|content| playready(&format!("<License>{content}</License>"))),
    );
}

#[test]
fn an_error_after_the_response_is_recognized_is_malformed() {
    let good = playready(&license(&[4]));
    assert_malformed(&[
        good.replace("</Licenses>", ""),
        good.replace("<Version>", "&x;<Version>"),
        format!("<?xml version='1.0' encoding='ISO-8859-1'?>{good}"),
        format!("<!DOCTYPE x>{good}"),
        format!("{good}x"),
    ]);
}
