//! `healing`: what a server that was set back has lost comes back at its old place (P11), or the fork is noticed.

use super::super::world::World;
use super::{Finding, durable};
use sotto_client_core::io::Alarm;

/// Looks whether what was lost is there again.
pub fn healed(world: &mut World) -> Result<(), Finding> {
    if world.model.set_back == 0 {
        return Ok(());
    }
    let lost = std::mem::take(&mut world.model.lost);
    let users = world.users();
    for (key, (ack, holders)) in &lost {
        let witness = holders.iter().filter(|h| users.contains(h)).any(|h| {
            let client = world.hosts[*h].signed_in();
            client.is_some_and(|c| c.spaces().iter().any(|v| v.id == ack.space && v.member))
        });
        if durable::stands(world, ack) {
            world.model.acks.insert(*key, *ack);
        } else if world.parted(ack.space) {
            let forked = |r: &super::super::model::Raised| {
                r.alarm == Alarm::Forked && r.space.is_none_or(|space| space == ack.space)
            };
            if witness && !world.model.alarms.iter().any(forked) {
                let what = format!("{} was forked by a restore and nobody noticed", ack.space.short());
                return Err(Finding::new("healing", what));
            }
        } else if witness {
            // Held by a device in use: `durable` wants it back where it was.
            world.model.acks.insert(*key, *ack);
        }
    }
    Ok(())
}
