//! Windows Media DRM licenses: XML, with a license in each `LICENSE` element.
//!
//! The layout is that of the DRM version 7 license in Microsoft's open specification [MS-DRM],
//! section 2.2.2, and of the Windows Media Rights Manager SDK: version 2.0.0.0 is readable XML,
//! version 3.0.0.0 the base64 of an [XMR](super::xmr) license. Such an element is the document, or
//! lies in a `LICENSERESPONSE`; in a response as servers send it, its content is usually the base64
//! of encrypted bytes, which is opaque. The right is `WMRMRights.AllowBackupRestore` of that SDK,
//! whose default is false. In the license it is an `ONACTION` of type `Backup`; its `CONDITION` is
//! a script, and the scripts `1` and `true` are the only ones whose value is known here. Anything
//! else in the action than a `CONDITION` and an `ACTION`, which is what to do afterwards, or any
//! other attribute than its type, is not understood and denies the backup.
//!
//! The document is read once from front to back. [`Place`] says where in it the reader is: an
//! element that has no meaning where it is, with all in it, is skipped.

use super::xml::{CharacterData, Namespace, Node, Tag};
use super::xml_license::{LicenseReader, decode_base64};
use super::{Fault, Ruling, WHITE_SPACE, keep, xmr};
use crate::{LicenseFormat, LicenseIdentity, Restriction};

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
        Ok(tag
            .attribute("version")?
            .map(|version| match version.as_ref() {
                "2.0.0.0" => Self::Xml,
                "3.0.0.0" => Self::Xmr,
                _ => Self::Other,
            }))
    }
}

/// The license that is being read.
struct License {
    version: Version,
    /// How many `LICENSORINFO/DATA` it has: an encrypted one has none, any other one.
    data: usize,
    /// Whether an element of another namespace is named as the one that grants the backup.
    has_foreign_action: bool,
    /// Whether all elements so far that speak of backup grant it; nothing before the first.
    backup: Option<bool>,
}

impl License {
    fn new(version: Version) -> Self {
        Self {
            version,
            data: 0,
            has_foreign_action: false,
            backup: None,
        }
    }
}

/// Returns the text if it can be an ID: base64 in the usual alphabet, or in that of the old licenses,
/// which have `!` and `*` in the place of `+` and `/`.
fn id<'t>(content: &'t CharacterData<'_>) -> Option<&'t str> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/!*=".contains(&byte);
    content
        .value()
        .filter(|id| !id.is_empty() && id.bytes().all(is_base64))
}

/// A reader of a Windows Media DRM document, which takes the document part by part.
pub(super) struct Reader<'i, 't> {
    identity: &'i mut LicenseIdentity,
    place: Place,
    /// How many elements without a meaning are open in that place.
    skipped: usize,
    /// The content of the element that was entered last.
    content: CharacterData<'t>,
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

impl<'t> LicenseReader<'t> for Reader<'_, 't> {
    fn has_recognized(&self) -> bool {
        self.identity.format.is_some()
    }

    fn read(&mut self, node: Node<'t>) -> Result<(), Fault> {
        match node {
            Node::Start { tag, is_empty } => {
                self.open(&tag)?;
                if is_empty {
                    self.close()?;
                }
            }
            Node::End => self.close()?,
            Node::Text(text) if self.has_value() => self.content.push(text),
            Node::Instruction if self.has_value() => self.content.set_mixed(),
            // What is in the action itself and has no meaning may be a condition.
            Node::Text(text)
                if self.is_in_action() && !text.trim_matches(WHITE_SPACE).is_empty() =>
            {
                self.deny()
            }
            Node::Instruction if self.is_in_action() => self.deny(),
            Node::Text(_) | Node::Instruction => {}
        }
        Ok(())
    }

    fn rule(self) -> Ruling {
        if self.has_stray_license {
            return Ok(Some(Restriction::Opaque));
        }
        if !self.has_license {
            return Err(Fault::new("there is no license in it"));
        }
        Ok(self.restriction)
    }
}

impl<'i> Reader<'i, '_> {
    pub(super) fn new(identity: &'i mut LicenseIdentity) -> Self {
        Self {
            identity,
            place: Place::Outside,
            skipped: 0,
            content: CharacterData::default(),
            response_version: None,
            around_license: Place::Outside,
            license: License::new(Version::Other),
            condition: None,
            has_license: false,
            has_stray_license: false,
            restriction: None,
        }
    }

    /// Whether the value of the element in hand matters.
    fn has_value(&self) -> bool {
        self.skipped == 0
            && match self.place {
                Place::LicenseId | Place::KeyId | Place::Condition => true,
                Place::License => self.license.version == Version::Xmr,
                Place::Outside
                | Place::Response
                | Place::LicensorInfo
                | Place::Data
                | Place::OnBackup => false,
            }
    }

    /// Whether the element in hand is the action that grants the backup.
    fn is_in_action(&self) -> bool {
        self.skipped == 0 && self.place == Place::OnBackup
    }

    /// Notes that the action in hand contains something that is not understood.
    fn deny(&mut self) {
        self.condition = Some(false);
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Fault> {
        if self.place == Place::License && self.license.version == Version::Xmr {
            return Err(Fault::new("a version 3 license has an element in it"));
        }
        if let Some(place) = self.place_of(tag)? {
            self.enter(place, tag)?;
            self.place = place;
            self.content = CharacterData::default();
        } else {
            match (self.place, tag.name()) {
                (_, (_, "LICENSE")) => self.has_stray_license = true,
                (
                    Place::Data,
                    (Namespace::Other | Namespace::Soap | Namespace::PlayReady, "ONACTION"),
                ) if self.skipped == 0 => {
                    self.license.has_foreign_action = true;
                }
                (Place::OnBackup, name)
                    if self.skipped == 0 && name != (Namespace::None, "ACTION") =>
                {
                    self.deny()
                }
                _ => {}
            }
            self.content.set_mixed();
            self.skipped += 1;
        }
        Ok(())
    }

    /// The place that an element is, if it has a meaning here.
    fn place_of(&self, tag: &Tag<'_>) -> Result<Option<Place>, Fault> {
        if self.skipped > 0 {
            return Ok(None);
        }
        // Elements of this format are in no namespace.
        let (Namespace::None, name) = tag.name() else {
            return Ok(None);
        };
        Ok(match (self.place, name) {
            (Place::Outside, "LICENSERESPONSE") => Some(Place::Response),
            (Place::Outside | Place::Response, "LICENSE") => Some(Place::License),
            (Place::License, "LICENSORINFO") => Some(Place::LicensorInfo),
            (Place::LicensorInfo, "DATA") => Some(Place::Data),
            (Place::Data, "LID") => Some(Place::LicenseId),
            (Place::Data, "KID") => Some(Place::KeyId),
            (Place::Data, "ONACTION") if tag.attribute("type")?.as_deref() == Some("Backup") => {
                Some(Place::OnBackup)
            }
            (Place::OnBackup, "CONDITION") => Some(Place::Condition),
            _ => None,
        })
    }

    fn enter(&mut self, place: Place, tag: &Tag<'_>) -> Result<(), Fault> {
        match place {
            Place::Response => {
                self.identity.format = Some(LicenseFormat::Wmdrm);
                self.response_version = Version::of(tag)?;
            }
            Place::License => {
                self.identity.format = Some(LicenseFormat::Wmdrm);
                self.around_license = self.place;
                self.has_license = true;
                let version = Version::of(tag)?
                    .or(self.response_version)
                    .unwrap_or(Version::Other);
                self.license = License::new(version);
            }
            Place::Data => self.license.data += 1,
            Place::OnBackup => {
                self.condition = None;
                if tag.has_attribute_besides("type")? {
                    self.deny();
                }
            }
            Place::Condition => {
                if tag.has_attribute_besides("")? {
                    self.deny();
                }
            }
            Place::Outside | Place::LicensorInfo | Place::LicenseId | Place::KeyId => {}
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
                if let Some(id) = id(&self.content) {
                    keep(&mut self.identity.license_ids, id);
                }
                Place::Data
            }
            Place::KeyId => {
                if let Some(id) = id(&self.content) {
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
                let is_met =
                    self.condition.is_none() && matches!(self.content.value(), Some("1" | "true"));
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
            (Version::Xml, _) if self.license.data != 1 => Ok(Some(Restriction::Opaque)),
            (Version::Xml, Some(true)) if self.license.has_foreign_action => {
                Ok(Some(Restriction::Conditional))
            }
            (Version::Xml, None) => Ok(Some(Restriction::NotPermitted)),
            (Version::Xml, Some(false)) => Ok(Some(Restriction::Conditional)),
            (Version::Xml, Some(true)) => Ok(None),
            (Version::Xmr, _) => {
                let text = self
                    .content
                    .value()
                    .ok_or(Fault::new("a version 3 license is not plain text"))?;
                let license =
                    decode_base64(text).ok_or(Fault::new("a version 3 license is not base64"))?;
                xmr::judge_license(&license, &mut self.identity.key_ids)
            }
        }
    }
}

#[cfg(test)]
mod tests;
