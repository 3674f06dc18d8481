//! The rules of a space: which record may stand at which position.
//!
//! Owns [`LogState`], the small state a log is folded into, and the one function by which the server judges an
//! append and every client judges what it is served (P9). Refuses to know storage, clocks and secret keys; what
//! it cannot see itself comes in as [`Facts`]. Invariant: `admit` depends only on the records before, the record
//! and signed cards, so that everybody comes to the same judgement; `apply` follows a successful `admit`.
//!
//! What only the server can judge (newest card, rate, take-back time) is in its own `service`; what only a
//! member can judge (the sealed key matches the commitment) is in client-core.

use crate::card::{SUITE_1, VerifiedCard};
use crate::error::ErrorCode;
use crate::hash;
use crate::ids::{
    AccountId, ApprovalId, DeviceId, EraId, EraNumber, Hash, Head, Millis, RecordId, Seq, SpaceId, Version,
};
use crate::label::Label;
use crate::record::{Approval, Cause, Drop, EraBody, Header, Join, Kind, Member, Record, Seen};
use crate::roster::Role;
use crate::sign::PublicKey;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a record may not stand where it was offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes contradict themselves.
    #[error("malformed record: {0}")]
    Malformed(&'static str),
    /// The header's signature does not verify under the device's key.
    #[error("the record is not signed by the device it names")]
    Forged,
    /// The payload is not the one the header names.
    #[error("the payload is not the one that was signed")]
    PayloadMismatch,
    /// The payload is missing where it is needed.
    #[error("the payload is missing")]
    PayloadMissing,
    /// A card of at least this version is needed to judge the record.
    #[error("card {version} of an author or member is not known here")]
    CardUnknown {
        /// Whose.
        account: AccountId,
        /// The version needed.
        version: Version,
    },
    /// The author's device is not, or no longer, one of hers.
    #[error("the device is not one of the author's devices")]
    DeviceNotListed,
    /// The author's identity is not the one pinned.
    #[error("the author's identity is not the one this space knows")]
    IdentityChanged,
    /// The author is not a member of the current era.
    #[error("the author is not a member of this space")]
    NotMember,
    /// Written for an era that is not the current one.
    #[error("written for an era that is no longer current")]
    StaleEra {
        /// The current era.
        current: EraId,
    },
    /// `seen` is not on this chain.
    #[error("the author saw another history of this space")]
    SeenElsewhere,
    /// The author claims to have seen more than there is.
    #[error("the author saw more of this space than there is here")]
    SeenAhead,
    /// A rule of membership forbids it.
    #[error("not allowed: {0}")]
    Rule(&'static str),
    /// A kind this version does not know.
    #[error("this record needs a newer version of Sotto; please update")]
    KindUnknown(u16),
    /// The record a drop names is not there, or not the author's.
    #[error("there is no such record of this author")]
    TargetUnknown,
}

impl Refusal {
    /// The number that crosses the wire.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed(_) | Self::PayloadMissing => ErrorCode::Malformed,
            Self::Forged => ErrorCode::Forged,
            Self::PayloadMismatch => ErrorCode::PayloadMismatch,
            Self::CardUnknown { .. } => ErrorCode::CardUnknown,
            Self::DeviceNotListed => ErrorCode::DeviceNotListed,
            Self::IdentityChanged => ErrorCode::IdentityChanged,
            Self::NotMember => ErrorCode::NotMember,
            Self::StaleEra { .. } => ErrorCode::StaleEra,
            Self::SeenElsewhere => ErrorCode::SeenElsewhere,
            Self::SeenAhead => ErrorCode::SeenAhead,
            Self::Rule(_) => ErrorCode::RuleForbids,
            Self::KindUnknown(_) => ErrorCode::KindUnknown,
            Self::TargetUnknown => ErrorCode::TargetUnknown,
        }
    }
}

/// A record whose payload hash and signature were checked against a card of its author.
#[derive(Clone, Debug)]
pub struct Authentic<'a> {
    record: &'a Record,
    identity: PublicKey,
    removed_in: Option<Version>,
}

impl<'a> Authentic<'a> {
    /// Checks payload hash, device and signature. `card` is the newest card known of the author.
    pub fn check(record: &'a Record, card: &VerifiedCard) -> Result<Self, Refusal> {
        let header = record.header();
        let verified = card;
        let card = card.card();
        if card.account != header.author {
            return Err(Refusal::DeviceNotListed);
        }
        if let Some(payload) = record.payload()
            && hash::payload(payload.as_slice()) != header.payload_hash
        {
            return Err(Refusal::PayloadMismatch);
        }
        if card.version < header.card_version {
            return Err(Refusal::CardUnknown { account: header.author, version: header.card_version });
        }
        let device = card.device(header.device).ok_or(Refusal::DeviceNotListed)?;
        if !device.active_at(header.card_version) {
            return Err(Refusal::DeviceNotListed);
        }
        verified
            .verify_by(device, Label::SignHeader, record.header_bytes(), record.signature())
            .map_err(|_| Refusal::Forged)?;
        Ok(Self { record, identity: card.identity, removed_in: device.removed_in })
    }

    /// The record.
    pub fn record(&self) -> &'a Record {
        self.record
    }

    fn header(&self) -> &'a Header {
        self.record.header()
    }

    fn payload(&self) -> Result<&'a [u8], Refusal> {
        self.record.payload().map(crate::codec::Bytes::as_slice).ok_or(Refusal::PayloadMissing)
    }

    fn removed_by(&self, version: Version) -> bool {
        self.removed_in.is_some_and(|removed| removed <= version)
    }
}

/// An [`Authentic`] that owns its record, for handing from the task that verifies to the one that stores.
#[derive(Clone, Debug)]
pub struct AuthenticRecord {
    record: Arc<Record>,
    identity: PublicKey,
    removed_in: Option<Version>,
}

impl AuthenticRecord {
    /// [`Authentic::check`].
    pub fn check(record: Arc<Record>, card: &VerifiedCard) -> Result<Self, Refusal> {
        let Authentic { identity, removed_in, .. } = Authentic::check(&record, card)?;
        Ok(Self { record, identity, removed_in })
    }

    /// The record.
    pub fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// The form that [`LogState::admit`] takes.
    pub fn authentic(&self) -> Authentic<'_> {
        Authentic { record: &self.record, identity: self.identity, removed_in: self.removed_in }
    }
}

/// What [`LogState::admit`] cannot see in its own state.
pub struct Facts<'a> {
    /// The head of this log after record `header.seen.seq`, if there is such a record.
    pub seen_head: Option<Head>,
    /// A record with the same author and id stands in this log already.
    pub repeated: bool,
    /// For a drop: what is known of the record (same author, same id) it names.
    pub target: Option<Target>,
    /// Hash and identity of an account's card at exactly this version.
    pub card: &'a dyn Fn(AccountId, Version) -> Option<CardPin>,
}

/// What an era pins of a member's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardPin {
    /// Hash of the signed card.
    pub hash: Hash,
    /// The identity it names.
    pub identity: PublicKey,
}

/// An earlier record that a drop names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its payload hash.
    pub payload_hash: Hash,
}

/// The current era, without the sealed keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Era {
    /// Id.
    #[n(0)]
    pub id: EraId,
    /// Number.
    #[n(1)]
    pub number: EraNumber,
    /// The era before.
    #[n(2)]
    pub prev: EraId,
    /// Who made it.
    #[n(3)]
    pub made_by: AccountId,
    /// On which device.
    #[n(4)]
    pub made_on: DeviceId,
    /// When, by the maker's clock.
    #[n(5)]
    pub made_at: Millis,
    /// Readers.
    #[n(6)]
    pub members: Vec<Member>,
    /// Key commitment.
    #[n(7)]
    pub commitment: Hash,
}

impl Era {
    /// The entry of an account.
    pub fn member(&self, account: AccountId) -> Option<&Member> {
        self.members.iter().find(|m| m.account == account)
    }
}

/// Everything about a log that judging its next record needs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LogState {
    #[n(0)]
    space: SpaceId,
    #[n(1)]
    seq: Seq,
    #[n(2)]
    head: Head,
    #[n(3)]
    founding: Option<Head>,
    #[n(4)]
    era: Option<Era>,
    #[n(5)]
    approvals_used: BTreeSet<ApprovalId>,
}

/// The judgement that a record may stand next; what applying it changes.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Its position.
    pub seq: Seq,
    /// The head after it.
    pub head: Head,
    /// What it does besides.
    pub effect: Effect,
}

/// What a record does to the log's state.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Nothing but the position.
    Content,
    /// A new era begins.
    Era(Box<Era>, BTreeSet<ApprovalId>),
    /// The payload of this author's record is gone.
    Drop(RecordId),
    /// The founder proves the invitation.
    Join(Join),
}

impl LogState {
    /// The empty log of a space.
    pub fn new(space: SpaceId) -> Self {
        Self {
            space,
            seq: Seq::ZERO,
            head: hash::head_zero(space),
            founding: None,
            era: None,
            approvals_used: BTreeSet::new(),
        }
    }

    /// The state at a position of which only the head and the era's record are known: enough to judge what follows as
    /// far as that can be judged without what came before. `None` when the record is no era of this space.
    pub fn standing(space: SpaceId, at: Seen, founding: Head, era: &Record) -> Option<Self> {
        let header = era.header();
        let bytes = era.payload().filter(|_| header.kind == Kind::Era && header.space == space)?.as_slice();
        let body = EraBody::parse(bytes).ok()?;
        let empty = Self::new(space);
        let era = Some(empty.era_of(header, bytes, body));
        Some(Self { seq: at.seq, head: at.head, founding: Some(founding), era, ..empty })
    }

    /// The same state at another position of the same era, for a server that stores position and head apart.
    #[must_use]
    pub fn at(self, seq: Seq, head: Head) -> Self {
        Self { seq, head, ..self }
    }

    /// The space.
    pub fn space(&self) -> SpaceId {
        self.space
    }

    /// Position of the last record.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Head after the last record.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The founding hash: the head after the first record.
    pub fn founding(&self) -> Option<Head> {
        self.founding
    }

    /// The current era; `None` only before the first record.
    pub fn era(&self) -> Option<&Era> {
        self.era.as_ref()
    }

    /// True when the account is a member of the current era.
    pub fn is_member(&self, account: AccountId) -> bool {
        self.era.as_ref().is_some_and(|era| era.member(account).is_some())
    }

    /// Judges a record at the next position.
    pub fn admit(&self, record: &Authentic<'_>, facts: &Facts<'_>) -> Result<Admission, Refusal> {
        let header = record.header();
        if header.space != self.space {
            return Err(Refusal::Malformed("another space"));
        }
        if let Kind::Unknown(code) = header.kind {
            return Err(Refusal::KindUnknown(code));
        }
        let effect = match &self.era {
            None => self.admit_founding(record, facts)?,
            Some(era) => {
                admit_author(era, record)?;
                self.admit_seen(header, facts)?;
                // Its signature holds at any place of its era: only this keeps a server from showing it twice.
                if facts.repeated {
                    return Err(Refusal::Rule("this record stands in the log already"));
                }
                self.admit_kind(era, record, facts)?
            }
        };
        Ok(Admission { seq: self.seq.next(), head: record.record().head_after(self.head), effect })
    }

    /// Moves the state past an admitted record.
    pub fn apply(&mut self, admission: Admission) {
        self.seq = admission.seq;
        self.head = admission.head;
        if self.founding.is_none() {
            self.founding = Some(admission.head);
        }
        if let Effect::Era(era, approvals) = admission.effect {
            self.era = Some(*era);
            self.approvals_used.extend(approvals);
        }
    }

    fn admit_seen(&self, header: &Header, facts: &Facts<'_>) -> Result<(), Refusal> {
        if header.seen.seq > self.seq {
            return Err(Refusal::SeenAhead);
        }
        if facts.seen_head == Some(header.seen.head) { Ok(()) } else { Err(Refusal::SeenElsewhere) }
    }

    fn admit_kind(&self, era: &Era, record: &Authentic<'_>, facts: &Facts<'_>) -> Result<Effect, Refusal> {
        let header = record.header();
        match header.kind {
            Kind::Content => Ok(Effect::Content),
            Kind::Era => self.admit_era(era, record, facts),
            Kind::Drop => {
                let body = Drop::parse(record.payload()?).map_err(|_| Refusal::Malformed("drop"))?;
                let target = facts.target.ok_or(Refusal::TargetUnknown)?;
                if target.kind != Kind::Content || target.payload_hash != body.payload_hash {
                    return Err(Refusal::TargetUnknown);
                }
                Ok(Effect::Drop(body.target))
            }
            Kind::Join => {
                let body = Join::parse(record.payload()?).map_err(|_| Refusal::Malformed("join"))?;
                if self.seq != Seq(1) || era.made_by != header.author || era.member(body.inviter).is_none() {
                    return Err(Refusal::Rule("only the founder joins, with the second record"));
                }
                Ok(Effect::Join(body))
            }
            Kind::Rejoin => Err(Refusal::KindUnknown(Kind::Rejoin.code())),
            Kind::Unknown(code) => Err(Refusal::KindUnknown(code)),
        }
    }

    fn admit_founding(&self, record: &Authentic<'_>, facts: &Facts<'_>) -> Result<Effect, Refusal> {
        let header = record.header();
        if header.kind != Kind::Era || header.era != EraId::ZERO {
            return Err(Refusal::Rule("a space begins with an era"));
        }
        if header.seen.seq != Seq::ZERO || header.seen.head != self.head {
            return Err(Refusal::SeenElsewhere);
        }
        let bytes = record.payload()?;
        let body = EraBody::parse(bytes).map_err(|_| Refusal::Malformed("era"))?;
        let first =
            body.prev == EraId::ZERO && body.number == EraNumber::ZERO && body.cause == Cause::Founding;
        if !first || !body.approvals.is_empty() || body.suite != SUITE_1 {
            return Err(Refusal::Malformed("founding era"));
        }
        let author = body.member(header.author).ok_or(Refusal::NotMember)?;
        if author.identity != record.identity {
            return Err(Refusal::IdentityChanged);
        }
        check_founders(&body)?;
        check_pins(&body, record, facts)?;
        Ok(Effect::Era(Box::new(self.era_of(header, bytes, body)), BTreeSet::new()))
    }

    fn admit_era(&self, current: &Era, record: &Authentic<'_>, facts: &Facts<'_>) -> Result<Effect, Refusal> {
        let header = record.header();
        let bytes = record.payload()?;
        let body = EraBody::parse(bytes).map_err(|_| Refusal::Malformed("era"))?;
        if body.prev != current.id {
            return Err(Refusal::StaleEra { current: current.id });
        }
        if body.number != current.number.next() || body.suite != SUITE_1 {
            return Err(Refusal::Malformed("era number or suite"));
        }
        if body.member(header.author).is_none() {
            return Err(Refusal::Rule("the maker of an era stays in it"));
        }
        check_change(current, header, &body)?;
        check_pins(&body, record, facts)?;
        let approvals = self.check_approvals(current, &body)?;
        Ok(Effect::Era(Box::new(self.era_of(header, bytes, body)), approvals))
    }

    fn era_of(&self, header: &Header, bytes: &[u8], body: EraBody) -> Era {
        Era {
            id: hash::era(self.space, bytes),
            number: body.number,
            prev: body.prev,
            made_by: header.author,
            made_on: header.device,
            made_at: body.made_at,
            members: body.members,
            commitment: body.commitment,
        }
    }

    fn check_approvals(&self, current: &Era, body: &EraBody) -> Result<BTreeSet<ApprovalId>, Refusal> {
        let has_client = current.members.iter().any(|m| m.role == Role::Client);
        let added: Vec<&Member> =
            body.members.iter().filter(|m| current.member(m.account).is_none()).collect();
        if added.len() != body.approvals.len() {
            return Err(Refusal::Rule("every new reader needs one approval"));
        }
        let (mut used, mut named) = (BTreeSet::new(), BTreeSet::new());
        for signed in &body.approvals {
            let claimed = signed.peek().map_err(|_| Refusal::Malformed("approval"))?;
            let approver =
                current.member(claimed.approver).ok_or(Refusal::Rule("the approver is not a member"))?;
            let entitled = if has_client {
                approver.role == Role::Client
            } else {
                approver.role.treats() || approver.role.owns()
            };
            if !entitled {
                return Err(Refusal::Rule("this member cannot approve a new reader"));
            }
            let approval = signed.open(&approver.identity).map_err(|_| Refusal::Forged)?;
            self.check_approval(&approval, body, &added, has_client)?;
            // As many approvals as readers, each naming another: so none comes in on the approval of a second one.
            if !named.insert(approval.account) {
                return Err(Refusal::Rule("every new reader needs one approval"));
            }
            if self.approvals_used.contains(&approval.id) || !used.insert(approval.id) {
                return Err(Refusal::Rule("this approval was used before"));
            }
        }
        Ok(used)
    }

    fn check_approval(
        &self,
        approval: &Approval,
        body: &EraBody,
        added: &[&Member],
        has_client: bool,
    ) -> Result<(), Refusal> {
        let member = added
            .iter()
            .find(|m| m.account == approval.account)
            .ok_or(Refusal::Rule("the approval names somebody else"))?;
        if approval.space != self.space
            || approval.identity != member.identity
            || approval.role != member.role
        {
            return Err(Refusal::Rule("the approval names somebody else"));
        }
        if body.made_at < approval.starts_at || body.made_at >= approval.expires_at {
            return Err(Refusal::Rule("the approval is not valid at this time"));
        }
        let reads_care = member.role.treats();
        if (has_client && !reads_care) || member.role == Role::Client {
            return Err(Refusal::Rule("this role cannot be added as a reader"));
        }
        Ok(())
    }
}

fn admit_author(era: &Era, record: &Authentic<'_>) -> Result<(), Refusal> {
    let header = record.header();
    let member = era.member(header.author).ok_or(Refusal::NotMember)?;
    if member.identity != record.identity {
        return Err(Refusal::IdentityChanged);
    }
    if record.removed_by(member.card_version) {
        return Err(Refusal::DeviceNotListed);
    }
    if header.era != era.id {
        return Err(Refusal::StaleEra { current: era.id });
    }
    Ok(())
}

fn check_change(current: &Era, header: &Header, body: &EraBody) -> Result<(), Refusal> {
    let author = current.member(header.author).ok_or(Refusal::NotMember)?;
    let mut raised = false;
    for old in &current.members {
        match body.member(old.account) {
            Some(new) if new.identity != old.identity => return Err(Refusal::IdentityChanged),
            Some(new) if new.role != old.role => return Err(Refusal::Rule("a role cannot change")),
            Some(new) if new.card_version < old.card_version => {
                return Err(Refusal::Rule("an era cannot pin an older card"));
            }
            Some(new) => raised |= new.card_version > old.card_version,
            None if may_remove(author.role, old.role) => {}
            None => return Err(Refusal::Rule("this member cannot be removed by the author")),
        }
    }
    let removed = current.members.iter().any(|m| body.member(m.account).is_none());
    let added = body.members.iter().any(|m| current.member(m.account).is_none());
    match body.cause {
        Cause::Founding => Err(Refusal::Malformed("a founding era comes first")),
        Cause::Membership if removed || added => Ok(()),
        Cause::Card if raised && !removed && !added => Ok(()),
        Cause::Age | Cause::Void if !removed && !added => Ok(()),
        Cause::Membership | Cause::Card | Cause::Age | Cause::Void => {
            Err(Refusal::Rule("the cause of the era does not fit what it changes"))
        }
    }
}

fn may_remove(author: Role, removed: Role) -> bool {
    match author {
        Role::Client => true,
        Role::Owner | Role::Therapist | Role::Prescriber | Role::OwnerTherapist => removed != Role::Client,
        Role::FrontDesk => false,
    }
}

fn check_founders(body: &EraBody) -> Result<(), Refusal> {
    match body.members.as_slice() {
        [_] => Ok(()),
        [a, b] => {
            let pair = |x: &Member, y: &Member| match x.role {
                Role::Client => y.role.treats(),
                role => y.role.may_invite(role),
            };
            if pair(a, b) || pair(b, a) {
                Ok(())
            } else {
                Err(Refusal::Rule("these roles cannot share a space"))
            }
        }
        _ => Err(Refusal::Rule("a space is founded by one or two")),
    }
}

fn check_pins(body: &EraBody, record: &Authentic<'_>, facts: &Facts<'_>) -> Result<(), Refusal> {
    for member in &body.members {
        let unknown = Refusal::CardUnknown { account: member.account, version: member.card_version };
        let pin = (facts.card)(member.account, member.card_version).ok_or(unknown)?;
        if pin.hash != member.card_hash {
            return Err(Refusal::Rule("the era pins a card nobody else knows"));
        }
        if pin.identity != member.identity {
            return Err(Refusal::IdentityChanged);
        }
        if member.account == record.header().author && record.removed_by(member.card_version) {
            return Err(Refusal::DeviceNotListed);
        }
    }
    Ok(())
}
