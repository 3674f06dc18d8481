//! `plaintext`: nothing that is secret reaches the server unencrypted (P1).

use super::super::model::MARKER;
use super::super::world::World;
use super::Finding;

fn holds(bytes: &[u8]) -> bool {
    let marker = MARKER.as_bytes();
    bytes.windows(marker.len()).any(|window| window == marker)
}

/// Looks at bytes that leave a client.
pub fn sent(bytes: &[u8]) -> Result<(), Finding> {
    if holds(bytes) {
        return Err(Finding::new("plaintext", "something secret left a client in the clear".to_owned()));
    }
    Ok(())
}

/// Looks at every byte the server holds.
pub fn stored(world: &World) -> Result<(), Finding> {
    let mut found = false;
    world.server.store().visit_bytes(&mut |bytes| found |= holds(bytes));
    if found {
        Err(Finding::new("plaintext", "the server holds something secret".to_owned()))
    } else {
        Ok(())
    }
}
