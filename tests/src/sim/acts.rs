//! What people do, one act after the other.
//!
//! Owns the choice by weights and the commands that belong to each act.

use super::auditors::{Finding, durable, reading};
use super::host::{Fate, Wish};
use super::lanes::Lane;
use super::model::{MARKER, Text};
use super::net::{Happening, HostId};
use super::world::World;
use sotto_client_core::Client;
use sotto_client_core::io::{Command, Draft};
use sotto_client_core::view::{BodyView, SpaceView};
use sotto_protocol::hash::head_zero;
use sotto_protocol::ids::{AccountId, DeviceId, RecordId, Seq, SpaceId};
use sotto_protocol::limits::INVITATION_TTL_MS_DEFAULT;
use sotto_protocol::roster::Role;
use std::collections::BTreeSet;

/// People with an account at most.
const PEOPLE_MAX: usize = 6;
/// Devices of a person in use at most.
const DEVICES_MAX: usize = 4;

type Act = fn(&mut World, HostId) -> Result<(), Finding>;

impl World {
    /// Somebody does something; the next act is planned.
    pub fn act(&mut self) -> Result<(), Finding> {
        if self.people.acts >= self.habits.acts {
            return Ok(());
        }
        let users: Vec<HostId> = self.users();
        if users.is_empty() {
            self.plan(1000, Happening::Act);
            return Ok(());
        }
        self.people.acts += 1;
        self.lie_in_time()?;
        let pause = match self.people.dice.below(10) {
            0 => self.people.dice.between(10_000, 120_000),
            1..=3 => self.people.dice.between(1, 20),
            _ => self.people.dice.between(100, 5000),
        };
        self.plan(pause, Happening::Act);
        let wanted = if self.lane == Lane::Membership { 4 } else { 2 };
        let invited = self.people.list.len() + self.people.asked.len();
        if invited < wanted + 1 {
            return self.invite(users[0]);
        }
        let Some(h) = self.people.dice.pick(&users) else { return Ok(()) };
        let act = self.choose();
        act(self, h)?;
        reading::folded(self, h)
    }

    /// Hosts at which somebody can do something.
    pub fn users(&self) -> Vec<HostId> {
        (0..self.hosts.len()).filter(|h| self.hosts[*h].signed_in().is_some()).collect()
    }

    fn choose(&mut self) -> Act {
        let habits = self.habits;
        let weights: [(u64, Act); 22] = [
            (habits.write, Self::write),
            (habits.change, Self::change),
            (habits.offline, Self::go_offline),
            (habits.crash, Self::crash),
            (habits.wipe, Self::wipe),
            (habits.login, Self::one_more_device),
            (habits.invite, Self::invite),
            (habits.revoke, Self::revoke),
            (habits.reuse, Self::reuse),
            (habits.remove_device, Self::remove_device),
            (habits.add_member, Self::add_member),
            (habits.remove_member, Self::remove_member),
            (habits.own, Self::found_own),
            (habits.sync, |w, h| w.command(h, Command::Sync).map(drop)),
            (habits.jump, |w, _| w.jump()),
            (habits.server_crash, |w, _| w.server_dies()),
            (habits.set_back, |w, _| w.set_back()),
            (habits.flood, Self::flood),
            (habits.change_password, Self::change_password),
            (habits.make_sheet, Self::make_sheet),
            (habits.recover, Self::recover),
            (habits.lose_device, Self::lose_device),
        ];
        let mut drawn = self.people.dice.below(weights.iter().map(|(w, _)| w).sum());
        for (weight, act) in weights {
            match drawn.checked_sub(weight) {
                Some(rest) => drawn = rest,
                None => return act,
            }
        }
        Self::write
    }

    fn views(&self, h: HostId) -> Vec<SpaceView> {
        let spaces = self.hosts[h].signed_in().map(Client::spaces).unwrap_or_default();
        spaces.into_iter().filter(|s| s.member && s.alarm.is_none()).collect()
    }

    fn me(&self, h: HostId) -> Option<AccountId> {
        self.hosts[h].client.as_ref()?.account().map(|a| a.account)
    }

    /// Writes a text that nobody has written before.
    pub fn write_in(
        &mut self,
        h: HostId,
        space: SpaceId,
        draft: impl FnOnce(String) -> Draft,
    ) -> Result<(), Finding> {
        let Some(author) = self.me(h) else { return Ok(()) };
        let text = self.people.text();
        self.model.texts.insert(text.clone(), Text { author, space, at: self.time });
        let (id, draft) = (RecordId(self.people.dice.bytes()), draft(text));
        let id = Some(id).filter(|_| self.people.dice.chance(500));
        let written = self.command(h, Command::Write { space, id, draft: draft.clone() })?;
        // Whoever doesn't know whether it was written writes it again under the same name.
        if written.is_ok() && id.is_some() && self.people.dice.chance(300) {
            drop(self.command(h, Command::Write { space, id, draft })?);
        }
        Ok(())
    }

    fn write(&mut self, h: HostId) -> Result<(), Finding> {
        let open: Vec<_> = self.views(h).into_iter().filter(|s| s.confirmed).map(|s| s.id).collect();
        let Some(space) = self.people.dice.pick(&open) else { return Ok(()) };
        let bring = self.people.dice.chance(100);
        for _ in 0..=self.people.dice.below(3) {
            let later = self.people.dice.between(1, 1_800_000);
            let show_at = Some(self.now().plus(later)).filter(|_| self.people.dice.chance(150));
            self.write_in(h, space, |text| Draft::Message { text, bring, show_at })?;
        }
        if self.people.dice.chance(100) {
            let name = if bring { "availability" } else { "practice" }.to_owned();
            self.write_in(h, space, |value| Draft::Setting { name, value })?;
        }
        if self.people.dice.chance(100) {
            let text = self.people.text();
            drop(self.command(h, Command::KeepDraft { space, target: None, text })?);
        }
        Ok(())
    }

    fn change(&mut self, h: HostId) -> Result<(), Finding> {
        let ids: Vec<_> = self.views(h).into_iter().filter(|s| s.confirmed).map(|s| s.id).collect();
        let Some(space) = self.people.dice.pick(&ids) else { return Ok(()) };
        let messages = self.hosts[h].client.as_ref().map(|c| c.messages(space)).unwrap_or_default();
        let texts: Vec<_> = messages
            .iter()
            .filter(|m| matches!(m.body, BodyView::Text(_)))
            .map(|m| (m.id, m.mine, m.seq))
            .collect();
        let Some((id, mine, seq)) = self.people.dice.pick(&texts) else { return Ok(()) };
        let draft = match (self.people.dice.below(6), mine, seq) {
            (0 | 1, true, _) => return self.write_in(h, space, |text| Draft::Edit { target: id, text }),
            (2 | 3, true, _) => Draft::TakeBack(id),
            (0..=2, false, Some(_)) => Draft::Acknowledge(id),
            (3, false, Some(_)) => Draft::Hold(id),
            (4, _, Some(seq)) => return self.command(h, Command::MarkRead { space, seq }).map(drop),
            _ => Draft::Bring(id),
        };
        self.command(h, Command::Write { space, id: None, draft }).map(drop)
    }

    fn go_offline(&mut self, h: HostId) -> Result<(), Finding> {
        self.away(h);
        let pause = self.people.dice.between(1000, 600_000);
        self.plan(pause, Happening::Online(h));
        Ok(())
    }

    /// A host loses its network.
    pub fn away(&mut self, h: HostId) {
        self.hosts[h].online = false;
        self.note(format!("host {h} is offline"));
        if let Some(conn) = self.net.of_host(h) {
            self.cut(conn);
        }
    }

    fn crash(&mut self, h: HostId) -> Result<(), Finding> {
        // While it does something, rather than while it does nothing.
        self.hosts[h].crash_in = Some(self.people.dice.below(12));
        self.write(h)
    }

    fn devices_of(&self, person: usize) -> usize {
        self.hosts.iter().filter(|host| host.person == person && host.fate == Fate::Used).count()
    }

    /// False while the server, set back, has an older card of somebody than it had: her devices hand it back. A new
    /// device that was put into the older card meanwhile would make a second one of the same version.
    fn card_is_back(&self, person: usize) -> bool {
        let account = self.people.list[person].account;
        account.is_none_or(|a| self.server.card_version(a) >= self.model.cards_before.get(&a).copied())
    }

    fn wipe(&mut self, h: HostId) -> Result<(), Finding> {
        let person = self.hosts[h].person;
        if !self.card_is_back(person) {
            return Ok(());
        }
        self.note(format!("host {h} is wiped"));
        self.kill(h);
        self.hosts[h].fate = Fate::Wiped;
        self.new_host(person, Wish::Login);
        Ok(())
    }

    fn one_more_device(&mut self, h: HostId) -> Result<(), Finding> {
        let person = self.hosts[h].person;
        if self.devices_of(person) < DEVICES_MAX && self.card_is_back(person) {
            self.new_host(person, Wish::Login);
        }
        Ok(())
    }

    /// Invites somebody.
    pub fn invite(&mut self, h: HostId) -> Result<(), Finding> {
        if self.people.list.len() + self.people.asked.len() > PEOPLE_MAX {
            return Ok(());
        }
        let role = self.people.list[self.hosts[h].person].role;
        let therapists = self.people.list.iter().filter(|p| p.role == Role::Therapist).count();
        let asked = if role.owns() && therapists == 0 && self.lane == Lane::Membership {
            Role::Therapist
        } else {
            Role::Client
        };
        if !role.may_invite(asked) {
            return Ok(());
        }
        let note = format!("{MARKER} welcome");
        let done =
            self.command(h, Command::Invite { role: asked, note, ttl_ms: INVITATION_TTL_MS_DEFAULT })?;
        if done.is_ok() {
            self.people.asked.push(asked);
        }
        Ok(())
    }

    fn revoke(&mut self, h: HostId) -> Result<(), Finding> {
        let invitations = self.hosts[h].client.as_ref().map(Client::invitations).unwrap_or_default();
        let open: Vec<_> =
            invitations.iter().filter(|i| i.used_by.is_none() && !i.revoked).map(|i| i.id).collect();
        match self.people.dice.pick(&open) {
            Some(id) => {
                self.model.revokers.insert(self.hosts[h].person);
                self.command(h, Command::Revoke(id)).map(drop)
            }
            None => Ok(()),
        }
    }

    fn reuse(&mut self, _: HostId) -> Result<(), Finding> {
        if let Some((link, role)) = self.people.dice.pick(&self.people.links.clone())
            && self.people.list.len() <= PEOPLE_MAX
        {
            let person = self.new_person(role, Some(link));
            self.new_host(person, Wish::Join);
        }
        Ok(())
    }

    fn remove_device(&mut self, h: HostId) -> Result<(), Finding> {
        let devices = self.hosts[h].client.as_ref().map(Client::devices).unwrap_or_default();
        let others: Vec<DeviceId> =
            devices.iter().filter(|d| !d.this && d.removed_in.is_none()).map(|d| d.id).collect();
        match self.people.dice.pick(&others) {
            Some(device) => {
                let password = self.password(h);
                self.command(h, Command::RemoveDevice { device, password }).map(drop)
            }
            None => Ok(()),
        }
    }

    fn change_password(&mut self, h: HostId) -> Result<(), Finding> {
        let (password, new) = (self.password(h), self.new_password(h));
        self.command(h, Command::ChangePassword { password, new }).map(drop)
    }

    fn make_sheet(&mut self, h: HostId) -> Result<(), Finding> {
        let password = self.password(h);
        self.command(h, Command::MakeSheet { password }).map(drop)
    }

    /// She has forgotten her password, and has her sheet.
    fn recover(&mut self, h: HostId) -> Result<(), Finding> {
        let person = self.hosts[h].person;
        if self.devices_of(person) < DEVICES_MAX && !self.people.list[person].sheets.is_empty() {
            self.new_host(person, Wish::Recover);
        }
        Ok(())
    }

    /// Somebody has a device of hers: what lies on its disk is his.
    fn lose_device(&mut self, h: HostId) -> Result<(), Finding> {
        let person = self.hosts[h].person;
        let others: Vec<HostId> =
            self.users().into_iter().filter(|o| *o != h && self.hosts[*o].person == person).collect();
        let Some(lost) = self.people.dice.pick(&others) else { return Ok(()) };
        let Some(device) = self.hosts[lost].client.as_ref().and_then(Client::account).map(|a| a.device)
        else {
            return Ok(());
        };
        self.note(format!("host {lost} is lost"));
        self.model.lost_devices.insert(device, lost);
        // With it go her open invitations.
        self.model.revokers.insert(person);
        let (password, new) = (self.password(h), self.new_password(h));
        let devices = BTreeSet::from([device]);
        self.command(h, Command::RemoveLost { devices, password, new }).map(drop)
    }

    fn add_member(&mut self, h: HostId) -> Result<(), Finding> {
        let Some(me) = self.me(h) else { return Ok(()) };
        let may = |s: &SpaceView| {
            let client = s.members.iter().any(|m| m.role == Role::Client);
            let mine = s.members.iter().find(|m| m.account == me).map(|m| m.role);
            s.confirmed && mine.is_some_and(|role| if client { role == Role::Client } else { role.treats() })
        };
        let spaces: Vec<_> = self.views(h).into_iter().filter(may).collect();
        let Some(space) = self.people.dice.pick(&spaces) else { return Ok(()) };
        let staff: Vec<_> = self
            .users()
            .into_iter()
            .filter_map(|o| self.hosts[o].client.as_ref()?.account())
            .filter(|a| a.role.treats() && space.members.iter().all(|m| m.account != a.account))
            .map(|a| (a.account, a.role, a.identity))
            .collect();
        let Some((account, role, identity)) = self.people.dice.pick(&staff) else { return Ok(()) };
        let password = self.password(h);
        self.command(h, Command::AddMember { space: space.id, account, role, identity, password }).map(drop)
    }

    fn remove_member(&mut self, h: HostId) -> Result<(), Finding> {
        let spaces: Vec<_> =
            self.views(h).into_iter().filter(|s| s.confirmed && s.members.len() > 1).collect();
        let Some(space) = self.people.dice.pick(&spaces) else { return Ok(()) };
        let others: Vec<_> = space.members.iter().filter(|m| !m.me).map(|m| m.account).collect();
        match self.people.dice.pick(&others) {
            Some(account) => self.command(h, Command::RemoveMember { space: space.id, account }).map(drop),
            None => Ok(()),
        }
    }

    fn found_own(&mut self, h: HostId) -> Result<(), Finding> {
        let own = self.views(h).into_iter().filter(|s| s.members.len() == 1).count();
        if own < 2 { self.command(h, Command::FoundOwn).map(drop) } else { Ok(()) }
    }

    fn jump(&mut self) -> Result<(), Finding> {
        self.skew += self.people.dice.between(1, 20) * 24 * 3600 * 1000;
        self.note("days pass".to_owned());
        for h in 0..self.hosts.len() {
            self.tell(h, sotto_client_core::io::Input::Wake)?;
        }
        Ok(())
    }

    fn server_dies(&mut self) -> Result<(), Finding> {
        self.power_off()?;
        let pause = self.people.dice.between(100, 20_000);
        self.plan(pause, Happening::PowerOn);
        Ok(())
    }

    /// The server is set back to the last backup, unless accounts came in since, which nobody can hand back, or
    /// somebody is just coming in.
    fn set_back(&mut self) -> Result<(), Finding> {
        let coming = self.hosts.iter().any(|h| h.wish.is_some() && h.fate == Fate::Used);
        let people = (self.people.list.len(), self.people.asked.len(), self.people.accounts());
        let fits = self.people.backup.take().filter(|(_, was)| *was == people && !coming && self.server.up);
        let Some((backup, _)) = fits else {
            self.people.backup = Some((self.server.backup(), people));
            self.note("the server is backed up".to_owned());
            return Ok(());
        };
        self.model.set_back += 1;
        for space in self.server.spaces() {
            let log = self.server.records(space, Seq::ZERO, usize::MAX);
            let heads: Vec<_> = log
                .iter()
                .scan(head_zero(space), |head, stored| {
                    *head = stored.record.head_after(*head);
                    Some(*head)
                })
                .collect();
            let longer = self.model.before.get(&space).is_none_or(|before| before.len() < heads.len());
            if self.parted(space) {
                self.model.parted.insert(space);
            } else if longer {
                self.model.before.insert(space, heads);
            }
        }
        let accounts: Vec<AccountId> = self.people.list.iter().filter_map(|p| p.account).collect();
        for account in &accounts {
            let version = self.server.card_version(*account);
            let known = self.model.cards_before.get(account).copied();
            self.model.cards_before.extend(version.max(known).map(|v| (*account, v)));
        }
        let complete = self.complete_hosts();
        let incarnation = self.entropy.bytes();
        self.server.set_back(&backup, incarnation);
        for conn in self.net.passing() {
            self.cut(conn);
        }
        let older = |a: &AccountId| self.server.card_version(*a) < self.model.cards_before.get(a).copied();
        if accounts.iter().any(older) {
            // Whoever was removed is served again until the remover's device hands the card back.
            self.model.removed_devices.clear();
            self.model.removals.clear();
        }
        let acks = std::mem::take(&mut self.model.acks);
        for (key, ack) in acks {
            if durable::stands(self, &ack) {
                self.model.acks.insert(key, ack);
            } else {
                let holders = (0..self.hosts.len()).filter(|h| self.hosts[*h].holds(ack.space, ack.seq));
                self.model.lost.insert(key, (ack, holders.collect()));
                self.model.shortened.insert(ack.space);
            }
        }
        self.note(format!("the server is set back; hosts {complete:?} have everything"));
        // Mostly those come first who have everything.
        if !self.people.dice.chance(250) {
            for h in (0..self.hosts.len()).filter(|h| !complete.contains(h)) {
                self.away(h);
                let pause = self.people.dice.between(90_000, 300_000);
                self.plan(pause, Happening::Online(h));
            }
        }
        self.plan(2000, Happening::PowerOn);
        Ok(())
    }

    fn complete_hosts(&self) -> Vec<HostId> {
        let complete = |h: &HostId| {
            let views = self.hosts[*h].signed_in().map(Client::spaces).unwrap_or_default();
            let ends = |v: &SpaceView| self.server.space(v.id).is_none_or(|s| s.head() == v.head);
            !views.is_empty() && views.iter().filter(|v| v.member).all(ends)
        };
        self.users().into_iter().filter(complete).collect()
    }

    fn flood(&mut self, h: HostId) -> Result<(), Finding> {
        let open: Vec<_> = self.views(h).into_iter().filter(|s| s.confirmed).map(|s| s.id).collect();
        let Some(space) = self.people.dice.pick(&open) else { return Ok(()) };
        for conn in self.net.passing() {
            if self.net.get(conn).is_some_and(|w| w.host != h) {
                self.server.stall(conn, true);
                let pause = self.people.dice.between(10_000, 60_000);
                self.plan(pause, Happening::Unstall(conn));
            }
        }
        for _ in 0..400 {
            self.write_in(h, space, |text| Draft::Message { text, bring: false, show_at: None })?;
        }
        Ok(())
    }
}
