//! Cryptography of the client: keys, and what may be done with each.
//!
//! Start reading at [`keys`] (what secrets there are), then [`seal`] (AEAD envelopes) and [`wrap`] (keys for
//! other people's keys). Owns every use of a secret on this side of the wire, and no primitive: those come from
//! the libraries named in `Cargo.toml`. Refuses to know records, vaults or networks. Invariants: every operation
//! runs under a [`Label`](sotto_protocol::label::Label); randomness is a parameter, there is no clock; a secret
//! is wiped when dropped and prints its type only; a key has one purpose, and the compiler knows it.

pub mod join;
pub mod keys;
pub mod lock;
pub mod opaque;
pub mod passphrase;
pub mod recovery;
pub mod rng;
pub mod seal;
pub mod signing;
pub mod unlock;
pub mod wrap;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod vectors;
