//! Appending: loading what a judge needs, storing what it decided.

use super::hot::Moment;
use super::{SqlStore, state_bytes, state_from_bytes};
use crate::db::{DbError, Query, Row, Source, Tx, Value, chunks, insert_rows, query, query_in, query_rows};
use crate::store::{EraWrite, Known, Needs, NewRecord, RecordKey, SpaceView, SpaceWrite, View, Writes};
use sotto_protocol::ids::{AccountId, Hash, Head, Millis, PracticeId, RecordId, Seq, SpaceId, Version};
use sotto_protocol::log::CardPin;
use sotto_protocol::record::{Kind, Payload};
use sotto_protocol::sign::PublicKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const SPACE: &str = "SELECT id, practice_id, seq, head, era_started, state FROM spaces WHERE id IN";

pub(super) fn space_of(row: &Row) -> Result<SpaceView, DbError> {
    let (seq, head) = (row.get::<Seq>(2)?, row.get::<Head>(3)?);
    let state = state_from_bytes(&row.get::<Vec<u8>>(5)?, seq, head)?;
    if state.space() != row.get::<SpaceId>(0)? {
        return Err(super::damaged("a space's state belongs to another"));
    }
    Ok(SpaceView { practice: row.get::<PracticeId>(1)?, state, era_started: row.get::<Millis>(4)? })
}

/// Runs `query` over pieces of `rows` whose sizes the drivers have seen before.
pub(super) async fn fetch_rows<'q, const N: usize>(
    source: &mut impl Source,
    head: &'static str,
    rows: impl IntoIterator<Item = [Value<'q>; N]>,
    tail: &'static str,
) -> Result<Vec<Row>, DbError> {
    let rows: Vec<_> = rows.into_iter().collect();
    let sizes = chunks(rows.len());
    let mut rows = rows.into_iter();
    let mut found = Vec::new();
    for size in sizes {
        found.extend(query_rows(head, rows.by_ref().take(size).collect(), tail).fetch_all(source).await?);
    }
    Ok(found)
}

/// The same for `IN`.
pub(super) async fn fetch_in<'q>(
    source: &mut impl Source,
    head: &'static str,
    values: Vec<Value<'q>>,
    tail: &'static str,
    finish: fn(Query<'q>) -> Query<'q>,
) -> Result<Vec<Row>, DbError> {
    let sizes = chunks(values.len());
    let mut values = values.into_iter();
    let mut found = Vec::new();
    for size in sizes {
        let part = query_in(head, values.by_ref().take(size).collect(), tail);
        found.extend(finish(part).fetch_all(source).await?);
    }
    Ok(found)
}

impl SqlStore {
    pub(super) async fn try_append(
        &self,
        needs: &Needs,
        judge: &mut (dyn FnMut(&View) -> Writes + Send),
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let view = self.view(&mut tx, needs).await?;
        let writes = judge(&view);
        if writes.is_empty() {
            return tx.rollback().await;
        }
        store_writes(&mut tx, &writes).await?;
        self.commit(tx, &writes, &view.spaces).await
    }

    /// Commits, and keeps what is hot true whatever happens.
    pub(super) async fn commit(
        &self,
        tx: Tx,
        writes: &Writes,
        old: &BTreeMap<SpaceId, Arc<SpaceView>>,
    ) -> Result<(), DbError> {
        let taken = self.hot.committing(writes);
        tx.commit().await?;
        self.hot.committed(writes, taken, old);
        let new = u64::try_from(writes.records.len()).unwrap_or_default();
        self.records.fetch_add(new, Ordering::Relaxed);
        Ok(())
    }

    /// Loads what is needed. On a shared database the spaces stay locked until the transaction ends.
    pub(super) async fn view(&self, tx: &mut Tx, needs: &Needs) -> Result<View, DbError> {
        let moment = self.hot.moment();
        let mut view = View::default();
        self.load_spaces(tx, needs, &mut view, moment).await?;
        let mut accounts = needs.accounts.clone();
        for space in view.spaces.values() {
            accounts
                .extend(space.state.era().into_iter().flat_map(|era| era.members.iter().map(|m| m.account)));
        }
        view.accounts = self.load_accounts(tx, &accounts, moment).await?;
        load_records(tx, needs, &mut view).await?;
        self.load_heads(tx, needs, &mut view).await?;
        load_rare(tx, needs, &mut view).await?;
        Ok(view)
    }

    async fn load_spaces(
        &self,
        tx: &mut Tx,
        needs: &Needs,
        view: &mut View,
        moment: Moment,
    ) -> Result<(), DbError> {
        let mut missing = Vec::new();
        for id in &needs.spaces {
            match self.hot.space(*id).filter(|_| self.is_alone()) {
                Some(space) => drop(view.spaces.insert(*id, space)),
                None => missing.push(Value::from(*id)),
            }
        }
        // In the order of the ids, piece after piece: two transactions never wait for each other.
        for row in fetch_in(tx, SPACE, missing, "ORDER BY id", Query::for_update).await? {
            let space = Arc::new(space_of(&row)?);
            if self.is_alone() {
                self.hot.keep_space(&space, moment);
            }
            view.spaces.insert(space.state.space(), space);
        }
        Ok(())
    }

    async fn load_heads(&self, tx: &mut Tx, needs: &Needs, view: &mut View) -> Result<(), DbError> {
        let mut missing = Vec::new();
        for (space, seq) in &needs.heads {
            // A head never changes, so what is hot is true on a shared database as well.
            match self.hot.head(*space, *seq) {
                Some(head) => drop(view.heads.insert((*space, *seq), head)),
                None => missing.push([Value::from(*space), Value::from(*seq)]),
            }
        }
        let head = "WITH k (space, seq) AS (VALUES";
        let tail =
            ") SELECT r.space, r.seq, r.head FROM k JOIN records r ON r.space = k.space AND r.seq = k.seq";
        for row in fetch_rows(tx, head, missing, tail).await? {
            view.heads.insert((row.get::<SpaceId>(0)?, row.get::<Seq>(1)?), row.get::<Head>(2)?);
        }
        Ok(())
    }
}

async fn load_records(tx: &mut Tx, needs: &Needs, view: &mut View) -> Result<(), DbError> {
    let keys = needs.records.iter().map(|key| [key.space.into(), key.author.into(), key.id.into()]);
    let head = "WITH k (space, author, id) AS (VALUES";
    let tail = ") SELECT r.space, r.author, r.id, r.seq, r.stored_at, r.head, r.kind, r.payload_hash FROM k
        JOIN records r ON r.space = k.space AND r.author = k.author AND r.id = k.id";
    for row in fetch_rows(tx, head, keys, tail).await? {
        let key = RecordKey {
            space: row.get::<SpaceId>(0)?,
            author: row.get::<AccountId>(1)?,
            id: row.get::<RecordId>(2)?,
        };
        let kind = u16::try_from(row.get::<u32>(6)?).map_err(|_| super::damaged("a record's kind"))?;
        let known = Known {
            seq: row.get(3)?,
            at: row.get(4)?,
            head: row.get(5)?,
            kind: Kind::from_code(kind),
            payload_hash: row.get(7)?,
        };
        view.records.insert(key, known);
    }
    Ok(())
}

/// What only eras need.
async fn load_rare(tx: &mut Tx, needs: &Needs, view: &mut View) -> Result<(), DbError> {
    for (account, version) in &needs.cards {
        let sql = "SELECT c.hash, a.identity FROM cards c JOIN accounts a ON a.id = c.account
            WHERE c.account = $1 AND c.version = $2";
        if let Some(row) = query(sql).bind(*account).bind(*version).fetch_optional(tx).await? {
            let pin = CardPin { hash: row.get::<Hash>(0)?, identity: row.get::<PublicKey>(1)? };
            view.cards.insert((*account, *version), pin);
        }
    }
    for (space, account) in &needs.era_makers {
        let sql = "SELECT made_at FROM era_makes WHERE space = $1 AND account = $2";
        if let Some(row) = query(sql).bind(*space).bind(*account).fetch_optional(tx).await? {
            view.era_makes.insert((*space, *account), row.get::<Millis>(0)?);
        }
    }
    for account in &needs.space_counts {
        let row =
            query("SELECT count(*) FROM members WHERE account = $1").bind(*account).fetch_one(tx).await?;
        let count = usize::try_from(row.get::<u64>(0)?).unwrap_or(usize::MAX);
        view.space_counts.insert(*account, count);
    }
    Ok(())
}

pub(super) async fn store_writes(tx: &mut Tx, writes: &Writes) -> Result<(), DbError> {
    for space in &writes.spaces {
        match &space.era {
            Some(era) if space.founded => insert_space(tx, space, era).await?,
            Some(era) => update_era(tx, space, era).await?,
            None => {}
        }
    }
    let moved = writes.spaces.iter().filter(|space| space.era.is_none());
    let moved: Vec<_> = moved
        .map(|space| [space.state.space().into(), space.state.seq().into(), space.state.head().into()])
        .collect();
    let count = moved.len();
    let changed = insert_rows(
        tx,
        "WITH v (id, seq, head) AS (VALUES",
        moved,
        ") UPDATE spaces SET seq = v.seq, head = v.head FROM v WHERE spaces.id = v.id",
    )
    .await?;
    if usize::try_from(changed) != Ok(count) {
        return Err(DbError::Internal("a space that moved is not there".to_owned()));
    }
    let head = "INSERT INTO records (space, seq, practice_id, author, id, kind, stored_at, head, payload_hash, header,
        signature, payload) VALUES";
    insert_rows(tx, head, writes.records.iter().map(record_row), "").await?;
    for (space, seq) in &writes.dropped {
        let sql = "UPDATE records SET payload = NULL WHERE space = $1 AND seq = $2";
        query(sql).bind(*space).bind(*seq).execute(tx).await?;
    }
    for (space, account, at) in &writes.era_makes {
        let sql = "INSERT INTO era_makes (space, account, made_at) VALUES ($1, $2, $3)
            ON CONFLICT (space, account) DO UPDATE SET made_at = excluded.made_at";
        query(sql).bind(*space).bind(*account).bind(*at).execute(tx).await?;
    }
    Ok(())
}

fn record_row(new: &NewRecord) -> [Value<'_>; 12] {
    let record = &new.record;
    let header = record.header();
    [
        header.space.into(),
        new.seq.into(),
        new.practice.into(),
        header.author.into(),
        header.id.into(),
        u32::from(header.kind.code()).into(),
        new.at.into(),
        new.head.into(),
        header.payload_hash.into(),
        record.header_bytes().into(),
        record.signature().0.to_vec().into(),
        record.payload().map(Payload::as_slice).into(),
    ]
}

async fn insert_space(tx: &mut Tx, space: &SpaceWrite, era: &EraWrite) -> Result<(), DbError> {
    let state = &space.state;
    query("INSERT INTO spaces (id, practice_id, seq, head, era, era_started, state) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(state.space())
        .bind(space.practice)
        .bind(state.seq())
        .bind(state.head())
        .bind(era.id)
        .bind(era.started)
        .bind(state_bytes(state))
        .execute(tx)
        .await?;
    change_members(tx, space, era).await
}

async fn update_era(tx: &mut Tx, space: &SpaceWrite, era: &EraWrite) -> Result<(), DbError> {
    let state = &space.state;
    query("UPDATE spaces SET seq = $2, head = $3, era = $4, era_started = $5, state = $6 WHERE id = $1")
        .bind(state.space())
        .bind(state.seq())
        .bind(state.head())
        .bind(era.id)
        .bind(era.started)
        .bind(state_bytes(state))
        .execute(tx)
        .await?;
    change_members(tx, space, era).await
}

async fn change_members(tx: &mut Tx, space: &SpaceWrite, era: &EraWrite) -> Result<(), DbError> {
    let id = space.state.space();
    let row = |account: &AccountId| [id.into(), (*account).into(), space.practice.into()];
    insert_rows(
        tx,
        "INSERT INTO members (space, account, practice_id) VALUES",
        era.added.iter().map(row),
        "",
    )
    .await?;
    for account in &era.removed {
        query("DELETE FROM members WHERE space = $1 AND account = $2")
            .bind(id)
            .bind(*account)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Versions by account, for noticing that what is hot is old.
pub(super) async fn card_versions(
    source: &mut impl Source,
    ids: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Version>, DbError> {
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let rows =
        fetch_in(source, "SELECT id, card_version FROM accounts WHERE id IN", values, "", |q| q).await?;
    rows.iter().map(|row| Ok((row.get::<AccountId>(0)?, row.get::<Version>(1)?))).collect()
}
