//! Joining: what an invitation must say, and the space founded with it (P8).
//!
//! Owns the checks of an opened invitation against its link, and the two founding records with the join proof. Refuses
//! to know registration. Invariant: the inviter's identity is the one whose fingerprint the link carries, her card is
//! not older than the link says, and everything else comes out of an envelope that only the link's holder opens.

use crate::client::Client;
use crate::crypto::join::{JoinClaim, derive_proof};
use crate::crypto::keys::InvitationSecret;
use crate::crypto::seal;
use crate::defects::Defect;
use crate::space::Space;
use crate::vault::InvitationText;
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::codec;
use sotto_protocol::frame::Stored;
use sotto_protocol::hash;
use sotto_protocol::ids::{Hash, InvitationId, PracticeId, Seq, SpaceId};
use sotto_protocol::link::InvitationLink;
use sotto_protocol::record::{Join, Kind, Record};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::Signed;

/// What the server says of an invitation.
pub(crate) struct InvitedBy<'a> {
    pub(crate) card: Signed<Card>,
    pub(crate) body: &'a [u8],
    pub(crate) role: Role,
}

/// An invitation that was checked.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) id: InvitationId,
    pub(crate) secret: InvitationSecret,
    pub(crate) inviter: VerifiedCard,
    pub(crate) text: InvitationText,
    pub(crate) practice_id: PracticeId,
}

impl Invited {
    /// Checks what the server says against the link. The error says what is wrong.
    pub(crate) fn check(
        link: &InvitationLink,
        secret: InvitationSecret,
        by: &InvitedBy<'_>,
        practice_id: PracticeId,
    ) -> Result<Self, &'static str> {
        let inviter = VerifiedCard::verify(by.card.clone()).map_err(|_| "the inviter's card")?;
        if hash::fingerprint(&inviter.card().identity) != link.inviter {
            return Err("the inviter's identity");
        }
        if inviter.card().version < link.card_version_min {
            return Err("an old card of the inviter");
        }
        let opened = seal::open_invitation(&secret.derive_invitation(), link.id, by.body)
            .map_err(|_| "the invitation")?;
        let text: InvitationText = codec::decode(&opened, "invitation").map_err(|_| "the invitation")?;
        if text.version != 1 || text.role != by.role {
            return Err("the invitation's role");
        }
        Ok(Self { id: link.id, secret, inviter, text, practice_id })
    }
}

impl Client {
    /// Founds the space with the inviter, here first: the founding era and the join record.
    pub(crate) fn found_with(&mut self, invitation: Invited) -> Option<Vec<Record>> {
        let account = self.account.as_ref()?;
        let (me, identity, role) = (account.id, account.identity, account.role);
        let inviter = invitation.inviter.card().account;
        let inviter_identity = invitation.inviter.card().identity;
        if !self.learn_card(invitation.inviter) {
            return None;
        }
        let id = SpaceId(self.random_id());
        self.spaces.insert(id, Space::new(id));
        let founding = self.found(id, &[(me, role), (inviter, invitation.text.inviter_role)])?;
        self.take_in(id, vec![Stored { seq: Seq(1), at: self.now, record: founding.clone() }]);
        let space = self.spaces.get(&id)?;
        let (founding_hash, era) = (space.log.founding()?, space.log.era()?.id);
        let card_hash = self.cards.newest(me)?.hash();
        let claim = JoinClaim {
            invitation: invitation.id,
            inviter: inviter_identity,
            joiner: identity,
            card: card_hash,
            space: id,
            founding: Hash(founding_hash.0),
        };
        let join = Join {
            invitation: invitation.id,
            inviter,
            card_hash,
            proof: if self.config.defects.has(Defect::ForgeJoinProof) {
                Hash::ZERO
            } else {
                derive_proof(&invitation.secret.derive_join(), &claim)
            },
        };
        let join = self.sign_record(id, era, Kind::Join, None, codec::encode(&join))?;
        self.take_in(id, vec![Stored { seq: Seq(2), at: self.now, record: join.clone() }]);
        if self.spaces.get(&id)?.log.seq() != Seq(2) {
            return None;
        }
        self.confirm(id);
        Some(vec![founding, join])
    }
}
