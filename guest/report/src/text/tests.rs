//! Tests of the texts.

use super::*;
use license_backup_core::Reason;
use license_backup_core::{ErrorCode, LicenseFormat, Restriction};

#[test]
fn bytes_are_shown_in_the_largest_unit_that_fits() {
    for (bytes, text) in [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024 * 1024 - 1, "1023.9 KiB"),
        (5 * 1024 * 1024 * 1024, "5.0 GiB"),
        (u64::MAX, "15.9 EiB"),
    ] {
        assert_eq!(human_bytes(bytes), text, "{bytes}");
    }
}

#[test]
fn a_backup_reports_its_file_and_the_skipped_files() {
    let summary = BackupSummary {
        licenses: 1,
        bytes: 2048,
        restricted: 1,
        errors: 0,
        file: "licenses.zip".to_owned(),
        size: 4096,
        unchanged: false,
        shrunk: None,
        blake3: None,
        removed: 0,
    };
    let mut skipped = SkippedByReason::default();
    skipped.add(Reason::Restricted(Restriction::Conditional), "p");
    assert_eq!(
        backup_text(&summary, &skipped, "/b"),
        "Backed up 1 license (2.0 KiB) to /b/licenses.zip (4.0 KiB).\n\
         Skipped 1, conditional: the license grants the right only under a condition\n  p\n"
    );
    let unchanged = BackupSummary {
        unchanged: true,
        ..summary
    };
    assert_eq!(
        backup_text(&unchanged, &SkippedByReason::default(), "/b"),
        "Unchanged: 1 license (2.0 KiB) in /b/licenses.zip (4.0 KiB).\n"
    );
}

#[test]
fn a_verification_reports_the_hash_and_how_to_use_it() {
    let program = "license-backup\n0.1.0".to_owned();
    let summary = VerifySummary {
        licenses: 2,
        bytes: 30,
        skipped: 1,
        file: "licenses.zip".to_owned(),
        size: 400,
        blake3: "ab".to_owned(),
        program: Some(program),
        encrypted: false,
    };
    assert_eq!(
        verify_text(&summary, "/b", false),
        "Verified 2 licenses (30 bytes) in /b/licenses.zip (400 bytes): no errors.\n\
         Written by license-backup\\n0.1.0, which skipped 1 file.\n\
         BLAKE3 ab\n\
         Record this hash; verify --expect HASH fails if the backup has changed.\n"
    );
    let expected = verify_text(&summary, "/b", true);
    assert!(
        expected.ends_with("BLAKE3 ab\nThe hash matches --expect.\n"),
        "{expected}"
    );
}

#[test]
fn a_verification_of_an_encrypted_backup_says_what_was_not_verified() {
    let summary = VerifySummary {
        licenses: 2,
        bytes: 30,
        skipped: 1,
        file: "licenses.zip".to_owned(),
        size: 400,
        blake3: "ab".to_owned(),
        program: None,
        encrypted: true,
    };
    assert_eq!(
        verify_text(&summary, "/b", false),
        "Compared /b/licenses.zip with last-run.json: it is the file that the last run wrote.\n\
         It is encrypted, and no identity opens it; its content was not verified.\n\
         By the record, it contains 2 licenses (30 bytes) in 400 bytes, and the run skipped 1 file.\n\
         BLAKE3 of the content, by the record: ab\n"
    );
}

#[test]
fn a_restore_reports_its_conflicts_and_suggests_overwrite() {
    let summary = RestoreSummary {
        file: "licenses.zip".to_owned(),
        restored: 2,
        bytes: 30,
        present: 1,
        conflicts: 1,
    };
    let mut conflicts = SkippedByReason::default();
    conflicts.add(
        Reason::Failed(ErrorCode::FileExists),
        "a.lic has other bytes",
    );
    let restore = |overwrite, dry_run| restore_text(&summary, &conflicts, "/b", overwrite, dry_run);
    let listed = "Not restored 1, file-exists: another file has the name, \
        or the store cannot hold the name\n  \
        a.lic has other bytes\n";
    assert_eq!(
        restore(false, false),
        format!(
            "Restored 2 licenses (30 bytes) from /b/licenses.zip; already present: 1.\n{listed}\
             Use --overwrite to replace regular files with the names of licenses, \
             except newer LCP licenses.\n"
        )
    );
    assert_eq!(
        restore(true, true),
        format!(
            "2 licenses (30 bytes) would be restored from /b/licenses.zip; \
             already present: 1.\n{listed}"
        )
    );
}

#[test]
fn a_newline_in_a_name_is_escaped_in_a_listing() {
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
        "backed-up               123 lcp       a\\nb\n"
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
        "allowed                   1 wmdrm     a (license l\\n0; key k0, k1, k2 and 2 more)\n"
    );
    listing.identity.license_ids.clear();
    listing.identity.key_ids.truncate(1);
    assert_eq!(
        listing_text(&listing),
        "allowed                   1 wmdrm     a (key k0)\n"
    );
}

#[test]
fn a_publication_is_listed_with_its_entry_and_rights_end() {
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
        "allowed                   1 lcp       a \
         (in license.lcpl; license l; until 2027-01-01T00:00:00Z)\n"
    );
}

#[test]
fn a_skipped_file_is_listed_with_its_reason() {
    let restricted = LicenseStanding::Restricted(Restriction::NotARegularFile);
    let mut listing = LicenseListing::new("x".to_owned(), restricted);
    assert_eq!(
        listing_text(&listing),
        "not-a-regular-file        - -         x\n"
    );
    listing.standing = LicenseStanding::Failed(ErrorCode::TooLarge);
    listing.message = Some("x\nis too large".to_owned());
    assert_eq!(
        listing_text(&listing),
        "too-large                 - -         x: x\\nis too large\n"
    );
}

#[test]
fn totals_escape_the_program_that_a_backup_names() {
    let program = Some("x\x1b]0;y\x07".to_owned());
    let summary = ListSummary {
        file: None,
        licenses: 2,
        bytes: 3,
        skipped: 0,
        program,
    };
    assert_eq!(
        list_text(&summary),
        "2 licenses (3 bytes) in the backup, 0 files skipped; written by x\\u{1b}]0;y\\u{7}\n"
    );
}

#[test]
fn the_totals_of_a_store_name_no_program() {
    let summary = ListSummary {
        file: None,
        licenses: 2,
        bytes: 3,
        skipped: 1,
        program: None,
    };
    assert_eq!(
        list_text(&summary),
        "2 licenses (3 bytes) may be backed up, 1 file skipped\n"
    );
}

#[test]
fn progress_has_its_stage_and_no_total_before_it_is_known() {
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
fn time_is_shown_in_tenths_of_a_second_or_in_minutes() {
    for (milliseconds, text) in [
        (0, "Done in 0.0 s.\n"),
        (1_690, "Done in 1.6 s.\n"),
        (59_999, "Done in 59.9 s.\n"),
        (60_000, "Done in 1 min 0 s.\n"),
        (3_725_000, "Done in 62 min 5 s.\n"),
    ] {
        assert_eq!(time_text(Duration::from_millis(milliseconds)), text);
    }
}

#[test]
fn an_error_is_one_line_with_the_name_of_the_program() {
    assert_eq!(error_line("a\nb"), "license-backup: a\\nb");
}
