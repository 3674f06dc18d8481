//! What the database knows about itself, practices, invitations, rosters.

use super::accounts::role_of;
use super::{SqlStore, damaged};
use crate::db::{DbError, Row, query};
use crate::store::{InvitationPut, InvitationRow, MetaKey, Swap};
use sotto_protocol::codec::{self, Text};
use sotto_protocol::frame::InvitationBody;
use sotto_protocol::ids::{AccountId, InvitationId, PracticeId, Version};
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::roster::Roster;
use sotto_protocol::sign::Signed;

macro_rules! invitation {
    ($rest:literal) => {
        concat!(
            "SELECT id, practice_id, inviter, role, expires_at, sealed, revoked, used_by, created_at FROM invitations ",
            $rest
        )
    };
}

pub(super) const INVITATION_BY_ID: &str = invitation!("WHERE id = $1");

pub(super) fn invitation_of(row: &Row) -> Result<InvitationRow, DbError> {
    Ok(InvitationRow {
        id: row.get(0)?,
        practice: row.get(1)?,
        inviter: row.get(2)?,
        role: role_of(&row.get::<String>(3)?)?,
        expires_at: row.get(4)?,
        body: InvitationBody::new(row.get(5)?).map_err(|_| damaged("an invitation"))?,
        revoked: row.get(6)?,
        used_by: row.get(7)?,
        created_at: row.get(8)?,
    })
}

impl SqlStore {
    pub(super) async fn read_meta(&self, key: MetaKey) -> Result<Option<Vec<u8>>, DbError> {
        let mut reader = self.db.read().await?;
        let row = query("SELECT value FROM meta WHERE key = $1")
            .bind(key.as_str())
            .fetch_optional(&mut reader)
            .await?;
        row.map(|row| row.get(0)).transpose()
    }

    pub(super) async fn write_meta(&self, key: MetaKey, value: Option<&[u8]>) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        match value {
            Some(value) => {
                let sql = "INSERT INTO meta (key, value) VALUES ($1, $2)
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
                query(sql).bind(key.as_str()).bind(value).execute(&mut tx).await?;
            }
            None => drop(query("DELETE FROM meta WHERE key = $1").bind(key.as_str()).execute(&mut tx).await?),
        }
        tx.commit().await
    }

    pub(super) async fn practice_name(
        &self,
        id: PracticeId,
    ) -> Result<Option<Text<NAME_BYTES_MAX>>, DbError> {
        let mut reader = self.db.read().await?;
        let row =
            query("SELECT name FROM practices WHERE id = $1").bind(id).fetch_optional(&mut reader).await?;
        let name = row.map(|row| row.get::<String>(0)).transpose()?;
        name.map(|name| Text::new(name).map_err(|_| damaged("a practice's name"))).transpose()
    }

    pub(super) async fn has_no_practice(&self) -> Result<bool, DbError> {
        let mut reader = self.db.read().await?;
        Ok(query("SELECT id FROM practices LIMIT 1").fetch_optional(&mut reader).await?.is_none())
    }

    pub(super) async fn read_invitation(&self, id: InvitationId) -> Result<Option<InvitationRow>, DbError> {
        let mut reader = self.db.read().await?;
        let row = query(INVITATION_BY_ID).bind(id).fetch_optional(&mut reader).await?;
        row.as_ref().map(invitation_of).transpose()
    }

    pub(super) async fn read_invitations(&self, inviter: AccountId) -> Result<Vec<InvitationRow>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = invitation!("WHERE inviter = $1 ORDER BY created_at DESC, id LIMIT 1000");
        query(sql).bind(inviter).fetch_all(&mut reader).await?.iter().map(invitation_of).collect()
    }

    pub(super) async fn try_put_invitation(
        &self,
        new: &InvitationRow,
        open_max: usize,
    ) -> Result<InvitationPut, DbError> {
        let mut tx = self.db.begin().await?;
        // Whoever puts one for the same inviter waits here, so that the count is right.
        let lock = query("SELECT id FROM accounts WHERE id = $1").bind(new.inviter).for_update();
        lock.fetch_optional(&mut tx).await?;
        let stored = query(INVITATION_BY_ID).bind(new.id).fetch_optional(&mut tx).await?;
        if let Some(stored) = stored.as_ref().map(invitation_of).transpose()? {
            tx.rollback().await?;
            return Ok(if stored.is_same(new) { InvitationPut::Stored } else { InvitationPut::Taken });
        }
        let sql = "SELECT count(*) FROM invitations
            WHERE inviter = $1 AND revoked = 0 AND used_by IS NULL AND expires_at > $2";
        let open =
            query(sql).bind(new.inviter).bind(new.created_at).fetch_one(&mut tx).await?.get::<u64>(0)?;
        if usize::try_from(open).unwrap_or(usize::MAX) >= open_max {
            tx.rollback().await?;
            return Ok(InvitationPut::TooMany);
        }
        let sql =
            "INSERT INTO invitations (id, practice_id, inviter, role, expires_at, sealed, revoked, used_by,
            created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        query(sql)
            .bind(new.id)
            .bind(new.practice)
            .bind(new.inviter)
            .bind(new.role.as_str())
            .bind(new.expires_at)
            .bind(new.body.as_slice())
            .bind(new.revoked)
            .bind(new.used_by)
            .bind(new.created_at)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(InvitationPut::Stored)
    }

    pub(super) async fn try_revoke_invitation(
        &self,
        id: InvitationId,
        inviter: AccountId,
    ) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE invitations SET revoked = 1 WHERE id = $1 AND inviter = $2";
        let changed = query(sql).bind(id).bind(inviter).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(changed > 0)
    }

    pub(super) async fn read_roster(&self, practice: PracticeId) -> Result<Option<Signed<Roster>>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT roster FROM rosters WHERE practice_id = $1";
        let row = query(sql).bind(practice).fetch_optional(&mut reader).await?;
        let bytes = row.map(|row| row.get::<Vec<u8>>(0)).transpose()?;
        bytes.map(|bytes| codec::decode(&bytes, "roster").map_err(|_| damaged("a roster"))).transpose()
    }

    pub(super) async fn try_put_roster(
        &self,
        practice: PracticeId,
        version: Version,
        roster: &Signed<Roster>,
    ) -> Result<Swap, DbError> {
        let mut tx = self.db.begin().await?;
        let sql = "INSERT INTO rosters (practice_id, version, roster) VALUES ($1, $2, $3)
            ON CONFLICT (practice_id) DO UPDATE SET version = excluded.version, roster = excluded.roster
            WHERE rosters.version < excluded.version";
        let changed =
            query(sql).bind(practice).bind(version).bind(codec::encode(roster)).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(if changed > 0 { Swap::Done } else { Swap::Lost })
    }
}
