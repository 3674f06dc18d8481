//! `reading`: every member account reads every acknowledged record, once, in the one order, from any device (P4, P5).
//!
//! Folds the server's log with the drafts that were written, by a fold of its own, and holds every client's messages
//! against the outcome.

use super::super::host::Fate;
use super::super::model::Model;
use super::super::net::HostId;
use super::super::world::World;
use super::Finding;
use sotto_client_core::io::{Draft, MessageId};
use sotto_client_core::view::{BodyView, MessageView};
use sotto_protocol::frame::Stored;
use sotto_protocol::ids::{AccountId, Millis, Seq, SpaceId};
use sotto_protocol::record::{Drop, EraBody, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// Who could read from which position on; one entry for each era.
pub type Readers = Vec<(Seq, BTreeSet<AccountId>)>;

/// What a message must look like.
#[derive(Clone, Debug)]
struct Wanted {
    seq: Seq,
    body: Option<BodyView>,
    certain: bool,
    /// Another's, shown from then on.
    later: Option<Millis>,
}

/// The readers of each era of a log.
pub fn readers(records: &[Stored]) -> Readers {
    let eras = records.iter().filter(|s| s.record.header().kind == Kind::Era);
    eras.filter_map(|s| {
        let body = EraBody::parse(s.record.payload()?.as_slice()).ok()?;
        Some((s.seq, body.members.iter().map(|m| m.account).collect()))
    })
    .collect()
}

/// True when an account could read what stands at a position.
pub fn could_read(readers: &Readers, account: AccountId, seq: Seq) -> bool {
    readers.iter().rev().find(|(from, _)| *from <= seq).is_some_and(|(_, set)| set.contains(&account))
}

/// Looks at every client.
pub fn all(world: &World) -> Result<(), Finding> {
    for h in 0..world.hosts.len() {
        folded(world, h)?;
    }
    for space in world.server.spaces() {
        let records = world.server.records(space, Seq::ZERO, usize::MAX);
        let readers = readers(&records);
        for h in world.users().into_iter().filter(|h| world.hosts[*h].synced) {
            one(world, h, space, &readers, &records)?;
        }
        delivered(world, space, &records)?;
    }
    told(world)?;
    shown(world)
}

/// What is shown is what folding everything anew shows.
pub fn folded(world: &World, h: HostId) -> Result<(), Finding> {
    let audited = world.hosts[h].client.as_ref().map_or(Ok(()), sotto_client_core::Client::audit_timelines);
    audited.map_err(|what| Finding::new("reading", format!("host {h} in {what}")))
}

/// Looks at a device that has just signed in.
pub fn fresh(world: &World, h: HostId) -> Result<(), Finding> {
    let (mut texts, mut later) = (0, 0);
    let mut spaces = 0;
    for space in world.server.spaces() {
        let records = world.server.records(space, Seq::ZERO, usize::MAX);
        let readers = readers(&records);
        one(world, h, space, &readers, &records)?;
        let messages = world.hosts[h].signed_in().map(|c| c.messages(space)).unwrap_or_default();
        texts += messages.iter().filter(|m| matches!(m.body, BodyView::Text(_))).count();
        // What appeared since was not there to be counted.
        later += messages.iter().filter(|m| m.show_at.is_some()).count();
        spaces += usize::from(!messages.is_empty());
    }
    match world.hosts[h].restored {
        Some((told, _))
            if usize::try_from(told).is_ok_and(|told| told <= texts && told + later >= texts)
                || world.model.set_back > 0 =>
        {
            Ok(())
        }
        told => {
            Err(Finding::new("reading", format!("host {h} told {told:?}, has {texts} in {spaces} spaces")))
        }
    }
}

/// What an account must see of the messages it could read.
fn fold(
    model: &Model,
    space: SpaceId,
    records: &[Stored],
    readers: &Readers,
    me: AccountId,
) -> BTreeMap<MessageId, Wanted> {
    let mut wanted: BTreeMap<MessageId, Wanted> = BTreeMap::new();
    // Where frames get lost within a connection, an edit may come to stand before its message.
    let mut early: BTreeMap<MessageId, &str> = BTreeMap::new();
    // Of two edits the one that was written later counts, whichever came first.
    let mut edited: BTreeMap<MessageId, u64> = BTreeMap::new();
    for stored in records.iter().filter(|s| could_read(readers, me, s.seq)) {
        let header = stored.record.header();
        let id = MessageId { author: header.author, record: header.id };
        let Some(queued) = model.queued.get(&(space, id)) else { continue };
        match &queued.draft {
            Draft::Message { text, show_at, .. } => {
                let text = early.get(&id).copied().unwrap_or(text);
                let body = Some(BodyView::Text(text.to_owned()));
                // Shown later to the others, or, taken back before, never.
                let later = show_at.filter(|_| id.author != me);
                wanted.insert(id, Wanted { seq: stored.seq, body, certain: true, later });
            }
            Draft::Edit { target, .. } if edited.get(target).is_some_and(|at| *at > queued.at) => {}
            Draft::Edit { target, text } => match wanted.get_mut(target) {
                Some(message) if matches!(message.body, Some(BodyView::Text(_))) => {
                    message.body = Some(BodyView::Text(text.clone()));
                    edited.insert(*target, queued.at);
                }
                Some(_) => {}
                None => drop(early.insert(*target, text)),
            },
            Draft::TakeBack(target) => {
                if let Some(message) = wanted.get_mut(target) {
                    message.body = Some(BodyView::TakenBack);
                }
            }
            Draft::Acknowledge(_) | Draft::Bring(_) | Draft::Hold(_) | Draft::Setting { .. } => {}
        }
    }
    let uncertain =
        model.uncertain.iter().filter(|(s, _)| *s == space).filter_map(|(_, d)| Model::target_of(d));
    for target in uncertain {
        if let Some(message) = wanted.get_mut(&target) {
            message.certain = false;
        }
    }
    // A payload may be gone while its take-back stands where this account could not read.
    for target in
        records.iter().filter_map(|s| Drop::parse(s.record.payload()?.as_slice()).ok().map(|d| (s, d)))
    {
        let (stored, drop) = target;
        let header = stored.record.header();
        let id = MessageId { author: header.author, record: drop.target };
        let known = wanted.get(&id).is_none_or(|w| w.body == Some(BodyView::TakenBack));
        if header.kind == Kind::Drop && !known {
            wanted.remove(&id);
        }
    }
    wanted
}

fn one(
    world: &World,
    h: HostId,
    space: SpaceId,
    readers: &Readers,
    records: &[Stored],
) -> Result<(), Finding> {
    let Some(client) = world.hosts[h].signed_in() else { return Ok(()) };
    let Some(me) = client.account().map(|a| a.account) else { return Ok(()) };
    let stopped = client.spaces().iter().any(|v| v.id == space && v.alarm.is_some());
    if stopped || world.parted(space) {
        return Ok(());
    }
    let now = readers.last().is_some_and(|(_, set)| set.contains(&me));
    if !now {
        return Ok(());
    }
    let wanted = fold(&world.model, space, records, readers, me);
    let messages = client.messages(space);
    let bad = |what: String| Err(Finding::new("reading", format!("host {h} in {}: {what}", space.short())));
    let stored: Vec<&MessageView> = messages.iter().filter(|m| m.seq.is_some()).collect();
    let early = |m: &&MessageView| m.show_at.is_some_and(|at| !m.mine && at > world.now());
    if let Some(message) = stored.iter().copied().find(early) {
        return bad(format!("{:?} is shown before its time", message.id));
    }
    let in_order: Vec<_> = stored.iter().filter(|m| m.mine || m.show_at.is_none()).collect();
    if in_order.windows(2).any(|w| w[0].seq >= w[1].seq) {
        return bad("its messages are out of order".to_owned());
    }
    let by_id: BTreeMap<MessageId, &MessageView> = stored.iter().map(|m| (m.id, *m)).collect();
    if by_id.len() != stored.len() {
        return bad("a message is shown twice".to_owned());
    }
    for (id, message) in &wanted {
        let Some(shown) = by_id.get(id) else {
            let taken_back = message.body == Some(BodyView::TakenBack) || !message.certain;
            if message.later.is_some_and(|at| taken_back || at > world.now()) {
                continue;
            }
            return bad(format!("{id:?} is missing"));
        };
        if shown.seq != Some(message.seq) {
            return bad(format!("{id:?} stands at {:?}, not at {}", shown.seq, message.seq));
        }
        if message.certain && message.body.as_ref().is_some_and(|body| *body != shown.body) {
            return bad(format!("{id:?} says {:?}, not {:?}", shown.body, message.body));
        }
    }
    for shown in stored.iter().filter(|m| m.seq.is_some_and(|seq| could_read(readers, me, seq))) {
        if !matches!(shown.body, BodyView::Text(_) | BodyView::TakenBack) {
            return bad(format!("{:?} is {:?}", shown.id, shown.body));
        }
    }
    Ok(())
}

/// What was queued and not refused stands in the log, unless its device or membership ended before.
fn delivered(world: &World, space: SpaceId, records: &[Stored]) -> Result<(), Finding> {
    let there: BTreeSet<MessageId> = records
        .iter()
        .map(|s| MessageId { author: s.record.header().author, record: s.record.header().id })
        .collect();
    let state = world.server.space(space);
    for ((_, id), queued) in world.model.queued.iter().filter(|((s, _), _)| *s == space) {
        let stopped = world.hosts[queued.host]
            .signed_in()
            .is_some_and(|c| c.spaces().iter().any(|v| v.id == space && v.alarm.is_some()));
        let gone = stopped
            || world.parted(space)
            || world.hosts[queued.host].fate != Fate::Used
            || state.as_ref().is_none_or(|s| !s.is_member(id.author))
            || world.model.refused.contains_key(&(space, *id))
            || world.model.vanished.contains(&(space, *id))
            || world.model.target_vanished(space, *id, &queued.draft);
        if !gone && !there.contains(id) {
            let what = format!("{:?} of host {} was queued and is nowhere", queued.draft, queued.host);
            return Err(Finding::new("outbox", what));
        }
    }
    Ok(())
}

/// No client shows what nobody wrote, or not there, or not by her.
fn shown(world: &World) -> Result<(), Finding> {
    for (h, host) in world.hosts.iter().enumerate() {
        let Some(client) = &host.client else { continue };
        for space in client.spaces() {
            for message in client.messages(space.id) {
                let BodyView::Text(text) = &message.body else { continue };
                let fits = world
                    .model
                    .texts
                    .get(text)
                    .is_some_and(|t| t.space == space.id && t.author == message.id.author);
                if !fits {
                    return Err(Finding::new(
                        "forged",
                        format!("host {h} shows {text:?} by {:?}", message.id),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A screen that looks again only where an event says so shows what is so: whether everything is here.
fn told(world: &World) -> Result<(), Finding> {
    for h in world.users() {
        let Some(client) = &world.hosts[h].client else { continue };
        for space in client.spaces() {
            if world.hosts[h].complete.get(&space.id) != Some(&space.complete) {
                let (id, complete) = (space.id.short(), space.complete);
                let what = format!("nobody told host {h} that {id} is complete: {complete}");
                return Err(Finding::new("told", what));
            }
        }
    }
    Ok(())
}
