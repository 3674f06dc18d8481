//! The relay: service and hub together, without sockets, timers or tasks.
//!
//! Owns what connections share, and the step from a batch of appends to answers and pushes. The server's
//! committer and the simulation drive this same code. Invariant: an answer or a push goes out only after the
//! store said that the record is on disk.

use crate::hub::{ConnectionId, Hub, Outbox};
use crate::push::Notices;
use crate::service::{
    AccountOutcome, Appended, CardStored, PreparedAppend, Published, Service, ServiceError,
};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{Req, ServerBody};
use sotto_protocol::ids::{AccountId, Millis, Revision};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What connections share.
pub struct Relay {
    service: Service,
    hub: Hub,
    notices: Option<Notices>,
}

impl Relay {
    /// A relay with nobody connected, which sends no notices.
    pub fn new(service: Service) -> Arc<Self> {
        Self::with_notices(service, None)
    }

    /// A relay with nobody connected.
    pub fn with_notices(service: Service, notices: Option<Notices>) -> Arc<Self> {
        let hub = Hub::new(service.defects());
        Arc::new(Self { service, hub, notices })
    }

    /// Where notices to devices that are away are handed in, if the server sends any.
    pub fn notices(&self) -> Option<&Notices> {
        self.notices.as_ref()
    }

    /// The rules.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The connections.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Stores a batch (of at most `BATCH_RECORDS_MAX`), answers those who asked and tells those who listen.
    pub async fn commit(&self, batch: Vec<PendingAppend>, now: Millis) {
        let (prepared, replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|p| (p.prepared, p.reply)).unzip();
        let outcome = self.service.append_batch(&prepared, now).await;
        for (reply, result) in replies.into_iter().zip(outcome.results) {
            reply.finish(self, result);
        }
        self.publish(&outcome.published);
        self.give_notice(&outcome.published);
    }

    /// Tells those concerned what a request over HTTP has led to.
    pub fn account_done(&self, outcome: &AccountOutcome) {
        if let Some(card) = &outcome.card {
            self.card_changed(card);
        }
        self.publish(&outcome.published);
        self.give_notice(&outcome.published);
    }

    /// Has those told who have something new to read and may be away. Records handed back are nothing new.
    fn give_notice(&self, published: &[Published]) {
        let accounts: BTreeSet<_> = published.iter().flat_map(|space| &space.concerned).copied().collect();
        if let Some(notices) = self.notices().filter(|_| !accounts.is_empty()) {
            notices.hand_in(accounts);
        }
    }

    /// Tells those who listen what is new.
    pub(crate) fn publish(&self, published: &[Published]) {
        for space in published {
            let added = self.service.frame(ServerBody::SpaceAdded { head: space.head });
            self.hub.publish(space, &added);
        }
    }

    /// Tells those concerned about a new card, and cuts devices that it removed.
    pub(crate) fn card_changed(&self, card: &CardStored) {
        let frame =
            self.service.frame(ServerBody::CardChanged { account: card.account, version: card.version });
        self.hub.cut(card.account, &card.active);
        for account in &card.audience {
            self.hub.to_account(*account, None, &frame);
        }
    }

    /// Tells an account's other connections about a new vault.
    pub(crate) fn vault_changed(&self, account: AccountId, by: ConnectionId, revision: Revision) {
        let frame = self.service.frame(ServerBody::VaultChanged { revision });
        self.hub.to_account(account, Some(by), &frame);
    }
}

/// An append that waits for its flush.
pub struct PendingAppend {
    pub(crate) prepared: PreparedAppend,
    pub(crate) reply: Reply,
}

impl PendingAppend {
    /// The record.
    pub fn prepared(&self) -> &PreparedAppend {
        &self.prepared
    }

    /// Answers without storing: the server can't do it now.
    pub fn refuse(self, relay: &Relay, code: ErrorCode) {
        self.reply.finish(relay, Err(ServiceError::later(code, 1000)));
    }
}

/// Where the answer to an append goes. Dropped without an answer, it only counts off.
pub(crate) struct Reply {
    outbox: Arc<Outbox>,
    req: Req,
}

impl Reply {
    pub(crate) fn new(outbox: Arc<Outbox>, req: Req) -> Self {
        Self { outbox, req }
    }

    fn finish(self, relay: &Relay, result: Result<Appended, ServiceError>) {
        let req = self.req;
        let body = match result {
            Ok(Appended { id, seq, head, at, payload_hash, repeat }) => {
                ServerBody::Appended { req, id, seq, head, at, payload_hash, repeat }
            }
            Err(error) => {
                ServerBody::Error { req: Some(req), code: error.code, retry_after_ms: error.retry_after_ms }
            }
        };
        self.outbox.send(relay.service.frame(body));
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.outbox.end();
    }
}
