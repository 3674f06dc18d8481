//! The store on SQLite or PostgreSQL: one SQL text for both.
//!
//! Owns every statement about the relay's tables. Invariants: a write is one transaction; rows of spaces are locked
//! in the order of their ids; a transaction that another was in the way of is tried again from the start.

mod accounts;
mod append;
mod factors;
#[cfg(test)]
mod golden;
mod hot;
mod owner;
mod practice;
mod push;
mod read;
mod weeks;

use super::glance::TableRows;
use super::rows::{
    AccountView, CredentialsWrite, FactorRow, FactorStanding, InvitationPut, InvitationRow, LoginRow,
    NewAccount, PageRow, PushRow, SignedInRow, VaultRow,
};
use super::view::{Needs, RegisterVerdict, SpaceView};
use super::{Answer, Judge, MetaKey, Neighbours, RegisterJudge, Store, StoreError, Swap};
use crate::db::{Db, DbError};
use hot::Hot;
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec::{self, Text};
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::frame::{DeviceWeek, Person, PushEndpoint, SpaceHead};
use sotto_protocol::ids::{
    AccountId, DeviceId, FactorId, Handle, Head, InvitationId, Millis, PracticeId, Revision, Seq, SpaceId,
    Version, Week,
};
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::log::LogState;
use sotto_protocol::roster::Roster;
use sotto_protocol::sign::Signed;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, MutexGuard};

/// Times a transaction is tried when another is in the way.
const TRIES_MAX: usize = 5;
/// First byte of a stored [`LogState`]: the version of its form.
const STATE_VERSION: u8 = 1;

/// The store.
#[derive(Debug)]
pub struct SqlStore {
    db: Db,
    hot: Hot,
    /// Held by whoever changes what is hot, when nobody else writes to the database: then what is hot is true.
    turn: Mutex<()>,
    /// Records that are known to be stored.
    records: AtomicU64,
}

impl SqlStore {
    /// Over an open database.
    pub fn new(db: Db) -> Self {
        Self { db, hot: Hot::new(), turn: Mutex::new(()), records: AtomicU64::new(0) }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Counts the records of all spaces; from then on [`SqlStore::records_known`] goes with it.
    pub async fn records_total(&self) -> Result<u64, StoreError> {
        let total = self.count_records().await?;
        self.records.fetch_max(total, Ordering::Relaxed);
        Ok(total)
    }

    /// How many records are stored, as far as this process knows: all of them when it writes alone.
    pub fn records_known(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Positions and heads after a position.
    pub async fn heads(
        &self,
        space: SpaceId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<(Seq, Head)>, StoreError> {
        Ok(self.read_heads(space, after, limit).await?)
    }

    /// True when nobody else writes to the database, so that what is hot need not be read again.
    fn is_alone(&self) -> bool {
        !self.db.is_shared()
    }

    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_alone() { Some(self.turn.lock().await) } else { None }
    }
}

/// Runs a transaction again while others are in its way. A conflict means that somebody else has just created the
/// same thing, which the next try will see.
macro_rules! retry {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            match $attempt.await {
                Err(DbError::Busy | DbError::Conflict { .. }) if tries < TRIES_MAX => tries += 1,
                other => break other.map_err(StoreError::from),
            }
        }
    }};
}

/// The state as stored.
pub(crate) fn state_bytes(state: &LogState) -> Vec<u8> {
    let mut bytes = vec![STATE_VERSION];
    bytes.extend(codec::encode(state));
    bytes
}

/// The state at a position of its era.
pub(crate) fn state_from_bytes(bytes: &[u8], seq: Seq, head: Head) -> Result<LogState, DbError> {
    let damaged = || DbError::Corrupt("a space's state".to_owned());
    match bytes.split_first() {
        Some((&STATE_VERSION, rest)) => {
            let state: LogState = codec::decode(rest, "log state").map_err(|_| damaged())?;
            Ok(state.at(seq, head))
        }
        _ => Err(damaged()),
    }
}

/// A stored value that is not what it should be.
fn damaged(what: &str) -> DbError {
    DbError::Corrupt(what.to_owned())
}

impl Store for SqlStore {
    fn meta(&self, key: MetaKey) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.read_meta(key).await?) })
    }

    fn set_meta(&self, key: MetaKey, value: Option<Vec<u8>>) -> Answer<'_, ()> {
        Box::pin(async move { retry!(self.write_meta(key, value.as_deref())) })
    }

    fn practice(&self, id: PracticeId) -> Answer<'_, Option<Text<NAME_BYTES_MAX>>> {
        Box::pin(async move { Ok(self.practice_name(id).await?) })
    }

    fn is_new(&self) -> Answer<'_, bool> {
        Box::pin(async move { Ok(self.has_no_practice().await?) })
    }

    fn account(&self, id: AccountId) -> Answer<'_, Option<AccountView>> {
        Box::pin(async move { Ok(self.read_account(id).await?) })
    }

    fn login<'a>(&'a self, handle: &'a Handle) -> Answer<'a, Option<LoginRow>> {
        Box::pin(async move { Ok(self.read_login(handle).await?) })
    }

    fn signed_in(&self, id: AccountId) -> Answer<'_, Option<SignedInRow>> {
        Box::pin(async move { Ok(self.read_signed_in(id).await?) })
    }

    fn register<'a>(
        &'a self,
        account: &'a NewAccount,
        needs: &'a Needs,
        judge: RegisterJudge<'a>,
    ) -> Answer<'a, RegisterVerdict> {
        Box::pin(async move {
            let _turn = self.turn().await;
            retry!(self.try_register(account, needs, &mut *judge))
        })
    }

    fn card(&self, account: AccountId, version: Option<Version>) -> Answer<'_, Option<Arc<VerifiedCard>>> {
        Box::pin(async move {
            Ok(match version {
                None => self.read_account(account).await?.map(|view| view.card),
                Some(version) => self.read_card(account, version).await?,
            })
        })
    }

    fn cards_around(&self, account: AccountId, version: Version) -> Answer<'_, Neighbours> {
        Box::pin(async move { Ok(self.read_cards_around(account, version).await?) })
    }

    fn put_card(&self, card: Arc<VerifiedCard>, newest: Version) -> Answer<'_, Swap> {
        Box::pin(async move {
            let _turn = self.turn().await;
            retry!(self.try_put_card(&card, newest))
        })
    }

    fn vault(&self, account: AccountId) -> Answer<'_, Option<VaultRow>> {
        Box::pin(async move { Ok(self.read_vault(account).await?) })
    }

    fn put_vault(
        &self,
        account: AccountId,
        vault: VaultRow,
        fits: fn(stored: Revision, base: Revision) -> bool,
        base: Revision,
        keep_since: Millis,
    ) -> Answer<'_, Swap> {
        Box::pin(async move { retry!(self.try_put_vault(account, &vault, fits, base, keep_since)) })
    }

    fn change_credentials<'a>(&'a self, write: &'a CredentialsWrite) -> Answer<'a, Swap> {
        Box::pin(async move {
            let _turn = self.turn().await;
            retry!(self.try_change_credentials(write))
        })
    }

    fn vault_at(&self, account: AccountId, revision: Revision) -> Answer<'_, Option<SealedVault>> {
        Box::pin(async move { Ok(self.read_vault_at(account, revision).await?) })
    }

    fn invitation(&self, id: InvitationId) -> Answer<'_, Option<InvitationRow>> {
        Box::pin(async move { Ok(self.read_invitation(id).await?) })
    }

    fn invitations(&self, inviter: AccountId) -> Answer<'_, Vec<InvitationRow>> {
        Box::pin(async move { Ok(self.read_invitations(inviter).await?) })
    }

    fn put_invitation(&self, row: InvitationRow, open_max: usize) -> Answer<'_, InvitationPut> {
        Box::pin(async move { retry!(self.try_put_invitation(&row, open_max)) })
    }

    fn revoke_invitation(&self, id: InvitationId, inviter: AccountId) -> Answer<'_, bool> {
        Box::pin(async move { retry!(self.try_revoke_invitation(id, inviter)) })
    }

    fn roster(&self, practice: PracticeId) -> Answer<'_, Option<Signed<Roster>>> {
        Box::pin(async move { Ok(self.read_roster(practice).await?) })
    }

    fn put_roster(&self, practice: PracticeId, version: Version, roster: Signed<Roster>) -> Answer<'_, Swap> {
        Box::pin(async move { retry!(self.try_put_roster(practice, version, &roster)) })
    }

    fn space(&self, id: SpaceId) -> Answer<'_, Option<Arc<SpaceView>>> {
        Box::pin(async move { Ok(self.read_space(id).await?) })
    }

    fn spaces_of(&self, account: AccountId) -> Answer<'_, Vec<SpaceHead>> {
        Box::pin(async move { Ok(self.read_spaces_of(account).await?) })
    }

    fn sharing_with(&self, account: AccountId) -> Answer<'_, BTreeSet<AccountId>> {
        Box::pin(async move { Ok(self.read_sharing_with(account).await?) })
    }

    fn spaces_after(&self, after: Option<SpaceId>, limit: usize) -> Answer<'_, Vec<SpaceId>> {
        Box::pin(async move { Ok(self.read_spaces_after(after, limit).await?) })
    }

    fn page(&self, space: SpaceId, after: Seq, limit: usize, bytes_max: usize) -> Answer<'_, Vec<PageRow>> {
        Box::pin(async move { Ok(self.read_page(space, after, limit, bytes_max).await?) })
    }

    fn ground(&self, space: SpaceId, seq: Seq) -> Answer<'_, Option<(Head, PageRow)>> {
        Box::pin(async move { Ok(self.read_ground(space, seq).await?) })
    }

    fn append<'a>(&'a self, needs: &'a Needs, judge: Judge<'a>) -> Answer<'a, ()> {
        Box::pin(async move {
            let _turn = self.turn().await;
            retry!(self.try_append(needs, &mut *judge))
        })
    }

    fn put_cursors<'a>(&'a self, cursors: &'a [(DeviceId, SpaceId, Seq)]) -> Answer<'a, ()> {
        Box::pin(async move { retry!(self.try_put_cursors(cursors)) })
    }

    fn cursor(&self, device: DeviceId, space: SpaceId) -> Answer<'_, Option<Seq>> {
        Box::pin(async move { Ok(self.read_cursor(device, space).await?) })
    }

    fn people(&self, practice: PracticeId, limit: usize) -> Answer<'_, Vec<Person>> {
        Box::pin(async move { Ok(self.read_people(practice, limit).await?) })
    }

    fn glance(&self, practice: PracticeId, limit: usize) -> Answer<'_, Vec<TableRows>> {
        Box::pin(async move { Ok(self.read_glance(practice, limit).await?) })
    }

    fn device_weeks(&self, account: AccountId) -> Answer<'_, Vec<DeviceWeek>> {
        Box::pin(async move { Ok(self.read_weeks(account).await?) })
    }

    fn put_device_week(&self, account: AccountId, device: DeviceId, week: Week) -> Answer<'_, ()> {
        Box::pin(async move { retry!(self.try_put_week(account, device, week)) })
    }

    fn factors(&self, account: AccountId) -> Answer<'_, Vec<FactorRow>> {
        Box::pin(async move { Ok(self.read_factors(account).await?) })
    }

    fn factor_standing(&self, account: AccountId) -> Answer<'_, Option<FactorStanding>> {
        Box::pin(async move { Ok(self.read_standing(account).await?) })
    }

    fn put_factor(&self, row: FactorRow, max: usize) -> Answer<'_, bool> {
        Box::pin(async move { retry!(self.try_put_factor(&row, max)) })
    }

    fn use_factor(&self, account: AccountId, id: FactorId, used: u64) -> Answer<'_, Swap> {
        Box::pin(async move { retry!(self.try_use_factor(account, id, used)) })
    }

    fn remove_factor(&self, account: AccountId, id: FactorId) -> Answer<'_, ()> {
        Box::pin(async move { retry!(self.try_remove_factor(account, id)) })
    }

    fn set_factors_since(&self, practice: PracticeId, since: Option<Millis>) -> Answer<'_, ()> {
        Box::pin(async move { retry!(self.try_set_factors_since(practice, since)) })
    }

    fn put_push(&self, row: PushRow, at: Millis) -> Answer<'_, bool> {
        Box::pin(async move { retry!(self.try_put_push(&row, at)) })
    }

    fn forget_push(
        &self,
        account: AccountId,
        device: DeviceId,
        endpoint: Option<PushEndpoint>,
    ) -> Answer<'_, ()> {
        Box::pin(async move { retry!(self.try_forget_push(account, device, endpoint.as_ref())) })
    }

    fn push_endpoints<'a>(&'a self, accounts: &'a BTreeSet<AccountId>) -> Answer<'a, Vec<PushRow>> {
        Box::pin(async move { Ok(self.read_push(accounts).await?) })
    }
}
