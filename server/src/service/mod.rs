//! The rules that only the server can judge.
//!
//! Owns every decision about what is stored and answered; the rules of a log are `protocol`'s
//! [`sotto_protocol::log`], called here as every client calls them. Refuses to know connections: who is signed in
//! comes in as an argument. Invariant: signatures are verified outside the store's transaction; era, cards and
//! position are compared inside it.

mod account;
mod append;
mod cards;
mod credentials;
mod devices;
mod factors;
mod invitations;
mod judge;
mod owner;
mod practice;
mod push;
mod read;
mod register;
mod restore;
mod vault;
mod wire;

#[cfg(test)]
mod account_tests;
#[cfg(test)]
mod factor_tests;
#[cfg(test)]
pub(crate) mod tests;

pub use account::{AccountOutcome, Entrance, setup_hash};
pub use append::{Appended, BatchOutcome, PreparedAppend, Published};
pub use cards::CardStored;
pub use wire::{Frame, push_frames};

use crate::defects::Defects;
use crate::store::{AccountView, MetaKey, Store, StoreError};
use sotto_protocol::card::{CardError, VerifiedCard};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ServerBody, ServerFrame};
use sotto_protocol::ids::{AccountId, DeviceId, IncarnationId, Seq, SpaceId};
use sotto_protocol::log::Refusal;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cursors noted and not yet stored, at most. More are stored at once.
const CURSORS_PENDING_MAX: usize = 4096;

/// Why something was not done: the number that crosses the wire, and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct ServiceError {
    /// What.
    pub code: ErrorCode,
    /// When to try again, milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl ServiceError {
    /// With a time after which it can be tried again.
    pub fn later(code: ErrorCode, retry_after_ms: u64) -> Self {
        Self { code, retry_after_ms: Some(retry_after_ms) }
    }
}

impl From<ErrorCode> for ServiceError {
    fn from(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None }
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        refusal.code().into()
    }
}

impl From<CardError> for ServiceError {
    fn from(error: CardError) -> Self {
        match error {
            CardError::Malformed(_) => ErrorCode::Malformed,
            CardError::Forged => ErrorCode::Forged,
            CardError::Stale { .. } => ErrorCode::VersionStale,
            CardError::Contradicts => ErrorCode::RuleForbids,
        }
        .into()
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => {
                tracing::warn!(%why, "the database does not answer");
                Self::later(ErrorCode::Unavailable, 1000)
            }
            StoreError::Full => {
                tracing::error!("the disk is full");
                ErrorCode::StorageFull.into()
            }
            StoreError::Corrupt(why) => {
                tracing::error!(%why, "the database is damaged");
                ErrorCode::Internal.into()
            }
            StoreError::Internal(why) => {
                tracing::error!(%why, "internal store error");
                ErrorCode::Internal.into()
            }
        }
    }
}

/// Who speaks on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// Account.
    pub account: AccountId,
    /// Device.
    pub device: DeviceId,
}

/// The rules over a store.
pub struct Service {
    store: Arc<dyn Store>,
    incarnation: IncarnationId,
    defects: Defects,
    cursors: Mutex<BTreeMap<(DeviceId, SpaceId), Seq>>,
}

impl Service {
    /// A service over an initialised store: one whose incarnation was set.
    pub async fn open(store: Arc<dyn Store>, defects: Defects) -> Result<Self, StoreError> {
        let bytes = store.meta(MetaKey::Incarnation).await?;
        let bytes = bytes.ok_or_else(|| StoreError::Corrupt("the incarnation is missing".to_owned()))?;
        let incarnation =
            IncarnationId::from_slice(&bytes).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        Ok(Self { store, incarnation, defects, cursors: Mutex::default() })
    }

    /// The life of the data served.
    pub fn incarnation(&self) -> IncarnationId {
        self.incarnation
    }

    /// What is switched on.
    pub fn defects(&self) -> Defects {
        self.defects
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// A frame to clients.
    pub fn frame(&self, body: ServerBody) -> Frame {
        Frame::from(ServerFrame { incarnation: self.incarnation, body }.to_bytes())
    }

    /// A connection's device signs in. `card` is the newest card it knows of its account, `verify` checks its
    /// signature of the challenge under the device's key. Stores the card when it is newer than the server's.
    pub async fn sign_in(
        &self,
        speaker: Speaker,
        card: Arc<VerifiedCard>,
        verify: impl Fn(&sotto_protocol::sign::PublicKey) -> bool + Send,
    ) -> Result<(AccountView, Option<CardStored>), ServiceError> {
        let stored = self.store.account(speaker.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        if card.card().account != speaker.account || card.card().identity != stored.card.card().identity {
            return Err(ErrorCode::IdentityChanged.into());
        }
        let newest = if card.card().version > stored.card.card().version { &card } else { &stored.card };
        let device = newest.card().device(speaker.device).ok_or(ErrorCode::DeviceNotListed)?;
        if !verify(&device.key) {
            return Err(ErrorCode::Forged.into());
        }
        if !device.active_at(newest.card().version) {
            return Err(ErrorCode::DeviceNotListed.into());
        }
        if Arc::ptr_eq(newest, &stored.card) {
            return Ok((stored, None));
        }
        let changed = self.put_card(card).await?;
        let now_stored = self.store.account(speaker.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        Ok((now_stored, changed))
    }

    /// True when the device is active in its account's newest card.
    pub async fn is_active(&self, speaker: Speaker) -> Result<bool, ServiceError> {
        let account = self.store.account(speaker.account).await?;
        Ok(account.is_some_and(|a| is_active(&a, speaker.device)))
    }

    /// Notes how far a device has read; stored with [`Service::flush_cursors`].
    pub async fn note_cursor(&self, device: DeviceId, space: SpaceId, seq: Seq) -> Result<(), ServiceError> {
        let full = {
            let mut cursors = self.lock_cursors();
            cursors.insert((device, space), seq);
            cursors.len() >= CURSORS_PENDING_MAX
        };
        if full { self.flush_cursors().await } else { Ok(()) }
    }

    /// Stores the cursors noted since.
    pub async fn flush_cursors(&self) -> Result<(), ServiceError> {
        let noted = std::mem::take(&mut *self.lock_cursors());
        let rows: Vec<_> = noted.into_iter().map(|((device, space), seq)| (device, space, seq)).collect();
        if !rows.is_empty() {
            self.store.put_cursors(&rows).await?;
        }
        Ok(())
    }

    fn lock_cursors(&self) -> MutexGuard<'_, BTreeMap<(DeviceId, SpaceId), Seq>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True when the device is active in the account's newest card.
fn is_active(account: &AccountView, device: DeviceId) -> bool {
    let card = account.card.card();
    card.device(device).is_some_and(|d| d.active_at(card.version))
}
