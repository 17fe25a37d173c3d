//! The listing of a backup, as a state machine: what is in it, then what was left out and why.

use std::ops::ControlFlow::{self, Break, Continue};
use std::vec;

use crate::archive::{
    ArchiveFault, ArchiveReader, BACKUP_FILE, BackupRecord, Entry, FORMAT_VERSION, LICENSES, LeftOut, RECORD_ENTRY,
    Reason, RecordHead, SUMS_ENTRY,
};
use crate::directory::FsError;
use crate::store::LARGEST_DOCUMENT;
use crate::{Directory, EntryKind, ErrorCode, Failure, Identity, Metadata, Restriction, license};

/// How many lines one step gives at most.
const LISTINGS_PER_STEP: usize = 64;
/// How many bytes of licenses one step reads, give or take the last license.
const BYTES_PER_STEP: u64 = 256 << 10;

/// What became of one file of the store in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is in the backup.
    BackedUp,
    /// It was left out, for this reason.
    Restricted(Restriction),
    /// It could not be read, for this reason.
    Failed(ErrorCode),
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The path below the store, with `/` between its parts.
    pub path: String,
    /// What the document says of itself.
    pub identity: Identity,
    /// Its size in bytes; nothing for what is not in the backup.
    pub size: Option<u64>,
    /// Whether it is in the backup, and why not.
    pub standing: Standing,
}

/// The totals of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSummary {
    /// The number of license documents in the backup.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of files that were left out, whatever the reason.
    pub left_out: u64,
    /// The program that wrote the backup, and its version.
    pub program: String,
}

/// A listing that goes on step by step.
pub struct List<D: Directory> {
    /// The backup directory as its caller knows it.
    path: String,
    archive: ArchiveReader<D::File>,
    phase: Phase,
}

/// What a listing does next.
enum Phase {
    /// Going through the licenses in the backup.
    Licenses { record: Option<Entry<String>> },
    /// Going through what was left out.
    LeftOut { head: RecordHead, left_out: vec::IntoIter<LeftOut>, count: u64 },
}

impl<D: Directory> List<D> {
    /// Begins a listing of the backup in `directory`, which the caller knows as `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PathNotFound`] if there is no backup, [`ErrorCode::BackupCorrupt`] if the file does not end as one
    /// does, otherwise what keeps it from being read.
    pub fn start(directory: &D, path: &str) -> Result<Self, Failure> {
        // A FIFO of that name would hang whoever opens it.
        match directory.metadata(BACKUP_FILE) {
            Ok(Metadata { kind: EntryKind::File, .. }) => {}
            Ok(_) => return Err(failure(path, ArchiveFault::Corrupt("it is no regular file".to_owned()))),
            Err(FsError::NoEntry) => {
                let message = format!("there is no backup ({BACKUP_FILE}) in {path}: give the directory that has one");
                return Err(Failure::at(ErrorCode::PathNotFound, path, message));
            }
            Err(error) => return Err(refused(path, error)),
        }
        let file = directory.open_file(BACKUP_FILE).map_err(|error| refused(path, error))?;
        let archive = ArchiveReader::open(file).map_err(|fault| failure(path, fault))?;
        Ok(Self { path: path.to_owned(), archive, phase: Phase::Licenses { record: None } })
    }

    /// Does a bounded piece of work and appends what was found. Gives the listing to go on with, or the outcome.
    pub fn step(mut self, found: &mut Vec<Listing>) -> ControlFlow<Result<ListSummary, Failure>, Self> {
        match self.advance(found) {
            Ok(None) => Continue(self),
            Ok(Some(summary)) => Break(Ok(summary)),
            Err(fault) => Break(Err(failure(&self.path, fault))),
        }
    }

    fn advance(&mut self, found: &mut Vec<Listing>) -> Result<Option<ListSummary>, ArchiveFault> {
        match &mut self.phase {
            Phase::Licenses { record } => {
                let mut bytes = 0;
                for _ in 0..LISTINGS_PER_STEP {
                    if bytes >= BYTES_PER_STEP {
                        break;
                    }
                    let Some(entry) = self.archive.next_entry()? else {
                        self.phase = read_record(&self.archive, record.take())?;
                        break;
                    };
                    match entry.name.as_str() {
                        SUMS_ENTRY => {}
                        RECORD_ENTRY => *record = Some(entry),
                        _ => {
                            bytes += entry.size;
                            found.push(listing(&self.archive, &entry)?);
                        }
                    }
                }
                Ok(None)
            }
            Phase::LeftOut { head, left_out, count } => {
                found.extend(left_out.by_ref().take(LISTINGS_PER_STEP).map(Listing::of_left_out));
                if left_out.len() > 0 {
                    return Ok(None);
                }
                let program = head.program.clone().into_owned();
                Ok(Some(ListSummary { licenses: head.licenses, bytes: head.bytes, left_out: *count, program }))
            }
        }
    }
}

impl Listing {
    fn of_left_out(left_out: LeftOut) -> Self {
        let standing = match left_out.reason {
            Reason::Restricted(restriction) => Standing::Restricted(restriction),
            Reason::Failed(code) => Standing::Failed(code),
        };
        Self { path: left_out.path.clone(), identity: left_out.identity(), size: None, standing }
    }
}

/// Looks at one license in the backup.
fn listing(archive: &ArchiveReader<impl crate::File>, entry: &Entry<String>) -> Result<Listing, ArchiveFault> {
    let corrupt = |what: &str| ArchiveFault::Corrupt(format!("entry {} {what}", entry.name));
    let path = entry.name.strip_prefix(LICENSES).ok_or_else(|| corrupt("does not belong in a backup"))?;
    if entry.size > LARGEST_DOCUMENT {
        return Err(corrupt("is larger than a license can be"));
    }
    let identity = license::appraise(&archive.content(entry)?).identity;
    Ok(Listing { path: path.to_owned(), identity, size: Some(entry.size), standing: Standing::BackedUp })
}

/// Reads the backup's own record.
fn read_record(archive: &ArchiveReader<impl crate::File>, entry: Option<Entry<String>>) -> Result<Phase, ArchiveFault> {
    let entry = entry.ok_or_else(|| ArchiveFault::Corrupt(format!("{RECORD_ENTRY} is missing")))?;
    let BackupRecord { head, left_out } = BackupRecord::parse(&archive.content(&entry)?)
        .map_err(|error| ArchiveFault::Corrupt(format!("{RECORD_ENTRY} cannot be read: {error}")))?;
    if head.format != FORMAT_VERSION {
        let message = format!("it has format {}, and this program reads {FORMAT_VERSION}", head.format);
        return Err(ArchiveFault::Corrupt(message));
    }
    let count = left_out.len() as u64;
    Ok(Phase::LeftOut { head, left_out: left_out.into_iter(), count })
}

fn failure(path: &str, fault: ArchiveFault) -> Failure {
    match fault {
        ArchiveFault::Refused(error) => refused(path, error),
        ArchiveFault::Corrupt(fault) => {
            let message = format!("the backup ({BACKUP_FILE}) in {path} is corrupt: {fault}; use another backup");
            Failure::at(ErrorCode::BackupCorrupt, path, message)
        }
    }
}

fn refused(path: &str, error: FsError) -> Failure {
    let message = format!("the backup ({BACKUP_FILE}) in {path} cannot be read: {error}");
    Failure::at(error.code(), path, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{ArchiveWriter, Output};
    use crate::memory::Disk;
    use crate::store::Catalogue;
    use crate::{Backup, Format};

    const LCP: &str = r#"{"id":"urn:1","provider":"https://example.com","encryption":{"profile":"basic"}}"#;

    /// A backup of one license, with one file left out.
    fn backed_up() -> Disk {
        let disk = Disk::new();
        disk.write("/licenses/a/one.lcpl", LCP);
        disk.write("/licenses/notes.txt", "no license");
        let directory = disk.directory("/backup");
        let mut backup = Backup::start(disk.directory("/licenses"), directory, "/backup", false).expect("it starts");
        loop {
            match backup.step(&mut Vec::new()) {
                Continue(next) => backup = next,
                Break(outcome) => {
                    outcome.expect("the backup succeeds");
                    return disk;
                }
            }
        }
    }

    fn list(disk: &Disk) -> Result<(Vec<Listing>, ListSummary), Failure> {
        let mut found = Vec::new();
        let mut list = List::start(&disk.directory("/backup"), "/backup")?;
        loop {
            match list.step(&mut found) {
                Continue(next) => list = next,
                Break(outcome) => return outcome.map(|summary| (found, summary)),
            }
        }
    }

    #[test]
    fn a_listing_says_what_is_in_the_backup_and_then_what_was_left_out() {
        let (found, summary) = list(&backed_up()).expect("the backup can be listed");
        let identity = Identity { format: Some(Format::Lcp), license_ids: vec!["urn:1".to_owned()], key_ids: vec![] };
        let size = Some(LCP.len() as u64);
        let one = Listing { path: "a/one.lcpl".to_owned(), identity, size, standing: Standing::BackedUp };
        let notes = Listing {
            path: "notes.txt".to_owned(),
            identity: Identity::default(),
            size: None,
            standing: Standing::Restricted(Restriction::Unrecognized),
        };
        assert_eq!(found, [one, notes]);
        assert_eq!((summary.licenses, summary.bytes, summary.left_out), (1, LCP.len() as u64, 1));
        assert!(summary.program.starts_with("license-backup "), "{}", summary.program);
    }

    #[test]
    fn a_directory_without_a_backup_is_told() {
        assert_eq!(list(&Disk::new()).expect_err("there is none").code, ErrorCode::PathNotFound);
    }

    /// A backup that the writer was made to write with another format version, or of another document.
    fn forged(format: u32, document: &[u8]) -> Disk {
        let disk = Disk::new();
        let file = disk.directory("/backup").create_file(BACKUP_FILE).expect("there is no backup yet");
        let mut catalogue = Catalogue::new();
        catalogue.add_file(Catalogue::ROOT, "one");
        let mut archive = ArchiveWriter::new(Output::new(file.into()), catalogue);
        archive.add(0, document).expect("the disk takes it");
        let (licenses, bytes) = (archive.licenses(), archive.bytes());
        let head = RecordHead { format, program: "another".into(), licenses, bytes, restricted: 0, errors: 0 };
        let mut archive = archive.finish(head, Vec::new());
        while !archive.step().expect("the disk takes it") {}
        archive.into_output().sync().expect("the disk takes it");
        disk
    }

    #[test]
    fn a_backup_of_another_format_version_is_not_guessed_at() {
        assert!(list(&forged(FORMAT_VERSION, b"x")).is_ok());
        let failure = list(&forged(FORMAT_VERSION + 1, b"x")).expect_err("it may mean anything");
        assert_eq!(failure.code, ErrorCode::BackupCorrupt);
        assert!(failure.message.contains("format 2"), "{failure}");
    }

    #[test]
    fn an_entry_that_is_larger_than_a_license_is_not_read() {
        assert!(list(&forged(FORMAT_VERSION, &vec![b'x'; 1 << 20])).is_ok());
        let failure = list(&forged(FORMAT_VERSION, &vec![b'x'; (1 << 20) + 1])).expect_err("it is too large");
        assert_eq!(failure.code, ErrorCode::BackupCorrupt);
    }

    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        let disk = Disk::new();
        disk.write_other("/backup/licenses.zip");
        disk.take_calls();
        assert_eq!(list(&disk).expect_err("it is a FIFO").code, ErrorCode::BackupCorrupt);
        assert!(disk.take_calls().iter().all(|call| call.operation != "open_file"), "it was opened");
    }

    #[test]
    fn a_backup_cut_short_at_any_length_is_corrupt() {
        let disk = backed_up();
        let whole = disk.read("/backup/licenses.zip").expect("there is a backup");
        for length in 0..whole.len() {
            disk.write("/backup/licenses.zip", &whole[..length]);
            let failure = list(&disk).expect_err("it is cut short");
            assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{length}: {failure}");
        }
    }

    #[test]
    fn a_backup_with_any_byte_changed_is_listed_as_it_was_or_told_to_be_corrupt() {
        let disk = backed_up();
        let whole = disk.read("/backup/licenses.zip").expect("there is a backup");
        let (expected, _) = list(&disk).expect("the backup can be listed");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x20;
            disk.write("/backup/licenses.zip", changed);
            match list(&disk) {
                Ok((found, _)) => assert_eq!(found, expected, "byte {at}"),
                Err(failure) => assert_eq!(failure.code, ErrorCode::BackupCorrupt, "byte {at}: {failure}"),
            }
        }
    }
}
