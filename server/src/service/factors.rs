//! Second factors: what is asked for after the password, setting it up, and who may do without.
//!
//! Owns the steps and their throttling. Refuses to know how a factor is judged ([`crate::factor`]). Invariants: where an
//! account has factors, a password alone is answered with nothing that belongs to it; what was used once is refused
//! after; a refusal counts like a wrong password; recovery sheet and passkey with a key of their own are asked for nothing more.

use super::account::Step;
use super::{Entrance, Service, ServiceError, Speaker};
use crate::factor::{FactorError, Secret, Waiting, totp_step};
use crate::store::{FactorRow, SignedInRow, Swap};
use rand_core::CryptoRng;
use sotto_protocol::account::{AccountAnswer, Token};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::factor::{FactorKind, FactorProof, FactorState, FactorSummary, NewFactor};
use sotto_protocol::ids::{AccountId, FactorId, Millis};
use sotto_protocol::limits::{FACTOR_GRACE_MS, FACTORS_MAX, LOGIN_MS_MAX};
use sotto_protocol::roster::Role;
use std::net::IpAddr;

impl From<FactorError> for ServiceError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Malformed => ErrorCode::Malformed,
            FactorError::Wrong => ErrorCode::FactorRefused,
            FactorError::State => ErrorCode::TokenInvalid,
            FactorError::NoOrigin => ErrorCode::Unavailable,
            FactorError::Internal => {
                tracing::error!(%error, "second factor");
                ErrorCode::Internal
            }
        }
        .into()
    }
}

/// An account's factors, opened.
struct Opened {
    rows: Vec<FactorRow>,
    secrets: Vec<Secret>,
}

impl Service {
    /// The password was right: asks for a factor if there are any.
    pub(super) async fn factor_needed(
        &self,
        entrance: &Entrance,
        row: &SignedInRow,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Option<AccountAnswer>, ServiceError> {
        let set: CredentialSet = row.credentials.peek().map_err(|_| ErrorCode::Internal)?;
        let known = self.opened_factors(entrance, set.account).await?;
        if known.rows.is_empty() {
            return Ok(None);
        }
        let request = entrance.factors.passkey_request(&known.secrets)?;
        let (passkey, webauthn) = request.unzip();
        let waiting = Waiting {
            account: set.account,
            handle: row.handle.clone(),
            credentials: set.version,
            expires_at: now.plus(LOGIN_MS_MAX),
            webauthn,
            adding: false,
        };
        let state = entrance.factors.seal_state(&waiting, rng)?;
        let totp = known.rows.iter().any(|row| row.kind == FactorKind::Totp);
        Ok(Some(AccountAnswer::FactorNeeded { state, totp, passkey }))
    }

    /// Last step of sign-in.
    pub(super) async fn factor_finish(
        &self,
        entrance: &Entrance,
        state: &FactorState,
        proof: &FactorProof,
        address: IpAddr,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        let waiting = entrance.factors.open_state(state, false, now)?;
        {
            let mut throttle = entrance.throttle();
            throttle.check(address, &waiting.handle, now)?;
            throttle.failed(address, &waiting.handle, now);
        }
        let row = self.store().signed_in(waiting.account).await?.ok_or(ErrorCode::TokenInvalid)?;
        let set: CredentialSet = row.credentials.peek().map_err(|_| ErrorCode::Internal)?;
        if set.version != waiting.credentials {
            return Err(ErrorCode::TokenInvalid.into());
        }
        let known = self.opened_factors(entrance, waiting.account).await?;
        let (id, used) = shown(entrance, &known, &waiting, proof, now)?;
        // A passkey without a counter has nothing that could be used twice but its signature over this state.
        let counts = used > 0;
        if counts && self.store().use_factor(waiting.account, id, used).await? == Swap::Lost {
            return Err(ErrorCode::FactorRefused.into());
        }
        entrance.throttle().succeeded(address, &waiting.handle, now);
        Ok(self.admit(entrance, row, false, now, rng).await?.into())
    }

    /// How a passkey is to be made.
    pub(super) async fn factor_start(
        &self,
        entrance: &Entrance,
        token: &Token,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        let (session, handle) = self.session(entrance, token, now).await?;
        let known = self.opened_factors(entrance, session.account).await?;
        let (options, webauthn) =
            entrance.factors.passkey_options(session.account, &handle, &known.secrets)?;
        let waiting = Waiting {
            account: session.account,
            handle,
            credentials: session.credentials,
            expires_at: now.plus(LOGIN_MS_MAX),
            webauthn: Some(webauthn),
            adding: true,
        };
        let state = entrance.factors.seal_state(&waiting, rng)?;
        Ok(AccountAnswer::FactorOptions { state, options }.into())
    }

    /// Sets a factor up that shows that it works.
    pub(super) async fn factor_add(
        &self,
        entrance: &Entrance,
        token: &Token,
        factor: NewFactor,
        now: Millis,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Step, ServiceError> {
        let (session, _) = self.session(entrance, token, now).await?;
        let (secret, used) = match factor {
            NewFactor::Totp { secret, code } => {
                let step = totp_step(&secret, &code, now)?;
                (Secret::Totp(secret), step)
            }
            NewFactor::Passkey { state, credential } => {
                let waiting = entrance.factors.open_state(&state, true, now)?;
                let webauthn = waiting.webauthn.filter(|_| waiting.account == session.account);
                let webauthn = webauthn.ok_or(ErrorCode::TokenInvalid)?;
                (entrance.factors.passkey_made(&credential, &webauthn)?, 0)
            }
        };
        let row = FactorRow {
            account: session.account,
            id: secret.id(),
            kind: secret.kind(),
            sealed: entrance.factors.seal(session.account, &secret, rng)?,
            used,
            created_at: now,
        };
        if !self.store().put_factor(row, FACTORS_MAX).await? {
            return Err(ErrorCode::LimitExceeded.into());
        }
        self.factors_answer(session.account).await
    }

    /// Removes a factor.
    pub(super) async fn factor_remove(
        &self,
        entrance: &Entrance,
        token: &Token,
        id: FactorId,
        now: Millis,
    ) -> Result<Step, ServiceError> {
        let (session, _) = self.session(entrance, token, now).await?;
        self.store().remove_factor(session.account, id).await?;
        self.factors_answer(session.account).await
    }

    /// Asks the practice's staff for a second factor, or no more.
    pub async fn put_factor_policy(
        &self,
        who: Speaker,
        required: bool,
        now: Millis,
    ) -> Result<(), ServiceError> {
        let practice = self.owned_by(who).await?;
        Ok(self.store().set_factors_since(practice, required.then_some(now)).await?)
    }

    /// Since when the practice asks for factors, and until when this account may connect without one.
    pub async fn factor_due(
        &self,
        account: AccountId,
        role: Role,
        now: Millis,
    ) -> Result<(Option<Millis>, Option<Millis>), ServiceError> {
        let standing = self.store().factor_standing(account).await?.ok_or(ErrorCode::AccountUnknown)?;
        let asked = standing.since.filter(|_| role != Role::Client && !standing.has_factor);
        let due = asked.map(|since| since.max(standing.account_since).plus(FACTOR_GRACE_MS));
        match due {
            Some(due) if due <= now => Err(ErrorCode::FactorRequired.into()),
            due => Ok((standing.since, due)),
        }
    }

    /// What an account is told of its factors.
    pub async fn factors_of(&self, account: AccountId) -> Result<Vec<FactorSummary>, ServiceError> {
        let rows = self.store().factors(account).await?;
        let summary =
            |row: &FactorRow| FactorSummary { id: row.id, kind: row.kind, created_at: row.created_at };
        Ok(rows.iter().map(summary).collect())
    }

    async fn factors_answer(&self, account: AccountId) -> Result<Step, ServiceError> {
        Ok(AccountAnswer::Factors { factors: self.factors_of(account).await? }.into())
    }

    async fn opened_factors(&self, entrance: &Entrance, account: AccountId) -> Result<Opened, ServiceError> {
        let rows = self.store().factors(account).await?;
        let open = |row: &FactorRow| entrance.factors.open(account, row.id, &row.sealed);
        let secrets = rows.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Opened { rows, secrets })
    }
}

/// Which factor was shown, and the step or counter that makes it one use.
fn shown(
    entrance: &Entrance,
    known: &Opened,
    waiting: &Waiting,
    proof: &FactorProof,
    now: Millis,
) -> Result<(FactorId, u64), ServiceError> {
    match proof {
        FactorProof::Totp { code } => {
            for (row, secret) in known.rows.iter().zip(&known.secrets) {
                if let Secret::Totp(secret) = secret
                    && let Ok(step) = totp_step(secret, code, now)
                {
                    return Ok((row.id, step));
                }
            }
            Err(ErrorCode::FactorRefused.into())
        }
        FactorProof::Passkey { assertion } => {
            let state = waiting.webauthn.as_ref().ok_or(ErrorCode::FactorRefused)?;
            Ok(entrance.factors.passkey_signed(assertion, state, &known.secrets)?)
        }
    }
}
