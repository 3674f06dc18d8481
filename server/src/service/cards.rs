//! Cards: taking them in.
//!
//! Owns the decision whether a card is stored. Refuses to know who hands it in: a card is signed, so anybody may.
//! Invariant: all stored cards of an account carry its stored identity, and each follows the one before it.

use super::{Service, ServiceError};
use crate::store::Swap;
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{AccountId, DeviceId, Version};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Times a lost compare-and-swap is tried again.
const TRIES_MAX: usize = 4;
/// Versions have to fit a database's whole numbers.
pub(super) const VERSION_MAX: Version = Version(1 << 53);

/// A card that became the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardStored {
    /// Whose.
    pub account: AccountId,
    /// Its version.
    pub version: Version,
    /// Devices that may speak from now on.
    pub active: BTreeSet<DeviceId>,
    /// Who is told: everybody who shares a space with the account, and the account itself.
    pub audience: BTreeSet<AccountId>,
}

impl Service {
    /// Stores a card that the server lacks. `None` when nothing about the newest card changed: it was stored
    /// before, or fills a gap below the newest.
    pub async fn put_card(&self, card: Arc<VerifiedCard>) -> Result<Option<CardStored>, ServiceError> {
        for _ in 0..TRIES_MAX {
            if let Some(done) = self.try_put_card(&card).await? {
                return Ok(done);
            }
        }
        Err(ServiceError::later(ErrorCode::Unavailable, 1000))
    }

    async fn try_put_card(
        &self,
        card: &Arc<VerifiedCard>,
    ) -> Result<Option<Option<CardStored>>, ServiceError> {
        let (account, version) = (card.card().account, card.card().version);
        if version > VERSION_MAX {
            return Err(ErrorCode::Malformed.into());
        }
        let newest = self.store.card(account, None).await?.ok_or(ErrorCode::AccountUnknown)?;
        if newest.card().identity != card.card().identity {
            return Err(ErrorCode::IdentityChanged.into());
        }
        let known = newest.card().version;
        if version > known {
            card.card().follows(newest.card())?;
        } else {
            if let Some(stored) = self.store.card(account, Some(version)).await? {
                let same = stored.hash() == card.hash();
                return if same { Ok(Some(None)) } else { Err(ErrorCode::VersionStale.into()) };
            }
            let (before, after) = self.store.cards_around(account, version).await?;
            if let Some(before) = before {
                card.card().follows(before.card())?;
            }
            if let Some(after) = after {
                after.card().follows(card.card())?;
            }
        }
        match self.store.put_card(card.clone(), known).await? {
            Swap::Lost => Ok(None),
            Swap::Done if version < known => Ok(Some(None)),
            Swap::Done => Ok(Some(Some(self.card_stored(card).await?))),
        }
    }

    /// Whom a card concerns that has just been stored.
    pub(super) async fn card_stored(&self, card: &VerifiedCard) -> Result<CardStored, ServiceError> {
        let card = card.card();
        let active = card.active().map(|d| d.id).collect();
        let audience = self.store().sharing_with(card.account).await?;
        Ok(CardStored { account: card.account, version: card.version, active, audience })
    }

    /// Admits a device: the card right after the newest, of the account that signed in.
    pub(super) async fn add_device(
        &self,
        account: AccountId,
        card: Arc<VerifiedCard>,
    ) -> Result<Option<CardStored>, ServiceError> {
        if card.card().account != account {
            return Err(ErrorCode::TokenInvalid.into());
        }
        let newest = self.store.card(account, None).await?.ok_or(ErrorCode::AccountUnknown)?;
        let same = newest.hash() == card.hash();
        if !same && card.card().version != newest.card().version.next() {
            return Err(ErrorCode::StaleCard.into());
        }
        if same { Ok(None) } else { self.put_card(card).await }
    }
}
