//! `alarms`: honest servers and members cause none.

use super::super::world::World;
use super::Finding;
use sotto_client_core::io::{Alarm, Failure};

/// Looks at what was raised.
pub fn justified(world: &World) -> Result<(), Finding> {
    let back = world.model.set_back > 0;
    for raised in &world.model.alarms {
        let expected = match &raised.alarm {
            Alarm::SetBack | Alarm::OldVault | Alarm::OldCard => back,
            _ => false,
        };
        if !expected {
            let what = format!("host {} raised {:?} in {:?}", raised.host, raised.alarm, raised.space);
            return Err(Finding::new("alarms", what));
        }
    }
    let dishonest = world.model.failures.iter().find(|(_, f)| matches!(f, Failure::Dishonest(_)));
    match dishonest {
        Some((host, failure)) => Err(Finding::new("alarms", format!("host {host} was told {failure:?}"))),
        None => Ok(()),
    }
}
