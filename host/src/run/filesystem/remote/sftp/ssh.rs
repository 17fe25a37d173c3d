//! The program `ssh`, which connects to the server, with the configuration of the user.

use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{Notify, watch};

use crate::location::SftpLocation;

/// Options that take precedence over the configuration of the user. The first ones find out within
/// a minute that the connection is lost; the others are those of the program `sftp`, and keep what
/// the configuration says about sessions of another kind from this one.
const OPTIONS: [&str; 8] = [
    "-oConnectTimeout=30",
    "-oServerAliveInterval=15",
    "-oClearAllForwardings=yes",
    "-oForwardAgent=no",
    "-oForwardX11=no",
    "-oPermitLocalCommand=no",
    "-oRemoteCommand=none",
    "-oRequestTTY=no",
];
/// Characters that a host or a user never contains. `ssh` inserts both into commands for a shell,
/// such as `ProxyCommand`, and older versions do not refuse these (CVE-2023-51385).
const FORBIDDEN: &str = "'`\"$\\;&<>|(){}";
/// The maximum number of bytes that are kept of what `ssh` writes to its standard error.
const MAX_TAIL: usize = 4 << 10;
/// The time after the end of `ssh` within which its last message is read. A process that it has
/// started, such as the master of shared connections, keeps the pipe open.
const LAST_MESSAGE: Duration = Duration::from_millis(200);
/// The cause if there is no `ssh`. The shell that would start it writes it, too: it is quoted
/// there.
const MISSING: &str = "the program `ssh` is missing";

/// The server, and how to call `ssh`.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The program, and arguments before all others.
    program: Vec<OsString>,
    arguments: Vec<String>,
}

impl Target {
    /// Returns the target of a location.
    ///
    /// # Errors
    ///
    /// Returns [`io::ErrorKind::InvalidInput`] for a user or a host that `ssh` could misunderstand.
    pub(super) fn new(program: Vec<OsString>, location: &SftpLocation) -> io::Result<Self> {
        let mut arguments: Vec<String> = OPTIONS.map(str::to_owned).into();
        if let Some(port) = location.port() {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        if let Some(user) = location.user() {
            check(user, "the user")?;
            arguments.extend(["-l".to_owned(), user.to_owned()]);
        }
        check(location.host(), "the host")?;
        // `ssh` would take what precedes an `@` for the user.
        if let Some(character) = location.host().chars().find(|one| "@/".contains(*one)) {
            return Err(invalid("the host", &format!("contains `{character}`")));
        }
        let rest = ["-s", "--", location.host(), "sftp"];
        arguments.extend(rest.map(str::to_owned));
        Ok(Self { program, arguments })
    }

    /// Returns a command that ignores Ctrl-C and the signals that a service manager sends to all
    /// processes: after them, the connection is needed to remove a temporary file. `ssh` ends with
    /// its standard input. It stays in the foreground, so that it can ask for a passphrase.
    #[cfg(unix)]
    fn command(&self) -> Command {
        // `ssh` ends with the status of a program of the server, so that no status means that there
        // is no `ssh`.
        let script = format!(
            "trap '' HUP INT QUIT TERM\n\
             command -v \"$1\" >/dev/null || {{ echo '{MISSING}' >&2; exit 1; }}\n\
             exec \"$@\""
        );
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "sh"]);
        command.args(&self.program).args(&self.arguments);
        command
    }

    /// Returns a command that Ctrl-C does not reach: after it, the connection is needed to remove a
    /// temporary file.
    #[cfg(windows)]
    fn command(&self) -> Command {
        use windows_sys::Win32::System::Threading::CREATE_NEW_PROCESS_GROUP;

        let mut program = self.program.iter();
        let mut command = Command::new(program.next().map_or("ssh".as_ref(), OsString::as_os_str));
        command.args(program).args(&self.arguments);
        command.creation_flags(CREATE_NEW_PROCESS_GROUP);
        command
    }
}

/// Checks the name of a user or a host.
fn check(name: &str, what: &str) -> io::Result<()> {
    let is_forbidden = |character: char| {
        character.is_control() || character.is_whitespace() || FORBIDDEN.contains(character)
    };
    if name.is_empty() {
        return Err(invalid(what, "is empty"));
    }
    if name.starts_with('-') {
        return Err(invalid(what, "begins with `-`, like an option of `ssh`"));
    }
    if name.contains(is_forbidden) {
        let cause = "contains a character that has a meaning in a shell";
        return Err(invalid(what, cause));
    }
    Ok(())
}

fn invalid(what: &str, cause: &str) -> io::Error {
    let message = format!(
        "{what} is invalid: it {cause}; use an alias of the server in the configuration of `ssh`"
    );
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// A running `ssh`, which is killed when the value is dropped.
pub(super) struct Ssh {
    /// Why it has ended, if it has.
    ended: watch::Receiver<Option<String>>,
    kill: Arc<Notify>,
    #[cfg(test)]
    pub(super) id: Option<u32>,
}

impl Ssh {
    /// Starts `ssh`. Returns the connection to the server, too.
    pub(super) fn start(
        target: &Target,
    ) -> io::Result<(
        impl AsyncRead + AsyncWrite + Unpin + Send + 'static + use<>,
        Self,
    )> {
        let mut child = target
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => not_connected(MISSING),
                _ => cannot_start(&error.to_string()),
            })?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(cannot_start("it has no pipes"));
        };
        let (sender, ended) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        let ssh = Self {
            ended,
            kill: Arc::clone(&kill),
            #[cfg(test)]
            id: child.id(),
        };
        tokio::spawn(async move {
            let cause = wait(child, stderr, &kill).await;
            sender.send_replace(Some(cause));
        });
        Ok((tokio::io::join(stdout, stdin), ssh))
    }

    /// Waits until it has ended, and returns why.
    pub(super) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        let cause = ended.wait_for(Option::is_some).await;
        // The sender is dropped without a cause when the runtime shuts down.
        let cause = cause.ok().and_then(|cause| cause.clone());
        cause.unwrap_or_else(|| "the connection was closed".to_owned())
    }

    /// Returns why it has ended, if it has.
    pub(super) fn cause(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    pub(super) fn kill(&self) {
        self.kill.notify_one();
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the error after `ssh` has ended for this cause before there was a session.
pub(super) fn not_connected(cause: &str) -> io::Error {
    let advice = if cause == MISSING {
        "install OpenSSH's client, which is the package openssh-client of many systems"
    } else {
        "check the address, and that `ssh` connects to it"
    };
    let message = format!("cannot connect to the server: {cause}; {advice}");
    io::Error::new(io::ErrorKind::NotConnected, message)
}

fn cannot_start(cause: &str) -> io::Error {
    io::Error::other(format!(
        "cannot start the program `ssh`: {cause}; make sure that OpenSSH's client is installed, which \
         is the package openssh-client of many systems"
    ))
}

/// Waits for the end of `ssh`, and returns its cause.
async fn wait(mut child: Child, stderr: ChildStderr, kill: &Notify) -> String {
    let tail = Arc::new(Mutex::new(Vec::new()));
    let reading = tokio::spawn(keep_tail(stderr, Arc::clone(&tail)));
    {
        let waiting = std::pin::pin!(child.wait());
        let killed = std::pin::pin!(kill.notified());
        drop(select(waiting, killed).await);
    }
    // After an end of its own this does nothing.
    drop(child.start_kill());
    let status = child.wait().await;
    drop(tokio::time::timeout(LAST_MESSAGE, reading).await);
    let tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    last_line(&tail).unwrap_or_else(|| match status {
        Ok(status) => format!("ssh has ended: {status}"),
        Err(error) => format!("ssh has ended: {error}"),
    })
}

/// Reads until the end, and keeps the last bytes.
async fn keep_tail(mut stderr: ChildStderr, tail: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1 << 10];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(&buffer[..length]);
        let excess = tail.len().saturating_sub(MAX_TAIL);
        tail.drain(..excess);
    }
}

/// Returns the last line that is not empty, if there is one.
fn last_line(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().rev().map(str::trim);
    lines.find(|line| !line.is_empty()).map(printable)
}

/// Returns text of the other machine without the characters that control a terminal.
pub(super) fn printable(text: &str) -> String {
    const MAX_LENGTH: usize = 300;
    let characters = text.chars().filter(|character| !character.is_control());
    characters.take(MAX_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BackupLocation;
    use crate::location::Place;

    fn target(url: &str) -> io::Result<Target> {
        let location = BackupLocation::parse(url).map_err(io::Error::other)?;
        let Place::Sftp(location) = location.place() else {
            panic!("{url} is not the URL of an SFTP server");
        };
        Target::new(Vec::new(), location)
    }

    #[test]
    fn the_host_is_the_argument_before_the_name_of_the_subsystem() {
        let target = target("sftp://me@[fe80::1%25eth0]:2222/a");
        let arguments = target.expect("the URL is valid").arguments;
        assert_eq!(
            arguments[OPTIONS.len()..],
            [
                "-p",
                "2222",
                "-l",
                "me",
                "-s",
                "--",
                "fe80::1%25eth0",
                "sftp"
            ]
        );
    }

    #[test]
    fn a_host_or_user_that_ssh_could_misunderstand_is_refused() {
        for url in [
            "sftp://-oProxyCommand=x/a",
            "sftp://-l@host/a",
            "sftp://%2Dl@host/a",
            "sftp://`id`/a",
            "sftp://a;b/a",
            "sftp://$(id)@host/a",
            "sftp://a%0Ab@host/a",
        ] {
            assert!(target(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_message_says_why_a_name_is_refused() {
        for (name, cause) in [
            ("", "it is empty; use an alias"),
            ("-l", "it begins with `-`, "),
            (
                "a;b",
                "it contains a character that has a meaning in a shell; use an alias",
            ),
        ] {
            let error = check(name, "the host").expect_err(name);
            assert!(error.to_string().contains(cause), "{error}");
        }
    }

    #[test]
    fn the_last_line_is_the_cause() {
        assert_eq!(
            last_line(b"Banner\r\nHost key verification failed.\r\n\n").as_deref(),
            Some("Host key verification failed.")
        );
        assert_eq!(last_line(b"\x1b[2Jx\n").as_deref(), Some("[2Jx"));
        assert_eq!(last_line(b"\n"), None);
    }
}
