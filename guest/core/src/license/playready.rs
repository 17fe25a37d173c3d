//! PlayReady license responses: a SOAP envelope with XMR licenses in it.
//!
//! A license server answers `AcquireLicense` with such a document. The body has an
//! `AcquireLicenseResponse` of the namespace
//! `http://schemas.microsoft.com/DRM/2007/03/protocols`, and below it one or more
//! `LicenseResponse/Licenses/License`, each the base64 of an [XMR](super::xmr) license.
//! Servers put `LicenseResponse` into the same namespace and the `Response` around it
//! into `…/protocols/messages`; both namespaces are accepted for either element. Prefixes
//! make no difference.
//!
//! The document may be backed up if every license in it may. A `License` of any namespace
//! elsewhere in the document, or any other content of `Licenses`, makes the document
//! opaque: the reader does not understand all of it.

use super::decision::{Decision, FormatError};
use super::license_reader::LicenseReader;
use super::text::WHITE_SPACE;
use super::xml::{CharacterData, Namespace, Node, Tag};
use super::xmr;
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// An open element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Envelope,
    Body,
    /// `AcquireLicenseResponse`, or an element of PlayReady between it and `LicenseResponse`.
    Response,
    LicenseResponse,
    Licenses,
    License,
    /// An element without a meaning at its position, or an element inside such an element.
    Other,
}

/// A reader of a PlayReady license response.
pub(super) struct Reader<'i, 't> {
    identity: &'i mut LicenseIdentity,
    /// The open elements, the root first.
    open: Vec<Element>,
    /// The content of the open license.
    license: CharacterData<'t>,
    has_license: bool,
    /// Whether there is content that the reader does not understand and that may be a license.
    has_stray: bool,
    /// The restriction of the first license that may not be backed up.
    restriction: Option<Restriction>,
}

impl<'t> LicenseReader<'t> for Reader<'_, 't> {
    fn has_recognized(&self) -> bool {
        self.identity.format.is_some()
    }

    fn read(&mut self, node: Node<'t>) -> Result<(), FormatError> {
        let is_in_licenses = self.open.last() == Some(&Element::Licenses);
        let is_in_license = self.open.last() == Some(&Element::License);
        match node {
            Node::Start { .. } if is_in_license => {
                return Err(FormatError::new("a PlayReady license contains an element"));
            }
            Node::Start { tag, is_empty } => {
                self.open(&tag);
                if is_empty {
                    self.close()?;
                }
            }
            Node::End => self.close()?,
            Node::Text(text) if is_in_license => self.license.push(text),
            Node::Instruction if is_in_license => self.license.set_mixed(),
            Node::Text(text) if is_in_licenses && !text.trim_matches(WHITE_SPACE).is_empty() => {
                self.has_stray = true;
            }
            Node::Instruction if is_in_licenses => self.has_stray = true,
            Node::Text(_) | Node::Instruction => {}
        }
        Ok(())
    }

    fn decide(self) -> Decision {
        if !self.has_recognized() {
            return Ok(Some(Restriction::Unrecognized));
        }
        if self.has_stray {
            return Ok(Some(Restriction::Opaque));
        }
        if !self.has_license {
            return Err(FormatError::new("it contains no license"));
        }
        Ok(self.restriction)
    }
}

impl<'i> Reader<'i, '_> {
    pub(super) fn new(identity: &'i mut LicenseIdentity) -> Self {
        Self {
            identity,
            open: Vec::new(),
            license: CharacterData::default(),
            has_license: false,
            has_stray: false,
            restriction: None,
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let element = match (self.open.last(), tag.name()) {
            (None, (Namespace::Soap, "Envelope")) => Element::Envelope,
            (Some(Element::Envelope), (Namespace::Soap, "Body")) => Element::Body,
            (Some(Element::Body), (Namespace::PlayReady, "AcquireLicenseResponse")) => {
                self.identity.format = Some(LicenseFormat::PlayReady);
                Element::Response
            }
            (Some(Element::Response), (Namespace::PlayReady, "LicenseResponse")) => {
                Element::LicenseResponse
            }
            (Some(Element::LicenseResponse), (Namespace::PlayReady, "Licenses")) => {
                Element::Licenses
            }
            (Some(Element::Licenses), (Namespace::PlayReady, "License")) => {
                self.has_license = true;
                self.license = CharacterData::default();
                Element::License
            }
            (Some(Element::Licenses), _) | (_, (_, "License")) => {
                self.has_stray = true;
                Element::Other
            }
            (Some(Element::Response), (Namespace::PlayReady, _)) => Element::Response,
            _ => Element::Other,
        };
        self.open.push(element);
    }

    fn close(&mut self) -> Result<(), FormatError> {
        if self.open.pop() == Some(Element::License) {
            let text = self
                .license
                .value()
                .ok_or(FormatError::new("a PlayReady license is not plain text"))?;
            let license = xmr::decode_base64(text)
                .ok_or(FormatError::new("a PlayReady license is not base64"))?;
            let decision = xmr::evaluate_license(&license, &mut self.identity.key_ids)?;
            self.restriction = self.restriction.or(decision);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
