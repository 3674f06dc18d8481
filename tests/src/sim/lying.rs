//! When the server lies, and to whom.
//!
//! Owns the choice of victim, place and moment, and the way of frames past the [`Liar`]. Refuses to know how a lie is
//! made ([`super::lies`]) and whether it is noticed ([`super::auditors::lies`]). Invariant: only the victim's frames
//! and answers are turned; what the victim, and its account's vault, knew when the lie began is kept as a yardstick.

use super::auditors::Finding;
use super::dice::Dice;
use super::forging::{self, Stolen};
use super::host::{Fate, Wish};
use super::lanes::{Habits, Lane};
use super::lies::{Liar, Lie};
use super::net::{ConnId, Happening, HostId};
use super::server::Server;
use super::world::World;
use sotto_client_core::Client;
use sotto_client_core::io::Draft;
use sotto_client_core::view::SpaceView;
use sotto_protocol::ids::{AccountId, Revision, Seq, SpaceId, Version};
use sotto_protocol::record::{Kind, Seen};
use sotto_protocol::roster::Role;
use sotto_server::service::Frame;
use std::collections::BTreeSet;

/// The lie of a run.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one lie")]
pub struct Lying {
    /// What is told.
    pub liar: Liar,
    /// It is being told.
    pub active: bool,
    /// What the victim itself, and its account's vault on the server, knew of the space when the lie began.
    pub known: Vec<Seen>,
    /// How far the victim itself had come.
    pub memory: Option<Seq>,
    /// The victim had nothing when the lie began.
    pub fresh: bool,
    /// The victim knew the newest vault when the lie began.
    pub knew_vault: bool,
    /// The second history, and the connections to it.
    pub fork: Option<(Server, BTreeSet<ConnId>)>,
    /// The victim is whoever joins next.
    awaits_joiner: bool,
    begins_at: u64,
    dice: Dice,
}

impl Lying {
    /// A lie chosen by the seed, unless one is given.
    pub fn new(lane: Lane, seed: u64, given: Option<Lie>) -> Option<Self> {
        let mut dice = Dice::new(seed, "lying");
        let drawn = dice.pick(&Lie::ALL);
        let lie = if lane == Lane::Lying { given.or(drawn) } else { given };
        let begins_at = dice.between(14, 26);
        Some(Self {
            liar: Liar::new(lie?),
            active: false,
            known: Vec::new(),
            memory: None,
            fresh: false,
            knew_vault: false,
            fork: None,
            awaits_joiner: false,
            begins_at,
            dice,
        })
    }

    fn chosen(&mut self, victim: HostId, space: SpaceId, at: Seq) {
        (self.liar.victim, self.liar.space, self.liar.at) = (Some(victim), space, at);
    }
}

impl World {
    /// The habits of a run, with what has to happen before its lie can be told.
    pub fn habits_before_lie(&mut self) {
        let undead = self.lying.as_ref().is_some_and(|l| l.liar.lie == Lie::Undead);
        let devices = self.lying.as_ref().is_some_and(|l| l.liar.lie == Lie::OldCard);
        if undead || devices {
            self.habits.login = 200;
        }
        if undead {
            self.habits.remove_device = 200;
        }
    }

    /// Begins to lie, when it is time and there is somebody to lie to.
    pub fn lie_in_time(&mut self) -> Result<(), Finding> {
        let Some(mut lying) = self.lying.take() else { return Ok(()) };
        let due = !lying.active && lying.liar.victim.is_none() && self.people.acts >= lying.begins_at;
        let begun = due && self.begin(&mut lying)?;
        if begun {
            let Liar { lie, victim, space, at, .. } = &lying.liar;
            self.note(format!("the server lies: {lie:?} to host {victim:?} in {} at {at}", space.short()));
            lying.active = true;
            self.habits = Habits { remove_device: 0, login: 6, ..self.habits };
        }
        self.lying = Some(lying);
        Ok(())
    }

    fn begin(&mut self, lying: &mut Lying) -> Result<bool, Finding> {
        let chosen = match lying.liar.lie {
            Lie::OtherInviter => self.await_joiner(lying)?,
            Lie::OldCard => self.victim_of_old_card(lying),
            Lie::OldVault => self.victim_of_old_vault(lying),
            Lie::Undead => self.victim_of_undead(lying),
            Lie::AddReader => self.victim_of_reader(lying),
            Lie::Fork | Lie::AckOnly => self.victim_anywhere(lying),
            _ => self.victim_of_log(lying),
        };
        if chosen && let Some(victim) = lying.liar.victim {
            self.remember(lying, victim);
            if lying.liar.lie == Lie::Fork {
                lying.fork = Some((self.server.fork(), BTreeSet::new()));
            }
            // It hears the lie on its next connection.
            if !lying.fresh && !matches!(lying.liar.lie, Lie::AckOnly) {
                self.net.of_host(victim).into_iter().for_each(|conn| self.cut(conn));
            }
        }
        Ok(chosen)
    }

    fn remember(&self, lying: &mut Lying, victim: HostId) {
        let host = &self.hosts[victim];
        let space = lying.liar.space;
        let own = host.signed_in().and_then(|c| c.spaces().into_iter().find(|v| v.id == space));
        lying.memory = own.as_ref().map(|v| v.seq);
        lying.known.extend(own.map(|v| Seen { seq: v.seq, head: v.head }));
        let vaults = self.hosts.iter().filter(|h| h.person == host.person).filter_map(forging::steal);
        let newest = |s: &Stolen| !s.dirty && self.server.vault_revision(s.account) == Some(s.revision);
        let pinned = vaults.filter(newest).find_map(|s| s.vault.spaces.get(&space).map(|pin| pin.head));
        lying.known.extend(pinned);
    }

    /// A running device and a space that it can write in.
    fn device_in(
        &self,
        lying: &mut Lying,
        fits: impl Fn(&Self, HostId, &SpaceView) -> bool,
    ) -> Option<(HostId, SpaceView)> {
        let mut all = Vec::new();
        for h in self.users() {
            let views = self.hosts[h].signed_in().map(Client::spaces).unwrap_or_default();
            let open = views.into_iter().filter(|v| v.member && v.confirmed && v.alarm.is_none());
            all.extend(open.filter(|v| fits(self, h, v)).map(|v| (h, v)));
        }
        lying.dice.pick(&all)
    }

    fn fresh_victim(&mut self, lying: &mut Lying, like: HostId) -> HostId {
        lying.fresh = true;
        self.new_host(self.hosts[like].person, Wish::Login)
    }

    /// Half the time a device with memory, half the time a new one, which reads everything through the liar.
    fn victim_of_log(&mut self, lying: &mut Lying) -> bool {
        let payload = lying.liar.lie == Lie::Payload;
        let Some((h, view)) = self.device_in(lying, |_, _, v| v.seq > Seq(3) && v.members.len() > 1) else {
            return false;
        };
        let end = self.server.space(view.id).map(|s| s.seq().0).unwrap_or_default();
        let fresh = lying.dice.chance(500);
        let at = if fresh || lying.dice.chance(200) {
            lying.dice.between(1, end)
        } else {
            end + lying.dice.between(u64::from(lying.liar.lie != Lie::Newest), 3)
        };
        if fresh && payload {
            let log = self.server.records(view.id, Seq::ZERO, usize::MAX);
            let content = |s: &&sotto_protocol::frame::Stored| {
                s.record.header().kind == Kind::Content && s.record.payload().is_some()
            };
            let places: Vec<Seq> = log.iter().filter(content).map(|s| s.seq).collect();
            let Some(at) = lying.dice.pick(&places) else { return false };
            lying.liar.at = at;
        } else {
            lying.liar.at = Seq(at);
        }
        let victim = if fresh { self.fresh_victim(lying, h) } else { h };
        lying.chosen(victim, view.id, lying.liar.at);
        true
    }

    fn victim_anywhere(&mut self, lying: &mut Lying) -> bool {
        let Some((h, view)) = self.device_in(lying, |_, _, v| v.members.len() > 1) else { return false };
        lying.chosen(h, view.id, view.seq);
        true
    }

    fn victim_of_old_vault(&mut self, lying: &mut Lying) -> bool {
        let newest = |w: &Self, h: HostId| {
            let stolen = forging::steal(&w.hosts[h])?;
            let stored = w.server.vault_revision(stolen.account)?;
            (stored > Revision(1)).then_some((stolen, stored))
        };
        let Some((h, _)) = self.device_in(lying, |w, h, _| newest(w, h).is_some()) else { return false };
        let Some((stolen, stored)) = newest(self, h) else { return false };
        lying.liar.account = stolen.account;
        lying.liar.revision = Revision(lying.dice.between(stored.0.saturating_sub(3).max(1), stored.0 - 1));
        if self.server.vault_at(stolen.account, lying.liar.revision).is_none() {
            return false;
        }
        lying.knew_vault = stolen.revision > lying.liar.revision;
        let fresh = lying.dice.chance(400);
        let victim = if fresh { self.fresh_victim(lying, h) } else { h };
        lying.chosen(victim, SpaceId::ZERO, Seq::ZERO);
        true
    }

    fn victim_of_old_card(&mut self, lying: &mut Lying) -> bool {
        let changed = |w: &Self, h: HostId| {
            let account = w.hosts[h].signed_in().and_then(Client::account).map(|a| a.account);
            account.and_then(|a| w.server.card_version(a)) > Some(Version(1))
        };
        let Some((h, _)) = self.device_in(lying, |w, h, _| changed(w, h)) else { return false };
        let victim = self.fresh_victim(lying, h);
        lying.chosen(victim, SpaceId::ZERO, Seq::ZERO);
        true
    }

    fn await_joiner(&mut self, lying: &mut Lying) -> Result<bool, Finding> {
        let inviter = self.users().into_iter().find(|h| self.hosts[*h].person == 0);
        if !lying.awaits_joiner
            && let Some(h) = inviter
        {
            lying.awaits_joiner = true;
            self.invite(h)?;
        }
        Ok(lying.awaits_joiner)
    }

    /// Somebody gets an invitation.
    pub fn joins(&mut self, h: HostId) {
        if let Some(lying) = self.lying.as_mut().filter(|l| l.awaits_joiner && l.liar.victim.is_none()) {
            lying.liar.victim = Some(h);
            lying.fresh = true;
        }
    }

    /// A removed device of another member speaks, in an era that knows of its removal.
    fn victim_of_undead(&mut self, lying: &mut Lying) -> bool {
        let removed = self.hosts.iter().filter(|h| h.fate == Fate::Removed);
        let thieves: Vec<Stolen> = removed.filter_map(forging::steal).collect();
        for stolen in thieves {
            let Some(removed_in) = self.server.removed_in(stolen.account, stolen.device) else { continue };
            let knows = |w: &Self, _: HostId, v: &SpaceView| {
                let pinned = w.server.space(v.id).and_then(|s| s.era()?.member(stolen.account).cloned());
                pinned.is_some_and(|m| m.card_version >= removed_in)
            };
            let Some((h, view)) = self.device_in(lying, knows) else { continue };
            let Some(end) = self.server.space(view.id).map(|s| s.seq()) else { continue };
            lying.liar.forged = stolen.message(&self.server, view.id);
            if lying.liar.forged.is_some() {
                lying.chosen(h, view.id, end);
                return true;
            }
        }
        false
    }

    /// A member's stolen device adds a reader whom nobody approved.
    fn victim_of_reader(&mut self, lying: &mut Lying) -> bool {
        let colluder = |w: &Self, h: HostId, v: &SpaceView| {
            let other = |o: &HostId| w.hosts[*o].person != w.hosts[h].person;
            let member = |o: &HostId| {
                forging::steal(&w.hosts[*o]).filter(|s| v.members.iter().any(|m| m.account == s.account))
            };
            w.users().iter().filter(|o| other(o)).find_map(member)
        };
        let reader = |w: &Self, v: &SpaceView| -> Option<AccountId> {
            w.server.accounts().into_iter().find(|a| v.members.iter().all(|m| m.account != *a))
        };
        let fits = |w: &Self, h: HostId, v: &SpaceView| colluder(w, h, v).is_some() && reader(w, v).is_some();
        let Some((h, view)) = self.device_in(lying, fits) else { return false };
        let (Some(stolen), Some(reader)) = (colluder(self, h, &view), reader(self, &view)) else {
            return false;
        };
        let Some(end) = self.server.space(view.id).map(|s| s.seq()) else { return false };
        let made = stolen.era_with(&self.server, view.id, reader, Role::Therapist);
        lying.liar.forged = made.map(|(record, _)| record);
        lying.chosen(h, view.id, end);
        lying.liar.forged.is_some()
    }

    fn lied_to(&mut self, h: HostId) -> Option<&mut Liar> {
        let lying = self.lying.as_mut().filter(|l| l.active)?;
        (lying.liar.victim == Some(h)).then_some(&mut lying.liar)
    }

    /// A frame from the server, as it goes on to a client.
    pub fn turned_down(&mut self, conn: ConnId, frame: Frame) -> Vec<Frame> {
        let Some(h) = self.net.get(conn).map(|w| w.host) else { return vec![frame] };
        let Some(lying) = self.lying.as_mut().filter(|l| l.active && l.liar.victim == Some(h)) else {
            return vec![frame];
        };
        lying.liar.down(&self.server, &frame).into_iter().map(Frame::from).collect()
    }

    /// A frame from a client: the liar's answer, if it doesn't go on to the server.
    pub fn turned_up(&mut self, conn: ConnId, bytes: &[u8]) -> Option<Frame> {
        let h = self.net.get(conn).map(|w| w.host)?;
        let lying = self.lying.as_mut().filter(|l| l.active && l.liar.victim == Some(h))?;
        lying.liar.up(&self.server, bytes).map(Frame::from)
    }

    /// An answer over HTTP, as it goes on to a client.
    pub fn turned_answer(&mut self, h: HostId, answer: Vec<u8>) -> Vec<u8> {
        let Some(lying) = self.lying.as_mut().filter(|l| l.active && l.liar.victim == Some(h)) else {
            return answer;
        };
        lying.liar.answer(&self.server, &answer)
    }

    /// The server that a connection leads to.
    pub fn server_of(&mut self, conn: ConnId) -> &mut Server {
        match self.lying.as_mut().and_then(|l| l.fork.as_mut()) {
            Some((fork, conns)) if conns.contains(&conn) => fork,
            _ => &mut self.server,
        }
    }

    /// The server that a host's requests lead to.
    pub fn server_for(&mut self, h: HostId) -> &mut Server {
        let forked = self.lied_to(h).is_some();
        match self.lying.as_mut().and_then(|l| l.fork.as_mut()) {
            Some((fork, _)) if forked => fork,
            _ => &mut self.server,
        }
    }

    /// A connection arrives: the victim's at the second history, while there is one.
    pub fn lead(&mut self, conn: ConnId) {
        let Some(h) = self.net.get(conn).map(|w| w.host) else { return };
        if self.lied_to(h).is_some()
            && let Some((_, conns)) = self.lying.as_mut().and_then(|l| l.fork.as_mut())
        {
            conns.insert(conn);
        }
    }

    /// The server is honest from here on.
    pub fn truth(&mut self) {
        let Some(lying) = self.lying.as_mut().filter(|l| l.active) else { return };
        lying.active = false;
        let victim = lying.liar.victim;
        self.note("the server tells the truth".to_owned());
        if let Some(conn) = victim.and_then(|h| self.net.of_host(h)) {
            self.cut(conn);
        }
    }

    /// Whoever is not lied to, or the victim, writes once more: evidence of what is true.
    pub fn witnesses(&mut self, lied_to: bool) -> Result<(), Finding> {
        let victim = self.lying.as_ref().and_then(|l| l.liar.victim);
        self.run_until(self.time + 60_000, |_| false)?;
        for h in self.users().into_iter().filter(|h| (Some(*h) == victim) == lied_to) {
            let views = self.hosts[h].signed_in().map(Client::spaces).unwrap_or_default();
            for view in views.into_iter().filter(|v| v.member && v.confirmed && v.alarm.is_none()) {
                self.write_in(h, view.id, |text| Draft::Message { text, bring: false, show_at: None })?;
            }
        }
        self.run_until(self.time + 60_000, |_| false)?;
        Ok(())
    }

    /// Everything that was planned for a while comes to pass, and every device is there.
    pub fn everybody_back(&mut self) {
        self.plan(0, Happening::PowerOn);
        for h in 0..self.hosts.len() {
            self.hosts[h].crash_in = None;
            if self.hosts[h].fate != Fate::Wiped {
                self.plan(1, Happening::Online(h));
                self.plan(2, Happening::Start(h));
                self.plan(5000, Happening::Pursue(h));
            }
        }
    }
}
