//! The members of an LCP license document that are read.
//!
//! The values of all other members, and the content of objects, are skipped: they include keys and
//! hints.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The name of a member that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
pub(super) enum Name {
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
pub(super) enum Kind {
    String,
    Number,
    Array,
    Object,
    #[default]
    Other,
}

/// A member of an object, with its last value.
#[derive(Default)]
pub(super) struct Member<'d> {
    /// The number of times that the object has it.
    pub(super) count: usize,
    pub(super) kind: Kind,
    /// The value, if it is a string.
    pub(super) text: Option<Cow<'d, str>>,
}

impl Member<'_> {
    pub(super) fn is_one(&self, kind: Kind) -> bool {
        self.count == 1 && self.kind == kind
    }

    pub(super) fn one_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.count == 1)
    }
}

/// The members of a JSON object that are read.
#[derive(Default)]
pub(super) struct Members<'d> {
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
    pub(super) fn read(&mut self, content: &'d str) -> bool {
        let mut json = serde_json::Deserializer::from_str(content);
        json.deserialize_map(&mut *self)
            .and_then(|()| json.end())
            .is_ok()
    }

    /// Returns when the rights end: `rights.end`.
    pub(super) fn rights_end(&self) -> Option<&str> {
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
