//! The program on a terminal: colors, the progress bar, and Ctrl-C.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use license_backup_tests::harness::{Sandbox, Snapshot, UnreadPipe, binary};

/// A Python script that runs its arguments on a new terminal, copies its input to the terminal and
/// the output of the terminal to its output, and returns the exit code.
const ON_A_TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// The longest time that something expected may take.
const LIMIT: Duration = Duration::from_mins(1);

/// The character that Ctrl-C sends.
const CTRL_C: &str = "\x03";

/// The message after the first Ctrl-C.
const CANCELLING: &str = "requested cancellation; press Ctrl-C again to quit immediately";

/// A command on a separate terminal.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Runs a command line of the shell in a sandbox; `$0` is the program.
    fn run(sandbox: &Sandbox, line: &str) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", ON_A_TERMINAL, "sh", "-c", &format!("exec {line}")])
            .arg(binary())
            .current_dir(sandbox.path("."))
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`make setup-tests` installs python3");
        let keyboard = child.stdin.take().expect("the stream is a pipe");
        let mut output = child.stdout.take().expect("the stream is a pipe");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&screen);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shared.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            child,
            keyboard,
            screen,
            reader,
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits until a text is on the screen.
    fn wait_for(&self, text: &str) {
        let since = Instant::now();
        while !self.seen().contains(text) {
            assert!(
                since.elapsed() < LIMIT,
                "{text:?} should be on the screen: {:?}",
                self.seen()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the end of the command. Returns the exit code and everything that was on the screen.
    fn end(mut self) -> (Option<i32>, String) {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if since.elapsed() > LIMIT {
                // The terminal closes, which sends SIGHUP to the command.
                self.child.kill().unwrap();
                panic!("the command should end: {:?}", self.seen());
            }
            thread::sleep(Duration::from_millis(1));
        };
        self.reader.join().unwrap();
        let seen = String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned();
        (status.code(), seen)
    }
}

/// Runs a backup that succeeds. Returns everything that was on the screen.
fn back_up_on_a_terminal(sandbox: &Sandbox, arguments: &str) -> String {
    let terminal = Terminal::run(
        sandbox,
        &format!("\"$0\" backup --store store --to backup {arguments}"),
    );
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(0), "on the terminal: {seen:?}");
    seen
}

#[test]
fn no_color_disables_colors() {
    /// Returns `true` if no escape sequence sets a color or another rendition.
    fn is_plain(seen: &str) -> bool {
        seen.split("\x1b[").skip(1).all(|rest| {
            !rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
                .starts_with('m')
        })
    }
    let sandbox = Sandbox::with_many_files(2000);
    for line in [
        "\"$0\" --help",
        "\"$0\" backup --store store --to backup --overwrite",
    ] {
        let (code, seen) = Terminal::run(&sandbox, &format!("env NO_COLOR=1 {line}")).end();
        assert_eq!(code, Some(0), "{seen:?}");
        assert!(is_plain(&seen), "{seen:?}");
    }
    let (_, seen) = Terminal::run(&sandbox, "\"$0\" --help").end();
    assert!(
        !is_plain(&seen),
        "the help should be emphasized on a terminal: {seen:?}"
    );
}

#[test]
fn a_terminal_shows_a_progress_bar_and_then_the_summary() {
    let sandbox = Sandbox::with_many_files(20_000);
    let seen = back_up_on_a_terminal(&sandbox, "");
    assert!(
        seen.contains("/20000 files, "),
        "the bar should have the count: {seen:?}"
    );
    assert!(
        seen.contains(".lic"),
        "the bar should name the current file: {seen:?}"
    );
    let last = seen.rsplit("\x1b[2K").next().unwrap_or_default();
    assert!(
        last.contains("Backed up 20000 licenses"),
        "the summary should follow the bar: {seen:?}"
    );
}

#[test]
fn quiet_shows_no_bar() {
    let sandbox = Sandbox::with_many_files(2000);
    assert_eq!(back_up_on_a_terminal(&sandbox, "--quiet"), "");
}

/// Returns a store whose backup takes long enough to be interrupted.
fn large() -> Sandbox {
    Sandbox::with_many_files(40_000)
}

/// Starts a backup on a terminal, and returns when the bar is on the screen.
fn start(sandbox: &Sandbox, arguments: &str) -> Terminal {
    let terminal = Terminal::run(
        sandbox,
        &format!("\"$0\" backup --store store --to backup {arguments}"),
    );
    terminal.wait_for("/40000 files, ");
    terminal
}

#[test]
fn ctrl_c_on_a_terminal_changes_nothing() {
    let sandbox = large();
    for arguments in ["", "--overwrite"] {
        let before = Snapshot::of(&sandbox.backup());
        let mut terminal = start(&sandbox, arguments);
        terminal.types(CTRL_C);
        let (code, seen) = terminal.end();
        assert_eq!(code, Some(130), "{seen:?}");
        assert!(seen.contains(CANCELLING), "{seen:?}");
        assert!(seen.contains("the backup was cancelled"), "{seen:?}");
        assert_eq!(Snapshot::of(&sandbox.backup()), before, "{seen:?}");
        if before.names().is_empty() {
            sandbox.back_up(&["--quiet"]).run().exits(0);
        }
    }
}

#[test]
fn ctrl_c_twice_on_a_terminal_keeps_the_earlier_backup() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let before = Snapshot::of(&sandbox.backup());
    let mut terminal = start(&sandbox, "--overwrite");
    terminal.types(CTRL_C);
    terminal.types(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(130), "{seen:?}");
    // If the process ended immediately, a later run removes its temporary file.
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    if temporary.exists() {
        fs::remove_file(temporary).unwrap();
    }
    assert_eq!(Snapshot::of(&sandbox.backup()), before, "{seen:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_ctrl_c_on_a_terminal_ends_a_blocked_listing() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let pipe = UnreadPipe::create(sandbox.path("pipe"));
    let mut terminal = Terminal::run(&sandbox, "\"$0\" list --json --from backup >pipe");
    pipe.wait_until_full();
    terminal.types(CTRL_C);
    terminal.wait_for(CANCELLING);
    assert_eq!(
        terminal.child.try_wait().unwrap(),
        None,
        "the first Ctrl-C should only cancel"
    );
    terminal.types(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(130), "{seen:?}");
    drop(pipe);
}
