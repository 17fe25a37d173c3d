//! The reader of publications, and a backup of a store that contains one.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::publication(input));
