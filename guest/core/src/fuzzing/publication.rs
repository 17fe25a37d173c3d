//! The target for publications.

use super::backups::{BACKUP, back_up, disk_with, files_in_store, restore, verify};
use crate::catalogue::Catalogue;
use crate::memory_fs::Disk;
use crate::store::{Content, ReadError, StoreReader, name_in_backup};
use crate::{ErrorCode, Evaluation, LicenseFormat, Verdict, evaluate};

/// The names of the publication, and of a license that must be backed up with any publication.
const PUBLICATION: &str = "a.epub";
const OTHER: &str = "b";
const LICENSE: &str =
    r#"{"id":"","issued":"","provider":"","encryption":{},"links":[],"signature":{}}"#;

/// The largest number of bytes that are read of a file that is not a license document, in
/// addition to a central directory and an entry, which are at most as large as the input:
/// its first bytes and its last bytes.
const MAX_READ: usize = (16 << 10) + (66 << 10);

/// Treats the input as a publication.
///
/// # Panics
///
/// If it is read incorrectly, or prevents the backup of another license.
pub fn publication(input: &[u8]) {
    let found = content(input, 64 << 10);
    assert_eq!(content(input, 7), found, "with short reads");
    if let Ok(Content::Embedded(license)) = &found {
        assert!(
            license.document.len() <= 1 << 20,
            "a document of {} bytes",
            license.document.len()
        );
        let with_prefix = content(&[b"#", input].concat(), 64 << 10);
        assert_eq!(with_prefix, found, "with a byte before it");
    }

    let disk = Disk::new();
    disk.write(&format!("/licenses/{PUBLICATION}"), input);
    disk.write(&format!("/licenses/{OTHER}"), LICENSE);
    let expected = match found {
        Ok(Content::Embedded(license)) if is_allowed_lcp(&license.document) => {
            Some((name_in_backup(PUBLICATION), license.document))
        }
        Ok(Content::Document(document)) if evaluate(&document).verdict == Verdict::Allowed => {
            Some((PUBLICATION.to_owned(), document))
        }
        _ => None,
    };
    back_up(&disk, false).expect("the disk fails no call");
    let disk = disk_with(&disk.read(BACKUP).expect("the backup exists"));
    verify(&disk).expect("the backup is undamaged");
    restore(&disk).expect("a backup can be restored");
    let restored = files_in_store(&disk);
    assert_eq!(
        restored.get(OTHER).map(Vec::as_slice),
        Some(LICENSE.as_bytes())
    );
    let of_publication = restored.iter().find(|(path, _)| *path != OTHER);
    assert_eq!(
        of_publication.map(|(path, document)| (path.clone(), document.clone())),
        expected
    );
}

/// Returns `true` for an LCP document that may be backed up. A publication cannot contain
/// any other license.
fn is_allowed_lcp(document: &[u8]) -> bool {
    let Evaluation { identity, verdict } = evaluate(document);
    verdict == Verdict::Allowed && identity.format == Some(LicenseFormat::Lcp)
}

/// Reads a file of the store from a disk that returns at most `max_read` bytes at a time.
fn content(input: &[u8], max_read: usize) -> Result<Content, Option<ErrorCode>> {
    let disk = Disk::new();
    disk.write("/licenses/file", input);
    disk.limit_reads(max_read);
    let mut catalogue = Catalogue::new();
    let file = catalogue.add_file(Catalogue::ROOT, "file");
    let mut reader = StoreReader::new(disk.directory("/licenses"));
    let content = reader.read(&catalogue, file);
    assert_eq!(
        reader.take_bytes_read(),
        disk.bytes_read(),
        "the reader counts what it reads"
    );
    assert!(
        disk.bytes_read() <= MAX_READ + 2 * input.len(),
        "{} bytes of {}",
        disk.bytes_read(),
        input.len()
    );
    content.map_err(|unread| match unread {
        ReadError::Io(error) => panic!("the disk fails no call: {error}"),
        ReadError::Unusable(failure) => Some(failure.code),
    })
}
