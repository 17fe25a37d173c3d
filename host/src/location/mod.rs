//! The locations of backup directories: paths of this machine, and URLs of other places.

mod s3;
mod sftp;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use self::s3::S3Location;
pub(crate) use self::sftp::SftpLocation;
#[cfg(feature = "age")]
use crate::encryption::{Identities, Recipients};

/// The location of a backup directory, and the keys of a backup that is encrypted there.
///
/// A path converts into one. [`BackupLocation::parse`] also reads URLs, as the program does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
// A build without encryption must not ignore for whom a backup is encrypted.
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct BackupLocation {
    place: Place,
    #[cfg(feature = "age")]
    #[cfg_attr(feature = "serde", serde(default))]
    recipients: Recipients,
    #[cfg(feature = "age")]
    #[cfg_attr(feature = "serde", serde(skip))]
    identities: Identities,
}

/// The place of a backup directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub(crate) enum Place {
    /// A directory that this machine can reach by its path, which may be on a mapped share.
    Directory(PathBuf),
    /// A directory of an SFTP server.
    Sftp(SftpLocation),
    /// A part of a bucket of an S3 service.
    S3(S3Location),
}

/// An error in the URL of a location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; {advice}")]
pub struct LocationError {
    cause: String,
    advice: &'static str,
}

impl BackupLocation {
    /// Reads a location as the program does: a URL that begins with `sftp://` or `s3://`, or the
    /// path of a directory.
    ///
    /// # Errors
    ///
    /// Returns [`LocationError`] for a URL that is invalid or has another scheme. The path of a
    /// directory with such a name can begin with `./`.
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self, LocationError> {
        let text = text.as_ref();
        let Some((scheme, rest)) = text.to_str().and_then(split_scheme) else {
            return Ok(text.into());
        };
        let place = match scheme.to_ascii_lowercase().as_str() {
            "sftp" => Place::Sftp(SftpLocation::parse(rest)?),
            "s3" => Place::S3(S3Location::parse(rest)?),
            scheme => {
                return Err(LocationError {
                    cause: format!("{scheme}:// is not supported"),
                    advice: "use sftp://, s3://, or ./ before the path of a directory",
                });
            }
        };
        Ok(place.into())
    }

    /// Returns the path, if this is a directory that the machine can reach by it.
    #[must_use]
    pub fn as_path(&self) -> Option<&Path> {
        match &self.place {
            Place::Directory(path) => Some(path),
            Place::Sftp(_) | Place::S3(_) => None,
        }
    }

    /// Sets the path of a directory as the place, and keeps the keys.
    #[must_use]
    pub fn at(mut self, directory: impl Into<PathBuf>) -> Self {
        self.place = Place::Directory(directory.into());
        self
    }

    /// Sets the URL of the S3 service, instead of that of the environment, of the profile, or of
    /// AWS. It has no effect on other locations.
    #[must_use]
    pub fn s3_endpoint(mut self, url: impl Into<String>) -> Self {
        if let Place::S3(location) = &mut self.place {
            location.endpoint = Some(url.into());
        }
        self
    }

    /// Sets whether to write to an S3 service that does not support conditional writes. Another run
    /// that ends at the same moment could then replace a backup.
    #[must_use]
    pub fn allow_unconditional_writes(mut self, allow: bool) -> Self {
        if let Place::S3(location) = &mut self.place {
            location.allow_unconditional_writes = allow;
        }
        self
    }

    /// Sets for whom backups are encrypted. An encrypted backup has `.age` at the end of the name
    /// of its file.
    #[cfg(feature = "age")]
    #[must_use]
    pub fn encrypt_to(self, recipients: Recipients) -> Self {
        Self { recipients, ..self }
    }

    /// Sets the identities that open encrypted backups. They are not serialized.
    #[cfg(feature = "age")]
    #[must_use]
    pub fn identities(self, identities: Identities) -> Self {
        Self { identities, ..self }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Returns `true` if keys are set, so that only encrypted backups are used.
    #[cfg_attr(
        not(feature = "age"),
        allow(clippy::unused_self, reason = "without the feature, there are no keys")
    )]
    pub(crate) fn is_encrypted(&self) -> bool {
        #[cfg(feature = "age")]
        return !self.recipients.is_empty() || !self.identities.is_empty();
        #[cfg(not(feature = "age"))]
        false
    }

    /// Returns the recipients and the identities.
    #[cfg(feature = "age")]
    pub(crate) fn keys(&self) -> (Recipients, Identities) {
        (self.recipients.clone(), self.identities.clone())
    }
}

/// Splits a URL after its scheme (RFC 3986, section 3.1), or returns `None` for any other text.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    is_scheme.then_some((scheme, rest))
}

impl fmt::Display for BackupLocation {
    /// Writes the path, or the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Directory(path) => path.display().fmt(f),
            Place::Sftp(location) => location.fmt(f),
            Place::S3(location) => location.fmt(f),
        }
    }
}

impl From<Place> for BackupLocation {
    fn from(place: Place) -> Self {
        Self {
            place,
            #[cfg(feature = "age")]
            recipients: Recipients::default(),
            #[cfg(feature = "age")]
            identities: Identities::default(),
        }
    }
}

impl From<PathBuf> for BackupLocation {
    fn from(path: PathBuf) -> Self {
        Place::Directory(path).into()
    }
}

impl From<String> for BackupLocation {
    fn from(path: String) -> Self {
        PathBuf::from(path).into()
    }
}

impl From<OsString> for BackupLocation {
    fn from(path: OsString) -> Self {
        PathBuf::from(path).into()
    }
}

impl<P: AsRef<OsStr> + ?Sized> From<&P> for BackupLocation {
    fn from(path: &P) -> Self {
        PathBuf::from(path).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_text_than_a_url_is_a_path() {
        for path in [
            "backup",
            "/backup",
            "./sftp://host",
            "C:\\backup",
            "\\\\nas\\backups",
            "//nas/backups",
            "a b://c",
            "sftp:",
            "s3:/bucket",
            "",
        ] {
            let expected = BackupLocation::from(path);
            assert_eq!(BackupLocation::parse(path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn another_scheme_is_refused() {
        for url in ["ftp://host/a", "https://host/a", "file:///a"] {
            let error = BackupLocation::parse(url).expect_err(url);
            assert!(error.to_string().contains("use sftp://, s3://"), "{error}");
        }
    }

    #[test]
    fn a_location_is_displayed_as_it_is_written() {
        for text in [
            "/backup",
            "sftp://nas/backup",
            "sftp://me@[::1]:2222/~/a%20b",
            "s3://bucket/laptop/licenses",
            "s3://bucket",
        ] {
            let location = BackupLocation::parse(text).expect(text);
            assert_eq!(location.to_string(), text);
        }
    }
}
