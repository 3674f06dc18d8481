//! The vault: what an account must not lose.
//!
//! Owns the content of the vault and of its inner compartment, and how two devices' versions are put together.
//! Refuses to know how a vault is sealed, sent or swapped. Invariant: merging loses nothing and is the same in
//! either order; a pin only moves forward; an invitation once consumed stays consumed.

use crate::crypto::keys::InvitationSecret;
use crate::crypto::wrap::SealingSecret;
use core::fmt;
use minicbor::{Decode, Encode};
use sotto_protocol::codec::{self, DecodeError, Text};
use sotto_protocol::ids::{
    AccountId, DeviceId, Fingerprint, Handle, Hash, Head, InvitationId, Millis, PracticeId, Seq, SpaceId,
    Version,
};
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::record::Seen;
use sotto_protocol::roster::Role;
use sotto_protocol::sign::PublicKey;
use std::collections::BTreeMap;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The form written by this version.
pub const VAULT_VERSION: u8 = 1;

/// Thirty-two secret bytes inside a vault. Wiped when dropped, not shown.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
pub struct SecretBytes(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl SecretBytes {
    /// Wraps the bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret bytes.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

/// What an account knows about a peer, to notice older or other cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PeerPin {
    /// Identity; never changes.
    #[n(0)]
    pub identity: PublicKey,
    /// Highest card version verified.
    #[n(1)]
    pub card_version: Version,
    /// Hash of that card.
    #[n(2)]
    pub card_hash: Hash,
}

/// What an account knows about a space, to notice missing or other history.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SpacePin {
    /// Founding hash; never changes.
    #[n(0)]
    pub founding: Head,
    /// Last verified position.
    #[n(1)]
    pub head: Seen,
    /// The joiner is known, or the space is of one's own founding.
    #[n(2)]
    pub confirmed: bool,
    /// Looked at up to here.
    #[n(3)]
    pub read: Seq,
    /// The server serves it no more: one was removed.
    #[n(4)]
    #[cbor(default)]
    pub left: bool,
    /// When `read` was set, by that device's clock: what appears later was not looked at, wherever it stands.
    #[n(5)]
    pub read_at: Option<Millis>,
}

/// An invitation this account made.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InvitationEntry {
    /// The link's secret.
    #[n(0)]
    pub secret: SecretBytes,
    /// What the joiner will be.
    #[n(1)]
    pub role: Role,
    /// Until when.
    #[n(2)]
    pub expires_at: Millis,
    /// The space and the identity that consumed it, checked by MAC.
    #[n(3)]
    pub consumed: Option<Consumed>,
    /// Withdrawn.
    #[n(4)]
    pub revoked: bool,
}

/// Who consumed an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct Consumed {
    /// The space she founded.
    #[n(0)]
    pub space: SpaceId,
    /// Her account.
    #[n(1)]
    pub account: AccountId,
    /// Her identity.
    #[n(2)]
    pub identity: PublicKey,
}

/// A sealing secret and the card version that introduced it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SealingEntry {
    /// The card's `sealing_since`.
    #[n(0)]
    pub since: Version,
    /// X-Wing seed.
    #[n(1)]
    pub seed: SecretBytes,
}

/// A name that was given to a device later. The latest counts; of two at once, the greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct Renamed {
    /// When, by the clock of the device it was done on.
    #[n(0)]
    pub at: Millis,
    /// The name.
    #[n(1)]
    pub name: Text<NAME_BYTES_MAX>,
}

/// The vault.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Vault {
    /// [`VAULT_VERSION`].
    #[n(0)]
    pub version: u8,
    /// Account.
    #[n(1)]
    pub account: AccountId,
    /// Sign-in name.
    #[n(2)]
    pub handle: Handle,
    /// Own name.
    #[n(3)]
    pub name: Text<NAME_BYTES_MAX>,
    /// Own identity.
    #[n(4)]
    pub identity: PublicKey,
    /// Own card: the lowest version to accept.
    #[n(5)]
    pub card_version_min: Version,
    /// Sealing secrets, newest last. Old ones open old eras.
    #[n(6)]
    pub sealing: Vec<SealingEntry>,
    /// Spaces.
    #[n(7)]
    pub spaces: BTreeMap<SpaceId, SpacePin>,
    /// Peers.
    #[n(8)]
    pub peers: BTreeMap<AccountId, PeerPin>,
    /// Invitations made.
    #[n(9)]
    pub invitations: BTreeMap<InvitationId, InvitationEntry>,
    /// Names of one's devices.
    #[n(10)]
    pub devices: BTreeMap<DeviceId, Text<NAME_BYTES_MAX>>,
    /// The owner's identity, pinned by the invitation one came with.
    #[n(11)]
    pub owner: Option<Fingerprint>,
    /// The practice.
    #[n(12)]
    pub practice: PracticeId,
    /// The roster: the lowest version to accept.
    #[n(13)]
    pub roster_version: Version,
    /// When the newest recovery sheet was made.
    #[n(14)]
    pub sheet_at: Option<Millis>,
    /// What devices were called later than in `devices`, which holds what they said of themselves.
    #[n(15)]
    pub renamed: Option<BTreeMap<DeviceId, Renamed>>,
}

/// Two versions of a vault that cannot both be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two versions of the vault contradict each other")]
pub struct VaultsContradict;

impl Vault {
    /// Reads a vault; one of a later version is an error that says so.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let vault: Self = codec::decode(bytes, "vault")?;
        if vault.version == VAULT_VERSION { Ok(vault) } else { Err(DecodeError::malformed("vault: version")) }
    }

    /// The vault as CBOR.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(codec::encode(self))
    }

    /// The sealing secret to which an era pinning `card_version` was sealed.
    pub fn sealing_secret(&self, card_version: Version) -> Option<SealingSecret> {
        let entry = self.sealing.iter().filter(|e| e.since <= card_version).max_by_key(|e| e.since)?;
        Some(SealingSecret::from_seed(*entry.seed.expose()))
    }

    /// The secret of an invitation.
    pub fn invitation_secret(&self, id: InvitationId) -> Option<InvitationSecret> {
        self.invitations.get(&id).map(|e| InvitationSecret::from_bytes(*e.secret.expose()))
    }

    /// Puts another version into this one. True when this changed.
    pub fn merge(&mut self, other: &Self) -> Result<bool, VaultsContradict> {
        if self.account != other.account || self.identity != other.identity {
            return Err(VaultsContradict);
        }
        let mut merged = self.clone();
        merged.card_version_min = merged.card_version_min.max(other.card_version_min);
        for entry in &other.sealing {
            if let Err(place) = merged.sealing.binary_search_by_key(&entry.since, |e| e.since) {
                merged.sealing.insert(place, entry.clone());
            }
        }
        for (id, pin) in &other.spaces {
            merge_pin(merged.spaces.entry(*id).or_insert_with(|| pin.clone()), pin)?;
        }
        for (id, pin) in &other.peers {
            let mine = merged.peers.entry(*id).or_insert(*pin);
            if mine.identity != pin.identity {
                return Err(VaultsContradict);
            }
            if pin.card_version > mine.card_version {
                *mine = *pin;
            }
        }
        for (id, entry) in &other.invitations {
            let mine = merged.invitations.entry(*id).or_insert_with(|| entry.clone());
            mine.revoked |= entry.revoked;
            mine.consumed = match (mine.consumed, entry.consumed) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        for (id, name) in &other.devices {
            let mine = merged.devices.entry(*id).or_insert_with(|| name.clone());
            if *name > *mine {
                mine.clone_from(name);
            }
        }
        for (id, renamed) in other.renamed.iter().flatten() {
            let known = merged.renamed.get_or_insert_default();
            let mine = known.entry(*id).or_insert_with(|| renamed.clone());
            if *renamed > *mine {
                mine.clone_from(renamed);
            }
        }
        merged.owner = merged.owner.or(other.owner);
        merged.practice = merged.practice.max(other.practice);
        merged.roster_version = merged.roster_version.max(other.roster_version);
        merged.sheet_at = merged.sheet_at.max(other.sheet_at);
        let changed = merged != *self;
        *self = merged;
        Ok(changed)
    }
}

fn merge_pin(mine: &mut SpacePin, other: &SpacePin) -> Result<(), VaultsContradict> {
    let same_seq_other_head = mine.head.seq == other.head.seq && mine.head.head != other.head.head;
    if mine.founding != other.founding || same_seq_other_head {
        return Err(VaultsContradict);
    }
    if other.head.seq > mine.head.seq {
        mine.head = other.head;
        mine.left = other.left;
    } else if other.head.seq == mine.head.seq {
        mine.left |= other.left;
    }
    mine.confirmed |= other.confirmed;
    mine.read = mine.read.max(other.read);
    mine.read_at = mine.read_at.max(other.read_at);
    Ok(())
}

/// The inner compartment: the identity, opened by step-up only.
#[derive(Debug, Encode, Decode)]
#[cbor(array)]
pub struct Inner {
    /// Version of this form.
    #[n(0)]
    pub version: u8,
    /// Seed of the identity key.
    #[n(1)]
    pub identity: SecretBytes,
}

impl Inner {
    /// Reads the compartment.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let inner: Self = codec::decode(bytes, "inner compartment")?;
        if inner.version == 1 { Ok(inner) } else { Err(DecodeError::malformed("inner compartment: version")) }
    }

    /// The compartment as CBOR.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(codec::encode(self))
    }
}

/// What the inviter tells the joiner, sealed under the link's secret.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InvitationText {
    /// Version of this form.
    #[n(0)]
    pub version: u8,
    /// The inviter's name.
    #[n(1)]
    pub inviter: Text<NAME_BYTES_MAX>,
    /// A note.
    #[n(2)]
    pub note: Text<{ sotto_protocol::limits::NOTE_BYTES_MAX }>,
    /// What the joiner will be; must be what the server says.
    #[n(3)]
    pub role: Role,
    /// What the inviter is; the joiner writes it into the founding era.
    #[n(6)]
    pub inviter_role: Role,
    /// The owner's identity, to which the roster is pinned.
    #[n(4)]
    pub owner: Option<Fingerprint>,
    /// The practice's name as the inviter knows it.
    #[n(5)]
    pub practice: Text<NAME_BYTES_MAX>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault {
            version: VAULT_VERSION,
            account: AccountId([1; 16]),
            handle: Handle::parse("rosa").unwrap(),
            name: Text::new("Rosa").unwrap(),
            identity: PublicKey([2; 32]),
            card_version_min: Version(1),
            sealing: vec![SealingEntry { since: Version(1), seed: SecretBytes::new([3; 32]) }],
            spaces: BTreeMap::new(),
            peers: BTreeMap::new(),
            invitations: BTreeMap::new(),
            devices: BTreeMap::new(),
            owner: None,
            practice: PracticeId([4; 16]),
            roster_version: Version::ZERO,
            sheet_at: None,
            renamed: None,
        }
    }

    #[test]
    fn the_name_given_last_counts_in_either_order() {
        let device = DeviceId([5; 16]);
        let called = |at: u64, name: &str| Renamed { at: Millis(at), name: Text::new(name).unwrap() };
        let with = |renamed| Vault { renamed: Some(BTreeMap::from([(device, renamed)])), ..vault() };
        let (early, late) = (with(called(1, "Zebra")), with(called(2, "Aardvark")));
        for (mut one, other) in [(early.clone(), &late), (late.clone(), &early)] {
            one.merge(other).unwrap();
            assert_eq!(one, late);
        }
        let mut none = vault();
        none.merge(&early).unwrap();
        assert_eq!(none, early);
    }

    fn pin(seq: u64, head: u8) -> SpacePin {
        SpacePin {
            founding: Head([9; 32]),
            head: Seen { seq: Seq(seq), head: Head([head; 32]) },
            confirmed: false,
            read: Seq(seq),
            left: false,
            read_at: None,
        }
    }

    #[test]
    fn merging_keeps_both_sides_in_either_order() {
        let (mut a, mut b) = (vault(), vault());
        a.spaces.insert(SpaceId([1; 16]), pin(3, 3));
        b.spaces.insert(SpaceId([1; 16]), pin(5, 5));
        b.spaces.insert(SpaceId([2; 16]), pin(1, 1));
        b.sealing.push(SealingEntry { since: Version(4), seed: SecretBytes::new([8; 32]) });
        let (old_a, old_b) = (a.clone(), b.clone());
        assert_eq!(a.merge(&old_b), Ok(true));
        assert_eq!(b.merge(&old_a), Ok(false));
        assert_eq!(a, b);
        assert_eq!(a.spaces[&SpaceId([1; 16])].head.seq, Seq(5));
        assert_eq!(Vault::from_bytes(&a.to_bytes()), Ok(a));
    }

    #[test]
    fn the_newest_time_of_reading_stays() {
        let (mut a, mut b) = (vault(), vault());
        a.spaces.insert(SpaceId([1; 16]), SpacePin { read_at: Some(Millis(5)), ..pin(3, 3) });
        b.spaces.insert(SpaceId([1; 16]), SpacePin { read_at: None, ..pin(3, 3) });
        assert_eq!(b.merge(&a), Ok(true));
        assert_eq!(a.merge(&b), Ok(false));
        assert_eq!(a.spaces[&SpaceId([1; 16])].read_at, Some(Millis(5)));
    }

    #[test]
    fn two_histories_are_a_contradiction() {
        let (mut a, mut b) = (vault(), vault());
        a.spaces.insert(SpaceId([1; 16]), pin(3, 3));
        b.spaces.insert(SpaceId([1; 16]), pin(3, 4));
        assert_eq!(a.merge(&b), Err(VaultsContradict));
    }

    #[test]
    fn secrets_do_not_show() {
        let shown = format!("{:?}", vault());
        assert!(shown.contains("SecretBytes(..)") && !shown.contains("3, 3, 3"));
    }
}
