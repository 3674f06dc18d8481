//! Reading spaces and their records, and cursors.

use super::SqlStore;
use super::append::space_of;
use crate::db::{DbError, Row, insert_rows, query};
use crate::store::{PageRow, SpaceView};
use sotto_protocol::frame::SpaceHead;
use sotto_protocol::ids::{AccountId, DeviceId, Head, Seq, SpaceId};
use sotto_protocol::record::Kind;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Records read at once; a page of long ones does not read many in vain.
const PIECE: usize = 64;

impl SqlStore {
    pub(super) async fn read_space(&self, id: SpaceId) -> Result<Option<Arc<SpaceView>>, DbError> {
        if let Some(view) = self.hot.space(id).filter(|_| self.is_alone()) {
            return Ok(Some(view));
        }
        let moment = self.hot.moment();
        let mut reader = self.db.read().await?;
        let sql = "SELECT id, practice_id, seq, head, era_started, state FROM spaces WHERE id = $1";
        let Some(row) = query(sql).bind(id).fetch_optional(&mut reader).await? else { return Ok(None) };
        let view = Arc::new(space_of(&row)?);
        if self.is_alone() {
            self.hot.keep_space(&view, moment);
        }
        Ok(Some(view))
    }

    pub(super) async fn read_spaces_of(&self, account: AccountId) -> Result<Vec<SpaceHead>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT s.id, s.seq, s.head, s.era FROM members m JOIN spaces s ON s.id = m.space
            WHERE m.account = $1 ORDER BY s.id";
        let rows = query(sql).bind(account).fetch_all(&mut reader).await?;
        let head = |row: &crate::db::Row| {
            Ok(SpaceHead { space: row.get(0)?, seq: row.get(1)?, head: row.get(2)?, era: row.get(3)? })
        };
        rows.iter().map(head).collect()
    }

    pub(super) async fn read_sharing_with(&self, account: AccountId) -> Result<BTreeSet<AccountId>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT DISTINCT o.account FROM members m JOIN members o ON o.space = m.space WHERE m.account = $1";
        let rows = query(sql).bind(account).fetch_all(&mut reader).await?;
        let mut sharing =
            rows.iter().map(|row| row.get::<AccountId>(0)).collect::<Result<BTreeSet<_>, _>>()?;
        sharing.insert(account);
        Ok(sharing)
    }

    pub(super) async fn read_spaces_after(
        &self,
        after: Option<SpaceId>,
        limit: usize,
    ) -> Result<Vec<SpaceId>, DbError> {
        let mut reader = self.db.read().await?;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let query = match after {
            Some(after) => {
                query("SELECT id FROM spaces WHERE id > $1 ORDER BY id LIMIT $2").bind(after).bind(limit)
            }
            None => query("SELECT id FROM spaces ORDER BY id LIMIT $1").bind(limit),
        };
        query.fetch_all(&mut reader).await?.iter().map(|row| row.get(0)).collect()
    }

    pub(super) async fn read_page(
        &self,
        space: SpaceId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<PageRow>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT seq, stored_at, header, signature, payload FROM records
            WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let mut page: Vec<PageRow> = Vec::new();
        let mut bytes = 0;
        loop {
            let piece = limit.saturating_sub(page.len()).min(PIECE);
            let from = page.last().map_or(after, |row| row.seq);
            let wanted = u64::try_from(piece).unwrap_or(u64::MAX);
            let rows = query(sql).bind(space).bind(from).bind(wanted).fetch_all(&mut reader).await?;
            let last = rows.len() < piece || piece == 0;
            for row in &rows {
                let row = page_row(row)?;
                bytes += row.size();
                if bytes > bytes_max && !page.is_empty() {
                    return Ok(page);
                }
                page.push(row);
            }
            if last {
                return Ok(page);
            }
        }
    }

    /// An era lasts a week, so what is looked through for its record is bounded by what people write in that time.
    pub(super) async fn read_ground(
        &self,
        space: SpaceId,
        seq: Seq,
    ) -> Result<Option<(Head, PageRow)>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT head FROM records WHERE space = $1 AND seq = $2";
        let head = query(sql).bind(space).bind(seq).fetch_optional(&mut reader).await?;
        let sql = "SELECT seq, stored_at, header, signature, payload FROM records
            WHERE space = $1 AND seq <= $2 AND kind = $3 ORDER BY seq DESC LIMIT 1";
        let kind = u32::from(Kind::Era.code());
        let era = query(sql).bind(space).bind(seq).bind(kind).fetch_optional(&mut reader).await?;
        match (head, era) {
            (Some(head), Some(era)) => Ok(Some((head.get(0)?, page_row(&era)?))),
            _ => Ok(None),
        }
    }

    pub(super) async fn count_records(&self) -> Result<u64, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT CAST(COALESCE(sum(seq), 0) AS BIGINT) FROM spaces";
        query(sql).fetch_one(&mut reader).await?.get(0)
    }

    pub(super) async fn read_heads(
        &self,
        space: SpaceId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<(Seq, Head)>, DbError> {
        let mut reader = self.db.read().await?;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let sql = "SELECT seq, head FROM records WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let rows = query(sql).bind(space).bind(after).bind(limit).fetch_all(&mut reader).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    pub(super) async fn try_put_cursors(&self, cursors: &[(DeviceId, SpaceId, Seq)]) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let rows =
            cursors.iter().map(|(device, space, seq)| [(*device).into(), (*space).into(), (*seq).into()]);
        let head = "INSERT INTO cursors (device, space, seq) VALUES";
        insert_rows(&mut tx, head, rows, "ON CONFLICT (device, space) DO UPDATE SET seq = excluded.seq")
            .await?;
        tx.commit().await
    }

    pub(super) async fn read_cursor(&self, device: DeviceId, space: SpaceId) -> Result<Option<Seq>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT seq FROM cursors WHERE device = $1 AND space = $2";
        let row = query(sql).bind(device).bind(space).fetch_optional(&mut reader).await?;
        row.map(|row| row.get(0)).transpose()
    }
}

fn page_row(row: &Row) -> Result<PageRow, DbError> {
    Ok(PageRow {
        seq: row.get(0)?,
        at: row.get(1)?,
        header: row.get(2)?,
        signature: row.get(3)?,
        payload: row.get(4)?,
    })
}
