//! A request to a bucket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::request::Builder;
use ureq::http::{Method, Request as HttpRequest};

/// The characters of a query that are escaped: all but those that RFC 3986, section 2.3, names
/// unreserved, as signatures require.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The characters of a key that are escaped.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// A request to a bucket, without its signature.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// The key of an object. Empty for the bucket.
    key: &'a str,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
    /// The largest size of the body of the answer.
    pub(super) limit: u64,
    /// The name of the root element of the answer, if it is XML.
    pub(super) answer: Option<&'static str>,
}

impl<'a> Request<'a> {
    /// Answers are lists of 1,000 entries at most, or short.
    const ANSWER: u64 = 16 << 20;

    pub(super) fn new(method: Method, key: &'a str) -> Self {
        Self {
            method,
            key,
            query: Vec::new(),
            headers: Vec::new(),
            body: &[],
            limit: Self::ANSWER,
            answer: None,
        }
    }

    pub(super) fn key(&self) -> &'a str {
        self.key
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body. Its MD5 is sent along, so that the server refuses damaged bytes: of the
    /// checksums that exist, this one is known to all servers, and a bucket with object lock
    /// requires one.
    pub(super) fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self.header("content-md5", STANDARD.encode(Md5::digest(body)))
    }

    pub(super) fn answer(mut self, root: &'static str) -> Self {
        self.answer = Some(root);
        self
    }

    pub(super) fn limit(mut self, limit: usize) -> Self {
        self.limit = limit as u64;
        self
    }

    /// Returns the request to the bucket with this URL.
    pub(super) fn to_http(&self, bucket_url: &str) -> ureq::http::Result<HttpRequest<()>> {
        let mut url = format!("{bucket_url}{}", utf8_percent_encode(self.key, PATH));
        for (index, (name, value)) in self.query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, QUERY));
        }
        let with_header =
            |builder: Builder, (name, value): &(&str, String)| builder.header(*name, value);
        let builder = HttpRequest::builder().method(&self.method).uri(url);
        self.headers.iter().fold(builder, with_header).body(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_escaped() {
        let request = Request::new(Method::GET, "a b/ü+%?.zip")
            .query("uploadId", "x+/=")
            .query("prefix", "a b/");
        let http = request
            .to_http("http://nas/bucket/")
            .expect("the request is valid");
        assert_eq!(
            http.uri().to_string(),
            "http://nas/bucket/a%20b/%C3%BC%2B%25%3F.zip?uploadId=x%2B%2F%3D&prefix=a%20b%2F"
        );
    }

    #[test]
    fn a_body_has_its_checksum() {
        let request = Request::new(Method::PUT, "key").body(b"");
        let http = request
            .to_http("http://nas/bucket/")
            .expect("the request is valid");
        // RFC 1321, section A.5: the MD5 of nothing.
        assert_eq!(http.headers()["content-md5"], "1B2M2Y8AsgTpgAmY7PhCfg==");
    }
}
