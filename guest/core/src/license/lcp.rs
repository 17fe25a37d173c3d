//! Readium LCP license documents.
//!
//! The document is JSON (Readium LCP 1.0, section 3, and its JSON Schema, `license.schema.json`). It
//! is meant to be kept by the reader and opens nothing without the passphrase, so that a whole one
//! may always be backed up. The schema requires `id`, `issued`, `provider`, `encryption`, `links`
//! and `signature`: a document that lacks one of them opens in no reader, and is malformed. What is
//! in them is not judged, the encryption profile least of all. Keys and hints are skipped unread.
//!
//! A server may have answered with another document where a license was expected, and a browser
//! have saved it as `.lcpl`. Two of them are recognized: a status document (Readium License Status
//! Document 1.0, section 2) and an error (RFC 9457, which section 3.1 of the same requires).

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::text::{self, Text};
use super::{Fault, MAX_ID_LENGTH, Ruling, keep};
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// The members that a license document must have, and what each must be.
const REQUIRED: [(Name, Kind, &str); 6] = [
    (
        Name::Id,
        Kind::String,
        "`id` is missing, duplicated or not a string",
    ),
    (
        Name::Issued,
        Kind::String,
        "`issued` is missing, duplicated or not a string",
    ),
    (
        Name::Provider,
        Kind::String,
        "`provider` is missing, duplicated or not a string",
    ),
    (
        Name::Encryption,
        Kind::Object,
        "`encryption` is missing, duplicated or not an object",
    ),
    (
        Name::Links,
        Kind::Array,
        "`links` is missing, duplicated or not an array",
    ),
    (
        Name::Signature,
        Kind::Object,
        "`signature` is missing, duplicated or not an object",
    ),
];

/// How many of the required members make a document without `encryption` a license document.
const ENOUGH_WITHOUT_ENCRYPTION: usize = 4;

/// How many of them make one with `encryption` a license document, that one included.
const ENOUGH_WITH_ENCRYPTION: usize = 3;

/// The values of `status` in a status document (License Status Document 1.0, section 2.3).
const STATUSES: [&str; 6] = [
    "ready",
    "active",
    "revoked",
    "returned",
    "cancelled",
    "expired",
];

/// Judges a document that starts with a brace.
pub(super) fn judge(text: &Text<'_>, identity: &mut LicenseIdentity) -> Ruling {
    let Cow::Borrowed(content) = text.content else {
        return Ok(Some(Restriction::Unrecognized)); // JSON is UTF-8.
    };
    let mut members = Members::default();
    let is_whole = members.read(content) && text.whole;
    let is_license = if is_whole {
        members.are_of_a_license()
    } else {
        members.look_like_a_license()
    };
    if !is_license {
        return Ok(Some(if is_whole {
            members.other_document()
        } else {
            Restriction::Unrecognized
        }));
    }
    identity.format = Some(LicenseFormat::Lcp);
    if let Some(id) = &members[Name::Id].text {
        keep(&mut identity.license_ids, id);
    }
    identity.rights_end = members
        .rights_end()
        .filter(|end| end.len() <= MAX_ID_LENGTH)
        .map(str::to_owned);
    if !is_whole {
        return Err(Fault::new("the JSON is broken"));
    }
    match REQUIRED
        .iter()
        .find(|(name, kind, _)| !members[*name].is_one(*kind))
    {
        Some((_, _, fault)) => Err(Fault::new(fault)),
        None => Ok(None),
    }
}

/// Returns `true` if the first bytes of a document have most members of a license document.
pub(super) fn is_begun_by(head: &[u8]) -> bool {
    let text = text::decode(head);
    let mut members = Members::default();
    members.read(&text.content);
    members.are_of_a_license()
}

/// Which license a document is, and when it was made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version {
    id: String,
    /// When it was updated, or else issued. `None` if that is not a date of RFC 3339, as the schema
    /// requires.
    time: Option<OffsetDateTime>,
}

impl Version {
    /// Returns `true` if both are versions of the same license, and this one is the older one or
    /// may be.
    pub(crate) fn may_be_older_than(&self, other: &Self) -> bool {
        let is_older = match (self.time, other.time) {
            (Some(time), Some(other)) => time < other,
            _ => true,
        };
        self.id == other.id && is_older
    }
}

/// Returns the version of a license document, or `None` if it is no whole license document.
pub(crate) fn version(document: &[u8]) -> Option<Version> {
    let text = text::decode(document);
    let mut members = Members::default();
    let is_whole = members.read(&text.content) && text.whole;
    if !is_whole
        || !REQUIRED
            .iter()
            .all(|(name, kind, _)| members[*name].is_one(*kind))
    {
        return None;
    }
    let date = members[Name::Updated]
        .one_text()
        .or_else(|| members[Name::Issued].one_text())?;
    let time = OffsetDateTime::parse(date, &Rfc3339).ok();
    Some(Version {
        id: members[Name::Id].one_text()?.to_owned(),
        time,
    })
}

/// The name of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Id,
    Issued,
    Updated,
    Provider,
    Encryption,
    Links,
    Rights,
    Signature,
    Status,
    Message,
    Type,
    Title,
    Detail,
    /// A member of `rights`.
    End,
    #[serde(other)]
    Other,
}

/// What a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Array,
    Object,
    #[default]
    Other,
}

/// A member of an object, as it was found last.
#[derive(Default)]
struct Member<'d> {
    /// How many times it is there.
    count: usize,
    kind: Kind,
    /// Its value, if that is a string.
    text: Option<Cow<'d, str>>,
}

impl Member<'_> {
    fn is_one(&self, kind: Kind) -> bool {
        self.count == 1 && self.kind == kind
    }

    fn one_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.count == 1)
    }
}

/// The members of a JSON object that have a meaning here.
#[derive(Default)]
struct Members<'d> {
    members: [Member<'d>; Name::Other as usize],
}

impl<'d> std::ops::Index<Name> for Members<'d> {
    type Output = Member<'d>;

    fn index(&self, name: Name) -> &Member<'d> {
        &self.members[name as usize]
    }
}

impl<'d> Members<'d> {
    /// Reads a document, and returns `true` if it is one whole object. The members before an error
    /// are there after it.
    fn read(&mut self, content: &'d str) -> bool {
        let mut json = serde_json::Deserializer::from_str(content);
        json.deserialize_map(&mut *self)
            .and_then(|()| json.end())
            .is_ok()
    }

    fn are_of_a_license(&self) -> bool {
        let enough = if self[Name::Encryption].count > 0 {
            ENOUGH_WITH_ENCRYPTION
        } else {
            ENOUGH_WITHOUT_ENCRYPTION
        };
        REQUIRED
            .iter()
            .filter(|(name, ..)| self[*name].count > 0)
            .count()
            >= enough
    }

    /// Returns `true` if a document of which no more could be read is taken for a license document.
    fn look_like_a_license(&self) -> bool {
        self[Name::Provider].count > 0 || self[Name::Encryption].count > 0
    }

    /// Returns what a document is that is no license document.
    fn other_document(&self) -> Restriction {
        let is_string = |name| self[name].kind == Kind::String && self[name].count > 0;
        let has_status = self[Name::Status]
            .text
            .as_ref()
            .is_some_and(|status| STATUSES.contains(&status.as_ref()));
        if has_status
            && is_string(Name::Id)
            && is_string(Name::Message)
            && self[Name::Links].kind == Kind::Array
        {
            return Restriction::StatusDocument;
        }
        // All members are optional there, and others have these names, too.
        let count = usize::from(is_string(Name::Type))
            + usize::from(is_string(Name::Detail))
            + usize::from(self[Name::Status].kind == Kind::Number);
        if is_string(Name::Title) && count >= 2 {
            return Restriction::ErrorResponse;
        }
        Restriction::Unrecognized
    }

    /// Returns when the rights end: `rights.end`.
    fn rights_end(&self) -> Option<&str> {
        if self[Name::Rights].count == 1 {
            self[Name::End].one_text()
        } else {
            None
        }
    }

    fn set(&mut self, name: Name, Value { kind, text }: Value<'d>) {
        let member = &mut self.members[name as usize];
        (member.kind, member.text) = (kind, text);
    }
}

impl<'d> Visitor<'d> for &mut Members<'d> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name>()? {
            // A member of `rights` alone, or of no interest.
            if matches!(name, Name::End | Name::Other) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            // Before its value, which may be broken.
            self.members[name as usize].count += 1;
            let rights = (name == Name::Rights).then_some(&mut *self);
            let value = map.next_value_seed(ValueSeed { rights })?;
            self.set(name, value);
        }
        Ok(())
    }
}

/// What was read of a value.
#[derive(Default)]
struct Value<'d> {
    kind: Kind,
    /// The value, if it is a string.
    text: Option<Cow<'d, str>>,
}

impl Value<'_> {
    fn of(kind: Kind) -> Self {
        Self { kind, text: None }
    }
}

/// A reader of any value.
struct ValueSeed<'m, 'd> {
    /// Where `end` of an object goes, if the value is that of `rights`.
    rights: Option<&'m mut Members<'d>>,
}

impl<'d> DeserializeSeed<'d> for ValueSeed<'_, 'd> {
    type Value = Value<'d>;

    fn deserialize<D: Deserializer<'d>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for ValueSeed<'_, 'd> {
    type Value = Value<'d>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'d str) -> Result<Self::Value, E> {
        Ok(Value {
            kind: Kind::String,
            text: Some(text.into()),
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value {
            kind: Kind::String,
            text: Some(text.to_owned().into()),
        })
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(members) = self.rights else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::of(Kind::Object));
        };
        while let Some(name) = map.next_key::<Name>()? {
            if name == Name::End {
                members.members[name as usize].count += 1;
                let end = map.next_value_seed(ValueSeed { rights: None })?;
                members.set(name, end);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::of(Kind::Object))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::of(Kind::Array))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::of(Kind::Other))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::of(Kind::Number))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Value::of(Kind::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::of(Kind::Number))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::of(Kind::Other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::samples::LCP;
    use crate::{Appraisal, Verdict, appraise};

    const WHOLE: &str = r#"{"id":"a","issued":"2013-11-04T01:08:15Z","provider":"b","encryption":{"profile":"c"},"links":[],"signature":{}}"#;

    fn assert_unrecognized(document: impl AsRef<[u8]>) {
        assert_is(document, Restriction::Unrecognized);
    }

    /// Asserts what a document is that is no license document.
    fn assert_is(document: impl AsRef<[u8]>, expected: Restriction) {
        let document = document.as_ref();
        let expected = Appraisal {
            identity: LicenseIdentity::default(),
            verdict: Verdict::Restricted(expected),
        };
        assert_eq!(appraise(document), expected, "{}", document.escape_ascii());
    }

    fn assert_malformed(document: impl AsRef<[u8]>) {
        let document = document.as_ref();
        let Appraisal { identity, verdict } = appraise(document);
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{verdict:?} for {}",
            document.escape_ascii()
        );
        assert_eq!(identity.format, Some(LicenseFormat::Lcp));
    }

    #[test]
    fn a_license_document_is_allowed_and_tells_its_id_and_nothing_else() {
        let Appraisal { identity, verdict } = appraise(LCP.as_bytes());
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
            appraise(format!("\u{FEFF} \r\n\t{WHOLE}\n").as_bytes()).verdict,
            Verdict::Allowed
        );
    }

    #[test]
    fn utf16_is_no_json() {
        let utf16: Vec<u8> = WHOLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_unrecognized(utf16);
    }

    #[test]
    fn names_and_values_written_with_escapes_are_understood() {
        let document = WHOLE.replace(r#""id":"a""#, r#""\u0069d":"\u0061""#);
        let appraisal = appraise(document.as_bytes());
        assert_eq!(appraisal.verdict, Verdict::Allowed);
        assert_eq!(appraisal.identity.license_ids, ["a"]);
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
    fn a_required_member_that_is_there_twice_is_malformed() {
        for (member, _) in MEMBERS {
            assert_malformed(WHOLE.replace(member, &format!("{member},{member}")));
        }
    }

    #[test]
    fn the_profile_is_not_judged() {
        for encryption in [r#"{"profile":"urn:x"}"#, r#"{"profile":1}"#, "{}"] {
            let document = WHOLE.replace(r#"{"profile":"c"}"#, encryption);
            assert_eq!(
                appraise(document.as_bytes()).verdict,
                Verdict::Allowed,
                "{document}"
            );
        }
    }

    #[test]
    fn the_end_of_the_rights_is_reported_as_it_stands_there() {
        let with =
            |rights: &str| appraise(WHOLE.replacen('{', &format!("{{{rights},"), 1).as_bytes());
        let end = "2027-01-01T00:00:00+01:00";
        let appraisal = with(&format!(r#""rights":{{"print":1,"end":"{end}","copy":2}}"#));
        assert_eq!(
            (appraisal.verdict, appraisal.identity.rights_end.as_deref()),
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
            let appraisal = with(rights);
            assert_eq!(
                (appraisal.verdict, appraisal.identity.rights_end),
                (Verdict::Allowed, None),
                "{rights}"
            );
        }
    }

    #[test]
    fn a_status_document_is_recognized() {
        let status = r#"{"id":"a","status":"active","message":"m","updated":{},"links":[{"rel":"license"}]}"#;
        assert_is(status, Restriction::StatusDocument);
        for (from, to) in [
            ("active", "open"),
            (r#""message":"m","#, ""),
            (r#"[{"rel":"license"}]"#, "{}"),
        ] {
            assert_unrecognized(status.replace(from, to));
        }
    }

    #[test]
    fn the_error_of_a_server_is_recognized() {
        let error = r#"{"type":"http://readium.org/license-status-document/error","title":"t","detail":"d"}"#;
        assert_is(error, Restriction::ErrorResponse);
        assert_is(
            r#"{"type":"about:blank","title":"Not Found","status":404}"#,
            Restriction::ErrorResponse,
        );
        assert_is(
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
    fn a_document_is_older_if_it_was_updated_or_else_issued_before() {
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
        let is_older =
            |one: &str, than: &str| match (version(one.as_bytes()), version(than.as_bytes())) {
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
                "they cannot be compared: {date}"
            );
        }
        let null = of("a", r#""issued":"2014-11-04T01:08:15Z","updated":null"#);
        assert!(
            is_older(&first, &null) && !is_older(&null, &first),
            "it was issued later"
        );
    }

    #[test]
    fn only_a_whole_license_document_has_a_version() {
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
    fn broken_json_is_malformed_once_a_telling_member_was_seen() {
        assert_malformed(r#"{"provider""#);
        assert_malformed(r#"{"encryption":"#);
        assert_malformed(r#"{"id":"a","encryption":{"content_key":[1,}"#);
        assert_malformed(format!("{WHOLE}x"));
        assert_malformed(format!("{WHOLE}{WHOLE}"));
    }

    #[test]
    fn broken_json_without_one_is_unrecognized() {
        assert_unrecognized("{");
        assert_unrecognized(r#"{"provider"#);
        assert_unrecognized(r#"{"id":"a","#);
        assert_unrecognized(r#"{"x":{"provider":"b","#);
        assert_unrecognized("{}}");
    }

    #[test]
    fn bytes_that_are_no_utf8_break_it_wherever_they_are() {
        assert_malformed([WHOLE.as_bytes(), b"\xFF"].concat());
        assert_malformed(b"{\"provider\":\"b\",\"x\":\"\xFF\"}");
        assert_unrecognized(b"{\"x\":\"\xFF\",\"provider\":\"b\"}");
    }

    #[test]
    fn a_broken_document_tells_the_id_in_front_of_the_fault() {
        let appraisal = appraise(br#"{"id":"a","provider":"b","#);
        assert_eq!(appraisal.identity.license_ids, ["a"]);
    }

    #[test]
    fn deep_nesting_does_no_harm() {
        let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
        for place in [
            r#"{"x":"#,
            r#"{"provider":"#,
            r#"{"rights":{"end":"#,
            r#"{"encryption":{"x":"#,
        ] {
            let _ = appraise(format!("{place}{deep}").as_bytes());
        }
        let whole = WHOLE.replace(r#""id""#, &format!(r#""x":{deep},"id""#));
        assert_eq!(appraise(whole.as_bytes()).verdict, Verdict::Allowed);
    }
}
