//! Frames of the WebSocket subprotocol `sotto.v1`.
//!
//! Owns what client and server say to each other over an open connection, each frame one binary WebSocket
//! message of CBOR. Refuses to know HTTP ([`crate::account`]) and the contents of anything sealed. Invariant:
//! every request carries a number that its answer repeats; every answer carries the server's incarnation.

use crate::card::Card;
use crate::codec::{self, Bytes, DecodeError, Text};
use crate::credentials::SealedVault;
use crate::error::ErrorCode;
use crate::ids::{
    AccountId, DeviceId, EraId, Handle, Hash, Head, IncarnationId, InvitationId, Millis, RecordId, Revision,
    Seq, SpaceId, Version,
};
use crate::limits::{
    EPHEMERAL_BYTES_MAX, FRAME_BYTES_MAX, GLANCE_CELL_BYTES_MAX, INVITATION_BYTES_MAX, NAME_BYTES_MAX,
    PUSH_ENDPOINT_BYTES_MAX, PUSH_KEY_BYTES,
};
use crate::record::Record;
use crate::roster::{Role, Roster};
use crate::sign::{SignatureBytes, Signed};
use minicbor::{Decode, Encode};

/// The WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "sotto.v1";
/// Where the WebSocket is.
pub const SOCKET_PATH: &str = "/v1/socket";

/// Number of a request, chosen by the client; answers repeat it.
pub type Req = u32;
/// A sealed ephemeral body.
pub type EphemeralBody = Bytes<EPHEMERAL_BYTES_MAX>;
/// A sealed invitation body.
pub type InvitationBody = Bytes<INVITATION_BYTES_MAX>;

/// Where a browser's push service takes notices for it (RFC 8030), an address it made up.
pub type PushEndpoint = Text<PUSH_ENDPOINT_BYTES_MAX>;
/// The server's public key for push services (RFC 8292): an uncompressed point on P-256.
pub type PushPublic = Bytes<PUSH_KEY_BYTES>;
/// Something stored, as it is shown to the practice's owner.
pub type GlanceCell = Text<GLANCE_CELL_BYTES_MAX>;

/// Thirty-two random bytes that a device signs to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Challenge(#[n(0)] pub Hash);

/// Where a space stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SpaceHead {
    /// The space.
    #[n(0)]
    pub space: SpaceId,
    /// Last position.
    #[n(1)]
    pub seq: Seq,
    /// Head there.
    #[n(2)]
    pub head: Head,
    /// Current era.
    #[n(3)]
    pub era: EraId,
}

/// A record as the server keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Stored {
    /// Position.
    #[n(0)]
    pub seq: Seq,
    /// When it was stored, by the server's clock. Not signed.
    #[n(1)]
    pub at: Millis,
    /// The record; without payload after a drop.
    #[n(2)]
    pub record: Record,
}

/// An invitation as its maker hands it to the server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct NewInvitation {
    /// Id.
    #[n(0)]
    pub id: InvitationId,
    /// What the joiner will be.
    #[n(1)]
    pub role: Role,
    /// Until when.
    #[n(2)]
    pub expires_at: Millis,
    /// Names and note, sealed under a key from the link's secret.
    #[n(3)]
    pub body: InvitationBody,
}

/// What has become of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Waiting.
    #[n(0)]
    Open,
    /// Somebody joined with it.
    #[n(1)]
    Used,
    /// Withdrawn.
    #[n(2)]
    Revoked,
    /// Too old.
    #[n(3)]
    Expired,
}

/// An invitation as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InvitationStatus {
    /// Id.
    #[n(0)]
    pub id: InvitationId,
    /// Role.
    #[n(1)]
    pub role: Role,
    /// Until when.
    #[n(2)]
    pub expires_at: Millis,
    /// State.
    #[n(3)]
    pub state: InvitationState,
    /// Who joined.
    #[n(4)]
    pub used_by: Option<AccountId>,
}

/// Somebody with an account, as the server lists them to the practice's owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(array)]
pub struct Person {
    /// Account.
    #[n(0)]
    pub account: AccountId,
    /// Sign-in name.
    #[n(1)]
    pub handle: Handle,
    /// Role in the practice.
    #[n(2)]
    pub role: Role,
    /// When the account was made.
    #[n(3)]
    pub since: Millis,
}

/// What the server holds of a practice in one of its tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(array)]
pub struct TableGlance {
    /// The table's name.
    #[n(0)]
    pub name: GlanceCell,
    /// Rows of the practice.
    #[n(1)]
    pub count: u64,
    /// Names of the columns.
    #[n(2)]
    pub columns: Vec<GlanceCell>,
    /// The newest rows, a cell for each column.
    #[n(3)]
    pub rows: Vec<Vec<GlanceCell>>,
}

/// From client to server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ClientFrame {
    /// Signs in: a device's signature under `SignConnect` over [`connect_message`]. Carries the account's card,
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
}

/// A frame that is relayed and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Ephemeral {
    /// Space.
    #[n(0)]
    pub space: SpaceId,
    /// Current era.
    #[n(1)]
    pub era: EraId,
    /// Author.
    #[n(2)]
    pub author: AccountId,
    /// Her device.
    #[n(3)]
    pub device: DeviceId,
    /// Sealed under the era's ephemeral key.
    #[n(4)]
    pub body: EphemeralBody,
    /// The device's signature under `SignEphemeral` over [`Ephemeral::message`].
    #[n(5)]
    pub signature: SignatureBytes,
}

impl Ephemeral {
    /// What is signed: the fields before the signature, as a CBOR array.
    pub fn message(
        space: SpaceId,
        era: EraId,
        author: AccountId,
        device: DeviceId,
        body: &EphemeralBody,
    ) -> Vec<u8> {
        codec::encode(&(space, era, author, device, body))
    }
}

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
}

/// What a device signs to connect: incarnation, challenge, account and device, as a CBOR array.
pub fn connect_message(
    incarnation: IncarnationId,
    challenge: Challenge,
    account: AccountId,
    device: DeviceId,
) -> Vec<u8> {
    codec::encode(&(incarnation, challenge, account, device))
}

fn sized(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    if bytes.len() <= FRAME_BYTES_MAX { Ok(bytes) } else { Err(DecodeError::malformed("frame: too long")) }
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
