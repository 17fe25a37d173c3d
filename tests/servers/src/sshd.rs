//! OpenSSH's server, with a configuration of its own, and the `ssh` that knows it.

use std::fs::{self, File, Permissions};
use std::io::{self, Error};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use tempfile::TempDir;

use crate::processes::descendants;

/// Debian's path: the directory is on root's `PATH` alone, and sshd requires an absolute one.
const SSHD: &str = "/usr/sbin/sshd";
/// The client under another name than that of the wrapper.
const SSH: &str = "/usr/bin/ssh";
/// The name of the server in the file of known hosts, for any port.
const HOST_KEY_ALIAS: &str = "license-backup-test";
/// The time that a server may take until it listens.
const START: Duration = Duration::from_secs(20);

/// A server that allows the user of the test, and as root each user, to log in with one key.
#[derive(Debug)]
pub struct Sshd {
    directory: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Sshd {
    /// Starts a server on a free port of loopback.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system, and the log of a server that does not start.
    pub fn start() -> io::Result<Self> {
        Self::start_with("internal-sftp")
    }

    /// Starts a server with this command for SFTP, such as `internal-sftp -P hardlink`, which
    /// denies an extension.
    ///
    /// # Errors
    ///
    /// See [`start`](Self::start).
    pub fn start_with(sftp: &str) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("sshd-").tempdir()?;
        // The server reads the keys as the user who logs in.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
        let mut server = Self {
            directory,
            port: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
                .local_addr()?
                .port(),
            process: None,
        };
        make_key(&server.path("identity"))?;
        fs::copy(server.path("identity.pub"), server.path("authorized_keys"))?;
        server.make_host_key()?;
        server.trust_host_key()?;
        server.write_config(sftp)?;
        if nix::unistd::geteuid().is_root() {
            fs::create_dir_all("/run/sshd")?;
        }
        server.restart()?;
        Ok(server)
    }

    /// Returns the host and the port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Returns an `ssh` that has the key and knows the server, also through a proxy. It is the only
    /// program of its directory.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn ssh(&self) -> io::Result<PathBuf> {
        self.ssh_with("default", "")
    }

    /// Returns an `ssh` whose configuration begins with these lines, which take precedence. `name`
    /// is that of its directory.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn ssh_with(&self, name: &str, options: &str) -> io::Result<PathBuf> {
        let directory = self.path(name);
        fs::create_dir_all(&directory)?;
        let config = directory.join("config");
        fs::write(
            &config,
            format!(
                "{options}\n\
                 BatchMode yes\n\
                 IdentityFile {}\n\
                 IdentitiesOnly yes\n\
                 HostKeyAlias {HOST_KEY_ALIAS}\n\
                 UserKnownHostsFile {}\n\
                 GlobalKnownHostsFile none\n",
                self.path("identity").display(),
                self.path("known_hosts").display(),
            ),
        )?;
        let bin = directory.join("bin");
        fs::create_dir_all(&bin)?;
        let ssh = bin.join("ssh");
        let script = directory.join("script");
        fs::write(
            &script,
            format!("#!/bin/sh\nexec {SSH} -F '{}' \"$@\"\n", config.display()),
        )?;
        // Another process writes the program. A process that another test starts meanwhile could
        // inherit the open file from this one, and Linux executes no file that is open for writing.
        let mut install = Command::new("install");
        run(install.arg("-m755").arg(&script).arg(&ssh))?;
        Ok(ssh)
    }

    /// Kills the server and all its sessions with SIGKILL.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            // The server first, so that it starts no further session.
            let sessions = descendants(process.id())?;
            process.kill()?;
            process.wait()?;
            for session in sessions {
                // It may have ended with the server.
                let _ = kill(session, Signal::SIGKILL);
            }
        }
        Ok(())
    }

    /// Starts the server again after [`kill`](Self::kill), on the same port.
    ///
    /// # Errors
    ///
    /// See [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        let log = File::create(self.path("log"))?;
        let process = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(self.path("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| {
                let message =
                    format!("{SSHD}: {error}; `make setup-tests` installs openssh-server");
                Error::new(error.kind(), message)
            })?;
        self.process = Some(process);
        self.wait_until_it_listens()
    }

    /// Makes another key of the server, with which it starts the next time.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn make_host_key(&self) -> io::Result<()> {
        make_key(&self.path("host_key"))
    }

    /// Makes the current key of the server the one that each `ssh` knows.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn trust_host_key(&self) -> io::Result<()> {
        let key = fs::read_to_string(self.path("host_key.pub"))?;
        let known = format!("{HOST_KEY_ALIAS} {key}");
        fs::write(self.path("known_hosts"), known)
    }

    fn wait_until_it_listens(&mut self) -> io::Result<()> {
        let end = Instant::now() + START;
        while TcpStream::connect(self.address()).is_err() {
            let process = self.process.as_mut();
            let has_ended = process.is_none_or(|process| !matches!(process.try_wait(), Ok(None)));
            if has_ended || Instant::now() > end {
                let log = fs::read_to_string(self.path("log"))?;
                return Err(Error::other(format!("{SSHD} does not start: {log}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn write_config(&self, sftp: &str) -> io::Result<()> {
        let config = format!(
            "ListenAddress 127.0.0.1\n\
             Port {}\n\
             HostKey {}\n\
             AuthorizedKeysFile {}\n\
             PidFile none\n\
             UsePAM no\n\
             StrictModes no\n\
             PasswordAuthentication no\n\
             KbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n\
             MaxStartups 1000\n\
             Subsystem sftp {sftp}\n",
            self.port,
            self.path("host_key").display(),
            self.path("authorized_keys").display(),
        );
        fs::write(self.path("sshd_config"), config)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // Nothing else is to be done about a server that cannot be killed.
        drop(self.kill());
    }
}

/// Makes a key without a passphrase, in place of an existing one.
fn make_key(path: &Path) -> io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]);
    run(command.arg(path))
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::other(format!("{command:?} fails: {status}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether the server lists a directory.
    fn lists(server: &Sshd) -> bool {
        let ssh = server.ssh().expect("the disk has space");
        let mut sftp = Command::new("sftp");
        sftp.args(["-q", "-b", "-", "-P", &server.address().port().to_string()]);
        let sftp = sftp.arg("-S").arg(ssh).arg("127.0.0.1");
        sftp.stdin(Stdio::null())
            .status()
            .expect("it is installed")
            .success()
    }

    #[test]
    fn a_server_is_killed_and_started_again() {
        let mut server = Sshd::start().expect("a server starts");
        assert!(lists(&server));
        server.kill().expect("it runs");
        assert!(!lists(&server));
        server.restart().expect("it starts again");
        assert!(lists(&server));
    }

    #[test]
    fn another_host_key_is_refused() {
        let mut server = Sshd::start().expect("a server starts");
        server.make_host_key().expect("the disk has space");
        server.restart().expect("it starts again");
        assert!(!lists(&server));
    }
}
