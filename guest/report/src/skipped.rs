//! The files that a backup skipped or a restore did not restore, by reason, as text for people.

use std::fmt;

use license_backup_core::{ErrorCode, Reason, Restriction, escape};

/// The number of files that are listed per reason. Programs that need all of them read the
/// JSON lines.
const MAX_LISTED: usize = 5;

/// The skipped files by reason. Its size does not grow with the number of files.
#[derive(Debug, Default)]
pub(crate) struct SkippedByReason {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    reason: Reason,
    count: u64,
    /// The lines of the first few files, escaped.
    lines: Vec<String>,
}

impl SkippedByReason {
    /// Adds a file, with the line that describes it.
    pub(crate) fn add(&mut self, reason: Reason, line: &str) {
        let position = self
            .groups
            .iter()
            .position(|group| group.reason == reason)
            .unwrap_or_else(|| {
                self.groups.push(Group {
                    reason,
                    count: 0,
                    lines: Vec::new(),
                });
                self.groups.len() - 1
            });
        let Some(group) = self.groups.get_mut(position) else {
            return;
        };
        group.count += 1;
        if group.lines.len() < MAX_LISTED {
            group.lines.push(escape(line));
        }
    }
}

/// Returns what happened to the file.
fn consequence(reason: Reason) -> &'static str {
    match reason {
        Reason::Failed(ErrorCode::FileExists) => "Not restored",
        Reason::Restricted(_) | Reason::Failed(_) => "Skipped",
    }
}

/// Returns the explanation of a reason.
fn explanation(reason: Reason) -> &'static str {
    match reason {
        Reason::Restricted(Restriction::NotPermitted) => {
            "the license does not grant the right to be backed up"
        }
        Reason::Restricted(Restriction::Conditional) => {
            "the license grants the right only under a condition"
        }
        Reason::Restricted(Restriction::Opaque) => {
            "encrypted, or of a version whose rights cannot be read"
        }
        Reason::Restricted(Restriction::Unrecognized) => "not a license of a known format",
        Reason::Restricted(Restriction::ProtectedStore) => {
            "the protected license store of an old client, which only that client can read"
        }
        Reason::Restricted(Restriction::StatusDocument) => "an LCP status document, not a license",
        Reason::Restricted(Restriction::ErrorResponse) => {
            "an error response of a license server, not a license"
        }
        Reason::Restricted(Restriction::NotARegularFile) => {
            "a link or a special file, which is never opened"
        }
        Reason::Failed(ErrorCode::Malformed) => "a malformed license or a damaged publication",
        Reason::Failed(ErrorCode::TooLarge) => "larger than the limit for a license",
        Reason::Failed(ErrorCode::Changed) => "changed each time it was read",
        Reason::Failed(ErrorCode::Shadowed) => {
            "the license of a publication, whose name in the backup is taken by another file"
        }
        Reason::Failed(ErrorCode::IllegalName) => "the name cannot be stored in a backup",
        Reason::Failed(ErrorCode::AccessDenied) => "access denied",
        Reason::Failed(ErrorCode::FileExists) => {
            "another file has the name, or the store cannot hold the name"
        }
        Reason::Failed(
            ErrorCode::Cancelled
            | ErrorCode::Io
            | ErrorCode::OutOfMemory
            | ErrorCode::InvalidArgument
            | ErrorCode::PathNotFound
            | ErrorCode::DiskFull
            | ErrorCode::BackupExists
            | ErrorCode::BackupCorrupt
            | ErrorCode::Shrunk
            | ErrorCode::Stale
            | ErrorCode::Busy,
        ) => "cannot be read",
    }
}

/// A paragraph per reason. Each line ends with a newline.
impl fmt::Display for SkippedByReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_cut = false;
        for Group {
            reason,
            count,
            lines,
        } in &self.groups
        {
            writeln!(
                f,
                "{} {count}, {}: {}",
                consequence(*reason),
                reason.name(),
                explanation(*reason)
            )?;
            for line in lines {
                writeln!(f, "  {line}")?;
            }
            let more = *count - lines.len() as u64;
            if more > 0 {
                is_cut = true;
                writeln!(f, "  and {more} more")?;
            }
        }
        if is_cut {
            writeln!(f, "Use --json to list all of them.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_below_their_reason() {
        let mut skipped = SkippedByReason::default();
        skipped.add(Reason::Restricted(Restriction::NotPermitted), "a");
        skipped.add(Reason::Failed(ErrorCode::Malformed), "m is cut short");
        skipped.add(Reason::Restricted(Restriction::NotPermitted), "b\x1b[2J");
        assert_eq!(
            skipped.to_string(),
            "Skipped 2, not-permitted: the license does not grant the right to be backed up\n\
             \x20 a\n  b\\u{1b}[2J\n\
             Skipped 1, malformed: a malformed license or a damaged publication\n  m is cut short\n"
        );
    }

    #[test]
    fn a_long_list_ends_with_the_number_of_further_files() {
        let mut skipped = SkippedByReason::default();
        for number in 0..7 {
            skipped.add(
                Reason::Restricted(Restriction::Unrecognized),
                &number.to_string(),
            );
        }
        assert_eq!(
            skipped.to_string(),
            "Skipped 7, unrecognized: not a license of a known format\n\
             \x20 0\n  1\n  2\n  3\n  4\n  and 2 more\n\
             Use --json to list all of them.\n"
        );
    }

    #[test]
    fn a_conflict_is_listed_as_not_restored() {
        let mut skipped = SkippedByReason::default();
        skipped.add(
            Reason::Failed(ErrorCode::FileExists),
            "a.lic has other bytes",
        );
        assert_eq!(
            skipped.to_string(),
            "Not restored 1, file-exists: another file has the name, \
             or the store cannot hold the name\n  \
             a.lic has other bytes\n"
        );
    }
}
