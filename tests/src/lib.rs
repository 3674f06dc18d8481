//! What the tests share: the deterministic simulation of clients, network and relay.

#[expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a simulation stops where something cannot be"
)]
pub mod sim;
