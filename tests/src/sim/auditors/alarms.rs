//! `alarms`: honest servers and members cause none.

use super::super::host::JOINER;
use super::super::lanes::Lane;
use super::super::model::Raised;
use super::super::world::World;
use super::{Finding, lies, reading};
use sotto_client_core::defects::Defect;
use sotto_client_core::io::{Alarm, Failure};
use sotto_protocol::ids::Seq;

/// Looks at what was raised.
pub fn justified(world: &World) -> Result<(), Finding> {
    let back = world.model.set_back > 0;
    for raised in &world.model.alarms {
        let expected = match &raised.alarm {
            Alarm::SetBack | Alarm::OldVault | Alarm::OldCard => back || world.lane == Lane::Torn,
            // A fresh device cannot tell a space that its account was removed from, while none of its devices heard
            // of that, from one that is withheld.
            Alarm::Withheld { have: Seq::ZERO, .. } if removed(world, raised) => true,
            // The server accepted others while records were lost: until `Rejoin` comes, that is a fork. What stands on
            // the other side of it may also repeat what is known on this, or lack what was taken back there.
            Alarm::Forked | Alarm::RuleBroken | Alarm::PayloadWithheld => {
                back && raised.space.is_none_or(|space| world.parted(space))
            }
            // Somebody joined with an invitation while, or after, it was withdrawn.
            Alarm::Uninvited(_) => world.model.revokers.contains(&world.hosts[raised.host].person),
            // A frame that was overtaken looks like a server that shows less than before; one that was set back does.
            Alarm::Withheld { .. } => {
                let shortened = raised.space.is_some_and(|space| world.model.shortened.contains(&space));
                world.lane == Lane::Torn || shortened
            }
            _ => false,
        };
        if !expected && !hostile(world, raised) && !lies::explains(world, raised) {
            let what = format!("host {} raised {:?} in {:?}", raised.host, raised.alarm, raised.space);
            return Err(Finding::new("alarms", what));
        }
    }
    // Until a device has handed the newer one back, a server that was set back shows the list of devices of then; who
    // signs in between the two knows the newer one from the vault, and is right not to go on.
    let outdated = |failure: &Failure| back && *failure == Failure::Dishonest("an old list of devices");
    let dishonest = world.model.failures.iter().find(|(host, failure)| {
        matches!(failure, Failure::Dishonest(_))
            && !outdated(failure)
            && !lies::explains_failure(world, *host, failure)
    });
    match dishonest {
        Some((host, failure)) => Err(Finding::new("alarms", format!("host {host} was told {failure:?}"))),
        None => Ok(()),
    }
}

/// The joiner misbehaves: she is named, or hears of it herself.
fn hostile(world: &World, raised: &Raised) -> bool {
    let misbehaves = |defect| world.setting.joiner.has(defect);
    let joiner = world.people.list.get(JOINER).and_then(|p| p.account);
    match &raised.alarm {
        Alarm::BadEra(by) => {
            Some(*by) == joiner && (misbehaves(Defect::SealRubbish) || misbehaves(Defect::SealAnotherKey))
        }
        Alarm::Uninvited(who) => Some(*who) == joiner && misbehaves(Defect::ForgeJoinProof),
        Alarm::Forked => misbehaves(Defect::ForgeSeen) && world.hosts[raised.host].person == JOINER,
        _ => false,
    }
}

fn removed(world: &World, raised: &Raised) -> bool {
    let account = world.people.list[world.hosts[raised.host].person].account;
    let records = raised.space.map(|space| world.server.records(space, Seq::ZERO, usize::MAX));
    // Perhaps she was added again since.
    records.zip(account).is_some_and(|(records, account)| {
        let eras = reading::readers(&records);
        let first = eras.iter().position(|(_, readers)| readers.contains(&account));
        first.is_some_and(|first| eras.iter().skip(first).any(|(_, readers)| !readers.contains(&account)))
    })
}
