//! An S3-compatible server: moto, which keeps objects in memory and checks signatures.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The limit for the start of the server.
const START: Duration = Duration::from_mins(1);
/// The requests that create the user and the bucket. The server checks the signatures of all later
/// ones.
const UNSIGNED_REQUESTS: &str = "4";

/// The server with what it lacks.
const LAUNCHER: &str = include_str!("moto.py");

/// A policy that permits everything in S3.
const ALL: &str = r#"{"Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#;

/// How a server is.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// `true` if it checks the signatures of requests.
    pub checks_signatures: bool,
    /// The age that an upload has when it begins.
    pub age_of_uploads: Duration,
    /// The number of entries on one page of a list. Services have 1000; a test with a few files
    /// sees several pages by default.
    pub page_length: u32,
    /// What the user may do, in the language of AWS, if signatures are checked.
    pub policy: String,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            checks_signatures: true,
            age_of_uploads: Duration::ZERO,
            page_length: 2,
            policy: ALL.to_owned(),
        }
    }
}

/// A running S3-compatible server with one bucket and one user.
#[derive(Debug)]
pub struct S3Server {
    options: S3Options,
    /// `None` only after it was killed.
    child: Option<Child>,
    address: SocketAddr,
    access_key: String,
    secret_key: String,
    // Dropped after the server has ended.
    log: TempDir,
}

impl S3Server {
    /// The name of the bucket.
    pub const BUCKET: &str = "backups";

    /// Starts a server.
    ///
    /// # Panics
    ///
    /// If it cannot be started. `make setup-tests` installs it.
    #[must_use]
    pub fn start(options: S3Options) -> Self {
        let mut server = Self {
            options,
            child: None,
            address: free_address(),
            access_key: String::new(),
            secret_key: String::new(),
            log: tempfile::tempdir().expect("a directory can be created"),
        };
        server.restart();
        server
    }

    /// Kills the server with SIGKILL. It loses all objects.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Errors are ignored: the server may have ended itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts the server again after [`kill`](Self::kill), on the same port. The bucket is empty,
    /// and the user has other keys.
    ///
    /// # Panics
    ///
    /// See [`start`](Self::start).
    pub fn restart(&mut self) {
        self.kill();
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/moto/bin/python3");
        assert!(
            program.exists(),
            "moto is not installed: `make setup-tests` installs it"
        );
        let output = File::create(self.log.path().join("log")).expect("a file can be created");
        let mut command = Command::new(program);
        if self.options.checks_signatures {
            command.env("INITIAL_NO_AUTH_ACTION_COUNT", UNSIGNED_REQUESTS);
        }
        let age = self.options.age_of_uploads.as_secs().to_string();
        let page_length = self.options.page_length.to_string();
        let port = self.address.port().to_string();
        let child = command
            .args(["-c", LAUNCHER, &age, &page_length])
            .args(["-H", "127.0.0.1", "-p", &port])
            .env("MOTO_S3_DEFAULT_MAX_KEYS", page_length)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file can be opened twice"))
            .stderr(output)
            .spawn()
            .expect("moto can be run");
        self.wait(child);
        self.create_user();
        self.request("PUT", &format!("/{}", Self::BUCKET), "s3", "");
    }

    /// Returns the server that all tests of a process share. It ends with the last one that uses
    /// it.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<S3Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start(S3Options::default()));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Returns the address of the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the variables with the credentials of the user, and the region.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ACCESS_KEY_ID", self.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_key.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    /// Begins a multipart upload of an object, like a run that is killed then. The server must not
    /// check signatures.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    pub fn begin_upload(&self, key: &str) {
        self.request(
            "POST",
            &format!("/{}/{key}?uploads", Self::BUCKET),
            "s3",
            "",
        );
    }

    /// Returns the number of multipart uploads that were begun, and neither completed nor aborted.
    /// The server must not check signatures.
    ///
    /// # Panics
    ///
    /// If the server refuses to list them.
    #[must_use]
    pub fn uploads(&self) -> usize {
        let list = self.request("GET", &format!("/{}?uploads", Self::BUCKET), "s3", "");
        list.matches("<UploadId>").count()
    }

    /// Waits until the server accepts connections.
    fn wait(&mut self, child: Child) {
        let child = self.child.insert(child);
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = child.try_wait().expect("the server is a child");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            assert!(start.elapsed() < START, "the server does not start");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Creates the user.
    fn create_user(&mut self) {
        let policy = percent_encoded(&self.options.policy);
        let iam = |action: &str| {
            let form = format!("Version=2010-05-08&UserName=tester&Action={action}");
            self.request("POST", "/", "iam", &form)
        };
        iam("CreateUser");
        let key = iam("CreateAccessKey");
        iam(&format!(
            "PutUserPolicy&PolicyName=all&PolicyDocument={policy}"
        ));
        self.access_key = element(&key, "AccessKeyId");
        self.secret_key = element(&key, "SecretAccessKey");
    }

    /// Sends a request without a signature, and returns the answer.
    fn request(&self, method: &str, path: &str, service: &str, form: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("the server is running");
        // The server finds the service in the header, and does not check the signature yet.
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/{service}/\
             aws4_request, SignedHeaders=host, Signature=none\r\n\r\n{form}",
            self.address,
            form.len()
        );
        let mut answer = String::new();
        stream
            .write_all(request.as_bytes())
            .and_then(|()| stream.read_to_string(&mut answer))
            .expect("the server answers");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answer
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns a text as a value of a form.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

/// Returns the text of an element.
fn element(document: &str, name: &str) -> String {
    let (_, rest) = document
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("no {name} in {document}"));
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// Returns an address that no server uses at the moment.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("the address is known")
}
