//! What did not get where it was to go, gathered by reason for a person.

use std::fmt;

use license_backup_core::escape;
use license_backup_core::{ErrorCode, Restriction};

/// The number of files that are named per reason. Programs that want all of them read the JSON lines.
const NAMED: usize = 5;

/// What a backup left out or a restore did not restore, by reason. Its size doesn't grow with the number of files.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    reason: Reason,
    count: u64,
    /// The first few, each safe to show.
    named: Vec<String>,
}

/// Why a file did not get where it was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It may not.
    Restricted(Restriction),
    /// Something is amiss with it.
    Failed(ErrorCode),
}

impl Groups {
    /// Takes note of a file, with the line that tells of it.
    pub(super) fn note(&mut self, reason: Reason, line: &str) {
        let position = self
            .groups
            .iter()
            .position(|group| group.reason == reason)
            .unwrap_or_else(|| {
                self.groups.push(Group {
                    reason,
                    count: 0,
                    named: Vec::new(),
                });
                self.groups.len() - 1
            });
        let Some(group) = self.groups.get_mut(position) else {
            return;
        };
        group.count += 1;
        if group.named.len() < NAMED {
            group.named.push(escape(line));
        }
    }
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Restricted(reason) => reason.name(),
            Self::Failed(code) => code.name(),
        }
    }

    /// What did not happen to the file.
    fn consequence(self) -> &'static str {
        match self {
            Self::Failed(ErrorCode::FileExists) => "Not restored",
            Self::Restricted(_) | Self::Failed(_) => "Left out",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::Restricted(Restriction::NotPermitted) => {
                "its license does not grant the right to be backed up"
            }
            Self::Restricted(Restriction::Conditional) => {
                "its license grants the right under a condition only"
            }
            Self::Restricted(Restriction::Opaque) => {
                "encrypted, or of a version whose rights cannot be read"
            }
            Self::Restricted(Restriction::Unrecognized) => "no license of a known format",
            Self::Restricted(Restriction::ProtectedStore) => {
                "the protected license store of an old client, which only that client can read"
            }
            Self::Restricted(Restriction::StatusDocument) => {
                "an LCP status document, not the license that it is about"
            }
            Self::Restricted(Restriction::ErrorResponse) => {
                "the error of a license server, not a license"
            }
            Self::Restricted(Restriction::NotARegularFile) => {
                "a link or a special file, which is never opened"
            }
            Self::Failed(ErrorCode::Malformed) => "a broken license, or a damaged publication",
            Self::Failed(ErrorCode::TooLarge) => "larger than a license may be",
            Self::Failed(ErrorCode::Changed) => "changed each time that it was being read",
            Self::Failed(ErrorCode::Shadowed) => {
                "inside a publication, and the store has something else of the name that it has in a backup"
            }
            Self::Failed(ErrorCode::IllegalName) => "its name cannot be carried into a backup",
            Self::Failed(ErrorCode::AccessDenied) => "access was refused",
            Self::Failed(ErrorCode::FileExists) => {
                "something else is in the way, or the store cannot hold the name"
            }
            Self::Failed(
                ErrorCode::Cancelled
                | ErrorCode::Io
                | ErrorCode::OutOfMemory
                | ErrorCode::InvalidArgument
                | ErrorCode::PathNotFound
                | ErrorCode::DiskFull
                | ErrorCode::BackupExists
                | ErrorCode::BackupCorrupt
                | ErrorCode::Busy,
            ) => "it could not be read",
        }
    }
}

/// A paragraph per reason; each line ends with a newline.
impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cut = false;
        for Group {
            reason,
            count,
            named,
        } in &self.groups
        {
            writeln!(
                f,
                "{} {count}, {}: {}",
                reason.consequence(),
                reason.name(),
                reason.explanation()
            )?;
            for line in named {
                writeln!(f, "  {line}")?;
            }
            let more = *count - named.len() as u64;
            if more > 0 {
                cut = true;
                writeln!(f, "  and {more} more")?;
            }
        }
        if cut {
            writeln!(f, "The option --json names them all.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told_once_with_its_files() {
        let mut groups = Groups::default();
        groups.note(Reason::Restricted(Restriction::NotPermitted), "a");
        groups.note(Reason::Failed(ErrorCode::Malformed), "m is cut short");
        groups.note(Reason::Restricted(Restriction::NotPermitted), "b\x1b[2J");
        assert_eq!(
            groups.to_string(),
            "Left out 2, not-permitted: its license does not grant the right to be backed up\n  a\n  b\\u{1b}[2J\n\
             Left out 1, malformed: a broken license, or a damaged publication\n  m is cut short\n"
        );
    }

    #[test]
    fn a_long_group_says_how_many_more_and_where_they_are_told() {
        let mut groups = Groups::default();
        for number in 0..7 {
            groups.note(
                Reason::Restricted(Restriction::Unrecognized),
                &number.to_string(),
            );
        }
        assert_eq!(
            groups.to_string(),
            "Left out 7, unrecognized: no license of a known format\n  0\n  1\n  2\n  3\n  4\n  and 2 more\n\
             The option --json names them all.\n"
        );
    }

    #[test]
    fn a_conflict_is_no_omission() {
        let mut groups = Groups::default();
        groups.note(
            Reason::Failed(ErrorCode::FileExists),
            "a.lic is there with other bytes",
        );
        assert_eq!(
            groups.to_string(),
            "Not restored 1, file-exists: something else is in the way, or the store cannot hold the name\n  \
             a.lic is there with other bytes\n"
        );
    }
}
