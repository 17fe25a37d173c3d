//! Tests of encryption, on a directory of this machine.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::local::tests::open_directory;
use super::super::suite::{Connection, bytes as content, promises};
use super::*;

const TEMPORARY: &str = ".license-backup-0.tmp";
const ARCHIVE: &str = "licenses.zip";
const STORED: &str = "licenses.zip.age";
const HASH: &str = "licenses.zip.age.blake3";
const CHUNK: usize = 64 << 10;

/// A pair of keys of the tests.
struct Keys {
    recipients: Recipients,
    identities: Identities,
    /// The file of the identity.
    file: String,
}

impl Keys {
    fn new() -> Self {
        let identity = age::x25519::Identity::generate();
        let recipient = identity.to_public().to_string();
        let file = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        Self {
            recipients: Recipients::parse(recipient.as_bytes()).expect("it is a recipient"),
            identities: Identities::parse(file.as_bytes()).expect("it is an identity"),
            file,
        }
    }

    /// Opens a directory with these keys.
    fn open(&self, path: &Path) -> Encrypted {
        encrypted(path, self.recipients.clone(), self.identities.clone())
    }

    /// Opens a directory without the identity.
    fn open_without_identity(&self, path: &Path) -> Encrypted {
        encrypted(path, self.recipients.clone(), Identities::default())
    }
}

static KEYS: LazyLock<Keys> = LazyLock::new(Keys::new);

fn encrypted(path: &Path, recipients: Recipients, identities: Identities) -> Encrypted {
    Encrypted::new(Arc::new(open_directory(path)), recipients, identities)
}

fn empty_directory() -> TempDir {
    tempfile::tempdir().expect("a directory can be created")
}

/// Creates an archive, and closes it.
fn put(directory: &Encrypted, content: &[u8]) {
    let file = directory.create(TEMPORARY).expect("the name is free");
    for block in content.chunks(1 << 20) {
        file.append(block).expect("it can be appended");
    }
    file.sync().expect("it can be made durable");
    directory
        .rename(TEMPORARY, ARCHIVE)
        .expect("it is encrypted");
}

fn read(directory: &Encrypted, name: &str) -> io::Result<Vec<u8>> {
    let file = directory.open(name)?;
    let size = file.metadata()?.size;
    file.read(0, usize::try_from(size).expect("it is small"))
}

fn names(directory: &Encrypted) -> Vec<String> {
    let entries = directory.entries().expect("the directory can be listed");
    let mut names: Vec<_> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

/// A directory whose archives are encrypted, on another one.
struct Over<C>(C);

impl<C: Connection> Connection for Over<C> {
    fn open(&self) -> Box<dyn Directory> {
        Box::new(Encrypted::new(
            self.0.open().into(),
            KEYS.recipients.clone(),
            KEYS.identities.clone(),
        ))
    }
}

struct OnThisMachine(TempDir);

impl Connection for OnThisMachine {
    fn open(&self) -> Box<dyn Directory> {
        Box::new(open_directory(self.0.path()))
    }
}

mod over_a_directory_of_this_machine {
    use super::*;

    promises!(|| Over(OnThisMachine(empty_directory())));
}

#[cfg(all(feature = "sftp", target_os = "linux"))]
mod over_sftp {
    use super::*;
    use crate::run::filesystem::remote::sftp::tests::Place;

    promises!(|| Over(Place::new()));
}

#[cfg(feature = "s3")]
mod over_s3 {
    use super::*;
    use crate::run::filesystem::remote::s3::tests::Place;

    promises!(|| Over(Place::for_archive(STORED)));
}

#[test]
fn an_archive_is_encrypted_and_other_files_are_not() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    put(&opened, &content(100_000));
    let record = opened.create(TEMPORARY).expect("the name is free");
    record.append(b"{").expect("it can be appended");
    record.append(b"}").expect("it can be appended");
    record.sync().expect("it can be made durable");
    opened
        .rename(TEMPORARY, "last-run.json")
        .expect("any file may have this name");

    let stored = |name| fs::read(directory.path().join(name)).expect("it exists");
    assert!(stored(STORED).starts_with(b"age-encryption.org/v1\n"));
    let is_visible = stored(STORED)
        .windows(8)
        .any(|window| window == &content(100)[50..58]);
    assert!(!is_visible);
    assert_eq!(stored("last-run.json"), b"{}");
    assert_eq!(names(&opened), ["last-run.json", ARCHIVE]);
    assert_eq!(
        read(&opened, "last-run.json").expect("it can be read"),
        b"{}"
    );
}

#[test]
fn an_archive_that_is_appended_byte_by_byte_is_encrypted() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    let file = opened.create(TEMPORARY).expect("the name is free");
    for byte in b"PK\x03\x04" {
        file.append(&[*byte]).expect("it can be appended");
    }
    assert_eq!(file.metadata().expect("it is open").size, 4);
    file.sync().expect("it can be made durable");
    opened.link(TEMPORARY, ARCHIVE).expect("it is encrypted");
    assert_eq!(
        read(&opened, ARCHIVE).expect("it can be read"),
        b"PK\x03\x04"
    );
}

#[test]
fn a_file_that_is_not_encrypted_never_gets_the_name_of_an_archive() {
    for content in [&b""[..], b"P", b"{}", b"age-encryption.org/v1\n"] {
        let directory = empty_directory();
        let opened = KEYS.open(directory.path());
        let file = opened.create(TEMPORARY).expect("the name is free");
        file.append(content).expect("it can be appended");
        file.sync().expect("it can be made durable");
        assert!(opened.link(TEMPORARY, ARCHIVE).is_err());
        assert!(opened.rename(TEMPORARY, ARCHIVE).is_err());
        assert_eq!(names(&opened), [TEMPORARY]);
    }
}

#[test]
fn an_archive_that_was_not_synced_never_gets_its_name() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    let file = opened.create(TEMPORARY).expect("the name is free");
    file.append(&content(10)).expect("it can be appended");
    assert!(opened.link(TEMPORARY, ARCHIVE).is_err());
    file.sync().expect("it can be made durable");
    assert!(file.append(b"more").is_err());
    opened.link(TEMPORARY, ARCHIVE).expect("it is complete");
}

#[test]
fn an_archive_without_a_recipient_is_not_created() {
    let directory = empty_directory();
    let opened = encrypted(
        directory.path(),
        Recipients::default(),
        KEYS.identities.clone(),
    );
    let file = opened.create(TEMPORARY).expect("the name is free");
    file.append(&content(10))
        .expect_err("it cannot be encrypted");
    file.append(b"more").expect_err("it has failed");
    file.sync().expect_err("it has failed");
    assert!(opened.link(TEMPORARY, ARCHIVE).is_err());
}

#[test]
fn a_temporary_file_has_the_size_of_its_plaintext_in_the_run_that_has_made_it() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    let file = opened.create(TEMPORARY).expect("the name is free");
    file.append(&content(100)).expect("it can be appended");
    file.sync().expect("it can be made durable");
    assert_eq!(opened.metadata(TEMPORARY).expect("it exists").size, 100);
    opened.link(TEMPORARY, ARCHIVE).expect("it is encrypted");
    assert_eq!(opened.metadata(ARCHIVE).expect("it exists").size, 100);
}

#[test]
fn nothing_is_read_of_a_temporary_file_of_another_run() {
    let directory = empty_directory();
    fs::write(directory.path().join(TEMPORARY), b"age-").expect("it can be written");
    let (counting, _) = Counting::new(directory.path());
    let total = Arc::clone(&counting.total);
    let opened = Encrypted::new(counting, KEYS.recipients.clone(), Identities::default());
    assert_eq!(opened.metadata(TEMPORARY).expect("it exists").size, 4);
    assert_eq!(total.load(Ordering::Relaxed), 0);
}

#[test]
fn a_directory_is_encrypted_if_all_of_its_backups_are() {
    let entries = |names: &[&str]| {
        let entry = |name: &&str| Entry {
            name: (*name).to_owned(),
            kind: EntryKind::File,
        };
        are_encrypted(Ok(names.iter().map(entry).collect())).expect("it was listed")
    };
    assert!(entries(&[STORED, "last-run.json"]));
    assert!(!entries(&[STORED, ARCHIVE]));
    assert!(!entries(&["last-run.json"]));
}

#[test]
fn only_a_directory_that_may_not_be_listed_is_taken_for_one_without_encryption() {
    let failed = |kind: io::ErrorKind| are_encrypted(Err(kind.into()));
    assert!(!failed(io::ErrorKind::PermissionDenied).expect("it may not be listed"));
    for kind in [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::NotFound,
        io::ErrorKind::Other,
    ] {
        let error = failed(kind).expect_err("its backups are not known");
        assert_eq!(error.kind(), kind);
    }
}

#[test]
fn an_archive_that_is_not_encrypted_is_hidden_and_kept() {
    let directory = empty_directory();
    let plain = directory.path().join(ARCHIVE);
    fs::write(&plain, "PK plain").expect("it can be written");
    let opened = KEYS.open(directory.path());
    assert_eq!(names(&opened), [""; 0]);
    let error = opened.metadata(ARCHIVE).expect_err("it is another file");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    put(&opened, &content(10));
    assert_eq!(names(&opened), [ARCHIVE]);
    opened.remove(ARCHIVE).expect("it exists");
    assert_eq!(fs::read(&plain).expect("it exists"), b"PK plain");
}

#[test]
fn an_encrypted_archive_is_not_changed_by_its_stored_name() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    put(&opened, &content(10));
    for error in [
        opened.remove(STORED).expect_err("it is no name"),
        opened
            .metadata(STORED)
            .map(drop)
            .expect_err("it is no name"),
        opened.create(STORED).map(drop).expect_err("it is no name"),
        opened.rename(TEMPORARY, STORED).expect_err("it is no name"),
    ] {
        assert_eq!(error.kind(), io::ErrorKind::InvalidFilename);
    }
}

#[test]
fn the_file_that_is_stored_of_an_archive_and_its_hash_are_read_without_an_identity() {
    for links in [false, true] {
        let directory = empty_directory();
        let opened = KEYS.open_without_identity(directory.path());
        let file = opened.create(TEMPORARY).expect("the name is free");
        file.append(&content(3 * CHUNK))
            .expect("it can be appended");
        file.sync().expect("it can be made durable");
        let moved = if links {
            opened.link(TEMPORARY, ARCHIVE)
        } else {
            opened.rename(TEMPORARY, ARCHIVE)
        };
        moved.expect("it is encrypted");
        let stored = fs::read(directory.path().join(STORED)).expect("it is stored");
        assert!(read(&opened, STORED).expect("it can be read") == stored);
        let hash = read(&opened, HASH).expect("it was written here");
        assert_eq!(hash, blake3::hash(&stored).to_hex().as_bytes());
        assert!(!names(&opened).contains(&HASH.to_owned()));
    }
}

#[test]
fn the_file_that_is_stored_of_an_archive_is_not_read_instead_of_its_content() {
    let directory = empty_directory();
    put(&KEYS.open(directory.path()), &content(10));
    for keys in [&*KEYS, &Keys::new()] {
        let opened = keys.open(directory.path());
        let error = opened.open(STORED).map(drop).expect_err("it is hidden");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

#[test]
fn the_hash_of_an_archive_is_known_only_where_it_was_written() {
    let directory = empty_directory();
    put(&KEYS.open(directory.path()), &content(10));
    let opened = KEYS.open(directory.path());
    let error = opened
        .open(HASH)
        .map(drop)
        .expect_err("another run wrote it");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

/// A file on a disk that is full.
struct FullDisk;

impl File for FullDisk {
    fn metadata(&self) -> io::Result<Metadata> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read(&self, _: u64, _: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn append(&self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns an archive that is encrypted on a disk that is full.
fn archive_on_a_full_disk() -> NewFile {
    let (name, recipients) = (TEMPORARY.to_owned(), KEYS.recipients.clone());
    NewFile::new(
        Box::new(FullDisk),
        name,
        recipients,
        SealedArchives::default(),
    )
}

#[test]
fn an_error_of_the_inner_file_is_reported_when_an_archive_is_synced() {
    let file = archive_on_a_full_disk();
    file.append(&content(10)).expect("it is not appended yet");
    let error = file.sync().expect_err("the disk is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(file.sync().is_err());
}

#[test]
fn an_error_of_the_inner_file_is_reported_by_a_later_append() {
    let file = archive_on_a_full_disk();
    let archive = content(8 << 20);
    let appended = (0..4).try_for_each(|_| file.append(&archive));
    let error = appended.expect_err("the disk is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(file.sync().is_err());
}

#[test]
fn an_archive_that_is_given_up_stays_incomplete() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    let file = opened.create(TEMPORARY).expect("the name is free");
    file.append(&content(6 << 20)).expect("it can be appended");
    drop(file);
    fs::rename(
        directory.path().join(TEMPORARY),
        directory.path().join(STORED),
    )
    .expect("it exists");
    assert!(read(&opened, ARCHIVE).is_err());
}

#[test]
fn without_an_identity_everything_but_reading_works() {
    let directory = empty_directory();
    let sender = KEYS.open_without_identity(directory.path());
    for length in [2, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 200_000] {
        let archive = content(length);
        put(&sender, &archive);
        let file = sender.open(ARCHIVE).expect("it exists");
        let error = file.read(0, 10).expect_err("it is encrypted");
        assert!(
            SealError::of(&error) == Some(SealError::IdentityMissing),
            "{error}"
        );
        let size = length as u64;
        assert_eq!(file.metadata().expect("it is open").size, size);
        assert_eq!(sender.metadata(ARCHIVE).expect("it exists").size, size);
        file.sync().expect("it can be made durable");
        let read = read(&KEYS.open(directory.path()), ARCHIVE).expect("it can be read");
        assert!(read == archive, "{length}");
    }
    sender.remove(ARCHIVE).expect("it exists");
}

#[test]
fn the_directory_of_an_encrypted_backup_is_recognized() {
    let (directory, other) = (empty_directory(), empty_directory());
    let opened = KEYS.open(directory.path());
    let system =
        |path| cap_primitives::fs::open_ambient_dir(path, cap_primitives::ambient_authority());
    let own = system(directory.path()).expect("it exists");
    assert!(opened.is_stored_in(&own));
    assert!(!opened.is_stored_in(&system(other.path()).expect("it exists")));
}

#[test]
fn another_identity_opens_nothing() {
    let directory = empty_directory();
    put(&KEYS.open(directory.path()), &content(10));
    let other = Keys::new().open(directory.path());
    let error = read(&other, ARCHIVE).expect_err("it is for another one");
    assert!(
        SealError::of(&error) == Some(SealError::IdentityMissing),
        "{error}"
    );
}

#[test]
fn each_of_several_recipients_opens_an_archive() {
    let directory = empty_directory();
    let all = [Keys::new(), Keys::new(), Keys::new()];
    let recipients: Recipients = all
        .iter()
        .flat_map(|keys| keys.recipients.clone())
        .collect();
    put(
        &encrypted(directory.path(), recipients, Identities::default()),
        &content(10),
    );
    for keys in &all {
        let read = read(&keys.open(directory.path()), ARCHIVE);
        assert_eq!(read.expect("it can be read"), content(10));
    }
}

#[test]
fn an_empty_file_of_age_is_read() {
    let directory = empty_directory();
    let recipient = KEYS.recipients.keys().next().expect("there is one");
    let empty = ::age::Encryptor::with_recipients(std::iter::once(recipient))
        .expect("there is a recipient")
        .wrap_output(Vec::new())
        .and_then(age::stream::StreamWriter::finish)
        .expect("it can be encrypted");
    fs::write(directory.path().join(STORED), empty).expect("it can be written");
    assert_eq!(
        read(&KEYS.open(directory.path()), ARCHIVE).expect("it can be read"),
        b""
    );
}

#[test]
fn every_damage_is_reported_and_nothing_damaged_is_returned() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    let path = directory.path().join(STORED);
    let archive = content(2 * CHUNK + 100);
    put(&opened, &archive);
    let intact = fs::read(&path).expect("it exists");
    let header = intact.len() - archive.len() - 3 * 16;
    let flipped = |position: usize| {
        let mut bytes = intact.clone();
        bytes[position] ^= 1;
        bytes
    };
    let chunk = CHUNK + 16;
    let without = |from: usize, to: usize| [&intact[..from], &intact[to..]].concat();
    let mut damaged: Vec<(String, Vec<u8>)> = (0..header)
        .chain([header, header + chunk, header + 2 * chunk, intact.len() - 1])
        .map(|position| (format!("bit {position}"), flipped(position)))
        .collect();
    for end in [
        0,
        10,
        header - 1,
        header,
        header + 1,
        header + 16,
        header + chunk,
        header + 2 * chunk,
        intact.len() - 1,
    ] {
        damaged.push((format!("truncated to {end}"), intact[..end].to_vec()));
    }
    damaged.push(("a byte more".to_owned(), [&intact[..], b"x"].concat()));
    damaged.push((
        "a chunk more".to_owned(),
        [&intact[..], &intact[header..header + chunk]].concat(),
    ));
    damaged.push(("no first chunk".to_owned(), without(header, header + chunk)));
    damaged.push((
        "no second chunk".to_owned(),
        without(header + chunk, header + 2 * chunk),
    ));
    damaged.push(("not encrypted".to_owned(), archive.clone()));
    for (what, bytes) in damaged {
        fs::write(&path, bytes).expect("it can be written");
        opened.metadata(ARCHIVE).expect("the file exists");
        let error = read(&opened, ARCHIVE).expect_err(&what);
        let is_clear = SealError::of(&error).is_some_and(|cause| match cause {
            SealError::Damaged(_) => true,
            // A changed stanza may be one for another recipient.
            SealError::IdentityMissing => what.starts_with("bit"),
        });
        assert!(is_clear, "{what}: {error}");
    }
}

#[test]
fn a_header_without_an_end_is_not_read_as_a_whole() {
    let directory = empty_directory();
    let endless = [
        &b"age-encryption.org/v1\n-> X25519 "[..],
        &vec![b'a'; 9 << 20],
    ]
    .concat();
    fs::write(directory.path().join(STORED), endless).expect("it can be written");
    let (counting, largest) = Counting::new(directory.path());
    let opened = Encrypted::new(counting, Recipients::default(), KEYS.identities.clone());
    let error = read(&opened, ARCHIVE).expect_err("it is damaged");
    assert!(matches!(SealError::of(&error), Some(SealError::Damaged(_))));
    assert!(largest.load(Ordering::Relaxed) <= 1 << 20);
}

#[test]
fn the_block_that_follows_is_read_while_one_is_decrypted() {
    let directory = empty_directory();
    let (counting, _) = Counting::new(directory.path());
    let total = Arc::clone(&counting.total);
    let opened = Encrypted::new(counting, KEYS.recipients.clone(), KEYS.identities.clone());
    put(&opened, &content(4 << 20));
    let file = opened.open(ARCHIVE).expect("it exists");
    total.store(0, Ordering::Relaxed);
    for start in (0..600 << 10).step_by(CHUNK) {
        file.read(start, CHUNK).expect("it can be read");
    }
    // This waits for a running read.
    drop(file);
    // Blocks of 256 and 512 KiB hold what was read, and one of 256 KiB the end.
    let total = total.load(Ordering::Relaxed);
    assert!(total > 1500 << 10, "{total} bytes were read");
}

#[test]
fn blocks_are_bounded_and_each_is_read_once_from_start_to_end() {
    let directory = empty_directory();
    let archive = content(20 << 20);
    let (counting, largest) = Counting::new(directory.path());
    let total = Arc::clone(&counting.total);
    let opened = Encrypted::new(counting, KEYS.recipients.clone(), KEYS.identities.clone());
    put(&opened, &archive);
    assert!(largest.load(Ordering::Relaxed) <= 5 << 20);
    let file = opened.open(ARCHIVE).expect("it exists");
    total.store(0, Ordering::Relaxed);
    for (number, block) in archive.chunks(CHUNK).enumerate() {
        let read = file
            .read((number * CHUNK) as u64, CHUNK)
            .expect("it can be read");
        assert!(read == block, "{number}");
        // The end is read in between, as that of an archive is.
        let end = file
            .read(archive.len() as u64 - 10, 10)
            .expect("it can be read");
        assert!(end == archive[archive.len() - 10..]);
    }
    assert!(largest.load(Ordering::Relaxed) <= 5 << 20);
    let total = total.load(Ordering::Relaxed);
    assert!(total <= archive.len() + (4 << 20), "{total}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_part_read_equals_the_plaintext(
        length in prop_oneof![2..300_usize, (1..4_usize).prop_map(|chunks| chunks * CHUNK), 2..2_500_000_usize],
        parts in prop::collection::vec((any::<prop::sample::Index>(), 0..200_000_usize), 1..12),
        split in 1..300_000_usize,
    ) {
        let directory = empty_directory();
        let opened = KEYS.open(directory.path());
        let archive = content(length);
        let file = opened.create(TEMPORARY).expect("the name is free");
        for part in archive.chunks(split) {
            file.append(part).expect("it can be appended");
        }
        file.sync().expect("it can be made durable");
        let file = opened.open(TEMPORARY).expect("it exists");
        for (start, count) in parts {
            // The end, and what follows it, included.
            let start = start.index(length + 3);
            let expected = archive.get(start..).unwrap_or_default();
            let expected = &expected[..count.min(expected.len())];
            let read = file.read(start as u64, count).expect("it can be read");
            prop_assert!(read == expected, "{start}, {count}");
        }
    }
}

/// Runs a program of Debian's package `age`.
fn run(program: &str, arguments: &[&OsStr]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("scripts/setup.sh tests installs it");
    assert!(output.status.success(), "{program} {arguments:?}");
    output.stdout
}

#[test]
fn age_itself_opens_an_archive_and_its_files_are_read() {
    let directory = empty_directory();
    let opened = KEYS.open(directory.path());
    let archive = content(200_000);
    put(&opened, &archive);
    let key = directory.path().join("key");
    fs::write(&key, &KEYS.file).expect("it can be written");
    let stored = directory.path().join(STORED);
    let decrypted = run(
        "age",
        &["-d".as_ref(), "-i".as_ref(), key.as_ref(), stored.as_ref()],
    );
    assert!(decrypted == archive);

    let plain = directory.path().join("plain");
    fs::write(&plain, content(300_000)).expect("it can be written");
    let recipient: String = KEYS
        .recipients
        .clone()
        .into_iter()
        .map(String::from)
        .collect();
    run(
        "age",
        &[
            "-r".as_ref(),
            recipient.as_ref(),
            "-o".as_ref(),
            stored.as_ref(),
            plain.as_ref(),
        ],
    );
    assert!(read(&opened, ARCHIVE).expect("it can be read") == content(300_000));
}

#[test]
fn keys_of_ssh_are_those_of_age() {
    for type_ in ["ed25519", "rsa"] {
        let directory = empty_directory();
        let key = directory.path().join("key");
        run(
            "ssh-keygen",
            &[
                "-q".as_ref(),
                "-t".as_ref(),
                type_.as_ref(),
                "-N".as_ref(),
                "".as_ref(),
                "-f".as_ref(),
                key.as_ref(),
            ],
        );
        let public = fs::read(key.with_extension("pub")).expect("it was created");
        let private = fs::read(&key).expect("it was created");
        let opened = encrypted(
            directory.path(),
            Recipients::parse(&public).expect("it is a recipient"),
            Identities::parse(&private).expect("it is an identity"),
        );
        put(&opened, &content(10));
        assert_eq!(read(&opened, ARCHIVE).expect("it can be read"), content(10));
        let stored = directory.path().join(STORED);
        let decrypted = run(
            "age",
            &["-d".as_ref(), "-i".as_ref(), key.as_ref(), stored.as_ref()],
        );
        assert_eq!(decrypted, content(10), "{type_}");

        run(
            "ssh-keygen",
            &[
                "-q".as_ref(),
                "-p".as_ref(),
                "-N".as_ref(),
                "secret".as_ref(),
                "-f".as_ref(),
                key.as_ref(),
            ],
        );
        let protected = Identities::parse(&fs::read(&key).expect("it exists"));
        assert_eq!(
            protected.err(),
            Some(crate::KeyFileError::Passphrase),
            "{type_}"
        );
    }
}

/// A directory that counts the bytes of its calls.
struct Counting {
    inner: super::super::local::Local,
    /// The largest number of bytes of a call.
    largest: Arc<AtomicUsize>,
    /// The number of bytes that were read.
    total: Arc<AtomicUsize>,
}

struct CountingFile {
    inner: Box<dyn File>,
    largest: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
}

impl Counting {
    fn new(path: &Path) -> (Arc<Self>, Arc<AtomicUsize>) {
        let largest = Arc::default();
        let counting = Self {
            inner: open_directory(path),
            largest: Arc::clone(&largest),
            total: Arc::default(),
        };
        (Arc::new(counting), largest)
    }

    fn counted(&self, inner: Box<dyn File>) -> Box<dyn File> {
        Box::new(CountingFile {
            inner,
            largest: Arc::clone(&self.largest),
            total: Arc::clone(&self.total),
        })
    }
}

impl Directory for Counting {
    fn entries(&self) -> io::Result<Vec<Entry>> {
        self.inner.entries()
    }

    fn metadata(&self, name: &str) -> io::Result<Metadata> {
        self.inner.metadata(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.inner.open(name).map(|file| self.counted(file))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.inner.create(name).map(|file| self.counted(file))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.link(from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.inner.sync()
    }
}

impl File for CountingFile {
    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.largest.fetch_max(length, Ordering::Relaxed);
        let bytes = self.inner.read(offset, length)?;
        self.total.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.largest.fetch_max(bytes.len(), Ordering::Relaxed);
        self.inner.append(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.inner.sync()
    }
}
