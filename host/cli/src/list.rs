//! `license-backup list`.

use license_backup::{ListOptions, block_on};
use license_backup_report::{ExitCode, ListReport, Manner};

use crate::arguments::{ListArguments, ListSource};
use crate::interrupt::Interrupt;
use crate::verb;

/// Lists a store or a backup, and says how it ended.
pub(crate) fn run(
    ListArguments { source, json }: ListArguments,
    interrupt: &Interrupt,
) -> ExitCode {
    let options = match source {
        ListSource {
            store: Some(store), ..
        } => ListOptions::store(store),
        ListSource {
            from: Some(from), ..
        } => ListOptions::backup(from),
        // Which the parser has refused.
        ListSource {
            store: None,
            from: None,
        } => return ExitCode::Usage,
    };
    let manner = Manner { json, quiet: false };
    verb::run(ListReport, manner, interrupt, |runtime| {
        Ok(block_on(runtime.list(&options))?)
    })
}
