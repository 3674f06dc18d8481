//! Second factors, and since when they are asked for.

use super::{SqlStore, damaged};
use crate::db::{DbError, Row, Tx, query};
use crate::store::{FactorRow, FactorStanding, Swap};
use sotto_protocol::ids::{AccountId, FactorId, Millis, PracticeId};

fn factor_of(account: AccountId, row: &Row) -> Result<FactorRow, DbError> {
    let kind = FactorRow::kind_of(row.get(1)?).ok_or_else(|| damaged("a second factor"))?;
    let (id, sealed, used, created_at) = (row.get(0)?, row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(FactorRow { account, id, kind, sealed, used, created_at })
}

impl SqlStore {
    pub(super) async fn read_factors(&self, account: AccountId) -> Result<Vec<FactorRow>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT id, kind, sealed, used, created_at FROM factors WHERE account = $1
            ORDER BY created_at, id";
        let rows = query(sql).bind(account).fetch_all(&mut reader).await?;
        rows.iter().map(|row| factor_of(account, row)).collect()
    }

    pub(super) async fn read_standing(&self, account: AccountId) -> Result<Option<FactorStanding>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT p.factors_since, a.created_at,
            (SELECT count(*) FROM factors f WHERE f.account = a.id)
            FROM accounts a JOIN practices p ON p.id = a.practice_id WHERE a.id = $1";
        let row = query(sql).bind(account).fetch_optional(&mut reader).await?;
        row.map(|row| {
            let has_factor = row.get::<u64>(2)? > 0;
            Ok(FactorStanding { since: row.get(0)?, account_since: row.get(1)?, has_factor })
        })
        .transpose()
    }

    pub(super) async fn try_put_factor(&self, row: &FactorRow, max: usize) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        let account = "SELECT practice_id FROM accounts WHERE id = $1";
        let Some(account) = query(account).bind(row.account).for_update().fetch_optional(&mut tx).await?
        else {
            return tx.rollback().await.map(|()| false);
        };
        let sql = "INSERT INTO factors (account, id, practice_id, kind, sealed, used, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, id) DO NOTHING";
        let insert = query(sql).bind(row.account).bind(row.id).bind(account.get::<PracticeId>(0)?);
        let insert = insert.bind(row.kind_number()).bind(row.sealed.as_slice());
        insert.bind(row.used).bind(row.created_at).execute(&mut tx).await?;
        let count = "SELECT count(*) FROM factors WHERE account = $1";
        let count = query(count).bind(row.account).fetch_one(&mut tx).await?.get::<u64>(0)?;
        if usize::try_from(count).is_ok_and(|count| count <= max) {
            tx.commit().await.map(|()| true)
        } else {
            tx.rollback().await.map(|()| false)
        }
    }

    pub(super) async fn try_use_factor(
        &self,
        account: AccountId,
        id: FactorId,
        used: u64,
    ) -> Result<Swap, DbError> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE factors SET used = $3 WHERE account = $1 AND id = $2 AND used < $3";
        let changed = query(sql).bind(account).bind(id).bind(used).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(if changed == 0 { Swap::Lost } else { Swap::Done })
    }

    pub(super) async fn try_remove_factor(&self, account: AccountId, id: FactorId) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let sql = "DELETE FROM factors WHERE account = $1 AND id = $2";
        query(sql).bind(account).bind(id).execute(&mut tx).await?;
        tx.commit().await
    }

    pub(super) async fn try_set_factors_since(
        &self,
        practice: PracticeId,
        since: Option<Millis>,
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        // Asked for again, it is asked for since the first time.
        let sql = "UPDATE practices SET factors_since = $2
            WHERE id = $1 AND (factors_since IS NULL OR $3 = 1)";
        let ends = u64::from(since.is_none());
        query(sql).bind(practice).bind(since).bind(ends).execute(&mut tx).await?;
        tx.commit().await
    }
}

/// A new password that was set without the old one ends what was asked for after the old one.
pub(super) async fn forget_factors(tx: &mut Tx, account: AccountId) -> Result<(), DbError> {
    query("DELETE FROM factors WHERE account = $1").bind(account).execute(tx).await?;
    Ok(())
}
