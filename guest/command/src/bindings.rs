//! The generated bindings of the exports, and of the imports apart from directories.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "command",
    with: {
        "wasi:io/error@0.2.12": license_backup_wasi_fs::wasi::io::error,
        "wasi:io/poll@0.2.12": license_backup_wasi_fs::wasi::io::poll,
        "wasi:io/streams@0.2.12": license_backup_wasi_fs::wasi::io::streams,
        "wasi:clocks/wall-clock@0.2.12": license_backup_wasi_fs::wasi::clocks::wall_clock,
        "wasi:filesystem/types@0.2.12": license_backup_wasi_fs::wasi::filesystem::types,
        "wasi:filesystem/preopens@0.2.12": license_backup_wasi_fs::wasi::filesystem::preopens,
    },
    generate_all,
    pub_export_macro: true,
});
