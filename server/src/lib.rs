//! The Sotto relay: orders, stores and relays ciphertext, and can read none of it.
//!
//! Layers, outermost first: transport, session and hub, service, store, [`db`]. A layer uses the one below and
//! knows nothing of the one above.

pub mod backup;
pub mod clock;
pub mod committer;
pub mod config;
pub mod data_dir;
pub mod db;
pub mod defects;
pub mod doctor;
pub mod factor;
pub mod hub;
pub mod opaque;
pub mod push;
pub mod rate;
pub mod relay;
mod rng;
mod sealing;
pub mod secrets;
pub mod service;
pub mod session;
pub mod start;
pub mod store;
pub mod throttle;
pub mod tls;
pub mod tokens;
pub mod transport;

#[cfg(test)]
mod fixture;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
