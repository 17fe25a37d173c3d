//! The export of [`Service`] under the names of the world `service`.

#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]

use crate::service::Service;

crate::bindings::export!(Service with_types_in crate::bindings);
