//! The connection as the client sees it.
//!
//! Owns dialling and backing off, signing in, numbering requests and telling answers apart. Refuses to know what the
//! answers mean for spaces and vault; it hands them on. Invariant: a request is answered at most once; an answer to
//! nothing is ignored; everything under way is forgotten with the connection and asked again on the next.

use crate::asking::Question;
use crate::client::Client;
use crate::io::{Alarm, Event, Failure, Output};
use crate::newest::Newest;
use crate::reading::Reading;
use rand_core::Rng;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{Challenge, ClientFrame, Req, ServerBody, ServerFrame, connect_message};
use sotto_protocol::ids::{AccountId, IncarnationId, InvitationId, Millis, Revision, Seq, SpaceId, Version};
use sotto_protocol::label::Label;
use sotto_protocol::limits::{APPENDS_IN_FLIGHT_MAX, IDLE_MS_MAX};
use sotto_protocol::record::Record;
use sotto_protocol::roster::Roster;
use std::collections::BTreeMap;

/// Requests under way at most.
const PENDING_MAX: usize = 4096;
/// An answer takes no longer than this, or the connection is given up.
const ANSWER_MS_MAX: u64 = 30_000;
/// First pause before dialling again.
const BACKOFF_MS_MIN: u64 = 500;
/// Longest pause before dialling again.
const BACKOFF_MS_MAX: u64 = 60_000;

/// A connection that lasted this long was a good one.
const STEADY_MS: u64 = 10_000;

/// A refused device asks again as seldom as after this many failures.
const FAILURES_REFUSED: u32 = 10;

/// What a request was for.
#[derive(Debug)]
pub(crate) enum Pending {
    Append { space: SpaceId, number: u64, record: Box<Record> },
    EraAppend { space: SpaceId, record: Box<Record> },
    Subscribe(SpaceId, Seq),
    Read(Reading),
    Newest(SpaceId),
    Restore(SpaceId),
    CardGet { account: AccountId, version: Option<Version> },
    CardHandBack(SpaceId),
    VaultGet,
    VaultPut(Revision),
    InvitationPut(InvitationId),
    Revoke(InvitationId),
    RosterGet,
    RosterPut(Box<Roster>),
    Question(Question),
    Ping,
}

/// The connection.
#[derive(Debug, Default)]
pub(crate) struct Link {
    stage: Stage,
    req_next: Req,
    pending: BTreeMap<Req, (Millis, Pending)>,
    failures: u32,
    dial_at: Millis,
    last_sent: Millis,
    /// When the stage before Ready began.
    trying_since: Millis,
    ready_since: Millis,
    /// The version of one's own card that the server was given with the sign-in.
    card_sent: Version,
    /// What the server's clock said when the connection was signed in.
    server_then: Millis,
    /// Its clock minus one's own at that time.
    clock_off_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Down,
    Dialling,
    Greeting,
    SigningIn(IncarnationId),
    Ready(IncarnationId),
    HangingUp,
}

impl Link {
    /// Numbers a request; `None` when there is no connection or too much is under way.
    fn register(&mut self, pending: Pending, now: Millis) -> Option<Req> {
        if !self.ready() || self.pending.len() >= PENDING_MAX {
            return None;
        }
        self.req_next = self.req_next.wrapping_add(1);
        self.pending.insert(self.req_next, (now, pending));
        self.last_sent = now;
        Some(self.req_next)
    }

    /// A request as it is to be sent.
    pub(crate) fn ask(
        &mut self,
        pending: Pending,
        frame: impl FnOnce(Req) -> ClientFrame,
        now: Millis,
    ) -> Option<(Req, Output)> {
        let req = self.register(pending, now)?;
        Some((req, Output::Send(frame(req).to_bytes())))
    }

    pub(crate) fn ready(&self) -> bool {
        matches!(self.stage, Stage::Ready(_))
    }

    /// The server's clock, as far as it can be known here; one's own may be wrong.
    pub(crate) fn server_now(&self, now: Millis) -> Millis {
        self.server_then.plus(now.since(self.ready_since))
    }

    /// The server's clock minus one's own, as far as it was told.
    pub(crate) fn clock_off_ms(&self) -> Option<i64> {
        self.clock_off_ms
    }

    /// Nothing asked and not yet answered, but for pings.
    pub(crate) fn quiet(&self) -> bool {
        self.pending.values().all(|(_, p)| matches!(p, Pending::Ping))
    }

    /// So many appends are under way that the server would refuse more.
    pub(crate) fn crowded(&self) -> bool {
        let appends = self
            .pending
            .values()
            .filter(|(_, p)| matches!(p, Pending::Append { .. } | Pending::EraAppend { .. }));
        appends.count() >= APPENDS_IN_FLIGHT_MAX - 8
    }

    /// Questions that nobody will answer when the connection ends.
    fn questions(&self) -> usize {
        self.pending.values().filter(|(_, p)| matches!(p, Pending::Question(_))).count()
    }

    fn take(&mut self, req: Req) -> Option<Pending> {
        self.pending.remove(&req).map(|(_, p)| p)
    }
}

impl Client {
    /// After the account was loaded or made.
    pub(crate) fn resume(&mut self) {
        self.link = Link::default();
        if self.registering.is_some() {
            self.resume_registration();
        }
        self.dial_now();
    }

    pub(crate) fn dial_now(&mut self) {
        self.link.dial_at = self.now;
        self.drive_link();
    }

    /// There is an account, this device is one of its devices, and the vault opens.
    fn may_dial(&self) -> bool {
        self.account.as_ref().is_some_and(|a| !a.removed && self.registering.is_none())
            && !self.password_needed()
    }

    /// Dials, pings and gives up as the time demands.
    pub(crate) fn drive_link(&mut self) {
        let Some(account) = self.account.as_ref().filter(|_| self.may_dial()) else { return };
        let origin = account.origin.clone();
        match self.link.stage {
            Stage::Down if self.link.dial_at <= self.now => {
                self.link.stage = Stage::Dialling;
                self.link.trying_since = self.now;
                if let Some(keeping) = &mut self.keeping {
                    keeping.changed_here = false;
                }
                self.output(Output::Dial(origin));
            }
            Stage::Ready(_) => {
                let overdue = self.link.pending.values().any(|(at, _)| self.now.since(*at) > ANSWER_MS_MAX);
                if overdue {
                    self.hang_up();
                } else if self.now.since(self.link.last_sent) >= IDLE_MS_MAX / 3 {
                    self.request(Pending::Ping, |req| ClientFrame::Ping { req });
                }
            }
            Stage::Dialling | Stage::Greeting | Stage::SigningIn(_)
                if self.now.since(self.link.trying_since) > ANSWER_MS_MAX =>
            {
                self.hang_up();
            }
            Stage::Down | Stage::Dialling | Stage::Greeting | Stage::SigningIn(_) | Stage::HangingUp => {}
        }
    }

    /// When to be woken for the connection's sake.
    pub(crate) fn link_wake_at(&self) -> Option<Millis> {
        if !self.may_dial() {
            return None;
        }
        match self.link.stage {
            Stage::Down => Some(self.link.dial_at),
            Stage::Ready(_) => {
                let ping = self.link.last_sent.plus(IDLE_MS_MAX / 3);
                let answer = self.link.pending.values().map(|(at, _)| at.plus(ANSWER_MS_MAX + 1)).min();
                Some(answer.map_or(ping, |a| a.min(ping)))
            }
            Stage::Dialling | Stage::Greeting | Stage::SigningIn(_) => {
                Some(self.link.trying_since.plus(ANSWER_MS_MAX + 1))
            }
            Stage::HangingUp => None,
        }
    }

    pub(crate) fn hang_up(&mut self) {
        if !matches!(self.link.stage, Stage::Down | Stage::HangingUp) {
            self.link.stage = Stage::HangingUp;
            self.output(Output::HangUp);
        }
    }

    pub(crate) fn connected(&mut self) {
        if self.link.stage == Stage::Dialling {
            self.link.stage = Stage::Greeting;
        }
    }

    pub(crate) fn disconnected(&mut self) {
        // A connection that was given up at once counts as a failure, or two sides that disagree would spin.
        let lasted =
            self.link.ready_since > Millis::ZERO && self.now.since(self.link.ready_since) > STEADY_MS;
        let failures = if lasted { 0 } else { self.link.failures.saturating_add(1) };
        let ceiling = BACKOFF_MS_MIN.saturating_mul(1 << failures.min(10)).min(BACKOFF_MS_MAX);
        let jitter = self.entropy.next_u64() % (ceiling / 2 + 1);
        let unanswered = self.link.questions();
        self.early.clear();
        self.link = Link {
            failures,
            dial_at: self.now.plus(ceiling / 2 + jitter),
            clock_off_ms: self.link.clock_off_ms,
            ..Link::default()
        };
        (0..unanswered).for_each(|_| self.event(Event::Failed(Failure::Unreachable)));
        for space in self.spaces.values_mut() {
            space.live =
                crate::space::Live { alarm: space.live.alarm.take(), ..crate::space::Live::default() };
        }
        if let Some(keeping) = &mut self.keeping {
            // A write that was not answered is written again.
            keeping.urgent |= keeping.busy;
            keeping.busy = false;
            keeping.doubted = false;
        }
        if self.account.is_some() {
            self.event(Event::Offline);
        }
    }

    pub(crate) fn frame(&mut self, bytes: &[u8]) {
        let Ok(frame) = ServerFrame::from_bytes(bytes) else {
            self.hang_up();
            return;
        };
        match (self.link.stage, frame.body) {
            (Stage::Greeting, ServerBody::Hello { challenge, .. }) => {
                self.sign_in(frame.incarnation, challenge);
            }
            (Stage::SigningIn(incarnation), body) if incarnation == frame.incarnation => {
                self.signing_in(incarnation, body);
            }
            (Stage::Ready(incarnation), body) if incarnation == frame.incarnation => self.answer(body),
            (Stage::Down | Stage::Dialling | Stage::HangingUp, _) => {}
            (Stage::Greeting | Stage::SigningIn(_) | Stage::Ready(_), _) => self.hang_up(),
        }
    }

    fn sign_in(&mut self, incarnation: IncarnationId, challenge: Challenge) {
        let Some(account) = &self.account else { return };
        let Some(card) = self.cards.newest(account.id).map(|c| c.signed().clone()) else { return };
        let card_sent = self.cards.newest(account.id).map(|c| c.card().version).unwrap_or_default();
        let message = connect_message(incarnation, challenge, account.id, account.device);
        let signature = account.device_key.sign(Label::SignConnect, &message);
        let frame = ClientFrame::Connect { account: account.id, device: account.device, signature, card };
        self.link.stage = Stage::SigningIn(incarnation);
        self.link.card_sent = card_sent;
        self.output(Output::Send(frame.to_bytes()));
    }

    fn signing_in(&mut self, incarnation: IncarnationId, body: ServerBody) {
        match body {
            ServerBody::Ready {
                spaces,
                card_version,
                vault_revision,
                practice,
                now: server_now,
                weeks,
                factors_since,
                factor_due,
                factors,
            } => {
                self.learn_weeks(&weeks);
                self.learn_factors(factors, factors_since, factor_due);
                self.link.stage = Stage::Ready(incarnation);
                if let Some(account) = self.account.as_mut().filter(|a| a.practice != practice) {
                    account.practice = practice;
                    self.save_account();
                }
                self.link.last_sent = self.now;
                self.link.ready_since = self.now;
                self.link.server_then = server_now;
                let (ahead, behind) = (server_now.since(self.now), self.now.since(server_now));
                let off = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
                self.link.clock_off_ms = Some(off(ahead) - off(behind));
                self.event(Event::Online);
                if card_version < self.link.card_sent {
                    self.alarm(None, Alarm::OldCard);
                }
                self.ready(&spaces, card_version, vault_revision);
            }
            ServerBody::Error { code: ErrorCode::DeviceNotListed, .. } => {
                // Only a card proves it; until one does, ask again now and then.
                self.link.failures = FAILURES_REFUSED;
                self.event(Event::DeviceRemoved);
                self.hang_up();
            }
            ServerBody::Error { code: ErrorCode::FactorRequired, .. } => {
                self.link.failures = FAILURES_REFUSED;
                self.event(Event::FactorRequired);
                self.hang_up();
            }
            ServerBody::Error { code: ErrorCode::DeviceIdle, .. } => {
                self.link.failures = FAILURES_REFUSED;
                self.event(Event::DeviceIdle);
                self.hang_up();
            }
            _ => self.hang_up(),
        }
    }

    fn answer(&mut self, body: ServerBody) {
        match body {
            ServerBody::Error { req: None, .. } | ServerBody::Hello { .. } | ServerBody::Ready { .. } => {
                self.hang_up();
            }
            ServerBody::Error { req: Some(req), code, retry_after_ms } => {
                if let Some(pending) = self.link.take(req) {
                    self.refused(&pending, code, retry_after_ms);
                }
            }
            ServerBody::Appended { req, id, seq, head, at, payload_hash, repeat } => {
                match self.link.take(req) {
                    Some(Pending::Append { space, number, record }) if record.header().id == id => {
                        self.appended(
                            space,
                            number,
                            *record,
                            &crate::writing::Ack { seq, head, at, payload_hash, repeat },
                        );
                    }
                    Some(Pending::EraAppend { space, record }) if record.header().id == id => {
                        self.era_appended(space, *record, seq, at);
                    }
                    _ => self.hang_up(),
                }
            }
            ServerBody::Subscribed { req, head } => match self.link.take(req) {
                Some(Pending::Subscribe(space, at)) if head.space == space => self.subscribed(head, at),
                Some(Pending::Restore(space)) if head.space == space => self.handed_back(head),
                _ => self.hang_up(),
            },
            ServerBody::Page { req, space, records, head } => match self.link.take(req) {
                Some(Pending::Read(read)) if read.space == space && head.space == space => {
                    self.page(read, records, head);
                }
                _ => self.hang_up(),
            },
            ServerBody::Newest { req, base, era, records, head } => match self.link.take(req) {
                Some(Pending::Newest(space)) if head.space == space => {
                    self.newest_arrived(space, Newest { base, era, records, head });
                }
                _ => self.hang_up(),
            },
            ServerBody::Push { space, records } => self.push(space, records),
            ServerBody::Cards { req, card } => {
                if let Some(Pending::CardGet { account, version }) = self.link.take(req) {
                    self.card_arrived(account, version, card);
                }
            }
            ServerBody::Done { req } => {
                if let Some(pending) = self.link.take(req) {
                    self.done(req, &pending);
                }
            }
            ServerBody::People { req, .. }
            | ServerBody::Glance { req, .. }
            | ServerBody::PushKey { req, .. } => {
                if let Some(Pending::Question(question)) = self.link.take(req) {
                    self.question_answered(&question, body);
                }
            }
            ServerBody::Vault { req, revision, sealed } => {
                if let Some(Pending::VaultGet) = self.link.take(req) {
                    self.vault_arrived(revision, sealed.as_ref());
                }
            }
            ServerBody::Pong { req, .. } => {
                self.link.take(req);
            }
            ServerBody::CardChanged { account, version } => self.card_changed(account, version),
            ServerBody::VaultChanged { revision } => self.vault_changed(revision),
            ServerBody::SpaceAdded { head } => self.space_added(head),
            ServerBody::Roster { req, roster } => {
                if let Some(Pending::RosterGet) = self.link.take(req) {
                    self.roster_arrived(roster.as_ref());
                }
            }
            ServerBody::Ephemeral { frame } => self.ephemeral_arrived(&frame),
            ServerBody::Invitations { .. } => {}
        }
    }

    fn done(&mut self, req: Req, pending: &Pending) {
        match pending {
            Pending::VaultPut(revision) => self.vault_stored(*revision),
            Pending::InvitationPut(id) => self.invited(*id),
            Pending::Revoke(id) => self.event(Event::Revoked(*id)),
            Pending::CardHandBack(space) => self.card_handed_back(*space, req),
            Pending::RosterPut(roster) => self.roster_stored((**roster).clone()),
            Pending::Question(question) => self.question_answered(question, ServerBody::Done { req }),
            Pending::Append { .. }
            | Pending::EraAppend { .. }
            | Pending::Subscribe(..)
            | Pending::Read(..)
            | Pending::Newest(_)
            | Pending::Restore(_)
            | Pending::CardGet { .. }
            | Pending::VaultGet
            | Pending::RosterGet
            | Pending::Ping => self.hang_up(),
        }
    }

    fn refused(&mut self, pending: &Pending, code: ErrorCode, retry_after_ms: Option<u64>) {
        match pending {
            Pending::Append { space, number, .. } => {
                self.append_refused(*space, *number, code, retry_after_ms);
            }
            Pending::EraAppend { space, .. } => self.era_refused(*space, code, retry_after_ms),
            Pending::Subscribe(space, _) | Pending::Read(Reading { space, .. }) => {
                self.read_refused(*space, code);
            }
            Pending::Restore(space) => self.hand_back_refused(*space, code),
            Pending::CardGet { account, .. } => self.card_refused(*account, code),
            // The server has this card or a later one.
            Pending::CardHandBack(space) => {
                let cards: Vec<Req> = self
                    .spaces
                    .get(space)
                    .and_then(|s| s.live.hand_back.as_ref())
                    .map(|h| h.cards.iter().copied().filter(|r| !self.link.pending.contains_key(r)).collect())
                    .unwrap_or_default();
                for req in cards {
                    self.card_handed_back(*space, req);
                }
            }
            Pending::VaultGet => self.hang_up(),
            Pending::VaultPut(_) => self.vault_refused(code),
            Pending::InvitationPut(id) => self.invitation_refused(*id, code, retry_after_ms),
            Pending::Revoke(_) | Pending::Question(_) => {
                self.event(Event::Failed(Failure::Server { code, retry_after_ms }));
            }
            Pending::RosterPut(_) => self.roster_refused(code, retry_after_ms),
            // It is only earlier than it would come anyway.
            Pending::Newest(_) | Pending::RosterGet | Pending::Ping => {}
        }
    }
}
