//! Text for people: summaries, listings, progress and complaints.

use std::time::Duration;

use crate::groups::Groups;
use crate::reports::RestoreReport;
use license_backup_core::escape;
use license_backup_core::{
    BackupSummary, LicenseIdentity, LicenseListing, LicenseStanding, ListSummary, Progress,
    RestoreSummary, Stage, VerifySummary,
};

/// The number of license IDs, and of key IDs, that a line of a listing shows.
const IDS_SHOWN: usize = 3;

/// What a backup did, and what it left out and why. Each line ends with a newline.
pub(super) fn backup_text(summary: &BackupSummary, skipped: &Groups, archive: &str) -> String {
    format!(
        "Backed up {} to {} ({}).\n{skipped}",
        licenses(summary.licenses, summary.bytes),
        escape(archive),
        human_bytes(summary.size),
    )
}

/// What a verification found. Each line ends with a newline.
pub(super) fn verify_text(summary: &VerifySummary, archive: &str, expected: bool) -> String {
    let VerifySummary {
        licenses: count,
        bytes,
        skipped,
        size,
        blake3,
        program,
    } = summary;
    let verified = licenses(*count, *bytes);
    let (archive, size, program) = (escape(archive), human_bytes(*size), escape(program));
    let skipped = counted(*skipped, "file");
    let advice = if expected {
        "That is the expected one."
    } else {
        "Note it down: with --expect, a later verification tells whether this is still the same backup."
    };
    format!(
        "Verified {verified} in {archive} ({size}): every byte is as it should be.\n\
         It was written by {program}, which left out {skipped}.\n\
         BLAKE3 {blake3}\n\
         {advice}\n"
    )
}

/// What a restore did, or would do, and what it did not restore and why. Each line ends with a newline.
pub(super) fn restore_text(
    summary: &RestoreSummary,
    conflicts: &Groups,
    report: &RestoreReport,
) -> String {
    let restored = licenses(summary.restored, summary.bytes);
    let (archive, present) = (escape(&report.archive), summary.present);
    let done = if report.dry_run {
        format!("{restored} would be restored from {archive}; already there: {present}.")
    } else {
        format!("Restored {restored} from {archive}; already there: {present}.")
    };
    let advice = if summary.conflicts > 0 && !report.overwrite {
        "With --overwrite, a regular file that has the name of a license is replaced, unless it is a newer version of it.\n"
    } else {
        ""
    };
    format!("{done}\n{conflicts}{advice}")
}

/// One line for a license of a listing, without a newline: standing, size, format, path, the entry of a publication
/// that holds it, its IDs, when its rights end, and what is wrong with it.
///
/// A file that is left out stands under its reason.
pub(super) fn listing_text(listing: &LicenseListing) -> String {
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
    let (path, details) = (escape(&listing.path), details_text(listing));
    let message = listing
        .message
        .as_ref()
        .map(|message| format!(": {}", escape(message)))
        .unwrap_or_default();
    format!("{standing:<18} {size:>8} {format:<9} {path}{details}{message}")
}

/// What is known of a license, in parentheses after its path; empty if nothing is.
fn details_text(listing: &LicenseListing) -> String {
    let LicenseIdentity {
        format: _,
        license_ids,
        key_ids,
        rights_end,
    } = &listing.identity;
    let entry = listing
        .entry
        .iter()
        .map(|entry| format!("in {}", escape(entry)));
    let ids = [("license", license_ids), ("key", key_ids)]
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(what, ids)| {
            let shown: Vec<_> = ids.iter().take(IDS_SHOWN).map(|id| escape(id)).collect();
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
    let told: Vec<_> = entry.chain(ids).chain(end).collect();
    if told.is_empty() {
        String::new()
    } else {
        format!(" ({})", told.join("; "))
    }
}

/// The totals of a listing, with a newline.
pub(super) fn list_text(summary: &ListSummary) -> String {
    let ListSummary {
        licenses: count,
        bytes,
        skipped,
        program,
    } = summary;
    let (found, skipped) = (licenses(*count, *bytes), counted(*skipped, "file"));
    match program {
        Some(program) => format!(
            "{found} in the backup, {skipped} left out; written by {}\n",
            escape(program)
        ),
        None => format!("{found} may be backed up, {skipped} left out\n"),
    }
}

/// How long an operation took. The line ends with a newline.
pub(super) fn time_text(elapsed: Duration) -> String {
    let (seconds, tenths) = (elapsed.as_secs(), elapsed.subsec_millis() / 100);
    match seconds {
        0..60 => format!("Done in {seconds}.{tenths} s.\n"),
        _ => format!("Done in {} min {} s.\n", seconds / 60, seconds % 60),
    }
}

/// How far an operation has come, one line without a newline.
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
        // Nothing is read yet.
        Stage::Listing => String::new(),
        _ => format!(", {}", human_bytes(*bytes)),
    };
    format!("{} {done}{of} files{bytes}", stage.name())
}

/// What is said on standard error, one line without a newline.
#[must_use]
pub fn complaint(message: &str) -> String {
    format!("license-backup: {}", escape(message))
}

/// A number of bytes with three or four significant digits, in powers of 1024.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    // In tenths, rounded down, so that nothing is called larger than it is.
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

fn counted(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

fn licenses(count: u64, bytes: u64) -> String {
    format!("{} ({})", counted(count, "license"), human_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::super::groups::Reason;
    use super::*;
    use license_backup_core::{ErrorCode, LicenseFormat, Restriction};

    #[test]
    fn bytes_are_told_in_the_largest_unit_that_fits() {
        for (bytes, told) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (5 * 1024 * 1024 * 1024, "5.0 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(human_bytes(bytes), told, "{bytes}");
        }
    }

    #[test]
    fn a_backup_says_what_where_and_what_was_skipped() {
        let summary = BackupSummary {
            licenses: 1,
            bytes: 2048,
            restricted: 1,
            errors: 0,
            size: 4096,
        };
        let mut skipped = Groups::default();
        skipped.note(Reason::Restricted(Restriction::Conditional), "p");
        assert_eq!(
            backup_text(&summary, &skipped, "/b/licenses.zip"),
            "Backed up 1 license (2.0 KiB) to /b/licenses.zip (4.0 KiB).\n\
             Left out 1, conditional: its license grants the right under a condition only\n  p\n"
        );
    }

    #[test]
    fn a_verification_says_what_was_verified_and_how_to_compare_it_later() {
        let program = "license-backup\n0.1.0".to_owned();
        let summary = VerifySummary {
            licenses: 2,
            bytes: 30,
            skipped: 1,
            size: 400,
            blake3: "ab".to_owned(),
            program,
        };
        assert_eq!(
            verify_text(&summary, "/b/licenses.zip", false),
            "Verified 2 licenses (30 bytes) in /b/licenses.zip (400 bytes): every byte is as it should be.\n\
             It was written by license-backup\\n0.1.0, which left out 1 file.\n\
             BLAKE3 ab\n\
             Note it down: with --expect, a later verification tells whether this is still the same backup.\n"
        );
        let expected = verify_text(&summary, "/b/licenses.zip", true);
        assert!(
            expected.ends_with("BLAKE3 ab\nThat is the expected one.\n"),
            "{expected}"
        );
    }

    #[test]
    fn a_restore_names_its_conflicts_and_what_would_replace_them() {
        let summary = RestoreSummary {
            restored: 2,
            bytes: 30,
            present: 1,
            conflicts: 1,
        };
        let mut conflicts = Groups::default();
        conflicts.note(
            Reason::Failed(ErrorCode::FileExists),
            "a.lic is there with other bytes",
        );
        let report = RestoreReport {
            archive: "/b/licenses.zip".to_owned(),
            overwrite: false,
            dry_run: false,
        };
        let named = "Not restored 1, file-exists: something else is in the way, or the store cannot hold the name\n  \
            a.lic is there with other bytes\n";
        assert_eq!(
            restore_text(&summary, &conflicts, &report),
            format!(
                "Restored 2 licenses (30 bytes) from /b/licenses.zip; already there: 1.\n{named}\
                 With --overwrite, a regular file that has the name of a license is replaced, unless it is a newer version of it.\n"
            )
        );
        assert_eq!(
            restore_text(
                &summary,
                &conflicts,
                &RestoreReport {
                    overwrite: true,
                    dry_run: true,
                    ..report
                }
            ),
            format!(
                "2 licenses (30 bytes) would be restored from /b/licenses.zip; already there: 1.\n{named}"
            )
        );
    }

    #[test]
    fn a_listing_is_one_line_whatever_the_name() {
        let listing = LicenseListing {
            identity: LicenseIdentity {
                format: Some(LicenseFormat::Lcp),
                ..LicenseIdentity::default()
            },
            size: Some(123),
            ..LicenseListing::new("a\nb".to_owned(), LicenseStanding::BackedUp)
        };
        assert_eq!(
            listing_text(&listing),
            "backed-up               123 lcp       a\\nb"
        );
    }

    #[test]
    fn a_license_of_a_store_is_listed_with_its_ids() {
        let ids = |prefix: &str, count: usize| {
            (0..count)
                .map(|number| format!("{prefix}{number}"))
                .collect()
        };
        let identity = LicenseIdentity {
            format: Some(LicenseFormat::Wmdrm),
            license_ids: ids("l\n", 1),
            key_ids: ids("k", 5),
            rights_end: None,
        };
        let mut listing = LicenseListing {
            identity,
            size: Some(1),
            ..LicenseListing::new("a".to_owned(), LicenseStanding::Allowed)
        };
        assert_eq!(
            listing_text(&listing),
            "allowed                   1 wmdrm     a (license l\\n0; key k0, k1, k2 and 2 more)"
        );
        listing.identity.license_ids.clear();
        listing.identity.key_ids.truncate(1);
        assert_eq!(
            listing_text(&listing),
            "allowed                   1 wmdrm     a (key k0)"
        );
    }

    #[test]
    fn a_publication_is_listed_with_its_entry_and_the_end_of_its_rights() {
        let identity = LicenseIdentity {
            format: Some(LicenseFormat::Lcp),
            license_ids: vec!["l".to_owned()],
            rights_end: Some("2027-01-01T00:00:00Z".to_owned()),
            ..LicenseIdentity::default()
        };
        let entry = Some("license.lcpl".to_owned());
        let listing = LicenseListing {
            identity,
            size: Some(1),
            entry,
            ..LicenseListing::new("a".to_owned(), LicenseStanding::Allowed)
        };
        assert_eq!(
            listing_text(&listing),
            "allowed                   1 lcp       a (in license.lcpl; license l; until 2027-01-01T00:00:00Z)"
        );
    }

    #[test]
    fn what_was_left_out_is_listed_under_its_reason() {
        let restricted = LicenseStanding::Restricted(Restriction::NotARegularFile);
        let mut listing = LicenseListing::new("x".to_owned(), restricted);
        assert_eq!(
            listing_text(&listing),
            "not-a-regular-file        - -         x"
        );
        listing.standing = LicenseStanding::Failed(ErrorCode::TooLarge);
        listing.message = Some("x\nis too large".to_owned());
        assert_eq!(
            listing_text(&listing),
            "too-large                 - -         x: x\\nis too large"
        );
    }

    #[test]
    fn totals_escape_the_program_that_a_backup_names() {
        let program = Some("x\x1b]0;y\x07".to_owned());
        let summary = ListSummary {
            licenses: 2,
            bytes: 3,
            skipped: 0,
            program,
        };
        assert_eq!(
            list_text(&summary),
            "2 licenses (3 bytes) in the backup, 0 files left out; written by x\\u{1b}]0;y\\u{7}\n"
        );
    }

    #[test]
    fn the_totals_of_a_store_name_no_program() {
        let summary = ListSummary {
            licenses: 2,
            bytes: 3,
            skipped: 1,
            program: None,
        };
        assert_eq!(
            list_text(&summary),
            "2 licenses (3 bytes) may be backed up, 1 file left out\n"
        );
    }

    #[test]
    fn progress_names_its_stage_and_no_total_before_it_is_known() {
        let mut progress = Progress {
            stage: Stage::Listing,
            done: 5,
            total: None,
            bytes: 0,
            path: "a".to_owned(),
        };
        assert_eq!(progress_text(&progress), "listing 5 files");
        progress = Progress {
            stage: Stage::Copying,
            total: Some(9),
            bytes: 2048,
            ..progress
        };
        assert_eq!(progress_text(&progress), "copying 5 of 9 files, 2.0 KiB");
    }

    #[test]
    fn time_is_told_in_tenths_of_a_second_or_in_minutes() {
        for (milliseconds, told) in [
            (0, "Done in 0.0 s.\n"),
            (1_690, "Done in 1.6 s.\n"),
            (59_999, "Done in 59.9 s.\n"),
            (60_000, "Done in 1 min 0 s.\n"),
            (3_725_000, "Done in 62 min 5 s.\n"),
        ] {
            assert_eq!(time_text(Duration::from_millis(milliseconds)), told);
        }
    }

    #[test]
    fn a_complaint_is_one_line_that_says_who_complains() {
        assert_eq!(complaint("a\nb"), "license-backup: a\\nb");
    }
}
