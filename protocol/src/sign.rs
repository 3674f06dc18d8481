//! Ed25519 signatures (RFC 8032) with a label.
//!
//! Owns public keys, signatures and [`Signed`], the envelope of every signed object: the exact bytes that were
//! signed and the signature over them. Refuses to know secret keys (they live in client-core). Invariant:
//! verification is `verify_strict`, always under a label, always over the bytes as sent.

use crate::codec::{self, Bytes, DecodeError};
use crate::hash;
use crate::ids::Hash;
use crate::label::Label;
use crate::limits::SIGNED_BYTES_MAX;
use core::fmt;
use core::marker::PhantomData;

/// An Ed25519 public key, 32 bytes compressed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignatureBytes(pub [u8; 64]);

/// The signature does not verify under this key and label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

impl PublicKey {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Verifies a signature over `label` and `message` (`verify_strict`: no small-order keys, canonical `S`).
    pub fn verify(
        &self,
        label: Label,
        message: &[u8],
        signature: &SignatureBytes,
    ) -> Result<(), BadSignature> {
        self.unpack()?.verify(label, message, signature)
    }

    /// The key as a point, for verifying many signatures. Fails when it is no key: then nothing verifies under it.
    pub fn unpack(&self) -> Result<UnpackedKey, BadSignature> {
        ed25519_dalek::VerifyingKey::from_bytes(&self.0).map(UnpackedKey).map_err(|_| BadSignature)
    }
}

/// A public key as a point: verifying with it is a tenth cheaper than finding the point each time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnpackedKey(ed25519_dalek::VerifyingKey);

impl UnpackedKey {
    /// [`PublicKey::verify`].
    pub fn verify(
        &self,
        label: Label,
        message: &[u8],
        signature: &SignatureBytes,
    ) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(&label.frame(&[message]), &signature).map_err(|_| BadSignature)
    }
}

impl fmt::Debug for UnpackedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PublicKey(self.0.to_bytes()).fmt(f)
    }
}

macro_rules! fixed_bytes {
    ($name:ident, $len:literal) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), codec::hex(self.0.get(..4).unwrap_or_default()))
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.bytes()?
                    .try_into()
                    .map(Self)
                    .map_err(|_| minicbor::decode::Error::message(concat!("length of ", stringify!($name))))
            }
        }
    };
}

fixed_bytes!(PublicKey, 32);
fixed_bytes!(SignatureBytes, 64);

/// An object that is signed: what it is signed under.
pub trait Signable: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> {
    /// The signature's label.
    const LABEL: Label;
    /// What to call it in errors.
    const NAME: &'static str;
}

/// The bytes of a `T` and a signature over exactly those bytes.
pub struct Signed<T> {
    bytes: Bytes<SIGNED_BYTES_MAX>,
    signature: SignatureBytes,
    of: PhantomData<fn() -> T>,
}

/// Why a signed object was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenSignedError {
    /// The bytes are not such an object.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The signature does not verify.
    #[error(transparent)]
    Forged(#[from] BadSignature),
}

impl<T: Signable> Signed<T> {
    /// Puts bytes and signature together, unchecked.
    pub fn from_parts(bytes: Vec<u8>, signature: SignatureBytes) -> Result<Self, DecodeError> {
        Ok(Self { bytes: Bytes::new(bytes)?, signature, of: PhantomData })
    }

    /// Reads the object and verifies it under `key`.
    pub fn open(&self, key: &PublicKey) -> Result<T, OpenSignedError> {
        key.verify(T::LABEL, self.bytes.as_slice(), &self.signature)?;
        Ok(self.peek()?)
    }

    /// Reads the object without verifying it. For finding the key to verify it with.
    pub fn peek(&self) -> Result<T, DecodeError> {
        codec::decode(self.bytes.as_slice(), T::NAME)
    }

    /// Hash of bytes and signature.
    pub fn hash(&self) -> Hash {
        hash::labelled(
            Label::HashSigned,
            &[T::LABEL.as_str().as_bytes(), self.bytes.as_slice(), &self.signature.0],
        )
    }

    /// The signed bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The signature.
    pub fn signature(&self) -> &SignatureBytes {
        &self.signature
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), signature: self.signature, of: PhantomData }
    }
}

impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.signature == other.signature
    }
}

impl<T> Eq for Signed<T> {}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({} bytes)", self.bytes.len())
    }
}

impl<T, C> minicbor::Encode<C> for Signed<T> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.bytes(self.bytes.as_slice())?.bytes(&self.signature.0)?.ok()
    }
}

impl<'b, T, C> minicbor::Decode<'b, C> for Signed<T> {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        if d.array()? != Some(2) {
            return Err(minicbor::decode::Error::message("signed object: two fields"));
        }
        let bytes = d.decode_with(ctx)?;
        let signature = d.decode_with(ctx)?;
        Ok(Self { bytes, signature, of: PhantomData })
    }
}
