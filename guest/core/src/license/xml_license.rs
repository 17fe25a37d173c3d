//! License documents in XML. The root element determines the format.

use std::borrow::Cow;

use super::decision::{Decision, FormatError};
use super::license_reader::LicenseReader;
use super::text::Text;
use super::xml::{Document, Namespace, Node, legal_prefix, unsupported_encoding};
use super::{playready, wmdrm};
use crate::{LicenseIdentity, Restriction};

/// Evaluates a document that starts with `<`. `text` is `document`, decoded.
pub(super) fn evaluate(
    document: &[u8],
    text: &Text<'_>,
    identity: &mut LicenseIdentity,
) -> Decision {
    // Text in an unsupported encoding is read far enough to recognize the document.
    let content = if text.is_complete || unsupported_encoding(&text.content).is_none() {
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
    let is_complete = text.is_complete && legal.len() == content.len();
    match tag.name() {
        (Namespace::None, "LICENSERESPONSE" | "LICENSE") => {
            evaluate_with(wmdrm::Reader::new(identity), root, nodes, is_complete)
        }
        (Namespace::Soap, "Envelope") => {
            evaluate_with(playready::Reader::new(identity), root, nodes, is_complete)
        }
        _ => Ok(Some(Restriction::Unrecognized)),
    }
}

/// Evaluates a document with the reader of its format. `nodes` are the nodes after the
/// tag of the root element.
fn evaluate_with<'t>(
    mut reader: impl LicenseReader<'t>,
    root: Node<'t>,
    mut nodes: Document<'t>,
    is_complete: bool,
) -> Decision {
    reader.read(root)?;
    loop {
        if reader.has_recognized()
            && let Some(error) = nodes.take_error()
        {
            return Err(error);
        }
        match nodes.next() {
            Ok(Some(node)) => reader.read(node)?,
            Ok(None) if is_complete => return reader.decide(),
            Err(error) if is_complete => return Err(error),
            Ok(None) | Err(_) => {
                return Err(FormatError::new(
                    "it contains bytes that are not XML text in UTF-8 or UTF-16",
                ));
            }
        }
    }
}

/// Returns the first node that is neither text nor a processing instruction: the tag of
/// the root element.
fn first_element<'t>(nodes: &mut Document<'t>) -> Result<Node<'t>, FormatError> {
    loop {
        match nodes.next()? {
            Some(Node::Text(_) | Node::Instruction) => {}
            Some(node) => return Ok(node),
            None => return Err(FormatError::new("it has no root element")),
        }
    }
}
