//! The servers that tests start on loopback. Each is ended when its value is dropped.

mod fault;
#[cfg(target_os = "linux")]
mod processes;
mod proxy;
mod s3;
#[cfg(target_os = "linux")]
mod sshd;

pub use fault::{Action, Fault, FaultyFront};
#[cfg(target_os = "linux")]
pub use processes::descendants;
pub use proxy::Proxy;
pub use s3::{S3Options, S3Server};
#[cfg(target_os = "linux")]
pub use sshd::Sshd;
