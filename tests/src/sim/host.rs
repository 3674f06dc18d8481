//! What surrounds a client: a disk, a clock, a network that may be away, and an end at any moment.
//!
//! Owns a client's rows and the carrying out of its outputs. Refuses to know what people want. Invariants: outputs are
//! carried out in order; a batch that was written survives every crash, one that was not never happened; after a crash
//! the client is made anew from its rows, with fresh entropy.

use super::auditors::{self, Finding};
use super::net::{Happening, HostId};
use super::world::World;
use sotto_client_core::crypto::keys::StorageKey;
use sotto_client_core::crypto::opaque::Hardening;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::io::{BatchId, Change, Command, Draft, Input, LAZY_PREFIX, Output, Rejected, Row};
use sotto_client_core::{Client, Config};
use sotto_protocol::ids::{AccountId, Seq, SpaceId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Records that a device shows before it has all of them.
const NEWEST_RECORDS: u32 = 4;

/// Whoever joins first, by place in the list of people.
pub const JOINER: usize = 1;

/// What has become of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is used.
    Used,
    /// Its store was wiped; what the rows were is kept for whoever wants to attack with them.
    Wiped,
    /// Its account removed it.
    Removed,
    /// Its person gave up: the invitation was no good.
    GaveUp,
}

/// What a person wants of a fresh device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Found the practice.
    Setup,
    /// Join with her invitation.
    Join,
    /// Sign in.
    Login,
    /// Sign in with the recovery sheet.
    Recover,
}

/// A draft on its way into the outbox.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where.
    pub space: SpaceId,
    /// What.
    pub draft: Draft,
    /// Who reads there, as its author sees it.
    pub readers: BTreeSet<AccountId>,
    /// When.
    pub at: u64,
}

/// A device with a client.
pub struct Host {
    /// Whose, by place in the list of people.
    pub person: usize,
    /// The running client.
    pub client: Option<Client>,
    /// How often it was started.
    pub life: u32,
    /// What is on its disk.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Under which key the rows are sealed.
    pub storage: [u8; 32],
    /// It has network.
    pub online: bool,
    /// What became of it.
    pub fate: Fate,
    /// What its person wants of it before it is signed in.
    pub wish: Option<Wish>,
    /// How often that was tried.
    pub tries: u32,
    /// Number of a password that was chosen here and may hold or not.
    pub choosing: Option<u64>,
    /// It dies before so many further outputs.
    pub crash_in: Option<u64>,
    /// `Synced` came since this was last cleared.
    pub synced: bool,
    /// Which spaces a screen shows as complete: looked at when the client started, and whenever an event names one.
    pub complete: BTreeMap<SpaceId, bool>,
    /// What `Restored` said.
    pub restored: Option<(u64, u64)>,
    /// Drafts handed in and not yet confirmed.
    pub drafts: VecDeque<Written>,
    wakes: u64,
    writing: Option<(BatchId, Vec<Change>)>,
}

impl Host {
    /// A device with an empty disk.
    pub fn new(person: usize, storage: [u8; 32], wish: Wish) -> Self {
        Self {
            person,
            client: None,
            life: 0,
            rows: BTreeMap::new(),
            storage,
            online: true,
            fate: Fate::Used,
            wish: Some(wish),
            tries: 0,
            choosing: None,
            crash_in: None,
            synced: false,
            complete: BTreeMap::new(),
            restored: None,
            drafts: VecDeque::new(),
            wakes: 0,
            writing: None,
        }
    }

    /// A running client that is signed in and not removed.
    pub fn signed_in(&self) -> Option<&Client> {
        let client = self.client.as_ref()?;
        (self.fate == Fate::Used && client.account().is_some_and(|a| !a.removed)).then_some(client)
    }

    /// True when the record at a position is on its disk.
    pub fn holds(&self, space: SpaceId, seq: Seq) -> bool {
        let name = [LAZY_PREFIX, &space.0[..], b"/", &seq.0.to_be_bytes()[..], b"/h"].concat();
        self.rows.contains_key(&name)
    }

    /// True when the payload at a position is on its disk.
    pub fn has_payload(&self, space: SpaceId, seq: Seq) -> bool {
        let name = [LAZY_PREFIX, &space.0[..], b"/", &seq.0.to_be_bytes()[..], b"/p"].concat();
        self.rows.contains_key(&name)
    }

    fn write(&mut self, changes: Vec<Change>) {
        for Change { key, value } in changes {
            match value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

impl World {
    /// Starts a client from what is on its disk.
    pub fn start(&mut self, h: HostId) -> Result<(), Finding> {
        let now = self.now();
        let entropy = Entropy::from_seed(self.entropy.bytes());
        let host = &mut self.hosts[h];
        if host.client.is_some() || host.fate == Fate::Wiped {
            return Ok(());
        }
        host.life += 1;
        host.writing = None;
        let eager = host.rows.iter().filter(|(key, _)| !key.starts_with(LAZY_PREFIX));
        let rows = eager.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect();
        let defects = if host.person == JOINER { self.setting.joiner } else { self.setting.clients };
        // Few, so that short histories have more than that.
        let config =
            Config { hardening: Hardening::for_simulation(), defects, newest_records: NEWEST_RECORDS };
        let opened = Client::open(rows, StorageKey::from_bytes(host.storage), entropy, config, now);
        match opened {
            Ok(client) => {
                host.complete = client.spaces().into_iter().map(|view| (view.id, view.complete)).collect();
                host.client = Some(client);
            }
            Err(error) => return Err(Finding::new("opens", format!("host {h} does not open: {error}"))),
        }
        self.note(format!("host {h} starts (life {})", self.hosts[h].life));
        self.drain(h)?;
        self.pursue_soon(h);
        Ok(())
    }

    /// The client is gone; its disk stays.
    pub fn kill(&mut self, h: HostId) {
        let host = &mut self.hosts[h];
        if host.client.take().is_none() {
            return;
        }
        host.crash_in = None;
        host.writing = None;
        let swallowed: Vec<_> = host.drafts.drain(..).collect();
        self.model.uncertain.extend(swallowed.into_iter().map(|w| (w.space, w.draft)));
        self.note(format!("host {h} dies"));
        if let Some(conn) = self.net.of_host(h) {
            self.cut(conn);
            if let Some(wire) = self.net.get_mut(conn) {
                wire.client_up = false;
            }
        }
    }

    /// Tells a client something and carries out what it asks for.
    pub fn tell(&mut self, h: HostId, input: Input) -> Result<(), Finding> {
        let now = self.now();
        if let Some(client) = &mut self.hosts[h].client {
            let told = client.handle(input, now);
            if let Err(rejected) = told {
                return Err(Finding::new("contract", format!("host {h}: {rejected}")));
            }
            self.drain(h)?;
        }
        Ok(())
    }

    /// Gives a client a command.
    pub fn command(&mut self, h: HostId, command: Command) -> Result<Result<(), Rejected>, Finding> {
        let now = self.now();
        let Some(client) = &mut self.hosts[h].client else { return Ok(Err(Rejected::NotSignedIn)) };
        let draft = match &command {
            Command::Write { space, draft, .. } => {
                let readers = readers(client, *space);
                Some(Written { space: *space, draft: draft.clone(), readers, at: self.time })
            }
            _ => None,
        };
        let accepted = match &command {
            Command::AcceptReaders(space) => Some((*space, readers(client, *space))),
            _ => None,
        };
        self.trace.line(self.time, format!("host {h} wants {}", short(&command)));
        let answer = client.handle(Input::Command(command), now);
        match &answer {
            Ok(()) => {
                self.hosts[h].drafts.extend(draft);
                if let Some((space, readers)) = accepted {
                    auditors::consent::given(self, h, space, &readers);
                }
            }
            Err(rejected) => self.note(format!("host {h} rejects: {rejected}")),
        }
        self.drain(h)?;
        Ok(answer)
    }

    /// Carries out what a client asks for until it is idle, or dead.
    pub fn drain(&mut self, h: HostId) -> Result<(), Finding> {
        loop {
            let host = &mut self.hosts[h];
            let Some(client) = &mut host.client else { return Ok(()) };
            // Also while the disk is busy: a few sends don't wait for it.
            let output = client.poll();
            let idle = matches!(output, Output::Idle { .. });
            let due = match &mut host.crash_in {
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            };
            if !idle && (due || self.dice.chance(self.faults.crash)) {
                self.kill(h);
                let pause = self.dice.between(10, 20_000);
                self.plan(pause, Happening::Start(h));
                return Ok(());
            }
            if self.carry_out(h, output)? {
                return Ok(());
            }
        }
    }

    /// Carries out one output; true when there is nothing more to do now.
    fn carry_out(&mut self, h: HostId, output: Output) -> Result<bool, Finding> {
        let now = self.now();
        let life = self.hosts[h].life;
        match output {
            Output::Store(batch, changes) => {
                if self.dice.chance(self.faults.slow_disk) {
                    self.hosts[h].writing = Some((batch, changes));
                    let pause = self.dice.between(1, 300);
                    self.plan(pause, Happening::Written(h, life, batch));
                    return Ok(true);
                }
                self.hosts[h].write(changes);
                self.stored(h, batch)?;
            }
            Output::Load(from, to) => {
                let host = &mut self.hosts[h];
                let rows = host.rows.range(from..to);
                let rows = rows.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect();
                self.handle(h, Input::Loaded(rows), now)?;
            }
            Output::Dial(_) => self.dial(h),
            Output::Send(bytes) => self.send(h, bytes)?,
            Output::HangUp => {
                if let Some(conn) = self.net.of_host(h) {
                    self.cut(conn);
                    if let Some(wire) = self.net.get_mut(conn) {
                        wire.client_up = false;
                    }
                }
                self.note(format!("host {h} hangs up"));
                self.handle(h, Input::Disconnected, now)?;
            }
            Output::Request(id, _, body) => self.post(h, id, body)?,
            Output::Event(event) => self.event(h, event)?,
            Output::Idle { wake_at } => {
                let host = &mut self.hosts[h];
                host.wakes += 1;
                let wakes = host.wakes;
                if let Some(at) = wake_at {
                    let pause = at.since(now).max(1);
                    self.plan(pause, Happening::Wake(h, life, wakes));
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn handle(&mut self, h: HostId, input: Input, now: sotto_protocol::ids::Millis) -> Result<(), Finding> {
        let Some(client) = &mut self.hosts[h].client else { return Ok(()) };
        client.handle(input, now).map_err(|e| Finding::new("contract", format!("host {h}: {e}")))
    }

    fn stored(&mut self, h: HostId, batch: BatchId) -> Result<(), Finding> {
        let now = self.now();
        if self.dice.chance(self.faults.crash) {
            // Written, and nobody heard of it.
            self.kill(h);
            let pause = self.dice.between(10, 20_000);
            self.plan(pause, Happening::Start(h));
        }
        self.handle(h, Input::Stored(batch), now)
    }

    /// The disk is done.
    pub fn written(&mut self, h: HostId, life: u32, batch: BatchId) -> Result<(), Finding> {
        let host = &mut self.hosts[h];
        if host.life != life || host.client.is_none() {
            return Ok(());
        }
        if let Some((waiting, changes)) = host.writing.take().filter(|(b, _)| *b == batch) {
            host.write(changes);
            self.stored(h, waiting)?;
        }
        self.drain(h)
    }

    /// It is time to wake up.
    pub fn wake(&mut self, h: HostId, life: u32, wakes: u64) -> Result<(), Finding> {
        let host = &self.hosts[h];
        if host.life == life && host.wakes == wakes { self.tell(h, Input::Wake) } else { Ok(()) }
    }
}

fn readers(client: &Client, space: SpaceId) -> BTreeSet<AccountId> {
    let view = client.spaces().into_iter().find(|v| v.id == space);
    view.map(|v| v.members.iter().map(|m| m.account).collect()).unwrap_or_default()
}

fn short(command: &Command) -> String {
    let text = format!("{command:?}");
    text.chars().take(160).collect()
}
