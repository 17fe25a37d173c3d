//! A small file system that tests fill up, make read-only, or detach.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use super::sandbox::Sandbox;

/// The line that the shell prints after a command that succeeded.
const DONE: &str = "done";

/// A tmpfs that exists as long as the test.
///
/// It is mounted in a separate mount namespace, in which a shell runs, and is accessed through the
/// root directory of the shell. So no root is needed where users may create namespaces, other
/// processes do not see it, and it is unmounted with the end of the test.
#[derive(Debug)]
pub struct Tmpfs {
    shell: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    errors: ChildStderr,
    directory: PathBuf,
}

impl Tmpfs {
    /// Mounts an empty file system with options such as `size=1m`.
    ///
    /// # Errors
    ///
    /// The reason why this machine does not permit it.
    ///
    /// # Panics
    ///
    /// If the sandbox is not writable.
    pub fn mount(sandbox: &Sandbox, options: &str) -> Result<Self, String> {
        let mount_point = sandbox.path("tmpfs");
        std::fs::create_dir_all(&mount_point).expect("a temporary directory is writable");
        // Root needs no user namespace for it, and may not be permitted to create one.
        Self::mount_in(&["--mount"], &mount_point, options).or_else(|first| {
            Self::mount_in(&["--map-root-user", "--mount"], &mount_point, options).map_err(
                |second| format!("cannot mount a tmpfs: {first}; in a user namespace: {second}"),
            )
        })
    }

    fn mount_in(namespaces: &[&str], mount_point: &Path, options: &str) -> Result<Self, String> {
        let mut unshare = Command::new("unshare");
        unshare.args(namespaces).arg("sh").current_dir(mount_point);
        unshare
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut shell = unshare
            .spawn()
            .map_err(|error| format!("cannot run unshare: {error}"))?;
        let commands = shell.stdin.take().expect("the stream is a pipe");
        let answers = BufReader::new(shell.stdout.take().expect("the stream is a pipe"));
        let errors = shell.stderr.take().expect("the stream is a pipe");
        let inside = mount_point
            .strip_prefix("/")
            .expect("a sandbox has an absolute path");
        let directory = Path::new(&format!("/proc/{}/root", shell.id())).join(inside);
        let mut mounted = Self {
            shell,
            commands,
            answers,
            errors,
            directory,
        };
        mounted.run(&format!("mount -t tmpfs -o {options} tmpfs \"$PWD\""))?;
        Ok(mounted)
    }

    /// Returns the root of the file system.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the root of the file system as an argument of a program.
    ///
    /// # Panics
    ///
    /// If the path is not UTF-8.
    #[must_use]
    pub fn path(&self) -> &str {
        self.directory.to_str().expect("the path is UTF-8")
    }

    /// Makes the file system read-only.
    ///
    /// # Errors
    ///
    /// The message of `mount`.
    pub fn make_read_only(&mut self) -> Result<(), String> {
        self.run("mount -o remount,bind,ro \"$PWD\"")
    }

    /// Changes the size, which is that of the option `size`.
    ///
    /// # Errors
    ///
    /// The message of `mount`.
    pub fn resize(&mut self, size: &str) -> Result<(), String> {
        self.run(&format!("mount -o remount,size={size} \"$PWD\""))
    }

    /// Detaches the file system: its files can no longer be opened, but open ones remain usable.
    ///
    /// # Errors
    ///
    /// The message of `umount`.
    pub fn detach(&mut self) -> Result<(), String> {
        self.run("umount --lazy \"$PWD\"")
    }

    /// Runs a command in the shell, which prints one line.
    fn run(&mut self, command: &str) -> Result<(), String> {
        let line = format!(
            "if message=$({command} 2>&1); then echo {DONE}; else echo \"$message\" | head -n 1; fi\n"
        );
        let mut answer = String::new();
        let exchange = self
            .commands
            .write_all(line.as_bytes())
            .and_then(|()| self.answers.read_line(&mut answer));
        match exchange {
            Ok(_) if answer.trim_end() == DONE => Ok(()),
            Ok(0) | Err(_) => {
                let _ = self.errors.read_to_string(&mut answer);
                Err(answer.trim_end().to_owned())
            }
            Ok(_) => Err(answer.trim_end().to_owned()),
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // The namespace and its mount end with the last process in it.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
