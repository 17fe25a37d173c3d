//! The library component: the world `service` of `license-backup:management`.
//!
//! It resolves the paths of the caller against the directories that the host
//! opened, and runs the operations of the core as asynchronous tasks.

mod bindings;
mod cancellation;
mod convert;
mod event_queue;
mod export;
mod operation;
mod service;
