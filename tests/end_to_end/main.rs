//! End to end: what a user of the program, of the library, and of the command component can see.
//!
//! The binary is the one of `make build`. Where the file system or the user matters, the tests are for Unix.
#![cfg(unix)]

mod archive;
mod cancellation;
#[cfg(target_os = "linux")]
mod cancelled;
mod corpus;
mod destination;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod embedder;
mod events;
mod examples;
mod faces;
mod fates;
mod imports;
mod instance;
mod killed;
mod library;
mod library_callbacks;
mod library_compiled;
mod library_limits;
mod library_listing;
mod library_restore;
mod library_shares;
mod library_verify;
mod listing;
#[cfg(target_os = "linux")]
mod malicious;
#[cfg(target_os = "linux")]
mod node;
mod other_file_system;
#[cfg(target_os = "linux")]
mod package;
#[cfg(target_os = "linux")]
mod publications;
mod races;
#[cfg(target_os = "linux")]
mod readme;
#[cfg(target_os = "linux")]
mod registry;
mod scene;
mod security;
mod shell;
mod store;
mod temporary;
mod terminal;
mod wasmtime_command_line;
