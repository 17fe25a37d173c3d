//! What a person sees on a terminal, and types there.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use license_backup_tests::harness::{Sandbox, Snapshot, binary};

/// Runs its arguments on a terminal of their own, types what it reads, and passes on what they write and how they end.
const ON_A_TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// What has to happen soon takes no longer.
const SOON: Duration = Duration::from_mins(1);

/// The key that interrupts.
const CTRL_C: &str = "\x03";

/// What the first one is answered with.
const CANCELLING: &str = "requested cancellation; press Ctrl-C again to quit immediately";

/// A command on a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Runs a shell's command line in a sandbox; `$0` is the binary.
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
        let keyboard = child.stdin.take().expect("it is a pipe");
        let mut output = child.stdout.take().expect("it is a pipe");
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

    /// Waits until a text is on the screen, which has to be soon.
    fn wait_for(&self, text: &str) {
        let since = Instant::now();
        while !self.seen().contains(text) {
            assert!(
                since.elapsed() < SOON,
                "{text:?} should be on the screen: {:?}",
                self.seen()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the end, which has to be soon. Gives the exit code, and all that was seen.
    fn end(mut self) -> (Option<i32>, String) {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if since.elapsed() > SOON {
                // Closing the terminal hangs up.
                self.child.kill().unwrap();
                panic!("it should end: {:?}", self.seen());
            }
            thread::sleep(Duration::from_millis(1));
        };
        self.reader.join().unwrap();
        let seen = String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned();
        (status.code(), seen)
    }
}

/// What is seen on the terminal of a backup that succeeds.
fn back_up_on_a_terminal(sandbox: &Sandbox, further: &str) -> String {
    let terminal = Terminal::run(
        sandbox,
        &format!("\"$0\" backup --store store --to backup {further}"),
    );
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(0), "on the terminal: {seen:?}");
    seen
}

#[test]
fn no_color_disables_colors() {
    /// What sets a color or another rendition.
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
        "a terminal should get the help with emphasis: {seen:?}"
    );
}

#[test]
fn a_terminal_shows_a_progress_bar_and_then_the_summary() {
    let sandbox = Sandbox::with_many_files(20_000);
    let seen = back_up_on_a_terminal(&sandbox, "");
    assert!(
        seen.contains("/20000 files, "),
        "there should be a bar with the count: {seen:?}"
    );
    assert!(
        seen.contains(".lic"),
        "the bar should name the file in hand: {seen:?}"
    );
    let last = seen.rsplit("\x1b[2K").next().unwrap_or_default();
    assert!(
        last.contains("Backed up 20000 licenses"),
        "the summary should stand behind the bar: {seen:?}"
    );
}

#[test]
fn quiet_shows_no_bar() {
    let sandbox = Sandbox::with_many_files(2000);
    assert_eq!(back_up_on_a_terminal(&sandbox, "--quiet"), "");
}

/// A store that takes long enough to be interrupted.
fn large() -> Sandbox {
    Sandbox::with_many_files(40_000)
}

/// Starts a backup on a terminal, and gives it back when its bar is there.
fn start(sandbox: &Sandbox, further: &str) -> Terminal {
    let terminal = Terminal::run(
        sandbox,
        &format!("\"$0\" backup --store store --to backup {further}"),
    );
    terminal.wait_for("/40000 files, ");
    terminal
}

#[test]
fn ctrl_c_on_a_terminal_changes_nothing() {
    let sandbox = large();
    for further in ["", "--overwrite"] {
        let before = Snapshot::of(&sandbox.backup());
        let mut terminal = start(&sandbox, further);
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
    // What a process that ends at once cannot clear away, a later run does.
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    if temporary.exists() {
        fs::remove_file(temporary).unwrap();
    }
    assert_eq!(Snapshot::of(&sandbox.backup()), before, "{seen:?}");
}

#[test]
fn a_second_ctrl_c_on_a_terminal_ends_a_blocked_listing() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let pipe = sandbox.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Open for both, so that neither waits for the other. What is written is never read, so that the listing is stuck.
    let mut kept = fs::File::options()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let mut terminal = Terminal::run(&sandbox, "\"$0\" list --json --from backup >pipe");
    kept.read_exact(&mut [0]).expect("the listing begins");
    thread::sleep(Duration::from_secs(1));
    terminal.types(CTRL_C);
    terminal.wait_for(CANCELLING);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(
        terminal.child.try_wait().unwrap(),
        None,
        "the first one should cancel, and nothing more"
    );
    terminal.types(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(130), "{seen:?}");
}
