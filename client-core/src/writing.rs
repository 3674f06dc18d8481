//! Records going out.
//!
//! Owns the outbox: queueing, sealing for the era of the moment, sending in order, and what the server's answer does.
//! Refuses to know how records come in; one's own is taken in like any other. Invariant: what was queued leaves the
//! outbox only when its record stands in the verified log, or when its author took it back before it was ever sent;
//! it is never sealed for a reader its author did not see.

use crate::client::Client;
use crate::content::{Content, ContentFrame, Edit, Message, Resend, Setting, SettingName, TakeBack};
use crate::crypto::seal::{self, ContentPlace};
use crate::defects::Defect;
use crate::io::{Alarm, Draft, Event, MessageId, Rejected};
use crate::rows::{self, EntryBody, OutboxBody, OutboxRow};
use crate::session::Pending;
use crate::space::Space;
use crate::timeline::At;
use sotto_protocol::codec::{self, Bytes, Text};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, Stored};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, EraId, EraNumber, Hash, Head, Millis, RecordId, Seq, SpaceId};
use sotto_protocol::label::Label;
use sotto_protocol::limits::{SETTING_BYTES_MAX, SHOW_LATER_MS_MAX, TAKE_BACK_MS_MAX, TEXT_BYTES_MAX};
use sotto_protocol::record::{Cause, Drop, Kind, Record};

/// Things waiting in one space.
const OUTBOX_MAX: usize = 10_000;
/// Appends of one space under way.
const IN_FLIGHT_MAX: usize = 16;
/// Records that arrived damaged are sent again so often on one connection.
const DAMAGED_MAX: u32 = 5;
/// Records refused in a row for what was seen, after which the server contradicts itself: more than are under way at once.
const SEEN_REFUSED_MAX: u32 = 64;
/// Pause before trying again when the server is busy.
const RETRY_MS: u64 = 2_000;

/// What the server says of an append.
pub(crate) struct Ack {
    pub(crate) seq: Seq,
    pub(crate) head: Head,
    pub(crate) at: Millis,
    pub(crate) payload_hash: Hash,
    pub(crate) repeat: bool,
}

impl Client {
    /// Queues a draft. With a `chosen` id that is known here already, says so again and does nothing.
    pub(crate) fn write(
        &mut self,
        id: SpaceId,
        chosen: Option<RecordId>,
        draft: Draft,
    ) -> Result<(), Rejected> {
        let account = self.signed_in()?.id;
        let space = self.spaces.get(&id).ok_or(Rejected::SpaceUnknown)?;
        if let Some(message) = chosen.and_then(|chosen| space.written(account, chosen, &draft)) {
            self.event(Event::Queued { space: id, id: message });
            return Ok(());
        }
        if !space.is_member(account) {
            return Err(Rejected::NotMember);
        }
        if !self.confirmed(id) {
            return Err(Rejected::Unconfirmed);
        }
        if space.outbox.len() >= OUTBOX_MAX {
            return Err(Rejected::Limit("messages waiting to be sent"));
        }
        let content = content_of(space, account, draft, self.now)?;
        if let Content::TakeBack(back) = &content {
            let target = back.target();
            return self.take_back(id, chosen, target);
        }
        let record = self.queue_content(id, chosen, content);
        self.event(Event::Queued { space: id, id: MessageId { author: account, record } });
        Ok(())
    }

    /// Takes a message back: unsent ones vanish; sent ones get a take-back, and their payloads are dropped while they may be.
    fn take_back(
        &mut self,
        id: SpaceId,
        chosen: Option<RecordId>,
        target: MessageId,
    ) -> Result<(), Rejected> {
        let space = self.spaces.get(&id).ok_or(Rejected::SpaceUnknown)?;
        let unsent = |row: &OutboxRow| !row.attempted || row.refused.is_some();
        let waits = space.waiting(target.record).is_some_and(|(_, row)| unsent(row));
        let gone: Vec<u64> = space
            .outbox
            .iter()
            .filter(|(_, row)| unsent(row) && (row.id == target.record || carries(row, target)))
            .map(|(number, _)| *number)
            .collect();
        let copies: Vec<RecordId> = space
            .entries
            .iter()
            .filter(|e| e.id.author == target.author && is_copy_of(&e.body, target))
            .map(|e| e.id.record)
            .chain(space.outbox.values().filter(|row| !unsent(row) && carries(row, target)).map(|row| row.id))
            .collect();
        let show_at = space.timeline.shown_later(&target);
        let young = space.entry(&target).is_none_or(|e| self.now.since(e.at) < TAKE_BACK_MS_MAX);
        for number in gone {
            self.discard(id, number);
        }
        if waits {
            let record = chosen.unwrap_or(target.record);
            self.event(Event::Queued { space: id, id: MessageId { record, ..target } });
            return Ok(());
        }
        let back = TakeBack { author: target.author, record: target.record, show_at };
        let record = self.queue_content(id, chosen, Content::TakeBack(back));
        for target in core::iter::once(target.record).chain(copies).filter(|_| young) {
            self.queue_row(id, None, OutboxBody::Drop { target });
        }
        self.event(Event::Queued { space: id, id: MessageId { author: target.author, record } });
        Ok(())
    }

    fn queue_content(&mut self, id: SpaceId, chosen: Option<RecordId>, content: Content) -> RecordId {
        let frame =
            ContentFrame { sent_at: self.now, content }.to_bytes().ok().and_then(|b| Bytes::new(b).ok());
        self.queue_row(id, chosen, OutboxBody::Content { frame: frame.unwrap_or_default() })
    }

    fn queue_row(&mut self, id: SpaceId, record: Option<RecordId>, body: OutboxBody) -> RecordId {
        let record = match record {
            Some(record) => record,
            None => RecordId(self.random_id()),
        };
        let queued_at = self.now;
        let Some(space) = self.spaces.get_mut(&id) else { return record };
        let readers = space.readers();
        let row = OutboxRow { id: record, body, readers, queued_at, refused: None, attempted: false };
        let number = space.queue(row.clone());
        self.put(rows::outbox(id, number), &row);
        record
    }

    /// An id that every device of this account would choose for the same thing.
    fn derived_id(&self, space: SpaceId, what: &[&[u8]]) -> RecordId {
        let account = self.account.as_ref().map(|a| a.id.0).unwrap_or_default();
        let parts: Vec<&[u8]> =
            [space.as_bytes(), &account[..]].into_iter().chain(what.iter().copied()).collect();
        let hash = hash::labelled(Label::HashRecordId, &parts);
        hash.0.first_chunk::<16>().map_or(RecordId::ZERO, |id| RecordId(*id))
    }

    /// Tells the others one's name.
    pub(crate) fn introduce(&mut self, id: SpaceId) {
        let Some(name) = self.keeping.as_ref().map(|k| k.vault.name.clone()) else { return };
        let record = self.derived_id(id, &[b"profile", name.as_str().as_bytes()]);
        self.queue_once(id, record, Content::Profile(name));
    }

    fn queue_once(&mut self, id: SpaceId, record: RecordId, content: Content) {
        let Some(message) = self.me(record) else { return };
        let known = self
            .spaces
            .get(&id)
            .is_none_or(|s| s.by_id.contains_key(&message) || s.waiting(record).is_some());
        let frame =
            ContentFrame { sent_at: self.now, content }.to_bytes().ok().and_then(|b| Bytes::new(b).ok());
        if let (false, Some(frame)) = (known, frame) {
            self.queue_row(id, Some(record), OutboxBody::Content { frame });
        }
    }

    /// An era was voided: send again what one sealed under it.
    pub(crate) fn send_again(&mut self, id: SpaceId, voided: EraId) {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return };
        let Some(space) = self.spaces.get(&id) else { return };
        let mine: Vec<(MessageId, Bytes<{ sotto_protocol::limits::PAYLOAD_BYTES_MAX }>)> = space
            .entries
            .iter()
            .filter(|e| e.era == voided && e.id.author == account)
            .filter_map(|e| match &e.body {
                EntryBody::Opened { frame } => Some((e.id, frame.clone())),
                EntryBody::Visible | EntryBody::Closed | EntryBody::Bad | EntryBody::Dropped => None,
            })
            .collect();
        for (original, frame) in mine {
            // What was itself sent again keeps its first place.
            let (original, frame) = match ContentFrame::from_bytes(frame.as_slice()).map(|f| f.content) {
                Ok(Content::Resend(again)) => (again.original, again.frame),
                Ok(_) | Err(_) => (original, frame),
            };
            let record = self.derived_id(id, &[b"resend", voided.as_bytes(), original.record.as_bytes()]);
            self.queue_once(id, record, Content::Resend(Resend { original, frame }));
        }
    }

    pub(crate) fn accept_readers(&mut self, id: SpaceId) -> Result<(), Rejected> {
        self.signed_in()?;
        let (confirmed, me) = (self.confirmed(id), self.signed_in()?.id);
        let space = self.spaces.get_mut(&id).ok_or(Rejected::SpaceUnknown)?;
        // One's own invitation is confirmed by its proof alone; a space one was added to, by looking at who is in it.
        if !confirmed && space.is_member(me) && space.join.as_ref().is_none_or(|j| j.inviter != me) {
            self.confirm(id);
            self.introduce(id);
            return Ok(());
        }
        let readers = space.readers();
        space.live.consent_asked = false;
        let mut changed = Vec::new();
        for (number, row) in &mut space.outbox {
            if !readers.is_subset(&row.readers) {
                row.readers.clone_from(&readers);
                changed.push((*number, row.clone()));
            }
        }
        for (number, row) in changed {
            self.put(rows::outbox(id, number), &row);
        }
        Ok(())
    }

    /// The founding era of a space.
    pub(crate) fn found(
        &mut self,
        id: SpaceId,
        members: &[(AccountId, sotto_protocol::roster::Role)],
    ) -> Option<Record> {
        let pinned = self.pinned(members)?;
        let body = self.seal_era(id, EraId::ZERO, EraNumber::ZERO, pinned, Cause::Founding, Vec::new())?;
        self.sign_record(id, EraId::ZERO, Kind::Era, None, codec::encode(&body))
    }

    /// Makes what is due in a space: an era, then what waits.
    pub(crate) fn drive_space(&mut self, id: SpaceId) {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return };
        let now = self.now;
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if space.live.retry_at.is_some_and(|at| at <= now) {
            space.live.retry_at = None;
        }
        let live = &space.live;
        let still =
            live.alarm.is_some() || live.hand_back.is_some() || live.retry_at.is_some() || !live.subscribed;
        if !self.link.ready() || still || !space.caught_up() || !space.is_member(account) {
            return;
        }
        if self.confirmed(id) && !self.drive_era(id) {
            self.send_waiting(id);
        }
    }

    fn send_waiting(&mut self, id: SpaceId) {
        loop {
            let Some(space) = self.spaces.get(&id) else { return };
            if space.live.in_flight.len() >= IN_FLIGHT_MAX || self.link.crowded() {
                return;
            }
            let busy = |n: &u64| space.live.in_flight.contains_key(n) || space.live.acked.contains(n);
            let next = space.outbox.iter().find(|(n, row)| row.refused.is_none() && !busy(n));
            let Some((number, mut row)) = next.map(|(n, row)| (*n, row.clone())) else { return };
            if !space.readers_accepted(&row) && !self.config.defects.has(Defect::SealForAnybody) {
                self.ask_consent(id);
                return;
            }
            if row.attempted && self.config.defects.has(Defect::FreshIds) {
                row.id = RecordId(self.random_id());
            }
            let Some(payload) = self.payload_of(id, &row) else {
                if self.drop_waits(id, &row) {
                    return;
                }
                self.discard(id, number);
                continue;
            };
            if !self.send_one(id, number, row, payload) {
                return;
            }
        }
    }

    fn ask_consent(&mut self, id: SpaceId) {
        let asked = self.spaces.get_mut(&id).map(|s| core::mem::replace(&mut s.live.consent_asked, true));
        if asked == Some(false) {
            self.event(Event::ReadersChanged(id));
        }
    }

    /// A drop whose target has not come back yet waits for it.
    fn drop_waits(&self, id: SpaceId, row: &OutboxRow) -> bool {
        match row.body {
            OutboxBody::Drop { target } => self
                .spaces
                .get(&id)
                .and_then(|s| s.waiting(target))
                .is_some_and(|(_, row)| row.refused.is_none()),
            OutboxBody::Content { .. } => true,
        }
    }

    fn discard(&mut self, id: SpaceId, number: u64) {
        if let Some(space) = self.spaces.get_mut(&id) {
            space.unqueue(number);
        }
        self.delete(rows::outbox(id, number));
    }

    /// The payload for the era of now; `None` when it cannot be made.
    fn payload_of(&mut self, id: SpaceId, row: &OutboxRow) -> Option<(Kind, Vec<u8>)> {
        let account = self.account.as_ref()?.id;
        let space = self.spaces.get(&id)?;
        match &row.body {
            OutboxBody::Content { frame } => {
                let era = space.log.era()?.id;
                let key = space.record_key(era)?;
                let place = ContentPlace { space: id, era, author: account, record: row.id };
                Some((Kind::Content, seal::seal_content(&key, &place, frame.as_slice(), &mut self.entropy)))
            }
            OutboxBody::Drop { target } => {
                let entry = space.entry(&MessageId { author: account, record: *target })?;
                if entry.body == EntryBody::Dropped {
                    return None;
                }
                let body = Drop { target: *target, payload_hash: entry.payload_hash };
                Some((Kind::Drop, codec::encode(&body)))
            }
        }
    }

    fn send_one(
        &mut self,
        id: SpaceId,
        number: u64,
        mut row: OutboxRow,
        (kind, payload): (Kind, Vec<u8>),
    ) -> bool {
        let Some(era) = self.spaces.get(&id).and_then(|s| s.log.era()).map(|e| e.id) else { return false };
        let Some(record) = self.sign_record(id, era, kind, Some(row.id), payload) else { return false };
        let pending = Pending::Append { space: id, number, record: Box::new(record.clone()) };
        let Some(req) = self.request(pending, |req| ClientFrame::Append { req, record }) else {
            return false;
        };
        if !row.attempted {
            row.attempted = true;
            self.put(rows::outbox(id, number), &row);
        }
        if let Some(space) = self.spaces.get_mut(&id) {
            space.outbox.insert(number, row);
            space.timeline.touch(At::Out(number));
            space.live.in_flight.insert(number, req);
        }
        if self.config.defects.has(Defect::ForgetOutbox) {
            self.delete(rows::outbox(id, number));
        }
        true
    }

    pub(crate) fn appended(&mut self, id: SpaceId, number: u64, record: Record, ack: &Ack) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.live.in_flight.remove(&number);
        space.live.seen_refused = 0;
        space.live.acked.insert(number);
        let same = record.header().payload_hash == ack.payload_hash;
        let next = ack.seq == space.log.seq().next();
        if !ack.repeat && next && record.head_after(space.log.head()) != ack.head {
            self.alarm(Some(id), Alarm::Forked);
        } else if same && !ack.repeat {
            self.take_in(id, vec![Stored { seq: ack.seq, at: ack.at, record }]);
        } else {
            // Stored before, in another sealing: it is read like anybody's.
            self.ask_where(id);
        }
    }

    pub(crate) fn append_refused(
        &mut self,
        id: SpaceId,
        number: u64,
        code: ErrorCode,
        retry_after_ms: Option<u64>,
    ) {
        let retry_at = self.now.plus(retry_after_ms.unwrap_or(RETRY_MS));
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.live.in_flight.remove(&number);
        let damaged = space.live.damaged;
        let is_drop =
            space.outbox.get(&number).is_some_and(|row| matches!(row.body, OutboxBody::Drop { .. }));
        match code {
            ErrorCode::EraRequired => space.live.era_required = true,
            ErrorCode::SeenAhead | ErrorCode::SeenElsewhere => {
                space.live.seen_refused += 1;
                let contradicts = space.live.seen_refused >= SEEN_REFUSED_MAX;
                if contradicts {
                    // What it shows is what was seen, and yet it calls that another history.
                    self.alarm(Some(id), Alarm::Forked);
                } else {
                    self.ask_where(id);
                }
            }
            ErrorCode::StaleEra => {
                self.ask_where(id);
            }
            ErrorCode::RateLimited
            | ErrorCode::Unavailable
            | ErrorCode::Internal
            | ErrorCode::StorageFull
            | ErrorCode::ShuttingDown => space.live.retry_at = Some(retry_at),
            ErrorCode::DeviceNotListed | ErrorCode::CardUnknown | ErrorCode::NotSignedIn => self.hang_up(),
            ErrorCode::NotMember | ErrorCode::SpaceUnknown => self.read_refused(id, ErrorCode::NotMember),
            ErrorCode::TakeBackTooLate | ErrorCode::TargetUnknown if is_drop => {
                self.drop_refused(id, number, code)
            }
            // Damaged on the way: it is sealed anew from what is here, a few times.
            ErrorCode::Forged | ErrorCode::PayloadMismatch | ErrorCode::Malformed
                if damaged < DAMAGED_MAX =>
            {
                space.live.damaged += 1;
                space.live.retry_at = Some(retry_at);
            }
            _ => self.refuse_for_good(id, number, code),
        }
    }

    /// Too late to erase: the sealed take-back stays, and the person is told.
    fn drop_refused(&mut self, id: SpaceId, number: u64, code: ErrorCode) {
        let body = self.spaces.get(&id).and_then(|s| s.outbox.get(&number)).map(|row| row.body.clone());
        self.discard(id, number);
        if let Some(OutboxBody::Drop { target }) = body
            && let Some(message) = self.me(target)
        {
            self.event(Event::Refused { space: id, id: message, code });
        }
    }

    fn refuse_for_good(&mut self, id: SpaceId, number: u64, code: ErrorCode) {
        let Some(row) = self.spaces.get_mut(&id).and_then(|s| s.outbox.get_mut(&number)) else { return };
        row.refused = Some(code.number());
        let row = row.clone();
        if let Some(space) = self.spaces.get_mut(&id) {
            space.timeline.touch(At::Out(number));
        }
        self.put(rows::outbox(id, number), &row);
        if let Some(message) = self.me(row.id) {
            self.event(Event::Refused { space: id, id: message, code });
        }
    }

    /// A record was taken in: if it is one's own, it leaves the outbox.
    pub(crate) fn left_outbox(&mut self, id: SpaceId, author: AccountId, record: RecordId, seq: Seq) {
        if self.account.as_ref().is_none_or(|a| a.id != author) {
            return;
        }
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let Some(number) = space.waiting(record).map(|(n, _)| n) else { return };
        space.unqueue(number);
        space.live.acked.remove(&number);
        space.live.in_flight.remove(&number);
        self.delete(rows::outbox(id, number));
        self.event(Event::Delivered { space: id, id: MessageId { author, record }, seq });
    }
}

/// An edit of this message, or it or its edit sent again.
fn is_copy_of(body: &EntryBody, target: MessageId) -> bool {
    let EntryBody::Opened { frame } = body else { return false };
    frame_carries(frame.as_slice(), target)
}

fn carries(row: &OutboxRow, target: MessageId) -> bool {
    matches!(&row.body, OutboxBody::Content { frame } if frame_carries(frame.as_slice(), target))
}

fn frame_carries(frame: &[u8], target: MessageId) -> bool {
    match ContentFrame::from_bytes(frame).map(|frame| frame.content) {
        Ok(Content::Edit(edit)) => edit.target == target,
        Ok(Content::Resend(again)) => {
            again.original == target || frame_carries(again.frame.as_slice(), target)
        }
        Ok(_) | Err(_) => false,
    }
}

/// Checks a draft against what is there.
fn content_of(space: &Space, me: AccountId, draft: Draft, now: Millis) -> Result<Content, Rejected> {
    // What is not to be shown yet is not there for anybody but its author.
    let there = |target: &MessageId| space.by_id.contains_key(target) && !space.timeline.keeps_back(target);
    let mine =
        |target: &MessageId| target.author == me && (there(target) || space.waiting(target.record).is_some());
    let content = match draft {
        Draft::Message { text, bring, show_at } => {
            let show_at = show_at.filter(|show_at| *show_at > now);
            if show_at.is_some_and(|show_at| show_at.since(now) > SHOW_LATER_MS_MAX) {
                return Err(Rejected::Limit("a message waits for two weeks at most"));
            }
            Content::Message(Message { text: checked(text)?, bring, show_at })
        }
        Draft::Edit { target, text } if mine(&target) => Content::Edit(Edit { target, text: checked(text)? }),
        Draft::TakeBack(target) if mine(&target) => {
            Content::TakeBack(TakeBack { author: target.author, record: target.record, show_at: None })
        }
        Draft::Acknowledge(target) if there(&target) => Content::Acknowledge(target),
        Draft::Bring(target) if there(&target) || mine(&target) => Content::Bring(target),
        Draft::Hold(target) if there(&target) => Content::Hold(target),
        Draft::Setting { name, value } => setting(&name, value)?,
        Draft::Edit { .. }
        | Draft::TakeBack(_)
        | Draft::Acknowledge(_)
        | Draft::Bring(_)
        | Draft::Hold(_) => {
            return Err(Rejected::MessageUnknown);
        }
    };
    Ok(content)
}

fn setting(name: &str, value: String) -> Result<Content, Rejected> {
    let name = SettingName::parse(name).map_err(|_| Rejected::NotAllowed("this is no name of a setting"))?;
    let got = value.len();
    if value.trim().is_empty() {
        return Err(Rejected::Empty);
    }
    let value = Text::new(value).map_err(|_| Rejected::TooLong {
        what: "The setting",
        got,
        max: SETTING_BYTES_MAX,
    })?;
    Ok(Content::Setting(Setting { name, value }))
}

fn checked(text: String) -> Result<Text<TEXT_BYTES_MAX>, Rejected> {
    let got = text.len();
    if text.trim().is_empty() {
        return Err(Rejected::Empty);
    }
    Text::new(text).map_err(|_| Rejected::TooLong { what: "The message", got, max: TEXT_BYTES_MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_not_empty() {
        assert!(matches!(checked(" \n".into()), Err(Rejected::Empty)));
        assert!(checked("a".repeat(TEXT_BYTES_MAX)).is_ok());
        assert!(matches!(checked("a".repeat(TEXT_BYTES_MAX + 1)), Err(Rejected::TooLong { .. })));
    }
}
