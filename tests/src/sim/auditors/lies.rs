//! `lies`: a lie is noticed, or harms nobody.
//!
//! What the promises demand of each lie:
//!
//! - `Gap`, `Tamper`, `Forge`, `Undead`, `AddReader`, `Double` carry their own evidence: a number is missing, a hash, a signature,
//!   a device list, a membership rule or an id contradicts. The victim must stop right before it, with an alarm (P9).
//! - `Omit`, `Swap` are as consistent as a server without keys can make them. They contradict at the first record whose
//!   `seen` lies behind the place, at the victim's own memory, or at the pin in the vault (P6, P9). From there on the
//!   victim must have stopped with an alarm. Since everybody writes once more while the lie lasts, and the server
//!   refuses what the victim writes on a false history, none may still be believed silently in the end.
//! - `Payload` is seen as soon as everything shown is verified: no drop explains the hole.
//! - `Newest` cannot be told from silence: what is shown is true, and nothing later comes. It is noticed only where
//!   memory or the vault's pin knows more (P6). Without these, nothing is demanded while the lie lasts.
//! - `Fork` shows one device a second history, with its own acknowledgements. While it lasts nothing of the first
//!   history reaches the victim, so nothing can be demanded; afterwards either its head lies on the first history (all
//!   that it wrote was handed back, P11), or it has raised an alarm.
//! - `AckOnly` contradicts at the next record that somebody else stores at the same place, or hands the record back as
//!   soon as the server names an earlier head (P5, P11).
//! - `OldVault` contradicts a device that knew a newer one; a new device meets the conflict with its first write.
//!   `OldCard` contradicts the vault; `OtherInviter` the link (P8). Signing in must fail.
//!
//! In every case nothing forged is ever shown (`forged` says so), and what the victim believes when the lie is over
//! lies on the true chain, or it says that something is wrong.

use super::super::lies::{Liar, Lie};
use super::super::lying::Lying;
use super::super::model::Raised;
use super::super::net::HostId;
use super::super::world::World;
use super::Finding;
use sotto_client_core::io::{Alarm, Failure};
use sotto_client_core::view::SpaceView;
use sotto_protocol::hash::head_zero;
use sotto_protocol::ids::{Head, Seq, SpaceId};

fn found(world: &World, what: &str) -> Finding {
    let lie = world.lying.as_ref().map(|l| (l.liar.lie, l.liar.victim, l.liar.space.short(), l.liar.at));
    Finding::new("lies", format!("{lie:?}: {what}"))
}

/// True when an alarm says what is wrong with a lie.
pub fn fits(lie: Lie, alarm: &Alarm) -> bool {
    let history = matches!(alarm, Alarm::Forked | Alarm::Withheld { .. } | Alarm::RuleBroken);
    match lie {
        // A drop or an era that is left out leaves a hole of its own.
        Lie::Omit | Lie::Swap | Lie::Gap => history || *alarm == Alarm::PayloadWithheld,
        Lie::Tamper => *alarm == Alarm::Forged,
        // Whoever knew what follows, meets it a second time.
        Lie::Double | Lie::AddReader | Lie::Forge | Lie::Undead => history || *alarm == Alarm::Forged,
        Lie::Payload => *alarm == Alarm::PayloadWithheld,
        // A server that shows less than before is first taken for one that was set back.
        // What was taken back lacks its payload, and the drop may be among what is withheld.
        Lie::Newest => {
            matches!(alarm, Alarm::Withheld { .. } | Alarm::SetBack | Alarm::PayloadWithheld)
        }
        Lie::Fork => history || matches!(alarm, Alarm::SetBack | Alarm::OldVault | Alarm::OldCard),
        Lie::AckOnly => history || *alarm == Alarm::SetBack,
        Lie::OldVault => *alarm == Alarm::OldVault,
        Lie::OldCard | Lie::OtherInviter => *alarm == Alarm::OldCard,
    }
}

/// True when this alarm, or one like it, is what the lie of this run has to cause.
pub fn explains(world: &World, raised: &Raised) -> bool {
    let Some(lying) = &world.lying else { return false };
    let Some(victim) = lying.liar.victim.filter(|_| lying.liar.told || lying.fork.is_some()) else {
        return false;
    };
    // What the victim verified of a false history stands in the vault, for her other devices to stumble over.
    let hers = world.hosts[raised.host].person == world.hosts[victim].person;
    let where_it_was_told = raised.space.is_none_or(|space| space == lying.liar.space)
        || matches!(lying.liar.lie, Lie::Fork | Lie::AckOnly);
    hers && where_it_was_told && fits(lying.liar.lie, &raised.alarm)
}

/// True when what this person's devices know may be false.
pub fn misleads(world: &World, person: usize) -> bool {
    let victim = world.lying.as_ref().filter(|l| l.liar.told || l.fork.is_some()).and_then(|l| l.liar.victim);
    victim.is_some_and(|h| world.hosts[h].person == person)
}

/// True when a device stands still because what it knew, or her other device, contradicts the vault.
pub fn stopped(world: &World, h: HostId) -> bool {
    let whole = |r: &Raised| r.host == h && r.space.is_none();
    misleads(world, world.hosts[h].person) && world.model.alarms.iter().any(whole)
}

/// True when the victim was told that it is not the server's answer.
pub fn explains_failure(world: &World, host: HostId, failure: &Failure) -> bool {
    let Some(lying) = world.lying.as_ref().filter(|l| l.liar.told) else { return false };
    let signing_in = matches!(lying.liar.lie, Lie::OldCard | Lie::OtherInviter | Lie::OldVault);
    signing_in && lying.liar.victim == Some(host) && matches!(failure, Failure::Dishonest(_))
}

fn noticed(world: &World, lying: &Lying) -> bool {
    let Some(victim) = lying.liar.victim else { return false };
    let mine =
        |r: &&Raised| r.host == victim && !(lying.liar.lie == Lie::Newest && r.alarm == Alarm::SetBack);
    world.model.alarms.iter().filter(mine).any(|r| explains(world, r))
}

fn view(world: &World, h: HostId, space: SpaceId) -> Option<SpaceView> {
    world.hosts[h].signed_in()?.spaces().into_iter().find(|v| v.id == space)
}

/// The true head at a position.
fn head_at(world: &World, space: SpaceId, seq: Seq) -> Option<Head> {
    let log = world.server.records(space, Seq::ZERO, usize::MAX);
    let heads = log.iter().scan(head_zero(space), |head, stored| {
        *head = stored.record.head_after(*head);
        Some(*head)
    });
    usize::try_from(seq.0).ok().and_then(|n| std::iter::once(head_zero(space)).chain(heads).nth(n))
}

/// What is verified here does not lie on the true chain.
fn misled(world: &World, view: &SpaceView) -> bool {
    head_at(world, view.id, view.seq) != Some(view.head)
}

/// The first position at which what is shown contradicts itself, or what the victim or its vault knew.
fn betrayed_at(world: &World, lying: &Lying) -> Option<Seq> {
    let Liar { lie, space, at, .. } = &lying.liar;
    let shown = lying.liar.log(&world.server, Seq(u64::MAX));
    let end = shown.last().map(|s| s.seq).unwrap_or_default();
    let own = match lie {
        Lie::Gap | Lie::Tamper => Some(*at),
        Lie::Double | Lie::Forge | Lie::Undead | Lie::AddReader => Some(at.next()),
        _ => None,
    };
    let mut heads = vec![head_zero(*space)];
    let mut seen = None;
    let known = |heads: &[Head], seq: Seq| usize::try_from(seq.0).ok().and_then(|n| heads.get(n)).copied();
    for stored in &shown {
        let said = stored.record.header().seen;
        if known(&heads, said.seq) != Some(said.head) {
            seen = seen.or(Some(stored.seq));
        }
        heads.push(stored.record.head_after(*heads.last()?));
    }
    let remembered = lying.known.iter().filter_map(|known_head| match known(&heads, known_head.seq) {
        Some(head) => (head != known_head.head).then_some(known_head.seq),
        None => Some(end.next()),
    });
    own.filter(|own| *own <= end).into_iter().chain(seen).chain(remembered).min()
}

/// Looks at what somebody is shown before everything was verified: it must lie on the true chain at once, not only
/// when its turn comes.
pub fn ahead(world: &World, h: HostId, space: SpaceId) -> Result<(), Finding> {
    let Some(view) = view(world, h, space).filter(|v| v.partial) else { return Ok(()) };
    let forked = world.lying.as_ref().is_some_and(|l| l.liar.lie == Lie::Fork);
    match head_at(world, space, view.seq) {
        Some(head) if head != view.head && !forked => {
            Err(found(world, &format!("host {h} is shown up to {} what is not true", view.seq)))
        }
        _ => Ok(()),
    }
}

/// Looks at the victim while it is lied to, after all others have written once more and before it does itself.
pub fn shown(world: &World) -> Result<(), Finding> {
    let Some(lying) = world.lying.as_ref().filter(|l| l.active && l.liar.concerns_log()) else {
        return Ok(());
    };
    match lying.liar.victim {
        Some(victim) if lying.liar.lie != Lie::Payload => history(world, lying, victim),
        _ => Ok(()),
    }
}

/// Looks at the victim while it is lied to, after everybody has written once more.
pub fn meanwhile(world: &World) -> Result<(), Finding> {
    let Some(lying) = world.lying.as_ref().filter(|l| l.active) else { return Ok(()) };
    let Some(victim) = lying.liar.victim else { return Ok(()) };
    let (lie, told) = (lying.liar.lie, lying.liar.told);
    match lie {
        Lie::OldCard | Lie::OtherInviter => signing_in(world, victim, told),
        _ if world.hosts[victim].signed_in().is_none() => Ok(()),
        Lie::OldVault if told && (lying.fresh || lying.knew_vault) && !noticed(world, lying) => {
            Err(found(world, "an old vault was taken for the newest"))
        }
        Lie::OldVault | Lie::Fork => Ok(()),
        Lie::Payload => payload(world, lying, victim),
        Lie::AckOnly => believed(world, lying, victim),
        _ => {
            history(world, lying, victim)?;
            believed(world, lying, victim)
        }
    }
}

fn signing_in(world: &World, victim: HostId, told: bool) -> Result<(), Finding> {
    let failed = world.model.failures.iter().any(|(h, f)| explains_failure(world, *h, f));
    let inside = world.hosts[victim].signed_in().is_some();
    if told && (inside || !failed) {
        return Err(found(world, "signing in went on"));
    }
    Ok(())
}

fn payload(world: &World, lying: &Lying, victim: HostId) -> Result<(), Finding> {
    let Liar { space, at, told, .. } = &lying.liar;
    let stored = world.server.records(*space, Seq(at.0.saturating_sub(1)), 1);
    let there = stored.first().is_some_and(|s| s.seq == *at && s.record.payload().is_some());
    let verified = view(world, victim, *space).is_some_and(|v| v.seq >= *at && v.alarm.is_none());
    // What the victim wrote itself, or had before, is not lost to it.
    let had = world.hosts[victim].has_payload(*space, *at);
    if *told && there && verified && !had && !noticed(world, lying) {
        return Err(found(world, "a payload is missing and nobody says so"));
    }
    Ok(())
}

fn history(world: &World, lying: &Lying, victim: HostId) -> Result<(), Finding> {
    let Some(betrayed) = betrayed_at(world, lying).filter(|_| lying.liar.told) else { return Ok(()) };
    let Some(view) = view(world, victim, lying.liar.space).filter(|v| v.member) else { return Ok(()) };
    // What was verified before, or is one's own, is neither replaced nor missing.
    let held = view.seq >= lying.liar.at && world.hosts[victim].has_payload(lying.liar.space, lying.liar.at);
    if matches!(lying.liar.lie, Lie::Tamper | Lie::Gap) && held && !misled(world, &view) {
        return Ok(());
    }
    if view.seq >= betrayed && misled(world, &view) {
        return Err(found(
            world,
            &format!("host {victim} went on to {}, though {betrayed} contradicts", view.seq),
        ));
    }
    if !noticed(world, lying) {
        return Err(found(world, &format!("host {victim} at {} says nothing of {betrayed}", view.seq)));
    }
    Ok(())
}

/// By now, what is false has met the truth.
fn believed(world: &World, lying: &Lying, victim: HostId) -> Result<(), Finding> {
    let Some(view) = view(world, victim, lying.liar.space).filter(|v| v.member) else { return Ok(()) };
    if misled(world, &view) && !noticed(world, lying) {
        return Err(found(world, &format!("host {victim} believes a false history up to {}", view.seq)));
    }
    Ok(())
}

/// Looks at everybody when the lie is over.
pub fn afterwards(world: &World) -> Result<(), Finding> {
    let Some(lying) = world.lying.as_ref() else { return Ok(()) };
    let Some(victim) = lying.liar.victim else { return Ok(()) };
    let views = world.hosts[victim].signed_in().map(sotto_client_core::Client::spaces).unwrap_or_default();
    for view in views.iter().filter(|v| v.member) {
        let said = |r: &Raised| r.host == victim && r.space == Some(view.id) && explains(world, r);
        if misled(world, view) && !world.model.alarms.iter().any(said) {
            return Err(found(
                world,
                &format!("host {victim} still believes a false history of {}", view.id.short()),
            ));
        }
        let state = world.server.space(view.id);
        let members = state.as_ref().and_then(|s| s.era()).map(|e| e.members.len());
        if view.alarm.is_none() && members.is_some_and(|n| n != view.members.len()) {
            return Err(found(world, &format!("host {victim} shows readers that there are not")));
        }
    }
    Ok(())
}
