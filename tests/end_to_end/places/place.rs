//! The places of backups: a directory, an SFTP server, and an S3 service.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use license_backup_servers::{S3Server, Sshd};
use license_backup_tests::harness::{Invocation, Outcome, Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

/// The directories of the sandbox that the program could write to unasked.
const LOCAL: [&str; 2] = ["home", "tmp"];

/// The options with the keys in the sandbox.
const RECIPIENTS: [&str; 2] = ["--recipients-file", "recipients"];
const IDENTITY: [&str; 2] = ["--identity", "identity"];

/// The kind of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    Sftp,
    S3,
}

/// A sandbox with a store, and a place for its backups.
pub(super) struct Place {
    pub(super) sandbox: Sandbox,
    kind: Kind,
    /// The location for `--to` and `--from`, without the name of a directory in it.
    root: String,
    /// The shell commands that give the program access to the place.
    environment: String,
    /// The texts that no output contains.
    secrets: Vec<String>,
    is_encrypted: bool,
    server: Server,
}

/// Removes what would lead the program to other servers.
const UNSET: &str = "unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_SESSION_TOKEN \
     AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY \
     all_proxy; ";

/// A server that stops when the place is dropped.
enum Server {
    None,
    Sshd(Sshd),
    S3(Arc<S3Server>),
}

impl Place {
    /// Starts the server of a place, and makes a store of 40 licenses.
    pub(super) fn new(kind: Kind, is_encrypted: bool) -> Self {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(40));
        Self::with_store(kind, is_encrypted, sandbox)
    }

    /// Starts the server of a place for the store of a sandbox.
    pub(super) fn with_store(kind: Kind, is_encrypted: bool, sandbox: Sandbox) -> Self {
        match kind {
            Kind::Directory => {
                let root = sandbox.path("places").display().to_string();
                Self::of(kind, is_encrypted, sandbox, root, Server::None)
            }
            Kind::Sftp => {
                let sshd = Sshd::start().expect("`make setup-tests` installs sshd");
                let path = sandbox.path("places").display().to_string();
                Self::on_sftp_server(is_encrypted, sandbox, &path, sshd)
            }
            Kind::S3 => Self::on_s3_server(is_encrypted, sandbox, S3Server::shared()),
        }
    }

    /// Returns a place at a path of an SFTP server.
    pub(super) fn on_sftp_server(
        is_encrypted: bool,
        sandbox: Sandbox,
        path: &str,
        sshd: Sshd,
    ) -> Self {
        let ssh = sshd.ssh().expect("temporary files can be written");
        let bin = ssh.parent().expect("the program is in a directory");
        let bin = bin.display().to_string();
        let root = format!("sftp://{}{path}", sshd.address());
        let server = Server::Sshd(sshd);
        let mut place = Self::of(Kind::Sftp, is_encrypted, sandbox, root, server);
        let _ = write!(place.environment, "export PATH='{bin}':\"$PATH\"; ");
        place
    }

    /// Returns a place in a bucket of a server.
    pub(super) fn on_s3_server(
        is_encrypted: bool,
        sandbox: Sandbox,
        server: Arc<S3Server>,
    ) -> Self {
        // All tests of the process share the bucket.
        let name = sandbox.path("").file_name().map(OsStr::to_os_string);
        let name = name.expect("the sandbox has a name").into_string();
        let name = name.expect("the name is ASCII").replace('.', "");
        let root = format!("s3://{}/{name}", S3Server::BUCKET);
        let url = server.url();
        let variables = server.variables();
        let mut place = Self::of(Kind::S3, is_encrypted, sandbox, root, Server::S3(server));
        for (name, value) in variables {
            place.set(name, &value);
            if name == "AWS_SECRET_ACCESS_KEY" {
                place.secrets.push(value);
            }
        }
        place.set("AWS_ENDPOINT_URL", &url);
        place
    }

    fn of(kind: Kind, is_encrypted: bool, sandbox: Sandbox, root: String, server: Server) -> Self {
        let mut place = Self {
            sandbox,
            kind,
            root,
            environment: UNSET.to_owned(),
            secrets: Vec::new(),
            is_encrypted,
            server,
        };
        for (variable, name) in ["HOME", "TMPDIR"].into_iter().zip(LOCAL) {
            let directory = place.sandbox.path(name);
            fs::create_dir(&directory).expect("the sandbox is writable");
            place.set(variable, &directory.display().to_string());
        }
        if kind != Kind::S3 {
            fs::create_dir(place.sandbox.path("places")).expect("the sandbox is writable");
        }
        if is_encrypted {
            place.make_keys();
        }
        place
    }

    /// Makes `identity` and `recipients` in the sandbox.
    fn make_keys(&mut self) {
        let made = self
            .sandbox
            .license_backup([
                "-c",
                "age-keygen -o identity && age-keygen -y identity > recipients",
            ])
            .with_binary(PathBuf::from("/bin/sh"))
            .run();
        assert_eq!(made.code(), Some(0), "`make setup-tests` installs age");
        let identity = fs::read_to_string(self.sandbox.path("identity")).expect("it is a text");
        let keys = identity.lines().filter(|line| !line.starts_with('#'));
        self.secrets.extend(keys.map(str::to_owned));
    }

    /// Sets a variable of the environment of all later commands.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let _ = write!(self.environment, "export {name}='{value}'; ");
    }

    /// Returns the location of a directory in the place.
    pub(super) fn location(&self, directory: &str) -> String {
        format!("{}/{directory}", self.root)
    }

    /// Returns a command of the program for a directory in the place. `line` has the words `TO` or
    /// `FROM` where its location and the keys belong; `TO-RECIPIENTS` and `FROM-NOBODY` without an
    /// identity.
    pub(super) fn command(&self, directory: &str, line: &str) -> Invocation {
        let location = self.location(directory);
        let mut arguments = Vec::new();
        for word in line.split_whitespace() {
            let (option, keys): (_, &[_]) = match word {
                "TO" => ("--to", &[RECIPIENTS, IDENTITY]),
                "TO-RECIPIENTS" => ("--to", &[RECIPIENTS]),
                "FROM" => ("--from", &[IDENTITY]),
                "FROM-NOBODY" => ("--from", &[]),
                word => {
                    arguments.push(word.to_owned());
                    continue;
                }
            };
            arguments.extend([option.to_owned(), location.clone()]);
            if self.is_encrypted {
                arguments.extend(keys.as_flattened().iter().map(|&word| word.to_owned()));
            }
        }
        self.with_environment(arguments)
    }

    /// Returns a command of the program that has access to the place.
    pub(super) fn with_environment<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Invocation {
        self.sandbox
            .license_backup(arguments)
            .after(&format!("{}true", self.environment))
    }

    /// Runs a command as [`command`](Self::command) returns it.
    pub(super) fn run(&self, directory: &str, line: &str) -> Outcome {
        self.checked(self.command(directory, line).run())
    }

    /// Requires that the output of a run contains no secret, and that the run has left nothing on
    /// this machine.
    #[track_caller]
    pub(super) fn checked(&self, outcome: Outcome) -> Outcome {
        for secret in &self.secrets {
            assert!(
                !outcome.stdout().contains(secret) && !outcome.stderr().contains(secret),
                "no output should contain a secret\n{}",
                outcome.report()
            );
        }
        for name in LOCAL {
            let names = Snapshot::of(&self.sandbox.path(name)).names();
            assert_eq!(names, [""; 0], "in {name}\n{}", outcome.report());
        }
        let names = Snapshot::of(&self.sandbox.backup()).names();
        assert_eq!(names, [""; 0], "in backup\n{}", outcome.report());
        outcome
    }

    /// Returns the texts that no output contains: the secret key and the identity.
    pub(super) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// Returns `true` if the files of the place are below `places` in the sandbox.
    pub(super) fn is_on_this_machine(&self) -> bool {
        self.kind != Kind::S3
    }

    /// Returns what follows the name of the archive in the name of its file.
    pub(super) fn suffix(&self) -> &'static str {
        if self.is_encrypted { ".age" } else { "" }
    }

    /// Returns the address of the server.
    pub(super) fn address(&self) -> SocketAddr {
        match &self.server {
            Server::None => panic!("a directory has no server"),
            Server::Sshd(sshd) => sshd.address(),
            Server::S3(service) => service.address(),
        }
    }

    /// Makes all later commands reach the server through another address, such as that of a proxy.
    pub(super) fn reach_through(&mut self, address: SocketAddr) {
        match self.kind {
            Kind::Directory => panic!("a directory has no server"),
            Kind::Sftp => {
                let path = self.root.splitn(4, '/').nth(3).map(str::to_owned);
                let path = path.expect("the location has a path");
                self.root = format!("sftp://{address}/{path}");
            }
            Kind::S3 => self.set("AWS_ENDPOINT_URL", &format!("http://{address}")),
        }
    }

    /// Returns the SFTP server.
    pub(super) fn sshd(&mut self) -> &mut Sshd {
        match &mut self.server {
            Server::Sshd(sshd) => sshd,
            Server::None | Server::S3(_) => panic!("the place is on no SFTP server"),
        }
    }

    /// Returns the S3 server, which no other test may use.
    pub(super) fn s3_server(&mut self) -> &mut S3Server {
        match &mut self.server {
            Server::S3(service) => Arc::get_mut(service).expect("no other test uses the server"),
            Server::None | Server::Sshd(_) => panic!("the place is on no S3 server"),
        }
    }
}
