//! A reader of well-formed XML 1.0, from front to back.
//!
//! Nearly all of a license consists of tags and text, which this module finds itself. It also pairs
//! the tags, and checks names, attributes, characters and the order of the parts. quick-xml reads
//! references and everything that starts with `<!` or `<?`, and resolves namespaces.
//!
//! The meaning of the parts of a document (section numbers of XML 1.0, fifth edition, and of
//! Namespaces in XML 1.0):
//!
//! | part | in the standard | in this module |
//! | --- | --- | --- |
//! | text | character data (2.4) | as in the standard |
//! | CDATA section | character data; markup in it is text (2.7) | as in the standard |
//! | character reference | the character (4.1) | as in the standard |
//! | `&lt;` `&gt;` `&amp;` `&quot;` `&apos;` | the character (4.6) | as in the standard |
//! | any other entity | declared in a document type (4.2) | refused: the document is malformed |
//! | comment | not part of the character data (2.5) | skipped |
//! | processing instruction | for an application that knows it (2.6) | an element that contains one has no value |
//! | document type declaration | may declare entities and defaults (2.8) | refused: the document is malformed |
//! | empty element | the same as a start tag and an end tag (3.1) | as in the standard |
//! | attribute | in any order, in either quotes (3.1) | as in the standard |
//! | name | a namespace and a local name; the prefix makes no difference (Namespaces, 2.1) | as in the standard |
//! | attribute without a prefix | in no namespace (Namespaces, 6.2) | as in the standard |
//! | prefix that is not declared | an error (Namespaces, 5) | an unknown element |
//! | encoding | UTF-8, UTF-16, or as declared (4.3.3) | only UTF-8 and UTF-16 are supported |

mod attributes;
mod characters;
#[cfg(any(test, fuzzing))]
mod comparison;
mod declaration;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::{memchr, memchr3};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::{Namespace as Uri, NamespaceResolver, QName, ResolveResult};

use attributes::{Attributes, check_attributes};
pub(super) use characters::legal_prefix;
use characters::{is_legal, is_name};
#[cfg(any(test, fuzzing))]
pub(crate) use comparison::compare_with_quick_xml;
use declaration::check_declaration;
pub(super) use declaration::unsupported_encoding;

use super::decision::FormatError;
use super::text::WHITE_SPACE;

/// A part of a document. Comments and declarations are skipped.
pub(super) enum Node<'t> {
    /// A start tag, or the tag of an empty element; an empty element has no [`Node::End`].
    Start { tag: Tag<'t>, is_empty: bool },
    /// The end tag of the innermost open element.
    End,
    /// Character data. The character data of one element may be in several nodes.
    Text(Cow<'t, str>),
    /// A processing instruction.
    Instruction,
}

/// The namespace of an element, as far as the formats distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// None, as in a Windows Media DRM license.
    None,
    /// The envelope of SOAP 1.1 or 1.2.
    Soap,
    /// The protocols of PlayReady or their messages.
    PlayReady,
    /// Any other, or a prefix that is not declared.
    Other,
}

impl From<ResolveResult<'_>> for Namespace {
    fn from(resolved: ResolveResult<'_>) -> Self {
        match resolved {
            ResolveResult::Unbound => Self::None,
            ResolveResult::Bound(Uri(
                "http://schemas.xmlsoap.org/soap/envelope/"
                | "http://www.w3.org/2003/05/soap-envelope",
            )) => Self::Soap,
            ResolveResult::Bound(Uri(
                "http://schemas.microsoft.com/DRM/2007/03/protocols"
                | "http://schemas.microsoft.com/DRM/2007/03/protocols/messages",
            )) => Self::PlayReady,
            ResolveResult::Bound(_) | ResolveResult::Unknown(_) => Self::Other,
        }
    }
}

/// A start tag, or the tag of an empty element.
pub(super) struct Tag<'t> {
    /// The local name of the element (Namespaces in XML, section 2.1).
    local_name: &'t str,
    namespace: Namespace,
    /// The text between the name and the end of the tag.
    attributes: &'t str,
}

impl<'t> Tag<'t> {
    /// Returns the namespace and the local name of the element.
    pub(super) fn name(&self) -> (Namespace, &'t str) {
        (self.namespace, self.local_name)
    }

    /// Returns the value of an attribute without a prefix, with its references resolved.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, FormatError> {
        for attribute in Attributes(self.attributes) {
            let (found, value) = attribute?;
            if found == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Returns `true` if the element has an attribute other than `known`. Declarations of
    /// namespaces do not count.
    pub(super) fn has_attribute_besides(&self, known: &str) -> Result<bool, FormatError> {
        for attribute in Attributes(self.attributes) {
            let (name, _) = attribute?;
            if name != known && name != "xmlns" && !name.starts_with("xmlns:") {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The character data of an element.
#[derive(Debug, Default)]
pub(super) struct CharacterData<'t> {
    text: Cow<'t, str>,
    /// Whether the element contains something that is not character data.
    is_mixed: bool,
}

impl<'t> CharacterData<'t> {
    /// Appends a piece.
    pub(super) fn push(&mut self, piece: Cow<'t, str>) {
        if self.text.is_empty() {
            self.text = piece;
        } else {
            self.text.to_mut().push_str(&piece);
        }
    }

    /// Records that the element contains something else, so that it has no value.
    pub(super) fn set_mixed(&mut self) {
        self.is_mixed = true;
    }

    /// Returns the character data without the white space around it, or `None` if the element
    /// contains anything else.
    pub(super) fn value(&self) -> Option<&str> {
        (!self.is_mixed).then(|| self.text.trim_matches(WHITE_SPACE))
    }
}

/// A document that is being read.
pub(super) struct Document<'t> {
    /// The part that was not read yet.
    rest: &'t str,
    /// The names of the open elements.
    open: Vec<&'t str>,
    /// The namespaces that the open elements declare. Most documents declare none.
    namespaces: Option<NamespaceResolver>,
    /// The depths of the open elements that declare namespaces.
    declaring: Vec<usize>,
    /// Whether any of it was read.
    has_begun: bool,
    has_root: bool,
    /// An error in the tag of the root or before it. It is kept until the format of the
    /// document is known.
    pending: Option<FormatError>,
}

/// The error of a document whose tags or other markup cannot be split.
const NOT_WELL_FORMED: FormatError = FormatError::new("the XML is not well-formed");

/// The error of a document with text before or after the root element.
const TEXT_OUTSIDE: FormatError = FormatError::new("there is text outside the root element");

impl<'t> Document<'t> {
    /// Returns a reader of a document without byte order mark that has only
    /// [legal](legal_prefix) characters.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            open: Vec::new(),
            namespaces: None,
            declaring: Vec::new(),
            has_begun: false,
            has_root: false,
            pending: None,
        }
    }

    /// Returns the next node, or `None` at the end of the document. Then the document is
    /// well-formed, apart from the errors that [`Document::take_error`] returns.
    pub(super) fn next(&mut self) -> Result<Option<Node<'t>>, FormatError> {
        loop {
            let is_first = !std::mem::replace(&mut self.has_begun, true);
            return match self.rest.as_bytes() {
                [] if self.has_root && self.open.is_empty() => Ok(None),
                [] => Err(FormatError::new("it ends inside an element")),
                [b'<', b'/', ..] => self.read_end_tag().map(Some),
                [b'<', b'!' | b'?', ..] | [b'&', ..] => match self.read_other(is_first)? {
                    Some(node) => Ok(Some(node)),
                    None => continue,
                },
                [b'<', ..] => self.read_start_tag().map(Some),
                _ => self.read_text().map(Some),
            };
        }
    }

    /// Returns the error in the document up to the tag of the root, once that tag was
    /// read: a document type declaration, an unsupported encoding, or invalid attributes
    /// of the root.
    ///
    /// [`Document::next`] continues after such an error, so that the caller can find out
    /// the format of the document first.
    pub(super) fn take_error(&mut self) -> Option<FormatError> {
        if self.has_root {
            self.pending.take()
        } else {
            None
        }
    }

    /// Reads the text up to the next tag or reference.
    fn read_text(&mut self) -> Result<Node<'t>, FormatError> {
        let bytes = self.rest.as_bytes();
        let mut searched = 0;
        let end = loop {
            let unsearched = bytes.get(searched..).unwrap_or_default();
            let Some(at) = memchr3(b'<', b'&', b'>', unsearched) else {
                break bytes.len();
            };
            if unsearched.get(at) != Some(&b'>') {
                break searched + at;
            }
            searched += at + 1;
            if bytes
                .get(..searched)
                .is_some_and(|text| text.ends_with(b"]]>"))
            {
                return Err(FormatError::new(
                    "text contains the end mark of a CDATA section",
                ));
            }
        };
        let (text, rest) = self.rest.split_at_checked(end).ok_or(NOT_WELL_FORMED)?;
        self.rest = rest;
        if self.open.is_empty() && !text.trim_matches(WHITE_SPACE).is_empty() {
            return Err(TEXT_OUTSIDE);
        }
        Ok(Node::Text(text.into()))
    }

    /// Reads a start tag, or the tag of an empty element.
    fn read_start_tag(&mut self) -> Result<Node<'t>, FormatError> {
        let content = self.rest.strip_prefix('<').ok_or(NOT_WELL_FORMED)?;
        let end = tag_end(content).ok_or(NOT_WELL_FORMED)?;
        let (tag, rest) = split_around(content, end).ok_or(NOT_WELL_FORMED)?;
        self.rest = rest;
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name_length = tag.bytes().position(is_white_space).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at_checked(name_length).ok_or(NOT_WELL_FORMED)?;
        let tag = self.open(name, attributes)?;
        if is_empty {
            self.close();
        }
        Ok(Node::Start { tag, is_empty })
    }

    fn read_end_tag(&mut self) -> Result<Node<'t>, FormatError> {
        let content = self.rest.strip_prefix("</").ok_or(NOT_WELL_FORMED)?;
        let end = content.bytes().position(|byte| byte == b'>');
        let (name, rest) = end
            .and_then(|end| split_around(content, end))
            .ok_or(NOT_WELL_FORMED)?;
        if self.open.last() != Some(&name.trim_end_matches(WHITE_SPACE)) {
            return Err(NOT_WELL_FORMED);
        }
        self.rest = rest;
        self.close();
        Ok(Node::End)
    }

    /// Reads a reference, or a part that starts with `<!` or `<?`. Returns `None` for a part that is
    /// skipped.
    fn read_other(&mut self, is_first: bool) -> Result<Option<Node<'t>>, FormatError> {
        let mut reader = Reader::from_str(self.rest);
        reader.config_mut().enable_all_checks(true);
        let event = reader.read_event().map_err(|_| NOT_WELL_FORMED)?;
        self.rest = usize::try_from(reader.buffer_position())
            .ok()
            .and_then(|length| self.rest.get(length..))
            .ok_or(NOT_WELL_FORMED)?;
        match event {
            Event::CData(_) | Event::GeneralRef(_) if self.open.is_empty() => Err(TEXT_OUTSIDE),
            Event::CData(section) => Ok(Some(Node::Text(section.into_inner()))),
            Event::GeneralRef(reference) => Ok(Some(Node::Text(resolve(&reference)?))),
            Event::Comment(_) => Ok(None),
            Event::PI(instruction) => {
                let target = instruction.target();
                if !is_name(target) || target.eq_ignore_ascii_case("xml") {
                    return Err(FormatError::new("a processing instruction is ill-formed"));
                }
                Ok(Some(Node::Instruction))
            }
            Event::Decl(declaration) if is_first => {
                if let Some(encoding) = check_declaration(&declaration)? {
                    self.pending = Some(FormatError::unsupported_encoding(&encoding));
                }
                Ok(None)
            }
            Event::DocType(_) if !self.has_root => {
                self.pending
                    .get_or_insert(FormatError::new("it has a document type declaration"));
                Ok(None)
            }
            Event::Decl(_) | Event::DocType(_) => {
                Err(FormatError::new("a declaration is at the wrong position"))
            }
            Event::Start(_) | Event::Empty(_) | Event::End(_) | Event::Text(_) | Event::Eof => {
                Err(NOT_WELL_FORMED)
            }
        }
    }

    /// Checks a start tag, and opens its element.
    fn open(&mut self, name: &'t str, attributes: &'t str) -> Result<Tag<'t>, FormatError> {
        if !is_name(name) {
            return Err(FormatError::new("an element has an ill-formed name"));
        }
        let declares = match check_attributes(attributes) {
            Err(error) if self.open.is_empty() => {
                self.pending.get_or_insert(error);
                false
            }
            checked => checked?,
        };
        if self.open.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err(FormatError::new(
                "there is an element after the root element",
            ));
        }
        self.open.push(name);
        if declares {
            self.declare_namespaces(attributes)?;
        }
        let prefixed = name.split_once(':');
        let namespace = match &self.namespaces {
            Some(namespaces) => namespaces.resolve_element(QName(name)).0.into(),
            None if prefixed.is_some() => Namespace::Other,
            None => Namespace::None,
        };
        Ok(Tag {
            local_name: prefixed.map_or(name, |(_, local_name)| local_name),
            namespace,
            attributes,
        })
    }

    /// Adds the namespaces that a start tag declares.
    fn declare_namespaces(&mut self, attributes: &str) -> Result<(), FormatError> {
        const ERROR: FormatError = FormatError::new("a namespace declaration is not valid");
        let namespaces = self.namespaces.get_or_insert_default();
        let depth = self.open.len();
        namespaces.set_level(u16::try_from(depth).map_err(|_| ERROR)?);
        self.declaring.push(depth);
        for attribute in Attributes(attributes) {
            let (name, value) = attribute?;
            if let Some(declaration) = QName(name).as_namespace_binding() {
                namespaces
                    .add(declaration, Uri(&value))
                    .map_err(|_| ERROR)?;
            }
        }
        Ok(())
    }

    /// Closes the innermost open element.
    fn close(&mut self) {
        let depth = self.open.len();
        if self
            .declaring
            .pop_if(|declaring| *declaring == depth)
            .is_some()
            && let Some(namespaces) = &mut self.namespaces
        {
            let level = self.declaring.last().copied().unwrap_or_default();
            namespaces.set_level(u16::try_from(level).unwrap_or(u16::MAX));
        }
        self.open.pop();
    }
}

/// Returns the index of the `>` that ends a tag. In quotes, `>` is part of a value.
fn tag_end(content: &str) -> Option<usize> {
    let bytes = content.as_bytes();
    let mut searched = 0;
    loop {
        let unsearched = bytes.get(searched..)?;
        let at = unsearched
            .iter()
            .position(|byte| matches!(byte, b'>' | b'"' | b'\''))?;
        let found = searched + at;
        let quote = match bytes.get(found)? {
            b'>' => return Some(found),
            quote => *quote,
        };
        searched = found + 1;
        searched += memchr(quote, bytes.get(searched..)?)? + 1;
    }
}

/// Returns the parts of a text before and after the byte at an index, a character of ASCII.
fn split_around(text: &str, at: usize) -> Option<(&str, &str)> {
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Returns the character that a reference represents.
fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, FormatError> {
    let resolved = match reference.resolve_char_ref() {
        Ok(Some(character)) => is_legal(character).then(|| character.to_string().into()),
        Ok(None) => resolve_predefined_entity(reference).map(Cow::Borrowed),
        Err(_) => None,
    };
    resolved.ok_or(FormatError::new("a reference is not valid"))
}
