//! The join proof (P8): the joiner holds the invitation's secret and means exactly this space.
//!
//! Owns HMAC-SHA-256 (RFC 2104) under the join key over everything that the server could want to swap. Refuses to know
//! how an invitation travels. Invariant: comparison takes the same time whatever differs.

use super::keys::JoinKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sotto_protocol::ids::{Hash, InvitationId, SpaceId};
use sotto_protocol::label::Label;
use sotto_protocol::sign::PublicKey;

/// What a join proof binds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinClaim {
    /// The invitation.
    pub invitation: InvitationId,
    /// The inviter's identity.
    pub inviter: PublicKey,
    /// The joiner's identity.
    pub joiner: PublicKey,
    /// Hash of the joiner's card.
    pub card: Hash,
    /// The space she founds.
    pub space: SpaceId,
    /// Its founding hash.
    pub founding: Hash,
}

/// The proof does not fit the claim, or was made with another secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the join proof does not verify")]
pub struct BadJoinProof;

/// Makes the proof.
pub fn derive_proof(key: &JoinKey, claim: &JoinClaim) -> Hash {
    Hash(mac(key, claim).finalize().into_bytes().into())
}

/// Checks a proof.
pub fn verify_proof(key: &JoinKey, claim: &JoinClaim, proof: &Hash) -> Result<(), BadJoinProof> {
    mac(key, claim).verify_slice(proof.as_bytes()).map_err(|_| BadJoinProof)
}

fn mac(key: &JoinKey, claim: &JoinClaim) -> Hmac<Sha256> {
    let message = Label::MacJoin.frame(&[
        claim.invitation.as_bytes(),
        claim.inviter.as_bytes(),
        claim.joiner.as_bytes(),
        claim.card.as_bytes(),
        claim.space.as_bytes(),
        claim.founding.as_bytes(),
    ]);
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.expose()) else {
        unreachable!("HMAC takes a key of any length");
    };
    mac.chain_update(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_holds_for_its_claim_only() {
        let key = JoinKey::from_bytes([1; 32]);
        let claim = JoinClaim {
            invitation: InvitationId([2; 16]),
            inviter: PublicKey([3; 32]),
            joiner: PublicKey([4; 32]),
            card: Hash([5; 32]),
            space: SpaceId([6; 16]),
            founding: Hash([7; 32]),
        };
        let proof = derive_proof(&key, &claim);
        assert_eq!(verify_proof(&key, &claim, &proof), Ok(()));
        let others = [
            JoinClaim { invitation: InvitationId::ZERO, ..claim },
            JoinClaim { inviter: PublicKey([0; 32]), ..claim },
            JoinClaim { joiner: PublicKey([0; 32]), ..claim },
            JoinClaim { card: Hash::ZERO, ..claim },
            JoinClaim { space: SpaceId::ZERO, ..claim },
            JoinClaim { founding: Hash::ZERO, ..claim },
            JoinClaim { inviter: claim.joiner, joiner: claim.inviter, ..claim },
        ];
        for other in others {
            assert_eq!(verify_proof(&key, &other, &proof), Err(BadJoinProof), "{other:?}");
        }
        assert_eq!(verify_proof(&JoinKey::from_bytes([9; 32]), &claim, &proof), Err(BadJoinProof));
    }
}
