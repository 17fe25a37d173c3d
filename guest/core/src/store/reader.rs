//! Reading licenses from a store, one after the other in the order of the catalogue.

use super::catalogue::DirectoryId;
use super::{Catalogue, FileId};
use crate::directory::FsError;
use crate::{Directory, ErrorCode, Failure, File, Read};

/// The largest license document that is read, in bytes. Real ones have a few KiB; the bound keeps a foreign file from
/// filling memory.
pub(crate) const LARGEST_DOCUMENT: u64 = 1 << 20;
/// What the first read asks for, in bytes. It is to give a usual license whole; a host may clear as much memory as it is
/// asked for.
const FIRST_READ: usize = 16 << 10;
/// What a read of a longer license asks for, in bytes: hosts of `wasi:filesystem` give no more than 64 KiB at a time.
const FURTHER_READ: usize = 64 << 10;
/// How often a license that changes while it is being read, or is not there, is tried.
const TRIES: usize = 3;

/// Opens the licenses of a store, keeping the directories open that lead to the one in hand.
pub(crate) struct StoreReader<D: Directory> {
    store: D,
    /// The directories that lead to the file in hand, the store itself left out.
    open: Vec<(DirectoryId, D)>,
    /// The number of bytes read so far, those of documents that did not hold still included.
    bytes_read: u64,
}

/// Why a license was not read.
pub(crate) enum Unread {
    /// The file system does not let us.
    Refused(FsError),
    /// The license is too large, or does not hold still.
    Unfit(Failure),
}

impl From<FsError> for Unread {
    fn from(error: FsError) -> Self {
        Self::Refused(error)
    }
}

impl<D: Directory> StoreReader<D> {
    pub(crate) fn new(store: D) -> Self {
        Self { store, open: Vec::new(), bytes_read: 0 }
    }

    /// The number of bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads a whole license document. One that is being replaced may not be there for a moment.
    pub(crate) fn read(&mut self, catalogue: &Catalogue, file: FileId) -> Result<Vec<u8>, Unread> {
        self.enter(catalogue, catalogue.directory_of(file))?;
        let mut is_gone = false;
        for _ in 0..TRIES {
            let opened = match self.current().open_file(catalogue.file_name(file)) {
                Err(FsError::NoEntry) => {
                    is_gone = true;
                    continue;
                }
                opened => opened?,
            };
            is_gone = false;
            if let Some(document) = read_unchanged(&opened, &mut self.bytes_read, || catalogue.file_path(file))? {
                return Ok(document);
            }
        }
        if is_gone {
            return Err(FsError::NoEntry.into());
        }
        let path = catalogue.file_path(file);
        let message = format!("{path} was changed each time it was being read: back up again when it is at rest");
        Err(Unread::Unfit(Failure::at(ErrorCode::Changed, path, message)))
    }

    /// Opens a directory of the store component by component, from the deepest one that is open already.
    fn enter(&mut self, catalogue: &Catalogue, directory: DirectoryId) -> Result<(), FsError> {
        if self.innermost() != directory {
            let lineage = catalogue.lineage(directory);
            let shared = lineage.iter().zip(&self.open).take_while(|(wanted, (open, _))| *wanted == open).count();
            self.open.truncate(shared);
            for &id in &lineage[shared..] {
                let opened = self.current().open_directory(catalogue.directory_name(id))?;
                self.open.push((id, opened));
            }
        }
        Ok(())
    }

    fn innermost(&self) -> DirectoryId {
        self.open.last().map_or(Catalogue::ROOT, |(id, _)| *id)
    }

    fn current(&self) -> &D {
        self.open.last().map_or(&self.store, |(_, directory)| directory)
    }
}

/// Reads a document; nothing if it changed meanwhile.
///
/// A document that one read gives whole is one state of the file. For a longer one, size and modification time must be
/// the same before the first and after the last read.
fn read_unchanged(
    file: &impl File,
    bytes_read: &mut u64,
    path: impl Fn() -> String,
) -> Result<Option<Vec<u8>>, Unread> {
    let mut read = |length, offset| -> Result<Read, FsError> {
        let read = file.read(length, offset)?;
        *bytes_read += to_u64(read.bytes.len());
        Ok(read)
    };
    let Read { bytes: document, is_end } = read(FIRST_READ, 0)?;
    // Unless it was said already: at the end of the file there is not even a byte.
    let is_end = is_end
        || document.is_empty()
        || (document.len() < FIRST_READ && read(1, to_u64(document.len()))?.bytes.is_empty());
    if is_end {
        return Ok(Some(document));
    }
    let before = file.metadata()?;
    if before.size > LARGEST_DOCUMENT {
        let path = path();
        let message = format!(
            "{path} has {} bytes, and a license has at most {LARGEST_DOCUMENT}: move it out of the store",
            before.size
        );
        return Err(Unread::Unfit(Failure::at(ErrorCode::TooLarge, path, message)));
    }
    let mut document = Vec::with_capacity(usize::try_from(before.size).unwrap_or_default());
    loop {
        let more = read(FURTHER_READ, to_u64(document.len()))?.bytes;
        if more.is_empty() {
            break;
        }
        document.extend_from_slice(&more);
        if to_u64(document.len()) > before.size {
            return Ok(None);
        }
    }
    let unchanged = file.metadata()? == before && to_u64(document.len()) == before.size;
    Ok(unchanged.then_some(document))
}

fn to_u64(length: usize) -> u64 {
    length as u64
}
