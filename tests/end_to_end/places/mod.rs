//! Backup directories off the device: each command has the same outcome in each place, encrypted or
//! not, and no disturbance costs a backup.

mod bad_input;
mod cancellation;
mod connections;
mod faults;
mod kills;
mod memory;
mod place;
mod races;
mod recipients;
mod trial;
mod verbs;
