//! What the server says to a client.
//!
//! Owns answers and what comes unasked. Invariant: every answer carries the server's incarnation and the number of
//! what it answers.

use super::{
    Challenge, DeviceWeek, Ephemeral, InvitationStatus, Person, PushPublic, Req, SpaceHead, Stored,
    TableGlance, sized,
};
use crate::card::Card;
use crate::codec::{self, DecodeError, Text};
use crate::credentials::SealedVault;
use crate::error::ErrorCode;
use crate::factor::FactorSummary;
use crate::ids::{AccountId, Hash, Head, IncarnationId, Millis, RecordId, Revision, Seq, SpaceId, Version};
use crate::limits::NAME_BYTES_MAX;
use crate::record::Seen;
use crate::roster::Roster;
use crate::sign::Signed;
use minicbor::{Decode, Encode};

/// From server to client: the server's incarnation and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ServerFrame {
    /// The life of the server's data that speaks.
    #[n(0)]
    pub incarnation: IncarnationId,
    /// What it says.
    #[n(1)]
    pub body: ServerBody,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ServerBody {
    /// The first frame.
    #[n(0)]
    Hello {
        /// To be signed by the device.
        #[n(0)]
        challenge: Challenge,
        /// The server's clock.
        #[n(1)]
        now: Millis,
    },
    /// Signed in.
    #[n(1)]
    Ready {
        /// The account's spaces.
        #[n(0)]
        spaces: Vec<SpaceHead>,
        /// The version of the account's newest card.
        #[n(1)]
        card_version: Version,
        /// The vault's revision.
        #[n(2)]
        vault_revision: Revision,
        /// The practice's name.
        #[n(3)]
        practice: Text<NAME_BYTES_MAX>,
        /// The server's clock.
        #[n(4)]
        now: Millis,
        /// When the account's devices were last connected, as far as it is known.
        #[n(5)]
        #[cbor(default)]
        weeks: Vec<DeviceWeek>,
        /// Since when the practice asks its staff for a second factor.
        #[n(6)]
        factors_since: Option<Millis>,
        /// Until when this account may connect without one; told to those who have none.
        #[n(7)]
        factor_due: Option<Millis>,
        /// The account's second factors.
        #[n(8)]
        #[cbor(default)]
        factors: Vec<FactorSummary>,
    },
    /// A request, or (without number) the connection, failed.
    #[n(2)]
    Error {
        /// Request.
        #[n(0)]
        req: Option<Req>,
        /// What.
        #[n(1)]
        code: ErrorCode,
        /// When to try again, milliseconds.
        #[n(2)]
        retry_after_ms: Option<u64>,
    },
    /// The record is on disk.
    #[n(3)]
    Appended {
        /// Request.
        #[n(0)]
        req: Req,
        /// Record.
        #[n(1)]
        id: RecordId,
        /// Its position.
        #[n(2)]
        seq: Seq,
        /// The head after it.
        #[n(3)]
        head: Head,
        /// When, by the server's clock.
        #[n(4)]
        at: Millis,
        /// Payload hash of what is stored: of the first record sent with this id.
        #[n(5)]
        payload_hash: Hash,
        /// True when this id was stored before.
        #[n(6)]
        repeat: bool,
    },
    /// Subscribed, or records handed back were stored.
    #[n(4)]
    Subscribed {
        /// Request.
        #[n(0)]
        req: Req,
        /// Where the space stands.
        #[n(1)]
        head: SpaceHead,
    },
    /// Records in order.
    #[n(5)]
    Page {
        /// Request.
        #[n(0)]
        req: Req,
        /// Space.
        #[n(1)]
        space: SpaceId,
        /// Records, consecutive, the first right after the position asked for.
        #[n(2)]
        records: Vec<Stored>,
        /// Where the space stands.
        #[n(3)]
        head: SpaceHead,
    },
    /// New records of a subscribed space, consecutive.
    #[n(6)]
    Push {
        /// Space.
        #[n(0)]
        space: SpaceId,
        /// Records.
        #[n(1)]
        records: Vec<Stored>,
    },
    /// A card, or none.
    #[n(7)]
    Cards {
        /// Request.
        #[n(0)]
        req: Req,
        /// The card.
        #[n(1)]
        card: Option<Signed<Card>>,
    },
    /// Done.
    #[n(8)]
    Done {
        /// Request.
        #[n(0)]
        req: Req,
    },
    /// The vault.
    #[n(9)]
    Vault {
        /// Request.
        #[n(0)]
        req: Req,
        /// Revision; zero when there is none.
        #[n(1)]
        revision: Revision,
        /// Sealed vault.
        #[n(2)]
        sealed: Option<SealedVault>,
    },
    /// Invitations.
    #[n(10)]
    Invitations {
        /// Request.
        #[n(0)]
        req: Req,
        /// One's own, newest first.
        #[n(1)]
        invitations: Vec<InvitationStatus>,
    },
    /// The roster, or none.
    #[n(11)]
    Roster {
        /// Request.
        #[n(0)]
        req: Req,
        /// The roster.
        #[n(1)]
        roster: Option<Signed<Roster>>,
    },
    /// Somebody's ephemeral frame.
    #[n(12)]
    Ephemeral {
        /// The frame.
        #[n(0)]
        frame: Ephemeral,
    },
    /// A card changed: one's own, or that of somebody in a common space.
    #[n(13)]
    CardChanged {
        /// Whose.
        #[n(0)]
        account: AccountId,
        /// Newest version.
        #[n(1)]
        version: Version,
    },
    /// The vault was replaced by another device.
    #[n(14)]
    VaultChanged {
        /// Revision.
        #[n(0)]
        revision: Revision,
    },
    /// The account is in a new space.
    #[n(15)]
    SpaceAdded {
        /// Where it stands.
        #[n(0)]
        head: SpaceHead,
    },
    /// Answer to `Ping`.
    #[n(16)]
    Pong {
        /// Request.
        #[n(0)]
        req: Req,
        /// The server's clock.
        #[n(1)]
        now: Millis,
    },
    /// The practice's accounts.
    #[n(17)]
    People {
        /// Request.
        #[n(0)]
        req: Req,
        /// Newest first, at most [`crate::limits::PEOPLE_MAX`].
        #[n(1)]
        people: Vec<Person>,
    },
    /// What the server holds of the practice.
    #[n(18)]
    Glance {
        /// Request.
        #[n(0)]
        req: Req,
        /// By table.
        #[n(1)]
        tables: Vec<TableGlance>,
    },
    /// The key under which the server sends notices; none when it sends none.
    #[n(19)]
    PushKey {
        /// Request.
        #[n(0)]
        req: Req,
        /// The key.
        #[n(1)]
        key: Option<PushPublic>,
    },
    /// The newest records of a space, and what they stand on.
    #[n(30)]
    Newest {
        /// Request.
        #[n(0)]
        req: Req,
        /// The last position before them, and the head there.
        #[n(1)]
        base: Seen,
        /// The record of the era in force there; none when they are all there is.
        #[n(2)]
        era: Option<Box<Stored>>,
        /// In order, up to the last.
        #[n(3)]
        records: Vec<Stored>,
        /// Where the space stands.
        #[n(4)]
        head: SpaceHead,
    },
}

impl ServerFrame {
    /// Reads a frame that fills the whole message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(sized(bytes)?, "server frame")
    }

    /// The frame as CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}
