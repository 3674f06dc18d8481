//! Second factors: what somebody shows after her password.
//!
//! Owns their forms on the wire. Refuses to know how they are judged; only the server can (RFC 6238 codes, WebAuthn
//! assertions), since it is the server that lets nobody have the sealed vault for a password alone. A factor opens nothing.
//! Recovery sheet and passkey with the PRF extension are no factors: each is by itself more than a password and a code.

use crate::codec::{Bytes, Text};
use crate::ids::{FactorId, Millis};
use crate::limits::{
    FACTOR_CODE_BYTES_MAX, FACTOR_STATE_BYTES_MAX, TOTP_SECRET_BYTES_MAX, WEBAUTHN_BYTES_MAX,
};
use minicbor::{Decode, Encode};

/// What the server hands out in the middle of a sign-in and wants back unchanged.
pub type FactorState = Bytes<FACTOR_STATE_BYTES_MAX>;
/// JSON as the browser's WebAuthn interface takes and gives it (WebAuthn Level 3, section 5.1, the `…JSON` dictionaries).
pub type WebauthnJson = Text<WEBAUTHN_BYTES_MAX>;
/// The digits that an authenticator app shows.
pub type FactorCode = Text<FACTOR_CODE_BYTES_MAX>;
/// The key that an authenticator app keeps (RFC 4226, section 4: at least 128 bits, 160 recommended).
pub type TotpSecret = Bytes<TOTP_SECRET_BYTES_MAX>;

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum FactorKind {
    /// A time-based code (RFC 6238): SHA-1, six digits, 30 seconds.
    #[n(1)]
    Totp,
    /// A passkey or security key (WebAuthn).
    #[n(2)]
    Passkey,
}

/// A factor that an account has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct FactorSummary {
    /// Its id.
    #[n(0)]
    pub id: FactorId,
    /// Its kind.
    #[n(1)]
    pub kind: FactorKind,
    /// When it was set up, by the server's clock.
    #[n(2)]
    pub created_at: Millis,
}

/// A factor to be set up; each shows that it works.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NewFactor {
    /// A time-based code.
    #[n(0)]
    Totp {
        /// Its key.
        #[n(0)]
        secret: TotpSecret,
        /// What the app shows now.
        #[n(1)]
        code: FactorCode,
    },
    /// A passkey.
    #[n(1)]
    Passkey {
        /// From `FactorOptions`.
        #[n(0)]
        state: FactorState,
        /// `RegistrationResponseJSON`.
        #[n(1)]
        credential: WebauthnJson,
    },
}

/// That somebody has a factor at hand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum FactorProof {
    /// The code.
    #[n(0)]
    Totp {
        /// Six digits.
        #[n(0)]
        code: FactorCode,
    },
    /// A passkey has signed.
    #[n(1)]
    Passkey {
        /// `AuthenticationResponseJSON`.
        #[n(0)]
        assertion: WebauthnJson,
    },
}
