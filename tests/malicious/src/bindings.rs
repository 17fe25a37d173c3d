//! The generated bindings of the component.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

wit_bindgen::generate!({ path: "../../wit", world: "service", generate_all });

use super::Component;

export!(Component);
