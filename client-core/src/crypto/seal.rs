//! AEAD envelopes: content, ephemeral frames, vault, inner compartment, invitation, local store, its key.
//!
//! Owns the envelope: one algorithm byte (0x01, XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03), a random nonce of
//! 24 bytes, ciphertext and tag. One pair of functions for each purpose, over one private core. Refuses to know what
//! a plaintext means. Invariant: AAD = `label.frame([algorithm byte, parts…])`, so an envelope opens only where,
//! and as what, it was sealed; what the server stores is padded (P1); nonces are random, never counted (P7).

use super::keys::{
    EphemeralKey, InnerKey, InvitationKey, Key, LockKey, Purpose, RecordKey, StorageKey, VaultKey,
};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use rand_core::CryptoRng;
use sotto_protocol::ids::{AccountId, DeviceId, EraId, InvitationId, RecordId, Revision, SpaceId};
use sotto_protocol::label::Label;
use sotto_protocol::limits::PADDED_BYTES_MIN;
use sotto_protocol::padding;
use zeroize::Zeroizing;

/// The algorithm byte of XChaCha20-Poly1305.
const XCHACHA20_POLY1305: u8 = 0x01;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// What an envelope is longer than its padded plaintext, in bytes.
pub const OVERHEAD: usize = 1 + NONCE_LEN + TAG_LEN;

/// A plaintext that came out of an envelope. Wiped when dropped.
pub type Opened = Zeroizing<Vec<u8>>;

/// Why an envelope did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Shorter than any envelope.
    #[error("the envelope is cut short")]
    Truncated,
    /// Made by a later version, or not an envelope.
    #[error("unknown algorithm {0}")]
    UnknownAlgorithm(u8),
    /// Wrong key, wrong place, or altered.
    #[error("the envelope does not open under this key in this place")]
    Forged,
    /// It opened, and holds something that no honest sender puts there.
    #[error("the envelope holds something malformed")]
    Malformed,
}

/// Where a record's content belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentPlace {
    /// The space.
    pub space: SpaceId,
    /// The era it is sealed for.
    pub era: EraId,
    /// The author.
    pub author: AccountId,
    /// The record.
    pub record: RecordId,
}

/// Where an ephemeral frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EphemeralPlace {
    /// The space.
    pub space: SpaceId,
    /// The era it is sealed for.
    pub era: EraId,
    /// The author.
    pub author: AccountId,
    /// The author's device.
    pub device: DeviceId,
}

/// Seals the content of a record, padded.
pub fn seal_content(
    key: &RecordKey,
    place: &ContentPlace,
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    let ContentPlace { space, era, author, record } = place;
    let parts: [&[u8]; 4] = [space.as_bytes(), era.as_bytes(), author.as_bytes(), record.as_bytes()];
    seal(key, Label::SealContent, &parts, padded(plain), rng)
}

/// Opens what [`seal_content`] made.
pub fn open_content(key: &RecordKey, place: &ContentPlace, envelope: &[u8]) -> Result<Opened, OpenError> {
    let ContentPlace { space, era, author, record } = place;
    let parts: [&[u8]; 4] = [space.as_bytes(), era.as_bytes(), author.as_bytes(), record.as_bytes()];
    unpadded(open(key, Label::SealContent, &parts, envelope)?)
}

/// Seals an ephemeral frame, padded.
pub fn seal_ephemeral(
    key: &EphemeralKey,
    place: &EphemeralPlace,
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    let EphemeralPlace { space, era, author, device } = place;
    let parts: [&[u8]; 4] = [space.as_bytes(), era.as_bytes(), author.as_bytes(), device.as_bytes()];
    seal(key, Label::SealEphemeral, &parts, padded(plain), rng)
}

/// Opens what [`seal_ephemeral`] made.
pub fn open_ephemeral(
    key: &EphemeralKey,
    place: &EphemeralPlace,
    envelope: &[u8],
) -> Result<Opened, OpenError> {
    let EphemeralPlace { space, era, author, device } = place;
    let parts: [&[u8]; 4] = [space.as_bytes(), era.as_bytes(), author.as_bytes(), device.as_bytes()];
    unpadded(open(key, Label::SealEphemeral, &parts, envelope)?)
}

/// Seals one revision of an account's vault, padded.
pub fn seal_vault(
    key: &VaultKey,
    account: AccountId,
    revision: Revision,
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    seal(key, Label::SealVault, &[account.as_bytes(), &revision.0.to_be_bytes()], padded(plain), rng)
}

/// Opens what [`seal_vault`] made.
pub fn open_vault(
    key: &VaultKey,
    account: AccountId,
    revision: Revision,
    envelope: &[u8],
) -> Result<Opened, OpenError> {
    unpadded(open(key, Label::SealVault, &[account.as_bytes(), &revision.0.to_be_bytes()], envelope)?)
}

/// Seals the inner compartment of an account's vault, padded.
pub fn seal_inner(key: &InnerKey, account: AccountId, plain: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
    seal(key, Label::SealInner, &[account.as_bytes()], padded(plain), rng)
}

/// Opens what [`seal_inner`] made.
pub fn open_inner(key: &InnerKey, account: AccountId, envelope: &[u8]) -> Result<Opened, OpenError> {
    unpadded(open(key, Label::SealInner, &[account.as_bytes()], envelope)?)
}

/// Seals the body of an invitation, padded.
pub fn seal_invitation(
    key: &InvitationKey,
    id: InvitationId,
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    seal(key, Label::SealInvitation, &[id.as_bytes()], padded(plain), rng)
}

/// Opens what [`seal_invitation`] made.
pub fn open_invitation(key: &InvitationKey, id: InvitationId, envelope: &[u8]) -> Result<Opened, OpenError> {
    unpadded(open(key, Label::SealInvitation, &[id.as_bytes()], envelope)?)
}

/// Seals one value of the device's store under its name. Not padded: it never leaves the device.
pub fn seal_store(key: &StorageKey, name: &[u8], plain: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
    seal(key, Label::SealStore, &[name], plain.to_vec(), rng)
}

/// Opens what [`seal_store`] made.
pub fn open_store(key: &StorageKey, name: &[u8], envelope: &[u8]) -> Result<Opened, OpenError> {
    open(key, Label::SealStore, &[name], envelope)
}

/// Seals the storage key of a locked device behind its head. Not padded: it has one length.
pub(super) fn seal_lock(key: &LockKey, head: &[u8], storage: &[u8; 32], rng: &mut impl CryptoRng) -> Vec<u8> {
    seal(key, Label::SealLock, &[head], storage.to_vec(), rng)
}

/// Opens what [`seal_lock`] made.
pub(super) fn open_lock(key: &LockKey, head: &[u8], envelope: &[u8]) -> Result<Opened, OpenError> {
    open(key, Label::SealLock, &[head], envelope)
}

/// Pads into memory that is not moved on the way, so that no second copy of the plaintext stays behind.
fn padded(plain: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(padding::padme(plain.len() + 1).max(PADDED_BYTES_MIN));
    buffer.extend_from_slice(plain);
    padding::pad(buffer)
}

fn unpadded(mut opened: Opened) -> Result<Opened, OpenError> {
    padding::unpad(core::mem::take(&mut *opened)).map(Zeroizing::new).map_err(|_| OpenError::Malformed)
}

fn aad(label: Label, parts: &[&[u8]]) -> Vec<u8> {
    let mut all: Vec<&[u8]> = vec![&[XCHACHA20_POLY1305]];
    all.extend_from_slice(parts);
    label.frame(&all)
}

fn seal<P: Purpose>(
    key: &Key<P>,
    label: Label,
    parts: &[&[u8]],
    plain: Vec<u8>,
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let mut envelope = Vec::with_capacity(OVERHEAD + plain.len());
    envelope.push(XCHACHA20_POLY1305);
    envelope.extend_from_slice(&nonce);
    envelope.extend_from_slice(&xchacha_seal(key.expose(), &nonce, &aad(label, parts), plain));
    envelope
}

fn open<P: Purpose>(
    key: &Key<P>,
    label: Label,
    parts: &[&[u8]],
    envelope: &[u8],
) -> Result<Opened, OpenError> {
    let (algorithm, rest) = envelope.split_first().ok_or(OpenError::Truncated)?;
    if *algorithm != XCHACHA20_POLY1305 {
        return Err(OpenError::UnknownAlgorithm(*algorithm));
    }
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Truncated)?;
    xchacha_open(key.expose(), nonce, &aad(label, parts), sealed)
}

/// XChaCha20-Poly1305 in place: ciphertext, then tag.
pub(super) fn xchacha_seal(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    mut plain: Vec<u8>,
) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(key.into());
    let Ok(tag) = cipher.encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(plain.as_mut_slice()))
    else {
        unreachable!("only a plaintext of more than 256 GiB is refused");
    };
    plain.extend_from_slice(&tag);
    plain
}

/// Opens what [`xchacha_seal`] made.
pub(super) fn xchacha_open(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Opened, OpenError> {
    let (body, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(OpenError::Truncated)?;
    let mut plain = Zeroizing::new(body.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(plain.as_mut_slice()), tag.into())
        .map_err(|_| OpenError::Forged)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    const PLACE: ContentPlace = ContentPlace {
        space: SpaceId([1; 16]),
        era: EraId([2; 32]),
        author: AccountId([3; 16]),
        record: RecordId([4; 16]),
    };

    fn key<P: Purpose>() -> Key<P> {
        Key::from_bytes([7; 32])
    }

    fn rng() -> Entropy {
        Entropy::from_seed([8; 32])
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let envelope = seal_store(&key(), b"name", b"value", &mut rng());
        for bit in 0..envelope.len() * 8 {
            let mut altered = envelope.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let expected = if bit < 8 { OpenError::UnknownAlgorithm(altered[0]) } else { OpenError::Forged };
            assert_eq!(open_store(&key(), b"name", &altered).unwrap_err(), expected, "bit {bit}");
        }
    }

    #[test]
    fn every_cut_is_refused() {
        let envelope = seal_store(&key(), b"name", b"value", &mut rng());
        for len in 0..envelope.len() {
            let error = open_store(&key(), b"name", &envelope[..len]).unwrap_err();
            assert_eq!(error, if len < OVERHEAD { OpenError::Truncated } else { OpenError::Forged });
        }
    }

    #[test]
    fn one_purpose_does_not_open_another() {
        let account = AccountId([3; 16]);
        let vault = seal_vault(&key(), account, Revision(1), b"vault", &mut rng());
        assert_eq!(open_inner(&key(), account, &vault), Err(OpenError::Forged));
        assert_eq!(open_vault(&key(), account, Revision(2), &vault), Err(OpenError::Forged));
        assert_eq!(open_vault(&key(), AccountId::ZERO, Revision(1), &vault), Err(OpenError::Forged));
        assert_eq!(open_vault(&key(), account, Revision(1), &vault).unwrap().as_slice(), b"vault");

        let invitation = seal_invitation(&key(), InvitationId([1; 16]), b"body", &mut rng());
        assert_eq!(open_invitation(&key(), InvitationId::ZERO, &invitation), Err(OpenError::Forged));
        let value = seal_store(&key(), b"a", b"value", &mut rng());
        assert_eq!(open_store(&key(), b"b", &value), Err(OpenError::Forged));
    }

    #[test]
    fn an_honest_seal_around_bad_padding_is_malformed() {
        let ContentPlace { space, era, author, record } = PLACE;
        let parts: [&[u8]; 4] = [space.as_bytes(), era.as_bytes(), author.as_bytes(), record.as_bytes()];
        let envelope = seal::<super::super::keys::purpose::Record>(
            &key(),
            Label::SealContent,
            &parts,
            vec![0; 1024],
            &mut rng(),
        );
        assert_eq!(open_content(&key(), &PLACE, &envelope), Err(OpenError::Malformed));
    }

    #[test]
    fn what_the_server_stores_has_one_length() {
        let sealed = |text: &[u8]| seal_content(&key(), &PLACE, text, &mut rng()).len();
        assert_eq!((sealed(b""), sealed(&[1; 1000])), (1024 + OVERHEAD, 1024 + OVERHEAD));
        let place = EphemeralPlace {
            space: PLACE.space,
            era: PLACE.era,
            author: PLACE.author,
            device: DeviceId([5; 16]),
        };
        let frame = seal_ephemeral(&key(), &place, b"cursor", &mut rng());
        assert_eq!(frame.len(), 1024 + OVERHEAD);
        assert_eq!(open_ephemeral(&key(), &place, &frame).unwrap().as_slice(), b"cursor");
        let other = EphemeralPlace { device: DeviceId::ZERO, ..place };
        assert_eq!(open_ephemeral(&key(), &other, &frame), Err(OpenError::Forged));
    }

    proptest! {
        #[test]
        fn content_opens_where_it_was_sealed_and_nowhere_else(
            plain in vec(any::<u8>(), 0..3000),
            seed: [u8; 32],
            at: Index,
            bit in 0_u8..8,
            which in 0_usize..4,
        ) {
            let envelope = seal_content(&key(), &PLACE, &plain, &mut Entropy::from_seed(seed));
            prop_assert_eq!(&*open_content(&key(), &PLACE, &envelope).unwrap(), &plain);

            let mut altered = envelope.clone();
            altered[at.index(envelope.len())] ^= 1 << bit;
            prop_assert!(open_content(&key(), &PLACE, &altered).is_err());

            let mut other = PLACE;
            match which {
                0 => other.space.0[at.index(16)] ^= 1 << bit,
                1 => other.era.0[at.index(32)] ^= 1 << bit,
                2 => other.author.0[at.index(16)] ^= 1 << bit,
                _ => other.record.0[at.index(16)] ^= 1 << bit,
            }
            prop_assert_eq!(open_content(&key(), &other, &envelope), Err(OpenError::Forged));
            let stranger = RecordKey::from_bytes(seed);
            prop_assert_eq!(open_content(&stranger, &PLACE, &envelope), Err(OpenError::Forged));
        }

        #[test]
        fn garbage_is_refused(bytes in vec(any::<u8>(), 0..200)) {
            prop_assert!(open_content(&key(), &PLACE, &bytes).is_err());
            prop_assert!(open_store(&key(), b"name", &bytes).is_err());
        }
    }
}
