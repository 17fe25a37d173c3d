//! XML 1.0 that is well-formed to its end, read from front to back.
//!
//! quick-xml finds the tags and pairs them. What else makes a document well-formed it leaves to its caller, so it is
//! checked here: names, attributes, references, characters, and what may stand where. A document type declaration is
//! refused altogether, so that there are no entities but the five predefined ones. Namespaces are not looked at.

use std::borrow::Cow;

use memchr::memchr;
use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use super::{Fault, WHITE_SPACE};

/// A part of a document.
pub(super) enum Node<'t> {
    /// A start tag, or the tag of an empty element; there is no [`Node::End`] for the latter.
    Start { tag: Tag<'t>, is_empty: bool },
    /// An end tag, of the element that was begun last.
    End,
    /// Text, up to the next part of any kind.
    Text(Cow<'t, str>),
    /// A part that is neither tag nor text: comment, CDATA section, reference, processing instruction.
    Other,
}

/// The tag that begins an element.
pub(super) struct Tag<'t>(BytesStart<'t>);

impl Tag<'_> {
    /// The name of the element, with its prefix.
    pub(super) fn name(&self) -> &str {
        self.0.name().into_inner()
    }

    /// The value of an attribute, references resolved.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, Fault> {
        for attribute in Attributes(self.0.attributes_raw()) {
            let (found, value) = attribute?;
            if found == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// A document that is being read.
pub(super) struct Document<'t> {
    reader: Reader<&'t [u8]>,
    /// Whether anything has been read of it.
    has_begun: bool,
    has_root: bool,
    /// What is wrong up to the root's tag, that tag included, although its name could be read.
    pending: Option<Fault>,
    /// The number of elements that are open.
    depth: usize,
}

impl<'t> Document<'t> {
    /// A document, without byte order mark, that has only [legal](legal_prefix) characters.
    pub(super) fn new(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        Self { reader, has_begun: false, has_root: false, pending: None, depth: 0 }
    }

    /// The next part, or nothing at the end of a document that was well-formed from its beginning.
    ///
    /// A document type declaration, or bad attributes of the root, are told only behind the root's tag, so that the
    /// caller knows by then what it reads.
    pub(super) fn next(&mut self) -> Result<Option<Node<'t>>, Fault> {
        if let Some(fault) = self.pending.filter(|_| self.has_root) {
            return Err(fault);
        }
        let event = self.reader.read_event().map_err(|_| Fault("the XML is not well-formed"))?;
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        Ok(Some(match event {
            Event::Start(tag) => {
                self.check_start(&tag)?;
                self.depth += 1;
                Node::Start { tag: Tag(tag), is_empty: false }
            }
            Event::Empty(tag) => {
                self.check_start(&tag)?;
                Node::Start { tag: Tag(tag), is_empty: true }
            }
            Event::End(_) => {
                self.depth = self.depth.checked_sub(1).ok_or(Fault("an end tag has no start"))?;
                Node::End
            }
            Event::Text(text) => {
                self.check_text(&text)?;
                Node::Text(text.into_inner())
            }
            Event::CData(_) => {
                self.check_inside_root()?;
                Node::Other
            }
            Event::GeneralRef(reference) => {
                self.check_inside_root()?;
                check_reference(&reference)?;
                Node::Other
            }
            Event::Comment(_) => Node::Other,
            Event::PI(instruction) => {
                let target = instruction.target();
                if !is_name(target) || target.eq_ignore_ascii_case("xml") {
                    return Err(Fault("a processing instruction is ill-formed"));
                }
                Node::Other
            }
            Event::Decl(declaration) if is_first => {
                check_declaration(&declaration)?;
                Node::Other
            }
            Event::DocType(_) if !self.has_root => {
                self.pending = Some(Fault("it has a document type declaration"));
                Node::Other
            }
            Event::Decl(_) | Event::DocType(_) => return Err(Fault("a declaration is out of place")),
            Event::Eof if self.has_root && self.depth == 0 => return Ok(None),
            Event::Eof => return Err(Fault("it ends in the middle of an element")),
        }))
    }

    fn check_start(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        if !is_name(tag.name().into_inner()) {
            return Err(Fault("an element has an ill-formed name"));
        }
        let attributes = check_attributes(tag.attributes_raw());
        if self.depth > 0 {
            return attributes;
        }
        if std::mem::replace(&mut self.has_root, true) {
            return Err(Fault("there is an element behind the root element"));
        }
        self.pending = self.pending.or(attributes.err());
        Ok(())
    }

    fn check_text(&self, text: &str) -> Result<(), Fault> {
        if self.depth == 0 && !text.trim_matches(WHITE_SPACE).is_empty() {
            return Err(Fault("there is text outside of the root element"));
        }
        // Most text has no `>`, which takes less to find out.
        if memchr(b'>', text.as_bytes()).is_some() && text.as_bytes().windows(3).any(|bytes| bytes == b"]]>") {
            return Err(Fault("text has the end mark of a CDATA section"));
        }
        Ok(())
    }

    fn check_inside_root(&self) -> Result<(), Fault> {
        if self.depth == 0 { Err(Fault("there is text outside of the root element")) } else { Ok(()) }
    }
}

/// The part of a text in front of the first character that XML forbids.
pub(super) fn legal_prefix(text: &str) -> &str {
    // Next to no document has one of these bytes. U+FFFE and U+FFFF start with 0xEF.
    let is_suspect = |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')) || *byte == 0xEF;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    if !words.iter().any(|word| may_be_suspect(*word) && word.iter().any(is_suspect)) && !rest.iter().any(is_suspect) {
        return text;
    }
    text.find(|character| !is_legal(character)).map_or(text, |end| text.split_at(end).0)
}

/// Whether any of the bytes is less than a space or is 0xEF, found out for all of them at once.
fn may_be_suspect(word: [u8; 8]) -> bool {
    /// Each byte is 1.
    const ONES: u64 = u64::MAX / 0xFF;
    /// The highest bit of each byte.
    const HIGHEST: u64 = ONES << 7;
    // A byte that is less than `limit` borrows from its highest bit, which it does not have itself.
    let any_less = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes & HIGHEST;
    let bytes = u64::from_le_bytes(word);
    any_less(bytes, 0x20) | any_less(bytes ^ (ONES * 0xEF), 1) != 0
}

/// Production 2 of XML 1.0.
fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\r' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Production 5 of XML 1.0.
fn is_name(name: &str) -> bool {
    // Nearly all names are made of these alone.
    if let [b'A'..=b'Z' | b'a'..=b'z', rest @ ..] = name.as_bytes()
        && rest.iter().all(u8::is_ascii_alphanumeric)
    {
        return true;
    }
    let mut characters = name.chars();
    characters.next().is_some_and(is_name_start) && characters.all(|character| {
        is_name_start(character)
            || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
    })
}

/// Production 4 of XML 1.0.
fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | ':'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn check_reference(reference: &BytesRef<'_>) -> Result<(), Fault> {
    let is_good = match reference.resolve_char_ref() {
        Ok(Some(character)) => is_legal(character),
        Ok(None) => resolve_predefined_entity(reference).is_some(),
        Err(_) => false,
    };
    if is_good { Ok(()) } else { Err(Fault("a reference is not valid")) }
}

/// Production 23 of XML 1.0, the encoding being one that has the text that was read.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Fault> {
    const FAULT: Fault = Fault("the XML declaration is ill-formed");
    let mut attributes = Attributes(declaration.strip_prefix("xml").ok_or(FAULT)?).peekable();
    let mut take = |name: &str| match attributes.next_if(|next| next.as_ref().is_ok_and(|(found, _)| *found == name)) {
        Some(Ok((_, Cow::Borrowed(value)))) => Ok(Some(value)),
        None => Ok(None),
        Some(_) => Err(FAULT), // A reference has no meaning here.
    };
    let version = take("version")?;
    let encoding = take("encoding")?;
    let standalone = take("standalone")?;
    let is_good = version.and_then(|version| version.strip_prefix("1.")).is_some_and(is_digits)
        && encoding.is_none_or(|encoding| {
            ["UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(encoding))
        })
        && matches!(standalone, None | Some("yes" | "no"))
        && attributes.next().is_none();
    if is_good { Ok(()) } else { Err(FAULT) }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks the attributes of a tag, and that no two of them have the same name.
fn check_attributes(raw: &str) -> Result<(), Fault> {
    let mut count = 0;
    for attribute in Attributes(raw) {
        attribute?;
        count += 1;
    }
    if count > 1 {
        let mut names: Vec<&str> = Attributes(raw).flatten().map(|(name, _)| name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(Fault("an attribute is there twice"));
        }
    }
    Ok(())
}

/// The attributes in what comes behind the name in a tag: name and value, references resolved. Nothing comes behind a
/// fault.
struct Attributes<'t>(&'t str);

impl<'t> Iterator for Attributes<'t> {
    type Item = Result<(&'t str, Cow<'t, str>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = std::mem::take(&mut self.0);
        let attribute = rest.trim_start_matches(WHITE_SPACE);
        if attribute.is_empty() {
            return None;
        }
        // White space has to come before each attribute.
        let split = if attribute.len() < rest.len() { split_attribute(attribute) } else { None };
        let Some((name, value, rest)) = split else {
            return Some(Err(Fault("an attribute is ill-formed")));
        };
        self.0 = rest;
        Some(Ok((name, value)))
    }
}

/// Name, value, and what comes behind the attribute that `text` starts with.
fn split_attribute(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, behind_name) = text.split_once('=')?;
    let name = name.trim_end_matches(WHITE_SPACE);
    let mut quoted = behind_name.trim_start_matches(WHITE_SPACE).chars();
    let quote = quoted.next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (raw, rest) = quoted.as_str().split_once(quote)?;
    let value = unescape(raw).ok()?;
    (is_name(name) && !raw.contains('<') && value.chars().all(is_legal)).then_some((name, value, rest))
}

#[cfg(test)]
mod tests;
