//! One file for each thing that a document of a format may say, or fail to say.

use super::random::Random;
use super::wmdrm::{self, GRANT, bare, response, version_2, version_3};
use super::{Document, Expected, Identity, SampleLicense, lcp, xmr};

use Expected::{BackedUp, Error, Restricted};

pub(super) fn catalogue(random: &mut Random) -> Vec<SampleLicense> {
    let mut files = wmdrm_rights(random);
    files.extend(wmdrm_documents(random));
    files.extend(wmdrm_encodings(random));
    files.extend(xmr_licenses(random));
    files.push(lcp::license(random, 0).at("lcp/book.lcpl", BackedUp));
    files.extend(broken(random));
    files.extend(unrecognized(random));
    files
}

/// Version 2 licenses that differ in what they say of backups.
fn wmdrm_rights(random: &mut Random) -> Vec<SampleLicense> {
    let backup = r#"<ONACTION type="Backup">"#;
    let cases: [(&str, String, Expected); 18] = [
        ("allowed/no-condition", format!("{backup}</ONACTION>"), BackedUp),
        ("allowed/empty-element", r#"<ONACTION type="Backup"/>"#.into(), BackedUp),
        ("allowed/one", GRANT.into(), BackedUp),
        ("allowed/true", GRANT.replace('1', "true"), BackedUp),
        ("allowed/trimmed", GRANT.replace('1', "\n\t 1 \n"), BackedUp),
        ("allowed/twice", GRANT.repeat(2), BackedUp),
        ("restricted/none", String::new(), Restricted("not-permitted")),
        ("restricted/other-action", GRANT.replace("Backup", "Copy"), Restricted("not-permitted")),
        ("restricted/comment", format!("<!-- {GRANT} -->"), Restricted("not-permitted")),
        ("restricted/cdata", format!("<![CDATA[{GRANT}]]>"), Restricted("not-permitted")),
        ("restricted/meta", format!(r#"<META name="x">{GRANT}</META>"#), Restricted("not-permitted")),
        ("restricted/action-list", format!("<ACTIONLIST>{GRANT}</ACTIONLIST>"), Restricted("not-permitted")),
        (
            "restricted/requested",
            "<ACTIONLIST><ACTION>Backup</ACTION></ACTIONLIST>".into(),
            Restricted("not-permitted"),
        ),
        ("conditional/zero", GRANT.replace('1', "0"), Restricted("conditional")),
        ("conditional/capitals", GRANT.replace('1', "TRUE"), Restricted("conditional")),
        ("conditional/script", GRANT.replace('1', "secstate.backups &lt; 1"), Restricted("conditional")),
        ("conditional/contradicting", format!("{GRANT}{}", GRANT.replace('1', "0")), Restricted("conditional")),
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

/// Documents that differ in which licenses they hold.
fn wmdrm_documents(random: &mut Random) -> Vec<SampleLicense> {
    let denied_xmr = xmr::license(random, xmr::NOT_GRANTED, 0);
    let allowed_xmr = xmr::license(random, xmr::ALLOWED, 0);
    let two = [version_2(random, GRANT, 0), version_2(random, GRANT, 0)];
    let mixed = [version_2(random, GRANT, 0), version_2(random, "", 0), version_2(random, GRANT, 0)];
    let both_versions = [version_2(random, GRANT, 0), version_3(&xmr::license(random, xmr::ALLOWED, 0))];
    // What stands beside `LICENSORINFO`, or above it, is not the license's own.
    let mut misplaced = version_2(random, "", 0);
    misplaced.text = misplaced.text.replacen("<LICENSORINFO>", &format!("{GRANT}<LICENSORINFO>{GRANT}"), 1);
    vec![
        bare(version_2(random, GRANT, 0)).at("wmdrm/allowed/bare.lic", BackedUp),
        bare(version_2(random, "", 0)).at("wmdrm/restricted/bare.lic", Restricted("not-permitted")),
        response(&[misplaced]).at("wmdrm/restricted/misplaced.lic", Restricted("not-permitted")),
        response(&two).at("wmdrm/several/all-allowed.lic", BackedUp),
        response(&mixed).at("wmdrm/several/one-restricted.lic", Restricted("not-permitted")),
        response(&both_versions).at("wmdrm/several/both-versions.lic", BackedUp),
        response(&[version_3(&allowed_xmr)]).at("wmdrm/version-3/allowed.lic", BackedUp),
        response(&[version_3(&denied_xmr)]).at("wmdrm/version-3/denied.lic", Restricted("not-permitted")),
        response(&[wmdrm::encrypted(random)]).at("wmdrm/opaque/encrypted.lic", Restricted("opaque")),
        response(&[wmdrm::version_9(random)]).at("wmdrm/opaque/version-9.lic", Restricted("opaque")),
    ]
}

/// How a text becomes bytes.
type Encode<'a> = &'a dyn Fn(&str) -> Vec<u8>;

/// The same kind of document in each encoding that an XML processor must know.
fn wmdrm_encodings(random: &mut Random) -> Vec<SampleLicense> {
    let utf8_mark = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let encodings: [(&str, Encode); 6] = [
        ("utf-8-mark", &utf8_mark),
        ("utf-8-declared", &|text| [br#"<?xml version="1.0" encoding="utf-8"?>"#, text.as_bytes()].concat()),
        ("utf-16-little", &little),
        ("utf-16-little-mark", &|text| {
            little(&format!("\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n{text}"))
        }),
        ("utf-16-big", &big),
        ("utf-16-big-mark", &|text| big(&format!("\u{FEFF}{text}"))),
    ];
    let mut files = Vec::new();
    for (name, encode) in encodings {
        for (rights, standing, expected) in [(GRANT, "allowed", BackedUp), ("", "denied", Restricted("not-permitted"))]
        {
            let document = response(&[version_2(random, rights, 0)]);
            let text = String::from_utf8(document.bytes.clone()).expect("a license is made as UTF-8");
            let encoded = document.with_bytes(encode(&text));
            files.push(encoded.at(format!("wmdrm/encodings/{name}-{standing}.lic"), expected));
        }
    }
    files
}

fn xmr_licenses(random: &mut Random) -> Vec<SampleLicense> {
    vec![
        xmr::license(random, xmr::ALLOWED, 0).at("xmr/allowed.xmr", BackedUp),
        xmr::license(random, xmr::NOT_GRANTED, 0).at("xmr/not-granted.xmr", Restricted("not-permitted")),
        xmr::license(random, xmr::CANNOT_PERSIST, 0).at("xmr/cannot-persist.xmr", Restricted("not-permitted")),
        xmr::license(random, xmr::CONTRADICTING, 0).at("xmr/contradicting.xmr", Restricted("not-permitted")),
        xmr::license(random, &[], 0).at("xmr/no-rights.xmr", Restricted("not-permitted")),
    ]
}

/// Documents that are recognised, and would be allowed if they were whole.
fn broken(random: &mut Random) -> Vec<SampleLicense> {
    let cut = |document: Document, lost: usize| {
        let kept = document.bytes.len() - lost;
        let bytes = document.bytes[..kept].to_vec();
        document.with_bytes(bytes)
    };
    let whole = response(&[version_2(random, GRANT, 0)]);
    let two_roots = whole.clone().with_bytes(whole.bytes.repeat(2));
    let bad_base64 = {
        let license = response(&[version_3(&xmr::license(random, xmr::ALLOWED, 0))]);
        let bytes = String::from_utf8_lossy(&license.bytes).replacen("WE1S", "W*1S", 1).into_bytes();
        license.with_bytes(bytes)
    };
    let cut_xmr = cut(xmr::license(random, xmr::ALLOWED, 0), 20);
    vec![
        cut(whole.clone(), "</LICENSERESPONSE>\n".len()).at("broken/last-tag-missing.lic", Error("malformed")),
        cut(whole, 900).at("broken/cut.lic", Error("malformed")),
        two_roots.at("broken/two-roots.lic", Error("malformed")),
        bad_base64.at("broken/version-3-not-base64.lic", Error("malformed")),
        response(&[version_3(&cut_xmr)]).at("broken/version-3-cut.lic", Error("malformed")),
        cut_xmr.at("broken/cut.xmr", Error("malformed")),
        Document { bytes: b"XMR\0".to_vec(), identity: Identity { format: Some("xmr"), ..Identity::default() } }
            .at("broken/signature-alone.xmr", Error("malformed")),
    ]
}

/// Files that are no license at all, whatever their names say.
fn unrecognized(random: &mut Random) -> Vec<SampleLicense> {
    let png = [b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", &random.bytes(600)[..]].concat();
    let cases: [(&str, Vec<u8>); 8] = [
        ("empty.lic", Vec::new()),
        ("notes.txt", b"The licenses of the old laptop.\n".to_vec()),
        ("cover.lic", png),
        ("page.xml", b"<html><body>LICENSERESPONSE</body></html>\n".to_vec()),
        ("wrapped.xml", format!("<ARCHIVE>{GRANT}</ARCHIVE>\n").into_bytes()),
        ("settings.json", br#"{"id": "1", "provider": "https://books.example.org"}"#.to_vec()),
        ("list.json", b"[1, 2, 3]".to_vec()),
        ("xmr-in-small-letters.xmr", [b"xmr\0", &random.bytes(300)[..]].concat()),
    ];
    cases
        .into_iter()
        .map(|(name, bytes)| Document::foreign(bytes).at(format!("unrecognized/{name}"), Restricted("unrecognized")))
        .collect()
}
