//! Text for people: summaries and listings.

use super::omissions::Omissions;
use crate::visible::visible;
use crate::{BackupSummary, ListSummary, Listing, Standing};

/// What a backup did, and what it left out and why. `archive` is where the backup is, as the caller knows it.
///
/// Each line ends with a newline.
#[must_use]
pub fn backup_text(summary: &BackupSummary, omissions: &Omissions, archive: &str) -> String {
    format!(
        "Backed up {} ({}) to {} ({}).\n{omissions}",
        counted(summary.licenses, "license"),
        human_bytes(summary.bytes),
        visible(archive),
        human_bytes(summary.size),
    )
}

/// One line for a license of a listing, without a newline: standing, size, format, path.
///
/// A file that was left out stands under its reason.
#[must_use]
pub fn listing_text(listing: &Listing) -> String {
    let standing = match listing.standing {
        Standing::BackedUp => "backed-up",
        Standing::Restricted(reason) => reason.name(),
        Standing::Failed(code) => code.name(),
    };
    let size = listing.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
    let format = listing.identity.format.map_or("-", |format| format.name());
    format!("{standing:<18} {size:>8} {format:<5} {}", visible(&listing.path))
}

/// The totals of a listing, one line without a newline.
#[must_use]
pub fn list_text(summary: &ListSummary) -> String {
    format!(
        "{} ({}) in the backup, {} left out; written by {}",
        counted(summary.licenses, "license"),
        human_bytes(summary.bytes),
        counted(summary.left_out, "file"),
        visible(&summary.program),
    )
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
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorCode, Format, Identity, Restricted, Restriction, Status};

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
    fn a_summary_says_what_where_and_what_was_left_out() {
        let summary = BackupSummary { licenses: 1, bytes: 2048, restricted: 1, errors: 0, size: 4096 };
        let mut omissions = Omissions::default();
        omissions.note(&Status::RestrictedLicense(Restricted {
            path: "p".to_owned(),
            identity: Identity::default(),
            reason: Restriction::Conditional,
        }));
        assert_eq!(
            backup_text(&summary, &omissions, "/b/licenses.zip"),
            "Backed up 1 license (2.0 KiB) to /b/licenses.zip (4.0 KiB).\n\
             Left out 1, conditional: its license grants the right under a condition only\n  p\n"
        );
    }

    #[test]
    fn a_listing_is_one_line_whatever_the_name() {
        let listing = Listing {
            path: "a\nb".to_owned(),
            identity: Identity { format: Some(Format::Lcp), ..Identity::default() },
            size: Some(123),
            standing: Standing::BackedUp,
        };
        assert_eq!(listing_text(&listing), "backed-up               123 lcp   a\\nb");
    }

    #[test]
    fn what_was_left_out_is_listed_under_its_reason() {
        let mut listing = Listing {
            path: "x".to_owned(),
            identity: Identity::default(),
            size: None,
            standing: Standing::Restricted(Restriction::NotARegularFile),
        };
        assert_eq!(listing_text(&listing), "not-a-regular-file        - -     x");
        listing.standing = Standing::Failed(ErrorCode::TooLarge);
        assert_eq!(listing_text(&listing), "too-large                 - -     x");
    }

    #[test]
    fn totals_escape_the_program_that_a_backup_names() {
        let summary = ListSummary { licenses: 2, bytes: 3, left_out: 0, program: "x\x1b]0;y\x07".to_owned() };
        assert_eq!(
            list_text(&summary),
            "2 licenses (3 bytes) in the backup, 0 files left out; written by x\\u{1b}]0;y\\u{7}"
        );
    }
}
