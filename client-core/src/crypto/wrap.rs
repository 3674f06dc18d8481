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

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    const PLACE: EraWrap = EraWrap {
        space: SpaceId([1; 16]),
        prev: EraId([2; 32]),
        number: EraNumber(3),
        author: AccountId([4; 16]),
        member: AccountId([5; 16]),
        card_version: Version(6),
    };
    const METHOD: MethodWrap = MethodWrap { account: AccountId([4; 16]), method: MethodId([7; 16]) };

    fn secret() -> SealingSecret {
        SealingSecret::from_seed([9; 32])
    }

    fn wrapped() -> Wrap {
        let mut rng = Entropy::from_seed([8; 32]);
        wrap_era(&secret().public(), &EraKey::from_bytes([7; 32]), &PLACE, &mut rng).unwrap()
    }

    fn error_at(place: &EraWrap) -> Option<OpenError> {
        unwrap_era(&secret(), place, &wrapped()).err()
    }

    #[test]
    fn an_era_key_opens_in_its_place_only() {
        assert_eq!(wrapped().len(), 1 + 1120 + 32 + 16);
        assert_eq!(unwrap_era(&secret(), &PLACE, &wrapped()).unwrap().expose(), &[7; 32]);
        let forged = Some(OpenError::Forged);
        assert_eq!(error_at(&EraWrap { space: SpaceId::ZERO, ..PLACE }), forged);
        assert_eq!(error_at(&EraWrap { prev: EraId::ZERO, ..PLACE }), forged);
        assert_eq!(error_at(&EraWrap { number: EraNumber(4), ..PLACE }), forged);
        assert_eq!(error_at(&EraWrap { author: PLACE.member, ..PLACE }), forged);
        assert_eq!(error_at(&EraWrap { member: PLACE.author, ..PLACE }), forged);
        assert_eq!(error_at(&EraWrap { card_version: Version(7), ..PLACE }), forged);
        let stranger = SealingSecret::from_seed([1; 32]);
        assert_eq!(unwrap_era(&stranger, &PLACE, &wrapped()).err(), forged);
    }

    #[test]
    fn vault_and_inner_keys_do_not_pass_for_each_other() {
        let mut rng = Entropy::from_seed([8; 32]);
        let public = secret().public();
        let vault = wrap_vault(&public, &VaultKey::from_bytes([1; 32]), &METHOD, &mut rng).unwrap();
        let inner = wrap_inner(&public, &InnerKey::from_bytes([2; 32]), &METHOD, &mut rng).unwrap();
        assert_eq!(unwrap_vault(&secret(), &METHOD, &vault).unwrap().expose(), &[1; 32]);
        assert_eq!(unwrap_inner(&secret(), &METHOD, &inner).unwrap().expose(), &[2; 32]);
        assert_eq!(unwrap_inner(&secret(), &METHOD, &vault).err(), Some(OpenError::Forged));
        let other = MethodWrap { method: MethodId::ZERO, ..METHOD };
        assert_eq!(unwrap_vault(&secret(), &other, &vault).err(), Some(OpenError::Forged));
    }

    #[test]
    fn nonsense_is_no_sealing_key() {
        let mut rng = Entropy::from_seed([8; 32]);
        // ML-KEM coefficients of 0xfff are not below the modulus (FIPS 203 section 7.2).
        let nonsense = SealingPublic::from_slice(&[0xFF; SealingPublic::LEN]).unwrap();
        let wrapped = wrap_era(&nonsense, &EraKey::from_bytes([7; 32]), &PLACE, &mut rng);
        assert_eq!(wrapped.unwrap_err(), BadSealingKey);
    }

    #[test]
    fn cut_and_foreign_envelopes_are_told_apart() {
        let open =
            |bytes: &[u8]| unwrap::<super::super::keys::purpose::Era>(&secret(), &PLACE.info(), bytes).err();
        assert_eq!(open(b""), Some(OpenError::Truncated));
        assert_eq!(open(&[2; 1169]), Some(OpenError::UnknownAlgorithm(2)));
        assert_eq!(open(&wrapped().as_slice()[..1100]), Some(OpenError::Truncated));
        assert_eq!(open(&wrapped().as_slice()[..1130]), Some(OpenError::Truncated));
        let mut rng = Entropy::from_seed([8; 32]);
        let mut long = vec![1];
        let public = secret().public();
        long.extend(hpke_seal::<XWing>(public.as_slice(), &PLACE.info(), b"", &[0; 33], &mut rng).unwrap());
        assert_eq!(open(&long), Some(OpenError::Malformed), "a key of 33 bytes");
    }

    #[test]
    fn sealing_secrets_print_their_type_only() {
        assert_eq!(format!("{:?}", SealingSecret::from_seed([0xAB; 32])), "SealingSecret(..)");
        assert_eq!(secret().duplicate().public(), secret().public());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn flipped_bits_and_garbage_are_refused(at: Index, bit in 0_u8..8, garbage in vec(any::<u8>(), 1169)) {
            let mut altered = wrapped().into_vec();
            let at = at.index(altered.len());
            altered[at] ^= 1 << bit;
            prop_assert!(unwrap_era(&secret(), &PLACE, &Wrap::new(altered).unwrap()).is_err());
            prop_assert!(unwrap_era(&secret(), &PLACE, &Wrap::new(garbage).unwrap()).is_err());
        }
    }
}
