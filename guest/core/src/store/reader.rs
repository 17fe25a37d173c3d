//! Reading licenses from a store, one after the other in the order of the catalogue.
//!
//! The first bytes decide how much of a file is read. One that begins as a license document may, and
//! is no larger than one, is read as a whole. Of any other, whatever its size, no more is read than
//! its last bytes and, if it is a publication, its central directory and the entry of its license.

use crate::catalogue::DirectoryId;
use crate::catalogue::{Catalogue, FileId};
use crate::dir_stack::{DirStack, Step};
use crate::directory::FsError;
use crate::license::{self, MAX_DOCUMENT_SIZE};
use crate::publication::{self, EmbeddedLicense, PublicationError, RandomReader};
use crate::{Directory, ErrorCode, Failure, File, Read};

/// What the first read asks for, in bytes. It is to give a usual license whole; a host may clear as much memory as it is
/// asked for.
const FIRST_READ: usize = 16 << 10;
/// What a read of a longer license asks for, in bytes: hosts of `wasi:filesystem` give no more than 64 KiB at a time.
const FURTHER_READ: usize = 64 << 10;
/// How often a license that changes while it is being read, or is not there, is tried.
const TRIES: usize = 3;

/// Opens the licenses of a store, keeping the directories open that lead to the one in hand.
pub(crate) struct StoreReader<D: Directory> {
    /// The store and the directories that lead to the current file.
    directories: DirStack<D>,
    /// The number of bytes read so far, those of documents that did not hold still included.
    bytes_read: u64,
}

/// What a file of the store contains.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A whole document that begins as a license document may.
    Document(Vec<u8>),
    /// The license document inside a publication.
    Embedded(EmbeddedLicense),
    /// No license. These are the first bytes.
    NoLicense(Vec<u8>),
}

/// Why a license was not read.
pub(crate) enum Unread {
    /// The file system does not let us.
    Refused(FsError),
    /// The license is too large, does not hold still, or is in a damaged publication.
    Incompatible(Failure),
}

impl From<FsError> for Unread {
    fn from(error: FsError) -> Self {
        Self::Refused(error)
    }
}

impl<D: Directory> StoreReader<D> {
    pub(crate) fn new(store: D) -> Self {
        Self {
            directories: DirStack::new(store),
            bytes_read: 0,
        }
    }

    /// The number of bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads what a file contains. One that is being replaced may not be there for a moment.
    pub(crate) fn read(&mut self, catalogue: &Catalogue, file: FileId) -> Result<Content, Unread> {
        self.enter(catalogue, catalogue.directory_of(file))?;
        let mut is_gone = false;
        for _ in 0..TRIES {
            let directory = self.directories.current();
            let opened = match directory.open_file(catalogue.file_name(file)) {
                Err(FsError::NoEntry) => {
                    is_gone = true;
                    continue;
                }
                opened => opened?,
            };
            is_gone = false;
            if let Some(content) =
                read_unchanged(&opened, &mut self.bytes_read, || catalogue.file_path(file))?
            {
                return Ok(content);
            }
        }
        if is_gone {
            return Err(FsError::NoEntry.into());
        }
        let path = catalogue.file_path(file);
        let message = format!(
            "{path} was changed each time it was being read: back up again when it is at rest"
        );
        Err(Unread::Incompatible(Failure::at(
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

/// Reads what a file contains, or returns `None` if it changed meanwhile.
///
/// A document that one read returns whole is one state of the file. For anything longer that is or
/// may be a license, size and modification time must be the same before the second and after the
/// last read, and no byte of the first read is part of the result.
fn read_unchanged(
    file: &impl File,
    bytes_read: &mut u64,
    path: impl Fn() -> String,
) -> Result<Option<Content>, Unread> {
    let mut read = |length, offset| -> Result<Read, FsError> {
        let read = file.read(length, offset)?;
        *bytes_read += to_u64(read.bytes.len());
        Ok(read)
    };
    let Read {
        bytes: mut head,
        is_end,
    } = read(FIRST_READ, 0)?;
    // Unless it was said already: at the end of the file there is not even a byte.
    let is_whole = is_end
        || head.is_empty()
        || (head.len() < FIRST_READ && read(1, to_u64(head.len()))?.bytes.is_empty());
    if is_whole {
        return content_of(file, head, path).map(Some);
    }
    let before = file.metadata()?;
    // A read may return fewer bytes than it takes to decide.
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
            let more = read(FURTHER_READ, to_u64(document.len()))?.bytes;
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
            "{path} begins as a license document but has {} bytes, and license documents have at most \
             {MAX_DOCUMENT_SIZE}: get the license again from its issuer",
            before.size
        );
        return Err(Unread::Incompatible(Failure::at(
            ErrorCode::TooLarge,
            path,
            message,
        )));
    }
    let mut reader = RandomReader::new(file, before.size);
    let found = publication::read_license(&mut reader, &head);
    *bytes_read += reader.bytes_read();
    // Of a film that is being written it is enough to know that it is none.
    if !matches!(found, Ok(None)) && file.metadata()? != before {
        return Ok(None);
    }
    content_of_publication(found, head, path).map(Some)
}

/// Returns what a file contains that was read as a whole.
fn content_of(
    file: &impl File,
    bytes: Vec<u8>,
    path: impl Fn() -> String,
) -> Result<Content, Unread> {
    if license::can_be_license(&bytes) && !publication::may_be_container(&bytes) {
        return Ok(Content::Document(bytes));
    }
    let mut reader = RandomReader::of_bytes(file, bytes.clone());
    match publication::read_license(&mut reader, &bytes) {
        Ok(None) if license::can_be_license(&bytes) => Ok(Content::Document(bytes)),
        found => content_of_publication(found, bytes, path),
    }
}

/// Returns what a file contains that is no license document, and may be a publication.
fn content_of_publication(
    found: Result<Option<EmbeddedLicense>, PublicationError>,
    head: Vec<u8>,
    path: impl Fn() -> String,
) -> Result<Content, Unread> {
    let message = match found {
        Ok(Some(license)) => return Ok(Content::Embedded(license)),
        Ok(None) => return Ok(Content::NoLicense(head)),
        Err(PublicationError::Refused(error)) => return Err(error.into()),
        Err(PublicationError::Container(fault)) => format!(
            "{} is a damaged ZIP container that may contain a license: {fault}; download the publication again",
            path()
        ),
        Err(PublicationError::License(fault)) => {
            format!(
                "the license in the publication {} cannot be read: {fault}; download the publication again",
                path()
            )
        }
    };
    Err(Unread::Incompatible(Failure::at(
        ErrorCode::Malformed,
        path(),
        message,
    )))
}

fn to_u64(length: usize) -> u64 {
    length as u64
}
