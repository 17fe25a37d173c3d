//! The sample store: license documents of every kind, each with the expected result of a backup.
//!
//! [`SampleStore`] describes a store and [`SampleStore::files`] generates it. The same seed always
//! generates the same bytes under the same names. Names that other systems cannot store are
//! generated only on Linux.
//!
//! The catalogue contains each special case once. The ordinary licenses may all be backed up and
//! have one size. The ordinary publications, each of which contains such a license, have about one
//! size. All keys, signatures and IDs are random filler.

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

/// The smallest size of an ordinary license, in bytes. Every kind of license can have it.
pub const MINIMUM_SIZE: usize = 2048;

/// The largest size of a license document that can be backed up, in bytes.
pub const MAXIMUM_SIZE: usize = 1 << 20;

/// The smallest size of an ordinary publication, in bytes.
pub const MINIMUM_PUBLICATION_SIZE: usize = 16 << 10;

/// The largest size of an ordinary publication, in bytes. Publications are generated in memory.
pub const MAXIMUM_PUBLICATION_SIZE: usize = 1 << 30;

/// The number of ordinary licenses per directory.
const LICENSES_PER_DIRECTORY: u64 = 1000;

/// The result that a backup must have for a file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The license document is in the backup, bit for bit.
    BackedUp,
    /// The file is a publication whose license document is in the backup as another file of the
    /// store. A backup reports nothing about it.
    Duplicate,
    /// The file is skipped. The reason is a `restriction` of `wit/types.wit`.
    Restricted(&'static str),
    /// The file is reported as an error. The code is an `error-code` of `wit/types.wit`.
    Error(&'static str),
}

/// The identity of a license document, like a `license-identity` of `wit/types.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The format, a `license-format` of `wit/types.wit`. `None` represents any other format.
    pub format: Option<&'static str>,
    /// The license IDs, in the order of the document.
    pub license_ids: Vec<String>,
    /// The key IDs, in the order of the document.
    pub key_ids: Vec<String>,
    /// The end of the rights, as written in the document.
    pub rights_end: Option<String>,
}

/// A license document inside a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedLicense {
    /// The entry of the publication that contains the document.
    pub entry: &'static str,
    /// The bytes of the document.
    pub document: Vec<u8>,
}

/// A file of the sample store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLicense {
    /// The path below the store.
    pub path: PathBuf,
    /// The content. It is empty if this is not a regular file.
    pub bytes: Vec<u8>,
    /// The license document inside the file, if it is a publication with a readable one.
    pub embedded: Option<EmbeddedLicense>,
    /// The identity of the license document.
    pub identity: Identity,
    /// The expected result of a backup.
    pub expected: Expected,
}

impl SampleLicense {
    /// Returns the path that events and listings must report, with `/` between its parts: that of
    /// the file, or that of its parent if the name of the file is not UTF-8.
    ///
    /// # Panics
    ///
    /// If the path of the parent is not UTF-8 either, which does not occur in the sample store.
    #[must_use]
    pub fn reported_path(&self) -> String {
        let path = if self.path.to_str().is_some() {
            &self.path
        } else {
            self.path.parent().unwrap_or(&self.path)
        };
        with_slashes(path)
    }

    /// Returns the path below the store to which the license document is restored: the path of the
    /// file, with `.lcpl` appended if it is a publication.
    #[must_use]
    pub fn restored_path(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        if self.embedded.is_some() {
            path.push(".lcpl");
        }
        path.into()
    }

    /// Returns the path of the license document in a backup, with `/` between its parts.
    ///
    /// # Panics
    ///
    /// If the path is not UTF-8. Such a file is not backed up.
    #[must_use]
    pub fn backup_path(&self) -> String {
        with_slashes(&self.restored_path())
    }

    /// Returns the license document: the one inside a publication, or the content of the file.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        self.embedded
            .as_ref()
            .map_or(&self.bytes, |embedded| &embedded.document)
    }

    /// Writes the file below `store`, and creates its directory if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns the error of the file system. An existing file is
    /// [`io::ErrorKind::AlreadyExists`].
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
        .map(|part| part.to_str().expect("the path is UTF-8"))
        .collect();
    parts.join("/")
}

/// A document that has no path in the store yet.
#[derive(Debug, Clone)]
struct Document {
    bytes: Vec<u8>,
    identity: Identity,
    embedded: Option<EmbeddedLicense>,
}

impl Document {
    /// Returns a license document.
    fn new(bytes: impl Into<Vec<u8>>, identity: Identity) -> Self {
        Self {
            bytes: bytes.into(),
            identity,
            embedded: None,
        }
    }

    /// Returns a document that is not a license.
    fn foreign(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Identity::default())
    }

    /// Returns the document with other bytes.
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

/// Returns documents as files of one directory, with the same expected result.
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

/// The parameters of a sample store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleStore {
    /// The seed of all random parts.
    pub seed: u64,
    /// `true` if the store contains the catalogue: every special case, once.
    pub catalogue: bool,
    /// The number of ordinary licenses.
    pub licenses: u64,
    /// The size of each ordinary license in bytes, from [`MINIMUM_SIZE`] to [`MAXIMUM_SIZE`].
    pub size: usize,
    /// The number of ordinary publications, each with a license inside.
    pub publications: u64,
    /// The approximate size of each ordinary publication in bytes, from
    /// [`MINIMUM_PUBLICATION_SIZE`] to [`MAXIMUM_PUBLICATION_SIZE`].
    pub publication_size: usize,
}

impl Default for SampleStore {
    /// Returns the parameters of a store that contains only the catalogue.
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
    /// Returns the parameters of a store that contains only ordinary licenses of 4096 bytes.
    #[must_use]
    pub fn ordinary(licenses: u64) -> Self {
        Self {
            catalogue: false,
            licenses,
            ..Self::default()
        }
    }

    /// Returns the parameters of a store that contains only ordinary publications of about this
    /// size.
    #[must_use]
    pub fn of_publications(publications: u64, publication_size: usize) -> Self {
        Self {
            publications,
            publication_size,
            ..Self::ordinary(0)
        }
    }

    /// Returns the files of the store, the catalogue first. Each ordinary file is generated when
    /// the iterator reaches it.
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

    /// Creates `directory` and writes the store into it. Returns the files.
    ///
    /// # Errors
    ///
    /// Returns the error of the file system. An existing file is
    /// [`io::ErrorKind::AlreadyExists`].
    pub fn write_into(self, directory: &Path) -> io::Result<Vec<SampleLicense>> {
        fs::create_dir_all(directory)?;
        self.files()
            .map(|file| file.write_into(directory).map(|()| file))
            .collect()
    }
}

/// Returns every special case, once.
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

/// Returns a license that may be backed up. Of seven licenses, four are WMDRM version 2, and one
/// each is WMDRM version 3, XMR and LCP.
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
                "there should be a file with the result {expected:?}"
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
                "there should be a file of the format {format:?}"
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
                    "{bytes} bytes should be about {size}"
                );
            }
        }
    }

    #[test]
    fn the_backup_path_of_a_publication_has_the_suffix_lcpl() {
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
