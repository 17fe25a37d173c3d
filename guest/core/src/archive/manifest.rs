//! `backup.json`, the manifest of a backup: the counts, and the skipped files with their
//! reasons.
//!
//! The manifest is a JSON document. It is written and read line by line, with one line
//! for each skipped file, since there may be as many skipped files as licenses.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::entry_lines::EntryLines;
use super::error::ArchiveError;
use super::zip_headers::Entry;
use crate::entry_names::validate_components;
use crate::license::{MAX_ID_LENGTH, MAX_IDS};
use crate::reason::Reason;
use crate::{ErrorCode, File, LicenseFormat, LicenseIdentity, Restriction};

/// The version of the archive's format, in `backup.json` as `format`.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// The program and its version, in `backup.json` as `program`.
pub(crate) const PROGRAM: &str = concat!("license-backup ", env!("CARGO_PKG_VERSION"));

/// The end of the first line, which replaces the closing brace of the head and opens the
/// list of skipped files.
const LIST_START: &str = ",\"skipped\":[\n";
/// The last line, which closes the list and the document.
const LAST_LINE: &[u8] = b"]}\n";

/// The head of a manifest: the format, the program and the counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestHead {
    /// [`FORMAT_VERSION`]
    pub(crate) format: u32,
    /// [`PROGRAM`]
    pub(crate) program: Cow<'static, str>,
    /// The number of license documents in the backup.
    pub(crate) licenses: u64,
    /// The size of these documents in bytes.
    pub(crate) bytes: u64,
    /// The number of files that may not be backed up.
    pub(crate) restricted: u64,
    /// The number of files and names that could not be read.
    pub(crate) errors: u64,
}

/// The one field that the head has in every version of the format.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl ManifestHead {
    /// Returns the first line of a manifest as text, and the head in it as JSON.
    fn json_of(line: &[u8]) -> Option<(&str, String)> {
        let line = str::from_utf8(line).ok()?;
        Some((line, line.strip_suffix(LIST_START)?.to_owned() + "}"))
    }

    /// Returns the first line of a manifest with this head.
    fn to_line(&self) -> String {
        let mut line = to_json(self);
        if line.ends_with('}') {
            line.pop();
        }
        line + LIST_START
    }

    /// Parses the first line of a manifest, which must be the one that
    /// [`ManifestHead::to_line`] returns.
    fn from_line(line: &[u8]) -> Result<Self, ArchiveError> {
        let malformed = || ArchiveError::Corrupt("the first line is malformed".to_owned());
        let (line, json) = Self::json_of(line).ok_or_else(malformed)?;
        check_version(&json)?;
        serde_json::from_str(&json)
            .ok()
            .filter(|head: &Self| head.to_line() == line)
            .ok_or_else(malformed)
    }
}

/// Checks the version of the format in the JSON of a head, if it can be read.
fn check_version(json: &str) -> Result<(), ArchiveError> {
    match serde_json::from_str(json) {
        Ok(Version { format }) if format != FORMAT_VERSION => Err(ArchiveError::Corrupt(format!(
            "format {format} is not supported, only format {FORMAT_VERSION}"
        ))),
        _ => Ok(()),
    }
}

/// Checks the version of the format in a manifest, which may be damaged otherwise.
pub(crate) fn check_format<N: AsRef<str>>(
    file: &impl File,
    entry: &Entry<N>,
) -> Result<(), ArchiveError> {
    let head = EntryLines::open(file, entry).and_then(|(mut lines, _)| {
        let line = lines.next_line(file)?.unwrap_or_default();
        Ok(ManifestHead::json_of(line).map(|(_, json)| json))
    });
    match head {
        Ok(Some(json)) => check_version(&json),
        Ok(None) | Err(ArchiveError::Corrupt(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A reader of a manifest, line by line.
pub(crate) struct ManifestReader {
    lines: EntryLines,
    head: ManifestHead,
    previous: PreviousLine,
}

/// The kind of the line before the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PreviousLine {
    /// The first line of the manifest.
    Head,
    /// A line that ends with a comma.
    WithComma,
    /// A line that does not end with a comma, and so is the last one of the list.
    WithoutComma,
}

/// A line of the list of skipped files.
pub(crate) enum ManifestLine {
    /// A skipped file.
    SkippedEntry(SkippedEntry),
    /// A line that differs from what the writer would write. The next lines can be read
    /// nevertheless.
    Malformed,
}

impl ManifestReader {
    /// Opens a manifest and reads its head. This and the other methods pass all bytes
    /// read to `on_read`.
    pub(crate) fn open<N: AsRef<str>>(
        file: &impl File,
        entry: &Entry<N>,
        mut on_read: impl FnMut(&[u8]),
    ) -> Result<Self, ArchiveError> {
        let (mut lines, header) = EntryLines::open(file, entry)?;
        on_read(&header);
        let line = lines.next_line(file)?.unwrap_or_default();
        on_read(line);
        Ok(Self {
            head: ManifestHead::from_line(line)?,
            lines,
            previous: PreviousLine::Head,
        })
    }

    pub(crate) fn head(&self) -> &ManifestHead {
        &self.head
    }

    /// Returns the next skipped file, or `None` when the whole manifest was read.
    pub(crate) fn next_line(
        &mut self,
        file: &impl File,
        mut on_read: impl FnMut(&[u8]),
    ) -> Result<Option<ManifestLine>, ArchiveError> {
        let corrupt = |cause: &str| ArchiveError::Corrupt(cause.to_owned());
        let Some(line) = self.lines.next_line(file)? else {
            return Err(corrupt("the last line is missing"));
        };
        on_read(line);
        if line == LAST_LINE {
            return if self.lines.next_line(file)?.is_some() {
                Err(corrupt("there are lines after the end of the document"))
            } else if self.previous == PreviousLine::WithComma {
                Err(corrupt("there is a comma before the end of the list"))
            } else {
                Ok(None)
            };
        }
        let json = line.strip_suffix(b"\n").unwrap_or(line);
        let (json, kind) = match json.strip_suffix(b",") {
            Some(json) => (json, PreviousLine::WithComma),
            None => (json, PreviousLine::WithoutComma),
        };
        let follows_list_end = self.previous == PreviousLine::WithoutComma;
        self.previous = kind;
        let skipped = SkippedEntry::from_json(json).filter(|_| !follows_list_end);
        Ok(Some(skipped.map_or(
            ManifestLine::Malformed,
            ManifestLine::SkippedEntry,
        )))
    }
}

/// A skipped file: one that is not in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SkippedEntry {
    /// The path below the store.
    pub(crate) path: String,
    #[serde(
        with = "crate::case_name::optional",
        skip_serializing_if = "Option::is_none",
        default
    )]
    format: Option<LicenseFormat>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    license_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    key_ids: Vec<String>,
    /// The reason why the file was skipped.
    pub(crate) reason: Reason,
}

impl SkippedEntry {
    /// Creates the entry of a file.
    pub(crate) fn new(path: String, identity: LicenseIdentity, reason: Reason) -> Self {
        let LicenseIdentity {
            format,
            license_ids,
            key_ids,
            rights_end: _,
        } = identity;
        Self {
            path,
            format,
            license_ids,
            key_ids,
            reason,
        }
    }

    /// Parses an entry, which must be in the form in which the writer would write it. The
    /// JSON is parsed from text as in the rights gate, so that the component contains one
    /// JSON parser and not two.
    fn from_json(json: &[u8]) -> Option<Self> {
        let json = str::from_utf8(json).ok()?;
        let entry: Self = serde_json::from_str(json).ok()?;
        (to_json(&entry) == json && entry.is_possible()).then_some(entry)
    }

    /// Returns `true` if a backup can report a file in this way.
    fn is_possible(&self) -> bool {
        let has_ids = !self.license_ids.is_empty() || !self.key_ids.is_empty();
        let is_identity_possible = match self.reason {
            // The gate has read such a document, at least as far as its format.
            Reason::Restricted(
                Restriction::NotPermitted | Restriction::Conditional | Restriction::Opaque,
            )
            | Reason::Failed(ErrorCode::Shadowed) => self.format.is_some(),
            // A damaged publication, and a file that was not opened because of its name,
            // have no identity.
            Reason::Failed(ErrorCode::Malformed | ErrorCode::IllegalName) => {
                self.format.is_some() || !has_ids
            }
            Reason::Restricted(
                Restriction::Unrecognized
                | Restriction::ProtectedStore
                | Restriction::StatusDocument
                | Restriction::ErrorResponse
                | Restriction::NotARegularFile,
            )
            | Reason::Failed(_) => self.format.is_none() && !has_ids,
        };
        let is_path_possible = match self.reason {
            Reason::Restricted(_) => validate_components(&self.path).is_ok(),
            // A name that a backup cannot hold is reported unchanged, and a failure of
            // the store itself has the path `.`.
            Reason::Failed(_) => !self.path.is_empty(),
        };
        let are_within_limits =
            |ids: &[String]| ids.len() <= MAX_IDS && ids.iter().all(|id| id.len() <= MAX_ID_LENGTH);
        self.reason.applies_to_file()
            && is_identity_possible
            && is_path_possible
            && are_within_limits(&self.license_ids)
            && are_within_limits(&self.key_ids)
    }

    /// Returns the identity that the document states.
    pub(crate) fn identity(self) -> LicenseIdentity {
        LicenseIdentity {
            format: self.format,
            license_ids: self.license_ids,
            key_ids: self.key_ids,
            rights_end: None,
        }
    }
}

/// The content of a manifest, which is written line by line: the head, the skipped files,
/// the end.
pub(super) struct ManifestWriter<'a> {
    pub(super) head: &'a ManifestHead,
    pub(super) skipped: &'a [SkippedEntry],
}

impl ManifestWriter<'_> {
    /// Returns the number of lines.
    pub(super) fn line_count(&self) -> usize {
        self.skipped.len() + 2
    }

    /// Appends the line with this number, counted from 0.
    pub(super) fn write_line(&self, number: usize, out: &mut Vec<u8>) {
        if number == 0 {
            out.extend_from_slice(self.head.to_line().as_bytes());
        } else if let Some(skipped) = self.skipped.get(number - 1) {
            let is_last = number == self.skipped.len();
            out.extend_from_slice(to_json(skipped).as_bytes());
            out.extend_from_slice(if is_last { b"\n" } else { b",\n" });
        } else {
            out.extend_from_slice(LAST_LINE);
        }
    }
}

/// Returns a value as JSON. Serializing to memory a value whose keys are strings cannot
/// fail.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Directory;
    use crate::crc32::crc32;
    use crate::memory_fs::Disk;

    fn head() -> ManifestHead {
        let program = PROGRAM.into();
        ManifestHead {
            format: FORMAT_VERSION,
            program,
            licenses: 3,
            bytes: 12_000,
            restricted: 1,
            errors: 1,
        }
    }

    /// Returns a manifest of two skipped files.
    fn manifest() -> String {
        let identity = LicenseIdentity {
            format: Some(LicenseFormat::Wmdrm),
            license_ids: vec!["{lid}".to_owned()],
            key_ids: vec!["\"kid\"".to_owned()],
            rights_end: None,
        };
        let restricted = SkippedEntry::new(
            "a \"b\"\n.lic".to_owned(),
            identity,
            Reason::Restricted(Restriction::Conditional),
        );
        let broken = LicenseIdentity {
            format: Some(LicenseFormat::Xmr),
            ..LicenseIdentity::default()
        };
        let failed = SkippedEntry::new(
            "broken.xmr".to_owned(),
            broken,
            Reason::Failed(ErrorCode::Malformed),
        );
        written(&[restricted, failed])
    }

    fn written(skipped: &[SkippedEntry]) -> String {
        let head = head();
        let writer = ManifestWriter {
            head: &head,
            skipped,
        };
        let mut json = Vec::new();
        for number in 0..writer.line_count() {
            writer.write_line(number, &mut json);
        }
        String::from_utf8(json).expect("JSON is UTF-8")
    }

    /// Reads a manifest, and returns its head, its skipped files and the number of
    /// malformed lines.
    fn read(json: &str) -> Result<(ManifestHead, Vec<SkippedEntry>, usize), ArchiveError> {
        let disk = Disk::new();
        let crc32 = crc32(json.as_bytes());
        let entry = Entry {
            name: "backup.json",
            crc32,
            size: json.len() as u64,
            offset: 0,
        };
        let mut bytes = Vec::new();
        entry.write_local_header(&mut bytes);
        bytes.extend_from_slice(json.as_bytes());
        disk.write("/manifest", bytes.clone());
        let file = disk
            .directory("/")
            .open_file("manifest")
            .expect("it was written");
        let mut all = Vec::new();
        let mut reader = ManifestReader::open(&file, &entry, |read| all.extend_from_slice(read))?;
        let (mut skipped, mut malformed) = (Vec::new(), 0);
        while let Some(line) = reader.next_line(&file, |read| all.extend_from_slice(read))? {
            match line {
                ManifestLine::SkippedEntry(line) => skipped.push(line),
                ManifestLine::Malformed => malformed += 1,
            }
        }
        assert!(all == bytes, "the reader should pass on all bytes");
        Ok((reader.head().clone(), skipped, malformed))
    }

    #[test]
    fn a_manifest_reads_back() {
        let (read_head, skipped, malformed) = read(&manifest()).expect("the manifest is intact");
        assert_eq!((read_head, malformed), (head(), 0));
        assert_eq!(written(&skipped), manifest());
        assert_eq!(read(&written(&[])).expect("the manifest is intact").1, []);
    }

    #[test]
    fn a_manifest_is_one_json_document() {
        let value: serde_json::Value = serde_json::from_str(&manifest()).expect("it is JSON");
        assert_eq!(value["skipped"][1]["path"], "broken.xmr");
    }

    #[test]
    fn a_manifest_line_in_another_form_is_malformed() {
        for (from, to) in [
            ("\"reason\":\"malformed\"", "\"reason\": \"malformed\""),
            ("\"reason\":\"malformed\"", "\"reason\":\"busy\""),
            ("\"reason\":\"malformed\"", "\"reason\":\"odd\""),
            (
                "\"reason\":\"malformed\"",
                "\"reason\":\"malformed\",\"more\":1",
            ),
            ("{\"path\":\"broken", " {\"path\":\"broken"),
            ("broken", "\\u0062roken"),
            ("},\n", "}\n"),
        ] {
            let json = manifest().replacen(from, to, 1);
            assert_ne!(json, manifest(), "{from}");
            let (_, skipped, malformed) = read(&json).expect("the manifest has a head and an end");
            assert_eq!((skipped.len(), malformed), (1, 1), "{json}");
        }
    }

    #[test]
    fn a_manifest_without_its_head_or_end_is_corrupt() {
        for (from, to) in [
            ("\"bytes\":", "\"bits\":"),
            ("\"licenses\":3", "\"licenses\":03"),
            ("{\"format\"", " {\"format\""),
            ("]}\n", "]}"),
            ("]}\n", "]}\n\n"),
            ("\n]}\n", ",\n]}\n"),
            ("]}\n", ""),
        ] {
            let json = manifest().replacen(from, to, 1);
            assert_ne!(json, manifest(), "{from}");
            assert!(
                matches!(read(&json), Err(ArchiveError::Corrupt(_))),
                "{json}"
            );
        }
    }

    #[test]
    fn a_manifest_of_another_format_is_reported_by_its_format() {
        let json = manifest().replacen("\"format\":1", "\"format\":2", 1);
        let Err(ArchiveError::Corrupt(message)) = read(&json) else {
            panic!("another format may mean anything")
        };
        assert!(message.contains("format 2"), "{message}");
    }
}
