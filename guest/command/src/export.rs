//! The export of [`Command`] under the names of the world `command`.

#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

use crate::command::Command;

crate::bindings::export!(Command with_types_in crate::bindings);
