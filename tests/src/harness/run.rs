//! Runs of the program: an invocation starts a process, whose outcome can be inspected.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::listing::paths_below;
use super::schema;

/// The longest duration of a run, in case a program blocks.
const LIMIT: Duration = Duration::from_mins(2);
/// The maximum number of paths of the directory in a report.
const SHOWN_PATHS: usize = 60;
/// The maximum number of bytes of each output stream in a report.
const SHOWN_BYTES: usize = 8000;

/// Returns the path of the program that `make build` builds.
#[must_use]
pub fn binary() -> PathBuf {
    target().join("release/license-backup")
}

/// Returns the root of the checkout.
///
/// # Panics
///
/// Never: this package is in a subdirectory.
#[must_use]
pub fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is in the workspace")
}

/// Returns the build directory.
#[must_use]
pub fn target() -> PathBuf {
    sources().join("target")
}

/// A command that can be run.
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

    /// Runs shell commands in the same process before the program, such as `umask 000`.
    #[must_use]
    pub fn after(mut self, preparation: &str) -> Self {
        self.preparation = format!("{preparation}; ");
        self
    }

    /// Runs another program.
    #[must_use]
    pub fn with_binary(mut self, binary: PathBuf) -> Self {
        self.binary = binary;
        self
    }

    /// Runs the program as another user, which requires root.
    #[must_use]
    pub fn as_user(mut self, user: u32) -> Self {
        self.user = Some(user);
        self
    }

    /// Runs the program until it ends.
    ///
    /// # Panics
    ///
    /// If it does not end in time.
    #[must_use]
    pub fn run(self) -> Outcome {
        self.start().wait()
    }

    /// Starts the program.
    ///
    /// # Panics
    ///
    /// If the program does not exist.
    #[must_use]
    pub fn start(self) -> Process {
        assert!(
            self.binary.exists(),
            "{} does not exist: `make build` builds it",
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
        let stdout = Output::read(child.stdout.take());
        let stderr = Output::read(child.stderr.take());
        Process {
            child,
            stdout,
            stderr,
            command: format!("{command:?}"),
            directory: self.directory,
        }
    }
}

/// An output stream that a thread reads to its end, so that a full pipe blocks nothing.
#[derive(Debug)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn read(stream: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let Some(mut stream) = stream else { return };
            let mut buffer = [0; 8192];
            while let count @ 1.. = stream.read(&mut buffer).expect("a pipe is readable") {
                let mut bytes = shared.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.extend_from_slice(&buffer[..count]);
            }
        });
        Self { bytes, reader }
    }

    /// Returns the bytes of the whole stream.
    fn finish(self) -> Vec<u8> {
        self.reader.join().expect("a pipe is readable");
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
    command: String,
    directory: PathBuf,
}

impl Process {
    /// Waits until `condition` is true, or the process has ended. Returns `true` if the condition
    /// is true.
    ///
    /// # Panics
    ///
    /// If neither happens in time.
    pub fn wait_until(&mut self, condition: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !condition() {
            if !self.is_running() {
                return condition();
            }
            assert!(
                start.elapsed() < LIMIT,
                "the expected condition is not true after {LIMIT:?}: {}",
                self.command
            );
            thread::sleep(Duration::from_micros(200));
        }
        true
    }

    /// Returns `true` if the process has not ended.
    ///
    /// # Panics
    ///
    /// If the operating system does not return the state of the process.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("the state of a child is known")
            .is_none()
    }

    /// Waits until the process has written a text to standard error.
    ///
    /// # Panics
    ///
    /// If it has not, and has ended or does not do so in time.
    pub fn wait_until_it_says(&mut self, text: &str) {
        let stderr = Arc::clone(&self.stderr.bytes);
        let is_written = || {
            let bytes = stderr.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8_lossy(&bytes).contains(text)
        };
        if self.wait_until(is_written) {
            return;
        }
        // The process has ended, perhaps before the thread has read everything.
        while !self.stderr.reader.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(
            is_written(),
            "{text:?} should be on standard error: {}",
            self.command
        );
    }

    /// Sends a signal, such as `SIGINT`, unless the process has ended.
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    #[cfg(unix)]
    pub fn signal(&mut self, signal: nix::sys::signal::Signal) {
        if !self.is_running() {
            return;
        }
        let id = i32::try_from(self.child.id()).expect("a process ID is a small number");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal)
            .expect("the process accepts signals");
    }

    /// Waits until the program has installed a handler of a signal, or has ended. Returns `true`
    /// if there is a handler.
    ///
    /// # Panics
    ///
    /// If neither happens in time.
    #[cfg(target_os = "linux")]
    pub fn wait_until_it_handles(&mut self, signal: nix::sys::signal::Signal) -> bool {
        let id = self.id();
        self.wait_until(|| {
            let status = ProcessStatus::of(id);
            // The shell, which runs before the program, has handlers too.
            status.is_named("license-backup") && status.has("SigCgt", signal)
        })
    }

    /// Waits until a signal that was sent has been delivered, or the process has ended. Two signals
    /// that are pending at the same time are delivered as one.
    ///
    /// # Panics
    ///
    /// If neither happens in time.
    #[cfg(target_os = "linux")]
    pub fn wait_until_delivered(&mut self, signal: nix::sys::signal::Signal) {
        let id = self.id();
        self.wait_until(|| !ProcessStatus::of(id).has("ShdPnd", signal));
    }

    /// Kills the process, and waits for its end.
    ///
    /// # Panics
    ///
    /// If the process cannot be killed.
    #[must_use]
    pub fn kill(mut self) -> Outcome {
        self.child.kill().expect("a child can be killed");
        self.wait()
    }

    /// Returns the process ID.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    ///
    /// If the process does not end in time.
    #[must_use]
    pub fn wait(mut self) -> Outcome {
        let start = Instant::now();
        let mut is_killed = false;
        let status = loop {
            if let Some(status) = self
                .child
                .try_wait()
                .expect("the state of a child is known")
            {
                break status;
            }
            if start.elapsed() > LIMIT {
                is_killed = true;
                self.child.kill().expect("a child can be killed");
            }
            thread::sleep(Duration::from_millis(1));
        };
        let outcome = Outcome {
            code: status.code(),
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            command: self.command,
            directory: self.directory,
        };
        assert!(
            !is_killed,
            "the process did not end in {LIMIT:?}, and was killed\n{}",
            outcome.report()
        );
        outcome
    }
}

/// The status of a process, as `/proc` contains it.
#[cfg(target_os = "linux")]
struct ProcessStatus(String);

#[cfg(target_os = "linux")]
impl ProcessStatus {
    /// Returns the status, which is empty if the process does not exist.
    fn of(id: u32) -> Self {
        Self(std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default())
    }

    fn is_named(&self, name: &str) -> bool {
        self.0.starts_with(&format!("Name:\t{name}\n"))
    }

    /// Returns `true` if a signal is in a set, such as `SigCgt`, the signals that have handlers.
    fn has(&self, set: &str, signal: nix::sys::signal::Signal) -> bool {
        let prefix = format!("{set}:");
        let mask = self.0.lines().find_map(|line| line.strip_prefix(&prefix));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & (1 << (signal as i32 - 1)) != 0)
    }
}

/// The result of a run.
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
    /// If the program returned another exit code, or was ended by a signal.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "it is an assertion first"
    )]
    pub fn exits(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "the exit code should be {code}\n{}",
            self.report()
        );
        self
    }

    /// Requires that standard error contains each of the texts.
    ///
    /// # Panics
    ///
    /// If one is missing.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "it is an assertion first"
    )]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            // Without the name of the program, which would match some texts.
            let is_written = String::from_utf8_lossy(&self.stderr)
                .replace("license-backup: ", "")
                .contains(text);
            assert!(
                is_written,
                "{text:?} should be on stderr\n{}",
                self.report()
            );
        }
        self
    }

    /// Returns the exit code, or `None` if a signal ended the program.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// Returns what the program wrote to standard output.
    ///
    /// # Panics
    ///
    /// If that is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout)
            .unwrap_or_else(|_| panic!("stdout should be UTF-8\n{}", self.report()))
    }

    /// Returns what the program wrote to standard error.
    ///
    /// # Panics
    ///
    /// If that is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn stderr(&self) -> &str {
        std::str::from_utf8(&self.stderr)
            .unwrap_or_else(|_| panic!("stderr should be UTF-8\n{}", self.report()))
    }

    /// Returns the JSON lines on standard output.
    ///
    /// # Panics
    ///
    /// If a line does not match the published schema, or the last line has no line end.
    #[must_use]
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let text = self.stdout();
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "the last line should have a line end\n{}",
            self.report()
        );
        text.lines()
            .map(|line| {
                let event: Value = serde_json::from_str(line).unwrap_or_else(|error| {
                    panic!("not JSON ({error}): {line}\n{}", self.report())
                });
                let violations = schema::violations(&event);
                assert!(
                    violations.is_empty(),
                    "the line violates the schema: {line}\n{}\n{}",
                    violations.join("\n"),
                    self.report()
                );
                event
            })
            .collect()
    }

    /// Returns the last of [`Outcome::events`].
    ///
    /// # Panics
    ///
    /// If it is not `end`, or if its exit code is not that of the process.
    #[must_use]
    #[track_caller]
    pub fn end_event(&self) -> Value {
        let end = self
            .events()
            .pop()
            .unwrap_or_else(|| panic!("there should be an event\n{}", self.report()));
        assert!(
            end["event"] == "end",
            "the last line should be the event `end`\n{}",
            self.report()
        );
        assert!(
            end["exit_code"].as_i64() == self.code.map(i64::from),
            "the exit code of the event should be that of the process\n{}",
            self.report()
        );
        end
    }

    /// Returns the command, the directory and both output streams, for messages.
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
            "command: {}\ndirectory: {}\nexit code: {:?}\n{} paths in it:\n{}{}stdout:\n{}\nstderr:\n{}",
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

/// Returns the beginning and the end of a stream.
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
