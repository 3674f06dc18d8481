//! What the tests share: the deterministic simulation of clients, network and relay, and the two binaries as
//! processes.

#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test stops where something cannot be"
)]
pub mod blackbox;
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "a simulation stops where something cannot be; its acts and happenings have one shape"
)]
pub mod sim;

#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a recording stops where something cannot be"
)]
pub mod recording;

#[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a fuzz target fails by panicking")]
pub mod fuzzing;
