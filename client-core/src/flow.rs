//! Signing in: set-up, joining, login by password or recovery sheet, and the step-up that single commands need.
//!
//! Owns the HTTP conversations around OPAQUE and the checks of what an account consists of when it is opened. Refuses to
//! know the WebSocket, and what is done with an opened account: [`crate::admitting`], [`crate::credentials`]. Invariant: a registration is stored before it is sent, and repeated until it is answered; the
//! identity key is in memory only from the answer to a login until the step it was opened for is done; nothing the
//! server says is believed before it is checked against link, identity or vault.

use crate::client::{Account, Client};
use crate::credentials::Sent;
use crate::crypto::opaque::{self, LoginState, OpaqueError, RegistrationState};
use crate::crypto::passphrase::{Password, Strength};
use crate::crypto::signing::IdentityKey;
use crate::crypto::unlock::RecoveryCode;
use crate::crypto::wrap::SealingSecret;
use crate::factors::Waiting;
use crate::io::{Command, Event, Failure, Rejected, RequestId};
use crate::joining::Invited;
use crate::opening::{Known, Opened};
use crate::space::Change;
use crate::vault::Vault;
use sotto_protocol::account::{AccountAnswer, AccountRequest, AccountResponse, Ticket, Token};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec::Text;
use sotto_protocol::credentials::OpaqueMessage;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::factor::NewFactor;
use sotto_protocol::ids::{AccountId, ApprovalId, DeviceId, FactorId, Handle, Revision, SpaceId};
use sotto_protocol::label::Label;
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::record::Approval;
use sotto_protocol::roster::Role;
use sotto_protocol::sign::PublicKey;
use std::collections::BTreeSet;

/// Logins that lost a race against another device of the account begin again so often.
const LOGIN_ATTEMPTS_MAX: u32 = 8;
/// A registration that is not answered is sent again so often before the person is told.
const REGISTER_ATTEMPTS_MAX: u32 = 3;
/// An approval of a new reader can be used for this long.
const APPROVAL_MS: u64 = 24 * 3600 * 1000;

/// A conversation under way.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) request: RequestId,
    pub(crate) step: Step,
}

#[derive(Debug)]
pub(crate) enum Step {
    OpenInvitation {
        /// Who joins; `None` to look only.
        person: Option<Person>,
        link: Box<InvitationLink>,
    },
    OpenSetup,
    RegisterStart {
        person: Person,
        origin: Origin,
        ticket: Ticket,
        state: RegistrationState,
        invited: Option<Box<Invited>>,
    },
    RegisterFinish {
        attempts: u32,
    },
    LoginStart {
        who: SignIn,
        state: LoginState,
    },
    UnlockStart {
        who: SignIn,
    },
    LoginFinish {
        who: SignIn,
        unlock: SealingSecret,
        known: Known,
    },
    PasswordStart {
        who: SignIn,
        opened: Box<Opened>,
        token: Token,
        state: RegistrationState,
    },
    FactorFinish(Box<Waiting>),
    Factors,
    CredentialsPut(Box<Sent>),
    DeviceAdd {
        who: SignIn,
        then: Box<Then>,
        /// Devices that the card removes because nobody used them for long.
        idle: Vec<DeviceId>,
    },
}

/// Who is registering.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) handle: Handle,
    pub(crate) name: Text<NAME_BYTES_MAX>,
    pub(crate) device_name: Text<NAME_BYTES_MAX>,
    pub(crate) password: Password,
    /// Make a recovery sheet, too.
    pub(crate) sheet: bool,
}

/// Who is signing in, and what for.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) origin: Origin,
    pub(crate) handle: Handle,
    pub(crate) proof: Proof,
    pub(crate) purpose: Purpose,
    pub(crate) attempts: u32,
}

/// How she shows who she is.
#[derive(Debug)]
pub(crate) enum Proof {
    Password(Password),
    Sheet(RecoveryCode),
}

#[derive(Debug)]
pub(crate) enum Purpose {
    NewDevice { name: Text<NAME_BYTES_MAX> },
    Recover { name: Text<NAME_BYTES_MAX>, new: Password },
    RemoveDevice(DeviceId),
    AddMember { space: SpaceId, account: AccountId, role: Role, identity: PublicKey },
    SignRoster,
    ChangePassword { new: Password },
    MakeSheet,
    RemoveLost { devices: BTreeSet<DeviceId>, new: Password },
    AddFactor(NewFactor),
    RemoveFactor(FactorId),
    Reopen,
    Wake,
}

impl Purpose {
    /// Asked for by a device of the account; the others are ways for one to become that.
    fn is_of_a_device(&self) -> bool {
        match self {
            Self::NewDevice { .. } | Self::Recover { .. } => false,
            Self::RemoveDevice(_)
            | Self::Reopen
            | Self::Wake
            | Self::AddMember { .. }
            | Self::SignRoster
            | Self::ChangePassword { .. }
            | Self::MakeSheet
            | Self::AddFactor(_)
            | Self::RemoveFactor(_)
            | Self::RemoveLost { .. } => true,
        }
    }
}

/// What happens once the server has taken a card.
#[derive(Debug)]
pub(crate) enum Then {
    Begin { account: Box<Account>, vault: Box<Vault>, revision: Revision, card: VerifiedCard },
    Removed { device: DeviceId, card: VerifiedCard },
    Woken { card: VerifiedCard },
}

impl Client {
    pub(crate) fn begin(&mut self, command: Command) -> Result<(), Rejected> {
        if self.flow.is_some() || self.registering.is_some() {
            return Err(Rejected::Busy);
        }
        if self.account.is_some() {
            return Err(Rejected::SignedIn);
        }
        match command {
            Command::Setup { link, handle, name, practice, role, password, device_name, sheet } => {
                let person = person(handle, &name, &device_name, password, sheet)?;
                let practice = named("The practice's name", &practice)?;
                let ticket = Ticket::Setup { token: sotto_protocol::ids::Hash(link.token.0), practice, role };
                self.register_start(person, link.origin, ticket, None)
            }
            Command::Join { link, handle, name, password, device_name, sheet } => {
                let person = person(handle, &name, &device_name, password, sheet)?;
                let body = AccountRequest::InvitationOpen { id: link.id }.to_bytes();
                let request = self.post(link.origin.clone(), body);
                self.flow = Some(Flow {
                    request,
                    step: Step::OpenInvitation { person: Some(person), link: Box::new(link) },
                });
                Ok(())
            }
            Command::Login { origin, handle, password, device_name } => {
                let purpose = Purpose::NewDevice { name: named("The device's name", &device_name)? };
                let proof = Proof::Password(password);
                self.sign_in_start(SignIn { origin, handle, proof, purpose, attempts: 0 })
            }
            Command::Recover { origin, handle, code, new, device_name } => {
                strong(&new, &handle)?;
                let purpose = Purpose::Recover { name: named("The device's name", &device_name)?, new };
                self.sign_in_start(SignIn { origin, handle, proof: Proof::Sheet(code), purpose, attempts: 0 })
            }
            _ => Err(Rejected::NotAllowed("this is not a way to sign in")),
        }
    }

    /// Asks what an invitation says.
    pub(crate) fn peek(&mut self, link: InvitationLink) -> Result<(), Rejected> {
        if self.flow.is_some() || self.registering.is_some() {
            return Err(Rejected::Busy);
        }
        let request =
            self.post(link.origin.clone(), AccountRequest::InvitationOpen { id: link.id }.to_bytes());
        self.flow = Some(Flow { request, step: Step::OpenInvitation { person: None, link: Box::new(link) } });
        Ok(())
    }

    /// Asks whether a set-up link still founds a practice.
    pub(crate) fn peek_setup(&mut self, link: SetupLink) -> Result<(), Rejected> {
        if self.flow.is_some() || self.registering.is_some() {
            return Err(Rejected::Busy);
        }
        let body = AccountRequest::SetupOpen { token: sotto_protocol::ids::Hash(link.token.0) };
        let request = self.post(link.origin, body.to_bytes());
        self.flow = Some(Flow { request, step: Step::OpenSetup });
        Ok(())
    }

    pub(crate) fn step_up(&mut self, command: Command) -> Result<(), Rejected> {
        let account = self.signed_in()?;
        if self.flow.is_some() {
            return Err(Rejected::Busy);
        }
        let (me, origin, handle, this) =
            (account.id, account.origin.clone(), account.handle.clone(), account.device);
        let (password, purpose) = match command {
            Command::RemoveDevice { device, password } => {
                let listed = self.cards.newest(me).is_some_and(|c| c.card().active().any(|d| d.id == device));
                if device == this || !listed {
                    return Err(Rejected::NotAllowed("this is not another one of your devices"));
                }
                (password, Purpose::RemoveDevice(device))
            }
            Command::AddMember { space, account, role, identity, password } => {
                let there = self.spaces.get(&space).ok_or(Rejected::SpaceUnknown)?;
                if !there.is_member(me) {
                    return Err(Rejected::NotMember);
                }
                if there.log.is_member(account) {
                    return Err(Rejected::NotAllowed("this person is a reader already"));
                }
                let listed = |roster: &sotto_protocol::roster::Roster| {
                    roster.staff.iter().any(|s| s.account == account && s.identity == identity)
                };
                if !self.roster.as_ref().is_none_or(listed) {
                    return Err(Rejected::NotAllowed("this person is not on the practice's roster"));
                }
                (password, Purpose::AddMember { space, account, role, identity })
            }
            Command::SignRoster { password } => {
                if !account.role.owns() {
                    return Err(Rejected::NotAllowed("only the owner signs the roster"));
                }
                (password, Purpose::SignRoster)
            }
            Command::ChangePassword { password, new } => {
                strong(&new, &handle)?;
                (password, Purpose::ChangePassword { new })
            }
            Command::MakeSheet { password } => (password, Purpose::MakeSheet),
            Command::RemoveLost { devices, password, new } => {
                strong(&new, &handle)?;
                let card = self.cards.newest(me).map(VerifiedCard::card);
                let listed = |id: &DeviceId| card.is_some_and(|c| c.active().any(|d| d.id == *id));
                if devices.contains(&this) || devices.is_empty() || !devices.iter().all(listed) {
                    return Err(Rejected::NotAllowed("these are not other devices of yours"));
                }
                (password, Purpose::RemoveLost { devices, new })
            }
            Command::AddTotp { password, code } => (password, self.add_totp(code)?),
            Command::RemoveFactor { password, id } => (password, Purpose::RemoveFactor(id)),
            Command::Reopen { password } => (password, Purpose::Reopen),
            Command::Wake { password } => (password, Purpose::Wake),
            _ => return Err(Rejected::NotAllowed("this needs no password")),
        };
        self.sign_in_start(SignIn { origin, handle, proof: Proof::Password(password), purpose, attempts: 0 })
    }

    pub(crate) fn failed(&mut self, failure: Failure) {
        self.event(Event::Failed(failure));
        self.gave_up();
    }

    /// Nothing more comes of what was under way.
    pub(crate) fn gave_up(&mut self) {
        self.flow = None;
        if self.account.is_some() && self.lacks_sealing_secret() {
            // A change that was not answered may hold: the next connection shows whether the vault still opens.
            self.hang_up();
        }
    }

    /// An answer to an account request.
    pub(crate) fn response(&mut self, id: RequestId, body: Option<&[u8]>) {
        let Some(flow) = self.flow.take_if(|f| f.request == id) else { return };
        let answer = body.map(AccountResponse::from_bytes);
        match (flow.step, answer) {
            (Step::RegisterFinish { attempts }, None | Some(Err(_))) if attempts < REGISTER_ATTEMPTS_MAX => {
                self.register_send(attempts + 1);
            }
            (Step::CredentialsPut(sent), None | Some(Err(_))) => self.credentials_unanswered(*sent),
            (Step::FactorFinish(waiting), None) => self.factor_refused(waiting, Failure::Unreachable),
            (_, None) => self.failed(Failure::Unreachable),
            (_, Some(Err(_))) => self.failed(Failure::Dishonest("unreadable")),
            (step, Some(Ok(response))) => self.answered(step, response.body),
        }
    }

    fn answered(&mut self, step: Step, answer: AccountAnswer) {
        match (step, answer) {
            (step, AccountAnswer::Error { code, retry_after_ms }) => {
                self.flow_refused(step, code, retry_after_ms);
            }
            (Step::OpenInvitation { person, link }, answer @ AccountAnswer::Invitation { .. }) => {
                self.invitation_opened(person, *link, answer);
            }
            (Step::OpenSetup, AccountAnswer::Done) => self.event(Event::SetupOpen),
            (
                Step::RegisterStart { person, origin, ticket, state, invited },
                AccountAnswer::RegisterContinue { opaque },
            ) => {
                let finished = opaque::finish_registration(
                    &state,
                    &person.password,
                    &person.handle,
                    self.config.hardening,
                    &opaque,
                    &mut self.entropy,
                );
                match finished {
                    Ok(registered) => self.register(person, origin, ticket, registered, invited.map(|i| *i)),
                    Err(_) => self.failed(Failure::Dishonest("sign-in")),
                }
            }
            (Step::RegisterFinish { .. }, AccountAnswer::Registered { practice_id }) => {
                self.registered(practice_id);
            }
            (Step::LoginStart { who, state }, AccountAnswer::LoginContinue { opaque, state: token }) => {
                self.login_continued(who, &state, &opaque, token);
            }
            (Step::UnlockStart { who }, AccountAnswer::UnlockContinue { state }) => {
                self.unlock_continued(who, state);
            }
            (Step::LoginFinish { who, unlock, known }, answer @ AccountAnswer::LoggedIn { .. }) => {
                self.let_in(who, &unlock, known, answer);
            }
            (
                Step::LoginFinish { who, unlock, known },
                AccountAnswer::FactorNeeded { state, totp, passkey },
            ) => self.factor_needed(who, unlock, known, state, (totp, passkey)),
            (Step::FactorFinish(waiting), answer @ AccountAnswer::LoggedIn { .. }) => {
                self.let_in(waiting.who, &waiting.unlock, waiting.known, answer);
            }
            (Step::Factors, AccountAnswer::Factors { factors }) => self.factors_changed(factors),
            (
                Step::PasswordStart { who, opened, token, state },
                AccountAnswer::RegisterContinue { opaque },
            ) => {
                self.password_continued(who, &opened, token, &state, &opaque);
            }
            (Step::CredentialsPut(sent), AccountAnswer::Done) => self.credentials_changed(sent.changing),
            (Step::DeviceAdd { then, idle, .. }, AccountAnswer::Done) => {
                match *then {
                    Then::Begin { account, vault, revision, card } => {
                        self.device_admitted(account, vault, revision, card);
                    }
                    Then::Removed { device, card } => self.device_removed(device, card),
                    Then::Woken { card } => self.device_woken(card),
                }
                self.tell_idle(idle);
            }
            _ => self.failed(Failure::Dishonest("unexpected")),
        }
    }

    fn let_in(&mut self, who: SignIn, unlock: &SealingSecret, known: Known, answer: AccountAnswer) {
        match self.open_account(unlock, answer, known) {
            Ok((opened, token)) => self.logged_in(who, opened, token),
            Err(failure @ Failure::Server { .. }) => self.sign_in_again(Some(who), failure),
            Err(failure) => self.failed(failure),
        }
    }

    fn flow_refused(&mut self, step: Step, code: ErrorCode, retry_after_ms: Option<u64>) {
        let failure = Failure::Server { code, retry_after_ms };
        let again = match step {
            Step::CredentialsPut(sent) => {
                self.credentials_refused();
                if sent.who.is_none() {
                    return self.gave_up();
                }
                sent.who
            }
            Step::DeviceAdd { who, .. } | Step::PasswordStart { who, .. } => Some(who),
            step => return self.step_refused(step, code, failure),
        };
        // Another device of the account was faster: the newest card, vault and credentials are needed.
        let faster = matches!(
            code,
            ErrorCode::VersionStale
                | ErrorCode::StaleCard
                | ErrorCode::VaultConflict
                | ErrorCode::TokenInvalid
        );
        self.sign_in_again(again.filter(|_| faster), failure);
    }

    /// Begins anew with what the server has now, a few times.
    fn sign_in_again(&mut self, who: Option<SignIn>, failure: Failure) {
        let again = who.filter(|who| who.attempts < LOGIN_ATTEMPTS_MAX);
        let begun = again.map(|who| self.sign_in_start(SignIn { attempts: who.attempts + 1, ..who }));
        if !matches!(begun, Some(Ok(()))) {
            self.failed(failure);
        }
    }

    fn step_refused(&mut self, step: Step, code: ErrorCode, failure: Failure) {
        match (step, code) {
            (Step::LoginFinish { who, .. }, ErrorCode::SignInFailed) => self.wrong_password(&who),
            (Step::FactorFinish(waiting), ErrorCode::FactorRefused | ErrorCode::Throttled) => {
                self.factor_refused(waiting, failure);
            }
            (
                Step::RegisterFinish { .. },
                ErrorCode::Unavailable
                | ErrorCode::Internal
                | ErrorCode::ShuttingDown
                | ErrorCode::StorageFull,
            ) => {
                // The registration stays, and is sent again with the next start.
                self.failed(failure);
            }
            (Step::RegisterFinish { .. }, _) => {
                self.forget();
                self.failed(failure);
            }
            (_, _) => self.failed(failure),
        }
    }

    fn sign_in_start(&mut self, who: SignIn) -> Result<(), Rejected> {
        self.factors.stop_waiting();
        let (body, state) = match &who.proof {
            Proof::Password(password) => {
                let (state, opaque) = opaque::start_login(password, &mut self.entropy)
                    .map_err(|_| Rejected::NotAllowed("the password cannot be used"))?;
                (AccountRequest::LoginStart { handle: who.handle.clone(), opaque }, Some(state))
            }
            Proof::Sheet(_) => (AccountRequest::UnlockStart { handle: who.handle.clone() }, None),
        };
        let request = self.post(who.origin.clone(), body.to_bytes());
        let step = match state {
            Some(state) => Step::LoginStart { who, state },
            None => Step::UnlockStart { who },
        };
        self.flow = Some(Flow { request, step });
        Ok(())
    }

    fn login_continued(&mut self, who: SignIn, state: &LoginState, message: &OpaqueMessage, token: Token) {
        let Proof::Password(password) = &who.proof else { return };
        let hardening = self.config.hardening;
        match opaque::finish_login(state, password, &who.handle, hardening, message, &mut self.entropy) {
            Ok(login) => {
                let body = AccountRequest::LoginFinish { state: token, opaque: login.finalization };
                self.sign_in_finish(who, &body, login.export_key.derive_unlock());
            }
            Err(OpaqueError::WrongPassword) => self.wrong_password(&who),
            Err(OpaqueError::Malformed | OpaqueError::Internal) => {
                self.failed(Failure::Dishonest("sign-in"));
            }
        }
    }

    fn unlock_continued(&mut self, who: SignIn, state: Token) {
        let Proof::Sheet(code) = &who.proof else { return };
        let signature = code.derive_login().sign(Label::SignUnlock, state.as_slice());
        let unlock = code.derive_unlock();
        self.sign_in_finish(who, &AccountRequest::UnlockFinish { state, signature }, unlock);
    }

    fn sign_in_finish(&mut self, who: SignIn, body: &AccountRequest, unlock: SealingSecret) {
        let request = self.post(who.origin.clone(), body.to_bytes());
        let card = self.account.as_ref().and_then(|a| self.cards.newest(a.id)).map(|c| c.card().version);
        let revision = self.keeping.as_ref().map(|k| k.revision).unwrap_or_default();
        let known = Known { revision, card: card.unwrap_or_default() };
        self.flow = Some(Flow { request, step: Step::LoginFinish { who, unlock, known } });
    }

    /// A password that was right a moment ago is no longer: another device has changed it meanwhile.
    fn wrong_password(&mut self, who: &SignIn) {
        self.failed(match &who.proof {
            Proof::Password(_) if who.attempts == 0 => Failure::WrongPassword,
            Proof::Sheet(_) if who.attempts == 0 => Failure::WrongSheet,
            Proof::Password(_) | Proof::Sheet(_) => {
                Failure::Server { code: ErrorCode::VersionStale, retry_after_ms: None }
            }
        });
    }

    fn logged_in(&mut self, who: SignIn, opened: Opened, token: Token) {
        if self.account.as_ref().is_some_and(|a| a.identity != opened.identity.public()) {
            return self.failed(Failure::Dishonest("identity"));
        }
        let removed = self.account.as_ref().is_some_and(|mine| {
            let card = opened.card.card();
            card.device(mine.device).is_none_or(|device| !device.active_at(card.version))
        });
        if who.purpose.is_of_a_device() && removed {
            self.failed(Failure::Server { code: ErrorCode::DeviceNotListed, retry_after_ms: None });
            self.learn_card(opened.card);
            return;
        }
        let next = match &who.purpose {
            Purpose::NewDevice { name } => self.add_device(&who, &opened, name.clone()),
            Purpose::RemoveDevice(device) => self.remove_device(*device, &opened),
            Purpose::Wake => self.wake(&opened),
            Purpose::AddMember { space, account, role, identity } => {
                let (space, account, role, identity) = (*space, *account, *role, *identity);
                return self.approve(&opened.identity, space, account, role, identity);
            }
            Purpose::SignRoster => return self.sign_roster(&opened.identity),
            Purpose::Reopen => return self.reopen(opened),
            Purpose::AddFactor(_) | Purpose::RemoveFactor(_) => return self.change_factors(&who, token),
            Purpose::MakeSheet => return self.change_credentials(who, &opened, token, None),
            Purpose::ChangePassword { .. } | Purpose::Recover { .. } | Purpose::RemoveLost { .. } => {
                return self.password_start(who, opened, token);
            }
        };
        let Some((signed, then, idle)) = next else { return self.failed(Failure::Dishonest("card")) };
        let wakes = match &then {
            Then::Woken { .. } => self.account.as_ref().map(|a| a.device),
            Then::Begin { .. } | Then::Removed { .. } => None,
        };
        let body = AccountRequest::DeviceAdd { token, card: signed, wakes }.to_bytes();
        let request = self.post(who.origin.clone(), body);
        self.flow = Some(Flow { request, step: Step::DeviceAdd { who, then: Box::new(then), idle } });
    }

    /// Signs the approval of a new reader; the era that adds her follows.
    fn approve(
        &mut self,
        identity: &IdentityKey,
        space: SpaceId,
        account: AccountId,
        role: Role,
        reader: PublicKey,
    ) {
        let Some(me) = self.account.as_ref().map(|a| a.id) else { return };
        let approval = Approval {
            id: ApprovalId(self.random_id()),
            space,
            approver: me,
            account,
            identity: reader,
            role,
            introduced_by: me,
            starts_at: sotto_protocol::ids::Millis(self.now.0.saturating_sub(APPROVAL_MS)),
            expires_at: self.now.plus(APPROVAL_MS),
        };
        match identity.sign_object(&approval) {
            Ok(signed) => {
                if self.want_change(space, Change::Add { account, role, approval: signed }).is_err() {
                    // The membership changed while the password was asked for.
                    self.failed(Failure::Server { code: ErrorCode::NotMember, retry_after_ms: None });
                }
            }
            Err(_) => self.failed(Failure::Dishonest("approval")),
        }
    }
}

fn person(
    handle: Handle,
    name: &str,
    device_name: &str,
    password: Password,
    sheet: bool,
) -> Result<Person, Rejected> {
    let (name, device_name) = (named("The name", name)?, named("The device's name", device_name)?);
    strong(&password, &handle)?;
    Ok(Person { handle, name, device_name, password, sheet })
}

fn strong(password: &Password, handle: &Handle) -> Result<(), Rejected> {
    match password.strength(handle) {
        Strength::Acceptable => Ok(()),
        Strength::TooShort | Strength::TooLong | Strength::Guessable => Err(Rejected::WeakPassword),
    }
}

pub(crate) fn named(what: &'static str, text: &str) -> Result<Text<NAME_BYTES_MAX>, Rejected> {
    if text.trim().is_empty() {
        return Err(Rejected::Empty);
    }
    Text::new(text.trim()).map_err(|_| Rejected::TooLong { what, got: text.len(), max: NAME_BYTES_MAX })
}
