//! `backup.json`, the backup's own record: what is in it, what was left out, and why.
//!
//! It is written piece by piece, one line for each file that was left out, since there may be as many as licenses.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::ArchiveFault;
use super::format::Entry;
use super::lines::Lines;
use crate::entry_names::fault_of_parts;
use crate::license::{MAX_ID_LENGTH, MAX_IDS};
use crate::reason::Reason;
use crate::{ErrorCode, File, LicenseFormat, LicenseIdentity, Restriction};

/// The version of the archive's format, in `backup.json` as `format`.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// The program and its version, in `backup.json` as `program`.
pub(crate) const PROGRAM: &str = concat!("license-backup ", env!("CARGO_PKG_VERSION"));

/// What follows the counts in the line of the head, and the line that ends the record.
const END_OF_HEAD: &[u8] = b",\"skipped\":[\n";
const END_OF_RECORD: &[u8] = b"]}\n";

/// The counts at the head of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordHead {
    /// [`FORMAT_VERSION`]
    pub(crate) format: u32,
    /// [`PROGRAM`]
    pub(crate) program: Cow<'static, str>,
    /// The number of license documents in the backup.
    pub(crate) licenses: u64,
    /// Their size in bytes.
    pub(crate) bytes: u64,
    /// The number of files that may not be backed up.
    pub(crate) restricted: u64,
    /// The number of files and names that could not be read.
    pub(crate) errors: u64,
}

/// The record as it is read back, line by line: what was left out may be as much as what is in the backup.
pub(crate) struct RecordReader {
    lines: Lines,
    head: RecordHead,
    /// How the line before the one to be read ended.
    before: Before,
}

/// What the line before has to do with the one that follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// It began the list.
    Start,
    /// It ended with a comma.
    Comma,
    /// It did not.
    NoComma,
}

/// A line of the record, read back.
pub(crate) enum RecordLine {
    /// One file that was left out.
    SkippedEntry(SkippedEntry),
    /// The line is not as the writer writes it; the lines after it may be.
    Broken,
}

/// The version alone, which a record of any version has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl RecordReader {
    /// Reads the head. `read` is given all that was read, here as in the other methods.
    pub(crate) fn open<N: AsRef<str>>(
        file: &impl File,
        entry: &Entry<N>,
        mut read: impl FnMut(&[u8]),
    ) -> Result<Self, ArchiveFault> {
        let (mut lines, header) = Lines::open(file, entry)?;
        read(&header);
        let line = lines.next_line(file)?.unwrap_or_default();
        read(line);
        let mut json = line
            .strip_suffix(END_OF_HEAD)
            .map(<[u8]>::to_vec)
            .unwrap_or_default();
        json.push(b'}');
        if let Some(Version { format }) = from_json(&json)
            && format != FORMAT_VERSION
        {
            let message = format!("has format {format}, and this program reads {FORMAT_VERSION}");
            return Err(ArchiveFault::Corrupt(message));
        }
        let head = from_json::<RecordHead>(&json).filter(|head| is_as_written(head, &json));
        let head =
            head.ok_or_else(|| ArchiveFault::Corrupt("has a head that cannot be read".to_owned()))?;
        Ok(Self {
            lines,
            head,
            before: Before::Start,
        })
    }

    pub(crate) fn head(&self) -> &RecordHead {
        &self.head
    }

    /// Reads one line; nothing after the last one, when the whole record was read.
    pub(crate) fn next_line(
        &mut self,
        file: &impl File,
        mut read: impl FnMut(&[u8]),
    ) -> Result<Option<RecordLine>, ArchiveFault> {
        let Some(line) = self.lines.next_line(file)? else {
            return Err(ArchiveFault::Corrupt("does not end".to_owned()));
        };
        read(line);
        if line == END_OF_RECORD {
            let is_well_placed = self.before != Before::Comma;
            return match self.lines.next_line(file)? {
                None if is_well_placed => Ok(None),
                None => Err(ArchiveFault::Corrupt(
                    "has a comma before its end".to_owned(),
                )),
                Some(_) => Err(ArchiveFault::Corrupt("goes on after its end".to_owned())),
            };
        }
        let json = line.strip_suffix(b"\n").unwrap_or(line);
        let (json, before) = match json.strip_suffix(b",") {
            Some(json) => (json, Before::Comma),
            None => (json, Before::NoComma),
        };
        let skipped = from_json::<SkippedEntry>(json).filter(|skipped| {
            self.before != Before::NoComma && is_as_written(skipped, json) && skipped.is_possible()
        });
        self.before = before;
        Ok(Some(
            skipped.map_or(RecordLine::Broken, RecordLine::SkippedEntry),
        ))
    }
}

/// Reads a value. From text, as the gate does: the component then holds one reader of JSON and not two.
fn from_json<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Option<T> {
    serde_json::from_str(str::from_utf8(json).ok()?).ok()
}

/// Whether the writer would have written a value so.
fn is_as_written(value: &impl Serialize, json: &[u8]) -> bool {
    let mut expected = Vec::with_capacity(json.len());
    write_json(value, &mut expected);
    expected == json
}

/// One file that is not in the backup.
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
    /// Why.
    pub(crate) reason: Reason,
}

impl SkippedEntry {
    /// Whether the writer would ever tell this of a file.
    fn is_possible(&self) -> bool {
        let has_ids = !self.license_ids.is_empty() || !self.key_ids.is_empty();
        let is_told = match self.reason {
            // Such a document was read, as far as its format at least.
            Reason::Restricted(
                Restriction::NotPermitted | Restriction::Conditional | Restriction::Opaque,
            )
            | Reason::Failed(ErrorCode::Shadowed) => self.format.is_some(),
            // Nothing is known of a damaged publication, or of a file that was not opened because of its name.
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
        let is_path = match self.reason {
            Reason::Restricted(_) => fault_of_parts(&self.path).is_none(),
            // A name that cannot be in a backup is told as it is, and trouble with the store itself as that of `.`.
            Reason::Failed(_) => !self.path.is_empty(),
        };
        let fits =
            |ids: &[String]| ids.len() <= MAX_IDS && ids.iter().all(|id| id.len() <= MAX_ID_LENGTH);
        let fit = fits(&self.license_ids) && fits(&self.key_ids);
        self.reason.is_of_a_file() && is_told && is_path && fit
    }

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

    /// What the document said of itself.
    pub(crate) fn identity(self) -> LicenseIdentity {
        LicenseIdentity {
            format: self.format,
            license_ids: self.license_ids,
            key_ids: self.key_ids,
            rights_end: None,
        }
    }
}

/// The record in lines: the head, one for each file that was left out, and the end.
pub(super) struct RecordPieces<'a> {
    pub(super) head: &'a RecordHead,
    pub(super) skipped: &'a [SkippedEntry],
}

impl RecordPieces<'_> {
    /// The number of pieces.
    pub(super) fn count(&self) -> usize {
        self.skipped.len() + 2
    }

    /// Appends one piece.
    pub(super) fn write(&self, piece: usize, out: &mut Vec<u8>) {
        if piece == 0 {
            write_json(self.head, out);
            out.pop(); // the closing brace: the list of what was left out follows
            out.extend_from_slice(END_OF_HEAD);
        } else if let Some(skipped) = self.skipped.get(piece - 1) {
            write_json(skipped, out);
            out.extend_from_slice(if piece < self.skipped.len() {
                b",\n"
            } else {
                b"\n"
            });
        } else {
            out.extend_from_slice(END_OF_RECORD);
        }
    }
}

/// Appends a value whose keys are strings, written to memory: neither can fail.
fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Directory;
    use crate::crc32::crc32;
    use crate::memory_fs::Disk;

    fn head() -> RecordHead {
        let program = PROGRAM.into();
        RecordHead {
            format: FORMAT_VERSION,
            program,
            licenses: 3,
            bytes: 12_000,
            restricted: 1,
            errors: 1,
        }
    }

    /// A record of two files.
    fn record() -> String {
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
        let pieces = RecordPieces {
            head: &head,
            skipped,
        };
        let mut json = Vec::new();
        for piece in 0..pieces.count() {
            pieces.write(piece, &mut json);
        }
        String::from_utf8(json).expect("JSON is UTF-8")
    }

    /// What is read back of a record: its head, the files it names, and the number of broken lines.
    fn read(json: &str) -> Result<(RecordHead, Vec<SkippedEntry>, usize), ArchiveFault> {
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
        disk.write("/record", bytes.clone());
        let file = disk
            .directory("/")
            .open_file("record")
            .expect("it was written");
        let mut all = Vec::new();
        let mut reader = RecordReader::open(&file, &entry, |read| all.extend_from_slice(read))?;
        let (mut skipped, mut broken) = (Vec::new(), 0);
        while let Some(line) = reader.next_line(&file, |read| all.extend_from_slice(read))? {
            match line {
                RecordLine::SkippedEntry(line) => skipped.push(line),
                RecordLine::Broken => broken += 1,
            }
        }
        assert!(all == bytes, "everything should be given to the caller too");
        Ok((reader.head().clone(), skipped, broken))
    }

    #[test]
    fn a_record_reads_back() {
        let (read_head, skipped, broken) = read(&record()).expect("the record is whole");
        assert_eq!((read_head, broken), (head(), 0));
        assert_eq!(written(&skipped), record());
        assert_eq!(read(&written(&[])).expect("the record is whole").1, []);
    }

    #[test]
    fn a_record_is_one_json_document() {
        let value: serde_json::Value = serde_json::from_str(&record()).expect("it is JSON");
        assert_eq!(value["skipped"][1]["path"], "broken.xmr");
    }

    #[test]
    fn a_line_that_is_written_in_any_other_way_is_broken() {
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
            let json = record().replacen(from, to, 1);
            assert_ne!(json, record(), "{from}");
            let (_, skipped, broken) = read(&json).expect("the record has a head and an end");
            assert_eq!((skipped.len(), broken), (1, 1), "{json}");
        }
    }

    #[test]
    fn a_record_without_its_head_or_end_is_corrupt() {
        for (from, to) in [
            ("\"bytes\":", "\"bits\":"),
            ("\"licenses\":3", "\"licenses\":03"),
            ("{\"format\"", " {\"format\""),
            ("]}\n", "]}"),
            ("]}\n", "]}\n\n"),
            ("\n]}\n", ",\n]}\n"),
            ("]}\n", ""),
        ] {
            let json = record().replacen(from, to, 1);
            assert_ne!(json, record(), "{from}");
            assert!(
                matches!(read(&json), Err(ArchiveFault::Corrupt(_))),
                "{json}"
            );
        }
    }

    #[test]
    fn a_record_of_another_version_is_told_by_its_version() {
        let json = record().replacen("\"format\":1", "\"format\":2", 1);
        let Err(ArchiveFault::Corrupt(message)) = read(&json) else {
            panic!("it may mean anything")
        };
        assert!(message.contains("format 2"), "{message}");
    }
}
