//! One batch, judged inside the transaction.
//!
//! Owns the order of checks for an append (P3, P4, P9): repeat first, then membership, the log's own rules, and
//! what only the server can see. Refuses to know how anything is stored. Invariant: a refused record changes
//! nothing for the ones after it.

use super::append::{Appended, Extra, PreparedAppend};
use super::{ServiceError, is_active};
use crate::defects::{Defect, Defects};
use crate::store::{EraWrite, Known, NewRecord, RecordKey, SpaceView, SpaceWrite, View, Writes};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, EraId, Head, Millis, Seq, SpaceId, Version};
use sotto_protocol::limits::{ERA_AGE_MS_MAX, ERA_INTERVAL_MS_MIN, SPACES_MAX, TAKE_BACK_MS_MAX};
use sotto_protocol::log::{Admission, Effect, Era, Facts, LogState, Refusal, Target};
use sotto_protocol::record::{Cause, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// How much younger than [`ERA_AGE_MS_MAX`] an era may be, by the server's clock, when a member renews it.
pub(super) const ERA_AGE_SLACK_MS: u64 = 24 * 3600 * 1000;

/// Under which circumstances a record comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Written now.
    Append,
    /// Founding records that come with a registration.
    Registration,
    /// Handed back to a server that lost it.
    Restore,
}

struct Working {
    stored_members: BTreeSet<AccountId>,
    space: SpaceView,
    founded: bool,
    moved: bool,
    new_era: bool,
}

/// A batch being judged.
pub(super) struct BatchJudge<'a> {
    view: &'a View,
    way: Way,
    now: Millis,
    defects: Defects,
    spaces: BTreeMap<SpaceId, Working>,
    known: BTreeMap<RecordKey, Known>,
    heads: BTreeMap<(SpaceId, Seq), Head>,
    founded_by: BTreeMap<AccountId, usize>,
    writes: Writes,
}

impl<'a> BatchJudge<'a> {
    pub(super) fn new(view: &'a View, way: Way, now: Millis, defects: Defects) -> Self {
        Self {
            view,
            way,
            now,
            defects,
            spaces: BTreeMap::new(),
            known: BTreeMap::new(),
            heads: BTreeMap::new(),
            founded_by: BTreeMap::new(),
            writes: Writes::default(),
        }
    }

    /// What is to be stored.
    pub(super) fn finish(mut self) -> Writes {
        for (_, working) in self.spaces.into_iter().filter(|(_, working)| working.moved) {
            let SpaceView { practice, state, era_started } = working.space;
            let era = working.new_era.then(|| {
                let members: BTreeSet<_> =
                    state.era().into_iter().flat_map(|e| &e.members).map(|m| m.account).collect();
                EraWrite {
                    id: state.era().map_or(EraId::ZERO, |e| e.id),
                    started: era_started,
                    added: members.difference(&working.stored_members).copied().collect(),
                    removed: working.stored_members.difference(&members).copied().collect(),
                }
            });
            self.writes.spaces.push(SpaceWrite { practice, founded: working.founded, state, era });
        }
        self.writes
    }

    /// Judges the next record.
    pub(super) fn append(&mut self, prepared: &PreparedAppend, at: Millis) -> Result<Appended, ServiceError> {
        let key = prepared.key();
        let early = !self.defects.has(Defect::TrustIdempotencyAfterEra);
        let repeat = self.repeat(&key);
        if let (Some(repeat), true) = (repeat, early) {
            return Ok(repeat);
        }
        let founding = self.enter(prepared)?;
        let admission = self.admit(prepared)?;
        if let Some(repeat) = repeat {
            return Ok(repeat);
        }
        self.server_rules(prepared, &admission, founding, at)?;
        Ok(self.accept(prepared, admission, at, founding))
    }

    fn repeat(&self, key: &RecordKey) -> Option<Appended> {
        if self.defects.has(Defect::SkipIdempotency) {
            return None;
        }
        let known = self.known(key)?;
        let Known { seq, at, head, payload_hash, .. } = *known;
        Some(Appended { id: key.id, seq, head, at, payload_hash, repeat: true })
    }

    fn known(&self, key: &RecordKey) -> Option<&Known> {
        self.view.records.get(key).or_else(|| self.known.get(key))
    }

    /// Makes the space ready; true when the record founds it.
    fn enter(&mut self, prepared: &PreparedAppend) -> Result<bool, ServiceError> {
        let header = prepared.record().header();
        let founding = header.kind == Kind::Era && header.era == EraId::ZERO;
        if !self.spaces.contains_key(&header.space)
            && let Some(space) = self.view.spaces.get(&header.space)
        {
            let stored_members =
                space.state.era().into_iter().flat_map(|e| &e.members).map(|m| m.account).collect();
            let working = Working {
                stored_members,
                space: SpaceView::clone(space),
                founded: false,
                moved: false,
                new_era: false,
            };
            self.spaces.insert(header.space, working);
        }
        match self.spaces.get(&header.space) {
            Some(working) if !working.space.state.is_member(header.author) => {
                Err(ErrorCode::SpaceUnknown.into())
            }
            Some(_) if founding => Err(ErrorCode::SpaceExists.into()),
            Some(_) => Ok(false),
            None if founding => Ok(true),
            None => Err(ErrorCode::SpaceUnknown.into()),
        }
    }

    /// The log's own rules.
    fn admit(&self, prepared: &PreparedAppend) -> Result<Admission, Refusal> {
        let record = prepared.record();
        let header = record.header();
        let fresh;
        let state = if let Some(working) = self.spaces.get(&header.space) {
            &working.space.state
        } else {
            fresh = LogState::new(header.space);
            &fresh
        };
        let card = |account: AccountId, version: Version| self.view.cards.get(&(account, version)).copied();
        let target = prepared.target().and_then(|key| self.known(&key));
        let facts = Facts {
            seen_head: self.seen_head(state, header.space, header.seen.seq),
            repeated: false, // A repeat has had its answer.
            target: target.map(|known| Target { kind: known.kind, payload_hash: known.payload_hash }),
            card: &card,
        };
        match state.admit(&prepared.authentic().authentic(), &facts) {
            Err(refusal) if header.kind == Kind::Content && self.overlooks(&refusal) => {
                let (seq, head) = (state.seq().next(), record.head_after(state.head()));
                Ok(Admission { seq, head, effect: Effect::Content })
            }
            judged => judged,
        }
    }

    fn overlooks(&self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::StaleEra { .. } => self.defects.has(Defect::AcceptStaleEra),
            Refusal::SeenElsewhere | Refusal::SeenAhead => self.defects.has(Defect::SkipSeenCheck),
            _ => false,
        }
    }

    fn seen_head(&self, state: &LogState, space: SpaceId, seq: Seq) -> Option<Head> {
        if seq == Seq::ZERO {
            return Some(hash::head_zero(space));
        }
        if seq == state.seq() {
            return Some(state.head());
        }
        self.heads.get(&(space, seq)).or_else(|| self.view.heads.get(&(space, seq))).copied()
    }

    /// What only the server can judge.
    fn server_rules(
        &self,
        prepared: &PreparedAppend,
        admission: &Admission,
        founding: bool,
        at: Millis,
    ) -> Result<(), ServiceError> {
        let header = prepared.record().header();
        if self.way == Way::Restore {
            return self.restore_rules(prepared, admission, founding, at);
        }
        if prepared.record().payload().is_none() {
            return Err(ErrorCode::Malformed.into());
        }
        let author = self.view.accounts.get(&header.author).ok_or(ErrorCode::AccountUnknown)?;
        if self.way == Way::Append
            && !self.defects.has(Defect::SkipCardCheck)
            && !is_active(author, header.device)
        {
            return Err(ErrorCode::DeviceNotListed.into());
        }
        match &admission.effect {
            Effect::Content => self.floors(header.space),
            Effect::Drop(_) => {
                self.floors(header.space)?;
                self.take_back(prepared, at)
            }
            Effect::Join(_) if self.way == Way::Registration => Ok(()),
            Effect::Join(_) => Err(ErrorCode::RuleForbids.into()),
            Effect::Era(era, _) => {
                let alone = era.members.len() == 1;
                if founding && alone != (self.way == Way::Append) {
                    return Err(ErrorCode::RuleForbids.into());
                }
                self.era_rules(prepared, era, founding)
            }
        }
    }

    fn take_back(&self, prepared: &PreparedAppend, at: Millis) -> Result<(), ServiceError> {
        let target = prepared.target().and_then(|key| self.known(&key)).ok_or(ErrorCode::TargetUnknown)?;
        if at.since(target.at) > TAKE_BACK_MS_MAX { Err(ErrorCode::TakeBackTooLate.into()) } else { Ok(()) }
    }

    fn restore_rules(
        &self,
        prepared: &PreparedAppend,
        admission: &Admission,
        founding: bool,
        at: Millis,
    ) -> Result<(), ServiceError> {
        match &admission.effect {
            // A space of two begins with a registration, and nobody can hand that in for another.
            Effect::Era(era, _) if founding && era.members.len() != 1 => Err(ErrorCode::RuleForbids.into()),
            Effect::Era(era, _) => {
                self.members_fit(prepared, era, founding)?;
                self.era_interval(prepared, at)
            }
            Effect::Drop(_) => self.take_back(prepared, at),
            Effect::Content | Effect::Join(_) => Ok(()),
        }
    }

    /// Every pinned card must be at least that from which on the member's readers are the same.
    fn floors(&self, space: SpaceId) -> Result<(), ServiceError> {
        if self.defects.has(Defect::SkipCardCheck) {
            return Ok(());
        }
        let era = self.spaces.get(&space).and_then(|w| w.space.state.era());
        let low = |m: &sotto_protocol::record::Member| {
            self.view.accounts.get(&m.account).is_none_or(|a| m.card_version < a.card.card().era_floor())
        };
        if era.is_some_and(|era| era.members.iter().any(low)) {
            Err(ErrorCode::EraRequired.into())
        } else {
            Ok(())
        }
    }

    fn era_rules(&self, prepared: &PreparedAppend, era: &Era, founding: bool) -> Result<(), ServiceError> {
        let header = prepared.record().header();
        let Extra::Era { cause, members } = prepared.extra() else {
            return Err(ErrorCode::Malformed.into());
        };
        for (account, version) in members {
            let known = self.view.accounts.get(account).ok_or(ErrorCode::AccountUnknown)?;
            // Any card since the last removal or renewal has the same readers and the same sealing key.
            if *version < known.card.card().era_floor() && !self.defects.has(Defect::SkipCardCheck) {
                return Err(ErrorCode::StaleCard.into());
            }
        }
        self.members_fit(prepared, era, founding)?;
        self.era_interval(prepared, self.now)?;
        if *cause != Cause::Age {
            return Ok(());
        }
        let started = self.spaces.get(&header.space).map_or(Millis::ZERO, |w| w.space.era_started);
        if self.now.since(started) < ERA_AGE_MS_MAX - ERA_AGE_SLACK_MS {
            return Err(ErrorCode::RuleForbids.into());
        }
        Ok(())
    }

    /// Members are accounts of one practice, as what they are there, and have room for the space.
    fn members_fit(&self, prepared: &PreparedAppend, era: &Era, founding: bool) -> Result<(), ServiceError> {
        let header = prepared.record().header();
        let author = self.view.accounts.get(&header.author).ok_or(ErrorCode::AccountUnknown)?;
        for member in &era.members {
            let known = self.view.accounts.get(&member.account).ok_or(ErrorCode::AccountUnknown)?;
            if known.practice != author.practice || known.role != member.role {
                return Err(ErrorCode::RuleForbids.into());
            }
            self.space_limit(header.space, member.account, founding)?;
        }
        Ok(())
    }

    /// One member makes an age or void era at most once an hour.
    fn era_interval(&self, prepared: &PreparedAppend, at: Millis) -> Result<(), ServiceError> {
        let Extra::Era { cause: Cause::Age | Cause::Void, .. } = prepared.extra() else { return Ok(()) };
        let header = prepared.record().header();
        let place = (header.space, header.author);
        let stored = self.view.era_makes.get(&place).copied();
        let made = self
            .writes
            .era_makes
            .iter()
            .rev()
            .find(|(s, a, _)| (*s, *a) == place)
            .map_or(stored, |m| Some(m.2));
        match made
            .and_then(|made| made.plus(ERA_INTERVAL_MS_MIN).0.checked_sub(at.0))
            .filter(|wait| *wait > 0)
        {
            Some(wait) => Err(ServiceError::later(ErrorCode::RateLimited, wait)),
            None => Ok(()),
        }
    }

    fn space_limit(&self, space: SpaceId, account: AccountId, founding: bool) -> Result<(), ServiceError> {
        let inside = self.spaces.get(&space).is_some_and(|w| w.space.state.is_member(account));
        if inside && !founding {
            return Ok(());
        }
        let stored = self.view.space_counts.get(&account).copied().unwrap_or_default();
        let new = self.founded_by.get(&account).copied().unwrap_or_default();
        if stored + new >= SPACES_MAX { Err(ErrorCode::LimitExceeded.into()) } else { Ok(()) }
    }

    fn accept(
        &mut self,
        prepared: &PreparedAppend,
        admission: Admission,
        at: Millis,
        founding: bool,
    ) -> Appended {
        let record = prepared.record();
        let header = record.header();
        let (seq, head) = (admission.seq, admission.head);
        if let Extra::Era { cause: Cause::Age | Cause::Void, .. } = prepared.extra() {
            self.writes.era_makes.push((header.space, header.author, at));
        }
        if let Effect::Drop(_) = &admission.effect
            && let Some(target) = prepared.target().and_then(|key| self.known(&key)).map(|known| known.seq)
            && !self.defects.has(Defect::KeepPayloadOnDrop)
        {
            self.writes.dropped.push((header.space, target));
        }
        let new_era = matches!(admission.effect, Effect::Era(..));
        let practice = self
            .view
            .accounts
            .get(&header.author)
            .map_or(sotto_protocol::ids::PracticeId::ZERO, |a| a.practice);
        let working = self.spaces.entry(header.space).or_insert_with(|| Working {
            stored_members: BTreeSet::new(),
            space: SpaceView { practice, state: LogState::new(header.space), era_started: at },
            founded: true,
            moved: true,
            new_era: true,
        });
        working.moved = true;
        working.space.state.apply(admission);
        if new_era {
            working.new_era = true;
            working.space.era_started = at;
            if let (Extra::Era { members, .. }, true) = (prepared.extra(), founding) {
                for (account, _) in members {
                    *self.founded_by.entry(*account).or_default() += 1;
                }
            }
        }
        let practice = working.space.practice;
        self.heads.insert((header.space, seq), head);
        let known = Known { seq, at, head, kind: header.kind, payload_hash: header.payload_hash };
        self.known.insert(prepared.key(), known);
        self.writes.records.push(NewRecord { seq, at, head, practice, record: record.clone() });
        Appended { id: header.id, seq, head, at, payload_hash: header.payload_hash, repeat: false }
    }
}
