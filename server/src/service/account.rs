//! What comes over HTTP before there is a device that could sign: registration and sign-in.
//!
//! Owns the steps of OPAQUE sign-in, its throttling, and admitting a device. Refuses to know HTTP. Invariants: an
//! unknown handle gets the answers of a wrong password after the same work; what is remembered between two
//! requests is sealed and handed to the client, so a stranger costs no memory.

use super::{CardStored, Service, ServiceError};
use crate::factor::Factors;
use crate::opaque::{Opaque, OpaqueError};
use crate::store::SignedInRow;
use crate::throttle::{RetryAfter, Throttle};
use crate::tokens::{LoginState, Purpose, Session, TokenError, Tokens};
use rand_core::CryptoRng;
use sotto_protocol::account::{AccountAnswer, AccountRequest, AccountResponse, Ticket, Token};
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::credentials::{CredentialSet, OpaqueMessage};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::hash;
use sotto_protocol::ids::{DeviceId, Handle, Hash, Millis};
use sotto_protocol::label::Label;
use sotto_protocol::limits::LOGIN_MS_MAX;
use sotto_protocol::sign::Signed;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sign-in: the server's secrets and the throttle.
pub struct Entrance {
    pub(super) opaque: Opaque,
    pub(super) tokens: Tokens,
    pub(super) factors: Factors,
    throttle: Mutex<Throttle>,
}

/// An answer, and what connected devices are told besides.
#[derive(Debug)]
pub struct AccountOutcome {
    /// The answer.
    pub response: AccountResponse,
    /// A device was admitted.
    pub card: Option<CardStored>,
    /// A space was founded.
    pub published: Vec<super::Published>,
}

/// What one step has led to.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) answer: AccountAnswer,
    pub(super) card: Option<CardStored>,
    pub(super) published: Vec<super::Published>,
}

impl From<AccountAnswer> for Step {
    fn from(answer: AccountAnswer) -> Self {
        Self { answer, card: None, published: Vec::new() }
    }
}

impl From<OpaqueError> for ServiceError {
    fn from(error: OpaqueError) -> Self {
        match error {
            OpaqueError::Malformed => ErrorCode::Malformed,
            OpaqueError::Wrong => ErrorCode::SignInFailed,
            OpaqueError::Record | OpaqueError::Internal => {
                tracing::error!(%error, "sign-in");
                ErrorCode::Internal
            }
        }
        .into()
    }
}

impl From<TokenError> for ServiceError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid | TokenError::Expired => ErrorCode::TokenInvalid,
            TokenError::Internal => ErrorCode::Internal,
        }
        .into()
    }
}

impl From<RetryAfter> for ServiceError {
    fn from(wait: RetryAfter) -> Self {
        Self::later(ErrorCode::Throttled, wait.ms)
    }
}

impl Entrance {
    /// With the server's secrets.
    pub fn new(opaque: Opaque, tokens: Tokens, factors: Factors, throttle: Throttle) -> Self {
        Self { opaque, tokens, factors, throttle: Mutex::new(throttle) }
    }

    pub(super) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks an OPAQUE registration upload and gives what is stored of it.
    pub(super) fn record(&self, upload: &OpaqueMessage) -> Result<OpaqueMessage, ServiceError> {
        Ok(self.opaque.registration_finish(upload)?)
    }
}

impl Service {
    /// Answers a request from an address. `body` is what was sent.
    pub async fn handle_account(
        &self,
        entrance: &Entrance,
        body: &[u8],
        address: IpAddr,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> AccountOutcome {
        let step = match AccountRequest::from_bytes(body) {
            Ok(request) => self.account_step(entrance, request, address, now, rng).await,
            Err(_) => Err(ErrorCode::Malformed.into()),
        };
        let Step { answer, card, published } = step.unwrap_or_else(|error| {
            let ServiceError { code, retry_after_ms } = error;
            AccountAnswer::Error { code, retry_after_ms }.into()
        });
        let response = AccountResponse { incarnation: self.incarnation(), body: answer };
        AccountOutcome { response, card, published }
    }

    async fn account_step(
        &self,
        entrance: &Entrance,
        request: AccountRequest,
        address: IpAddr,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        match request {
            AccountRequest::InvitationOpen { id } => Ok(self.open_invitation(id, now).await?.into()),
            AccountRequest::RegisterStart { ticket, handle, opaque } => {
                self.check_ticket(&ticket, now).await?;
                let opaque = entrance.opaque.registration_start(&handle, &opaque)?;
                Ok(AccountAnswer::RegisterContinue { opaque }.into())
            }
            AccountRequest::RegisterFinish { registration } => {
                self.register(entrance, *registration, now).await
            }
            AccountRequest::LoginStart { handle, opaque } => {
                self.login_start(entrance, &handle, &opaque, address, now, rng).await
            }
            AccountRequest::LoginFinish { state, opaque } => {
                self.login_finish(entrance, &state, &opaque, address, now, rng).await
            }
            AccountRequest::DeviceAdd { token, card, wakes } => {
                self.device_add(entrance, &token, card, wakes, now).await
            }
            AccountRequest::SetupOpen { token } => {
                self.check_setup(&token).await?;
                Ok(AccountAnswer::Done.into())
            }
            AccountRequest::UnlockStart { handle } => Self::unlock_start(entrance, handle, address, now, rng),
            AccountRequest::UnlockFinish { state, signature } => {
                self.unlock_finish(entrance, &state, &signature, address, now, rng).await
            }
            AccountRequest::PasswordStart { token, opaque } => {
                self.password_start(entrance, &token, &opaque, now).await
            }
            AccountRequest::CredentialsPut { token, change } => {
                self.credentials_put(entrance, &token, *change, now).await
            }
            AccountRequest::FactorFinish { state, proof } => {
                self.factor_finish(entrance, &state, &proof, address, now, rng).await
            }
            AccountRequest::FactorStart { token } => self.factor_start(entrance, &token, now, rng).await,
            AccountRequest::FactorAdd { token, factor } => {
                self.factor_add(entrance, &token, factor, now, rng).await
            }
            AccountRequest::FactorRemove { token, id } => self.factor_remove(entrance, &token, id, now).await,
        }
    }

    /// A used token, an older one and a made-up one are the same refusal; each is compared in constant time.
    async fn check_setup(&self, token: &Hash) -> Result<(), ServiceError> {
        let stored = self.store().meta(crate::store::MetaKey::Setup).await?;
        let fits = stored.is_some_and(|stored| is_setup_token(&stored, token));
        if fits { Ok(()) } else { Err(ErrorCode::SetupRefused.into()) }
    }

    /// Early word on a ticket. It is judged again, inside the transaction, when the registration is complete.
    async fn check_ticket(&self, ticket: &Ticket, now: Millis) -> Result<(), ServiceError> {
        match ticket {
            Ticket::Setup { token, role, .. } => {
                self.check_setup(token).await?;
                if role.owns() { Ok(()) } else { Err(ErrorCode::SetupRefused.into()) }
            }
            Ticket::Invitation { id } => {
                let row = self.store().invitation(*id).await?.ok_or(ErrorCode::InvitationUnknown)?;
                Ok(super::invitations::usable(row.state(now), self.defects())?)
            }
        }
    }

    /// Counted before the answer: with KE2 in hand a guesser knows whether he was right.
    async fn login_start(
        &self,
        entrance: &Entrance,
        handle: &Handle,
        ke1: &OpaqueMessage,
        address: IpAddr,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        {
            let mut throttle = entrance.throttle();
            throttle.check(address, handle, now)?;
            throttle.failed(address, handle, now);
        }
        let row = self.store().login(handle).await?;
        let record = row.as_ref().map(|row| &row.opaque);
        let started = entrance.opaque.login_start(handle, record, ke1, rng)?;
        let state =
            LoginState { handle: handle.clone(), expires_at: now.plus(LOGIN_MS_MAX), opaque: started.state };
        let state = entrance.tokens.seal_login(&state, rng)?;
        Ok(AccountAnswer::LoginContinue { opaque: started.ke2, state }.into())
    }

    async fn login_finish(
        &self,
        entrance: &Entrance,
        state: &Token,
        ke3: &OpaqueMessage,
        address: IpAddr,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        let state = entrance.tokens.open_login(state, now)?;
        entrance.opaque.login_finish(&state.handle, &state.opaque, ke3)?;
        let account = self.store().login(&state.handle).await?.ok_or(ErrorCode::SignInFailed)?.account;
        let row = self.store().signed_in(account).await?.ok_or(ErrorCode::SignInFailed)?;
        if let Some(needed) = self.factor_needed(entrance, &row, now, rng).await? {
            return Ok(needed.into());
        }
        entrance.throttle().succeeded(address, &state.handle, now);
        Ok(self.admit(entrance, row, false, now, rng).await?.into())
    }

    /// What somebody gets who has shown that she is the account's.
    pub(super) async fn admit(
        &self,
        entrance: &Entrance,
        row: SignedInRow,
        by_key: bool,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<AccountAnswer, ServiceError> {
        let set: CredentialSet = row.credentials.peek().map_err(|_| ErrorCode::Internal)?;
        let session = Session {
            account: set.account,
            purpose: Purpose::Admit,
            expires_at: now.plus(LOGIN_MS_MAX),
            credentials: set.version,
            by_key,
        };
        let token = entrance.tokens.issue(&session, rng)?;
        let SignedInRow { role, card, credentials, inner, vault, .. } = row;
        let card = card.signed().clone();
        let (vault, vault_revision) = (vault.sealed, vault.revision);
        let weeks = self.store().device_weeks(set.account).await?;
        let factors = self.factors_of(set.account).await?;
        Ok(AccountAnswer::LoggedIn {
            token,
            card,
            credentials,
            inner,
            vault,
            vault_revision,
            role,
            weeks,
            now,
            factors,
        })
    }

    async fn device_add(
        &self,
        entrance: &Entrance,
        token: &Token,
        card: Signed<Card>,
        wakes: Option<DeviceId>,
        now: Millis,
    ) -> Result<Step, ServiceError> {
        let account = self.session(entrance, token, now).await?.0.account;
        let card = Arc::new(VerifiedCard::verify(card)?);
        let card = self.add_device(account, card).await?;
        if let Some(device) = wakes {
            self.wake_device(account, device, now).await?;
        }
        Ok(Step { answer: AccountAnswer::Done, card, published: Vec::new() })
    }
}

/// What is stored of a set-up token.
pub fn setup_hash(token: &Hash) -> Hash {
    hash::labelled(Label::HashPayload, &[b"set-up", token.as_bytes()])
}

/// Compares without telling by the time where a difference lies.
pub(super) fn is_setup_token(stored: &[u8], token: &Hash) -> bool {
    use subtle::ConstantTimeEq as _;
    setup_hash(token).as_bytes().as_slice().ct_eq(stored).into()
}
