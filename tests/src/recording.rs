//! A recorded log, for readers that know nothing of this implementation.
//!
//! Owns a small honest world (real clients, the real session and service over the store in memory, one clock, nothing
//! lost), the life that is led in it, and what is written down of it. Refuses to know who reads the recording.
//! Invariant: what is recorded is what a server serves and hands out, and the one secret that opens it; never anything
//! that a client keeps for itself.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::{Value, json};
use sotto_client_core::crypto::keys::StorageKey;
use sotto_client_core::crypto::opaque::{self, Hardening};
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::io::{
    Change, Command, Draft, Event, Input, LAZY_PREFIX, MessageId, Output, RequestId, Row,
};
use sotto_client_core::view::{BodyView, MessageView};
use sotto_client_core::{Client, Config};
use sotto_protocol::account::{AccountAnswer, AccountRequest, AccountResponse};
use sotto_protocol::codec::{self, hex};
use sotto_protocol::frame::{Challenge, ServerBody, ServerFrame, Stored};
use sotto_protocol::ids::{AccountId, DeviceId, Handle, Hash, Millis, Seq, SpaceId, Version};
use sotto_protocol::limits::ERA_AGE_MS_MAX;
use sotto_protocol::link::{InvitationLink, LinkSecret, Origin, SetupLink};
use sotto_protocol::roster::Role;
use sotto_server::defects::Defects;
use sotto_server::factor::Factors;
use sotto_server::hub::Outgoing;
use sotto_server::opaque::Opaque;
use sotto_server::relay::Relay;
use sotto_server::secrets::Secrets;
use sotto_server::service::{Entrance, Service, setup_hash};
use sotto_server::session::Session;
use sotto_server::store::{MemoryStore, MetaKey, Store as _};
use sotto_server::throttle::Throttle;
use sotto_server::tokens::Tokens;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const SETUP_TOKEN: Hash = Hash([0x77; 32]);
const BEGINNING: Millis = Millis(1_800_000_000_000);
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// The answer of a future that waits for nobody: the store is in memory.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the service waits for something"),
    }
}

/// The challenge of a connection, by number.
fn challenge(number: u64) -> Challenge {
    let mut challenge = [0x63; 32];
    challenge[..8].copy_from_slice(&number.to_be_bytes());
    Challenge(Hash(challenge))
}

/// Under what a device seals its rows.
pub fn storage_key(host: HostId) -> StorageKey {
    StorageKey::from_bytes([u8::try_from(host).expect("few hosts"); 32])
}

/// A device in the world, by number.
pub type HostId = usize;

struct Host {
    client: Client,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    session: Option<Session>,
    events: Vec<Event>,
    wake_at: Option<Millis>,
    online: bool,
}

/// One server and some devices, on one clock.
pub struct World {
    now: Millis,
    seed: u8,
    store: Arc<MemoryStore>,
    relay: Arc<Relay>,
    entrance: Entrance,
    rng: ChaCha20Rng,
    challenges: u64,
    hosts: Vec<Host>,
    sent: Vec<Sent>,
}

/// A frame that a device sent.
pub struct Sent {
    /// Which device.
    pub host: HostId,
    /// The challenge of its connection.
    pub challenge: Challenge,
    /// The frame.
    pub bytes: Vec<u8>,
}

impl World {
    /// A server before set-up. The same seed leads to the same bytes.
    pub fn new(seed: u8) -> Self {
        let store = Arc::new(MemoryStore::new(Defects::none()));
        at_once(store.set_meta(MetaKey::Incarnation, Some(vec![seed; 16]))).expect("memory");
        let setup = setup_hash(&SETUP_TOKEN).as_bytes().to_vec();
        at_once(store.set_meta(MetaKey::Setup, Some(setup))).expect("memory");
        let relay = Relay::new(at_once(Service::open(store.clone(), Defects::none())).expect("memory"));
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let secrets = Secrets::generate(&mut rng);
        let entrance = Entrance::new(
            Opaque::new(secrets.setup),
            Tokens::new(&secrets.server),
            Factors::new(&secrets.server, None),
            Throttle::default(),
        );
        Self {
            now: BEGINNING,
            seed,
            store,
            relay,
            entrance,
            rng,
            challenges: 0,
            hosts: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Where the server is.
    pub fn origin() -> Origin {
        Origin { tls: true, host: "practice.example".into(), port: 443 }
    }

    /// The relay, for whoever wants to talk to it directly.
    pub fn relay(&self) -> &Arc<Relay> {
        &self.relay
    }

    /// The server's data.
    pub fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Tells a device what no honest server would.
    pub fn pretend(&mut self, host: HostId, body: ServerBody) {
        let frame = ServerFrame { incarnation: self.relay.service().incarnation(), body };
        self.hosts[host].client.handle(Input::Frame(frame.to_bytes()), self.now).expect("an input");
        self.run_for(MINUTE_MS);
    }

    /// The records of a space, as they are served.
    pub fn served(&self, space: SpaceId) -> Vec<Stored> {
        let rows = at_once(self.store.page(space, Seq::ZERO, usize::MAX, usize::MAX)).expect("memory");
        rows.iter().map(|row| row.to_stored().expect("what is stored was parsed")).collect()
    }

    /// Every frame that was sent so far.
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// The clock.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// A device with an empty disk.
    pub fn host(&mut self) -> HostId {
        let number = u8::try_from(self.hosts.len()).expect("few hosts");
        let entropy = Entropy::from_seed([self.seed ^ (0x80 + number); 32]);
        let storage = storage_key(self.hosts.len());
        let config = Config { hardening: Hardening::for_simulation(), ..Config::default() };
        let client = Client::open(Vec::new(), storage, entropy, config, self.now).expect("an empty store");
        let (rows, session, events) = (BTreeMap::new(), None, Vec::new());
        self.hosts.push(Host { client, rows, session, events, wake_at: None, online: true });
        self.hosts.len() - 1
    }

    /// The client on a device.
    pub fn client(&self, host: HostId) -> &Client {
        &self.hosts[host].client
    }

    /// The rows on a device's disk, as `Client::open` takes them.
    pub fn rows(&self, host: HostId) -> Vec<Row> {
        let eager = self.hosts[host].rows.iter().filter(|(key, _)| !key.starts_with(LAZY_PREFIX));
        eager.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect()
    }

    /// Gives a device network, or takes it away.
    pub fn online(&mut self, host: HostId, online: bool) {
        let it = &mut self.hosts[host];
        it.online = online;
        if !online && it.session.take().is_some() {
            it.client.handle(Input::Disconnected, self.now).expect("an input");
        }
        if online {
            it.client.handle(Input::Command(Command::Sync), self.now).expect("signed in");
        }
        self.run_for(MINUTE_MS);
    }

    /// Gives a command, and lets a minute pass.
    pub fn command(&mut self, host: HostId, command: Command) {
        self.now = self.now.plus(1000);
        if let Err(rejected) = self.hosts[host].client.handle(Input::Command(command), self.now) {
            panic!("{rejected} After {:?}", self.hosts[host].events);
        }
        self.run_for(MINUTE_MS);
    }

    /// Writes something, and lets a minute pass. Gives its id.
    pub fn write(&mut self, host: HostId, space: SpaceId, draft: Draft) -> MessageId {
        self.command(host, Command::Write { space, id: None, draft });
        let queued = |event: &Event| match event {
            Event::Queued { id, .. } => Some(*id),
            _ => None,
        };
        self.hosts[host].events.iter().rev().find_map(queued).expect("queued")
    }

    /// Writes a message.
    pub fn say(&mut self, host: HostId, space: SpaceId, text: &str) -> MessageId {
        self.write(host, space, Draft::Message { text: text.to_owned(), bring: false, show_at: None })
    }

    /// What a device has told so far.
    pub fn events(&self, host: HostId) -> &[Event] {
        &self.hosts[host].events
    }

    /// Lets time pass, with everything that happens in it.
    pub fn run_for(&mut self, ms: u64) {
        let end = self.now.plus(ms);
        loop {
            self.settle();
            let next = self.hosts.iter().filter_map(|h| h.wake_at).min().filter(|at| *at <= end);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            for host in 0..self.hosts.len() {
                if self.hosts[host].wake_at.is_some_and(|at| at <= self.now) {
                    self.hosts[host].wake_at = None;
                    self.hosts[host].client.handle(Input::Wake, self.now).expect("an input");
                }
            }
        }
        self.now = end;
    }

    /// Carries everything out until nobody has anything to say.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            for host in 0..self.hosts.len() {
                self.drain(host);
                moved |= self.deliver(host);
            }
            if !moved {
                return;
            }
        }
    }

    fn drain(&mut self, host: HostId) {
        loop {
            let output = self.hosts[host].client.poll();
            if let Output::Idle { wake_at } = output {
                // A time that is over is now: wakes are handed out by `run_for`, each a moment later.
                self.hosts[host].wake_at = wake_at.map(|at| at.max(self.now.plus(1)));
                return;
            }
            if let Some(input) = self.carry_out(host, output) {
                self.hosts[host].client.handle(input, self.now).expect("an input");
            }
        }
    }

    fn carry_out(&mut self, host: HostId, output: Output) -> Option<Input> {
        let it = &mut self.hosts[host];
        match output {
            Output::Store(batch, changes) => {
                for Change { key, value } in changes {
                    match value {
                        Some(value) => drop(it.rows.insert(key, value)),
                        None => drop(it.rows.remove(&key)),
                    }
                }
                Some(Input::Stored(batch))
            }
            Output::Load(from, to) => {
                let row = |(key, value): (&Vec<u8>, &Vec<u8>)| Row { key: key.clone(), value: value.clone() };
                Some(Input::Loaded(it.rows.range(from..to).map(row).collect()))
            }
            Output::Dial(_) if !it.online => Some(Input::Disconnected),
            Output::Dial(_) => {
                self.challenges += 1;
                let challenge = challenge(self.challenges);
                it.session = Some(Session::open(self.relay.clone(), challenge, self.now));
                Some(Input::Connected)
            }
            Output::Send(bytes) => {
                self.sent.push(Sent { host, challenge: challenge(self.challenges), bytes: bytes.clone() });
                if let Some(session) = &mut it.session
                    && let Some(pending) = at_once(session.handle(&bytes, self.now))
                {
                    at_once(self.relay.commit(vec![pending], self.now));
                }
                None
            }
            Output::HangUp => {
                it.session = None;
                Some(Input::Disconnected)
            }
            Output::Request(id, _, body) => Some(self.post(host, id, &body)),
            Output::Event(event) => {
                it.events.push(event);
                None
            }
            Output::Idle { .. } => None,
        }
    }

    fn post(&mut self, host: HostId, id: RequestId, body: &[u8]) -> Input {
        let online = self.hosts[host].online;
        Input::Response(id, online.then(|| self.account(body)))
    }

    /// A request over HTTP.
    pub fn account(&mut self, body: &[u8]) -> Vec<u8> {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let service = self.relay.service();
        let outcome = at_once(service.handle_account(&self.entrance, body, address, self.now, &mut self.rng));
        self.relay.account_done(&outcome);
        outcome.response.to_bytes()
    }

    fn deliver(&mut self, host: HostId) -> bool {
        let it = &mut self.hosts[host];
        let Some(session) = &it.session else { return false };
        let input = match session.outbox().take() {
            Some(Outgoing::Frame(frame)) => Input::Frame(frame.to_vec()),
            Some(Outgoing::Close(_)) => {
                it.session = None;
                Input::Disconnected
            }
            None => return false,
        };
        it.client.handle(input, self.now).expect("an input");
        true
    }
}

/// A person of the recorded life.
struct Person {
    handle: &'static str,
    name: &'static str,
    password: &'static str,
}

const THERA: Person = Person { handle: "thera", name: "Thera", password: "lusab bifom gutih nadud" };
const ANNA: Person = Person { handle: "anna", name: "Anna 🌱", password: "dabol kusid mofun tagip" };
const PETRA: Person = Person { handle: "petra", name: "Petra", password: "hilun sobak ridum pafot" };

impl Person {
    fn handle(&self) -> Handle {
        Handle::parse(self.handle).expect("a handle")
    }

    fn password(&self) -> Password {
        Password::new(self.password)
    }
}

/// A life in which everything happens that a log can hold, and the world after it.
pub struct Life {
    /// The world.
    pub world: World,
    /// The space of client and therapist.
    pub space: SpaceId,
    /// The link with which the client joined.
    pub link: String,
    /// The therapist's device.
    pub thera: HostId,
    /// The client's second device; her first was removed.
    pub anna: HostId,
    /// The prescriber's device, a reader since some time.
    pub petra: HostId,
}

impl Life {
    /// Only its beginning: the therapist, and the client who has written once.
    pub fn begin(seed: u8) -> Self {
        let mut world = World::new(seed);
        let thera = set_up(&mut world);
        let (anna, link) = join_while_away(&mut world, thera);
        let space = only_space(&world, anna);
        world.say(anna, space, "Guten Abend");
        Self { world, space, link, thera, anna, petra: anna }
    }

    /// Leads it.
    pub fn lead(seed: u8) -> Self {
        let mut world = World::new(seed);
        let thera = set_up(&mut world);
        let (petra, _) = join(&mut world, thera, &PETRA, Role::Prescriber);
        // The client joins and writes while nobody of the practice is there.
        let (first, link) = join_while_away(&mut world, thera);
        let space = only_space(&world, first);
        let hello = world.say(first, space, "Guten Abend, ich bin jetzt da. 🌙");
        world.online(thera, true);
        converse(&mut world, thera, first, space, hello);

        // Another device, and the first one is removed.
        let anna = world.host();
        let login = Command::Login {
            origin: World::origin(),
            handle: ANNA.handle(),
            password: ANNA.password(),
            device_name: "Tablet".into(),
        };
        world.command(anna, login);
        world.say(anna, space, "Von meinem Tablet.");
        let device = world.client(first).account().expect("signed in").device;
        world.command(anna, Command::RemoveDevice { device, password: ANNA.password() });
        world.say(anna, space, "Das Telefon ist weg.");

        // A reader comes in with the client's approval, and reads what is said.
        let who = world.client(petra).account().expect("signed in");
        let add = Command::AddMember {
            space,
            account: who.account,
            role: Role::Prescriber,
            identity: who.identity,
            password: ANNA.password(),
        };
        world.command(anna, add);
        world.say(thera, space, "Petra liest jetzt mit.");

        // The era grows old, and what is said after that stands in the next.
        world.run_for(ERA_AGE_MS_MAX + DAY_MS);
        world.say(thera, space, "Eine Woche später.");
        world.say(anna, space, "Ja, eine Woche.");
        world.command(anna, Command::RemoveMember { space, account: who.account });
        let last = world.say(thera, space, "Wieder unter uns.");
        world.write(anna, space, Draft::Acknowledge(last));
        for host in [thera, anna] {
            world.command(host, Command::Sync);
        }
        world.run_for(DAY_MS);
        Self { world, space, link, thera, anna, petra }
    }
}

fn set_up(world: &mut World) -> HostId {
    let thera = world.host();
    let link = SetupLink { origin: World::origin(), token: LinkSecret(SETUP_TOKEN.0) };
    let setup = Command::Setup {
        link,
        handle: THERA.handle(),
        name: THERA.name.into(),
        practice: "Praxis Grünstraße".into(),
        role: Role::OwnerTherapist,
        password: THERA.password(),
        device_name: "Laptop".into(),
        sheet: false,
    };
    world.command(thera, setup);
    thera
}

fn invite(world: &mut World, thera: HostId, role: Role) -> String {
    world.command(thera, Command::Invite { role, note: "Willkommen".into(), ttl_ms: DAY_MS });
    let link = |event: &Event| match event {
        Event::Invitation { link, .. } => Some(link.to_string()),
        _ => None,
    };
    world.events(thera).iter().rev().find_map(link).expect("an invitation")
}

fn accept(world: &mut World, link: &str, person: &Person) -> HostId {
    let host = world.host();
    let join = Command::Join {
        link: InvitationLink::parse(link).expect("a link"),
        handle: person.handle(),
        name: person.name.into(),
        password: person.password(),
        device_name: "Telefon".into(),
        sheet: false,
    };
    world.command(host, join);
    assert!(world.client(host).account().is_some(), "joined: {:?}", world.events(host));
    host
}

fn join(world: &mut World, thera: HostId, person: &Person, role: Role) -> (HostId, String) {
    let link = invite(world, thera, role);
    (accept(world, &link, person), link)
}

fn join_while_away(world: &mut World, thera: HostId) -> (HostId, String) {
    let link = invite(world, thera, Role::Client);
    world.online(thera, false);
    (accept(world, &link, &ANNA), link)
}

fn only_space(world: &World, host: HostId) -> SpaceId {
    world.client(host).spaces().first().expect("a space").id
}

/// Messages of every kind between the two.
fn converse(world: &mut World, thera: HostId, anna: HostId, space: SpaceId, hello: MessageId) {
    world.write(thera, space, Draft::Acknowledge(hello));
    world.say(thera, space, "Schön, dass Sie da sind.");
    let long = world.say(anna, space, &"Ein langer Brief. ".repeat(400));
    world.write(anna, space, Draft::Edit { target: long, text: "Ein kurzer Brief.".into() });
    world.write(thera, space, Draft::Bring(long));
    let topic = world.write(
        anna,
        space,
        Draft::Message { text: "Darüber möchte ich reden.".into(), bring: true, show_at: None },
    );
    world.write(thera, space, Draft::Hold(topic));
    // Two that are to be shown the next morning: one is changed and then shown, the other is never there.
    let show_at = Some(world.now().plus(DAY_MS / 2));
    let later = |text: &str| Draft::Message { text: text.into(), bring: false, show_at };
    let morning = world.write(thera, space, later("Guten Morge."));
    world.write(thera, space, Draft::Edit { target: morning, text: "Guten Morgen.".into() });
    let unseen = world.write(thera, space, later("Doch nicht."));
    world.write(thera, space, Draft::TakeBack(unseen));
    world.write(thera, space, Draft::Setting { name: "availability".into(), value: "{\"v\":1}".into() });
    world.say(anna, space, "Vor dem Morgen.");
    world.run_for(DAY_MS);
    let wrong = world.say(anna, space, "Das war für jemand anderen.");
    world.write(anna, space, Draft::TakeBack(wrong));
    let edited = world.say(thera, space, "Bis Montga.");
    world.write(thera, space, Draft::Edit { target: edited, text: "Bis Montag.".into() });
    world.write(thera, space, Draft::TakeBack(edited));
    let late = world.say(anna, space, "Das nehme ich erst nach zwei Tagen zurück.");
    world.run_for(2 * DAY_MS);
    world.write(anna, space, Draft::TakeBack(late));
}

/// What is written down for one reader.
pub struct Recording {
    /// What a server serves and hands out, and the export key.
    pub recording: Value,
    /// What the conversation says, by this implementation.
    pub expected: Value,
}

impl Life {
    /// Written down for the therapist.
    pub fn for_thera(&mut self) -> Recording {
        self.record(&THERA, self.thera)
    }

    /// Written down for the client.
    pub fn for_anna(&mut self) -> Recording {
        self.record(&ANNA, self.anna)
    }

    /// Written down for the reader who came later and left.
    pub fn for_petra(&mut self) -> Recording {
        self.record(&PETRA, self.petra)
    }

    fn record(&mut self, person: &Person, host: HostId) -> Recording {
        let (export_key, logged_in) = log_in(&mut self.world, person);
        let AccountAnswer::LoggedIn { credentials, inner, vault, vault_revision, .. } = logged_in else {
            panic!("not signed in: {logged_in:?}")
        };
        let view = self.world.client(host).account().expect("signed in");
        let record = |stored: &Stored| {
            let record = base64(&codec::encode(&stored.record));
            json!({ "seq": stored.seq.0, "at": stored.at.0, "record": record })
        };
        let records: Vec<Value> = self.world.served(self.space).iter().map(record).collect();
        let cards: BTreeMap<String, Vec<String>> =
            self.accounts().into_iter().map(|account| (account.to_string(), self.cards(account))).collect();
        let recording = json!({
            "account": view.account.to_string(),
            "handle": person.handle,
            "space": self.space.to_string(),
            "link": self.link,
            "records": records,
            "cards": cards,
            "credentials": base64(&codec::encode(&credentials)),
            "inner": base64(inner.as_slice()),
            "vault": base64(vault.as_slice()),
            "vault_revision": vault_revision.0,
            "export_key": base64(&export_key),
        });
        let messages: Vec<Value> = self.world.client(host).messages(self.space).iter().map(message).collect();
        let expected = json!({ "space": self.space.to_string(), "messages": messages });
        Recording { recording, expected }
    }

    fn accounts(&self) -> Vec<AccountId> {
        let account = |host| self.world.client(host).account().expect("signed in").account;
        [self.thera, self.anna, self.petra].into_iter().map(account).collect()
    }

    fn cards(&self, account: AccountId) -> Vec<String> {
        let card = |version| at_once(self.world.store.card(account, Some(Version(version)))).expect("memory");
        (1..).map_while(card).map(|card| base64(&codec::encode(card.signed()))).collect()
    }
}

/// Signs in as a fresh device would: gives the OPAQUE export key and what the server hands out.
fn log_in(world: &mut World, person: &Person) -> ([u8; 64], AccountAnswer) {
    let (password, handle) = (person.password(), person.handle());
    let mut rng = Entropy::from_seed([world.seed ^ 0x55; 32]);
    let (state, opaque) = opaque::start_login(&password, &mut rng).expect("a login");
    let request = AccountRequest::LoginStart { handle: handle.clone(), opaque };
    let answer = AccountResponse::from_bytes(&world.account(&request.to_bytes())).expect("an answer").body;
    let AccountAnswer::LoginContinue { opaque, state: token } = answer else { panic!("{answer:?}") };
    let login =
        opaque::finish_login(&state, &password, &handle, Hardening::for_simulation(), &opaque, &mut rng)
            .expect("the right password");
    let request = AccountRequest::LoginFinish { state: token, opaque: login.finalization };
    let answer = AccountResponse::from_bytes(&world.account(&request.to_bytes())).expect("an answer").body;
    (*login.export_key.expose(), answer)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn message(view: &MessageView) -> Value {
    let text = match &view.body {
        BodyView::Text(text) => json!(text),
        _ => Value::Null,
    };
    let state = match &view.body {
        BodyView::Text(_) => "text",
        BodyView::TakenBack => "taken back",
        BodyView::Resending => "resending",
        BodyView::Newer => "newer",
        BodyView::Unreadable => "unreadable",
    };
    json!({
        "author": view.id.author.to_string(),
        "record": hex(&view.id.record.0),
        "seq": view.seq.map(|s| s.0),
        "name": view.author_name,
        "sent_at": view.sent_at.0,
        "stored_at": view.stored_at.map(|at| at.0),
        "state": state,
        "text": text,
        "edited": view.edited,
        "read_by": view.read_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "bring": view.bring,
        "held": view.held,
    })
}

/// Devices of the client, for tests that want to know which were removed.
pub fn removed_devices(life: &Life) -> Vec<DeviceId> {
    let removed = life.world.client(life.anna).devices().into_iter().filter(|d| d.removed_in.is_some());
    removed.map(|d| d.id).collect()
}
