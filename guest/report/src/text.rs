//! Text for people: summaries, listings, progress and errors.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::skipped::SkippedByReason;
use license_backup_core::escape;
use license_backup_core::{
    BackupSummary, CheckSummary, DiffSummary, ForgetSummary, Generation, GenerationDecision,
    GenerationsSummary, LicenseDifference, LicenseIdentity, LicenseListing, LicenseStanding,
    ListSummary, Progress, RestoreSummary, Shrinkage, Stage, VerifySummary, utc_time,
};

/// The maximum number of license IDs, and of key IDs, in a line of a listing.
const MAX_IDS: usize = 3;

/// What a verification adds if no identity opens the backup.
const NOT_INSIDE: &str = "It is encrypted, and no identity opens it; its content was not verified.";

/// Returns the text for a backup and the files that it skipped. Each line ends with a newline.
pub(crate) fn backup_text(
    summary: &BackupSummary,
    skipped: &SkippedByReason,
    directory: &str,
) -> String {
    let licenses = licenses(summary.licenses, summary.bytes);
    let archive = escape(&file_path(directory, &summary.file));
    let size = human_bytes(summary.size);
    let shrunk = summary.shrunk.map_or_else(String::new, shrunk_text);
    let removed = match summary.removed {
        0 => String::new(),
        removed => format!("Removed {}.\n", counted(removed, "generation")),
    };
    if summary.unchanged {
        format!("Unchanged: {licenses} in {archive} ({size}).\n{removed}{skipped}")
    } else {
        format!("Backed up {licenses} to {archive} ({size}).\n{shrunk}{removed}{skipped}")
    }
}

/// Returns the lines for a generation that has shrunk.
fn shrunk_text(Shrinkage { earlier, left }: Shrinkage) -> String {
    format!(
        "{left} of {earlier} licenses of the previous backup are left. Is the store mounted?\n\
         The previous backup was pinned. Use --allow-shrink if the store is complete.\n"
    )
}

/// Returns the path of a file in a directory, in the notation of the directory.
fn file_path(directory: &str, file: &str) -> String {
    let separator = match directory {
        directory if directory.ends_with(['/', '\\']) => "",
        directory if directory.contains('\\') && !directory.contains('/') => "\\",
        _ => "/",
    };
    format!("{directory}{separator}{file}")
}

/// Returns the text for a verified backup. Each line ends with a newline.
pub(crate) fn verify_text(summary: &VerifySummary, directory: &str, expected: bool) -> String {
    let VerifySummary {
        licenses: count,
        bytes,
        skipped,
        file,
        size,
        blake3,
        program,
        encrypted: _,
    } = summary;
    let verified = licenses(*count, *bytes);
    let archive = escape(&file_path(directory, file));
    let size = human_bytes(*size);
    let skipped = counted(*skipped, "file");
    let Some(program) = program.as_ref().map(|program| escape(program)) else {
        return format!(
            "Compared {archive} with last-run.json: it is the file that the last run wrote.\n\
             {NOT_INSIDE}\n\
             By the record, it contains {verified} in {size}, and the run skipped {skipped}.\n\
             BLAKE3 of the content, by the record: {blake3}\n"
        );
    };
    let advice = if expected {
        "The hash matches --expect."
    } else {
        "Record this hash; verify --expect HASH fails if the backup has changed."
    };
    format!(
        "Verified {verified} in {archive} ({size}): no errors.\n\
         Written by {program}, which skipped {skipped}.\n\
         BLAKE3 {blake3}\n\
         {advice}\n"
    )
}

/// Returns the text for a restore or a dry run, and its conflicts. Each line ends with a newline.
pub(crate) fn restore_text(
    summary: &RestoreSummary,
    conflicts: &SkippedByReason,
    directory: &str,
    overwrite: bool,
    dry_run: bool,
) -> String {
    let restored = licenses(summary.restored, summary.bytes);
    let archive = escape(&file_path(directory, &summary.file));
    let present = summary.present;
    let done = if dry_run {
        format!("{restored} would be restored from {archive}; already present: {present}.")
    } else {
        format!("Restored {restored} from {archive}; already present: {present}.")
    };
    let advice = if summary.conflicts > 0 && !overwrite {
        "Use --overwrite to replace regular files with the names of licenses, \
         except newer LCP licenses.\n"
    } else {
        ""
    };
    format!("{done}\n{conflicts}{advice}")
}

/// Returns the line for a file of a listing, with its newline: standing, size, format, path, and in
/// parentheses the entry of the publication that contains the license, the IDs and the end of the
/// rights; then the error message.
///
/// For a skipped file the first column is the reason.
pub(crate) fn listing_text(listing: &LicenseListing) -> String {
    let standing = match listing.standing {
        LicenseStanding::Allowed => "allowed",
        LicenseStanding::BackedUp => "backed-up",
        LicenseStanding::Restricted(reason) => reason.name(),
        LicenseStanding::Failed(code) => code.name(),
    };
    let size = listing
        .size
        .map_or_else(|| "-".to_owned(), |size| size.to_string());
    let format = listing.identity.format.map_or("-", |format| format.name());
    let entry = listing.entry.as_deref();
    let (path, details) = (
        escape(&listing.path),
        details_text(entry, &listing.identity),
    );
    let message = listing
        .message
        .as_ref()
        .map(|message| format!(": {}", escape(message)))
        .unwrap_or_default();
    format!("{standing:<18} {size:>8} {format:<9} {path}{details}{message}\n")
}

/// Returns the details of a license in parentheses, or an empty string if there are none.
fn details_text(entry: Option<&str>, identity: &LicenseIdentity) -> String {
    let LicenseIdentity {
        format: _,
        license_ids,
        key_ids,
        rights_end,
    } = identity;
    let entry = entry.iter().map(|entry| format!("in {}", escape(entry)));
    let ids = [("license", license_ids), ("key", key_ids)]
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(what, ids)| {
            let shown: Vec<_> = ids.iter().take(MAX_IDS).map(|id| escape(id)).collect();
            let more = ids.len() - shown.len();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("{what} {}{more}", shown.join(", "))
        });
    let end = rights_end
        .iter()
        .map(|end| format!("until {}", escape(end)));
    let details: Vec<_> = entry.chain(ids).chain(end).collect();
    if details.is_empty() {
        String::new()
    } else {
        format!(" ({})", details.join("; "))
    }
}

/// Returns the line for a decision about a generation, with its newline: `keep` or `remove`, the
/// name of the file, and the rules that keep it.
pub(crate) fn decision_text(decision: &GenerationDecision) -> String {
    let file = escape(&decision.file);
    if decision.rules.is_empty() {
        return format!("remove {file}\n");
    }
    let rules: Vec<_> = decision.rules.iter().map(|rule| rule.name()).collect();
    format!("keep   {file} ({})\n", rules.join(", "))
}

/// Returns the text for forgotten generations, one line with its newline.
pub(crate) fn forget_text(summary: &ForgetSummary, dry_run: bool) -> String {
    let removed = counted(summary.removed, "generation");
    let size = human_bytes(summary.removed_bytes);
    let kept = summary.kept;
    let (remove, unpin) = if dry_run {
        ("Would remove", "Would unpin")
    } else {
        ("Removed", "Unpinned")
    };
    let unpinned = match summary.unpinned {
        0 => String::new(),
        unpinned => format!("{unpin} {}.\n", counted(unpinned, "generation")),
    };
    // Without a policy, no generation is looked at.
    if summary.unpinned > 0 && kept + summary.removed == 0 {
        return unpinned;
    }
    format!("{unpinned}{remove} {removed} ({size}); kept: {kept}.\n")
}

/// Returns the line for a difference, with its newline: the kind, the path, and in parentheses the
/// IDs; then the error message.
pub(crate) fn difference_text(difference: &LicenseDifference) -> String {
    let LicenseDifference {
        path,
        change,
        identity,
        message,
    } = difference;
    let (path, details) = (escape(path), details_text(None, identity));
    let message = message
        .as_ref()
        .map(|message| format!(": {}", escape(message)))
        .unwrap_or_default();
    format!("{:<10} {path}{details}{message}\n", change.name())
}

/// Returns the totals of a comparison, one line with its newline.
pub(crate) fn diff_text(summary: &DiffSummary) -> String {
    let DiffSummary {
        old,
        new,
        added,
        removed,
        changed,
        unreadable,
        unchanged,
    } = summary;
    let new = new.as_deref().unwrap_or("the store");
    let unreadable = match unreadable {
        0 => String::new(),
        count => format!(", {count} unreadable"),
    };
    format!(
        "From {} to {}: {added} added, {removed} removed, {changed} changed, {unchanged} \
         unchanged{unreadable}.\n",
        escape(old),
        escape(new)
    )
}

/// Returns the line for a backup file, with its newline: the time, the number of licenses, the size
/// and the name, then whether it is pinned, and the hash.
pub(crate) fn generation_text(generation: &Generation) -> String {
    let Generation {
        file,
        time,
        size,
        pinned,
        licenses,
        encrypted,
        blake3,
    } = generation;
    let licenses = match licenses {
        Some(count) => counted(*count, "license"),
        None if *encrypted => "encrypted".to_owned(),
        None => "not a valid backup".to_owned(),
    };
    let pinned = if *pinned { " pinned" } else { "" };
    let blake3 = blake3
        .as_ref()
        .map(|hash| format!(" {hash}"))
        .unwrap_or_default();
    let (time, size, file) = (utc_time(*time), human_bytes(*size), escape(file));
    format!("{time} {licenses:>18} {size:>12} {file}{pinned}{blake3}\n")
}

/// Returns the totals of the backups in a directory, one line with its newline.
pub(crate) fn generations_text(summary: GenerationsSummary) -> String {
    let GenerationsSummary { generations, bytes } = summary;
    format!(
        "{} ({})\n",
        counted(generations, "backup"),
        human_bytes(bytes)
    )
}

/// Returns the text for a check that found a recent backup. Each line ends with a newline.
pub(crate) fn check_text(summary: &CheckSummary, directory: &str) -> String {
    let CheckSummary {
        file,
        time,
        age,
        blake3,
        encrypted,
        last_failure,
    } = summary;
    let archive = escape(&file_path(directory, file));
    let verified = match blake3 {
        Some(_) if *encrypted => {
            format!("Verified: it is the file that the last run wrote.\n{NOT_INSIDE}\n")
        }
        Some(hash) => format!("Verified: no errors.\nBLAKE3 {hash}\n"),
        None => String::new(),
    };
    let last_failure = last_failure
        .as_ref()
        .map(|message| format!("The last run failed: {}\n", escape(message)))
        .unwrap_or_default();
    format!(
        "Last backed up {}, {} min ago: {archive}.\n{verified}{last_failure}",
        utc_time(*time),
        age / 60
    )
}

/// Returns the totals of a listing, one line with its newline.
pub(crate) fn list_text(summary: &ListSummary) -> String {
    let ListSummary {
        file: _,
        licenses: count,
        bytes,
        skipped,
        program,
    } = summary;
    let (found, skipped) = (licenses(*count, *bytes), counted(*skipped, "file"));
    match program {
        Some(program) => format!(
            "{found} in the backup, {skipped} skipped; written by {}\n",
            escape(program)
        ),
        None => format!("{found} may be backed up, {skipped} skipped\n"),
    }
}

/// Returns the duration of an operation, one line with its newline.
#[must_use]
pub fn time_text(elapsed: Duration) -> String {
    let (seconds, tenths) = (elapsed.as_secs(), elapsed.subsec_millis() / 100);
    match seconds {
        0..60 => format!("Done in {seconds}.{tenths} s.\n"),
        _ => format!("Done in {} min {} s.\n", seconds / 60, seconds % 60),
    }
}

/// Returns the progress of an operation, one line without a newline.
#[must_use]
pub fn progress_text(progress: &Progress) -> String {
    let Progress {
        stage,
        done,
        total,
        bytes,
        path: _,
    } = progress;
    let of = total
        .map(|total| format!(" of {total}"))
        .unwrap_or_default();
    let bytes = match stage {
        // A listing reads no licenses.
        Stage::Listing => String::new(),
        _ => format!(", {}", human_bytes(*bytes)),
    };
    format!("{} {done}{of} files{bytes}", stage.name())
}

/// Returns an error message as a line for standard error, without a newline.
#[must_use]
pub fn error_line(message: &str) -> String {
    format!("license-backup: {}", escape(message))
}

/// Returns a number of bytes in the largest unit that fits, a power of 1024, with one decimal.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    // In tenths, rounded down, so that the text never exceeds the number.
    let mut tenths = u128::from(bytes) * 10;
    let mut name = "bytes";
    for unit in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        name = unit;
    }
    match name {
        "bytes" => counted(bytes, "byte"),
        unit => format!("{}.{} {unit}", tenths / 10, tenths % 10),
    }
}

/// Returns a count and a noun, which is in the plural unless the count is 1.
#[must_use]
pub fn counted(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

fn licenses(count: u64, bytes: u64) -> String {
    format!("{} ({})", counted(count, "license"), human_bytes(bytes))
}
