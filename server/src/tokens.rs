//! What the server hands to a client and wants back unread and unchanged.
//!
//! Owns sign-in state and session tokens, both sealed and with an expiry. So any node finishes what another began, and
//! nothing is stored for a stranger. Refuses to know what a token entitles to. A token is no ticket: until it
//! expires it can be shown again.

use crate::sealing::Sealing;
use crate::secrets::ServerSecret;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sotto_protocol::account::Token;
use sotto_protocol::ids::{AccountId, Handle, Millis, Version};
use sotto_protocol::label::Label;

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
    /// Opened by recovery sheet or passkey, not by the password.
    #[n(4)]
    pub by_key: bool,
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
    login: Sealing,
    session: Sealing,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// Under the server's secret.
    pub fn new(secret: &ServerSecret) -> Self {
        Self {
            login: Sealing::new(secret, Label::ServerLoginState),
            session: Sealing::new(secret, Label::ServerToken),
        }
    }

    /// Seals the state of a sign-in.
    pub fn seal_login(&self, state: &LoginState, rng: &mut impl CryptoRng) -> Result<Token, TokenError> {
        seal(&self.login, state, rng)
    }

    /// Opens the state of a sign-in.
    pub fn open_login(&self, token: &Token, now: Millis) -> Result<LoginState, TokenError> {
        let state: LoginState = open(&self.login, token)?;
        if now < state.expires_at { Ok(state) } else { Err(TokenError::Expired) }
    }

    /// Issues a session token.
    pub fn issue(&self, session: &Session, rng: &mut impl CryptoRng) -> Result<Token, TokenError> {
        seal(&self.session, session, rng)
    }

    /// Opens a session token for `purpose`. The caller compares the credentials' version with the newest.
    pub fn open(&self, token: &Token, purpose: Purpose, now: Millis) -> Result<Session, TokenError> {
        let session: Session = open(&self.session, token)?;
        if session.purpose != purpose {
            return Err(TokenError::Invalid);
        }
        if now < session.expires_at { Ok(session) } else { Err(TokenError::Expired) }
    }
}

fn seal<T: Encode<()>>(sealing: &Sealing, value: &T, rng: &mut impl CryptoRng) -> Result<Token, TokenError> {
    let sealed = sealing.seal(&[], value, rng).ok_or(TokenError::Internal)?;
    Token::new(sealed).map_err(|_| TokenError::Internal)
}

fn open<T: for<'b> Decode<'b, ()>>(sealing: &Sealing, token: &Token) -> Result<T, TokenError> {
    sealing.open(&[], token.as_slice()).ok_or(TokenError::Invalid)
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
            by_key: false,
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
