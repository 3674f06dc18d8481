//! People: who they are, what they want, and what they do next.
//!
//! Owns accounts, passwords and invitations, and the choice of acts. Refuses to know how a client does anything: it
//! gives commands and reads events and views, as a person does. Invariant: whatever is secret carries
//! [`MARKER`](super::model::MARKER), and every text is written once only.

use super::auditors::Finding;
use super::dice::Dice;
use super::host::{Fate, Host, Wish, Written};
use super::model::{MARKER, Queued, Raised};
use super::net::{Happening, HostId};
use super::server::Server;
use super::world::World;
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::recovery;
use sotto_client_core::io::{Command, Draft, Event, Failure, MessageId};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{AccountId, DeviceId, Handle, SpaceId};
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::roster::Role;

/// One person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Sign-in name.
    pub handle: Handle,
    /// Role.
    pub role: Role,
    /// Once she has one.
    pub account: Option<AccountId>,
    /// The link she was given.
    pub link: Option<String>,
    /// Numbers of the passwords she may have, the likeliest first: what became of a change is not always known.
    pub passwords: Vec<u64>,
    /// The words of recovery sheets that she was shown, the newest first.
    pub sheets: Vec<String>,
}

/// Everybody.
#[derive(Debug)]
pub struct People {
    /// Chance for what they do.
    pub dice: Dice,
    /// Who there is.
    pub list: Vec<Person>,
    /// Links that were made, with the role they are for.
    pub links: Vec<(String, Role)>,
    /// Roles asked for in invitations that are not made yet, oldest first.
    pub asked: Vec<Role>,
    /// Acts done.
    pub acts: u64,
    /// The last backup of the server, and how many people, invitations under way and accounts there were.
    pub backup: Option<(sotto_server::store::memory::Snapshot, (usize, usize, usize))>,
    /// Passwords chosen after the first.
    pub chosen: u64,
    texts: u64,
}

impl People {
    /// Nobody yet.
    pub fn new(dice: Dice) -> Self {
        Self {
            dice,
            list: Vec::new(),
            links: Vec::new(),
            asked: Vec::new(),
            acts: 0,
            backup: None,
            chosen: 0,
            texts: 0,
        }
    }

    /// A text that was never written before.
    pub fn text(&mut self) -> String {
        self.texts += 1;
        let long = if self.dice.chance(60) { self.dice.between(500, 3000) } else { self.dice.below(60) };
        let tail = "la ".repeat(usize::try_from(long / 3).unwrap_or_default());
        format!("{MARKER} text {} {tail}", self.texts)
    }

    /// How many have an account.
    pub fn accounts(&self) -> usize {
        self.list.iter().filter(|p| p.account.is_some()).count()
    }

    /// A password of somebody's, by its number.
    pub fn password(person: usize, number: u64) -> Password {
        Password::new(&format!("{MARKER} lusab bifom gutih {person} {number}"))
    }
}

impl World {
    /// Somebody gets a device.
    pub fn new_host(&mut self, person: usize, wish: Wish) -> HostId {
        let host = Host::new(person, self.entropy.bytes(), wish);
        self.hosts.push(host);
        let h = self.hosts.len() - 1;
        self.note(format!("host {h} is {}'s, to {wish:?}", self.people.list[person].handle));
        self.plan(1, Happening::Start(h));
        h
    }

    /// Somebody comes in.
    pub fn new_person(&mut self, role: Role, link: Option<String>) -> usize {
        let n = self.people.list.len();
        let handle = Handle::parse(&format!("person{n}")).expect("a handle");
        self.people.list.push(Person {
            handle,
            role,
            account: None,
            link,
            passwords: vec![0],
            sheets: Vec::new(),
        });
        n
    }

    /// The person looks at a host again soon.
    pub fn pursue_soon(&mut self, h: HostId) {
        let pause = self.people.dice.between(50, 3000);
        self.plan(pause, Happening::Pursue(h));
    }

    /// Goes on with what she wants on this host.
    pub fn pursue(&mut self, h: HostId) -> Result<(), Finding> {
        let host = &self.hosts[h];
        let Some(client) = host.client.as_ref().filter(|_| host.fate == Fate::Used) else { return Ok(()) };
        if let Some(account) = client.account() {
            let person = host.person;
            self.people.list[person].account = Some(account.account);
            self.hosts[h].wish = None;
            if account.password_needed {
                let password = self.password(h);
                drop(self.command(h, Command::Reopen { password })?);
                return Ok(());
            }
            return self.consent(h);
        }
        let Some(wish) = host.wish else { return Ok(()) };
        let person = self.people.list[host.person].clone();
        let (password, name) = (self.password(h), format!("{MARKER} {}", person.handle));
        let origin = Origin { tls: true, host: "sotto.example".to_owned(), port: 443 };
        let device_name = format!("{MARKER} device {h}");
        let handle = person.handle;
        let command = match (wish, person.link.as_deref().map(InvitationLink::parse)) {
            (Wish::Setup, _) => {
                let link = SetupLink { origin, token: Server::setup_token(self.seed) };
                let practice = "The practice".to_owned();
                Command::Setup {
                    link,
                    handle,
                    name,
                    practice,
                    role: person.role,
                    password,
                    device_name,
                    sheet: false,
                }
            }
            (Wish::Join, Some(Ok(link))) => {
                Command::Join { link, handle, name, password, device_name, sheet: false }
            }
            (Wish::Recover, _) => {
                let Some(words) = person.sheets.first() else {
                    self.hosts[h].wish = Some(Wish::Login);
                    self.pursue_soon(h);
                    return Ok(());
                };
                let code = recovery::from_words(words)
                    .map_err(|error| Finding::new("contract", format!("a sheet is not read: {error}")))?;
                let new = self.new_password(h);
                Command::Recover { origin, handle, code, new, device_name }
            }
            (Wish::Login | Wish::Join, _) => Command::Login { origin, handle, password, device_name },
        };
        self.hosts[h].tries += 1;
        drop(self.command(h, command)?);
        Ok(())
    }

    fn consent(&mut self, h: HostId) -> Result<(), Finding> {
        let Some(client) = &self.hosts[h].client else { return Ok(()) };
        let wanting: Vec<SpaceId> =
            client.spaces().into_iter().filter(|s| s.needs_consent).map(|s| s.id).collect();
        for space in wanting {
            drop(self.command(h, Command::AcceptReaders(space))?);
        }
        Ok(())
    }

    /// A client tells something.
    pub fn event(&mut self, h: HostId, event: Event) -> Result<(), Finding> {
        let text: String = format!("{event:?}").chars().take(200).collect();
        self.note(format!("host {h} tells {text}"));
        let person = self.hosts[h].person;
        self.look_again(h, &event);
        match event {
            Event::SignedIn { account } => {
                self.hosts[h].wish = None;
                self.people.list[person].account = Some(account);
            }
            Event::Failed(failure) => {
                self.doubt(h, &failure);
                self.failed(h, failure);
            }
            Event::PasswordChanged => {
                if let Some(number) = self.hosts[h].choosing.take() {
                    let passwords = &mut self.people.list[person].passwords;
                    passwords.retain(|known| *known != number);
                    passwords.insert(0, number);
                }
            }
            Event::Sheet { words, .. } => {
                let sheets = &mut self.people.list[person].sheets;
                sheets.retain(|known| *known != *words);
                sheets.insert(0, words.to_string());
                if self.people.dice.chance(500) {
                    drop(self.command(h, Command::SheetKept)?);
                }
            }
            Event::Invitation { link, .. } => self.invited(link.to_string()),
            Event::Queued { space, id } => self.queued(h, space, id)?,
            Event::Refused { space, id, code } => {
                self.model.refused.insert((space, id), code);
            }
            Event::Confirmed { space, account } => {
                self.model.confirmed.insert((space, account));
            }
            Event::ReadersChanged(_) | Event::PasswordNeeded => self.pursue_soon(h),
            Event::Alarm { space, alarm } => self.model.alarms.push(Raised { host: h, space, alarm }),
            Event::Restored { messages, spaces } => self.hosts[h].restored = Some((messages, spaces)),
            Event::DeviceRemoved => self.hosts[h].fate = Fate::Removed,
            Event::DeviceGone(device) => self.note_removed(person, device),
            Event::IdleRemoved(devices) => devices.iter().for_each(|d| self.note_removed(person, *d)),
            Event::Synced => self.hosts[h].synced = true,
            Event::Updated { space, .. } => super::auditors::lies::ahead(self, h, space)?,
            // What else a client tells is for reading in the trace.
            _ => {}
        }
        Ok(())
    }

    fn note_removed(&mut self, person: usize, device: DeviceId) {
        self.model.removed_devices.insert(device, self.time);
        if let Some(account) = self.people.list[person].account {
            self.model.removals.insert(device, (account, self.now()));
        }
    }

    /// A screen is drawn anew where an event says that something changed.
    fn look_again(&mut self, h: HostId, event: &Event) {
        let space = match event {
            Event::Updated { space, .. } | Event::EraBegan { space, .. } | Event::Delivered { space, .. } => {
                *space
            }
            Event::SpaceAdded(space) => *space,
            _ => return,
        };
        let host = &mut self.hosts[h];
        let view = host.client.as_ref().and_then(|client| client.space(space));
        host.complete.extend(view.map(|view| (space, view.complete)));
    }

    fn queued(&mut self, h: HostId, space: SpaceId, id: MessageId) -> Result<(), Finding> {
        let Some(Written { draft, readers, at, .. }) = self.hosts[h].drafts.pop_front() else {
            return Err(Finding::new("contract", format!("host {h} queued what nobody wrote")));
        };
        if draft == Draft::TakeBack(id) {
            self.model.vanished.insert((space, id));
        } else {
            self.model.queued.insert((space, id), Queued { host: h, draft, readers, at });
        }
        Ok(())
    }

    fn invited(&mut self, link: String) {
        if self.people.asked.is_empty() {
            return;
        }
        let role = self.people.asked.remove(0);
        self.people.links.push((link.clone(), role));
        let person = self.new_person(role, Some(link));
        let h = self.new_host(person, Wish::Join);
        self.joins(h);
    }

    /// The password that somebody gives at a host.
    pub fn password(&self, h: HostId) -> Password {
        let person = self.hosts[h].person;
        let number = self.people.list[person].passwords.first().copied().unwrap_or_default();
        People::password(person, number)
    }

    /// A password that somebody chooses at a host; until she is told, it may hold or not.
    pub fn new_password(&mut self, h: HostId) -> Password {
        let person = self.hosts[h].person;
        self.people.chosen += 1;
        let number = self.people.chosen;
        self.hosts[h].choosing = Some(number);
        self.people.list[person].passwords.push(number);
        People::password(person, number)
    }

    /// What was refused was perhaps not the newest: the next time another is tried.
    fn doubt(&mut self, h: HostId, failure: &Failure) {
        let person = &mut self.people.list[self.hosts[h].person];
        match failure {
            Failure::WrongPassword => person.passwords.rotate_left(1),
            Failure::WrongSheet if !person.sheets.is_empty() => {
                person.sheets.remove(0);
            }
            _ => {}
        }
        if self.hosts[h].signed_in().is_some_and(|c| c.account().is_some_and(|a| a.password_needed)) {
            self.pursue_soon(h);
        }
    }

    /// What a person does when something failed.
    fn failed(&mut self, h: HostId, failure: Failure) {
        self.model.failures.push((h, failure.clone()));
        let host = &self.hosts[h];
        let Some(wish) = host.wish else { return };
        let (person, tries) = (host.person, host.tries);
        let known = self.people.list[person].account.is_some();
        let stuck = host.rows.contains_key(b"registering".as_slice());
        let gone = |code| {
            matches!(
                code,
                ErrorCode::InvitationRevoked | ErrorCode::InvitationExpired | ErrorCode::InvitationUnknown
            )
        };
        match (wish, &failure) {
            (Wish::Join, Failure::Server { code, .. }) if gone(*code) => self.hosts[h].fate = Fate::GaveUp,
            (
                Wish::Join,
                Failure::Server { code: ErrorCode::InvitationUsed | ErrorCode::HandleTaken, .. },
            )
            | (Wish::Setup, Failure::Server { code: ErrorCode::SetupRefused, .. }) => {
                self.hosts[h].wish = Some(Wish::Login);
            }
            (Wish::Login, Failure::WrongPassword) if !known && tries > 4 => {
                self.hosts[h].fate = Fate::GaveUp;
            }
            (Wish::Login, Failure::WrongPassword) if !known => {
                let joins = self.people.list[person].link.is_some();
                self.hosts[h].wish = Some(if joins { Wish::Join } else { Wish::Setup });
            }
            _ => {}
        }
        if stuck {
            // The registration is repeated when the program starts again.
            self.kill(h);
            self.plan(1000, Happening::Start(h));
        }
        let pause = match failure {
            Failure::Server { retry_after_ms: Some(ms), .. } => ms + 1,
            _ => 1000,
        };
        self.plan(pause, Happening::Pursue(h));
    }
}
