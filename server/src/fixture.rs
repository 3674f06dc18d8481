//! People, cards and records for tests, made the way clients make them but without sealing anything.
//!
//! Owns test keys. Never in the binary.

use ed25519_dalek::{Signer, SigningKey};
use sotto_protocol::account::{AccountRequest, Registration, Ticket};
use sotto_protocol::card::{Card, CardDevice, SUITE_1, SealingPublic, VerifiedCard};
use sotto_protocol::codec::{self, Text};
use sotto_protocol::credentials::{
    CredentialSet, Method, MethodKind, OpaqueMessage, SealedInner, SealedVault, Wrap,
};
use sotto_protocol::frame::{Challenge, ClientFrame, connect_message};
use sotto_protocol::hash;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, EraNumber, Handle, Hash, IncarnationId, InvitationId, MethodId, Millis,
    PracticeId, RecordId, SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::log::{Era, LogState};
use sotto_protocol::record::{
    Cause, Drop, EraBody, HEADER_VERSION, Header, Join, Kind, Member, Payload, Record, Seen,
};
use sotto_protocol::roster::{Role, Roster, Staff};
use sotto_protocol::sign::{PublicKey, Signable, SignatureBytes, Signed};
use std::sync::Arc;

/// A key of a seed.
fn key(seed: &[u8]) -> SigningKey {
    SigningKey::from_bytes(hash::payload(seed).as_bytes())
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey(key.verifying_key().to_bytes())
}

fn sign(key: &SigningKey, label: Label, message: &[u8]) -> SignatureBytes {
    SignatureBytes(key.sign(&label.frame(&[message])).to_bytes())
}

/// Signs an object.
fn signed<T: Signable>(key: &SigningKey, value: &T) -> Signed<T> {
    let bytes = codec::encode(value);
    let signature = sign(key, T::LABEL, &bytes);
    Signed::from_parts(bytes, signature).unwrap()
}

/// Somebody with an identity and devices.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Account.
    pub(crate) account: AccountId,
    /// Role in the practice.
    pub(crate) role: Role,
    /// Newest card.
    pub(crate) card: Arc<VerifiedCard>,
    seed: u8,
}

impl Person {
    /// With one device.
    pub(crate) fn new(seed: u8, role: Role) -> Self {
        let account = AccountId([seed; 16]);
        let card = Card {
            account,
            version: Version(1),
            identity: public(&key(&[seed])),
            devices: vec![device(seed, 0, Version(1))],
            sealing: SealingPublic::from_slice(&[seed; SealingPublic::LEN]).unwrap(),
            sealing_since: Version(1),
            suites: vec![SUITE_1],
        };
        let card = Arc::new(VerifiedCard::verify(signed(&key(&[seed]), &card)).unwrap());
        Self { account, role, card, seed }
    }

    /// A device of hers.
    pub(crate) fn device(&self, number: u8) -> DeviceId {
        DeviceId([self.seed, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    }

    /// The next card, signed, after a change; she keeps it as her newest.
    pub(crate) fn change_card(&mut self, change: impl FnOnce(&mut Card)) -> Arc<VerifiedCard> {
        let mut card = self.card.card().clone();
        card.version = card.version.next();
        change(&mut card);
        self.card = Arc::new(VerifiedCard::verify(signed(&key(&[self.seed]), &card)).unwrap());
        self.card.clone()
    }

    /// The next card, with one more device.
    pub(crate) fn add_device(&mut self, number: u8) -> Arc<VerifiedCard> {
        let seed = self.seed;
        self.change_card(|card| card.devices.push(device(seed, number, card.version)))
    }

    /// The next card, without a device.
    pub(crate) fn remove_device(&mut self, number: u8) -> Arc<VerifiedCard> {
        let id = self.device(number);
        self.change_card(|card| {
            let version = card.version;
            card.devices.iter_mut().filter(|d| d.id == id).for_each(|d| d.removed_in = Some(version));
        })
    }

    /// Her entry in an era that pins her newest card.
    pub(crate) fn member(&self) -> Member {
        let card = self.card.card();
        Member {
            account: self.account,
            role: self.role,
            identity: card.identity,
            card_version: card.version,
            card_hash: self.card.hash(),
        }
    }

    /// Signs with a device's key.
    pub(crate) fn sign(&self, number: u8, label: Label, message: &[u8]) -> SignatureBytes {
        sign(&key(&[self.seed, number]), label, message)
    }

    /// A record by one of her devices.
    pub(crate) fn record_by(&self, number: u8, draft: Draft) -> Record {
        let header = Header {
            version: HEADER_VERSION,
            space: draft.space,
            era: draft.era,
            author: self.account,
            card_version: self.card.card().version,
            device: self.device(number),
            id: draft.id,
            seen: draft.seen,
            kind: draft.kind,
            payload_hash: hash::payload(&draft.payload),
        };
        let bytes = codec::encode(&header);
        let signature = self.sign(number, Label::SignHeader, &bytes);
        Record::from_parts(bytes, signature, Some(Payload::new(draft.payload).unwrap())).unwrap()
    }

    /// A record by her first device.
    pub(crate) fn record(&self, draft: Draft) -> Record {
        self.record_by(0, draft)
    }

    /// Content at the end of a log.
    pub(crate) fn content(&self, state: &LogState, id: u64, payload: &[u8]) -> Record {
        self.record(Draft::content(state, id, payload))
    }

    /// `Connect` by one of her devices.
    pub(crate) fn connect(
        &self,
        number: u8,
        incarnation: IncarnationId,
        challenge: Challenge,
    ) -> ClientFrame {
        let device = self.device(number);
        let message = connect_message(incarnation, challenge, self.account, device);
        let signature = self.sign(number, Label::SignConnect, &message);
        ClientFrame::Connect { account: self.account, device, signature, card: self.card.signed().clone() }
    }

    /// A credential set that names what is stored beside it.
    pub(crate) fn credentials(&self, opaque: &OpaqueMessage, inner: &SealedInner) -> Signed<CredentialSet> {
        let set = CredentialSet {
            account: self.account,
            version: Version(1),
            opaque_hash: hash::payload(opaque.as_slice()),
            inner_hash: hash::payload(inner.as_slice()),
            vault_generation: Version(1),
            methods: vec![Method {
                id: MethodId([1; 16]),
                kind: MethodKind::Password,
                unlock: SealingPublic::from_slice(&[7; SealingPublic::LEN]).unwrap(),
                vault_wrap: Wrap::new(vec![1; 100]).unwrap(),
                inner_wrap: Wrap::new(vec![2; 100]).unwrap(),
                created_at: Millis(1),
                login: None,
            }],
        };
        signed(&key(&[self.seed]), &set)
    }

    /// A registration. `opaque` must be a registration upload of the suite.
    pub(crate) fn registration(
        &self,
        ticket: Ticket,
        handle: &str,
        opaque: OpaqueMessage,
        founding: Vec<Record>,
    ) -> Registration {
        let inner = SealedInner::new(vec![3; 64]).unwrap();
        Registration {
            ticket,
            handle: Handle::parse(handle).unwrap(),
            credentials: self.credentials(&opaque, &inner),
            opaque,
            card: self.card.signed().clone(),
            vault: SealedVault::new(vec![4; 128]).unwrap(),
            inner,
            founding,
        }
    }

    /// A roster with only herself in it.
    pub(crate) fn roster(&self, practice: PracticeId, version: u64) -> Signed<Roster> {
        let identity = self.card.card().identity;
        let staff = Staff { account: self.account, identity, role: self.role, card_version_min: Version(1) };
        let owner = self.account;
        let roster = Roster {
            practice,
            version: Version(version),
            owner,
            owner_identity: identity,
            staff: vec![staff],
        };
        signed(&key(&[self.seed]), &roster)
    }

    /// A registration through the set-up link.
    pub(crate) fn setup(&self, token: Hash, handle: &str, opaque: OpaqueMessage) -> AccountRequest {
        let ticket = Ticket::Setup { token, practice: Text::new("The practice").unwrap(), role: self.role };
        AccountRequest::RegisterFinish {
            registration: Box::new(self.registration(ticket, handle, opaque, vec![])),
        }
    }

    /// Founding records of a space with an inviter.
    pub(crate) fn found_with(&self, inviter: &Self, space: SpaceId, invitation: InvitationId) -> Vec<Record> {
        let mut state = LogState::new(space);
        let era = self.record(Draft::era(&state, Cause::Founding, &[self, inviter]));
        pass(&mut state, &era);
        let join =
            Join { invitation, inviter: inviter.account, card_hash: self.card.hash(), proof: Hash([5; 32]) };
        let draft =
            Draft { kind: Kind::Join, payload: codec::encode(&join), ..Draft::content(&state, 0, b"") };
        let join = self.record(Draft { id: RecordId([0xEE; 16]), ..draft });
        vec![era, join]
    }

    /// A registration by invitation.
    pub(crate) fn join(
        &self,
        inviter: &Self,
        space: SpaceId,
        id: InvitationId,
        handle: &str,
        opaque: OpaqueMessage,
    ) -> AccountRequest {
        let founding = self.found_with(inviter, space, id);
        let registration = self.registration(Ticket::Invitation { id }, handle, opaque, founding);
        AccountRequest::RegisterFinish { registration: Box::new(registration) }
    }
}

fn device(seed: u8, number: u8, added_in: Version) -> CardDevice {
    CardDevice {
        id: DeviceId([seed, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        key: public(&key(&[seed, number])),
        added_in,
        added_at: Millis(1),
        removed_in: None,
    }
}

/// A record before it has an author.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Space.
    pub(crate) space: SpaceId,
    /// Era.
    pub(crate) era: EraId,
    /// Id.
    pub(crate) id: RecordId,
    /// What its author saw.
    pub(crate) seen: Seen,
    /// Kind.
    pub(crate) kind: Kind,
    /// Payload.
    pub(crate) payload: Vec<u8>,
}

impl Draft {
    /// Content at the end of a log.
    pub(crate) fn content(state: &LogState, id: u64, payload: &[u8]) -> Self {
        let mut record = [0xCC; 16];
        record[..8].copy_from_slice(&id.to_be_bytes());
        Self {
            space: state.space(),
            era: state.era().map_or(EraId::ZERO, |era| era.id),
            id: RecordId(record),
            seen: Seen { seq: state.seq(), head: state.head() },
            kind: Kind::Content,
            payload: payload.to_vec(),
        }
    }

    /// A drop at the end of a log.
    pub(crate) fn drop_of(state: &LogState, id: u64, target: &Record) -> Self {
        let body = Drop { target: target.header().id, payload_hash: target.header().payload_hash };
        Self { kind: Kind::Drop, payload: codec::encode(&body), ..Self::content(state, id, b"") }
    }

    /// An era at the end of a log, of these people.
    pub(crate) fn era(state: &LogState, cause: Cause, people: &[&Person]) -> Self {
        Self::era_of(state, cause, people.iter().map(|p| p.member()).collect())
    }

    /// An era at the end of a log, of these members.
    pub(crate) fn era_of(state: &LogState, cause: Cause, mut members: Vec<Member>) -> Self {
        members.sort_by_key(|m| m.account);
        let current = state.era();
        let body = EraBody {
            prev: current.map_or(EraId::ZERO, |era| era.id),
            number: current.map_or(EraNumber::ZERO, |era| era.number.next()),
            cause,
            sealed: members.iter().map(|_| Wrap::new(vec![9; 64]).unwrap()).collect(),
            members,
            commitment: Hash([6; 32]),
            approvals: vec![],
            made_at: Millis(1),
            suite: SUITE_1,
        };
        let mut id = [0xE0; 16];
        id[..8].copy_from_slice(&body.number.0.to_be_bytes());
        Self {
            kind: Kind::Era,
            payload: codec::encode(&body),
            id: RecordId(id),
            ..Self::content(state, 0, b"")
        }
    }
}

/// Moves a log past a record, as a client that believes it.
pub(crate) fn pass(state: &mut LogState, record: &Record) {
    let (seq, head) = (state.seq().next(), record.head_after(state.head()));
    let effect = if record.header().kind == Kind::Era {
        let bytes = record.payload().unwrap().as_slice();
        let body = EraBody::parse(bytes).unwrap();
        let era = Era {
            id: hash::era(state.space(), bytes),
            number: body.number,
            prev: body.prev,
            made_by: record.header().author,
            made_on: record.header().device,
            made_at: body.made_at,
            members: body.members,
            commitment: body.commitment,
        };
        sotto_protocol::log::Effect::Era(Box::new(era), std::collections::BTreeSet::default())
    } else {
        sotto_protocol::log::Effect::Content
    };
    state.apply(sotto_protocol::log::Admission { seq, head, effect });
}
