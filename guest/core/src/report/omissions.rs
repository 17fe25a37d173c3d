//! What a backup left out, gathered for a person.

use std::fmt;

use crate::visible::visible;
use crate::{ErrorCode, Restriction, Status};

/// The number of files that are named per reason. Programs that want all of them read the JSON lines.
const NAMED: usize = 5;

/// What was left out of a backup, by reason. Its size doesn't grow with the number of files.
#[derive(Debug, Default)]
pub struct Omissions {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    reason: Reason,
    count: u64,
    /// The first few, each safe to show.
    named: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Restricted(Restriction),
    Failed(ErrorCode),
}

impl Omissions {
    /// Takes note of an event, if it tells that something was left out.
    pub fn note(&mut self, status: &Status) {
        match status {
            Status::RestrictedLicense(restricted) => self.add(Reason::Restricted(restricted.reason), &restricted.path),
            Status::Error(failure) => self.add(Reason::Failed(failure.code), &failure.message),
            Status::Begin | Status::Information(_) | Status::End => {}
        }
    }

    /// Whether nothing was left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    fn add(&mut self, reason: Reason, line: &str) {
        let position = self.groups.iter().position(|group| group.reason == reason).unwrap_or_else(|| {
            self.groups.push(Group { reason, count: 0, named: Vec::new() });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(position) else { return };
        group.count += 1;
        if group.named.len() < NAMED {
            group.named.push(visible(line));
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

    fn explanation(self) -> &'static str {
        match self {
            Self::Restricted(Restriction::NotPermitted) => "its license does not grant the right to be backed up",
            Self::Restricted(Restriction::Conditional) => "its license grants the right under a condition only",
            Self::Restricted(Restriction::Opaque) => "encrypted, or of a version whose rights cannot be read",
            Self::Restricted(Restriction::Unrecognized) => "no license of a known format",
            Self::Restricted(Restriction::NotARegularFile) => "a link or a special file, which is never opened",
            Self::Failed(ErrorCode::Malformed) => "recognised by its format, but broken",
            Self::Failed(ErrorCode::TooLarge) => "larger than a license may be",
            Self::Failed(ErrorCode::Changed) => "changed each time that it was being read",
            Self::Failed(ErrorCode::IllegalName) => "its name cannot be carried into a backup",
            Self::Failed(ErrorCode::AccessDenied) => "access was refused",
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
impl fmt::Display for Omissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cut = false;
        for Group { reason, count, named } in &self.groups {
            writeln!(f, "Left out {count}, {}: {}", reason.name(), reason.explanation())?;
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
    use crate::{Failure, Identity, Restricted};

    fn restricted(path: &str, reason: Restriction) -> Status {
        Status::RestrictedLicense(Restricted { path: path.to_owned(), identity: Identity::default(), reason })
    }

    #[test]
    fn each_reason_is_told_once_with_its_files() {
        let mut omissions = Omissions::default();
        omissions.note(&Status::Begin);
        omissions.note(&restricted("a", Restriction::NotPermitted));
        omissions.note(&Status::Error(Failure::at(ErrorCode::Malformed, "m", "m is cut short")));
        omissions.note(&restricted("b\x1b[2J", Restriction::NotPermitted));
        assert_eq!(
            omissions.to_string(),
            "Left out 2, not-permitted: its license does not grant the right to be backed up\n  a\n  b\\u{1b}[2J\n\
             Left out 1, malformed: recognised by its format, but broken\n  m is cut short\n"
        );
    }

    #[test]
    fn a_long_group_says_how_many_more_and_where_they_are_told() {
        let mut omissions = Omissions::default();
        for number in 0..7 {
            omissions.note(&restricted(&number.to_string(), Restriction::Unrecognized));
        }
        assert_eq!(
            omissions.to_string(),
            "Left out 7, unrecognized: no license of a known format\n  0\n  1\n  2\n  3\n  4\n  and 2 more\n\
             The option --json names them all.\n"
        );
    }

    #[test]
    fn progress_is_no_omission() {
        let mut omissions = Omissions::default();
        omissions.note(&Status::Information(crate::Progress::default()));
        assert!(omissions.is_empty());
    }
}
