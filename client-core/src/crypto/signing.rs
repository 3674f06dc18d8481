//! Secret halves of Ed25519 keys (RFC 8032).
//!
//! Owns [`SigningKey`], whose type says whether it is an account's identity, a device or a way to sign in. Refuses to know what is
//! signed: the label says. Invariant: nothing is signed without a label, and the bytes that were signed are the
//! bytes that are sent.

use super::rng::secret_bytes;
use core::fmt;
use core::marker::PhantomData;
use ed25519_dalek::Signer;
use rand_core::CryptoRng;
use sotto_protocol::codec::{self, DecodeError};
use sotto_protocol::label::Label;
use sotto_protocol::sign::{PublicKey, Signable, SignatureBytes, Signed};
use zeroize::{ZeroizeOnDrop, Zeroizing};

mod sealed {
    pub trait Sealed {}
}

/// Who signs. Implemented by [`Identity`], [`Device`] and [`Login`] only.
pub trait Signatory: sealed::Sealed {
    /// The key's name, as `Debug` prints it.
    const NAME: &'static str;
}

/// Marker: the identity of an account. Signs cards, credential sets, rosters, approvals and erasures.
#[derive(Debug)]
pub enum Identity {}
/// Marker: one device. Signs record headers, ephemeral frames and the server's challenge.
#[derive(Debug)]
pub enum Device {}

/// Marker: a recovery sheet or passkey. Signs the server's sign-in state.
#[derive(Debug)]
pub enum Login {}

impl sealed::Sealed for Identity {}
impl sealed::Sealed for Login {}
impl sealed::Sealed for Device {}

impl Signatory for Identity {
    const NAME: &'static str = "IdentityKey";
}

impl Signatory for Device {
    const NAME: &'static str = "DeviceKey";
}

impl Signatory for Login {
    const NAME: &'static str = "LoginKey";
}

/// Signs for an account.
pub type IdentityKey = SigningKey<Identity>;
/// Signs for a device.
pub type DeviceKey = SigningKey<Device>;
/// Signs in by recovery sheet or passkey.
pub type LoginKey = SigningKey<Login>;

/// An Ed25519 key pair. The seed is wiped when dropped.
pub struct SigningKey<S: Signatory> {
    key: Box<ed25519_dalek::SigningKey>,
    signatory: PhantomData<fn() -> S>,
}

impl<S: Signatory> SigningKey<S> {
    /// A random key pair.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_seed(*secret_bytes(rng))
    }

    /// The key pair of a seed (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self { key: Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)), signatory: PhantomData }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    /// Signs `label.frame(&[bytes])`. [`PublicKey::verify`] checks it.
    pub fn sign(&self, label: Label, bytes: &[u8]) -> SignatureBytes {
        self.sign_raw(&label.frame(&[bytes]))
    }

    /// Encodes an object and signs it under its own label. Refused when it is too long to be sent.
    pub fn sign_object<T: Signable>(&self, object: &T) -> Result<Signed<T>, DecodeError> {
        let bytes = codec::encode(object);
        let signature = self.sign(T::LABEL, &bytes);
        Signed::from_parts(bytes, signature)
    }

    /// The secret seed, to be put into something that is sealed.
    pub fn expose_seed(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Plain Ed25519, without a label.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> SignatureBytes {
        SignatureBytes(self.key.sign(message).to_bytes())
    }
}

// The library's key wipes itself in its own `Drop`.
impl<S: Signatory> ZeroizeOnDrop for SigningKey<S> {}

impl<S: Signatory> fmt::Debug for SigningKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(..)", S::NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_verify_under_their_label_only() {
        let key = DeviceKey::from_seed([1; 32]);
        let signature = key.sign(Label::SignHeader, b"header");
        assert_eq!(key.public().verify(Label::SignHeader, b"header", &signature), Ok(()));
        assert!(key.public().verify(Label::SignConnect, b"header", &signature).is_err());
        assert!(key.public().verify(Label::SignHeader, b"footer", &signature).is_err());
        assert_eq!(DeviceKey::from_seed(*key.expose_seed()).public(), key.public());
    }

    #[test]
    fn signing_keys_print_their_type_only() {
        assert_eq!(format!("{:?}", IdentityKey::from_seed([0xAB; 32])), "IdentityKey(..)");
        assert_eq!(format!("{:?}", DeviceKey::from_seed([0xAB; 32])), "DeviceKey(..)");
    }
}
