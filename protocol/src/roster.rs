//! Practice roles and the roster of staff.
//!
//! Owns the roles people have in a practice, who may invite whom, and the owner-signed roster that introduces
//! further staff (P8). Refuses to know spaces. Invariant: owner and front desk are never readers of a care
//! space by virtue of their role.

use crate::ids::{AccountId, Version};
use crate::label::Label;
use crate::limits::ROSTER_MAX;
use crate::sign::{OpenSignedError, PublicKey, Signable, Signed};
use crate::{codec::DecodeError, ids::PracticeId};
use minicbor::{Decode, Encode};

/// What a person is in a practice, and in a space of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the server; reads no care space.
    #[n(1)]
    Owner,
    /// Treats clients.
    #[n(2)]
    Therapist,
    /// Prescribes.
    #[n(3)]
    Prescriber,
    /// Books; reads no care space.
    #[n(4)]
    FrontDesk,
    /// Is treated.
    #[n(5)]
    Client,
    /// Owner of the practice and therapist in it.
    #[n(6)]
    OwnerTherapist,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Owner, Self::Therapist, Self::Prescriber, Self::FrontDesk, Self::Client, Self::OwnerTherapist];

    /// The name used on the command line and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Therapist => "therapist",
            Self::Prescriber => "prescriber",
            Self::FrontDesk => "front-desk",
            Self::Client => "client",
            Self::OwnerTherapist => "owner-therapist",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| {
            DecodeError::malformed(
                "role (owner, owner-therapist, therapist, prescriber, front-desk or client)",
            )
        })
    }

    /// True when this role treats clients, and so may hold a care space with one.
    pub fn treats(self) -> bool {
        matches!(self, Self::Therapist | Self::Prescriber | Self::OwnerTherapist)
    }

    /// True when this role runs the practice.
    pub fn owns(self) -> bool {
        matches!(self, Self::Owner | Self::OwnerTherapist)
    }

    /// True when an account of this role may invite one of the other.
    pub fn may_invite(self, other: Self) -> bool {
        match other {
            Self::Client => self.treats(),
            Self::Therapist | Self::Prescriber | Self::FrontDesk => self.owns(),
            Self::Owner | Self::OwnerTherapist => false,
        }
    }
}

/// One member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Staff {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// Its identity.
    #[n(1)]
    pub identity: PublicKey,
    /// Its role.
    #[n(2)]
    pub role: Role,
    /// The lowest card version to accept.
    #[n(3)]
    pub card_version_min: Version,
}

/// The staff of a practice. Signed by the owner's identity.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Roster {
    /// The practice.
    #[n(0)]
    pub practice: PracticeId,
    /// 1 for the first roster, then one more each time.
    #[n(1)]
    pub version: Version,
    /// The owner's account.
    #[n(2)]
    pub owner: AccountId,
    /// The owner's identity, which signs.
    #[n(3)]
    pub owner_identity: PublicKey,
    /// Everybody on the staff, the owner included.
    #[n(4)]
    pub staff: Vec<Staff>,
}

impl Signable for Roster {
    const LABEL: Label = Label::SignRoster;
    const NAME: &'static str = "roster";
}

impl Roster {
    /// Opens a roster under the owner's identity and checks its inner rules.
    pub fn verify(signed: &Signed<Self>, owner: &PublicKey) -> Result<Self, OpenSignedError> {
        let roster = signed.open(owner)?;
        let unique = roster
            .staff
            .iter()
            .enumerate()
            .all(|(i, s)| roster.staff.iter().take(i).all(|o| o.account != s.account));
        let roles = roster.staff.iter().all(|s| s.role != Role::Client);
        let sized = roster.version > Version::ZERO && roster.staff.len() <= ROSTER_MAX;
        if unique && roles && sized && roster.owner_identity == *owner {
            Ok(roster)
        } else {
            Err(DecodeError::malformed("roster: staff or version").into())
        }
    }
}
