//! The arguments of the program.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use license_backup::{
    BackupLocation, COMPONENT_SHA256, COMPONENT_VERSION, KeepWithin, LicenseFilter, RetentionPolicy,
};
use license_backup_report::{OutputOptions, parse_blake3, parse_max_age};

use crate::fleet::FleetCommand;
use crate::location::{self, FromArguments, RecipientArguments, RemoteArguments};
use crate::stores::Selection;

/// The version of the program and of the component that it contains.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{}
component license-backup.wasm {COMPONENT_VERSION}, SHA-256 {COMPONENT_SHA256}",
        env!("CARGO_PKG_VERSION")
    )
});

/// Back up the licenses of a license store that permit it into one file
#[derive(Debug, Parser)]
#[command(
    name = "license-backup",
    version,
    long_version = LONG_VERSION.as_str(),
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        license-backup backup --store ~/licenses --to /mnt/nas/licenses\n  \
        license-backup verify --from /mnt/nas/licenses\n  \
        license-backup restore --from /mnt/nas/licenses --store ~/licenses\n  \
        license-backup backup --store ~/licenses --to sftp://nas/licenses --generations\n\n\
        Results are written to standard output; progress and errors to standard error.\n\n\
        Exit codes: 0 success; 1 failure; 2 invalid command line; 3 completed, but a file could \
        not be read or, with --strict, was skipped, or diff found differences; 4 a backup exists, or a restore had \
        conflicts; 5 the backup is corrupt or does not have the expected hash; 6 most \
        licenses of the earlier backup are missing; 130 cancelled."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command to run.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Back up a license store into a directory
    #[command(
        long_about = "Back up a license store into a directory.\n\n\
            Each license that permits it is copied, bit for bit, into the file licenses.zip in \
            that directory, or with --generations into a file of its own. All other files are \
            skipped and reported with a reason. An earlier \
            backup is replaced only with --overwrite, only once the new backup is complete, and \
            not if most of its licenses are missing from the store, which may not be mounted. \
            With --stores or --stores-from, many stores are backed up, each into a directory \
            at its whole path below that of --to. \
            A retention policy (--keep-*) implies --generations; it removes generations after a \
            success. Ctrl-C cancels the backup and leaves every earlier one unchanged.",
        after_help = "Examples:\n  \
            license-backup backup --store ~/licenses --to /mnt/nas/licenses\n  \
            license-backup backup --store ~/licenses --to /mnt/nas/licenses --overwrite --json\n  \
            license-backup backup --store ~/licenses --to /mnt/nas/licenses --keep-daily 7\n  \
            license-backup backup --stores '/home/*/licenses' --to /mnt/nas --keep-daily 7"
    )]
    Backup(BackupArguments),
    /// Restore the licenses of a backup into a license store
    #[command(
        long_about = "Restore the licenses of a backup into a license store, on this machine or \
            another.\n\n\
            The backup is verified first; if it has an error, nothing is changed. With --include, \
            --license-id or --key-id, only the licenses that match are verified and restored. A license that \
            is already present is kept. If another file has its name, or the store cannot hold \
            the name, a conflict is reported and the other licenses are restored. Until the \
            first license is put in place, Ctrl-C cancels the restore and leaves the store \
            unchanged; after that, the restore runs to completion. A second Ctrl-C quits \
            immediately and may leave some of the licenses, and temporary files, in the store; \
            run the restore again to complete it.",
        after_help = "Examples:\n  \
            license-backup restore --from /mnt/nas/licenses --store ~/licenses --dry-run\n  \
            license-backup restore --from /mnt/nas/licenses --store ~/licenses\n  \
            license-backup restore --from /mnt/nas/licenses --store ~/licenses --include '**/*.lic'"
    )]
    Restore(RestoreArguments),
    /// Verify every byte of a backup
    #[command(
        long_about = "Verify every byte of a backup.\n\n\
            Each error is reported with the archive entry that has it. If there is none, the \
            BLAKE3 hash of the backup file is printed. Record the hash: with --expect, a later \
            verify checks that the backup has not changed.",
        after_help = "Examples:\n  \
            license-backup verify --from /mnt/nas/licenses\n  \
            license-backup verify --from /mnt/nas/licenses --expect HASH && echo unchanged"
    )]
    Verify(VerifyArguments),
    /// List the licenses and the skipped files of a license store or a backup
    #[command(after_help = "Examples:\n  \
            license-backup list --store ~/licenses\n  \
            license-backup list --from /mnt/nas/licenses --json | jq 'select(.standing == \"restricted\")'")]
    List(ListArguments),
    /// Remove the generations that a retention policy does not keep
    #[command(
        long_about = "Remove the generations that a retention policy does not keep.\n\n\
            A generation is kept if any rule keeps it; the rules are those of restic, with periods \
            in UTC. The newest generation, pinned ones and those with a time in the future are \
            always kept, and so are files that are not generations. Without a rule, nothing is \
            removed.",
        after_help = "Examples:\n  \
            license-backup forget --from /mnt/nas/licenses --keep-daily 7 --keep-monthly 12 --dry-run\n  \
            license-backup forget --from /mnt/nas/licenses --keep-within 30d --keep-yearly 10"
    )]
    Forget(ForgetArguments),
    /// List the backups in a directory
    #[command(after_help = "Examples:\n  \
            license-backup generations --from /mnt/nas/licenses\n  \
            license-backup generations --from /mnt/nas/licenses --hash --json")]
    Generations(GenerationsArguments),
    /// Compare a backup with an earlier one or with a license store
    #[command(
        long_about = "Compare a backup with an earlier one or with a license store.\n\n\
            By default, prints what the newest backup changed relative to the backup before it. \
            With --store, prints what has changed in the store since the backup. The exit code is \
            0 if nothing differs, and 3 if something does.",
        after_help = "Examples:\n  \
            license-backup diff --from /mnt/nas/licenses --store ~/licenses\n  \
            license-backup diff --from /mnt/nas/licenses --against licenses-20261125T224500Z.zip"
    )]
    Diff(DiffArguments),
    /// Check that there is a recent backup
    #[command(
        long_about = "Check that there is a recent backup.\n\n\
            The exit code is 0 if the store was backed up within the given time, even if nothing \
            had changed; 1 if not; 6 if the last backup has shrunk and the backup before it is \
            still pinned; and 5 if --verify finds an error. A single licenses.zip has no record of \
            runs, so that its modification time counts.",
        after_help = "Examples:\n  \
            license-backup check --from /mnt/nas/licenses --max-age 26h\n  \
            license-backup check --from /mnt/nas/licenses --max-age 2d --verify"
    )]
    Check(CheckArguments),
    /// Back up many stores by tasks on many machines
    #[command(
        subcommand,
        long_about = "Back up many stores by tasks on many machines.\n\n\
            plan writes a file of units: a store each, with its backup directory. The tasks of a \
            scheduler, such as Slurm, run a share of them each. A unit may be done again after \
            any failure, and twice at once: it has one generation. report finds out which units \
            have no good backup, and why.",
        after_help = "Examples:\n  \
            license-backup fleet plan --stores '/home/*/licenses' --to /mnt/nas --units units.jsonl\n  \
            license-backup fleet run --units units.jsonl --task 3 --of 100\n  \
            license-backup fleet report --units units.jsonl --verify"
    )]
    Fleet(FleetCommand),
    /// Print a shell completion script
    #[command(after_help = "Examples:\n  \
            license-backup completions bash \
            >~/.local/share/bash-completion/completions/license-backup\n  license-backup \
            completions zsh >~/.zfunc/_license-backup\n  license-backup completions fish \
            >~/.config/fish/completions/license-backup.fish")]
    Completions {
        /// Shell to print the script for
        shell: Shell,
    },
    /// Write the manual pages into a directory
    #[command(
        after_help = "Examples:\n  license-backup man ~/.local/share/man/man1\n  man license-backup"
    )]
    Man {
        /// Directory for the pages; it must exist
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// The arguments of `backup`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    pub(crate) source: BackupSource,
    #[arg(
        long,
        value_name = "DIR|URL",
        value_parser = location::parser(),
        help = "Directory for the backup, or sftp://user@host/path, s3://bucket/prefix; a \
            directory is created if its parent exists"
    )]
    to: BackupLocation,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Write to an S3 service without conditional writes, where another run that ends at the same
    /// moment could replace a backup
    #[arg(long)]
    s3_unconditional_writes: bool,
    #[command(flatten)]
    recipients: RecipientArguments,
    /// Number of stores to back up at once [default: number of processors]
    #[arg(long, value_name = "N", conflicts_with = "store")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Write a new file, licenses-TIME.zip, and keep all others
    #[arg(long, conflicts_with = "overwrite")]
    pub(crate) generations: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    /// Replace an existing backup
    #[arg(long, conflicts_with = "PolicyArguments")]
    pub(crate) overwrite: bool,
    /// Replace an existing backup even if most of its licenses are missing from the store
    #[arg(long)]
    pub(crate) allow_shrink: bool,
    /// Exit with status 3 if any file was skipped
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the result into this file, for the textfile collector of Prometheus
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

impl BackupArguments {
    /// Returns the location of the backup, with its keys.
    pub(crate) fn location(&self) -> BackupLocation {
        self.remote
            .apply(&self.to)
            .allow_unconditional_writes(self.s3_unconditional_writes)
            .encrypt_to(self.recipients.recipients())
    }
}

/// What to back up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// One store, into the directory itself.
    Store(&'a Path),
    /// Many stores, each into a directory of its own.
    Stores(Selection<'a>),
}

/// The store or the stores to back up: exactly one of the three.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct BackupSource {
    /// License store to back up; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// License stores to back up; each has a directory below that of --to
    #[arg(long, value_name = "GLOB")]
    pub(crate) stores: Vec<String>,
    /// File that names the license stores to back up, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) stores_from: Option<PathBuf>,
}

impl BackupSource {
    /// Returns what to back up.
    pub(crate) fn choice(&self) -> Source<'_> {
        match (&self.store, &self.stores_from) {
            (Some(store), _) => Source::Store(store),
            (None, Some(file)) => Source::Stores(Selection::List(file)),
            (None, None) => Source::Stores(Selection::Globs(&self.stores)),
        }
    }
}

/// The arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    #[command(flatten)]
    pub(crate) from: FromArguments,
    /// Backup file in this directory, instead of the newest one
    #[arg(long, value_name = "NAME")]
    pub(crate) generation: Option<String>,
    /// License store to restore into; it must exist
    #[arg(long, value_name = "DIR")]
    pub(crate) store: PathBuf,
    /// Replace regular files with the names of licenses, except newer LCP licenses
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Report what would be restored, but change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// The choice of licenses.
#[derive(Debug, Args)]
pub(crate) struct FilterArguments {
    /// Include licenses whose path matches; ** matches any directories
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Include licenses with this license ID
    #[arg(long, value_name = "ID")]
    license_id: Vec<String>,
    /// Include licenses with this key ID
    #[arg(long, value_name = "ID")]
    key_id: Vec<String>,
}

impl From<&FilterArguments> for LicenseFilter {
    fn from(arguments: &FilterArguments) -> Self {
        let FilterArguments {
            include,
            license_id,
            key_id,
        } = arguments;
        Self {
            include: include.clone(),
            license_ids: license_id.clone(),
            key_ids: key_id.clone(),
        }
    }
}

/// The arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) from: FromArguments,
    /// Backup file in this directory, instead of the newest one
    #[arg(long, value_name = "NAME")]
    pub(crate) generation: Option<String>,
    /// Fail unless the backup has this BLAKE3 hash, which an earlier verify printed
    #[arg(long, value_name = "HASH", value_parser = parse_blake3)]
    pub(crate) expect: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) source: ListSource,
    #[command(flatten)]
    pub(crate) remote: RemoteArguments,
    /// Backup file in the directory of --from, instead of the newest one
    #[arg(long, value_name = "NAME", requires = "from")]
    pub(crate) generation: Option<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArguments,
    /// Write one JSON object per line; the last one is the outcome
    #[arg(long)]
    pub(crate) json: bool,
}

/// The arguments of `generations`.
#[derive(Debug, Args)]
pub(crate) struct GenerationsArguments {
    #[command(flatten)]
    pub(crate) from: FromArguments,
    /// Read each file, and print its BLAKE3 hash
    #[arg(long)]
    pub(crate) hash: bool,
    /// Write one JSON object per line; the last one is the outcome
    #[arg(long)]
    pub(crate) json: bool,
}

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) from: FromArguments,
    /// Backup file in this directory, instead of the newest one
    #[arg(long, value_name = "NAME")]
    pub(crate) generation: Option<String>,
    /// Backup file to compare with, instead of the one before
    #[arg(long, value_name = "NAME", conflicts_with = "store")]
    pub(crate) against: Option<String>,
    /// License store to compare with; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Write one JSON object per line; the last one is the outcome
    #[arg(long)]
    pub(crate) json: bool,
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) from: FromArguments,
    /// Largest permitted age of the backup, such as 26h or 1d12h
    #[arg(long, value_name = "DURATION", value_parser = parse_max_age)]
    pub(crate) max_age: u64,
    /// Also verify every byte of the newest backup
    #[arg(long)]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// The source of a listing: exactly one of the two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ListSource {
    /// License store to list; it is only read
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Directory that contains the backup; it is only read
    #[arg(long, value_name = "DIR|URL", value_parser = location::parser())]
    pub(crate) from: Option<BackupLocation>,
}

/// The arguments of `forget`.
#[derive(Debug, Args)]
pub(crate) struct ForgetArguments {
    /// Directory that contains the generations
    #[arg(long, value_name = "DIR|URL", value_parser = location::parser())]
    pub(crate) from: BackupLocation,
    #[command(flatten)]
    pub(crate) remote: RemoteArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    /// Remove the pin of this generation first
    #[arg(long, value_name = "NAME")]
    pub(crate) unpin: Vec<String>,
    /// Report what would be removed, but remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// The rules of a retention policy.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields are named like their options"
)]
pub(crate) struct PolicyArguments {
    /// Keep the N newest generations
    #[arg(long, value_name = "N")]
    keep_last: Option<u32>,
    /// Keep one generation for each of the last N hours that have one
    #[arg(long, value_name = "N")]
    keep_hourly: Option<u32>,
    /// Keep one generation for each of the last N days that have one
    #[arg(long, value_name = "N")]
    keep_daily: Option<u32>,
    /// Keep one generation for each of the last N weeks that have one
    #[arg(long, value_name = "N")]
    keep_weekly: Option<u32>,
    /// Keep one generation for each of the last N months that have one
    #[arg(long, value_name = "N")]
    keep_monthly: Option<u32>,
    /// Keep one generation for each of the last N years that have one
    #[arg(long, value_name = "N")]
    keep_yearly: Option<u32>,
    /// Keep all generations within this time before the newest one, such as 1y2m10d12h
    #[arg(long, value_name = "DURATION")]
    keep_within: Option<KeepWithin>,
}

impl PolicyArguments {
    /// Returns the policy, or `None` if no rule was given. A rule of zero is a rule, which the
    /// operation refuses if there is no other.
    pub(crate) fn policy(&self) -> Option<RetentionPolicy> {
        let &Self {
            keep_last,
            keep_hourly,
            keep_daily,
            keep_weekly,
            keep_monthly,
            keep_yearly,
            keep_within,
        } = self;
        let policy = RetentionPolicy {
            keep_last,
            keep_hourly,
            keep_daily,
            keep_weekly,
            keep_monthly,
            keep_yearly,
            keep_within,
        };
        (policy != RetentionPolicy::default()).then_some(policy)
    }
}

/// The arguments for the output.
#[derive(Debug, Args)]
pub(crate) struct OutputArguments {
    /// Write one JSON object per line; the last one is the outcome
    #[arg(long)]
    json: bool,
    /// Show no progress, and print nothing on success
    #[arg(long)]
    quiet: bool,
}

impl From<&OutputArguments> for OutputOptions {
    fn from(&OutputArguments { json, quiet }: &OutputArguments) -> Self {
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
    fn list_requires_either_a_store_or_a_backup() {
        let parsed = |arguments: &[&str]| {
            Arguments::try_parse_from([&["license-backup", "list"], arguments].concat())
        };
        assert!(parsed(&["--store", "s"]).is_ok() && parsed(&["--from", "b"]).is_ok());
        assert!(parsed(&[]).is_err() && parsed(&["--store", "s", "--from", "b"]).is_err());
    }
}
