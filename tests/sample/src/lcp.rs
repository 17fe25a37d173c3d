//! Readium LCP license documents: JSON.

use super::random::Random;
use super::wmdrm::fit;
use super::{Document, Identity};

/// A document whose certificate is `filler` bytes longer than it need be.
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
    let identity = Identity { format: Some("lcp"), license_ids: vec![id], key_ids: Vec::new() };
    Document { bytes: text.into_bytes(), identity }
}

/// A document of exactly `size` bytes; all of this format may be backed up.
pub(super) fn allowed(random: &mut Random, size: usize) -> Document {
    fit(random, size, license)
}
