//! Verification, listing and restore of any bytes as a backup.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::archive(input));
