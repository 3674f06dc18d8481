//! What the server keeps, as atomic use cases.
//!
//! Owns the [`Store`] trait and the shapes that cross it. Refuses to know frames, connections and rules: where a
//! decision must be taken inside a transaction, the store loads what [`Needs`] names, calls the judge it was
//! given, and writes what the judge decided, all or nothing. Invariant: a method that returned is on disk;
//! transactions are never handed upward. One contract suite (`contract`) runs on every store.

#[cfg(test)]
pub(crate) mod contract;
pub mod glance;
pub mod memory;
mod rows;
mod sql;
mod view;

pub use memory::MemoryStore;
pub use rows::{
    AccountView, CredentialsWrite, FactorRow, FactorStanding, InvitationPut, InvitationRow, LoginRow,
    NewAccount, PageRow, PushRow, SignedInRow, TicketKey, VaultRow,
};
pub use sql::SqlStore;
pub use view::{
    EraWrite, Known, Needs, NewRecord, RecordKey, RegisterVerdict, RegisterView, SpaceView, SpaceWrite, View,
    Writes,
};

use crate::db::DbError;
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec::Text;
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::frame::{DeviceWeek, Person, PushEndpoint, SpaceHead};
use sotto_protocol::ids::{
    AccountId, DeviceId, FactorId, Handle, Head, InvitationId, Millis, PracticeId, Revision, Seq, SpaceId,
    Version, Week,
};
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::roster::Roster;
use sotto_protocol::sign::Signed;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

/// Revisions of one vault that are kept at most, however young.
pub const VAULT_REVISIONS_MAX: usize = 256;

/// Why a use case failed. Nothing was changed, except that after `Unavailable` from a write it is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, or is too busy.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// What the database holds is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// Our mistake.
    #[error("internal store error: {0}")]
    Internal(String),
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy => Self::Unavailable("busy".to_owned()),
            DbError::Unavailable(why) => Self::Unavailable(why),
            DbError::Full => Self::Full,
            DbError::Corrupt(why) => Self::Corrupt(why),
            DbError::Conflict { .. } | DbError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}

/// What a use case gives back.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Decides on a batch of records, given what the store knows. May be called again when a transaction is retried.
pub type Judge<'a> = &'a mut (dyn FnMut(&View) -> Writes + Send);

/// Decides on a registration. May be called again when a transaction is retried.
pub type RegisterJudge<'a> = &'a mut (dyn FnMut(&RegisterView) -> RegisterVerdict + Send);

/// Facts the database keeps about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetaKey {
    /// The incarnation id.
    Incarnation,
    /// SHA-256 of the set-up token, while set-up was not done.
    Setup,
    /// Which secrets belong to this database: [`crate::secrets::Secrets::id`].
    Secrets,
}

impl MetaKey {
    /// The key in the table `meta`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incarnation => "incarnation",
            Self::Setup => "setup",
            Self::Secrets => "secrets",
        }
    }
}

/// The stored cards next to a version: the newest before it, and the oldest after it.
pub type Neighbours = (Option<Arc<VerifiedCard>>, Option<Arc<VerifiedCard>>);

/// What became of a compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Stored.
    Done,
    /// Somebody else was faster, or the base does not fit.
    Lost,
}

/// The use cases.
pub trait Store: Send + Sync {
    /// Reads a fact.
    fn meta(&self, key: MetaKey) -> Answer<'_, Option<Vec<u8>>>;
    /// Writes or (with none) removes a fact.
    fn set_meta(&self, key: MetaKey, value: Option<Vec<u8>>) -> Answer<'_, ()>;

    /// A practice's name.
    fn practice(&self, id: PracticeId) -> Answer<'_, Option<Text<NAME_BYTES_MAX>>>;
    /// True when there is no practice yet: set-up was not done.
    fn is_new(&self) -> Answer<'_, bool>;

    /// An account with its newest card.
    fn account(&self, id: AccountId) -> Answer<'_, Option<AccountView>>;
    /// What sign-in by handle needs.
    fn login<'a>(&'a self, handle: &'a Handle) -> Answer<'a, Option<LoginRow>>;
    /// Everything handed out after sign-in.
    fn signed_in(&self, id: AccountId) -> Answer<'_, Option<SignedInRow>>;
    /// Creates an account with everything that belongs to it, and the founding records of its first space.
    fn register<'a>(
        &'a self,
        account: &'a NewAccount,
        needs: &'a Needs,
        judge: RegisterJudge<'a>,
    ) -> Answer<'a, RegisterVerdict>;

    /// A card of exactly this version, or the newest.
    fn card(&self, account: AccountId, version: Option<Version>) -> Answer<'_, Option<Arc<VerifiedCard>>>;
    /// The stored cards next to a version: the newest before it, and the oldest after it.
    fn cards_around(&self, account: AccountId, version: Version) -> Answer<'_, Neighbours>;
    /// Stores a card if the newest stored still is `newest`, and no card of its version is stored.
    fn put_card(&self, card: Arc<VerifiedCard>, newest: Version) -> Answer<'_, Swap>;

    /// The newest vault.
    fn vault(&self, account: AccountId) -> Answer<'_, Option<VaultRow>>;
    /// Stores a vault if the newest stored revision satisfies `fits`. Revisions replaced before `keep_since` go, and
    /// all but the newest [`VAULT_REVISIONS_MAX`].
    fn put_vault(
        &self,
        account: AccountId,
        vault: VaultRow,
        fits: fn(stored: Revision, base: Revision) -> bool,
        base: Revision,
        keep_since: Millis,
    ) -> Answer<'_, Swap>;
    /// Replaces the credential set with everything that changes with it; nothing when any part does not fit.
    fn change_credentials<'a>(&'a self, write: &'a CredentialsWrite) -> Answer<'a, Swap>;
    /// An earlier vault that is still kept.
    fn vault_at(&self, account: AccountId, revision: Revision) -> Answer<'_, Option<SealedVault>>;

    /// An invitation.
    fn invitation(&self, id: InvitationId) -> Answer<'_, Option<InvitationRow>>;
    /// One's invitations, newest first.
    fn invitations(&self, inviter: AccountId) -> Answer<'_, Vec<InvitationRow>>;
    /// Stores an invitation unless its id is taken or its maker has `open_max` open ones at `row.created_at`.
    fn put_invitation(&self, row: InvitationRow, open_max: usize) -> Answer<'_, InvitationPut>;
    /// Withdraws an open invitation of this inviter. False when there is no such invitation of hers.
    fn revoke_invitation(&self, id: InvitationId, inviter: AccountId) -> Answer<'_, bool>;

    /// A practice's roster.
    fn roster(&self, practice: PracticeId) -> Answer<'_, Option<Signed<Roster>>>;
    /// Stores a roster if its version is higher than the stored one.
    fn put_roster(&self, practice: PracticeId, version: Version, roster: Signed<Roster>) -> Answer<'_, Swap>;

    /// A space.
    fn space(&self, id: SpaceId) -> Answer<'_, Option<Arc<SpaceView>>>;
    /// Where the spaces of an account stand, by id.
    fn spaces_of(&self, account: AccountId) -> Answer<'_, Vec<SpaceHead>>;
    /// Every account that shares a space with this one, itself included.
    fn sharing_with(&self, account: AccountId) -> Answer<'_, BTreeSet<AccountId>>;
    /// Up to `limit` spaces after an id, for looking through all of them.
    fn spaces_after(&self, after: Option<SpaceId>, limit: usize) -> Answer<'_, Vec<SpaceId>>;
    /// Records after a position: at most `limit`, at most `bytes_max` bytes but at least one record.
    fn page(&self, space: SpaceId, after: Seq, limit: usize, bytes_max: usize) -> Answer<'_, Vec<PageRow>>;
    /// The head after a record, and the record of the era in force there; `None` when there is no such record.
    fn ground(&self, space: SpaceId, seq: Seq) -> Answer<'_, Option<(Head, PageRow)>>;
    /// Judges and stores a batch of records in one transaction.
    fn append<'a>(&'a self, needs: &'a Needs, judge: Judge<'a>) -> Answer<'a, ()>;

    /// Notes how far devices have read.
    fn put_cursors<'a>(&'a self, cursors: &'a [(DeviceId, SpaceId, Seq)]) -> Answer<'a, ()>;
    /// How far a device has read.
    fn cursor(&self, device: DeviceId, space: SpaceId) -> Answer<'_, Option<Seq>>;

    /// The accounts of a practice, newest first.
    fn people(&self, practice: PracticeId, limit: usize) -> Answer<'_, Vec<Person>>;
    /// What is held of a practice: of each table at most `limit` rows, the newest.
    fn glance(&self, practice: PracticeId, limit: usize) -> Answer<'_, Vec<glance::TableRows>>;

    /// When the devices of an account were last connected, by device.
    fn device_weeks(&self, account: AccountId) -> Answer<'_, Vec<DeviceWeek>>;
    /// Notes when a device was last connected. Nothing is noted of one that is not active in its account's newest card.
    fn put_device_week(&self, account: AccountId, device: DeviceId, week: Week) -> Answer<'_, ()>;

    /// The second factors of an account, oldest first.
    fn factors(&self, account: AccountId) -> Answer<'_, Vec<FactorRow>>;
    /// Whether an account may do without a second factor; `None` when there is no such account.
    fn factor_standing(&self, account: AccountId) -> Answer<'_, Option<FactorStanding>>;
    /// Stores a second factor; one with its id stays as it is. False when there would be more than `max`, or no account.
    fn put_factor(&self, row: FactorRow, max: usize) -> Answer<'_, bool>;
    /// Notes that a second factor was used, if `used` is higher than what was noted before.
    fn use_factor(&self, account: AccountId, id: FactorId, used: u64) -> Answer<'_, Swap>;
    /// Removes a second factor.
    fn remove_factor(&self, account: AccountId, id: FactorId) -> Answer<'_, ()>;
    /// Since when a practice asks its staff for a second factor, or (with none) that it doesn't. The first time stays.
    fn set_factors_since(&self, practice: PracticeId, since: Option<Millis>) -> Answer<'_, ()>;

    /// Stores where a device takes notices; what it or another device said before goes. False when the device is
    /// not active in its account's newest card.
    fn put_push(&self, row: PushRow, at: Millis) -> Answer<'_, bool>;
    /// Forgets where a device takes notices; given an address, only if it is still that one.
    fn forget_push(
        &self,
        account: AccountId,
        device: DeviceId,
        endpoint: Option<PushEndpoint>,
    ) -> Answer<'_, ()>;
    /// Where the devices of accounts take notices.
    fn push_endpoints<'a>(&'a self, accounts: &'a BTreeSet<AccountId>) -> Answer<'a, Vec<PushRow>>;
}
