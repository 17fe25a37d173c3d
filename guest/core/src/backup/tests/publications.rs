//! Backups of stores with publications.

use super::*;
use crate::ErrorCode;

/// A disk whose store has these files.
fn store_of(files: &[(&str, Vec<u8>)]) -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    for (path, content) in files {
        disk.write(&format!("/licenses/{path}"), content.clone());
    }
    disk
}

/// Files or entries, each with its content.
type Files = Vec<(String, Vec<u8>)>;

/// The skipped files, each with the reason.
type Skipped = Vec<(String, Reason)>;

/// Backs up a store and verifies the backup. Returns the licenses in it with their content, and the
/// skipped files, which are the same in the manifest.
fn backed_up(disk: &Disk) -> (Files, Skipped) {
    let (events, outcome) = run(start(disk, false).expect("the backup starts"));
    let summary = outcome.expect("the backup succeeds");
    let entries = entries(disk);
    let licenses: Vec<_> = entries
        .iter()
        .filter_map(|(name, content)| {
            Some((name.strip_prefix("licenses/")?.to_owned(), content.clone()))
        })
        .collect();
    assert_eq!(summary.licenses, licenses.len() as u64);
    assert_eq!(
        recorded(&entries),
        reported(&events),
        "the manifest differs from the events"
    );
    let mut verify = crate::Verify::start(
        &disk.directory("/backup"),
        "/backup",
        None,
        &crate::VerifyOptions::default(),
    )
    .expect("there is a backup");
    loop {
        match verify.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => verify = next,
            ControlFlow::Break(outcome) => {
                outcome.expect("the backup is complete");
                return (licenses, reported(&events));
            }
        }
    }
}

fn names(licenses: &[(String, Vec<u8>)]) -> Vec<&str> {
    licenses.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_license_in_a_publication_is_backed_up_inflated() {
    let disk = store_of(&[
        ("books/a.epub", publication("a")),
        ("books/b.lcpl", allowed("b")),
    ]);
    let (licenses, skipped) = backed_up(&disk);
    assert_eq!(
        licenses,
        [
            ("books/a.epub.lcpl".to_owned(), allowed("a")),
            ("books/b.lcpl".to_owned(), allowed("b"))
        ]
    );
    assert_eq!(skipped, []);
}

#[test]
fn licenses_in_publications_are_in_path_order() {
    let paths = [
        "a", "a!", "a!!", "a!!.", "a!/x", "a-b", "a.", "a.l", "a.lcp", "a.lcpk", "a.lcpm", "ab",
        "b",
    ];
    // Bit n is set if path n is a publication. Few paths are, or nearly all.
    let few_or_many =
        (0_u32..1 << paths.len()).filter(|bits| !(3..12).contains(&bits.count_ones()));
    for publications in few_or_many {
        // `a!` cannot be a file and a directory.
        let is_publication = |at: usize| publications >> at & 1 == 1;
        let files = paths
            .iter()
            .enumerate()
            .filter(|(_, path)| **path != "a!")
            .map(|(at, path)| {
                (
                    *path,
                    if is_publication(at) {
                        publication(path)
                    } else {
                        allowed(path)
                    },
                )
            });
        let disk = store_of(&files.collect::<Vec<_>>());
        let (licenses, skipped) = backed_up(&disk);
        let mut expected: Vec<String> = paths
            .iter()
            .enumerate()
            .filter(|(_, path)| **path != "a!")
            .map(|(at, path)| {
                if is_publication(at) {
                    format!("{path}.lcpl")
                } else {
                    (*path).to_owned()
                }
            })
            .collect();
        expected.sort();
        assert_eq!(names(&licenses), expected);
        assert_eq!(skipped, []);
    }
}

#[test]
fn a_file_with_the_name_of_the_license_shadows_it() {
    let same = store_of(&[("a", publication("a")), ("a.lcpl", allowed("a"))]);
    assert_eq!(
        backed_up(&same),
        (vec![("a.lcpl".to_owned(), allowed("a"))], vec![])
    );

    let shadowed = vec![("a".to_owned(), Reason::Failed(ErrorCode::Shadowed))];
    let other = store_of(&[("a", publication("a")), ("a.lcpl", allowed("b"))]);
    assert_eq!(
        backed_up(&other),
        (vec![("a.lcpl".to_owned(), allowed("b"))], shadowed.clone())
    );

    let between = store_of(&[
        ("a", publication("a")),
        ("a-b", allowed("a-b")),
        ("a.lcpl", allowed("b")),
    ]);
    assert_eq!(
        (names(&backed_up(&between).0), backed_up_again(&between).1),
        (vec!["a-b", "a.lcpl"], shadowed.clone())
    );

    let foreign = store_of(&[("a", publication("a")), ("a.lcpl", b"notes".to_vec())]);
    let unrecognized = (
        "a.lcpl".to_owned(),
        Reason::Restricted(Restriction::Unrecognized),
    );
    assert_eq!(
        backed_up(&foreign),
        (vec![], [shadowed, vec![unrecognized]].concat())
    );
}

fn backed_up_again(disk: &Disk) -> (Files, Skipped) {
    disk.directory("/backup");
    let (events, outcome) = run(start(disk, true).expect("the backup starts"));
    outcome.expect("the backup succeeds");
    (entries(disk), reported(&events))
}

#[test]
fn a_directory_or_link_with_the_name_of_the_license_shadows_it() {
    let shadowed = ("a".to_owned(), Reason::Failed(ErrorCode::Shadowed));
    let directory = store_of(&[("a", publication("a")), ("a.lcpl/b", allowed("b"))]);
    assert_eq!(
        backed_up(&directory),
        (
            vec![("a.lcpl/b".to_owned(), allowed("b"))],
            vec![shadowed.clone()]
        )
    );

    let links = store_of(&[("a", publication("a"))]);
    links.write_other("/licenses/a.lcpl/link");
    let special = (
        "a.lcpl/link".to_owned(),
        Reason::Restricted(Restriction::NotARegularFile),
    );
    assert_eq!(backed_up(&links), (vec![], vec![shadowed.clone(), special]));

    let link = store_of(&[("a", publication("a"))]);
    link.write_other("/licenses/a.lcpl");
    let special = (
        "a.lcpl".to_owned(),
        Reason::Restricted(Restriction::NotARegularFile),
    );
    assert_eq!(backed_up(&link), (vec![], vec![shadowed.clone(), special]));

    let illegal = store_of(&[("a", publication("a"))]);
    illegal.write_illegal_names("/licenses/a.lcpl", 1);
    let name = ("a.lcpl".to_owned(), Reason::Failed(ErrorCode::IllegalName));
    assert_eq!(backed_up(&illegal), (vec![], vec![shadowed, name]));
}

#[test]
fn a_license_whose_name_would_be_too_long_is_reported() {
    // The first is the longest path of an archive. Names of more than 255 bytes exist only on
    // Windows and macOS.
    let in_archive = format!("{}a", "d/".repeat((65_535 - "licenses/".len() - 2) / 2));
    for (path, is_too_long) in [
        (in_archive, true),
        ("x".repeat(250), false),
        (format!("d/{}", "x".repeat(251)), true),
        ("\u{8a31}".repeat(100), false),
        ("\u{8a31}".repeat(250), false),
        ("\u{8a31}".repeat(251), true),
    ] {
        let disk = store_of(&[(&path, publication("a")), ("b", allowed("b"))]);
        let (licenses, skipped) = backed_up(&disk);
        let license = format!("{path}.lcpl");
        let expected = if is_too_long {
            vec!["b"]
        } else {
            vec!["b", &license]
        };
        assert_eq!(names(&licenses), expected, "{} bytes", path.len());
        let failed = (path.clone(), Reason::Failed(ErrorCode::IllegalName));
        assert_eq!(
            skipped,
            Vec::from_iter(is_too_long.then_some(failed)),
            "{} bytes",
            path.len()
        );
    }
}

#[test]
fn a_publication_with_an_unreadable_license_is_reported() {
    let damaged = Entry {
        crc32: 0,
        ..Entry::deflated(META_INF, allowed("a"))
    };
    let not_lcp = Entry::stored(META_INF, "XMR");
    let incomplete = Entry::stored(META_INF, r#"{"id":"a","provider":"b","encryption":{}}"#);
    for entry in [damaged, not_lcp, incomplete] {
        let disk = store_of(&[
            ("a", Container::epub(entry, 20_000).bytes()),
            ("b", allowed("b")),
        ]);
        let (licenses, skipped) = backed_up(&disk);
        assert_eq!(names(&licenses), ["b"]);
        assert_eq!(
            skipped,
            [("a".to_owned(), Reason::Failed(ErrorCode::Malformed))]
        );
    }
    let status = r#"{"id":"a","status":"active","message":"m","links":[]}"#;
    let disk = store_of(&[(
        "a",
        Container::epub(Entry::stored(META_INF, status), 20_000).bytes(),
    )]);
    assert_eq!(
        backed_up(&disk).1,
        [(
            "a".to_owned(),
            Reason::Restricted(Restriction::StatusDocument)
        )]
    );
}

#[test]
fn a_publication_that_changes_while_it_waits_is_reported() {
    for (content, expected) in [
        (allowed("a"), Some(ErrorCode::Changed)),
        (publication("other"), None),
        (
            Container::epub(
                Entry {
                    crc32: 0,
                    ..Entry::stored(META_INF, "")
                },
                20_000,
            )
            .bytes(),
            Some(ErrorCode::Malformed),
        ),
    ] {
        let disk = store_of(&[("a", publication("a")), ("a-b", allowed("a-b"))]);
        let inner = disk.clone();
        disk.on_call(move |call| {
            if call.operation == "open_file" && call.name == "a-b" {
                inner.advance_clock(1);
                inner.overwrite("/licenses/a", content.clone());
            }
            Ok(())
        });
        let (licenses, skipped) = backed_up(&disk);
        let expected_names: &[&str] = if expected.is_none() {
            &["a-b", "a.lcpl"]
        } else {
            &["a-b"]
        };
        assert_eq!(names(&licenses), expected_names);
        let skipped: Vec<_> = skipped.into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(skipped, Vec::from_iter(expected.map(Reason::Failed)));
    }
}

#[test]
fn a_publication_that_keeps_changing_is_reported_as_changed() {
    let disk = store_of(&[("a", publication("a"))]);
    let inner = disk.clone();
    let mut reads = 0;
    disk.on_call(move |call| {
        if call.operation == "open_file" && call.name == "a" {
            reads = 0;
        }
        reads += usize::from(call.operation == "read");
        if call.operation == "read" && reads == 2 {
            inner.advance_clock(1);
            inner.overwrite("/licenses/a", publication("b"));
        }
        Ok(())
    });
    assert_eq!(
        backed_up(&disk).1,
        [("a".to_owned(), Reason::Failed(ErrorCode::Changed))]
    );
}

#[test]
fn protected_stores_are_reported_as_such() {
    let ole = [
        &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..],
        &vec![0; 3 << 20],
    ]
    .concat();
    let disk = store_of(&[
        ("x/DRMv2.lic", ole),
        ("x/mspr.hds", vec![1; 100]),
        ("x/other.hds", vec![1; 100]),
    ]);
    disk.write("/licenses/y/mspr.hds", "");
    disk.write("/licenses/z/mspr.hds", "<x/>");
    let named = |path: &str, reason| (path.to_owned(), Reason::Restricted(reason));
    let expected = [
        named("x/DRMv2.lic", Restriction::ProtectedStore),
        named("x/mspr.hds", Restriction::ProtectedStore),
        named("x/other.hds", Restriction::Unrecognized),
        named("y/mspr.hds", Restriction::ProtectedStore),
        named("z/mspr.hds", Restriction::ProtectedStore),
    ];
    assert_eq!(backed_up(&disk).1, expected);
}

#[test]
fn a_backup_of_publications_reads_a_few_blocks_of_each() {
    const COUNT: usize = 50;
    let license = allowed("a");
    let book = Container::epub(Entry::deflated(META_INF, &license), 2 << 20).bytes();
    let disk = Disk::new();
    disk.directory("/backup");
    for number in 0..COUNT {
        disk.write(&format!("/licenses/{number}.epub"), book.clone());
    }
    let before = disk.bytes_read();
    back_up(&disk, false).expect("the backup succeeds");
    let read = (disk.bytes_read() - before) / COUNT;
    // The first 16 KiB, the last 4 KiB with the central directory, and the entry.
    assert!(
        read <= (20 << 10) + license.len() + 256,
        "{read} bytes of each publication"
    );
}
