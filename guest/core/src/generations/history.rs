//! The history of a backup directory: its backups in order of time.

use std::collections::HashSet;

use super::name::generation_time;
use super::pin::pinned;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::{Directory, Entries, EntryKind};

/// A backup file, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GenerationFile {
    /// The time of the backup in seconds since the Unix epoch: that in the name of a generation, and
    /// the modification time of `licenses.zip`.
    pub(crate) time: u64,
    pub(crate) name: String,
    /// Whether there is a pin, of any kind and content.
    pub(crate) is_pinned: bool,
}

/// Returns the backups of a directory, the oldest first. They were not opened: each is a regular
/// file with the name of a backup.
pub(crate) fn history<D: Directory>(directory: &D) -> Result<Vec<GenerationFile>, FsError> {
    let (mut files, mut pins) = (Vec::new(), HashSet::new());
    let mut entries = directory.entries()?;
    loop {
        match entries.next_entry() {
            Ok(None) => break,
            Ok(Some(entry)) => {
                pins.extend(pinned(&entry.name).map(str::to_owned));
                if matches!(entry.kind, EntryKind::File | EntryKind::Unknown) {
                    files.extend(generation_file(directory, entry.name)?);
                }
            }
            Err(FsError::IllegalName | FsError::NoEntry) => {}
            Err(error) => return Err(error),
        }
    }
    for file in &mut files {
        file.is_pinned = pins.contains(&file.name);
    }
    // At the same time, `licenses.zip` comes first: it sorts after the names of generations.
    files.sort_by(|one, other| (one.time, &other.name).cmp(&(other.time, &one.name)));
    Ok(files)
}

/// Returns the backup of this name, or `None` if the file is not one by its name and its kind.
fn generation_file<D: Directory>(
    directory: &D,
    name: String,
) -> Result<Option<GenerationFile>, FsError> {
    let time = generation_time(&name);
    if time.is_none() && name != BACKUP_FILE {
        return Ok(None);
    }
    let metadata = match directory.metadata(&name) {
        Err(FsError::NoEntry) => return Ok(None),
        metadata => metadata?,
    };
    if metadata.kind != EntryKind::File {
        return Ok(None);
    }
    let modified = metadata.modified.map_or(0, |modified| modified.seconds);
    Ok(Some(GenerationFile {
        time: time.unwrap_or(modified),
        name,
        is_pinned: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_fs::Disk;

    #[test]
    fn a_history_has_generations_and_licenses_zip_by_time() {
        let disk = Disk::new();
        for name in [
            "licenses-20300101T000000Z.zip",
            "licenses.zip",
            "licenses-19700101T000000Z.zip",
            "licenses-19700101T000000Z.zip.pin",
            "licenses.zip.old",
            ".license-backup-0.tmp",
        ] {
            disk.write(&format!("/backup/{name}"), "");
        }
        disk.directory("/backup/licenses-20280101T000000Z.zip");
        disk.write_other("/backup/licenses-20290101T000000Z.zip");
        disk.write_illegal_names("/backup", 1);
        let names: Vec<_> = history(&disk.directory("/backup"))
            .expect("the directory can be listed")
            .into_iter()
            .map(|file| file.name)
            .collect();
        let expected = [
            "licenses-19700101T000000Z.zip",
            "licenses.zip",
            "licenses-20300101T000000Z.zip",
        ];
        assert_eq!(names, expected);
    }
}
