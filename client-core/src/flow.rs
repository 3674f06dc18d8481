//! Signing in: set-up, joining, login, and the step-up that single commands need.
//!
//! Owns the HTTP conversations around OPAQUE, and what an account consists of when it is made or opened. Refuses to
//! know the WebSocket. Invariant: a registration is stored before it is sent, and repeated until it is answered; the
//! identity key is in memory only from the answer to a login until the step it was opened for is done; nothing the
//! server says is believed before it is checked against link, identity or vault.

use crate::client::{Account, Client, Keeping};
use crate::crypto::keys::VaultKey;
use crate::crypto::opaque::{self, LoginState, OpaqueError, RegistrationState};
use crate::crypto::passphrase::{Password, Strength};
use crate::crypto::seal;
use crate::crypto::signing::{DeviceKey, IdentityKey};
use crate::crypto::unlock::ExportKey;
use crate::crypto::wrap::{self, MethodWrap};
use crate::io::{Command, Event, Failure, Rejected, RequestId};
use crate::joining::Invited;
use crate::space::Change;
use crate::vault::{Inner, Vault};
use sotto_protocol::account::{AccountAnswer, AccountRequest, AccountResponse, Ticket};
use sotto_protocol::card::{Card, CardDevice, VerifiedCard};
use sotto_protocol::codec::Text;
use sotto_protocol::credentials::{CredentialSet, MethodKind};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, ApprovalId, DeviceId, Handle, Revision, SpaceId};
use sotto_protocol::limits::{DEVICES_MAX, NAME_BYTES_MAX};
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::record::Approval;
use sotto_protocol::roster::Role;
use sotto_protocol::sign::{PublicKey, Signed};

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
    LoginFinish {
        who: SignIn,
        export: ExportKey,
        /// The vault's revision when the server was asked; another may be written before it answers.
        revision: Revision,
    },
    DeviceAdd {
        who: SignIn,
        then: Box<Then>,
    },
}

/// Who is registering.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) handle: Handle,
    pub(crate) name: Text<NAME_BYTES_MAX>,
    pub(crate) device_name: Text<NAME_BYTES_MAX>,
    pub(crate) password: Password,
}

/// Who is signing in, and what for.
#[derive(Debug)]
pub(crate) struct SignIn {
    origin: Origin,
    handle: Handle,
    password: Password,
    purpose: Purpose,
    attempts: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    NewDevice { name: Text<NAME_BYTES_MAX> },
    RemoveDevice(DeviceId),
    AddMember { space: SpaceId, account: AccountId, role: Role, identity: PublicKey },
    SignRoster,
}

/// What happens once the server has taken a card.
#[derive(Debug)]
pub(crate) enum Then {
    Begin { account: Box<Account>, vault: Box<Vault>, revision: Revision, card: VerifiedCard },
    Removed { device: DeviceId, card: VerifiedCard },
}

/// An account opened by a login.
struct Opened {
    card: VerifiedCard,
    credentials: Signed<CredentialSet>,
    vault_key: VaultKey,
    vault: Vault,
    revision: Revision,
    identity: IdentityKey,
    role: Role,
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
            Command::Setup { link, handle, name, practice, role, password, device_name } => {
                let person = person(handle, &name, &device_name, password)?;
                let practice = named("The practice's name", &practice)?;
                let ticket = Ticket::Setup { token: sotto_protocol::ids::Hash(link.token.0), practice, role };
                self.register_start(person, link.origin, ticket, None)
            }
            Command::Join { link, handle, name, password, device_name } => {
                let person = person(handle, &name, &device_name, password)?;
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
                self.login_start(SignIn { origin, handle, password, purpose, attempts: 0 })
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
            _ => return Err(Rejected::NotAllowed("this needs no password")),
        };
        self.login_start(SignIn { origin, handle, password, purpose, attempts: 0 })
    }

    pub(crate) fn failed(&mut self, failure: Failure) {
        self.flow = None;
        self.event(Event::Failed(failure));
    }

    /// An answer to an account request.
    pub(crate) fn response(&mut self, id: RequestId, body: Option<&[u8]>) {
        let Some(flow) = self.flow.take_if(|f| f.request == id) else { return };
        let answer = body.map(AccountResponse::from_bytes);
        match (flow.step, answer) {
            (Step::RegisterFinish { attempts }, None | Some(Err(_))) if attempts < REGISTER_ATTEMPTS_MAX => {
                self.register_send(attempts + 1);
            }
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
                let finished = opaque::finish_login(
                    &state,
                    &who.password,
                    &who.handle,
                    self.config.hardening,
                    &opaque,
                    &mut self.entropy,
                );
                match finished {
                    Ok(login) => {
                        let body = AccountRequest::LoginFinish { state: token, opaque: login.finalization };
                        let request = self.post(who.origin.clone(), body.to_bytes());
                        let revision = self.keeping.as_ref().map(|k| k.revision).unwrap_or_default();
                        let step = Step::LoginFinish { who, export: login.export_key, revision };
                        self.flow = Some(Flow { request, step });
                    }
                    Err(OpaqueError::WrongPassword) => self.failed(Failure::WrongPassword),
                    Err(OpaqueError::Malformed | OpaqueError::Internal) => {
                        self.failed(Failure::Dishonest("sign-in"));
                    }
                }
            }
            (Step::LoginFinish { who, export, revision }, answer @ AccountAnswer::LoggedIn { .. }) => {
                match self.open_account(&export, answer, revision) {
                    Ok((opened, token)) => self.logged_in(who, opened, token),
                    Err(failure) => self.failed(failure),
                }
            }
            (Step::DeviceAdd { then, .. }, AccountAnswer::Done) => match *then {
                Then::Begin { account, vault, revision, card } => {
                    self.device_admitted(account, vault, revision, card);
                }
                Then::Removed { device, card } => self.device_removed(device, card),
            },
            _ => self.failed(Failure::Dishonest("unexpected")),
        }
    }

    fn flow_refused(&mut self, step: Step, code: ErrorCode, retry_after_ms: Option<u64>) {
        let failure = Failure::Server { code, retry_after_ms };
        match (step, code) {
            (Step::LoginFinish { .. }, ErrorCode::SignInFailed) => self.failed(Failure::WrongPassword),
            // Another device of the account was faster: the newest card is needed.
            (Step::DeviceAdd { who, .. }, ErrorCode::VersionStale | ErrorCode::StaleCard)
                if who.attempts < LOGIN_ATTEMPTS_MAX =>
            {
                let who = SignIn { attempts: who.attempts + 1, ..who };
                if self.login_start(who).is_err() {
                    self.failed(failure);
                }
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

    fn login_start(&mut self, who: SignIn) -> Result<(), Rejected> {
        let (state, message) = opaque::start_login(&who.password, &mut self.entropy)
            .map_err(|_| Rejected::NotAllowed("the password cannot be used"))?;
        let body = AccountRequest::LoginStart { handle: who.handle.clone(), opaque: message };
        let request = self.post(who.origin.clone(), body.to_bytes());
        self.flow = Some(Flow { request, step: Step::LoginStart { who, state } });
        Ok(())
    }

    /// Opens vault and inner compartment, and checks that everything belongs to one identity and is not older than the vault knows.
    fn open_account(
        &self,
        export: &ExportKey,
        answer: AccountAnswer,
        asked_at: Revision,
    ) -> Result<(Opened, sotto_protocol::account::Token), Failure> {
        let AccountAnswer::LoggedIn { token, card, credentials, inner, vault, vault_revision, role } = answer
        else {
            return Err(Failure::Dishonest("unexpected"));
        };
        let lie = Failure::Dishonest;
        let card = VerifiedCard::verify(card).map_err(|_| lie("card"))?;
        let (id, public) = (card.card().account, card.card().identity);
        let set = CredentialSet::verify(&credentials, &public).map_err(|_| lie("credential set"))?;
        let method = set.method(MethodKind::Password).ok_or(lie("credential set"))?;
        let unlock = export.derive_unlock();
        if set.account != id
            || method.unlock != unlock.public()
            || set.inner_hash != hash::payload(inner.as_slice())
        {
            return Err(lie("credential set"));
        }
        let place = MethodWrap { account: id, method: method.id };
        let vault_key = wrap::unwrap_vault(&unlock, &place, &method.vault_wrap).map_err(|_| lie("vault"))?;
        let inner_key = wrap::unwrap_inner(&unlock, &place, &method.inner_wrap).map_err(|_| lie("vault"))?;
        let opened = seal::open_inner(&inner_key, id, inner.as_slice()).map_err(|_| lie("vault"))?;
        let inner = Inner::from_bytes(&opened).map_err(|_| lie("vault"))?;
        let identity = IdentityKey::from_seed(*inner.identity.expose());
        let opened =
            seal::open_vault(&vault_key, id, vault_revision, vault.as_slice()).map_err(|_| lie("vault"))?;
        let vault = Vault::from_bytes(&opened).map_err(|_| lie("vault"))?;
        if identity.public() != public || vault.identity != public || vault.account != id {
            return Err(lie("identity"));
        }
        let known = self.cards.newest(id);
        let contradicts =
            known.is_some_and(|k| k.card().version == card.card().version && k.hash() != card.hash());
        let older = known.is_some_and(|k| k.card().version > card.card().version);
        if card.card().version < vault.card_version_min || older || contradicts {
            return Err(lie("an old list of devices"));
        }
        if self.keeping.as_ref().is_some_and(|k| k.vault.account == id) && vault_revision < asked_at {
            return Err(lie("an old vault"));
        }
        Ok((Opened { card, credentials, vault_key, vault, revision: vault_revision, identity, role }, token))
    }

    fn logged_in(&mut self, who: SignIn, opened: Opened, token: sotto_protocol::account::Token) {
        if self.account.as_ref().is_some_and(|a| a.identity != opened.identity.public()) {
            return self.failed(Failure::Dishonest("identity"));
        }
        let next = match who.purpose.clone() {
            Purpose::NewDevice { name } => self.add_device(&who, opened, name),
            Purpose::RemoveDevice(device) => tombstone(device, &opened),
            Purpose::AddMember { space, account, role, identity } => {
                return self.approve(&opened.identity, space, account, role, identity);
            }
            Purpose::SignRoster => return self.sign_roster(&opened.identity),
        };
        let Some((signed, then)) = next else { return self.failed(Failure::Dishonest("card")) };
        let body = AccountRequest::DeviceAdd { token, card: signed }.to_bytes();
        let request = self.post(who.origin.clone(), body);
        self.flow = Some(Flow { request, step: Step::DeviceAdd { who, then: Box::new(then) } });
    }

    fn add_device(
        &mut self,
        who: &SignIn,
        opened: Opened,
        name: Text<NAME_BYTES_MAX>,
    ) -> Option<(Signed<Card>, Then)> {
        let device = DeviceId(self.random_id());
        let device_key = DeviceKey::generate(&mut self.entropy);
        let mut card = opened.card.card().clone();
        card.version = card.version.next();
        let version = card.version;
        if card.active().count() >= DEVICES_MAX {
            // The oldest makes room; nobody is locked out by having signed in often.
            let oldest = card.active().map(|d| d.id).next()?;
            card.devices.iter_mut().filter(|d| d.id == oldest).for_each(|d| d.removed_in = Some(version));
        }
        card.devices.push(CardDevice {
            id: device,
            key: device_key.public(),
            added_in: version,
            added_at: self.now,
            removed_in: None,
        });
        let signed = opened.identity.sign_object(&card).ok()?;
        let verified = VerifiedCard::verify(signed.clone()).ok()?;
        let mut vault = opened.vault;
        vault.devices.insert(device, name);
        vault.card_version_min = version;
        let account = Account {
            origin: who.origin.clone(),
            id: card.account,
            handle: who.handle.clone(),
            identity: card.identity,
            role: opened.role,
            practice: Text::default(),
            practice_id: vault.practice,
            device,
            device_key,
            vault_key: opened.vault_key,
            credentials: opened.credentials,
            removed: false,
            restored: false,
        };
        Some((
            signed,
            Then::Begin {
                account: Box::new(account),
                vault: Box::new(vault),
                revision: opened.revision,
                card: verified,
            },
        ))
    }

    fn device_admitted(
        &mut self,
        account: Box<Account>,
        vault: Box<Vault>,
        revision: Revision,
        card: VerifiedCard,
    ) {
        let id = account.id;
        self.account = Some(*account);
        let mut keeping = Keeping::new(*vault, revision);
        keeping.urgent = true;
        self.keeping = Some(keeping);
        self.save_account();
        self.save_vault();
        self.learn_card(card);
        self.event(Event::SignedIn { account: id });
        self.resume();
    }

    fn device_removed(&mut self, device: DeviceId, card: VerifiedCard) {
        self.learn_card(card);
        self.keep(true, |_| {});
        self.event(Event::DeviceGone(device));
        self.dial_now();
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

fn tombstone(device: DeviceId, opened: &Opened) -> Option<(Signed<Card>, Then)> {
    let mut card = opened.card.card().clone();
    card.version = card.version.next();
    let version = card.version;
    let entry = card.devices.iter_mut().find(|d| d.id == device)?;
    entry.removed_in.get_or_insert(version);
    let signed = opened.identity.sign_object(&card).ok()?;
    let verified = VerifiedCard::verify(signed.clone()).ok()?;
    Some((signed, Then::Removed { device, card: verified }))
}

fn person(handle: Handle, name: &str, device_name: &str, password: Password) -> Result<Person, Rejected> {
    let (name, device_name) = (named("The name", name)?, named("The device's name", device_name)?);
    match password.strength(&handle) {
        Strength::Acceptable => Ok(Person { handle, name, device_name, password }),
        Strength::TooShort | Strength::TooLong | Strength::Guessable => Err(Rejected::WeakPassword),
    }
}

fn named(what: &'static str, text: &str) -> Result<Text<NAME_BYTES_MAX>, Rejected> {
    if text.trim().is_empty() {
        return Err(Rejected::Empty);
    }
    Text::new(text.trim()).map_err(|_| Rejected::TooLong { what, got: text.len(), max: NAME_BYTES_MAX })
}
