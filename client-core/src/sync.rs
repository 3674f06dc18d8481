//! Records coming in.
//!
//! Owns verifying and opening what the server shows, the cards needed for that, and the comparison of what is shown with
//! what was there before. Refuses to know how records are asked for ([`crate::reading`]) and made. Invariant: a record is taken in only
//! at the next position and only when the shared rules admit it; nothing verified is ever taken back; a server that
//! shows less, or other, than before is told from one that is merely behind.

use crate::client::Client;
use crate::crypto::join::{JoinClaim, verify_proof};
use crate::defects::Defect;
use crate::io::{Alarm, Event, MessageId};
use crate::rows::{self, Entry, EntryBody, LogHeaderRow, OutboxBody};
use crate::session::Pending;
use crate::space::Space;
use crate::vault::Consumed;
use sotto_protocol::codec::Bytes;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, SpaceHead, Stored};
use sotto_protocol::hash;
use sotto_protocol::ids::{Hash, Head, Revision, Seq, SpaceId, Version};
use sotto_protocol::limits::SPACES_MAX;
use sotto_protocol::log::{Admission, Effect, Refusal};
use sotto_protocol::record::{Kind, Seen};

/// Records this far beyond the next one are kept until it comes; the rest is read.
pub(crate) const AHEAD_MAX: u64 = 1024;
/// Withheld payloads that are asked for again on one connection.
const MISSING_ASKED_MAX: usize = 16;

impl Client {
    /// The connection is signed in.
    pub(crate) fn ready(&mut self, heads: &[SpaceHead], card_version: Version, vault_revision: Revision) {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return };
        let own = self.cards.newest(account).map(|c| c.card().version).unwrap_or_default();
        if card_version > own {
            self.ask_card(account, None);
        }
        self.vault_heard(vault_revision);
        self.reoffer_invitations();
        self.ask_roster();
        for head in heads {
            self.space_added(*head);
        }
        // A space that the server no longer names: lost, or one is no longer a member.
        let unnamed: Vec<SpaceId> = self
            .spaces
            .iter()
            .filter(|(id, s)| s.is_member(account) && heads.iter().all(|h| h.space != **id))
            .map(|(id, _)| *id)
            .collect();
        for id in unnamed {
            self.ask_where(id);
        }
        // A space that another device of this account knows, and that the server doesn't show here.
        let pins = self.keeping.iter().flat_map(|k| &k.vault.spaces);
        let hidden: Vec<(SpaceId, Seen)> = pins
            .filter(|(id, pin)| !pin.left && !self.spaces.contains_key(*id))
            .map(|(id, pin)| (*id, pin.head))
            .collect();
        for (id, expected) in hidden {
            self.spaces.insert(id, Space::new(id));
            self.alarm(Some(id), Alarm::Withheld { expected, have: Seq::ZERO });
        }
    }

    /// Asks where a space stands, and for pushes from there on.
    pub(crate) fn ask_where(&mut self, space: SpaceId) {
        let seq = self.spaces.get(&space).map(|s| s.log.seq()).unwrap_or_default();
        self.request(Pending::Subscribe(space, seq), |req| ClientFrame::Subscribe { req, space });
    }

    pub(crate) fn space_added(&mut self, head: SpaceHead) {
        if !self.spaces.contains_key(&head.space) {
            if self.spaces.len() >= SPACES_MAX {
                return;
            }
            self.spaces.insert(head.space, Space::new(head.space));
            self.save_space(head.space);
            self.event(Event::SpaceAdded(head.space));
        }
        let Some(space) = self.spaces.get_mut(&head.space) else { return };
        if !space.live.subscribed {
            space.live.subscribed = true;
            space.live.alarm = None;
            self.ask_where(head.space);
        }
    }

    pub(crate) fn subscribed(&mut self, head: SpaceHead, asked_at: Seq) {
        let Some(space) = self.spaces.get_mut(&head.space) else { return };
        space.live.subscribed = true;
        space.live.pin_answered = space.live.pin_asked;
        if space.left {
            space.left = false;
            self.save_space(head.space);
            self.pin_left(head.space, false);
        }
        self.heard(head, asked_at);
        self.check_pin(head.space);
        self.ask_missing(head.space);
        self.ask_newest(head.space);
        self.read_on(head.space);
    }

    /// Asks again for payloads that were withheld.
    fn ask_missing(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get(&id).filter(|s| s.live.alarm.is_none()) else { return };
        let places: Vec<Seq> =
            space.missing.iter().filter_map(|m| space.seq_of(m)).take(MISSING_ASKED_MAX).collect();
        for after in places.into_iter().filter_map(|seq| seq.0.checked_sub(1).map(Seq)) {
            self.read_one(id, after);
        }
    }

    /// The payload of a record that was verified without it.
    fn payload_arrived(&mut self, id: SpaceId, stored: &Stored) {
        let header = stored.record.header();
        let message = MessageId { author: header.author, record: header.id };
        let Some(space) = self.spaces.get_mut(&id).filter(|s| s.missing.contains(&message)) else { return };
        let genuine =
            stored.record.payload().is_some_and(|p| hash::payload(p.as_slice()) == header.payload_hash);
        let body = space.open(stored);
        if genuine && let Some((_, entry)) = space.set_body(&message, body) {
            space.missing.remove(&message);
            self.put(rows::entry(id, stored.seq), &entry);
            self.keep_log(id, stored);
            self.save_space(id);
            self.event(Event::Updated { space: id, seq: stored.seq });
        }
    }

    /// Compares where the server says a space stands with what is verified here.
    /// `asked_at` is what was verified when the server was asked: an answer may be older than what came meanwhile.
    pub(crate) fn heard(&mut self, head: SpaceHead, asked_at: Seq) {
        let Some(space) = self.spaces.get_mut(&head.space) else { return };
        if space.live.server.is_none_or(|known| known.seq <= head.seq) || space.live.hand_back.is_none() {
            space.live.server = Some(head);
        }
        if head.seq > space.log.seq() {
            return;
        }
        if space.head_at(head.seq) != Some(head.head) {
            self.alarm(Some(head.space), Alarm::Forked);
        } else if head.seq < asked_at && space.live.hand_back.is_none() {
            self.hand_back(head.space);
        }
    }

    pub(crate) fn read_refused(&mut self, id: SpaceId, code: ErrorCode) {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return };
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.live.reads.clear();
        match code {
            ErrorCode::SpaceUnknown if space.is_member(account) && !space.live.subscribed => {
                // The server may have been set back to before the space began: hand it back; if it refuses, one has left.
                self.hand_back(id);
            }
            ErrorCode::SpaceUnknown | ErrorCode::NotMember => self.leave(id),
            _ => self.hang_up(),
        }
        self.read_more();
    }

    /// The server serves this space no more: one was removed.
    pub(crate) fn leave(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.left = true;
        // If she is added again, it is subscribed to again.
        space.live.subscribed = false;
        self.save_space(id);
        self.pin_left(id, true);
        self.event(Event::Updated { space: id, seq: Seq::ZERO });
    }

    pub(crate) fn push(&mut self, id: SpaceId, records: Vec<Stored>) {
        self.newest_goes_on(id, &records);
        self.take_in(id, records);
    }

    /// Takes records in that the server shows.
    pub(crate) fn take_in(&mut self, id: SpaceId, records: Vec<Stored>) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let (mut forked, mut returned) = (false, Vec::new());
        for stored in records {
            if stored.record.header().space != id {
                forked = true;
            } else if stored.seq <= space.log.seq() {
                let same = space.confirms(&stored);
                forked |= !same;
                if same {
                    returned.push(stored);
                }
            } else if stored.seq.0 - space.log.seq().0 <= AHEAD_MAX {
                // Two different records for one position: the first may be one's own, acknowledged one.
                let other = space
                    .live
                    .ahead
                    .get(&stored.seq)
                    .is_some_and(|known| known.record.header_bytes() != stored.record.header_bytes());
                forked |= other;
                let kept =
                    space.live.ahead.get(&stored.seq).is_some_and(|known| known.record.payload().is_some());
                if !kept {
                    space.live.ahead.insert(stored.seq, stored);
                }
            } else {
                space.live.overflown = true;
            }
        }
        if forked {
            self.alarm(Some(id), Alarm::Forked);
            return;
        }
        returned.iter().for_each(|stored| self.payload_arrived(id, stored));
        self.advance(id);
    }

    /// Verifies as far as what has arrived and the known cards allow.
    pub(crate) fn advance(&mut self, id: SpaceId) {
        let before = self.spaces.get(&id).map(|s| s.log.seq()).unwrap_or_default();
        while let Some(space) = self.spaces.get(&id) {
            if space.live.alarm.is_some() {
                break;
            }
            let next = space.log.seq().next();
            let Some(stored) = space.live.ahead.get(&next) else { break };
            let judged = self.config.defects.overlook(space.judge(stored, &self.cards), space, stored);
            let contradicts = judged.as_ref().is_ok_and(|admission| {
                self.contradicts_pin(id, admission) || contradicts_server(space, admission)
            });
            let waits = judged.as_ref().is_ok_and(|admission| self.awaits_secret(id, stored, admission));
            let Some(space) = self.spaces.get_mut(&id) else { break };
            match judged {
                Ok(_) if contradicts => {
                    self.alarm(Some(id), Alarm::Forked);
                    break;
                }
                Ok(_) if waits => {
                    // The vault brings the secret, or the word that it was renewed.
                    self.vault_awaited();
                    break;
                }
                Ok(admission) => {
                    if let Some(stored) = space.live.ahead.remove(&next) {
                        self.integrate(id, &stored, admission);
                    }
                }
                Err(Refusal::CardUnknown { account, version }) => {
                    if space.live.cards_asked.insert((account, version.0)) {
                        self.ask_card(account, Some(version));
                    }
                    break;
                }
                Err(refusal) => {
                    space.live.ahead.clear();
                    self.alarm(Some(id), alarm_of(&refusal, next));
                    break;
                }
            }
        }
        let Some(space) = self.spaces.get(&id) else { return };
        let (seq, space_is_quiet) = (space.log.seq(), space.live.alarm.is_none());
        if seq > before {
            self.save_space(id);
            self.newest_reached(id);
            // Where something contradicts, what was verified just before may be false as well.
            if self.confirmed(id) && space_is_quiet {
                self.pin_head(id);
            }
            self.event(Event::Updated { space: id, seq });
            if self.link.ready() {
                self.output(crate::io::Output::Send(ClientFrame::Cursor { space: id, seq }.to_bytes()));
            }
            self.check_pin(id);
            self.check_missing(id);
        }
        self.read_on(id);
    }

    /// Writes an admitted record into the space.
    fn integrate(&mut self, id: SpaceId, stored: &Stored, admission: Admission) {
        let header = stored.record.header();
        let own = self.account.as_ref().is_some_and(|a| a.id == header.author);
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let message = MessageId { author: header.author, record: header.id };
        let (seq, head, effect) = (admission.seq, admission.head, admission.effect.clone());
        let body = match header.kind {
            Kind::Content => space.open(stored),
            Kind::Era | Kind::Drop | Kind::Join | Kind::Rejoin | Kind::Unknown(_) => EntryBody::Visible,
        };
        let body = match space.waiting(header.id).map(|(_, row)| &row.body) {
            // One's own text is here, whatever the server shows of it.
            Some(OutboxBody::Content { frame }) if own && body == EntryBody::Dropped => {
                EntryBody::Opened { frame: frame.clone() }
            }
            _ => body,
        };
        if stored.record.payload().is_none() {
            space.missing.insert(message);
        }
        let bad = body == EntryBody::Bad;
        let previous = space.log.era().cloned();
        space.log.apply(admission);
        let entry = Entry {
            at: stored.at,
            id: message,
            device: header.device,
            era: header.era,
            kind: header.kind,
            payload_hash: header.payload_hash,
            head,
            body,
        };
        space.push_entry(entry.clone());
        self.put(rows::entry(id, seq), &entry);
        self.keep_log(id, stored);
        match effect {
            Effect::Content => {}
            Effect::Era(era, _) => self.era_began(id, stored, &era, previous.as_ref()),
            Effect::Drop(target) => self.dropped(id, MessageId { author: header.author, record: target }),
            Effect::Join(join) => {
                if let Some(space) = self.spaces.get_mut(&id) {
                    space.join = Some(join);
                }
                self.check_join(id);
            }
        }
        if bad {
            self.event(Event::Alarm { space: Some(id), alarm: Alarm::BadContent(header.author) });
        }
        self.left_outbox(id, header.author, header.id, seq);
    }

    /// Keeps the record as served, so that it can be handed back.
    fn keep_log(&mut self, id: SpaceId, stored: &Stored) {
        let Ok(header) = Bytes::new(stored.record.header_bytes().to_vec()) else { return };
        let row = LogHeaderRow { at: stored.at, header, signature: *stored.record.signature() };
        self.put(rows::log_header(id, stored.seq), &row);
        if let Some(payload) = stored.record.payload() {
            self.put(rows::log_payload(id, stored.seq), payload);
        }
    }

    /// A drop was admitted: the payload goes here too.
    fn dropped(&mut self, id: SpaceId, target: MessageId) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.missing.remove(&target);
        let Some((seq, entry)) = space.set_body(&target, EntryBody::Dropped) else { return };
        self.put(rows::entry(id, seq), &entry);
        self.delete(rows::log_payload(id, seq));
    }

    /// Once everything shown is verified, every missing payload must have met its drop.
    fn check_missing(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get(&id) else { return };
        let ignored = self.config.defects.has(Defect::IgnoreMissingPayloads);
        if space.caught_up() && !space.missing.is_empty() && !ignored {
            // Said, and no reason to stop: a member can cause it, and nothing wrong is shown.
            self.event(Event::Alarm { space: Some(id), alarm: Alarm::PayloadWithheld });
        }
    }

    /// What was pinned, perhaps by another device, must be on this chain.
    pub(crate) fn check_pin(&mut self, id: SpaceId) {
        if self.config.defects.has(Defect::IgnorePins) {
            return;
        }
        let Some(pin) = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&id)) else { return };
        let pinned = pin.head;
        let Some(space) = self.spaces.get(&id) else { return };
        let fits = self.fits_pin(space);
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if !fits {
            self.alarm(Some(id), Alarm::Forked);
        } else if pinned.seq > space.log.seq()
            && space.live.server.is_some_and(|s| s.seq < pinned.seq)
            && space.caught_up()
            && space.live.alarm.is_none()
        {
            // The vault may come before the push: only an answer that is asked for now shows less than there is.
            if space.live.pin_asked < pinned.seq {
                space.live.pin_asked = pinned.seq;
                self.ask_where(id);
                return;
            }
            if space.live.pin_answered < pinned.seq {
                return;
            }
            let have = space.log.seq();
            self.event(Event::Alarm { space: Some(id), alarm: Alarm::Withheld { expected: pinned, have } });
        }
    }

    /// Checks the joiner's proof with the invitation's secret (P8).
    pub(crate) fn check_join(&mut self, id: SpaceId) {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return };
        let Some(space) = self.spaces.get(&id) else { return };
        let confirmed = keeping.vault.spaces.get(&id).is_some_and(|p| p.confirmed);
        let (Some(join), Some(founding), false) = (&space.join, space.log.founding(), confirmed) else {
            return;
        };
        if join.inviter != account.id {
            return;
        }
        let Some(founder) = space.entries.first().map(|e| e.id.author) else { return };
        let Some(joiner) = self.cards.identity(founder) else { return };
        let (Some(invitation), Some(secret)) = (
            keeping.vault.invitations.get(&join.invitation),
            keeping.vault.invitation_secret(join.invitation),
        ) else {
            return;
        };
        let claim = JoinClaim {
            invitation: join.invitation,
            inviter: account.identity,
            joiner,
            card: join.card_hash,
            space: id,
            founding: Hash(founding.0),
        };
        let consumed = Consumed { space: id, account: founder, identity: joiner };
        let proven = verify_proof(&secret.derive_join(), &claim, &join.proof).is_ok()
            && self.cards.pin(founder, Version(1)).is_some_and(|pin| pin.hash == join.card_hash);
        let first = invitation.consumed.is_none_or(|c| c == consumed);
        let role_fits =
            space.log.era().and_then(|e| e.member(founder)).is_some_and(|m| m.role == invitation.role);
        let invitation_id = join.invitation;
        let fits = proven && first && role_fits && !invitation.revoked;
        if !fits && !self.config.defects.has(Defect::SkipJoinProof) {
            self.alarm(Some(id), Alarm::Uninvited(founder));
            return;
        }
        self.keep(true, |vault| {
            if let Some(entry) = vault.invitations.get_mut(&invitation_id) {
                entry.consumed = Some(consumed);
            }
        });
        self.confirm(id);
        self.event(Event::Confirmed { space: id, account: founder });
        self.introduce(id);
    }

    /// The other side is known, and the log here is the one that was pinned.
    pub(crate) fn confirmed(&self, id: SpaceId) -> bool {
        let pin = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&id));
        pin.is_some_and(|p| p.confirmed) && self.spaces.get(&id).is_some_and(|space| self.fits_pin(space))
    }

    /// Nothing verified here contradicts what was pinned, perhaps by another device.
    fn fits_pin(&self, space: &Space) -> bool {
        let Some(pin) = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&space.id())) else {
            return true;
        };
        let founding = space.log.founding().is_none_or(|f| f == pin.founding);
        founding && (pin.head.seq > space.log.seq() || space.head_at(pin.head.seq) == Some(pin.head.head))
    }

    /// The pin forbids this head at this position.
    fn contradicts_pin(&self, id: SpaceId, admission: &Admission) -> bool {
        let pin = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&id));
        let pin = pin.filter(|_| !self.config.defects.has(Defect::IgnorePins));
        pin.is_some_and(|pin| {
            (admission.seq == Seq(1) && admission.head != pin.founding)
                || (admission.seq == pin.head.seq && admission.head != pin.head.head)
        })
    }
}

/// True when a record leads to another head than the one that the server names for that position.
fn contradicts_server(space: &Space, admission: &Admission) -> bool {
    let told = space.live.server.filter(|told| told.seq == admission.seq);
    told.is_some_and(|told| told.head != admission.head)
}

fn alarm_of(refusal: &Refusal, next: Seq) -> Alarm {
    match refusal {
        Refusal::KindUnknown(_) => Alarm::UpdateNeeded,
        Refusal::Forged | Refusal::PayloadMismatch | Refusal::DeviceNotListed => Alarm::Forged,
        Refusal::SeenElsewhere | Refusal::StaleEra { .. } => Alarm::Forked,
        Refusal::SeenAhead => Alarm::Withheld {
            expected: Seen { seq: next, head: Head::ZERO },
            have: Seq(next.0.saturating_sub(1)),
        },
        Refusal::PayloadMissing => Alarm::PayloadWithheld,
        Refusal::IdentityChanged
        | Refusal::Malformed(_)
        | Refusal::CardUnknown { .. }
        | Refusal::NotMember
        | Refusal::Rule(_)
        | Refusal::TargetUnknown => Alarm::RuleBroken,
    }
}
