//! What a judge is shown inside a transaction, and what it decides.
//!
//! Owns the shapes only. Invariant: a [`View`] answers everything its [`Needs`] named, and the current members of
//! every space named; what it lacks does not exist.

use super::rows::{AccountView, InvitationRow};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{
    AccountId, EraId, Hash, Head, Millis, PracticeId, RecordId, Seq, SpaceId, Version,
};
use sotto_protocol::log::{CardPin, LogState};
use sotto_protocol::record::{Kind, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What makes a record unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// Space.
    pub space: SpaceId,
    /// Author.
    pub author: AccountId,
    /// Her id for it.
    pub id: RecordId,
}

/// What a batch needs to know.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Spaces, with the accounts of their current members.
    pub spaces: BTreeSet<SpaceId>,
    /// Further accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Records that may be there already, or that are dropped.
    pub records: BTreeSet<RecordKey>,
    /// Heads after earlier records.
    pub heads: BTreeSet<(SpaceId, Seq)>,
    /// Hashes of cards.
    pub cards: BTreeSet<(AccountId, Version)>,
    /// Who makes an era that is counted.
    pub era_makers: BTreeSet<(SpaceId, AccountId)>,
    /// Whose spaces are counted.
    pub space_counts: BTreeSet<AccountId>,
}

/// A record that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Position.
    pub seq: Seq,
    /// When it was stored.
    pub at: Millis,
    /// Head after it.
    pub head: Head,
    /// Kind.
    pub kind: Kind,
    /// Payload hash.
    pub payload_hash: Hash,
}

/// A space as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceView {
    /// Whose.
    pub practice: PracticeId,
    /// State of the log.
    pub state: LogState,
    /// When the current era was stored, by the server's clock.
    pub era_started: Millis,
}

/// What the store knows of what was needed.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Spaces.
    pub spaces: BTreeMap<SpaceId, Arc<SpaceView>>,
    /// Accounts.
    pub accounts: BTreeMap<AccountId, AccountView>,
    /// Records.
    pub records: BTreeMap<RecordKey, Known>,
    /// Heads.
    pub heads: BTreeMap<(SpaceId, Seq), Head>,
    /// Cards.
    pub cards: BTreeMap<(AccountId, Version), CardPin>,
    /// When an age or void era was last made.
    pub era_makes: BTreeMap<(SpaceId, AccountId), Millis>,
    /// In how many spaces an account is.
    pub space_counts: BTreeMap<AccountId, usize>,
}

/// What a registration is judged by.
#[derive(Clone, Debug, Default)]
pub struct RegisterView {
    /// Who has the handle.
    pub handle: Option<AccountId>,
    /// An account of the same id: its practice and the hash of its first card.
    pub existing: Option<(PracticeId, Hash)>,
    /// Hash of the set-up token.
    pub setup: Option<Hash>,
    /// The invitation.
    pub invitation: Option<InvitationRow>,
    /// What the founding records need.
    pub view: View,
}

/// A record to be stored.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Position.
    pub seq: Seq,
    /// Server's clock.
    pub at: Millis,
    /// Head after it.
    pub head: Head,
    /// The practice of its space.
    pub practice: PracticeId,
    /// The record.
    pub record: Arc<Record>,
}

/// A new era of a space.
#[derive(Clone, Debug)]
pub struct EraWrite {
    /// Id.
    pub id: EraId,
    /// Server's clock.
    pub started: Millis,
    /// Who came in since the stored state.
    pub added: BTreeSet<AccountId>,
    /// Who left since the stored state.
    pub removed: BTreeSet<AccountId>,
}

/// A space that moves.
#[derive(Clone, Debug)]
pub struct SpaceWrite {
    /// Whose.
    pub practice: PracticeId,
    /// True when the space begins with this batch.
    pub founded: bool,
    /// State after the batch.
    pub state: LogState,
    /// Set when the era changed.
    pub era: Option<EraWrite>,
}

/// What a judge decided.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    /// Records, in the order of their positions.
    pub records: Vec<NewRecord>,
    /// Spaces, by id.
    pub spaces: Vec<SpaceWrite>,
    /// Records whose payload goes, after `records` were stored.
    pub dropped: Vec<(SpaceId, Seq)>,
    /// Age and void eras.
    pub era_makes: Vec<(SpaceId, AccountId, Millis)>,
}

impl Writes {
    /// True when there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.spaces.is_empty()
    }
}

/// What is done about a registration.
#[derive(Clone, Debug)]
pub enum RegisterVerdict {
    /// Nothing.
    Refuse(ErrorCode),
    /// Nothing: it was done before.
    Repeat(PracticeId),
    /// It is stored, the ticket consumed.
    Create {
        /// Whose practice, which exists unless the ticket founds it.
        practice: PracticeId,
        /// Founding records.
        writes: Box<Writes>,
    },
}
