//! What surrounds the relay: a disk that crashes, power, and connections.
//!
//! Owns the store in memory, the sessions, and the batch that waits for its flush. Refuses to know the network.
//! Invariant: every future of the service is ready at once, because the store is in memory; one that is not would
//! make a run depend on something outside, and stops it.

use super::dice;
use super::net::ConnId;
use rand_chacha::ChaCha20Rng;
use sotto_protocol::card::Card;
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::frame::{Challenge, Stored};
use sotto_protocol::ids::{
    AccountId, DeviceId, Hash, IncarnationId, Millis, Revision, Seq, SpaceId, Version,
};
use sotto_protocol::link::LinkSecret;
use sotto_protocol::log::{Admission, Effect, LogState};
use sotto_protocol::record::Record;
use sotto_protocol::sign::Signed;
use sotto_server::defects::Defects;
use sotto_server::factor::Factors;
use sotto_server::hub::Outgoing;
use sotto_server::opaque::Opaque;
use sotto_server::relay::{PendingAppend, Relay};
use sotto_server::secrets::Secrets;
use sotto_server::service::{Entrance, Frame, Service, setup_hash};
use sotto_server::session::Session;
use sotto_server::store::memory::Snapshot;
use sotto_server::store::{
    EraWrite, MemoryStore, MetaKey, Needs, NewRecord, SpaceWrite, Store as _, View, Writes,
};
use sotto_server::throttle::Throttle;
use sotto_server::tokens::Tokens;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The answer of a future that needs nobody.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the service waits for something outside the simulation"),
    }
}

/// A relay with its surroundings.
pub struct Server {
    seed: u64,
    store: Arc<MemoryStore>,
    defects: Defects,
    relay: Arc<Relay>,
    entrance: Entrance,
    rng: ChaCha20Rng,
    sessions: BTreeMap<ConnId, Session>,
    stalled: BTreeSet<ConnId>,
    batch: Vec<PendingAppend>,
    /// It has power.
    pub up: bool,
}

impl Server {
    /// A new server, before set-up.
    pub fn new(seed: u64, defects: Defects) -> Self {
        let store = Arc::new(MemoryStore::new(defects));
        let incarnation = dice::Dice::new(seed, "incarnation").bytes::<16>();
        at_once(store.set_meta(MetaKey::Incarnation, Some(incarnation.to_vec()))).expect("memory");
        let setup = setup_hash(&Hash(Self::setup_token(seed).0));
        at_once(store.set_meta(MetaKey::Setup, Some(setup.as_bytes().to_vec()))).expect("memory");
        Self::over(seed, store, defects)
    }

    fn over(seed: u64, store: Arc<MemoryStore>, defects: Defects) -> Self {
        let relay = start(&store, defects);
        Self {
            seed,
            defects,
            relay,
            store,
            entrance: entrance(seed),
            rng: dice::rng(seed, "server"),
            sessions: BTreeMap::new(),
            stalled: BTreeSet::new(),
            batch: Vec::new(),
            up: true,
        }
    }

    /// Another server that goes on from the same data: what a lying operator runs beside the first.
    #[must_use]
    pub fn fork(&self) -> Self {
        let store = Arc::new(MemoryStore::new(self.defects));
        store.restore(&self.store.snapshot());
        Self::over(self.seed, store, self.defects)
    }

    /// The token of the set-up link.
    pub fn setup_token(seed: u64) -> LinkSecret {
        LinkSecret(dice::Dice::new(seed, "set-up token").bytes())
    }

    /// The store.
    pub fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Connections it knows of.
    pub fn connections(&self) -> usize {
        self.sessions.len()
    }

    /// A connection arrives.
    pub fn open(&mut self, conn: ConnId, now: Millis, challenge: [u8; 32]) {
        let session = Session::open(self.relay.clone(), Challenge(Hash(challenge)), now);
        self.sessions.insert(conn, session);
    }

    /// A frame arrives.
    pub fn frame(&mut self, conn: ConnId, bytes: &[u8], now: Millis) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        self.batch.extend(at_once(session.handle(bytes, now)));
    }

    /// A connection is gone.
    pub fn lost(&mut self, conn: ConnId) {
        self.sessions.remove(&conn);
        self.stalled.remove(&conn);
    }

    /// A reader takes nothing for a while, or reads on.
    pub fn stall(&mut self, conn: ConnId, stalled: bool) {
        if stalled {
            self.stalled.insert(conn);
        } else {
            self.stalled.remove(&conn);
        }
    }

    /// The deadline of a connection, after closing it if that has passed.
    pub fn expire(&mut self, conn: ConnId, now: Millis) -> Option<Millis> {
        let session = self.sessions.get_mut(&conn)?;
        session.expire(now);
        Some(session.deadline())
    }

    /// Appends wait for a flush.
    pub fn has_batch(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Flushes.
    pub fn flush(&mut self, now: Millis) {
        let rest = self.batch.split_off(self.batch.len().min(sotto_protocol::limits::BATCH_RECORDS_MAX));
        let batch = std::mem::replace(&mut self.batch, rest);
        at_once(self.relay.commit(batch, now));
    }

    /// A request over HTTP.
    pub fn account(&mut self, body: &[u8], host: u64, now: Millis) -> Vec<u8> {
        let [.., a, b] = host.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(10, 0, a, b));
        let service = self.relay.service();
        let outcome = at_once(service.handle_account(&self.entrance, body, address, now, &mut self.rng));
        let bytes = outcome.response.to_bytes();
        self.relay.account_done(&outcome);
        bytes
    }

    /// What goes out now, in the order of connections.
    pub fn outgoing(&mut self) -> Vec<(ConnId, Option<Frame>)> {
        let mut out = Vec::new();
        for (conn, session) in &self.sessions {
            if self.stalled.contains(conn) {
                continue;
            }
            while let Some(outgoing) = session.outbox().take() {
                match outgoing {
                    Outgoing::Frame(frame) => out.push((*conn, Some(frame))),
                    Outgoing::Close(_) => {
                        out.push((*conn, None));
                        break;
                    }
                }
            }
        }
        for (conn, _) in out.iter().filter(|(_, frame)| frame.is_none()) {
            self.sessions.remove(conn);
        }
        out
    }

    /// Power is lost.
    pub fn crash(&mut self) {
        self.up = false;
        self.batch.clear();
        self.sessions.clear();
        self.stalled.clear();
        self.store.crash();
    }

    /// Power is back.
    pub fn start(&mut self) {
        self.relay = start(&self.store, self.defects);
        self.entrance = entrance(self.seed);
        self.up = true;
    }

    /// A copy of the data, as a backup takes it.
    pub fn backup(&self) -> Snapshot {
        self.store.snapshot()
    }

    /// Sets the data back; the server gets a new incarnation. To be started after that.
    pub fn set_back(&mut self, backup: &Snapshot, incarnation: [u8; 16]) {
        self.crash();
        self.store.restore(backup);
        at_once(self.store.set_meta(MetaKey::Incarnation, Some(incarnation.to_vec()))).expect("memory");
    }

    /// The life of the data served.
    pub fn incarnation(&self) -> IncarnationId {
        self.relay.service().incarnation()
    }

    /// A card as stored.
    pub fn card(&self, account: AccountId, version: Option<Version>) -> Option<Signed<Card>> {
        at_once(self.store.card(account, version)).expect("memory").map(|card| card.signed().clone())
    }

    /// The version of an account's newest card.
    pub fn card_version(&self, account: AccountId) -> Option<Version> {
        self.card(account, None)?.peek().ok().map(|card| card.version)
    }

    /// The card version in which a device was removed.
    pub fn removed_in(&self, account: AccountId, device: DeviceId) -> Option<Version> {
        self.card(account, None)?.peek().ok()?.device(device)?.removed_in
    }

    /// The newest vault's revision.
    pub fn vault_revision(&self, account: AccountId) -> Option<Revision> {
        at_once(self.store.vault(account)).expect("memory").map(|row| row.revision)
    }

    /// An earlier vault.
    pub fn vault_at(&self, account: AccountId, revision: Revision) -> Option<SealedVault> {
        at_once(self.store.vault_at(account, revision)).expect("memory")
    }

    /// Every account that has a card, by way of the spaces.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        let states = self.spaces().into_iter().filter_map(|space| self.space(space));
        let members = |s: LogState| s.era().map(|e| e.members.clone()).unwrap_or_default();
        states.flat_map(members).map(|m| m.account).collect()
    }

    /// Writes a record behind the back of every rule, as an operator can.
    pub fn plant(&mut self, record: &Record, effect: Effect, now: Millis) {
        let space = record.header().space;
        let needs = Needs { spaces: BTreeSet::from([space]), ..Needs::default() };
        let mut judge = |view: &View| {
            let Some(known) = view.spaces.get(&space) else { return Writes::default() };
            let mut state = known.state.clone();
            let (seq, head) = (state.seq().next(), record.head_after(state.head()));
            let era = match &effect {
                Effect::Era(era, _) => Some(EraWrite {
                    id: era.id,
                    started: now,
                    added: era.members.iter().map(|m| m.account).filter(|a| !state.is_member(*a)).collect(),
                    removed: BTreeSet::new(),
                }),
                _ => None,
            };
            state.apply(Admission { seq, head, effect: effect.clone() });
            let practice = known.practice;
            let new = NewRecord { seq, at: now, head, practice, record: Arc::new(record.clone()) };
            let write = SpaceWrite { practice, founded: false, state, era };
            Writes { records: vec![new], spaces: vec![write], ..Writes::default() }
        };
        at_once(self.store.append(&needs, &mut judge)).expect("memory");
    }

    /// Every space.
    pub fn spaces(&self) -> Vec<SpaceId> {
        at_once(self.store.spaces_after(None, usize::MAX)).expect("memory")
    }

    /// A space's state.
    pub fn space(&self, space: SpaceId) -> Option<LogState> {
        at_once(self.store.space(space)).expect("memory").map(|view| view.state.clone())
    }

    /// Records of a space after a position.
    pub fn records(&self, space: SpaceId, after: Seq, limit: usize) -> Vec<Stored> {
        let rows = at_once(self.store.page(space, after, limit, usize::MAX)).expect("memory");
        let stored = |row: sotto_server::store::PageRow| {
            let payload = row.payload.and_then(|p| sotto_protocol::codec::Bytes::new(p).ok());
            let record = sotto_protocol::record::Record::from_parts(row.header, row.signature, payload);
            Stored { seq: row.seq, at: row.at, record: record.expect("what is stored was parsed") }
        };
        rows.into_iter().map(stored).collect()
    }
}

fn start(store: &Arc<MemoryStore>, defects: Defects) -> Arc<Relay> {
    Relay::new(at_once(Service::open(store.clone(), defects)).expect("an initialised store"))
}

fn entrance(seed: u64) -> Entrance {
    let secrets = Secrets::generate(&mut dice::rng(seed, "server secrets"));
    Entrance::new(
        Opaque::new(secrets.setup),
        Tokens::new(&secrets.server),
        Factors::new(&secrets.server, None),
        Throttle::default(),
    )
}
