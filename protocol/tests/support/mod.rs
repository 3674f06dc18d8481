//! What the tests of this crate share.

#![allow(dead_code, unused_imports, reason = "each test that shares these files uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

pub(crate) mod golden;
pub(crate) mod log;
pub(crate) mod people;
pub(crate) mod samples;
