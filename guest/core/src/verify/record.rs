//! The fourth part of an inspection: `backup.json` against the licenses and against itself.

use super::faults::Faults;
use crate::File;
use crate::archive::{ArchiveFault, Contents, Entry, RecordLine, RecordReader, SkippedEntry};
use crate::directory::FsError;
use crate::entry_names::RECORD_ENTRY;
use crate::reason::Reason;

/// How many lines one step reads at most.
const LINES_PER_STEP: usize = 1024;
/// How many bytes one step reads, give or take the last line.
const BYTES_PER_STEP: u64 = 256 << 10;
/// With this and a version the name of a program begins that writes backups.
const PROGRAM_PREFIX: &str = "license-backup ";

/// How far the record was read.
pub(super) struct Record {
    reader: RecordReader,
    restricted: u64,
    errors: u64,
    /// Whether a line could not be read, so that the counts say nothing.
    is_broken: bool,
    /// The path of the line before.
    last: String,
}

impl Record {
    pub(super) fn open(
        file: &impl File,
        entry: &Entry<String>,
        whole: &mut blake3::Hasher,
    ) -> Result<Self, ArchiveFault> {
        let reader = RecordReader::open(file, entry, |read| {
            whole.update(read);
        })?;
        Ok(Self {
            reader,
            restricted: 0,
            errors: 0,
            is_broken: false,
            last: String::new(),
        })
    }

    /// The program that wrote the backup.
    pub(super) fn program(&self) -> &str {
        &self.reader.head().program
    }

    /// The number of files that were left out.
    pub(super) fn skipped(&self) -> u64 {
        self.restricted + self.errors
    }

    /// Reads some lines. Gives whether the last of them was read.
    pub(super) fn step(
        &mut self,
        file: &impl File,
        contents: &Contents,
        whole: &mut blake3::Hasher,
        faults: &mut Faults,
    ) -> Result<bool, FsError> {
        let stop_at = whole.count() + BYTES_PER_STEP;
        for _ in 0..LINES_PER_STEP {
            if whole.count() >= stop_at {
                break;
            }
            let line = self.reader.next_line(file, |read| {
                whole.update(read);
            });
            match line {
                Ok(Some(RecordLine::SkippedEntry(skipped))) => {
                    self.compare(skipped, contents, faults)
                }
                Ok(Some(RecordLine::Broken)) => {
                    self.is_broken = true;
                    faults.tell(
                        RECORD_ENTRY,
                        format!(
                            "a line of {RECORD_ENTRY} is malformed, after {:?}",
                            self.last
                        ),
                    );
                }
                Ok(None) => {
                    self.compare_head(contents, faults);
                    return Ok(true);
                }
                Err(fault) => return faults.tell_of_entry(RECORD_ENTRY, fault).map(|()| true),
            }
        }
        Ok(false)
    }

    fn compare(&mut self, skipped: SkippedEntry, contents: &Contents, faults: &mut Faults) {
        match skipped.reason {
            Reason::Restricted(_) => self.restricted += 1,
            Reason::Failed(_) => self.errors += 1,
        }
        let is_restricted = matches!(skipped.reason, Reason::Restricted(_));
        let path = skipped.path;
        // Several failures may concern one directory.
        if path < self.last || (path == self.last && is_restricted) {
            faults.tell(
                RECORD_ENTRY,
                format!("{RECORD_ENTRY} names {path} twice, or out of order"),
            );
        }
        if contents.find(&path).is_some() {
            faults.tell(
                RECORD_ENTRY,
                format!("{RECORD_ENTRY} says that {path} was left out, and it is in the backup"),
            );
        }
        self.last = path;
    }

    fn compare_head(&self, contents: &Contents, faults: &mut Faults) {
        let head = self.reader.head();
        for (what, said, found, is_known) in [
            ("licenses", head.licenses, contents.len() as u64, true),
            ("bytes", head.bytes, contents.bytes(), true),
            (
                "restricted",
                head.restricted,
                self.restricted,
                !self.is_broken,
            ),
            ("errors", head.errors, self.errors, !self.is_broken),
        ] {
            if is_known && said != found {
                faults.tell(
                    RECORD_ENTRY,
                    format!("{RECORD_ENTRY} counts {said} {what}, and there are {found}"),
                );
            }
        }
        if !is_program(&head.program) {
            faults.tell(
                RECORD_ENTRY,
                format!("{RECORD_ENTRY} names a program that writes no backups"),
            );
        }
    }
}

fn is_program(name: &str) -> bool {
    name.strip_prefix(PROGRAM_PREFIX).is_some_and(|version| {
        !version.is_empty()
            && version
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
    })
}
