//! Accounts, cards, vaults.

use super::append::{card_versions, fetch_in, store_writes};
use super::factors::forget_factors;
use super::hot::Moment;
use super::{SqlStore, damaged};
use crate::db::{DbError, Row, Source, Tx, Value, query};
use crate::store::{
    AccountView, CredentialsWrite, LoginRow, MetaKey, Needs, Neighbours, NewAccount, RegisterVerdict,
    RegisterView, SignedInRow, Swap, TicketKey, VAULT_REVISIONS_MAX, VaultRow,
};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec;
use sotto_protocol::credentials::{OpaqueMessage, SealedInner, SealedVault};
use sotto_protocol::ids::{AccountId, Handle, Hash, Millis, PracticeId, Revision, Version};
use sotto_protocol::roster::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ACCOUNT: &str = "SELECT a.id, a.practice_id, a.role, c.card FROM accounts a
    JOIN cards c ON c.account = a.id AND c.version = a.card_version WHERE a.id IN";

fn card_of(bytes: &[u8]) -> Result<Arc<VerifiedCard>, DbError> {
    let signed = codec::decode(bytes, "card").map_err(|_| damaged("a card"))?;
    VerifiedCard::verify(signed).map(Arc::new).map_err(|_| damaged("a card"))
}

fn account_of(row: &Row) -> Result<(AccountId, AccountView), DbError> {
    let role = role_of(&row.get::<String>(2)?)?;
    let card = card_of(&row.get::<Vec<u8>>(3)?)?;
    Ok((row.get(0)?, AccountView { practice: row.get(1)?, role, card }))
}

pub(super) fn role_of(text: &str) -> Result<Role, DbError> {
    Role::parse(text).map_err(|_| damaged("a role"))
}

fn vault_of(row: &Row) -> Result<VaultRow, DbError> {
    let sealed = SealedVault::new(row.get(1)?).map_err(|_| damaged("a vault"))?;
    Ok(VaultRow { revision: row.get(0)?, sealed, at: row.get(2)? })
}

impl SqlStore {
    pub(super) async fn read_account(&self, id: AccountId) -> Result<Option<AccountView>, DbError> {
        if let Some(view) = self.hot.account(id).filter(|_| self.is_alone()) {
            return Ok(Some(view));
        }
        let moment = self.hot.moment();
        let mut reader = self.db.read().await?;
        Ok(self.load_accounts(&mut reader, &BTreeSet::from([id]), moment).await?.remove(&id))
    }

    /// Accounts with their newest cards. A card is verified once and then kept.
    pub(super) async fn load_accounts(
        &self,
        source: &mut impl Source,
        ids: &BTreeSet<AccountId>,
        moment: Moment,
    ) -> Result<BTreeMap<AccountId, AccountView>, DbError> {
        let mut found: BTreeMap<_, _> =
            ids.iter().filter_map(|id| Some((*id, self.hot.account(*id)?))).collect();
        if !self.is_alone() && !found.is_empty() {
            let versions = card_versions(source, &found.keys().copied().collect()).await?;
            found.retain(|id, view| versions.get(id) == Some(&view.card.card().version));
        }
        let missing = ids.iter().filter(|id| !found.contains_key(*id)).map(|id| Value::from(*id)).collect();
        for row in fetch_in(source, ACCOUNT, missing, "", |q| q).await? {
            let (id, view) = account_of(&row)?;
            self.hot.keep_account(id, &view, moment);
            found.insert(id, view);
        }
        Ok(found)
    }

    pub(super) async fn read_login(&self, handle: &Handle) -> Result<Option<LoginRow>, DbError> {
        let mut reader = self.db.read().await?;
        let row = query("SELECT id, opaque FROM accounts WHERE handle = $1")
            .bind(handle)
            .fetch_optional(&mut reader);
        let Some(row) = row.await? else { return Ok(None) };
        let opaque = OpaqueMessage::new(row.get(1)?).map_err(|_| damaged("an OPAQUE record"))?;
        Ok(Some(LoginRow { account: row.get(0)?, opaque }))
    }

    pub(super) async fn read_signed_in(&self, id: AccountId) -> Result<Option<SignedInRow>, DbError> {
        let mut reader = self.db.snapshot().await?;
        let sql = "SELECT a.role, a.credentials, a.inner_sealed, c.card, a.handle FROM accounts a
            JOIN cards c ON c.account = a.id AND c.version = a.card_version WHERE a.id = $1";
        let Some(row) = query(sql).bind(id).fetch_optional(&mut reader).await? else { return Ok(None) };
        let sql = "SELECT revision, sealed, stored_at FROM vaults WHERE account = $1 ORDER BY revision DESC LIMIT 1";
        let Some(vault) = query(sql).bind(id).fetch_optional(&mut reader).await? else { return Ok(None) };
        let credentials = row.get::<Vec<u8>>(1)?;
        Ok(Some(SignedInRow {
            handle: Handle::parse(&row.get::<String>(4)?).map_err(|_| damaged("a handle"))?,
            role: role_of(&row.get::<String>(0)?)?,
            card: card_of(&row.get::<Vec<u8>>(3)?)?,
            credentials: codec::decode(&credentials, "credentials")
                .map_err(|_| damaged("a credential set"))?,
            inner: SealedInner::new(row.get(2)?).map_err(|_| damaged("an inner compartment"))?,
            vault: vault_of(&vault)?,
        }))
    }

    pub(super) async fn read_card(
        &self,
        id: AccountId,
        version: Version,
    ) -> Result<Option<Arc<VerifiedCard>>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT card FROM cards WHERE account = $1 AND version = $2";
        let row = query(sql).bind(id).bind(version).fetch_optional(&mut reader).await?;
        row.map(|row| card_of(&row.get::<Vec<u8>>(0)?)).transpose()
    }

    pub(super) async fn read_cards_around(
        &self,
        id: AccountId,
        version: Version,
    ) -> Result<Neighbours, DbError> {
        let mut reader = self.db.snapshot().await?;
        let before =
            "SELECT card FROM cards WHERE account = $1 AND version < $2 ORDER BY version DESC LIMIT 1";
        let after = "SELECT card FROM cards WHERE account = $1 AND version > $2 ORDER BY version LIMIT 1";
        let before = query(before).bind(id).bind(version).fetch_optional(&mut reader).await?;
        let after = query(after).bind(id).bind(version).fetch_optional(&mut reader).await?;
        let card = |row: Option<Row>| row.map(|row| card_of(&row.get::<Vec<u8>>(0)?)).transpose();
        Ok((card(before)?, card(after)?))
    }

    pub(super) async fn try_put_card(&self, card: &VerifiedCard, newest: Version) -> Result<Swap, DbError> {
        let account = card.card().account;
        let mut tx = self.db.begin().await?;
        let sql = "SELECT practice_id, card_version FROM accounts WHERE id = $1";
        let row = query(sql).bind(account).for_update().fetch_optional(&mut tx).await?;
        let Some(row) = row else { return tx.rollback().await.map(|()| Swap::Lost) };
        if row.get::<Version>(1)? != newest || insert_card(&mut tx, card, row.get(0)?).await? == 0 {
            return tx.rollback().await.map(|()| Swap::Lost);
        }
        if card.card().version > newest {
            newest_card(&mut tx, card).await?;
        }
        self.hot.forget_account(account);
        tx.commit().await?;
        self.hot.forget_account(account);
        Ok(Swap::Done)
    }

    pub(super) async fn read_vault(&self, account: AccountId) -> Result<Option<VaultRow>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT revision, sealed, stored_at FROM vaults WHERE account = $1 ORDER BY revision DESC LIMIT 1";
        let row = query(sql).bind(account).fetch_optional(&mut reader).await?;
        row.as_ref().map(vault_of).transpose()
    }

    pub(super) async fn read_vault_at(
        &self,
        account: AccountId,
        revision: Revision,
    ) -> Result<Option<SealedVault>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT revision, sealed, stored_at FROM vaults WHERE account = $1 AND revision = $2";
        let row = query(sql).bind(account).bind(revision).fetch_optional(&mut reader).await?;
        Ok(row.as_ref().map(vault_of).transpose()?.map(|vault| vault.sealed))
    }

    pub(super) async fn try_put_vault(
        &self,
        account: AccountId,
        vault: &VaultRow,
        fits: fn(Revision, Revision) -> bool,
        base: Revision,
        keep_since: Millis,
    ) -> Result<Swap, DbError> {
        let mut tx = self.db.begin().await?;
        let sql = "SELECT practice_id FROM accounts WHERE id = $1";
        let row = query(sql).bind(account).for_update().fetch_optional(&mut tx).await?;
        let Some(row) = row else { return tx.rollback().await.map(|()| Swap::Lost) };
        let practice = row.get::<PracticeId>(0)?;
        let sql = "SELECT COALESCE(max(revision), 0) FROM vaults WHERE account = $1";
        let stored = query(sql).bind(account).fetch_one(&mut tx).await?.get::<Revision>(0)?;
        if !fits(stored, base) {
            return tx.rollback().await.map(|()| Swap::Lost);
        }
        replace_vault(&mut tx, account, practice, vault, keep_since).await?;
        tx.commit().await?;
        Ok(Swap::Done)
    }

    pub(super) async fn try_change_credentials(&self, write: &CredentialsWrite) -> Result<Swap, DbError> {
        let account = write.account;
        let mut tx = self.db.begin().await?;
        let sql = "SELECT practice_id, credentials_version, card_version FROM accounts WHERE id = $1";
        let row = query(sql).bind(account).for_update().fetch_optional(&mut tx).await?;
        let Some(row) = row else { return tx.rollback().await.map(|()| Swap::Lost) };
        let practice = row.get::<PracticeId>(0)?;
        let next_card = row.get::<Version>(2)?.next();
        let mut fits = row.get::<Version>(1)?.next() == write.version
            && write.card.as_ref().is_none_or(|card| card.card().version == next_card);
        if let Some(vault) = &write.vault {
            let sql = "SELECT COALESCE(max(revision), 0) FROM vaults WHERE account = $1";
            let stored = query(sql).bind(account).fetch_one(&mut tx).await?.get::<Revision>(0)?;
            fits &= stored.next() == vault.revision;
        }
        if !fits {
            return tx.rollback().await.map(|()| Swap::Lost);
        }
        let sql = "UPDATE accounts SET credentials = $2, credentials_version = $3,
            opaque = COALESCE($4, opaque), inner_sealed = COALESCE($5, inner_sealed) WHERE id = $1";
        query(sql)
            .bind(account)
            .bind(codec::encode(&write.credentials))
            .bind(write.version)
            .bind(write.opaque.as_ref().map(|o| o.as_slice().to_vec()))
            .bind(write.inner.as_ref().map(|i| i.as_slice().to_vec()))
            .execute(&mut tx)
            .await?;
        if write.forget_factors {
            forget_factors(&mut tx, account).await?;
        }
        if let Some(card) = &write.card {
            if insert_card(&mut tx, card, practice).await? == 0 {
                return tx.rollback().await.map(|()| Swap::Lost);
            }
            newest_card(&mut tx, card).await?;
        }
        if let Some(vault) = &write.vault {
            replace_vault(&mut tx, account, practice, vault, write.keep_since).await?;
        }
        self.hot.forget_account(account);
        tx.commit().await?;
        self.hot.forget_account(account);
        Ok(Swap::Done)
    }

    pub(super) async fn try_register(
        &self,
        account: &NewAccount,
        needs: &Needs,
        judge: &mut (dyn FnMut(&RegisterView) -> RegisterVerdict + Send),
    ) -> Result<RegisterVerdict, DbError> {
        let mut tx = self.db.begin().await?;
        let view = self.register_view(&mut tx, account, needs).await?;
        let verdict = judge(&view);
        let RegisterVerdict::Create { practice, writes } = &verdict else {
            tx.rollback().await?;
            return Ok(verdict);
        };
        consume_ticket(&mut tx, account).await?;
        insert_account(&mut tx, account, *practice).await?;
        insert_card(&mut tx, &account.card, *practice).await?;
        insert_vault(&mut tx, account.account(), *practice, &account.vault).await?;
        store_writes(&mut tx, writes).await?;
        self.commit(tx, writes, &view.view.spaces).await?;
        Ok(verdict)
    }

    async fn register_view(
        &self,
        tx: &mut Tx,
        account: &NewAccount,
        needs: &Needs,
    ) -> Result<RegisterView, DbError> {
        let mut view = RegisterView::default();
        // The ticket first: whoever consumes the same one waits here.
        match &account.ticket {
            TicketKey::Setup { .. } => {
                let sql = "SELECT value FROM meta WHERE key = $1";
                let row = query(sql).bind(MetaKey::Setup.as_str()).for_update().fetch_optional(tx).await?;
                view.setup = row.map(|row| row.get::<Hash>(0)).transpose()?;
            }
            TicketKey::Invitation(id) => {
                let sql = super::practice::INVITATION_BY_ID;
                let row = query(sql).bind(*id).for_update().fetch_optional(tx).await?;
                view.invitation = row.as_ref().map(super::practice::invitation_of).transpose()?;
            }
        }
        let sql = "SELECT id FROM accounts WHERE handle = $1";
        let row = query(sql).bind(&account.handle).fetch_optional(tx).await?;
        view.handle = row.map(|row| row.get::<AccountId>(0)).transpose()?;
        let sql = "SELECT a.practice_id, c.hash FROM accounts a JOIN cards c ON c.account = a.id
            WHERE a.id = $1 AND c.version = 1";
        let row = query(sql).bind(account.account()).fetch_optional(tx).await?;
        view.existing =
            row.map(|row| Ok::<_, DbError>((row.get::<PracticeId>(0)?, row.get::<Hash>(1)?))).transpose()?;
        view.view = self.view(tx, needs).await?;
        Ok(view)
    }
}

async fn consume_ticket(tx: &mut Tx, account: &NewAccount) -> Result<(), DbError> {
    match &account.ticket {
        TicketKey::Setup { practice, name } => {
            query("INSERT INTO practices (id, name, created_at) VALUES ($1, $2, $3)")
                .bind(*practice)
                .bind(name.as_str())
                .bind(account.vault.at)
                .execute(tx)
                .await?;
            query("DELETE FROM meta WHERE key = $1").bind(MetaKey::Setup.as_str()).execute(tx).await?;
        }
        TicketKey::Invitation(id) => {
            let sql = "UPDATE invitations SET used_by = $2 WHERE id = $1";
            query(sql).bind(*id).bind(account.account()).execute(tx).await?;
        }
    }
    Ok(())
}

async fn insert_account(tx: &mut Tx, new: &NewAccount, practice: PracticeId) -> Result<u64, DbError> {
    let card = new.card.card();
    let sql =
        "INSERT INTO accounts (id, practice_id, handle, role, identity, card_version, era_floor, opaque,
        credentials, credentials_version, inner_sealed, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    query(sql)
        .bind(card.account)
        .bind(practice)
        .bind(&new.handle)
        .bind(new.role.as_str())
        .bind(card.identity)
        .bind(card.version)
        .bind(card.era_floor())
        .bind(new.opaque.as_slice())
        .bind(codec::encode(&new.credentials))
        .bind(new.credentials_version)
        .bind(new.inner.as_slice())
        .bind(new.vault.at)
        .execute(tx)
        .await
}

async fn insert_card(tx: &mut Tx, card: &VerifiedCard, practice: PracticeId) -> Result<u64, DbError> {
    let sql = "INSERT INTO cards (account, version, practice_id, card, hash) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account, version) DO NOTHING";
    query(sql)
        .bind(card.card().account)
        .bind(card.card().version)
        .bind(practice)
        .bind(codec::encode(card.signed()))
        .bind(card.hash())
        .execute(tx)
        .await
}

/// What else is kept of a card when it becomes the newest.
async fn newest_card(tx: &mut Tx, card: &VerifiedCard) -> Result<(), DbError> {
    query("UPDATE accounts SET card_version = $2, era_floor = $3 WHERE id = $1")
        .bind(card.card().account)
        .bind(card.card().version)
        .bind(card.card().era_floor())
        .execute(tx)
        .await?;
    super::weeks::forget_removed(tx, card.card()).await
}

/// The newest revision, without those that are too old or too many.
async fn replace_vault(
    tx: &mut Tx,
    account: AccountId,
    practice: PracticeId,
    vault: &VaultRow,
    keep_since: Millis,
) -> Result<(), DbError> {
    insert_vault(tx, account, practice, vault).await?;
    // A revision is kept until its successor is that old.
    let sql = "DELETE FROM vaults WHERE account = $1
        AND revision < (SELECT max(revision) FROM vaults WHERE account = $1 AND stored_at < $2)";
    query(sql).bind(account).bind(keep_since).execute(tx).await?;
    let sql = "DELETE FROM vaults WHERE account = $1 AND revision < (SELECT min(revision) FROM
        (SELECT revision FROM vaults WHERE account = $1 ORDER BY revision DESC LIMIT $2) AS newest)";
    let max = u64::try_from(VAULT_REVISIONS_MAX).unwrap_or(u64::MAX);
    query(sql).bind(account).bind(max).execute(tx).await?;
    Ok(())
}

async fn insert_vault(
    tx: &mut Tx,
    account: AccountId,
    practice: PracticeId,
    vault: &VaultRow,
) -> Result<u64, DbError> {
    let sql =
        "INSERT INTO vaults (account, revision, practice_id, sealed, stored_at) VALUES ($1, $2, $3, $4, $5)";
    query(sql)
        .bind(account)
        .bind(vault.revision)
        .bind(practice)
        .bind(vault.sealed.as_slice())
        .bind(vault.at)
        .execute(tx)
        .await
}
