//! What crosses to the web app, in the shapes of `client-web/src/core/types.ts` and `api.ts`.
//!
//! Owns the shapes that differ from the core's own types: a `kind` beside named fields, ids as hexadecimal, errors as
//! codes. Views have their shapes where they stand ([`crate::view`]). Refuses to know JavaScript; the binding
//! (`client-web/wasm`) turns serde's data into it. Invariant: what the samples in `client-web/src/core/samples.ts` show
//! is what is sent; the type checker holds them against the TypeScript types, a test here against this code.

mod commands;
mod events;
#[cfg(test)]
mod samples;

pub use commands::command;

use crate::client::OpenError;
use crate::crypto::lock::LockError;
use crate::crypto::passphrase::{Password, Strength};
use crate::crypto::recovery::BadWords;
use crate::io::{Event, Rejected};
use serde::{Serialize, Serializer};
use sotto_protocol::codec;
use sotto_protocol::ids::Handle;
use sotto_protocol::link::LinkError;
use sotto_protocol::sign::PublicKey;

/// An event as the web app is told it; `None` for one that has no meaning there.
pub fn event(event: &Event) -> Option<impl Serialize + '_> {
    events::EventShape::of(event)
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoreError {
    /// One of the codes in `port.ts`.
    pub code: &'static str,
    /// What it was about, for whoever looks for the reason; not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<&'static str>,
    /// The limit that was crossed, the number of the word that is wrong, or how many words there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
}

impl CoreError {
    /// A code with nothing to add.
    pub const fn new(code: &'static str) -> Self {
        Self { code, what: None, max: None }
    }

    /// The host gave something that has not the agreed shape.
    pub const fn malformed(what: &'static str) -> Self {
        Self { code: "malformed", what: Some(what), max: None }
    }
}

impl From<Rejected> for CoreError {
    fn from(rejected: Rejected) -> Self {
        let code = match rejected {
            Rejected::NotSignedIn => "not_signed_in",
            Rejected::SignedIn => "signed_in",
            Rejected::Busy => "busy",
            Rejected::SpaceUnknown => "space_unknown",
            Rejected::MessageUnknown => "message_unknown",
            Rejected::Unconfirmed => "unconfirmed",
            Rejected::Alarmed => "alarmed",
            Rejected::NotMember => "not_member",
            Rejected::Empty => "empty",
            Rejected::WeakPassword => "weak_password",
            Rejected::TooLong { what, max, .. } => {
                return Self { code: "too_long", what: Some(what), max: Some(max) };
            }
            Rejected::Limit(what) => return Self { code: "limit", what: Some(what), max: None },
            Rejected::NotAllowed(what) => return Self { code: "not_allowed", what: Some(what), max: None },
        };
        Self::new(code)
    }
}

impl From<LinkError> for CoreError {
    fn from(error: LinkError) -> Self {
        Self::new(match error {
            LinkError::NotALink => "not_a_link",
            LinkError::Damaged => "link_damaged",
            LinkError::Newer => "link_newer",
            LinkError::WrongSort => "link_wrong_sort",
        })
    }
}

impl From<BadWords> for CoreError {
    fn from(error: BadWords) -> Self {
        let (code, max) = match error {
            BadWords::Count { got } => ("sheet_count", got),
            BadWords::Word { number } => ("sheet_word", number),
        };
        Self { code, what: None, max: Some(max) }
    }
}

impl From<OpenError> for CoreError {
    fn from(error: OpenError) -> Self {
        Self::new(match error {
            OpenError::Damaged(_) | OpenError::Incomplete(_) => "storage_damaged",
            OpenError::Newer => "storage_newer",
        })
    }
}

impl From<LockError> for CoreError {
    fn from(error: LockError) -> Self {
        Self::new(match error {
            LockError::WrongPassword => "wrong_password",
            LockError::Newer => "storage_newer",
            LockError::Malformed => "storage_damaged",
            LockError::Internal => "crashed",
        })
    }
}

/// What a password is worth, to show, not to promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StrengthShape {
    /// `weak` is refused.
    pub kind: &'static str,
    /// See [`Password::bits`].
    pub bits: u32,
}

/// Judges a password before there is an account: without its handle.
pub fn strength(password: &Password) -> StrengthShape {
    let bits = password.bits();
    let judged = Handle::parse("nobody").map_or(Strength::Guessable, |handle| password.strength(&handle));
    let kind = match judged {
        Strength::TooShort | Strength::TooLong | Strength::Guessable => "weak",
        Strength::Acceptable if bits >= 70 => "strong",
        Strength::Acceptable => "fair",
    };
    StrengthShape { kind, bits }
}

/// The code of a name: `ErrorCode::HandleTaken` becomes `handle_taken`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// Serialises by `Display`.
pub(crate) fn as_text<T: core::fmt::Display, S: Serializer>(value: &T, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}

/// Serialises a public key as hexadecimal.
pub(crate) fn as_hex<S: Serializer>(key: &PublicKey, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&codec::hex(key.as_bytes()))
}
