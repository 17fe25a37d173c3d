//! Readium LCP license documents.
//!
//! The document is JSON (Readium LCP 1.0, section 3, and its JSON Schema,
//! `license.schema.json`). Users are meant to keep it, and it opens no publication
//! without the passphrase, so a well-formed license document may always be backed up. The
//! schema requires `id`, `issued`, `provider`, `encryption`, `links` and `signature`: no
//! reading application opens a document that lacks one of them, so the document is
//! malformed. Their values are not evaluated, including the encryption profile. Keys and
//! hints are not read.
//!
//! A server may have returned another document instead of a license, and a browser may
//! have saved it as `.lcpl`. Two such documents are recognized: a status document
//! (Readium License Status Document 1.0, section 2) and an error (RFC 9457, which section
//! 3.1 of the same document requires).

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::decision::{Decision, FormatError};
use super::ids::{MAX_ID_LENGTH, push_id};
use super::text::{self, Text};
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// The required members of a license document, the kind of each, and the error if it is
/// not valid.
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

/// The number of required members that make a document without `encryption` a license document.
const MIN_MEMBERS_WITHOUT_ENCRYPTION: usize = 4;

/// The number of required members, including `encryption`, that make a document with
/// `encryption` a license document.
const MIN_MEMBERS_WITH_ENCRYPTION: usize = 3;

/// The values of `status` in a status document (License Status Document 1.0, section 2.3).
const STATUSES: [&str; 6] = [
    "ready",
    "active",
    "revoked",
    "returned",
    "cancelled",
    "expired",
];

/// Evaluates a document that starts with a brace.
pub(super) fn evaluate(text: &Text<'_>, identity: &mut LicenseIdentity) -> Decision {
    let Cow::Borrowed(content) = text.content else {
        return Ok(Some(Restriction::Unrecognized)); // The document is UTF-16, and JSON is UTF-8.
    };
    let mut members = Members::default();
    let is_complete = members.read(content) && text.is_complete;
    let is_license = if is_complete {
        members.are_of_license()
    } else {
        members.may_be_of_license()
    };
    if !is_license {
        return Ok(Some(if is_complete {
            members.restriction()
        } else {
            Restriction::Unrecognized
        }));
    }
    identity.format = Some(LicenseFormat::Lcp);
    if let Some(id) = &members[Name::Id].text {
        push_id(&mut identity.license_ids, id);
    }
    identity.rights_end = members
        .rights_end()
        .filter(|end| end.len() <= MAX_ID_LENGTH)
        .map(str::to_owned);
    if !is_complete {
        return Err(FormatError::new("the JSON is not well-formed"));
    }
    match REQUIRED
        .iter()
        .find(|(name, kind, _)| !members[*name].is_one(*kind))
    {
        Some((_, _, error)) => Err(FormatError::new(error)),
        None => Ok(None),
    }
}

/// Returns `true` if the first bytes of a document have most members of a license document.
pub(super) fn is_license_start(head: &[u8]) -> bool {
    let text = text::decode(head);
    let mut members = Members::default();
    members.read(&text.content);
    members.are_of_license()
}

/// A version of a license: the ID of the license, and the time of the version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version {
    id: String,
    /// When the license was updated, or issued if it was never updated. `None` if the
    /// document does not have it as a date of RFC 3339, as the schema requires.
    time: Option<OffsetDateTime>,
}

impl Version {
    /// Returns `true` if both are versions of the same license, and this one is older, or
    /// if their times cannot be compared.
    pub(crate) fn may_be_older_than(&self, other: &Self) -> bool {
        let is_older = match (self.time, other.time) {
            (Some(time), Some(other)) => time < other,
            _ => true,
        };
        self.id == other.id && is_older
    }
}

/// Returns the version of a license document, or `None` if the document is not a
/// well-formed license document.
pub(crate) fn version(document: &[u8]) -> Option<Version> {
    let text = text::decode(document);
    let mut members = Members::default();
    let is_complete = members.read(&text.content) && text.is_complete;
    if !is_complete
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

/// The name of a member that is read.
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

/// The kind of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Array,
    Object,
    #[default]
    Other,
}

/// A member of an object, with its last value.
#[derive(Default)]
struct Member<'d> {
    /// The number of times that the object has it.
    count: usize,
    kind: Kind,
    /// The value, if it is a string.
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

/// The members of a JSON object that are read.
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
    /// Reads a document, and returns `true` if it is one well-formed object. The members
    /// before an error are kept.
    fn read(&mut self, content: &'d str) -> bool {
        let mut json = serde_json::Deserializer::from_str(content);
        json.deserialize_map(&mut *self)
            .and_then(|()| json.end())
            .is_ok()
    }

    fn are_of_license(&self) -> bool {
        let required = if self[Name::Encryption].count > 0 {
            MIN_MEMBERS_WITH_ENCRYPTION
        } else {
            MIN_MEMBERS_WITHOUT_ENCRYPTION
        };
        REQUIRED
            .iter()
            .filter(|(name, ..)| self[*name].count > 0)
            .count()
            >= required
    }

    /// Returns `true` if a document that is not well-formed is reported as a malformed
    /// license document.
    fn may_be_of_license(&self) -> bool {
        self[Name::Provider].count > 0 || self[Name::Encryption].count > 0
    }

    /// Returns the restriction of a document that is not a license document.
    fn restriction(&self) -> Restriction {
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
        // All members of an error are optional, and other documents have members of these
        // names.
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
            // `end` has a meaning in `rights` only.
            if matches!(name, Name::End | Name::Other) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            // Counted before the value is read, which may fail.
            self.members[name as usize].count += 1;
            let rights = (name == Name::Rights).then_some(&mut *self);
            let value = map.next_value_seed(ValueSeed { rights })?;
            self.set(name, value);
        }
        Ok(())
    }
}

/// A value of which only the kind, or the string, is kept.
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
    /// The members that receive `end`, if the value is that of `rights`.
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
    use crate::{Evaluation, Verdict, evaluate};

    const WHOLE: &str = r#"{"id":"a","issued":"2013-11-04T01:08:15Z","provider":"b","encryption":{"profile":"c"},"links":[],"signature":{}}"#;

    fn assert_unrecognized(document: impl AsRef<[u8]>) {
        assert_restricted(document, Restriction::Unrecognized);
    }

    /// Asserts the restriction of a document that is not a license document.
    fn assert_restricted(document: impl AsRef<[u8]>, expected: Restriction) {
        let document = document.as_ref();
        let expected = Evaluation {
            identity: LicenseIdentity::default(),
            verdict: Verdict::Restricted(expected),
        };
        assert_eq!(evaluate(document), expected, "{}", document.escape_ascii());
    }

    fn assert_malformed(document: impl AsRef<[u8]>) {
        let document = document.as_ref();
        let Evaluation { identity, verdict } = evaluate(document);
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{verdict:?} for {}",
            document.escape_ascii()
        );
        assert_eq!(identity.format, Some(LicenseFormat::Lcp));
    }

    #[test]
    fn a_license_document_is_allowed_and_only_its_id_is_read() {
        let Evaluation { identity, verdict } = evaluate(LCP.as_bytes());
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
            evaluate(format!("\u{FEFF} \r\n\t{WHOLE}\n").as_bytes()).verdict,
            Verdict::Allowed
        );
    }

    #[test]
    fn json_in_utf16_is_unrecognized() {
        let utf16: Vec<u8> = WHOLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_unrecognized(utf16);
    }

    #[test]
    fn escapes_in_names_and_values_are_resolved() {
        let document = WHOLE.replace(r#""id":"a""#, r#""\u0069d":"\u0061""#);
        let evaluation = evaluate(document.as_bytes());
        assert_eq!(evaluation.verdict, Verdict::Allowed);
        assert_eq!(evaluation.identity.license_ids, ["a"]);
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
    fn a_duplicated_required_member_is_malformed() {
        for (member, _) in MEMBERS {
            assert_malformed(WHOLE.replace(member, &format!("{member},{member}")));
        }
    }

    #[test]
    fn the_encryption_profile_is_not_evaluated() {
        for encryption in [r#"{"profile":"urn:x"}"#, r#"{"profile":1}"#, "{}"] {
            let document = WHOLE.replace(r#"{"profile":"c"}"#, encryption);
            assert_eq!(
                evaluate(document.as_bytes()).verdict,
                Verdict::Allowed,
                "{document}"
            );
        }
    }

    #[test]
    fn the_end_of_the_rights_is_returned_as_written() {
        let with =
            |rights: &str| evaluate(WHOLE.replacen('{', &format!("{{{rights},"), 1).as_bytes());
        let end = "2027-01-01T00:00:00+01:00";
        let evaluation = with(&format!(r#""rights":{{"print":1,"end":"{end}","copy":2}}"#));
        assert_eq!(
            (
                evaluation.verdict,
                evaluation.identity.rights_end.as_deref()
            ),
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
            let evaluation = with(rights);
            assert_eq!(
                (evaluation.verdict, evaluation.identity.rights_end),
                (Verdict::Allowed, None),
                "{rights}"
            );
        }
    }

    #[test]
    fn a_status_document_is_recognized() {
        let status = r#"{"id":"a","status":"active","message":"m","updated":{},"links":[{"rel":"license"}]}"#;
        assert_restricted(status, Restriction::StatusDocument);
        for (from, to) in [
            ("active", "open"),
            (r#""message":"m","#, ""),
            (r#"[{"rel":"license"}]"#, "{}"),
        ] {
            assert_unrecognized(status.replace(from, to));
        }
    }

    #[test]
    fn an_error_response_is_recognized() {
        let error = r#"{"type":"http://readium.org/license-status-document/error","title":"t","detail":"d"}"#;
        assert_restricted(error, Restriction::ErrorResponse);
        assert_restricted(
            r#"{"type":"about:blank","title":"Not Found","status":404}"#,
            Restriction::ErrorResponse,
        );
        assert_restricted(
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
    fn versions_compare_by_the_time_of_update_or_issue() {
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
                "the times cannot be compared: {date}"
            );
        }
        let null = of("a", r#""issued":"2014-11-04T01:08:15Z","updated":null"#);
        assert!(
            is_older(&first, &null) && !is_older(&null, &first),
            "it was issued later"
        );
    }

    #[test]
    fn only_a_well_formed_license_document_has_a_version() {
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
    fn invalid_json_after_a_license_member_is_malformed() {
        assert_malformed(r#"{"provider""#);
        assert_malformed(r#"{"encryption":"#);
        assert_malformed(r#"{"id":"a","encryption":{"content_key":[1,}"#);
        assert_malformed(format!("{WHOLE}x"));
        assert_malformed(format!("{WHOLE}{WHOLE}"));
    }

    #[test]
    fn invalid_json_without_a_license_member_is_unrecognized() {
        assert_unrecognized("{");
        assert_unrecognized(r#"{"provider"#);
        assert_unrecognized(r#"{"id":"a","#);
        assert_unrecognized(r#"{"x":{"provider":"b","#);
        assert_unrecognized("{}}");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_invalid_json() {
        assert_malformed([WHOLE.as_bytes(), b"\xFF"].concat());
        assert_malformed(b"{\"provider\":\"b\",\"x\":\"\xFF\"}");
        assert_unrecognized(b"{\"x\":\"\xFF\",\"provider\":\"b\"}");
    }

    #[test]
    fn the_id_before_an_error_is_returned() {
        let evaluation = evaluate(br#"{"id":"a","provider":"b","#);
        assert_eq!(evaluation.identity.license_ids, ["a"]);
    }

    #[test]
    fn deep_nesting_does_not_exhaust_the_stack() {
        let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
        for start in [
            r#"{"x":"#,
            r#"{"provider":"#,
            r#"{"rights":{"end":"#,
            r#"{"encryption":{"x":"#,
        ] {
            let _ = evaluate(format!("{start}{deep}").as_bytes());
        }
        let whole = WHOLE.replace(r#""id""#, &format!(r#""x":{deep},"id""#));
        assert_eq!(evaluate(whole.as_bytes()).verdict, Verdict::Allowed);
    }
}
