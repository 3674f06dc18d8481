//! What the server seals for itself.
//!
//! Owns the one construction for it: XChaCha20-Poly1305 (RFC 8439 with an extended nonce) under a key derived from the
//! server's secret, one key per label, fresh random nonces: `version ‖ nonce ‖ ciphertext`, with label, version and what
//! the caller binds it to as associated data. Refuses to know what is in it.

use crate::secrets::ServerSecret;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sha2::Sha256;
use sotto_protocol::codec;
use sotto_protocol::label::Label;
use zeroize::Zeroizing;

/// XChaCha20-Poly1305.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Seals for one purpose.
pub(crate) struct Sealing {
    cipher: XChaCha20Poly1305,
    label: Label,
}

impl Sealing {
    /// Under the server's secret.
    pub(crate) fn new(secret: &ServerSecret, label: Label) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // 32 bytes are never too many for HKDF-SHA256.
        let expanded =
            Hkdf::<Sha256>::new(None, secret.as_bytes()).expand(&label.frame(&[b"key"]), &mut *key);
        debug_assert!(expanded.is_ok(), "HKDF gives 32 bytes");
        Self { cipher: XChaCha20Poly1305::new((&*key).into()), label }
    }

    /// Seals `value`, bound to `place`. `None` when it is larger than the cipher takes.
    pub(crate) fn seal<T: Encode<()>>(
        &self,
        place: &[&[u8]],
        value: &T,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let plain = Zeroizing::new(codec::encode(value));
        let payload = Payload { msg: &plain, aad: &self.aad(place) };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed at `place`. `None` for anything else.
    pub(crate) fn open<T: for<'b> Decode<'b, ()>>(&self, place: &[&[u8]], sealed: &[u8]) -> Option<T> {
        let (&VERSION, rest) = sealed.split_first()? else { return None };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: &self.aad(place) };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        codec::decode(&Zeroizing::new(plain), "sealed by the server").ok()
    }

    fn aad(&self, place: &[&[u8]]) -> Vec<u8> {
        self.label.frame(&[&[[VERSION].as_slice()], place].concat())
    }
}
