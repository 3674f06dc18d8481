//! The client: one state machine for every host.
//!
//! Owns the state, the transaction in which an input changes it, and the order of outputs. What an input means
//! stands in its own file: [`crate::flow`] (signing in), [`crate::session`] (the connection), [`crate::sync`]
//! (records coming in), [`crate::writing`] (records going out), [`crate::eras`], [`crate::keeping`] (the vault).
//! Refuses to know I/O, clocks and ambient randomness. Invariant: whatever an input changes is one batch; sends
//! and events that follow from it come after that batch is stored, but for asking to be shown what is there; a rejected
//! input changes nothing.

use crate::asking::Question;
use crate::cards::Cards;
use crate::crypto::keys::{StorageKey, VaultKey};
use crate::crypto::opaque::Hardening;
use crate::crypto::rng::Entropy;
use crate::crypto::seal;
use crate::crypto::signing::DeviceKey;
use crate::defects::{Defect, Defects};
use crate::export::{Export, Load, Loads};
use crate::factors::Factors;
use crate::flow::Flow;
use crate::io::{
    Alarm, BatchId, Change as RowChange, Command, Event, Input, MessageId, Output, Rejected, RequestId, Row,
};
use crate::rows::{
    self, AccountRow, ChangingRow, PendingInvitation, ROW_VERSION, RegisteringRow, SheetRow, VaultRow,
};
use crate::session::{Link, Pending};
use crate::space::{Change, Space};
use crate::vault::{SecretBytes, Vault};
use rand_core::Rng;
use sotto_protocol::codec::{self, Bytes, Text};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::frame::{ClientFrame, Req};
use sotto_protocol::ids::{AccountId, DeviceId, Handle, Millis, PracticeId, Revision, Seq, SpaceId, Week};
use sotto_protocol::link::Origin;
use sotto_protocol::roster::{Role, Roster};
use sotto_protocol::sign::{PublicKey, Signed};
use std::collections::{BTreeMap, VecDeque};

/// What a host may set.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Cost of stretching a password.
    pub hardening: Hardening,
    /// What is done wrong on purpose: nothing, outside the simulation.
    pub defects: Defects,
    /// So many of a space's newest records are shown before all the others have been fetched.
    pub newest_records: u32,
}

/// A few screens of a conversation.
const NEWEST_RECORDS: u32 = 48;

impl Default for Config {
    fn default() -> Self {
        Self { hardening: Hardening::STANDARD, defects: Defects::none(), newest_records: NEWEST_RECORDS }
    }
}

/// Why a local store cannot be opened. It is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A row does not open: wrong storage key, or damaged.
    #[error("the local store is damaged, or its key is not the right one (row {0})")]
    Damaged(String),
    /// Rows are missing.
    #[error("the local store is incomplete ({0} is missing)")]
    Incomplete(&'static str),
    /// Written by a later version.
    #[error("the local store was written by a newer version of Sotto; please update")]
    Newer,
}

/// The account on this device.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) origin: Origin,
    pub(crate) id: AccountId,
    pub(crate) handle: Handle,
    pub(crate) identity: PublicKey,
    pub(crate) role: Role,
    pub(crate) practice: Text<{ sotto_protocol::limits::NAME_BYTES_MAX }>,
    pub(crate) practice_id: PracticeId,
    pub(crate) device: DeviceId,
    pub(crate) device_key: DeviceKey,
    pub(crate) vault_key: VaultKey,
    pub(crate) credentials: Signed<CredentialSet>,
    pub(crate) removed: bool,
    pub(crate) restored: bool,
}

/// The vault on this device.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one vault")]
pub(crate) struct Keeping {
    pub(crate) vault: Vault,
    /// The server's revision this one was made from.
    pub(crate) revision: Revision,
    /// Something that must not wait.
    pub(crate) urgent: bool,
    /// Something that may wait until this time.
    pub(crate) dirty_since: Option<Millis>,
    /// A write or read under way.
    pub(crate) busy: bool,
    /// What came from the server did not open; the newest card was asked for.
    pub(crate) doubted: bool,
    /// It came to the server by another way than a write of its own, on this connection.
    pub(crate) changed_here: bool,
    /// Another device has put it under a key that is not known here.
    pub(crate) renewed_elsewhere: bool,
}

/// A whole Sotto client.
#[derive(Debug)]
pub struct Client {
    pub(crate) config: Config,
    pub(crate) storage: StorageKey,
    pub(crate) entropy: Entropy,
    pub(crate) now: Millis,
    pub(crate) account: Option<Account>,
    pub(crate) registering: Option<RegisteringRow>,
    pub(crate) keeping: Option<Keeping>,
    pub(crate) cards: Cards,
    pub(crate) roster: Option<Roster>,
    /// A recovery sheet that she has not said she has.
    pub(crate) sheet: Option<SheetRow>,
    /// A change of credentials that was not answered before this device stopped.
    pub(crate) changing: Option<ChangingRow>,
    pub(crate) spaces: BTreeMap<SpaceId, Space>,
    pub(crate) changes_wanted: BTreeMap<SpaceId, Vec<Change>>,
    pub(crate) inviting: Vec<PendingInvitation>,
    pub(crate) flow: Option<Flow>,
    pub(crate) factors: Factors,
    pub(crate) link: Link,
    /// When the account's devices were connected last, as the server said when this one was.
    pub(crate) weeks: BTreeMap<DeviceId, Week>,
    pub(crate) sync_wanted: bool,
    /// The space of one's own is to be founded as soon as it is certain that there is none.
    pub(crate) own_wanted: bool,
    /// A file of the record, being made.
    pub(crate) making: Option<Export>,
    /// How many were begun.
    pub(crate) exports: u64,
    /// Rows that the host was asked for, oldest first.
    pub(crate) loads: Loads,
    request_next: RequestId,
    batch_next: BatchId,
    awaiting: Option<BatchId>,
    queue: VecDeque<Output>,
    /// What need not wait for the disk: see [`Client::request_early`].
    pub(crate) early: VecDeque<Output>,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    after: Vec<Output>,
}

impl Client {
    /// Opens a client on its local store: every row but those under [`crate::io::LAZY_PREFIX`]; none for a new one.
    pub fn open(
        rows: Vec<Row>,
        storage: StorageKey,
        entropy: Entropy,
        config: Config,
        now: Millis,
    ) -> Result<Self, OpenError> {
        let mut client = Self {
            config,
            storage,
            entropy,
            now,
            account: None,
            registering: None,
            keeping: None,
            cards: Cards::default(),
            roster: None,
            sheet: None,
            changing: None,
            spaces: BTreeMap::new(),
            changes_wanted: BTreeMap::new(),
            inviting: Vec::new(),
            flow: None,
            factors: Factors::default(),
            link: Link::default(),
            weeks: BTreeMap::new(),
            sync_wanted: false,
            own_wanted: false,
            making: None,
            exports: 0,
            loads: Loads::new(),
            request_next: 1,
            batch_next: 1,
            awaiting: None,
            queue: VecDeque::new(),
            early: VecDeque::new(),
            rows: BTreeMap::new(),
            after: Vec::new(),
        };
        client.load(rows)?;
        if client.account.is_some() {
            client.tell_sheet();
            client.resume();
            if let Some(row) = client.changing.take() {
                client.resume_change(row);
            }
            client.settle_timelines();
            client.commit();
        }
        Ok(client)
    }

    /// Takes an input in. On an error nothing was changed.
    pub fn handle(&mut self, input: Input, now: Millis) -> Result<(), Rejected> {
        self.now = self.now.max(now);
        let result = match input {
            Input::Command(command) => self.command(command),
            Input::Stored(batch) => {
                if self.awaiting == Some(batch) {
                    self.awaiting = None;
                }
                Ok(())
            }
            Input::Connected => {
                self.connected();
                Ok(())
            }
            Input::Disconnected => {
                self.disconnected();
                Ok(())
            }
            Input::Frame(bytes) => {
                self.frame(&bytes);
                Ok(())
            }
            Input::Response(id, body) => {
                self.response(id, body.as_deref());
                Ok(())
            }
            Input::Loaded(rows) => {
                match self.loads.pop_front() {
                    Some(Load::Export(id)) => self.export_loaded(id, &rows),
                    Some(Load::HandBack) | None => self.loaded(rows),
                }
                Ok(())
            }
            Input::Wake => Ok(()),
        };
        if result.is_ok() {
            self.drive();
            self.settle_timelines();
        }
        self.commit();
        result
    }

    /// The next thing to do. Call until it is [`Output::Idle`]; also while a batch is being stored, because a few sends
    /// don't wait for it.
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.early.pop_front() {
            return output;
        }
        if self.awaiting.is_some() {
            return Output::Idle { wake_at: None };
        }
        match self.queue.pop_front() {
            Some(Output::Store(batch, changes)) => {
                self.awaiting = Some(batch);
                Output::Store(batch, changes)
            }
            Some(output) => output,
            None => Output::Idle { wake_at: self.wake_at() },
        }
    }

    fn command(&mut self, command: Command) -> Result<(), Rejected> {
        match command {
            Command::Setup { .. }
            | Command::Join { .. }
            | Command::Login { .. }
            | Command::Recover { .. } => self.begin(command),
            Command::PeekInvitation { link } => self.peek(link),
            Command::PeekSetup { link } => self.peek_setup(link),
            Command::RemoveDevice { .. }
            | Command::RemoveLost { .. }
            | Command::ChangePassword { .. }
            | Command::MakeSheet { .. }
            | Command::AddTotp { .. }
            | Command::RemoveFactor { .. }
            | Command::Reopen { .. }
            | Command::AddMember { .. }
            | Command::SignRoster { .. }
            | Command::Wake { .. } => self.step_up(command),
            Command::ShowFactor(proof) => self.show_factor(proof),
            Command::StopFactor => self.stop_factor(),
            Command::OfferTotp => self.offer_totp(),
            Command::RequireFactors(required) => self.require_factors(required),
            Command::SheetKept => self.sheet_kept(),
            Command::RenameDevice { device, name } => self.rename_device(device, &name),
            Command::Invite { role, note, ttl_ms } => self.invite(role, &note, ttl_ms),
            Command::Revoke(id) => self.revoke(id),
            Command::Write { space, id, draft } => self.write(space, id, draft),
            Command::KeepDraft { space, target, text } => self.keep_draft(space, target, text),
            Command::AcceptReaders(space) => self.accept_readers(space),
            Command::MarkRead { space, seq } => self.mark_read(space, seq),
            Command::RemoveMember { space, account } => self.want_change(space, Change::Remove { account }),
            Command::FoundOwn => self.found_own(),
            Command::People => self.ask(Question::People),
            Command::Glance => self.ask(Question::Glance),
            Command::PushKey => self.ask(Question::PushKey),
            Command::PushTo(endpoint) => self.ask(Question::PushTo(endpoint)),
            Command::Export(wanted) => self.export(*wanted),
            Command::ExportMore(export) => self.export_more(export),
            Command::ExportStop(export) => {
                self.export_stop(export);
                Ok(())
            }
            Command::SendEphemeral { space, body } => self.send_ephemeral(space, &body),
            Command::Sync => {
                self.signed_in()?;
                self.sync_wanted = true;
                self.dial_now();
                Ok(())
            }
        }
    }

    pub(crate) fn signed_in(&self) -> Result<&Account, Rejected> {
        match &self.account {
            Some(account) if self.registering.is_none() => Ok(account),
            Some(_) | None => Err(Rejected::NotSignedIn),
        }
    }

    /// Everything that follows from the state as it is now, after any input.
    fn drive(&mut self) {
        if self.account.is_none() || self.registering.is_some() {
            return;
        }
        self.drive_link();
        let spaces: Vec<SpaceId> = self.spaces.keys().copied().collect();
        for space in spaces {
            self.drive_space(space);
        }
        self.drive_own();
        self.drive_vault();
        self.settle_timelines();
        self.settle();
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.after.push(Output::Event(event));
    }

    pub(crate) fn alarm(&mut self, space: Option<SpaceId>, alarm: Alarm) {
        if let Some(space) = space.and_then(|id| self.spaces.get_mut(&id)) {
            space.newest_doubted(&alarm);
            if space.live.alarm.as_ref() == Some(&alarm) {
                return;
            }
            space.live.alarm = Some(alarm.clone());
        }
        self.event(Event::Alarm { space, alarm });
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.after.push(output);
    }

    /// Sends a request over the connection.
    pub(crate) fn request(
        &mut self,
        pending: Pending,
        frame: impl FnOnce(Req) -> ClientFrame,
    ) -> Option<Req> {
        let (req, send) = self.link.ask(pending, frame, self.now)?;
        self.after.push(send);
        Some(req)
    }

    /// Asks for something over the connection without waiting until what has changed is stored. Only for asking to be
    /// shown what is there: it changes nothing anywhere, and is asked again after a crash. True when it was asked.
    pub(crate) fn request_early(&mut self, pending: Pending, frame: impl FnOnce(Req) -> ClientFrame) -> bool {
        let Some((_, send)) = self.link.ask(pending, frame, self.now) else { return false };
        self.early.push_back(send);
        true
    }

    /// Posts an account request.
    pub(crate) fn post(&mut self, origin: Origin, body: Vec<u8>) -> RequestId {
        let id = self.request_next;
        self.request_next = self.request_next.saturating_add(1);
        self.after.push(Output::Request(id, origin, body));
        id
    }

    pub(crate) fn put<T: minicbor::Encode<()>>(&mut self, key: Vec<u8>, value: &T) {
        self.rows.insert(key, Some(codec::encode(value)));
    }

    pub(crate) fn put_raw(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.rows.insert(key, Some(value));
    }

    pub(crate) fn delete(&mut self, key: Vec<u8>) {
        self.rows.insert(key, None);
    }

    /// Bytes for an id.
    pub(crate) fn random_id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        self.entropy.fill_bytes(&mut id);
        id
    }

    /// Closes the transaction: its rows become one batch, its outputs follow.
    fn commit(&mut self) {
        let rows = core::mem::take(&mut self.rows);
        if self.config.defects.has(Defect::SendBeforeStored) {
            self.queue.extend(self.after.drain(..));
        }
        if !rows.is_empty() {
            let batch = self.batch_next;
            self.batch_next = self.batch_next.saturating_add(1);
            let changes = rows
                .into_iter()
                .map(|(key, value)| {
                    let value = value.map(|plain| {
                        let plain = zeroize::Zeroizing::new(plain);
                        seal::seal_store(&self.storage, &key, &plain, &mut self.entropy)
                    });
                    RowChange { key, value }
                })
                .collect();
            self.queue.push_back(Output::Store(batch, changes));
        }
        self.queue.extend(self.after.drain(..));
    }

    pub(crate) fn save_account(&mut self) {
        let Some(account) = &self.account else { return };
        let Ok(origin) = Text::new(account.origin.to_string()) else { return };
        let row = AccountRow {
            version: ROW_VERSION,
            origin,
            account: account.id,
            handle: account.handle.clone(),
            identity: account.identity,
            role: account.role,
            practice: account.practice.clone(),
            practice_id: account.practice_id,
            device: account.device,
            device_seed: SecretBytes::new(*account.device_key.expose_seed()),
            vault_key: SecretBytes::new(*account.vault_key.expose()),
            credentials: account.credentials.clone(),
            removed: account.removed,
            restored: account.restored,
        };
        self.put(rows::ACCOUNT.to_vec(), &row);
    }

    pub(crate) fn save_vault(&mut self) {
        let Some(keeping) = &self.keeping else { return };
        let Ok(vault) = Bytes::new(keeping.vault.to_bytes().to_vec()) else { return };
        let dirty = keeping.urgent || keeping.dirty_since.is_some();
        let row = VaultRow { vault, revision: keeping.revision, dirty };
        self.put(rows::VAULT.to_vec(), &row);
    }

    pub(crate) fn save_space(&mut self, id: SpaceId) {
        if let Some(row) = self.spaces.get(&id).map(Space::row) {
            self.put(rows::space(id), &row);
        }
    }

    pub(crate) fn save_wanted(&mut self, id: SpaceId) {
        match self.changes_wanted.get(&id).filter(|w| !w.is_empty()).cloned() {
            Some(wanted) => self.put(rows::wanted(id), &wanted),
            None => self.delete(rows::wanted(id)),
        }
    }

    pub(crate) fn save_card(&mut self, account: AccountId) {
        if let Some(row) = self.cards.row(account) {
            self.put(rows::card(account), &row);
        }
    }

    /// Forgets everything: a registration or sign-in that came to nothing.
    pub(crate) fn forget(&mut self) {
        let mut keys = vec![
            rows::ACCOUNT.to_vec(),
            rows::REGISTERING.to_vec(),
            rows::VAULT.to_vec(),
            rows::SHEET.to_vec(),
            rows::CHANGING.to_vec(),
        ];
        if let Some(account) = &self.account {
            keys.push(rows::card(account.id));
        }
        if let Some(keeping) = &self.keeping {
            keys.extend(keeping.vault.peers.keys().map(|peer| rows::card(*peer)));
        }
        for (id, space) in &self.spaces {
            keys.extend([rows::space(*id), rows::draft(*id), rows::edit(*id)]);
            keys.extend(space.keys.keys().map(|era| rows::era_key(*id, *era)));
            keys.extend(space.outbox.keys().map(|number| rows::outbox(*id, *number)));
            for seq in (1..=space.log.seq().0).map(Seq) {
                keys.extend([rows::entry(*id, seq), rows::log_header(*id, seq), rows::log_payload(*id, seq)]);
            }
        }
        for key in keys {
            self.delete(key);
        }
        self.account = None;
        self.registering = None;
        self.keeping = None;
        self.making = None;
        self.sheet = None;
        self.cards = Cards::default();
        self.spaces.clear();
        self.link = Link::default();
    }

    pub(crate) fn me(&self, record: sotto_protocol::ids::RecordId) -> Option<MessageId> {
        self.account.as_ref().map(|a| MessageId { author: a.id, record })
    }
}
