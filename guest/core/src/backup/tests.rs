use std::ops::ControlFlow;

use super::*;
use crate::archive::{ArchiveReader, BACKUP_FILE, LeftOut, Reason};
use crate::memory::{Call, Disk, MemoryDirectory};
use crate::{FsError, Restriction};

/// `backup.json` as any JSON reader sees it.
#[derive(serde::Deserialize)]
struct Record {
    left_out: Vec<LeftOut>,
}

const EARLIER: &[u8] = b"the earlier backup";

fn allowed(path: &str) -> Vec<u8> {
    let id: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}}}}"#).into_bytes()
}

/// A store with something of every kind, and an empty backup directory.
fn mixed() -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    for path in ["a-b", "a/b", "a.b", "deep/er/one", "deep/two", "with\nline", "back\\slash", "-dash"] {
        disk.write(&format!("/licenses/{path}"), allowed(path));
    }
    disk.write("/licenses/notes.txt", "not a license");
    disk.write("/licenses/deep/broken", &b"XMR\0\0"[..]);
    disk.write_other("/licenses/a/fifo");
    disk.write_illegal_names("/licenses/deep", 1);
    disk.settle();
    disk
}

fn start(disk: &Disk, overwrite: bool) -> Result<Backup<MemoryDirectory>, Failure> {
    Backup::start(disk.directory("/licenses"), disk.directory("/backup"), "/backup", overwrite)
}

fn run(backup: Backup<MemoryDirectory>) -> (Vec<Status>, Result<BackupSummary, Failure>) {
    let mut events = Vec::new();
    let mut backup = backup;
    loop {
        match backup.step(&mut events) {
            ControlFlow::Continue(next) => backup = next,
            ControlFlow::Break(outcome) => return (events, outcome),
        }
    }
}

fn cancel(backup: Backup<MemoryDirectory>) -> Failure {
    backup.cancel().break_value().expect("a backup can be cancelled until its end")
}

fn back_up(disk: &Disk, overwrite: bool) -> Result<BackupSummary, Failure> {
    start(disk, overwrite).and_then(|backup| run(backup).1)
}

/// Every entry of the backup with its content.
fn entries(disk: &Disk) -> Vec<(String, Vec<u8>)> {
    let file = disk.directory("/backup").open_file(BACKUP_FILE).expect("there is a backup");
    let mut archive = ArchiveReader::open(file).expect("it is an archive");
    let mut entries = Vec::new();
    while let Some(entry) = archive.next_entry().expect("its directory is whole") {
        let content = archive.content(&entry).expect("the entry is whole");
        entries.push((entry.name, content));
    }
    entries
}

fn only_backup_is_left(disk: &Disk) {
    let names: Vec<_> = disk.snapshot("/backup").into_keys().collect();
    assert_eq!(names, [BACKUP_FILE]);
}

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
        "licenses/deep/er/one",
        "licenses/deep/two",
        "licenses/with\nline",
        "B3SUMS",
        "backup.json",
    ];
    assert_eq!(names, expected);
    for (name, content) in &entries(&disk)[..8] {
        assert_eq!(*content, allowed(name.strip_prefix("licenses/").expect("a license")), "{name}");
    }
    let size = disk.read("/backup/licenses.zip").expect("there is a backup").len() as u64;
    let bytes = entries(&disk)[..8].iter().map(|(_, content)| content.len() as u64).sum();
    assert_eq!(summary, BackupSummary { licenses: 8, bytes, restricted: 2, errors: 2, size });
    only_backup_is_left(&disk);
}

#[test]
fn what_was_left_out_is_told_and_recorded_in_order_of_path() {
    let disk = mixed();
    let (events, outcome) = run(start(&disk, false).expect("the backup starts"));
    outcome.expect("the backup succeeds");
    let entries = entries(&disk);
    let (_, json) = entries.last().expect("the record is the last entry");
    let record: Record = serde_json::from_slice(json).expect("it can be read");
    let left_out: Vec<_> = record.left_out.iter().map(|left_out| (left_out.path.as_str(), left_out.reason)).collect();
    let expected = [
        ("a/fifo", Reason::Restricted(Restriction::NotARegularFile)),
        ("deep", Reason::Failed(ErrorCode::IllegalName)),
        ("deep/broken", Reason::Failed(ErrorCode::Malformed)),
        ("notes.txt", Reason::Restricted(Restriction::Unrecognized)),
    ];
    assert_eq!(left_out, expected);
    let mut told: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            Status::RestrictedLicense(restricted) => Some((restricted.path, Reason::Restricted(restricted.reason))),
            Status::Error(failure) => Some((failure.path.expect("it has a path"), Reason::Failed(failure.code))),
            Status::Begin | Status::Information(_) | Status::End => None,
        })
        .collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told, expected.map(|(path, reason)| (path.to_owned(), reason)));
}

#[test]
fn the_sums_name_every_license_and_its_hash() {
    let disk = mixed();
    back_up(&disk, false).expect("the backup succeeds");
    let entries = entries(&disk);
    let (sums, _) = entries.split_at(8);
    let line = |(name, content): &(String, Vec<u8>)| {
        let escaped = name.replace('\\', "\\\\").replace('\n', "\\n");
        let mark = if escaped == *name { "" } else { "\\" };
        format!("{mark}{}  {escaped}\n", blake3::hash(content))
    };
    let expected = sums.iter().map(line).collect::<Vec<_>>().concat();
    assert_eq!(String::from_utf8_lossy(&entries[8].1), expected);
}

#[test]
fn the_same_store_gives_the_same_bytes() {
    let (one, other) = (mixed(), mixed());
    other.wait(86_400);
    other.directory("/licenses/empty");
    back_up(&one, false).expect("the backup succeeds");
    back_up(&other, false).expect("the backup succeeds");
    assert!(one.read("/backup/licenses.zip") == other.read("/backup/licenses.zip"), "the backups differ");
}

#[test]
fn more_entries_than_a_plain_zip_can_count_read_back() {
    let disk = Disk::new();
    disk.directory("/backup");
    for number in 0..66_000 {
        disk.write(&format!("/licenses/{}/{number:05}", number / 1000), allowed("x"));
    }
    let summary = back_up(&disk, false).expect("the backup succeeds");
    assert_eq!(summary.licenses, 66_000);
    let mut names: Vec<_> = entries(&disk).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 66_002);
    names.truncate(66_000);
    assert!(names.is_sorted(), "the licenses are not in byte order of path");
}

#[test]
fn without_overwrite_an_earlier_backup_is_not_touched() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    let before = disk.snapshot("/backup");
    assert_eq!(back_up(&disk, false).expect_err("there is a backup").code, ErrorCode::BackupExists);
    assert_eq!(disk.snapshot("/backup"), before);
}

#[test]
fn without_overwrite_a_backup_that_appears_meanwhile_wins() {
    for has_links in [true, false] {
        let disk = mixed();
        let backup = start(&disk, false).expect("the backup starts");
        let inner = disk.clone();
        disk.on_call(move |call| match call.operation {
            "sync_file" => {
                inner.write("/backup/licenses.zip", EARLIER);
                Ok(())
            }
            "hard_link" if !has_links => Err(FsError::NotPermitted),
            _ => Ok(()),
        });
        let failure = run(backup).1.expect_err("another backup was first");
        assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
        assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
        only_backup_is_left(&disk);
    }
}

#[test]
fn overwrite_replaces_an_earlier_backup() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    back_up(&disk, true).expect("the backup succeeds");
    assert_eq!(entries(&disk).len(), 10);
    only_backup_is_left(&disk);
}

#[test]
fn a_file_system_without_hard_links_will_do() {
    for error in [FsError::NotPermitted, FsError::Unsupported] {
        let disk = mixed();
        disk.fail(error, |call| call.operation == "hard_link");
        back_up(&disk, false).expect("the backup succeeds");
        only_backup_is_left(&disk);
    }
}

#[test]
fn without_hard_links_a_look_that_fails_is_no_leave_to_replace_a_backup() {
    let disk = mixed();
    let backup = start(&disk, false).expect("the backup starts");
    disk.write("/backup/licenses.zip", EARLIER);
    disk.on_call(|call| match call.operation {
        "hard_link" => Err(FsError::NotPermitted),
        "metadata" => Err(FsError::Other("io")),
        _ => Ok(()),
    });
    assert_eq!(run(backup).1.expect_err("it is not known whether there is a backup").code, ErrorCode::Io);
    assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
}

#[test]
fn a_run_whose_temporary_name_is_anothers_by_now_commits_nothing_and_removes_nothing() {
    for overwrite in [false, true] {
        for cancelled in [false, true] {
            let disk = mixed();
            let backup = start(&disk, overwrite).expect("the backup starts");
            disk.write("/backup/.license-backup-0.tmp", "another run's");
            let failure = if cancelled { cancel(backup) } else { run(backup).1.expect_err("the file is lost") };
            assert_ne!(failure.code, ErrorCode::BackupExists, "{failure}");
            let left: Vec<_> =
                disk.snapshot("/backup").into_iter().map(|(name, (content, _))| (name, content)).collect();
            assert_eq!(left, [(".license-backup-0.tmp".to_owned(), b"another run's".to_vec())]);
        }
    }
}

#[test]
fn a_temporary_name_that_cannot_be_removed_after_the_commit_is_told() {
    let disk = mixed();
    disk.fail(FsError::AccessDenied, |call| call.operation == "unlink");
    let failure = back_up(&disk, false).expect_err("a name is left");
    assert!(failure.message.contains("is in place"), "{failure}");
    assert_eq!(entries(&disk).len(), 10);
}

#[test]
fn a_temporary_name_that_is_gone_after_the_commit_is_nothing() {
    let disk = mixed();
    disk.fail(FsError::NoEntry, |call| call.operation == "unlink");
    back_up(&disk, false).expect("the backup is complete");
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
        let reads = disk.take_calls().iter().filter(|call| call.operation == "read").count();
        assert!(reads < 40, "{reads} reads of 64 KiB in one step");
    }
}

#[test]
fn success_is_told_after_the_file_the_name_and_the_directory_are_durable() {
    for (overwrite, commit) in [(false, "hard_link"), (true, "rename")] {
        let disk = mixed();
        disk.take_calls();
        back_up(&disk, overwrite).expect("the backup succeeds");
        let calls = disk.take_calls();
        let last = |operation| calls.iter().rposition(|call: &Call| call.operation == operation);
        let order = [last("write"), last("sync_file"), last(commit), last("sync_directory")];
        assert!(order.is_sorted() && order[0].is_some(), "{order:?}: {calls:?}");
        assert!(last("create_file") < last("write"), "the temporary file is created first");
    }
}

#[test]
fn a_backup_that_was_told_survives_a_power_cut() {
    for overwrite in [false, true] {
        let disk = mixed();
        back_up(&disk, overwrite).expect("the backup succeeds");
        disk.cut_power();
        assert_eq!(entries(&disk).len(), 10);
        only_backup_is_left(&disk);
    }
}

#[test]
fn a_file_that_cannot_be_made_durable_is_no_backup() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| call.operation == "sync_file");
    assert_eq!(back_up(&disk, false).expect_err("the disk is broken").code, ErrorCode::Io);
    assert!(disk.snapshot("/backup").is_empty(), "something is left");
}

#[test]
fn a_host_that_cannot_sync_a_directory_will_do() {
    for error in [FsError::Unsupported, FsError::Invalid] {
        let disk = mixed();
        disk.fail(error, |call| call.operation == "sync_directory");
        back_up(&disk, false).expect("the backup succeeds");
    }
}

#[test]
fn a_directory_that_fails_to_sync_is_told_with_the_backup_in_place() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| call.operation == "sync_directory");
    let failure = back_up(&disk, false).expect_err("the directory is not durable");
    assert_eq!(failure.code, ErrorCode::Io);
    assert!(failure.message.contains("in place but perhaps not durable"), "{failure}");
    assert_eq!(entries(&disk).len(), 10);
    only_backup_is_left(&disk);
}

#[test]
fn cancelled_at_any_step_a_backup_leaves_the_directory_as_it_was() {
    let mut steps = 0;
    loop {
        let disk = mixed();
        disk.write("/backup/licenses.zip", EARLIER);
        let before = disk.snapshot("/backup");
        let mut backup = start(&disk, true).expect("the backup starts");
        for _ in 0..steps {
            match backup.step(&mut Vec::new()) {
                ControlFlow::Continue(next) => backup = next,
                ControlFlow::Break(outcome) => {
                    outcome.expect("the backup succeeds");
                    assert!(steps > 5, "a backup has more than {steps} steps");
                    return;
                }
            }
        }
        assert_eq!(cancel(backup).code, ErrorCode::Cancelled);
        assert_eq!(disk.snapshot("/backup"), before, "after {steps} steps");
        steps += 1;
    }
}

#[test]
fn whatever_call_fails_the_earlier_backup_is_there_or_the_new_one_is_whole() {
    let mut cases = 0;
    for error in [FsError::NoSpace, FsError::Other("io"), FsError::AccessDenied, FsError::NoEntry] {
        for number in 0.. {
            let disk = mixed();
            disk.write("/backup/licenses.zip", EARLIER);
            disk.settle();
            disk.take_calls();
            disk.fail(error, move |call| call.number == number);
            let outcome = back_up(&disk, true);
            let reached = disk.take_calls().len() > number;
            disk.heal();
            match &outcome {
                Ok(_) => {
                    disk.cut_power();
                    assert!(entries(&disk).last().is_some_and(|(name, _)| name == "backup.json"));
                }
                Err(failure) if failure.message.contains("is in place") => assert!(entries(&disk).len() > 2),
                Err(_) => {
                    disk.cut_power();
                    assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER), "{error:?} {number}");
                }
            }
            if !reached {
                break;
            }
            back_up(&disk, true).expect("a second run succeeds");
            cases += 1;
        }
    }
    assert!(cases > 100, "only {cases} cases were tried");
}

#[test]
fn a_failing_destination_is_never_put_down_to_a_license() {
    let disk = mixed();
    disk.fail(FsError::NoSpace, |call| call.operation == "write");
    let (events, outcome) = run(start(&disk, false).expect("the backup starts"));
    let failure = outcome.expect_err("the disk is full");
    assert_eq!((failure.code, failure.path.as_deref()), (ErrorCode::DiskFull, Some("/backup")));
    let unexpected =
        events.iter().find(|event| matches!(event, Status::Error(failure) if failure.code == ErrorCode::DiskFull));
    assert_eq!(unexpected, None);
    assert!(disk.snapshot("/backup").is_empty(), "a temporary file is left");
}

#[test]
fn a_destination_that_takes_nothing_is_told_and_not_waited_for() {
    let disk = mixed();
    disk.take_nothing();
    assert_eq!(back_up(&disk, false).expect_err("nothing is written").code, ErrorCode::Io);
}

#[test]
fn a_temporary_file_that_cannot_be_removed_is_told() {
    let disk = mixed();
    disk.fail(FsError::AccessDenied, |call| call.operation == "write" || call.operation == "unlink");
    let failure = back_up(&disk, false).expect_err("nothing can be written");
    assert!(failure.message.contains(".license-backup-0.tmp"), "{failure}");
}

#[test]
fn a_stale_temporary_file_is_removed_and_a_fresh_one_is_neither_removed_nor_used() {
    let disk = mixed();
    disk.write("/backup/.license-backup-0.tmp", "stale");
    disk.write_illegal_names("/backup", 1);
    disk.write("/backup/.license-backup-x.tmp", "another's");
    disk.wait(3600);
    disk.write("/backup/.license-backup-1.tmp", "an hour less a second old");
    disk.wait(1);
    back_up(&disk, false).expect("the backup succeeds");
    let names: Vec<_> = disk.snapshot("/backup").into_keys().collect();
    assert_eq!(names, [".license-backup-1.tmp", ".license-backup-x.tmp", BACKUP_FILE]);
    assert_eq!(disk.read("/backup/.license-backup-1.tmp").as_deref(), Some(&b"an hour less a second old"[..]));
}

#[test]
fn a_backup_directory_in_the_store_is_left_out_of_the_walk_by_what_it_is() {
    let disk = mixed();
    disk.write("/licenses/a/backups/licenses.zip", EARLIER);
    let directory = disk.directory("/licenses/a/backups");
    let backup = Backup::start(disk.directory("/licenses"), directory, "/elsewhere", true).expect("it starts");
    let (events, outcome) = run(backup);
    let summary = outcome.expect("the backup succeeds");
    assert_eq!((summary.licenses, summary.restricted, summary.errors), (8, 2, 2), "{events:?}");
}

#[test]
fn the_store_itself_cannot_be_the_backup_directory() {
    let disk = mixed();
    let store = disk.directory("/licenses");
    let failure = Backup::start(store.clone(), store, "/backup", true).err().expect("it is the store");
    assert_eq!(failure.code, ErrorCode::InvalidArgument);
}

#[test]
fn a_store_that_cannot_be_listed_leaves_everything_as_it_was() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    let before = disk.snapshot("/backup");
    disk.fail(FsError::AccessDenied, |call| call.operation == "entries");
    assert_eq!(back_up(&disk, true).expect_err("the store is closed").code, ErrorCode::AccessDenied);
    assert_eq!(disk.snapshot("/backup"), before);
}

#[test]
fn a_directory_named_as_the_backup_is_refused_at_once() {
    for overwrite in [false, true] {
        let disk = mixed();
        disk.directory("/backup/licenses.zip");
        assert_eq!(start(&disk, overwrite).err().expect("it is a directory").code, ErrorCode::InvalidArgument);
    }
}

#[test]
fn a_message_is_one_line_whatever_a_path_has_in_it() {
    let disk = mixed();
    disk.write("/licenses/bad\nfile\u{1b}[2J", &b"XMR\0\0"[..]);
    let (events, _) = run(start(&disk, false).expect("the backup starts"));
    let told = events.iter().find_map(|event| match event {
        Status::Error(failure) if failure.path.as_deref() == Some("bad\nfile\u{1b}[2J") => Some(&failure.message),
        _ => None,
    });
    let message = told.expect("the broken license is told, its path as it is");
    assert!(message.starts_with("bad\\nfile\\u{1b}[2J is a broken license"), "{message:?}");
}
