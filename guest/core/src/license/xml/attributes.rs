//! The attributes of a tag.

use std::borrow::Cow;

use quick_xml::escape::unescape;

use super::characters::{is_legal, is_name};
use crate::license::decision::FormatError;
use crate::license::text::WHITE_SPACE;

/// Checks the attributes of a tag: each is well-formed, and no two have the same name.
/// Returns `true` if any of them declares a namespace.
pub(super) fn check_attributes(raw: &str) -> Result<bool, FormatError> {
    let (mut count, mut declares) = (0, false);
    for attribute in Attributes(raw) {
        let (name, _) = attribute?;
        declares |= name.starts_with("xmlns");
        count += 1;
    }
    if count > 1 {
        let mut names: Vec<&str> = Attributes(raw).flatten().map(|(name, _)| name).collect();
        names.sort_unstable();
        if names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other))
        {
            return Err(FormatError::new("an attribute is duplicated"));
        }
    }
    Ok(declares)
}

/// An iterator over the attributes of a tag: name and value, with references resolved.
/// Its field is the text after the last attribute that was returned. The iterator ends
/// after an error.
pub(super) struct Attributes<'t>(pub(super) &'t str);

impl<'t> Iterator for Attributes<'t> {
    type Item = Result<(&'t str, Cow<'t, str>), FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = std::mem::take(&mut self.0);
        let attribute = rest.trim_start_matches(WHITE_SPACE);
        if attribute.is_empty() {
            return None;
        }
        // White space must precede each attribute.
        let split = if attribute.len() < rest.len() {
            split_attribute(attribute)
        } else {
            None
        };
        let Some((name, value, rest)) = split else {
            return Some(Err(FormatError::new("an attribute is ill-formed")));
        };
        self.0 = rest;
        Some(Ok((name, value)))
    }
}

/// Splits off the attribute that `text` starts with. Returns its name, its value and the rest.
fn split_attribute(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, after_name) = text.split_once('=')?;
    let name = name.trim_end_matches(WHITE_SPACE);
    let mut quoted = after_name.trim_start_matches(WHITE_SPACE).chars();
    let quote = quoted.next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (raw, rest) = quoted.as_str().split_once(quote)?;
    let value = unescape(raw).ok()?;
    (is_name(name) && !raw.contains('<') && value.chars().all(is_legal))
        .then_some((name, value, rest))
}
