//! A front of an HTTP server that makes matching requests fail.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// A fault of requests that match it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The method of the requests.
    pub method: &'static str,
    /// A text in their path with its query.
    pub in_path: String,
    /// The number of requests that fail.
    pub times: u32,
    /// What happens to them.
    pub action: Action,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// The front answers with this status and the document of an error with this code.
    Answer(u16, &'static str),
    /// The server gets the request, and the client no answer.
    LoseAnswer,
    /// The server gets the request without this header.
    WithoutHeader(&'static str),
}

/// A running front of a server.
#[derive(Debug)]
pub struct FaultyFront {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    faults: Mutex<Vec<Fault>>,
    requests: Mutex<Vec<String>>,
    is_ending: AtomicBool,
}

/// A request as it was received.
struct Request {
    method: String,
    path: String,
    /// The lines after the first one, each with its end.
    headers: Vec<String>,
    body: Vec<u8>,
}

impl FaultyFront {
    /// Starts a front of the server at an address.
    ///
    /// # Panics
    ///
    /// If no port is free.
    #[must_use]
    pub fn start(server: SocketAddr, faults: impl Into<Vec<Fault>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("the address is known");
        let shared = Arc::new(Shared {
            server,
            faults: Mutex::new(faults.into()),
            requests: Mutex::default(),
            is_ending: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for client in listener.incoming() {
                if of_thread.is_ending.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&of_thread);
                // A client that closes its connection early is no concern of the front.
                thread::spawn(move || client.and_then(|client| shared.serve(client)));
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Returns the address of the front.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the front.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// Lets all later requests succeed.
    pub fn clear(&self) {
        self.shared.faults().clear();
    }

    /// Returns the methods and paths of all requests up to now.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shared.requests).clone()
    }
}

impl Drop for FaultyFront {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::SeqCst);
        // Wakes the thread. Without it, the thread has ended.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        lock(&self.faults)
    }

    /// Serves one request of a client.
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let Some(mut request) = Request::read(&client)? else {
            return Ok(());
        };
        lock(&self.requests).push(format!("{} {}", request.method, request.path));
        match self.fault_of(&request) {
            Some(Action::Answer(status, code)) => {
                client.write_all(error(status, code, &request.method).as_bytes())
            }
            Some(Action::LoseAnswer) => self.forward(&request).map(drop),
            Some(Action::WithoutHeader(name)) => {
                request.remove_header(name);
                client.write_all(&self.forward(&request)?)
            }
            None => client.write_all(&self.forward(&request)?),
        }
    }

    /// Returns the fault of a request, and counts it.
    fn fault_of(&self, request: &Request) -> Option<Action> {
        let mut faults = self.faults();
        let fault = faults.iter_mut().find(|fault| {
            fault.times > 0
                && fault.method == request.method
                && request.path.contains(&fault.in_path)
        })?;
        fault.times -= 1;
        Some(fault.action)
    }

    /// Sends a request to the server, and returns its answer.
    fn forward(&self, request: &Request) -> io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(self.server)?;
        let Request {
            method,
            path,
            headers,
            body,
        } = request;
        let headers = headers.concat();
        let head = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        server.write_all(head.as_bytes())?;
        server.write_all(body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

impl Request {
    /// Reads a request, or returns `None` if there is none.
    fn read(client: &TcpStream) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(client);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut words = first.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let mut headers = Vec::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim_end().is_empty() {
                break;
            }
            if let Some(value) = value_of(&line, "content-length") {
                length = value.parse().map_err(io::Error::other)?;
            }
            headers.push(line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body,
        }))
    }

    fn remove_header(&mut self, name: &str) {
        self.headers.retain(|line| value_of(line, name).is_none());
    }
}

/// Returns the value of a header with this name in lower case.
fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then(|| value.trim())
}

/// Returns the answer with an error, of which `HEAD` gets no document.
fn error(status: u16, code: &str, method: &str) -> String {
    let document = format!(
        "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>fault</Message></Error>"
    );
    let body = if method == "HEAD" { "" } else { &document };
    format!(
        "HTTP/1.1 {status} Fault\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
