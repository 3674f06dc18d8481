//! The whole Sotto client as a pure state machine: no I/O, no clock, no ambient randomness.
//!
//! Start reading at [`io`] (what goes in and comes out), then [`client`] (the machine), then the file named after
//! what you look for. Cryptography is in [`crypto`]; what both sides agree on is in `sotto-protocol`.

pub mod client;
pub mod content;
pub mod crypto;
pub mod defects;
pub mod export;
pub mod io;
pub mod vault;
pub mod view;
pub mod wire;

mod admitting;
mod asking;
mod cards;
mod credentials;
mod devices;
mod ephemeral;
mod eras;
mod factors;
mod flow;
#[cfg(test)]
mod golden;
mod handing_back;
mod joining;
mod keeping;
mod loading;
mod looking;
mod newest;
mod next_credentials;
mod opening;
mod own;
mod reading;
mod registering;
mod rostering;
mod rows;
mod session;
mod settling;
mod space;
mod sync;
mod timeline;
mod writing;

pub use client::{Client, Config, OpenError};
