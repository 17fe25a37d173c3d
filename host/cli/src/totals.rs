//! The totals of a run that backs up many stores, and its output.

use license_backup::ErrorCode;
use license_backup_report::{ExitCode, S_OK, escape};
use serde::Serialize;

use crate::outcome::{Ending, Outcome};
use crate::output::Output;
use crate::stores::Target;

/// The totals of a run.
#[derive(Debug)]
pub(crate) struct Totals {
    counts: Counts,
    exit: ExitCode,
    hresult: u32,
}

/// The counts of a run, as in its last JSON line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Counts {
    /// The number of stores, each of which is in one of the next five counts.
    stores: u64,
    /// The number of backups that were made.
    backed_up: u64,
    /// The number of stores that had not changed.
    unchanged: u64,
    /// The number of stores that had the backup already.
    done: u64,
    /// The number of stores that have no new backup.
    failed: u64,
    /// The number of stores whose backup was cancelled, or not started after that.
    cancelled: u64,
    /// The number of licenses in the backups that were made or unchanged.
    licenses: u64,
    /// The number of bytes of these.
    bytes: u64,
    /// The number of files that were skipped because they may not be backed up.
    restricted: u64,
    /// The number of files that could not be read.
    errors: u64,
}

#[derive(Serialize)]
struct StoreEvent<'a, F> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<usize>,
    store: &'a str,
    directory: &'a str,
    #[serde(flatten)]
    outcome: F,
}

impl Totals {
    /// Returns the totals of no stores.
    pub(crate) fn new() -> Self {
        Self {
            counts: Counts::default(),
            exit: ExitCode::Success,
            hresult: S_OK,
        }
    }

    /// Adds the outcome of a store, and writes it. `unit` is the number of its unit in a plan.
    pub(crate) fn add(
        &mut self,
        unit: Option<usize>,
        Target { store, directory }: &Target,
        outcome: &Outcome,
        output: &mut Output,
    ) {
        self.counts.add(&outcome.ending);
        self.and(outcome.exit, outcome.hresult);
        let store = store.to_string_lossy();
        if output.is_json() {
            let event = if unit.is_some() { "unit" } else { "store" };
            let fields = StoreEvent {
                unit,
                store: &store,
                directory: &directory.to_string_lossy(),
                outcome: outcome.fields(),
            };
            output.event(event, &fields);
            return;
        }
        let text = format!("{}: {}", escape(&store), outcome.text());
        match &outcome.ending {
            // The totals say how many: there may be thousands.
            Ending::Failed(failure) if failure.code == ErrorCode::Cancelled => {}
            Ending::Failed(_) => output.error(&text),
            Ending::BackedUp(_) | Ending::Done if outcome.exit == ExitCode::Success => {
                output.text(&format!("{text}\n"));
            }
            Ending::BackedUp(_) | Ending::Done => output.result(&format!("{text}\n")),
        }
    }

    /// Includes the exit code and the `HRESULT` of a part of the run.
    pub(crate) fn and(&mut self, exit: ExitCode, hresult: u32) {
        let both = self.exit.and(exit);
        if both != self.exit {
            self.hresult = hresult;
        }
        self.exit = both;
    }

    /// Writes the end of the run, and returns its exit code.
    pub(crate) fn end(self, output: Output) -> ExitCode {
        output.end(self.exit, self.hresult, &self.counts, &self.counts.text())
    }
}

impl Counts {
    fn add(&mut self, ending: &Ending) {
        self.stores += 1;
        match ending {
            Ending::BackedUp(summary) => {
                if summary.unchanged {
                    self.unchanged += 1;
                } else {
                    self.backed_up += 1;
                }
                self.licenses += summary.licenses;
                self.bytes += summary.bytes;
                self.restricted += summary.restricted;
                self.errors += summary.errors;
            }
            Ending::Done => self.done += 1,
            Ending::Failed(failure) if failure.code == ErrorCode::Cancelled => self.cancelled += 1,
            Ending::Failed(_) => self.failed += 1,
        }
    }

    /// Returns the counts that are not zero, such as `Stores: 3, of which 2 backed up, 1 failed.`
    fn text(&self) -> String {
        let counts: Vec<_> = [
            (self.backed_up, "backed up"),
            (self.unchanged, "unchanged"),
            (self.done, "done already"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        match counts.as_slice() {
            [] => "No stores.".to_owned(),
            counts => format!("Stores: {}: {}.", self.stores, counts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_counts_that_are_not_zero() {
        assert_eq!(Counts::default().text(), "No stores.");
        let counts = Counts {
            stores: 9,
            backed_up: 6,
            failed: 2,
            cancelled: 1,
            ..Counts::default()
        };
        assert_eq!(
            counts.text(),
            "Stores: 9: 6 backed up, 2 failed, 1 cancelled."
        );
    }

    #[test]
    fn the_worst_exit_code_has_its_hresult() {
        let mut totals = Totals::new();
        for (exit, hresult) in [
            (ExitCode::Incomplete, 1),
            (ExitCode::Failed, 2),
            (ExitCode::Failed, 3),
            (ExitCode::Shrunk, 4),
            (ExitCode::Success, 0),
        ] {
            totals.and(exit, hresult);
        }
        assert_eq!((totals.exit, totals.hresult), (ExitCode::Failed, 2));
    }
}
