//! The store of the tests that fail every call of a backup, and the properties of a backup of it.

use std::collections::BTreeMap;

use super::*;
use crate::{Verify, VerifySummary};

/// The file that has the name of the backup before a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// None: nothing may be replaced.
    Nothing,
    /// A file that is not a backup, and is replaced.
    Foreign,
    /// A backup of the store before a license was changed. It is replaced.
    Changed,
    /// The same backup. It is kept.
    Same,
}

/// The kind of a backup.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) earlier: Earlier,
    /// Whether the file system has no hard links and does not report kinds of names, on a host that
    /// reports the end of a file.
    pub(super) is_bare: bool,
}

/// Returns all kinds of backups.
pub(super) fn kinds() -> impl Iterator<Item = Kind> {
    use Earlier::{Changed, Foreign, Nothing, Same};
    [Nothing, Foreign, Changed, Same]
        .into_iter()
        .flat_map(|earlier| [false, true].map(|is_bare| Kind { earlier, is_bare }))
}

/// A backup without faults.
pub(super) struct Baseline {
    /// The skipped files that are reported.
    pub(super) reported: Vec<(String, Reason)>,
    /// The paths of all files that are in the backup or reported.
    pub(super) paths: Vec<String>,
    /// The backup file.
    pub(super) file: Vec<u8>,
}

impl Kind {
    /// Returns a disk whose store has files of every kind, including a license that takes several
    /// reads and is still a license if its second half is removed.
    pub(super) fn disk(self) -> Disk {
        let disk = mixed();
        disk.write(
            "/licenses/deep/long",
            [allowed("long"), vec![b'\n'; 2_500]].concat(),
        );
        match self.earlier {
            Earlier::Nothing => {}
            Earlier::Foreign => disk.write("/backup/licenses.zip", EARLIER),
            Earlier::Same => drop(back_up(&disk, false).expect("there is no earlier backup")),
            Earlier::Changed => {
                let changed = "/licenses/deep/two";
                disk.write(changed, [allowed("two"), b"\n".to_vec()].concat());
                back_up(&disk, false).expect("there is no earlier backup");
                disk.write(changed, allowed("two"));
            }
        }
        if self.is_bare {
            disk.disable_hard_links();
            disk.hide_kinds();
            disk.report_eof();
        }
        disk.limit_reads(1 << 10);
        disk.limit_writes(1 << 10);
        disk.sync_all();
        disk.take_calls();
        disk
    }

    pub(super) fn attempt(
        self,
        disk: &Disk,
    ) -> (Vec<BackupRestoreStatus>, Result<BackupSummary, Failure>) {
        match start(disk, self.earlier != Earlier::Nothing) {
            Ok(backup) => run(backup),
            Err(failure) => (Vec::new(), Err(failure)),
        }
    }

    pub(super) fn baseline(self) -> Baseline {
        let disk = self.disk();
        let (events, outcome) = self.attempt(&disk);
        outcome.expect("no call fails");
        let summary = verify(&disk).expect("the backup is valid");
        assert_eq!(summary.licenses, 11, "every license is in it");
        let reported = reported(&events);
        let licenses = licenses(&entries(&disk)).into_keys();
        let paths = licenses
            .chain(reported.iter().map(|(path, _)| path.clone()))
            .collect();
        Baseline {
            reported,
            paths,
            file: backup_file(&disk).expect("the backup exists"),
        }
    }
}

pub(super) fn backup_file(disk: &Disk) -> Option<Vec<u8>> {
    disk.read("/backup/licenses.zip")
}

/// Returns the names in the backup directory other than that of the backup.
pub(super) fn other_names(disk: &Disk) -> Vec<String> {
    disk.snapshot("/backup")
        .into_keys()
        .filter(|name| name != BACKUP_FILE)
        .collect()
}

pub(super) fn verify(disk: &Disk) -> Result<VerifySummary, Failure> {
    let mut verify = Verify::start(
        &disk.directory("/backup"),
        "/backup",
        None,
        &crate::VerifyOptions::default(),
    )?;
    loop {
        match verify.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => verify = next,
            ControlFlow::Break(outcome) => return outcome,
        }
    }
}

/// Returns the licenses among the entries of a backup, by their path in the store.
pub(super) fn licenses(entries: &[(String, Vec<u8>)]) -> BTreeMap<String, Vec<u8>> {
    let license = |(name, content): &(String, Vec<u8>)| {
        Some((name.strip_prefix("licenses/")?.to_owned(), content.clone()))
    };
    entries.iter().filter_map(license).collect()
}

/// Asserts that another backup succeeds, replaces nothing without `overwrite`, survives a power loss
/// and keeps the temporary files of the previous one, and that a backup hours later removes them.
pub(super) fn assert_recovers(disk: &Disk, when: &str) {
    let remaining = other_names(disk);
    let exists = backup_file(disk).is_some();
    if exists {
        let before = disk.snapshot("/backup");
        assert_eq!(
            back_up(disk, false).expect_err(when).code,
            ErrorCode::BackupExists,
            "{when}"
        );
        assert_eq!(disk.snapshot("/backup"), before, "{when}");
    }
    back_up(disk, exists).unwrap_or_else(|failure| panic!("no second backup {when}: {failure}"));
    assert_eq!(
        other_names(disk),
        remaining,
        "temporary files after a second backup {when}"
    );
    let file = backup_file(disk);
    disk.lose_power(Surviving::Nothing);
    assert_eq!(
        backup_file(disk),
        file,
        "a second backup is not durable {when}"
    );
    verify(disk).unwrap_or_else(|failure| panic!("after a second backup {when}: {failure}"));
    disk.advance_clock(2 * 3600);
    back_up(disk, true).unwrap_or_else(|failure| panic!("no backup hours later {when}: {failure}"));
    assert_eq!(
        other_names(disk),
        [] as [&str; 0],
        "a temporary file remains hours later {when}"
    );
}
