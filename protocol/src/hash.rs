//! Labelled SHA-256 (FIPS 180-4).
//!
//! Owns the one hash function of the protocol: `H(label, parts…) = SHA-256(frame)`, where `frame` is
//! [`Label::frame`]. Invariant: no hash is taken without a label.

use crate::ids::{EraId, Fingerprint, Hash, Head, SpaceId};
use crate::label::Label;
use crate::sign::{PublicKey, SignatureBytes};
use sha2::{Digest, Sha256};

/// `H(label, parts…)`.
pub fn labelled(label: Label, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in core::iter::once(label.as_str().as_bytes()).chain(parts.iter().copied()) {
        hasher.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// Hash of a record's payload, as the header carries it.
pub fn payload(bytes: &[u8]) -> Hash {
    labelled(Label::HashPayload, &[bytes])
}

/// Id of an era: hash of space and body.
pub fn era(space: SpaceId, body: &[u8]) -> EraId {
    EraId(labelled(Label::HashEra, &[space.as_bytes(), body]).0)
}

/// Head before the first record of a space.
pub fn head_zero(space: SpaceId) -> Head {
    Head(labelled(Label::HashHead, &[space.as_bytes()]).0)
}

/// Head after a record: `H(head, H(header, signature))`.
pub fn head(previous: Head, header: &[u8], signature: &SignatureBytes) -> Head {
    let link = labelled(Label::HashLink, &[header, &signature.0]);
    Head(labelled(Label::HashHead, &[previous.as_bytes(), link.as_bytes()]).0)
}

/// Fingerprint of an identity key.
pub fn fingerprint(identity: &PublicKey) -> Fingerprint {
    Fingerprint(labelled(Label::HashFingerprint, &[identity.as_bytes()]).0)
}
