//! The store in memory: for tests and the simulation, never for `serve`.
//!
//! Owns the same use cases over ordered maps, and a model of the disk: [`MemoryStore::crash`] loses what was not
//! flushed, [`MemoryStore::snapshot`] and [`MemoryStore::restore`] set the data back to an older copy. Invariant:
//! every use case is flushed before it answers, unless the defect `AckBeforeFlush` is switched on, which leaves
//! the newest write unflushed until the next one.

mod accounts;
mod factors;
mod glance;

use super::rows::{
    AccountView, CredentialsWrite, FactorRow, FactorStanding, InvitationPut, InvitationRow, LoginRow,
    NewAccount, PageRow, PushRow, SignedInRow, TicketKey, VaultRow,
};
use super::view::{Known, Needs, RecordKey, RegisterVerdict, RegisterView, SpaceView, View, Writes};
use super::{Answer, Judge, MetaKey, Neighbours, RegisterJudge, Store, StoreError, Swap};
use crate::defects::{Defect, Defects};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec::Text;
use sotto_protocol::credentials::{CredentialSet, OpaqueMessage, SealedInner, SealedVault};
use sotto_protocol::frame::{DeviceWeek, InvitationState, Person, PushEndpoint, SpaceHead};
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, FactorId, Handle, Hash, Head, InvitationId, Millis, PracticeId, Revision,
    Seq, SpaceId, Version, Week,
};
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::log::CardPin;
use sotto_protocol::record::{Kind, Record};
use sotto_protocol::roster::{Role, Roster};
use sotto_protocol::sign::Signed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Debug)]
struct Account {
    practice: PracticeId,
    role: Role,
    handle: Handle,
    opaque: OpaqueMessage,
    credentials: Arc<Signed<CredentialSet>>,
    credentials_version: Version,
    inner: SealedInner,
    created_at: Millis,
}

#[derive(Clone, Debug)]
struct Row {
    at: Millis,
    head: Head,
    record: Arc<Record>,
}

impl Row {
    fn page_row(&self, seq: Seq) -> PageRow {
        PageRow {
            seq,
            at: self.at,
            header: self.record.header_bytes().to_vec(),
            signature: *self.record.signature(),
            payload: self.record.payload().map(|p| p.as_slice().to_vec()),
        }
    }
}

/// Everything, as it lies on the imagined disk.
#[derive(Clone, Debug, Default)]
struct Data {
    meta: BTreeMap<MetaKey, Vec<u8>>,
    practices: BTreeMap<PracticeId, (Text<NAME_BYTES_MAX>, Millis)>,
    accounts: BTreeMap<AccountId, Account>,
    handles: BTreeMap<Handle, AccountId>,
    cards: BTreeMap<(AccountId, Version), Arc<VerifiedCard>>,
    vaults: BTreeMap<(AccountId, Revision), Arc<VaultRow>>,
    invitations: BTreeMap<InvitationId, InvitationRow>,
    rosters: BTreeMap<PracticeId, (Version, Signed<Roster>)>,
    spaces: BTreeMap<SpaceId, Arc<SpaceView>>,
    memberships: BTreeSet<(AccountId, SpaceId)>,
    records: BTreeMap<(SpaceId, Seq), Row>,
    index: BTreeMap<RecordKey, Seq>,
    cursors: BTreeMap<(DeviceId, SpaceId), Seq>,
    era_makes: BTreeMap<(SpaceId, AccountId), Millis>,
    push: BTreeMap<(AccountId, DeviceId), (PushRow, Millis)>,
    weeks: BTreeMap<(AccountId, DeviceId), Week>,
    factors: BTreeMap<(AccountId, FactorId), FactorRow>,
    factors_since: BTreeMap<PracticeId, Millis>,
}

/// A copy of a store's contents.
#[derive(Clone, Debug, Default)]
pub struct Snapshot(Data);

#[derive(Debug, Default)]
struct Disk {
    current: Data,
    /// What a crash would leave, when that differs from `current`.
    flushed: Option<Box<Data>>,
}

/// The store.
#[derive(Debug, Default)]
pub struct MemoryStore {
    disk: Mutex<Disk>,
    defects: Defects,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(defects: Defects) -> Self {
        Self { disk: Mutex::default(), defects }
    }

    /// What would be there after a crash now.
    pub fn snapshot(&self) -> Snapshot {
        let disk = self.lock();
        Snapshot(disk.flushed.as_deref().unwrap_or(&disk.current).clone())
    }

    /// Sets everything back to a copy.
    pub fn restore(&self, snapshot: &Snapshot) {
        *self.lock() = Disk { current: snapshot.0.clone(), flushed: None };
    }

    /// Loses what was not flushed.
    pub fn crash(&self) {
        let mut disk = self.lock();
        if let Some(flushed) = disk.flushed.take() {
            disk.current = *flushed;
        }
    }

    /// All bytes the server holds, for searching them.
    pub fn visit_bytes(&self, visit: &mut dyn FnMut(&[u8])) {
        let disk = self.lock();
        let data = &disk.current;
        for account in data.accounts.values() {
            visit(account.opaque.as_slice());
            visit(account.credentials.bytes());
            visit(account.inner.as_slice());
        }
        data.cards.values().for_each(|card| visit(card.signed().bytes()));
        data.vaults.values().for_each(|vault| visit(vault.sealed.as_slice()));
        data.invitations.values().for_each(|row| visit(row.body.as_slice()));
        data.rosters.values().for_each(|(_, roster)| visit(roster.bytes()));
        data.push.values().for_each(|(row, _)| visit(row.endpoint.as_str().as_bytes()));
        for row in data.records.values() {
            visit(row.record.header_bytes());
            if let Some(payload) = row.record.payload() {
                visit(payload.as_slice());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Send + 'static>(&self, f: impl FnOnce(&Data) -> T) -> Answer<'_, T> {
        let value = f(&self.lock().current);
        Box::pin(std::future::ready(Ok(value)))
    }

    /// A write and its flush. `f` changes nothing when it fails.
    fn write<T: Send + 'static>(&self, f: impl FnOnce(&mut Data) -> Result<T, StoreError>) -> Answer<'_, T> {
        let mut disk = self.lock();
        if self.defects.has(Defect::AckBeforeFlush) {
            disk.flushed = Some(Box::new(disk.current.clone()));
        }
        let value = f(&mut disk.current);
        Box::pin(std::future::ready(value))
    }
}

impl Data {
    fn newest_card(&self, account: AccountId) -> Option<&Arc<VerifiedCard>> {
        self.cards
            .range((account, Version::ZERO)..=(account, Version(u64::MAX)))
            .next_back()
            .map(|(_, card)| card)
    }

    fn newest_vault(&self, account: AccountId) -> Option<&Arc<VaultRow>> {
        self.vaults
            .range((account, Revision::ZERO)..=(account, Revision(u64::MAX)))
            .next_back()
            .map(|(_, v)| v)
    }

    fn spaces_of(&self, account: AccountId) -> impl Iterator<Item = SpaceId> {
        let range = (account, SpaceId::ZERO)..=(account, SpaceId([0xFF; 16]));
        self.memberships.range(range).map(|(_, space)| *space)
    }

    fn account(&self, id: AccountId) -> Option<AccountView> {
        let account = self.accounts.get(&id)?;
        let card = self.newest_card(id)?.clone();
        Some(AccountView { practice: account.practice, role: account.role, card })
    }

    fn view(&self, needs: &Needs) -> View {
        let mut view = View::default();
        let mut accounts = needs.accounts.clone();
        for id in &needs.spaces {
            if let Some(space) = self.spaces.get(id) {
                accounts.extend(
                    space.state.era().into_iter().flat_map(|era| era.members.iter().map(|m| m.account)),
                );
                view.spaces.insert(*id, space.clone());
            }
        }
        view.accounts = accounts.into_iter().filter_map(|id| Some((id, self.account(id)?))).collect();
        view.records = needs.records.iter().filter_map(|key| Some((*key, self.known(key)?))).collect();
        let head = |key: &(SpaceId, Seq)| Some((*key, self.records.get(key)?.head));
        view.heads = needs.heads.iter().filter_map(head).collect();
        let pin = |card: &Arc<VerifiedCard>| CardPin { hash: card.hash(), identity: card.card().identity };
        view.cards = needs.cards.iter().filter_map(|key| Some((*key, pin(self.cards.get(key)?)))).collect();
        let made = |key: &(SpaceId, AccountId)| Some((*key, *self.era_makes.get(key)?));
        view.era_makes = needs.era_makers.iter().filter_map(made).collect();
        view.space_counts = needs.space_counts.iter().map(|id| (*id, self.spaces_of(*id).count())).collect();
        view
    }

    fn known(&self, key: &RecordKey) -> Option<Known> {
        let seq = *self.index.get(key)?;
        let row = self.records.get(&(key.space, seq))?;
        let header = row.record.header();
        Some(Known { seq, at: row.at, head: row.head, kind: header.kind, payload_hash: header.payload_hash })
    }

    /// Checks first, so that nothing is changed when the judge's decision does not fit.
    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let broken = |what: &str| StoreError::Internal(format!("the judge's decision does not fit: {what}"));
        let mut next: BTreeMap<SpaceId, Seq> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for new in &writes.records {
            let header = new.record.header();
            let stored = self.spaces.get(&header.space).map_or(Seq::ZERO, |s| s.state.seq());
            let seq = next.entry(header.space).or_insert(stored);
            *seq = seq.next();
            let key = RecordKey { space: header.space, author: header.author, id: header.id };
            if *seq != new.seq || self.index.contains_key(&key) || !keys.insert(key) {
                return Err(broken("position or id of a record"));
            }
        }
        for space in &writes.spaces {
            if space.founded == self.spaces.contains_key(&space.state.space()) {
                return Err(broken("founding"));
            }
        }
        for new in &writes.records {
            let header = new.record.header();
            let key = RecordKey { space: header.space, author: header.author, id: header.id };
            self.index.insert(key, new.seq);
            let row = Row { at: new.at, head: new.head, record: new.record.clone() };
            self.records.insert((header.space, new.seq), row);
        }
        for space in &writes.spaces {
            let id = space.state.space();
            let started = self.spaces.get(&id).map_or(Millis::ZERO, |s| s.era_started);
            let era_started = space.era.as_ref().map_or(started, |era| era.started);
            let view = SpaceView { practice: space.practice, state: space.state.clone(), era_started };
            self.spaces.insert(id, Arc::new(view));
            if let Some(era) = &space.era {
                self.memberships.extend(era.added.iter().map(|account| (*account, id)));
                for account in &era.removed {
                    self.memberships.remove(&(*account, id));
                }
            }
        }
        for key in &writes.dropped {
            if let Some(row) = self.records.get_mut(key) {
                row.record = Arc::new(Record::clone(&row.record).without_payload());
            }
        }
        self.era_makes.extend(writes.era_makes.iter().map(|(space, account, at)| ((*space, *account), *at)));
        Ok(())
    }

    fn register_view(&self, account: &NewAccount, needs: &Needs) -> RegisterView {
        let id = account.account();
        let first = |a: &Account| Some((a.practice, self.cards.get(&(id, Version(1)))?.hash()));
        RegisterView {
            handle: self.handles.get(&account.handle).copied(),
            existing: self.accounts.get(&id).and_then(first),
            setup: self.meta.get(&MetaKey::Setup).and_then(|v| Hash::from_slice(v).ok()),
            invitation: match &account.ticket {
                TicketKey::Invitation(id) => self.invitations.get(id).cloned(),
                TicketKey::Setup { .. } => None,
            },
            view: self.view(needs),
        }
    }

    fn create(
        &mut self,
        account: &NewAccount,
        practice: PracticeId,
        writes: &Writes,
    ) -> Result<(), StoreError> {
        let id = account.account();
        if self.accounts.contains_key(&id) || self.handles.contains_key(&account.handle) {
            return Err(StoreError::Internal("the account exists".to_owned()));
        }
        self.apply(writes)?;
        match &account.ticket {
            TicketKey::Setup { practice, name } => {
                self.practices.insert(*practice, (name.clone(), account.vault.at));
                self.meta.remove(&MetaKey::Setup);
            }
            TicketKey::Invitation(invitation) => {
                if let Some(row) = self.invitations.get_mut(invitation) {
                    row.used_by = Some(id);
                }
            }
        }
        self.handles.insert(account.handle.clone(), id);
        self.cards.insert((id, account.card.card().version), account.card.clone());
        self.vaults.insert((id, account.vault.revision), Arc::new(account.vault.clone()));
        let row = Account {
            practice,
            role: account.role,
            handle: account.handle.clone(),
            opaque: account.opaque.clone(),
            credentials: Arc::new(account.credentials.clone()),
            credentials_version: account.credentials_version,
            inner: account.inner.clone(),
            created_at: account.vault.at,
        };
        self.accounts.insert(id, row);
        Ok(())
    }
}

impl Store for MemoryStore {
    fn meta(&self, key: MetaKey) -> Answer<'_, Option<Vec<u8>>> {
        self.read(|data| data.meta.get(&key).cloned())
    }

    fn set_meta(&self, key: MetaKey, value: Option<Vec<u8>>) -> Answer<'_, ()> {
        self.write(|data| {
            match value {
                Some(value) => drop(data.meta.insert(key, value)),
                None => drop(data.meta.remove(&key)),
            }
            Ok(())
        })
    }

    fn practice(&self, id: PracticeId) -> Answer<'_, Option<Text<NAME_BYTES_MAX>>> {
        self.read(|data| data.practices.get(&id).map(|(name, _)| name.clone()))
    }

    fn is_new(&self) -> Answer<'_, bool> {
        self.read(|data| data.practices.is_empty())
    }

    fn account(&self, id: AccountId) -> Answer<'_, Option<AccountView>> {
        self.read(|data| data.account(id))
    }

    fn login<'a>(&'a self, handle: &'a Handle) -> Answer<'a, Option<LoginRow>> {
        self.read(|data| {
            let account = *data.handles.get(handle)?;
            Some(LoginRow { account, opaque: data.accounts.get(&account)?.opaque.clone() })
        })
    }

    fn signed_in(&self, id: AccountId) -> Answer<'_, Option<SignedInRow>> {
        self.read(|data| {
            let account = data.accounts.get(&id)?;
            Some(SignedInRow {
                handle: account.handle.clone(),
                role: account.role,
                card: data.newest_card(id)?.clone(),
                credentials: Signed::clone(&account.credentials),
                inner: account.inner.clone(),
                vault: VaultRow::clone(data.newest_vault(id)?),
            })
        })
    }

    fn register<'a>(
        &'a self,
        account: &'a NewAccount,
        needs: &'a Needs,
        judge: RegisterJudge<'a>,
    ) -> Answer<'a, RegisterVerdict> {
        self.write(|data| {
            let verdict = judge(&data.register_view(account, needs));
            if let RegisterVerdict::Create { practice, writes } = &verdict {
                data.create(account, *practice, writes)?;
            }
            Ok(verdict)
        })
    }

    fn card(&self, account: AccountId, version: Option<Version>) -> Answer<'_, Option<Arc<VerifiedCard>>> {
        self.read(|data| match version {
            Some(version) => data.cards.get(&(account, version)).cloned(),
            None => data.newest_card(account).cloned(),
        })
    }

    fn cards_around(&self, account: AccountId, version: Version) -> Answer<'_, Neighbours> {
        self.read(|data| {
            let before = data.cards.range((account, Version::ZERO)..(account, version)).next_back();
            let after = data.cards.range((account, version.next())..=(account, Version(u64::MAX))).next();
            (before.map(|(_, card)| card.clone()), after.map(|(_, card)| card.clone()))
        })
    }

    fn put_card(&self, card: Arc<VerifiedCard>, newest: Version) -> Answer<'_, Swap> {
        self.write(|data| Ok(data.put_card(card, newest)))
    }

    fn vault(&self, account: AccountId) -> Answer<'_, Option<VaultRow>> {
        self.read(|data| data.newest_vault(account).map(|v| VaultRow::clone(v)))
    }

    fn put_vault(
        &self,
        account: AccountId,
        vault: VaultRow,
        fits: fn(stored: Revision, base: Revision) -> bool,
        base: Revision,
        keep_since: Millis,
    ) -> Answer<'_, Swap> {
        self.write(|data| {
            let stored = data.newest_vault(account).map_or(Revision::ZERO, |v| v.revision);
            if !fits(stored, base) {
                return Ok(Swap::Lost);
            }
            data.replace_vault(account, vault, keep_since);
            Ok(Swap::Done)
        })
    }

    fn change_credentials<'a>(&'a self, write: &'a CredentialsWrite) -> Answer<'a, Swap> {
        self.write(|data| Ok(data.change_credentials(write)))
    }

    fn vault_at(&self, account: AccountId, revision: Revision) -> Answer<'_, Option<SealedVault>> {
        self.read(|data| data.vaults.get(&(account, revision)).map(|v| v.sealed.clone()))
    }

    fn invitation(&self, id: InvitationId) -> Answer<'_, Option<InvitationRow>> {
        self.read(|data| data.invitations.get(&id).cloned())
    }

    fn invitations(&self, inviter: AccountId) -> Answer<'_, Vec<InvitationRow>> {
        self.read(|data| {
            let mut rows: Vec<_> =
                data.invitations.values().filter(|row| row.inviter == inviter).cloned().collect();
            rows.sort_by_key(|row| (std::cmp::Reverse(row.created_at), row.id));
            rows
        })
    }

    fn put_invitation(&self, row: InvitationRow, open_max: usize) -> Answer<'_, InvitationPut> {
        self.write(|data| {
            if let Some(stored) = data.invitations.get(&row.id) {
                return Ok(if stored.is_same(&row) { InvitationPut::Stored } else { InvitationPut::Taken });
            }
            let open = |r: &&InvitationRow| {
                r.inviter == row.inviter && r.state(row.created_at) == InvitationState::Open
            };
            if data.invitations.values().filter(open).count() >= open_max {
                return Ok(InvitationPut::TooMany);
            }
            data.invitations.insert(row.id, row);
            Ok(InvitationPut::Stored)
        })
    }

    fn revoke_invitation(&self, id: InvitationId, inviter: AccountId) -> Answer<'_, bool> {
        self.write(|data| {
            let row = data.invitations.get_mut(&id).filter(|row| row.inviter == inviter);
            Ok(row.map(|row| row.revoked = true).is_some())
        })
    }

    fn roster(&self, practice: PracticeId) -> Answer<'_, Option<Signed<Roster>>> {
        self.read(|data| data.rosters.get(&practice).map(|(_, roster)| roster.clone()))
    }

    fn put_roster(&self, practice: PracticeId, version: Version, roster: Signed<Roster>) -> Answer<'_, Swap> {
        self.write(|data| {
            if data.rosters.get(&practice).is_some_and(|(stored, _)| *stored >= version) {
                return Ok(Swap::Lost);
            }
            data.rosters.insert(practice, (version, roster));
            Ok(Swap::Done)
        })
    }

    fn space(&self, id: SpaceId) -> Answer<'_, Option<Arc<SpaceView>>> {
        self.read(|data| data.spaces.get(&id).cloned())
    }

    fn spaces_of(&self, account: AccountId) -> Answer<'_, Vec<SpaceHead>> {
        self.read(|data| {
            let head = |id: SpaceId| {
                let state = &data.spaces.get(&id)?.state;
                let era = state.era().map_or(EraId::ZERO, |era| era.id);
                Some(SpaceHead { space: id, seq: state.seq(), head: state.head(), era })
            };
            data.spaces_of(account).filter_map(head).collect()
        })
    }

    fn sharing_with(&self, account: AccountId) -> Answer<'_, BTreeSet<AccountId>> {
        self.read(|data| {
            let members = |id: SpaceId| data.spaces.get(&id).and_then(|s| s.state.era());
            let others = data
                .spaces_of(account)
                .filter_map(members)
                .flat_map(|era| era.members.iter().map(|m| m.account));
            others.chain([account]).collect()
        })
    }

    fn spaces_after(&self, after: Option<SpaceId>, limit: usize) -> Answer<'_, Vec<SpaceId>> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.read(|data| {
            let from = after.map_or(Unbounded, Excluded);
            data.spaces.range((from, Unbounded)).take(limit).map(|(id, _)| *id).collect()
        })
    }

    fn page(&self, space: SpaceId, after: Seq, limit: usize, bytes_max: usize) -> Answer<'_, Vec<PageRow>> {
        self.read(|data| {
            let rows = data.records.range((space, after.next())..=(space, Seq(u64::MAX)));
            let rows = rows.take(limit).map(|((_, seq), row)| row.page_row(*seq));
            let mut bytes = 0;
            rows.take_while(|row| {
                let first = bytes == 0;
                bytes += row.size();
                first || bytes <= bytes_max
            })
            .collect()
        })
    }

    fn ground(&self, space: SpaceId, seq: Seq) -> Answer<'_, Option<(Head, PageRow)>> {
        self.read(|data| {
            let head = data.records.get(&(space, seq))?.head;
            let mut before = data.records.range((space, Seq::ZERO)..=(space, seq)).rev();
            let ((_, at), era) = before.find(|(_, row)| row.record.header().kind == Kind::Era)?;
            Some((head, era.page_row(*at)))
        })
    }

    fn append<'a>(&'a self, needs: &'a Needs, judge: Judge<'a>) -> Answer<'a, ()> {
        self.write(|data| {
            let writes = judge(&data.view(needs));
            data.apply(&writes)
        })
    }

    fn put_cursors<'a>(&'a self, cursors: &'a [(DeviceId, SpaceId, Seq)]) -> Answer<'a, ()> {
        self.write(|data| {
            data.cursors.extend(cursors.iter().map(|(device, space, seq)| ((*device, *space), *seq)));
            Ok(())
        })
    }

    fn cursor(&self, device: DeviceId, space: SpaceId) -> Answer<'_, Option<Seq>> {
        self.read(|data| data.cursors.get(&(device, space)).copied())
    }

    fn people(&self, practice: PracticeId, limit: usize) -> Answer<'_, Vec<Person>> {
        self.read(|data| {
            let accounts = data.accounts.iter().filter(|(_, account)| account.practice == practice);
            let mut people: Vec<_> = accounts
                .map(|(id, a)| Person {
                    account: *id,
                    handle: a.handle.clone(),
                    role: a.role,
                    since: a.created_at,
                })
                .collect();
            people.sort_by_key(|person| (std::cmp::Reverse(person.since), person.account));
            people.truncate(limit);
            people
        })
    }

    fn glance(&self, practice: PracticeId, limit: usize) -> Answer<'_, Vec<super::glance::TableRows>> {
        self.read(|data| data.glance(practice, limit))
    }

    fn device_weeks(&self, account: AccountId) -> Answer<'_, Vec<DeviceWeek>> {
        self.read(|data| {
            let mine = data.weeks.iter().filter(|((owner, _), _)| *owner == account);
            mine.map(|((_, device), week)| DeviceWeek { device: *device, week: *week }).collect()
        })
    }

    fn put_device_week(&self, account: AccountId, device: DeviceId, week: Week) -> Answer<'_, ()> {
        self.write(|data| {
            if data.newest_card(account).is_some_and(|card| is_active(card, device)) {
                data.weeks.insert((account, device), week);
            }
            Ok(())
        })
    }

    fn factors(&self, account: AccountId) -> Answer<'_, Vec<FactorRow>> {
        self.read(|data| data.factors(account))
    }

    fn factor_standing(&self, account: AccountId) -> Answer<'_, Option<FactorStanding>> {
        self.read(|data| data.factor_standing(account))
    }

    fn put_factor(&self, row: FactorRow, max: usize) -> Answer<'_, bool> {
        self.write(|data| Ok(data.put_factor(row, max)))
    }

    fn use_factor(&self, account: AccountId, id: FactorId, used: u64) -> Answer<'_, Swap> {
        self.write(|data| Ok(data.use_factor(account, id, used)))
    }

    fn remove_factor(&self, account: AccountId, id: FactorId) -> Answer<'_, ()> {
        self.write(|data| {
            data.factors.remove(&(account, id));
            Ok(())
        })
    }

    fn set_factors_since(&self, practice: PracticeId, since: Option<Millis>) -> Answer<'_, ()> {
        self.write(|data| {
            data.set_factors_since(practice, since);
            Ok(())
        })
    }

    fn put_push(&self, row: PushRow, at: Millis) -> Answer<'_, bool> {
        self.write(|data| {
            if !data.newest_card(row.account).is_some_and(|card| is_active(card, row.device)) {
                return Ok(false);
            }
            data.push.retain(|_, (other, _)| other.endpoint != row.endpoint);
            data.push.insert((row.account, row.device), (row, at));
            Ok(true)
        })
    }

    fn forget_push(
        &self,
        account: AccountId,
        device: DeviceId,
        endpoint: Option<PushEndpoint>,
    ) -> Answer<'_, ()> {
        self.write(|data| {
            let meant = |row: &PushRow| endpoint.as_ref().is_none_or(|e| *e == row.endpoint);
            data.push.retain(|id, (row, _)| *id != (account, device) || !meant(row));
            Ok(())
        })
    }

    fn push_endpoints<'a>(&'a self, accounts: &'a BTreeSet<AccountId>) -> Answer<'a, Vec<PushRow>> {
        self.read(|data| {
            let rows = data.push.values().map(|(row, _)| row);
            rows.filter(|row| accounts.contains(&row.account)).cloned().collect()
        })
    }
}

fn is_active(card: &VerifiedCard, device: DeviceId) -> bool {
    card.card().device(device).is_some_and(|d| d.active_at(card.card().version))
}
