//! People with fixed keys, who sign.

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_protocol::card::{Card, CardDevice, SUITE_1, SealingPublic, VerifiedCard};
use sotto_protocol::codec;
use sotto_protocol::ids::{AccountId, DeviceId, Millis, Version};
use sotto_protocol::label::Label;
use sotto_protocol::sign::{PublicKey, Signable, SignatureBytes, Signed};

/// An account with one device, all made from one number.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    identity: SigningKey,
    device_key: SigningKey,
    seed: u8,
}

pub(crate) fn sign(key: &SigningKey, label: Label, bytes: &[u8]) -> SignatureBytes {
    SignatureBytes(key.sign(&label.frame(&[bytes])).to_bytes())
}

impl Person {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            account: AccountId([seed; 16]),
            device: DeviceId([seed + 1; 16]),
            identity: SigningKey::from_bytes(&[seed; 32]),
            device_key: SigningKey::from_bytes(&[seed + 1; 32]),
            seed,
        }
    }

    pub(crate) fn identity(&self) -> PublicKey {
        PublicKey(self.identity.verifying_key().to_bytes())
    }

    pub(crate) fn device_public(&self) -> PublicKey {
        PublicKey(self.device_key.verifying_key().to_bytes())
    }

    pub(crate) fn sign_device(&self, label: Label, bytes: &[u8]) -> SignatureBytes {
        sign(&self.device_key, label, bytes)
    }

    pub(crate) fn sign_object<T: Signable>(&self, object: &T) -> Signed<T> {
        let bytes = codec::encode(object);
        let signature = sign(&self.identity, T::LABEL, &bytes);
        Signed::from_parts(bytes, signature).unwrap()
    }

    pub(crate) fn listed(&self) -> CardDevice {
        CardDevice {
            id: self.device,
            key: self.device_public(),
            added_in: Version(1),
            added_at: Millis(1_700_000_000_000),
            removed_in: None,
        }
    }

    /// The card at a version; by default nothing but the version changes.
    pub(crate) fn card_of(&self, version: u64, change: impl FnOnce(&mut Card)) -> Card {
        let mut card = Card {
            account: self.account,
            version: Version(version),
            identity: self.identity(),
            devices: vec![self.listed()],
            sealing: SealingPublic::from_slice(&[self.seed; SealingPublic::LEN]).unwrap(),
            sealing_since: Version(1),
            suites: vec![SUITE_1],
        };
        change(&mut card);
        card
    }

    pub(crate) fn card(&self, version: u64) -> VerifiedCard {
        VerifiedCard::verify(self.sign_object(&self.card_of(version, |_| {}))).unwrap()
    }
}
