//! A reader of the files of a store, in the order of the catalogue.
//!
//! The first bytes decide how much of a file is read. A file that may be a license document by its
//! first bytes and its size is read as a whole. Of any other file, of whatever size, only the last
//! bytes are read and, if it is a publication, its central directory and the entry of its license.

use std::mem;

use crate::catalogue::{Catalogue, DirectoryId, FileId};
use crate::dir_stack::{DirStack, Step};
use crate::directory::{FsError, READ_LENGTH};
use crate::license::{self, MAX_DOCUMENT_SIZE};
use crate::publication::{self, EmbeddedLicense, PublicationError, RandomReader};
use crate::{Directory, ErrorCode, Failure, File, Read};

/// The number of bytes that the first read requests: enough for a usual license, and no more, since
/// a host may clear as much memory as a read requests.
const FIRST_READ: usize = 16 << 10;
/// The number of times that a file is read which changes during each read, or has disappeared: an
/// ordinary writer replaces a license within one of them.
const MAX_TRIES: usize = 3;

/// A reader that keeps the directories open that lead to the current file.
pub(crate) struct StoreReader<D: Directory> {
    /// The store and the directories that lead to the current file.
    directories: DirStack<D>,
    /// The number of bytes read and not yet taken, including those of documents that changed.
    bytes_read: usize,
}

/// The content of a file of the store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A whole document that may be a license document by its first bytes.
    Document(Vec<u8>),
    /// The license document in a publication.
    Embedded(EmbeddedLicense),
    /// No license. The value holds the first bytes of the file.
    NoLicense(Vec<u8>),
}

/// An error reading a file of the store.
pub(crate) enum ReadError {
    /// An error of the file system.
    Io(FsError),
    /// The license is too large, keeps changing, or is in a damaged publication.
    Unusable(Failure),
}

impl From<FsError> for ReadError {
    fn from(error: FsError) -> Self {
        Self::Io(error)
    }
}

impl<D: Directory> StoreReader<D> {
    pub(crate) fn new(store: D) -> Self {
        Self {
            directories: DirStack::new(store),
            bytes_read: 0,
        }
    }

    /// Returns the number of bytes read since the last call.
    pub(crate) fn take_bytes_read(&mut self) -> usize {
        mem::take(&mut self.bytes_read)
    }

    /// Reads a file. Tries again if the file is missing, as it may be while it is replaced.
    pub(crate) fn read(
        &mut self,
        catalogue: &Catalogue,
        file: FileId,
    ) -> Result<Content, ReadError> {
        self.enter(catalogue, catalogue.directory_of(file))?;
        let mut is_missing = false;
        for _ in 0..MAX_TRIES {
            let directory = self.directories.current();
            let opened = match directory.open_file(catalogue.file_name(file)) {
                Err(FsError::NoEntry) => {
                    is_missing = true;
                    continue;
                }
                opened => opened?,
            };
            is_missing = false;
            if let Some(content) =
                read_unchanged(&opened, &mut self.bytes_read, || catalogue.file_path(file))?
            {
                return Ok(content);
            }
        }
        if is_missing {
            return Err(FsError::NoEntry.into());
        }
        let path = catalogue.file_path(file);
        let message = format!(
            "cannot read {path}: it changed during each read; back up again when nothing writes to it"
        );
        Err(ReadError::Unusable(Failure::at(
            ErrorCode::Changed,
            path,
            message,
        )))
    }

    /// Makes a directory of the store the current one.
    fn enter(&mut self, catalogue: &Catalogue, target: DirectoryId) -> Result<(), FsError> {
        loop {
            match self.directories.next_step_to(target, catalogue) {
                Step::Arrived => return Ok(()),
                Step::Leave => drop(self.directories.leave()),
                Step::Enter(id) => {
                    let parent = self.directories.current();
                    let opened = parent.open_directory(catalogue.directory_name(id))?;
                    self.directories.enter(id, opened);
                }
            }
        }
    }
}

/// Reads the content of a file. Returns `None` if the file changed during that.
///
/// A document that one read returns as a whole is one state of the file. For a longer file that is
/// or may be a license, size and modification time must be the same before the second and after
/// the last read, and no byte of the first read is part of the result.
fn read_unchanged(
    file: &impl File,
    bytes_read: &mut usize,
    path: impl Fn() -> String,
) -> Result<Option<Content>, ReadError> {
    let mut read = |length, offset| -> Result<Read, FsError> {
        let read = file.read(length, offset)?;
        *bytes_read += read.bytes.len();
        Ok(read)
    };
    let Read {
        bytes: mut head,
        is_end,
    } = read(FIRST_READ, 0)?;
    // Without `is_end`, an empty read shows the end of the file.
    let is_whole = is_end
        || head.is_empty()
        || (head.len() < FIRST_READ && read(1, to_u64(head.len()))?.bytes.is_empty());
    if is_whole {
        return content_of(file, head, path).map(Some);
    }
    let before = file.metadata()?;
    // A read may return fewer bytes than the decision needs.
    while head.len() < FIRST_READ {
        let more = read(FIRST_READ - head.len(), to_u64(head.len()))?.bytes;
        if more.is_empty() {
            break;
        }
        head.extend_from_slice(&more);
    }
    let can_be_license = license::can_be_license(&head);
    if can_be_license && before.size <= MAX_DOCUMENT_SIZE {
        let mut document = Vec::with_capacity(usize::try_from(before.size).unwrap_or_default());
        loop {
            let more = read(READ_LENGTH, to_u64(document.len()))?.bytes;
            if more.is_empty() {
                break;
            }
            document.extend_from_slice(&more);
            if to_u64(document.len()) > before.size {
                return Ok(None);
            }
        }
        if file.metadata()? != before || to_u64(document.len()) != before.size {
            return Ok(None);
        }
        return content_of(file, document, path).map(Some);
    }
    if can_be_license && license::is_license_start(&head) {
        let path = path();
        let message = format!(
            "cannot back up {path}: it begins as a license document but has {} bytes, and license \
             documents have at most {MAX_DOCUMENT_SIZE}; get the license again from its issuer",
            before.size
        );
        return Err(ReadError::Unusable(Failure::at(
            ErrorCode::TooLarge,
            path,
            message,
        )));
    }
    let mut reader = RandomReader::new(file, before.size);
    let found = publication::read_license(&mut reader, &head);
    *bytes_read += usize::try_from(reader.bytes_read()).unwrap_or(usize::MAX);
    // A file without a license, such as a film, may be written to at any time.
    if !matches!(found, Ok(None)) && file.metadata()? != before {
        return Ok(None);
    }
    content_of_publication(found, head, path).map(Some)
}

/// Returns the content of a file that was read as a whole.
fn content_of(
    file: &impl File,
    bytes: Vec<u8>,
    path: impl Fn() -> String,
) -> Result<Content, ReadError> {
    if license::can_be_license(&bytes) && !publication::may_be_container(&bytes) {
        return Ok(Content::Document(bytes));
    }
    let mut reader = RandomReader::of_bytes(file, bytes.clone());
    match publication::read_license(&mut reader, &bytes) {
        Ok(None) if license::can_be_license(&bytes) => Ok(Content::Document(bytes)),
        found => content_of_publication(found, bytes, path),
    }
}

/// Returns the content of a file that is not a license document and may be a publication.
fn content_of_publication(
    found: Result<Option<EmbeddedLicense>, PublicationError>,
    head: Vec<u8>,
    path: impl Fn() -> String,
) -> Result<Content, ReadError> {
    let message = match found {
        Ok(Some(license)) => return Ok(Content::Embedded(license)),
        Ok(None) => return Ok(Content::NoLicense(head)),
        Err(PublicationError::Refused(error)) => return Err(error.into()),
        Err(PublicationError::Container(fault)) => format!(
            "cannot read {}: it is a damaged ZIP container that may contain a license: {fault}; \
             download the publication again",
            path()
        ),
        Err(PublicationError::License(fault)) => format!(
            "cannot read the license in the publication {}: {fault}; download the publication again",
            path()
        ),
    };
    Err(ReadError::Unusable(Failure::at(
        ErrorCode::Malformed,
        path(),
        message,
    )))
}

fn to_u64(length: usize) -> u64 {
    length as u64
}
