//! Writing an archive in one forward pass.

use std::rc::Rc;

use super::contents::{Contents, StoredLicense};
use super::format::{CentralDirectory, Entry};
use super::record::RecordPieces;
use super::{RecordHead, SkippedEntry, sums};
use crate::File;
use crate::catalogue::{Catalogue, FileId};
use crate::crc32::{Crc32, crc32};
use crate::directory::FsError;
use crate::entry_names::{RECORD_ENTRY, SUMS_ENTRY};

/// How many bytes are gathered before they are written.
const BUFFER: usize = 256 << 10;
/// How many written bytes are released at once: enough for the file system to find a place for them in one piece.
const RELEASE: u64 = 8 << 20;
/// How many lines, pieces or headers of a generated part one step deals with.
const PIECES_PER_STEP: usize = 1024;

/// A file that is written from its start to its end.
pub(crate) struct Output<F> {
    file: Rc<F>,
    buffer: Vec<u8>,
    written: u64,
    released: u64,
}

impl<F: File> Output<F> {
    pub(crate) fn new(file: Rc<F>) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BUFFER),
            written: 0,
            released: 0,
        }
    }

    /// The number of bytes put so far.
    pub(crate) fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes everything that was put, and makes it durable.
    pub(crate) fn sync(&mut self) -> Result<(), FsError> {
        self.flush()?;
        self.file.sync()
    }

    fn put(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Result<(), FsError> {
        append(&mut self.buffer);
        if self.buffer.len() >= BUFFER {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), FsError> {
        self.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        if self.written - self.released >= RELEASE {
            self.file
                .release(self.released, self.written - self.released);
            self.released = self.written;
        }
        Ok(())
    }
}

/// An archive that licenses are being added to, in byte order of their paths.
pub(crate) struct ArchiveWriter<F> {
    output: Output<F>,
    contents: Contents,
}

impl<F: File> ArchiveWriter<F> {
    /// Begins an archive of licenses whose names stand in `catalogue`.
    pub(crate) fn new(output: Output<F>, catalogue: Catalogue) -> Self {
        Self {
            output,
            contents: Contents::new(catalogue),
        }
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        self.contents.catalogue()
    }

    /// The names, to add one of a license that is not a file of the store.
    pub(crate) fn catalogue_mut(&mut self) -> &mut Catalogue {
        self.contents.catalogue_mut()
    }

    /// The number of licenses added so far.
    pub(crate) fn licenses(&self) -> u64 {
        self.contents.len() as u64
    }

    /// Their size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.contents.bytes()
    }

    /// Adds a license; `document` is at most 1 MiB, as the store's reader sees to.
    pub(crate) fn add(&mut self, file: FileId, document: &[u8]) -> Result<(), FsError> {
        let size = u32::try_from(document.len())
            .map_err(|_| FsError::Other("a license of more than 4 GiB"))?;
        let (crc32, hash) = (crc32(document), *blake3::hash(document).as_bytes());
        self.contents.add(StoredLicense {
            file,
            size,
            crc32,
            hash,
        });
        let entry = self
            .contents
            .entry(self.contents.len() - 1, self.output.position());
        self.output.put(|out| {
            entry.write_local_header(out);
            out.extend_from_slice(document);
        })
    }

    /// Goes over to what follows the licenses.
    pub(crate) fn finish(self, head: RecordHead, skipped: Vec<SkippedEntry>) -> ArchiveFinisher<F> {
        let part = Part::Generated {
            which: Generated::Sums,
            pass: Pass::Measure(Crc32::new(), 0),
        };
        ArchiveFinisher {
            archive: self,
            head,
            skipped,
            generated: Vec::new(),
            part,
            next: 0,
        }
    }
}

/// An archive to which what follows the licenses is being added: the sums, the record, the central directory.
pub(crate) struct ArchiveFinisher<F> {
    archive: ArchiveWriter<F>,
    head: RecordHead,
    skipped: Vec<SkippedEntry>,
    /// The entries that were generated, as far as they were written.
    generated: Vec<Entry<&'static str>>,
    part: Part,
    /// The next piece of the part in hand.
    next: usize,
}

/// What is being written.
enum Part {
    /// An entry whose content is derived. Its header goes first and holds its CRC-32 and size, so it is derived twice.
    Generated { which: Generated, pass: Pass },
    /// The central directory; the place where it starts, and that of the next entry.
    CentralDirectory { start: u64, entry_offset: u64 },
    /// Nothing more.
    End,
}

#[derive(Clone, Copy)]
enum Generated {
    Sums,
    Record,
}

enum Pass {
    Measure(Crc32, u64),
    Write,
}

impl<F: File> ArchiveFinisher<F> {
    /// Goes on for some pieces; gives whether all is written.
    pub(crate) fn step(&mut self) -> Result<bool, FsError> {
        let part = std::mem::replace(&mut self.part, Part::End);
        self.part = match part {
            Part::Generated {
                which,
                pass: Pass::Measure(crc32, size),
            } => self.measure(which, crc32, size)?,
            Part::Generated {
                which,
                pass: Pass::Write,
            } => self.write_generated(which)?,
            Part::CentralDirectory {
                start,
                entry_offset,
            } => self.write_central_directory(start, entry_offset)?,
            Part::End => return Ok(true),
        };
        Ok(matches!(self.part, Part::End))
    }

    /// The output, with everything in it once the last step was done.
    pub(crate) fn into_output(self) -> Output<F> {
        self.archive.output
    }

    fn measure(
        &mut self,
        which: Generated,
        mut crc32: Crc32,
        mut size: u64,
    ) -> Result<Part, FsError> {
        let mut piece = Vec::new();
        for index in self.next_pieces(self.piece_count(which)) {
            piece.clear();
            self.write_piece(which, index, &mut piece);
            crc32.update(&piece);
            size += piece.len() as u64;
        }
        if self.next < self.piece_count(which) {
            return Ok(Part::Generated {
                which,
                pass: Pass::Measure(crc32, size),
            });
        }
        let name = match which {
            Generated::Sums => SUMS_ENTRY,
            Generated::Record => RECORD_ENTRY,
        };
        let entry = Entry {
            name,
            crc32: crc32.value(),
            size,
            offset: self.archive.output.position(),
        };
        self.archive
            .output
            .put(|out| entry.write_local_header(out))?;
        self.generated.push(entry);
        self.next = 0;
        Ok(Part::Generated {
            which,
            pass: Pass::Write,
        })
    }

    fn write_generated(&mut self, which: Generated) -> Result<Part, FsError> {
        let mut piece = Vec::new();
        for index in self.next_pieces(self.piece_count(which)) {
            piece.clear();
            self.write_piece(which, index, &mut piece);
            self.archive
                .output
                .put(|out| out.extend_from_slice(&piece))?;
        }
        if self.next < self.piece_count(which) {
            return Ok(Part::Generated {
                which,
                pass: Pass::Write,
            });
        }
        self.next = 0;
        Ok(match which {
            Generated::Sums => Part::Generated {
                which: Generated::Record,
                pass: Pass::Measure(Crc32::new(), 0),
            },
            Generated::Record => Part::CentralDirectory {
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
        let ArchiveWriter { output, contents } = &mut self.archive;
        let first = self.next;
        self.next = contents.len().min(first + PIECES_PER_STEP);
        for index in first..self.next {
            let entry = contents.entry(index, entry_offset);
            output.put(|out| entry.write_central_header(out))?;
            entry_offset += entry.local_header_length() + entry.size;
        }
        if self.next < contents.len() {
            return Ok(Part::CentralDirectory {
                start,
                entry_offset,
            });
        }
        for entry in &self.generated {
            output.put(|out| entry.write_central_header(out))?;
        }
        let entries = (contents.len() + self.generated.len()) as u64;
        let directory = CentralDirectory {
            entries,
            size: output.position() - start,
            offset: start,
        };
        output.put(|out| directory.write_end(out))?;
        Ok(Part::End)
    }

    /// Takes the numbers of the next pieces of `count`.
    fn next_pieces(&mut self, count: usize) -> std::ops::Range<usize> {
        let first = self.next;
        self.next = count.min(first + PIECES_PER_STEP);
        first..self.next
    }

    fn piece_count(&self, which: Generated) -> usize {
        match which {
            Generated::Sums => self.archive.contents.len(),
            Generated::Record => self.record().count(),
        }
    }

    fn write_piece(&self, which: Generated, index: usize, out: &mut Vec<u8>) {
        match which {
            Generated::Sums => {
                let contents = &self.archive.contents;
                sums::write_line(&contents.license(index).hash, &contents.name(index), out);
            }
            Generated::Record => self.record().write(index, out),
        }
    }

    fn record(&self) -> RecordPieces<'_> {
        RecordPieces {
            head: &self.head,
            skipped: &self.skipped,
        }
    }
}
