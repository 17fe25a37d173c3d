//! The arguments of the command line.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use license_backup::{COMPONENT_SHA256, COMPONENT_VERSION};
use license_backup_report::{Manner, expected_blake3};

/// The version of the program and of the component that it contains.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{}
component license-backup.wasm {COMPONENT_VERSION}, SHA-256 {COMPONENT_SHA256}",
        env!("CARGO_PKG_VERSION")
    )
});

/// Back up the licenses of a license store: those that allow it, into one file
#[derive(Debug, Parser)]
#[command(
    name = "license-backup",
    version,
    long_version = LONG_VERSION.as_str(),
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        license-backup backup --store ~/licenses --to /mnt/nas/licenses\n  \
        license-backup verify --from /mnt/nas/licenses\n  \
        license-backup restore --from /mnt/nas/licenses --store ~/licenses\n\n\
        Results go to standard output, all else to standard error.\n\n\
        Exit codes: 0 success, 1 failed, 2 usage, 3 completed but something could not be read, 4 a backup exists or a \
        restore met conflicts, 5 the backup is corrupt or not the expected one, 130 cancelled."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
    /// Put the licenses of a backup back into a license store
    #[command(
        long_about = "Put the licenses of a backup back into a license store, on this machine or another.\n\n\
            The backup is verified first, and nothing is changed if it has a fault. A license that is there already stays \
            as it is. Where another file has its name, or the store cannot hold the name, that is told as a conflict, and \
            the rest is restored. Ctrl-C cancels, and the store is then as it was, until the first license gets its name; \
            from then on the restore goes on to its end. A second Ctrl-C ends the program at once, and may leave a part of \
            the licenses, and temporary files; to restore again completes it.",
        after_help = "Examples:\n  \
            license-backup restore --from /mnt/nas/licenses --store ~/licenses --dry-run\n  \
            license-backup restore --from /mnt/nas/licenses --store ~/licenses"
    )]
    Restore(RestoreArguments),
    /// Read every byte of a backup, and say whether it is whole
    #[command(
        long_about = "Read every byte of a backup, and say whether it is whole.\n\n\
            Each fault is told with the entry that has it. The BLAKE3 of a whole backup is told too: noted down, it lets a \
            later verification say whether this is still the same backup.",
        after_help = "Examples:\n  \
            license-backup verify --from /mnt/nas/licenses\n  \
            license-backup verify --from /mnt/nas/licenses --expect HASH && echo still the same"
    )]
    Verify(VerifyArguments),
    /// List a license store, or a backup, and what is left out and why
    #[command(after_help = "Examples:\n  \
            license-backup list --store ~/licenses\n  \
            license-backup list --from /mnt/nas/licenses --json | jq 'select(.standing == \"restricted\")'")]
    List(ListArguments),
    /// Print what makes a shell complete the arguments of this program
    #[command(after_help = "Examples:\n  \
            license-backup completions bash >~/.local/share/bash-completion/completions/license-backup\n  \
            license-backup completions zsh >~/.zfunc/_license-backup\n  \
            license-backup completions fish >~/.config/fish/completions/license-backup.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages of this program into a directory
    #[command(
        after_help = "Examples:\n  license-backup man ~/.local/share/man/man1\n  man license-backup"
    )]
    Man {
        /// Where the pages go; it must exist
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// The arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The license store; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) store: PathBuf,
    /// Where the backup goes; made if its parent exists
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Replace a backup that is there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// End with 3 if anything at all was left out, also what may not be backed up
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) manner: MannerArguments,
}

/// The arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The directory with the backup; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The license store that the licenses go to; it must exist
    #[arg(long, value_name = "DIR")]
    pub(crate) store: PathBuf,
    /// Replace a file that has the name of a license and other bytes, but no newer LCP license
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Change nothing, and tell what would be restored
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) manner: MannerArguments,
}

/// The arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The directory with the backup; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// Require that the backup has this BLAKE3, as an earlier verification told it
    #[arg(long, value_name = "HASH", value_parser = expected_blake3)]
    pub(crate) expect: Option<String>,
    #[command(flatten)]
    pub(crate) manner: MannerArguments,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) source: ListSource,
    /// Write one JSON object per line, the outcome last
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to list: one of both.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ListSource {
    /// The license store; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// The directory with the backup; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
}

/// How things are told.
#[derive(Debug, Args)]
pub(crate) struct MannerArguments {
    /// Write one JSON object per line, the outcome last
    #[arg(long)]
    json: bool,
    /// Show no progress, and say nothing unless something went wrong
    #[arg(long)]
    quiet: bool,
}

impl From<&MannerArguments> for Manner {
    fn from(&MannerArguments { json, quiet }: &MannerArguments) -> Self {
        Self { json, quiet }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_listing_is_of_a_store_or_of_a_backup() {
        let parsed = |arguments: &[&str]| {
            Arguments::try_parse_from([&["license-backup", "list"], arguments].concat())
        };
        assert!(parsed(&["--store", "s"]).is_ok() && parsed(&["--from", "b"]).is_ok());
        assert!(parsed(&[]).is_err() && parsed(&["--store", "s", "--from", "b"]).is_err());
    }
}
