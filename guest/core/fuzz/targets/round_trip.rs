//! A store, its backup, and the store that is restored from it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::round_trip(input));
