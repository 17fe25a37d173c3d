//! The store with which every call of a backup is tried, and what must be true of a backup of it.

use std::collections::BTreeMap;

use super::*;
use crate::{Verify, VerifySummary};

/// How a backup is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Whether there is an earlier backup, which is to be overwritten; otherwise nothing may be.
    pub(super) has_earlier: bool,
    /// Whether the file system has no hard links and does not tell kinds of names, on a host that tells the ends of files.
    pub(super) is_bare: bool,
}

pub(super) const KINDS: [Kind; 4] = [
    Kind {
        has_earlier: false,
        is_bare: false,
    },
    Kind {
        has_earlier: false,
        is_bare: true,
    },
    Kind {
        has_earlier: true,
        is_bare: false,
    },
    Kind {
        has_earlier: true,
        is_bare: true,
    },
];

/// A backup that nothing befalls.
pub(super) struct Undisturbed {
    /// What is told of the files that are left out.
    pub(super) told: Vec<(String, Reason)>,
    /// The paths of all that is in the backup or told.
    pub(super) paths: Vec<String>,
    /// The backup file.
    pub(super) file: Vec<u8>,
}

impl Kind {
    /// A disk with a store that has something of every kind in it, a license included that takes several reads, and that is
    /// one also when half of it is cut off.
    pub(super) fn disk(self) -> Disk {
        let disk = mixed();
        disk.write(
            "/licenses/deep/long",
            [allowed("long"), vec![b'\n'; 2_500]].concat(),
        );
        if self.has_earlier {
            disk.write("/backup/licenses.zip", EARLIER);
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
        match start(disk, self.has_earlier) {
            Ok(backup) => run(backup),
            Err(failure) => (Vec::new(), Err(failure)),
        }
    }

    pub(super) fn undisturbed(self) -> Undisturbed {
        let disk = self.disk();
        let (events, outcome) = self.attempt(&disk);
        outcome.expect("nothing befalls the backup");
        let summary = verify(&disk).expect("it is whole");
        assert_eq!(summary.licenses, 11, "every license is in it");
        let told = told(&events);
        let licenses = licenses(&entries(&disk)).into_keys();
        let paths = licenses
            .chain(told.iter().map(|(path, _)| path.clone()))
            .collect();
        Undisturbed {
            told,
            paths,
            file: backup_file(&disk).expect("it is there"),
        }
    }
}

pub(super) fn backup_file(disk: &Disk) -> Option<Vec<u8>> {
    disk.read("/backup/licenses.zip")
}

/// The names in the backup directory that are not the backup's.
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
        &crate::VerifyOptions::default(),
    )?;
    loop {
        match verify.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => verify = next,
            ControlFlow::Break(outcome) => return outcome,
        }
    }
}

/// The licenses among the entries of a backup, by their path in the store.
pub(super) fn licenses(entries: &[(String, Vec<u8>)]) -> BTreeMap<String, Vec<u8>> {
    let license = |(name, content): &(String, Vec<u8>)| {
        Some((name.strip_prefix("licenses/")?.to_owned(), content.clone()))
    };
    entries.iter().filter_map(license).collect()
}

/// That another backup succeeds, overwrites nothing unasked, survives a power cut, and leaves the temporary files of the one
/// before; and that a backup after some hours removes these.
pub(super) fn recovers(disk: &Disk, when: &str) {
    let left = other_names(disk);
    let is_there = backup_file(disk).is_some();
    if is_there {
        let before = disk.snapshot("/backup");
        assert_eq!(
            back_up(disk, false).expect_err(when).code,
            ErrorCode::BackupExists,
            "{when}"
        );
        assert_eq!(disk.snapshot("/backup"), before, "{when}");
    }
    back_up(disk, is_there).unwrap_or_else(|failure| panic!("no second backup {when}: {failure}"));
    assert_eq!(
        other_names(disk),
        left,
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
        "something is left hours later {when}"
    );
}
