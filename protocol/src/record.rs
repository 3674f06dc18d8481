//! Records: what a space is made of.
//!
//! Owns the header, the record around it, and the bodies of the kinds the server can see: era, drop and join.
//! Refuses to know what stands inside content, and the rules by which a record is admitted ([`crate::log`]).
//! Invariant: a record keeps the exact header bytes its author signed; a kind this version doesn't know still
//! parses, so that the log can say "please update" rather than "malformed".

use crate::codec::{self, Bytes, DecodeError};
use crate::credentials::Wrap;
use crate::hash;
use crate::ids::{
    AccountId, ApprovalId, DeviceId, EraId, EraNumber, Hash, Head, InvitationId, Millis, RecordId, Seq,
    SpaceId, Version,
};
use crate::label::Label;
use crate::limits::{HEADER_BYTES_MAX, MEMBERS_MAX, PAYLOAD_BYTES_MAX};
use crate::roster::Role;
use crate::sign::{PublicKey, Signable, SignatureBytes, Signed};
use minicbor::{Decode, Encode};

/// The header's first field.
pub const HEADER_VERSION: u8 = 1;

/// What a record is, as the server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A new era: members and sealed keys.
    Era,
    /// Sealed content of whatever sort.
    Content,
    /// The payload of an earlier record is gone.
    Drop,
    /// The founder's proof that she holds the invitation.
    Join,
    /// Reserved: a branch handed back to a server that went on without it.
    Rejoin,
    /// A kind of a later version.
    Unknown(u16),
}

impl Kind {
    /// The number in the header.
    pub fn code(self) -> u16 {
        match self {
            Self::Era => 1,
            Self::Content => 2,
            Self::Drop => 3,
            Self::Join => 4,
            Self::Rejoin => 5,
            Self::Unknown(code) => code,
        }
    }

    /// The kind of a number.
    pub fn from_code(code: u16) -> Self {
        match code {
            1 => Self::Era,
            2 => Self::Content,
            3 => Self::Drop,
            4 => Self::Join,
            5 => Self::Rejoin,
            other => Self::Unknown(other),
        }
    }
}

impl<C> Encode<C> for Kind {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u16(self.code())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Kind {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.u16().map(Self::from_code)
    }
}

/// A position on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct Seen {
    /// Sequence number.
    #[n(0)]
    pub seq: Seq,
    /// Head after that record.
    #[n(1)]
    pub head: Head,
}

/// What the author signs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Header {
    /// [`HEADER_VERSION`].
    #[n(0)]
    pub version: u8,
    /// The space.
    #[n(1)]
    pub space: SpaceId,
    /// The era the record is written in; for an era record, the one it follows (zero for the founding era).
    #[n(2)]
    pub era: EraId,
    /// Author.
    #[n(3)]
    pub author: AccountId,
    /// The version of her card that lists the device.
    #[n(4)]
    pub card_version: Version,
    /// Her device.
    #[n(5)]
    pub device: DeviceId,
    /// Chosen by the author, unique among her records in this space.
    #[n(6)]
    pub id: RecordId,
    /// The last position the author had verified.
    #[n(7)]
    pub seen: Seen,
    /// Kind.
    #[n(8)]
    pub kind: Kind,
    /// [`hash::payload`] of the payload.
    #[n(9)]
    pub payload_hash: Hash,
}

/// A record's payload.
pub type Payload = Bytes<PAYLOAD_BYTES_MAX>;

/// A header as signed, its signature, and the payload unless that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    header: Header,
    header_bytes: Bytes<HEADER_BYTES_MAX>,
    signature: SignatureBytes,
    payload: Option<Payload>,
}

impl Record {
    /// Puts a record together; `header_bytes` must be what was signed.
    pub fn from_parts(
        header_bytes: Vec<u8>,
        signature: SignatureBytes,
        payload: Option<Payload>,
    ) -> Result<Self, DecodeError> {
        let header: Header = codec::decode(&header_bytes, "record header")?;
        if header.version != HEADER_VERSION {
            return Err(DecodeError::malformed("record header: version"));
        }
        Ok(Self { header, header_bytes: Bytes::new(header_bytes)?, signature, payload })
    }

    /// Reads a record that fills the whole input.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, "record")
    }

    /// The record as CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header as signed.
    pub fn header_bytes(&self) -> &[u8] {
        self.header_bytes.as_slice()
    }

    /// The signature over [`Record::header_bytes`] under [`Label::SignHeader`].
    pub fn signature(&self) -> &SignatureBytes {
        &self.signature
    }

    /// The payload; `None` after a [`Drop`].
    pub fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }

    /// The same record without its payload.
    #[must_use]
    pub fn without_payload(mut self) -> Self {
        self.payload = None;
        self
    }

    /// The head after this record, when `previous` was the head before it.
    pub fn head_after(&self, previous: Head) -> Head {
        hash::head(previous, self.header_bytes(), &self.signature)
    }
}

impl<C> Encode<C> for Record {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(3)?.bytes(self.header_bytes.as_slice())?.bytes(&self.signature.0)?;
        match &self.payload {
            Some(payload) => e.bytes(payload.as_slice())?.ok(),
            None => e.null()?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for Record {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        if d.array()? != Some(3) {
            return Err(minicbor::decode::Error::message("record: three fields"));
        }
        let header = d.bytes()?.to_vec();
        let signature = d.decode_with(ctx)?;
        let payload = d.decode_with(ctx)?;
        Self::from_parts(header, signature, payload)
            .map_err(|_| minicbor::decode::Error::message("record header"))
    }
}

/// Why an era began.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Cause {
    /// The first era of the space.
    #[n(0)]
    Founding,
    /// Somebody was added or removed.
    #[n(1)]
    Membership,
    /// A member's card changed: a device was removed or the sealing key renewed.
    #[n(2)]
    Card,
    /// The era before was older than [`crate::limits::ERA_AGE_MS_MAX`].
    #[n(3)]
    Age,
    /// A member could not open the era before. Its authors send again what they sealed under it.
    #[n(4)]
    Void,
}

/// A reader of a space during an era.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Member {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// Its role in this space.
    #[n(1)]
    pub role: Role,
    /// Its identity.
    #[n(2)]
    pub identity: PublicKey,
    /// The card version the era key is sealed to.
    #[n(3)]
    pub card_version: Version,
    /// Hash of that card ([`Signed::hash`]).
    #[n(4)]
    pub card_hash: Hash,
}

/// Body of an era record. Its id is [`hash::era`] over space and these bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EraBody {
    /// The era before; zero for the founding era.
    #[n(0)]
    pub prev: EraId,
    /// 0 for the founding era, then one more each time.
    #[n(1)]
    pub number: EraNumber,
    /// Why.
    #[n(2)]
    pub cause: Cause,
    /// Readers, sorted by account.
    #[n(3)]
    pub members: Vec<Member>,
    /// Binds the era key: nobody can give two members different keys.
    #[n(4)]
    pub commitment: Hash,
    /// The era key sealed to each member, in the order of `members`.
    #[n(5)]
    pub sealed: Vec<Wrap>,
    /// For each added member, the approval of the client (or, where there is none, of a member who treats).
    #[n(6)]
    pub approvals: Vec<Signed<Approval>>,
    /// When, by the author's clock.
    #[n(7)]
    pub made_at: Millis,
    /// Algorithm suite of everything sealed in this era.
    #[n(8)]
    pub suite: u8,
}

impl EraBody {
    /// Reads a body and checks what can be checked without context.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let body: Self = codec::decode(bytes, "era")?;
        let sorted = body.members.windows(2).all(|w| matches!(w, [a, b] if a.account < b.account));
        let sized = !body.members.is_empty()
            && body.members.len() <= MEMBERS_MAX
            && body.sealed.len() == body.members.len();
        if sorted && sized && body.approvals.len() <= MEMBERS_MAX {
            Ok(body)
        } else {
            Err(DecodeError::malformed("era: members"))
        }
    }

    /// The entry of an account.
    pub fn member(&self, account: AccountId) -> Option<&Member> {
        self.members.iter().find(|m| m.account == account)
    }

    /// The wrap for an account.
    pub fn wrap_for(&self, account: AccountId) -> Option<&Wrap> {
        self.members.iter().zip(&self.sealed).find(|(m, _)| m.account == account).map(|(_, w)| w)
    }
}

/// The client's consent to a new reader. Signed by her identity, after step-up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Approval {
    /// Single use within the space.
    #[n(0)]
    pub id: ApprovalId,
    /// The space.
    #[n(1)]
    pub space: SpaceId,
    /// Who approves.
    #[n(2)]
    pub approver: AccountId,
    /// Who is added.
    #[n(3)]
    pub account: AccountId,
    /// Her identity.
    #[n(4)]
    pub identity: PublicKey,
    /// Her role in this space.
    #[n(5)]
    pub role: Role,
    /// Who introduced her.
    #[n(6)]
    pub introduced_by: AccountId,
    /// Not before.
    #[n(7)]
    pub starts_at: Millis,
    /// The adding era is made before this.
    #[n(8)]
    pub expires_at: Millis,
}

impl Signable for Approval {
    const LABEL: Label = Label::SignApproval;
    const NAME: &'static str = "approval";
}

/// Body of a drop record: the payload of `target` is erased, its header stays.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Drop {
    /// The record, by the same author.
    #[n(0)]
    pub target: RecordId,
    /// Its payload hash.
    #[n(1)]
    pub payload_hash: Hash,
}

impl Drop {
    /// Reads a body.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, "drop")
    }
}

/// Body of a join record, the second record of a space founded by invitation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Join {
    /// The invitation.
    #[n(0)]
    pub invitation: InvitationId,
    /// The inviter.
    #[n(1)]
    pub inviter: AccountId,
    /// Hash of the joiner's card.
    #[n(2)]
    pub card_hash: Hash,
    /// HMAC-SHA-256 under the join key, see [`Label::MacJoin`].
    #[n(3)]
    pub proof: Hash,
}

impl Join {
    /// Reads a body.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, "join")
    }
}
