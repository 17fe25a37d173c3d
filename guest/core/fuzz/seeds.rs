//! Writes the seeds of the fuzz targets, which are made from the sample store: `seeds
//! DIRECTORY` writes the inputs of each target into a directory with the name of the
//! target in `DIRECTORY`.

use std::path::PathBuf;
use std::{env, fs, io};

use license_backup_core::fuzzing::{backup_of, input_of};
use license_backup_sample::{Expected, SampleLicense, SampleStore};

/// The largest size of a file in bytes. The shorter the inputs, the more of them are tried.
const MAX_FILE_SIZE: usize = 4 << 10;
/// The largest size of a publication in bytes, which contains more than a license.
const MAX_PUBLICATION_SIZE: usize = 12 << 10;
/// The largest number of files in the store of one input.
const MAX_FILES: usize = 2;

/// Files, each with its path.
type Files = Vec<(String, Vec<u8>)>;

/// Inputs of the target `paths`: the names of opened directories, and a path.
const PATHS: [&str; 6] = [
    "/licenses\n/backup\n/backup/laptop",
    "/licenses\n\\\\nas\\backups\n\\\\?\\UNC\\NAS\\Backups\\laptop",
    "//nas/backups\n/nas\n//nas/backups/laptop/",
    ".\n/\nlaptop/./old\\er",
    "/backup\n/backup/../licenses",
    "/backup\n\\\\.\\C:\\backup",
];

fn main() -> io::Result<()> {
    let directory = env::args_os().nth(1).ok_or(io::ErrorKind::InvalidInput)?;
    let mut seeds = Seeds {
        directory: directory.into(),
        count: 0,
    };
    let is_publication = |file: &SampleLicense| file.bytes.starts_with(b"PK");
    for file in SampleStore::default().files() {
        if is_publication(&file) && file.bytes.len() <= MAX_PUBLICATION_SIZE {
            seeds.write("publication", &file.bytes)?;
        }
    }
    let mut files: Vec<_> = SampleStore::default()
        .files()
        .filter(|file| file.bytes.len() <= MAX_FILE_SIZE)
        .collect();
    for file in files.iter().filter(|file| !is_publication(file)) {
        let targets: &[&str] = match file.identity.format {
            Some("wmdrm" | "playready") => &["xml"],
            Some("xmr") => &["xmr"],
            Some("lcp") => &["lcp"],
            _ => &["xml", "xmr", "lcp", "publication"],
        };
        targets
            .iter()
            .try_for_each(|target| seeds.write(target, &file.bytes))?;
    }
    // The order of a backup.
    files.sort_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    for directory in files.chunk_by(|one, other| one.path.parent() == other.path.parent()) {
        for files in directory.chunks(MAX_FILES) {
            let all = named(files.iter());
            seeds.write("round_trip", &input_of(&all))?;
            seeds.write("round_trip", &input_of(&shortened(&all)))?;
            seeds.write("archive", &backup_of(&all))?;
            let allowed = named(
                files
                    .iter()
                    .filter(|file| file.expected == Expected::BackedUp),
            );
            seeds.write("archive", &input_of(&allowed))?;
            seeds.write("archive", &input_of(&shortened(&allowed)))?;
        }
    }
    PATHS
        .iter()
        .try_for_each(|input| seeds.write("paths", input.as_bytes()))
}

/// Returns the files with their paths. Skips paths that are not UTF-8: hosts cannot pass
/// such a name to the core.
fn named<'f>(files: impl Iterator<Item = &'f SampleLicense>) -> Files {
    files
        .filter_map(|file| Some((file.path.to_str()?.to_owned(), file.bytes.clone())))
        .collect()
}

/// Returns the same files, each with a license that the input represents by its ID.
fn shortened(files: &[(String, Vec<u8>)]) -> Files {
    files
        .iter()
        .map(|(path, _)| (path.clone(), b"1".to_vec()))
        .collect()
}

/// A writer of seeds, with a directory for each target.
struct Seeds {
    directory: PathBuf,
    count: usize,
}

impl Seeds {
    fn write(&mut self, target: &str, input: &[u8]) -> io::Result<()> {
        let directory = self.directory.join(target);
        fs::create_dir_all(&directory)?;
        self.count += 1;
        fs::write(directory.join(self.count.to_string()), input)
    }
}
