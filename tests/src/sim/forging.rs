//! What an operator can forge who owns the database, and the disk of one device.
//!
//! Owns the reading of a device's rows and the making of records with what is found there. Invariant: no key is used
//! that such an operator could not have.

use super::dice;
use super::host::Host;
use super::server::Server;
use sotto_client_core::content::{Content, ContentFrame, Message};
use sotto_client_core::crypto::keys::{EraKey, StorageKey, VaultKey};
use sotto_client_core::crypto::seal::{self, ContentPlace};
use sotto_client_core::crypto::signing::DeviceKey;
use sotto_client_core::crypto::wrap::{EraWrap, SealingSecret, unwrap_era, wrap_era};
use sotto_client_core::vault::{SecretBytes, Vault};
use sotto_protocol::card::{Card, SUITE_1};
use sotto_protocol::codec::{self, Bytes, Text};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::frame::Stored;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, Handle, Millis, PracticeId, RecordId, Revision, Seq, SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::log::{Effect, Era};
use sotto_protocol::record::{Cause, EraBody, HEADER_VERSION, Header, Kind, Member, Record, Seen};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::{PublicKey, SignatureBytes, Signed};
use std::collections::BTreeSet;

/// What stands in a forged message.
pub const FORGED_TEXT: &str = "nobody wrote this";

/// The secrets of a device.
pub struct Stolen {
    /// Account.
    pub account: AccountId,
    /// Device.
    pub device: DeviceId,
    /// Its key.
    pub key: DeviceKey,
    /// Era keys on it.
    pub eras: Vec<EraKey>,
    /// Sealing secrets on it.
    pub sealing: Vec<SealingSecret>,
    /// The vault as it knows it.
    pub vault: Vault,
    /// Which revision of it that is.
    pub revision: Revision,
    /// It has changed since.
    pub dirty: bool,
    /// The key under which the server has it.
    pub vault_key: VaultKey,
}

type AccountRow = (
    u8,
    Text<300>,
    AccountId,
    Handle,
    PublicKey,
    Role,
    Text<200>,
    PracticeId,
    DeviceId,
    SecretBytes,
    SecretBytes,
    Signed<CredentialSet>,
    bool,
    bool,
);

/// Reads a device's disk with its storage key; nothing when nobody is signed in on it.
pub fn steal(host: &Host) -> Option<Stolen> {
    let storage = StorageKey::from_bytes(host.storage);
    let open = |name: &[u8]| seal::open_store(&storage, name, host.rows.get(name)?).ok();
    let plain = open(b"account")?;
    let row: AccountRow = codec::decode(&plain, "account row").expect("an account row");
    let eras = host.rows.keys().filter(|name| name.starts_with(b"key/"));
    let eras = eras.filter_map(|name| EraKey::from_slice(&open(name)?)).collect();
    let vault = open(b"vault")?;
    let (vault, revision, dirty): (Bytes<{ 256 * 1024 }>, Revision, bool) =
        codec::decode(&vault, "vault row").expect("a vault row");
    let vault = Vault::from_bytes(vault.as_slice()).expect("a vault");
    let sealing = vault.sealing.iter().map(|e| SealingSecret::from_seed(*e.seed.expose())).collect();
    let (key, vault_key) = (DeviceKey::from_seed(*row.9.expose()), VaultKey::from_bytes(*row.10.expose()));
    Some(Stolen { account: row.2, device: row.8, key, eras, sealing, vault, revision, dirty, vault_key })
}

impl Stolen {
    /// The key of a space's current era, as far as this device can get at it.
    pub fn era_key(&self, server: &Server, space: SpaceId) -> Option<EraKey> {
        let log = server.records(space, Seq::ZERO, usize::MAX);
        let era = log.iter().rev().find(|s| s.record.header().kind == Kind::Era)?;
        let body = EraBody::parse(era.record.payload()?.as_slice()).ok()?;
        let member = body.member(self.account)?;
        let place = EraWrap {
            space,
            prev: body.prev,
            number: body.number,
            author: era.record.header().author,
            member: self.account,
            card_version: member.card_version,
        };
        let wrap = body.wrap_for(self.account)?;
        self.sealing.iter().find_map(|secret| unwrap_era(secret, &place, wrap).ok())
    }

    fn record(
        &self,
        server: &Server,
        space: SpaceId,
        era: EraId,
        kind: Kind,
        payload: Vec<u8>,
    ) -> Option<Record> {
        let state = server.space(space)?;
        let card: Card = server.card(self.account, None)?.peek().ok()?;
        let listed = card.device(self.device)?;
        let card_version = listed.removed_in.map_or(card.version, |removed| Version(removed.0 - 1));
        let id = codec::encode(&(space, payload.len()));
        let header = Header {
            version: HEADER_VERSION,
            space,
            era,
            author: self.account,
            card_version,
            device: self.device,
            id: RecordId(dice::Dice::new(7, &codec::hex(&id)).bytes()),
            seen: Seen { seq: state.seq(), head: state.head() },
            kind,
            payload_hash: sotto_protocol::hash::payload(&payload),
        };
        let bytes = codec::encode(&header);
        let signature = self.key.sign(Label::SignHeader, &bytes);
        Record::from_parts(bytes, signature, Bytes::new(payload).ok()).ok()
    }

    /// A message in its account's name.
    pub fn message(&self, server: &Server, space: SpaceId) -> Option<Record> {
        let key = self.era_key(server, space)?;
        let era = server.space(space)?.era()?.id;
        let text = Text::new(FORGED_TEXT).ok()?;
        let content = Content::Message(Message { text, bring: false, show_at: None });
        let frame = ContentFrame { sent_at: Millis(1), content }.to_bytes().ok()?;
        // The place names the record, whose id follows from the payload's length alone.
        let mut rng = dice::rng(7, "forger");
        let place = |record| ContentPlace { space, era, author: self.account, record };
        let probe =
            seal::seal_content(&key.derive_record(space, era), &place(RecordId::ZERO), &frame, &mut rng);
        let id = self.record(server, space, era, Kind::Content, probe)?.header().id;
        let payload = seal::seal_content(&key.derive_record(space, era), &place(id), &frame, &mut rng);
        self.record(server, space, era, Kind::Content, payload)
    }

    /// An era that adds a reader whom nobody approved, and what it does to the log.
    pub fn era_with(
        &self,
        server: &Server,
        space: SpaceId,
        reader: AccountId,
        role: Role,
    ) -> Option<(Record, Effect)> {
        let current = server.space(space)?.era()?.clone();
        let card: Signed<Card> = server.card(reader, None)?;
        let open: Card = card.peek().ok()?;
        let added = Member {
            account: reader,
            role,
            identity: open.identity,
            card_version: open.version,
            card_hash: card.hash(),
        };
        let mut members = current.members.clone();
        members.push(added);
        members.sort_by_key(|m| m.account);
        let mut rng = dice::rng(8, "forger");
        let key = EraKey::generate(&mut rng);
        let number = current.number.next();
        let mut sealed = Vec::new();
        for member in &members {
            let to: Card = server.card(member.account, Some(member.card_version))?.peek().ok()?;
            let place = EraWrap {
                space,
                prev: current.id,
                number,
                author: self.account,
                member: member.account,
                card_version: member.card_version,
            };
            sealed.push(wrap_era(&to.sealing, &key, &place, &mut rng).ok()?);
        }
        let commitment = key.derive_commitment(space, current.id, number);
        let made_at = Millis(current.made_at.0 + 1);
        let body = EraBody {
            prev: current.id,
            number,
            cause: Cause::Membership,
            members: members.clone(),
            commitment,
            sealed,
            approvals: Vec::new(),
            made_at,
            suite: SUITE_1,
        };
        let payload = codec::encode(&body);
        let id = sotto_protocol::hash::era(space, &payload);
        let record = self.record(server, space, current.id, Kind::Era, payload)?;
        let era = Era {
            id,
            number,
            prev: current.id,
            made_by: self.account,
            made_on: self.device,
            made_at,
            members,
            commitment,
        };
        Some((record, Effect::Era(Box::new(era), BTreeSet::new())))
    }
}

/// The same record with another payload under the old signature.
pub fn tampered(record: &Record) -> Record {
    let mut payload = record.payload().map(|p| p.as_slice().to_vec()).unwrap_or_default();
    if let Some(byte) = payload.last_mut() {
        *byte ^= 1;
    }
    Record::from_parts(record.header_bytes().to_vec(), *record.signature(), Bytes::new(payload).ok())
        .expect("the header was parsed before")
}

/// A record in somebody's name whose signature was made up.
pub fn unsigned(model: &Stored) -> Record {
    let mut header = model.record.header().clone();
    header.id = RecordId([0xEE; 16]);
    header.payload_hash = sotto_protocol::hash::payload(b"made up");
    let bytes = codec::encode(&header);
    Record::from_parts(bytes, SignatureBytes([7; 64]), Bytes::new(b"made up".to_vec()).ok())
        .expect("a header")
}
