//! Readium LCP license documents, which are JSON.

use super::random::Random;
use super::wmdrm::fit;
use super::{Document, Identity};

/// Returns a document whose certificate is `filler` bytes longer than necessary.
pub(super) fn license(random: &mut Random, filler: usize) -> Document {
    let id = random.guid();
    let publication = random.guid();
    let user = random.guid();
    let content_key = random.base64(64);
    let key_check = random.base64(64);
    let signature = random.base64(64);
    let certificate = random.base64(300 + filler);
    let text = format!(
        r#"{{
  "provider": "https://books.example.org",
  "id": "{id}",
  "issued": "2013-11-04T01:08:15Z",
  "encryption": {{
    "profile": "http://readium.org/lcp/basic-profile",
    "content_key": {{"algorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "encrypted_value": "{content_key}"}},
    "user_key": {{"algorithm": "http://www.w3.org/2001/04/xmlenc#sha256", "text_hint": "The title of the first book", "key_check": "{key_check}"}}
  }},
  "links": [
    {{"rel": "hint", "href": "https://books.example.org/hint", "type": "text/html"}},
    {{"rel": "publication", "href": "https://books.example.org/{publication}.epub", "type": "application/epub+zip"}}
  ],
  "rights": {{"print": 10, "copy": 2048}},
  "user": {{"id": "{user}"}},
  "signature": {{"algorithm": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "certificate": "{certificate}", "value": "{signature}"}}
}}
"#
    );
    let identity = Identity {
        format: Some("lcp"),
        license_ids: vec![id],
        ..Identity::default()
    };
    Document::new(text, identity)
}

/// Returns a document with part of its text replaced.
fn replaced(document: Document, from: &str, to: &str) -> Document {
    let text = String::from_utf8_lossy(&document.bytes).replacen(from, to, 1);
    document.with_bytes(text.into_bytes())
}

/// Returns a document whose rights end.
pub(super) fn with_rights_end(random: &mut Random) -> Document {
    let end = "2027-01-01T00:00:00+01:00";
    let rights = format!(r#""copy": 2048, "start": "2026-12-01T00:00:00+01:00", "end": "{end}""#);
    let mut document = replaced(license(random, 0), r#""copy": 2048"#, &rights);
    document.identity.rights_end = Some(end.to_owned());
    document
}

/// Returns a document without a signature.
pub(super) fn without_signature(random: &mut Random) -> Document {
    replaced(license(random, 0), r#""signature""#, r#""no_signature""#)
}

/// Returns a License Status Document, in which a server publishes the status of a license.
pub(super) fn status(random: &mut Random) -> Document {
    let id = random.guid();
    Document::foreign(format!(
        r#"{{
  "id": "{id}",
  "status": "active",
  "message": "The license is active.",
  "updated": {{"license": "2026-11-24T09:00:00Z", "status": "2026-11-25T09:00:00Z"}},
  "links": [
    {{
      "rel": "license",
      "href": "https://books.example.org/licenses/{id}",
      "type": "application/vnd.readium.lcp.license.v1.0+json"
    }}
  ],
  "potential_rights": {{"end": "2027-02-01T00:00:00Z"}}
}}
"#
    ))
}

/// Returns the body of an error response for a license that does not exist: problem details.
pub(super) fn error() -> Document {
    Document::foreign(
        r#"{
  "type": "http://readium.org/license-status-document/error",
  "title": "Not found",
  "status": 404,
  "detail": "There is no such license."
}
"#,
    )
}

/// Returns a document of exactly `size` bytes. All LCP documents may be backed up.
pub(super) fn allowed(random: &mut Random, size: usize) -> Document {
    fit(random, size, license)
}
