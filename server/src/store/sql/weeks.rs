//! When devices were last connected, and what goes with a removed device.

use super::{SqlStore, damaged};
use crate::db::{DbError, Tx, query};
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::codec;
use sotto_protocol::frame::DeviceWeek;
use sotto_protocol::ids::{AccountId, DeviceId, PracticeId, Week};

impl SqlStore {
    pub(super) async fn read_weeks(&self, account: AccountId) -> Result<Vec<DeviceWeek>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT device, week FROM device_weeks WHERE account = $1 ORDER BY device";
        let rows = query(sql).bind(account).fetch_all(&mut reader).await?;
        rows.iter().map(|row| Ok(DeviceWeek { device: row.get(0)?, week: row.get(1)? })).collect()
    }

    pub(super) async fn try_put_week(
        &self,
        account: AccountId,
        device: DeviceId,
        week: Week,
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let Some(practice) = practice_of_active(&mut tx, account, device).await? else {
            return tx.rollback().await;
        };
        let sql = "INSERT INTO device_weeks (account, device, practice_id, week) VALUES ($1, $2, $3, $4)
            ON CONFLICT (account, device) DO UPDATE SET week = excluded.week";
        query(sql).bind(account).bind(device).bind(practice).bind(week).execute(&mut tx).await?;
        tx.commit().await
    }
}

/// The practice of an account that has this device active in its newest card. A card that removes the device waits until
/// the transaction has ended, or was stored before.
pub(super) async fn practice_of_active(
    tx: &mut Tx,
    account: AccountId,
    device: DeviceId,
) -> Result<Option<PracticeId>, DbError> {
    let sql = "SELECT practice_id, card_version FROM accounts WHERE id = $1";
    let Some(row) = query(sql).bind(account).for_update().fetch_optional(tx).await? else { return Ok(None) };
    let sql = "SELECT card FROM cards WHERE account = $1 AND version = $2";
    let card = query(sql).bind(account).bind(row.get::<u64>(1)?).fetch_one(tx).await?;
    let card = codec::decode(&card.get::<Vec<u8>>(0)?, "card").map_err(|_| damaged("a card"))?;
    let card = VerifiedCard::verify(card).map_err(|_| damaged("a card"))?;
    let active = card.card().device(device).is_some_and(|d| d.active_at(card.card().version));
    if active { Ok(Some(row.get(0)?)) } else { Ok(None) }
}

/// Forgets what was noted of devices that a card no longer lists as active.
pub(super) async fn forget_removed(tx: &mut Tx, card: &Card) -> Result<(), DbError> {
    let removed = card.devices.iter().filter(|device| !device.active_at(card.version));
    for device in removed {
        let notices = "DELETE FROM push_endpoints WHERE account = $1 AND device = $2";
        query(notices).bind(card.account).bind(device.id).execute(tx).await?;
        let weeks = "DELETE FROM device_weeks WHERE account = $1 AND device = $2";
        query(weeks).bind(card.account).bind(device.id).execute(tx).await?;
    }
    Ok(())
}
