//! The XML declaration, and the encoding that it declares.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, Event};

use super::attributes::Attributes;
use crate::license::decision::FormatError;

/// The encodings that are supported. All text in US-ASCII is also text in UTF-8, and
/// `UTF8` is a common misspelling.
const SUPPORTED_ENCODINGS: [&str; 6] = [
    "UTF-8", "UTF8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII",
];

/// The length in bytes of the longest name in the IANA registry of character sets.
const MAX_ENCODING_NAME_LENGTH: usize = 45;

/// Returns the encoding that a document declares, or `None` if it declares none or a
/// supported one.
pub(in crate::license) fn unsupported_encoding(text: &str) -> Option<String> {
    match Reader::from_str(text).read_event() {
        Ok(Event::Decl(declaration)) => check_declaration(&declaration).ok()?,
        _ => None,
    }
}

/// Checks an XML declaration against production 23 of XML 1.0, and returns the encoding that it
/// declares, or `None` if it declares none or a supported one.
pub(super) fn check_declaration(
    declaration: &BytesDecl<'_>,
) -> Result<Option<String>, FormatError> {
    const ERROR: FormatError = FormatError::new("the XML declaration is ill-formed");
    let mut attributes = Attributes(declaration.strip_prefix("xml").ok_or(ERROR)?).peekable();
    let mut take = |name: &str| match attributes
        .next_if(|next| next.as_ref().is_ok_and(|(found, _)| *found == name))
    {
        Some(Ok((_, Cow::Borrowed(value)))) => Ok(Some(value)),
        None => Ok(None),
        Some(_) => Err(ERROR), // A reference has no meaning in a declaration.
    };
    let version = take("version")?;
    let encoding = take("encoding")?;
    let standalone = take("standalone")?;
    let is_valid = version
        .and_then(|version| version.strip_prefix("1."))
        .is_some_and(is_digits)
        && encoding.is_none_or(is_encoding_name)
        && matches!(standalone, None | Some("yes" | "no"))
        && attributes.next().is_none();
    if !is_valid {
        return Err(ERROR);
    }
    let is_supported = |encoding: &&str| {
        SUPPORTED_ENCODINGS
            .iter()
            .any(|supported| supported.eq_ignore_ascii_case(encoding))
    };
    Ok(encoding
        .filter(|encoding| !is_supported(encoding))
        .map(str::to_owned))
}

/// Returns `true` if a text is an encoding name: production 81 of XML 1.0, and not longer
/// than any registered name, because error messages contain it.
fn is_encoding_name(name: &str) -> bool {
    name.len() <= MAX_ENCODING_NAME_LENGTH
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
