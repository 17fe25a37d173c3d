//! Backups on SFTP and S3 servers of this machine, unencrypted and encrypted, beside those of other
//! programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use license_backup_servers::{S3Options, S3Server, Sshd};

use crate::measure;
use crate::programs::{Candidate, Paths, RESTIC_PASSWORD, many_files, one_file};
use crate::results::Comparison;

/// A server, and how programs reach it.
#[derive(Clone, Default)]
pub(crate) struct Place {
    /// The start of a location for `--to` and `--from`.
    url: String,
    /// The start of a repository of restic.
    restic_url: String,
    /// The directory that the paths of the place do not contain.
    root: PathBuf,
    /// The port of an SFTP server.
    port: u16,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    fn sftp(server: &Sshd) -> anyhow::Result<Self> {
        let ssh = server.ssh()?;
        let own = ssh.parent().context("a program is in a directory")?;
        let inherited = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(
            [own.to_owned()]
                .into_iter()
                .chain(env::split_paths(&inherited)),
        )?;
        let path = path.into_string().ok().context("PATH is not UTF-8")?;
        Ok(Self {
            url: format!("sftp://{}", server.address()),
            restic_url: format!("sftp:{}:", server.address().ip()),
            root: PathBuf::new(),
            port: server.address().port(),
            variables: vec![("PATH", path)],
        })
    }

    fn s3(server: &S3Server, root: &Path) -> Self {
        let url = server.url();
        let mut variables = Vec::from(server.variables());
        variables.push(("AWS_ENDPOINT_URL", url.clone()));
        Self {
            url: format!("s3://{}", S3Server::BUCKET),
            restic_url: format!("s3:{url}/{}", S3Server::BUCKET),
            root: root.to_owned(),
            port: 0,
            variables,
        }
    }

    /// Returns the path of a directory in the place.
    fn path(&self, directory: &Path) -> String {
        let path = directory.strip_prefix(&self.root).unwrap_or(directory);
        format!("/{}", path.display()).replacen("//", "/", 1)
    }
}

/// The backup of a store.
const BACKUP: [Candidate; 3] = [
    one_file("license-backup backup", |paths| {
        back_up(paths, &paths.output)
    }),
    one_file("license-backup backup, encrypted", |paths| {
        encrypted(paths, back_up(paths, &paths.output))
    }),
    Candidate {
        prepare: Some(|paths| restic(paths, &paths.output, &["init"])),
        ..one_file("restic backup", |paths| restic_backup(paths, &paths.output))
    },
];

/// The backup of a store to an SFTP server.
const PIPE_TO_SFTP: Candidate = one_file("tar, age and ssh", |paths| {
    let script = format!(
        "tar cf - -C '{}' . | age -R '{}' | ssh -p {} 127.0.0.1 \"cat > '{}/licenses.tar.age'\"",
        paths.store.display(),
        recipients(paths).display(),
        paths.place.port,
        paths.output.display(),
    );
    shell(paths, &script)
});

/// The verification of every byte of a backup.
const VERIFY: [Candidate; 3] = [
    one_file("license-backup verify", |paths| {
        from(paths, "verify", PLAIN)
    }),
    one_file("license-backup verify, encrypted", |paths| {
        decrypted(paths, from(paths, "verify", ENCRYPTED))
    }),
    one_file("restic check --read-data", |paths| {
        restic(
            paths,
            &paths.backup.join(REPOSITORY),
            &["check", "--read-data"],
        )
    }),
];

/// The restore of all licenses.
const RESTORE: [Candidate; 3] = [
    many_files("license-backup restore", |paths| {
        into_output(paths, from(paths, "restore", PLAIN))
    }),
    many_files("license-backup restore, encrypted", |paths| {
        into_output(paths, decrypted(paths, from(paths, "restore", ENCRYPTED)))
    }),
    many_files("restic restore", |paths| {
        let mut command = restic(
            paths,
            &paths.backup.join(REPOSITORY),
            &["restore", "latest", "--target"],
        );
        command.arg(&paths.output);
        command
    }),
];

/// The backup of a store into a directory of this machine. Both are generations, which have a
/// record with the hash of the archive, so that only encryption differs.
const ENCRYPTION: [Candidate; 3] = [
    one_file("license-backup backup, encrypted", |paths| {
        encrypted(paths, generation(paths))
    }),
    one_file("license-backup backup", generation),
    one_file("tar and age", |paths| {
        let script = format!(
            "tar cf - -C '{}' . | age -R '{}' > '{}/licenses.tar.age'",
            paths.store.display(),
            recipients(paths).display(),
            paths.output.display(),
        );
        shell(paths, &script)
    }),
];

/// The directories of the backups that are verified and restored.
const PLAIN: &str = "plain";
const ENCRYPTED: &str = "encrypted";
const REPOSITORY: &str = "repository";

/// Returns the comparisons on all places.
pub(crate) fn comparisons(paths: &Paths, rounds: usize) -> anyhow::Result<Vec<Comparison>> {
    make_keys(paths)?;
    let encryption = measure::compare("backup in a directory", &ENCRYPTION, paths, rounds)?;
    let mut comparisons = vec![encryption];

    let sshd = Sshd::start()?;
    let sftp = at(paths, Place::sftp(&sshd)?);
    let with_pipe = BACKUP.iter().chain([&PIPE_TO_SFTP]);
    comparisons.push(measure::compare(
        "backup over SFTP",
        with_pipe,
        &sftp,
        rounds,
    )?);
    comparisons.extend(reading("SFTP", &sftp, rounds)?);

    let service = S3Server::start(S3Options {
        page_length: 1000,
        ..S3Options::default()
    });
    let s3 = at(paths, Place::s3(&service, &paths.directory));
    comparisons.push(measure::compare("backup over S3", &BACKUP, &s3, rounds)?);
    comparisons.extend(reading("S3", &s3, rounds)?);
    Ok(comparisons)
}

/// Makes backups in a place, and compares programs that read them.
fn reading(name: &str, paths: &Paths, rounds: usize) -> anyhow::Result<[Comparison; 2]> {
    measure::recreate(&paths.backup)?;
    let [plain, sealed, repository] =
        [PLAIN, ENCRYPTED, REPOSITORY].map(|directory| paths.backup.join(directory));
    for directory in [&plain, &sealed] {
        fs::create_dir(directory)?;
    }
    measure::wait(back_up(paths, &plain))?;
    measure::wait(encrypted(paths, back_up(paths, &sealed)))?;
    measure::wait(restic(paths, &repository, &["init"]))?;
    measure::wait(restic_backup(paths, &repository))?;
    Ok([
        measure::compare(&format!("verify over {name}"), &VERIFY, paths, rounds)?,
        measure::compare(&format!("restore over {name}"), &RESTORE, paths, rounds)?,
    ])
}

fn at(paths: &Paths, place: Place) -> Paths {
    Paths {
        place,
        ..paths.clone()
    }
}

/// Makes a key pair.
fn make_keys(paths: &Paths) -> anyhow::Result<()> {
    let identity = identity(paths);
    let mut keygen = Command::new("age-keygen");
    keygen.arg("-o").arg(&identity);
    measure::wait(keygen)?;
    let output = Command::new("age-keygen")
        .arg("-y")
        .arg(&identity)
        .output()?;
    ensure!(
        output.status.success(),
        "age-keygen failed: {}",
        output.status
    );
    Ok(fs::write(recipients(paths), output.stdout)?)
}

fn identity(paths: &Paths) -> PathBuf {
    paths.directory.join("identity")
}

fn recipients(paths: &Paths) -> PathBuf {
    paths.directory.join("recipients")
}

/// Returns the command that backs up the store into a directory of the place.
fn back_up(paths: &Paths, directory: &Path) -> Command {
    let mut command = paths.back_up_into(Path::new(&location(paths, directory)));
    command.envs(paths.place.variables.iter().cloned());
    command
}

/// Returns the command that reads one of the prepared backups.
fn from(paths: &Paths, subcommand: &str, directory: &str) -> Command {
    let mut command = paths.quiet(subcommand);
    command
        .arg("--from")
        .arg(location(paths, &paths.backup.join(directory)))
        .envs(paths.place.variables.iter().cloned());
    command
}

fn location(paths: &Paths, directory: &Path) -> String {
    format!("{}{}", paths.place.url, paths.place.path(directory))
}

fn generation(paths: &Paths) -> Command {
    let mut command = paths.back_up_into(&paths.output);
    command.arg("--generations");
    command
}

fn encrypted(paths: &Paths, mut command: Command) -> Command {
    command.arg("--recipients-file").arg(recipients(paths));
    command
}

fn decrypted(paths: &Paths, mut command: Command) -> Command {
    command.arg("--identity").arg(identity(paths));
    command
}

fn into_output(paths: &Paths, mut command: Command) -> Command {
    command.arg("--store").arg(&paths.output);
    command
}

/// Returns a command of restic without a cache, with a repository in a directory of the place.
fn restic(paths: &Paths, directory: &Path, arguments: &[&str]) -> Command {
    let place = &paths.place;
    let mut command = Command::new("restic");
    command
        .args(["--quiet", "--no-cache", "--option"])
        .arg(format!(
            "sftp.command=ssh -p {} 127.0.0.1 -s sftp",
            place.port
        ))
        .arg("--repo")
        .arg(format!("{}{}", place.restic_url, place.path(directory)))
        .args(arguments)
        .env("RESTIC_PASSWORD", RESTIC_PASSWORD)
        .envs(place.variables.iter().cloned());
    command
}

fn restic_backup(paths: &Paths, repository: &Path) -> Command {
    let mut command = restic(paths, repository, &["backup"]);
    command.arg(&paths.store);
    command
}

fn shell(paths: &Paths, script: &str) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-o", "pipefail", "-c", script])
        .envs(paths.place.variables.iter().cloned());
    command
}
