//! Reading spaces.
//!
//! Owns who may read. Invariant: a space one is not a member of and one that does not exist are answered alike.

use super::wire::{Frame, page_frame};
use super::{Service, ServiceError, Speaker};
use crate::defects::Defect;
use crate::store::{PageRow, SpaceView};
use sotto_protocol::codec::Bytes;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{Ephemeral, Req, ServerBody, SpaceHead, Stored};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, EraId, Seq, SpaceId};
use sotto_protocol::label::Label;
use sotto_protocol::limits::{PAGE_BYTES_MAX, PAGE_RECORDS_MAX};
use sotto_protocol::record::{Record, Seen};
use std::sync::Arc;

impl Service {
    /// A space, for one of its members.
    pub(super) async fn space_of(
        &self,
        account: AccountId,
        space: SpaceId,
    ) -> Result<Arc<SpaceView>, ServiceError> {
        let view = self.store.space(space).await?.ok_or(ErrorCode::SpaceUnknown)?;
        if view.state.is_member(account) || self.defects.has(Defect::SkipMembership) {
            Ok(view)
        } else {
            Err(ErrorCode::SpaceUnknown.into())
        }
    }

    /// Where a space stands, for one of its members.
    pub async fn space_head(&self, account: AccountId, space: SpaceId) -> Result<SpaceHead, ServiceError> {
        let view = self.space_of(account, space).await?;
        Ok(head_of(&view))
    }

    /// Where an account's spaces stand.
    pub async fn spaces_of(&self, account: AccountId) -> Result<Vec<SpaceHead>, ServiceError> {
        Ok(self.store.spaces_of(account).await?)
    }

    /// True when an ephemeral frame may be relayed: signed by the device that speaks, a member, for the current
    /// era. A wrong signature is an error, the rest a race that costs nothing.
    pub async fn check_ephemeral(&self, who: Speaker, frame: &Ephemeral) -> Result<bool, ServiceError> {
        if frame.author != who.account || frame.device != who.device {
            return Err(ErrorCode::Forged.into());
        }
        let Some(view) = self.store.space(frame.space).await? else { return Ok(false) };
        if !view.state.is_member(who.account) || view.state.era().is_none_or(|era| era.id != frame.era) {
            return Ok(false);
        }
        let account = self.store.account(who.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        let device = account.card.card().device(frame.device).ok_or(ErrorCode::DeviceNotListed)?;
        let message = Ephemeral::message(frame.space, frame.era, frame.author, frame.device, &frame.body);
        device.key.verify(Label::SignEphemeral, &message, &frame.signature).map_err(|_| ErrorCode::Forged)?;
        Ok(true)
    }

    /// A `Page` frame with records after a position, for a member.
    pub async fn page(
        &self,
        account: AccountId,
        req: Req,
        space: SpaceId,
        after: Seq,
        limit: u32,
    ) -> Result<Frame, ServiceError> {
        let view = self.space_of(account, space).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, PAGE_RECORDS_MAX);
        let mut rows = self.store.page(space, after, limit, PAGE_BYTES_MAX).await?;
        let head = head_of(&view);
        // What was stored after the head was read comes with the next page.
        rows.retain(|row| row.seq <= head.seq);
        Ok(page_frame(self.incarnation, req, &rows, &head))
    }

    /// A `Newest` frame with the last records, for a member: as many as were asked for and fit into a page.
    pub async fn newest(
        &self,
        account: AccountId,
        req: Req,
        space: SpaceId,
        limit: u32,
    ) -> Result<Frame, ServiceError> {
        let view = self.space_of(account, space).await?;
        let head = head_of(&view);
        let mut count = u64::from(limit).clamp(1, u64::try_from(PAGE_RECORDS_MAX).unwrap_or(1));
        // Long messages: fewer of them, until the last is among them.
        let (after, rows) = loop {
            let after = Seq(head.seq.0.saturating_sub(count));
            let wanted = usize::try_from(count).unwrap_or(PAGE_RECORDS_MAX);
            let mut rows = self.store.page(space, after, wanted, PAGE_BYTES_MAX).await?;
            rows.retain(|row| row.seq <= head.seq);
            if count == 1 || rows.last().is_none_or(|row| row.seq == head.seq) {
                break (after, rows);
            }
            count = count.div_ceil(2);
        };
        let ground = self.store.ground(space, after).await?;
        let (base, era) = match ground {
            Some((head, era)) => (head, Some(Box::new(stored(era)?))),
            None => (hash::head_zero(space), None),
        };
        let base = Seen { seq: after, head: base };
        let records = rows.into_iter().map(stored).collect::<Result<_, _>>()?;
        Ok(self.frame(ServerBody::Newest { req, base, era, records, head }))
    }
}

/// A row as it was handed in.
fn stored(row: PageRow) -> Result<Stored, ServiceError> {
    let payload = row.payload.map(Bytes::new).transpose().map_err(|_| ErrorCode::Internal)?;
    let record = Record::from_parts(row.header, row.signature, payload).map_err(|_| ErrorCode::Internal)?;
    Ok(Stored { seq: row.seq, at: row.at, record })
}

/// Where a space stands.
pub(super) fn head_of(view: &SpaceView) -> SpaceHead {
    let state = &view.state;
    let era = state.era().map_or(EraId::ZERO, |era| era.id);
    SpaceHead { space: state.space(), seq: state.seq(), head: state.head(), era }
}
