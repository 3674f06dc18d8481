//! What the fuzz targets do with bytes: one function for each.
//!
//! Shared with `fuzz/`, whose targets call nothing else, and with `tests/corpora.rs`, which replays what was found.
//! Invariant: a function depends on its bytes alone, so that a finding replays; it fails by panicking, when something
//! that may not happen has happened.

use crate::recording::{Life, World, at_once, storage_key};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sotto_client_core::content::ContentFrame;
use sotto_client_core::crypto::keys::{EphemeralKey, InnerKey, InvitationKey, RecordKey, VaultKey};
use sotto_client_core::crypto::opaque::Hardening;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::crypto::seal::{self, ContentPlace, EphemeralPlace};
use sotto_client_core::crypto::signing::{DeviceKey, IdentityKey};
use sotto_client_core::crypto::wrap::{self, EraWrap, MethodWrap, SealingSecret};
use sotto_client_core::io::{Output, Row};
use sotto_client_core::vault::{Inner, InvitationText, Vault};
use sotto_client_core::{Client, Config};
use sotto_protocol::account::{AccountRequest, AccountResponse};
use sotto_protocol::card::{Card, CardDevice, SUITE_1, VerifiedCard};
use sotto_protocol::codec::{self, Bytes};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::frame::{ClientFrame, ServerBody, ServerFrame};
use sotto_protocol::hash;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, EraNumber, Hash, InvitationId, MethodId, Millis, RecordId, Revision, Seq,
    SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::log::{Authentic, CardPin, Facts, LogState, Target};
use sotto_protocol::record::{
    Cause, Drop, EraBody, HEADER_VERSION, Header, Join, Kind, Member, Payload, Record, Seen,
};
use sotto_protocol::roster::{Role, Roster};
use sotto_protocol::sign::Signed;
use sotto_server::defects::Defects;
use sotto_server::factor::Factors;
use sotto_server::hub::Outgoing;
use sotto_server::opaque::Opaque;
use sotto_server::relay::Relay;
use sotto_server::secrets::Secrets;
use sotto_server::service::{Entrance, Service};
use sotto_server::session::Session;
use sotto_server::store::MemoryStore;
use sotto_server::store::memory::Snapshot;
use sotto_server::throttle::Throttle;
use sotto_server::tokens::Tokens;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

/// What a target does with bytes.
pub type Function = fn(&[u8]);

/// Every target: its name and its function.
pub const TARGETS: [(&str, Function); 7] = [
    ("frame", frame),
    ("record", record),
    ("session", session),
    ("envelope", envelope),
    ("card", card),
    ("link", link),
    ("vault", vault),
];

/// Frames both ways, and requests over HTTP: what opens is written again and opens as the same.
pub fn frame(data: &[u8]) {
    if let Ok(frame) = ClientFrame::from_bytes(data) {
        assert_eq!(ClientFrame::from_bytes(&frame.to_bytes()), Ok(frame));
    }
    if let Ok(frame) = ServerFrame::from_bytes(data) {
        assert_eq!(ServerFrame::from_bytes(&frame.to_bytes()), Ok(frame));
    }
    if let Ok(request) = AccountRequest::from_bytes(data) {
        assert_eq!(AccountRequest::from_bytes(&request.to_bytes()), Ok(request));
    }
    if let Ok(answer) = AccountResponse::from_bytes(data) {
        assert_eq!(AccountResponse::from_bytes(&answer.to_bytes()), Ok(answer));
    }
}

const SPACE: SpaceId = SpaceId([0x51; 16]);
const ANNA: AccountId = AccountId([0xA0; 16]);
const THERA: AccountId = AccountId([0x70; 16]);
const AT: Millis = Millis(1_800_000_000_000);

fn person(account: AccountId) -> (IdentityKey, DeviceKey, VerifiedCard) {
    let [seed, ..] = account.0;
    let (identity, device) = (IdentityKey::from_seed([seed; 32]), DeviceKey::from_seed([seed + 1; 32]));
    let card = Card {
        account,
        version: Version(1),
        identity: identity.public(),
        devices: vec![CardDevice {
            id: DeviceId([seed + 1; 16]),
            key: device.public(),
            added_in: Version(1),
            added_at: AT,
            removed_in: None,
        }],
        sealing: SealingSecret::from_seed([seed + 2; 32]).public(),
        sealing_since: Version(1),
        suites: vec![SUITE_1],
    };
    let signed = identity.sign_object(&card).expect("a small card");
    (identity, device, VerifiedCard::verify(signed).expect("a good card"))
}

/// A log of two, founded, and what signs in it.
struct Founded {
    state: LogState,
    device: DeviceKey,
    card: VerifiedCard,
    pins: Vec<(AccountId, CardPin)>,
}

static FOUNDED: LazyLock<Founded> = LazyLock::new(|| {
    let ((_, device, card), (_, _, other)) = (person(ANNA), person(THERA));
    let pin = |card: &VerifiedCard| {
        let pin = CardPin { hash: card.hash(), identity: card.card().identity };
        (card.card().account, pin)
    };
    let pins = vec![pin(&card), pin(&other)];
    let member = |(account, pin): &(AccountId, CardPin), role| Member {
        account: *account,
        role,
        identity: pin.identity,
        card_version: Version(1),
        card_hash: pin.hash,
    };
    let body = EraBody {
        prev: EraId::ZERO,
        number: EraNumber::ZERO,
        cause: Cause::Founding,
        members: vec![member(&pins[1], Role::Therapist), member(&pins[0], Role::Client)],
        commitment: Hash::ZERO,
        sealed: vec![Bytes::default(), Bytes::default()],
        approvals: Vec::new(),
        made_at: AT,
        suite: SUITE_1,
    };
    let mut founded = Founded { state: LogState::new(SPACE), device, card, pins };
    let founding = signed_record(&founded, Kind::Era, codec::encode(&body)).expect("a small record");
    let admission = founded.judge(&founding).expect("a good founding");
    founded.state.apply(admission);
    founded
});

impl Founded {
    fn judge(&self, record: &Record) -> Result<sotto_protocol::log::Admission, sotto_protocol::log::Refusal> {
        let authentic = Authentic::check(record, &self.card)?;
        let card = |account, version| {
            let known = self.pins.iter().find(|(a, _)| *a == account && version == Version(1));
            known.map(|(_, pin)| *pin)
        };
        let target = Target { kind: Kind::Content, payload_hash: Hash([1; 32]) };
        let facts =
            Facts { seen_head: Some(self.state.head()), repeated: false, target: Some(target), card: &card };
        self.state.admit(&authentic, &facts)
    }
}

fn signed_record(founded: &Founded, kind: Kind, payload: Vec<u8>) -> Option<Record> {
    let payload = Payload::new(payload).ok()?;
    let state = &founded.state;
    let header = codec::encode(&Header {
        version: HEADER_VERSION,
        space: SPACE,
        era: state.era().map_or(EraId::ZERO, |era| era.id),
        author: ANNA,
        card_version: Version(1),
        device: founded.card.card().devices.first()?.id,
        id: RecordId([1; 16]),
        seen: Seen { seq: state.seq(), head: state.head() },
        kind,
        payload_hash: hash::payload(payload.as_slice()),
    });
    let signature = founded.device.sign(Label::SignHeader, &header);
    Record::from_parts(header, signature, Some(payload)).ok()
}

/// Records, their bodies and states of logs; and bodies that a member has signed, judged by the rules.
pub fn record(data: &[u8]) {
    if let Ok(record) = Record::from_bytes(data) {
        assert_eq!(Record::from_bytes(&record.to_bytes()).as_ref(), Ok(&record));
        assert!(FOUNDED.judge(&record).is_err(), "nobody signed this");
    }
    if let Ok(state) = codec::decode::<LogState>(data, "state") {
        assert_eq!(codec::decode::<LogState>(&codec::encode(&state), "state"), Ok(state));
    }
    drop((EraBody::parse(data), Drop::parse(data), Join::parse(data)));
    let Some((kind, body)) = data.split_first() else { return };
    if let Some(record) = signed_record(&FOUNDED, Kind::from_code(u16::from(*kind)), body.to_vec())
        && let Ok(admission) = FOUNDED.judge(&record)
    {
        let mut state = FOUNDED.state.clone();
        state.apply(admission);
        assert_eq!(state.seq(), Seq(2));
        // Whatever was admitted: both still have their identities, and the maker is still in.
        let era = state.era().expect("founded");
        assert!(era.member(ANNA).is_some());
        assert!(
            era.members
                .iter()
                .all(|m| FOUNDED.pins.iter().any(|(a, p)| *a == m.account && p.identity == m.identity))
        );
    }
}

/// A server in the middle of life, and what the client's device said to sign in.
struct Running {
    snapshot: Snapshot,
    connect: Vec<u8>,
    challenge: sotto_protocol::frame::Challenge,
    now: Millis,
}

static LIFE: LazyLock<(Vec<Row>, usize, Vec<Vec<u8>>)> = LazyLock::new(|| {
    let life = Life::begin(3);
    let sent = life.world.sent().iter().filter(|s| s.host == life.anna).map(|s| s.bytes.clone()).collect();
    (life.world.rows(life.anna), life.anna, sent)
});

static RUNNING: LazyLock<Running> = LazyLock::new(|| {
    let life = Life::begin(3);
    let world: &World = &life.world;
    let connect = world
        .sent()
        .iter()
        .rev()
        .find(|sent| {
            sent.host == life.anna
                && matches!(ClientFrame::from_bytes(&sent.bytes), Ok(ClientFrame::Connect { .. }))
        })
        .expect("she connected");
    Running {
        snapshot: world.store().snapshot(),
        connect: connect.bytes.clone(),
        challenge: connect.challenge,
        now: world.now(),
    }
});

/// Frames that the client of the recorded life sent: seeds for [`session`].
pub fn frames_sent() -> &'static [Vec<u8>] {
    &LIFE.2
}

/// A connection. The first byte says whether it is signed in (1) or is HTTP (2); then frames, each behind its length as
/// two bytes.
pub fn session(data: &[u8]) {
    let Some((mode, mut rest)) = data.split_first() else { return };
    let store = Arc::new(MemoryStore::new(Defects::none()));
    store.restore(&RUNNING.snapshot);
    let relay = Relay::new(at_once(Service::open(store, Defects::none())).expect("memory"));
    let now = RUNNING.now;
    if mode & 2 != 0 {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let secrets = Secrets::generate(&mut rng);
        let entrance = Entrance::new(
            Opaque::new(secrets.setup),
            Tokens::new(&secrets.server),
            Factors::new(&secrets.server, None),
            Throttle::default(),
        );
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let answered = relay.service().handle_account(&entrance, rest, address, now, &mut rng);
        let outcome = at_once(answered);
        relay.account_done(&outcome);
        assert!(AccountResponse::from_bytes(&outcome.response.to_bytes()).is_ok());
        return;
    }
    let mut session = Session::open(relay.clone(), RUNNING.challenge, now);
    if mode & 1 != 0 {
        at_once(session.handle(&RUNNING.connect, now));
    }
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(tail.len());
        let (frame, after) = tail.split_at(length);
        rest = after;
        if let Some(pending) = at_once(session.handle(frame, now)) {
            at_once(relay.commit(vec![pending], now));
        }
        while let Some(Outgoing::Frame(frame)) = session.outbox().take() {
            assert!(ServerFrame::from_bytes(&frame).is_ok(), "the server says what no client reads");
        }
    }
}

/// What the server says to a client that signs in as [`session`] does, and then sends this.
pub fn answers(frames: &[Vec<u8>]) -> Vec<ServerBody> {
    let store = Arc::new(MemoryStore::new(Defects::none()));
    store.restore(&RUNNING.snapshot);
    let relay = Relay::new(at_once(Service::open(store, Defects::none())).expect("memory"));
    let mut session = Session::open(relay.clone(), RUNNING.challenge, RUNNING.now);
    let mut said = Vec::new();
    for frame in std::iter::once(&RUNNING.connect).chain(frames) {
        if let Some(pending) = at_once(session.handle(frame, RUNNING.now)) {
            at_once(relay.commit(vec![pending], RUNNING.now));
        }
        while let Some(Outgoing::Frame(frame)) = session.outbox().take() {
            said.push(ServerFrame::from_bytes(&frame).expect("a frame").body);
        }
    }
    said
}

/// Everything sealed or wrapped: strangers' bytes never open; what was sealed opens as itself.
pub fn envelope(data: &[u8]) {
    let place = ContentPlace { space: SPACE, era: EraId([2; 32]), author: ANNA, record: RecordId([3; 16]) };
    let live = EphemeralPlace { space: SPACE, era: EraId([2; 32]), author: ANNA, device: DeviceId([4; 16]) };
    let (record, ephemeral) = (RecordKey::from_bytes([5; 32]), EphemeralKey::from_bytes([5; 32]));
    let (vault, inner) = (VaultKey::from_bytes([5; 32]), InnerKey::from_bytes([5; 32]));
    let (invitation, storage) = (InvitationKey::from_bytes([5; 32]), storage_key(5));
    let id = InvitationId([6; 16]);
    assert!(seal::open_content(&record, &place, data).is_err());
    assert!(seal::open_ephemeral(&ephemeral, &live, data).is_err());
    assert!(seal::open_vault(&vault, ANNA, Revision(1), data).is_err());
    assert!(seal::open_inner(&inner, ANNA, data).is_err());
    assert!(seal::open_invitation(&invitation, id, data).is_err());
    assert!(seal::open_store(&storage, b"name", data).is_err());
    let rng = &mut Entropy::from_seed([7; 32]);
    let sealed = seal::seal_content(&record, &place, data, rng);
    assert!(seal::open_content(&record, &place, &sealed).is_ok_and(|plain| *plain == *data));
    let Ok(wrapped) = Bytes::new(data.to_vec()) else { return };
    let secret = SealingSecret::from_seed([8; 32]);
    let era = EraWrap {
        space: SPACE,
        prev: EraId([2; 32]),
        number: EraNumber(1),
        author: ANNA,
        member: THERA,
        card_version: Version(1),
    };
    let method = MethodWrap { account: ANNA, method: MethodId([9; 16]) };
    assert!(wrap::unwrap_era(&secret, &era, &wrapped).is_err());
    assert!(wrap::unwrap_vault(&secret, &method, &wrapped).is_err());
    assert!(wrap::unwrap_inner(&secret, &method, &wrapped).is_err());
}

/// Cards, signed by whoever they name, and how one follows another: the two lie behind each other, each behind its
/// length as two bytes.
pub fn card(data: &[u8]) {
    if let Ok(signed) = codec::decode::<Signed<Card>>(data, "card") {
        drop(VerifiedCard::verify(signed));
    }
    let identity = IdentityKey::from_seed([1; 32]);
    if let Ok(signed) = codec::decode::<Signed<CredentialSet>>(data, "credential set") {
        drop(CredentialSet::verify(&signed, &identity.public()));
    }
    if let Ok(signed) = codec::decode::<Signed<Roster>>(data, "roster") {
        drop(Roster::verify(&signed, &identity.public()));
    }
    let (mut rest, mut cards) = (data, Vec::new());
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(tail.len());
        let (bytes, after) = tail.split_at(length);
        rest = after;
        let Ok(mut card) = codec::decode::<Card>(bytes, "card") else { continue };
        card.identity = identity.public();
        let Ok(signed) = identity.sign_object(&card) else { continue };
        cards.extend(VerifiedCard::verify(signed));
    }
    for (earlier, later) in cards.iter().zip(cards.iter().skip(1)) {
        let (earlier, later) = (earlier.card(), later.card());
        if later.follows(earlier).is_err() {
            continue;
        }
        assert!(later.version > earlier.version && later.era_floor() >= earlier.era_floor());
        assert!(earlier.follows(later).is_err());
        for device in &earlier.devices {
            // From the newer card one can tell what the older one said.
            let known = later.device(device.id).expect("no device is forgotten");
            for version in (1..=earlier.version.0.min(64)).map(Version) {
                assert_eq!(known.active_at(version), device.active_at(version));
            }
        }
    }
}

/// Links and addresses: what is read is written as it was read.
pub fn link(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(link) = InvitationLink::parse(&text) {
        assert_eq!(InvitationLink::parse(&link.to_text()), Ok(link));
    }
    if let Ok(link) = SetupLink::parse(&text) {
        assert_eq!(SetupLink::parse(&link.to_text()), Ok(link));
    }
    if let Ok(origin) = Origin::parse(&text) {
        let _ = origin.is_loopback();
        assert_eq!(Origin::parse(&origin.to_string()), Ok(origin));
    }
}

/// What stands inside vault, invitation and content; and a client's store, one row of which says something else. The
/// first byte chooses the row.
pub fn vault(data: &[u8]) {
    if let Ok(vault) = Vault::from_bytes(data) {
        let mut merged = vault.clone();
        assert!(merged.merge(&vault).is_ok_and(|changed| !changed) || vault.sealing.len() > 1);
    }
    if let Ok(frame) = ContentFrame::from_bytes(data) {
        assert_eq!(frame.to_bytes().as_deref().map(ContentFrame::from_bytes), Ok(Ok(frame)));
    }
    drop((Inner::from_bytes(data), codec::decode::<InvitationText>(data, "invitation")));
    let Some((choice, plain)) = data.split_first() else { return };
    let (rows, host, _) = &*LIFE;
    let mut rows: Vec<Row> =
        rows.iter().map(|r| Row { key: r.key.clone(), value: r.value.clone() }).collect();
    let at = usize::from(*choice) % rows.len();
    let Some(row) = rows.get_mut(at) else { return };
    row.value = seal::seal_store(&storage_key(*host), &row.key, plain, &mut Entropy::from_seed([7; 32]));
    let config = Config { hardening: Hardening::for_simulation(), ..Config::default() };
    let opened = Client::open(rows, storage_key(*host), Entropy::from_seed([9; 32]), config, AT);
    if let Ok(mut client) = opened {
        drop((client.account(), client.devices(), client.invitations()));
        client.spaces().iter().for_each(|space| drop(client.messages(space.id)));
        for _ in 0..100 {
            match client.poll() {
                Output::Idle { .. } => break,
                Output::Store(batch, _) => {
                    drop(client.handle(sotto_client_core::io::Input::Stored(batch), AT));
                }
                _ => {}
            }
        }
    }
}

/// The rows of the store that [`vault`] changes, opened: seeds.
pub fn rows_opened() -> Vec<Vec<u8>> {
    let (rows, host, _) = &*LIFE;
    let open = |(at, row): (usize, &Row)| {
        let plain = seal::open_store(&storage_key(*host), &row.key, &row.value).expect("one's own row");
        [&[u8::try_from(at).expect("few rows")][..], &plain].concat()
    };
    rows.iter().enumerate().map(open).collect()
}
