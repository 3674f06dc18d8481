//! Unlock methods: what a person has or knows, turned into an X-Wing key pair.
//!
//! Owns the step from OPAQUE export key, recovery code or passkey PRF output to a [`SealingSecret`], to whose public
//! half the vault keys are wrapped, so that a vault can be renewed without the paper at hand; and the step to the key with
//! which recovery sheet and passkey sign in. Refuses to know vaults.
//! Invariant: each method derives under its own label, and no input has less than 128 bits (the export key of
//! a password has what the password and Argon2id give it).

use super::keys::{PasskeyKey, derive};
use super::rng::secret_bytes;
use super::signing::LoginKey;
use super::wrap::SealingSecret;
use core::fmt;
use rand_core::CryptoRng;
use sotto_protocol::label::Label;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of a recovery code.
pub const RECOVERY_CODE_BYTES: usize = 16;

/// The client's export key from OPAQUE (RFC 9807 section 2.1), 64 bytes. Wiped when dropped.
pub struct ExportKey(Box<[u8; 64]>);

/// A recovery code: 16 random bytes, printed on the recovery sheet. Wiped when dropped.
pub struct RecoveryCode(Zeroizing<Vec<u8>>);

/// A recovery code has 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code has 16 bytes")]
pub struct BadRecoveryCode;

impl ExportKey {
    /// The key from its bytes.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(Box::new(*bytes))
    }

    /// The secret bytes.
    pub fn expose(&self) -> &[u8; 64] {
        &self.0
    }

    /// The unlock key pair of the password.
    pub fn derive_unlock(&self) -> SealingSecret {
        SealingSecret::from_seed(*derive(self.0.as_slice(), Label::KdfPasswordUnlock, &[]))
    }
}

impl RecoveryCode {
    /// A random code of 16 bytes: 128 bits.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Zeroizing::new(secret_bytes::<RECOVERY_CODE_BYTES>(rng).to_vec()))
    }

    /// A code from its bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, BadRecoveryCode> {
        if bytes.len() == RECOVERY_CODE_BYTES {
            Ok(Self(Zeroizing::new(bytes.to_vec())))
        } else {
            Err(BadRecoveryCode)
        }
    }

    /// The secret bytes, to be shown or printed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The unlock key pair of the recovery sheet.
    pub fn derive_unlock(&self) -> SealingSecret {
        SealingSecret::from_seed(*derive(&self.0, Label::KdfRecoveryUnlock, &[]))
    }

    /// The key with which the recovery sheet signs in.
    pub fn derive_login(&self) -> LoginKey {
        LoginKey::from_seed(*derive(&self.0, Label::KdfRecoveryLogin, &[]))
    }
}

impl PasskeyKey {
    /// The unlock key pair of the passkey.
    pub fn derive_unlock(&self) -> SealingSecret {
        SealingSecret::from_seed(*derive(self.expose(), Label::KdfPasskeyUnlock, &[]))
    }

    /// The key with which the passkey signs in.
    pub fn derive_login(&self) -> LoginKey {
        LoginKey::from_seed(*derive(self.expose(), Label::KdfPasskeyLogin, &[]))
    }
}

impl Drop for ExportKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for ExportKey {}
impl ZeroizeOnDrop for RecoveryCode {}

impl fmt::Debug for ExportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportKey(..)")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;

    #[test]
    fn methods_with_the_same_bytes_give_different_keys() {
        let passkey = PasskeyKey::from_bytes([1; 32]).derive_unlock();
        let recovery = RecoveryCode::from_slice(&[1; 16]).unwrap().derive_unlock();
        let password = ExportKey::from_bytes([1; 64]).derive_unlock();
        assert_ne!(passkey.expose_seed(), recovery.expose_seed());
        assert_ne!(passkey.expose_seed(), password.expose_seed());
        assert_eq!(passkey.expose_seed(), PasskeyKey::from_bytes([1; 32]).derive_unlock().expose_seed());
    }

    #[test]
    fn recovery_codes_have_128_bits() {
        assert!(RecoveryCode::from_slice(&[1; 15]).is_err() && RecoveryCode::from_slice(&[1; 17]).is_err());
        assert_eq!(RecoveryCode::generate(&mut Entropy::from_seed([1; 32])).expose().len(), 16);
    }

    #[test]
    fn unlock_secrets_print_their_type_only() {
        assert_eq!(format!("{:?}", ExportKey::from_bytes([0xAB; 64])), "ExportKey(..)");
        assert_eq!(format!("{:?}", RecoveryCode::from_slice(&[0xAB; 16]).unwrap()), "RecoveryCode(..)");
        assert_eq!(format!("{:?}", PasskeyKey::from_bytes([0xAB; 32])), "PasskeyKey(..)");
        assert_eq!(format!("{:?}", PasskeyKey::from_bytes([0xAB; 32]).derive_unlock()), "SealingSecret(..)");
    }
}
