//! XML 1.0 that is well-formed to its end, read from front to back.
//!
//! quick-xml finds the tags, pairs them, and resolves namespaces. What else makes a document
//! well-formed it leaves to its caller, so it is checked here: names, attributes, references,
//! characters, and what may stand where.
//!
//! What the parts of a document mean (section numbers of XML 1.0, fifth edition, and of Namespaces
//! in XML 1.0):
//!
//! | part | in the standard | here |
//! | --- | --- | --- |
//! | text | character data (2.4) | as the standard says |
//! | CDATA section | character data; markup in it is text (2.7) | as the standard says |
//! | character reference | the character (4.1) | as the standard says |
//! | `&lt;` `&gt;` `&amp;` `&quot;` `&apos;` | the character (4.6) | as the standard says |
//! | any other entity | declared in a document type (4.2) | refused: the document is malformed |
//! | comment | not part of the character data (2.5) | skipped |
//! | processing instruction | for an application that knows it (2.6) | not understood: an element that contains one has no value |
//! | document type declaration | may declare entities and defaults (2.8) | refused: the document is malformed |
//! | empty element | the same as a start tag and an end tag (3.1) | as the standard says |
//! | attribute | in any order, in either quotes (3.1) | as the standard says |
//! | name | a namespace and a local name, whatever the prefix (Namespaces, 2.1) | as the standard says |
//! | attribute without a prefix | in no namespace (Namespaces, 6.2) | as the standard says |
//! | prefix that is not declared | an error (Namespaces, 5) | an element that nobody knows |
//! | encoding | UTF-8, UTF-16, or as declared (4.3.3) | others than UTF-8 and UTF-16: the document cannot be read |

use std::borrow::Cow;

use memchr::memchr;
use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace as Uri, NamespaceResolver, QName, ResolveResult};

use super::{Fault, WHITE_SPACE};

/// A part of a document that can have a meaning. Comments and declarations have none.
pub(super) enum Node<'t> {
    /// A start tag, or the tag of an empty element; there is no [`Node::End`] for the latter.
    Start { tag: Tag<'t>, is_empty: bool },
    /// An end tag, of the element that was begun last.
    End,
    /// Character data. That of one element may come in several pieces.
    Text(Cow<'t, str>),
    /// A processing instruction.
    Instruction,
}

/// The namespace of an element, as far as it makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// None, as in a Windows Media DRM license.
    None,
    /// The envelope of SOAP 1.1 or 1.2.
    Soap,
    /// The protocols of PlayReady, or their messages.
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

/// The tag that begins an element.
pub(super) struct Tag<'t> {
    start: BytesStart<'t>,
    name: ExpandedName,
}

/// The name of an element as Namespaces in XML has it.
struct ExpandedName {
    namespace: Namespace,
    /// Where the local name starts in the name of the element.
    local_start: usize,
}

impl Tag<'_> {
    /// Returns the namespace and the local name of the element.
    pub(super) fn name(&self) -> (Namespace, &str) {
        let name = self.start.name().into_inner();
        (
            self.name.namespace,
            name.get(self.name.local_start..).unwrap_or_default(),
        )
    }

    /// Returns the value of an attribute without a prefix, references resolved.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, Fault> {
        for attribute in Attributes(self.start.attributes_raw()) {
            let (found, value) = attribute?;
            if found == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Returns `true` if the element has another attribute than that called `known`. A declaration of a
    /// namespace is none.
    pub(super) fn has_attribute_besides(&self, known: &str) -> Result<bool, Fault> {
        for attribute in Attributes(self.start.attributes_raw()) {
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

    /// Notes that the element contains something else, so that it has no value.
    pub(super) fn set_mixed(&mut self) {
        self.is_mixed = true;
    }

    /// Returns the character data without the white space around it, or `None` if the element
    /// contains anything else.
    pub(super) fn value(&self) -> Option<&str> {
        (!self.is_mixed).then(|| self.text.trim_matches(WHITE_SPACE))
    }
}

/// The encodings that are read. All text in US-ASCII is text in UTF-8, too, and `UTF8` is a common
/// misspelling.
const READ_ENCODINGS: [&str; 6] = [
    "UTF-8", "UTF8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII",
];

/// The length in bytes of the longest name in the IANA registry of character sets.
const LONGEST_ENCODING_NAME: usize = 45;

/// A document that is being read.
pub(super) struct Document<'t> {
    reader: Reader<&'t [u8]>,
    /// The namespaces that the open elements declare. Most documents declare none.
    namespaces: Option<NamespaceResolver>,
    /// The depths of the open elements that declare namespaces.
    declaring: Vec<usize>,
    /// Whether anything has been read of it.
    has_begun: bool,
    has_root: bool,
    /// A fault before the root's tag or in it, kept until the format of the document is known.
    pending: Option<Fault>,
    /// The number of elements that are open.
    depth: usize,
}

impl<'t> Document<'t> {
    /// Returns a document, without byte order mark, that has only [legal](legal_prefix) characters.
    pub(super) fn new(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        Self {
            reader,
            namespaces: None,
            declaring: Vec::new(),
            has_begun: false,
            has_root: false,
            pending: None,
            depth: 0,
        }
    }

    /// Returns the next part, or `None` at the end of a document that was well-formed from its
    /// beginning, but for what [`Document::take_fault`] reports.
    pub(super) fn next(&mut self) -> Result<Option<Node<'t>>, Fault> {
        loop {
            let event = self
                .reader
                .read_event()
                .map_err(|_| Fault::new("the XML is not well-formed"))?;
            let is_first = !std::mem::replace(&mut self.has_begun, true);
            return Ok(Some(match event {
                Event::Start(start) => {
                    let name = self.open(&start)?;
                    Node::Start {
                        tag: Tag { start, name },
                        is_empty: false,
                    }
                }
                Event::Empty(start) => {
                    let name = self.open(&start)?;
                    self.close()?;
                    Node::Start {
                        tag: Tag { start, name },
                        is_empty: true,
                    }
                }
                Event::End(_) => {
                    self.close()?;
                    Node::End
                }
                Event::Text(text) => {
                    self.check_text(&text)?;
                    Node::Text(text.into_inner())
                }
                Event::CData(section) => {
                    self.check_inside_root()?;
                    Node::Text(section.into_inner())
                }
                Event::GeneralRef(reference) => {
                    self.check_inside_root()?;
                    Node::Text(resolve(&reference)?)
                }
                Event::Comment(_) => continue,
                Event::PI(instruction) => {
                    let target = instruction.target();
                    if !is_name(target) || target.eq_ignore_ascii_case("xml") {
                        return Err(Fault::new("a processing instruction is ill-formed"));
                    }
                    Node::Instruction
                }
                Event::Decl(declaration) if is_first => {
                    if let Some(encoding) = check_declaration(&declaration)? {
                        self.pending = Some(Fault::encoding(&encoding));
                    }
                    continue;
                }
                Event::DocType(_) if !self.has_root => {
                    self.pending
                        .get_or_insert(Fault::new("it has a document type declaration"));
                    continue;
                }
                Event::Decl(_) | Event::DocType(_) => {
                    return Err(Fault::new("a declaration is out of place"));
                }
                Event::Eof if self.has_root && self.depth == 0 => return Ok(None),
                Event::Eof => return Err(Fault::new("it ends in the middle of an element")),
            }));
        }
    }

    /// Returns what is wrong with the document up to the root's tag, if it was read so far: a
    /// document type declaration, an encoding that cannot be read, or bad attributes of the root.
    ///
    /// [`Document::next`] reads on after such a fault, so that the caller can find out first what
    /// kind of document has it.
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        if self.has_root {
            self.pending.take()
        } else {
            None
        }
    }

    /// Checks the tag that begins an element, and returns the name of the element.
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<ExpandedName, Fault> {
        let name = tag.name();
        if !is_name(name.into_inner()) {
            return Err(Fault::new("an element has an ill-formed name"));
        }
        let declares = match check_attributes(tag.attributes_raw()) {
            Err(fault) if self.depth == 0 => {
                self.pending.get_or_insert(fault);
                false
            }
            checked => checked?,
        };
        if self.depth == 0 && std::mem::replace(&mut self.has_root, true) {
            return Err(Fault::new("there is an element after the root element"));
        }
        self.depth += 1;
        if declares {
            self.declare_namespaces(tag)?;
        }
        let prefix_length = name.into_inner().bytes().position(|byte| byte == b':');
        let namespace = match &self.namespaces {
            Some(namespaces) => namespaces.resolve_element(name).0.into(),
            None if prefix_length.is_some() => Namespace::Other,
            None => Namespace::None,
        };
        Ok(ExpandedName {
            namespace,
            local_start: prefix_length.map_or(0, |length| length + 1),
        })
    }

    /// Adds the namespaces that the element in hand declares.
    fn declare_namespaces(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        const FAULT: Fault = Fault::new("a namespace declaration is not valid");
        let namespaces = self.namespaces.get_or_insert_default();
        namespaces.set_level(u16::try_from(self.depth).map_err(|_| FAULT)?);
        self.declaring.push(self.depth);
        for attribute in Attributes(tag.attributes_raw()) {
            let (name, value) = attribute?;
            if let Some(declaration) = QName(name).as_namespace_binding() {
                namespaces
                    .add(declaration, Uri(&value))
                    .map_err(|_| FAULT)?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        if self
            .declaring
            .pop_if(|depth| *depth == self.depth)
            .is_some()
            && let Some(namespaces) = &mut self.namespaces
        {
            let level = self.declaring.last().copied().unwrap_or_default();
            namespaces.set_level(u16::try_from(level).unwrap_or(u16::MAX));
        }
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or(Fault::new("an end tag has no start"))?;
        Ok(())
    }

    fn check_text(&self, text: &str) -> Result<(), Fault> {
        if self.depth == 0 && !text.trim_matches(WHITE_SPACE).is_empty() {
            return Err(Fault::new("there is text outside of the root element"));
        }
        // Most text has no `>`, which takes less to find out.
        if memchr(b'>', text.as_bytes()).is_some()
            && text.as_bytes().windows(3).any(|bytes| bytes == b"]]>")
        {
            return Err(Fault::new("text has the end mark of a CDATA section"));
        }
        Ok(())
    }

    fn check_inside_root(&self) -> Result<(), Fault> {
        if self.depth == 0 {
            Err(Fault::new("there is text outside of the root element"))
        } else {
            Ok(())
        }
    }
}

/// The part of a text in front of the first character that XML forbids.
pub(super) fn legal_prefix(text: &str) -> &str {
    // Next to no document has one of these bytes. U+FFFE and U+FFFF start with 0xEF.
    let is_suspect =
        |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')) || *byte == 0xEF;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    if !words
        .iter()
        .any(|word| may_be_suspect(*word) && word.iter().any(is_suspect))
        && !rest.iter().any(is_suspect)
    {
        return text;
    }
    text.find(|character| !is_legal(character))
        .map_or(text, |end| text.split_at(end).0)
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

/// Returns the character that a reference represents.
fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, Fault> {
    let resolved = match reference.resolve_char_ref() {
        Ok(Some(character)) => is_legal(character).then(|| character.to_string().into()),
        Ok(None) => resolve_predefined_entity(reference).map(Cow::Borrowed),
        Err(_) => None,
    };
    resolved.ok_or(Fault::new("a reference is not valid"))
}

/// Returns the encoding that a document declares if it is one that is not read here.
pub(super) fn other_encoding(text: &str) -> Option<String> {
    match Document::new(text).reader.read_event() {
        Ok(Event::Decl(declaration)) => check_declaration(&declaration).ok()?,
        _ => None,
    }
}

/// Checks an XML declaration against production 23 of XML 1.0, and returns the encoding that it
/// declares if that is not one of those that are read here.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<Option<String>, Fault> {
    const FAULT: Fault = Fault::new("the XML declaration is ill-formed");
    let mut attributes = Attributes(declaration.strip_prefix("xml").ok_or(FAULT)?).peekable();
    let mut take = |name: &str| match attributes
        .next_if(|next| next.as_ref().is_ok_and(|(found, _)| *found == name))
    {
        Some(Ok((_, Cow::Borrowed(value)))) => Ok(Some(value)),
        None => Ok(None),
        Some(_) => Err(FAULT), // A reference has no meaning here.
    };
    let version = take("version")?;
    let encoding = take("encoding")?;
    let standalone = take("standalone")?;
    let is_good = version
        .and_then(|version| version.strip_prefix("1."))
        .is_some_and(is_digits)
        && encoding.is_none_or(is_encoding_name)
        && matches!(standalone, None | Some("yes" | "no"))
        && attributes.next().is_none();
    if !is_good {
        return Err(FAULT);
    }
    let is_read = |encoding: &&str| {
        READ_ENCODINGS
            .iter()
            .any(|read| read.eq_ignore_ascii_case(encoding))
    };
    Ok(encoding
        .filter(|encoding| !is_read(encoding))
        .map(str::to_owned))
}

/// Whether a text is an encoding name: production 81 of XML 1.0, and not longer than any that is
/// registered, since it is shown to a person.
fn is_encoding_name(name: &str) -> bool {
    name.len() <= LONGEST_ENCODING_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks the attributes of a tag, and that no two of them have the same name. Returns `true` if any
/// declares a namespace.
fn check_attributes(raw: &str) -> Result<bool, Fault> {
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
            return Err(Fault::new("an attribute is duplicated"));
        }
    }
    Ok(declares)
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
        let split = if attribute.len() < rest.len() {
            split_attribute(attribute)
        } else {
            None
        };
        let Some((name, value, rest)) = split else {
            return Some(Err(Fault::new("an attribute is ill-formed")));
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
    (is_name(name) && !raw.contains('<') && value.chars().all(is_legal))
        .then_some((name, value, rest))
}

#[cfg(test)]
mod tests;
