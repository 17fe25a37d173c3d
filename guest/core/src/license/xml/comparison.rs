//! The comparison of [`Document`] with quick-xml alone, for tests and fuzzing.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Document, Node, resolve};

/// Checks that a document that [`Document`] reads to its end is well-formed according to quick-xml,
/// and consists of the same nodes.
///
/// # Panics
///
/// If quick-xml finds an error or other nodes.
pub(crate) fn compare_with_quick_xml(text: &str) {
    if let Some(nodes) = nodes(text) {
        assert_eq!(
            quick_xml_nodes(text).as_ref(),
            Some(&nodes),
            "the nodes of {text:?}"
        );
    }
}

/// Returns the nodes of a document, each as text, or `None` if it is not well-formed.
fn nodes(text: &str) -> Option<Vec<String>> {
    let mut document = Document::new(text);
    let mut nodes = Vec::new();
    while let Some(node) = document.next().ok()? {
        nodes.push(match node {
            Node::Start { tag, is_empty } => start(tag.name().1, tag.attributes, is_empty),
            Node::End => "end".to_owned(),
            Node::Text(text) => format!("text {text}"),
            Node::Instruction => "instruction".to_owned(),
        });
    }
    Some(nodes)
}

fn quick_xml_nodes(text: &str) -> Option<Vec<String>> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut nodes = Vec::new();
    let mut depth = 0_usize;
    loop {
        nodes.push(match reader.read_event().ok()? {
            Event::Start(tag) => {
                depth += 1;
                start(tag.local_name().into_inner(), tag.attributes_raw(), false)
            }
            Event::Empty(tag) => start(tag.local_name().into_inner(), tag.attributes_raw(), true),
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                "end".to_owned()
            }
            Event::Text(text) => format!("text {}", text.into_inner()),
            Event::CData(section) => format!("text {}", section.into_inner()),
            Event::GeneralRef(reference) => format!("text {}", resolve(&reference).ok()?),
            Event::PI(_) => "instruction".to_owned(),
            Event::Comment(_) | Event::Decl(_) | Event::DocType(_) => continue,
            Event::Eof => return (depth == 0).then_some(nodes),
        });
    }
}

fn start(name: &str, attributes: &str, is_empty: bool) -> String {
    format!("start {name} {attributes:?} {is_empty}")
}
