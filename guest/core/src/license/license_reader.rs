//! The interface of the XML formats: a reader that is passed a document node by node.

use super::decision::{Decision, FormatError};
use super::xml::Node;

/// A reader of the licenses of one XML format.
pub(super) trait LicenseReader<'t> {
    /// Returns `true` once the nodes so far have shown that the document has this format.
    fn has_recognized(&self) -> bool;

    /// Reads the next node of the document.
    fn read(&mut self, node: Node<'t>) -> Result<(), FormatError>;

    /// Evaluates the document, all nodes of which were read.
    fn decide(self) -> Decision;
}
