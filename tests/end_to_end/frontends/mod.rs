//! Tests that run through several front ends.

#[cfg(target_os = "linux")]
mod cancelled_at_random;
mod comparison;
mod concurrent_backups;
mod damaged_backups;
mod killed;
mod shrunk_stores;
