//! Every domain-separation label of the protocol, in one enum.
//!
//! Owns the strings that keep one use of a key or hash apart from every other. Refuses to know how they are
//! used. Invariant: labels are never reused or renumbered, none is a prefix of another as encoded (each is
//! length-prefixed), and a key is used under one purpose only. The same table stands in `docs/PROTOCOL.md`.

/// A purpose. Its text goes, length-prefixed, into every hash, signature, key derivation and AAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Label {
    /// Ed25519 by a device: record header.
    SignHeader,
    /// Ed25519 by an identity: card.
    SignCard,
    /// Ed25519 by an identity: credential set.
    SignCredentials,
    /// Ed25519 by the owner's identity: roster.
    SignRoster,
    /// Ed25519 by an identity: approval of a new reader.
    SignApproval,
    /// Ed25519 by a device: answer to the server's challenge.
    SignConnect,
    /// Ed25519 by a device: ephemeral frame.
    SignEphemeral,
    /// Ed25519 by an identity: erasure under the retention policy.
    SignErasure,
    /// Ed25519 by the sign-in key of a recovery sheet or passkey: the server's sign-in state.
    SignUnlock,
    /// SHA-256: payload of a record.
    HashPayload,
    /// SHA-256: id of an era, over its body.
    HashEra,
    /// SHA-256: link, over header and signature.
    HashLink,
    /// SHA-256: head, over previous head and link.
    HashHead,
    /// SHA-256: a signed object (card, credential set, roster).
    HashSigned,
    /// SHA-256: fingerprint of an identity key.
    HashFingerprint,
    /// SHA-256: checksum of an invitation or set-up link.
    HashLinkChecksum,
    /// SHA-256: id of a record that every device of its author would make alike.
    HashRecordId,
    /// HKDF from the era key: record key.
    KdfRecord,
    /// HKDF from the era key: ephemeral key.
    KdfEphemeral,
    /// HKDF from the era key: commitment.
    KdfCommitment,
    /// HKDF from the OPAQUE export key: seed of the password unlock key pair.
    KdfPasswordUnlock,
    /// HKDF from the recovery code: seed of the recovery unlock key pair.
    KdfRecoveryUnlock,
    /// HKDF from the passkey's PRF output: seed of the passkey unlock key pair.
    KdfPasskeyUnlock,
    /// HKDF from the recovery code: seed of its sign-in key.
    KdfRecoveryLogin,
    /// HKDF from the passkey's PRF output: seed of its sign-in key.
    KdfPasskeyLogin,
    /// HKDF from what Argon2id makes of a password: key of a locked device.
    KdfLock,
    /// HKDF from an invitation secret: key of the invitation body.
    KdfInvitation,
    /// HKDF from an invitation secret: key of the join proof.
    KdfJoin,
    /// XChaCha20-Poly1305 under the record key: content.
    SealContent,
    /// XChaCha20-Poly1305 under the ephemeral key: ephemeral frame.
    SealEphemeral,
    /// XChaCha20-Poly1305 under the vault key: vault.
    SealVault,
    /// XChaCha20-Poly1305 under the inner key: inner compartment of the vault.
    SealInner,
    /// XChaCha20-Poly1305 under the invitation key: invitation body.
    SealInvitation,
    /// XChaCha20-Poly1305 under the storage key: one value of the device's store.
    SealStore,
    /// XChaCha20-Poly1305 under a key stretched from the password: the storage key of a locked device.
    SealLock,
    /// HPKE to a sealing key: era key.
    WrapEra,
    /// HPKE to an unlock key: vault key.
    WrapVault,
    /// HPKE to an unlock key: inner key.
    WrapInner,
    /// HMAC-SHA-256 under the join key: join proof.
    MacJoin,
    /// XChaCha20-Poly1305 under the server's secret: sign-in state handed to the client between two requests.
    ServerLoginState,
    /// XChaCha20-Poly1305 under the server's secret: session token.
    ServerToken,
    /// XChaCha20-Poly1305 under the server's secret: state of a second factor handed to the client between two requests.
    ServerFactorState,
    /// XChaCha20-Poly1305 under the server's secret: a second factor in the database.
    ServerFactor,
}

impl Label {
    /// Every label, for the registry test.
    pub const ALL: [Self; 43] = [
        Self::SignHeader,
        Self::SignCard,
        Self::SignCredentials,
        Self::SignRoster,
        Self::SignApproval,
        Self::SignConnect,
        Self::SignEphemeral,
        Self::SignErasure,
        Self::SignUnlock,
        Self::HashPayload,
        Self::HashEra,
        Self::HashLink,
        Self::HashHead,
        Self::HashSigned,
        Self::HashFingerprint,
        Self::HashLinkChecksum,
        Self::HashRecordId,
        Self::KdfRecord,
        Self::KdfEphemeral,
        Self::KdfCommitment,
        Self::KdfPasswordUnlock,
        Self::KdfRecoveryUnlock,
        Self::KdfPasskeyUnlock,
        Self::KdfRecoveryLogin,
        Self::KdfPasskeyLogin,
        Self::KdfLock,
        Self::KdfInvitation,
        Self::KdfJoin,
        Self::SealContent,
        Self::SealEphemeral,
        Self::SealVault,
        Self::SealInner,
        Self::SealInvitation,
        Self::SealStore,
        Self::SealLock,
        Self::WrapEra,
        Self::WrapVault,
        Self::WrapInner,
        Self::MacJoin,
        Self::ServerLoginState,
        Self::ServerToken,
        Self::ServerFactorState,
        Self::ServerFactor,
    ];

    /// The text of the label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignHeader => "sotto/1/sign/header",
            Self::SignCard => "sotto/1/sign/card",
            Self::SignCredentials => "sotto/1/sign/credentials",
            Self::SignRoster => "sotto/1/sign/roster",
            Self::SignApproval => "sotto/1/sign/approval",
            Self::SignConnect => "sotto/1/sign/connect",
            Self::SignEphemeral => "sotto/1/sign/ephemeral",
            Self::SignErasure => "sotto/1/sign/erasure",
            Self::SignUnlock => "sotto/1/sign/unlock",
            Self::HashPayload => "sotto/1/hash/payload",
            Self::HashEra => "sotto/1/hash/era",
            Self::HashLink => "sotto/1/hash/link",
            Self::HashHead => "sotto/1/hash/head",
            Self::HashSigned => "sotto/1/hash/signed",
            Self::HashFingerprint => "sotto/1/hash/fingerprint",
            Self::HashLinkChecksum => "sotto/1/hash/link-checksum",
            Self::HashRecordId => "sotto/1/hash/record-id",
            Self::KdfRecord => "sotto/1/kdf/record",
            Self::KdfEphemeral => "sotto/1/kdf/ephemeral",
            Self::KdfCommitment => "sotto/1/kdf/commitment",
            Self::KdfPasswordUnlock => "sotto/1/kdf/unlock-password",
            Self::KdfRecoveryUnlock => "sotto/1/kdf/unlock-recovery",
            Self::KdfPasskeyUnlock => "sotto/1/kdf/unlock-passkey",
            Self::KdfRecoveryLogin => "sotto/1/kdf/login-recovery",
            Self::KdfPasskeyLogin => "sotto/1/kdf/login-passkey",
            Self::KdfLock => "sotto/1/kdf/lock",
            Self::KdfInvitation => "sotto/1/kdf/invitation",
            Self::KdfJoin => "sotto/1/kdf/join",
            Self::SealContent => "sotto/1/seal/content",
            Self::SealEphemeral => "sotto/1/seal/ephemeral",
            Self::SealVault => "sotto/1/seal/vault",
            Self::SealInner => "sotto/1/seal/inner",
            Self::SealInvitation => "sotto/1/seal/invitation",
            Self::SealStore => "sotto/1/seal/store",
            Self::SealLock => "sotto/1/seal/lock",
            Self::WrapEra => "sotto/1/wrap/era",
            Self::WrapVault => "sotto/1/wrap/vault",
            Self::WrapInner => "sotto/1/wrap/inner",
            Self::MacJoin => "sotto/1/mac/join",
            Self::ServerLoginState => "sotto/1/server/login-state",
            Self::ServerToken => "sotto/1/server/token",
            Self::ServerFactorState => "sotto/1/server/factor-state",
            Self::ServerFactor => "sotto/1/server/factor",
        }
    }

    /// The label and the parts, each behind its length as four bytes big-endian. Used as the message of
    /// hashes, signatures and MACs, as AAD, and as HKDF and HPKE `info`: unambiguous for any parts.
    pub fn frame(self, parts: &[&[u8]]) -> Vec<u8> {
        let total: usize = parts.iter().map(|p| p.len() + 4).sum::<usize>() + self.as_str().len() + 4;
        let mut out = Vec::with_capacity(total);
        for part in core::iter::once(self.as_str().as_bytes()).chain(parts.iter().copied()) {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_distinct() {
        let mut texts: Vec<_> = Label::ALL.iter().map(|l| l.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Label::ALL.len());
    }

    #[test]
    fn framing_is_unambiguous() {
        assert_ne!(Label::HashHead.frame(&[b"ab", b"c"]), Label::HashHead.frame(&[b"a", b"bc"]));
    }
}
