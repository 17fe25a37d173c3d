//! The comparison of [`Document`] with quick-xml alone, for tests and fuzzing.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Document, Node, WHITE_SPACE, check_attributes, check_declaration, is_name, resolve};

/// Checks that [`Document`] reads a document to its end if it is well-formed according to quick-xml
/// and the checks that it leaves to its caller, and that both find the same nodes. Returns `true` if
/// it is well-formed.
///
/// # Panics
///
/// If [`Document`] and quick-xml differ.
pub(crate) fn compare_with_quick_xml(text: &str) -> bool {
    let nodes = nodes(text);
    // Whether a declaration of a namespace is valid is not checked here.
    if nodes.is_some() || !text.contains("xmlns") {
        assert_eq!(nodes, quick_xml_nodes(text), "the nodes of {text:?}");
    }
    nodes.is_some()
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
    let (mut depth, mut roots, mut is_first) = (0_usize, 0, true);
    loop {
        let event = reader.read_event().ok()?;
        let is_inside = depth > 0;
        let node = match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                // The attributes of the root are reported later: see `Document::take_error`.
                let is_valid = !is_inside || check_attributes(tag.attributes_raw()).is_ok();
                let is_empty = matches!(event, Event::Empty(_));
                roots += usize::from(!is_inside);
                depth += usize::from(!is_empty);
                (is_valid && is_name(tag.name().into_inner()) && roots == 1).then(|| {
                    start(
                        tag.local_name().into_inner(),
                        tag.attributes_raw(),
                        is_empty,
                    )
                })
            }
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                Some("end".to_owned())
            }
            Event::Text(text) => (is_inside || text.trim_matches(WHITE_SPACE).is_empty())
                .then(|| format!("text {}", &**text))
                .filter(|text| !text.contains("]]>")),
            Event::CData(section) => is_inside.then(|| format!("text {}", &**section)),
            Event::GeneralRef(reference) if is_inside => {
                resolve(reference).ok().map(|text| format!("text {text}"))
            }
            Event::GeneralRef(_) => None,
            Event::PI(instruction) => {
                let target = instruction.target();
                (is_name(target) && !target.eq_ignore_ascii_case("xml"))
                    .then(|| "instruction".to_owned())
            }
            Event::Comment(_) => Some(String::new()),
            Event::Decl(declaration) => {
                (is_first && check_declaration(declaration).is_ok()).then(String::new)
            }
            Event::DocType(_) => (roots == 0).then(String::new),
            Event::Eof => return (depth == 0 && roots == 1).then_some(nodes),
        }?;
        is_first = false;
        // A part that is skipped is no node.
        if !node.is_empty() {
            nodes.push(node);
        }
    }
}

fn start(name: &str, attributes: &str, is_empty: bool) -> String {
    format!("start {name} {attributes:?} {is_empty}")
}
