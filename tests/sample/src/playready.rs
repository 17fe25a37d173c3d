//! PlayReady license responses: SOAP envelopes that contain XMR licenses, as servers send them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Document, Identity};

/// Returns a response that contains these XMR licenses.
pub(super) fn response(licenses: &[&Document]) -> Document {
    let licenses = elements(licenses, "License");
    // The response is one line, as servers send it.
    let text = [
        r#"<?xml version="1.0" encoding="utf-8"?>"#,
        r#"<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/""#,
        r#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#,
        r#" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>"#,
        r#"<AcquireLicenseResponse xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols">"#,
        "<AcquireLicenseResult>",
        r#"<Response xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols/messages">"#,
        r#"<LicenseResponse xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols">"#,
        "<Version>1</Version><Licenses>",
        &licenses.text,
        "</Licenses></LicenseResponse>",
        r#"<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">"#,
        "<SignatureValue>AAAA</SignatureValue></Signature>",
        "</Response></AcquireLicenseResult></AcquireLicenseResponse></soap:Body></soap:Envelope>",
    ];
    Document::new(text.concat(), licenses.identity)
}

/// Returns a response that contains these XMR licenses, and in which every element has a prefix.
pub(super) fn prefixed_response(licenses: &[&Document]) -> Document {
    let licenses = elements(licenses, "p:License");
    let text = format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
    xmlns:p="http://schemas.microsoft.com/DRM/2007/03/protocols"
    xmlns:m="http://schemas.microsoft.com/DRM/2007/03/protocols/messages">
  <s:Body>
    <p:AcquireLicenseResponse>
      <p:AcquireLicenseResult>
        <m:Response>
          <p:LicenseResponse>
            <p:Licenses>{}</p:Licenses>
          </p:LicenseResponse>
        </m:Response>
      </p:AcquireLicenseResult>
    </p:AcquireLicenseResponse>
  </s:Body>
</s:Envelope>
"#,
        licenses.text
    );
    Document::new(text, licenses.identity)
}

/// The elements of several licenses, and the identity of a document with these elements.
struct Elements {
    text: String,
    identity: Identity,
}

fn elements(licenses: &[&Document], name: &str) -> Elements {
    let element = |license: &&Document| {
        let content = BASE64_STANDARD.encode(&license.bytes);
        format!("<{name}>{content}</{name}>")
    };
    let key_ids = licenses
        .iter()
        .flat_map(|license| license.identity.key_ids.clone())
        .collect();
    let identity = Identity {
        format: Some("playready"),
        key_ids,
        ..Identity::default()
    };
    Elements {
        text: licenses.iter().map(element).collect(),
        identity,
    }
}
