//! One connection, from its first frame to its last.
//!
//! Owns the order of frames, the rates and the deadlines of a connection, and turns frames into calls of the
//! service. Refuses to know sockets, timers and tasks: whoever drives it feeds bytes and the time, and empties the
//! [`Outbox`]. Invariant: untrusted bytes never panic and cost nobody else anything; every error goes to the one
//! who asked.

use crate::hub::{ConnectionId, Outbox};
use crate::rate::TokenBucket;
use crate::relay::{PendingAppend, Relay, Reply};
use crate::service::{Frame, ServiceError, Speaker};
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{
    Challenge, ClientFrame, Ephemeral, PushEndpoint, Req, ServerBody, Stored, connect_message,
};
use sotto_protocol::ids::{Millis, Seq, SpaceId};
use sotto_protocol::label::Label;
use sotto_protocol::limits::{
    APPENDS_IN_FLIGHT_MAX, EPHEMERAL_PER_SECOND_MAX, FRAMES_PER_SECOND_MAX, GLANCES_PER_SECOND_MAX,
    HANDSHAKE_MS_MAX, IDLE_MS_MAX, SUBSCRIPTIONS_MAX,
};
use sotto_protocol::record::Record;
use sotto_protocol::sign::{SignatureBytes, Signed};
use std::sync::Arc;

/// Lists of people and glances that a connection may ask for at once.
const GLANCES_BURST: u32 = 8;

/// A signed-in connection.
#[derive(Clone, Copy, Debug)]
struct SignedIn {
    speaker: Speaker,
    id: ConnectionId,
}

/// One connection.
pub struct Session {
    relay: Arc<Relay>,
    outbox: Arc<Outbox>,
    challenge: Challenge,
    signed_in: Option<SignedIn>,
    deadline: Millis,
    frames: TokenBucket,
    ephemeral: TokenBucket,
    glances: TokenBucket,
}

impl Session {
    /// A new connection; `Hello` with the challenge (32 fresh random bytes) waits in its outbox.
    pub fn open(relay: Arc<Relay>, challenge: Challenge, now: Millis) -> Self {
        let outbox = Outbox::new(relay.service().defects());
        outbox.send(relay.service().frame(ServerBody::Hello { challenge, now }));
        Self {
            relay,
            outbox,
            challenge,
            signed_in: None,
            deadline: now.plus(HANDSHAKE_MS_MAX),
            frames: TokenBucket::new(FRAMES_PER_SECOND_MAX, FRAMES_PER_SECOND_MAX, now),
            ephemeral: TokenBucket::new(EPHEMERAL_PER_SECOND_MAX, EPHEMERAL_PER_SECOND_MAX, now),
            glances: TokenBucket::new(GLANCES_PER_SECOND_MAX, GLANCES_BURST, now),
        }
    }

    /// What goes out.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// When [`Session::expire`] is due unless a frame comes before.
    pub fn deadline(&self) -> Millis {
        self.deadline
    }

    /// Closes the connection if its deadline has passed.
    pub fn expire(&mut self, now: Millis) {
        if now >= self.deadline {
            let code = if self.signed_in.is_some() { None } else { Some(ErrorCode::NotSignedIn) };
            self.outbox.close(code);
        }
    }

    /// A message that is no binary message, or too long.
    pub fn refuse(&mut self, code: ErrorCode) {
        self.end(code);
    }

    /// One binary message. What it returns goes to [`Relay::commit`], together with that of other connections.
    pub async fn handle(&mut self, bytes: &[u8], now: Millis) -> Option<PendingAppend> {
        if self.outbox.is_closing() {
            return None;
        }
        if self.frames.take(1, now).is_err() {
            self.end(ErrorCode::RateLimited);
            return None;
        }
        let Ok(frame) = ClientFrame::from_bytes(bytes) else {
            self.end(ErrorCode::Malformed);
            return None;
        };
        let Some(who) = self.signed_in else {
            self.greet(frame, now).await;
            return None;
        };
        self.deadline = now.plus(IDLE_MS_MAX);
        self.speak(who, frame, now).await
    }

    /// The first frame.
    async fn greet(&mut self, frame: ClientFrame, now: Millis) {
        let ClientFrame::Connect { account, device, signature, card } = frame else {
            return self.end(ErrorCode::NotSignedIn);
        };
        let speaker = Speaker { account, device };
        match self.connect(speaker, &signature, card, now).await {
            Ok((id, ready)) => {
                self.deadline = now.plus(IDLE_MS_MAX);
                self.relay.hub().ready(id, ready);
            }
            Err(error) => {
                self.fail(None, error);
                self.outbox.close(Some(error.code));
            }
        }
    }

    async fn connect(
        &mut self,
        speaker: Speaker,
        signature: &SignatureBytes,
        card: Signed<Card>,
        now: Millis,
    ) -> Result<(ConnectionId, Frame), ServiceError> {
        let service = self.relay.service();
        let card = Arc::new(VerifiedCard::verify(card)?);
        let message = connect_message(service.incarnation(), self.challenge, speaker.account, speaker.device);
        let verify = |key: &sotto_protocol::sign::PublicKey| {
            key.verify(Label::SignConnect, &message, signature).is_ok()
        };
        let (account, changed) = service.sign_in(speaker, card, verify).await?;
        let weeks = service.device_connects(speaker, now).await?;
        let (factors_since, factor_due) = service.factor_due(speaker.account, account.role, now).await?;
        let joined = self.relay.hub().join(speaker.account, speaker.device, self.outbox.clone());
        let id = joined.ok_or(ErrorCode::LimitExceeded)?;
        self.signed_in = Some(SignedIn { speaker, id });
        if let Some(changed) = changed {
            self.relay.card_changed(&changed);
        }
        // A card that removed this device a moment ago cut only the connections that were known then.
        if !service.is_active(speaker).await? {
            return Err(ErrorCode::DeviceNotListed.into());
        }
        let vault = service.vault(speaker.account).await?;
        let body = ServerBody::Ready {
            spaces: service.spaces_of(speaker.account).await?,
            card_version: account.card.card().version,
            vault_revision: vault.map(|v| v.revision).unwrap_or_default(),
            practice: service.practice_name(account.practice).await?,
            now,
            weeks,
            factors_since,
            factor_due,
            factors: service.factors_of(speaker.account).await?,
        };
        Ok((id, service.frame(body)))
    }

    /// A frame of a signed-in connection.
    async fn speak(&mut self, who: SignedIn, frame: ClientFrame, now: Millis) -> Option<PendingAppend> {
        match frame {
            ClientFrame::Append { req, record } => return self.append(who, req, record).await,
            ClientFrame::Connect { .. } => self.end(ErrorCode::UnexpectedFrame),
            ClientFrame::Cursor { space, seq } => {
                let noted = self.cursor(who, space, seq).await;
                noted.unwrap_or_else(|error| self.fail(None, error));
            }
            ClientFrame::Ephemeral { frame } => self.ephemeral(who, frame, now).await,
            ClientFrame::Subscribe { req, space } => {
                let done = self.subscribe(who, req, space).await;
                done.unwrap_or_else(|error| self.fail(Some(req), error));
            }
            ClientFrame::Read { req, space, after, limit } => {
                let page = self.relay.service().page(who.speaker.account, req, space, after, limit).await;
                self.answer(req, page);
            }
            ClientFrame::ReadNewest { req, space, limit } => {
                let newest = self.relay.service().newest(who.speaker.account, req, space, limit).await;
                self.answer(req, newest);
            }
            ClientFrame::Restore { req, space, records } => {
                let answer = self.restore(who, req, space, records, now).await;
                self.answer(req, answer);
            }
            ClientFrame::CardGet { .. }
            | ClientFrame::CardPut { .. }
            | ClientFrame::VaultGet { .. }
            | ClientFrame::VaultPut { .. }
            | ClientFrame::InvitationPut { .. }
            | ClientFrame::InvitationRevoke { .. }
            | ClientFrame::InvitationList { .. }
            | ClientFrame::RosterGet { .. }
            | ClientFrame::RosterPut { .. }
            | ClientFrame::Ping { .. } => self.request(who, frame, now).await,
            ClientFrame::PeopleList { .. }
            | ClientFrame::GlanceGet { .. }
            | ClientFrame::FactorPolicyPut { .. }
            | ClientFrame::PushKeyGet { .. }
            | ClientFrame::PushPut { .. } => self.rarer_request(who, frame, now).await,
        }
        None
    }

    /// The requests with one plain answer.
    async fn request(&mut self, who: SignedIn, frame: ClientFrame, now: Millis) {
        let service = self.relay.service();
        let account = who.speaker.account;
        let (req, body) = match frame {
            ClientFrame::CardGet { req, account, version } => {
                let card = service.store().card(account, version).await.map_err(ServiceError::from);
                (req, card.map(|card| ServerBody::Cards { req, card: card.map(|c| c.signed().clone()) }))
            }
            ClientFrame::CardPut { req, card } => {
                (req, self.put_card(card).await.map(|()| ServerBody::Done { req }))
            }
            ClientFrame::VaultGet { req } => {
                let vault = service.vault(account).await;
                let body = vault.map(|vault| {
                    let (revision, sealed) =
                        vault.map_or_else(Default::default, |v| (v.revision, Some(v.sealed)));
                    ServerBody::Vault { req, revision, sealed }
                });
                (req, body)
            }
            ClientFrame::VaultPut { req, base, revision, sealed } => {
                let put = service.put_vault(account, base, revision, sealed, now).await;
                let body = put.map(|()| {
                    self.relay.vault_changed(account, who.id, revision);
                    ServerBody::Done { req }
                });
                (req, body)
            }
            ClientFrame::InvitationPut { req, invitation } => {
                let put = service.put_invitation(who.speaker, invitation, now).await;
                (req, put.map(|()| ServerBody::Done { req }))
            }
            ClientFrame::InvitationRevoke { req, id } => {
                let revoked = service.revoke_invitation(who.speaker, id).await;
                (req, revoked.map(|()| ServerBody::Done { req }))
            }
            ClientFrame::InvitationList { req } => {
                let list = service.list_invitations(who.speaker, now).await;
                (req, list.map(|invitations| ServerBody::Invitations { req, invitations }))
            }
            ClientFrame::RosterGet { req } => {
                (req, service.roster(who.speaker).await.map(|roster| ServerBody::Roster { req, roster }))
            }
            ClientFrame::RosterPut { req, roster } => {
                (req, service.put_roster(who.speaker, roster).await.map(|()| ServerBody::Done { req }))
            }
            ClientFrame::Ping { req } => (req, Ok(ServerBody::Pong { req, now })),
            ClientFrame::Connect { .. }
            | ClientFrame::Append { .. }
            | ClientFrame::Subscribe { .. }
            | ClientFrame::Read { .. }
            | ClientFrame::ReadNewest { .. }
            | ClientFrame::Cursor { .. }
            | ClientFrame::Ephemeral { .. }
            | ClientFrame::Restore { .. }
            | ClientFrame::PeopleList { .. }
            | ClientFrame::GlanceGet { .. }
            | ClientFrame::FactorPolicyPut { .. }
            | ClientFrame::PushKeyGet { .. }
            | ClientFrame::PushPut { .. } => return,
        };
        let frame = body.map(|body| self.relay.service().frame(body));
        self.answer(req, frame);
    }

    /// The requests with one plain answer that no device makes often.
    async fn rarer_request(&mut self, who: SignedIn, frame: ClientFrame, now: Millis) {
        let relay = self.relay.clone();
        let (req, body) = match frame {
            ClientFrame::PeopleList { req } => {
                let people = match self.glance_allowed(now) {
                    Ok(()) => relay.service().people(who.speaker).await,
                    Err(error) => Err(error),
                };
                (req, people.map(|people| ServerBody::People { req, people }))
            }
            ClientFrame::GlanceGet { req } => {
                let tables = match self.glance_allowed(now) {
                    Ok(()) => relay.service().glance(who.speaker).await,
                    Err(error) => Err(error),
                };
                (req, tables.map(|tables| ServerBody::Glance { req, tables }))
            }
            ClientFrame::FactorPolicyPut { req, required } => {
                let put = relay.service().put_factor_policy(who.speaker, required, now).await;
                (req, put.map(|()| ServerBody::Done { req }))
            }
            ClientFrame::PushKeyGet { req } => {
                let key = relay.notices().map(|notices| notices.public().clone());
                (req, Ok(ServerBody::PushKey { req, key }))
            }
            ClientFrame::PushPut { req, endpoint } => {
                let sends = |endpoint: &PushEndpoint| relay.notices().is_some_and(|n| n.sends_to(endpoint));
                let put = if endpoint.as_ref().is_none_or(sends) {
                    relay.service().put_push(who.speaker, endpoint, now).await
                } else {
                    Err(ErrorCode::PushRefused.into())
                };
                (req, put.map(|()| ServerBody::Done { req }))
            }
            _ => return,
        };
        let frame = body.map(|body| self.relay.service().frame(body));
        self.answer(req, frame);
    }

    fn glance_allowed(&mut self, now: Millis) -> Result<(), ServiceError> {
        self.glances.take(1, now).map_err(|wait| ServiceError::later(ErrorCode::RateLimited, wait.ms))
    }

    async fn append(&mut self, who: SignedIn, req: Req, record: Record) -> Option<PendingAppend> {
        if self.outbox.begin() > APPENDS_IN_FLIGHT_MAX {
            self.outbox.end();
            self.fail(Some(req), ServiceError::later(ErrorCode::RateLimited, 100));
            return None;
        }
        let reply = Reply::new(self.outbox.clone(), req);
        match self.relay.service().prepare(who.speaker, record).await {
            Ok(prepared) => Some(PendingAppend { prepared, reply }),
            Err(error) => {
                self.fail(Some(req), error);
                None
            }
        }
    }

    /// First listens, then looks where the space stands: what comes in between is pushed.
    async fn subscribe(&mut self, who: SignedIn, req: Req, space: SpaceId) -> Result<(), ServiceError> {
        let hub = self.relay.hub();
        if !hub.subscribe(who.id, space, SUBSCRIPTIONS_MAX) {
            return Err(ErrorCode::LimitExceeded.into());
        }
        match self.relay.service().space_head(who.speaker.account, space).await {
            Ok(head) => {
                let answer = self.relay.service().frame(ServerBody::Subscribed { req, head });
                hub.subscribed(who.id, space, answer);
                Ok(())
            }
            Err(error) => {
                hub.unsubscribe(who.id, space);
                Err(error)
            }
        }
    }

    async fn restore(
        &mut self,
        who: SignedIn,
        req: Req,
        space: SpaceId,
        records: Vec<Stored>,
        now: Millis,
    ) -> Result<Frame, ServiceError> {
        let (head, published) = self.relay.service().restore(who.speaker, space, records, now).await?;
        self.relay.publish(&published);
        Ok(self.relay.service().frame(ServerBody::Subscribed { req, head }))
    }

    async fn cursor(&mut self, who: SignedIn, space: SpaceId, seq: Seq) -> Result<(), ServiceError> {
        let service = self.relay.service();
        let head = service.space_head(who.speaker.account, space).await?;
        service.note_cursor(who.speaker.device, space, seq.min(head.seq)).await
    }

    async fn put_card(&self, card: Signed<Card>) -> Result<(), ServiceError> {
        let card = Arc::new(VerifiedCard::verify(card)?);
        if let Some(changed) = self.relay.service().put_card(card).await? {
            self.relay.card_changed(&changed);
        }
        Ok(())
    }

    /// Dropped silently when too fast, for another era or when nobody listens; a forged one ends the connection.
    async fn ephemeral(&mut self, who: SignedIn, frame: Ephemeral, now: Millis) {
        let listens = self.relay.hub().has_listeners(frame.space, who.id);
        if self.ephemeral.take(1, now).is_err() || !listens {
            return;
        }
        match self.relay.service().check_ephemeral(who.speaker, &frame).await {
            Ok(true) => {
                let space = frame.space;
                let frame = self.relay.service().frame(ServerBody::Ephemeral { frame });
                self.relay.hub().relay(space, who.id, &frame);
            }
            Ok(false) => {}
            Err(error) => {
                self.fail(None, error);
                self.outbox.close(Some(error.code));
            }
        }
    }

    fn answer(&self, req: Req, frame: Result<Frame, ServiceError>) {
        match frame {
            Ok(frame) => self.outbox.send(frame),
            Err(error) => self.fail(Some(req), error),
        }
    }

    /// Says what failed.
    fn fail(&self, req: Option<Req>, error: ServiceError) {
        let ServiceError { code, retry_after_ms } = error;
        self.outbox.send(self.relay.service().frame(ServerBody::Error { req, code, retry_after_ms }));
    }

    /// Says what went wrong with the connection, and ends it.
    fn end(&self, code: ErrorCode) {
        self.fail(None, code.into());
        self.outbox.close(Some(code));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(who) = self.signed_in {
            self.relay.hub().leave(who.id);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
