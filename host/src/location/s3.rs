//! The URL of a part of a bucket of an S3 service.

use std::fmt;
use std::ops::RangeInclusive;

use super::LocationError;

/// The possible lengths of the name of a bucket ("General purpose bucket naming rules").
const BUCKET_LENGTHS: RangeInclusive<usize> = 3..=63;
/// The largest length of a prefix in bytes: a key has at most 1024, and the name of a file follows.
const MAX_PREFIX: usize = 900;
/// The beginning of the URL.
const SCHEME: &str = "s3://";
const ADVICE: &str = "write it as s3://bucket/prefix";

/// A part of a bucket of an S3 service. Credentials and region come from the environment variables
/// and the files of the AWS command line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "Serialized", try_from = "Serialized"))]
pub(crate) struct S3Location {
    bucket: String,
    prefix: String,
    /// The URL of the service, instead of that of the environment, of the profile, or of AWS.
    pub(crate) endpoint: Option<String>,
    /// Accepts a service without conditional writes.
    pub(crate) allow_unconditional_writes: bool,
}

impl S3Location {
    /// Returns the name of the bucket.
    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the beginning of all keys, without the `/` that follows it. It can be empty.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Parses the part of a URL after `s3://`. Keys are taken as they are, as the AWS command line
    /// does.
    pub(crate) fn parse(rest: &str) -> Result<Self, LocationError> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_bucket = BUCKET_LENGTHS.contains(&bucket.len())
            && bucket.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
            })
            && bucket.starts_with(|first: char| first.is_ascii_alphanumeric())
            && bucket.ends_with(|last: char| last.is_ascii_alphanumeric());
        if !is_bucket {
            return Err(error("the name of the bucket is invalid"));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        // Such names would change on the way: HTTP resolves `.` and `..`.
        let is_name =
            |name: &str| !matches!(name, "" | "." | "..") && !name.contains(char::is_control);
        if !prefix.is_empty() && !prefix.split('/').all(is_name) {
            return Err(error("the prefix is invalid"));
        }
        if prefix.len() > MAX_PREFIX {
            return Err(error("the prefix is too long"));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            allow_unconditional_writes: false,
        })
    }
}

/// The serialized form of an [`S3Location`].
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Serialized {
    url: String,
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    allow_unconditional_writes: bool,
}

#[cfg(feature = "serde")]
impl From<S3Location> for Serialized {
    fn from(location: S3Location) -> Self {
        Self {
            url: location.to_string(),
            endpoint: location.endpoint,
            allow_unconditional_writes: location.allow_unconditional_writes,
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Serialized> for S3Location {
    type Error = LocationError;

    fn try_from(serialized: Serialized) -> Result<Self, LocationError> {
        let rest = serialized.url.strip_prefix(SCHEME);
        let location = Self::parse(rest.ok_or_else(|| error("the URL has another scheme"))?)?;
        Ok(Self {
            endpoint: serialized.endpoint,
            allow_unconditional_writes: serialized.allow_unconditional_writes,
            ..location
        })
    }
}

fn error(cause: &str) -> LocationError {
    LocationError {
        cause: cause.to_owned(),
        advice: ADVICE,
    }
}

impl fmt::Display for S3Location {
    /// Writes the URL, without the endpoint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.bucket)?;
        if self.prefix.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_and_prefix_are_found() {
        for (url, bucket, prefix) in [
            ("bucket", "bucket", ""),
            ("bucket/", "bucket", ""),
            ("my.bucket-1/a/b/", "my.bucket-1", "a/b"),
            ("bucket/a b%20ü", "bucket", "a b%20ü"),
        ] {
            let location = S3Location::parse(url).expect(url);
            assert_eq!((location.bucket(), location.prefix()), (bucket, prefix));
        }
    }

    #[test]
    fn an_invalid_url_is_refused() {
        for url in [
            "",
            "/a",
            "ab",
            "Bucket/a",
            "bu_cket",
            "-bucket",
            "bucket.",
            "key:secret@bucket/a",
            "bucket//a",
            "bucket/a/../b",
            "bucket/./a",
            "bucket/a\nb",
        ] {
            assert!(S3Location::parse(url).is_err(), "{url}");
        }
        let too_long = format!("bucket/{}", "a".repeat(901));
        assert!(S3Location::parse(&too_long).is_err());
    }
}
