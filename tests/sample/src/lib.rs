//! The sample store: license documents of every kind, each with what must become of it.
//!
//! [`SampleStore`] says what is in it and [`SampleStore::files`] makes it, one file after the other. The same seed
//! gives the same bytes under the same names, always; names that only Linux can hold are there on Linux alone. The
//! catalogue has each special case once; the ordinary licenses are all allowed to be backed up and
//! all of one size, and so are the ordinary publications, each with a license inside. All keys,
//! signatures and IDs are random filler.

mod formats;
mod lcp;
mod names;
mod playready;
mod publications;
mod random;
mod sizes;
mod special;
mod wmdrm;
mod xmr;
mod zip;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use special::write_special_files;

use random::Random;

/// The smallest size that every kind of ordinary license can have, in bytes.
pub const MINIMUM_SIZE: usize = 2048;

/// The largest size that a license document may have, in bytes.
pub const MAXIMUM_SIZE: usize = 1 << 20;

/// The smallest size that an ordinary publication can have, in bytes.
pub const MINIMUM_PUBLICATION_SIZE: usize = 16 << 10;

/// The largest size that an ordinary publication can have, in bytes. It is made in memory.
pub const MAXIMUM_PUBLICATION_SIZE: usize = 1 << 30;

/// How many ordinary licenses share a directory.
const LICENSES_PER_DIRECTORY: u64 = 1000;

/// What is to become of a file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Its license document is in the backup, bit for bit.
    BackedUp,
    /// It is a publication whose license document is in the backup as another file of the store. A
    /// backup reports nothing about it.
    Duplicate,
    /// It is left out; the reason is a `restriction` of `wit/types.wit`.
    Restricted(&'static str),
    /// It is told as an error; the code is an `error-code` of `wit/types.wit`.
    Error(&'static str),
}

/// What a document says of itself, after `license-identity` of `wit/types.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The format, a `license-format` of `wit/types.wit`, or nothing when it is none of them.
    pub format: Option<&'static str>,
    /// The license IDs in the order of the document.
    pub license_ids: Vec<String>,
    /// The key IDs in the order of the document.
    pub key_ids: Vec<String>,
    /// When the rights end, as it stands in the document.
    pub rights_end: Option<String>,
}

/// A license document inside a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedLicense {
    /// The entry of the publication that holds it.
    pub entry: &'static str,
    /// Its bytes.
    pub document: Vec<u8>,
}

/// A file of the sample store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLicense {
    /// Its path below the store.
    pub path: PathBuf,
    /// Its content; empty for what is no regular file.
    pub bytes: Vec<u8>,
    /// The license document inside it, if it is a publication with one that can be read.
    pub embedded: Option<EmbeddedLicense>,
    /// What the license document says of itself.
    pub identity: Identity,
    /// What must become of it.
    pub expected: Expected,
}

impl SampleLicense {
    /// The path that events and listings must name: that of the file, with `/` between its parts, or that of its
    /// parent when its name is not UTF-8.
    ///
    /// # Panics
    ///
    /// When the parent's path is not UTF-8 either, which no file of the sample store has.
    #[must_use]
    pub fn reported_path(&self) -> String {
        let path = if self.path.to_str().is_some() {
            &self.path
        } else {
            self.path.parent().unwrap_or(&self.path)
        };
        with_slashes(path)
    }

    /// Returns the path that its license document has below the store when it is restored: its own,
    /// or that of a publication with `.lcpl` appended.
    #[must_use]
    pub fn restored_path(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        if self.embedded.is_some() {
            path.push(".lcpl");
        }
        path.into()
    }

    /// Returns the path that its license document has in a backup, with `/` between its parts.
    ///
    /// # Panics
    ///
    /// When the path is not UTF-8, which that of no license in a backup is.
    #[must_use]
    pub fn backup_path(&self) -> String {
        with_slashes(&self.restored_path())
    }

    /// Returns its license document: the one inside it if it is a publication, or else its content.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        self.embedded
            .as_ref()
            .map_or(&self.bytes, |embedded| &embedded.document)
    }

    /// Writes the file below `store`, which need not have its directory yet.
    ///
    /// # Errors
    ///
    /// As the file system says; a file that is there already is [`io::ErrorKind::AlreadyExists`].
    pub fn write_into(&self, store: &Path) -> io::Result<()> {
        let path = store.join(&self.path);
        match fs::File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(store))?;
                fs::File::create_new(&path)
            }
            created => created,
        }
        .and_then(|mut file| io::Write::write_all(&mut file, &self.bytes))
    }
}

/// Returns a path with `/` between its parts.
fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path
        .iter()
        .map(|part| part.to_str().expect("it is UTF-8"))
        .collect();
    parts.join("/")
}

/// What a document is, before it has a place in the store.
#[derive(Debug, Clone)]
struct Document {
    bytes: Vec<u8>,
    identity: Identity,
    embedded: Option<EmbeddedLicense>,
}

impl Document {
    /// A license document.
    fn new(bytes: impl Into<Vec<u8>>, identity: Identity) -> Self {
        Self {
            bytes: bytes.into(),
            identity,
            embedded: None,
        }
    }

    /// Bytes that are no license.
    fn foreign(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Identity::default())
    }

    /// The same document with other bytes.
    fn with_bytes(self, bytes: Vec<u8>) -> Self {
        Self { bytes, ..self }
    }

    fn at(self, path: impl Into<PathBuf>, expected: Expected) -> SampleLicense {
        let Self {
            bytes,
            identity,
            embedded,
        } = self;
        SampleLicense {
            path: path.into(),
            bytes,
            embedded,
            identity,
            expected,
        }
    }
}

/// Documents as files of a directory, all of which have the same fate.
fn in_directory<'n>(
    directory: &str,
    documents: impl IntoIterator<Item = (&'n str, Document)>,
    expected: Expected,
) -> Vec<SampleLicense> {
    let place = |(name, document): (&'n str, Document)| {
        let path = format!("{directory}/{name}");
        document.at(path, expected)
    };
    documents.into_iter().map(place).collect()
}

/// What a sample store consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleStore {
    /// What all random parts are drawn from.
    pub seed: u64,
    /// Whether every special case is there, once.
    pub catalogue: bool,
    /// The number of ordinary licenses.
    pub licenses: u64,
    /// The size of each ordinary license in bytes, from [`MINIMUM_SIZE`] to [`MAXIMUM_SIZE`].
    pub size: usize,
    /// The number of ordinary publications, each with a license inside.
    pub publications: u64,
    /// The size of each ordinary publication in bytes, give or take some: from
    /// [`MINIMUM_PUBLICATION_SIZE`] to [`MAXIMUM_PUBLICATION_SIZE`].
    pub publication_size: usize,
}

impl Default for SampleStore {
    /// The catalogue and nothing else.
    fn default() -> Self {
        let (size, publication_size) = (4096, 2 << 20);
        Self {
            seed: 1,
            catalogue: true,
            licenses: 0,
            size,
            publications: 0,
            publication_size,
        }
    }
}

impl SampleStore {
    /// A store of ordinary licenses of 4096 bytes, and of nothing else.
    #[must_use]
    pub fn ordinary(licenses: u64) -> Self {
        Self {
            catalogue: false,
            licenses,
            ..Self::default()
        }
    }

    /// A store of ordinary publications of about this size, and of nothing else.
    #[must_use]
    pub fn of_publications(publications: u64, publication_size: usize) -> Self {
        Self {
            publications,
            publication_size,
            ..Self::ordinary(0)
        }
    }

    /// The files of the store, first the catalogue. Each is made when it is asked for.
    pub fn files(self) -> impl Iterator<Item = SampleLicense> {
        let catalogue = if self.catalogue {
            catalogue(self.seed)
        } else {
            Vec::new()
        };
        let Self {
            seed,
            publications,
            publication_size,
            ..
        } = self;
        let license = move |index| ordinary_license(seed, index, self.size);
        let publication = move |index| publications::ordinary(seed, index, publication_size);
        let publications = (0..publications).map(publication);
        catalogue
            .into_iter()
            .chain((0..self.licenses).map(license))
            .chain(publications)
    }

    /// Writes the store into `directory`, which is created, and returns its files.
    ///
    /// # Errors
    ///
    /// As the file system says; a file that is there already is [`io::ErrorKind::AlreadyExists`].
    pub fn write_into(self, directory: &Path) -> io::Result<Vec<SampleLicense>> {
        fs::create_dir_all(directory)?;
        self.files()
            .map(|file| file.write_into(directory).map(|()| file))
            .collect()
    }
}

/// Every special case, once.
fn catalogue(seed: u64) -> Vec<SampleLicense> {
    let mut files = formats::catalogue(&mut Random::new(seed, "formats"));
    files.extend(names::catalogue(&mut Random::new(seed, "names")));
    files.extend(sizes::catalogue(&mut Random::new(seed, "sizes")));
    files.extend(publications::catalogue(&mut Random::new(
        seed,
        "publications",
    )));
    files
}

/// One license that may be backed up: of seven, four are WMDRM version 2, and one each WMDRM version 3, XMR and LCP.
fn ordinary_license(seed: u64, index: u64, size: usize) -> SampleLicense {
    let mut random = Random::new(seed, &format!("license {index}"));
    let (document, extension) = match index % 7 {
        0..4 => (wmdrm::allowed(&mut random, size), "lic"),
        4 => (wmdrm::allowed_version_3(&mut random, size), "lic"),
        5 => (xmr::allowed(&mut random, size), "xmr"),
        _ => (lcp::allowed(&mut random, size), "lcpl"),
    };
    let directory = index / LICENSES_PER_DIRECTORY;
    document.at(
        format!("ordinary/{directory:04}/{index:07}.{extension}"),
        Expected::BackedUp,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn files(seed: u64) -> Vec<SampleLicense> {
        let store = SampleStore {
            seed,
            licenses: 20,
            publications: 2,
            ..SampleStore::default()
        };
        store.files().collect()
    }

    #[test]
    fn the_same_seed_yields_the_same_files() {
        assert_eq!(files(7), files(7));
    }

    #[test]
    fn another_seed_yields_other_bytes_with_the_same_names() {
        for (one, other) in files(7).into_iter().zip(files(8)) {
            assert_eq!((&one.path, one.expected), (&other.path, other.expected));
            if !one.identity.license_ids.is_empty() || !one.identity.key_ids.is_empty() {
                assert_ne!(one.bytes, other.bytes, "{}", one.path.display());
                assert_ne!(one.identity, other.identity, "{}", one.path.display());
            }
        }
    }

    #[test]
    fn the_bytes_of_a_seed_never_change() {
        let mut hasher = blake3::Hasher::new();
        for file in SampleStore::ordinary(7).files() {
            hasher
                .update(file.reported_path().as_bytes())
                .update(&file.bytes);
        }
        assert_eq!(
            hasher.finalize().to_hex().as_str(),
            "34659e735b1937980a73fcb237798abc903c47495ad36fab45bc5599c29ff65b"
        );
    }

    #[test]
    fn every_path_is_unique() {
        let files = files(7);
        let paths: BTreeSet<_> = files.iter().map(|file| &file.path).collect();
        assert_eq!(paths.len(), files.len());
    }

    #[test]
    fn every_expectation_and_every_format_occurs() {
        let files = files(7);
        for expected in [
            Expected::BackedUp,
            Expected::Duplicate,
            Expected::Restricted("not-permitted"),
            Expected::Restricted("conditional"),
            Expected::Restricted("opaque"),
            Expected::Restricted("unrecognized"),
            Expected::Restricted("protected-store"),
            Expected::Restricted("status-document"),
            Expected::Restricted("error-response"),
            Expected::Error("malformed"),
            Expected::Error("too-large"),
            Expected::Error("shadowed"),
        ] {
            assert!(
                files.iter().any(|file| file.expected == expected),
                "no file for {expected:?}"
            );
        }
        for format in [
            Some("wmdrm"),
            Some("xmr"),
            Some("playready"),
            Some("lcp"),
            None,
        ] {
            assert!(
                files.iter().any(|file| file.identity.format == format),
                "no file of format {format:?}"
            );
        }
    }

    #[test]
    fn an_ordinary_license_has_the_requested_size() {
        for size in [MINIMUM_SIZE, 4096, 4097, 4098, 4099, MAXIMUM_SIZE] {
            for file in (SampleStore {
                size,
                ..SampleStore::ordinary(7)
            })
            .files()
            {
                assert_eq!(file.bytes.len(), size, "{}", file.path.display());
            }
        }
    }

    #[test]
    fn an_ordinary_publication_has_about_the_requested_size() {
        for size in [MINIMUM_PUBLICATION_SIZE, 100_000, 2 << 20] {
            for file in SampleStore::of_publications(2, size).files() {
                let bytes = file.bytes.len();
                assert!(
                    (size - 100..=size).contains(&bytes),
                    "{bytes} instead of {size}"
                );
            }
        }
    }

    #[test]
    fn the_backup_path_of_an_embedded_license_is_the_publications() {
        for file in SampleStore::of_publications(2, 100_000).files() {
            assert_eq!(file.backup_path(), format!("{}.lcpl", file.reported_path()));
        }
    }

    #[test]
    fn every_backup_path_is_unique() {
        let files = files(7);
        let is_backed_up = |file: &&SampleLicense| file.expected == Expected::BackedUp;
        let backed_up: Vec<_> = files.iter().filter(is_backed_up).collect();
        let paths: BTreeSet<_> = backed_up.iter().map(|file| file.backup_path()).collect();
        assert_eq!(paths.len(), backed_up.len());
    }

    #[test]
    fn a_written_store_has_the_returned_files() {
        let directory = tempfile::tempdir().unwrap();
        let store = SampleStore {
            licenses: 3,
            ..SampleStore::default()
        };
        for file in store.write_into(directory.path()).unwrap() {
            assert_eq!(
                fs::read(directory.path().join(&file.path)).unwrap(),
                file.bytes,
                "{}",
                file.path.display()
            );
        }
    }
}
