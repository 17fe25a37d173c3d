//! What all files of a connection share.

use std::io::{self, ErrorKind};

use md5::{Digest as _, Md5};

use super::client::Client;

/// The longest key in bytes.
const MAX_KEY: usize = 1024;

/// A connection to a directory.
pub(super) struct Connection {
    pub(super) client: Client,
    /// The start of all keys.
    pub(super) prefix: String,
    /// The name of the archive that the run will create, if any.
    pub(super) archive: Option<String>,
    /// `true` if the server supports the condition that a key does not exist.
    pub(super) has_conditions: bool,
    /// `true` if an archive may be written although the server does not support that.
    pub(super) allow_unconditional_writes: bool,
}

impl Connection {
    /// Returns the key of a name.
    pub(super) fn key(&self, name: &str) -> io::Result<String> {
        let key = format!("{}{name}", self.prefix);
        let is_valid = !matches!(name, "" | "." | "..")
            && !name.contains(|character: char| character == '/' || character.is_control())
            && key.len() <= MAX_KEY;
        if is_valid {
            Ok(key)
        } else {
            let message = "the name is too long, or has a character that a key cannot have";
            Err(io::Error::new(ErrorKind::InvalidFilename, message))
        }
    }
}

/// Returns random bytes.
pub(super) fn random<const LENGTH: usize>() -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Returns an identity that is the same for the same texts. Nothing relies on more than that no two
/// files get the same one by chance.
pub(super) fn identity<'a>(texts: impl IntoIterator<Item = &'a str>) -> u128 {
    let mut hash = Md5::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    u128::from_le_bytes(hash.finalize().into())
}
