//! Cards: who an account is and which devices speak for it.
//!
//! Owns the identity-signed, versioned card, its device list with tombstones, and the rule by which one
//! version follows another. Refuses to know secret keys and where cards are kept. Invariant: a device once
//! listed stays listed with the same key, a removed device never returns, the identity never changes, and
//! from the newest card alone one can tell which devices were active at any earlier version.

use crate::codec::DecodeError;
use crate::ids::{AccountId, DeviceId, Hash, Millis, Version};
use crate::label::Label;
use crate::limits::{DEVICES_EVER_MAX, DEVICES_MAX};
use crate::sign::{BadSignature, OpenSignedError, PublicKey, Signable, SignatureBytes, Signed, UnpackedKey};
use core::fmt;
use minicbor::{Decode, Encode};

/// XChaCha20-Poly1305 with HKDF-SHA256, X-Wing and Ed25519: the first and so far only suite.
pub const SUITE_1: u8 = 1;

/// An X-Wing public key (draft-connolly-cfrg-xwing-kem): 1 216 bytes, to which secrets are wrapped with HPKE.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingPublic(Vec<u8>);

impl SealingPublic {
    /// Length in bytes.
    pub const LEN: usize = 1216;

    /// Checks the length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() == Self::LEN {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(DecodeError::malformed("length of sealing key"))
        }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealingPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingPublic({})", crate::codec::hex(self.0.get(..4).unwrap_or_default()))
    }
}

impl<C> Encode<C> for SealingPublic {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for SealingPublic {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_slice(d.bytes()?).map_err(|_| minicbor::decode::Error::message("length of sealing key"))
    }
}

/// A device in a card. Its name is content and stands elsewhere, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CardDevice {
    /// The device.
    #[n(0)]
    pub id: DeviceId,
    /// Its Ed25519 key.
    #[n(1)]
    pub key: PublicKey,
    /// The card version that first listed it.
    #[n(2)]
    pub added_in: Version,
    /// When, by the clock of the device that signed that card.
    #[n(3)]
    pub added_at: Millis,
    /// The card version that removed it. From that version on the device speaks for nobody.
    #[n(4)]
    pub removed_in: Option<Version>,
}

impl CardDevice {
    /// True when the device may speak at `version` of the card.
    pub fn active_at(&self, version: Version) -> bool {
        self.added_in <= version && self.removed_in.is_none_or(|removed| version < removed)
    }
}

/// Who an account is. Signed by its identity.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Card {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// 1 for the first card, then one more each time.
    #[n(1)]
    pub version: Version,
    /// The account's identity key; the card is signed by it.
    #[n(2)]
    pub identity: PublicKey,
    /// Devices in the order in which they were added, removed ones included.
    #[n(3)]
    pub devices: Vec<CardDevice>,
    /// The key to which era keys are sealed.
    #[n(4)]
    pub sealing: SealingPublic,
    /// The card version that introduced this sealing key.
    #[n(5)]
    pub sealing_since: Version,
    /// Algorithm suites this account's devices open, best first.
    #[n(6)]
    pub suites: Vec<u8>,
}

impl Signable for Card {
    const LABEL: Label = Label::SignCard;
    const NAME: &'static str = "card";
}

/// Why a card was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Not a card, or one that contradicts itself.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The identity's signature does not verify.
    #[error("the card is not signed by its identity")]
    Forged,
    /// A card of this version or a later one is known already.
    #[error("card version {got} is not newer than {known}")]
    Stale {
        /// Version already known.
        known: Version,
        /// Version offered.
        got: Version,
    },
    /// It changes what may not change: identity, account, or a device already listed.
    #[error("the card contradicts an earlier version")]
    Contradicts,
}

impl From<OpenSignedError> for CardError {
    fn from(error: OpenSignedError) -> Self {
        match error {
            OpenSignedError::Malformed(e) => Self::Malformed(e),
            OpenSignedError::Forged(_) => Self::Forged,
        }
    }
}

impl Card {
    fn check(&self) -> Result<(), CardError> {
        let refuse = |what: &str| Err(CardError::Malformed(DecodeError::malformed(format!("card: {what}"))));
        if self.version == Version::ZERO
            || self.sealing_since == Version::ZERO
            || self.sealing_since > self.version
        {
            return refuse("version");
        }
        if self.devices.len() > DEVICES_EVER_MAX || self.active().count() > DEVICES_MAX {
            return refuse("too many devices");
        }
        if !self.suites.contains(&SUITE_1) || self.suites.len() > 8 {
            return refuse("suites");
        }
        for (index, device) in self.devices.iter().enumerate() {
            let added = device.added_in > Version::ZERO && device.added_in <= self.version;
            let removed = device.removed_in.is_none_or(|r| r > device.added_in && r <= self.version);
            let unique = self.devices.iter().take(index).all(|d| d.id != device.id && d.key != device.key);
            if !(added && removed && unique) {
                return refuse("device list");
            }
        }
        Ok(())
    }

    /// Devices that may speak now.
    pub fn active(&self) -> impl Iterator<Item = &CardDevice> {
        self.devices.iter().filter(|d| d.active_at(self.version))
    }

    /// A device of this card, active or not.
    pub fn device(&self, id: DeviceId) -> Option<&CardDevice> {
        self.devices.iter().find(|d| d.id == id)
    }

    /// The lowest version of this card that a current era may pin: since then no device was removed and the
    /// sealing key is the same. An era that pins an earlier one must be replaced before anything is written.
    pub fn era_floor(&self) -> Version {
        self.devices.iter().filter_map(|d| d.removed_in).fold(self.sealing_since, Version::max)
    }

    /// Checks that this card may replace `earlier`.
    pub fn follows(&self, earlier: &Self) -> Result<(), CardError> {
        if self.version <= earlier.version {
            return Err(CardError::Stale { known: earlier.version, got: self.version });
        }
        let same = self.account == earlier.account && self.identity == earlier.identity;
        let kept = earlier.devices.iter().zip(&self.devices).all(|(old, new)| {
            let fixed = old.id == new.id
                && old.key == new.key
                && old.added_in == new.added_in
                && old.added_at == new.added_at;
            let tombstone = match old.removed_in {
                Some(_) => old.removed_in == new.removed_in,
                None => new.removed_in.is_none_or(|r| r > earlier.version),
            };
            fixed && tombstone
        });
        let fresh = self.devices.iter().skip(earlier.devices.len()).all(|d| d.added_in > earlier.version);
        let sealing = if self.sealing == earlier.sealing {
            self.sealing_since == earlier.sealing_since
        } else {
            self.sealing_since > earlier.version
        };
        if same && kept && fresh && sealing && self.devices.len() >= earlier.devices.len() {
            Ok(())
        } else {
            Err(CardError::Contradicts)
        }
    }
}

/// A card whose signature and inner rules were checked. That its identity is the right one is the holder's
/// business: compare [`Card::identity`] with a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCard {
    card: Card,
    signed: Signed<Card>,
    hash: Hash,
    /// Keys of the devices that may speak now; most records are theirs.
    keys: Vec<(DeviceId, UnpackedKey)>,
}

impl VerifiedCard {
    /// Verifies a card under the identity it names.
    pub fn verify(signed: Signed<Card>) -> Result<Self, CardError> {
        let identity = signed.peek()?.identity;
        let card = signed.open(&identity)?;
        card.check()?;
        let hash = signed.hash();
        // A device whose key is none can be listed, and says nothing that verifies.
        let keys = card.active().filter_map(|d| Some((d.id, d.key.unpack().ok()?))).collect();
        Ok(Self { card, signed, hash, keys })
    }

    /// The card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The card as signed.
    pub fn signed(&self) -> &Signed<Card> {
        &self.signed
    }

    /// Verifies a signature of a device of this card, active or not.
    pub(crate) fn verify_by(
        &self,
        device: &CardDevice,
        label: Label,
        message: &[u8],
        signature: &SignatureBytes,
    ) -> Result<(), BadSignature> {
        match self.keys.iter().find(|(id, _)| *id == device.id) {
            Some((_, key)) => key.verify(label, message, signature),
            None => device.key.verify(label, message, signature),
        }
    }

    /// Hash of the signed card, as eras pin it.
    pub fn hash(&self) -> Hash {
        self.hash
    }
}
