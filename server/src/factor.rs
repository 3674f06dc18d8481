//! Judging second factors.
//!
//! Owns codes of authenticator apps (RFC 6238, by totp-rs) and passkeys (WebAuthn Level 3, by webauthn-rs), their sealed
//! form in the database, and the sealed state of a sign-in that waits for one. Refuses to know accounts and what a factor
//! is asked for. Invariants: a factor is stored sealed to its account and id, so that rows can't be exchanged and a
//! database alone opens none; nothing is remembered for a stranger between two requests.

use crate::sealing::Sealing;
use crate::secrets::ServerSecret;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sotto_protocol::factor::{FactorCode, FactorKind, FactorState, TotpSecret, WebauthnJson};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, FactorId, Handle, Millis, Version};
use sotto_protocol::label::Label;
use sotto_protocol::link::Origin;
use totp_rs::{Builder, Totp};
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// Length of a code.
const DIGITS: usize = 6;

/// Why a factor was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    /// It can't be one: a short key, no JSON, too long.
    #[error("the second factor is malformed")]
    Malformed,
    /// The code is another, or the passkey signed something else.
    #[error("the second factor does not fit")]
    Wrong,
    /// The state is not ours, is for something else, or has expired.
    #[error("the sign-in took too long")]
    State,
    /// This server knows no address that passkeys could be bound to.
    #[error("this server can't ask for passkeys; it needs a public address")]
    NoOrigin,
    /// Our mistake.
    #[error("a stored second factor can't be opened")]
    Internal,
}

/// A factor as it is stored, opened.
#[derive(Encode, Decode)]
pub enum Secret {
    /// Key of an authenticator app.
    #[n(0)]
    Totp(#[n(0)] TotpSecret),
    /// A passkey's public half, as webauthn-rs keeps it: JSON.
    #[n(1)]
    Passkey(#[n(0)] String),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Which kind it is of.
    pub fn kind(&self) -> FactorKind {
        match self {
            Self::Totp(_) => FactorKind::Totp,
            Self::Passkey(_) => FactorKind::Passkey,
        }
    }

    /// The same factor has the same id, so that it is set up once.
    pub fn id(&self) -> FactorId {
        let what = match self {
            Self::Totp(secret) => secret.as_slice().to_vec(),
            Self::Passkey(json) => parse(json).map(|key: Passkey| key.cred_id().clone()).unwrap_or_default(),
        };
        let full = hash::labelled(Label::ServerFactor, &[b"id", &what]);
        let mut id = FactorId::ZERO;
        id.0.copy_from_slice(full.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
        id
    }
}

/// A sign-in, or the setting up of a passkey, between two requests.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Waiting {
    /// Whose.
    #[n(0)]
    pub account: AccountId,
    /// Her sign-in name.
    #[n(1)]
    pub handle: Handle,
    /// The credential set that let her come so far.
    #[n(2)]
    pub credentials: Version,
    /// Until when.
    #[n(3)]
    pub expires_at: Millis,
    /// What webauthn-rs wants back: JSON.
    #[n(4)]
    pub webauthn: Option<String>,
    /// Whether a passkey is being set up.
    #[n(5)]
    pub adding: bool,
}

/// Judges factors, and seals them.
pub struct Factors {
    state: Sealing,
    stored: Sealing,
    webauthn: Option<Webauthn>,
}

impl std::fmt::Debug for Factors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Factors")
    }
}

impl Factors {
    /// Under the server's secret; passkeys are bound to the host of `origin`, unless that is an address in numbers
    /// (WebAuthn Level 3, section 5.1.2: a relying party is a domain).
    pub fn new(secret: &ServerSecret, origin: Option<&Origin>) -> Self {
        Self {
            state: Sealing::new(secret, Label::ServerFactorState),
            stored: Sealing::new(secret, Label::ServerFactor),
            webauthn: origin.and_then(relying_party),
        }
    }

    /// Seals a factor for the database.
    pub fn seal(
        &self,
        account: AccountId,
        secret: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, FactorError> {
        self.stored.seal(&[&account.0, &secret.id().0], secret, rng).ok_or(FactorError::Internal)
    }

    /// Opens one from the database.
    pub fn open(&self, account: AccountId, id: FactorId, sealed: &[u8]) -> Result<Secret, FactorError> {
        self.stored.open(&[&account.0, &id.0], sealed).ok_or(FactorError::Internal)
    }

    /// Seals what is between two requests.
    pub fn seal_state(
        &self,
        waiting: &Waiting,
        rng: &mut impl CryptoRng,
    ) -> Result<FactorState, FactorError> {
        let sealed = self.state.seal(&[], waiting, rng).ok_or(FactorError::Internal)?;
        FactorState::new(sealed).map_err(|_| FactorError::Internal)
    }

    /// Opens it again.
    pub fn open_state(&self, state: &FactorState, adding: bool, now: Millis) -> Result<Waiting, FactorError> {
        let waiting: Option<Waiting> = self.state.open(&[], state.as_slice());
        waiting
            .filter(|waiting| waiting.adding == adding && now < waiting.expires_at)
            .ok_or(FactorError::State)
    }

    /// How a new passkey is to be made: options for the browser, and what is wanted back.
    pub fn passkey_options(
        &self,
        account: AccountId,
        handle: &Handle,
        known: &[Secret],
    ) -> Result<(WebauthnJson, String), FactorError> {
        let webauthn = self.webauthn.as_ref().ok_or(FactorError::NoOrigin)?;
        let known = passkeys(known)?.iter().map(|key| key.cred_id().clone()).collect();
        let (options, state) = webauthn
            .start_passkey_registration(
                Uuid::from_bytes(account.0),
                handle.as_str(),
                handle.as_str(),
                Some(known),
            )
            .map_err(|_| FactorError::Internal)?;
        Ok((json(&options.public_key)?, text(&state)?))
    }

    /// A passkey that was made, as it is stored.
    pub fn passkey_made(&self, credential: &WebauthnJson, state: &str) -> Result<Secret, FactorError> {
        let webauthn = self.webauthn.as_ref().ok_or(FactorError::NoOrigin)?;
        let credential: RegisterPublicKeyCredential = parse(credential.as_str())?;
        let state: PasskeyRegistration = parse(state)?;
        let passkey =
            webauthn.finish_passkey_registration(&credential, &state).map_err(|_| FactorError::Wrong)?;
        Ok(Secret::Passkey(text(&passkey)?))
    }

    /// What one of these passkeys is to sign; `None` when there are none, or none can be asked for here.
    pub fn passkey_request(&self, known: &[Secret]) -> Result<Option<(WebauthnJson, String)>, FactorError> {
        let (Some(webauthn), keys) = (&self.webauthn, passkeys(known)?) else { return Ok(None) };
        if keys.is_empty() {
            return Ok(None);
        }
        let started = webauthn.start_passkey_authentication(&keys).map_err(|_| FactorError::Internal)?;
        Ok(Some((json(&started.0.public_key)?, text(&started.1)?)))
    }

    /// Which passkey has signed, and its counter (0 when it has none).
    pub fn passkey_signed(
        &self,
        assertion: &WebauthnJson,
        state: &str,
        known: &[Secret],
    ) -> Result<(FactorId, u64), FactorError> {
        let webauthn = self.webauthn.as_ref().ok_or(FactorError::NoOrigin)?;
        let assertion: PublicKeyCredential = parse(assertion.as_str())?;
        let state: PasskeyAuthentication = parse(state)?;
        let signed =
            webauthn.finish_passkey_authentication(&assertion, &state).map_err(|_| FactorError::Wrong)?;
        for secret in known {
            if let Secret::Passkey(stored) = secret
                && parse::<Passkey>(stored)?.cred_id() == signed.cred_id()
            {
                return Ok((secret.id(), u64::from(signed.counter())));
            }
        }
        Err(FactorError::Wrong)
    }
}

/// The time step of a code that fits `secret` at `now`, one step early or late.
pub fn totp_step(secret: &TotpSecret, code: &FactorCode, now: Millis) -> Result<u64, FactorError> {
    let code: String = code.as_str().chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != DIGITS || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(FactorError::Wrong);
    }
    totp(secret)?.check(&code, now.0 / 1000).ok_or(FactorError::Wrong)
}

fn totp(secret: &TotpSecret) -> Result<Totp, FactorError> {
    Builder::new().with_secret(secret.as_slice().to_vec()).build().map_err(|_| FactorError::Malformed)
}

fn relying_party(origin: &Origin) -> Option<Webauthn> {
    let mut url = Url::parse(&origin.to_string()).ok()?;
    if origin.is_loopback() && url.domain().is_none() {
        url.set_host(Some("localhost")).ok()?;
    }
    let domain = url.domain()?.to_owned();
    WebauthnBuilder::new(&domain, &url).ok()?.rp_name("Sotto").build().ok()
}

fn passkeys(secrets: &[Secret]) -> Result<Vec<Passkey>, FactorError> {
    let stored = secrets.iter().filter_map(|secret| match secret {
        Secret::Passkey(json) => Some(json),
        Secret::Totp(_) => None,
    });
    stored.map(|json| parse(json).map_err(|_| FactorError::Internal)).collect()
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, FactorError> {
    serde_json::from_str(json).map_err(|_| FactorError::Malformed)
}

fn text(value: &impl serde::Serialize) -> Result<String, FactorError> {
    serde_json::to_string(value).map_err(|_| FactorError::Internal)
}

fn json(value: &impl serde::Serialize) -> Result<WebauthnJson, FactorError> {
    WebauthnJson::new(text(value)?).map_err(|_| FactorError::Internal)
}
