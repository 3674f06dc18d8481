//! Changing the ways into the vault: password, recovery sheet, and everything at once when a device was lost.
//!
//! Owns sending a change and what follows from its answer, and the vault that another device has put under a new key.
//! Refuses to know how the person showed who she is ([`crate::flow`]) and what a change consists of
//! ([`crate::next_credentials`]). Invariants: a change goes to
//! the server as one, so that whichever side of it a crash falls on, one password opens everything; on this device
//! nothing changes before the server has it, and a change is stored before it is sent, so that a start repeats it until it is
//! answered; a recovery sheet's words are kept, sealed, until she says that she has them.

use crate::client::Client;
use crate::crypto::keys::VaultKey;
use crate::crypto::opaque::{self, Registered, RegistrationState};
use crate::crypto::passphrase::Password;
use crate::crypto::recovery;
use crate::crypto::unlock::RecoveryCode;
use crate::flow::{Flow, Purpose, SignIn, Step, Then};
use crate::io::{Event, Failure, Rejected};
use crate::opening::Opened;
use crate::rows::{self, ChangingRow, SheetRow};
use crate::session::Pending;
use crate::vault::{SecretBytes, Vault};
use minicbor::{Decode, Encode};
use sotto_protocol::account::{AccountRequest, Token};
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::codec::Bytes;
use sotto_protocol::credentials::{CredentialSet, MethodKind, OpaqueMessage};
use sotto_protocol::frame::ClientFrame;
use sotto_protocol::ids::{DeviceId, InvitationId, Millis, Revision};
use sotto_protocol::link::Origin;
use sotto_protocol::sign::Signed;
use zeroize::Zeroizing;

/// A change that is not answered is sent again so often before the person is told.
const CHANGE_ATTEMPTS_MAX: u32 = 3;

/// A change on its way.
#[derive(Debug)]
pub(crate) enum Changing {
    /// Of an account on this device; stored before it is sent.
    Here(Box<Applied>),
    /// It admits this device as well.
    Recovered { credentials: Signed<CredentialSet>, then: Box<Then> },
}

/// What is true on this device once the server has a change.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Applied {
    #[n(0)]
    pub(crate) credentials: Signed<CredentialSet>,
    #[n(1)]
    pub(crate) card: Option<Signed<Card>>,
    #[n(2)]
    pub(crate) renewed: Option<Renewed>,
    #[n(3)]
    pub(crate) what: What,
}

/// What was changed.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) enum What {
    #[n(0)]
    Password,
    #[n(1)]
    Sheet(#[n(0)] SheetRow),
    #[n(2)]
    Lost(#[n(0)] Vec<DeviceId>),
}

/// A vault under another key.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Renewed {
    #[n(0)]
    pub(crate) key: SecretBytes,
    #[n(1)]
    pub(crate) vault: Vault,
    #[n(2)]
    pub(crate) revision: Revision,
}

/// A change that was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Who asked for it, if that was since this device started.
    pub(crate) who: Option<SignIn>,
    body: Vec<u8>,
    attempts: u32,
    pub(crate) changing: Changing,
}

impl Client {
    /// Asks for the first step of a new password.
    pub(crate) fn password_start(&mut self, who: SignIn, opened: Opened, token: Token) {
        let Some(new) = who.purpose.new_password() else { return };
        let Ok((state, message)) = opaque::start_registration(new, &mut self.entropy) else {
            return self.failed(Failure::Dishonest("sign-in"));
        };
        let body = AccountRequest::PasswordStart { token: token.clone(), opaque: message };
        let request = self.post(who.origin.clone(), body.to_bytes());
        let step = Step::PasswordStart { who, opened: Box::new(opened), token, state };
        self.flow = Some(Flow { request, step });
    }

    pub(crate) fn password_continued(
        &mut self,
        who: SignIn,
        opened: &Opened,
        token: Token,
        state: &RegistrationState,
        message: &OpaqueMessage,
    ) {
        let Some(new) = who.purpose.new_password() else { return };
        let hardening = self.config.hardening;
        match opaque::finish_registration(state, new, &who.handle, hardening, message, &mut self.entropy) {
            Ok(registered) => self.change_credentials(who, opened, token, Some(registered)),
            Err(_) => self.failed(Failure::Dishonest("sign-in")),
        }
    }

    /// Makes the change and sends it.
    pub(crate) fn change_credentials(
        &mut self,
        who: SignIn,
        opened: &Opened,
        token: Token,
        registered: Option<Registered>,
    ) {
        let Some((change, changing)) = self.next_credentials(&who, opened, registered) else {
            return self.failed(Failure::Dishonest("credential set"));
        };
        let body = AccountRequest::CredentialsPut { token, change: Box::new(change) }.to_bytes();
        if let (Changing::Here(applied), Ok(request)) = (&changing, Bytes::new(body.clone())) {
            let row = ChangingRow { request, applied: Applied::clone(applied) };
            self.put(rows::CHANGING.to_vec(), &row);
        }
        let origin = who.origin.clone();
        self.credentials_send(origin, Sent { who: Some(who), body, attempts: 0, changing });
    }

    fn credentials_send(&mut self, origin: Origin, sent: Sent) {
        let request = self.post(origin, sent.body.clone());
        self.flow = Some(Flow { request, step: Step::CredentialsPut(Box::new(sent)) });
    }

    /// A change that was stored and not known to be answered, when this device starts.
    pub(crate) fn resume_change(&mut self, row: ChangingRow) {
        let Some(origin) = self.account.as_ref().map(|a| a.origin.clone()) else { return };
        let (body, changing) = (row.request.as_slice().to_vec(), Changing::Here(Box::new(row.applied)));
        self.credentials_send(origin, Sent { who: None, body, attempts: 0, changing });
    }

    /// Whether the server has the change is not known: the same bytes again are the same change.
    pub(crate) fn credentials_unanswered(&mut self, sent: Sent) {
        let known = self.account.as_ref().map(|a| a.origin.clone());
        let origin = sent.who.as_ref().map(|who| who.origin.clone()).or(known);
        match origin {
            Some(origin) if sent.attempts < CHANGE_ATTEMPTS_MAX => {
                self.credentials_send(origin, Sent { attempts: sent.attempts + 1, ..sent });
            }
            // It stays stored, and is sent once more with the next start.
            Some(_) if sent.who.is_some() => self.failed(Failure::Unanswered),
            Some(_) | None => self.gave_up(),
        }
    }

    /// The server did not take the change.
    pub(crate) fn credentials_refused(&mut self) {
        self.delete(rows::CHANGING.to_vec());
    }

    /// The server has the change.
    pub(crate) fn credentials_changed(&mut self, changing: Changing) {
        let applied = match changing {
            Changing::Here(applied) => *applied,
            Changing::Recovered { credentials, then } => {
                if let Then::Begin { mut account, vault, revision, card } = *then {
                    account.credentials = credentials;
                    self.device_admitted(account, vault, revision, card);
                    self.event(Event::PasswordChanged);
                }
                return;
            }
        };
        self.delete(rows::CHANGING.to_vec());
        let Applied { credentials, card, renewed, what } = applied;
        let Some(account) = &mut self.account else { return };
        account.credentials = credentials;
        if let Some(Renewed { key, vault, revision }) = renewed {
            account.vault_key = VaultKey::from_bytes(*key.expose());
            self.vault_opened(&vault, revision);
        }
        self.save_account();
        if let Some(card) = card.and_then(|card| VerifiedCard::verify(card).ok()) {
            self.learn_card(card);
            self.vault_merged();
        }
        match what {
            What::Password => self.event(Event::PasswordChanged),
            What::Sheet(row) => {
                let at = row.made_at;
                self.keep(true, |vault| vault.sheet_at = vault.sheet_at.max(Some(at)));
                self.keep_sheet(row);
            }
            What::Lost(devices) => {
                devices.into_iter().for_each(|device| self.event(Event::DeviceGone(device)));
                self.event(Event::PasswordChanged);
                self.revoke_open_invitations();
                self.dial_now();
            }
        }
        // What was put off until the answer.
        self.vault_doubted();
    }

    /// Keeps a sheet's words until she has them.
    fn keep_sheet(&mut self, row: SheetRow) {
        self.put(rows::SHEET.to_vec(), &row);
        self.sheet = Some(row);
        self.tell_sheet();
    }

    pub(crate) fn tell_sheet(&mut self) {
        if let Some((words, made_at)) = self.sheet() {
            self.event(Event::Sheet { words, made_at });
        }
    }

    /// She has the sheet: its words are forgotten here.
    pub(crate) fn sheet_kept(&mut self) -> Result<(), Rejected> {
        self.signed_in()?;
        self.sheet = None;
        self.delete(rows::SHEET.to_vec());
        Ok(())
    }

    /// The words of a sheet that she has not said she has, and when it was made.
    pub fn sheet(&self) -> Option<(Zeroizing<String>, Millis)> {
        self.sheet.as_ref().and_then(|row| Some((row.words()?, row.made_at)))
    }

    /// When the newest recovery sheet was made.
    pub fn sheet_at(&self) -> Option<Millis> {
        self.keeping.as_ref().and_then(|k| k.vault.sheet_at)
    }

    /// When the password was set, as far as this device knows.
    pub(crate) fn password_at(&self) -> Option<Millis> {
        let set = self.account.as_ref()?.credentials.peek().ok()?;
        set.methods.iter().find(|m| m.kind == MethodKind::Password).map(|m| m.created_at)
    }

    /// Another device has put the vault under a new key: this one goes on after the password.
    pub fn password_needed(&self) -> bool {
        self.keeping.as_ref().is_some_and(|k| k.renewed_elsewhere)
    }

    /// The newest card has a sealing key whose secret is not in the vault here: another device made it.
    pub(crate) fn lacks_sealing_secret(&self) -> bool {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return false };
        let since = self.cards.newest(account.id).map(|c| c.card().sealing_since).unwrap_or_default();
        keeping.vault.sealing.last().is_none_or(|newest| newest.since < since)
    }

    /// A change of credentials was sent, and it is not known yet whether the server has it.
    pub(crate) fn is_changing_credentials(&self) -> bool {
        self.flow.as_ref().is_some_and(|flow| matches!(flow.step, Step::CredentialsPut(_)))
    }

    /// The vault does not open, and the newest card says why.
    pub(crate) fn vault_was_renewed(&mut self) {
        let Some(keeping) = &mut self.keeping else { return };
        if !keeping.renewed_elsewhere {
            keeping.renewed_elsewhere = true;
            self.event(Event::PasswordNeeded);
        }
        self.hang_up();
    }

    /// Opens the renewed vault with the password.
    pub(crate) fn reopen(&mut self, opened: Opened) {
        let Some(account) = &mut self.account else { return };
        account.vault_key = opened.vault_key;
        account.credentials = opened.credentials;
        self.save_account();
        self.delete(rows::CHANGING.to_vec());
        self.vault_opened(&opened.vault, opened.revision);
        if self.learn_card(opened.card) {
            self.event(Event::Reopened);
            self.dial_now();
        }
    }

    /// A vault under another key is the vault from now on, with what only this device knew.
    fn vault_opened(&mut self, vault: &Vault, revision: Revision) {
        let Some(keeping) = &mut self.keeping else { return };
        keeping.renewed_elsewhere = false;
        (keeping.busy, keeping.doubted, keeping.changed_here) = (false, false, true);
        if keeping.vault.merge(vault).is_err() {
            return self.alarm(None, crate::io::Alarm::Forked);
        }
        keeping.revision = keeping.revision.max(revision);
        keeping.urgent |= keeping.vault != *vault;
        self.save_vault();
    }

    fn revoke_open_invitations(&mut self) {
        let invitations = self.keeping.iter().flat_map(|k| &k.vault.invitations);
        let open = invitations.filter(|(_, i)| i.consumed.is_none() && i.expires_at > self.now);
        let open: Vec<InvitationId> = open.map(|(id, _)| *id).collect();
        for id in open {
            self.request(Pending::Revoke(id), |req| ClientFrame::InvitationRevoke { req, id });
        }
    }
}

impl Purpose {
    fn new_password(&self) -> Option<&Password> {
        match self {
            Self::ChangePassword { new } | Self::Recover { new, .. } | Self::RemoveLost { new, .. } => {
                Some(new)
            }
            _ => None,
        }
    }
}

impl SheetRow {
    pub(crate) fn new(code: &RecoveryCode, made_at: Millis) -> Self {
        let mut bytes = Zeroizing::new([0; crate::crypto::unlock::RECOVERY_CODE_BYTES]);
        bytes.copy_from_slice(code.expose());
        Self { code: *bytes, made_at }
    }

    fn words(&self) -> Option<Zeroizing<String>> {
        RecoveryCode::from_slice(&self.code).ok().map(|code| recovery::to_words(&code))
    }
}
