//! The sample store: license documents of every kind, each with what must become of it.
//!
//! [`SampleStore`] says what is in it and [`SampleStore::files`] makes it, one file after the other. The same seed
//! gives the same bytes under the same names, always; names that only Linux can hold are there on Linux alone. The
//! catalogue has each special case once; the ordinary licenses are all allowed to be backed up and all of one size. All
//! keys, signatures and IDs are random filler.

mod formats;
mod lcp;
mod names;
mod random;
mod sizes;
mod special;
mod wmdrm;
mod xmr;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use special::write_special_files;

use random::Random;

/// The smallest size that every kind of ordinary license can have, in bytes.
pub const MINIMUM_SIZE: usize = 2048;

/// The largest size that a license document may have, in bytes.
pub const MAXIMUM_SIZE: usize = 1 << 20;

/// How many ordinary licenses share a directory.
const LICENSES_PER_DIRECTORY: u64 = 1000;

/// What is to become of a file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It is in the backup, bit for bit.
    BackedUp,
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
}

/// A file of the sample store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLicense {
    /// Its path below the store.
    pub path: PathBuf,
    /// Its content; empty for what is no regular file.
    pub bytes: Vec<u8>,
    /// What it says of itself.
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
    pub fn told_path(&self) -> String {
        let path = if self.path.to_str().is_some() { &self.path } else { self.path.parent().unwrap_or(&self.path) };
        let parts: Vec<_> =
            path.iter().map(|part| part.to_str().expect("a directory of the sample is UTF-8")).collect();
        parts.join("/")
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

/// What a document is, before it has a place in the store.
#[derive(Debug, Clone)]
struct Document {
    bytes: Vec<u8>,
    identity: Identity,
}

impl Document {
    /// Bytes that are no license.
    fn foreign(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), identity: Identity::default() }
    }

    /// The same document with other bytes.
    fn with_bytes(self, bytes: Vec<u8>) -> Self {
        Self { bytes, ..self }
    }

    fn at(self, path: impl Into<PathBuf>, expected: Expected) -> SampleLicense {
        SampleLicense { path: path.into(), bytes: self.bytes, identity: self.identity, expected }
    }
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
}

impl Default for SampleStore {
    /// The catalogue and nothing else.
    fn default() -> Self {
        Self { seed: 1, catalogue: true, licenses: 0, size: 4096 }
    }
}

impl SampleStore {
    /// A store of ordinary licenses of 4096 bytes, and of nothing else.
    #[must_use]
    pub fn ordinary(licenses: u64) -> Self {
        Self { catalogue: false, licenses, ..Self::default() }
    }

    /// The files of the store, first the catalogue. Each is made when it is asked for.
    pub fn files(self) -> impl Iterator<Item = SampleLicense> {
        let catalogue = if self.catalogue { catalogue(self.seed) } else { Vec::new() };
        catalogue.into_iter().chain((0..self.licenses).map(move |index| ordinary_license(self.seed, index, self.size)))
    }

    /// Writes the store into `directory`, which is created, and returns its files.
    ///
    /// # Errors
    ///
    /// As the file system says; a file that is there already is [`io::ErrorKind::AlreadyExists`].
    pub fn write_into(self, directory: &Path) -> io::Result<Vec<SampleLicense>> {
        fs::create_dir_all(directory)?;
        self.files().map(|file| file.write_into(directory).map(|()| file)).collect()
    }
}

/// Every special case, once.
fn catalogue(seed: u64) -> Vec<SampleLicense> {
    let mut files = formats::catalogue(&mut Random::new(seed, "formats"));
    files.extend(names::catalogue(&mut Random::new(seed, "names")));
    files.extend(sizes::catalogue(&mut Random::new(seed, "sizes")));
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
    document.at(format!("ordinary/{directory:04}/{index:07}.{extension}"), Expected::BackedUp)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn files(seed: u64) -> Vec<SampleLicense> {
        SampleStore { seed, licenses: 20, ..SampleStore::default() }.files().collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_files() {
        assert_eq!(files(7), files(7));
    }

    #[test]
    fn another_seed_gives_other_bytes_under_the_same_names_for_the_same_fate() {
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
            hasher.update(file.told_path().as_bytes()).update(&file.bytes);
        }
        assert_eq!(
            hasher.finalize().to_hex().as_str(),
            "34659e735b1937980a73fcb237798abc903c47495ad36fab45bc5599c29ff65b"
        );
    }

    #[test]
    fn every_name_is_there_once() {
        let files = files(7);
        let paths: BTreeSet<_> = files.iter().map(|file| &file.path).collect();
        assert_eq!(paths.len(), files.len());
    }

    #[test]
    fn every_fate_and_every_format_occurs() {
        let files = files(7);
        for expected in [
            Expected::BackedUp,
            Expected::Restricted("not-permitted"),
            Expected::Restricted("conditional"),
            Expected::Restricted("opaque"),
            Expected::Restricted("unrecognized"),
            Expected::Error("malformed"),
            Expected::Error("too-large"),
        ] {
            assert!(files.iter().any(|file| file.expected == expected), "no file for {expected:?}");
        }
        for format in [Some("wmdrm"), Some("xmr"), Some("lcp"), None] {
            assert!(files.iter().any(|file| file.identity.format == format), "no file of format {format:?}");
        }
    }

    #[test]
    fn an_ordinary_license_has_the_size_that_was_asked_for() {
        for size in [MINIMUM_SIZE, 4096, 4097, 4098, 4099, MAXIMUM_SIZE] {
            for file in (SampleStore { size, ..SampleStore::ordinary(7) }).files() {
                assert_eq!(file.bytes.len(), size, "{}", file.path.display());
            }
        }
    }

    #[test]
    fn a_store_that_is_written_is_on_the_disk_as_it_was_returned() {
        let directory = tempfile::tempdir().unwrap();
        let store = SampleStore { licenses: 3, ..SampleStore::default() };
        for file in store.write_into(directory.path()).unwrap() {
            assert_eq!(fs::read(directory.path().join(&file.path)).unwrap(), file.bytes, "{}", file.path.display());
        }
    }
}
