//! Wire and stored forms of Sotto, and the verification both sides run.
//!
//! Start reading at [`record`] (what a space is made of), then [`log`] (the rules both server and clients
//! apply), then [`frame`] and [`account`] (how they travel). No I/O, no async, no clock, no randomness.

pub mod account;
pub mod card;
pub mod codec;
pub mod credentials;
pub mod error;
pub mod factor;
pub mod frame;
pub mod hash;
pub mod ids;
pub mod label;
pub mod limits;
pub mod link;
pub mod log;
pub mod opaque;
pub mod ordered;
pub mod padding;
pub mod record;
pub mod roster;
pub mod sign;
