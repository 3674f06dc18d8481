//! Keys sealed to somebody's X-Wing key: era, vault and inner keys.
//!
//! Owns [`SealingSecret`] and the wraps: HPKE (RFC 9180) base mode, single shot, with X-Wing
//! (draft-connolly-cfrg-xwing-kem; HPKE id 0x647a), HKDF-SHA256 and ChaCha20-Poly1305. Envelope: one algorithm
//! byte (0x01), encapsulation of 1 120 bytes, the key's ciphertext of 48. Refuses to know whose key it is: who signed
//! the card says that. Invariant: `info = label.frame(parts)`, `aad` empty, so a wrap opens in one place only.
//! Base mode proves nothing about the sender; the record or credential set around it is signed.

use super::keys::{EraKey, InnerKey, Key, Purpose, VaultKey};
use super::rng::secret_bytes;
use super::seal::OpenError;
use core::fmt;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use sotto_protocol::card::SealingPublic;
use sotto_protocol::credentials::Wrap;
use sotto_protocol::ids::{AccountId, EraId, EraNumber, MethodId, SpaceId, Version};
use sotto_protocol::label::Label;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The algorithm byte of X-Wing, HKDF-SHA256, ChaCha20-Poly1305.
const XWING_HKDF_CHACHA: u8 = 0x01;

/// The public key is no X-Wing key: its owner published nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a sealing key")]
pub struct BadSealingKey;

/// The secret half of an X-Wing key pair: a seed of 32 bytes, wiped when dropped.
pub struct SealingSecret(Box<[u8; 32]>);

/// Where a wrapped era key belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EraWrap {
    /// The space.
    pub space: SpaceId,
    /// The era before, [`EraId::ZERO`] for the first. (The era's own id covers its wraps.)
    pub prev: EraId,
    /// The era's number.
    pub number: EraNumber,
    /// Who made the era.
    pub author: AccountId,
    /// Whom it is wrapped for.
    pub member: AccountId,
    /// The version of that member's card, and so of the sealing key.
    pub card_version: Version,
}

/// Where a wrapped vault or inner key belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodWrap {
    /// The account.
    pub account: AccountId,
    /// The unlock method it is wrapped for.
    pub method: MethodId,
}

impl SealingSecret {
    /// A random key pair.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_seed(*secret_bytes(rng))
    }

    /// The key pair of a seed (draft-connolly-cfrg-xwing-kem section 5.2).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(Box::new(*seed))
    }

    /// The public half.
    pub fn public(&self) -> SealingPublic {
        let Ok(secret) = <XWing as Kem>::PrivateKey::from_bytes(self.0.as_slice()) else {
            unreachable!("any 32 bytes are an X-Wing seed");
        };
        let Ok(public) = SealingPublic::from_slice(&XWing::sk_to_pk(&secret).to_bytes()) else {
            unreachable!("an X-Wing public key has 1216 bytes");
        };
        public
    }

    /// The secret seed, to be put into something that is sealed.
    pub fn expose_seed(&self) -> &[u8; 32] {
        &self.0
    }

    /// A second copy, for a cache. Named so that copies are deliberate.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::from_seed(*self.0)
    }
}

impl Drop for SealingSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for SealingSecret {}

impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingSecret(..)")
    }
}

impl EraWrap {
    fn info(&self) -> Vec<u8> {
        Label::WrapEra.frame(&[
            &[XWING_HKDF_CHACHA],
            self.space.as_bytes(),
            self.prev.as_bytes(),
            &self.number.0.to_be_bytes(),
            self.author.as_bytes(),
            self.member.as_bytes(),
            &self.card_version.0.to_be_bytes(),
        ])
    }
}

impl MethodWrap {
    fn info(&self, label: Label) -> Vec<u8> {
        label.frame(&[&[XWING_HKDF_CHACHA], self.account.as_bytes(), self.method.as_bytes()])
    }
}

/// Wraps an era key for a member.
pub fn wrap_era(
    to: &SealingPublic,
    key: &EraKey,
    place: &EraWrap,
    rng: &mut impl CryptoRng,
) -> Result<Wrap, BadSealingKey> {
    wrap(to, key, &place.info(), rng)
}

/// Opens what [`wrap_era`] made.
pub fn unwrap_era(secret: &SealingSecret, place: &EraWrap, envelope: &Wrap) -> Result<EraKey, OpenError> {
    unwrap(secret, &place.info(), envelope.as_slice())
}

/// Wraps a vault key for an unlock method.
pub fn wrap_vault(
    to: &SealingPublic,
    key: &VaultKey,
    place: &MethodWrap,
    rng: &mut impl CryptoRng,
) -> Result<Wrap, BadSealingKey> {
    wrap(to, key, &place.info(Label::WrapVault), rng)
}

/// Opens what [`wrap_vault`] made.
pub fn unwrap_vault(
    secret: &SealingSecret,
    place: &MethodWrap,
    envelope: &Wrap,
) -> Result<VaultKey, OpenError> {
    unwrap(secret, &place.info(Label::WrapVault), envelope.as_slice())
}

/// Wraps the key of the inner compartment for an unlock method.
pub fn wrap_inner(
    to: &SealingPublic,
    key: &InnerKey,
    place: &MethodWrap,
    rng: &mut impl CryptoRng,
) -> Result<Wrap, BadSealingKey> {
    wrap(to, key, &place.info(Label::WrapInner), rng)
}

/// Opens what [`wrap_inner`] made.
pub fn unwrap_inner(
    secret: &SealingSecret,
    place: &MethodWrap,
    envelope: &Wrap,
) -> Result<InnerKey, OpenError> {
    unwrap(secret, &place.info(Label::WrapInner), envelope.as_slice())
}

fn wrap<P: Purpose>(
    to: &SealingPublic,
    key: &Key<P>,
    info: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Wrap, BadSealingKey> {
    let mut envelope = vec![XWING_HKDF_CHACHA];
    envelope.extend(hpke_seal::<XWing>(to.as_slice(), info, b"", key.expose(), rng)?);
    let Ok(envelope) = Wrap::new(envelope) else {
        unreachable!("1169 bytes are within the limit");
    };
    Ok(envelope)
}

fn unwrap<P: Purpose>(secret: &SealingSecret, info: &[u8], envelope: &[u8]) -> Result<Key<P>, OpenError> {
    let (algorithm, sealed) = envelope.split_first().ok_or(OpenError::Truncated)?;
    if *algorithm != XWING_HKDF_CHACHA {
        return Err(OpenError::UnknownAlgorithm(*algorithm));
    }
    let plain = hpke_open::<XWing>(secret.expose_seed(), info, b"", sealed)?;
    Key::from_slice(&plain).ok_or(OpenError::Malformed)
}

/// HPKE base mode, single shot (RFC 9180 section 6.1): encapsulation, then ciphertext.
pub(super) fn hpke_seal<K: Kem>(
    to: &[u8],
    info: &[u8],
    aad: &[u8],
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, BadSealingKey> {
    let to = K::PublicKey::from_bytes(to).map_err(|_| BadSealingKey)?;
    let mode = OpModeS::Base;
    let (encapsulation, sealed) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, K>(&mode, &to, info, plain, aad, rng)
            .map_err(|_| BadSealingKey)?;
    let mut out = encapsulation.to_bytes().to_vec();
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens what [`hpke_seal`] made.
pub(super) fn hpke_open<K: Kem>(
    secret: &[u8],
    info: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let secret = K::PrivateKey::from_bytes(secret).map_err(|_| OpenError::Malformed)?;
    let (encapsulation, body) =
        sealed.split_at_checked(K::EncappedKey::size()).ok_or(OpenError::Truncated)?;
    if body.len() < 16 {
        return Err(OpenError::Truncated);
    }
    let encapsulation = K::EncappedKey::from_bytes(encapsulation).map_err(|_| OpenError::Forged)?;
    let mode = OpModeR::Base;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, K>(&mode, &secret, &encapsulation, info, body, aad)
        .map(Zeroizing::new)
        .map_err(|_| OpenError::Forged)
}
