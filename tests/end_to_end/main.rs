//! End to end: what a user of the binary, and of the library, can see.
//!
//! The binary is the one of `make build`. Where the file system or the user matters, the tests are for Unix.
#![cfg(unix)]

mod archive;
mod cancellation;
mod destination;
mod events;
mod fates;
mod imports;
mod instance;
mod library;
mod library_limits;
mod library_listing;
mod listing;
mod store;
mod temporary;
mod terminal;
