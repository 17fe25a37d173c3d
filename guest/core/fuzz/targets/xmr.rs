//! The rights gate over XMR licenses.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::xmr(input));
