//! A small file system of its own, to be filled up, made read-only or taken away.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use super::sandbox::Sandbox;

/// What a shell says after a command that went well.
const DONE: &str = "done";

/// A tmpfs for the length of a test.
///
/// It is mounted in a mount namespace of its own, and reached through the shell there. So it takes no root where users may
/// have namespaces, nobody else sees it, and it goes with the test however that ends.
#[derive(Debug)]
pub struct Tmpfs {
    shell: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    complaints: ChildStderr,
    directory: PathBuf,
}

impl Tmpfs {
    /// Mounts an empty one with these options, such as `size=1m`.
    ///
    /// # Errors
    ///
    /// Why this machine does not let us.
    ///
    /// # Panics
    ///
    /// When the sandbox cannot be changed.
    pub fn mount(sandbox: &Sandbox, options: &str) -> Result<Self, String> {
        let place = sandbox.path("tmpfs");
        std::fs::create_dir_all(&place).expect("a temporary directory is writable");
        // Root needs no namespace of users for it, and may not get one.
        Self::mount_in(&["--mount"], &place, options).or_else(|first| {
            Self::mount_in(&["--map-root-user", "--mount"], &place, options).map_err(|second| {
                format!(
                    "a tmpfs cannot be mounted ({first}), in a user namespace neither ({second})"
                )
            })
        })
    }

    fn mount_in(namespaces: &[&str], place: &Path, options: &str) -> Result<Self, String> {
        let mut unshare = Command::new("unshare");
        unshare.args(namespaces).arg("sh").current_dir(place);
        unshare
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut shell = unshare
            .spawn()
            .map_err(|error| format!("unshare cannot be run: {error}"))?;
        let commands = shell.stdin.take().expect("it is a pipe");
        let answers = BufReader::new(shell.stdout.take().expect("it is a pipe"));
        let complaints = shell.stderr.take().expect("it is a pipe");
        let inside = place
            .strip_prefix("/")
            .expect("a sandbox has an absolute path");
        let directory = Path::new(&format!("/proc/{}/root", shell.id())).join(inside);
        let mut mounted = Self {
            shell,
            commands,
            answers,
            complaints,
            directory,
        };
        mounted.run(&format!("mount -t tmpfs -o {options} tmpfs \"$PWD\""))?;
        Ok(mounted)
    }

    /// The root of the file system.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The same, as an argument.
    ///
    /// # Panics
    ///
    /// When the path is not UTF-8.
    #[must_use]
    pub fn path(&self) -> &str {
        self.directory.to_str().expect("the path is UTF-8")
    }

    /// Makes it read-only.
    ///
    /// # Errors
    ///
    /// What `mount` says.
    pub fn make_read_only(&mut self) -> Result<(), String> {
        self.run("mount -o remount,bind,ro \"$PWD\"")
    }

    /// Takes it out of the tree, where those who have something open on it keep it.
    ///
    /// # Errors
    ///
    /// What `umount` says.
    pub fn detach(&mut self) -> Result<(), String> {
        self.run("umount --lazy \"$PWD\"")
    }

    /// Has the shell run a command. It answers with a line.
    fn run(&mut self, command: &str) -> Result<(), String> {
        let line = format!(
            "if said=$({command} 2>&1); then echo {DONE}; else echo \"$said\" | head -n 1; fi\n"
        );
        let mut answer = String::new();
        let talked = self
            .commands
            .write_all(line.as_bytes())
            .and_then(|()| self.answers.read_line(&mut answer));
        match talked {
            Ok(_) if answer.trim_end() == DONE => Ok(()),
            Ok(0) | Err(_) => {
                let _ = self.complaints.read_to_string(&mut answer);
                Err(answer.trim_end().to_owned())
            }
            Ok(_) => Err(answer.trim_end().to_owned()),
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // The namespace, and the mount with it, goes with its last process.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
