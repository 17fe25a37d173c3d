//! Readium LCP license documents.
//!
//! The document is JSON ("License Document" in the Readium LCP specification). It is meant to be kept by the reader and
//! opens nothing without the passphrase, so that one that is whole may always be backed up. Of its members only `id`,
//! `provider` and `encryption.profile` are looked at, and only `id` is kept; keys and hints are skipped unread.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::text::Text;
use super::{Fault, Ruling, keep};
use crate::{Format, Identity, Restriction};

/// Judges a document that starts with a brace.
pub(super) fn judge(text: &Text<'_>, identity: &mut Identity) -> Ruling {
    let Cow::Borrowed(content) = text.content else {
        return Ok(Some(Restriction::Unrecognized)); // JSON is UTF-8.
    };
    let mut members = Members::default();
    let mut json = serde_json::Deserializer::from_str(content);
    let is_whole = members.read(&mut json).and_then(|()| json.end()).is_ok() && text.whole;

    let recognised = if is_whole { members.are_all_there() } else { members.look_like_a_license() };
    if !recognised {
        return Ok(Some(Restriction::Unrecognized));
    }
    identity.format = Some(Format::Lcp);
    if let Some(id) = &members.id.text {
        keep(&mut identity.license_ids, id.as_ref());
    }
    if !is_whole {
        return Err(Fault("the JSON is broken"));
    }
    if !members.are_proper() {
        return Err(Fault("id, provider or encryption.profile is not a string or is there twice"));
    }
    Ok(None)
}

/// The members that make a JSON object a license document.
#[derive(Default)]
struct Members<'d> {
    id: Member<'d>,
    provider: Member<'d>,
    encryption: Member<'d>,
    profile: Member<'d>,
}

impl<'d> Members<'d> {
    /// Reads an object. What was read before an error is there after it.
    fn read(&mut self, json: impl Deserializer<'d, Error = serde_json::Error>) -> serde_json::Result<()> {
        json.deserialize_map(self)
    }

    fn are_all_there(&self) -> bool {
        self.id.count > 0 && self.provider.count > 0 && self.profile.count > 0
    }

    /// Whether a document of which no more could be read is taken for a license document.
    fn look_like_a_license(&self) -> bool {
        self.provider.count > 0 || self.encryption.count > 0
    }

    fn are_proper(&self) -> bool {
        let strings = [&self.id, &self.provider, &self.profile];
        strings.iter().all(|member| member.count == 1 && member.text.is_some()) && self.encryption.count == 1
    }
}

/// A member of an object.
#[derive(Default)]
struct Member<'d> {
    /// How often it is there.
    count: usize,
    /// Its value, if that is a string.
    text: Option<Cow<'d, str>>,
}

impl<'d> Visitor<'d> for &mut Members<'d> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name>()? {
            let member = match name {
                Name::Id => &mut self.id,
                Name::Provider => &mut self.provider,
                Name::Encryption => {
                    self.encryption.count += 1;
                    map.next_value_seed(Value { profile: Some(&mut self.profile) })?;
                    continue;
                }
                Name::Profile | Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            member.count += 1;
            member.text = map.next_value_seed(Value { profile: None })?;
        }
        Ok(())
    }
}

/// The name of a member.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Id,
    Provider,
    Encryption,
    Profile,
    #[serde(other)]
    Other,
}

/// Reads any value and gives it back if it is a string. If it is an object and `profile` is asked for, that member of
/// it is read too.
struct Value<'m, 'd> {
    profile: Option<&'m mut Member<'d>>,
}

impl<'d> DeserializeSeed<'d> for Value<'_, 'd> {
    type Value = Option<Cow<'d, str>>;

    fn deserialize<D: Deserializer<'d>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for Value<'_, 'd> {
    type Value = Option<Cow<'d, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'d str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned().into()))
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(profile) = self.profile else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        while let Some(name) = map.next_key::<Name>()? {
            if matches!(name, Name::Profile) {
                profile.count += 1;
                profile.text = map.next_value_seed(Value { profile: None })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::samples::LCP;
    use crate::{Appraisal, Verdict, appraise};

    const WHOLE: &str = r#"{"id":"a","provider":"b","encryption":{"profile":"c"}}"#;

    fn assert_unrecognized(document: impl AsRef<[u8]>) {
        let document = document.as_ref();
        let expected =
            Appraisal { identity: Identity::default(), verdict: Verdict::Restricted(Restriction::Unrecognized) };
        assert_eq!(appraise(document), expected, "{}", document.escape_ascii());
    }

    fn assert_malformed(document: impl AsRef<[u8]>) {
        let document = document.as_ref();
        let Appraisal { identity, verdict } = appraise(document);
        assert!(matches!(verdict, Verdict::Malformed(_)), "{verdict:?} for {}", document.escape_ascii());
        assert_eq!(identity.format, Some(Format::Lcp));
    }

    #[test]
    fn a_license_document_is_allowed_and_tells_its_id_and_nothing_else() {
        let Appraisal { identity, verdict } = appraise(LCP.as_bytes());
        assert_eq!(verdict, Verdict::Allowed);
        assert_eq!(identity.format, Some(Format::Lcp));
        assert_eq!(identity.license_ids, ["ef15e740-697f-11e3-949a-0800200c9a66"]);
        assert!(identity.key_ids.is_empty());
    }

    #[test]
    fn a_byte_order_mark_and_white_space_around_are_tolerated() {
        assert_eq!(appraise(format!("\u{FEFF} \r\n\t{WHOLE}\n").as_bytes()).verdict, Verdict::Allowed);
    }

    #[test]
    fn utf16_is_no_json() {
        let utf16: Vec<u8> = WHOLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_unrecognized(utf16);
    }

    #[test]
    fn names_and_values_written_with_escapes_are_understood() {
        let document = r#"{"\u0069d":"\u0061","provider":"b","encryption":{"profile":"c"}}"#;
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
            r#"{"id":"a","provider":"b","encryption":{}}"#,
            r#"{"id":"a","provider":"b","encryption":"profile"}"#,
            r#"{"id":"a","provider":"b","profile":"c","encryption":null}"#,
            r#"{"x":{"id":"a","provider":"b","encryption":{"profile":"c"}}}"#,
            r#"{"id":"a","provider":"b","encryption":{"x":{"profile":"c"}}}"#,
        ] {
            assert_unrecognized(document);
        }
    }

    #[test]
    fn a_member_that_is_no_string_is_malformed() {
        for value in ["1", "-1", "1.5", "true", "null", "[]", r#"["a"]"#, "{}", r#"{"profile":"x"}"#] {
            assert_malformed(WHOLE.replace(r#""a""#, value));
            assert_malformed(WHOLE.replace(r#""b""#, value));
            assert_malformed(WHOLE.replace(r#""c""#, value));
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_malformed() {
        for (member, twice) in [
            (r#""id":"a""#, r#""id":"a","id":"a""#),
            (r#""provider":"b""#, r#""provider":"b","provider":"b""#),
            (r#""profile":"c""#, r#""profile":"c","profile":"c""#),
            (r#""encryption":{"profile":"c"}"#, r#""encryption":{"profile":"c"},"encryption":{}"#),
        ] {
            assert_malformed(WHOLE.replace(member, twice));
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
        for place in [r#"{"x":"#, r#"{"provider":"#, r#"{"encryption":{"profile":"#, r#"{"encryption":{"x":"#] {
            let _ = appraise(format!("{place}{deep}").as_bytes());
        }
        let whole = WHOLE.replace(r#""id""#, &format!(r#""x":{deep},"id""#));
        assert_eq!(appraise(whole.as_bytes()).verdict, Verdict::Allowed);
    }
}
