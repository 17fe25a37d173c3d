//! The arguments for the location of a backup and its keys.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, StringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Args, Command};
use license_backup::{BackupLocation, Identities, KeyFileError, Recipient, Recipients};

/// The largest size of a file of keys, in bytes.
const MAX_KEY_FILE: u64 = 1 << 20;

/// The location of a backup to read.
#[derive(Debug, Args)]
pub(crate) struct FromArguments {
    /// Directory that contains the backup, or its sftp:// or s3:// URL; it is only read
    #[arg(long, value_name = "DIR|URL", value_parser = parser())]
    from: BackupLocation,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// The arguments for locations on other machines, and for encrypted backups.
#[derive(Debug, Args)]
pub(crate) struct RemoteArguments {
    /// URL of the S3 service, instead of AWS
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// File with age identities or an SSH private key that opens an encrypted backup
    #[arg(long, value_name = "FILE", value_parser = identities_parser())]
    identity: Vec<Identities>,
}

/// The arguments for the recipients of an encrypted backup.
#[derive(Debug, Args)]
pub(crate) struct RecipientArguments {
    /// Encrypt the backup to this age recipient or SSH public key
    #[arg(long, value_name = "KEY", value_parser = recipient_parser())]
    encrypt_to: Vec<Recipient>,
    /// Encrypt the backup to the recipients in this file
    #[arg(long, value_name = "FILE", value_parser = recipients_parser())]
    recipients_file: Vec<Recipients>,
}

/// An error of a file of keys.
#[derive(Debug, thiserror::Error)]
enum KeyError {
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    #[error("it is larger than {MAX_KEY_FILE} bytes")]
    TooLarge,
    #[error(transparent)]
    Content(#[from] KeyFileError),
}

impl FromArguments {
    /// Returns the location.
    pub(crate) fn location(&self) -> BackupLocation {
        self.remote.apply(&self.from)
    }
}

impl RemoteArguments {
    /// Returns a location with these arguments.
    pub(crate) fn apply(&self, location: &BackupLocation) -> BackupLocation {
        let location = location.clone();
        let location = match &self.s3_endpoint {
            Some(endpoint) => location.s3_endpoint(endpoint),
            None => location,
        };
        location.identities(self.identity.iter().cloned().collect())
    }
}

impl RecipientArguments {
    /// Returns all recipients.
    pub(crate) fn recipients(&self) -> Recipients {
        let of_files = self.recipients_file.iter().cloned().flatten();
        of_files.chain(self.encrypt_to.iter().cloned()).collect()
    }
}

/// A parser whose errors do not repeat a secret that the value contains.
#[derive(Debug, Clone)]
struct Discreet<P>(P);

impl<P: TypedValueParser> TypedValueParser for Discreet<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let parsed = self.0.parse_ref(command, argument, value);
        parsed.map_err(|mut error| {
            if let Some(shown) = without_secrets(&value.to_string_lossy()) {
                error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
            }
            error
        })
    }
}

/// Returns a text without the secrets in it, or `None` if there are none: what precedes the host of
/// a URL, and keys.
fn without_secrets(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    if upper.contains("SECRET-KEY") || upper.contains("PRIVATE KEY") {
        return Some("…".to_owned());
    }
    let (scheme, rest) = text.split_once("://")?;
    let (_, host) = rest.rsplit_once('@')?;
    Some(format!("{scheme}://…@{host}"))
}

/// Returns the parser of a location.
pub(crate) fn parser() -> impl TypedValueParser<Value = BackupLocation> {
    Discreet(OsStringValueParser::new().try_map(BackupLocation::parse))
}

/// Returns the parser of a directory. The URL of another place is refused.
pub(crate) fn directory_parser() -> impl TypedValueParser<Value = PathBuf> {
    parser().try_map(|location| {
        let directory = location.as_path().map(Path::to_owned);
        directory.ok_or("a fleet needs a directory that all of its tasks see")
    })
}

/// Returns the parser of a recipient.
fn recipient_parser() -> impl TypedValueParser<Value = Recipient> {
    Discreet(StringValueParser::new().try_map(|key| key.parse::<Recipient>()))
}

/// Returns the parser of a file of identities.
fn identities_parser() -> impl TypedValueParser<Value = Identities> {
    Discreet(OsStringValueParser::new().try_map(|file| parse_key_file(&file, Identities::parse)))
}

/// Returns the parser of a file of recipients.
fn recipients_parser() -> impl TypedValueParser<Value = Recipients> {
    Discreet(OsStringValueParser::new().try_map(|file| parse_key_file(&file, Recipients::parse)))
}

fn parse_key_file<T>(
    file: &OsStr,
    parse: impl FnOnce(&[u8]) -> Result<T, KeyFileError>,
) -> Result<T, KeyError> {
    let file = Path::new(file);
    if fs::metadata(file)?.len() > MAX_KEY_FILE {
        return Err(KeyError::TooLarge);
    }
    Ok(parse(&fs::read(file)?)?)
}
