//! What a client says to the server.
//!
//! Owns the numbered requests. Refuses to know what answers them ([`super::server`]). Invariant: every request carries
//! the number that its answer repeats.

use super::{Ephemeral, NewInvitation, PushEndpoint, Req, Stored, sized};
use crate::card::Card;
use crate::codec::{self, DecodeError};
use crate::credentials::SealedVault;
use crate::ids::{AccountId, DeviceId, InvitationId, Revision, Seq, SpaceId, Version};
use crate::record::Record;
use crate::roster::Roster;
use crate::sign::{SignatureBytes, Signed};
use minicbor::{Decode, Encode};

/// From client to server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ClientFrame {
    /// Signs in: a device's signature under `SignConnect` over [`connect_message`](super::connect_message). Carries the account's card,
    /// which a server set back to an older copy may lack.
    #[n(0)]
    Connect {
        /// Account.
        #[n(0)]
        account: AccountId,
        /// Device.
        #[n(1)]
        device: DeviceId,
        /// Signature.
        #[n(2)]
        signature: SignatureBytes,
        /// Newest card the device knows of its account.
        #[n(3)]
        card: Signed<Card>,
    },
    /// Appends a record. Answered by `Appended` or `Error`.
    #[n(1)]
    Append {
        /// Request.
        #[n(0)]
        req: Req,
        /// Record.
        #[n(1)]
        record: Record,
    },
    /// Asks for pushes of a space from now on. Answered by `Subscribed`.
    #[n(2)]
    Subscribe {
        /// Request.
        #[n(0)]
        req: Req,
        /// Space.
        #[n(1)]
        space: SpaceId,
    },
    /// Reads records after a position. Answered by `Page`.
    #[n(3)]
    Read {
        /// Request.
        #[n(0)]
        req: Req,
        /// Space.
        #[n(1)]
        space: SpaceId,
        /// After this position.
        #[n(2)]
        after: Seq,
        /// At most so many.
        #[n(3)]
        limit: u32,
    },
    /// This device has stored everything up to here. No answer.
    #[n(4)]
    Cursor {
        /// Space.
        #[n(0)]
        space: SpaceId,
        /// Position.
        #[n(1)]
        seq: Seq,
    },
    /// Asks for a card: a version, or the newest. Answered by `Cards`.
    #[n(5)]
    CardGet {
        /// Request.
        #[n(0)]
        req: Req,
        /// Whose.
        #[n(1)]
        account: AccountId,
        /// Version; the newest when absent.
        #[n(2)]
        version: Option<Version>,
    },
    /// Stores a card: a new one of one's own, or anyone's that the server lacks. Answered by `Done`.
    #[n(6)]
    CardPut {
        /// Request.
        #[n(0)]
        req: Req,
        /// Card.
        #[n(1)]
        card: Signed<Card>,
    },
    /// Asks for the vault. Answered by `Vault`.
    #[n(7)]
    VaultGet {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Replaces the vault when `base` is still the stored revision. The new revision is `base + 1`, or
    /// `revision` when the server has been set back behind `base`.
    #[n(8)]
    VaultPut {
        /// Request.
        #[n(0)]
        req: Req,
        /// Revision this one was made from, as the server last said.
        #[n(1)]
        base: Revision,
        /// Revision of this one, larger than `base`; it is bound into the seal.
        #[n(2)]
        revision: Revision,
        /// Sealed vault.
        #[n(3)]
        sealed: SealedVault,
    },
    /// Stores an invitation; the same again is no error. Answered by `Done`.
    #[n(9)]
    InvitationPut {
        /// Request.
        #[n(0)]
        req: Req,
        /// Invitation.
        #[n(1)]
        invitation: NewInvitation,
    },
    /// Withdraws an invitation. Answered by `Done`.
    #[n(10)]
    InvitationRevoke {
        /// Request.
        #[n(0)]
        req: Req,
        /// Id.
        #[n(1)]
        id: InvitationId,
    },
    /// Lists one's invitations. Answered by `Invitations`.
    #[n(11)]
    InvitationList {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Asks for the practice's roster. Answered by `Roster`.
    #[n(12)]
    RosterGet {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Stores a newer roster. Answered by `Done`.
    #[n(13)]
    RosterPut {
        /// Request.
        #[n(0)]
        req: Req,
        /// Roster.
        #[n(1)]
        roster: Signed<Roster>,
    },
    /// Relays something that is not stored. No answer; dropped when nobody listens or too fast.
    #[n(14)]
    Ephemeral {
        /// The frame.
        #[n(0)]
        frame: Ephemeral,
    },
    /// Hands records back to a server that lost them: consecutive, right after its head. Answered by `Subscribed`.
    #[n(15)]
    Restore {
        /// Request.
        #[n(0)]
        req: Req,
        /// Space.
        #[n(1)]
        space: SpaceId,
        /// Records at their old positions.
        #[n(2)]
        records: Vec<Stored>,
    },
    /// Keeps the connection open. Answered by `Pong`.
    #[n(16)]
    Ping {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Lists the practice's accounts; for its owner. Answered by `People`.
    #[n(17)]
    PeopleList {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Asks what the server holds of the practice; for its owner. Answered by `Glance`.
    #[n(18)]
    GlanceGet {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Asks for the key under which the server sends notices. Answered by `PushKey`.
    #[n(19)]
    PushKeyGet {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// Says where this device takes notices, or (with none) that it takes none. Answered by `Done`.
    #[n(20)]
    PushPut {
        /// Request.
        #[n(0)]
        req: Req,
        /// Where.
        #[n(1)]
        endpoint: Option<PushEndpoint>,
    },
    /// Asks the practice's staff for a second factor, or no more; for its owner. Answered by `Done`.
    #[n(21)]
    FactorPolicyPut {
        /// Request.
        #[n(0)]
        req: Req,
        /// Whether it is asked for.
        #[n(1)]
        required: bool,
    },
    /// Reads the newest records, for a device that has yet to read all before them. Answered by `Newest`.
    #[n(30)]
    ReadNewest {
        /// Request.
        #[n(0)]
        req: Req,
        /// Space.
        #[n(1)]
        space: SpaceId,
        /// At most so many.
        #[n(2)]
        limit: u32,
    },
}

impl ClientFrame {
    /// Reads a frame that fills the whole message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(sized(bytes)?, "client frame")
    }

    /// The frame as CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}
