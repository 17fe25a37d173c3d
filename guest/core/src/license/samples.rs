//! License documents for tests: realistic ones, and parts of others.

/// A key ID as written in a WMDRM license.
pub(super) const KEY_ID: &str = "OrkGCtVaAUCdKPkhCbd05w==";

/// A license ID as written in a WMDRM license.
pub(super) const LICENSE_ID: &str = "l0hgp0lVkU+hxIb1c3VYfQ==";

/// The action that grants the backup.
pub(super) const BACKUP: &str = r#"<ONACTION type="Backup"><CONDITION>1</CONDITION></ONACTION>"#;

/// Returns a WMDRM version 2 license as license servers issue it, with `actions` in its data.
pub(super) fn license(actions: &str) -> String {
    format!(
        r#"<LICENSE version="2.0.0.0">
  <LICENSORINFO>
    <DATA>
      <LID>{LICENSE_ID}</LID>
      <KID>{KEY_ID}</KID>
      <ISSUEDATE>20040713 17:02:53Z</ISSUEDATE>
      <PRIORITY>10</PRIORITY>
      <META name="ContentTitle">Fanfare &amp; Fugue &#x2014; live</META>
      <ONSTORE>
        <CONDITION><![CDATA[versionAdd(secstate.version)]]></CONDITION>
        <ACTION><![CDATA[secstate.playcount = 10]]></ACTION>
      </ONSTORE>
      <ONACTION type="Play">
        <CONDITION><![CDATA[drmver.version >= "2.0.0.0" && secstate.playcount > 0]]></CONDITION>
        <ACTION><![CDATA[secstate.playcount--]]></ACTION>
      </ONACTION>
      {actions}
      <CONTENTPUBKEY>Up1UUbzRlx0Avo0eY2d3uGJtSoCUPBCOURbVwZ0a5bOL7v7sM3B8MA==</CONTENTPUBKEY>
      <ENABLINGBITS>
        <ALGORITHM type="MSDRM"/>
        <PUBKEY type="machine">ua3wVrTIz9bOHTF3aVBoPm2+Hlcn1KMhKpNhDfXlIUY4CoyqkYDVzA==</PUBKEY>
        <VALUE>AAECAwQFBgcICQoLDA0ODw==</VALUE>
        <SIGNATURE>EBESExQVFhcYGRobHB0eHw==</SIGNATURE>
      </ENABLINGBITS>
    </DATA>
    <SIGNATURE>
      <HASHALGORITHM type="SHA"/>
      <SIGNALGORITHM type="MSDRM"/>
      <VALUE>ICEiIyQlJicoKSorLC0uLw==</VALUE>
    </SIGNATURE>
    <CERTIFICATECHAIN>
      <CERTIFICATE type="LICENSESERVER">MDEyMzQ1Njc4OTo7PD0+Pw==</CERTIFICATE>
      <CERTIFICATE type='ROOT'>QEFCQ0RFRkdISUpLTE1OTw==</CERTIFICATE>
    </CERTIFICATECHAIN>
  </LICENSORINFO>
</LICENSE>"#
    )
}

/// Returns a license response that contains `licenses`.
pub(super) fn response(licenses: &str) -> String {
    format!("<?xml version=\"1.0\"?>\r\n<LICENSERESPONSE>\r\n{licenses}\r\n</LICENSERESPONSE>\r\n")
}

/// Returns a license response with one license, whose data consists of `data`.
pub(super) fn data(data: &str) -> String {
    response(&format!(
        r#"<LICENSE version="2.0.0.0"><LICENSORINFO><DATA>{data}</DATA></LICENSORINFO></LICENSE>"#
    ))
}

/// The data of an XMR content key: a key ID of 16 bytes, and other bytes.
pub(super) const CONTENT_KEY: [u8; 20] = [
    0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    1, 2, 3, 4,
];

/// The key ID in [`CONTENT_KEY`].
pub(super) const CONTENT_KEY_ID: &str = "00112233-4455-6677-8899-aabbccddeeff";

/// The flags of an XMR container.
pub(super) const CONTAINER: u16 = 0x2;

/// Returns an XMR object.
pub(super) fn object(flags: u16, kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + data.len()).expect("objects in tests are small");
    [
        &flags.to_be_bytes()[..],
        &kind.to_be_bytes(),
        &length.to_be_bytes(),
        data,
    ]
    .concat()
}

/// Returns an XMR document of these objects.
pub(super) fn xmr_of(objects: &[u8]) -> Vec<u8> {
    [b"XMR\0\0\0\0\x01rights-ID-of-16B".as_slice(), objects].concat()
}

/// Returns an XMR license with a content key and these rights settings.
pub(super) fn xmr(rights: &[u16]) -> Vec<u8> {
    let settings: Vec<u8> = rights
        .iter()
        .flat_map(|rights| object(1, 0x0D, &rights.to_be_bytes()))
        .collect();
    let policy = object(CONTAINER, 0x02, &settings);
    let keys = object(CONTAINER | 1, 0x09, &object(1, 0x0A, &CONTENT_KEY));
    let signature = object(1, 0x0B, &[7; 18]);
    xmr_of(&object(
        CONTAINER | 1,
        0x01,
        &[policy, keys, signature].concat(),
    ))
}

/// The namespace of the protocols of PlayReady.
pub(super) const PLAYREADY: &str = "http://schemas.microsoft.com/DRM/2007/03/protocols";

/// Returns a PlayReady license response as license servers return it, which contains
/// `licenses`.
pub(super) fn playready(licenses: &str) -> String {
    format!(
        r#"<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <soap:Body>
    <AcquireLicenseResponse xmlns="{PLAYREADY}">
      <AcquireLicenseResult>
        <Response xmlns="{PLAYREADY}/messages">
          <LicenseResponse xmlns="{PLAYREADY}" Id="SignedData">
            <Version>1</Version>
            <Licenses>{licenses}</Licenses>
            <LicenseNonce>AAECAwQFBgcICQoLDA0ODw==</LicenseNonce>
          </LicenseResponse>
          <Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignatureValue>AAAA</SignatureValue></Signature>
        </Response>
      </AcquireLicenseResult>
    </AcquireLicenseResponse>
  </soap:Body>
</soap:Envelope>
"#
    )
}

/// An LCP license document.
pub(super) const LCP: &str = r#"{
  "provider": "https://library.example.org",
  "id": "ef15e740-697f-11e3-949a-0800200c9a66",
  "issued": "2013-11-04T01:08:15+01:00",
  "encryption": {
    "profile": "http://readium.org/lcp/basic-profile",
    "content_key": {
      "algorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
      "encrypted_value": "/k8RpXqf4E2WEunCp76E8PjhS051NXwAXeTD1ioazYxCRGvHLAck/KQ3cCh5JxDmCK0nRLyAxs1X0aA3z55boQ=="
    },
    "user_key": {
      "algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
      "text_hint": "What is the name of your dog?",
      "key_check": "jJEjUDipHK3OjGt6kFq7dcOLZuicQFUYwQ+TYkAIWKm6Xv6kpHFhF7LOkUK/Owww"
    }
  },
  "links": [{ "rel": "hint", "href": "https://library.example.org/hint", "type": "text/html" }],
  "rights": { "print": 10, "copy": 2048 },
  "signature": { "algorithm": "x", "certificate": "y", "value": "z" }
}"#;
