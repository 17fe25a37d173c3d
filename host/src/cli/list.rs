//! `license-backup list`.

use license_backup::{ListOptions, wait};
use license_backup_core::report::{ExitCode, ListReport, Manner};

use super::arguments::{ListArguments, ListSource};
use super::interrupt::Interrupt;
use super::verb;

/// Lists a store or a backup, and says how it ended.
pub(super) fn run(
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
        Ok(wait(runtime.list(&options))?.into())
    })
}
