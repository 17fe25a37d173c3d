//! End-to-end tests: everything that a user of the program, of the library or of a component can
//! observe. There is a folder per front end.
//!
//! The program and the components must have been built (`make build`). The tests require Unix,
//! because many depend on its file systems, users and signals.
#![cfg(unix)]

mod command;
mod common;
mod documentation;
#[cfg(target_os = "linux")]
mod fleet;
mod frontends;
mod library;
#[cfg(target_os = "linux")]
mod node;
mod package;
#[cfg(target_os = "linux")]
mod places;
mod program;
#[cfg(target_os = "linux")]
mod windows;

pub(crate) use common::{expected, fixture, moments};
