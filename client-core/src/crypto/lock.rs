//! Locking: the store's key under a password.
//!
//! Owns the one envelope that a locked device keeps beside its rows: the storage key, sealed under what Argon2id makes
//! of the password. Refuses to know where it lies and who asks. Invariant: the cost is [`Hardening::STANDARD`] or above,
//! whatever the bytes say; cost and salt are part of the AAD; without the password nothing here opens the store.
//!
//! Form: `0x01 ‖ memory KiB (4) ‖ passes (4) ‖ lanes (4) ‖ salt (16) ‖ envelope`, numbers big-endian, the envelope as
//! in [`super::seal`]. Who copies a locked device can guess passwords, at the cost of one Argon2id each.

use super::keys::{Key, LockKey, StorageKey, derive};
use super::opaque::Hardening;
use super::passphrase::Password;
use super::rng::secret_bytes;
use super::seal::{self, OpenError};
use rand_core::CryptoRng;
use sotto_protocol::label::Label;
use zeroize::Zeroizing;

/// The version byte: Argon2id (RFC 9106), version 0x13.
const ARGON2ID: u8 = 0x01;
const SALT_LEN: usize = 16;
const HEAD_LEN: usize = 1 + 3 * 4 + SALT_LEN;

/// Why a locked storage key did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Wrong password, or altered bytes: one cannot be told from the other.
    #[error("the password is not right")]
    WrongPassword,
    /// Made by a later version.
    #[error("this device was locked by a newer version of Sotto")]
    Newer,
    /// Not what [`seal_storage_key`] makes, or cheaper to guess than this version allows.
    #[error("what this device kept when it was locked is damaged")]
    Malformed,
    /// The machine has not the memory that the password needs.
    #[error("there is not enough memory for the password")]
    Internal,
}

/// Seals the store's key under a password.
pub fn seal_storage_key(
    storage: &StorageKey,
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, LockError> {
    seal_at(storage, password, Hardening::STANDARD, rng)
}

/// Opens what [`seal_storage_key`] made.
pub fn open_storage_key(sealed: &[u8], password: &Password) -> Result<StorageKey, LockError> {
    let (head, envelope) = sealed.split_first_chunk::<HEAD_LEN>().ok_or(LockError::Malformed)?;
    let [version, rest @ ..] = head;
    if *version != ARGON2ID {
        return Err(LockError::Newer);
    }
    let (numbers, salt) = rest.split_last_chunk::<SALT_LEN>().ok_or(LockError::Malformed)?;
    let number = |at: usize| -> Option<u32> {
        numbers.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
    };
    let (Some(memory), Some(passes), Some(lanes)) = (number(0), number(4), number(8)) else {
        return Err(LockError::Malformed);
    };
    let hardening = Hardening::new(memory, passes, lanes).map_err(|_| LockError::Malformed)?;
    let key = stretch(password, salt, hardening)?;
    let plain = seal::open_lock(&key, head, envelope).map_err(|error| match error {
        OpenError::Forged => LockError::WrongPassword,
        OpenError::Truncated | OpenError::Malformed => LockError::Malformed,
        OpenError::UnknownAlgorithm(_) => LockError::Newer,
    })?;
    StorageKey::from_slice(&plain).ok_or(LockError::Malformed)
}

fn seal_at(
    storage: &StorageKey,
    password: &Password,
    hardening: Hardening,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, LockError> {
    let salt = secret_bytes::<SALT_LEN>(rng);
    let mut sealed = vec![ARGON2ID];
    for number in [hardening.memory_kib(), hardening.iterations(), hardening.lanes()] {
        sealed.extend_from_slice(&number.to_be_bytes());
    }
    sealed.extend_from_slice(salt.as_slice());
    let key = stretch(password, &salt, hardening)?;
    let envelope = seal::seal_lock(&key, &sealed, storage.expose(), rng);
    sealed.extend_from_slice(&envelope);
    Ok(sealed)
}

fn stretch(password: &Password, salt: &[u8; SALT_LEN], hardening: Hardening) -> Result<LockKey, LockError> {
    let mut stretched = Zeroizing::new([0; 32]);
    let argon2 = hardening.argon2().map_err(|_| LockError::Internal)?;
    argon2
        .hash_password_into(password.expose().as_bytes(), salt, stretched.as_mut_slice())
        .map_err(|_| LockError::Internal)?;
    Ok(Key::from_bytes(*derive(stretched.as_slice(), Label::KdfLock, &[])))
}

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn sealed() -> Vec<u8> {
        let password = Password::new("lusab-bifom-gutih");
        seal_storage_key(&Key::from_bytes([0x21; 32]), &password, &mut Entropy::from_seed([0x32; 32]))
            .unwrap()
    }

    #[test]
    fn the_password_opens_and_another_does_not() {
        let sealed = sealed();
        let opened = open_storage_key(&sealed, &Password::new("lusab-bifom-gutih")).unwrap();
        assert_eq!(opened.expose(), &[0x21; 32]);
        let wrong = open_storage_key(&sealed, &Password::new("lusab-bifom-gutik"));
        assert_eq!(wrong.err(), Some(LockError::WrongPassword));
        assert!(!sealed.windows(32).any(|w| w == [0x21; 32]));
    }

    #[test]
    fn a_cost_below_the_standard_is_refused() {
        let rng = &mut Entropy::from_seed([0x32; 32]);
        let (key, password) = (Key::from_bytes([0x21; 32]), Password::new("lusab-bifom-gutih"));
        let cheap = seal_at(&key, &password, Hardening::for_simulation(), rng).unwrap();
        assert_eq!(open_storage_key(&cheap, &password).err(), Some(LockError::Malformed));
    }

    #[test]
    fn altered_and_cut_bytes_are_refused() {
        let (sealed, password) = (sealed(), Password::new("lusab-bifom-gutih"));
        for cut in [0, 1, 12, HEAD_LEN - 1, HEAD_LEN] {
            assert_eq!(
                open_storage_key(&sealed[..cut], &password).err(),
                Some(LockError::Malformed),
                "{cut}"
            );
        }
        for (at, expected) in [
            (0, LockError::Newer),
            (2, LockError::Malformed),
            (HEAD_LEN - 1, LockError::WrongPassword),
            (HEAD_LEN, LockError::Newer),
            (sealed.len() - 1, LockError::WrongPassword),
        ] {
            let mut altered = sealed.clone();
            altered[at] ^= 0x40;
            assert_eq!(open_storage_key(&altered, &password).err(), Some(expected), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused(bytes in vec(any::<u8>(), 0..HEAD_LEN)) {
            prop_assert!(open_storage_key(&bytes, &Password::new("x")).is_err());
        }
    }
}
