//! Handing records back to a server that lost them (P11).
//!
//! Owns the steps: the cards that judge the records, then the records themselves, verbatim at their old numbers, in
//! pages right after the server's head. Refuses to know why the server lost them. Invariant: only what was verified
//! here is handed back, and only when the server's head lies on the chain verified here; otherwise the histories
//! have parted, and that is an alarm (a `Rejoin` is for a later version).

use crate::client::Client;
use crate::crypto::seal;
use crate::export::Load;
use crate::io::{Alarm, Event, LAZY_PREFIX, Output, Row};
use crate::rows::{self, LogHeaderRow};
use crate::session::Pending;
use crate::space::HandBack;
use sotto_protocol::codec;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, Req, SpaceHead, Stored};
use sotto_protocol::ids::{Seq, SpaceId};
use sotto_protocol::limits::PAGE_BYTES_MAX;
use sotto_protocol::ordered;
use sotto_protocol::record::{Payload, Record};
use std::collections::BTreeSet;

/// Records loaded and handed back at once.
const CHUNK: u64 = 128;
/// Tries on one connection, while other devices may be handing back too.
const ATTEMPTS_MAX: u32 = 5;

impl Client {
    /// Begins to hand back what the server lacks of a space.
    pub(crate) fn hand_back(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if space.live.hand_back.is_some() || space.live.alarm.is_some() {
            return;
        }
        space.live.hand_back = Some(HandBack { cards: BTreeSet::new(), records: 0 });
        let authors = ordered::set(space.entries.iter().map(|e| e.id.author).chain(space.readers()));
        for card in authors.into_iter().flat_map(|author| self.cards.all(author)).collect::<Vec<_>>() {
            let req = self.request(Pending::CardHandBack(id), |req| ClientFrame::CardPut { req, card });
            if let (Some(req), Some(work)) =
                (req, self.spaces.get_mut(&id).and_then(|s| s.live.hand_back.as_mut()))
            {
                work.cards.insert(req);
            }
        }
        self.hand_back_more(id);
    }

    pub(crate) fn card_handed_back(&mut self, id: SpaceId, req: Req) {
        let Some(work) = self.spaces.get_mut(&id).and_then(|s| s.live.hand_back.as_mut()) else { return };
        if work.cards.remove(&req) {
            self.hand_back_more(id);
        }
    }

    /// Loads the next records to hand back, once the cards are there.
    fn hand_back_more(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get(&id) else { return };
        if space.live.hand_back.as_ref().is_none_or(|w| !w.cards.is_empty()) {
            return;
        }
        let server = space.live.server.map(|h| h.seq).unwrap_or_default();
        if server >= space.log.seq() {
            self.hand_back_done(id);
            return;
        }
        let first = server.next();
        let last = Seq(first.0.saturating_add(CHUNK));
        self.loads.push_back(Load::HandBack);
        self.output(Output::Load(rows::log_header(id, first), rows::log_header(id, last)));
    }

    fn hand_back_done(&mut self, id: SpaceId) {
        let Some(work) = self.spaces.get_mut(&id).and_then(|s| s.live.hand_back.take()) else { return };
        if let Some(space) = self.spaces.get_mut(&id) {
            space.live.subscribed = true;
        }
        self.event(Event::HandedBack { space: id, records: work.records });
        self.ask_where(id);
    }

    /// Rows came from the store: they are records to be handed back.
    pub(crate) fn loaded(&mut self, rows: Vec<Row>) {
        let Some(id) = rows.first().and_then(|r| space_of(&r.key)) else { return };
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut rows = rows.into_iter().peekable();
        while let Some(row) = rows.next() {
            let Some((seq, at, header)) = self.open_header(&row) else { break };
            let name = rows::log_payload(id, seq);
            let payload = rows.next_if(|next| next.key == name).and_then(|next| self.open_payload(&next));
            let Ok(record) = Record::from_parts(header.header.into_vec(), header.signature, payload) else {
                break;
            };
            bytes += record.payload().map_or(0, codec::Bytes::len) + 1024;
            if bytes > PAGE_BYTES_MAX && !records.is_empty() {
                break;
            }
            records.push(Stored { seq, at, record });
        }
        let server = self.spaces.get(&id).and_then(|s| s.live.server).map(|h| h.seq).unwrap_or_default();
        let working = self.spaces.get(&id).is_some_and(|s| s.live.hand_back.is_some());
        if working && records.first().is_some_and(|r| r.seq == server.next()) {
            self.request(Pending::Restore(id), |req| ClientFrame::Restore { req, space: id, records });
        }
    }

    pub(crate) fn open_header(&self, row: &Row) -> Option<(Seq, sotto_protocol::ids::Millis, LogHeaderRow)> {
        let tail = row.key.get(LAZY_PREFIX.len() + 17..)?;
        let (seq, sort) = tail.split_first_chunk::<8>()?;
        let plain = seal::open_store(&self.storage, &row.key, &row.value).ok()?;
        let header: LogHeaderRow = codec::decode(&plain, "log header").ok()?;
        (sort == b"/h").then_some((Seq(u64::from_be_bytes(*seq)), header.at, header))
    }

    pub(crate) fn open_payload(&self, row: &Row) -> Option<Payload> {
        let plain = seal::open_store(&self.storage, &row.key, &row.value).ok()?;
        codec::decode(&plain, "log payload").ok()
    }

    pub(crate) fn handed_back(&mut self, head: SpaceHead) {
        let Some(space) = self.spaces.get_mut(&head.space) else { return };
        let nothing_yet = space.live.hand_back.as_ref().is_some_and(|work| work.records == 0);
        if nothing_yet && head.seq > space.log.seq() && space.live.hand_back_attempts < ATTEMPTS_MAX {
            // It lacks nothing: one was removed, and added again before the records were offered.
            space.live.hand_back = None;
            space.live.hand_back_attempts += 1;
            self.ask_where(head.space);
            return;
        }
        let before = space.live.server.map(|h| h.seq).unwrap_or_default();
        space.live.server = Some(head);
        let mut first = false;
        if let Some(work) = &mut space.live.hand_back {
            first = work.records == 0;
            work.records += head.seq.0.saturating_sub(before.0);
        }
        if first {
            self.event(Event::Alarm { space: Some(head.space), alarm: Alarm::SetBack });
        }
        let Some(space) = self.spaces.get_mut(&head.space) else { return };
        if head.seq <= space.log.seq() && space.head_at(head.seq) != Some(head.head) {
            space.live.hand_back = None;
            self.alarm(Some(head.space), Alarm::Forked);
        } else if head.seq <= before {
            // It takes records back and does not have them.
            space.live.hand_back = None;
            let expected = space.seen();
            self.alarm(Some(head.space), Alarm::Withheld { expected, have: head.seq });
        } else {
            self.hand_back_more(head.space);
        }
    }

    pub(crate) fn hand_back_refused(&mut self, id: SpaceId, code: ErrorCode) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let attempts = space.live.hand_back_attempts;
        match code {
            ErrorCode::SpaceUnknown | ErrorCode::NotMember => {
                space.live.hand_back = None;
                self.leave(id);
            }
            // Another device was faster: look again where the space stands.
            ErrorCode::RestoreRefused | ErrorCode::SpaceExists if attempts < ATTEMPTS_MAX => {
                space.live.hand_back = None;
                space.live.hand_back_attempts += 1;
                self.ask_where(id);
            }
            // It shows less than there was, and refuses to take it back.
            ErrorCode::RestoreRefused | ErrorCode::SpaceExists => {
                space.live.hand_back = None;
                let (expected, have) = (space.seen(), space.live.server.map(|h| h.seq).unwrap_or_default());
                self.alarm(Some(id), Alarm::Withheld { expected, have });
            }
            // An account or a registration is lost as well; its own device has to hand that in.
            ErrorCode::AccountUnknown | ErrorCode::RuleForbids | ErrorCode::CardUnknown => {
                space.live.hand_back = None;
                let (expected, have) = (space.seen(), space.live.server.map(|h| h.seq).unwrap_or_default());
                self.alarm(Some(id), Alarm::Withheld { expected, have });
            }
            _ => {
                space.live.hand_back = None;
                self.hang_up();
            }
        }
    }
}

fn space_of(key: &[u8]) -> Option<SpaceId> {
    let (id, _) = key.strip_prefix(LAZY_PREFIX)?.split_first_chunk::<16>()?;
    Some(SpaceId(*id))
}
