//! Runs a program that may not end by itself.

use std::io::{self, ErrorKind, Read as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

/// The time between two looks at whether the program has ended.
const INTERVAL: Duration = Duration::from_millis(10);

/// Runs a program without input, and returns its status and its output.
///
/// # Errors
///
/// `TimedOut` if it does not end within the limit. Then it is killed.
pub(super) fn output_within(
    limit: Duration,
    command: &mut Command,
) -> io::Result<(ExitStatus, Vec<u8>)> {
    let deadline = Instant::now() + limit;
    let (sender, receiver) = mpsc::channel();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdout) = child.stdout.take() {
        // Nobody waits for the thread: what the program has started may keep its output open.
        Builder::new()
            .name("s3-credentials".to_owned())
            .spawn(move || {
                let mut output = Vec::new();
                let read = stdout.read_to_end(&mut output).map(|_| output);
                // Without a receiver, the time is over.
                let _ = sender.send(read);
            })?;
    }
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() < deadline => thread::sleep(INTERVAL),
            None => {
                child.kill()?;
                child.wait()?;
                return Err(ErrorKind::TimedOut.into());
            }
        }
    };
    let rest = deadline.saturating_duration_since(Instant::now());
    let output = receiver.recv_timeout(rest);
    let output = output.map_err(|_| io::Error::from(ErrorKind::TimedOut))??;
    Ok((status, output))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(limit: Duration, script: &str) -> io::Result<(ExitStatus, Vec<u8>)> {
        output_within(limit, Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn a_program_that_ends_has_its_status_and_its_output() {
        let (status, output) =
            run(Duration::from_mins(1), "echo output; exit 3").expect("it can be started");
        assert_eq!((status.code(), &output[..]), (Some(3), &b"output\n"[..]));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        for script in ["exec sleep 600", "sleep 20 & exit 0"] {
            let start = Instant::now();
            let error = run(Duration::from_millis(100), script).expect_err("the time is over");
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{script}");
            assert!(start.elapsed() < Duration::from_mins(5), "{script}");
        }
    }
}
