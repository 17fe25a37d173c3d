//! License documents that are XML. The root element decides about the format.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::text::Text;
use super::xml::{Document, Namespace, Node, legal_prefix, other_encoding};
use super::{Fault, Ruling, WHITE_SPACE, playready, wmdrm};
use crate::{Identity, Restriction};

/// A reader of one format, to which a document is given part by part.
enum Reader<'i, 't> {
    Wmdrm(wmdrm::Reader<'i, 't>),
    PlayReady(playready::Reader<'i, 't>),
}

/// Judges a document that starts with `<`. `text` is `document`, decoded.
pub(super) fn judge(document: &[u8], text: &Text<'_>, identity: &mut Identity) -> Ruling {
    // Text in another encoding is read as far as it takes to recognize the document.
    let content: Cow<'_, str> = match other_encoding(&text.content) {
        Some(_) if !text.whole => String::from_utf8_lossy(document),
        _ => Cow::Borrowed(&text.content),
    };
    let legal = legal_prefix(&content);
    let mut nodes = Document::new(legal);
    let mut reader = match first_element(&mut nodes)? {
        Node::Start { tag, is_empty } => {
            let mut reader = match tag.name() {
                (Namespace::None, "LICENSERESPONSE" | "LICENSE") => Reader::Wmdrm(wmdrm::Reader::new(identity)),
                (Namespace::Soap, "Envelope") => Reader::PlayReady(playready::Reader::new(identity)),
                _ => return Ok(Some(Restriction::Unrecognized)),
            };
            reader.read(Node::Start { tag, is_empty })?;
            reader
        }
        _ => return Ok(Some(Restriction::Unrecognized)),
    };
    loop {
        if reader.has_recognized()
            && let Some(fault) = nodes.take_fault()
        {
            return Err(fault);
        }
        match nodes.next()? {
            Some(node) => reader.read(node)?,
            None => break,
        }
    }
    if !text.whole || legal.len() < content.len() {
        return Err(Fault::new("it contains bytes that are not XML"));
    }
    reader.rule()
}

/// Returns the first part that is not around the root element.
fn first_element<'t>(nodes: &mut Document<'t>) -> Result<Node<'t>, Fault> {
    loop {
        match nodes.next()? {
            Some(Node::Text(_) | Node::Instruction) => {}
            Some(node) => return Ok(node),
            None => return Err(Fault::new("there is no root element")),
        }
    }
}

impl<'t> Reader<'_, 't> {
    fn has_recognized(&self) -> bool {
        match self {
            Self::Wmdrm(_) => true,
            Self::PlayReady(reader) => reader.has_recognized(),
        }
    }

    fn read(&mut self, node: Node<'t>) -> Result<(), Fault> {
        match self {
            Self::Wmdrm(reader) => reader.read(node),
            Self::PlayReady(reader) => reader.read(node),
        }
    }

    fn rule(self) -> Ruling {
        match self {
            Self::Wmdrm(reader) => reader.rule(),
            Self::PlayReady(reader) => reader.rule(),
        }
    }
}

/// Decodes the base64 of an XMR license. White space in it is skipped; most has none, and that is
/// quicker to try than to look for.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64.decode(text.replace(WHITE_SPACE, ""))).ok()
}
