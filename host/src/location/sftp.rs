//! The URL of a directory of an SFTP server.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::LocationError;

/// The characters that are encoded in the path and the name of the user (RFC 3986, section 3.3).
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'`')
    .add(b'{')
    .add(b'}');
/// The beginning of the URL.
const SCHEME: &str = "sftp://";
const ADVICE: &str = "write it as sftp://user@host:port/path, or sftp://host/~/path for a path in the home \
     directory";

/// A directory of an SFTP server, which the program `ssh` connects to with its configuration: its
/// keys, its agent, its known hosts, and its aliases of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub(crate) struct SftpLocation {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
}

impl SftpLocation {
    /// Returns the name of the user, if the URL has one.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the name or the address of the server, or its alias in the configuration of `ssh`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, if the URL has one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the path of the directory. Without a `/` at its beginning it is relative to the
    /// directory in which the server starts, which is the home directory as a rule.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Parses the part of a URL after `sftp://`.
    pub(super) fn parse(rest: &str) -> Result<Self, LocationError> {
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => return Err(error("the URL has no path")),
        };
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(LocationError {
                cause: "the URL contains a password".to_owned(),
                advice: "leave it out: ssh asks for it, or set up a key",
            });
        }
        let (host, port) = split_port(address)?;
        let user = user.map(decode).transpose()?;
        // `ssh` would take such an argument for an option.
        if [Some(host), user.as_deref()]
            .into_iter()
            .flatten()
            .any(|name| {
                name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace)
            })
        {
            return Err(error("the user or the host is invalid"));
        }
        let path = decode(path)?;
        let path = match path.strip_prefix("/~") {
            Some("" | "/") => ".",
            Some(relative) if relative.starts_with('/') => relative.trim_start_matches('/'),
            _ => &path,
        };
        Ok(Self {
            user,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }
}

/// The serialized form is the URL.
#[cfg(feature = "serde")]
impl From<SftpLocation> for String {
    fn from(location: SftpLocation) -> Self {
        location.to_string()
    }
}

#[cfg(feature = "serde")]
impl TryFrom<String> for SftpLocation {
    type Error = LocationError;

    fn try_from(url: String) -> Result<Self, LocationError> {
        let rest = url.strip_prefix(SCHEME);
        Self::parse(rest.ok_or_else(|| error("the URL has another scheme"))?)
    }
}

/// Splits a host and its port. The address of a host can contain colons in brackets.
fn split_port(address: &str) -> Result<(&str, Option<u16>), LocationError> {
    let (host, port) = match address.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, port))) => (host, port),
        Some(None) => return Err(error("the address of the host has no closing bracket")),
        None => address.split_at(address.find(':').unwrap_or(address.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(digits.parse().map_err(|_| error("the port is invalid"))?),
        None if port.is_empty() => None,
        None => return Err(error("the port is invalid")),
    };
    Ok((host, port))
}

fn decode(encoded: &str) -> Result<String, LocationError> {
    let decoded = percent_decode_str(encoded).decode_utf8();
    let decoded = decoded.map_err(|_| error("the URL is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(error("the URL contains a NUL"));
    }
    Ok(decoded.into_owned())
}

fn error(cause: &str) -> LocationError {
    LocationError {
        cause: cause.to_owned(),
        advice: ADVICE,
    }
}

impl fmt::Display for SftpLocation {
    /// Writes the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        if let Some(user) = &self.user {
            write!(f, "{}@", utf8_percent_encode(user, ENCODED))?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match self.path.as_str() {
            "." => return f.write_str("/~/"),
            relative if !relative.starts_with('/') => f.write_str("/~/")?,
            _ => {}
        }
        utf8_percent_encode(&self.path, ENCODED).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> (Option<String>, String, Option<u16>, String) {
        let SftpLocation {
            user,
            host,
            port,
            path,
        } = SftpLocation::parse(url).expect(url);
        (user, host, port, path)
    }

    #[test]
    fn the_parts_of_a_url_are_found() {
        for (url, user, host, port, path) in [
            ("nas/backup", None, "nas", None, "/backup"),
            ("me@nas:2222/a/b", Some("me"), "nas", Some(2222), "/a/b"),
            ("me@[fe80::1]:22/a", Some("me"), "fe80::1", Some(22), "/a"),
            ("[::1]/a", None, "::1", None, "/a"),
            ("a%40b@nas/c%20d", Some("a@b"), "nas", None, "/c d"),
            ("nas/~/a", None, "nas", None, "a"),
            ("nas/~", None, "nas", None, "."),
            ("nas/~/", None, "nas", None, "."),
            ("nas/~me/a", None, "nas", None, "/~me/a"),
            ("nas/", None, "nas", None, "/"),
        ] {
            let expected = (
                user.map(str::to_owned),
                host.to_owned(),
                port,
                path.to_owned(),
            );
            assert_eq!(parsed(url), expected, "{url}");
        }
    }

    #[test]
    fn an_invalid_url_is_refused() {
        for url in [
            "",
            "nas",
            "/a",
            "@nas/a",
            "me@/a",
            "nas:/a",
            "nas:x/a",
            "nas:70000/a",
            "[::1/a",
            "[::1]2/a",
            "-oProxyCommand=x/a",
            "-l@nas/a",
            "n s/a",
            "nas/%ff",
            "nas/a%00",
        ] {
            assert!(SftpLocation::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        let error = SftpLocation::parse("me:secret@nas/a").expect_err("it has a password");
        assert!(error.to_string().contains("password"), "{error}");
        assert!(!format!("{error:?}").contains("secret"));
    }
}
