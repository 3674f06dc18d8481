//! Cards a client knows.
//!
//! Owns the newest verified card of each account and the hashes of earlier versions. Refuses to know where they
//! come from. Invariant: an account's identity never changes here, versions only grow, and a version has one hash.

use minicbor::{Decode, Encode};
use sotto_protocol::card::{Card, CardError, VerifiedCard};
use sotto_protocol::ids::{AccountId, Hash, Version};
use sotto_protocol::log::CardPin;
use sotto_protocol::sign::{PublicKey, Signed};
use std::collections::BTreeMap;

/// Cards by account.
#[derive(Debug, Default)]
pub(crate) struct Cards {
    known: BTreeMap<AccountId, Known>,
}

#[derive(Debug)]
struct Known {
    newest: VerifiedCard,
    hashes: BTreeMap<Version, Hash>,
}

/// How an account's cards are stored.
#[derive(Encode, Decode)]
#[cbor(array)]
pub(crate) struct CardRow {
    #[n(0)]
    pub(crate) newest: Signed<Card>,
    #[n(1)]
    pub(crate) hashes: BTreeMap<Version, Hash>,
}

/// What learning a card changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    /// Nothing.
    Known,
    /// An earlier version, for its hash.
    Earlier,
    /// A newer version.
    Newer,
}

impl Cards {
    pub(crate) fn newest(&self, account: AccountId) -> Option<&VerifiedCard> {
        self.known.get(&account).map(|k| &k.newest)
    }

    pub(crate) fn pin(&self, account: AccountId, version: Version) -> Option<CardPin> {
        let known = self.known.get(&account)?;
        let hash = *known.hashes.get(&version)?;
        Some(CardPin { hash, identity: known.newest.card().identity })
    }

    pub(crate) fn identity(&self, account: AccountId) -> Option<PublicKey> {
        self.newest(account).map(|c| c.card().identity)
    }

    /// Takes a card in. One of a version already known must be the same card.
    pub(crate) fn learn(&mut self, card: VerifiedCard) -> Result<Learned, CardError> {
        let (account, version, hash) = (card.card().account, card.card().version, card.hash());
        let Some(known) = self.known.get_mut(&account) else {
            self.known.insert(account, Known { hashes: BTreeMap::from([(version, hash)]), newest: card });
            return Ok(Learned::Newer);
        };
        if let Some(old) = known.hashes.get(&version) {
            return if *old == hash { Ok(Learned::Known) } else { Err(CardError::Contradicts) };
        }
        let learned = if version > known.newest.card().version {
            card.card().follows(known.newest.card())?;
            known.newest = card;
            Learned::Newer
        } else {
            known.newest.card().follows(card.card())?;
            Learned::Earlier
        };
        known.hashes.insert(version, hash);
        Ok(learned)
    }

    pub(crate) fn row(&self, account: AccountId) -> Option<CardRow> {
        self.known
            .get(&account)
            .map(|k| CardRow { newest: k.newest.signed().clone(), hashes: k.hashes.clone() })
    }

    pub(crate) fn restore(&mut self, row: CardRow) -> Result<(), CardError> {
        let newest = VerifiedCard::verify(row.newest)?;
        self.known.insert(newest.card().account, Known { newest, hashes: row.hashes });
        Ok(())
    }
}
