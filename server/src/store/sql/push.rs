//! Where push services take notices.

use super::append::fetch_in;
use super::{SqlStore, damaged};
use crate::db::{DbError, Tx, Value, query};
use crate::store::PushRow;
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::codec;
use sotto_protocol::frame::PushEndpoint;
use sotto_protocol::ids::{AccountId, DeviceId, Millis, PracticeId};
use std::collections::BTreeSet;

impl SqlStore {
    pub(super) async fn try_put_push(&self, row: &PushRow, at: Millis) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        // A card that removes the device waits here, or was stored before.
        let sql = "SELECT practice_id, card_version FROM accounts WHERE id = $1";
        let account = query(sql).bind(row.account).for_update().fetch_optional(&mut tx).await?;
        let Some(account) = account else { return tx.rollback().await.map(|()| false) };
        let sql = "SELECT card FROM cards WHERE account = $1 AND version = $2";
        let card = query(sql).bind(row.account).bind(account.get::<u64>(1)?).fetch_one(&mut tx).await?;
        let card = codec::decode(&card.get::<Vec<u8>>(0)?, "card").map_err(|_| damaged("a card"))?;
        let card = VerifiedCard::verify(card).map_err(|_| damaged("a card"))?;
        if !card.card().device(row.device).is_some_and(|d| d.active_at(card.card().version)) {
            return tx.rollback().await.map(|()| false);
        }
        let sql = "DELETE FROM push_endpoints WHERE (account = $1 AND device = $2) OR endpoint = $3";
        query(sql).bind(row.account).bind(row.device).bind(row.endpoint.as_str()).execute(&mut tx).await?;
        let sql = "INSERT INTO push_endpoints (account, device, practice_id, endpoint, stored_at)
            VALUES ($1, $2, $3, $4, $5)";
        query(sql)
            .bind(row.account)
            .bind(row.device)
            .bind(account.get::<PracticeId>(0)?)
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

/// Forgets where devices take notices that a card no longer lists as active.
pub(super) async fn forget_removed(tx: &mut Tx, card: &Card) -> Result<(), DbError> {
    let removed = card.devices.iter().filter(|device| !device.active_at(card.version));
    for device in removed {
        let sql = "DELETE FROM push_endpoints WHERE account = $1 AND device = $2";
        query(sql).bind(card.account).bind(device.id).execute(tx).await?;
    }
    Ok(())
}
