//! Shapes of what is stored, between service and store.
//!
//! Owns plain data without rules.

use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec::{DecodeError, Text};
use sotto_protocol::credentials::{CredentialSet, OpaqueMessage, SealedInner, SealedVault};
use sotto_protocol::factor::FactorKind;
use sotto_protocol::frame::{InvitationBody, InvitationState, InvitationStatus, PushEndpoint, Stored};
use sotto_protocol::ids::{
    AccountId, DeviceId, FactorId, Handle, InvitationId, Millis, PracticeId, Revision, Seq, Version,
};
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::record::{Payload, Record};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::{SignatureBytes, Signed};
use std::sync::Arc;

/// An account.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Practice.
    pub practice: PracticeId,
    /// Role in it.
    pub role: Role,
    /// Newest card.
    pub card: Arc<VerifiedCard>,
}

/// What sign-in by handle needs.
#[derive(Clone, Debug)]
pub struct LoginRow {
    /// Whose handle.
    pub account: AccountId,
    /// OPAQUE registration record.
    pub opaque: OpaqueMessage,
}

/// What is handed out after sign-in.
#[derive(Clone, Debug)]
pub struct SignedInRow {
    /// Sign-in name.
    pub handle: Handle,
    /// Role in the practice.
    pub role: Role,
    /// Newest card.
    pub card: Arc<VerifiedCard>,
    /// Credential set.
    pub credentials: Signed<CredentialSet>,
    /// Inner compartment.
    pub inner: SealedInner,
    /// Newest vault.
    pub vault: VaultRow,
}

/// The next credential set and everything that changes with it.
#[derive(Clone, Debug)]
pub struct CredentialsWrite {
    /// Whose.
    pub account: AccountId,
    /// The set's version; the stored set must have the one before.
    pub version: Version,
    /// The set.
    pub credentials: Signed<CredentialSet>,
    /// OPAQUE registration record of a new password.
    pub opaque: Option<OpaqueMessage>,
    /// The inner compartment, sealed anew.
    pub inner: Option<SealedInner>,
    /// The next card; the stored one must have the version before.
    pub card: Option<Arc<VerifiedCard>>,
    /// The next vault; the stored one must have the revision before.
    pub vault: Option<VaultRow>,
    /// Vault revisions replaced before this time go.
    pub keep_since: Millis,
    /// Whether all second factors go.
    pub forget_factors: bool,
}

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRow {
    /// Whose.
    pub account: AccountId,
    /// Its id.
    pub id: FactorId,
    /// Its kind.
    pub kind: FactorKind,
    /// What it is judged by, sealed under the server's secret.
    pub sealed: Vec<u8>,
    /// The last time step (RFC 6238) or signature counter (WebAuthn) that was accepted; only a higher one is.
    pub used: u64,
    /// When it was set up.
    pub created_at: Millis,
}

impl FactorRow {
    /// How the database tells the kinds apart.
    pub fn kind_number(&self) -> u64 {
        match self.kind {
            FactorKind::Totp => 1,
            FactorKind::Passkey => 2,
        }
    }

    /// Reads [`FactorRow::kind_number`].
    pub fn kind_of(number: u64) -> Option<FactorKind> {
        match number {
            1 => Some(FactorKind::Totp),
            2 => Some(FactorKind::Passkey),
            _ => None,
        }
    }
}

/// Whether an account may do without a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorStanding {
    /// Since when its practice asks its staff for one.
    pub since: Option<Millis>,
    /// When the account was made.
    pub account_since: Millis,
    /// It has one.
    pub has_factor: bool,
}

/// A vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultRow {
    /// Revision.
    pub revision: Revision,
    /// Sealed vault.
    pub sealed: SealedVault,
    /// When it was stored.
    pub at: Millis,
}

/// What entitles to register.
#[derive(Clone, Debug)]
pub enum TicketKey {
    /// The set-up token; founds this practice.
    Setup {
        /// Practice.
        practice: PracticeId,
        /// Its name.
        name: Text<NAME_BYTES_MAX>,
    },
    /// An invitation.
    Invitation(InvitationId),
}

/// Everything of an account that is to be created.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What entitles.
    pub ticket: TicketKey,
    /// Role in the practice.
    pub role: Role,
    /// Sign-in name.
    pub handle: Handle,
    /// OPAQUE registration record.
    pub opaque: OpaqueMessage,
    /// First card.
    pub card: Arc<VerifiedCard>,
    /// First credential set.
    pub credentials: Signed<CredentialSet>,
    /// Its version.
    pub credentials_version: Version,
    /// Inner compartment.
    pub inner: SealedInner,
    /// First vault.
    pub vault: VaultRow,
}

impl NewAccount {
    /// The account.
    pub fn account(&self) -> AccountId {
        self.card.card().account
    }
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// Id.
    pub id: InvitationId,
    /// Practice.
    pub practice: PracticeId,
    /// Who invites.
    pub inviter: AccountId,
    /// What the joiner will be.
    pub role: Role,
    /// Until when.
    pub expires_at: Millis,
    /// Sealed names and note.
    pub body: InvitationBody,
    /// Withdrawn.
    pub revoked: bool,
    /// Who joined.
    pub used_by: Option<AccountId>,
    /// When it was stored.
    pub created_at: Millis,
}

impl InvitationRow {
    /// What has become of it.
    pub fn state(&self, now: Millis) -> InvitationState {
        if self.used_by.is_some() {
            InvitationState::Used
        } else if self.revoked {
            InvitationState::Revoked
        } else if self.expires_at <= now {
            InvitationState::Expired
        } else {
            InvitationState::Open
        }
    }

    /// As it is listed.
    pub fn status(&self, now: Millis) -> InvitationStatus {
        InvitationStatus {
            id: self.id,
            role: self.role,
            expires_at: self.expires_at,
            state: self.state(now),
            used_by: self.used_by,
        }
    }

    /// True when the other says the same, whatever has become of it.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.id, self.practice, self.inviter, self.role, self.expires_at, &self.body)
            == (other.id, other.practice, other.inviter, other.role, other.expires_at, &other.body)
    }
}

/// Where a push service takes notices for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRow {
    /// Device.
    pub device: DeviceId,
    /// Its account.
    pub account: AccountId,
    /// Where.
    pub endpoint: PushEndpoint,
}

/// What became of storing an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationPut {
    /// It is stored, now or before.
    Stored,
    /// The id stands for another invitation.
    Taken,
    /// Too many are open.
    TooMany,
}

/// A stored record as it lies there, ready to be put into a frame without being parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRow {
    /// Position.
    pub seq: Seq,
    /// When it was stored.
    pub at: Millis,
    /// Header as signed.
    pub header: Vec<u8>,
    /// Signature.
    pub signature: SignatureBytes,
    /// Payload unless dropped.
    pub payload: Option<Vec<u8>>,
}

impl PageRow {
    /// Size in a page.
    pub fn size(&self) -> usize {
        self.header.len() + self.payload.as_ref().map_or(0, Vec::len) + 64 + 32
    }

    /// The record, parsed.
    pub fn to_stored(&self) -> Result<Stored, DecodeError> {
        let payload = self.payload.clone().map(Payload::new).transpose()?;
        let record = Record::from_parts(self.header.clone(), self.signature, payload)?;
        Ok(Stored { seq: self.seq, at: self.at, record })
    }
}
