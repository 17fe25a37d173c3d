//! The generated bindings of the command's exports, and of what it imports besides directories.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "license-backup-command",
    with: {
        "wasi:io/error@0.2.12": license_backup_wasi::wasi::io::error,
        "wasi:io/poll@0.2.12": license_backup_wasi::wasi::io::poll,
        "wasi:io/streams@0.2.12": license_backup_wasi::wasi::io::streams,
        "wasi:clocks/wall-clock@0.2.12": license_backup_wasi::wasi::clocks::wall_clock,
        "wasi:filesystem/types@0.2.12": license_backup_wasi::wasi::filesystem::types,
        "wasi:filesystem/preopens@0.2.12": license_backup_wasi::wasi::filesystem::preopens,
    },
    generate_all,
});

use super::Command;

export!(Command);
