//! Tests with OpenSSH's server, and a proxy that cuts its connections.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use license_backup_servers::{Proxy, Sshd};
use tempfile::TempDir;

use super::super::connect::Purpose;
use super::super::suite::{ARCHIVE, Connection, promises};
use super::super::{Directory, File};
use super::Sftp;
use crate::{BackupLocation, location};

const TEMPORARY: &str = ".license-backup-0.tmp";

promises!(Place::new);

/// A directory, and a server through which it is reached.
pub(crate) struct Place {
    server: Sshd,
    directory: TempDir,
    ssh: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with("internal-sftp")
    }

    fn with(sftp: &str) -> Self {
        let server = Sshd::start_with(sftp).expect("openssh-server is installed");
        Self {
            ssh: server.ssh().expect("the disk has space"),
            server,
            directory: tempfile::tempdir().expect("the disk has space"),
        }
    }

    /// Connects to this address, which is that of the server or a proxy.
    fn connect_to(&self, address: SocketAddr, path: &str) -> io::Result<Sftp> {
        let url = format!("sftp://{address}/{path}");
        self.connect_as(&url, true)
    }

    fn connect_as(&self, url: &str, is_writable: bool) -> io::Result<Sftp> {
        let location = BackupLocation::parse(url).expect(url);
        let location::Place::Sftp(location) = location.place() else {
            panic!("{url} is not the URL of an SFTP server");
        };
        let purpose = Purpose {
            is_writable,
            archive: is_writable.then_some(ARCHIVE),
        };
        Sftp::connect(vec![self.ssh.clone().into()], location, purpose)
    }

    fn path(&self) -> &str {
        let path = self.directory.path().to_str();
        path.expect("it is UTF-8").trim_start_matches('/')
    }

    fn try_connect(&self) -> io::Result<Sftp> {
        self.connect_to(self.server.address(), self.path())
    }

    fn connect(&self) -> Sftp {
        self.try_connect().expect("the server runs")
    }

    /// Connects through a proxy.
    fn connect_by_proxy(&self) -> (Proxy, Sftp) {
        let proxy = Proxy::start(self.server.address()).expect("a port is free");
        let directory = self.connect_to(proxy.address(), self.path());
        (proxy, directory.expect("the server runs"))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.directory).expect("it exists");
        let names = entries.map(|entry| entry.expect("it is listed").file_name());
        let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(name)).expect("it exists")
    }
}

impl Connection for Place {
    fn open(&self) -> Box<dyn Directory> {
        Box::new(self.connect())
    }
}

/// Creates a file under a temporary name.
fn create(directory: &Sftp, content: &[u8]) -> Box<dyn File> {
    let file = directory.create(TEMPORARY).expect("the name is free");
    file.append(content).expect("the server runs");
    file.sync().expect("the server runs");
    file
}

fn message<T>(result: io::Result<T>) -> (ErrorKind, String) {
    match result {
        Ok(_) => panic!("it succeeds"),
        Err(error) => (error.kind(), error.to_string()),
    }
}

/// Asserts that no connection is made, for a cause with this text.
#[track_caller]
fn assert_not_connected(place: &Place, cause: &str) {
    let (kind, message) = message(place.try_connect());
    assert_eq!(kind, ErrorKind::NotConnected);
    assert!(message.contains(cause), "{message}");
}

/// Returns bytes that differ from one block to another.
fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index ^ (index >> 8) ^ (index >> 16)).to_le_bytes()[0])
        .collect()
}

#[test]
fn a_missing_extension_is_named_before_anything_is_written() {
    for extension in ["posix-rename", "hardlink", "fsync"] {
        let place = Place::with(&format!("internal-sftp -P {extension}"));
        let (kind, message) = message(place.try_connect());
        assert_eq!(kind, ErrorKind::Unsupported);
        let expected = format!(
            "the server does not support the extension {extension}@openssh.com; use OpenSSH's server"
        );
        assert_eq!(message, expected);
        let url = format!("sftp://{}/{}", place.server.address(), place.path());
        let to_read = place.connect_as(&url, false).expect("it can be read");
        assert_eq!(to_read.entries().expect("it can be read"), []);
    }
}

#[test]
fn a_server_that_allows_no_change_reports_that_permission_is_denied() {
    let place = Place::with("internal-sftp -P open-readonly,write");
    let created = place.connect().create(TEMPORARY).and_then(|file| {
        file.append(b"archive")?;
        file.sync()
    });
    assert_eq!(message(created).0, ErrorKind::PermissionDenied);
}

#[test]
fn another_host_key_is_refused() {
    let mut place = Place::new();
    place.server.make_host_key().expect("the disk has space");
    place.server.restart().expect("it starts again");
    assert_not_connected(&place, "Host key verification failed.");
}

#[test]
fn an_unknown_host_is_refused() {
    let mut place = Place::new();
    let options = "UserKnownHostsFile /dev/null";
    let ssh = place.server.ssh_with("unknown", options);
    place.ssh = ssh.expect("the disk has space");
    assert_not_connected(&place, "Host key verification failed.");
}

#[test]
fn a_key_that_is_not_accepted_is_reported() {
    let mut place = Place::new();
    let options = "IdentityFile /dev/null\nPubkeyAuthentication no";
    let ssh = place.server.ssh_with("other", options);
    place.ssh = ssh.expect("the disk has space");
    assert_not_connected(&place, "Permission denied (publickey)");
}

#[test]
fn a_server_that_does_not_listen_is_reported() {
    let mut place = Place::new();
    place.server.kill().expect("it runs");
    assert_not_connected(&place, "Connection refused");
}

#[test]
fn a_missing_program_is_reported() {
    let mut place = Place::new();
    place.ssh = "/missing/ssh".into();
    assert_not_connected(&place, "`ssh` is missing");
    assert_not_connected(&place, "install");
}

#[test]
fn a_server_without_a_program_for_sftp_is_not_taken_for_a_missing_ssh() {
    let place = Place::with("/missing/sftp-server");
    assert_not_connected(&place, "exit status: 127");
}

#[test]
fn a_missing_directory_is_created_for_its_owner_alone() {
    let place = Place::new();
    let address = place.server.address();
    let path = format!("{}/new", place.path());
    let url = format!("sftp://{address}/{path}");
    let (kind, _) = message(place.connect_as(&url, false));
    assert_eq!(kind, ErrorKind::NotFound);
    place.connect_to(address, &path).expect("it is created");
    let created = fs::metadata(place.directory.path().join("new")).expect("it exists");
    assert_eq!(created.permissions().mode(), 0o40700);
    let (kind, _) = message(place.connect_to(address, &format!("{}/a/b", place.path())));
    assert_eq!(kind, ErrorKind::NotFound);
}

#[test]
fn a_file_is_not_a_directory() {
    let place = Place::new();
    fs::write(place.directory.path().join("file"), b"").expect("the disk has space");
    let path = format!("{}/file", place.path());
    let (kind, _) = message(place.connect_to(place.server.address(), &path));
    assert_eq!(kind, ErrorKind::NotADirectory);
}

#[test]
fn a_file_on_the_server_is_accessible_to_its_owner_alone() {
    let place = Place::new();
    let directory = place.connect();
    drop(create(&directory, b"archive"));
    directory.rename(TEMPORARY, ARCHIVE).expect("it exists");
    let created = fs::metadata(place.directory.path().join(ARCHIVE)).expect("it exists");
    assert_eq!(created.permissions().mode(), 0o10_0600);
}

#[test]
fn a_temporary_file_has_a_name_that_no_other_run_chooses() {
    let place = Place::new();
    let [one, other] = [place.connect(), place.connect()];
    let _files = [create(&one, b"one"), create(&other, b"other")];
    let names = place.names();
    assert_eq!(names.len(), 2);
    for name in names {
        let number = name.strip_prefix(".license-backup-");
        let number = number.and_then(|rest| rest.strip_suffix(".tmp"));
        assert_eq!(number.map(str::len), Some(19), "{name}");
    }
    let entries = one.entries().expect("the server runs");
    let is_mapped = entries.iter().any(|entry| entry.name == TEMPORARY);
    assert!(is_mapped, "{entries:?}");
}

#[test]
fn the_temporary_name_of_a_run_on_the_server_itself_is_not_used() {
    let place = Place::new();
    fs::write(place.directory.path().join(TEMPORARY), b"").expect("the disk has space");
    let (kind, _) = message(place.connect().create(TEMPORARY));
    assert_eq!(kind, ErrorKind::AlreadyExists);
}

#[test]
fn no_link_is_followed() {
    let place = Place::new();
    let secret = place.directory.path().join("secret");
    fs::write(&secret, b"secret").expect("the disk has space");
    std::os::unix::fs::symlink(&secret, place.directory.path().join(ARCHIVE))
        .expect("the disk has space");
    let directory = place.connect();
    assert!(directory.open(ARCHIVE).is_err());
    let metadata = directory.metadata(ARCHIVE).expect("it exists");
    assert_eq!(metadata.kind, super::EntryKind::Other);
}

/// Connects as a user who is not root, to a directory of that user with this mode. Returns its
/// path, too.
fn connect_as_nobody(place: &Place, mode: u32) -> (PathBuf, Sftp) {
    let path = place.directory.path();
    // The directories above must be accessible to that user.
    let inner = path.join("inner");
    fs::create_dir(&inner).expect("the disk has space");
    let nobody = nix::unistd::User::from_name("nobody");
    let nobody = nobody.expect("users are known").expect("it exists");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it exists");
    std::os::unix::fs::chown(&inner, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw()))
        .expect("the test runs as root");
    fs::set_permissions(&inner, fs::Permissions::from_mode(mode)).expect("it exists");
    let address = place.server.address();
    let url = format!("sftp://nobody@{address}/{}/inner", place.path());
    let directory = place.connect_as(&url, true).expect("nobody may log in");
    (inner, directory)
}

#[test]
fn the_directory_is_synced_or_if_it_cannot_be_opened_its_files() {
    for mode in [0o700, 0o300] {
        let place = Place::new();
        let (inner, directory) = connect_as_nobody(&place, mode);
        drop(create(&directory, b"archive"));
        directory
            .link(TEMPORARY, ARCHIVE)
            .expect("the name is free");
        directory.remove(TEMPORARY).expect("it exists");
        directory.sync().expect("something is synced");
        let archive = fs::read(inner.join(ARCHIVE)).expect("it exists");
        assert_eq!(archive, b"archive");
    }
}

#[test]
fn a_link_that_is_refused_is_one_that_the_file_system_may_not_have() {
    let place = Place::new();
    let (inner, directory) = connect_as_nobody(&place, 0o700);
    drop(create(&directory, b"archive"));
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o500)).expect("it exists");
    let (kind, text) = message(directory.link(TEMPORARY, ARCHIVE));
    assert_eq!(kind, ErrorKind::Unsupported, "{text}");
    let (kind, text) = message(directory.rename(TEMPORARY, ARCHIVE));
    assert_eq!(kind, ErrorKind::PermissionDenied, "{text}");
}

#[test]
fn a_write_continues_after_the_server_was_killed_and_started_again() {
    let mut place = Place::new();
    let directory = place.connect();
    let content = bytes(9 << 20);
    let (first, rest) = content.split_at(4 << 20);
    let file = directory.create(TEMPORARY).expect("the name is free");
    file.append(first).expect("the server runs");
    place.server.kill().expect("it runs");
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            file.append(rest)?;
            file.sync()
        });
        place.server.restart().expect("it starts again");
        let result = writing.join().expect("it does not panic");
        result.expect("the connection is restored");
    });
    directory
        .link(TEMPORARY, ARCHIVE)
        .expect("the name is free");
    directory.remove(TEMPORARY).expect("it exists");
    assert!(place.read(ARCHIVE) == content);
    assert_eq!(place.names(), [ARCHIVE]);
}

#[test]
fn a_write_continues_after_ssh_was_killed() {
    let place = Place::new();
    let directory = place.connect();
    let content = bytes(5 << 20);
    let file = directory.create(TEMPORARY).expect("the name is free");
    for block in content.chunks(1 << 20) {
        file.append(block).expect("the connection is restored");
        let ssh = directory
            .client
            .wait(async { Ok(directory.client.connection.ssh_id().await) });
        let ssh = ssh.expect("it is known").expect("it runs");
        let ssh = nix::unistd::Pid::from_raw(ssh.try_into().expect("it is a process"));
        nix::sys::signal::kill(ssh, nix::sys::signal::SIGKILL).expect("it runs");
    }
    file.sync().expect("the connection is restored");
    directory.rename(TEMPORARY, ARCHIVE).expect("it exists");
    assert!(place.read(ARCHIVE) == content);
}

#[test]
fn a_write_continues_after_the_connection_was_cut_in_the_middle_of_a_block() {
    let place = Place::new();
    let (proxy, directory) = place.connect_by_proxy();
    let content = bytes(9 << 20);
    let file = directory.create(TEMPORARY).expect("the name is free");
    for block in content.chunks(4 << 20) {
        proxy.cut_after_sent(700_000);
        file.append(block).expect("the connection is restored");
    }
    file.sync().expect("the connection is restored");
    assert!(proxy.faults() > 0);
    directory.rename(TEMPORARY, ARCHIVE).expect("it exists");
    assert!(place.read(ARCHIVE) == content);
}

#[test]
fn a_part_that_the_server_has_lost_is_noticed() {
    let place = Place::new();
    let (proxy, directory) = place.connect_by_proxy();
    let file = create(&directory, &bytes(1 << 20));
    let path = place.directory.path().join(&place.names()[0]);
    proxy.cut();
    // As after a loss of power: the size is right, the content is not.
    fs::write(&path, vec![0; 1 << 20]).expect("the disk has space");
    let (kind, message) = message(file.sync());
    assert_eq!(kind, ErrorKind::InvalidData);
    assert!(message.contains("has lost a part"), "{message}");
}

#[test]
fn a_read_continues_after_the_connection_was_cut() {
    let place = Place::new();
    let content = bytes(3 << 20);
    fs::write(place.directory.path().join(ARCHIVE), &content).expect("the disk has space");
    let (proxy, directory) = place.connect_by_proxy();
    let file = directory.open(ARCHIVE).expect("it exists");
    proxy.cut_before_next_answer();
    let read = file.read(5, 3 << 20).expect("the connection is restored");
    assert!(read == content[5..]);
    assert_eq!(proxy.faults(), 1);
}

#[test]
fn a_file_that_changes_while_the_connection_is_lost_is_not_read_on() {
    let place = Place::new();
    let path = place.directory.path().join(ARCHIVE);
    fs::write(&path, b"archive").expect("the disk has space");
    let (proxy, directory) = place.connect_by_proxy();
    let file = directory.open(ARCHIVE).expect("it exists");
    fs::write(&path, b"another").expect("the disk has space");
    let past = std::time::UNIX_EPOCH;
    let changed = fs::File::options().write(true).open(&path);
    changed
        .and_then(|file| file.set_modified(past))
        .expect("it exists");
    proxy.cut();
    let (kind, _) = message(file.read(0, 7));
    assert_eq!(kind, ErrorKind::InvalidData);
}

#[test]
fn a_file_that_exists_is_synced_also_after_the_connection_was_cut() {
    let place = Place::new();
    fs::write(place.directory.path().join(ARCHIVE), b"archive").expect("the disk has space");
    let (proxy, directory) = place.connect_by_proxy();
    let file = directory.open(ARCHIVE).expect("it exists");
    proxy.cut_before_next_answer();
    file.sync().expect("the connection is restored");
    assert_eq!(proxy.faults(), 1);
}

#[test]
fn a_file_that_the_server_cannot_sync_is_not_durable() {
    let place = Place::with("internal-sftp -P fsync");
    fs::write(place.directory.path().join(ARCHIVE), b"archive").expect("the disk has space");
    let url = format!("sftp://{}/{}", place.server.address(), place.path());
    let directory = place.connect_as(&url, false).expect("it can be read");
    let file = directory.open(ARCHIVE).expect("it exists");
    let (kind, message) = message(file.sync());
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("fsync@openssh.com"), "{message}");
}

/// The moments at which the connection is cut: before and after the server has the request.
const CUTS: [fn(&Proxy); 2] = [
    Proxy::cut_before_next_request,
    Proxy::cut_before_next_answer,
];

#[test]
fn the_outcome_of_a_create_without_an_answer_is_found_out() {
    for cut in CUTS {
        let place = Place::new();
        let (proxy, directory) = place.connect_by_proxy();
        directory.create("other").expect("the name is free");
        cut(&proxy);
        let file = create(&directory, b"archive");
        assert_eq!(proxy.faults(), 1);
        drop(file);
        directory.rename(TEMPORARY, ARCHIVE).expect("it exists");
        assert_eq!(place.read(ARCHIVE), b"archive");
        assert_eq!(place.names(), [ARCHIVE, "other"]);
    }
}

#[test]
fn the_outcome_of_a_link_without_an_answer_is_found_out() {
    for cut in CUTS {
        let place = Place::new();
        let (proxy, directory) = place.connect_by_proxy();
        let file = create(&directory, b"archive");
        cut(&proxy);
        directory
            .link(TEMPORARY, ARCHIVE)
            .expect("the name is free");
        assert_eq!(proxy.faults(), 1);
        assert_eq!(place.read(ARCHIVE), b"archive");
        let archive = fs::metadata(place.directory.path().join(ARCHIVE)).expect("it exists");
        assert_eq!(archive.nlink(), 2);
        let id = directory.metadata(ARCHIVE).expect("it exists").id;
        assert_eq!(id, file.metadata().expect("it is open").id);
    }
}

#[test]
fn the_file_of_another_run_is_not_taken_for_the_own_one() {
    for cut in CUTS {
        let place = Place::new();
        let (proxy, directory) = place.connect_by_proxy();
        let _file = create(&directory, b"archive");
        fs::write(place.directory.path().join(ARCHIVE), b"earlier").expect("the disk has space");
        cut(&proxy);
        let (kind, _) = message(directory.link(TEMPORARY, ARCHIVE));
        assert_eq!(proxy.faults(), 1);
        assert_eq!(kind, ErrorKind::AlreadyExists);
        assert_eq!(place.read(ARCHIVE), b"earlier");
    }
}

#[test]
fn the_outcome_of_a_rename_without_an_answer_is_found_out() {
    for cut in CUTS {
        let place = Place::new();
        fs::write(place.directory.path().join(ARCHIVE), b"earlier").expect("the disk has space");
        let (proxy, directory) = place.connect_by_proxy();
        drop(create(&directory, b"archive"));
        // Its handle is closed.
        directory.metadata(TEMPORARY).expect("it exists");
        cut(&proxy);
        directory.rename(TEMPORARY, ARCHIVE).expect("it exists");
        assert_eq!(proxy.faults(), 1);
        assert_eq!(place.read(ARCHIVE), b"archive");
        assert_eq!(place.names(), [ARCHIVE]);
    }
}

#[test]
fn the_outcome_of_a_removal_without_an_answer_is_found_out() {
    for cut in CUTS {
        let place = Place::new();
        fs::write(place.directory.path().join(ARCHIVE), b"old").expect("the disk has space");
        let (proxy, directory) = place.connect_by_proxy();
        cut(&proxy);
        directory.remove(ARCHIVE).expect("it exists");
        assert_eq!(proxy.faults(), 1);
        assert_eq!(place.names(), [""; 0]);
    }
}

#[test]
fn a_connection_that_cannot_be_restored_is_reported() {
    let mut place = Place::new();
    let directory = place.connect();
    place.server.kill().expect("it runs");
    let (kind, message) = message(directory.entries());
    assert_eq!(kind, ErrorKind::ConnectionAborted);
    assert!(message.contains("Connection refused"), "{message}");
}

#[test]
fn a_full_disk_is_reported() {
    let place = Place::new();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "none"])
        .arg(place.directory.path())
        .status();
    assert!(
        mounted.expect("it is installed").success(),
        "the test runs as root"
    );
    let directory = place.connect();
    let file = directory.create(TEMPORARY).expect("the name is free");
    let written = file.append(&bytes(4 << 20)).and_then(|()| file.sync());
    let again = file.sync();
    let removed = directory.remove(TEMPORARY);
    drop((file, directory));
    let unmounted = Command::new("umount")
        .arg("-l")
        .arg(place.directory.path())
        .status();
    assert!(unmounted.expect("it is installed").success());
    assert_eq!(message(written).0, ErrorKind::StorageFull);
    assert!(again.is_err(), "the file is not whole");
    removed.expect("it exists");
}

#[test]
fn calls_work_within_a_task_of_another_runtime() {
    let place = Place::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("the system has resources").block_on(async {
        let directory = Arc::new(place.connect());
        // More calls than a task of tokio may make at once.
        for _ in 0..300 {
            assert_eq!(directory.entries().expect("the server runs"), []);
        }
    });
}

#[test]
fn ssh_ends_with_the_last_user_of_the_connection() {
    let place = Place::new();
    let directory = place.connect();
    let file = create(&directory, b"archive");
    let ssh = directory
        .client
        .wait(async { Ok(directory.client.connection.ssh_id().await) });
    let ssh = ssh.expect("it is known").expect("it runs");
    let process = PathBuf::from(format!("/proc/{ssh}"));
    drop(directory);
    assert!(process.exists());
    drop(file);
    assert!(!process.exists());
}
