//! Appending records.
//!
//! Owns [`PreparedAppend`] (verified, outside any transaction) and [`Service::append_batch`] (judged and stored,
//! inside one). Invariant: one bad record never fails its batch; a record is published only after it is on disk.

use super::judge::{BatchJudge, Way};
use super::wire::{Frame, push_frames};
use super::{Service, ServiceError, Speaker};
use crate::defects::Defects;
use crate::store::{Needs, RecordKey, View, Writes};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::SpaceHead;
use sotto_protocol::ids::{AccountId, EraId, Hash, Head, Millis, RecordId, Seq, SpaceId, Version};
use sotto_protocol::log::AuthenticRecord;
use sotto_protocol::record::{Cause, Drop, EraBody, Kind, Member, Payload, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a record needs besides its space.
#[derive(Clone, Debug)]
pub(super) enum Extra {
    /// Nothing.
    None,
    /// The record it drops.
    Drop(RecordId),
    /// Cards of its members.
    Era {
        /// Why it began.
        cause: Cause,
        /// Members and the card versions pinned.
        members: Vec<(AccountId, Version)>,
    },
}

/// A record whose signature and payload hash were verified.
#[derive(Clone, Debug)]
pub struct PreparedAppend {
    record: AuthenticRecord,
    extra: Extra,
}

impl PreparedAppend {
    pub(super) fn new(record: AuthenticRecord) -> Result<Self, ServiceError> {
        let payload = record.record().payload().map(Payload::as_slice);
        let extra = match (record.record().header().kind, payload) {
            (Kind::Drop, Some(bytes)) => {
                Extra::Drop(Drop::parse(bytes).map_err(|_| ErrorCode::Malformed)?.target)
            }
            (Kind::Era, Some(bytes)) => {
                let body = EraBody::parse(bytes).map_err(|_| ErrorCode::Malformed)?;
                let members = body.members.iter().map(|m| (m.account, m.card_version)).collect();
                Extra::Era { cause: body.cause, members }
            }
            (Kind::Drop | Kind::Era | Kind::Join, None) => return Err(ErrorCode::Malformed.into()),
            (Kind::Content | Kind::Join | Kind::Rejoin | Kind::Unknown(_), _) => Extra::None,
        };
        Ok(Self { record, extra })
    }

    /// The record.
    pub fn record(&self) -> &Arc<Record> {
        self.record.record()
    }

    /// What makes it unique.
    pub fn key(&self) -> RecordKey {
        let header = self.record().header();
        RecordKey { space: header.space, author: header.author, id: header.id }
    }

    pub(super) fn authentic(&self) -> &AuthenticRecord {
        &self.record
    }

    pub(super) fn extra(&self) -> &Extra {
        &self.extra
    }

    /// The record that this one drops.
    pub(super) fn target(&self) -> Option<RecordKey> {
        match self.extra {
            Extra::Drop(id) => Some(RecordKey { id, ..self.key() }),
            Extra::None | Extra::Era { .. } => None,
        }
    }

    /// Adds what judging this record needs.
    pub(super) fn add_needs(&self, needs: &mut Needs) {
        let header = self.record().header();
        let space = header.space;
        needs.spaces.insert(space);
        needs.accounts.insert(header.author);
        needs.records.insert(self.key());
        if header.seen.seq > Seq::ZERO {
            needs.heads.insert((space, header.seen.seq));
        }
        needs.records.extend(self.target());
        if let Extra::Era { cause, members } = &self.extra {
            needs.cards.extend(members);
            needs.accounts.extend(members.iter().map(|(account, _)| *account));
            needs.space_counts.extend(members.iter().map(|(account, _)| *account));
            if matches!(cause, Cause::Age | Cause::Void) {
                needs.era_makers.insert((space, header.author));
            }
        }
    }
}

/// A record that is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Record.
    pub id: RecordId,
    /// Position.
    pub seq: Seq,
    /// Head after it.
    pub head: Head,
    /// When it was stored.
    pub at: Millis,
    /// Payload hash of what is stored.
    pub payload_hash: Hash,
    /// True when it was stored before.
    pub repeat: bool,
}

/// What is new in a space.
#[derive(Clone, Debug)]
pub struct Published {
    /// Where it stands now.
    pub head: SpaceHead,
    /// The members who have something new to read: that somebody else wrote.
    pub concerned: BTreeSet<AccountId>,
    /// Encoded `Push` frames, in order.
    pub frames: Vec<Frame>,
    /// The members, when they may have changed.
    pub members: Option<BTreeSet<AccountId>>,
    /// Who came in.
    pub added: BTreeSet<AccountId>,
    /// For those who leave: `Push` frames up to the era that may have removed them, and nothing after it.
    pub parting: Vec<Frame>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchOutcome {
    /// One result per record, in order.
    pub results: Vec<Result<Appended, ServiceError>>,
    /// What to tell others, by space.
    pub published: Vec<Published>,
}

impl Service {
    /// Verifies a record that a device wants appended. It must be the device's own.
    pub async fn prepare(&self, speaker: Speaker, record: Record) -> Result<PreparedAppend, ServiceError> {
        let header = record.header();
        if header.author != speaker.account {
            return Err(ErrorCode::Forged.into());
        }
        if header.device != speaker.device {
            return Err(ErrorCode::DeviceNotListed.into());
        }
        let card = self.store.card(header.author, None).await?.ok_or(ErrorCode::AccountUnknown)?;
        PreparedAppend::new(AuthenticRecord::check(Arc::new(record), &card)?)
    }

    /// Judges and stores a batch in one transaction. When that fails as a whole, every record gets the error.
    pub async fn append_batch(&self, batch: &[PreparedAppend], now: Millis) -> BatchOutcome {
        let mut needs = Needs::default();
        for prepared in batch {
            prepared.add_needs(&mut needs);
        }
        let mut results = Vec::new();
        let mut published = Vec::new();
        let defects = self.defects;
        let mut judge = |view: &View| {
            let writes;
            (results, writes) = judge_batch(batch, view, now, defects);
            published = self.publish(&writes);
            writes
        };
        match self.store.append(&needs, &mut judge).await {
            Ok(()) => BatchOutcome { results, published },
            Err(error) => {
                let error = ServiceError::from(error);
                BatchOutcome { results: batch.iter().map(|_| Err(error)).collect(), published: Vec::new() }
            }
        }
    }

    /// What others are told once `writes` is on disk.
    pub(super) fn publish(&self, writes: &Writes) -> Vec<Published> {
        let mut records: BTreeMap<SpaceId, Vec<(Seq, Millis, Arc<Record>)>> = BTreeMap::new();
        for new in &writes.records {
            records.entry(new.record.header().space).or_default().push((new.seq, new.at, new.record.clone()));
        }
        let publish = |write: &crate::store::SpaceWrite| {
            let state = &write.state;
            let era = state.era();
            let head = SpaceHead {
                space: state.space(),
                seq: state.seq(),
                head: state.head(),
                era: era.map_or(EraId::ZERO, |e| e.id),
            };
            let new = records.get(&head.space).map_or(&[][..], Vec::as_slice);
            let members = write
                .era
                .is_some()
                .then(|| era.into_iter().flat_map(|e| &e.members).map(|m| m.account).collect());
            let added = write.era.as_ref().map(|e| e.added.clone()).unwrap_or_default();
            let first_era = new.iter().position(|(_, _, record)| record.header().kind == Kind::Era);
            let until = match &write.era {
                Some(era) if !era.removed.is_empty() => first_era.map_or(0, |at| at + 1),
                Some(_) | None => 0,
            };
            let parting = push_frames(self.incarnation, head.space, new.get(..until).unwrap_or_default());
            Published {
                head,
                concerned: concerned(era.map_or(&[], |e| &e.members), new),
                frames: push_frames(self.incarnation, head.space, new),
                members,
                added,
                parting,
            }
        };
        writes.spaces.iter().map(publish).collect()
    }
}

/// Members for whom somebody else has written. Eras and drops come about by themselves.
fn concerned(members: &[Member], new: &[(Seq, Millis, Arc<Record>)]) -> BTreeSet<AccountId> {
    let readable = |record: &&Arc<Record>| matches!(record.header().kind, Kind::Content | Kind::Join);
    let authors: BTreeSet<_> =
        new.iter().map(|(_, _, record)| record).filter(readable).map(|r| r.header().author).collect();
    let others = |account: &AccountId| authors.iter().any(|author| author != account);
    members.iter().map(|member| member.account).filter(others).collect()
}

type Judged = (Vec<Result<Appended, ServiceError>>, Writes);

fn judge_batch(batch: &[PreparedAppend], view: &View, now: Millis, defects: Defects) -> Judged {
    let mut judge = BatchJudge::new(view, Way::Append, now, defects);
    let results = batch.iter().map(|prepared| judge.append(prepared, now)).collect();
    (results, judge.finish())
}
