//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Back up the licenses of a license store: those that allow it, into one file
#[derive(Debug, Parser)]
#[command(
    name = "license-backup",
    version,
    arg_required_else_help = true,
    after_help = "Results go to standard output, all else to standard error.\n\n\
        Exit codes: 0 success, 1 failed, 2 usage, 3 completed but something could not be read, 4 a backup exists, \
        5 the backup is corrupt, 130 cancelled."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Back up a license store into a directory
    #[command(
        long_about = "Back up a license store into a directory.\n\n\
            Every license that allows it is copied, bit for bit, into the file licenses.zip in that directory. What is \
            left out is told, with the reason. An earlier backup stays untouched until the new one is complete, and \
            without --overwrite for good. Ctrl-C cancels: the directory is then as it was.",
        after_help = "Examples:\n  \
            license-backup backup --store ~/licenses --to /mnt/nas/licenses\n  \
            license-backup backup --store ~/licenses --to /mnt/nas/licenses --overwrite --json"
    )]
    Backup(BackupArguments),
    /// List what a backup holds, and what it left out and why
    #[command(after_help = "Examples:\n  \
            license-backup list --from /mnt/nas/licenses\n  \
            license-backup list --from /mnt/nas/licenses --json | jq 'select(.standing == \"restricted\")'")]
    List(ListArguments),
}

/// The arguments of `backup`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for an option of its own")]
pub(super) struct BackupArguments {
    /// The license store; it is only read
    #[arg(long, value_name = "DIR")]
    pub(super) store: PathBuf,
    /// Where the backup goes; made if its parent exists
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    /// Replace a backup that is there
    #[arg(long)]
    pub(super) overwrite: bool,
    /// End with 3 if anything at all was left out, also what may not be backed up
    #[arg(long)]
    pub(super) strict: bool,
    /// Write one JSON object per line, the outcome last
    #[arg(long)]
    pub(super) json: bool,
    /// Show no progress, and say nothing unless something went wrong
    #[arg(long)]
    pub(super) quiet: bool,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// The directory with the backup; it is only read
    #[arg(long, value_name = "DIR")]
    pub(super) from: PathBuf,
    /// Write one JSON object per line, the outcome last
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
