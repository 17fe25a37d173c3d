//! Licenses of every format, with one file for each rule about their content.

use super::random::Random;
use super::wmdrm::{self, GRANT, bare, response, version_2, version_3};
use super::{Document, Expected, Identity, SampleLicense, in_directory, lcp, playready, xmr};

use Expected::{BackedUp, Error, Restricted};

pub(super) fn catalogue(random: &mut Random) -> Vec<SampleLicense> {
    let mut files = wmdrm_rights(random);
    files.extend(wmdrm_documents(random));
    files.extend(wmdrm_encodings(random));
    files.extend(xmr_licenses(random));
    files.extend(playready_responses(random));
    files.extend(lcp_documents(random));
    files.extend(broken(random));
    files.extend(protected_stores(random));
    files.extend(unrecognized(random));
    files
}

/// Returns version 2 licenses that differ in their rights to back up.
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn wmdrm_rights(random: &mut Random) -> Vec<SampleLicense> {
    let backup = r#"<ONACTION type="Backup">"#;
    let action = "<ACTION><![CDATA[secstate.backups < 5 && secstate.backups++]]></ACTION>";
    let cdata = GRANT.replace('1', "<![CDATA[1]]>");
    let with_action = cdata.replace("</ONACTION>", &format!("{action}</ONACTION>"));
    let cases: [(&str, String, Expected); 25] = [
        (
            "allowed/no-condition",
            format!("{backup}</ONACTION>"),
            BackedUp,
        ),
        (
            "allowed/empty-element",
            r#"<ONACTION type="Backup"/>"#.into(),
            BackedUp,
        ),
        ("allowed/one", GRANT.into(), BackedUp),
        ("allowed/true", GRANT.replace('1', "true"), BackedUp),
        ("allowed/trimmed", GRANT.replace('1', "\n\t 1 \n"), BackedUp),
        ("allowed/twice", GRANT.repeat(2), BackedUp),
        ("allowed/cdata", cdata, BackedUp),
        (
            "allowed/cdata-trimmed",
            GRANT.replace('1', "<![CDATA[ 1 ]]>"),
            BackedUp,
        ),
        ("allowed/cdata-with-action", with_action, BackedUp),
        ("allowed/reference", GRANT.replace('1', "&#49;"), BackedUp),
        (
            "allowed/commented",
            GRANT.replace('1', "<!-- always -->1"),
            BackedUp,
        ),
        (
            "restricted/none",
            String::new(),
            Restricted("not-permitted"),
        ),
        (
            "restricted/other-action",
            GRANT.replace("Backup", "Copy"),
            Restricted("not-permitted"),
        ),
        (
            "restricted/comment",
            format!("<!-- {GRANT} -->"),
            Restricted("not-permitted"),
        ),
        (
            "restricted/cdata",
            format!("<![CDATA[{GRANT}]]>"),
            Restricted("not-permitted"),
        ),
        (
            "restricted/meta",
            format!(r#"<META name="x">{GRANT}</META>"#),
            Restricted("not-permitted"),
        ),
        (
            "restricted/action-list",
            format!("<ACTIONLIST>{GRANT}</ACTIONLIST>"),
            Restricted("not-permitted"),
        ),
        (
            "restricted/requested",
            "<ACTIONLIST><ACTION>Backup</ACTION></ACTIONLIST>".into(),
            Restricted("not-permitted"),
        ),
        (
            "conditional/zero",
            GRANT.replace('1', "0"),
            Restricted("conditional"),
        ),
        (
            "conditional/capitals",
            GRANT.replace('1', "TRUE"),
            Restricted("conditional"),
        ),
        (
            "conditional/script",
            GRANT.replace('1', "secstate.backups &lt; 1"),
            Restricted("conditional"),
        ),
        (
            "conditional/cdata-script",
            GRANT.replace('1', "<![CDATA[secstate.backups < 1 && drmver >= 2]]>"),
            Restricted("conditional"),
        ),
        (
            "conditional/markup-in-cdata",
            GRANT.replace('1', "<![CDATA[<CONDITION>1</CONDITION>]]>"),
            Restricted("conditional"),
        ),
        (
            "conditional/contradicting",
            format!("{GRANT}{}", GRANT.replace('1', "0")),
            Restricted("conditional"),
        ),
        (
            "conditional/contradicting-in-other-order",
            format!("{}{backup}</ONACTION>", GRANT.replace('1', "0")),
            Restricted("conditional"),
        ),
    ];
    cases
        .into_iter()
        .map(|(name, rights, expected)| {
            response(&[version_2(random, &rights, 0)]).at(format!("wmdrm/{name}.lic"), expected)
        })
        .collect()
}

/// Returns documents that differ in the licenses that they contain.
fn wmdrm_documents(random: &mut Random) -> Vec<SampleLicense> {
    let denied_xmr = xmr::license(random, xmr::NOT_GRANTED, 0);
    let allowed_xmr = xmr::license(random, xmr::ALLOWED, 0);
    let two = [version_2(random, GRANT, 0), version_2(random, GRANT, 0)];
    let mixed = [
        version_2(random, GRANT, 0),
        version_2(random, "", 0),
        version_2(random, GRANT, 0),
    ];
    let both_versions = [
        version_2(random, GRANT, 0),
        version_3(&xmr::license(random, xmr::ALLOWED, 0)),
    ];
    // A grant outside of `DATA` does not apply to the license.
    let mut misplaced = version_2(random, "", 0);
    misplaced.text = misplaced.text.replacen(
        "<LICENSORINFO>",
        &format!("{GRANT}<LICENSORINFO>{GRANT}"),
        1,
    );
    vec![
        bare(version_2(random, GRANT, 0)).at("wmdrm/allowed/bare.lic", BackedUp),
        bare(version_2(random, "", 0)).at("wmdrm/restricted/bare.lic", Restricted("not-permitted")),
        response(&[misplaced]).at(
            "wmdrm/restricted/misplaced.lic",
            Restricted("not-permitted"),
        ),
        response(&two).at("wmdrm/several/all-allowed.lic", BackedUp),
        response(&mixed).at(
            "wmdrm/several/one-restricted.lic",
            Restricted("not-permitted"),
        ),
        response(&both_versions).at("wmdrm/several/both-versions.lic", BackedUp),
        response(&[version_3(&allowed_xmr)]).at("wmdrm/version-3/allowed.lic", BackedUp),
        response(&[version_3(&denied_xmr)])
            .at("wmdrm/version-3/denied.lic", Restricted("not-permitted")),
        response(&[wmdrm::encrypted(random)])
            .at("wmdrm/opaque/encrypted.lic", Restricted("opaque")),
        response(&[wmdrm::version_9(random)])
            .at("wmdrm/opaque/version-9.lic", Restricted("opaque")),
    ]
}

/// A function that encodes a text.
type Encode<'a> = &'a dyn Fn(&str) -> Vec<u8>;

/// Returns documents of one kind in each encoding that an XML processor must support, and one in
/// another encoding.
fn wmdrm_encodings(random: &mut Random) -> Vec<SampleLicense> {
    let utf8_mark = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let little = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    let big = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<_>>()
    };
    let encodings: [(&str, Encode); 6] = [
        ("utf-8-mark", &utf8_mark),
        ("utf-8-declared", &|text| {
            [
                br#"<?xml version="1.0" encoding="utf-8"?>"#,
                text.as_bytes(),
            ]
            .concat()
        }),
        ("utf-16-little", &little),
        ("utf-16-little-mark", &|text| {
            little(&format!(
                "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n{text}"
            ))
        }),
        ("utf-16-big", &big),
        ("utf-16-big-mark", &|text| big(&format!("\u{FEFF}{text}"))),
    ];
    let mut files = Vec::new();
    for (name, encode) in encodings {
        for (rights, standing, expected) in [
            (GRANT, "allowed", BackedUp),
            ("", "denied", Restricted("not-permitted")),
        ] {
            let document = response(&[version_2(random, rights, 0)]);
            let text =
                String::from_utf8(document.bytes.clone()).expect("a license is generated in UTF-8");
            let encoded = document.with_bytes(encode(&text));
            files.push(encoded.at(format!("wmdrm/encodings/{name}-{standing}.lic"), expected));
        }
    }
    files.push(wmdrm::latin_1(random).at("wmdrm/encodings/iso-8859-1.lic", Error("malformed")));
    files
}

fn xmr_licenses(random: &mut Random) -> Vec<SampleLicense> {
    let denied = Restricted("not-permitted");
    vec![
        xmr::license(random, xmr::ALLOWED, 0).at("xmr/allowed.xmr", BackedUp),
        xmr::license(random, xmr::NOT_GRANTED, 0).at("xmr/not-granted.xmr", denied),
        xmr::license(random, xmr::CANNOT_PERSIST, 0).at("xmr/cannot-persist.xmr", denied),
        xmr::license(random, xmr::CONTRADICTING, 0).at("xmr/contradicting.xmr", denied),
        xmr::license(random, &[], 0).at("xmr/no-rights.xmr", denied),
        xmr::license(random, xmr::TEMPORARY, 0).at("xmr/temporary.xmr", denied),
        xmr::of_version(random, 3).at("xmr/version-3.xmr", denied),
        xmr::of_version(random, 2).at("xmr/version-2.xmr", Restricted("opaque")),
    ]
}

fn playready_responses(random: &mut Random) -> Vec<SampleLicense> {
    let allowed = |random: &mut Random| xmr::license(random, xmr::ALLOWED, 0);
    let not_granted = |random: &mut Random| xmr::license(random, xmr::NOT_GRANTED, 0);
    let one_denied = playready::response(&[&allowed(random), &not_granted(random)]);
    let denied = Restricted("not-permitted");
    vec![
        playready::response(&[&allowed(random)]).at("playready/allowed.xml", BackedUp),
        playready::prefixed_response(&[&allowed(random)]).at("playready/prefixed.xml", BackedUp),
        playready::response(&[&not_granted(random)]).at("playready/denied.xml", denied),
        one_denied.at("playready/one-denied.xml", denied),
    ]
}

fn lcp_documents(random: &mut Random) -> Vec<SampleLicense> {
    vec![
        lcp::license(random, 0).at("lcp/book.lcpl", BackedUp),
        lcp::with_rights_end(random).at("lcp/loan.lcpl", BackedUp),
        lcp::without_signature(random).at("lcp/unsigned.lcpl", Error("malformed")),
        lcp::status(random).at("lcp/status.lcpl", Restricted("status-document")),
        lcp::error().at("lcp/error.lcpl", Restricted("error-response")),
    ]
}

/// Returns files in which old clients store all their licenses.
fn protected_stores(random: &mut Random) -> Vec<SampleLicense> {
    let ole = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", &random.bytes(8184)[..]].concat();
    let hds = [b"\x01\0\0\0", &random.bytes(8188)[..]].concat();
    let documents = [
        ("drmv2.lic", ole),
        ("drmstore.hds", hds.clone()),
        ("mspr.hds", hds),
    ]
    .map(|(name, bytes)| (name, Document::foreign(bytes)));
    in_directory("protected", documents, Restricted("protected-store"))
}

/// Returns documents that are recognized but malformed, and whose intact form may be backed up.
fn broken(random: &mut Random) -> Vec<SampleLicense> {
    let cut = |document: Document, removed: usize| {
        let kept = document.bytes.len() - removed;
        let bytes = document.bytes[..kept].to_vec();
        document.with_bytes(bytes)
    };
    let intact = response(&[version_2(random, GRANT, 0)]);
    let two_roots = intact.clone().with_bytes(intact.bytes.repeat(2));
    let bad_base64 = {
        let license = response(&[version_3(&xmr::license(random, xmr::ALLOWED, 0))]);
        let bytes = String::from_utf8_lossy(&license.bytes)
            .replacen("WE1S", "W*1S", 1)
            .into_bytes();
        license.with_bytes(bytes)
    };
    let cut_xmr = cut(xmr::license(random, xmr::ALLOWED, 0), 20);
    vec![
        cut(intact.clone(), "</LICENSERESPONSE>\n".len())
            .at("broken/last-tag-missing.lic", Error("malformed")),
        cut(intact, 900).at("broken/cut.lic", Error("malformed")),
        two_roots.at("broken/two-roots.lic", Error("malformed")),
        bad_base64.at("broken/version-3-not-base64.lic", Error("malformed")),
        response(&[version_3(&cut_xmr)]).at("broken/version-3-cut.lic", Error("malformed")),
        cut_xmr.at("broken/cut.xmr", Error("malformed")),
        Document::new(
            *b"XMR\0",
            Identity {
                format: Some("xmr"),
                ..Identity::default()
            },
        )
        .at("broken/signature-alone.xmr", Error("malformed")),
    ]
}

/// Returns files that are not licenses, whatever their names are.
fn unrecognized(random: &mut Random) -> Vec<SampleLicense> {
    let png = [b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", &random.bytes(600)[..]].concat();
    let cases: [(&str, Vec<u8>); 8] = [
        ("empty.lic", Vec::new()),
        ("notes.txt", b"The licenses of the old laptop.\n".to_vec()),
        ("cover.lic", png),
        (
            "page.xml",
            b"<html><body>LICENSERESPONSE</body></html>\n".to_vec(),
        ),
        (
            "wrapped.xml",
            format!("<ARCHIVE>{GRANT}</ARCHIVE>\n").into_bytes(),
        ),
        (
            "settings.json",
            br#"{"id": "1", "provider": "https://books.example.org"}"#.to_vec(),
        ),
        ("list.json", b"[1, 2, 3]".to_vec()),
        (
            "xmr-in-small-letters.xmr",
            [b"xmr\0", &random.bytes(300)[..]].concat(),
        ),
    ];
    let documents = cases.map(|(name, bytes)| (name, Document::foreign(bytes)));
    in_directory("unrecognized", documents, Restricted("unrecognized"))
}
