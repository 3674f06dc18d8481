//! Healing a server that was set back (P11).
//!
//! Owns taking records back at their old positions. Invariant: all or nothing; each record is judged by the state
//! at its position, by the same function as an append; the time given is never in the future.

use super::append::{PreparedAppend, Published};
use super::judge::{BatchJudge, Way};
use super::read::head_of;
use super::{Service, ServiceError, Speaker};
use crate::store::{Needs, View, Writes};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{SpaceHead, Stored};
use sotto_protocol::ids::{Millis, Seq, SpaceId};
use sotto_protocol::limits::PAGE_RECORDS_MAX;
use sotto_protocol::log::AuthenticRecord;
use std::sync::Arc;

impl Service {
    /// Stores records right after the space's head. Records that are there already, and are the same, are skipped.
    pub async fn restore(
        &self,
        who: Speaker,
        space: SpaceId,
        records: Vec<Stored>,
        now: Millis,
    ) -> Result<(SpaceHead, Vec<Published>), ServiceError> {
        if records.len() > PAGE_RECORDS_MAX {
            return Err(ErrorCode::LimitExceeded.into());
        }
        let stored = self.store.space(space).await?;
        let position = stored.as_ref().map_or(Seq::ZERO, |view| view.state.seq());
        if stored.as_ref().is_some_and(|view| !view.state.is_member(who.account)) {
            return Err(ErrorCode::SpaceUnknown.into());
        }
        let rest = self.skip_present(space, position, records).await?;
        let mut prepared = Vec::with_capacity(rest.len());
        // Times never run backwards, or the take-back limit could be walked around.
        let mut at = self.stored_at(space, position).await?;
        for (expected, stored) in (position.0.saturating_add(1)..).zip(rest) {
            let header = stored.record.header();
            if stored.seq != Seq(expected) || header.space != space {
                return Err(ErrorCode::RestoreRefused.into());
            }
            let card = self.store.card(header.author, None).await?.ok_or(ErrorCode::AccountUnknown)?;
            let record = AuthenticRecord::check(Arc::new(stored.record), &card)?;
            at = stored.at.min(now).max(at);
            prepared.push((stored.seq, PreparedAppend::new(record)?, at));
        }
        let published =
            if prepared.is_empty() { Vec::new() } else { self.store_restored(who, &prepared, now).await? };
        let view = self.store.space(space).await?.ok_or(ErrorCode::SpaceUnknown)?;
        if !view.state.is_member(who.account) {
            return Err(ErrorCode::SpaceUnknown.into());
        }
        Ok((head_of(&view), published))
    }

    async fn stored_at(&self, space: SpaceId, seq: Seq) -> Result<Millis, ServiceError> {
        if seq == Seq::ZERO {
            return Ok(Millis::ZERO);
        }
        let rows = self.store.page(space, Seq(seq.0.saturating_sub(1)), 1, 0).await?;
        Ok(rows.first().map_or(Millis::ZERO, |row| row.at))
    }

    /// Leaves out the records up to `position`, which must be those that are stored there.
    async fn skip_present(
        &self,
        space: SpaceId,
        position: Seq,
        records: Vec<Stored>,
    ) -> Result<Vec<Stored>, ServiceError> {
        let (present, rest): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|stored| stored.seq <= position);
        let Some(first) = present.first() else {
            return Ok(rest);
        };
        let mut after = Seq(first.seq.0.saturating_sub(1));
        let mut wanted = present.iter().peekable();
        while wanted.peek().is_some() {
            let page = self.store.page(space, after, PAGE_RECORDS_MAX, usize::MAX).await?;
            let last = page.last().ok_or(ErrorCode::RestoreRefused)?.seq;
            for row in &page {
                let Some(given) = wanted.next() else { break };
                let same =
                    given.record.header_bytes() == row.header && *given.record.signature() == row.signature;
                if given.seq != row.seq || !same {
                    return Err(ErrorCode::RestoreRefused.into());
                }
            }
            after = last;
        }
        Ok(rest)
    }

    async fn store_restored(
        &self,
        who: Speaker,
        records: &[(Seq, PreparedAppend, Millis)],
        now: Millis,
    ) -> Result<Vec<Published>, ServiceError> {
        let mut needs = Needs::default();
        for (_, prepared, _) in records {
            prepared.add_needs(&mut needs);
        }
        let defects = self.defects;
        let mut outcome = Err(ServiceError::from(ErrorCode::Internal));
        let mut judge = |view: &View| {
            let mut judge = BatchJudge::new(view, Way::Restore, now, defects);
            let judged = records.iter().try_for_each(|(seq, prepared, at)| {
                let appended = judge.append(prepared, *at)?;
                if appended.seq == *seq && !appended.repeat {
                    Ok(())
                } else {
                    Err(ErrorCode::RestoreRefused.into())
                }
            });
            let writes = judge.finish();
            // Nobody founds a space for others.
            let own = writes.spaces.iter().all(|w| !w.founded || w.state.is_member(who.account));
            let judged = judged.and(if own { Ok(()) } else { Err(ErrorCode::RestoreRefused.into()) });
            match judged {
                Ok(()) => {
                    outcome = Ok(self.publish(&writes));
                    writes
                }
                Err(error) => {
                    outcome = Err(restore_error(error));
                    Writes::default()
                }
            }
        };
        self.store.append(&needs, &mut judge).await?;
        outcome
    }
}

/// What does not continue the chain is `RestoreRefused`; a missing card is said, so that it can be handed in.
fn restore_error(error: ServiceError) -> ServiceError {
    match error.code {
        ErrorCode::StaleEra
        | ErrorCode::SeenElsewhere
        | ErrorCode::SeenAhead
        | ErrorCode::SpaceExists
        | ErrorCode::SpaceUnknown => ErrorCode::RestoreRefused.into(),
        _ => error,
    }
}
