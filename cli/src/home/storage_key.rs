//! The file `storage.key`.
//!
//! Owns its bytes: one version byte, 32 of the key, and a checksum that tells damage from another key. Refuses to
//! know what the key seals. Invariant: the file is complete and readable by its owner alone, or it isn't there.
//!
//! ```text
//! 1 ‖ key 32 ‖ first 4 bytes of SHA-256("sotto/1/home/storage-key" ‖ 1 ‖ key)
//! ```

use super::HomeError;
use crate::ambient;
use sha2::{Digest as _, Sha256};
use sotto_client_core::crypto::keys::StorageKey;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY: usize = 32;
const CHECKSUM: usize = 4;
const LEN: usize = 1 + KEY + CHECKSUM;

/// Reads the key.
pub(super) fn read(path: &Path) -> Result<StorageKey, HomeError> {
    // One byte more than there should be, to notice a longer file. The capacity keeps it from moving.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LEN + 1));
    let limit = u64::try_from(LEN + 1).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(HomeError::io("Reading the file storage.key"))?;
    parse(&bytes)
}

/// Writes a new key, flushed to disk. Replaces a file of this name.
pub(super) fn create(path: &Path) -> Result<StorageKey, HomeError> {
    let seed = ambient::seed()?;
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(&format(&seed))?;
        file.sync_all()
    };
    write().map_err(HomeError::io("Making the home"))?;
    Ok(StorageKey::from_bytes(*seed))
}

fn format(key: &[u8; KEY]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LEN));
    bytes.push(VERSION);
    bytes.extend_from_slice(key);
    let check = checksum(&bytes);
    bytes.extend_from_slice(&check);
    bytes
}

fn parse(bytes: &[u8]) -> Result<StorageKey, HomeError> {
    let (body, check) = bytes.split_last_chunk::<CHECKSUM>().ok_or(HomeError::KeyDamaged)?;
    if checksum(body) != *check {
        return Err(HomeError::KeyDamaged);
    }
    match body.split_first() {
        Some((&VERSION, key)) => StorageKey::from_slice(key).ok_or(HomeError::KeyDamaged),
        Some(_) => Err(HomeError::Newer),
        None => Err(HomeError::KeyDamaged),
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"sotto/1/home/storage-key").chain_update(body).finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_round_trips() {
        let bytes = format(&[7; KEY]);
        assert_eq!(bytes.len(), LEN);
        assert_eq!(parse(&bytes).unwrap().expose(), &[7; KEY]);
    }

    #[test]
    fn every_version_opens_the_first_form() {
        // Golden: what version 0.1 wrote for a key of 32 times 7.
        let golden = [&[1_u8][..], &[7; KEY], &[0x92, 0xb0, 0xaa, 0x82]].concat();
        assert_eq!(*format(&[7; KEY]), golden);
    }

    #[test]
    fn damage_and_later_versions_are_told_apart() {
        let good = format(&[7; KEY]);
        for at in 0..LEN {
            let mut bytes = good.to_vec();
            bytes[at] ^= 1;
            assert!(matches!(parse(&bytes), Err(HomeError::KeyDamaged)), "changed at {at}");
            assert!(matches!(parse(&good[..at]), Err(HomeError::KeyDamaged)), "cut at {at}");
        }
        let longer = [&good[..], &[0]].concat();
        assert!(matches!(parse(&longer), Err(HomeError::KeyDamaged)));

        let mut later = good.to_vec();
        later[0] = 2;
        let check = checksum(&later[..=KEY]);
        later[1 + KEY..].copy_from_slice(&check);
        assert!(matches!(parse(&later), Err(HomeError::Newer)));
    }
}
