//! Windows Media DRM license responses: XML, with a license in each `LICENSE` element.
//!
//! The layout is that of version 2 licenses in the Windows Media Rights Manager SDK; in version 3 the element holds
//! the base64 of an [XMR](super::xmr) license. The document is read once from front to back. Where the reading is, is
//! told by a [`Place`]: an element that has no meaning where it stands, with all in it, is not looked at.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::text::Text;
use super::xml::{Document, Node, Tag, legal_prefix};
use super::{Fault, Ruling, WHITE_SPACE, keep, xmr};
use crate::{Format, Identity, Restriction};

/// Judges a document that starts with `<`.
pub(super) fn judge(text: &Text<'_>, identity: &mut Identity) -> Ruling {
    let legal = legal_prefix(&text.content);
    let mut document = Document::new(legal);
    let mut reading = Reading::new(identity);
    while let Some(node) = document.next()? {
        reading.take(node)?;
    }
    if !text.whole || legal.len() < text.content.len() {
        return Err(Fault("there are bytes in it that are no XML"));
    }
    reading.rule()
}

/// An element that has a meaning where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of the root element.
    Outside,
    /// `LICENSERESPONSE`, the root.
    Response,
    /// `LICENSE`, the root or in a response.
    License,
    /// `LICENSE/LICENSORINFO`.
    LicensorInfo,
    /// `LICENSE/LICENSORINFO/DATA`.
    Data,
    /// `LID` in the data.
    LicenseId,
    /// `KID` in the data.
    KeyId,
    /// `ONACTION` in the data, of type `Backup`.
    OnBackup,
    /// `CONDITION` in that.
    Condition,
}

/// The version of a license, as far as it makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// 2.0.0.0
    Xml,
    /// 3.0.0.0
    Xmr,
    Other,
}

impl Version {
    fn of(tag: &Tag<'_>) -> Result<Option<Self>, Fault> {
        Ok(tag.attribute("version")?.map(|version| match version.as_ref() {
            "2.0.0.0" => Self::Xml,
            "3.0.0.0" => Self::Xmr,
            _ => Self::Other,
        }))
    }
}

/// The license that is being read.
struct License {
    version: Version,
    /// Whether it has a `LICENSORINFO/DATA`; an encrypted one has not.
    has_data: bool,
    /// Whether all elements so far that speak of backup grant it; nothing before the first.
    backup: Option<bool>,
}

/// The content of an element that has a meaning.
#[derive(Default)]
struct Content<'t> {
    text: Cow<'t, str>,
    /// Whether there is something else in it than text.
    is_mixed: bool,
}

impl Content<'_> {
    /// The text, without white space around it, if there is nothing else.
    fn plain(&self) -> Option<&str> {
        (!self.is_mixed).then(|| self.text.trim_matches(WHITE_SPACE))
    }

    /// The text, if it can be an ID: base64 in the usual alphabet or in that of the old licenses, which have `!` and `*`
    /// in the place of `+` and `/`.
    fn id(&self) -> Option<&str> {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/!*=".contains(&byte);
        self.plain().filter(|id| !id.is_empty() && id.bytes().all(is_base64))
    }
}

/// What has been read of a document.
struct Reading<'i, 't> {
    identity: &'i mut Identity,
    place: Place,
    /// How many elements without a meaning are open in that place.
    skipped: usize,
    /// The content of the element that was entered last.
    content: Content<'t>,
    response_version: Option<Version>,
    /// Where the reading goes on behind a license.
    around_license: Place,
    license: License,
    /// Whether the condition of the action in hand is met; nothing if it has none.
    condition: Option<bool>,
    has_license: bool,
    has_stray_license: bool,
    /// What stands against a backup of the first license that may not be backed up.
    restriction: Option<Restriction>,
}

impl<'i, 't> Reading<'i, 't> {
    fn new(identity: &'i mut Identity) -> Self {
        Self {
            identity,
            place: Place::Outside,
            skipped: 0,
            content: Content::default(),
            response_version: None,
            around_license: Place::Outside,
            license: License { version: Version::Other, has_data: false, backup: None },
            condition: None,
            has_license: false,
            has_stray_license: false,
            restriction: None,
        }
    }

    fn take(&mut self, node: Node<'t>) -> Result<(), Fault> {
        match node {
            Node::Start { tag, is_empty } => {
                self.open(&tag)?;
                if is_empty {
                    self.close()?;
                }
            }
            Node::End => self.close()?,
            Node::Text(text) if self.skipped == 0 => self.content.text = text,
            Node::Other if self.skipped == 0 => self.content.is_mixed = true,
            Node::Text(_) | Node::Other => {}
        }
        Ok(())
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Fault> {
        if self.place == Place::License && self.license.version == Version::Xmr {
            return Err(Fault("a version 3 license has an element in it"));
        }
        if let Some(place) = self.place_of(tag)? {
            self.enter(place, tag)?;
            self.place = place;
            self.content = Content::default();
        } else {
            self.has_stray_license |= tag.name() == "LICENSE";
            self.content.is_mixed = true;
            self.skipped += 1;
        }
        Ok(())
    }

    /// The place that an element is, if it has a meaning here.
    fn place_of(&self, tag: &Tag<'_>) -> Result<Option<Place>, Fault> {
        if self.skipped > 0 {
            return Ok(None);
        }
        Ok(match (self.place, tag.name()) {
            (Place::Outside, "LICENSERESPONSE") => Some(Place::Response),
            (Place::Outside | Place::Response, "LICENSE") => Some(Place::License),
            (Place::Outside, _) => return Err(Fault("the root element is none of a license")),
            (Place::License, "LICENSORINFO") => Some(Place::LicensorInfo),
            (Place::LicensorInfo, "DATA") => Some(Place::Data),
            (Place::Data, "LID") => Some(Place::LicenseId),
            (Place::Data, "KID") => Some(Place::KeyId),
            (Place::Data, "ONACTION") if tag.attribute("type")?.as_deref() == Some("Backup") => Some(Place::OnBackup),
            (Place::OnBackup, "CONDITION") => Some(Place::Condition),
            _ => None,
        })
    }

    fn enter(&mut self, place: Place, tag: &Tag<'_>) -> Result<(), Fault> {
        match place {
            Place::Response => {
                self.identity.format = Some(Format::Wmdrm);
                self.response_version = Version::of(tag)?;
            }
            Place::License => {
                self.identity.format = Some(Format::Wmdrm);
                self.around_license = self.place;
                self.has_license = true;
                let version = Version::of(tag)?.or(self.response_version).unwrap_or(Version::Other);
                self.license = License { version, has_data: false, backup: None };
            }
            Place::Data => self.license.has_data = true,
            Place::OnBackup => self.condition = None,
            Place::Outside | Place::LicensorInfo | Place::LicenseId | Place::KeyId | Place::Condition => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        self.place = match self.place {
            Place::Outside | Place::Response => Place::Outside,
            Place::License => {
                let ruling = self.rule_on_license()?;
                self.restriction = self.restriction.or(ruling);
                self.around_license
            }
            Place::LicensorInfo => Place::License,
            Place::Data => Place::LicensorInfo,
            Place::LicenseId => {
                if let Some(id) = self.content.id() {
                    keep(&mut self.identity.license_ids, id);
                }
                Place::Data
            }
            Place::KeyId => {
                if let Some(id) = self.content.id() {
                    keep(&mut self.identity.key_ids, id);
                }
                Place::Data
            }
            Place::OnBackup => {
                let grants = self.condition.unwrap_or(true);
                self.license.backup = Some(grants && self.license.backup.unwrap_or(true));
                Place::Data
            }
            Place::Condition => {
                // A second condition is one too many, whatever it says.
                let is_met = self.condition.is_none() && matches!(self.content.plain(), Some("1" | "true"));
                self.condition = Some(is_met);
                Place::OnBackup
            }
        };
        Ok(())
    }

    /// Judges the license that ends here.
    fn rule_on_license(&mut self) -> Ruling {
        match (self.license.version, self.license.backup) {
            (Version::Other, _) => Ok(Some(Restriction::Opaque)),
            (Version::Xml, _) if !self.license.has_data => Ok(Some(Restriction::Opaque)),
            (Version::Xml, None) => Ok(Some(Restriction::NotPermitted)),
            (Version::Xml, Some(false)) => Ok(Some(Restriction::Conditional)),
            (Version::Xml, Some(true)) => Ok(None),
            (Version::Xmr, _) => {
                let text = self.content.plain().ok_or(Fault("a version 3 license is not plain text"))?;
                let license = decode_base64(text).ok_or(Fault("a version 3 license is not base64"))?;
                xmr::judge_license(&license, &mut self.identity.key_ids)
            }
        }
    }

    /// Judges the document, which ends here.
    fn rule(self) -> Ruling {
        if self.has_stray_license {
            return Ok(Some(Restriction::Opaque));
        }
        if !self.has_license {
            return Err(Fault("there is no license in it"));
        }
        Ok(self.restriction)
    }
}

/// Decodes base64 that may have white space in it; most has none, and that is quicker to try than to look for.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64.decode(text.replace(WHITE_SPACE, ""))).ok()
}

#[cfg(test)]
mod tests;
