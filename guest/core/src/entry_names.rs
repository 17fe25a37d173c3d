//! The names of the entries of an archive, and the rules for the path of a license in it.

use crate::temporary::is_temporary_name;

/// The name of the backup file in the backup directory.
pub const BACKUP_FILE: &str = "licenses.zip";
/// The folder of the licenses in the archive.
pub(crate) const LICENSES: &str = "licenses/";
/// The entry that holds the BLAKE3 of each license.
pub(crate) const CHECKSUMS_ENTRY: &str = "B3SUMS";
/// The entry that holds the manifest: the counts, and the skipped files with their
/// reasons.
pub(crate) const MANIFEST_ENTRY: &str = "backup.json";
/// The length in bytes that a name in an archive has at most (`APPNOTE.TXT` 4.4.10: two
/// bytes).
pub(crate) const MAX_NAME_LENGTH: usize = u16::MAX as usize;

/// Checks the components of a path, or of a name in a path.
///
/// Some systems treat a backslash as a separator. There, a name such as `..\x` would lead
/// out of the directory that a backup is restored or unpacked into.
///
/// # Errors
///
/// The reason why an archive cannot hold the path.
pub(crate) fn validate_components(path: &str) -> Result<(), &'static str> {
    if path.contains('\0') {
        return Err("the name has a NUL character");
    }
    let is_invalid = |component: &str| matches!(component, "" | "." | "..");
    if path.split(['/', '\\']).any(is_invalid) {
        return Err("split at its backslashes, the name has an empty, `.` or `..` component");
    }
    Ok(())
}

/// Checks the path of a license in an archive.
///
/// # Errors
///
/// The reason why an archive cannot hold the path.
pub(crate) fn validate_path(path: &str) -> Result<(), &'static str> {
    validate_components(path)?;
    if path.rsplit('/').next().is_some_and(is_temporary_name) {
        return Err("the name is that of a temporary file");
    }
    Ok(())
}
