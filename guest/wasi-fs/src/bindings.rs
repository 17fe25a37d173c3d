//! The generated bindings of `wasi:filesystem`.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({ path: "../../wit", world: "imports", generate_all });
