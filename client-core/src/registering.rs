//! Registering: what an account consists of when it is made.
//!
//! Owns the keys, the first card, credential set and vault, and the one request that brings them to the server. Refuses to
//! know how the person came to it ([`crate::flow`]). Invariant: the request is stored before it is sent, and repeated until
//! it is answered; the identity key is dropped as soon as card and credential set are signed.

use crate::client::{Account, Client, Keeping};
use crate::crypto::keys::{InnerKey, InvitationSecret, VaultKey};
use crate::crypto::opaque::{self};
use crate::crypto::seal;
use crate::crypto::signing::{DeviceKey, IdentityKey};
use crate::crypto::wrap::SealingSecret;
use crate::flow::{Flow, Person, Step};
use crate::io::{Event, Failure, Rejected};
use crate::joining::{Invited, InvitedBy};
use crate::next_credentials::VaultKeys;
use crate::rows::{self, RegisteringRow};
use crate::vault::{Inner, SealingEntry, SecretBytes, VAULT_VERSION, Vault};
use sotto_protocol::account::{AccountAnswer, AccountRequest, Registration, Ticket};
use sotto_protocol::card::{Card, CardDevice, SUITE_1, VerifiedCard};
use sotto_protocol::codec::Bytes;
use sotto_protocol::credentials::{CredentialSet, MethodKind, SealedInner, SealedVault};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::InvitationState;
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, DeviceId, PracticeId, Revision, SpaceId, Version};
use sotto_protocol::link::{InvitationLink, Origin};
use sotto_protocol::record::Record;
use sotto_protocol::sign::Signed;
use std::collections::BTreeMap;

impl Client {
    pub(crate) fn invitation_opened(
        &mut self,
        person: Option<Person>,
        link: InvitationLink,
        answer: AccountAnswer,
    ) {
        let AccountAnswer::Invitation { role, state, body, inviter, practice, practice_id, .. } = answer
        else {
            return;
        };
        let code = match state {
            InvitationState::Open => None,
            InvitationState::Used => Some(ErrorCode::InvitationUsed),
            InvitationState::Revoked => Some(ErrorCode::InvitationRevoked),
            InvitationState::Expired => Some(ErrorCode::InvitationExpired),
        };
        if let Some(code) = code {
            return self.failed(Failure::Server { code, retry_after_ms: None });
        }
        let secret = InvitationSecret::from_bytes(link.secret.0);
        let by = InvitedBy { card: inviter, body: body.as_slice(), role };
        let invited = match Invited::check(&link, secret, &by, practice_id) {
            Ok(invited) => invited,
            Err(what) => return self.failed(Failure::Dishonest(what)),
        };
        self.event(Event::Welcome {
            inviter: invited.text.inviter.as_str().to_owned(),
            practice: practice.as_str().to_owned(),
            note: invited.text.note.as_str().to_owned(),
            role: invited.text.role,
        });
        let Some(person) = person else { return };
        let ticket = Ticket::Invitation { id: link.id };
        if self.register_start(person, link.origin, ticket, Some(Box::new(invited))).is_err() {
            self.failed(Failure::Dishonest("sign-in"));
        }
    }

    pub(crate) fn register_start(
        &mut self,
        person: Person,
        origin: Origin,
        ticket: Ticket,
        invited: Option<Box<Invited>>,
    ) -> Result<(), Rejected> {
        let (state, message) = opaque::start_registration(&person.password, &mut self.entropy)
            .map_err(|_| Rejected::NotAllowed("the password cannot be used"))?;
        let body = AccountRequest::RegisterStart {
            ticket: ticket.clone(),
            handle: person.handle.clone(),
            opaque: message,
        };
        let request = self.post(origin.clone(), body.to_bytes());
        self.flow =
            Some(Flow { request, step: Step::RegisterStart { person, origin, ticket, state, invited } });
        Ok(())
    }

    /// Makes the account, and everything that goes with it, and sends it.
    pub(crate) fn register(
        &mut self,
        person: Person,
        origin: Origin,
        ticket: Ticket,
        registered: opaque::Registered,
        invited: Option<Invited>,
    ) {
        let handle = person.handle.clone();
        let made = self.make_account(person, origin, &ticket, &registered, invited);
        let Some((card, credentials, inner, founding)) = made else {
            self.forget();
            return self.failed(Failure::Dishonest("account"));
        };
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return };
        let vault = keeping.vault.to_bytes();
        let sealed = seal::seal_vault(&account.vault_key, account.id, Revision(1), &vault, &mut self.entropy);
        let Ok(vault) = SealedVault::new(sealed) else { return };
        let registration = Registration {
            ticket,
            handle,
            opaque: registered.upload,
            card,
            credentials,
            vault,
            inner,
            founding,
        };
        let request = AccountRequest::RegisterFinish { registration: Box::new(registration) }.to_bytes();
        let Ok(request) = Bytes::new(request) else { return };
        let row = RegisteringRow { request };
        self.put(rows::REGISTERING.to_vec(), &row);
        self.registering = Some(row);
        if let Some(keeping) = &mut self.keeping {
            keeping.urgent = false;
            keeping.dirty_since = None;
        }
        self.save_vault();
        self.register_send(0);
    }

    #[expect(clippy::type_complexity, reason = "the parts of one registration, used once")]
    fn make_account(
        &mut self,
        person: Person,
        origin: Origin,
        ticket: &Ticket,
        registered: &opaque::Registered,
        invited: Option<Invited>,
    ) -> Option<(Signed<Card>, Signed<CredentialSet>, SealedInner, Vec<Record>)> {
        let (role, practice) = match (ticket, &invited) {
            (Ticket::Setup { role, practice, .. }, _) => (*role, practice.clone()),
            (Ticket::Invitation { .. }, Some(invited)) => (invited.text.role, invited.text.practice.clone()),
            (Ticket::Invitation { .. }, None) => return None,
        };
        let id = AccountId(self.random_id());
        let device = DeviceId(self.random_id());
        let rng = &mut self.entropy;
        let identity = IdentityKey::generate(rng);
        let device_key = DeviceKey::generate(rng);
        let sealing = SealingSecret::generate(rng);
        let vault_key = VaultKey::generate(rng);
        let inner_key = InnerKey::generate(rng);
        let first = CardDevice {
            id: device,
            key: device_key.public(),
            added_in: Version(1),
            added_at: self.now,
            removed_in: None,
        };
        let card = identity
            .sign_object(&Card {
                account: id,
                version: Version(1),
                identity: identity.public(),
                devices: vec![first],
                sealing: sealing.public(),
                sealing_since: Version(1),
                suites: vec![SUITE_1],
            })
            .ok()?;
        let inner = Inner { version: 1, identity: SecretBytes::new(*identity.expose_seed()) }.to_bytes();
        let inner = SealedInner::new(seal::seal_inner(&inner_key, id, &inner, rng)).ok()?;
        let unlock = registered.export_key.derive_unlock().public();
        let keys = VaultKeys { vault: &vault_key, inner: &inner_key };
        let mut methods = vec![keys.method(id, MethodKind::Password, unlock, None, self.now, rng)?];
        let mut sheet = None;
        if person.sheet {
            let (method, row) = keys.sheet(id, self.now, rng)?;
            methods.push(method);
            self.put(rows::SHEET.to_vec(), &row);
            sheet = Some(row);
        }
        let credentials = identity
            .sign_object(&CredentialSet {
                account: id,
                version: Version(1),
                opaque_hash: hash::payload(registered.upload.as_slice()),
                inner_hash: hash::payload(inner.as_slice()),
                vault_generation: Version(1),
                methods,
            })
            .ok()?;
        let vault = Vault {
            version: VAULT_VERSION,
            account: id,
            handle: person.handle.clone(),
            name: person.name,
            identity: identity.public(),
            card_version_min: Version(1),
            sealing: vec![SealingEntry { since: Version(1), seed: SecretBytes::new(*sealing.expose_seed()) }],
            spaces: BTreeMap::new(),
            peers: BTreeMap::new(),
            invitations: BTreeMap::new(),
            devices: BTreeMap::from([(device, person.device_name)]),
            owner: invited.as_ref().and_then(|i| i.text.owner),
            practice: invited.as_ref().map_or(PracticeId::ZERO, |i| i.practice_id),
            roster_version: Version::ZERO,
            sheet_at: sheet.as_ref().map(|row| row.made_at),
            renamed: None,
        };
        self.sheet = sheet;
        self.keeping = Some(Keeping::new(vault, Revision(1)));
        self.account = Some(Account {
            origin,
            id,
            handle: person.handle,
            identity: identity.public(),
            role,
            practice,
            practice_id: invited.as_ref().map_or(PracticeId::ZERO, |i| i.practice_id),
            device,
            device_key,
            vault_key,
            credentials: credentials.clone(),
            removed: false,
            restored: true,
        });
        self.save_account();
        let learned = self.learn_card(VerifiedCard::verify(card.clone()).ok()?);
        let founding = match invited {
            Some(invited) if learned => self.found_with(invited)?,
            Some(_) | None => Vec::new(),
        };
        Some((card, credentials, inner, founding))
    }

    pub(crate) fn register_send(&mut self, attempts: u32) {
        let (Some(row), Some(account)) = (&self.registering, &self.account) else { return };
        let (origin, body) = (account.origin.clone(), row.request.as_slice().to_vec());
        let request = self.post(origin, body);
        self.flow = Some(Flow { request, step: Step::RegisterFinish { attempts } });
    }

    pub(crate) fn resume_registration(&mut self) {
        self.register_send(0);
    }

    pub(crate) fn registered(&mut self, practice_id: PracticeId) {
        self.registering = None;
        self.delete(rows::REGISTERING.to_vec());
        let Some(account) = &mut self.account else { return };
        account.practice_id = practice_id;
        let id = account.id;
        self.save_account();
        self.keep(false, |vault| vault.practice = practice_id);
        self.event(Event::SignedIn { account: id });
        self.tell_sheet();
        let spaces: Vec<SpaceId> = self.spaces.keys().copied().collect();
        for space in spaces {
            self.introduce(space);
        }
        self.resume();
    }
}
