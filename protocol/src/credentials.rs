//! Credential sets: how a person gets back at her vault.
//!
//! Owns the identity-signed, versioned list of unlock methods with the wraps of vault key and inner key, and
//! the hashes that tie it to the OPAQUE record and the inner compartment stored beside it, and the change from one set to
//! the next. Refuses to know the secrets. Invariant: versions only grow; a set is changed only by the identity, that is
//! after step-up; a set has exactly one password.

use crate::card::{Card, SealingPublic};
use crate::codec::{Bytes, DecodeError};
use crate::ids::{AccountId, Hash, MethodId, Millis, Revision, Version};
use crate::label::Label;
use crate::limits::{INNER_BYTES_MAX, METHODS_MAX, OPAQUE_BYTES_MAX, VAULT_BYTES_MAX, WRAP_BYTES_MAX};
use crate::sign::{OpenSignedError, PublicKey, Signable, Signed};
use minicbor::{Decode, Encode};

/// An HPKE envelope around one 32-byte key.
pub type Wrap = Bytes<WRAP_BYTES_MAX>;
/// A sealed vault.
pub type SealedVault = Bytes<VAULT_BYTES_MAX>;
/// A sealed inner compartment.
pub type SealedInner = Bytes<INNER_BYTES_MAX>;
/// A message of the OPAQUE protocol, serialised as RFC 9807 says.
pub type OpaqueMessage = Bytes<OPAQUE_BYTES_MAX>;

/// How a method yields its unlock key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum MethodKind {
    /// The OPAQUE export key.
    #[n(1)]
    Password,
    /// The recovery sheet's code.
    #[n(2)]
    RecoverySheet,
    /// A passkey's PRF output.
    #[n(3)]
    Passkey,
}

/// One way to open the vault.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Method {
    /// The method.
    #[n(0)]
    pub id: MethodId,
    /// Its kind.
    #[n(1)]
    pub kind: MethodKind,
    /// The public half of the unlock key, so that the vault key can be renewed with the paper out of reach.
    #[n(2)]
    pub unlock: SealingPublic,
    /// The vault key, wrapped to `unlock`.
    #[n(3)]
    pub vault_wrap: Wrap,
    /// The inner key, wrapped to `unlock`.
    #[n(4)]
    pub inner_wrap: Wrap,
    /// When it was made, by its maker's clock.
    #[n(5)]
    pub created_at: Millis,
    /// The public half of the key with which recovery sheet and passkey sign in; a password has none, it signs in by OPAQUE.
    #[n(6)]
    pub login: Option<PublicKey>,
}

/// A vault that goes with a change of credentials.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct VaultChange {
    /// The stored revision it was made from.
    #[n(0)]
    pub base: Revision,
    /// Its own.
    #[n(1)]
    pub revision: Revision,
    /// The vault.
    #[n(2)]
    pub sealed: SealedVault,
}

/// From one credential set to the next, with everything that has to change in the same instant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CredentialChange {
    /// The next set.
    #[n(0)]
    pub credentials: Signed<CredentialSet>,
    /// OPAQUE registration upload of a new password.
    #[n(1)]
    pub opaque: Option<OpaqueMessage>,
    /// The inner compartment, sealed anew.
    #[n(2)]
    pub inner: Option<SealedInner>,
    /// The account's next card: devices removed or added, or another sealing key.
    #[n(3)]
    pub card: Option<Signed<Card>>,
    /// The next vault. There must be one when the vault key is another.
    #[n(4)]
    pub vault: Option<VaultChange>,
}

/// All ways to open one account's vault. Signed by the identity.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CredentialSet {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// 1 for the first set, then one more each time.
    #[n(1)]
    pub version: Version,
    /// Hash of the OPAQUE registration upload ([`crate::hash::payload`]).
    #[n(2)]
    pub opaque_hash: Hash,
    /// Hash of the sealed inner compartment ([`crate::hash::payload`]).
    #[n(3)]
    pub inner_hash: Hash,
    /// Which vault key the wraps hold; grows when the vault key is renewed.
    #[n(4)]
    pub vault_generation: Version,
    /// The methods.
    #[n(5)]
    pub methods: Vec<Method>,
}

impl Signable for CredentialSet {
    const LABEL: Label = Label::SignCredentials;
    const NAME: &'static str = "credential set";
}

impl CredentialSet {
    /// Opens a set under the account's identity and checks its inner rules.
    pub fn verify(signed: &Signed<Self>, identity: &PublicKey) -> Result<Self, OpenSignedError> {
        let set = signed.open(identity)?;
        let unique =
            set.methods.iter().enumerate().all(|(i, m)| set.methods.iter().take(i).all(|o| o.id != m.id));
        let password = set.methods.iter().filter(|m| m.kind == MethodKind::Password);
        let by_key = set.methods.iter().all(|m| m.login.is_some() == (m.kind != MethodKind::Password));
        if set.version == Version::ZERO
            || password.count() != 1
            || set.methods.len() > METHODS_MAX
            || !unique
            || !by_key
        {
            return Err(DecodeError::malformed("credential set: methods or version").into());
        }
        Ok(set)
    }

    /// Checks that this is the next set after `earlier`, with what the change brings along.
    pub fn follows(&self, earlier: &Self, change: &CredentialChange) -> Result<(), DecodeError> {
        let hash = |bytes: Option<&[u8]>, kept: Hash| bytes.map_or(kept, crate::hash::payload);
        let opaque = hash(change.opaque.as_ref().map(Bytes::as_slice), earlier.opaque_hash);
        let inner = hash(change.inner.as_ref().map(Bytes::as_slice), earlier.inner_hash);
        let renewed = self.vault_generation == earlier.vault_generation.next() && change.vault.is_some();
        let fits = self.account == earlier.account
            && self.version == earlier.version.next()
            && self.opaque_hash == opaque
            && self.inner_hash == inner
            && (renewed || self.vault_generation == earlier.vault_generation);
        if fits { Ok(()) } else { Err(DecodeError::malformed("credential set: not the next one")) }
    }

    /// The first method of a kind.
    pub fn method(&self, kind: MethodKind) -> Option<&Method> {
        self.methods.iter().find(|m| m.kind == kind)
    }
}
