//! The XML of requests and answers, as the API reference of S3 describes it.

use percent_encoding::percent_decode_str;
use quick_xml::events::Event;
use quick_xml::{Reader, de, se};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::failure::{Cause, Failure};

/// What a server says about a failure. All is empty if it says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ErrorDocument {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) region: Option<String>,
}

impl ErrorDocument {
    /// Reads the body of an answer with the status of an error. A proxy may have sent any text.
    pub(super) fn parse(body: &[u8]) -> Self {
        if has_root(body, "Error") {
            parse(body).unwrap_or_default()
        } else {
            Self::default()
        }
    }
}

/// A page of the answer of `ListObjectsV2`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ObjectPage {
    #[serde(default)]
    pub(super) contents: Vec<ListedObject>,
    pub(super) next_continuation_token: Option<String>,
    encoding_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedObject {
    pub(super) key: String,
}

/// A page of the answer of `ListMultipartUploads`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UploadPage {
    #[serde(default)]
    pub(super) upload: Vec<ListedUpload>,
    #[serde(default)]
    pub(super) is_truncated: bool,
    pub(super) next_key_marker: Option<String>,
    pub(super) next_upload_id_marker: Option<String>,
    encoding_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedUpload {
    pub(super) key: String,
    pub(super) upload_id: String,
    pub(super) initiated: String,
}

/// A page of the answer of `ListParts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PartPage {
    #[serde(default)]
    pub(super) part: Vec<ListedPart>,
    #[serde(default)]
    pub(super) is_truncated: bool,
    pub(super) next_part_number_marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedPart {
    pub(super) last_modified: String,
}

/// The answer of `CreateMultipartUpload`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InitiatedUpload {
    pub(super) upload_id: String,
}

impl ObjectPage {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let mut page: Self = parse(body)?;
        if page.encoding_type.as_deref() == Some("url") {
            for object in &mut page.contents {
                object.key = decode(&object.key);
            }
        }
        Ok(page)
    }
}

impl UploadPage {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let mut page: Self = parse(body)?;
        if page.encoding_type.as_deref() == Some("url") {
            for upload in &mut page.upload {
                upload.key = decode(&upload.key);
            }
            page.next_key_marker = page.next_key_marker.as_deref().map(decode);
        }
        Ok(page)
    }
}

/// Reads the body of an answer.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let text = str::from_utf8(body).ok();
    text.and_then(|text| de::from_str(text).ok())
        .ok_or_else(|| Failure::new(Cause::Other, "the answer of the server is not valid"))
}

/// Returns the body of `CompleteMultipartUpload` for parts with these tags.
pub(super) fn completion<'a>(tags: impl Iterator<Item = &'a String>) -> Result<String, Failure> {
    #[derive(Serialize)]
    #[serde(rename = "CompleteMultipartUpload")]
    struct Completion<'a> {
        #[serde(rename = "Part")]
        parts: Vec<Part<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Part<'a> {
        part_number: usize,
        #[serde(rename = "ETag")]
        tag: &'a str,
    }
    let parts = tags
        .enumerate()
        .map(|(index, tag)| Part {
            part_number: index + 1,
            tag,
        })
        .collect();
    se::to_string(&Completion { parts })
        .map_err(|error| Failure::new(Cause::Other, error.to_string()))
}

/// Returns `true` if a document has a root element of this name.
pub(super) fn has_root(document: &[u8], name: &str) -> bool {
    let mut reader = Reader::from_reader(document);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                return start.local_name().as_ref() == name;
            }
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

/// Returns a key of a list with `encoding-type=url`, which has `+` for a space.
fn decode(key: &str) -> String {
    let key = key.replace('+', " ");
    percent_decode_str(&key).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_also_between_other_elements() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Name>backups</Name><EncodingType>url</EncodingType>
            <Contents><Key>a%2Fb+c%0A</Key><Size>5</Size></Contents>
            <CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>
            <Contents><Key>d</Key></Contents>
            <IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>
            </ListBucketResult>"#;
        let page = ObjectPage::parse(body).expect("the list is valid");
        let keys: Vec<_> = page.contents.into_iter().map(|object| object.key).collect();
        assert_eq!(keys, ["a/b c\n", "d"]);
        assert_eq!(page.next_continuation_token.as_deref(), Some("next"));
    }

    #[test]
    fn a_list_of_uploads_is_read() {
        let body = br#"<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <KeyMarker/><UploadIdMarker/><NextKeyMarker>k</NextKeyMarker>
            <NextUploadIdMarker>u</NextUploadIdMarker><IsTruncated>true</IsTruncated>
            <Upload><Key>a</Key><UploadId>1</UploadId><Initiator><ID>x</ID></Initiator>
            <Initiated>2010-11-10T20:48:33.000Z</Initiated></Upload>
            </ListMultipartUploadsResult>"#;
        let page = UploadPage::parse(body).expect("the list is valid");
        assert_eq!(page.upload[0].upload_id, "1");
        assert!(page.is_truncated);
        assert_eq!(page.next_upload_id_marker.as_deref(), Some("u"));
    }

    #[test]
    fn an_error_is_found_behind_white_space() {
        let body = b"<?xml version=\"1.0\"?>\n \n<Error><Code>InternalError</Code>\
            <Message>m</Message><Resource>r</Resource></Error>";
        assert!(has_root(body, "Error"));
        assert_eq!(ErrorDocument::parse(body).code, "InternalError");
        for body in ["", "<html><Error/></html>", "<Error", "busy"] {
            assert_eq!(ErrorDocument::parse(body.as_bytes()).code, "", "{body}");
        }
    }

    #[test]
    fn the_parts_are_numbered() {
        let tags = ["\"a\"".to_owned(), "<b>".to_owned()];
        let body = completion(tags.iter()).expect("it can be written");
        let expected = "<CompleteMultipartUpload>\
            <Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>\
            <Part><PartNumber>2</PartNumber><ETag>&lt;b&gt;</ETag></Part>\
            </CompleteMultipartUpload>";
        assert_eq!(body, expected);
    }
}
