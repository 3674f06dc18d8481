//! One space as this client knows it.
//!
//! Owns the verified log with its opened entries, the era keys, the outbox, and the judgement of a served record by
//! the shared rules. Refuses to know connections and requests (what is under way stands in [`Live`], and is
//! forgotten with the connection). Invariant: entries are dense from 1, and the head of the last is the log's head.

use crate::cards::Cards;
use crate::crypto::keys::{EraKey, RecordKey};
use crate::crypto::seal::{self, ContentPlace};
use crate::io::{Alarm, DRAFT_BYTES_MAX, Draft, MessageId};
use crate::newest::Newest;
use crate::rows::{EditRow, Entry, EntryBody, OutboxBody, OutboxRow, ROW_VERSION, SpaceRow};
use crate::timeline::{At, Timeline};
use minicbor::{Decode, Encode};
use sotto_protocol::codec::{Bytes, Text};
use sotto_protocol::frame::{Req, SpaceHead, Stored};
use sotto_protocol::ids::{AccountId, EraId, Head, Millis, RecordId, Seq, SpaceId};
use sotto_protocol::log::{Admission, Authentic, Facts, LogState, Refusal, Target};
use sotto_protocol::ordered;
use sotto_protocol::record::{Approval, Cause, Drop, Join, Kind, Seen};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::Signed;
use sotto_protocol::{hash, limits};
use std::collections::{BTreeMap, BTreeSet};

/// A space.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) log: LogState,
    /// Where the entries begin. Not at the start only where the newest are shown before all the others are here.
    pub(crate) base: Seen,
    pub(crate) entries: Vec<Entry>,
    pub(crate) by_id: BTreeMap<MessageId, usize>,
    pub(crate) keys: BTreeMap<EraId, EraKey>,
    pub(crate) bad_eras: BTreeSet<EraId>,
    pub(crate) missing: BTreeSet<MessageId>,
    pub(crate) join: Option<Join>,
    pub(crate) era_at: Millis,
    pub(crate) left: bool,
    pub(crate) outbox: BTreeMap<u64, OutboxRow>,
    pub(crate) outbox_next: u64,
    /// What is typed and not sent.
    pub(crate) draft: Text<DRAFT_BYTES_MAX>,
    pub(crate) edit: Option<EditRow>,
    /// What all of it says.
    pub(crate) timeline: Timeline,
    /// Whether it was last told to be complete; see [`Space::tell_complete`].
    pub(crate) told_complete: bool,
    /// The newest records, to be looked at until all before them have been verified; see [`crate::newest`].
    pub(crate) newest: Option<Box<Space>>,
    pub(crate) live: Live,
}

/// What is under way on the current connection.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one connection")]
pub(crate) struct Live {
    /// Where the server says the space stands.
    pub(crate) server: Option<SpaceHead>,
    pub(crate) subscribed: bool,
    /// Its founding era was sent and has not come back.
    pub(crate) founding: bool,
    /// Reads under way: after which position, and how many records were asked for.
    pub(crate) reads: BTreeMap<Seq, u64>,
    /// So many records fit into a page here, as far as pages have come; zero when none has.
    pub(crate) page_records: u64,
    /// Records that arrived and wait for an earlier one or for a card.
    pub(crate) ahead: BTreeMap<Seq, Stored>,
    /// The newest records, as served.
    pub(crate) newest: Option<Newest>,
    /// The pinned position for which the server was asked where the space stands.
    pub(crate) pin_asked: Seq,
    /// And has answered.
    pub(crate) pin_answered: Seq,
    /// Pages in a row that brought nothing nearer.
    pub(crate) fruitless: u32,
    /// More arrived than could be kept; the rest is read.
    pub(crate) overflown: bool,
    /// The cards asked for so that the next record can be judged.
    pub(crate) cards_asked: BTreeSet<(AccountId, u64)>,
    /// Outbox numbers sent and not yet answered.
    pub(crate) in_flight: BTreeMap<u64, Req>,
    /// Outbox numbers acknowledged, whose record has not come yet.
    pub(crate) acked: BTreeSet<u64>,
    pub(crate) alarm: Option<Alarm>,
    /// What stands in the way of sending until a new era has begun.
    pub(crate) era_required: bool,
    pub(crate) era_work: Option<EraWork>,
    pub(crate) hand_back: Option<HandBack>,
    pub(crate) hand_back_attempts: u32,
    /// Records refused in a row because the server says that its history is another.
    pub(crate) seen_refused: u32,
    pub(crate) retry_at: Option<Millis>,
    /// An era with this cause is not tried before then.
    pub(crate) era_retry: Option<(Millis, Cause)>,
    pub(crate) consent_asked: bool,
    /// Records that the server refused as damaged.
    pub(crate) damaged: u32,
}

/// A new era being made.
#[derive(Debug)]
pub(crate) struct EraWork {
    /// Members whose newest card has been asked for and not come yet.
    pub(crate) cards: BTreeSet<AccountId>,
    /// The append under way.
    pub(crate) sent: Option<Req>,
    /// Why.
    pub(crate) cause: Cause,
}

/// A wished change of members, until an era has made it true.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) enum Change {
    /// Remove a reader.
    #[n(0)]
    Remove {
        #[n(0)]
        account: AccountId,
    },
    /// Add one, with the approval.
    #[n(1)]
    Add {
        #[n(0)]
        account: AccountId,
        #[n(1)]
        role: Role,
        #[n(2)]
        approval: Signed<Approval>,
    },
}

impl Change {
    pub(crate) fn account(&self) -> AccountId {
        match self {
            Self::Remove { account } | Self::Add { account, .. } => *account,
        }
    }
}

/// Records being handed back to a server that lost them.
#[derive(Debug)]
pub(crate) struct HandBack {
    /// Cards put and not yet answered.
    pub(crate) cards: BTreeSet<Req>,
    /// Handed back so far.
    pub(crate) records: u64,
}

impl Space {
    pub(crate) fn new(id: SpaceId) -> Self {
        Self::from_row(SpaceRow {
            version: ROW_VERSION,
            log: LogState::new(id),
            bad_eras: BTreeSet::new(),
            missing: BTreeSet::new(),
            join: None,
            era_at: Millis::ZERO,
            left: false,
        })
    }

    pub(crate) fn from_row(row: SpaceRow) -> Self {
        Self {
            base: Seen { seq: Seq::ZERO, head: hash::head_zero(row.log.space()) },
            log: row.log,
            entries: Vec::new(),
            by_id: BTreeMap::new(),
            keys: BTreeMap::new(),
            bad_eras: row.bad_eras,
            missing: row.missing,
            join: row.join,
            era_at: row.era_at,
            left: row.left,
            outbox: BTreeMap::new(),
            outbox_next: 0,
            draft: Text::default(),
            edit: None,
            timeline: Timeline::default(),
            told_complete: false,
            newest: None,
            live: Live::default(),
        }
    }

    pub(crate) fn row(&self) -> SpaceRow {
        SpaceRow {
            version: ROW_VERSION,
            log: self.log.clone(),
            bad_eras: self.bad_eras.clone(),
            missing: self.missing.clone(),
            join: self.join.clone(),
            era_at: self.era_at,
            left: self.left,
        }
    }

    pub(crate) fn id(&self) -> SpaceId {
        self.log.space()
    }

    /// The last verified position.
    pub(crate) fn seen(&self) -> Seen {
        Seen { seq: self.log.seq(), head: self.log.head() }
    }

    /// The head after a position, if that was verified here.
    pub(crate) fn head_at(&self, seq: Seq) -> Option<Head> {
        if seq == self.base.seq { Some(self.base.head) } else { self.entry_at(seq).map(|e| e.head) }
    }

    /// The record at a position.
    pub(crate) fn entry_at(&self, seq: Seq) -> Option<&Entry> {
        let number = usize::try_from(seq.0.checked_sub(self.base.seq.0)?).ok()?;
        self.entries.get(number.checked_sub(1)?)
    }

    /// The position of the entry with this index.
    pub(crate) fn seq_at(&self, index: usize) -> Seq {
        let number = u64::try_from(index).unwrap_or(u64::MAX);
        Seq(self.base.seq.0.saturating_add(number).saturating_add(1))
    }

    pub(crate) fn seq_of(&self, id: &MessageId) -> Option<Seq> {
        self.by_id.get(id).map(|index| self.seq_at(*index))
    }

    pub(crate) fn entry(&self, id: &MessageId) -> Option<&Entry> {
        self.by_id.get(id).and_then(|index| self.entries.get(*index))
    }

    pub(crate) fn push_entry(&mut self, entry: Entry) {
        self.by_id.insert(entry.id, self.entries.len());
        self.touch_entry(self.entries.len());
        self.entries.push(entry);
    }

    /// The record at this index changed, or is new.
    fn touch_entry(&mut self, index: usize) {
        let seq = self.seq_at(index);
        self.timeline.touch(At::Log(seq));
    }

    /// Gives a record another body.
    pub(crate) fn set_body(&mut self, id: &MessageId, body: EntryBody) -> Option<(Seq, Entry)> {
        let index = *self.by_id.get(id)?;
        let entry = self.entries.get_mut(index)?;
        entry.body = body;
        let entry = entry.clone();
        self.touch_entry(index);
        Some((self.seq_of(id)?, entry))
    }

    /// Everything was read from the store.
    pub(crate) fn loaded(&mut self) {
        self.by_id = ordered::map(self.entries.iter().enumerate().map(|(index, e)| (e.id, index)));
        (0..self.entries.len()).for_each(|index| self.touch_entry(index));
        self.outbox.keys().for_each(|number| self.timeline.touch(At::Out(*number)));
    }

    /// Readers now.
    pub(crate) fn readers(&self) -> BTreeSet<AccountId> {
        ordered::set(self.log.era().iter().flat_map(|era| &era.members).map(|m| m.account))
    }

    pub(crate) fn is_member(&self, account: AccountId) -> bool {
        !self.left && self.log.is_member(account)
    }

    /// Judges a record at the next position.
    pub(crate) fn judge(&self, stored: &Stored, cards: &Cards) -> Result<Admission, Refusal> {
        let header = stored.record.header();
        let unknown = Refusal::CardUnknown { account: header.author, version: header.card_version };
        let card = cards.newest(header.author).ok_or(unknown)?;
        let authentic = Authentic::check(&stored.record, card)?;
        let target = match (header.kind, stored.record.payload()) {
            (Kind::Drop, Some(payload)) => Drop::parse(payload.as_slice()).ok().and_then(|drop| {
                let id = MessageId { author: header.author, record: drop.target };
                let known = self.entry(&id).map(|e| Target { kind: e.kind, payload_hash: e.payload_hash });
                known.or_else(|| {
                    self.before_base(Target { kind: Kind::Content, payload_hash: drop.payload_hash })
                })
            }),
            _ => None,
        };
        let before = (header.seen.seq < self.base.seq).then_some(header.seen.head);
        let facts = Facts {
            seen_head: before.or_else(|| self.head_at(header.seen.seq)),
            repeated: self.entry(&MessageId { author: header.author, record: header.id }).is_some(),
            target,
            card: &|account, version| cards.pin(account, version),
        };
        self.log.admit(&authentic, &facts)
    }

    /// What is before the base can't be looked at here: it is judged when its turn comes.
    fn before_base<T>(&self, claimed: T) -> Option<T> {
        (self.base.seq > Seq::ZERO).then_some(claimed)
    }

    /// True when this record is the one verified here at its position.
    pub(crate) fn confirms(&self, stored: &Stored) -> bool {
        let before = stored.seq.0.checked_sub(1).and_then(|n| self.head_at(Seq(n)));
        before.is_some_and(|head| self.head_at(stored.seq) == Some(stored.record.head_after(head)))
    }

    pub(crate) fn record_key(&self, era: EraId) -> Option<RecordKey> {
        self.keys.get(&era).map(|key| key.derive_record(self.id(), era))
    }

    /// Opens a content record that was admitted.
    pub(crate) fn open(&self, stored: &Stored) -> EntryBody {
        let header = stored.record.header();
        let Some(payload) = stored.record.payload() else { return EntryBody::Dropped };
        let Some(key) = self.record_key(header.era) else { return EntryBody::Closed };
        let place =
            ContentPlace { space: header.space, era: header.era, author: header.author, record: header.id };
        let opened = seal::open_content(&key, &place, payload.as_slice());
        match opened.map(|plain| Bytes::new(plain.to_vec())) {
            Ok(Ok(frame)) => EntryBody::Opened { frame },
            Ok(Err(_)) | Err(_) => EntryBody::Bad,
        }
    }

    pub(crate) fn queue(&mut self, row: OutboxRow) -> u64 {
        let number = self.outbox_next;
        self.outbox_next = self.outbox_next.saturating_add(1);
        self.outbox.insert(number, row);
        self.timeline.touch(At::Out(number));
        number
    }

    pub(crate) fn unqueue(&mut self, number: u64) {
        self.outbox.remove(&number);
        self.timeline.touch(At::Out(number));
    }

    /// What was written with this id before. A take-back of what was never sent leaves nothing behind but the lack of it.
    pub(crate) fn written(&self, me: AccountId, id: RecordId, draft: &Draft) -> Option<MessageId> {
        let message = MessageId { author: me, record: id };
        let there = |m: &MessageId| self.by_id.contains_key(m) || self.waiting(m.record).is_some();
        let gone = matches!(draft, Draft::TakeBack(target) if target.author == me && !there(target));
        (there(&message) || gone).then_some(message)
    }

    pub(crate) fn waiting(&self, id: RecordId) -> Option<(u64, &OutboxRow)> {
        self.outbox.iter().find(|(_, row)| row.id == id).map(|(n, row)| (*n, row))
    }

    /// True when an item may go out to the readers of now without asking.
    pub(crate) fn readers_accepted(&self, row: &OutboxRow) -> bool {
        matches!(row.body, OutboxBody::Drop { .. }) || self.readers().is_subset(&row.readers)
    }

    /// Everything the server has shown is verified.
    pub(crate) fn caught_up(&self) -> bool {
        self.live.server.is_some_and(|server| server.seq <= self.log.seq()) && self.live.ahead.is_empty()
    }

    /// True when whether everything is here has changed since this was last asked: without a new record, as when the
    /// server has just said that there is none.
    pub(crate) fn tell_complete(&mut self) -> bool {
        let complete = self.caught_up();
        core::mem::replace(&mut self.told_complete, complete) != complete
    }

    /// An era is too old by the server's clock, as far as that is known here.
    pub(crate) fn era_is_old(&self, now: Millis) -> bool {
        self.log.seq() > Seq::ZERO && now.since(self.era_at) > limits::ERA_AGE_MS_MAX
    }
}
