//! What changes of an account in memory: cards, vaults, credentials.

use super::{Data, is_active};
use crate::store::{CredentialsWrite, Swap, VAULT_REVISIONS_MAX, VaultRow};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::ids::{AccountId, DeviceId, Millis, Revision, Version};
use std::sync::Arc;

impl Data {
    pub(super) fn put_card(&mut self, card: Arc<VerifiedCard>, newest: Version) -> Swap {
        let key = (card.card().account, card.card().version);
        let stored = self.newest_card(key.0).map(|c| c.card().version);
        if stored != Some(newest) || self.cards.contains_key(&key) {
            return Swap::Lost;
        }
        if key.1 > newest {
            let stays =
                |(owner, device): &(AccountId, DeviceId)| *owner != key.0 || is_active(&card, *device);
            self.push.retain(|id, _| stays(id));
            self.weeks.retain(|id, _| stays(id));
        }
        self.cards.insert(key, card);
        Swap::Done
    }

    pub(super) fn replace_vault(&mut self, account: AccountId, vault: VaultRow, keep_since: Millis) {
        self.vaults.insert((account, vault.revision), Arc::new(vault));
        let mine: Vec<_> =
            self.vaults.range((account, Revision::ZERO)..=(account, Revision(u64::MAX))).collect();
        // A revision is kept until its successor is that old.
        let aged = mine.iter().rev().find(|(_, row)| row.at < keep_since).map(|((_, r), _)| *r);
        let surplus = mine.iter().rev().nth(VAULT_REVISIONS_MAX - 1).map(|((_, r), _)| *r);
        let oldest = aged.max(surplus).unwrap_or_default();
        self.vaults.retain(|(owner, revision), _| *owner != account || *revision >= oldest);
    }

    pub(super) fn change_credentials(&mut self, write: &CredentialsWrite) -> Swap {
        let account = write.account;
        let card = self.newest_card(account).map(|c| c.card().version).unwrap_or_default();
        let vault = self.newest_vault(account).map_or(Revision::ZERO, |v| v.revision);
        let fits = write.card.as_ref().is_none_or(|next| next.card().version == card.next())
            && write.vault.as_ref().is_none_or(|next| next.revision == vault.next());
        let Some(row) = self.accounts.get_mut(&account).filter(|_| fits) else { return Swap::Lost };
        if row.credentials_version.next() != write.version {
            return Swap::Lost;
        }
        row.credentials = Arc::new(write.credentials.clone());
        row.credentials_version = write.version;
        if let Some(opaque) = &write.opaque {
            row.opaque = opaque.clone();
        }
        if let Some(inner) = &write.inner {
            row.inner = inner.clone();
        }
        if write.forget_factors {
            self.factors.retain(|(owner, _), _| *owner != account);
        }
        if let Some(next) = &write.card {
            self.put_card(next.clone(), card);
        }
        if let Some(next) = &write.vault {
            self.replace_vault(account, next.clone(), write.keep_since);
        }
        Swap::Done
    }
}
