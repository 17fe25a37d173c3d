//! One run of the binary: started, waited for with a limit, and asked about.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::listing::paths_below;
use super::schema;

/// How long a run may take. One that opens a FIFO would never end.
const LIMIT: Duration = Duration::from_mins(2);
/// How many paths of the directory a failure shows.
const SHOWN_PATHS: usize = 60;
/// How many bytes of each stream a failure shows.
const SHOWN_BYTES: usize = 8000;

/// The binary of `make build`.
#[must_use]
pub fn binary() -> PathBuf {
    target().join("release/license-backup")
}

/// The checkout.
///
/// # Panics
///
/// Never: this package lies in it.
#[must_use]
pub fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
}

/// Where everything is built.
#[must_use]
pub fn target() -> PathBuf {
    sources().join("target")
}

/// A run that was not started yet.
#[derive(Debug)]
pub struct Invocation {
    binary: PathBuf,
    arguments: Vec<OsString>,
    directory: PathBuf,
    preparation: String,
    user: Option<u32>,
}

impl Invocation {
    pub(super) fn new<A: AsRef<OsStr>>(
        directory: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            binary: binary(),
            arguments: arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned())
                .collect(),
            directory: directory.to_owned(),
            preparation: String::new(),
            user: None,
        }
    }

    /// What a shell does right before it becomes the binary, such as `umask 000`.
    #[must_use]
    pub fn after(mut self, preparation: &str) -> Self {
        self.preparation = format!("{preparation}; ");
        self
    }

    /// Another copy of the binary.
    #[must_use]
    pub fn with_binary(mut self, binary: PathBuf) -> Self {
        self.binary = binary;
        self
    }

    /// Another user, which only root can ask for.
    #[must_use]
    pub fn as_user(mut self, user: u32) -> Self {
        self.user = Some(user);
        self
    }

    /// Runs the binary to its end.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    #[must_use]
    pub fn run(self) -> Outcome {
        self.start().wait()
    }

    /// Starts the binary.
    ///
    /// # Panics
    ///
    /// When the binary is not there.
    #[must_use]
    pub fn start(self) -> Running {
        assert!(
            self.binary.exists(),
            "{} is not there: `make build` builds it",
            self.binary.display()
        );
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!(r#"{}exec "$0" "$@""#, self.preparation))
            .arg(&self.binary)
            .args(&self.arguments);
        command
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.env_remove("RUST_BACKTRACE");
        #[cfg(unix)]
        if let Some(user) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(user).gid(user);
        }
        let mut child = command.spawn().expect("there is a shell");
        let stdout = gather(child.stdout.take());
        let stderr = gather(child.stderr.take());
        Running {
            child,
            stdout,
            stderr,
            command: format!("{command:?}"),
            directory: self.directory,
        }
    }
}

/// Reads a stream to its end on a thread of its own, so that a full pipe stops nobody.
fn gather(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        bytes
    })
}

/// A run that was started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    command: String,
    directory: PathBuf,
}

impl Running {
    /// Waits until `condition` holds, or the run is over. Gives whether it holds.
    ///
    /// # Panics
    ///
    /// When neither happens in time.
    pub fn wait_until(&mut self, condition: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !condition() {
            if self
                .child
                .try_wait()
                .expect("the run can be asked about")
                .is_some()
            {
                return condition();
            }
            assert!(
                start.elapsed() < LIMIT,
                "what was waited for did not happen in {LIMIT:?}: {}",
                self.command
            );
            thread::sleep(Duration::from_micros(200));
        }
        true
    }

    /// Sends a signal, such as `SIGINT`, unless the run is over.
    ///
    /// # Panics
    ///
    /// When the signal cannot be sent.
    #[cfg(unix)]
    pub fn signal(&mut self, signal: nix::sys::signal::Signal) {
        if self
            .child
            .try_wait()
            .expect("the run can be asked about")
            .is_some()
        {
            return;
        }
        let id = i32::try_from(self.child.id()).expect("a process ID is a small number");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal)
            .expect("the run takes signals");
    }

    /// Waits until the run has a handler for a signal, which Linux tells, or is over. Gives whether it has.
    ///
    /// # Panics
    ///
    /// When neither happens in time.
    #[cfg(target_os = "linux")]
    pub fn wait_until_it_handles(&mut self, signal: nix::sys::signal::Signal) -> bool {
        let status = format!("/proc/{}/status", self.child.id());
        self.wait_until(|| {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            // Before it is the binary, it is the shell, which has handlers of its own.
            let is_binary = status.starts_with("Name:\tlicense-backup\n");
            is_binary && caught.is_some_and(|mask| mask & (1 << (signal as i32 - 1)) != 0)
        })
    }

    /// Kills it, and waits for the end.
    ///
    /// # Panics
    ///
    /// When it cannot be killed.
    #[must_use]
    pub fn kill(mut self) -> Outcome {
        self.child.kill().expect("the run can be killed");
        self.wait()
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end.
    ///
    /// # Panics
    ///
    /// When the run does not end in time.
    #[must_use]
    pub fn wait(mut self) -> Outcome {
        let start = Instant::now();
        let mut hung = false;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the run can be asked about") {
                break status;
            }
            if start.elapsed() > LIMIT {
                hung = true;
                self.child.kill().expect("a run that hangs can be killed");
            }
            thread::sleep(Duration::from_millis(1));
        };
        let outcome = Outcome {
            code: status.code(),
            stdout: self.stdout.join().expect("the stream was gathered"),
            stderr: self.stderr.join().expect("the stream was gathered"),
            command: self.command,
            directory: self.directory,
        };
        assert!(
            !hung,
            "it did not end in {LIMIT:?}, and was killed\n{}",
            outcome.report()
        );
        outcome
    }
}

/// A run that is over.
#[derive(Debug)]
pub struct Outcome {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    command: String,
    directory: PathBuf,
}

impl Outcome {
    /// Requires an exit code.
    ///
    /// # Panics
    ///
    /// When it ended with another one, or by a signal.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "it is an assertion first"
    )]
    pub fn exits(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "it should have ended with {code}\n{}",
            self.report()
        );
        self
    }

    /// Requires that each of these texts is on stderr.
    ///
    /// # Panics
    ///
    /// When one is not.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "it is an assertion first"
    )]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            // Without the name of the program, which says nothing of what went wrong.
            let said = String::from_utf8_lossy(&self.stderr)
                .replace("license-backup: ", "")
                .contains(text);
            assert!(said, "{text:?} should be on stderr\n{}", self.report());
        }
        self
    }

    /// The exit code, or nothing after a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// What it wrote to stdout.
    ///
    /// # Panics
    ///
    /// When that is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout)
            .unwrap_or_else(|_| panic!("stdout should be UTF-8\n{}", self.report()))
    }

    /// What it wrote to stderr.
    ///
    /// # Panics
    ///
    /// When that is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn stderr(&self) -> &str {
        std::str::from_utf8(&self.stderr)
            .unwrap_or_else(|_| panic!("stderr should be UTF-8\n{}", self.report()))
    }

    /// The lines of stdout, each of which must be as the published schema says.
    ///
    /// # Panics
    ///
    /// When one is not, or when the last line is not ended.
    #[must_use]
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let text = self.stdout();
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "the last line should be ended\n{}",
            self.report()
        );
        text.lines()
            .map(|line| {
                let event: Value = serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("no JSON ({error}): {line}\n{}", self.report()));
                let faults = schema::faults(&event);
                assert!(
                    faults.is_empty(),
                    "against the schema: {line}\n{}\n{}",
                    faults.join("\n"),
                    self.report()
                );
                event
            })
            .collect()
    }

    /// The last of [`Outcome::events`], which must be the outcome and agree with the exit code.
    ///
    /// # Panics
    ///
    /// When it is not, or does not.
    #[must_use]
    #[track_caller]
    pub fn end_event(&self) -> Value {
        let end = self
            .events()
            .pop()
            .unwrap_or_else(|| panic!("there should be an outcome\n{}", self.report()));
        assert!(
            end["event"] == "end",
            "the outcome should be the last line\n{}",
            self.report()
        );
        assert!(
            end["exit_code"].as_i64() == self.code.map(i64::from),
            "they should agree\n{}",
            self.report()
        );
        end
    }

    /// The command, the directory and both streams.
    #[must_use]
    pub fn report(&self) -> String {
        let paths = paths_below(&self.directory).unwrap_or_default();
        let shown: Vec<_> = paths
            .iter()
            .take(SHOWN_PATHS)
            .map(|path| format!("  {:?}\n", path.to_string_lossy()))
            .collect();
        let more = paths.len().saturating_sub(SHOWN_PATHS);
        format!(
            "command: {}\nin: {}\nexit code: {:?}\n{} paths there:\n{}{}stdout:\n{}\nstderr:\n{}",
            self.command,
            self.directory.display(),
            self.code,
            paths.len(),
            shown.concat(),
            if more > 0 {
                format!("  and {more} more\n")
            } else {
                String::new()
            },
            excerpt(&self.stdout),
            excerpt(&self.stderr),
        )
    }
}

/// The beginning and the end of a stream.
fn excerpt(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN_BYTES {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let (head, tail) = (
        &bytes[..SHOWN_BYTES / 2],
        &bytes[bytes.len() - SHOWN_BYTES / 2..],
    );
    format!(
        "{}\n[... {} bytes ...]\n{}",
        String::from_utf8_lossy(head),
        bytes.len(),
        String::from_utf8_lossy(tail)
    )
}
