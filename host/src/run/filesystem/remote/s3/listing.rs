//! The names of a directory, and the uploads that killed runs have abandoned.

use std::time::SystemTime;

use jiff::Timestamp;
use ureq::http::Method;

use super::connection::{Connection, identity};
use super::failure::{Cause, Failure};
use super::probe;
use super::request::Request;
use super::xml::{self, ObjectPage, PartPage, UploadPage};

/// An upload that another run began, and may have abandoned.
#[derive(Debug, Clone)]
pub(super) struct ForeignUpload {
    pub(super) key: String,
    pub(super) upload_id: String,
    pub(super) initiated: Option<SystemTime>,
}

impl ForeignUpload {
    /// Returns the identity of the upload.
    pub(super) fn id(&self) -> u128 {
        identity([self.upload_id.as_str()])
    }

    /// Returns the name of the upload: that of a temporary file, of more digits than any run
    /// chooses for its own.
    pub(super) fn name(&self) -> String {
        format!(".license-backup-{:039}.tmp", self.id())
    }
}

/// Returns the names of all objects that are files of the directory.
pub(super) fn objects(connection: &Connection) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let mut request = Request::new(Method::GET, "")
            .query("list-type", "2")
            .query("prefix", &connection.prefix)
            .query("delimiter", "/")
            .query("encoding-type", "url")
            .answer("ListBucketResult");
        if let Some(token) = token {
            request = request.query("continuation-token", token);
        }
        let page = ObjectPage::parse(&connection.client.send(&request)?.body)?;
        let keys = page.contents.iter();
        names.extend(keys.filter_map(|object| file_name(connection, &object.key)));
        token = page.next_continuation_token;
        if token.is_none() {
            return Ok(names);
        }
    }
}

/// Returns the uploads for archives like that of this run. A server that cannot list uploads, or
/// does not permit it, has none as far as this program knows.
pub(super) fn uploads(connection: &Connection) -> Result<Vec<ForeignUpload>, Failure> {
    let Some(archive) = &connection.archive else {
        return Ok(Vec::new());
    };
    let mut uploads = Vec::new();
    let mut markers = None;
    loop {
        let mut request = Request::new(Method::GET, "")
            .query("uploads", "")
            .query("prefix", &connection.prefix)
            .query("encoding-type", "url")
            .answer("ListMultipartUploadsResult");
        if let Some((key, upload_id)) = markers {
            request = request
                .query("key-marker", key)
                .query("upload-id-marker", upload_id);
        }
        let answer = match connection.client.send(&request) {
            Err(failure) if matches!(failure.cause, Cause::Denied | Cause::NotImplemented) => {
                return Ok(uploads);
            }
            answer => answer?,
        };
        let page = UploadPage::parse(&answer.body)?;
        let listed = page.upload.into_iter().filter(|upload| {
            file_name(connection, &upload.key).is_some_and(|name| is_like(&name, archive))
        });
        uploads.extend(listed.map(|upload| ForeignUpload {
            key: upload.key,
            upload_id: upload.upload_id,
            initiated: time(&upload.initiated),
        }));
        markers = match (page.next_key_marker, page.next_upload_id_marker) {
            (Some(key), Some(upload_id)) if page.is_truncated => Some((key, upload_id)),
            _ => return Ok(uploads),
        };
    }
}

/// Returns the time of the last change of an upload, or `None` if it is unknown: a run that still
/// uploads parts began long ago if its archive is large.
pub(super) fn last_change(
    connection: &Connection,
    upload: &ForeignUpload,
) -> Result<Option<SystemTime>, Failure> {
    let mut last = upload.initiated;
    let mut marker = None;
    loop {
        // The name of the document is not the same on all servers.
        let mut request =
            Request::new(Method::GET, &upload.key).query("uploadId", &upload.upload_id);
        if let Some(marker) = marker {
            request = request.query("part-number-marker", marker);
        }
        let answer = match connection.client.send(&request) {
            Err(failure) if matches!(failure.cause, Cause::Denied | Cause::NotImplemented) => {
                return Ok(None);
            }
            answer => answer?,
        };
        let page: PartPage = xml::parse(&answer.body)?;
        let changes = page.part.iter().map(|part| time(&part.last_modified));
        last = changes.fold(last, |last, change| {
            last.zip(change).map(|(last, change)| last.max(change))
        });
        marker = page.next_part_number_marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(last);
        }
    }
}

/// Reads a time in the format of ISO 8601.
fn time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

/// Returns the name of the file with this key, or `None` if it is not one of the directory.
fn file_name(connection: &Connection, key: &str) -> Option<String> {
    let name = key.strip_prefix(&connection.prefix)?;
    let is_file = !name.is_empty() && !name.contains('/') && name != probe::NAME;
    is_file.then(|| name.to_owned())
}

/// Returns `true` if two names differ in digits alone, as those of two generations do. Other
/// programs may upload to the same place, and their uploads stay.
fn is_like(name: &str, archive: &str) -> bool {
    let same = |(left, right): (u8, u8)| {
        left == right || (left.is_ascii_digit() && right.is_ascii_digit())
    };
    name.len() == archive.len() && name.bytes().zip(archive.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_of_archives_differ() {
        let archive = "licenses-20260101T000000Z.zip";
        assert!(is_like(archive, archive));
        assert!(is_like("licenses-20251231T235959Z.zip", archive));
        for other in [
            "licenses.zip",
            "pictures-20251231T235959Z.zip",
            "licenses-20251231T235959Z.zi_",
        ] {
            assert!(!is_like(other, archive), "{other}");
        }
    }

    #[test]
    fn the_name_of_an_upload_is_no_name_that_a_run_chooses() {
        let upload = ForeignUpload {
            key: "licenses.zip".into(),
            upload_id: "x".into(),
            initiated: None,
        };
        assert_eq!(upload.name().len(), ".license-backup-.tmp".len() + 39);
    }
}
