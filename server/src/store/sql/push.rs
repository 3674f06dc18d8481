//! Where push services take notices.

use super::append::fetch_in;
use super::{SqlStore, damaged};
use crate::db::{DbError, Value, query};
use crate::store::PushRow;
use sotto_protocol::frame::PushEndpoint;
use sotto_protocol::ids::{AccountId, DeviceId, Millis};
use std::collections::BTreeSet;

impl SqlStore {
    pub(super) async fn try_put_push(&self, row: &PushRow, at: Millis) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        let Some(practice) = super::weeks::practice_of_active(&mut tx, row.account, row.device).await? else {
            return tx.rollback().await.map(|()| false);
        };
        let sql = "DELETE FROM push_endpoints WHERE (account = $1 AND device = $2) OR endpoint = $3";
        query(sql).bind(row.account).bind(row.device).bind(row.endpoint.as_str()).execute(&mut tx).await?;
        let sql = "INSERT INTO push_endpoints (account, device, practice_id, endpoint, stored_at)
            VALUES ($1, $2, $3, $4, $5)";
        query(sql)
            .bind(row.account)
            .bind(row.device)
            .bind(practice)
            .bind(row.endpoint.as_str())
            .bind(at)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn try_forget_push(
        &self,
        account: AccountId,
        device: DeviceId,
        endpoint: Option<&PushEndpoint>,
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        if let Some(endpoint) = endpoint {
            let sql = "DELETE FROM push_endpoints WHERE account = $1 AND device = $2 AND endpoint = $3";
            query(sql).bind(account).bind(device).bind(endpoint.as_str()).execute(&mut tx).await?;
        } else {
            let sql = "DELETE FROM push_endpoints WHERE account = $1 AND device = $2";
            query(sql).bind(account).bind(device).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    pub(super) async fn read_push(&self, accounts: &BTreeSet<AccountId>) -> Result<Vec<PushRow>, DbError> {
        let mut reader = self.db.read().await?;
        let head = "SELECT device, account, endpoint FROM push_endpoints WHERE account IN";
        let ids = accounts.iter().map(|id| Value::from(*id)).collect();
        let mut found = Vec::new();
        for row in fetch_in(&mut reader, head, ids, "ORDER BY account, device", |q| q).await? {
            let endpoint = PushEndpoint::new(row.get::<String>(2)?).map_err(|_| damaged("an endpoint"))?;
            found.push(PushRow { device: row.get(0)?, account: row.get(1)?, endpoint });
        }
        Ok(found)
    }
}
