//! An answer of a server that is no failure.

use std::time::SystemTime;

use jiff::fmt::rfc2822::DateTimeParser;
use ureq::http::HeaderMap;

/// An answer of a server that is no failure.
#[derive(Debug)]
pub(super) struct Response {
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// `true` if the body is the requested part of an object: status 206.
    pub(super) is_partial: bool,
}

impl Response {
    pub(super) fn new(headers: HeaderMap, body: Vec<u8>, is_partial: bool) -> Self {
        Self {
            headers,
            body,
            is_partial,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn time(&self, name: &str) -> Option<SystemTime> {
        time(&self.headers, name)
    }
}

/// Returns the time in a header, in the format of RFC 9110, section 5.6.7.
pub(super) fn time(headers: &HeaderMap, name: &str) -> Option<SystemTime> {
    let value = headers.get(name)?.to_str().ok()?;
    let time = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(time.into())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_time_is_read() {
        let mut headers = HeaderMap::new();
        let value = "Sun, 06 Nov 1994 08:49:37 GMT".parse().expect("it is text");
        headers.insert("date", value);
        let expected = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(time(&headers, "date"), Some(expected));
        assert_eq!(time(&headers, "last-modified"), None);
    }
}
