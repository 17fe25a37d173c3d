//! The rights gate over Windows Media DRM and PlayReady documents.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::xml(input));
