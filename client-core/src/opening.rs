//! Opening an account that the server has handed out.
//!
//! Owns the checks that card, credential set, inner compartment and vault belong to one identity, and that none is older than
//! what this device knows. Refuses to know how the person showed who she is ([`crate::flow`]). Invariant: nothing the server
//! says is believed before it is checked; an answer that was overtaken by another device's change is told from a lie.

use crate::client::Client;
use crate::crypto::keys::{InnerKey, VaultKey};
use crate::crypto::seal;
use crate::crypto::signing::IdentityKey;
use crate::crypto::wrap::{self, MethodWrap, SealingSecret};
use crate::io::Failure;
use crate::vault::{Inner, Vault};
use sotto_protocol::account::{AccountAnswer, Token};
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::DeviceWeek;
use sotto_protocol::hash;
use sotto_protocol::ids::{Millis, Revision, Version};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::Signed;

/// What was known of the account when the server was asked; more may come before it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) revision: Revision,
    pub(crate) card: Version,
}

/// An account opened by a login.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) card: VerifiedCard,
    pub(crate) credentials: Signed<CredentialSet>,
    pub(crate) set: CredentialSet,
    pub(crate) vault_key: VaultKey,
    pub(crate) inner_key: InnerKey,
    pub(crate) vault: Vault,
    pub(crate) revision: Revision,
    pub(crate) identity: IdentityKey,
    pub(crate) role: Role,
    /// When each device was connected last.
    pub(crate) weeks: Vec<DeviceWeek>,
    pub(crate) server_now: Millis,
}

impl Opened {
    /// Signs a card.
    pub(crate) fn sign(&self, card: &Card) -> Option<(Signed<Card>, VerifiedCard)> {
        let signed = self.identity.sign_object(card).ok()?;
        let verified = VerifiedCard::verify(signed.clone()).ok()?;
        Some((signed, verified))
    }
}

impl Client {
    /// Opens vault and inner compartment, and checks that everything belongs to one identity and is not older than the vault knows.
    pub(crate) fn open_account(
        &self,
        unlock: &SealingSecret,
        answer: AccountAnswer,
        asked_at: Known,
    ) -> Result<(Opened, Token), Failure> {
        let AccountAnswer::LoggedIn {
            token,
            card,
            credentials,
            inner,
            vault,
            vault_revision,
            role,
            weeks,
            now: server_now,
            // Connecting tells them, too.
            factors: _,
        } = answer
        else {
            return Err(Failure::Dishonest("unexpected"));
        };
        let lie = Failure::Dishonest;
        let card = VerifiedCard::verify(card).map_err(|_| lie("card"))?;
        let (id, public) = (card.card().account, card.card().identity);
        let set = CredentialSet::verify(&credentials, &public).map_err(|_| lie("credential set"))?;
        let public_unlock = unlock.public();
        // Another device may have changed the password between the two steps.
        let changed = Failure::Server { code: ErrorCode::VersionStale, retry_after_ms: None };
        let method = set.methods.iter().find(|m| m.unlock == public_unlock).ok_or(changed)?;
        if set.account != id || set.inner_hash != hash::payload(inner.as_slice()) {
            return Err(lie("credential set"));
        }
        let place = MethodWrap { account: id, method: method.id };
        let vault_key = wrap::unwrap_vault(unlock, &place, &method.vault_wrap).map_err(|_| lie("vault"))?;
        let inner_key = wrap::unwrap_inner(unlock, &place, &method.inner_wrap).map_err(|_| lie("vault"))?;
        let opened = seal::open_inner(&inner_key, id, inner.as_slice()).map_err(|_| lie("vault"))?;
        let inner = Inner::from_bytes(&opened).map_err(|_| lie("vault"))?;
        let identity = IdentityKey::from_seed(*inner.identity.expose());
        let opened =
            seal::open_vault(&vault_key, id, vault_revision, vault.as_slice()).map_err(|_| lie("vault"))?;
        let vault = Vault::from_bytes(&opened).map_err(|_| lie("vault"))?;
        if identity.public() != public || vault.identity != public || vault.account != id {
            return Err(lie("identity"));
        }
        let known = self.cards.newest(id);
        let contradicts =
            known.is_some_and(|k| k.card().version == card.card().version && k.hash() != card.hash());
        if card.card().version < vault.card_version_min.max(asked_at.card) || contradicts {
            return Err(lie("an old list of devices"));
        }
        if self.keeping.as_ref().is_some_and(|k| k.vault.account == id) && vault_revision < asked_at.revision
        {
            return Err(lie("an old vault"));
        }
        if known.is_some_and(|k| k.card().version > card.card().version) {
            return Err(Failure::Server { code: ErrorCode::VersionStale, retry_after_ms: None });
        }
        let revision = vault_revision;
        let opened = Opened {
            card,
            credentials,
            set,
            vault_key,
            inner_key,
            vault,
            revision,
            identity,
            role,
            weeks,
            server_now,
        };
        Ok((opened, token))
    }
}
