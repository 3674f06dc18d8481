//! Requests over HTTP: registration and sign-in.
//!
//! Owns what goes to `POST /v1/account` before there is a device that could sign a WebSocket in. Refuses to know
//! passwords: OPAQUE messages (RFC 9807) pass through as bytes. Invariant: `RegisterFinish` is one atomic step
//! that may be repeated with the same bytes; unknown handles are answered like known ones.

use crate::card::Card;
use crate::codec::{self, Bytes, DecodeError, Text};
use crate::credentials::{CredentialChange, CredentialSet, OpaqueMessage, SealedInner, SealedVault};
use crate::error::ErrorCode;
use crate::factor::{FactorProof, FactorState, FactorSummary, NewFactor, WebauthnJson};
use crate::frame::{DeviceWeek, InvitationBody, InvitationState};
use crate::ids::{
    DeviceId, FactorId, Handle, Hash, IncarnationId, InvitationId, Millis, PracticeId, Revision,
};
use crate::limits::{ACCOUNT_BYTES_MAX, NAME_BYTES_MAX, TOKEN_BYTES_MAX};
use crate::record::Record;
use crate::roster::Role;
use crate::sign::{SignatureBytes, Signed};
use minicbor::{Decode, Encode};

/// Where requests go.
pub const ACCOUNT_PATH: &str = "/v1/account";
/// Content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/cbor";

/// Bytes that only the server can read.
pub type Token = Bytes<TOKEN_BYTES_MAX>;

/// What entitles somebody to register.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ticket {
    /// The one-time token of the set-up link; founds the practice.
    #[n(0)]
    Setup {
        /// Token.
        #[n(0)]
        token: Hash,
        /// The practice's name, which the server learns.
        #[n(1)]
        practice: Text<NAME_BYTES_MAX>,
        /// `Owner` or `OwnerTherapist`.
        #[n(2)]
        role: Role,
    },
    /// An invitation.
    #[n(1)]
    Invitation {
        /// Its id.
        #[n(0)]
        id: InvitationId,
    },
}

/// Everything a new account consists of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Registration {
    /// What entitles her.
    #[n(0)]
    pub ticket: Ticket,
    /// Sign-in name.
    #[n(1)]
    pub handle: Handle,
    /// OPAQUE registration record (RFC 9807 `RegistrationRecord`).
    #[n(2)]
    pub opaque: OpaqueMessage,
    /// First card; names the account.
    #[n(3)]
    pub card: Signed<Card>,
    /// First credential set.
    #[n(4)]
    pub credentials: Signed<CredentialSet>,
    /// First vault, revision 1.
    #[n(5)]
    pub vault: SealedVault,
    /// Inner compartment.
    #[n(6)]
    pub inner: SealedInner,
    /// With an invitation: the founding era of the space with the inviter, then the join record. Else empty.
    #[n(7)]
    pub founding: Vec<Record>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AccountRequest {
    /// What an invitation is about. Answered by `Invitation`.
    #[n(0)]
    InvitationOpen {
        /// Id.
        #[n(0)]
        id: InvitationId,
    },
    /// First step of registration. Answered by `RegisterContinue`.
    #[n(1)]
    RegisterStart {
        /// What entitles her.
        #[n(0)]
        ticket: Ticket,
        /// Sign-in name.
        #[n(1)]
        handle: Handle,
        /// RFC 9807 `RegistrationRequest`.
        #[n(2)]
        opaque: OpaqueMessage,
    },
    /// Second step. Answered by `Registered`.
    #[n(2)]
    RegisterFinish {
        /// The account.
        #[n(0)]
        registration: Box<Registration>,
    },
    /// First step of sign-in. Answered by `LoginContinue`, also for unknown handles.
    #[n(3)]
    LoginStart {
        /// Sign-in name.
        #[n(0)]
        handle: Handle,
        /// RFC 9807 `KE1`.
        #[n(1)]
        opaque: OpaqueMessage,
    },
    /// Second step. Answered by `LoggedIn`.
    #[n(4)]
    LoginFinish {
        /// As the server gave it.
        #[n(0)]
        state: Token,
        /// RFC 9807 `KE3`.
        #[n(1)]
        opaque: OpaqueMessage,
    },
    /// Admits a device: the account's next card, in a session just opened. Answered by `Done`.
    #[n(5)]
    DeviceAdd {
        /// From `LoggedIn`.
        #[n(0)]
        token: Token,
        /// The next card; the newest again when it need not change.
        #[n(1)]
        card: Signed<Card>,
        /// A device of this card that was idle and may connect again.
        #[n(2)]
        wakes: Option<DeviceId>,
    },
    /// Whether a set-up link still founds a practice. Answered by `Done` or `SetupRefused`; uses nothing up.
    #[n(6)]
    SetupOpen {
        /// Token.
        #[n(0)]
        token: Hash,
    },
    /// First step of sign-in by recovery sheet or passkey. Answered by `UnlockContinue`, also for unknown handles.
    #[n(7)]
    UnlockStart {
        /// Sign-in name.
        #[n(0)]
        handle: Handle,
    },
    /// Second step. Answered by `LoggedIn`.
    #[n(8)]
    UnlockFinish {
        /// As the server gave it.
        #[n(0)]
        state: Token,
        /// [`Label::SignUnlock`](crate::label::Label::SignUnlock) over `state`, by the sign-in key of one of the account's methods.
        #[n(1)]
        signature: SignatureBytes,
    },
    /// First step of a new password, in a session just opened. Answered by `RegisterContinue`.
    #[n(9)]
    PasswordStart {
        /// From `LoggedIn`.
        #[n(0)]
        token: Token,
        /// RFC 9807 `RegistrationRequest`.
        #[n(1)]
        opaque: OpaqueMessage,
    },
    /// Changes the credentials, in a session just opened; all of it or nothing. The same bytes again are the same change, also
    /// when the token has expired meanwhile. Answered by `Done`.
    #[n(10)]
    CredentialsPut {
        /// From `LoggedIn`.
        #[n(0)]
        token: Token,
        /// The change.
        #[n(1)]
        change: Box<CredentialChange>,
    },
    /// Last step of sign-in by password where the account has second factors. Answered by `LoggedIn`.
    #[n(11)]
    FactorFinish {
        /// From `FactorNeeded`.
        #[n(0)]
        state: FactorState,
        /// What the person has shown.
        #[n(1)]
        proof: FactorProof,
    },
    /// First step of setting up a passkey as second factor, in a session just opened. Answered by `FactorOptions`.
    #[n(12)]
    FactorStart {
        /// From `LoggedIn`.
        #[n(0)]
        token: Token,
    },
    /// Sets up a second factor, in a session just opened; the same again is the same factor. Answered by `Factors`.
    #[n(13)]
    FactorAdd {
        /// From `LoggedIn`.
        #[n(0)]
        token: Token,
        /// The factor.
        #[n(1)]
        factor: NewFactor,
    },
    /// Removes a second factor, in a session just opened; one that isn't there is removed. Answered by `Factors`.
    #[n(14)]
    FactorRemove {
        /// From `LoggedIn`.
        #[n(0)]
        token: Token,
        /// Which.
        #[n(1)]
        id: FactorId,
    },
}

/// An answer: the server's incarnation and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountResponse {
    /// The life of the server's data that speaks.
    #[n(0)]
    pub incarnation: IncarnationId,
    /// What it says.
    #[n(1)]
    pub body: AccountAnswer,
}

/// What a server says to an [`AccountRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AccountAnswer {
    /// It failed.
    #[n(0)]
    Error {
        /// What.
        #[n(0)]
        code: ErrorCode,
        /// When to try again, milliseconds.
        #[n(1)]
        retry_after_ms: Option<u64>,
    },
    /// An invitation.
    #[n(1)]
    Invitation {
        /// What the joiner will be.
        #[n(0)]
        role: Role,
        /// State.
        #[n(1)]
        state: InvitationState,
        /// Until when.
        #[n(2)]
        expires_at: Millis,
        /// Names and note, sealed.
        #[n(3)]
        body: InvitationBody,
        /// The inviter's newest card.
        #[n(4)]
        inviter: Signed<Card>,
        /// The inviter's role in the practice.
        #[n(5)]
        inviter_role: Role,
        /// The practice's name.
        #[n(6)]
        practice: Text<NAME_BYTES_MAX>,
        /// The practice.
        #[n(7)]
        practice_id: PracticeId,
    },
    /// RFC 9807 `RegistrationResponse`.
    #[n(2)]
    RegisterContinue {
        /// Message.
        #[n(0)]
        opaque: OpaqueMessage,
    },
    /// The account exists.
    #[n(3)]
    Registered {
        /// The practice.
        #[n(0)]
        practice_id: PracticeId,
    },
    /// RFC 9807 `KE2`.
    #[n(4)]
    LoginContinue {
        /// Message.
        #[n(0)]
        opaque: OpaqueMessage,
        /// To be handed back.
        #[n(1)]
        state: Token,
    },
    /// Signed in; what the account consists of.
    #[n(5)]
    LoggedIn {
        /// Admits one device, soon.
        #[n(0)]
        token: Token,
        /// Newest card.
        #[n(1)]
        card: Signed<Card>,
        /// Newest credential set.
        #[n(2)]
        credentials: Signed<CredentialSet>,
        /// Inner compartment.
        #[n(3)]
        inner: SealedInner,
        /// Vault.
        #[n(4)]
        vault: SealedVault,
        /// Its revision.
        #[n(5)]
        vault_revision: Revision,
        /// Role in the practice.
        #[n(6)]
        role: Role,
        /// When the account's devices were last connected, as far as it is known.
        #[n(7)]
        #[cbor(default)]
        weeks: Vec<DeviceWeek>,
        /// The server's clock.
        #[n(8)]
        #[cbor(default)]
        now: Millis,
        /// The account's second factors.
        #[n(9)]
        #[cbor(default)]
        factors: Vec<FactorSummary>,
    },
    /// Done.
    #[n(6)]
    Done,
    /// What is to be signed and handed back.
    #[n(7)]
    UnlockContinue {
        /// To be signed.
        #[n(0)]
        state: Token,
    },
    /// The password is right, and a second factor is asked for.
    #[n(8)]
    FactorNeeded {
        /// To be handed back.
        #[n(0)]
        state: FactorState,
        /// Whether the account has an authenticator app.
        #[n(1)]
        totp: bool,
        /// `PublicKeyCredentialRequestOptionsJSON`, if the account has passkeys as second factor.
        #[n(2)]
        passkey: Option<WebauthnJson>,
    },
    /// How a passkey is to be made.
    #[n(9)]
    FactorOptions {
        /// To be handed back.
        #[n(0)]
        state: FactorState,
        /// `PublicKeyCredentialCreationOptionsJSON`.
        #[n(1)]
        options: WebauthnJson,
    },
    /// The account's second factors as they are now.
    #[n(10)]
    Factors {
        /// All of them.
        #[n(0)]
        factors: Vec<FactorSummary>,
    },
}

fn sized(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    if bytes.len() <= ACCOUNT_BYTES_MAX {
        Ok(bytes)
    } else {
        Err(DecodeError::malformed("request: too long"))
    }
}

impl AccountRequest {
    /// Reads a request that fills the whole body.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(sized(bytes)?, "account request")
    }

    /// The request as CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

impl AccountResponse {
    /// Reads an answer that fills the whole body.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(sized(bytes)?, "account answer")
    }

    /// The answer as CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}
