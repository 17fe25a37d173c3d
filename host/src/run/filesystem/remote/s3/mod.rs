//! A bucket of an S3-compatible server, or the part of it below a prefix, as a backup directory.
//!
//! An object becomes visible as a whole, so a file under a temporary name is an upload that only
//! this connection knows: in memory while it is small, then a multipart upload for the key of the
//! archive. Linking it completes the upload with the condition `If-None-Match: *`, which a probe
//! checks before the first write.
//!
//! Every upload has an identity of its own in the metadata of the object. By it a commit whose
//! answer was lost is found out.

mod client;
mod command;
mod commit;
mod configuration;
mod connection;
mod credentials;
mod directory;
mod failure;
mod listing;
mod multipart;
mod object;
mod probe;
mod request;
mod response;
mod retry;
#[cfg(test)]
pub(super) mod tests;
mod transport;
mod upload;
mod xml;

pub(crate) use self::directory::connect;
