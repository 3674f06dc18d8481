//! The whole Sotto client as a pure state machine: no I/O, no clock, no ambient randomness.

pub mod crypto;
