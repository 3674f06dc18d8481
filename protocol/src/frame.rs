//! Frames of the WebSocket subprotocol `sotto.v1`.
//!
//! Owns what client and server say to each other over an open connection, each frame one binary WebSocket
//! message of CBOR: here what both directions use, in `client` and `server` what each side says. Refuses to know HTTP ([`crate::account`]) and the contents of anything sealed. Invariant:
//! every request carries a number that its answer repeats; every answer carries the server's incarnation.

mod client;
mod server;

pub use client::ClientFrame;
pub use server::{ServerBody, ServerFrame};

use crate::codec::{self, Bytes, DecodeError, Text};
use crate::ids::{
    AccountId, DeviceId, EraId, Handle, Hash, Head, IncarnationId, InvitationId, Millis, Seq, SpaceId, Week,
};
use crate::limits::{
    EPHEMERAL_BYTES_MAX, FRAME_BYTES_MAX, GLANCE_CELL_BYTES_MAX, INVITATION_BYTES_MAX,
    PUSH_ENDPOINT_BYTES_MAX, PUSH_KEY_BYTES,
};
use crate::record::Record;
use crate::roster::Role;
use crate::sign::SignatureBytes;
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

/// When one of one's devices was last connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceWeek {
    /// Device.
    #[n(0)]
    pub device: DeviceId,
    /// The week, and nothing finer.
    #[n(1)]
    pub week: Week,
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

/// What a device signs to connect: incarnation, challenge, account and device, as a CBOR array.
pub fn connect_message(
    incarnation: IncarnationId,
    challenge: Challenge,
    account: AccountId,
    device: DeviceId,
) -> Vec<u8> {
    codec::encode(&(incarnation, challenge, account, device))
}

/// No longer than a frame may be.
fn sized(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    if bytes.len() <= FRAME_BYTES_MAX { Ok(bytes) } else { Err(DecodeError::malformed("frame: too long")) }
}
