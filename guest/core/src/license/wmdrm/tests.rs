//! Tests of which Windows Media DRM documents may be backed up, and of their identifiers.

mod malformed;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;
use crate::license::samples::{
    BACKUP, CONTENT_KEY_ID, KEY_ID, LICENSE_ID, data, license, response, xmr,
};
use crate::{Evaluation, Verdict, evaluate};

const NOT_PERMITTED: Verdict = Verdict::Restricted(Restriction::NotPermitted);
const CONDITIONAL: Verdict = Verdict::Restricted(Restriction::Conditional);
const OPAQUE: Verdict = Verdict::Restricted(Restriction::Opaque);
const UNRECOGNIZED: Verdict = Verdict::Restricted(Restriction::Unrecognized);

fn verdict(document: impl AsRef<[u8]>) -> Verdict {
    evaluate(document.as_ref()).verdict
}

fn assert_verdict(expected: &Verdict, documents: &[String]) {
    for document in documents {
        assert_eq!(&verdict(document), expected, "{document}");
    }
}

fn assert_malformed(documents: &[String]) {
    for document in documents {
        let Evaluation { identity, verdict } = evaluate(document.as_bytes());
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{verdict:?} for {document}"
        );
        assert_eq!(identity.format, Some(LicenseFormat::Wmdrm));
    }
}

/// A response with an action of type `Backup` whose content is `content`.
fn action(content: &str) -> String {
    data(&format!(r#"<ONACTION type="Backup">{content}</ONACTION>"#))
}

fn condition(content: &str) -> String {
    action(&format!("<CONDITION>{content}</CONDITION>"))
}

/// A version 3 license.
fn license_3(content: &str) -> String {
    format!(r#"<LICENSE version="3.0.0.0">{content}</LICENSE>"#)
}

fn granting_3() -> String {
    license_3(&BASE64.encode(xmr(&[4])))
}

#[test]
fn a_license_that_grants_the_backup_is_allowed() {
    for document in [response(&license(BACKUP)), license(BACKUP)] {
        let Evaluation { identity, verdict } = evaluate(document.as_bytes());
        assert_eq!(verdict, Verdict::Allowed);
        assert_eq!(identity.format, Some(LicenseFormat::Wmdrm));
        assert_eq!(identity.license_ids, [LICENSE_ID]);
        assert_eq!(identity.key_ids, [KEY_ID]);
    }
}

#[test]
fn utf8_and_utf16_have_the_same_verdict() {
    for (actions, expected) in [(BACKUP, Verdict::Allowed), ("", NOT_PERMITTED)] {
        for mark in ["\u{FEFF}", ""] {
            let text = format!("{mark}{}", response(&license(actions)));
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for document in [text.as_bytes(), &little, &big] {
                let evaluation = evaluate(document);
                assert_eq!(evaluation.verdict, expected);
                assert_eq!(evaluation.identity.key_ids, [KEY_ID]);
            }
        }
    }
}

#[test]
fn an_action_without_a_condition_grants() {
    assert_verdict(
        &Verdict::Allowed,
        &[
            action(""),
            action("<ACTION>x</ACTION>"),
            data("<ONACTION type='Backup'/>"),
            data("<ONACTION type = 'Backup' />"),
            action("<ACTION><CONDITION>0</CONDITION></ACTION>"),
        ],
    );
}

#[test]
fn a_condition_that_is_1_or_true_grants() {
    assert_verdict(
        &Verdict::Allowed,
        &[
            "1",
            "true",
            " \t\r\n1\n",
            " true ",
            "&#49;",
            "&#x31;",
            "<![CDATA[1]]>",
            "<![CDATA[ 1 ]]>",
            "1<![CDATA[]]>",
            "<![CDATA[tr]]>ue",
            "<!-- -->1",
            "1<!-- -->",
            "t<!-- -->rue",
        ]
        .map(condition),
    );
}

#[test]
fn any_other_condition_is_conditional() {
    let contents = [
        "",
        " ",
        "0",
        "false",
        "TRUE",
        "True",
        "11",
        "1 1",
        "01",
        "1.0",
        "+1",
        "1;",
        "\u{A0}1",
        "true()",
        "1&amp;",
        "<![CDATA[<CONDITION>1</CONDITION>]]>",
        "<![CDATA[&#49;]]>",
        "<![CDATA[0]]>",
        "1<![CDATA[1]]>",
        "<!-- 1 -->",
        "1<?p?>",
        "<?p?>1",
        "1<X/>",
        "<X>1</X>",
        "<X/>1",
        "tr<X/>ue",
        "<CONDITION>1</CONDITION>",
    ];
    assert_verdict(&CONDITIONAL, &contents.map(condition));
    assert_verdict(&CONDITIONAL, &[action("<CONDITION/>")]);
}

#[test]
fn any_other_content_of_the_action_is_conditional() {
    assert_verdict(
        &CONDITIONAL,
        &[
            "<condition>0</condition>",
            "<CONDITION xmlns='urn:x'>1</CONDITION>",
            "<x:CONDITION>0</x:CONDITION>",
            "<IF><CONDITION>0</CONDITION></IF>",
            "<ACTION xmlns='urn:x'/>",
            "0",
            "<![CDATA[0]]>",
            "&#48;",
            "<?p?>",
            "<CONDITION>1</CONDITION>0",
            "0<CONDITION>1</CONDITION>",
            "<X/><CONDITION>1</CONDITION>",
        ]
        .map(action),
    );
    assert_verdict(
        &Verdict::Allowed,
        &[
            " \n<!-- 0 -->",
            "<CONDITION>1</CONDITION><ACTION>0</ACTION>",
        ]
        .map(action),
    );
}

#[test]
fn elements_of_another_namespace_grant_nothing() {
    let foreign = r#"<ONACTION xmlns="urn:x" type="Backup"><CONDITION>0</CONDITION></ONACTION>"#;
    assert_verdict(
        &CONDITIONAL,
        &[
            data(&format!("{BACKUP}{foreign}")),
            data(&format!("{foreign}{BACKUP}")),
            data(&format!("{BACKUP}<x:ONACTION/>")),
        ],
    );
    assert_verdict(
        &OPAQUE,
        &[
            response(&format!("{}<LICENSE xmlns='urn:x'/>", license(BACKUP))),
            data(&format!("{BACKUP}<x:LICENSE/>")),
        ],
    );
}

#[test]
fn a_license_with_two_data_elements_is_opaque() {
    assert_verdict(
        &OPAQUE,
        &[
            data(&format!("{BACKUP}</DATA><DATA>")),
            data(&format!("</DATA><DATA>{BACKUP}")),
            data(&format!(
                "{BACKUP}</DATA></LICENSORINFO><LICENSORINFO><DATA>{BACKUP}"
            )),
        ],
    );
}

#[test]
fn two_conditions_are_conditional() {
    let one = "<CONDITION>1</CONDITION>";
    assert_verdict(
        &CONDITIONAL,
        &[
            action(&one.repeat(2)),
            action(&one.repeat(3)),
            action(&format!("{one}<CONDITION>0</CONDITION>")),
            action(&format!("<CONDITION>0</CONDITION>{one}")),
        ],
    );
}

#[test]
fn every_backup_action_must_grant() {
    let refusal = r#"<ONACTION type="Backup"><CONDITION>0</CONDITION></ONACTION>"#;
    assert_verdict(&Verdict::Allowed, &[data(&BACKUP.repeat(2))]);
    assert_verdict(
        &CONDITIONAL,
        &[
            data(&format!("{BACKUP}{refusal}")),
            data(&format!("{refusal}{BACKUP}")),
            data(&format!(
                "{BACKUP}{}",
                refusal.replace("Backup", "&#66;ackup")
            )),
        ],
    );
}

#[test]
fn a_license_without_a_backup_action_is_not_permitted() {
    assert_verdict(
        &NOT_PERMITTED,
        &[
            response(&license("")),
            data(""),
            data(&BACKUP.replace("Backup", "Play")),
            data(&BACKUP.replace("Backup", "backup")),
            data(&BACKUP.replace("Backup", " Backup")),
            data(&BACKUP.replace("Backup", "")),
            data(&BACKUP.replace(r#" type="Backup""#, "")),
            data(&BACKUP.replace("type", "TYPE")),
            data(&BACKUP.replace("type", "x:type")),
            data(&BACKUP.replace("ONACTION", "OnAction")),
            data(&BACKUP.replace("ONACTION", "x:ONACTION")),
            data(&BACKUP.replace("ONACTION type", "ONACTION xmlns='urn:x' type")),
        ],
    );
}

#[test]
fn an_action_grants_only_at_its_position() {
    let outer = |before: &str, after: &str| {
        response(&format!(
            r#"<LICENSE version="2.0.0.0">{before}<LICENSORINFO>{before}<DATA></DATA>{after}</LICENSORINFO>{after}</LICENSE>"#
        ))
    };
    assert_verdict(
        &NOT_PERMITTED,
        &[
            data(&format!("<!--{BACKUP}-->")),
            data(&format!("<![CDATA[{BACKUP}]]>")),
            data(&format!("<?p {BACKUP}?>")),
            data(&format!("<META name=\"x\">{BACKUP}</META>")),
            data(&format!("<ACTIONLIST>{BACKUP}</ACTIONLIST>")),
            data("<ACTIONLIST><ACTION>Backup</ACTION></ACTIONLIST>"),
            data(&format!("<DATA>{BACKUP}</DATA>")),
            data(&format!(
                "<LICENSORINFO><DATA>{BACKUP}</DATA></LICENSORINFO>"
            )),
            data(&format!("<ONACTION type='Play'>{BACKUP}</ONACTION>")),
            outer(BACKUP, ""),
            outer("", BACKUP),
            response(&format!("{BACKUP}{}<DATA>{BACKUP}</DATA>", license(""))),
        ],
    );
}

#[test]
fn a_denial_at_another_position_is_ignored() {
    let refusal = r#"<ONACTION type="Backup"><CONDITION>0</CONDITION></ONACTION>"#;
    assert_verdict(
        &Verdict::Allowed,
        &[data(&format!(
            "{BACKUP}<META>{refusal}</META><!--{refusal}-->"
        ))],
    );
}

#[test]
fn other_versions_and_encrypted_licenses_are_opaque() {
    let versions = ["1.0.0.0", "2.0.0.1", "2.0", "", " 2.0.0.0", "4.0.0.0"];
    assert_verdict(
        &OPAQUE,
        &versions.map(|version| data(BACKUP).replace("2.0.0.0", version)),
    );
    assert_verdict(
        &OPAQUE,
        &[
            data(BACKUP).replace(r#" version="2.0.0.0""#, ""),
            data(BACKUP).replace("version=\"2", "VERSION=\"2"),
            response(r#"<LICENSE version="2.0.0.0">c2VjcmV0</LICENSE>"#),
            response(r#"<LICENSE version="2.0.0.0"/>"#),
            response(r#"<LICENSE version="2.0.0.0"><LICENSORINFO/></LICENSE>"#),
            response(&format!(
                r#"<LICENSE version="2.0.0.0"><DATA>{BACKUP}</DATA></LICENSE>"#
            )),
            response("<LICENSE/>"),
            "<LICENSE/>".to_owned(),
        ],
    );
}

#[test]
fn a_license_without_a_version_has_that_of_the_response() {
    let unversioned = data(BACKUP).replace(r#" version="2.0.0.0""#, "");
    let in_response = |version: &str| {
        unversioned.replace(
            "<LICENSERESPONSE>",
            &format!("<LICENSERESPONSE version='{version}'>"),
        )
    };
    assert_verdict(
        &Verdict::Allowed,
        &[
            in_response("2.0.0.0"),
            in_response("&#50;.0.0.0"),
            data(BACKUP).replace("<LICENSERESPONSE>", "<LICENSERESPONSE version='9.0.0.0'>"),
        ],
    );
    assert_verdict(
        &OPAQUE,
        &[
            in_response("9.0.0.0"),
            data(BACKUP)
                .replace("2.0.0.0", "9.0.0.0")
                .replace("<LICENSERESPONSE>", "<LICENSERESPONSE version='2.0.0.0'>"),
        ],
    );
}

#[test]
fn a_version_3_license_is_evaluated_as_xmr() {
    let wrapped: String = BASE64
        .encode(xmr(&[4]))
        .chars()
        .flat_map(|character| [character, '\n', '\t', ' ', '\r'])
        .collect();
    let good = BASE64.encode(xmr(&[4]));
    let (start, end) = good.split_at(20);
    let split = [
        format!("{start}<!-- -->{end}"),
        format!("{start}<![CDATA[]]>{end}"),
        format!("<![CDATA[{good}]]>"),
        format!("{start}&#32;{end}"),
    ];
    let documents = [
        response(&granting_3()),
        granting_3(),
        response(&license_3(&wrapped)),
    ];
    for document in documents
        .into_iter()
        .chain(split.map(|content| license_3(&content)))
    {
        let Evaluation { identity, verdict } = evaluate(document.as_bytes());
        assert_eq!(verdict, Verdict::Allowed, "{document}");
        assert_eq!(identity.format, Some(LicenseFormat::Wmdrm));
        assert_eq!(identity.key_ids, [CONTENT_KEY_ID]);
        assert!(identity.license_ids.is_empty());
    }
    assert_verdict(
        &NOT_PERMITTED,
        &[&[][..], &[0], &[5], &[4, 0]]
            .map(|rights| response(&license_3(&BASE64.encode(xmr(rights))))),
    );
}

#[test]
fn a_version_3_license_must_be_base64_of_xmr() {
    let good = BASE64.encode(xmr(&[4]));
    let (start, end) = good.split_at(20);
    assert_malformed(
        &[
            "",
            " ",
            "AAAA",
            &BASE64.encode(&xmr(&[4])[..60]),
            &BASE64.encode(data(BACKUP)),
            &format!("{good}="),
            &format!("{good}!"),
            &good[1..],
            &format!("{start}<?p?>{end}"),
            &format!("{start}<X/>{end}"),
            &format!("<LICENSORINFO><DATA>{BACKUP}</DATA></LICENSORINFO>{good}"),
            &format!("{good}<LICENSE/>"),
        ]
        .map(|content| response(&license_3(content))),
    );
}

#[test]
fn every_license_of_a_document_must_allow_the_backup() {
    let (granting, refusing) = (license(BACKUP), license(""));
    let conditional = license(&BACKUP.replace('1', "0"));
    let encrypted = r#"<LICENSE version="2.0.0.0">c2VjcmV0</LICENSE>"#;
    let all = |licenses: &[&str]| response(&licenses.concat());
    assert_verdict(
        &Verdict::Allowed,
        &[
            all(&[&granting, &granting]),
            all(&[&granting, &granting_3()]),
        ],
    );
    assert_verdict(
        &NOT_PERMITTED,
        &[
            all(&[&granting, &refusing]),
            all(&[&refusing, &granting]),
            all(&[&granting_3(), &refusing, &conditional, encrypted]),
        ],
    );
    assert_verdict(&CONDITIONAL, &[all(&[&granting, &conditional, &refusing])]);
    assert_verdict(
        &OPAQUE,
        &[all(&[encrypted, &refusing]), all(&[&granting, encrypted])],
    );
    assert_malformed(&[
        all(&[&granting, &license_3("")]),
        all(&[&refusing, &license_3("")]),
    ]);
}

#[test]
fn the_ids_of_all_licenses_are_returned() {
    let evaluation =
        evaluate(response(&[license(BACKUP), granting_3(), license("")].concat()).as_bytes());
    assert_eq!(evaluation.identity.license_ids, [LICENSE_ID, LICENSE_ID]);
    assert_eq!(
        evaluation.identity.key_ids,
        [KEY_ID, CONTENT_KEY_ID, KEY_ID]
    );
}

#[test]
fn a_license_at_another_position_makes_the_document_opaque() {
    let granting = license(BACKUP);
    assert_verdict(
        &OPAQUE,
        &[
            data(&format!("{BACKUP}<META>{granting}</META>")),
            data(&format!("{BACKUP}<LICENSE/>")),
            response(&format!("{granting}<X><LICENSE/></X>")),
            response(&format!("<X>{granting}</X>")),
            response(&format!("<LICENSERESPONSE>{granting}</LICENSERESPONSE>")),
            response(&format!("{}<X><LICENSE/></X>", license(""))),
        ],
    );
}

#[test]
fn only_plain_base64_at_its_position_is_an_id() {
    let longest = "A".repeat(256);
    for (id, expected) in [
        ("\r\n AAAA\t", Some("AAAA")),
        (&longest, Some(&*longest)),
        (&"A".repeat(257), None),
        ("", None),
        ("A!*A+/==", Some("A!*A+/==")),
        ("AA.A", None),
        ("AA AA", None),
        ("<b>", None),
        ("AAAA<!-- -->", Some("AAAA")),
        ("<![CDATA[ AAAA ]]>", Some("AAAA")),
        ("AAA&#65;", Some("AAAA")),
        ("AAAA<?p?>", None),
        ("AAAA<X/>", None),
        ("<X>AAAA</X>", None),
    ] {
        let document = data(&format!("<LID>{id}</LID><KID>{id}</KID>"));
        let identity = evaluate(document.replace("<b>", "&lt;b&gt;").as_bytes()).identity;
        assert_eq!(identity.license_ids, Vec::from_iter(expected), "{id}");
        assert_eq!(identity.key_ids, Vec::from_iter(expected), "{id}");
    }
    let elsewhere = data("<META><LID>AAAA</LID><KID>AAAA</KID></META></DATA><KID>AAAA</KID><DATA>");
    assert!(evaluate(elsewhere.as_bytes()).identity.key_ids.is_empty());
}

#[test]
fn at_most_64_ids_are_returned() {
    let identity = evaluate(data(&"<LID>AAAA</LID><KID>BBBB</KID>".repeat(65)).as_bytes()).identity;
    assert_eq!(
        (identity.license_ids.len(), identity.key_ids.len()),
        (64, 64)
    );
}
