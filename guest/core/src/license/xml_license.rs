//! License documents that are XML. The root element decides about the format.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::text::Text;
use super::xml::{Document, Namespace, Node, legal_prefix, other_encoding};
use super::{Fault, Ruling, WHITE_SPACE, playready, wmdrm};
use crate::{LicenseIdentity, Restriction};

/// A reader of one format, which takes a document part by part.
pub(super) trait LicenseReader<'t> {
    /// Returns `true` once the document has shown that it has this format.
    fn has_recognized(&self) -> bool;

    /// Takes the next part of the document.
    fn read(&mut self, node: Node<'t>) -> Result<(), Fault>;

    /// Judges the document, which ends here.
    fn rule(self) -> Ruling;
}

/// Judges a document that starts with `<`. `text` is `document`, decoded.
pub(super) fn judge(document: &[u8], text: &Text<'_>, identity: &mut LicenseIdentity) -> Ruling {
    // Text in another encoding is read as far as it takes to recognize the document.
    let content = if text.whole || other_encoding(&text.content).is_none() {
        Cow::Borrowed(&*text.content)
    } else {
        String::from_utf8_lossy(document)
    };
    let legal = legal_prefix(&content);
    let mut nodes = Document::new(legal);
    let root = first_element(&mut nodes)?;
    let Node::Start { tag, .. } = &root else {
        return Ok(Some(Restriction::Unrecognized));
    };
    let is_whole = text.whole && legal.len() == content.len();
    match tag.name() {
        (Namespace::None, "LICENSERESPONSE" | "LICENSE") => {
            judge_with(wmdrm::Reader::new(identity), root, nodes, is_whole)
        }
        (Namespace::Soap, "Envelope") => {
            judge_with(playready::Reader::new(identity), root, nodes, is_whole)
        }
        _ => Ok(Some(Restriction::Unrecognized)),
    }
}

/// Judges a document of which all parts up to the tag of the root were taken from `nodes`.
fn judge_with<'t>(
    mut reader: impl LicenseReader<'t>,
    root: Node<'t>,
    mut nodes: Document<'t>,
    is_whole: bool,
) -> Ruling {
    reader.read(root)?;
    loop {
        if reader.has_recognized()
            && let Some(fault) = nodes.take_fault()
        {
            return Err(fault);
        }
        match nodes.next() {
            Ok(Some(node)) => reader.read(node)?,
            Ok(None) if is_whole => return reader.rule(),
            Err(fault) if is_whole => return Err(fault),
            Ok(None) | Err(_) => {
                return Err(Fault::new(
                    "it contains bytes that are not text of XML in UTF-8 or UTF-16",
                ));
            }
        }
    }
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

/// Decodes the base64 of an XMR license. White space in it is skipped; most has none, and that is
/// quicker to try than to look for.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64
        .decode(text)
        .or_else(|_| BASE64.decode(text.replace(WHITE_SPACE, "")))
        .ok()
}
