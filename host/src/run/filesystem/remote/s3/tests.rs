//! Tests against a server, with faults between here and there.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use license_backup_servers::{Action, Fault, FaultyFront, S3Options, S3Server};
use reqsign_core::StaticEnv;

use super::super::connect::Purpose;
use super::super::suite::{self, ARCHIVE, promises};
use super::super::{Directory, File};
use super::connection::random;
use super::directory::{S3Directory, connect_with};
use super::retry::Patience;
use crate::location::S3Location;

const TEMPORARY: &str = ".license-backup-0.tmp";
/// Repeats as often as usual, but at once.
const IMPATIENT: Patience = Patience {
    first: Duration::from_millis(2),
    repetitions: Patience::USUAL.repetitions,
};
/// More often than a request is repeated.
const ALWAYS: u32 = 1_000;

/// An empty part of the bucket, and how it is reached.
pub(crate) struct Place {
    location: S3Location,
    purpose: Purpose<'static>,
    variables: HashMap<String, String>,
    // Dropped before the server.
    front: Option<FaultyFront>,
    server: Arc<S3Server>,
}

impl Place {
    fn new() -> Self {
        Self::of(S3Server::shared())
    }

    /// Returns a place for an archive with this name.
    pub(crate) fn for_archive(name: &'static str) -> Self {
        let mut place = Self::new();
        place.purpose.archive = Some(name);
        place
    }

    fn of(server: Arc<S3Server>) -> Self {
        let variables = server.variables();
        let variables = variables
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        let random = u128::from_le_bytes(random().expect("there are random bytes"));
        let url = format!("{}/a place/{random:x}", S3Server::BUCKET);
        let mut location = S3Location::parse(&url).expect("the prefix is valid");
        location.endpoint = Some(server.url());
        let purpose = Purpose {
            is_writable: true,
            archive: Some(ARCHIVE),
        };
        Self {
            location,
            purpose,
            variables,
            front: None,
            server,
        }
    }

    /// Returns a place that is reached through a front with these faults.
    fn with(faults: impl Into<Vec<Fault>>) -> Self {
        Self::new().with_faults(faults)
    }

    /// Puts a front with these faults before the server.
    fn with_faults(mut self, faults: impl Into<Vec<Fault>>) -> Self {
        let front = FaultyFront::start(self.server.address(), faults);
        self.location.endpoint = Some(front.url());
        self.front = Some(front);
        self
    }

    /// Returns a place where requests with this method, and this text in the path, fail so often.
    fn with_fault(method: &'static str, in_path: &str, times: u32, action: Action) -> Self {
        Self::with([Fault {
            method,
            in_path: in_path.to_owned(),
            times,
            action,
        }])
    }

    /// Makes one more request fail. Of several for one request, the first one that was added
    /// happens first.
    fn add_fault(&self, method: &'static str, in_path: &str, action: Action) {
        let front = self.front.as_ref().expect("there is a front");
        front.add(Fault {
            method,
            in_path: in_path.to_owned(),
            times: 1,
            action,
        });
    }

    /// Changes the bucket and the prefix.
    fn move_to(&mut self, url: &str) {
        let endpoint = self.location.endpoint.take();
        self.location = S3Location::parse(url).expect("bucket and prefix are valid");
        self.location.endpoint = endpoint;
    }

    fn connect(&self) -> io::Result<S3Directory> {
        let environment = StaticEnv {
            home_dir: None,
            envs: self.variables.clone(),
        };
        connect_with(&self.location, self.purpose, environment, IMPATIENT)
    }

    fn directory(&self) -> S3Directory {
        self.connect().expect("the server can be reached")
    }

    /// Connects without a fault.
    fn directly(&self) -> S3Directory {
        let mut location = self.location.clone();
        location.endpoint = Some(self.server.url());
        let environment = StaticEnv {
            home_dir: None,
            envs: self.variables.clone(),
        };
        connect_with(&location, self.purpose, environment, IMPATIENT)
            .expect("the server can be reached")
    }
}

impl suite::Connection for Place {
    fn open(&self) -> Box<dyn Directory> {
        Box::new(self.directory())
    }
}

promises!(Place::new);

/// Returns an archive that is uploaded in two parts.
fn large() -> Vec<u8> {
    (0..9_u32 << 18).flat_map(u32::to_le_bytes).collect()
}

/// Creates the temporary file with a content.
fn create(directory: &S3Directory, content: &[u8]) -> io::Result<Box<dyn File>> {
    let file = directory.create(TEMPORARY)?;
    for block in content.chunks(4 << 20) {
        file.append(block)?;
    }
    file.sync()?;
    Ok(file)
}

fn put(directory: &S3Directory, content: &[u8]) -> io::Result<()> {
    drop(create(directory, content)?);
    directory.link(TEMPORARY, ARCHIVE)?;
    directory.remove(TEMPORARY)
}

fn read(directory: &S3Directory) -> io::Result<Vec<u8>> {
    let file = directory.open(ARCHIVE)?;
    let size = file.metadata()?.size;
    file.read(0, usize::try_from(size).expect("the file is small"))
}

fn names(directory: &S3Directory) -> Vec<String> {
    let entries = directory.entries().expect("the directory can be listed");
    entries.into_iter().map(|entry| entry.name).collect()
}

/// Returns the kind and the message of an error, which has no secret.
fn failure<T>(place: &Place, result: io::Result<T>) -> (ErrorKind, String) {
    let error = result.err().expect("it fails");
    let all = format!("{error} {error:?}");
    assert!(!all.contains('\n'), "{all}");
    for secret in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        if let Some(secret) = place.variables.get(secret) {
            assert!(!all.contains(secret.as_str()), "{all}");
        }
    }
    for part in ["Signature=", "Credential=", "http://"] {
        assert!(!all.contains(part), "{all}");
    }
    (error.kind(), error.to_string())
}

#[test]
fn a_file_of_several_parts_has_all_its_bytes() {
    for length in [
        (8 << 20) - 1,
        8 << 20,
        (8 << 20) + 1,
        16 << 20,
        (16 << 20) + 1,
    ] {
        let place = Place::new();
        let content = [large(), large()].concat()[..length].to_vec();
        put(&place.directory(), &content).expect("there is no fault");
        assert!(
            read(&place.directory()).expect("it exists") == content,
            "{length}"
        );
    }
}

#[test]
fn the_start_of_a_large_file_can_be_read_before_it_has_its_final_name() {
    let place = Place::new();
    let directory = place.directory();
    drop(create(&directory, &large()).expect("the server runs"));
    let file = directory.open(TEMPORARY).expect("it exists");
    let start = file.read(0, 1 << 20).expect("it is the start");
    assert!(start == large()[..1 << 20]);
    assert!(file.read(1, 1 << 20).is_err());
}

#[test]
fn bytes_can_follow_a_sync() {
    let place = Place::new();
    let directory = place.directory();
    let content = large();
    let file = create(&directory, &content).expect("there is no fault");
    for block in content.chunks(3 << 20) {
        file.append(block).expect("there is no fault");
        file.sync().expect("there is no fault");
    }
    directory
        .link(TEMPORARY, ARCHIVE)
        .expect("the name is free");
    assert!(read(&directory).expect("it exists") == [&content[..], &content[..]].concat());
}

#[test]
fn a_server_that_fails_for_a_while_is_asked_again() {
    for (status, code) in [
        (503, "SlowDown"),
        (500, "InternalError"),
        (429, ""),
        (502, ""),
    ] {
        let busy = |method| Fault {
            method,
            in_path: String::new(),
            times: 3,
            action: Action::Answer(status, code),
        };
        let place = Place::with([busy("PUT"), busy("POST"), busy("HEAD"), busy("GET")]);
        put(&place.directory(), &large()).expect("it works later");
        assert!(read(&place.directory()).expect("it exists") == large());
    }
}

#[test]
fn a_server_that_fails_for_long_is_reported() {
    let place = Place::with_fault("PUT", ARCHIVE, ALWAYS, Action::Answer(503, "SlowDown"));
    let directory = place.directory();
    let (kind, message) = failure(&place, put(&directory, b"archive"));
    assert_eq!(kind, ErrorKind::Other);
    assert!(message.contains("try again later"), "{message}");
    directory.remove(TEMPORARY).expect("it can be removed");
    assert_eq!(names(&directory), [""; 0]);
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_out() {
    for (method, content) in [("PUT", b"archive".to_vec()), ("POST", large())] {
        let in_path = if method == "PUT" { ARCHIVE } else { "uploadId" };
        for replaces in [false, true] {
            let place = Place::with_fault(method, in_path, 1, Action::LoseAnswer);
            let directory = place.directory();
            drop(create(&directory, &content).expect("there is no fault"));
            let committed = if replaces {
                directory.rename(TEMPORARY, ARCHIVE)
            } else {
                directory.link(TEMPORARY, ARCHIVE)
            };
            committed.unwrap_or_else(|error| panic!("{method} {replaces}: {error}"));
            assert!(read(&place.directly()).expect("it exists") == content);
        }
    }
}

#[test]
fn a_lost_answer_does_not_hide_the_file_of_another_run() {
    for (method, content) in [("PUT", b"archive".to_vec()), ("POST", large())] {
        let in_path = if method == "PUT" { ARCHIVE } else { "uploadId" };
        let place = Place::with_fault(method, in_path, 1, Action::LoseAnswer);
        let directory = place.directory();
        drop(create(&directory, &content).expect("there is no fault"));
        put(&place.directly(), b"earlier").expect("there is no fault");
        let (kind, _) = failure(&place, directory.link(TEMPORARY, ARCHIVE));
        assert_eq!(kind, ErrorKind::AlreadyExists, "{method}");
        assert_eq!(read(&place.directly()).expect("it exists"), b"earlier");
    }
}

#[test]
fn a_completion_that_fails_after_its_status_is_repeated() {
    let fault = Action::Answer(200, "InternalError");
    let place = Place::with_fault("POST", "uploadId", 2, fault);
    put(&place.directory(), &large()).expect("it works later");
    assert!(read(&place.directory()).expect("it exists") == large());
}

#[test]
fn a_conflict_of_two_writes_is_repeated() {
    let fault = Action::Answer(409, "ConditionalRequestConflict");
    for (method, content) in [("PUT", b"archive".to_vec()), ("POST", large())] {
        let in_path = if method == "PUT" { ARCHIVE } else { "uploadId" };
        let place = Place::with_fault(method, in_path, 2, fault);
        put(&place.directory(), &content).expect("it works later");
    }
}

#[test]
fn a_part_that_cannot_be_sent_fails_the_file() {
    let fault = Action::Answer(507, "");
    let place = Place::with_fault("PUT", "licenses.zip?partNumber=1", ALWAYS, fault);
    let directory = place.directory();
    let file = directory.create(TEMPORARY).expect("the name is free");
    let content = [large(), large(), large()].concat();
    let appended = content
        .chunks(4 << 20)
        .try_for_each(|block| file.append(block));
    assert_eq!(failure(&place, appended).0, ErrorKind::StorageFull);
    assert_eq!(failure(&place, file.sync()).0, ErrorKind::StorageFull);
    let linked = directory.link(TEMPORARY, ARCHIVE);
    assert_eq!(failure(&place, linked).0, ErrorKind::StorageFull);
    directory.remove(TEMPORARY).expect("it can be removed");
    assert_eq!(names(&place.directly()), [""; 0]);
}

#[test]
fn an_upload_that_cannot_begin_fails_the_file() {
    let fault = Action::Answer(403, "AccessDenied");
    let place = Place::with_fault("POST", "uploads", ALWAYS, fault);
    let directory = place.directory();
    let created = create(&directory, &large());
    assert_eq!(failure(&place, created).0, ErrorKind::PermissionDenied);
    let (_, message) = failure(&place, directory.link(TEMPORARY, ARCHIVE));
    assert!(message.contains("first part"), "{message}");
    assert_eq!(names(&place.directly()), [""; 0]);
}

#[test]
fn refusals_say_what_to_do() {
    for (status, code, expected) in [
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "ExpiredToken", "obtain new ones"),
        (403, "AccessDenied", "check the policies"),
    ] {
        for method in ["PUT", "HEAD"] {
            let faults = [method, "GET"].map(|method| Fault {
                method,
                in_path: ARCHIVE.to_owned(),
                times: ALWAYS,
                action: Action::Answer(status, code),
            });
            let place = Place::with(faults);
            put(&place.directly(), b"earlier").expect("there is no fault");
            let directory = place.directory();
            let refused = match method {
                "PUT" => put(&directory, b"archive"),
                _ => directory.metadata(ARCHIVE).map(drop),
            };
            let (kind, message) = failure(&place, refused);
            assert_eq!(kind, ErrorKind::PermissionDenied, "{method} {message}");
            assert!(message.contains(expected), "{method} {message}");
        }
    }
}

#[test]
fn without_the_right_to_delete_all_but_removing_works() {
    let place = Place::with_fault("DELETE", "", ALWAYS, Action::Answer(403, "AccessDenied"));
    let directory = place.directory();
    put(&directory, b"archive").expect("nothing is deleted");
    let removed = directory.remove(ARCHIVE);
    assert_eq!(failure(&place, removed).0, ErrorKind::PermissionDenied);
    assert_eq!(read(&directory).expect("it exists"), b"archive");
}

#[test]
fn without_the_right_to_list_uploads_the_files_are_listed() {
    for (status, code) in [(403, "AccessDenied"), (501, "NotImplemented")] {
        let place = Place::with_fault("GET", "?uploads", ALWAYS, Action::Answer(status, code));
        put(&place.directory(), b"archive").expect("there is no fault");
        assert_eq!(names(&place.directory()), [ARCHIVE]);
    }
}

#[test]
fn without_the_right_to_list_the_list_is_refused() {
    let fault = Action::Answer(403, "AccessDenied");
    let place = Place::with_fault("GET", "list-type", ALWAYS, fault);
    let listed = place.directory().entries();
    assert_eq!(failure(&place, listed).0, ErrorKind::PermissionDenied);
}

#[test]
fn a_server_that_ignores_conditions_is_refused_unless_that_is_accepted() {
    // A header that is missing would make the signature wrong.
    let server = S3Server::start(S3Options {
        checks_signatures: false,
        ..S3Options::default()
    });
    let mut place = Place::of(Arc::new(server)).with_faults([Fault {
        method: "PUT",
        in_path: String::new(),
        times: ALWAYS,
        action: Action::WithoutHeader("if-none-match"),
    }]);
    let (kind, message) = failure(&place, place.connect());
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("If-None-Match") && message.contains("--s3-unconditional-writes"));

    place.location.allow_unconditional_writes = true;
    let directory = place.directory();
    put(&directory, b"archive").expect("the name is free");
    let (kind, _) = failure(&place, put(&directory, b"other"));
    assert_eq!(kind, ErrorKind::AlreadyExists);
    assert_eq!(read(&directory).expect("it exists"), b"archive");
}

#[test]
fn a_server_that_ignores_conditions_of_uploads_is_refused() {
    let server = S3Server::start(S3Options {
        checks_signatures: false,
        ..S3Options::default()
    });
    let place = Place::of(Arc::new(server)).with_faults([Fault {
        method: "POST",
        in_path: "uploadId".to_owned(),
        times: ALWAYS,
        action: Action::WithoutHeader("if-none-match"),
    }]);
    let directory = place.directory();
    let (kind, message) = failure(&place, put(&directory, &large()));
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("--s3-unconditional-writes"), "{message}");
    directory.remove(TEMPORARY).expect("it can be removed");
    put(&directory, b"small").expect("it is written at once");
}

#[test]
fn a_condition_that_is_refused_later_is_not_dropped() {
    let fault = Action::Answer(501, "NotImplemented");
    for (method, content) in [("PUT", b"archive".to_vec()), ("POST", large())] {
        let in_path = if method == "PUT" { ARCHIVE } else { "uploadId" };
        let place = Place::with([]);
        let directory = place.directory();
        drop(create(&directory, &content).expect("there is no fault"));
        place.add_fault(method, in_path, fault);
        let (kind, _) = failure(&place, directory.link(TEMPORARY, ARCHIVE));
        assert_eq!(kind, ErrorKind::Other, "{method}");
    }
}

#[test]
fn a_lost_answer_is_not_forgotten_when_access_is_denied_later() {
    let place = Place::with([]);
    let directory = place.directory();
    drop(create(&directory, b"archive").expect("there is no fault"));
    place.add_fault("PUT", ARCHIVE, Action::LoseAnswer);
    place.add_fault("PUT", ARCHIVE, Action::Answer(400, "ExpiredToken"));
    directory
        .link(TEMPORARY, ARCHIVE)
        .expect("the file is found");
    assert_eq!(read(&place.directly()).expect("it exists"), b"archive");
}

#[test]
fn a_lost_answer_is_unknown_if_the_file_cannot_be_looked_up() {
    let place = Place::with([]);
    let directory = place.directory();
    drop(create(&directory, b"archive").expect("there is no fault"));
    place.add_fault("PUT", ARCHIVE, Action::LoseAnswer);
    for method in ["HEAD", "GET"] {
        place.add_fault(method, ARCHIVE, Action::Answer(403, "AccessDenied"));
    }
    let (kind, _) = failure(&place, directory.link(TEMPORARY, ARCHIVE));
    assert_eq!(kind, ErrorKind::Other);
}

#[test]
fn a_conflict_without_another_file_does_not_claim_that_one_exists() {
    let fault = Action::Answer(409, "ConditionalRequestConflict");
    let place = Place::with_fault("PUT", ARCHIVE, ALWAYS, fault);
    let (kind, _) = failure(&place, put(&place.directory(), b"archive"));
    assert_eq!(kind, ErrorKind::Other);
}

#[test]
fn a_server_that_does_not_know_conditions_is_refused() {
    let fault = Action::Answer(501, "NotImplemented");
    let place = Place::with_fault("PUT", "probe", ALWAYS, fault);
    assert_eq!(failure(&place, place.connect()).0, ErrorKind::Unsupported);
}

#[test]
fn the_second_run_probes_with_one_request() {
    let place = Place::with([]);
    let probes = || {
        place.directory();
        let requests = place.front.as_ref().expect("there is a front").requests();
        requests
            .iter()
            .filter(|request| request.contains("probe"))
            .count()
    };
    assert_eq!((probes(), probes()), (2, 3));
    assert_eq!(names(&place.directory()), [""; 0]);
}

#[test]
fn reading_writes_nothing() {
    let mut place = Place::with([]);
    place.purpose = Purpose {
        is_writable: false,
        archive: None,
    };
    let directory = place.directory();
    assert_eq!(names(&directory), [""; 0]);
    assert_eq!(
        failure(&place, directory.create(TEMPORARY)).0,
        ErrorKind::PermissionDenied
    );
    let requests = place.front.as_ref().expect("there is a front").requests();
    assert!(
        requests.iter().all(|request| request.starts_with("GET ")),
        "{requests:?}"
    );
}

#[test]
fn wrong_credentials_are_named() {
    for (name, expected) in [
        ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"),
    ] {
        let mut place = Place::new();
        place
            .variables
            .insert(name.to_owned(), "wrong-one".to_owned());
        let (kind, message) = failure(&place, place.connect());
        assert_eq!(kind, ErrorKind::PermissionDenied, "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn missing_credentials_are_reported() {
    let mut place = Place::new();
    place.variables.remove("AWS_ACCESS_KEY_ID");
    place
        .variables
        .insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned());
    let (kind, message) = failure(&place, place.connect());
    assert_eq!(kind, ErrorKind::PermissionDenied);
    assert!(message.contains("set AWS_ACCESS_KEY_ID"), "{message}");
}

#[test]
fn credentials_can_be_those_of_a_profile() {
    let mut place = Place::new();
    let [key, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .map(|name| place.variables.remove(name).expect("it is set"));
    let directory = tempfile::tempdir().expect("a directory can be created");
    let path = directory.path().join("credentials");
    let content = format!("[nas]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    std::fs::write(&path, content).expect("a file can be written");
    let path = path.to_str().expect("the path is UTF-8");
    for (name, value) in [
        ("AWS_SHARED_CREDENTIALS_FILE", path),
        ("AWS_PROFILE", "nas"),
    ] {
        place.variables.insert(name.to_owned(), value.to_owned());
    }
    put(&place.directory(), b"archive").expect("the credentials are right");
}

/// Returns a place whose credentials come from a program, and the directory with its profile.
#[cfg(unix)]
fn with_program(program: impl FnOnce(&str, &str) -> String) -> (Place, tempfile::TempDir) {
    let mut place = Place::new();
    let [key, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .map(|name| place.variables.remove(name).expect("it is set"));
    let directory = tempfile::tempdir().expect("a directory can be created");
    let script = directory.path().join("script");
    std::fs::write(&script, program(&key, &secret)).expect("a file can be written");
    let config = directory.path().join("config");
    let profile = format!("[default]\ncredential_process = sh {}\n", script.display());
    std::fs::write(&config, profile).expect("a file can be written");
    let config = config.to_str().expect("the path is UTF-8").to_owned();
    place.variables.insert("AWS_CONFIG_FILE".to_owned(), config);
    (place, directory)
}

#[cfg(unix)]
#[test]
fn credentials_can_be_those_of_a_program() {
    let (place, _directory) = with_program(|key, secret| {
        let keys = format!(r#""AccessKeyId": "{key}", "SecretAccessKey": "{secret}""#);
        format!(r#"echo '{{"Version": 1, {keys}}}'"#)
    });
    put(&place.directory(), b"archive").expect("the credentials are right");
}

#[cfg(unix)]
#[test]
fn a_program_for_credentials_that_fails_is_named_without_what_it_says() {
    for (script, end) in [("echo '{}'", ""), ("echo secret-word >&2", "exit 1")] {
        let (place, _directory) = with_program(|_, _| format!("{script}\n{end}\n"));
        let (kind, message) = failure(&place, place.connect());
        assert_eq!(kind, ErrorKind::PermissionDenied, "{message}");
        assert!(message.contains("credential_process"), "{message}");
        assert!(!message.contains("secret-word"), "{message}");
    }
}

#[test]
fn a_server_that_was_never_reached_is_reported_at_once() {
    let mut place = Place::with([]);
    drop(place.front.take());
    let (_, message) = failure(&place, place.connect());
    assert!(message.contains("check its address and port"), "{message}");
}

#[test]
fn a_bucket_that_does_not_exist_is_named() {
    let mut place = Place::new();
    place.move_to("another-bucket");
    let (kind, message) = failure(&place, place.connect());
    assert_eq!(kind, ErrorKind::Other);
    assert!(message.contains("create it"), "{message}");
}

#[test]
fn an_upload_of_a_killed_run_has_its_age_and_can_be_aborted() {
    let place = Place::new();
    let killed = place.directory();
    std::mem::forget(create(&killed, &large()));
    let directory = place.directory();
    let own = directory.create(TEMPORARY).expect("the name is free");
    let own = own
        .metadata()
        .expect("it is open")
        .modified
        .expect("the time is known");
    let listed = names(&directory);
    let abandoned = listed
        .iter()
        .find(|name| *name != TEMPORARY)
        .expect("it is listed");
    let began = directory
        .metadata(abandoned)
        .expect("it is listed")
        .modified;
    let age = own
        .duration_since(began.expect("the time is known"))
        .unwrap_or_default();
    assert!(age < Duration::from_mins(10), "{age:?}");

    directory.remove(abandoned).expect("it can be aborted");
    assert_eq!(names(&directory), [TEMPORARY]);
    let linked = killed.link(TEMPORARY, ARCHIVE);
    assert!(linked.is_err(), "its upload is gone");
}

#[test]
fn an_upload_that_still_gets_parts_is_not_old() {
    let server = S3Server::start(S3Options {
        age_of_uploads: Duration::from_hours(2),
        ..S3Options::default()
    });
    let place = Place::of(Arc::new(server));
    let running = place.directory();
    let _upload = create(&running, &large()).expect("there is no fault");
    let directory = place.directory();
    let [upload] = &names(&directory)[..] else {
        panic!("the upload is the only file");
    };
    let changed = directory.metadata(upload).expect("it is listed").modified;
    let age = changed.expect("the time is known").elapsed();
    assert!(
        age.is_ok_and(|age| age < Duration::from_hours(1)),
        "{changed:?}"
    );
}

#[test]
fn uploads_of_other_programs_are_not_listed() {
    let mut place = Place::new();
    place.purpose.archive = Some("pictures.zip");
    std::mem::forget(create(&place.directory(), &large()));
    place.purpose.archive = Some(ARCHIVE);
    assert_eq!(names(&place.directory()), [""; 0]);
}

#[test]
fn an_own_upload_is_listed_once() {
    let place = Place::new();
    let directory = place.directory();
    let _file = create(&directory, &large()).expect("there is no fault");
    assert_eq!(names(&directory), [TEMPORARY]);
}

#[test]
fn files_of_other_places_are_not_listed() {
    let mut place = Place::new();
    put(&place.directory(), b"archive").expect("there is no fault");
    let location = place.location.clone();
    for other in ["x", "/below"] {
        let url = format!("{}/{}{other}", location.bucket(), location.prefix());
        place.move_to(&url);
        put(&place.directory(), b"other").expect("there is no fault");
    }
    place.location = location;
    assert_eq!(names(&place.directory()), [ARCHIVE]);
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_is_noticed() {
    let place = Place::new();
    let directory = place.directory();
    put(&directory, b"earlier").expect("there is no fault");
    let file = directory.open(ARCHIVE).expect("it exists");
    drop(create(&directory, b"another").expect("there is no fault"));
    directory
        .rename(TEMPORARY, ARCHIVE)
        .expect("there is no fault");
    let (_, message) = failure(&place, file.read(0, 7));
    assert!(message.contains("replaced"), "{message}");
}

#[test]
fn only_the_archive_can_be_large() {
    let mut place = Place::new();
    let directory = place.directory();
    drop(create(&directory, &large()).expect("there is no fault"));
    let linked = directory.link(TEMPORARY, "another.zip");
    assert_eq!(failure(&place, linked).0, ErrorKind::Unsupported);

    place.purpose.archive = None;
    let created = create(&place.directory(), &large());
    assert_eq!(failure(&place, created).0, ErrorKind::Unsupported);
}

#[test]
fn a_name_that_is_no_name_of_a_file_is_refused() {
    let place = Place::new();
    let directory = place.directory();
    for name in ["", "..", "a/b", "a\nb", &"x".repeat(1025)] {
        let created = directory.create(name);
        assert_eq!(
            failure(&place, created).0,
            ErrorKind::InvalidFilename,
            "{name}"
        );
    }
}
