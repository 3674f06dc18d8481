//! The client's local store: names and forms of its rows.
//!
//! Owns what is written where. Refuses to know how the host keeps rows, and when they are written. Invariant: every
//! value is sealed under the storage key with its name as AAD, so rows cannot be swapped; a row that does not open
//! is an error, never an absent row. Rows under [`crate::io::LAZY_PREFIX`] are not read at start.

use crate::credentials::Applied;
use crate::crypto::unlock::RECOVERY_CODE_BYTES;
use crate::io::{DRAFT_BYTES_MAX, MessageId};
use crate::vault::SecretBytes;
use minicbor::{Decode, Encode};
use sotto_protocol::codec::{Bytes, Text};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, Handle, Hash, Head, InvitationId, Millis, PracticeId, RecordId, Revision,
    Seq, SpaceId,
};
use sotto_protocol::limits::{ACCOUNT_BYTES_MAX, NAME_BYTES_MAX, PAYLOAD_BYTES_MAX, VAULT_BYTES_MAX};
use sotto_protocol::log::LogState;
use sotto_protocol::record::{Join, Kind};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::{PublicKey, SignatureBytes, Signed};
use std::collections::BTreeSet;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The form written by this version.
pub(crate) const ROW_VERSION: u8 = 1;

pub(crate) const ACCOUNT: &[u8] = b"account";
pub(crate) const REGISTERING: &[u8] = b"registering";
pub(crate) const VAULT: &[u8] = b"vault";
pub(crate) const SHEET: &[u8] = b"sheet";
pub(crate) const CHANGING: &[u8] = b"changing";

pub(crate) fn card(account: AccountId) -> Vec<u8> {
    [b"card/", &account.0[..]].concat()
}

pub(crate) fn space(space: SpaceId) -> Vec<u8> {
    [b"space/", &space.0[..]].concat()
}

pub(crate) fn era_key(space: SpaceId, era: EraId) -> Vec<u8> {
    [b"key/", &space.0[..], b"/", &era.0[..]].concat()
}

pub(crate) fn entry(space: SpaceId, seq: Seq) -> Vec<u8> {
    [b"entry/", &space.0[..], b"/", &seq.0.to_be_bytes()[..]].concat()
}

pub(crate) fn outbox(space: SpaceId, number: u64) -> Vec<u8> {
    [b"out/", &space.0[..], b"/", &number.to_be_bytes()[..]].concat()
}

/// What is typed and not sent.
pub(crate) fn draft(space: SpaceId) -> Vec<u8> {
    [b"draft/", &space.0[..]].concat()
}

/// What is typed as the new text of a message of one's own.
pub(crate) fn edit(space: SpaceId) -> Vec<u8> {
    [b"edit/", &space.0[..]].concat()
}

/// Changes of members that are wanted.
pub(crate) fn wanted(space: SpaceId) -> Vec<u8> {
    [b"want/", &space.0[..]].concat()
}

/// Header of a record as served; sorts right before its payload.
pub(crate) fn log_header(space: SpaceId, seq: Seq) -> Vec<u8> {
    [b"log/", &space.0[..], b"/", &seq.0.to_be_bytes()[..], b"/h"].concat()
}

/// Payload of a record as served; deleted by a drop.
pub(crate) fn log_payload(space: SpaceId, seq: Seq) -> Vec<u8> {
    [b"log/", &space.0[..], b"/", &seq.0.to_be_bytes()[..], b"/p"].concat()
}

/// A recovery sheet that was made and not yet said to be printed or saved.
#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(array)]
pub(crate) struct SheetRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) code: [u8; RECOVERY_CODE_BYTES],
    #[n(1)]
    #[zeroize(skip)]
    pub(crate) made_at: Millis,
}

impl core::fmt::Debug for SheetRow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SheetRow(..)")
    }
}

/// A change of credentials that was sent, and what holds here once the server has it.
#[derive(Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct ChangingRow {
    #[n(0)]
    pub(crate) request: Bytes<ACCOUNT_BYTES_MAX>,
    #[n(1)]
    pub(crate) applied: Applied,
}

/// The account and this device.
#[derive(Encode, Decode)]
#[cbor(array)]
pub(crate) struct AccountRow {
    #[n(0)]
    pub(crate) version: u8,
    #[n(1)]
    pub(crate) origin: Text<300>,
    #[n(2)]
    pub(crate) account: AccountId,
    #[n(3)]
    pub(crate) handle: Handle,
    #[n(4)]
    pub(crate) identity: PublicKey,
    #[n(5)]
    pub(crate) role: Role,
    #[n(6)]
    pub(crate) practice: Text<NAME_BYTES_MAX>,
    #[n(7)]
    pub(crate) practice_id: PracticeId,
    #[n(8)]
    pub(crate) device: DeviceId,
    #[n(9)]
    pub(crate) device_seed: SecretBytes,
    #[n(10)]
    pub(crate) vault_key: SecretBytes,
    #[n(11)]
    pub(crate) credentials: Signed<CredentialSet>,
    /// The device was removed from the account.
    #[n(12)]
    pub(crate) removed: bool,
    /// Everything was read at least once since signing in.
    #[n(13)]
    pub(crate) restored: bool,
}

/// A registration under way: its request, to be repeated until it is answered.
#[derive(Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct RegisteringRow {
    #[n(0)]
    pub(crate) request: Bytes<ACCOUNT_BYTES_MAX>,
}

/// A message whose text is being changed, and the new text so far.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct EditRow {
    #[n(0)]
    pub(crate) target: RecordId,
    #[n(1)]
    pub(crate) text: Text<DRAFT_BYTES_MAX>,
}

/// The vault and the revision it was made from.
#[derive(Encode, Decode)]
#[cbor(array)]
pub(crate) struct VaultRow {
    #[n(0)]
    pub(crate) vault: Bytes<VAULT_BYTES_MAX>,
    #[n(1)]
    pub(crate) revision: Revision,
    #[n(2)]
    pub(crate) dirty: bool,
}

/// A space.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct SpaceRow {
    #[n(0)]
    pub(crate) version: u8,
    #[n(1)]
    pub(crate) log: LogState,
    /// Eras whose key could not be opened, or was not the committed one.
    #[n(2)]
    pub(crate) bad_eras: BTreeSet<EraId>,
    /// Records that came without payload before the drop that explains it.
    #[n(3)]
    pub(crate) missing: BTreeSet<MessageId>,
    /// The joiner's proof, kept while the invitation's secret is not at hand.
    #[n(4)]
    pub(crate) join: Option<Join>,
    /// When the current era began, by the server's clock.
    #[n(5)]
    pub(crate) era_at: Millis,
    /// The server says that this account is no longer a member.
    #[n(6)]
    pub(crate) left: bool,
}

/// A verified record, opened.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Entry {
    #[n(0)]
    pub(crate) at: Millis,
    #[n(1)]
    pub(crate) id: MessageId,
    #[n(2)]
    pub(crate) device: DeviceId,
    #[n(3)]
    pub(crate) era: EraId,
    #[n(4)]
    pub(crate) kind: Kind,
    #[n(5)]
    pub(crate) payload_hash: Hash,
    #[n(6)]
    pub(crate) head: Head,
    #[n(7)]
    pub(crate) body: EntryBody,
}

/// What a record turned out to hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum EntryBody {
    /// An era, drop or join: kept in the log's state.
    #[n(0)]
    Visible,
    /// A content frame.
    #[n(1)]
    Opened {
        #[n(0)]
        frame: Bytes<PAYLOAD_BYTES_MAX>,
    },
    /// Sealed under an era whose key this account could not open.
    #[n(2)]
    Closed,
    /// Opened, but not a content frame, or not openable although the era's key is right.
    #[n(3)]
    Bad,
    /// Its payload was dropped.
    #[n(4)]
    Dropped,
}

/// A record as served, without payload.
#[derive(Encode, Decode)]
#[cbor(array)]
pub(crate) struct LogHeaderRow {
    #[n(0)]
    pub(crate) at: Millis,
    #[n(1)]
    pub(crate) header: Bytes<{ sotto_protocol::limits::HEADER_BYTES_MAX }>,
    #[n(2)]
    pub(crate) signature: SignatureBytes,
}

/// Something waiting to be sent.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct OutboxRow {
    #[n(0)]
    pub(crate) id: RecordId,
    #[n(1)]
    pub(crate) body: OutboxBody,
    /// The readers the author saw.
    #[n(2)]
    pub(crate) readers: BTreeSet<AccountId>,
    #[n(3)]
    pub(crate) queued_at: Millis,
    /// Refused for good, with this error number.
    #[n(4)]
    pub(crate) refused: Option<u16>,
    /// It was sent at least once, so it may be on the server.
    #[n(5)]
    pub(crate) attempted: bool,
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum OutboxBody {
    /// A content frame.
    #[n(0)]
    Content {
        #[n(0)]
        frame: Bytes<PAYLOAD_BYTES_MAX>,
    },
    /// Drop one's own record's payload.
    #[n(1)]
    Drop {
        #[n(0)]
        target: RecordId,
    },
}

/// An invitation being made: what goes to the server, again if need be.
#[derive(Clone, Debug)]
pub(crate) struct PendingInvitation {
    pub(crate) id: InvitationId,
    pub(crate) link: zeroize::Zeroizing<String>,
    pub(crate) invitation: sotto_protocol::frame::NewInvitation,
    /// Sent to the server on this connection.
    pub(crate) offered: bool,
}
