//! The listing of a store: each file with what it says of itself, and whether it may be backed up.

use std::iter::Peekable;
use std::vec;

use super::{BYTES_PER_STEP, LISTINGS_PER_STEP, ListSummary, Listing, Standing};
use crate::archive::LeftOut;
use crate::directory::FsError;
use crate::ledger::Ledger;
use crate::license::{self, Appraisal, Verdict};
use crate::store::{Catalogue, FileId, StoreReader, Unread, Walk};
use crate::{Directory, ErrorCode, Identity, Restriction};

/// A listing of a store.
pub(super) struct StoreListing<D: Directory> {
    phase: Phase<D>,
    ledger: Ledger,
    summary: ListSummary,
}

/// What a listing does next.
enum Phase<D: Directory> {
    /// Finding out what is in the store.
    Walk(Walk<D>),
    /// Reading the files, and telling in its place what the walk could not look into.
    Read { reader: StoreReader<D>, catalogue: Catalogue, next: FileId, passed_over: Peekable<vec::IntoIter<LeftOut>> },
}

impl<D: Directory> StoreListing<D> {
    pub(super) fn new(store: D) -> Result<Self, FsError> {
        let summary = ListSummary { licenses: 0, bytes: 0, left_out: 0, program: None };
        Ok(Self { phase: Phase::Walk(Walk::new(store)?), ledger: Ledger::default(), summary })
    }

    /// Goes on for some names or files; gives the totals when all was listed.
    pub(super) fn advance(&mut self, found: &mut Vec<Listing>) -> Option<ListSummary> {
        match &mut self.phase {
            Phase::Walk(walk) => {
                let (store, catalogue) = walk.step(None, &mut self.ledger)?;
                let passed_over = self.ledger.take_record().into_iter().peekable();
                self.phase = Phase::Read { reader: StoreReader::new(store), catalogue, next: 0, passed_over };
                None
            }
            Phase::Read { reader, catalogue, next, passed_over } => {
                let first = found.len();
                let read_before = reader.bytes_read();
                for _ in 0..LISTINGS_PER_STEP {
                    if reader.bytes_read() - read_before >= BYTES_PER_STEP {
                        break;
                    }
                    let file = (*next < catalogue.len()).then(|| catalogue.file_path(*next));
                    let is_due = |left_out: &LeftOut| file.as_ref().is_none_or(|path| left_out.path < *path);
                    if let Some(left_out) = passed_over.next_if(is_due) {
                        found.push(Listing::of_left_out(left_out));
                    } else if let Some(path) = file {
                        found.extend(look(reader, catalogue, *next, path));
                        *next += 1;
                    } else {
                        self.summary.add(&found[first..]);
                        return Some(self.summary.clone());
                    }
                }
                self.summary.add(&found[first..]);
                None
            }
        }
    }
}

impl ListSummary {
    fn add(&mut self, listings: &[Listing]) {
        for listing in listings {
            match listing.standing {
                Standing::Allowed | Standing::BackedUp => {
                    self.licenses += 1;
                    self.bytes += listing.size.unwrap_or_default();
                }
                Standing::Restricted(_) | Standing::Failed(_) => self.left_out += 1,
            }
        }
    }
}

/// What there is to say of a file that was not read.
fn unread(standing: Standing) -> (Identity, Option<u64>, Standing) {
    (Identity::default(), None, standing)
}

/// Looks at one file. One that is no longer there is nothing.
fn look<D: Directory>(
    reader: &mut StoreReader<D>,
    catalogue: &Catalogue,
    file: FileId,
    path: String,
) -> Option<Listing> {
    let (identity, size, standing) = match reader.read(catalogue, file) {
        Ok(document) => {
            let Appraisal { identity, verdict } = license::appraise(&document);
            match verdict {
                Verdict::Allowed => (identity, Some(document.len() as u64), Standing::Allowed),
                Verdict::Restricted(reason) => (identity, None, Standing::Restricted(reason)),
                Verdict::Malformed(_) => (identity, None, Standing::Failed(ErrorCode::Malformed)),
            }
        }
        Err(Unread::Unfit(failure)) => unread(Standing::Failed(failure.code)),
        Err(Unread::Refused(FsError::NoEntry)) => return None,
        Err(Unread::Refused(FsError::Link)) => unread(Standing::Restricted(Restriction::NotARegularFile)),
        Err(Unread::Refused(error)) => unread(Standing::Failed(error.code())),
    };
    Some(Listing { path, identity, size, standing })
}
