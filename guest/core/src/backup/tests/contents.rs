//! What is in a backup, what is told of the rest, and how it is read.

use super::*;

#[test]
fn every_license_that_allows_it_is_in_the_backup_and_nothing_else() {
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
            size
        }
    );
    only_backup_is_left(&disk);
}

#[test]
fn what_was_left_out_is_told_and_recorded_in_order_of_path() {
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
    assert_eq!(told(&events), expected);
}

#[test]
fn the_sums_name_every_license_and_its_hash() {
    let disk = mixed();
    back_up(&disk, false).expect("the backup succeeds");
    let entries = entries(&disk);
    let (sums, _) = entries.split_at(10);
    let line = |(name, content): &(String, Vec<u8>)| {
        let escaped = name.replace('\\', "\\\\").replace('\n', "\\n");
        let mark = if escaped == *name { "" } else { "\\" };
        format!("{mark}{}  {escaped}\n", blake3::hash(content))
    };
    let expected = sums.iter().map(line).collect::<Vec<_>>().concat();
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
fn more_entries_than_a_plain_zip_can_count_read_back() {
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
fn a_step_reads_no_more_than_its_share_whatever_becomes_of_it() {
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
fn a_backup_directory_in_the_store_is_left_out_of_the_walk_by_what_it_is() {
    let disk = mixed();
    disk.write("/licenses/a/backups/licenses.zip", EARLIER);
    let directory = disk.directory("/licenses/a/backups");
    let backup = Backup::start(
        disk.directory("/licenses"),
        directory,
        "/elsewhere",
        BackupOptions { overwrite: true },
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
fn a_message_is_one_line_whatever_a_path_has_in_it() {
    let disk = mixed();
    disk.write("/licenses/bad\nfile\u{1b}[2J", &b"XMR\0\0"[..]);
    let (events, _) = run(start(&disk, false).expect("the backup starts"));
    let told = events.iter().find_map(|event| match event {
        BackupRestoreStatus::Error(failure)
            if failure.path.as_deref() == Some("bad\nfile\u{1b}[2J") =>
        {
            Some(&failure.message)
        }
        _ => None,
    });
    let message = told.expect("the broken license is told, its path as it is");
    assert!(
        message.starts_with("the license in bad\\nfile\\u{1b}[2J is broken"),
        "{message:?}"
    );
}
