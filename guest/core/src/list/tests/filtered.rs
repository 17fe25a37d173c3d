//! Listings with a filter.

use super::*;

fn including(patterns: &[&str]) -> LicenseFilter {
    LicenseFilter {
        include: patterns.iter().map(|text| (*text).to_owned()).collect(),
        ..LicenseFilter::default()
    }
}

fn with_id(license_id: &str) -> LicenseFilter {
    LicenseFilter {
        license_ids: vec![license_id.to_owned()],
        ..LicenseFilter::default()
    }
}

/// A license that does not permit backups.
const DENIED: &str = r#"<LICENSE version="2.0.0.0"><LICENSORINFO><DATA><LID>l0hgp0lVkU+hxIb1c3VYfQ==</LID><KID>OrkGCtVaAUCdKPkhCbd05w==</KID></DATA></LICENSORINFO></LICENSE>"#;

/// Returns an LCP license of another ID.
fn license(id: &str) -> String {
    LCP.replace("urn:1", id)
}

/// Returns a disk with a store of licenses and other files, and its backup.
fn mixed() -> Disk {
    let disk = Disk::new();
    for path in ["a/1.lcpl", "a/2.lcpl", "b/1.lcpl"] {
        disk.write(&format!("/licenses/{path}"), license(path));
    }
    // The manifest has the IDs of a license that may not be backed up.
    disk.write("/licenses/a/denied.xml", DENIED);
    disk.write("/licenses/b/notes", "no license");
    disk.write_other("/licenses/fifo");
    write_backup(&disk);
    disk
}

fn write_backup(disk: &Disk) {
    let mut backup = Backup::start(
        disk.directory("/licenses"),
        disk.directory("/backup"),
        "/backup",
        crate::BackupOptions::default(),
    )
    .expect("it starts");
    loop {
        match backup.step(&mut Vec::new()) {
            Continue(next) => backup = next,
            Break(outcome) => return drop(outcome.expect("the backup succeeds")),
        }
    }
}

fn paths(listings: &[LicenseListing]) -> Vec<&str> {
    listings
        .iter()
        .map(|listing| listing.path.as_str())
        .collect()
}

#[test]
fn a_filtered_listing_is_the_matching_part_of_all() {
    let disk = mixed();
    let (all, all_in_store) = (
        list(&disk).expect("it can be listed").0,
        list_store(&disk).0,
    );
    for (filter, is_included) in [
        (
            including(&["*/1.lcpl"]),
            &(|listing: &LicenseListing| listing.path.ends_with("/1.lcpl"))
                as &dyn Fn(&LicenseListing) -> bool,
        ),
        (including(&["b/**", "fifo"]), &|listing| {
            !listing.path.starts_with('a')
        }),
        (including(&["**"]), &|_| true),
        (with_id("a/2.lcpl"), &|listing| listing.path == "a/2.lcpl"),
        (
            LicenseFilter {
                include: vec!["b/notes".to_owned()],
                ..with_id("a/2.lcpl")
            },
            &|listing| ["a/2.lcpl", "b/notes"].contains(&listing.path.as_str()),
        ),
    ] {
        for (found, all) in [
            (list_filtered(&disk, &filter), &all),
            (list_store_filtered(&disk, &filter), &all_in_store),
        ] {
            let (found, summary) = found.expect("files match");
            let expected: Vec<_> = all
                .iter()
                .filter(|listing| is_included(listing))
                .cloned()
                .collect();
            assert_eq!(found, expected, "{filter:?}");
            let mut totals = ListSummary {
                file: summary.file.clone(),
                program: summary.program.clone(),
                ..ListSummary::default()
            };
            totals.add(&expected);
            assert_eq!(summary, totals, "{filter:?}");
        }
    }
}

#[test]
fn skipped_files_match_by_their_ids() {
    let disk = mixed();
    let filter = LicenseFilter {
        key_ids: vec!["OrkGCtVaAUCdKPkhCbd05w==".to_owned()],
        ..LicenseFilter::default()
    };
    for found in [
        list_filtered(&disk, &filter),
        list_store_filtered(&disk, &filter),
    ] {
        let (found, summary) = found.expect("a skipped file matches");
        assert_eq!(paths(&found), ["a/denied.xml"]);
        assert_eq!((summary.licenses, summary.skipped), (0, 1));
    }
}

#[test]
fn a_listing_without_a_match_fails() {
    let disk = mixed();
    for filter in [including(&["c/*", "A/*"]), with_id("urn")] {
        let failure = list_filtered(&disk, &filter).expect_err("nothing matches");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert_eq!(
            failure.message,
            "no license or skipped file in the backup (licenses.zip) in /backup matches; \
             use list without a filter to see all"
        );
        let failure = list_store_filtered(&disk, &filter).expect_err("nothing matches");
        assert_eq!(
            (failure.code, failure.path.as_deref()),
            (ErrorCode::PathNotFound, Some("."))
        );
    }
}

#[test]
fn an_invalid_pattern_is_reported_before_anything_is_read() {
    let disk = mixed();
    disk.take_calls();
    let filter = including(&["["]);
    let failures = [
        list_filtered(&disk, &filter).expect_err("the pattern is invalid"),
        list_store_filtered(&disk, &filter).expect_err("the pattern is invalid"),
    ];
    assert!(
        failures
            .iter()
            .all(|failure| failure.code == ErrorCode::InvalidArgument),
        "{failures:?}"
    );
    assert!(disk.take_calls().is_empty());
}

#[test]
fn a_pattern_opens_no_other_file_of_a_store() {
    let disk = mixed();
    disk.take_calls();
    list_store_filtered(&disk, &including(&["a/1*"])).expect("a file matches");
    let opened: Vec<_> = disk
        .take_calls()
        .into_iter()
        .filter(|call| call.operation == "open_file")
        .map(|call| call.name)
        .collect();
    assert_eq!(opened, ["1.lcpl"]);
}

#[test]
fn a_pattern_reads_no_other_license_of_a_backup() {
    let disk = Disk::new();
    for number in 0..100 {
        let text = license(&format!("{number:05000}"));
        disk.write(&format!("/licenses/{number:02}"), text);
    }
    write_backup(&disk);
    let bytes = |filter: &LicenseFilter| {
        let before = disk.bytes_read();
        list_filtered(&disk, filter).expect("files match");
        disk.bytes_read() - before
    };
    let (all, one) = (bytes(&LicenseFilter::default()), bytes(&including(&["50"])));
    assert!(all > 500_000 && one < 250_000, "{all} {one}");
}
