//! The resolution of paths against opened directories.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::paths(input));
