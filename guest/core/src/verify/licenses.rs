//! The second part of an inspection: each license against its header and against the rights gate.

use super::faults::Faults;
use crate::archive::{ArchiveFault, Contents, Forward};
use crate::crc32::crc32;
use crate::directory::FsError;
use crate::license::{self, Verdict};
use crate::{BackupRestoreStatus, File, Progress, Stage};

/// How many licenses one step reads at most.
const LICENSES_PER_STEP: usize = 64;
/// How many bytes of licenses one step reads, give or take the last license.
const BYTES_PER_STEP: u64 = 256 << 10;

/// How far the licenses were read.
pub(super) struct Licenses {
    forward: Forward,
    next: usize,
    bytes: u64,
}

impl Licenses {
    pub(super) fn new() -> Self {
        Self {
            forward: Forward::new(0),
            next: 0,
            bytes: 0,
        }
    }

    /// Reads some licenses, puts their hashes into the contents, and gives all that was read to `whole`. Gives whether
    /// they were the last.
    pub(super) fn step(
        &mut self,
        file: &impl File,
        contents: &mut Contents,
        whole: &mut blake3::Hasher,
        faults: &mut Faults,
    ) -> Result<bool, FsError> {
        let last = contents.len().min(self.next + LICENSES_PER_STEP);
        let stop_at = self.bytes + BYTES_PER_STEP;
        while self.next < last && self.bytes < stop_at {
            match self.read(file, contents, whole, faults) {
                Ok(()) => {}
                Err(ArchiveFault::Refused(error)) => return Err(error),
                Err(ArchiveFault::Corrupt(what)) => {
                    faults.tell_of(&contents.name(self.next), &what)
                }
            }
            self.bytes += u64::from(contents.license(self.next).size);
            self.next += 1;
        }
        Ok(self.next == contents.len())
    }

    /// How far it has come.
    pub(super) fn progress(&self, contents: &Contents) -> BackupRestoreStatus {
        let path = if self.next < contents.len() {
            contents.path(self.next)
        } else {
            String::new()
        };
        let (done, total) = (self.next as u64, Some(contents.len() as u64));
        BackupRestoreStatus::Progress(Progress {
            stage: Stage::Verifying,
            done,
            total,
            bytes: self.bytes,
            path,
        })
    }

    fn read(
        &mut self,
        file: &impl File,
        contents: &mut Contents,
        whole: &mut blake3::Hasher,
        faults: &mut Faults,
    ) -> Result<(), ArchiveFault> {
        let entry = contents.entry(self.next, self.forward.position());
        let mut header = Vec::new();
        entry.write_local_header(&mut header);
        let read = self.forward.take(file, header.len())?;
        whole.update(read);
        if read != header {
            faults.tell_of(
                &entry.name,
                "has a local header unlike that in the central directory",
            );
        }
        let document = self
            .forward
            .take(file, contents.license(self.next).size as usize)?;
        whole.update(document);
        contents.set_hash(self.next, *blake3::hash(document).as_bytes());
        if crc32(document) != entry.crc32 {
            return Err(ArchiveFault::Corrupt(
                "has another CRC-32 than its header says".to_owned(),
            ));
        }
        match license::evaluate(document).verdict {
            Verdict::Allowed => Ok(()),
            Verdict::Restricted(reason) => {
                let what = format!(
                    "does not belong in a backup, since it may not be backed up ({})",
                    reason.name()
                );
                Err(ArchiveFault::Corrupt(what))
            }
            Verdict::Malformed(fault) => Err(ArchiveFault::Corrupt(format!(
                "does not belong in a backup, since it is a broken license: {fault}"
            ))),
        }
    }
}
