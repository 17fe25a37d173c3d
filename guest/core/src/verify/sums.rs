//! The third part of an inspection: `B3SUMS` against the licenses.

use super::faults::Faults;
use crate::File;
use crate::archive::{ArchiveFault, Contents, Entry, Lines, parse_sum};
use crate::directory::FsError;
use crate::entry_names::{LICENSES, SUMS_ENTRY};

/// How many lines one step reads at most.
const LINES_PER_STEP: usize = 1024;
/// How many bytes one step reads, give or take the last line.
const BYTES_PER_STEP: u64 = 256 << 10;

/// How far the sums were read. Lines and licenses both come in byte order of name.
pub(super) struct Sums {
    lines: Lines,
    /// The number of the line in hand, from 1.
    line: u64,
    /// The license whose line is due.
    next: usize,
}

impl Sums {
    pub(super) fn open(
        file: &impl File,
        entry: &Entry<String>,
        whole: &mut blake3::Hasher,
    ) -> Result<Self, ArchiveFault> {
        let (lines, header) = Lines::open(file, entry)?;
        whole.update(&header);
        Ok(Self {
            lines,
            line: 0,
            next: 0,
        })
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
            self.line += 1;
            match self.lines.next_line(file) {
                Ok(Some(line)) => {
                    whole.update(line);
                    let sum = parse_sum(line);
                    self.compare(sum, contents, faults);
                }
                Ok(None) => {
                    self.pass_over(contents.len(), contents, faults);
                    return Ok(true);
                }
                Err(fault) => return faults.tell_of_entry(SUMS_ENTRY, fault).map(|()| true),
            }
        }
        Ok(false)
    }

    fn compare(
        &mut self,
        sum: Option<([u8; 32], String)>,
        contents: &Contents,
        faults: &mut Faults,
    ) {
        let Some((hash, name)) = sum else {
            return faults.tell(
                SUMS_ENTRY,
                format!("line {} of {SUMS_ENTRY} is malformed", self.line),
            );
        };
        let license = name
            .strip_prefix(LICENSES)
            .and_then(|path| contents.find(path));
        let Some(license) = license.filter(|license| *license >= self.next) else {
            let what = if license.is_none() {
                "names what is not in the backup"
            } else {
                "is there twice, or out of order"
            };
            return faults.tell(
                SUMS_ENTRY,
                format!("line {} of {SUMS_ENTRY} {what}: {name}", self.line),
            );
        };
        self.pass_over(license, contents, faults);
        self.next = license + 1;
        if contents.license(license).hash != hash {
            faults.tell_of(&name, &format!("has another BLAKE3 than {SUMS_ENTRY} says"));
        }
    }

    /// Tells that the licenses up to `due` have no line.
    fn pass_over(&mut self, due: usize, contents: &Contents, faults: &mut Faults) {
        for index in self.next..due {
            faults.tell_of(
                &contents.name(index),
                &format!("has no line in {SUMS_ENTRY}"),
            );
        }
        self.next = due;
    }
}
