//! What a record consists of: which conversations, up to where, and what stands in each, in order.
//!
//! Owns the choice of what is in the file, made once at its beginning. Refuses to know how it is written. Invariants: what
//! comes later is not in it; what of it changes later is noticed ([`Part::holds`]); it holds places, no texts.
//!
//! A further kind of content (a document, a note) is a further [`What`], with its words in `html` and its shape in `json`.

use super::Wanted;
use crate::client::Client;
use crate::content::Content;
use crate::rows::Entry;
use crate::space::Space;
use sotto_protocol::ids::{AccountId, DeviceId, Head, Millis, Seq, SpaceId};
use sotto_protocol::ordered;
use sotto_protocol::record::{Cause, EraBody, Kind, Seen};
use sotto_protocol::roster::Role;
use std::collections::{BTreeMap, BTreeSet};

/// The whole.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) wanted: Wanted,
    pub(super) made_at: Millis,
    pub(super) me: AccountId,
    pub(super) device: DeviceId,
    pub(super) role: Role,
    pub(super) practice: String,
    pub(super) parts: Vec<Part>,
    /// Conversations of the account of which nothing is here yet.
    pub(super) absent: u64,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) space: SpaceId,
    /// Nobody else reads it.
    pub(super) own: bool,
    pub(super) founding: Head,
    /// The position before the first entry that is in the file.
    pub(super) before: Seen,
    pub(super) last: Seen,
    /// When the last entry that is here was stored.
    pub(super) last_at: Millis,
    /// As far as the server has said that it goes.
    pub(super) told: Seq,
    /// The server has said just now that there is no more.
    pub(super) complete: bool,
    pub(super) doubt: bool,
    /// Written on this device and not sent yet.
    pub(super) waiting: usize,
    pub(super) members: Vec<(AccountId, Role)>,
    pub(super) places: Vec<Place>,
    /// Eras up to the last entry; what they changed is read from the store.
    pub(super) eras: Vec<Seq>,
    pub(super) changes: BTreeMap<Seq, Change>,
    /// Whoever was a reader once, and her role then.
    pub(super) roles: BTreeMap<AccountId, Role>,
    readers: BTreeSet<AccountId>,
    rewritten: u64,
}

/// Where something stands, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// After this entry; what is shown later than it was stored stands there where it appeared.
    after: Seq,
    /// From when it was shown, if that was later than it was stored.
    shown: Millis,
    pub(super) seq: Seq,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Members,
    Name,
    Setting,
    Message,
}

/// What an era changed about who can read.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) cause: Cause,
    pub(super) added: Vec<AccountId>,
    pub(super) removed: Vec<AccountId>,
}

impl Place {
    /// When it was there to be read.
    pub(super) fn at(&self, entry: &Entry) -> Millis {
        entry.at.max(self.shown)
    }
}

impl Outline {
    /// What `wanted` asks for, as it is now; `None` when one of the conversations is not here.
    pub(super) fn of(client: &Client, wanted: Wanted) -> Option<Self> {
        let account = client.account.as_ref()?;
        let named = |id: &SpaceId| wanted.spaces.as_ref().is_none_or(|spaces| spaces.contains(id));
        let chosen: Vec<&Space> = client
            .spaces
            .values()
            .filter(|space| space.log.seq() > Seq::ZERO && named(&space.id()))
            .collect();
        if wanted.spaces.as_ref().is_some_and(|spaces| spaces.len() != chosen.len()) {
            return None;
        }
        // In the order in which they began, one's own last.
        let mut parts = BTreeMap::new();
        for space in chosen {
            let part = Part::of(space, client, &wanted, account.id)?;
            let began = space.entries.first().map(|entry| entry.at);
            parts.insert((part.own, began, part.space), part);
        }
        let here = |id: &SpaceId| client.spaces.get(id).is_some_and(|space| space.log.seq() > Seq::ZERO);
        let pinned = client.keeping.as_ref().map(|keeping| keeping.vault.spaces.keys()).into_iter().flatten();
        let known = ordered::set(pinned.chain(client.spaces.keys()).copied());
        let absent = known.iter().filter(|id| wanted.spaces.is_none() && !here(id)).count();
        Some(Self {
            made_at: client.now,
            me: account.id,
            device: account.device,
            role: account.role,
            practice: account.practice.as_str().to_owned(),
            parts: parts.into_values().collect(),
            absent: u64::try_from(absent).unwrap_or(u64::MAX),
            wanted,
        })
    }

    /// Whose record it is.
    pub(super) fn subjects(&self) -> Vec<AccountId> {
        let clients = |part: &Part| -> Vec<AccountId> {
            part.roles
                .iter()
                .filter(|(_, role)| **role == Role::Client)
                .map(|(account, _)| *account)
                .collect()
        };
        let of_others = ordered::set(self.parts.iter().flat_map(clients));
        if self.is_of_clients() && !of_others.is_empty() {
            of_others.into_iter().collect()
        } else {
            vec![self.me]
        }
    }

    /// Made by staff about chosen conversations, as for a records request.
    pub(super) fn is_of_clients(&self) -> bool {
        self.role != Role::Client && self.wanted.spaces.is_some()
    }

    /// Everybody who occurs in it.
    pub(super) fn people(&self, client: &Client) -> BTreeSet<AccountId> {
        let mut people = BTreeSet::from([self.me]);
        for part in &self.parts {
            people.extend(part.roles.keys());
            let space = client.spaces.get(&part.space);
            let entries = space.into_iter().flat_map(|space| part.entries(space));
            people.extend(entries.map(|(_, entry)| entry.id.author));
        }
        people
    }
}

impl Part {
    fn of(space: &Space, client: &Client, wanted: &Wanted, me: AccountId) -> Option<Self> {
        let pinned = client.keeping.as_ref().and_then(|k| k.vault.spaces.get(&space.id()));
        let told = space.told().max(pinned.map(|pin| pin.head.seq).unwrap_or_default()).max(space.log.seq());
        let stored = |count: usize| Seq(u64::try_from(count).unwrap_or(u64::MAX));
        let early = |entry: &Entry| wanted.from.is_some_and(|from| entry.at < from);
        let in_time = |entry: &Entry| wanted.until.is_none_or(|until| entry.at < until);
        let before = stored(space.entries.iter().take_while(|entry| early(entry)).count());
        let last = stored(space.entries.iter().take_while(|entry| in_time(entry)).count()).max(before);
        let readers = space.readers();
        let own =
            readers.iter().all(|reader| *reader == me) && !space.entries.iter().any(|e| e.id.author != me);
        let members = space.log.era().map(|era| era.members.iter().map(|m| (m.account, m.role)).collect());
        let mut part = Self {
            space: space.id(),
            own,
            founding: space.log.founding()?,
            before: Seen { seq: before, head: space.head_at(before)? },
            last: Seen { seq: last, head: space.head_at(last)? },
            last_at: space.entries.last()?.at,
            told,
            complete: space.caught_up() && told == space.log.seq(),
            doubt: space.live.alarm.is_some(),
            waiting: space.outbox.len(),
            members: members.unwrap_or_default(),
            places: Vec::new(),
            eras: Vec::new(),
            changes: BTreeMap::new(),
            roles: BTreeMap::new(),
            readers: BTreeSet::new(),
            rewritten: space.timeline.rewritten(),
        };
        part.choose(space);
        Some(part)
    }

    fn choose(&mut self, space: &Space) {
        let inside = |seq: Seq| seq > self.before.seq && seq <= self.last.seq;
        let plain = |seq, what| Place { after: seq, shown: Millis::ZERO, seq, what };
        let mut places = BTreeSet::new();
        for (after, shown, seq) in space.timeline.stands().filter(|(_, _, seq)| inside(*seq)) {
            places.insert(Place { after, shown, seq, what: What::Message });
        }
        // Of what is published to nobody but oneself, what holds now.
        let newest = if self.own {
            ordered::set(space.timeline.newest_settings(self.last.seq))
        } else {
            BTreeSet::new()
        };
        for (seq, entry) in
            space.entries.iter().enumerate().map(|(index, entry)| (space.seq_at(index), entry))
        {
            if seq > self.last.seq {
                break;
            }
            if entry.kind == Kind::Era {
                self.eras.push(seq);
            }
            let what = match entry.kind {
                Kind::Era => What::Members,
                Kind::Content => match space.frame_at(seq).map(|frame| frame.content) {
                    Some(Content::Profile(_)) => What::Name,
                    Some(Content::Setting(_)) if !self.own || newest.contains(&seq) => What::Setting,
                    _ => continue,
                },
                _ => continue,
            };
            if inside(seq) {
                places.insert(plain(seq, what));
            }
        }
        self.places = places.into_iter().collect();
    }

    /// The entries that are in the file.
    pub(super) fn entries<'a>(&self, space: &'a Space) -> impl Iterator<Item = (Seq, &'a Entry)> {
        let (before, last) = (self.before.seq, self.last.seq);
        let all = space.entries.iter().enumerate().map(|(index, entry)| (space.seq_at(index), entry));
        all.filter(move |(seq, _)| *seq > before && *seq <= last)
    }

    /// Nothing of it has changed since the beginning.
    pub(super) fn holds(&self, space: &Space) -> bool {
        space.timeline.rewritten() == self.rewritten && space.head_at(self.last.seq) == Some(self.last.head)
    }

    /// An era, as it is on the log; taken in one after the other.
    pub(super) fn take_era(&mut self, seq: Seq, body: &EraBody) {
        let readers = ordered::set(body.members.iter().map(|m| m.account));
        let added: Vec<AccountId> = readers.difference(&self.readers).copied().collect();
        let removed: Vec<AccountId> = self.readers.difference(&readers).copied().collect();
        self.roles.extend(body.members.iter().map(|m| (m.account, m.role)));
        self.readers = readers;
        if !added.is_empty() || !removed.is_empty() {
            self.changes.insert(seq, Change { cause: body.cause.clone(), added, removed });
        }
    }

    /// Messages that have a text, and messages that were taken back.
    pub(super) fn messages(&self, space: &Space) -> (u64, u64) {
        let (mut messages, mut gone) = (0, 0);
        for place in self.places.iter().filter(|place| place.what == What::Message) {
            if space.is_taken_back(place.seq, self.last.seq) { gone += 1 } else { messages += 1 }
        }
        (messages, gone)
    }

    pub(super) fn settings(&self) -> u64 {
        let settings = self.places.iter().filter(|place| place.what == What::Setting);
        u64::try_from(settings.count()).unwrap_or(u64::MAX)
    }
}
