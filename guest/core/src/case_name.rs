//! The names of the cases of an enum, which are those in `wit/types.wit`.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serializer, de};

/// An error returned when a text is not the name of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown name of a case")]
pub struct UnknownCaseName;

/// Implements for an enum all that needs the names of its cases: `name`, [`Display`],
/// [`FromStr`], and, with the feature `serde`, `Serialize` and `Deserialize`.
macro_rules! case_names {
    ($enum:ident { $($case:ident => $name:literal,)+ }) => {
        impl $enum {
            /// Every case, in the order of the definition.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$case),+];

            /// Returns the name of the case in `wit/types.wit`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $name,)+
                }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $enum {
            type Err = $crate::case_name::UnknownCaseName;

            /// Returns the case of this name.
            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$case),)+
                    _ => Err($crate::case_name::UnknownCaseName),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $enum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::case_name::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use case_names;

/// Deserializes a case from its name.
pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(de::Error::custom)
}

/// The serialized form of an optional case, its name, for `#[serde(with = …)]`.
pub(crate) mod optional {
    use super::{Deserializer, Display, FromStr, Serializer};

    #[expect(
        clippy::ref_option,
        reason = "this is the signature that serde requires"
    )]
    pub(crate) fn serialize<T, S>(case: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Display,
        S: Serializer,
    {
        match case {
            Some(case) => serializer.collect_str(case),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::{env, fs};

    use super::*;
    use crate::{ErrorCode, LicenseChange, LicenseFormat, Restriction, Rule, Stage};

    /// Returns a file of the repository.
    ///
    /// It is not part of the published crate, so that the test reads it when it runs.
    fn repository_file(path: &str) -> String {
        let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        fs::read_to_string(format!("{repository}/{path}")).expect("the file is in the repository")
    }

    /// Returns the names of the cases of an enum in `wit/types.wit`, in order.
    fn wit_cases(name: &str) -> Vec<String> {
        let wit = repository_file("wit/types.wit");
        let (_, start) = wit
            .split_once(&format!("enum {name} {{"))
            .expect("the enum is in the file");
        let (cases, _) = start.split_once('}').expect("the enum has an end");
        cases
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("///"))
            .filter_map(|line| line.strip_suffix(','))
            .map(str::to_owned)
            .collect()
    }

    fn assert_cases<T>(wit_enum: &str, cases: &[T])
    where
        T: Debug + Display + FromStr<Err = UnknownCaseName> + PartialEq + Copy,
    {
        let names: Vec<String> = cases.iter().map(ToString::to_string).collect();
        assert_eq!(names, wit_cases(wit_enum), "{wit_enum}");
        for case in cases {
            assert_eq!(case.to_string().parse(), Ok(*case), "{wit_enum}");
        }
        assert_eq!("no-case".parse::<T>(), Err(UnknownCaseName), "{wit_enum}");
    }

    #[test]
    fn the_cases_and_their_names_are_those_of_the_wit_enums() {
        assert_cases("error-code", ErrorCode::ALL);
        assert_cases("restriction", Restriction::ALL);
        assert_cases("license-format", LicenseFormat::ALL);
        assert_cases("stage", Stage::ALL);
        assert_cases("retention-rule", Rule::ALL);
        assert_cases("license-change", LicenseChange::ALL);
    }

    #[test]
    fn the_json_schema_has_the_cases_of_the_wit_enums() {
        let schema: serde_json::Value =
            serde_json::from_str(&repository_file("docs/json-lines.schema.json"))
                .expect("the schema is JSON");
        for (wit_enum, pointer) in [
            ("error-code", "/$defs/code/enum"),
            ("restriction", "/$defs/reason/enum"),
            ("license-format", "/$defs/identity/properties/format/enum"),
            ("stage", "/$defs/progress/properties/stage/enum"),
            ("retention-rule", "/$defs/rule/enum"),
            (
                "license-change",
                "/$defs/license-difference/properties/change/enum",
            ),
        ] {
            let cases = schema.pointer(pointer);
            assert_eq!(cases, Some(&wit_cases(wit_enum).into()), "{wit_enum}");
        }
    }
}
