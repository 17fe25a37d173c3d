//! Tests of the evaluation of LCP license documents and of their versions.

use super::*;
use crate::license::samples::LCP;
use crate::{Evaluation, Verdict, evaluate};

const WHOLE: &str = r#"{"id":"a","issued":"2013-11-04T01:08:15Z","provider":"b","encryption":{"profile":"c"},"links":[],"signature":{}}"#;

fn assert_unrecognized(document: impl AsRef<[u8]>) {
    assert_restricted(document, Restriction::Unrecognized);
}

/// Asserts the restriction of a document that is not a license document.
fn assert_restricted(document: impl AsRef<[u8]>, expected: Restriction) {
    let document = document.as_ref();
    let expected = Evaluation {
        identity: LicenseIdentity::default(),
        verdict: Verdict::Restricted(expected),
    };
    assert_eq!(evaluate(document), expected, "{}", document.escape_ascii());
}

fn assert_malformed(document: impl AsRef<[u8]>) {
    let document = document.as_ref();
    let Evaluation { identity, verdict } = evaluate(document);
    assert!(
        matches!(verdict, Verdict::Malformed(_)),
        "{verdict:?} for {}",
        document.escape_ascii()
    );
    assert_eq!(identity.format, Some(LicenseFormat::Lcp));
}

#[test]
fn a_license_document_is_allowed_and_only_its_id_is_read() {
    let Evaluation { identity, verdict } = evaluate(LCP.as_bytes());
    assert_eq!(verdict, Verdict::Allowed);
    assert_eq!(identity.format, Some(LicenseFormat::Lcp));
    assert_eq!(
        identity.license_ids,
        ["ef15e740-697f-11e3-949a-0800200c9a66"]
    );
    assert!(identity.key_ids.is_empty());
}

#[test]
fn a_byte_order_mark_and_white_space_around_are_tolerated() {
    assert_eq!(
        evaluate(format!("\u{FEFF} \r\n\t{WHOLE}\n").as_bytes()).verdict,
        Verdict::Allowed
    );
}

#[test]
fn json_in_utf16_is_unrecognized() {
    let utf16: Vec<u8> = WHOLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_unrecognized(utf16);
}

#[test]
fn escapes_in_names_and_values_are_resolved() {
    let document = WHOLE.replace(r#""id":"a""#, r#""\u0069d":"\u0061""#);
    let evaluation = evaluate(document.as_bytes());
    assert_eq!(evaluation.verdict, Verdict::Allowed);
    assert_eq!(evaluation.identity.license_ids, ["a"]);
}

#[test]
fn other_json_is_unrecognized() {
    for document in [
        "{}",
        "[]",
        r#""provider""#,
        r#"{"id":"a","provider":"b"}"#,
        r#"{"id":"a","encryption":{"profile":"c"}}"#,
        r#"{"provider":"b","encryption":{"profile":"c"}}"#,
        r#"{"id":"a","issued":"b","provider":"c"}"#,
        r#"{"id":"a","links":[],"provider":"c"}"#,
        &format!(r#"{{"x":{WHOLE}}}"#),
        &format!("[{WHOLE}]"),
    ] {
        assert_unrecognized(document);
    }
}

/// The members of [`WHOLE`], and a value of another kind for each.
const MEMBERS: [(&str, &str); 6] = [
    (r#""id":"a""#, "1"),
    (r#""issued":"2013-11-04T01:08:15Z""#, "0"),
    (r#""provider":"b""#, "null"),
    (r#""encryption":{"profile":"c"}"#, r#""profile""#),
    (r#""links":[]"#, "{}"),
    (r#""signature":{}"#, "[]"),
];

#[test]
fn a_document_that_lacks_a_required_member_is_malformed() {
    for (member, _) in MEMBERS {
        assert_malformed(WHOLE.replace(member, r#""x":1"#));
    }
    assert_malformed(r#"{"id":"a","provider":"b","encryption":{"profile":"c"}}"#);
}

#[test]
fn a_required_member_of_another_kind_is_malformed() {
    for (member, other) in MEMBERS {
        let (name, _) = member.split_once(':').expect("a member has a value");
        assert_malformed(WHOLE.replace(member, &format!("{name}:{other}")));
    }
    for other in [
        "1",
        "-1",
        "1.5",
        "true",
        "null",
        "[]",
        r#"["a"]"#,
        "{}",
        r#"{"id":"a"}"#,
    ] {
        assert_malformed(WHOLE.replace(r#""a""#, other));
    }
}

#[test]
fn a_duplicated_required_member_is_malformed() {
    for (member, _) in MEMBERS {
        assert_malformed(WHOLE.replace(member, &format!("{member},{member}")));
    }
}

#[test]
fn the_encryption_profile_is_not_evaluated() {
    for encryption in [r#"{"profile":"urn:x"}"#, r#"{"profile":1}"#, "{}"] {
        let document = WHOLE.replace(r#"{"profile":"c"}"#, encryption);
        assert_eq!(
            evaluate(document.as_bytes()).verdict,
            Verdict::Allowed,
            "{document}"
        );
    }
}

#[test]
fn the_end_of_the_rights_is_returned_as_written() {
    let with = |rights: &str| evaluate(WHOLE.replacen('{', &format!("{{{rights},"), 1).as_bytes());
    let end = "2027-01-01T00:00:00+01:00";
    let evaluation = with(&format!(r#""rights":{{"print":1,"end":"{end}","copy":2}}"#));
    assert_eq!(
        (
            evaluation.verdict,
            evaluation.identity.rights_end.as_deref()
        ),
        (Verdict::Allowed, Some(end))
    );
    for rights in [
        r#""rights":{}"#,
        r#""rights":{"end":1}"#,
        r#""rights":[{"end":"x"}]"#,
        r#""end":"x""#,
        r#""rights":{"x":{"end":"x"}}"#,
        r#""rights":{"end":"x","end":"y"}"#,
        r#""rights":{"end":"x"},"rights":{}"#,
    ] {
        let evaluation = with(rights);
        assert_eq!(
            (evaluation.verdict, evaluation.identity.rights_end),
            (Verdict::Allowed, None),
            "{rights}"
        );
    }
}

#[test]
fn a_status_document_is_recognized() {
    let status =
        r#"{"id":"a","status":"active","message":"m","updated":{},"links":[{"rel":"license"}]}"#;
    assert_restricted(status, Restriction::StatusDocument);
    for (from, to) in [
        ("active", "open"),
        (r#""message":"m","#, ""),
        (r#"[{"rel":"license"}]"#, "{}"),
    ] {
        assert_unrecognized(status.replace(from, to));
    }
}

#[test]
fn an_error_response_is_recognized() {
    let error =
        r#"{"type":"http://readium.org/license-status-document/error","title":"t","detail":"d"}"#;
    assert_restricted(error, Restriction::ErrorResponse);
    assert_restricted(
        r#"{"type":"about:blank","title":"Not Found","status":404}"#,
        Restriction::ErrorResponse,
    );
    assert_restricted(
        r#"{"title":"Not Found","status":404,"detail":"d"}"#,
        Restriction::ErrorResponse,
    );
    assert_unrecognized(r#"{"type":"audiobook","title":"t"}"#);
    for (from, to) in [
        (r#""title":"t","#, ""),
        (r#","detail":"d""#, ""),
        (r#""detail":"d""#, r#""status":"d""#),
    ] {
        assert_unrecognized(error.replace(from, to));
    }
}

#[test]
fn versions_compare_by_the_time_of_update_or_issue() {
    let of = |id: &str, dates: &str| {
        WHOLE
            .replace(r#""a""#, &format!("\"{id}\""))
            .replace(r#""issued":"2013-11-04T01:08:15Z""#, dates)
    };
    let first = of("a", r#""issued":"2013-11-04T01:08:15Z""#);
    let same_time = of("a", r#""issued":"2013-11-04T02:08:15+01:00""#);
    let updated = of(
        "a",
        r#""issued":"2013-11-04T01:08:15Z","updated":"2014-02-21T09:44:17.5+01:00""#,
    );
    let other = of("b", r#""issued":"2020-01-01T00:00:00Z""#);
    let is_older = |one: &str, than: &str| match (version(one.as_bytes()), version(than.as_bytes()))
    {
        (Some(one), Some(than)) => one.may_be_older_than(&than),
        _ => panic!("both have a version"),
    };
    assert!(is_older(&first, &updated));
    assert!(!is_older(&updated, &first));
    assert!(!is_older(&first, &same_time) && !is_older(&same_time, &first));
    assert!(!is_older(&first, &other), "another license");
    for date in [
        "2013-11-04",
        "2013-11-04T01:08:15",
        "2013-11-04T01:08:15+0100",
        "yesterday",
    ] {
        let without_date = of("a", &format!(r#""issued":"{date}""#));
        assert!(
            is_older(&first, &without_date) && is_older(&without_date, &first),
            "the times cannot be compared: {date}"
        );
    }
    let null = of("a", r#""issued":"2014-11-04T01:08:15Z","updated":null"#);
    assert!(
        is_older(&first, &null) && !is_older(&null, &first),
        "it was issued later"
    );
}

#[test]
fn only_a_well_formed_license_document_has_a_version() {
    assert!(version(WHOLE.as_bytes()).is_some());
    for document in [
        WHOLE.replace(r#""signature":{}"#, r#""x":{}"#),
        format!("{WHOLE}x"),
        "XMR".to_owned(),
    ] {
        assert_eq!(version(document.as_bytes()), None, "{document}");
    }
}

#[test]
fn invalid_json_after_a_license_member_is_malformed() {
    assert_malformed(r#"{"provider""#);
    assert_malformed(r#"{"encryption":"#);
    assert_malformed(r#"{"id":"a","encryption":{"content_key":[1,}"#);
    assert_malformed(format!("{WHOLE}x"));
    assert_malformed(format!("{WHOLE}{WHOLE}"));
}

#[test]
fn invalid_json_without_a_license_member_is_unrecognized() {
    assert_unrecognized("{");
    assert_unrecognized(r#"{"provider"#);
    assert_unrecognized(r#"{"id":"a","#);
    assert_unrecognized(r#"{"x":{"provider":"b","#);
    assert_unrecognized("{}}");
}

#[test]
fn bytes_that_are_not_utf8_are_invalid_json() {
    assert_malformed([WHOLE.as_bytes(), b"\xFF"].concat());
    assert_malformed(b"{\"provider\":\"b\",\"x\":\"\xFF\"}");
    assert_unrecognized(b"{\"x\":\"\xFF\",\"provider\":\"b\"}");
}

#[test]
fn the_id_before_an_error_is_returned() {
    let evaluation = evaluate(br#"{"id":"a","provider":"b","#);
    assert_eq!(evaluation.identity.license_ids, ["a"]);
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    for start in [
        r#"{"x":"#,
        r#"{"provider":"#,
        r#"{"rights":{"end":"#,
        r#"{"encryption":{"x":"#,
    ] {
        let _ = evaluate(format!("{start}{deep}").as_bytes());
    }
    let whole = WHOLE.replace(r#""id""#, &format!(r#""x":{deep},"id""#));
    assert_eq!(evaluate(whole.as_bytes()).verdict, Verdict::Allowed);
}
