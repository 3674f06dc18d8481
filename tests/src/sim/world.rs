//! The world: time, and what happens next.
//!
//! Owns all parts of a run and passes what happens from one to the other. Refuses to judge ([`super::auditors`]) and to
//! wish ([`super::people`]). Invariant: what happens depends on lane and seed alone.

use super::auditors::{self, Finding};
use super::dice::Dice;
use super::host::Host;
use super::lanes::{Faults, Habits, Lane};
use super::lying::Lying;
use super::model::Model;
use super::net::{ConnId, Happening, HostId, Net, Way};
use super::people::People;
use super::run::Setting;
use super::server::Server;
use super::trace::Trace;
use sotto_client_core::io::{Input, RequestId};
use sotto_protocol::hash::head_zero;
use sotto_protocol::ids::{Millis, Seq, SpaceId};
use sotto_server::service::Frame;

/// When a run begins, by everybody's clock.
const EPOCH: u64 = 1_800_000_000_000;
/// Happenings of a run at most; more means that somebody runs in circles.
const HAPPENINGS_MAX: u64 = 100_000;
/// The same for a run that is a flood.
const HAPPENINGS_FLOOD_MAX: u64 = 400_000;
/// An unanswered request is given up after this.
const HTTP_MS_MAX: u64 = 15_000;

/// Everything.
pub struct World {
    /// What sort of run.
    pub lane: Lane,
    /// Which.
    pub seed: u64,
    /// Milliseconds since the beginning, without jumps.
    pub time: u64,
    /// By how much the clocks have jumped.
    pub skew: u64,
    /// What fails now.
    pub faults: Faults,
    /// What is switched on.
    pub setting: Setting,
    /// What people do.
    pub habits: Habits,
    /// Chance for faults.
    pub dice: Dice,
    /// Chance for clients.
    pub entropy: Dice,
    /// The relay.
    pub server: Server,
    /// Every device there ever was.
    pub hosts: Vec<Host>,
    /// Connections and what is to happen.
    pub net: Net,
    /// Who they are and what they want.
    pub people: People,
    /// What was asked for.
    pub model: Model,
    /// The lie that is told in this run.
    pub lying: Option<Lying>,
    /// What happened.
    pub trace: Trace,
    happened: u64,
    flushing: bool,
}

impl World {
    /// A world before anything happened.
    pub fn new(lane: Lane, seed: u64, setting: Setting) -> Self {
        let purpose = |what: &str| Dice::new(seed, &format!("{}/{what}", lane.name()));
        Self {
            lane,
            seed,
            time: 0,
            skew: 0,
            faults: lane.faults(),
            setting,
            habits: lane.habits(),
            dice: purpose("faults"),
            entropy: purpose("entropy"),
            server: Server::new(seed, setting.server),
            hosts: Vec::new(),
            net: Net::default(),
            people: People::new(purpose("people")),
            model: Model::default(),
            lying: Lying::new(lane, seed, setting.lie),
            trace: Trace::new(setting.loud),
            happened: 0,
            flushing: false,
        }
    }

    /// Everybody's clock.
    pub fn now(&self) -> Millis {
        Millis(EPOCH + self.time + self.skew)
    }

    /// True when, after the server was set back, it accepted other records than it had lost.
    pub fn parted(&self, space: SpaceId) -> bool {
        if self.model.parted.contains(&space) {
            return true;
        }
        let Some(before) = self.model.before.get(&space) else { return false };
        let mut head = head_zero(space);
        let now = self.server.records(space, Seq::ZERO, usize::MAX);
        now.iter().zip(before).any(|(stored, old)| {
            head = stored.record.head_after(head);
            head != *old
        })
    }

    /// Notes a happening.
    pub fn note(&mut self, text: String) {
        self.trace.line(self.time, text);
    }

    /// Plans something after a pause.
    pub fn plan(&mut self, pause: u64, happening: Happening) {
        self.net.plan(self.time + pause, happening);
    }

    /// Lets things happen until the condition holds (true), or until the time is over (false).
    pub fn run_until(&mut self, end: u64, mut done: impl FnMut(&Self) -> bool) -> Result<bool, Finding> {
        loop {
            if done(self) {
                return Ok(true);
            }
            match self.net.next_at() {
                Some(at) if at <= end => {}
                _ => {
                    self.time = self.time.max(end);
                    return Ok(false);
                }
            }
            if let Some((at, happening)) = self.net.pop() {
                self.time = at;
                self.happened += 1;
                let most = if self.lane == Lane::Flood { HAPPENINGS_FLOOD_MAX } else { HAPPENINGS_MAX };
                if self.happened > most {
                    return Err(Finding::new("liveness", "somebody runs in circles".to_owned()));
                }
                self.happen(happening)?;
                self.carry()?;
            }
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Finding> {
        let now = self.now();
        match happening {
            Happening::Dialled(h, life, conn) => self.dialled(h, life, conn)?,
            Happening::Arrived(conn) => self.arrived(conn),
            Happening::AtServer(conn, bytes) => {
                if self.server.up && self.net.get(conn).is_some_and(|w| w.passes) {
                    self.trace.bytes("up", &bytes);
                    auditors::durable::asked(self, conn, &bytes);
                    auditors::vault::asked(self, conn, &bytes);
                    match self.turned_up(conn, &bytes) {
                        Some(answer) => self.pass(conn, &answer),
                        None => self.server_of(conn).frame(conn, &bytes, now),
                    }
                }
            }
            Happening::AtClient(conn, frame) => {
                if let Some(wire) = self.net.get(conn).copied().filter(|w| w.client_up && w.passes)
                    && self.hosts[wire.host].life == wire.life
                {
                    self.trace.bytes("down", &frame);
                    self.tell(wire.host, Input::Frame(frame.to_vec()))?;
                }
            }
            Happening::ClientLost(conn) => self.client_lost(conn)?,
            Happening::ServerLost(conn) => {
                self.server_of(conn).lost(conn);
                if let Some(wire) = self.net.get_mut(conn) {
                    wire.passes = false;
                }
                self.net.forget(conn);
            }
            Happening::Expire(conn) => {
                if let Some(deadline) = self.server_of(conn).expire(conn, now) {
                    let pause = deadline.since(now).max(1000);
                    self.plan(pause, Happening::Expire(conn));
                }
            }
            Happening::Unstall(conn) => self.server_of(conn).stall(conn, false),
            Happening::Requested(h, life, id, body, answered) => self.requested(h, life, id, &body, answered),
            Happening::Answered(h, life, id, body) => {
                if self.hosts[h].life == life {
                    self.trace.bytes("answer", body.as_deref().unwrap_or_default());
                    self.tell(h, Input::Response(id, body))?;
                }
            }
            Happening::Written(h, life, batch) => self.written(h, life, batch)?,
            Happening::Wake(h, life, wakes) => self.wake(h, life, wakes)?,
            Happening::Start(h) => self.start(h)?,
            Happening::Online(h) => self.hosts[h].online = true,
            Happening::Flush => {
                self.flushing = false;
                if self.server.up {
                    self.server.flush(now);
                    self.fork().into_iter().for_each(|fork| fork.flush(now));
                }
            }
            Happening::PowerOn => self.power_on(),
            Happening::Act => self.act()?,
            Happening::Pursue(h) => self.pursue(h)?,
        }
        Ok(())
    }

    /// Passes on what the server has to say, and sees to its flushes.
    fn carry(&mut self) -> Result<(), Finding> {
        if !self.server.up {
            return Ok(());
        }
        for (conn, frame) in self.server.outgoing() {
            match frame {
                Some(frame) => self.down(conn, frame)?,
                None => self.closed(conn),
            }
        }
        for (conn, frame) in self.fork().map(Server::outgoing).unwrap_or_default() {
            match frame {
                Some(frame) => self.pass(conn, &frame),
                None => self.closed(conn),
            }
        }
        let waits = self.server.has_batch() || self.fork().is_some_and(|fork| fork.has_batch());
        if waits && !self.flushing {
            self.flushing = true;
            let pause = self.dice.between(1, 5);
            self.plan(pause, Happening::Flush);
        }
        Ok(())
    }

    fn fork(&mut self) -> Option<&mut Server> {
        self.lying.as_mut()?.fork.as_mut().map(|(fork, _)| fork)
    }

    fn delay(&mut self) -> u64 {
        if self.dice.chance(self.faults.spike) {
            return self.dice.between(1000, 20_000);
        }
        self.dice.between(1, self.faults.delay_ms)
    }

    /// A client dials.
    pub fn dial(&mut self, h: HostId) {
        let (life, pause) = (self.hosts[h].life, self.delay());
        let reached = self.hosts[h].online && self.server.up;
        let conn = reached.then(|| self.net.wire(h, life, self.time));
        self.plan(pause, Happening::Dialled(h, life, conn));
    }

    fn dialled(&mut self, h: HostId, life: u32, conn: Option<ConnId>) -> Result<(), Finding> {
        if self.hosts[h].life != life || self.hosts[h].client.is_none() {
            return Ok(());
        }
        match conn.filter(|c| self.net.get(*c).is_some_and(|w| w.passes && w.client_up)) {
            Some(conn) => {
                self.note(format!("host {h} is connected ({conn})"));
                let pause = self.delay();
                self.plan(pause, Happening::Arrived(conn));
                self.tell(h, Input::Connected)
            }
            None => self.tell(h, Input::Disconnected),
        }
    }

    fn arrived(&mut self, conn: ConnId) {
        let now = self.now();
        if self.server.up && self.net.get(conn).is_some_and(|w| w.passes) {
            self.lead(conn);
            let challenge = self.entropy.bytes();
            self.server_of(conn).open(conn, now, challenge);
            self.plan(10_000, Happening::Expire(conn));
        } else {
            self.cut(conn);
        }
    }

    /// A frame from client to server.
    pub fn send(&mut self, h: HostId, bytes: Vec<u8>) -> Result<(), Finding> {
        auditors::plaintext::sent(&bytes)?;
        let Some(conn) = self.net.of_host(h) else { return Ok(()) };
        for way in self.torn() {
            let at = self.time + self.delay() + way;
            let at = if way > 0 { Some(at) } else { self.net.arrival(conn, Way::Up, at) };
            if let Some(at) = at {
                self.net.plan(at, Happening::AtServer(conn, bytes.clone()));
            }
        }
        if self.dice.chance(self.faults.cut) {
            self.cut(conn);
        }
        Ok(())
    }

    /// A frame from server to client.
    fn down(&mut self, conn: ConnId, frame: Frame) -> Result<(), Finding> {
        auditors::durable::told(self, conn, &frame)?;
        for frame in self.turned_down(conn, frame) {
            self.pass(conn, &frame);
        }
        Ok(())
    }

    /// A frame on its way to a client.
    fn pass(&mut self, conn: ConnId, frame: &Frame) {
        for way in self.torn() {
            let at = self.time + self.delay() + way;
            let at = if way > 0 { Some(at) } else { self.net.arrival(conn, Way::Down, at) };
            if let Some(at) = at {
                self.net.plan(at, Happening::AtClient(conn, frame.clone()));
            }
        }
        if self.dice.chance(self.faults.cut) {
            self.cut(conn);
        }
    }

    /// How often and how late a frame comes through: usually once, in its turn.
    fn torn(&mut self) -> Vec<u64> {
        if self.dice.chance(self.faults.torn) {
            return match self.dice.below(3) {
                0 => Vec::new(),
                1 => {
                    let late = if self.dice.chance(250) { 120_000 } else { 2000 };
                    vec![0, self.dice.between(1, late)]
                }
                _ => vec![self.dice.between(1, 2000)],
            };
        }
        vec![0]
    }

    /// A connection dies: what is under way is lost, and both sides learn of it in their own time.
    pub fn cut(&mut self, conn: ConnId) {
        let Some(wire) = self.net.get_mut(conn).filter(|w| w.passes) else { return };
        wire.passes = false;
        let (client, server) = (self.dice.between(1, 200), self.dice.between(1, 20_000));
        self.plan(client, Happening::ClientLost(conn));
        self.plan(server, Happening::ServerLost(conn));
    }

    /// The server ends a connection: what it sent before arrives first.
    fn closed(&mut self, conn: ConnId) {
        let at = self.time + self.delay();
        if let Some(at) = self.net.arrival(conn, Way::Down, at) {
            self.net.plan(at, Happening::ClientLost(conn));
            self.net.plan(at, Happening::ServerLost(conn));
        }
    }

    fn client_lost(&mut self, conn: ConnId) -> Result<(), Finding> {
        let Some(wire) = self.net.get_mut(conn) else { return Ok(()) };
        let (h, life, was_up) = (wire.host, wire.life, std::mem::take(&mut wire.client_up));
        self.net.forget(conn);
        if was_up && self.hosts[h].life == life { self.tell(h, Input::Disconnected) } else { Ok(()) }
    }

    /// A request over HTTP.
    pub fn post(&mut self, h: HostId, id: RequestId, body: Vec<u8>) -> Result<(), Finding> {
        auditors::plaintext::sent(&body)?;
        let life = self.hosts[h].life;
        let lost = !self.hosts[h].online || self.dice.chance(self.faults.http_lost);
        if lost {
            self.plan(HTTP_MS_MAX, Happening::Answered(h, life, id, None));
            return Ok(());
        }
        let pause = self.delay();
        if self.dice.chance(self.faults.http_twice) {
            let late = pause + self.delay();
            self.plan(late, Happening::Requested(h, life, id, body.clone(), false));
        }
        self.plan(pause, Happening::Requested(h, life, id, body, true));
        Ok(())
    }

    fn requested(&mut self, h: HostId, life: u32, id: RequestId, body: &[u8], answered: bool) {
        let now = self.now();
        let pause = self.delay();
        let answer = self.server.up.then(|| {
            self.trace.bytes("request", body);
            let answer = self.server_for(h).account(body, u64::try_from(h).unwrap_or_default(), now);
            self.turned_answer(h, answer)
        });
        if !answered {
            return;
        }
        match answer.filter(|_| !self.dice.chance(self.faults.http_lost)) {
            Some(answer) => self.plan(pause, Happening::Answered(h, life, id, Some(answer))),
            None => self.plan(HTTP_MS_MAX, Happening::Answered(h, life, id, None)),
        }
    }

    /// The server loses power.
    pub fn power_off(&mut self) -> Result<(), Finding> {
        self.note("the server loses power".to_owned());
        self.server.crash();
        self.flushing = false;
        for conn in self.net.passing() {
            self.cut(conn);
        }
        auditors::durable::all(self)
    }

    fn power_on(&mut self) {
        if !self.server.up {
            self.note("the server starts".to_owned());
            self.server.start();
        }
    }
}
