//! A command's dealings with its host.
//!
//! Owns waiting for what a command needs, and saying what else happens meanwhile. Refuses to know single commands.
//! Invariants: every warning is printed once and turns the exit code into 3; nothing waits longer than the patience
//! it was given, counted from the last progress.

use crate::args::PasswordFile;
use crate::error::{CliError, Exit};
use crate::json::AlarmJson;
use crate::password::{self, Given};
use crate::print::Out;
use crate::words;
use sotto_cli::home::Home;
use sotto_cli::host::{Host, HostError};
use sotto_cli::net::Net;
use sotto_client_core::Client;
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::io::{Alarm, Command, Event, Failure, Rejected};
use sotto_client_core::view::{AccountView, SpaceView};
use sotto_protocol::factor::FactorProof;
use sotto_protocol::ids::SpaceId;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// Least patience for what needs a password.
const PASSWORD_PATIENCE: Duration = Duration::from_secs(90);

/// Where a command works, and how it speaks.
pub(super) struct Place {
    pub(super) dir: PathBuf,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) patience: Duration,
    pub(super) out: Out,
    /// For the second step of a sign-in.
    pub(super) code: Option<String>,
}

/// An open host, and what has been said about it.
pub(super) struct Session {
    pub(super) host: Host,
    pub(super) out: Out,
    patience: Duration,
    alarms: Vec<AlarmJson>,
    /// What the command at hand is about to mend, and so is no news.
    pub(super) mending: Option<Mending>,
    /// Whether changes are told as they come; not while a whole history comes in.
    telling: bool,
    offline: bool,
    code: Option<String>,
}

/// Why the server doesn't let this device in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mending {
    /// It wasn't used for a long time.
    Idle,
    /// Another device has set a new password.
    OldPassword,
    /// The practice asks for a second step, and there is none.
    NoFactor,
}

impl Session {
    /// Opens the home of an account.
    pub(super) async fn open(place: &Place, offline: bool) -> Result<Self, CliError> {
        let net = if offline { None } else { Some(Net::new(place.ca_file.as_deref())?) };
        let host = Host::open(Home::open(&place.dir).await?, net).await?;
        let mut session = Self::new(host, place, offline);
        if session.is_registering() && !offline {
            session.registered().await?;
        }
        session.account()?;
        Ok(session)
    }

    /// Opens a home, or makes one, for an account that is to come.
    pub(super) async fn begin(place: &Place) -> Result<Self, CliError> {
        let net = Net::new(place.ca_file.as_deref())?;
        let host = Host::open(Home::open_or_create(&place.dir).await?, Some(net)).await?;
        if host.client().account().is_some() {
            return Err(Rejected::SignedIn.into());
        }
        Ok(Self { telling: false, ..Self::new(host, place, false) })
    }

    fn new(host: Host, place: &Place, offline: bool) -> Self {
        let (out, patience) = (place.out, place.patience);
        Self {
            host,
            out,
            patience,
            alarms: Vec::new(),
            mending: None,
            telling: true,
            offline,
            code: place.code.clone(),
        }
    }

    /// A registration was cut short before it was known whether the server took it. The client sends it again by
    /// itself.
    pub(super) fn is_registering(&self) -> bool {
        let client = self.host.client();
        client.account().is_none() && !client.devices().is_empty()
    }

    /// The password of an account that exists.
    pub(super) fn password(&self, from: &PasswordFile) -> Result<Password, CliError> {
        let Given { password, warning } = password::existing(from)?;
        if let Some(warning) = &warning {
            self.out.note(warning);
        }
        Ok(password)
    }

    /// What is asked for after the password: as it was given, or as the person types it. Given once, it is used once.
    fn factor(&mut self, totp: bool) -> Result<FactorProof, CliError> {
        if !totp {
            return Err(CliError::PasskeyNeeded);
        }
        let code = match self.code.take() {
            Some(code) => password::code_of(&code)?,
            None => password::code()?,
        };
        Ok(FactorProof::Totp { code })
    }

    /// Waits until a registration that was cut short is done.
    pub(super) async fn registered(&mut self) -> Result<(), CliError> {
        match self.wait(|event| matches!(event, Event::SignedIn { .. }).then_some(())).await? {
            Some(()) => Ok(()),
            None => Err(self.unanswered()),
        }
    }

    /// The account.
    pub(super) fn account(&self) -> Result<AccountView, CliError> {
        self.host.client().account().ok_or_else(|| Rejected::NotSignedIn.into())
    }

    /// A conversation as it is now.
    pub(super) fn space(&self, id: SpaceId) -> Option<SpaceView> {
        self.host.client().spaces().into_iter().find(|space| space.id == id)
    }

    /// The same for a command that needs a password: between two answers of the server it is stretched, which takes
    /// seconds on an old computer, and the server lets wait whoever has guessed.
    pub(super) async fn ask_with_password<T>(
        &mut self,
        command: Command,
        answer: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T, CliError> {
        let usual = self.patience;
        self.patience = usual.max(PASSWORD_PATIENCE);
        let answered = self.ask(command, answer).await;
        self.patience = usual;
        answered
    }

    /// Gives a command, and waits for the event that answers it.
    pub(super) async fn ask<T>(
        &mut self,
        command: Command,
        answer: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T, CliError> {
        self.host.command(command).await?;
        match self.wait(answer).await? {
            Some(found) => Ok(found),
            None => Err(self.unanswered()),
        }
    }

    /// Waits for an event; `None` when nothing has come for as long as the patience lasts.
    pub(super) async fn wait<T>(
        &mut self,
        mut answer: impl FnMut(&Event) -> Option<T>,
    ) -> Result<Option<T>, CliError> {
        let mut deadline = deadline(self.patience);
        while let Some(event) = self.host.next_event(deadline).await? {
            self.tell(&event);
            if let Some(found) = answer(&event) {
                return Ok(Some(found));
            }
            match event {
                Event::Failed(failure) | Event::FactorNeeded { refused: Some(failure), .. } => {
                    return Err(self.failed(failure));
                }
                Event::DeviceRemoved => return Err(CliError::DeviceRemoved),
                Event::PasswordNeeded if self.mending != Some(Mending::OldPassword) => {
                    return Err(CliError::PasswordNeeded);
                }
                Event::FactorRequired if self.mending != Some(Mending::NoFactor) => {
                    return Err(CliError::FactorRequired);
                }
                Event::FactorNeeded { totp, .. } => {
                    let proof = self.factor(totp)?;
                    self.host.command(Command::ShowFactor(proof)).await?;
                }
                Event::DeviceIdle if self.mending != Some(Mending::Idle) => return Err(CliError::DeviceIdle),
                event if is_progress(&event) => deadline = self::deadline(self.patience),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Finds what a few characters stand for. What isn't here may have come to the server meanwhile, so it is fetched
    /// before saying so.
    pub(super) async fn find<T>(
        &mut self,
        find: impl Fn(&Client) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        match find(self.host.client()) {
            Err(missing @ (CliError::NotFound { .. } | CliError::NoSpace)) if !self.offline => {
                // Without a connection it stays missing, and that is what is told.
                if self.sync().await.is_err() { Err(missing) } else { find(self.host.client()) }
            }
            found => found,
        }
    }

    /// Sends the outbox, fetches, checks, saves. Changes are told.
    pub(super) async fn sync(&mut self) -> Result<(), CliError> {
        let account = self.account()?;
        if account.removed {
            return Err(CliError::DeviceRemoved);
        }
        if account.password_needed {
            return Err(CliError::PasswordNeeded);
        }
        self.ask(Command::Sync, |event| matches!(event, Event::Synced).then_some(())).await
    }

    /// The same for a command that can also show what is here: without a connection this says so, and what comes
    /// back ends the command after it has printed.
    pub(super) async fn refresh(&mut self, offline: bool) -> Result<Result<(), CliError>, CliError> {
        if offline {
            return Ok(Ok(()));
        }
        match self.sync().await {
            Err(
                error @ (CliError::Offline(_)
                | CliError::TooSlow
                | CliError::DeviceRemoved
                | CliError::PasswordNeeded
                | CliError::DeviceIdle
                | CliError::FactorRequired
                | CliError::Failed { failure: Failure::Unreachable, .. }),
            ) => Ok(Err(error)),
            Err(error) => Err(error),
            Ok(()) => Ok(Ok(())),
        }
    }

    /// Why nothing came.
    pub(super) fn unanswered(&self) -> CliError {
        let online = self.host.client().account().is_some_and(|account| account.online);
        let trouble = self.trouble();
        if online || (trouble.is_none() && self.host.client().account().is_none()) {
            CliError::TooSlow
        } else {
            CliError::Offline(trouble)
        }
    }

    /// Why the server could not be reached.
    pub(super) fn trouble(&self) -> Option<String> {
        self.host.trouble().map(ToString::to_string)
    }

    fn failed(&self, failure: Failure) -> CliError {
        let trouble = match failure {
            Failure::Unreachable => self.trouble(),
            Failure::Server { .. }
            | Failure::Dishonest(_)
            | Failure::WrongPassword
            | Failure::WrongSheet
            | Failure::Unanswered
            | Failure::Stopped
            | Failure::RecordChanged
            | Failure::RecordUnreadable => None,
        };
        CliError::Failed { failure, trouble }
    }

    /// Prints what does not stop being wrong by having been said once.
    pub(super) fn tell_standing_alarms(&mut self) {
        for space in self.host.client().spaces() {
            if let Some(alarm) = &space.alarm {
                self.warn(Some(&space), alarm);
            }
        }
    }

    /// What was said to be wrong.
    pub(super) fn alarms(&self) -> &[AlarmJson] {
        &self.alarms
    }

    fn warn(&mut self, space: Option<&SpaceView>, alarm: &Alarm) {
        let alarm = AlarmJson::new(space, alarm);
        if !self.alarms.contains(&alarm) {
            self.out.alarm(&alarm);
            self.alarms.push(alarm);
        }
    }

    /// Says what happened besides, in words.
    pub(super) fn tell(&mut self, event: &Event) {
        if let Event::Alarm { space, alarm } = event {
            let view = space.and_then(|id| self.space(id));
            self.warn(view.as_ref(), alarm);
        }
        if !self.telling {
            return;
        }
        let name = |space: &SpaceId, account| words::name_of(self.space(*space).as_ref(), account);
        match event {
            Event::Confirmed { space, account } => self.out.note(&format!(
                "{} holds your invitation: you can write to each other now.",
                name(space, *account)
            )),
            Event::EraBegan { space, added, removed, by } => {
                let by = name(space, *by);
                for account in added {
                    self.out.note(&format!("{} can read this now. {by} changed that.", name(space, *account)));
                }
                for account in removed {
                    self.out.note(&format!("{} can't read what comes from now on. {by} changed that.", name(space, *account)));
                }
            }
            Event::IdleRemoved(devices) => {
                let known = self.host.client().devices();
                for device in known.iter().filter(|known| devices.contains(&known.id)) {
                    self.out.note(&format!(
                        "{} is removed from your devices, because it wasn't used for 60 days.",
                        crate::print::harmless_line(&device.name)
                    ));
                }
            }
            Event::HandedBack { records, .. } => self.out.note(&format!(
                "The server had lost {}; this device has handed them back.",
                words::count(*records, "entry", "entries")
            )),
            Event::Refused { id, code, .. } => {
                self.out.note(&format!("Not sent: {} ({code}) The text is still here.", words::short(&id.record)));
            }
            Event::ReadersChanged(_) => self.out.note(
                "Who can read this has changed since something was written, so that waits. Look with `sotto members`; \
                 if it is right, send it with `sotto accept-readers`.",
            ),
            _ => {}
        }
    }

    /// Ends the session: the exit code of what came of it.
    pub(super) async fn finish(self, done: Result<(), CliError>) -> Result<Exit, CliError> {
        let Self { host, out, alarms, .. } = self;
        // A host that has failed cannot be closed in good order, and the failure has been told.
        let closed =
            if matches!(done, Err(CliError::Host(HostError::Home(_)))) { Ok(()) } else { host.close().await };
        let done = done.and_then(|()| Ok(closed?));
        match done {
            Ok(()) if alarms.is_empty() => Ok(Exit::Done),
            Err(error) if alarms.is_empty() => Err(error),
            Ok(()) => Ok(Exit::Alarm),
            Err(error) => {
                out.error(&error);
                Ok(Exit::Alarm)
            }
        }
    }
}

fn deadline(patience: Duration) -> Option<Instant> {
    Instant::now().checked_add(patience)
}

/// Signs that the server is there and gets on.
fn is_progress(event: &Event) -> bool {
    matches!(
        event,
        Event::SignedIn { .. }
            | Event::Welcome { .. }
            | Event::Delivered { .. }
            | Event::Updated { .. }
            | Event::SpaceAdded(_)
            | Event::Confirmed { .. }
            | Event::EraBegan { .. }
            | Event::HandedBack { .. }
            | Event::Restored { .. }
            | Event::DeviceGone(_)
            | Event::PasswordChanged
            | Event::Reopened
    )
}
