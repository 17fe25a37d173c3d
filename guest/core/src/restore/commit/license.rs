//! The commit of one license: its temporary file gets the name of the license.

use crate::Directory;
use crate::budget::Budget;
use crate::directory::FsError;
use crate::restore::conflict::Conflict;
use crate::restore::dir_listing::DirListing;
use crate::restore::existing::{Existing, Target, is_name_rejected, newer_version, read_document};
use crate::restore::plan::{RestorePlan, StagedLicense};
use crate::temporary::link_or_rename;

/// The result of a commit.
#[derive(Debug, Clone, Copy)]
pub(super) enum CommitResult {
    /// The license has its name, and the temporary name besides.
    Linked,
    /// The license has its name.
    Renamed,
    /// The license has its name, and has replaced another file.
    Replaced,
    /// The license is present: this or another restore has written it.
    Present,
    /// The license is not restored.
    Conflict(Conflict),
}

/// Commits a license in `directory`, whose names are listed in `listing`.
pub(super) fn commit<D: Directory>(
    directory: &D,
    listing: &DirListing<D::Entries>,
    plan: &RestorePlan,
    staged: StagedLicense,
    budget: &mut Budget,
) -> Result<CommitResult, FsError> {
    let target = plan.target(directory, listing, staged.license);
    // A name that is not listed is not looked up: creating it finds an entry that has it.
    let existing = if listing.has(target.name) == Ok(false) {
        Existing::Nothing
    } else {
        target.find(budget)?
    };
    let replace = match existing {
        Existing::Present => return Ok(CommitResult::Present),
        Existing::Conflict(conflict) => return Ok(CommitResult::Conflict(conflict)),
        Existing::Nothing => false,
        Existing::Replaceable => true,
    };
    match plan.has_temporary(directory, staged, budget) {
        Ok(true) => {}
        Ok(false) => {
            return Err(FsError::Other(
                "another program has changed its temporary file",
            ));
        }
        Err(FsError::NoEntry) => {
            return Err(FsError::Other("its temporary file does not exist any more"));
        }
        Err(error) => return Err(error),
    }
    let temporary = staged.temporary_name();
    if replace {
        replace_existing(&target, &temporary, budget)
    } else {
        create(&target, &temporary, budget)
    }
}

/// Replaces the existing file, unless it has a newer version of the license.
fn replace_existing<D: Directory>(
    target: &Target<'_, D>,
    temporary: &str,
    budget: &mut Budget,
) -> Result<CommitResult, FsError> {
    let Target {
        directory, name, ..
    } = *target;
    let document = read_document(directory, temporary, budget)?.unwrap_or_default();
    if let Some(conflict) = newer_version(directory, name, &document, budget)? {
        return Ok(CommitResult::Conflict(conflict));
    }
    match directory.rename(temporary, name) {
        Err(error) if !is_present(target, budget) => Err(error),
        _ => Ok(CommitResult::Replaced),
    }
}

/// Creates the name of the license, and replaces no file.
fn create<D: Directory>(
    target: &Target<'_, D>,
    temporary: &str,
    budget: &mut Budget,
) -> Result<CommitResult, FsError> {
    let Target {
        directory, name, ..
    } = *target;
    match link_or_rename(directory, temporary, name) {
        Ok(true) => Ok(CommitResult::Linked),
        Ok(false) => Ok(CommitResult::Renamed),
        Err(_) if is_linked(directory, temporary, name) => Ok(CommitResult::Linked),
        Err(FsError::Exist) => Ok(match target.find(budget)? {
            Existing::Present => CommitResult::Present,
            Existing::Conflict(conflict) => CommitResult::Conflict(conflict),
            Existing::Nothing | Existing::Replaceable => {
                CommitResult::Conflict(Conflict::OtherName)
            }
        }),
        // The temporary file still exists, so that the error is not about that.
        Err(error) if is_name_rejected(error) && directory.metadata(temporary).is_ok() => {
            Ok(CommitResult::Conflict(Conflict::Incompatible))
        }
        Err(_) if is_present(target, budget) => Ok(CommitResult::Renamed),
        Err(error) => Err(error),
    }
}

/// Returns `true` if the license is present. A server may have done what was requested although
/// the call has failed, since its answer was lost.
fn is_present<D: Directory>(target: &Target<'_, D>, budget: &mut Budget) -> bool {
    matches!(target.find(budget), Ok(Existing::Present))
}

/// Returns `true` if two names are names of the same file.
fn is_linked<D: Directory>(directory: &D, one: &str, other: &str) -> bool {
    directory
        .open_file(one)
        .and_then(|file| directory.is_name_of(other, &file))
        == Ok(true)
}
