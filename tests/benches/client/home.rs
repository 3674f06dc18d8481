//! What surrounds the clients: rows in memory, and the relay in the same process.
//!
//! Owns carrying out what clients ask for. The time spent inside a client is counted, everything else is not.

use anyhow::{Result, bail};
use sotto_client_core::crypto::keys::StorageKey;
use sotto_client_core::crypto::opaque::Hardening;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::io::{Command, Event, Input, LAZY_PREFIX, Output, Row};
use sotto_client_core::{Client, Config};
use sotto_protocol::ids::Millis;
use sotto_protocol::link::{LinkSecret, Origin};
use sotto_server::defects::Defects;
use sotto_tests::sim::server::Server;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SEED: u64 = 1;
/// Time that passes with every input, so that no rate is exceeded.
const STEP_MS: u64 = 5;

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

/// A device.
pub(crate) struct Home {
    number: u8,
    pub(crate) client: Client,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    conn: Option<u64>,
    pub(crate) events: Vec<Event>,
    /// Time spent in the client.
    pub(crate) spent: Duration,
    pub(crate) now: Millis,
}

impl Home {
    pub(crate) fn new(number: u8) -> Result<Self> {
        let client = open(number, Vec::new(), Millis::ZERO)?;
        let (rows, events) = (BTreeMap::new(), Vec::new());
        Ok(Self { number, client, rows, conn: None, events, spent: Duration::ZERO, now: Millis::ZERO })
    }

    /// The rows that a client is opened with.
    pub(crate) fn eager_rows(&self) -> Vec<Row> {
        let eager = self.rows.iter().filter(|(key, _)| !key.starts_with(LAZY_PREFIX));
        eager.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect()
    }

    /// A client over these rows.
    pub(crate) fn open(&self, rows: Vec<Row>) -> Result<Client> {
        open(self.number, rows, self.now)
    }

    fn handle(&mut self, input: Input, now: Millis) -> Result<()> {
        self.now = now;
        let begin = clock();
        let done = self.client.handle(input, now);
        self.spent += begin.elapsed();
        Ok(done?)
    }

    fn poll(&mut self) -> Output {
        let begin = clock();
        let output = self.client.poll();
        self.spent += begin.elapsed();
        output
    }
}

fn open(number: u8, rows: Vec<Row>, now: Millis) -> Result<Client> {
    let config = Config { hardening: Hardening::for_simulation(), ..Config::default() };
    let (storage, entropy) = (StorageKey::from_bytes([number; 32]), Entropy::from_seed([number; 32]));
    Ok(Client::open(rows, storage, entropy, config, now)?)
}

/// The relay and the time.
pub(crate) struct World {
    server: Server,
    now: Millis,
    conns: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { server: Server::new(SEED, Defects::none()), now: Millis(1_800_000_000_000), conns: 0 }
    }

    pub(crate) fn origin() -> Result<Origin> {
        Ok(Origin::parse("http://127.0.0.1:8080")?)
    }

    pub(crate) fn setup_token() -> LinkSecret {
        Server::setup_token(SEED)
    }

    /// Gives a client a command and lets everything happen that follows.
    pub(crate) fn command(&mut self, home: &mut Home, command: Command) -> Result<()> {
        home.events.clear();
        let now = self.tick();
        home.handle(Input::Command(command), now)?;
        self.settle(home)?;
        match home.events.iter().find(|event| matches!(event, Event::Failed(_) | Event::Alarm { .. })) {
            Some(bad) => bail!("{bad:?}"),
            None => Ok(()),
        }
    }

    /// Ends a client's connection.
    pub(crate) fn hang_up(&mut self, home: &mut Home) -> Result<()> {
        if let Some(conn) = home.conn.take() {
            self.server.lost(conn);
            let now = self.tick();
            home.handle(Input::Disconnected, now)?;
            // It dials again at once or later; nobody answers.
            while !matches!(home.poll(), Output::Idle { .. }) {}
        }
        Ok(())
    }

    fn tick(&mut self) -> Millis {
        self.now = self.now.plus(STEP_MS);
        self.now
    }

    fn settle(&mut self, home: &mut Home) -> Result<()> {
        loop {
            while self.carry_out(home)? {}
            let now = self.tick();
            while self.server.has_batch() {
                self.server.flush(now);
            }
            let frames = self.server.outgoing();
            if frames.is_empty() {
                return Ok(());
            }
            for (conn, frame) in frames {
                if home.conn != Some(conn) {
                    continue;
                }
                match frame {
                    Some(frame) => home.handle(Input::Frame(frame.to_vec()), now)?,
                    None => bail!("the server closed a connection"),
                }
                while self.carry_out(home)? {}
            }
        }
    }

    /// One output; false when the client is idle.
    fn carry_out(&mut self, home: &mut Home) -> Result<bool> {
        let now = self.now;
        match home.poll() {
            Output::Store(batch, changes) => {
                for change in changes {
                    match change.value {
                        Some(value) => drop(home.rows.insert(change.key, value)),
                        None => drop(home.rows.remove(&change.key)),
                    }
                }
                home.handle(Input::Stored(batch), now)?;
            }
            Output::Load(from, to) => {
                let rows = home.rows.range(from..to);
                let rows = rows.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect();
                home.handle(Input::Loaded(rows), now)?;
            }
            Output::Dial(_) => {
                self.conns += 1;
                home.conn = Some(self.conns);
                self.server.open(self.conns, now, [7; 32]);
                home.handle(Input::Connected, now)?;
            }
            Output::Send(bytes) => {
                let now = self.tick();
                if let Some(conn) = home.conn {
                    self.server.frame(conn, &bytes, now);
                }
            }
            Output::HangUp => bail!("the client hung up"),
            Output::Request(id, _, body) => {
                let answer = self.server.account(&body, 1, now);
                home.handle(Input::Response(id, Some(answer)), now)?;
            }
            Output::Event(event) => home.events.push(event),
            Output::Idle { .. } => return Ok(false),
        }
        Ok(true)
    }
}
