//! The native host of the Sotto client: a home on disk, a network, a clock, and the loop that drives the state
//! machine of [`sotto_client_core`] with them.
//!
//! The command `sotto` is a thin layer over this; benchmarks and tests host many clients in one process with it.
//! Start reading at [`host`].

pub mod ambient;
pub mod home;
pub mod host;
pub mod net;
