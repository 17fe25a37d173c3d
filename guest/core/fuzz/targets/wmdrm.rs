//! The rights gate over Windows Media DRM license responses.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| license_backup_core::fuzzing::wmdrm(input));
