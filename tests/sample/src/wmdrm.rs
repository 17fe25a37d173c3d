//! Windows Media DRM license responses: XML of version 2, and of version 3, which contains an XMR
//! license.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::random::Random;
use super::{Document, Identity, xmr};

/// The right to back up, as most licenses express it.
pub(super) const GRANT: &str = r#"<ONACTION type="Backup"><CONDITION>1</CONDITION></ONACTION>"#;

/// A `LICENSE` element.
#[derive(Debug, Clone)]
pub(super) struct License {
    pub(super) text: String,
    lid: Option<String>,
    kid: Option<String>,
}

/// Returns a license of version 2. Its `DATA` contains `rights` after the right to play. It is
/// longer by `filler` bytes in base64.
pub(super) fn version_2(random: &mut Random, rights: &str, filler: usize) -> License {
    let lid = random.base64(16);
    let kid = random.base64(16);
    let content = random.guid();
    let public_key = random.base64(40);
    let enabling_bits = random.base64(48);
    let signature = random.base64(40);
    let certificate = random.base64(174);
    let filler = random.base64(filler);
    let text = format!(
        r#"<LICENSE version="2.0.0.0">
<LICENSORINFO>
<DATA>
<LID>{lid}</LID>
<KID>{kid}</KID>
<ISSUEDATE>20070314 09:26:53Z</ISSUEDATE>
<PRIORITY>10</PRIORITY>
<META name="ContentID">{content}</META>
<ONSTORE><ACTION><![CDATA[secstate.playcount = 0]]></ACTION></ONSTORE>
<ONACTION type="Play"><CONDITION><![CDATA[drmver >= 2]]></CONDITION><ACTION><![CDATA[secstate.playcount++]]></ACTION></ONACTION>
{rights}
<PUBKEY type="machine">{public_key}</PUBKEY>
<ENABLINGBITS><ALGORITHM type="MSDRM"></ALGORITHM><VALUE>{enabling_bits}</VALUE></ENABLINGBITS>
</DATA>
<SIGNATURE><HASHALGORITHM type="SHA"></HASHALGORITHM><SIGNALGORITHM type="MSDRM"></SIGNALGORITHM><VALUE>{signature}</VALUE></SIGNATURE>
<CERTIFICATECHAIN>
<CERTIFICATE>{certificate}</CERTIFICATE>
<CERTIFICATE>{filler}</CERTIFICATE>
</CERTIFICATECHAIN>
</LICENSORINFO>
</LICENSE>"#
    );
    License {
        text,
        lid: Some(lid),
        kid: Some(kid),
    }
}

/// Returns a license of version 3 that contains `xmr`.
pub(super) fn version_3(xmr: &Document) -> License {
    let text = format!(
        r#"<LICENSE version="3.0.0.0">{}</LICENSE>"#,
        BASE64_STANDARD.encode(&xmr.bytes)
    );
    License {
        text,
        lid: None,
        kid: xmr.identity.key_ids.first().cloned(),
    }
}

/// Returns a license whose content is encrypted to a device.
pub(super) fn encrypted(random: &mut Random) -> License {
    let text = format!(
        r#"<LICENSE version="2.0.0.0">{}</LICENSE>"#,
        random.base64(1500)
    );
    License {
        text,
        lid: None,
        kid: None,
    }
}

/// Returns a license of an unknown version, whose IDs are in the usual places.
pub(super) fn version_9(random: &mut Random) -> License {
    let known = version_2(random, GRANT, 0);
    License {
        text: known
            .text
            .replacen(r#"version="2.0.0.0""#, r#"version="9.0.0.0""#, 1),
        ..known
    }
}

/// Returns a document with licenses below the usual root.
pub(super) fn response(licenses: &[License]) -> Document {
    let texts: Vec<_> = licenses
        .iter()
        .map(|license| license.text.as_str())
        .collect();
    document(
        licenses,
        format!(
            "<LICENSERESPONSE>\n{}\n</LICENSERESPONSE>\n",
            texts.join("\n")
        ),
    )
}

/// Returns a document with a license as its root.
pub(super) fn bare(license: License) -> Document {
    let text = license.text.clone();
    document(&[license], text)
}

fn document(licenses: &[License], text: String) -> Document {
    let identity = Identity {
        format: Some("wmdrm"),
        license_ids: licenses
            .iter()
            .filter_map(|license| license.lid.clone())
            .collect(),
        key_ids: licenses
            .iter()
            .filter_map(|license| license.kid.clone())
            .collect(),
        rights_end: None,
    };
    Document::new(text, identity)
}

/// Returns a license in ISO 8859-1, whose title is not valid UTF-8. The document declares its
/// encoding, and its IDs are not read.
pub(super) fn latin_1(random: &mut Random) -> Document {
    let rights = format!(r#"<META name="Title">Mémoires d'un âne</META>{GRANT}"#);
    let text = response(&[version_2(random, &rights, 0)]).bytes;
    let text = String::from_utf8_lossy(&text);
    let characters = text
        .chars()
        .map(|character| u8::try_from(character).unwrap_or(b'?'));
    let declaration = br#"<?xml version="1.0" encoding="ISO-8859-1"?>"#.iter().copied();
    let identity = Identity {
        format: Some("wmdrm"),
        ..Identity::default()
    };
    Document::new(declaration.chain(characters).collect::<Vec<_>>(), identity)
}

/// Returns a document of exactly `size` bytes that may be backed up.
pub(super) fn allowed(random: &mut Random, size: usize) -> Document {
    fit(random, size, |random, filler| {
        response(&[version_2(random, GRANT, filler)])
    })
}

/// Returns a document of exactly `size` bytes that may be backed up and contains an XMR license.
pub(super) fn allowed_version_3(random: &mut Random, size: usize) -> Document {
    fit(random, size, |random, filler| {
        response(&[version_3(&xmr::license(random, xmr::ALLOWED, filler))])
    })
}

/// Returns a text of exactly `size` bytes: with filler, of which 3 bytes are 4 characters of
/// base64, and with line feeds at its end.
///
/// # Panics
///
/// If the document is larger without filler.
pub(super) fn fit(
    random: &mut Random,
    size: usize,
    document: impl Fn(&mut Random, usize) -> Document,
) -> Document {
    let bare = document(&mut random.clone(), 0).bytes.len();
    assert!(
        bare <= size,
        "the size of this license should be at least {bare} bytes, not {size}"
    );
    let mut filled = document(random, (size - bare) / 4 * 3);
    // The base64 of an XMR license ends in padding, which a few bytes of filler may replace
    // without adding to the size.
    filled.bytes.resize(size, b'\n');
    filled
}
