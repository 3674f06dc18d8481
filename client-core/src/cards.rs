//! Cards a client knows.
//!
//! Owns the verified cards of each account, and asking the server for those that
//! are needed. Refuses to know what waits for them. Invariant: an account's identity never changes here, versions only grow, and a version has one hash.

use crate::client::Client;
use crate::io::{Alarm, Event};
use crate::session::Pending;
use minicbor::{Decode, Encode};
use sotto_protocol::card::{Card, CardError, VerifiedCard};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::ClientFrame;
use sotto_protocol::ids::{AccountId, SpaceId, Version};
use sotto_protocol::log::CardPin;
use sotto_protocol::sign::{PublicKey, Signed};
use std::collections::BTreeMap;

/// Cards by account.
#[derive(Debug, Default)]
pub(crate) struct Cards {
    known: BTreeMap<AccountId, Known>,
}

/// Every version that was needed, so that a server that lost them can have them back.
#[derive(Debug)]
struct Known {
    newest: VerifiedCard,
    earlier: BTreeMap<Version, VerifiedCard>,
}

/// How an account's cards are stored: the newest, then earlier ones.
#[derive(Encode, Decode)]
#[cbor(array)]
pub(crate) struct CardRow {
    #[n(0)]
    pub(crate) newest: Signed<Card>,
    #[n(1)]
    pub(crate) earlier: Vec<Signed<Card>>,
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

    fn version(&self, account: AccountId, version: Version) -> Option<&VerifiedCard> {
        let known = self.known.get(&account)?;
        if known.newest.card().version == version { Some(&known.newest) } else { known.earlier.get(&version) }
    }

    pub(crate) fn pin(&self, account: AccountId, version: Version) -> Option<CardPin> {
        self.version(account, version).map(|c| CardPin { hash: c.hash(), identity: c.card().identity })
    }

    /// Every version known of an account, oldest first.
    pub(crate) fn all(&self, account: AccountId) -> Vec<Signed<Card>> {
        let known = self.known.get(&account);
        known
            .into_iter()
            .flat_map(|k| k.earlier.values().chain([&k.newest]))
            .map(|c| c.signed().clone())
            .collect()
    }

    pub(crate) fn identity(&self, account: AccountId) -> Option<PublicKey> {
        self.newest(account).map(|c| c.card().identity)
    }

    /// Takes a card in. One of a version already known must be the same card.
    pub(crate) fn learn(&mut self, card: VerifiedCard) -> Result<Learned, CardError> {
        let (account, version) = (card.card().account, card.card().version);
        if let Some(old) = self.version(account, version) {
            return if old.hash() == card.hash() { Ok(Learned::Known) } else { Err(CardError::Contradicts) };
        }
        let Some(known) = self.known.get_mut(&account) else {
            self.known.insert(account, Known { newest: card, earlier: BTreeMap::new() });
            return Ok(Learned::Newer);
        };
        if version > known.newest.card().version {
            card.card().follows(known.newest.card())?;
            let old = core::mem::replace(&mut known.newest, card);
            known.earlier.insert(old.card().version, old);
            Ok(Learned::Newer)
        } else {
            known.newest.card().follows(card.card())?;
            known.earlier.insert(version, card);
            Ok(Learned::Earlier)
        }
    }

    pub(crate) fn row(&self, account: AccountId) -> Option<CardRow> {
        let known = self.known.get(&account)?;
        let earlier = known.earlier.values().map(|c| c.signed().clone()).collect();
        Some(CardRow { newest: known.newest.signed().clone(), earlier })
    }

    pub(crate) fn restore(&mut self, row: CardRow) -> Result<(), CardError> {
        let newest = VerifiedCard::verify(row.newest)?;
        let account = newest.card().account;
        let mut earlier = BTreeMap::new();
        for signed in row.earlier {
            let card = VerifiedCard::verify(signed)?;
            earlier.insert(card.card().version, card);
        }
        self.known.insert(account, Known { newest, earlier });
        Ok(())
    }
}

impl Client {
    pub(crate) fn ask_card(&mut self, account: AccountId, version: Option<Version>) {
        self.request(Pending::CardGet { account, version }, |req| ClientFrame::CardGet {
            req,
            account,
            version,
        });
    }

    pub(crate) fn card_changed(&mut self, account: AccountId, version: Version) {
        if self.cards.newest(account).is_none_or(|c| c.card().version < version) {
            self.ask_card(account, None);
        }
    }

    pub(crate) fn card_refused(&mut self, account: AccountId, _code: ErrorCode) {
        self.card_awaited(account, None);
    }

    pub(crate) fn card_arrived(
        &mut self,
        account: AccountId,
        asked: Option<Version>,
        card: Option<Signed<Card>>,
    ) {
        if let Some(signed) = card {
            match VerifiedCard::verify(signed) {
                Ok(card) if card.card().account == account => {
                    if !self.learn_card(card) {
                        return;
                    }
                }
                Ok(_) | Err(_) => {
                    self.alarm(None, Alarm::Forged);
                    return;
                }
            }
        }
        self.card_awaited(account, asked);
        if asked.is_none() && self.account.as_ref().is_some_and(|a| a.id == account) {
            self.vault_doubted();
        }
    }

    /// Takes a verified card in; `false` after an alarm.
    pub(crate) fn learn_card(&mut self, card: VerifiedCard) -> bool {
        let (account, identity, version) = (card.card().account, card.card().identity, card.card().version);
        let pinned = self.keeping.as_ref().and_then(|k| {
            if account == k.vault.account {
                Some(k.vault.identity)
            } else {
                k.vault.peers.get(&account).map(|p| p.identity)
            }
        });
        if pinned.is_some_and(|p| p != identity) {
            self.alarm(None, Alarm::IdentityChanged(account));
            return false;
        }
        match self.cards.learn(card) {
            Ok(Learned::Known) => {}
            Ok(Learned::Earlier) => self.save_card(account),
            Ok(Learned::Newer) => {
                self.save_card(account);
                self.pin_peer(account);
                self.own_card_learned(account, version);
            }
            Err(CardError::Stale { .. } | CardError::Malformed(_) | CardError::Forged) => {
                self.alarm(None, Alarm::OldCard);
                return false;
            }
            Err(CardError::Contradicts) => {
                self.alarm(None, Alarm::IdentityChanged(account));
                return false;
            }
        }
        true
    }

    /// This very device may be one that the newest card removed.
    fn own_card_learned(&mut self, account: AccountId, version: Version) {
        let Some(mine) = self.account.as_mut().filter(|a| a.id == account) else { return };
        let listed = self
            .cards
            .newest(account)
            .and_then(|c| c.card().device(mine.device))
            .is_some_and(|d| d.active_at(version));
        if !listed && !mine.removed {
            mine.removed = true;
            self.save_account();
            self.event(Event::DeviceRemoved);
            self.hang_up();
        }
    }

    /// Goes on with whatever waited for a card of this account.
    fn card_awaited(&mut self, account: AccountId, asked: Option<Version>) {
        let known = asked.is_none_or(|v| self.cards.pin(account, v).is_some());
        let spaces: Vec<SpaceId> = self.spaces.keys().copied().collect();
        for id in spaces {
            self.era_card_arrived(id, account);
            let Some(space) = self.spaces.get_mut(&id) else { continue };
            let waited = asked.is_some_and(|v| space.live.cards_asked.remove(&(account, v.0)));
            if waited && !known {
                // The server shows a record and not the card it was made with.
                self.alarm(Some(id), Alarm::OldCard);
            } else if waited || asked.is_none() {
                self.try_newest(id);
                self.advance(id);
            }
        }
    }
}
