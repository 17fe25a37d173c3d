//! Tests of the rights gate against the standards of XML, JSON and XMR, for each part of
//! a document that is not plain data. Section numbers are those of XML 1.0 (fifth
//! edition), Namespaces in XML 1.0 (third edition) and RFC 8259.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::samples::{LCP, data, license, playready, response, xmr};
use super::{Restriction, Verdict, evaluate};

/// The expected verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Allowed,
    NotPermitted,
    Conditional,
    Opaque,
    Unrecognized,
    Malformed,
}

use Expected::{Allowed, Conditional, Malformed, NotPermitted, Opaque, Unrecognized};

/// A document, the rule of the standard for it, and the expected verdict.
struct Row {
    document: Vec<u8>,
    rule: &'static str,
    expected: Expected,
}

fn row(document: impl Into<Vec<u8>>, rule: &'static str, expected: Expected) -> Row {
    Row {
        document: document.into(),
        rule,
        expected,
    }
}

fn check(rows: impl IntoIterator<Item = Row>) {
    for Row {
        document,
        rule,
        expected,
    } in rows
    {
        let verdict = evaluate(&document).verdict;
        let found = match verdict {
            Verdict::Allowed => Allowed,
            Verdict::Restricted(Restriction::NotPermitted) => NotPermitted,
            Verdict::Restricted(Restriction::Conditional) => Conditional,
            Verdict::Restricted(Restriction::Opaque) => Opaque,
            Verdict::Restricted(Restriction::Unrecognized) => Unrecognized,
            Verdict::Restricted(other) => panic!("{rule}: {other:?}"),
            Verdict::Malformed(_) => Malformed,
        };
        assert_eq!(found, expected, "{rule}: {}", document.escape_ascii());
    }
}

/// Returns a license whose backup action has this condition.
fn condition(content: &str) -> String {
    data(&format!(
        r#"<ONACTION type="Backup"><CONDITION>{content}</CONDITION></ONACTION>"#
    ))
}

const GRANT: &str = r#"<ONACTION type="Backup"/>"#;

#[test]
fn every_form_of_character_data_is_read() {
    check([
        row(condition("1"), "2.4: text is character data", Allowed),
        row(
            condition("<![CDATA[1]]>"),
            "2.7: a CDATA section is character data",
            Allowed,
        ),
        row(
            condition("\n <![CDATA[ 1 ]]>\n"),
            "2.7: and may have text around it",
            Allowed,
        ),
        row(
            condition("<![CDATA[tr]]><![CDATA[ue]]>"),
            "2.7: two sections are one text",
            Allowed,
        ),
        row(
            condition("<![CDATA[secstate.x < 1 && 1]]>"),
            "2.7: markup in a section is text",
            Conditional,
        ),
        row(
            condition("<![CDATA[<X/>]]>"),
            "2.7: an element in a section is text",
            Conditional,
        ),
        row(
            condition("<![CDATA[&#49;]]>"),
            "2.7: a reference in a section is text",
            Conditional,
        ),
        row(
            data(&format!("<![CDATA[{GRANT}]]>")),
            "2.7: a right in a section is text",
            NotPermitted,
        ),
        row(
            condition("<![CDATA[1]]>]]>"),
            "2.4: the end mark of a section is not text",
            Malformed,
        ),
        row(
            condition("<![CDATA[1"),
            "2.7: a section has an end",
            Malformed,
        ),
        row(
            condition("&#49;"),
            "4.1: a character reference is the character",
            Allowed,
        ),
        row(condition("&#x31;"), "4.1: also in hexadecimal", Allowed),
        row(
            condition("&#0;"),
            "4.1: the character must be one of XML",
            Malformed,
        ),
        row(
            condition("&lt;1"),
            "4.6: a predefined entity is the character",
            Conditional,
        ),
        row(
            condition("&one;"),
            "4.1: any other entity must be declared",
            Malformed,
        ),
        row(
            condition("\u{A0}1"),
            "2.3: a no-break space is not white space",
            Conditional,
        ),
    ]);
}

#[test]
fn comments_are_skipped_and_instructions_deny() {
    check([
        row(
            condition("<!-- 0 -->1"),
            "2.5: a comment is not character data",
            Allowed,
        ),
        row(condition("tr<!-- -->ue"), "2.5: wherever it is", Allowed),
        row(
            condition("<!-- 1 -->"),
            "2.5: nor is its content",
            Conditional,
        ),
        row(
            data(&format!("<!-- {GRANT} -->")),
            "2.5: a right in a comment does not count",
            NotPermitted,
        ),
        row(
            condition("1<!-- -- -->"),
            "2.5: a comment has no two hyphens",
            Malformed,
        ),
        row(
            condition("<?x 0?>1"),
            "2.6: an instruction is for an application that knows it",
            Conditional,
        ),
        row(
            data(&format!("<?x?>{GRANT}")),
            "2.6: next to a right it makes no difference",
            Allowed,
        ),
        row(
            data(&format!("<?x {GRANT}?>")),
            "2.6: a right in an instruction does not count",
            NotPermitted,
        ),
        row(
            format!("<?x?>{}<!-- -->", license(GRANT)),
            "2.8: both may be around the root",
            Allowed,
        ),
    ]);
}

#[test]
fn attributes_match_by_expanded_name() {
    let with = |action: &str| data(action);
    check([
        row(
            with("<ONACTION type='Backup'/>"),
            "3.1: an attribute is in either quotes",
            Allowed,
        ),
        row(
            with("<ONACTION xmlns:a='urn:x' type = \"Backup\"\n/>"),
            "3.1: in any order, with white space",
            Allowed,
        ),
        row(
            with("<ONACTION a='1' type='Backup'/>"),
            "3.1: an application knows its attributes",
            Conditional,
        ),
        row(
            with("<ONACTION type='Backup' a:a='1'/>"),
            "3.1: also with a prefix",
            Conditional,
        ),
        row(
            with("<ONACTION type='Backup'><CONDITION a='1'>1</CONDITION></ONACTION>"),
            "3.1: here, too",
            Conditional,
        ),
        row(
            with("<ONACTION type='Backup'></ONACTION>"),
            "3.1: an empty element in two tags",
            Allowed,
        ),
        row(
            with("<ONACTION type='&#66;ackup'/>"),
            "3.3.3: references in a value are resolved",
            Allowed,
        ),
        row(
            with("<ONACTION type=' Backup'/>"),
            "3.3.3: white space in a value counts",
            NotPermitted,
        ),
        row(
            with("<ONACTION type='backup'/>"),
            "2.3: case counts",
            NotPermitted,
        ),
        row(
            with("<onaction type='Backup'/>"),
            "2.3: in names, too",
            NotPermitted,
        ),
        row(
            with("<ONACTION type='Play' type='Backup'/>"),
            "3.1: no attribute is duplicated",
            Malformed,
        ),
        row(
            with("<ONACTION x:type='Backup'/>"),
            "Namespaces 6.2: a prefix makes another attribute",
            NotPermitted,
        ),
    ]);
}

#[test]
fn elements_match_by_expanded_name() {
    let with = |action: &str| data(action);
    check([
        row(
            with("<x:ONACTION type='Backup'/>"),
            "Namespaces 5: a prefix must be declared",
            NotPermitted,
        ),
        row(
            with("<x:ONACTION xmlns:x='' type='Backup'/>"),
            "Namespaces 5: and not as an empty name",
            NotPermitted,
        ),
        row(
            with("<ONACTION xmlns='urn:x' type='Backup'/>"),
            "Namespaces 6.2: a default namespace",
            NotPermitted,
        ),
        row(
            with("<ONACTION xmlns='' type='Backup'/>"),
            "Namespaces 6.2: an empty name is no namespace",
            Allowed,
        ),
        row(
            data(GRANT).replace("<LICENSERESPONSE>", "<LICENSERESPONSE xmlns='urn:x'>"),
            "Namespaces 6.2: in a namespace it is another element",
            Unrecognized,
        ),
        row(
            data(GRANT).replace("LICENSERESPONSE", "x:LICENSERESPONSE"),
            "Namespaces 5: as with a prefix",
            Unrecognized,
        ),
        row(
            condition("<CONDITION>1</CONDITION>"),
            "3: an element is not character data",
            Conditional,
        ),
        row(
            response("<LICENSE version='2.0.0.0'/>"),
            "3.1: an empty element has no content",
            Opaque,
        ),
    ]);
}

#[test]
fn declarations_are_rejected_or_checked() {
    let declared = |declaration: &str| format!("{declaration}{}", license(GRANT));
    check([
        row(
            declared("<?xml version='1.0'?>"),
            "2.8: a declaration",
            Allowed,
        ),
        row(
            declared("<?xml version='1.1'?>"),
            "2.8: another version 1.x is read as 1.0",
            Allowed,
        ),
        row(
            declared("<?xml version='1.0' encoding='UTF-8'?>"),
            "4.3.3: UTF-8 must be read",
            Allowed,
        ),
        row(
            declared("<?xml version='1.0' encoding='iso-8859-1'?>"),
            "4.3.3: others may be read",
            Malformed,
        ),
        row(
            declared("<?xml encoding='UTF-8'?>"),
            "2.8: the version is required",
            Unrecognized,
        ),
        row(
            declared(" <?xml version='1.0'?>"),
            "2.8: it comes first",
            Unrecognized,
        ),
        row(
            declared("<!DOCTYPE LICENSE>"),
            "2.8: a document type may declare defaults",
            Malformed,
        ),
        row(
            declared("<!DOCTYPE LICENSE [<!ENTITY one '1'>]>"),
            "4.2: and entities",
            Malformed,
        ),
        row(
            format!("{}<!DOCTYPE LICENSE>", license(GRANT)),
            "2.8: it comes before the root",
            Malformed,
        ),
        row(
            b"\xEF\xBB\xBF"
                .iter()
                .copied()
                .chain(license(GRANT).bytes())
                .collect::<Vec<_>>(),
            "4.3.3: a mark",
            Allowed,
        ),
    ]);
}

#[test]
fn the_document_is_checked_to_its_end() {
    let text = BASE64.encode(xmr(&[4]));
    let response = playready(&format!("<License>{text}</License>"));
    check([
        row(response.clone(), "a complete response", Allowed),
        row(
            format!("{response}<x/>"),
            "2.1: one root element",
            Malformed,
        ),
        row(format!("{response}x"), "2.1: no text after it", Malformed),
        row(
            response.replace("</soap:Envelope>", ""),
            "2.1: every element has an end",
            Malformed,
        ),
        row(
            format!("{}\0", license(GRANT)),
            "2.2: only characters of XML",
            Malformed,
        ),
    ]);
}

#[test]
fn json_is_one_object_with_each_member_once() {
    let with = |member: &str| LCP.replacen('{', &format!("{{{member},"), 1);
    check([
        row(LCP, "RFC 8259, 4: an object", Allowed),
        row(
            with(r#""x":{"id":[1,{"id":2}]}"#),
            "4: names count where they are",
            Allowed,
        ),
        row(with(r#""id":"x""#), "4: names should be unique", Malformed),
        row(
            with(r#""\u0069d":"x""#),
            "7: an escaped name is the name",
            Malformed,
        ),
        row(
            LCP.replace(r#""id""#, r#""\u0069d""#),
            "7: as here",
            Allowed,
        ),
        row(
            LCP.replace(r#""id""#, r#""ID""#),
            "8.3: case counts",
            Malformed,
        ),
        row(
            LCP.replace("\"signature\"", "\"signatures\""),
            "the schema requires it",
            Malformed,
        ),
        row(
            format!("{LCP}//"),
            "2: nothing after it but white space",
            Malformed,
        ),
        row(LCP.replace('}', "},"), "2: no comma too many", Malformed),
        row(
            format!("\u{FEFF}{LCP}"),
            "8.1: a mark may be ignored",
            Allowed,
        ),
        row(
            LCP.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>(),
            "8.1: UTF-8 only",
            Unrecognized,
        ),
        row(
            LCP.replace('"', "'"),
            "7: strings are in double quotes",
            Unrecognized,
        ),
        row(
            format!("[{LCP}]"),
            "an array is not a license document",
            Unrecognized,
        ),
    ]);
}

#[test]
fn xmr_objects_must_fill_their_containers() {
    let whole = xmr(&[4]);
    let with_version = |version: u8| {
        let mut license = whole.clone();
        license[7] = version;
        license
    };
    let rights = |bits: u16| xmr(&[bits]);
    check([
        row(whole.clone(), "a complete license of version 1", Allowed),
        row(
            rights(0x0044),
            "cannot bind makes no difference for a backup",
            Allowed,
        ),
        row(rights(0x0084), "temporary store only", NotPermitted),
        row(rights(0x0005), "cannot persist", NotPermitted),
        row(xmr(&[]), "no rights settings", NotPermitted),
        row(
            xmr(&[4, 0]),
            "rights settings that contradict one another",
            NotPermitted,
        ),
        row(
            with_version(3),
            "a backup makes a version 3 license invalid",
            NotPermitted,
        ),
        row(
            [&with_version(3)[..], b"\0"].concat(),
            "with any layout of its objects",
            NotPermitted,
        ),
        row(
            [&with_version(4)[..], b"\0"].concat(),
            "the layout of other versions is not known",
            Opaque,
        ),
        row(
            with_version(2),
            "a version whose rights are not known",
            Opaque,
        ),
        row(
            [&whole[..], b"\0"].concat(),
            "bytes that are not an object",
            Malformed,
        ),
        row(
            whole[..whole.len() - 1].to_vec(),
            "a truncated object",
            Malformed,
        ),
    ]);
}
