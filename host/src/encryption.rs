//! The keys of encrypted backups: recipients, for whom a backup is encrypted, and identities, which
//! open it. They are those of [age](https://age-encryption.org).
//!
//! No error and no `Debug` output contains a secret.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use age::{ssh, x25519};

/// The start of the secret keys of age.
const SECRET_KEY: &str = "AGE-SECRET-KEY-";
/// The start of the recipients of age.
const RECIPIENT: &str = "age1";
/// The first bytes of a file that age has encrypted, and the first line of one in its text form.
const ENCRYPTED: [&[u8]; 2] = [
    b"age-encryption.org/",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
];

/// A public key for which backups are encrypted: an X25519 key of age (`age1…`), or an SSH key of
/// the type `ssh-ed25519` or `ssh-rsa`, as in `authorized_keys`.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct Recipient {
    /// The key as text, without a comment.
    text: String,
    key: RecipientKey,
}

/// The key of a [`Recipient`].
#[derive(Clone)]
enum RecipientKey {
    X25519(x25519::Recipient),
    Ssh(ssh::Recipient),
}

/// The recipients of a backup. Each of them can read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recipients(Vec<Recipient>);

/// The secret keys that open backups. Those of a file are read by [`Identities::parse`].
///
/// Two are equal if one is a clone of the other.
#[derive(Clone, Default)]
pub struct Identities(Vec<Arc<Identity>>);

/// A secret key.
type Identity = dyn age::Identity + Send + Sync;

/// An error returned for a text that is not a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// The text is not a public key.
    #[error(
        "it is not a recipient; use a public key that begins with age1, ssh-ed25519 or ssh-rsa"
    )]
    Invalid,
    /// The text is a secret key.
    #[error(
        "it is a secret key, which must not be on this machine; use the public key that belongs \
         to it"
    )]
    Secret,
    /// The SSH key is of another type.
    #[error("SSH keys of this type are not supported; use one of the type ssh-ed25519 or ssh-rsa")]
    UnsupportedSshKey,
    /// The RSA key has fewer than 2048 or more than 4096 bits.
    #[error("RSA keys of this size are not supported; use one of 2048 to 4096 bits")]
    RsaKeySize,
}

/// An error returned for a file of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file contains no key.
    #[error("it contains no key")]
    Empty,
    /// A line is not UTF-8.
    #[error("line {line} is not text")]
    NotText {
        /// The number of the line, from 1.
        line: usize,
    },
    /// A line of a file of recipients is not a recipient.
    #[error("line {line}: {cause}")]
    Recipient {
        /// The number of the line, from 1.
        line: usize,
        /// The cause.
        cause: RecipientError,
    },
    /// A line of a file of identities is not a secret key.
    #[error("line {line} is not an identity; use a line that begins with AGE-SECRET-KEY-1")]
    Identity {
        /// The number of the line, from 1.
        line: usize,
    },
    /// A line of a file of identities is a public key.
    #[error("line {line} is a recipient, which opens nothing; use the secret key")]
    PublicKey {
        /// The number of the line, from 1.
        line: usize,
    },
    /// The SSH key cannot be read.
    #[error("it is not an SSH key of the type ssh-ed25519 or ssh-rsa, or is damaged")]
    SshKey,
    /// The identities are encrypted.
    #[error(
        "it is protected by a passphrase, and none is asked for; decrypt it into a file that only \
         you can read"
    )]
    Passphrase,
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        if text.to_ascii_uppercase().starts_with(SECRET_KEY) || text.contains("PRIVATE KEY") {
            return Err(RecipientError::Secret);
        }
        if let Ok(key) = text.parse::<x25519::Recipient>() {
            return Ok(Self {
                text: key.to_string(),
                key: RecipientKey::X25519(key),
            });
        }
        if text.starts_with(RECIPIENT) {
            return Err(RecipientError::Invalid);
        }
        let key: ssh::Recipient = text.parse().map_err(|error| match error {
            ssh::ParseRecipientKeyError::RsaModulusTooLarge
            | ssh::ParseRecipientKeyError::RsaModulusTooSmall => RecipientError::RsaKeySize,
            ssh::ParseRecipientKeyError::Ignore | ssh::ParseRecipientKeyError::Unsupported(_) => {
                RecipientError::UnsupportedSshKey
            }
            _ => RecipientError::Invalid,
        })?;
        Ok(Self {
            text: key.to_string(),
            key: RecipientKey::Ssh(key),
        })
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;

    fn try_from(text: String) -> Result<Self, RecipientError> {
        text.parse()
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.text
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Recipient({})", self.text)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl Recipients {
    /// Parses a file of recipients: one on each line, except for empty lines and those that begin
    /// with `#`.
    ///
    /// # Errors
    ///
    /// Returns [`KeyFileError`] for a line that is not a recipient, and for a file without any.
    pub fn parse(content: &[u8]) -> Result<Self, KeyFileError> {
        let parse = |(line, text): (usize, &str)| {
            text.parse()
                .map_err(|cause| KeyFileError::Recipient { line, cause })
        };
        let recipients = key_lines(content)?
            .into_iter()
            .map(parse)
            .collect::<Result<Vec<_>, _>>()?;
        if recipients.is_empty() {
            return Err(KeyFileError::Empty);
        }
        Ok(Self(recipients))
    }

    /// Returns `true` if there is no recipient.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the recipients as age takes them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(|recipient| match &recipient.key {
            RecipientKey::X25519(key) => key as &dyn age::Recipient,
            RecipientKey::Ssh(key) => key,
        })
    }
}

impl FromIterator<Recipient> for Recipients {
    fn from_iter<I: IntoIterator<Item = Recipient>>(recipients: I) -> Self {
        Self(recipients.into_iter().collect())
    }
}

impl Extend<Recipient> for Recipients {
    fn extend<I: IntoIterator<Item = Recipient>>(&mut self, recipients: I) {
        self.0.extend(recipients);
    }
}

impl IntoIterator for Recipients {
    type Item = Recipient;
    type IntoIter = std::vec::IntoIter<Recipient>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Identities {
    /// Parses a file of identities: one that `age-keygen` has written, or an SSH private key
    /// without a passphrase.
    ///
    /// # Errors
    ///
    /// Returns [`KeyFileError`] for a line that is not an identity, for a file without any, and for
    /// one that is protected by a passphrase.
    pub fn parse(content: &[u8]) -> Result<Self, KeyFileError> {
        let content = content.trim_ascii_start();
        if ENCRYPTED.iter().any(|start| content.starts_with(start)) {
            return Err(KeyFileError::Passphrase);
        }
        let identities = if content.starts_with(b"-----BEGIN ") {
            vec![ssh_identity(content)?]
        } else {
            let lines = key_lines(content)?.into_iter();
            lines.map(identity).collect::<Result<Vec<_>, _>>()?
        };
        if identities.is_empty() {
            return Err(KeyFileError::Empty);
        }
        Ok(Self(identities))
    }

    /// Returns `true` if there is no identity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the identities as age takes them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0
            .iter()
            .map(|identity| &**identity as &dyn age::Identity)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identities({} of them)", self.0.len())
    }
}

impl FromIterator<Identities> for Identities {
    fn from_iter<I: IntoIterator<Item = Identities>>(identities: I) -> Self {
        Self(identities.into_iter().flat_map(|these| these.0).collect())
    }
}

impl PartialEq for Identities {
    fn eq(&self, other: &Self) -> bool {
        let pairs = || self.0.iter().zip(&other.0);
        self.0.len() == other.0.len() && pairs().all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl Eq for Identities {}

/// Parses a line of a file of identities.
fn identity((line, text): (usize, &str)) -> Result<Arc<Identity>, KeyFileError> {
    if let Ok(identity) = text.parse::<x25519::Identity>() {
        return Ok(Arc::new(identity));
    }
    Err(match text.parse::<Recipient>() {
        Ok(_) => KeyFileError::PublicKey { line },
        Err(_) => KeyFileError::Identity { line },
    })
}

/// Parses an SSH private key.
fn ssh_identity(content: &[u8]) -> Result<Arc<Identity>, KeyFileError> {
    match ssh::Identity::from_buffer(content, None) {
        Ok(identity @ ssh::Identity::Unencrypted(_)) => Ok(Arc::new(identity)),
        Ok(ssh::Identity::Encrypted(_)) => Err(KeyFileError::Passphrase),
        Ok(ssh::Identity::Unsupported(_)) | Err(_) => Err(KeyFileError::SshKey),
    }
}

/// Returns the lines of a file that are neither empty nor comments, each with its number from 1.
fn key_lines(content: &[u8]) -> Result<Vec<(usize, &str)>, KeyFileError> {
    let mut lines = Vec::new();
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let text = str::from_utf8(line).map_err(|_| KeyFileError::NotText { line: number })?;
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            lines.push((number, text));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: &str =
        "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn recipient() -> String {
        let identity: x25519::Identity = IDENTITY.parse().expect("it is one");
        identity.to_public().to_string()
    }

    #[test]
    fn a_recipients_file_has_comments_and_keys_of_each_type() {
        let file = format!(
            "# of the office\r\n{}\r\n\n  {SSH} alice@host\n",
            recipient()
        );
        let recipients = Recipients::parse(file.as_bytes()).expect("it is valid");
        let texts: Vec<_> = recipients.into_iter().map(String::from).collect();
        assert_eq!(texts, [recipient(), SSH.to_owned()]);
    }

    #[test]
    fn a_recipients_file_is_refused_with_the_line() {
        let of_line = |cause| Err(KeyFileError::Recipient { line: 2, cause });
        for (text, cause) in [
            ("age1yubikey1q0000", RecipientError::Invalid),
            ("alice", RecipientError::Invalid),
            (IDENTITY, RecipientError::Secret),
            (&IDENTITY.to_lowercase(), RecipientError::Secret),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----",
                RecipientError::Secret,
            ),
            ("ssh-ed25519 AAAA", RecipientError::Invalid),
            (
                "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA==",
                RecipientError::UnsupportedSshKey,
            ),
        ] {
            let parsed = Recipients::parse(format!("#\n{text}\n").as_bytes());
            assert_eq!(parsed, of_line(cause), "{text}");
        }
        assert_eq!(Recipients::parse(b"# none\n"), Err(KeyFileError::Empty));
        assert_eq!(
            Recipients::parse(b"\n\xFF\n"),
            Err(KeyFileError::NotText { line: 2 })
        );
    }

    #[test]
    fn an_identity_file_of_age_is_read() {
        let file = format!(
            "# created: today\n# public key: {}\n{IDENTITY}\n",
            recipient()
        );
        let identities = Identities::parse(file.as_bytes()).expect("it is valid");
        assert_eq!(identities.keys().count(), 1);
    }

    #[test]
    fn an_identity_file_is_refused_with_the_line() {
        for (text, expected) in [
            (recipient(), KeyFileError::PublicKey { line: 2 }),
            (SSH.to_owned(), KeyFileError::PublicKey { line: 2 }),
            (
                "AGE-SECRET-KEY-1".to_owned(),
                KeyFileError::Identity { line: 2 },
            ),
            (
                "AGE-PLUGIN-X-1".to_owned(),
                KeyFileError::Identity { line: 2 },
            ),
        ] {
            let parsed = Identities::parse(format!("#\n{text}\n").as_bytes());
            assert_eq!(parsed.err(), Some(expected), "{text}");
        }
        for (content, expected) in [
            (&b"# none\n"[..], KeyFileError::Empty),
            (
                b"age-encryption.org/v1\n-> scrypt",
                KeyFileError::Passphrase,
            ),
            (
                b"-----BEGIN AGE ENCRYPTED FILE-----\n",
                KeyFileError::Passphrase,
            ),
            (
                b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
                KeyFileError::SshKey,
            ),
            (
                b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
                KeyFileError::SshKey,
            ),
        ] {
            let parsed = Identities::parse(content);
            assert_eq!(parsed.err(), Some(expected), "{content:?}");
        }
    }

    #[test]
    fn no_error_and_no_debug_output_contains_a_secret() {
        let damaged = IDENTITY.replace("GQ9778", "GQ9779");
        let secret = &damaged[SECRET_KEY.len() + 10..];
        let errors = [
            format!("{:?}", Identities::parse(IDENTITY.as_bytes())),
            format!("{:?}", Identities::parse(damaged.as_bytes())),
            format!("{:?}", Recipients::parse(damaged.as_bytes())),
        ];
        for text in errors {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
