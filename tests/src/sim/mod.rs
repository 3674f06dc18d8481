//! The deterministic simulation: real clients and the real relay on virtual time, every choice from one seed.
//!
//! Start reading at [`world`] (the scheduler), then [`host`] (what surrounds a client), [`server`] (what surrounds
//! the relay) and [`people`] (what is done with them). [`lanes`] says what goes wrong in a run, [`auditors`] what
//! must hold nevertheless, [`mutants`] proves that they notice. A run is a pure function of lane and seed.

mod acts;
pub mod auditors;
pub mod dice;
pub mod forging;
pub mod host;
pub mod lanes;
pub mod lies;
pub mod lying;
pub mod model;
pub mod mutants;
pub mod net;
pub mod people;
pub mod run;
pub mod seeds;
pub mod server;
pub mod trace;
pub mod world;
