//! Tests that compare or combine the front ends: the program, the command component and the library.

#[cfg(target_os = "linux")]
mod cancelled_at_random;
mod comparison;
mod concurrent_backups;
mod damaged_backups;
mod earlier_backups;
mod forget;
mod generations;
mod killed;
mod parts;
mod watching;
