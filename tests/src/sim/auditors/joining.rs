//! `joining`: nobody is confirmed who could not prove the invitation (P8).

use super::super::host::JOINER;
use super::super::world::World;
use super::Finding;
use sotto_client_core::defects::Defect;

/// Looks at who was confirmed.
pub fn proven(world: &World) -> Result<(), Finding> {
    let forges = world.setting.joiner.has(Defect::ForgeJoinProof);
    let joiner = world.people.list.get(JOINER).and_then(|p| p.account).filter(|_| forges);
    match world.model.confirmed.iter().find(|(_, account)| Some(*account) == joiner) {
        Some((space, _)) => {
            Err(Finding::new("joining", format!("{} was confirmed without a proof", space.short())))
        }
        None => Ok(()),
    }
}
