//! Windows Media DRM licenses: XML, with a license in each `LICENSE` element.
//!
//! The layout is that of the DRM version 7 license in Microsoft's open specification
//! [MS-DRM], section 2.2.2, and of the Windows Media Rights Manager SDK: version 2.0.0.0
//! is readable XML, version 3.0.0.0 the base64 of an [XMR](super::xmr) license. Such an
//! element is the root of the document, or is in a `LICENSERESPONSE`. In a response as
//! servers send it, the content of the element is usually the base64 of encrypted bytes,
//! which is opaque.
//!
//! The right is `WMRMRights.AllowBackupRestore` of that SDK, whose default is false. In
//! the license it is an `ONACTION` of type `Backup`. Its `CONDITION` is a script; the
//! reader knows the value of the scripts `1` and `true` only. An `ACTION` in it, the
//! script that runs afterwards, makes no difference. The reader does not understand any
//! other content or attribute of the `ONACTION`, and then the backup is denied.
//!
//! The document is read once from front to back. [`Position`] is the position of the
//! reader in it. An element without a meaning at its position is skipped with its
//! content.

use super::decision::{Decision, FormatError};
use super::ids::push_id;
use super::license_reader::LicenseReader;
use super::text::WHITE_SPACE;
use super::xml::{CharacterData, Namespace, Node, Tag};
use super::xmr;
use crate::{LicenseFormat, LicenseIdentity, Restriction};

/// A position in a document: the innermost open element that has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
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
    /// `CONDITION` in that `ONACTION`.
    Condition,
}

/// The version of a license, which determines its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// 2.0.0.0
    Xml,
    /// 3.0.0.0
    Xmr,
    Other,
}

impl Version {
    fn of(tag: &Tag<'_>) -> Result<Option<Self>, FormatError> {
        Ok(tag
            .attribute("version")?
            .map(|version| match version.as_ref() {
                "2.0.0.0" => Self::Xml,
                "3.0.0.0" => Self::Xmr,
                _ => Self::Other,
            }))
    }
}

/// A license that is being read.
struct License {
    version: Version,
    /// The number of its `LICENSORINFO/DATA` elements: none in an encrypted license, one
    /// in any other.
    data: usize,
    /// Whether an element of another namespace has the local name of the element that
    /// grants the backup.
    has_foreign_action: bool,
    /// Whether all `ONACTION` elements of type `Backup` so far grant the backup. `None`
    /// before the first.
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

/// Returns the text if it can be an ID: base64 in the usual alphabet, or in that of old
/// licenses, which use `!` and `*` instead of `+` and `/`.
fn id<'t>(content: &'t CharacterData<'_>) -> Option<&'t str> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/!*=".contains(&byte);
    content
        .value()
        .filter(|id| !id.is_empty() && id.bytes().all(is_base64))
}

/// A reader of a Windows Media DRM document.
pub(super) struct Reader<'i, 't> {
    identity: &'i mut LicenseIdentity,
    position: Position,
    /// The number of open elements without a meaning inside the element of `position`.
    skipped: usize,
    /// The content of the element that was entered last.
    content: CharacterData<'t>,
    response_version: Option<Version>,
    /// The position after the end of the license.
    after_license: Position,
    license: License,
    /// Whether the condition of the current action is met. `None` if it has no condition.
    condition: Option<bool>,
    has_license: bool,
    has_stray_license: bool,
    /// The restriction of the first license that may not be backed up.
    restriction: Option<Restriction>,
}

impl<'t> LicenseReader<'t> for Reader<'_, 't> {
    fn has_recognized(&self) -> bool {
        self.identity.format.is_some()
    }

    fn read(&mut self, node: Node<'t>) -> Result<(), FormatError> {
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
            // Content of the action without a known meaning may be a condition.
            Node::Text(text)
                if self.is_in_action() && !text.trim_matches(WHITE_SPACE).is_empty() =>
            {
                self.deny();
            }
            Node::Instruction if self.is_in_action() => self.deny(),
            Node::Text(_) | Node::Instruction => {}
        }
        Ok(())
    }

    fn decide(self) -> Decision {
        if self.has_stray_license {
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
            position: Position::Outside,
            skipped: 0,
            content: CharacterData::default(),
            response_version: None,
            after_license: Position::Outside,
            license: License::new(Version::Other),
            condition: None,
            has_license: false,
            has_stray_license: false,
            restriction: None,
        }
    }

    /// Returns `true` if the value of the current element is needed.
    fn has_value(&self) -> bool {
        self.skipped == 0
            && match self.position {
                Position::LicenseId | Position::KeyId | Position::Condition => true,
                Position::License => self.license.version == Version::Xmr,
                Position::Outside
                | Position::Response
                | Position::LicensorInfo
                | Position::Data
                | Position::OnBackup => false,
            }
    }

    /// Returns `true` if the current element is the action that grants the backup.
    fn is_in_action(&self) -> bool {
        self.skipped == 0 && self.position == Position::OnBackup
    }

    /// Denies the backup, because the current action contains something that the reader
    /// does not understand.
    fn deny(&mut self) {
        self.condition = Some(false);
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), FormatError> {
        if self.position == Position::License && self.license.version == Version::Xmr {
            return Err(FormatError::new("a version 3 license contains an element"));
        }
        if let Some(position) = self.position_in(tag)? {
            self.enter(position, tag)?;
            self.position = position;
            self.content = CharacterData::default();
        } else {
            match (self.position, tag.name()) {
                (_, (_, "LICENSE")) => self.has_stray_license = true,
                (
                    Position::Data,
                    (Namespace::Other | Namespace::Soap | Namespace::PlayReady, "ONACTION"),
                ) if self.skipped == 0 => {
                    self.license.has_foreign_action = true;
                }
                (Position::OnBackup, name)
                    if self.skipped == 0 && name != (Namespace::None, "ACTION") =>
                {
                    self.deny();
                }
                _ => {}
            }
            self.content.set_mixed();
            self.skipped += 1;
        }
        Ok(())
    }

    /// Returns the position inside an element, or `None` if the element has no meaning at
    /// the current position.
    fn position_in(&self, tag: &Tag<'_>) -> Result<Option<Position>, FormatError> {
        if self.skipped > 0 {
            return Ok(None);
        }
        // Elements of this format are in no namespace.
        let (Namespace::None, name) = tag.name() else {
            return Ok(None);
        };
        Ok(match (self.position, name) {
            (Position::Outside, "LICENSERESPONSE") => Some(Position::Response),
            (Position::Outside | Position::Response, "LICENSE") => Some(Position::License),
            (Position::License, "LICENSORINFO") => Some(Position::LicensorInfo),
            (Position::LicensorInfo, "DATA") => Some(Position::Data),
            (Position::Data, "LID") => Some(Position::LicenseId),
            (Position::Data, "KID") => Some(Position::KeyId),
            (Position::Data, "ONACTION") if tag.attribute("type")?.as_deref() == Some("Backup") => {
                Some(Position::OnBackup)
            }
            (Position::OnBackup, "CONDITION") => Some(Position::Condition),
            _ => None,
        })
    }

    fn enter(&mut self, position: Position, tag: &Tag<'_>) -> Result<(), FormatError> {
        match position {
            Position::Response => {
                self.identity.format = Some(LicenseFormat::Wmdrm);
                self.response_version = Version::of(tag)?;
            }
            Position::License => {
                self.identity.format = Some(LicenseFormat::Wmdrm);
                self.after_license = self.position;
                self.has_license = true;
                let version = Version::of(tag)?
                    .or(self.response_version)
                    .unwrap_or(Version::Other);
                self.license = License::new(version);
            }
            Position::Data => self.license.data += 1,
            Position::OnBackup => {
                self.condition = None;
                if tag.has_attribute_besides("type")? {
                    self.deny();
                }
            }
            Position::Condition => {
                if tag.has_attribute_besides("")? {
                    self.deny();
                }
            }
            Position::Outside | Position::LicensorInfo | Position::LicenseId | Position::KeyId => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), FormatError> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        self.position = match self.position {
            Position::Outside | Position::Response => Position::Outside,
            Position::License => {
                let decision = self.decide_on_license()?;
                self.restriction = self.restriction.or(decision);
                self.after_license
            }
            Position::LicensorInfo => Position::License,
            Position::Data => Position::LicensorInfo,
            Position::LicenseId => {
                if let Some(id) = id(&self.content) {
                    push_id(&mut self.identity.license_ids, id);
                }
                Position::Data
            }
            Position::KeyId => {
                if let Some(id) = id(&self.content) {
                    push_id(&mut self.identity.key_ids, id);
                }
                Position::Data
            }
            Position::OnBackup => {
                let grants = self.condition.unwrap_or(true);
                self.license.backup = Some(grants && self.license.backup.unwrap_or(true));
                Position::Data
            }
            Position::Condition => {
                // A second condition denies the backup, whatever its value.
                let is_met =
                    self.condition.is_none() && matches!(self.content.value(), Some("1" | "true"));
                self.condition = Some(is_met);
                Position::OnBackup
            }
        };
        Ok(())
    }

    /// Evaluates the license whose end tag was read.
    fn decide_on_license(&mut self) -> Decision {
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
                    .ok_or(FormatError::new("a version 3 license is not plain text"))?;
                let license = xmr::decode_base64(text)
                    .ok_or(FormatError::new("a version 3 license is not base64"))?;
                xmr::evaluate_license(&license, &mut self.identity.key_ids)
            }
        }
    }
}

#[cfg(test)]
mod tests;
