//! The rights gate over Readium LCP license documents.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::lcp(input));
