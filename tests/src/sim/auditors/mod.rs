//! Auditors: what must hold, whatever goes wrong.
//!
//! Each has a name, by which a failed run says what it broke. They read the server's store, the clients' views and
//! [`super::model::Model`], and change nothing.

pub mod alarms;
pub mod chain;
pub mod consent;
pub mod durable;
pub mod erasure;
pub mod healing;
pub mod joining;
pub mod lies;
pub mod liveness;
pub mod plaintext;
pub mod reading;
pub mod removal;
pub mod vault;

use super::world::World;

/// What an auditor found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which auditor.
    pub auditor: &'static str,
    /// What.
    pub what: String,
}

impl Finding {
    /// A finding.
    pub fn new(auditor: &'static str, what: String) -> Self {
        Self { auditor, what }
    }
}

/// Looks at a world at rest.
pub fn settled(world: &mut World) -> Result<(), Finding> {
    lies::afterwards(world)?;
    healing::healed(world)?;
    durable::all(world)?;
    chain::dense(world)?;
    chain::equal(world)?;
    reading::all(world)?;
    removal::accounts(world)?;
    removal::devices(world)?;
    removal::lost(world)?;
    removal::eras(world)?;
    erasure::done(world)?;
    consent::asked(world)?;
    joining::proven(world)?;
    vault::complete(world)?;
    alarms::justified(world)
}

/// Looks at everything once more at the end.
pub fn finished(world: &World) -> Result<(), Finding> {
    plaintext::stored(world)
}
