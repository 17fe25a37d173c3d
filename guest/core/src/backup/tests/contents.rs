//! The content of a backup, the reports of skipped files, and how the store is read.

use super::*;

#[test]
fn a_backup_contains_exactly_the_allowed_licenses() {
    let disk = mixed();
    let summary = back_up(&disk, false).expect("the backup succeeds");
    let names: Vec<_> = entries(&disk).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "licenses/-dash",
        "licenses/a-b",
        "licenses/a.b",
        "licenses/a/b",
        "licenses/back\\slash",
        "licenses/book-notes",
        "licenses/book.lcpl",
        "licenses/deep/er/one",
        "licenses/deep/two",
        "licenses/with\nline",
        "B3SUMS",
        "backup.json",
    ];
    assert_eq!(names, expected);
    for (name, content) in &entries(&disk)[..10] {
        let path = name.strip_prefix("licenses/").expect("a license");
        assert_eq!(
            *content,
            allowed(path.strip_suffix(".lcpl").unwrap_or(path)),
            "{name}"
        );
    }
    let size = disk
        .read("/backup/licenses.zip")
        .expect("there is a backup")
        .len() as u64;
    let bytes = entries(&disk)[..10]
        .iter()
        .map(|(_, content)| content.len() as u64)
        .sum();
    assert_eq!(
        summary,
        BackupSummary {
            licenses: 10,
            bytes,
            restricted: 2,
            errors: 2,
            file: BACKUP_FILE.to_owned(),
            size,
            unchanged: false,
            shrunk: None,
            blake3: None,
            removed: 0,
        }
    );
    assert_only_the_backup_remains(&disk);
}

#[test]
fn skipped_files_are_reported_and_recorded_in_path_order() {
    let disk = mixed();
    let (events, outcome) = run(start(&disk, false).expect("the backup starts"));
    outcome.expect("the backup succeeds");
    let expected = [
        ("a/fifo", Reason::Restricted(Restriction::NotARegularFile)),
        ("deep", Reason::Failed(ErrorCode::IllegalName)),
        ("deep/broken", Reason::Failed(ErrorCode::Malformed)),
        ("notes.txt", Reason::Restricted(Restriction::Unrecognized)),
    ];
    let expected = expected.map(|(path, reason)| (path.to_owned(), reason));
    assert_eq!(recorded(&entries(&disk)), expected);
    assert_eq!(reported(&events), expected);
}

#[test]
fn the_checksums_name_every_license_and_its_hash() {
    let disk = mixed();
    back_up(&disk, false).expect("the backup succeeds");
    let entries = entries(&disk);
    let (licenses, _) = entries.split_at(10);
    let line = |(name, content): &(String, Vec<u8>)| {
        let escaped = name.replace('\\', "\\\\").replace('\n', "\\n");
        let mark = if escaped == *name { "" } else { "\\" };
        format!("{mark}{}  {escaped}\n", blake3::hash(content))
    };
    let expected = licenses.iter().map(line).collect::<Vec<_>>().concat();
    assert_eq!(String::from_utf8_lossy(&entries[10].1), expected);
}

#[test]
fn the_same_store_gives_the_same_bytes() {
    let (one, other) = (mixed(), mixed());
    other.advance_clock(86_400);
    other.directory("/licenses/empty");
    back_up(&one, false).expect("the backup succeeds");
    back_up(&other, false).expect("the backup succeeds");
    assert!(
        one.read("/backup/licenses.zip") == other.read("/backup/licenses.zip"),
        "the backups differ"
    );
}

#[test]
fn more_entries_than_a_zip_without_zip64_can_count_read_back() {
    let disk = Disk::new();
    disk.directory("/backup");
    for number in 0..66_000 {
        disk.write(
            &format!("/licenses/{}/{number:05}", number / 1000),
            allowed("x"),
        );
    }
    let summary = back_up(&disk, false).expect("the backup succeeds");
    assert_eq!(summary.licenses, 66_000);
    let mut names: Vec<_> = entries(&disk).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 66_002);
    names.truncate(66_000);
    assert!(
        names.is_sorted(),
        "the licenses are not in byte order of path"
    );
}

#[test]
fn a_step_reads_a_bounded_number_of_bytes() {
    let disk = Disk::new();
    disk.directory("/backup");
    for number in 0..20 {
        disk.write(&format!("/licenses/{number}"), vec![b'x'; 1 << 20]);
    }
    let mut backup = start(&disk, false).expect("the backup starts");
    loop {
        disk.take_calls();
        match backup.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => backup = next,
            ControlFlow::Break(outcome) => {
                outcome.expect("the backup succeeds");
                break;
            }
        }
        let reads = disk
            .take_calls()
            .iter()
            .filter(|call| call.operation == "read")
            .count();
        assert!(reads < 40, "{reads} reads of 64 KiB in one step");
    }
}

#[test]
fn a_backup_directory_inside_the_store_is_not_walked() {
    let disk = mixed();
    disk.write("/licenses/a/backups/licenses.zip", EARLIER);
    let directory = disk.directory("/licenses/a/backups");
    let backup = Backup::start(
        disk.directory("/licenses"),
        directory,
        "/elsewhere",
        BackupOptions {
            overwrite: true,
            ..BackupOptions::default()
        },
    )
    .expect("it starts");
    let (events, outcome) = run(backup);
    let summary = outcome.expect("the backup succeeds");
    assert_eq!(
        (summary.licenses, summary.restricted, summary.errors),
        (10, 2, 2),
        "{events:?}"
    );
}

#[test]
fn control_characters_of_a_path_are_escaped_in_a_message() {
    let disk = mixed();
    disk.write("/licenses/bad\nfile\u{1b}[2J", &b"XMR\0\0"[..]);
    let (events, _) = run(start(&disk, false).expect("the backup starts"));
    let message = events.iter().find_map(|event| match event {
        BackupRestoreStatus::Error(failure)
            if failure.path.as_deref() == Some("bad\nfile\u{1b}[2J") =>
        {
            Some(&failure.message)
        }
        _ => None,
    });
    let message = message.expect("the malformed license is reported, with its path not escaped");
    assert!(
        message.starts_with("cannot back up bad\\nfile\\u{1b}[2J: its license is malformed"),
        "{message:?}"
    );
}
