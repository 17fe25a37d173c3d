//! Code that the tests of several front ends share.

pub(crate) mod expected;
pub(crate) mod fixture;
pub(crate) mod moments;
