//! Symmetric keys and what derives from what.
//!
//! Owns [`Key`], a 32-byte secret with its purpose in its type, and the derivations between purposes:
//! HKDF-SHA256 (RFC 5869), input key material = the key, no salt, `info` = [`Label::frame`]. Refuses to know
//! ciphertexts. Invariant: no key passes for one of another purpose; bytes come out only through
//! [`Key::expose`], which is easy to search for.
//!
//! ```text
//! EraKey ─┬─ RecordKey         InvitationSecret ─┬─ InvitationKey
//!         ├─ EphemeralKey                        └─ JoinKey
//!         └─ commitment (public)
//! ```

use core::fmt;
use core::marker::PhantomData;
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use sotto_protocol::ids::{EraId, EraNumber, Hash, SpaceId};
use sotto_protocol::label::Label;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

mod sealed {
    pub trait Sealed {}
}

/// What a [`Key`] is for. Implemented by the types in [`purpose`] only.
pub trait Purpose: sealed::Sealed {
    /// The key's name, as `Debug` prints it.
    const NAME: &'static str;
}

macro_rules! purposes {
    ($($(#[$meta:meta])* $marker:ident => $alias:ident;)*) => {
        /// Marker types: one per purpose.
        pub mod purpose {
            $(
                $(#[$meta])*
                #[derive(Debug)]
                pub enum $marker {}
                impl super::sealed::Sealed for $marker {}
                impl super::Purpose for $marker {
                    const NAME: &'static str = stringify!($alias);
                }
            )*
        }
        $(
            $(#[$meta])*
            pub type $alias = Key<purpose::$marker>;
        )*
        #[cfg(test)]
        const DEBUG_OF_EVERY_KEY: &[fn() -> String] = &[$(|| format!("{:?}", $alias::from_bytes([0xAB; 32]))),*];
    };
}

purposes! {
    /// Of a space for one era; never used itself, only derived from.
    Era => EraKey;
    /// Seals the content of an era's records.
    Record => RecordKey;
    /// Seals an era's ephemeral frames.
    Ephemeral => EphemeralKey;
    /// Seals an account's vault.
    Vault => VaultKey;
    /// Seals the inner compartment of a vault.
    Inner => InnerKey;
    /// Seals the values of a device's local store.
    Storage => StorageKey;
    /// Seals one version of a file.
    Document => DocumentKey;
    /// In an invitation link's fragment; never used itself, only derived from.
    Invite => InvitationSecret;
    /// Seals the body of an invitation.
    Invitation => InvitationKey;
    /// Keys the MAC of a join proof.
    Join => JoinKey;
    /// What a passkey's PRF extension gave; never used itself, only derived from.
    Passkey => PasskeyKey;
    /// Seals the storage key of a locked device; stretched from the password.
    Lock => LockKey;
}

/// A secret of 32 bytes for one purpose. Wiped when dropped; lives on the heap, so that moving it leaves nothing.
pub struct Key<P: Purpose> {
    bytes: Box<[u8; 32]>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> Key<P> {
    /// A random key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self::from_bytes([0; 32]);
        rng.fill_bytes(key.bytes.as_mut_slice());
        key
    }

    /// A key from its bytes: read from a vault, a link or an envelope.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self { bytes: Box::new(*bytes), purpose: PhantomData }
    }

    /// A key from a slice, `None` unless it has 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }

    /// The secret bytes, to be put into something that is sealed.
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// A second copy, for a cache. Named so that copies are deliberate.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::from_bytes(*self.bytes)
    }

    fn derive_key<Q: Purpose>(&self, label: Label, parts: &[&[u8]]) -> Key<Q> {
        Key::from_bytes(*derive(self.expose(), label, parts))
    }
}

impl EraKey {
    /// The key of the era's records.
    pub fn derive_record(&self, space: SpaceId, era: EraId) -> RecordKey {
        self.derive_key(Label::KdfRecord, &[space.as_bytes(), era.as_bytes()])
    }

    /// The key of the era's ephemeral frames.
    pub fn derive_ephemeral(&self, space: SpaceId, era: EraId) -> EphemeralKey {
        self.derive_key(Label::KdfEphemeral, &[space.as_bytes(), era.as_bytes()])
    }

    /// The era's commitment: public, and binding, so that no two members can be given different keys. Takes
    /// the previous era ([`EraId::ZERO`] for the first) because the era's own id covers the commitment.
    pub fn derive_commitment(&self, space: SpaceId, prev: EraId, number: EraNumber) -> Hash {
        let parts: [&[u8]; 3] = [space.as_bytes(), prev.as_bytes(), &number.0.to_be_bytes()];
        Hash(*derive(self.expose(), Label::KdfCommitment, &parts))
    }
}

impl InvitationSecret {
    /// The key of the invitation's body.
    pub fn derive_invitation(&self) -> InvitationKey {
        self.derive_key(Label::KdfInvitation, &[])
    }

    /// The key of the join proof.
    pub fn derive_join(&self) -> JoinKey {
        self.derive_key(Label::KdfJoin, &[])
    }
}

impl<P: Purpose> Drop for Key<P> {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl<P: Purpose> ZeroizeOnDrop for Key<P> {}

impl<P: Purpose> fmt::Debug for Key<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(..)", P::NAME)
    }
}

/// 32 bytes by HKDF-SHA256 without salt, `info` framed under a label.
pub(crate) fn derive(ikm: &[u8], label: Label, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    hkdf_sha256(None, ikm, &label.frame(parts))
}

/// HKDF-SHA256, extract and expand (RFC 5869 section 2) to `N` bytes.
pub(crate) fn hkdf_sha256<const N: usize>(
    salt: Option<&[u8]>,
    ikm: &[u8],
    info: &[u8],
) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "RFC 5869 section 2.3: at most 255 hashes") };
    let mut okm = Zeroizing::new([0; N]);
    if Hkdf::<Sha256>::new(salt, ikm).expand(info, okm.as_mut_slice()).is_err() {
        unreachable!("the length was checked when this was compiled");
    }
    okm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_their_type_only() {
        let printed: Vec<String> = DEBUG_OF_EVERY_KEY.iter().map(|f| f()).collect();
        let expected = [
            "EraKey(..)",
            "RecordKey(..)",
            "EphemeralKey(..)",
            "VaultKey(..)",
            "InnerKey(..)",
            "StorageKey(..)",
            "DocumentKey(..)",
            "InvitationSecret(..)",
            "InvitationKey(..)",
            "JoinKey(..)",
            "PasskeyKey(..)",
            "LockKey(..)",
        ];
        assert_eq!(printed, expected);
    }

    #[test]
    fn keys_are_wiped_when_dropped() {
        fn wiped<T: ZeroizeOnDrop>() -> bool {
            core::mem::needs_drop::<T>()
        }
        assert!(wiped::<EraKey>());
    }

    #[test]
    fn derived_keys_depend_on_everything() {
        let era = EraKey::from_bytes([1; 32]);
        let (space, id) = (SpaceId([2; 16]), EraId([3; 32]));
        let record = era.derive_record(space, id);
        for other in [
            *era.derive_ephemeral(space, id).expose(),
            *era.derive_record(SpaceId([4; 16]), id).expose(),
            *era.derive_record(space, EraId::ZERO).expose(),
            *EraKey::from_bytes([5; 32]).derive_record(space, id).expose(),
            era.derive_commitment(space, id, EraNumber(0)).0,
        ] {
            assert_ne!(*record.expose(), other);
        }
        assert_ne!(
            era.derive_commitment(space, id, EraNumber(0)),
            era.derive_commitment(space, id, EraNumber(1))
        );
        assert_eq!(era.duplicate().derive_record(space, id).expose(), record.expose());
    }
}
