//! Changing the ways into a vault, and signing in by a way that is no password.
//!
//! Owns the challenge to a recovery sheet or passkey, and the judgement of a change: a session opened under the stored
//! set, the next version, and everything that comes along fitting to it. Refuses to know the secrets. Invariants: a
//! change is stored whole or not at all; the same change again is answered as the first time; an unknown handle gets
//! the answers of a wrong signature.

use super::account::Step;
use super::cards::VERSION_MAX;
use super::{Entrance, Service, ServiceError};
use crate::store::{CredentialsWrite, SignedInRow, Swap, VaultRow};
use crate::tokens::{LoginState, Purpose, Session};
use rand_core::CryptoRng;
use sotto_protocol::account::{AccountAnswer, Token};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::credentials::{CredentialChange, CredentialSet, OpaqueMessage};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{Handle, Millis};
use sotto_protocol::label::Label;
use sotto_protocol::limits::{LOGIN_MS_MAX, VAULT_KEPT_MS};
use sotto_protocol::sign::SignatureBytes;
use std::net::IpAddr;
use std::sync::Arc;

/// Bytes that no state of OPAQUE begins with: a state of one kind of sign-in is none of the other.
const UNLOCK_STATE: &[u8] = b"unlock";

impl Service {
    /// Gives something to sign, whoever asks.
    pub(super) fn unlock_start(
        entrance: &Entrance,
        handle: Handle,
        address: IpAddr,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Step, ServiceError> {
        entrance.throttle().check(address, &handle, now)?;
        let state = LoginState { handle, expires_at: now.plus(LOGIN_MS_MAX), opaque: UNLOCK_STATE.to_vec() };
        let state = entrance.tokens.seal_login(&state, rng)?;
        Ok(AccountAnswer::UnlockContinue { state }.into())
    }

    /// Whoever signed holds the secret of one of the account's methods.
    pub(super) async fn unlock_finish(
        &self,
        entrance: &Entrance,
        token: &Token,
        signature: &SignatureBytes,
        address: IpAddr,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        let state = entrance.tokens.open_login(token, now)?;
        if state.opaque != UNLOCK_STATE {
            return Err(ErrorCode::TokenInvalid.into());
        }
        {
            let mut throttle = entrance.throttle();
            throttle.check(address, &state.handle, now)?;
            throttle.failed(address, &state.handle, now);
        }
        let row = match self.store().login(&state.handle).await? {
            Some(login) => self.store().signed_in(login.account).await?,
            None => None,
        };
        let row = row.filter(|row| has_signed(row, token, signature)).ok_or(ErrorCode::SignInFailed)?;
        entrance.throttle().succeeded(address, &state.handle, now);
        Ok(self.admit(entrance, row, true, now, rng).await?.into())
    }

    /// First step of a new password.
    pub(super) async fn password_start(
        &self,
        entrance: &Entrance,
        token: &Token,
        opaque: &OpaqueMessage,
        now: Millis,
    ) -> Result<Step, ServiceError> {
        let (_, handle) = self.session(entrance, token, now).await?;
        let opaque = entrance.opaque.registration_start(&handle, opaque)?;
        Ok(AccountAnswer::RegisterContinue { opaque }.into())
    }

    /// Changes the credentials.
    pub(super) async fn credentials_put(
        &self,
        entrance: &Entrance,
        token: &Token,
        change: CredentialChange,
        now: Millis,
    ) -> Result<Step, ServiceError> {
        let account = change.credentials.peek().map_err(|_| ErrorCode::Malformed)?.account;
        let stored = self.store().signed_in(account).await?.ok_or(ErrorCode::TokenInvalid)?;
        if stored.credentials == change.credentials {
            return Ok(AccountAnswer::Done.into());
        }
        let (session, _) = self.session(entrance, token, now).await?;
        if session.account != account {
            return Err(ErrorCode::TokenInvalid.into());
        }
        let mut write = judge(entrance, &stored, change, now)?;
        // She has lost the old password, and may have lost what was asked for after it.
        write.forget_factors = session.by_key && write.opaque.is_some();
        let card = write.card.clone();
        match self.store().change_credentials(&write).await? {
            Swap::Lost => Err(ErrorCode::VersionStale.into()),
            Swap::Done => {
                let card = match card {
                    Some(card) => Some(self.card_stored(&card).await?),
                    None => None,
                };
                Ok(Step { answer: AccountAnswer::Done, card, published: Vec::new() })
            }
        }
    }

    /// Whose session a token is, if her credentials are still those that opened it.
    pub(super) async fn session(
        &self,
        entrance: &Entrance,
        token: &Token,
        now: Millis,
    ) -> Result<(Session, Handle), ServiceError> {
        let session = entrance.tokens.open(token, Purpose::Admit, now)?;
        let row = self.store().signed_in(session.account).await?.ok_or(ErrorCode::TokenInvalid)?;
        let set: CredentialSet = row.credentials.peek().map_err(|_| ErrorCode::Internal)?;
        if set.version != session.credentials {
            return Err(ErrorCode::TokenInvalid.into());
        }
        Ok((session, row.handle))
    }
}

fn has_signed(row: &SignedInRow, token: &Token, signature: &SignatureBytes) -> bool {
    let set = row.credentials.peek();
    set.is_ok_and(|set: CredentialSet| {
        let mut keys = set.methods.iter().filter_map(|method| method.login);
        keys.any(|key| key.verify(Label::SignUnlock, token.as_slice(), signature).is_ok())
    })
}

/// Signatures, versions, hashes and sizes; what only the transaction can tell is compared there.
fn judge(
    entrance: &Entrance,
    stored: &SignedInRow,
    change: CredentialChange,
    now: Millis,
) -> Result<CredentialsWrite, ServiceError> {
    let identity = stored.card.card().identity;
    let before: CredentialSet = stored.credentials.peek().map_err(|_| ErrorCode::Internal)?;
    let set = CredentialSet::verify(&change.credentials, &identity).map_err(|_| ErrorCode::Forged)?;
    if set.version != before.version.next() {
        return Err(ErrorCode::VersionStale.into());
    }
    set.follows(&before, &change).map_err(|_| ErrorCode::RuleForbids)?;
    let opaque = change.opaque.as_ref().map(|upload| entrance.record(upload)).transpose()?;
    let card = change.card.map(VerifiedCard::verify).transpose()?;
    if let Some(card) = &card {
        card.card().follows(stored.card.card())?;
        if card.card().version != stored.card.card().version.next() || card.card().version > VERSION_MAX {
            return Err(ErrorCode::StaleCard.into());
        }
    }
    let vault = change.vault.map(|vault| {
        let row = VaultRow { revision: vault.revision, sealed: vault.sealed, at: now };
        (vault.base, row)
    });
    if vault.as_ref().is_some_and(|(base, row)| row.revision != base.next() || *base != stored.vault.revision)
    {
        return Err(ErrorCode::VaultConflict.into());
    }
    Ok(CredentialsWrite {
        account: set.account,
        version: set.version,
        credentials: change.credentials,
        opaque,
        inner: change.inner,
        card: card.map(Arc::new),
        vault: vault.map(|(_, row)| row),
        keep_since: Millis(now.0.saturating_sub(VAULT_KEPT_MS)),
        forget_factors: false,
    })
}
