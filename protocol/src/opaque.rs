//! The OPAQUE suite (RFC 9807): OPRF and key exchange over ristretto255, SHA-512, Argon2id.
//!
//! Owns the choice of suite, shared by both sides, and the fixed identifiers bound into the key exchange.
//! Refuses to know how messages travel. Invariant: the parameters never get weaker; a new suite gets a new name.

/// Sotto's OPAQUE suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite;

impl opaque_ke::CipherSuite for Suite {
    type OprfCs = opaque_ke::Ristretto255;
    type KeyExchange = opaque_ke::TripleDh<opaque_ke::Ristretto255, sha2_010::Sha512>;
    type Ksf = argon2::Argon2<'static>;
}

/// The application context bound into the key exchange (RFC 9807 section 6.4.2).
pub const CONTEXT: &[u8] = b"sotto/1/opaque";

/// The server's identity in the key exchange. The client's is her handle.
pub const SERVER_IDENTIFIER: &[u8] = b"sotto";
