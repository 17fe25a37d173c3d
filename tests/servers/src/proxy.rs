//! A TCP proxy that cuts connections at a chosen moment.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A proxy between clients and one server on loopback.
///
/// A fault is armed, and happens once: it ends all connections of that moment. Later connections
/// are forwarded again.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    fault: Mutex<Option<Fault>>,
    /// Both sockets of each connection.
    sockets: Mutex<Vec<TcpStream>>,
    accepted: AtomicU64,
    faults: AtomicU64,
    /// The time in milliseconds by which answers are late.
    delay: AtomicU64,
    is_refusing: AtomicBool,
    is_stopped: AtomicBool,
}

/// What ends the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The next bytes of a client, which the server does not get.
    Request,
    /// The next bytes of the server, which the client does not get.
    Answer,
    /// The byte of the clients after this number of them.
    Sent(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Client,
    Server,
}

impl Proxy {
    /// Starts a proxy on a free port of loopback that forwards to `server`.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server,
            fault: Mutex::new(None),
            sockets: Mutex::new(Vec::new()),
            accepted: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            delay: AtomicU64::new(0),
            is_refusing: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Ok(Self {
            address,
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// Returns the address to which clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of connections that were accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Returns the number of armed faults that happened.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.shared.faults.load(Ordering::SeqCst)
    }

    /// Ends all connections now.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Ends all connections as soon as a client sends anything, which the server does not get.
    pub fn cut_before_next_request(&self) {
        self.shared.arm(Fault::Request);
    }

    /// Ends all connections as soon as the server sends anything, which no client gets: whatever
    /// the clients sent until then, the server has received.
    pub fn cut_before_next_answer(&self) {
        self.shared.arm(Fault::Answer);
    }

    /// Ends all connections after the clients have sent this number of bytes from now on.
    pub fn cut_after_sent(&self, bytes: u64) {
        self.shared.arm(Fault::Sent(bytes));
    }

    /// Holds back what the server sends from now on, each time for this long. What is held back
    /// when the connections end gets lost.
    pub fn delay_answers(&self, milliseconds: u64) {
        self.shared.delay.store(milliseconds, Ordering::SeqCst);
    }

    /// Closes each new connection at once, until this is called with `false`.
    pub fn refuse(&self, is_refusing: bool) {
        self.shared.is_refusing.store(is_refusing, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts connections.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        self.shared.cut();
    }
}

impl Shared {
    fn arm(&self, fault: Fault) {
        *lock(&self.fault) = Some(fault);
    }

    fn cut(&self) {
        for socket in lock(&self.sockets).drain(..) {
            // The other side may have ended it before.
            drop(socket.shutdown(Shutdown::Both));
        }
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_stopped.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            if self.is_refusing.load(Ordering::SeqCst) {
                continue;
            }
            // A server that does not listen ends the connection of the client.
            drop(self.connect(client));
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.server)?;
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
        }
        lock(&self.sockets).extend([client.try_clone()?, server.try_clone()?]);
        self.accepted.fetch_add(1, Ordering::SeqCst);
        let sides = [
            (From::Client, client.try_clone()?, server.try_clone()?),
            (From::Server, server, client),
        ];
        for (from, source, target) in sides {
            let shared = Arc::clone(self);
            thread::spawn(move || {
                // An error is that one of both sides has ended the connection.
                drop(shared.forward(from, &source, &target));
                drop(source.shutdown(Shutdown::Read));
                drop(target.shutdown(Shutdown::Write));
            });
        }
        Ok(())
    }

    fn forward(
        &self,
        from: From,
        mut source: &TcpStream,
        mut target: &TcpStream,
    ) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let length = source.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            if from == From::Server {
                thread::sleep(Duration::from_millis(self.delay.load(Ordering::SeqCst)));
            }
            let forwarded = self.count_forwarded(from, length);
            target.write_all(&buffer[..forwarded])?;
            if forwarded < length {
                self.cut();
            }
        }
    }

    /// Returns how many of the next bytes are forwarded: fewer if the armed fault happens.
    fn count_forwarded(&self, from: From, length: usize) -> usize {
        let mut fault = lock(&self.fault);
        let forwarded = match (*fault, from) {
            (Some(Fault::Request), From::Client) | (Some(Fault::Answer), From::Server) => 0,
            (Some(Fault::Sent(left)), From::Client) => match usize::try_from(left) {
                Ok(left) if left < length => left,
                _ => {
                    *fault = Some(Fault::Sent(left - length as u64));
                    return length;
                }
            },
            _ => return length,
        };
        *fault = None;
        self.faults.fetch_add(1, Ordering::SeqCst);
        forwarded
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts a server that answers each byte with the next one, for the first connections.
    fn server(connections: usize) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("the socket is bound");
        thread::spawn(move || {
            for client in listener.incoming().take(connections) {
                let mut client = client.expect("a client connects");
                let mut byte = [0];
                while client.read_exact(&mut byte).is_ok() {
                    if client.write_all(&[byte[0] + 1]).is_err() {
                        break;
                    }
                }
            }
        });
        address
    }

    /// Sends a byte, and returns the answer.
    fn ask(client: &mut TcpStream, byte: u8) -> io::Result<u8> {
        client.write_all(&[byte])?;
        let mut answer = [0];
        client.read_exact(&mut answer)?;
        Ok(answer[0])
    }

    #[test]
    fn a_fault_happens_once_and_later_connections_are_forwarded() {
        let faults: [fn(&Proxy); 4] = [
            |proxy| proxy.cut(),
            Proxy::cut_before_next_request,
            Proxy::cut_before_next_answer,
            |proxy| proxy.cut_after_sent(0),
        ];
        for fault in faults {
            let proxy = Proxy::start(server(2)).expect("a port is free");
            let mut client = TcpStream::connect(proxy.address()).expect("the proxy listens");
            assert_eq!(ask(&mut client, 1).expect("it is forwarded"), 2);
            fault(&proxy);
            assert!(ask(&mut client, 1).is_err());
            let mut client = TcpStream::connect(proxy.address()).expect("the proxy listens");
            assert_eq!(ask(&mut client, 3).expect("it is forwarded"), 4);
            assert_eq!(proxy.accepted(), 2);
        }
    }

    #[test]
    fn bytes_before_the_cut_are_forwarded() {
        let proxy = Proxy::start(server(1)).expect("a port is free");
        let mut client = TcpStream::connect(proxy.address()).expect("the proxy listens");
        proxy.cut_after_sent(2);
        assert_eq!(ask(&mut client, 1).expect("it is forwarded"), 2);
        assert_eq!(ask(&mut client, 2).expect("it is forwarded"), 3);
        assert!(ask(&mut client, 3).is_err());
        assert_eq!(proxy.faults(), 1);
    }
}
