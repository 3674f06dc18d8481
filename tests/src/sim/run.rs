//! One run, from an empty server to the last audit.
//!
//! Owns the course: people act while things fail; then nothing fails any more and everything must settle; then every
//! account signs in on an empty device with nobody else online; after each part the auditors look.

use super::auditors::{self, Finding};
use super::host::{Fate, Wish};
use super::lanes::{Faults, Habits, Lane};
use super::lies::Lie;
use super::net::{Happening, HostId};
use super::world::World;
use sotto_client_core::defects::Defects as ClientDefects;
use sotto_client_core::io::{Alarm, Command};
use sotto_protocol::roster::Role;
use sotto_server::defects::Defects as ServerDefects;

/// Longest part in which things fail, milliseconds of the simulation.
const ACTS_MS_MAX: u64 = 4 * 3600 * 1000;
/// Everything has settled by then, once nothing fails any more.
const SETTLE_MS_MAX: u64 = 3 * 3600 * 1000;
/// A fresh device has everything by then.
const LOGIN_MS_MAX: u64 = 30 * 60 * 1000;

/// What is switched on in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// Defects of the server.
    pub server: ServerDefects,
    /// Defects of every client but the joiner's.
    pub clients: ClientDefects,
    /// Defects of the clients of whoever joins first.
    pub joiner: ClientDefects,
    /// The lie that is told, whatever the seed says.
    pub lie: Option<Lie>,
    /// Print every happening.
    pub loud: bool,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// Hash over everything that happened.
    pub digest: String,
    /// What clients raised.
    pub alarms: Vec<Alarm>,
    /// What an auditor found.
    pub finding: Option<Finding>,
    /// The last happenings.
    pub tail: String,
}

/// Runs one seed in a lane.
pub fn run(lane: Lane, seed: u64, setting: Setting) -> Outcome {
    let mut world = World::new(lane, seed, setting);
    let finding = whole(&mut world).err();
    let alarms = world.model.alarms.iter().map(|raised| raised.alarm.clone()).collect();
    Outcome { digest: world.trace.digest(), alarms, finding, tail: world.trace.tail() }
}

fn whole(world: &mut World) -> Result<(), Finding> {
    let owner = world.new_person(Role::OwnerTherapist, None);
    world.new_host(owner, Wish::Setup);
    world.habits_before_lie();
    world.plan(3000, Happening::Act);
    world.run_until(ACTS_MS_MAX, |w| w.people.acts >= w.habits.acts)?;
    if world.lying.is_some() {
        world.faults = Faults::NONE;
        world.habits = Habits::NONE;
        world.everybody_back();
        world.witnesses(false)?;
        auditors::lies::shown(world)?;
        world.witnesses(true)?;
        auditors::lies::meanwhile(world)?;
        world.truth();
    }
    settle(world)?;
    auditors::settled(world)?;
    fresh_devices(world)?;
    auditors::settled(world)?;
    auditors::finished(world)
}

/// Nothing fails any more: everybody comes to rest.
fn settle(world: &mut World) -> Result<(), Finding> {
    world.note("nothing fails any more".to_owned());
    world.faults = Faults::NONE;
    world.habits = Habits::NONE;
    if world.lane == Lane::Torn {
        // What is late still comes; what was lost within a connection stays lost for as long as that stands.
        world.run_until(world.time + 120_000, |_| false)?;
        world.net.passing().into_iter().for_each(|conn| world.cut(conn));
    }
    world.everybody_back();
    // Devices that are not signed in yet get there first.
    let end = world.time + SETTLE_MS_MAX;
    let arrived = |w: &World| {
        w.time + SETTLE_MS_MAX > end + 6000
            && w.hosts.iter().all(|h| h.wish.is_none() || h.fate != Fate::Used)
    };
    if !world.run_until(end, arrived)? {
        return Err(auditors::liveness::unsettled(world, "somebody does not get in"));
    }
    let users = world.users();
    rest(world, &users, SETTLE_MS_MAX)
}

/// Everybody syncs until all are done and agree with the server.
fn rest(world: &mut World, users: &[HostId], within: u64) -> Result<(), Finding> {
    let end = world.time + within;
    loop {
        for h in users {
            world.hosts[*h].synced = false;
            if world.hosts[*h].signed_in().is_some() {
                drop(world.command(*h, Command::Sync)?);
            }
        }
        let round = (world.time + 600_000).min(end);
        let still = |w: &World, h: HostId| w.hosts[h].signed_in().is_none() || auditors::lies::stopped(w, h);
        let synced = |w: &World| users.iter().all(|h| w.hosts[*h].synced || still(w, *h));
        world.run_until(round, synced)?;
        let now = world.time;
        world.run_until((now + 30_000).min(end), |_| false)?;
        if synced(world) && auditors::liveness::restless(world, users).is_none() {
            return Ok(());
        }
        if world.time >= end {
            return Err(auditors::liveness::unsettled(world, "somebody does not come to rest"));
        }
        for h in users {
            world.plan(1, Happening::Pursue(*h));
        }
    }
}

/// Every account signs in on an empty device, alone.
fn fresh_devices(world: &mut World) -> Result<(), Finding> {
    let everybody = world.users();
    for h in &everybody {
        world.away(*h);
    }
    let people: Vec<usize> =
        (0..world.people.list.len()).filter(|p| world.people.list[*p].account.is_some()).collect();
    for person in people {
        let h = world.new_host(person, Wish::Login);
        let end = world.time + LOGIN_MS_MAX;
        if !world.run_until(end, |w| w.hosts[h].restored.is_some())? {
            return Err(auditors::liveness::unsettled(world, "a fresh device does not get everything"));
        }
        rest(world, &[h], LOGIN_MS_MAX)?;
        auditors::reading::fresh(world, h)?;
        world.away(h);
    }
    for h in 0..world.hosts.len() {
        world.plan(1, Happening::Online(h));
    }
    let users = world.users();
    world.run_until(world.time + 1000, |_| false)?;
    rest(world, &users, SETTLE_MS_MAX)
}
