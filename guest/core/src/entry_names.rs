//! The names in an archive, and what a license cannot be called there.

use crate::temporary::is_temporary_name;

/// The name of the backup file in the backup directory.
pub const BACKUP_FILE: &str = "licenses.zip";
/// The folder of the licenses in the archive.
pub(crate) const LICENSES: &str = "licenses/";
/// The entry that holds the BLAKE3 of each license.
pub(crate) const SUMS_ENTRY: &str = "B3SUMS";
/// The entry that holds the backup's own record.
pub(crate) const RECORD_ENTRY: &str = "backup.json";
/// The length in bytes that a name in an archive can have (`APPNOTE.TXT` 4.4.10: two bytes).
pub(crate) const LONGEST_NAME: usize = u16::MAX as usize;

/// What keeps a path, or a name in one, out of an archive, if anything does. Some systems take a backslash for a
/// separator, and there a name such as `..\x` would lead out of the directory that a backup is restored or unpacked into.
pub(crate) fn fault_of_parts(path: &str) -> Option<&'static str> {
    let is_hostile = path
        .split(['/', '\\'])
        .any(|part| matches!(part, "" | "." | ".."))
        || path.contains('\0');
    is_hostile.then_some("split at its backslashes, its name has an empty, `.` or `..` part")
}

/// What is wrong with the path of a license in an archive, if anything is.
pub(crate) fn fault_of_path(path: &str) -> Option<&'static str> {
    let is_temporary = path.rsplit('/').next().is_some_and(is_temporary_name);
    fault_of_parts(path).or_else(|| is_temporary.then_some("it has the name of a temporary file"))
}
