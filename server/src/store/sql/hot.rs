//! What is kept in memory of spaces and accounts that are in use.
//!
//! Owns two bounded maps. Invariant: an entry is what the database says, or it is not there: entries are removed
//! before a transaction commits and put back, changed, when it has. Other nodes may write to a shared database; so
//! there positions and card versions are always read again, and only what they identify is taken from here.

use crate::store::{AccountView, SpaceView, Writes};
use sotto_protocol::ids::{AccountId, Head, Seq, SpaceId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Spaces kept.
const SPACES_MAX: usize = 4096;
/// Accounts kept.
const ACCOUNTS_MAX: usize = 8192;
/// Heads kept of each space.
const HEADS_MAX: usize = 64;

/// A bounded map that forgets an eighth, the longest unused, when it is full.
#[derive(Debug)]
struct Bounded<K, V> {
    entries: BTreeMap<K, (u64, V)>,
    clock: u64,
    max: usize,
}

impl<K: Ord + Copy, V> Bounded<K, V> {
    fn new(max: usize) -> Self {
        Self { entries: BTreeMap::new(), clock: 0, max }
    }

    fn get(&mut self, key: &K) -> Option<&mut V> {
        self.clock += 1;
        let (used, value) = self.entries.get_mut(key)?;
        *used = self.clock;
        Some(value)
    }

    fn insert(&mut self, key: K, value: V) {
        self.clock += 1;
        self.entries.insert(key, (self.clock, value));
        if self.entries.len() > self.max {
            let mut used: Vec<u64> = self.entries.values().map(|(used, _)| *used).collect();
            used.sort_unstable();
            let limit = used.get(self.max / 8).copied().unwrap_or_default();
            self.entries.retain(|_, (used, _)| *used > limit);
        }
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, value)| value)
    }
}

#[derive(Debug)]
struct HotSpace {
    view: Arc<SpaceView>,
    heads: VecDeque<(Seq, Head)>,
}

#[derive(Debug)]
struct Maps {
    spaces: Bounded<SpaceId, HotSpace>,
    accounts: Bounded<AccountId, AccountView>,
    /// Counts writes, so that a reader knows whether what it read is still the newest.
    writes: u64,
}

/// A moment in the life of the maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(u64);

/// The maps.
#[derive(Debug)]
pub(super) struct Hot(Mutex<Maps>);

impl Hot {
    pub(super) fn new() -> Self {
        let (spaces, accounts) = (Bounded::new(SPACES_MAX), Bounded::new(ACCOUNTS_MAX));
        Self(Mutex::new(Maps { spaces, accounts, writes: 0 }))
    }

    pub(super) fn moment(&self) -> Moment {
        Moment(self.lock().writes)
    }

    pub(super) fn space(&self, id: SpaceId) -> Option<Arc<SpaceView>> {
        self.lock().spaces.get(&id).map(|hot| hot.view.clone())
    }

    pub(super) fn head(&self, space: SpaceId, seq: Seq) -> Option<Head> {
        let mut maps = self.lock();
        let heads = &maps.spaces.get(&space)?.heads;
        let at = heads.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
        heads.get(at).map(|(_, head)| *head)
    }

    pub(super) fn account(&self, id: AccountId) -> Option<AccountView> {
        self.lock().accounts.get(&id).cloned()
    }

    /// Keeps a space that was read, unless something was written since.
    pub(super) fn keep_space(&self, view: &Arc<SpaceView>, read_at: Moment) {
        let mut maps = self.lock();
        let id = view.state.space();
        if maps.writes == read_at.0 && maps.spaces.get(&id).is_none() {
            let heads = VecDeque::from([(view.state.seq(), view.state.head())]);
            maps.spaces.insert(id, HotSpace { view: view.clone(), heads });
        }
    }

    /// Keeps an account that was read, unless something was written since.
    pub(super) fn keep_account(&self, id: AccountId, view: &AccountView, read_at: Moment) {
        let mut maps = self.lock();
        if maps.writes == read_at.0 {
            maps.accounts.insert(id, view.clone());
        }
    }

    /// A transaction is about to commit: what it changes is taken out.
    pub(super) fn committing(&self, writes: &Writes) -> Vec<(SpaceId, VecDeque<(Seq, Head)>)> {
        let mut maps = self.lock();
        maps.writes += 1;
        let take = |write: &crate::store::SpaceWrite| {
            let id = write.state.space();
            (id, maps.spaces.remove(&id).map(|hot| hot.heads).unwrap_or_default())
        };
        writes.spaces.iter().map(take).collect()
    }

    /// It has committed.
    pub(super) fn committed(
        &self,
        writes: &Writes,
        taken: Vec<(SpaceId, VecDeque<(Seq, Head)>)>,
        old: &BTreeMap<SpaceId, Arc<SpaceView>>,
    ) {
        let mut maps = self.lock();
        maps.writes += 1;
        let mut heads: BTreeMap<_, _> = taken.into_iter().collect();
        for new in &writes.records {
            let heads = heads.entry(new.record.header().space).or_default();
            heads.push_back((new.seq, new.head));
            while heads.len() > HEADS_MAX {
                heads.pop_front();
            }
        }
        for write in &writes.spaces {
            let id = write.state.space();
            let started = old.get(&id).map(|view| view.era_started).unwrap_or_default();
            let era_started = write.era.as_ref().map_or(started, |era| era.started);
            let view = SpaceView { practice: write.practice, state: write.state.clone(), era_started };
            let heads = heads.remove(&id).unwrap_or_default();
            maps.spaces.insert(id, HotSpace { view: Arc::new(view), heads });
        }
    }

    /// An account is about to change.
    pub(super) fn forget_account(&self, id: AccountId) {
        let mut maps = self.lock();
        maps.writes += 1;
        maps.accounts.remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Maps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
