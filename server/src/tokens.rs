//! What the server hands to a client and wants back unread and unchanged.
//!
//! Owns sealing (XChaCha20-Poly1305 under a key derived from the server's secret, one key per label, fresh random
//! nonces) of sign-in state and session tokens, both with an expiry. So any node finishes what another began, and
//! nothing is stored for a stranger. Refuses to know what a token entitles to. A token is no ticket: until it
//! expires it can be shown again.

use crate::secrets::ServerSecret;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sha2::Sha256;
use sotto_protocol::account::Token;
use sotto_protocol::codec;
use sotto_protocol::ids::{AccountId, Handle, Millis, Version};
use sotto_protocol::label::Label;
use zeroize::Zeroizing;

/// XChaCha20-Poly1305.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// What a session token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// Admitting one device after sign-in.
    #[n(0)]
    Admit,
    /// Up- and downloads of blobs.
    #[n(1)]
    Blob,
}

/// An account's right to something for a while.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Session {
    /// Whose.
    #[n(0)]
    pub account: AccountId,
    /// To what.
    #[n(1)]
    pub purpose: Purpose,
    /// Until when.
    #[n(2)]
    pub expires_at: Millis,
    /// Version of the credential set that opened it; a newer set ends it.
    #[n(3)]
    pub credentials: Version,
}

/// What the server must remember between the two requests of a sign-in.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LoginState {
    /// Who says she is signing in.
    #[n(0)]
    pub handle: Handle,
    /// Until when.
    #[n(1)]
    pub expires_at: Millis,
    /// Serialized state of OPAQUE.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub opaque: Vec<u8>,
}

impl std::fmt::Debug for LoginState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginState")
    }
}

impl Drop for LoginState {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.opaque);
    }
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not made by this server for this use.
    #[error("the token is not valid")]
    Invalid,
    /// It was, until a while ago.
    #[error("the token has expired")]
    Expired,
    /// Our mistake: it could not be made.
    #[error("the token could not be sealed")]
    Internal,
}

/// Seals and opens tokens.
pub struct Tokens {
    login: XChaCha20Poly1305,
    session: XChaCha20Poly1305,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// Under the server's secret.
    pub fn new(secret: &ServerSecret) -> Self {
        let cipher = |label: Label| {
            let mut key = Zeroizing::new([0; 32]);
            // 32 bytes are never too many for HKDF-SHA256.
            let expanded =
                Hkdf::<Sha256>::new(None, secret.as_bytes()).expand(&label.frame(&[b"key"]), &mut *key);
            debug_assert!(expanded.is_ok(), "HKDF gives 32 bytes");
            XChaCha20Poly1305::new((&*key).into())
        };
        Self { login: cipher(Label::ServerLoginState), session: cipher(Label::ServerToken) }
    }

    /// Seals the state of a sign-in.
    pub fn seal_login(&self, state: &LoginState, rng: &mut impl CryptoRng) -> Result<Token, TokenError> {
        seal(&self.login, Label::ServerLoginState, state, rng)
    }

    /// Opens the state of a sign-in.
    pub fn open_login(&self, token: &Token, now: Millis) -> Result<LoginState, TokenError> {
        let state: LoginState = open(&self.login, Label::ServerLoginState, token)?;
        if now < state.expires_at { Ok(state) } else { Err(TokenError::Expired) }
    }

    /// Issues a session token.
    pub fn issue(&self, session: &Session, rng: &mut impl CryptoRng) -> Result<Token, TokenError> {
        seal(&self.session, Label::ServerToken, session, rng)
    }

    /// Opens a session token for `purpose`. The caller compares the credentials' version with the newest.
    pub fn open(&self, token: &Token, purpose: Purpose, now: Millis) -> Result<Session, TokenError> {
        let session: Session = open(&self.session, Label::ServerToken, token)?;
        if session.purpose != purpose {
            return Err(TokenError::Invalid);
        }
        if now < session.expires_at { Ok(session) } else { Err(TokenError::Expired) }
    }
}

/// `version ‖ nonce ‖ ciphertext`, AAD: label and version.
fn seal<T: Encode<()>>(
    cipher: &XChaCha20Poly1305,
    label: Label,
    value: &T,
    rng: &mut impl CryptoRng,
) -> Result<Token, TokenError> {
    let mut nonce = [0; NONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    let plain = Zeroizing::new(codec::encode(value));
    let aad = label.frame(&[&[VERSION]]);
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad: &aad })
        .map_err(|_| TokenError::Internal)?;
    Token::new([&[VERSION], nonce.as_slice(), &sealed].concat()).map_err(|_| TokenError::Internal)
}

fn open<T: for<'b> Decode<'b, ()>>(
    cipher: &XChaCha20Poly1305,
    label: Label,
    token: &Token,
) -> Result<T, TokenError> {
    let Some((&VERSION, rest)) = token.as_slice().split_first() else { return Err(TokenError::Invalid) };
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(TokenError::Invalid)?;
    let aad = label.frame(&[&[VERSION]]);
    let plain = cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad })
        .map_err(|_| TokenError::Invalid)?;
    codec::decode(&Zeroizing::new(plain), "token").map_err(|_| TokenError::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secrets;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn setting(seed: u8) -> (Tokens, ChaCha20Rng) {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        (Tokens::new(&Secrets::generate(&mut rng).server), rng)
    }

    fn session() -> Session {
        Session {
            account: AccountId([1; 16]),
            purpose: Purpose::Admit,
            expires_at: Millis(100),
            credentials: Version(2),
        }
    }

    #[test]
    fn a_token_opens_for_its_purpose_until_it_expires() {
        let (tokens, mut rng) = setting(1);
        let token = tokens.issue(&session(), &mut rng).unwrap();
        assert_eq!(tokens.open(&token, Purpose::Admit, Millis(99)), Ok(session()));
        assert_eq!(tokens.open(&token, Purpose::Admit, Millis(100)), Err(TokenError::Expired));
        assert_eq!(tokens.open(&token, Purpose::Blob, Millis(99)), Err(TokenError::Invalid));
        assert_eq!(tokens.open_login(&token, Millis(0)), Err(TokenError::Invalid));
        assert_eq!(setting(2).0.open(&token, Purpose::Admit, Millis(0)), Err(TokenError::Invalid));
        assert_ne!(tokens.issue(&session(), &mut rng).unwrap(), token);
    }

    #[test]
    fn any_changed_or_missing_byte_invalidates_it() {
        let (tokens, mut rng) = setting(1);
        let token = tokens.issue(&session(), &mut rng).unwrap().into_vec();
        for at in 0..token.len() {
            let mut bad = token.clone();
            bad[at] ^= 0x10;
            for bad in [bad, token[..at].to_vec()] {
                assert_eq!(
                    tokens.open(&Token::new(bad).unwrap(), Purpose::Admit, Millis(0)),
                    Err(TokenError::Invalid)
                );
            }
        }
    }

    #[test]
    fn login_state_comes_back_and_names_nobody_in_logs() {
        let (tokens, mut rng) = setting(1);
        let handle = Handle::parse("anna").unwrap();
        let state = LoginState { handle, expires_at: Millis(10), opaque: vec![7; 200] };
        let token = tokens.seal_login(&state, &mut rng).unwrap();
        assert_eq!(tokens.open_login(&token, Millis(9)).unwrap(), state);
        assert_eq!(tokens.open_login(&token, Millis(10)), Err(TokenError::Expired));
        assert_eq!(tokens.open(&token, Purpose::Admit, Millis(0)), Err(TokenError::Invalid));
        assert_eq!(format!("{state:?} {tokens:?}"), "LoginState Tokens");
    }
}
