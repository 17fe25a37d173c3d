//! A writer of an archive, in one forward pass.

use super::checksums;
use super::index::{ArchiveIndex, StoredLicense};
use super::manifest::{ManifestHead, ManifestWriter, SkippedEntry};
use super::output::Output;
use super::zip_headers::{CentralDirectory, Entry};
use crate::File;
use crate::budget::{Budget, LINE};
use crate::catalogue::{Catalogue, FileId};
use crate::crc32::{Crc32, crc32};
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, MANIFEST_ENTRY};

/// A writer of the licenses of an archive, which are added in byte order of their paths.
pub(crate) struct ArchiveWriter<F> {
    output: Output<F>,
    index: ArchiveIndex,
}

impl<F: File> ArchiveWriter<F> {
    /// Starts an archive of licenses whose names are in `catalogue`.
    pub(crate) fn new(output: Output<F>, catalogue: Catalogue) -> Self {
        Self {
            output,
            index: ArchiveIndex::new(catalogue),
        }
    }

    /// Returns the output, to let it copy an earlier archive.
    pub(crate) fn output_mut(&mut self) -> &mut Output<F> {
        &mut self.output
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        self.index.catalogue()
    }

    /// Returns the catalogue, to add the name of a license that is not a file of the
    /// store.
    pub(crate) fn catalogue_mut(&mut self) -> &mut Catalogue {
        self.index.catalogue_mut()
    }

    /// Returns the number of licenses added so far.
    pub(crate) fn licenses(&self) -> u64 {
        self.index.len() as u64
    }

    /// Returns the size of these licenses in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.index.bytes()
    }

    /// Adds a license. The store's reader limits `document` to 1 MiB.
    pub(crate) fn add(&mut self, file: FileId, document: &[u8]) -> Result<(), FsError> {
        let size = u32::try_from(document.len())
            .map_err(|_| FsError::Other("a license of more than 4 GiB"))?;
        let (crc32, hash) = (crc32(document), *blake3::hash(document).as_bytes());
        self.index.add(StoredLicense {
            file,
            size,
            crc32,
            hash,
        });
        let entry = self
            .index
            .entry(self.index.len() - 1, self.output.position());
        self.output.put(|out| {
            entry.write_local_header(out);
            out.extend_from_slice(document);
        })
    }

    /// Starts to write the rest of the archive, which follows the licenses.
    pub(crate) fn finish(
        self,
        head: ManifestHead,
        skipped: Vec<SkippedEntry>,
    ) -> ArchiveFinisher<F> {
        ArchiveFinisher {
            archive: self,
            head,
            skipped,
            text_entries: Vec::new(),
            part: Part::measure(TextEntry::Checksums),
            next: 0,
        }
    }
}

/// A writer of the rest of an archive, after the licenses: the checksums, the manifest
/// and the central directory.
pub(crate) struct ArchiveFinisher<F> {
    archive: ArchiveWriter<F>,
    head: ManifestHead,
    skipped: Vec<SkippedEntry>,
    /// The text entries whose local headers were written.
    text_entries: Vec<Entry<&'static str>>,
    part: Part,
    /// The number of the next line or header of the part.
    next: usize,
}

/// The part of the archive that is written next.
enum Part {
    /// A text entry. Its local header precedes it and contains its CRC-32 and its size,
    /// so that its lines are generated twice: once to measure them, once to write them.
    TextEntry { entry: TextEntry, pass: Pass },
    /// The central directory, which starts at `start`. The local header of the license
    /// whose header is next starts at `entry_offset`.
    CentralDirectory { start: u64, entry_offset: u64 },
    /// The end: everything was written.
    End,
}

/// A text entry of the archive, which is generated.
#[derive(Clone, Copy)]
enum TextEntry {
    Checksums,
    Manifest,
}

/// A pass over the lines of a text entry.
enum Pass {
    /// Computes the CRC-32 and the size of the entry.
    Measure { crc32: Crc32, size: u64 },
    /// Writes the lines.
    Write,
}

impl Part {
    /// Returns the part in which nothing of `entry` was measured yet.
    fn measure(entry: TextEntry) -> Self {
        let (crc32, size) = (Crc32::new(), 0);
        let pass = Pass::Measure { crc32, size };
        Self::TextEntry { entry, pass }
    }
}

impl<F: File> ArchiveFinisher<F> {
    /// Returns the output, to let it copy an earlier archive.
    pub(crate) fn output_mut(&mut self) -> &mut Output<F> {
        self.archive.output_mut()
    }

    /// Writes some lines or headers, and returns `true` if the archive is complete.
    pub(crate) fn step(&mut self) -> Result<bool, FsError> {
        let part = std::mem::replace(&mut self.part, Part::End);
        self.part = match part {
            Part::TextEntry {
                entry,
                pass: Pass::Measure { crc32, size },
            } => self.measure(entry, crc32, size)?,
            Part::TextEntry {
                entry,
                pass: Pass::Write,
            } => self.write_text_entry(entry)?,
            Part::CentralDirectory {
                start,
                entry_offset,
            } => self.write_central_directory(start, entry_offset)?,
            Part::End => return Ok(true),
        };
        Ok(matches!(self.part, Part::End))
    }

    /// Returns the output, which contains the whole archive after the last step, and the index of its
    /// licenses.
    pub(crate) fn into_parts(self) -> (Output<F>, ArchiveIndex) {
        let ArchiveWriter { output, index } = self.archive;
        (output, index)
    }

    fn measure(
        &mut self,
        entry: TextEntry,
        mut crc32: Crc32,
        mut size: u64,
    ) -> Result<Part, FsError> {
        let (mut line, mut budget) = (Vec::new(), Budget::of_a_step());
        while self.next_line(entry, &mut line, &mut budget) {
            crc32.update(&line);
            size += line.len() as u64;
        }
        if self.next < self.line_count(entry) {
            let pass = Pass::Measure { crc32, size };
            return Ok(Part::TextEntry { entry, pass });
        }
        let header = Entry {
            name: match entry {
                TextEntry::Checksums => CHECKSUMS_ENTRY,
                TextEntry::Manifest => MANIFEST_ENTRY,
            },
            crc32: crc32.value(),
            size,
            offset: self.archive.output.position(),
        };
        self.archive
            .output
            .put(|out| header.write_local_header(out))?;
        self.text_entries.push(header);
        self.next = 0;
        let pass = Pass::Write;
        Ok(Part::TextEntry { entry, pass })
    }

    fn write_text_entry(&mut self, entry: TextEntry) -> Result<Part, FsError> {
        let (mut line, mut budget) = (Vec::new(), Budget::of_a_step());
        while self.next_line(entry, &mut line, &mut budget) {
            self.archive
                .output
                .put(|out| out.extend_from_slice(&line))?;
        }
        if self.next < self.line_count(entry) {
            let pass = Pass::Write;
            return Ok(Part::TextEntry { entry, pass });
        }
        self.next = 0;
        Ok(match entry {
            TextEntry::Checksums => Part::measure(TextEntry::Manifest),
            TextEntry::Manifest => Part::CentralDirectory {
                start: self.archive.output.position(),
                entry_offset: 0,
            },
        })
    }

    fn write_central_directory(
        &mut self,
        start: u64,
        mut entry_offset: u64,
    ) -> Result<Part, FsError> {
        let ArchiveWriter { output, index } = &mut self.archive;
        let mut budget = Budget::of_a_step();
        while self.next < index.len() && budget.is_left() {
            let entry = index.entry(self.next, entry_offset);
            output.put(|out| entry.write_central_header(out))?;
            entry_offset += entry.local_header_length() + entry.size;
            self.next += 1;
            budget.spend(LINE);
            budget.spend_bytes(entry.name.len());
        }
        if self.next < index.len() {
            return Ok(Part::CentralDirectory {
                start,
                entry_offset,
            });
        }
        for entry in &self.text_entries {
            output.put(|out| entry.write_central_header(out))?;
        }
        let directory = CentralDirectory {
            entries: (index.len() + self.text_entries.len()) as u64,
            size: output.position() - start,
            offset: start,
        };
        output.put(|out| directory.write_end(out))?;
        Ok(Part::End)
    }

    /// Generates the next line of a text entry. Returns `false` after the last one, or if
    /// the step has done its share.
    fn next_line(&mut self, entry: TextEntry, line: &mut Vec<u8>, budget: &mut Budget) -> bool {
        if self.next == self.line_count(entry) || !budget.is_left() {
            return false;
        }
        line.clear();
        match entry {
            TextEntry::Checksums => {
                let index = &self.archive.index;
                checksums::write_line(&index.license(self.next).hash, &index.name(self.next), line);
            }
            TextEntry::Manifest => self.manifest().write_line(self.next, line),
        }
        self.next += 1;
        budget.spend(LINE);
        budget.spend_bytes(line.len());
        true
    }

    fn line_count(&self, entry: TextEntry) -> usize {
        match entry {
            TextEntry::Checksums => self.archive.index.len(),
            TextEntry::Manifest => self.manifest().line_count(),
        }
    }

    fn manifest(&self) -> ManifestWriter<'_> {
        ManifestWriter {
            head: &self.head,
            skipped: &self.skipped,
        }
    }
}
