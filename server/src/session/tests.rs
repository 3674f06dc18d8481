//! Connections: what they may send, when, and what it costs others.

use super::*;
use crate::fixture::{Draft, Person, pass};
use crate::hub::Outgoing;
use crate::service::tests::{NOW, SPACE, World};
use crate::store::MemoryStore;
use proptest::prelude::*;
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::frame::{DeviceWeek, EphemeralBody, InvitationBody, NewInvitation, ServerFrame};
use sotto_protocol::ids::{EraId, Hash, InvitationId, Revision, Version, Week};
use sotto_protocol::limits::{OUTGOING_FRAMES_MAX, PAGE_RECORDS_MAX};
use sotto_protocol::record::Cause;
use sotto_protocol::roster::Role;

/// A connection with the hand-crank that the committer is.
pub(crate) struct Wire {
    session: Session,
    relay: Arc<Relay>,
}

impl Wire {
    pub(crate) fn open(relay: &Arc<Relay>) -> Self {
        Self { session: Session::open(relay.clone(), Challenge(Hash([8; 32])), NOW), relay: relay.clone() }
    }

    pub(crate) async fn signed_in(relay: &Arc<Relay>, who: &Person, device: u8) -> Self {
        let mut wire = Self::open(relay);
        assert!(matches!(wire.next(), Some(ServerBody::Hello { .. })));
        wire.send(&who.connect(device, relay.service().incarnation(), Challenge(Hash([8; 32])))).await;
        let ready = wire.next();
        assert!(matches!(ready, Some(ServerBody::Ready { .. })), "{ready:?}");
        wire
    }

    async fn send(&mut self, frame: &ClientFrame) {
        self.send_bytes(&frame.to_bytes()).await;
    }

    async fn send_bytes(&mut self, bytes: &[u8]) {
        if let Some(append) = self.session.handle(bytes, NOW).await {
            self.relay.commit(vec![append], NOW).await;
        }
    }

    pub(crate) async fn ask(&mut self, frame: &ClientFrame) -> Option<ServerBody> {
        self.send(frame).await;
        self.next()
    }

    fn next(&self) -> Option<ServerBody> {
        match self.session.outbox().take()? {
            Outgoing::Frame(bytes) => {
                let frame = ServerFrame::from_bytes(&bytes).unwrap();
                assert_eq!(frame.incarnation, self.relay.service().incarnation());
                Some(frame.body)
            }
            Outgoing::Close(_) => None,
        }
    }

    /// How the connection ended, if it did; what was queued before is skipped.
    fn closed(&self) -> Option<Outgoing> {
        while let Some(outgoing) = self.session.outbox().take() {
            if let Outgoing::Close(_) = outgoing {
                return Some(outgoing);
            }
        }
        None
    }

    fn error(&self) -> Option<(Option<Req>, ErrorCode)> {
        match self.next() {
            Some(ServerBody::Error { req, code, .. }) => Some((req, code)),
            _ => None,
        }
    }
}

async fn relay() -> (Arc<Relay>, World) {
    let world = World::on(Arc::new(MemoryStore::default())).await;
    let service =
        crate::service::Service::open(world.store.clone(), crate::defects::Defects::none()).await.unwrap();
    (Relay::new(service), world)
}

#[tokio::test]
async fn nothing_but_connect_comes_first_and_only_once() {
    let (relay, world) = relay().await;
    let mut wire = Wire::open(&relay);
    wire.next();
    wire.send(&ClientFrame::Ping { req: 1 }).await;
    assert_eq!(wire.error(), Some((None, ErrorCode::NotSignedIn)));
    assert_eq!(wire.closed(), Some(Outgoing::Close(Some(ErrorCode::NotSignedIn))));
    wire.send(&ClientFrame::Ping { req: 1 }).await;
    assert_eq!(wire.closed(), Some(Outgoing::Close(Some(ErrorCode::NotSignedIn))), "nothing more is heard");

    let mut wire = Wire::signed_in(&relay, &world.client, 0).await;
    assert_eq!(wire.ask(&ClientFrame::Ping { req: 7 }).await, Some(ServerBody::Pong { req: 7, now: NOW }));
    wire.send(&world.client.connect(0, relay.service().incarnation(), Challenge(Hash([8; 32])))).await;
    assert_eq!(wire.error(), Some((None, ErrorCode::UnexpectedFrame)));
    assert_eq!(wire.closed(), Some(Outgoing::Close(Some(ErrorCode::UnexpectedFrame))));
    drop(wire);
    assert!(relay.hub().is_empty());
}

#[tokio::test]
async fn only_a_listed_device_that_signs_this_challenge_gets_in() {
    let (relay, world) = relay().await;
    let incarnation = relay.service().incarnation();
    let (challenge, other) = (Challenge(Hash([8; 32])), Challenge(Hash([9; 32])));
    let mut renewed = world.client.clone();
    renewed.add_device(1);
    let stranger = Person::new(9, Role::Client);
    let mut forged = world.client.connect(0, incarnation, challenge);
    if let ClientFrame::Connect { card, .. } = &mut forged {
        *card = stranger.card.signed().clone();
    }
    for (frame, code) in [
        (world.client.connect(0, incarnation, other), ErrorCode::Forged),
        (world.client.connect(0, sotto_protocol::ids::IncarnationId([1; 16]), challenge), ErrorCode::Forged),
        (world.client.connect(1, incarnation, challenge), ErrorCode::DeviceNotListed),
        (stranger.connect(0, incarnation, challenge), ErrorCode::AccountUnknown),
        (forged, ErrorCode::IdentityChanged),
    ] {
        let mut wire = Wire::open(&relay);
        wire.next();
        wire.send(&frame).await;
        assert_eq!(wire.error(), Some((None, code)));
        assert_eq!(wire.closed(), Some(Outgoing::Close(Some(code))));
    }
    assert!(relay.hub().is_empty());
    // A card that the server lacks comes with the connection.
    Wire::signed_in(&relay, &renewed, 1).await;
    let stored = relay.service().store().card(world.client.account, None).await.unwrap();
    assert_eq!(stored.map(|card| card.hash()), Some(renewed.card.hash()));
}

#[tokio::test]
async fn a_device_that_was_away_for_sixty_days_waits_for_its_person() {
    const DAY_MS: u64 = 24 * 3600 * 1000;
    let (relay, world) = relay().await;
    let (service, who) = (relay.service(), &world.client);
    let speaker = |device: u8| Speaker { account: who.account, device: who.device(device) };
    let week = Week::of(NOW);
    let noted = |device: u8, week: Week| DeviceWeek { device: who.device(device), week };
    assert_eq!(service.device_connects(speaker(0), NOW).await, Ok(vec![noted(0, week)]));
    let later = NOW.plus(66 * DAY_MS);
    assert_eq!(
        service.device_connects(speaker(0), NOW.plus(59 * DAY_MS)).await.map(|weeks| weeks.len()),
        Ok(1)
    );
    assert_eq!(service.device_connects(speaker(0), later).await, Ok(vec![noted(0, Week::of(later))]));
    let idle = later.plus(68 * DAY_MS);
    let refused = service.device_connects(speaker(0), idle).await;
    assert_eq!(refused.map_err(|error| error.code), Err(ErrorCode::DeviceIdle));
    // Once refused it stays so, and the week it was seen last is still told to others.
    assert_eq!(service.store().device_weeks(who.account).await, Ok(vec![noted(0, Week::of(later))]));

    // The connection ends with that code, and everybody else's goes on.
    let mut wire = Wire::open(&relay);
    service.store().put_device_week(who.account, who.device(0), Week(week.0 - 10)).await.unwrap();
    wire.next();
    wire.send(&who.connect(0, service.incarnation(), Challenge(Hash([8; 32])))).await;
    assert_eq!(wire.error(), Some((None, ErrorCode::DeviceIdle)));
    assert_eq!(wire.closed(), Some(Outgoing::Close(Some(ErrorCode::DeviceIdle))));
    assert!(relay.hub().is_empty());
    Wire::signed_in(&relay, &world.thera, 0).await;
}

#[tokio::test]
async fn appends_are_answered_and_pushed_to_members_who_listen() {
    let (relay, mut world) = relay().await;
    let mut client = Wire::signed_in(&relay, &world.client, 0).await;
    let mut thera = Wire::signed_in(&relay, &world.thera, 0).await;
    for wire in [&mut client, &mut thera] {
        let subscribed = wire.ask(&ClientFrame::Subscribe { req: 1, space: SPACE }).await;
        assert!(matches!(subscribed, Some(ServerBody::Subscribed { req: 1, head }) if head.seq == Seq(2)));
    }
    let record = world.client.content(&world.state, 1, b"hello");
    let answer = client.ask(&ClientFrame::Append { req: 2, record: record.clone() }).await;
    pass(&mut world.state, &record);
    let Some(ServerBody::Appended { req: 2, seq, head, repeat: false, .. }) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((seq, head), (world.state.seq(), world.state.head()));
    for wire in [&client, &thera] {
        let Some(ServerBody::Push { space: SPACE, records }) = wire.next() else { panic!("a push") };
        assert_eq!(records.iter().map(|s| (s.seq, &s.record)).collect::<Vec<_>>(), [(Seq(3), &record)]);
    }
    let page = thera.ask(&ClientFrame::Read { req: 3, space: SPACE, after: Seq(2), limit: 10 }).await;
    assert!(matches!(page, Some(ServerBody::Page { req: 3, records, .. }) if records.len() == 1));
    // Not in another's name, nor for another device.
    let foreign = world.thera.content(&world.state, 9, b"in her name");
    client.send(&ClientFrame::Append { req: 4, record: foreign }).await;
    assert_eq!(client.error(), Some((Some(4), ErrorCode::Forged)));
    assert_eq!(thera.next(), None, "the error is nobody else's business");
}

#[tokio::test]
async fn a_removed_member_hears_and_reads_nothing_more() {
    let (relay, mut world) = relay().await;
    let mut client = Wire::signed_in(&relay, &world.client, 0).await;
    let mut thera = Wire::signed_in(&relay, &world.thera, 0).await;
    thera.ask(&ClientFrame::Subscribe { req: 1, space: SPACE }).await;
    let record = world.client.record(Draft::era(&world.state, Cause::Membership, &[&world.client]));
    client.ask(&ClientFrame::Append { req: 1, record: record.clone() }).await;
    pass(&mut world.state, &record);
    let record = world.client.content(&world.state, 1, b"alone");
    let answer = client.ask(&ClientFrame::Append { req: 2, record }).await;
    assert!(matches!(answer, Some(ServerBody::Appended { .. })));
    let last = thera.next();
    let removal = |records: &[Stored]| records.iter().map(|s| s.seq).eq([Seq(3)]);
    assert!(matches!(&last, Some(ServerBody::Push { records, .. }) if removal(records)), "{last:?}");
    assert_eq!(thera.next(), None);
    for frame in [
        ClientFrame::Subscribe { req: 3, space: SPACE },
        ClientFrame::Read { req: 3, space: SPACE, after: Seq::ZERO, limit: 1 },
        ClientFrame::Read { req: 3, space: SpaceId([0xAA; 16]), after: Seq::ZERO, limit: 1 },
        ClientFrame::Restore { req: 3, space: SPACE, records: vec![] },
    ] {
        thera.send(&frame).await;
        assert_eq!(thera.error(), Some((Some(3), ErrorCode::SpaceUnknown)));
    }
}

#[tokio::test]
async fn a_removed_device_is_cut_at_once_and_others_are_told() {
    let (relay, world) = relay().await;
    let mut person = world.client.clone();
    person.add_device(1);
    let old = Wire::signed_in(&relay, &person, 0).await;
    let mut new = Wire::signed_in(&relay, &person, 1).await;
    let thera = Wire::signed_in(&relay, &world.thera, 0).await;
    let card = person.remove_device(0).signed().clone();
    let answer = new.ask(&ClientFrame::CardPut { req: 5, card }).await;
    let changed = ServerBody::CardChanged { account: person.account, version: Version(3) };
    assert_eq!(answer, Some(changed.clone()));
    assert_eq!(new.next(), Some(ServerBody::Done { req: 5 }));
    assert_eq!(thera.next(), Some(changed));
    assert_eq!(old.closed(), Some(Outgoing::Close(Some(ErrorCode::DeviceNotListed))));
    // And it doesn't come back.
    let mut again = Wire::open(&relay);
    again.next();
    again.send(&person.connect(0, relay.service().incarnation(), Challenge(Hash([8; 32])))).await;
    assert_eq!(again.error(), Some((None, ErrorCode::DeviceNotListed)));
}

#[tokio::test]
async fn a_vault_is_swapped_and_the_other_devices_are_told() {
    let (relay, world) = relay().await;
    let mut one = Wire::signed_in(&relay, &world.client, 0).await;
    let mut two = Wire::signed_in(&relay, &world.client, 0).await;
    let put = |req, base, revision| ClientFrame::VaultPut {
        req,
        base: Revision(base),
        revision: Revision(revision),
        sealed: SealedVault::new(vec![1; 10]).unwrap(),
    };
    assert_eq!(one.ask(&put(1, 1, 2)).await, Some(ServerBody::Done { req: 1 }));
    assert_eq!(two.next(), Some(ServerBody::VaultChanged { revision: Revision(2) }));
    two.send(&put(2, 1, 2)).await;
    assert_eq!(two.error(), Some((Some(2), ErrorCode::VaultConflict)));
    let vault = two.ask(&ClientFrame::VaultGet { req: 3 }).await;
    assert!(matches!(vault, Some(ServerBody::Vault { req: 3, revision: Revision(2), sealed: Some(_) })));
    assert_eq!(one.next(), None);
}

#[tokio::test]
async fn a_slow_reader_is_cut_and_nobody_else() {
    let (relay, mut world) = relay().await;
    let mut client = Wire::signed_in(&relay, &world.client, 0).await;
    let mut thera = Wire::signed_in(&relay, &world.thera, 0).await;
    thera.ask(&ClientFrame::Subscribe { req: 1, space: SPACE }).await;
    for (id, _) in (0_u64..).zip(0..=OUTGOING_FRAMES_MAX) {
        let record = world.client.content(&world.state, id, b"hello");
        let answer = client.ask(&ClientFrame::Append { req: 2, record: record.clone() }).await;
        assert!(matches!(answer, Some(ServerBody::Appended { .. })));
        pass(&mut world.state, &record);
    }
    assert!(thera.session.outbox().is_overflowing());
    assert_eq!(thera.closed(), Some(Outgoing::Close(Some(ErrorCode::RateLimited))));
    assert_eq!(client.ask(&ClientFrame::Ping { req: 9 }).await, Some(ServerBody::Pong { req: 9, now: NOW }));
}

#[tokio::test]
async fn appends_in_flight_and_frames_are_limited() {
    let (relay, world) = relay().await;
    let mut wire = Wire::signed_in(&relay, &world.client, 0).await;
    let mut waiting = Vec::new();
    for (id, _) in (0_u64..).zip(0..APPENDS_IN_FLIGHT_MAX) {
        let frame = ClientFrame::Append { req: 1, record: world.client.content(&world.state, id, b"x") };
        waiting.push(wire.session.handle(&frame.to_bytes(), NOW).await.unwrap());
    }
    let more = ClientFrame::Append { req: 2, record: world.client.content(&world.state, 999, b"x") };
    assert!(wire.session.handle(&more.to_bytes(), NOW).await.is_none());
    assert_eq!(wire.error(), Some((Some(2), ErrorCode::RateLimited)));
    drop(waiting.pop());
    relay.commit(waiting, NOW).await;
    while wire.next().is_some() {}
    assert!(wire.session.handle(&more.to_bytes(), NOW).await.is_some(), "there is room again");

    let mut sent = 0;
    while wire.closed().is_none() {
        wire.send(&ClientFrame::Ping { req: 3 }).await;
        sent += 1;
        assert!(sent <= FRAMES_PER_SECOND_MAX, "a limit");
    }
    assert!(sent > FRAMES_PER_SECOND_MAX / 2);
}

#[tokio::test]
async fn deadlines_pass_for_the_silent() {
    let (relay, world) = relay().await;
    let mut silent = Wire::open(&relay);
    assert_eq!(silent.session.deadline(), NOW.plus(HANDSHAKE_MS_MAX));
    silent.session.expire(NOW.plus(HANDSHAKE_MS_MAX - 1));
    assert_eq!(silent.closed(), None);
    silent.session.expire(NOW.plus(HANDSHAKE_MS_MAX));
    assert_eq!(silent.closed(), Some(Outgoing::Close(Some(ErrorCode::NotSignedIn))));
    let mut wire = Wire::signed_in(&relay, &world.client, 0).await;
    let later = NOW.plus(IDLE_MS_MAX / 2);
    wire.session.handle(&ClientFrame::Ping { req: 1 }.to_bytes(), later).await;
    assert_eq!(wire.session.deadline(), later.plus(IDLE_MS_MAX));
    wire.session.expire(later.plus(IDLE_MS_MAX));
    assert_eq!(wire.closed(), Some(Outgoing::Close(None)));
}

#[tokio::test]
async fn ephemeral_frames_reach_the_others_and_only_genuine_ones() {
    let (relay, world) = relay().await;
    let mut client = Wire::signed_in(&relay, &world.client, 0).await;
    let mut thera = Wire::signed_in(&relay, &world.thera, 0).await;
    let era = world.state.era().map(|e| e.id).unwrap();
    let body = EphemeralBody::new(vec![1; 100]).unwrap();
    let frame = |who: &Person, era: EraId, signer: u8| {
        let (account, device) = (who.account, who.device(0));
        let message = Ephemeral::message(SPACE, era, account, device, &body);
        let signature = who.sign(signer, Label::SignEphemeral, &message);
        ClientFrame::Ephemeral {
            frame: Ephemeral { space: SPACE, era, author: account, device, body: body.clone(), signature },
        }
    };
    client.send(&frame(&world.client, era, 0)).await;
    assert_eq!((client.next(), thera.next()), (None, None), "nobody listens");
    thera.ask(&ClientFrame::Subscribe { req: 1, space: SPACE }).await;
    client.ask(&ClientFrame::Subscribe { req: 1, space: SPACE }).await;
    client.send(&frame(&world.client, era, 0)).await;
    assert!(matches!(thera.next(), Some(ServerBody::Ephemeral { frame }) if frame.body == body));
    client.send(&frame(&world.client, EraId([1; 32]), 0)).await;
    assert_eq!((client.next(), thera.next()), (None, None), "another era");
    for _ in 0..EPHEMERAL_PER_SECOND_MAX * 2 {
        client.send(&frame(&world.client, era, 0)).await;
    }
    let mut heard = 0;
    while thera.next().is_some() {
        heard += 1;
    }
    assert!(heard < EPHEMERAL_PER_SECOND_MAX && client.next().is_none(), "too fast is dropped: {heard}");
    thera.send(&frame(&world.thera, era, 5)).await;
    assert_eq!(thera.error(), Some((None, ErrorCode::Forged)));
    assert_eq!(thera.closed(), Some(Outgoing::Close(Some(ErrorCode::Forged))));
    assert_eq!(client.next(), None);
}

/// One of each frame.
fn every_frame(world: &World, incarnation: sotto_protocol::ids::IncarnationId) -> Vec<ClientFrame> {
    let (client, state) = (&world.client, &world.state);
    let record = client.content(state, 1, b"x");
    let signature = client.sign(0, Label::SignEphemeral, b"");
    let body = EphemeralBody::new(vec![1]).unwrap();
    let (account, device, era) = (client.account, client.device(0), EraId([1; 32]));
    let id = InvitationId([3; 16]);
    let invitation =
        NewInvitation { id, role: Role::Client, expires_at: NOW, body: InvitationBody::default() };
    let stored = Stored { seq: Seq(3), at: NOW, record: record.clone() };
    vec![
        client.connect(0, incarnation, Challenge(Hash([8; 32]))),
        ClientFrame::Append { req: 1, record },
        ClientFrame::Subscribe { req: 1, space: SPACE },
        ClientFrame::Read { req: 1, space: SPACE, after: Seq(u64::MAX), limit: u32::MAX },
        ClientFrame::Cursor { space: SPACE, seq: Seq(u64::MAX) },
        ClientFrame::CardGet { req: 1, account, version: Some(Version(u64::MAX)) },
        ClientFrame::CardPut { req: 1, card: client.card.signed().clone() },
        ClientFrame::VaultGet { req: 1 },
        ClientFrame::VaultPut {
            req: 1,
            base: Revision(1),
            revision: Revision(u64::MAX),
            sealed: SealedVault::default(),
        },
        ClientFrame::InvitationPut { req: 1, invitation },
        ClientFrame::InvitationRevoke { req: 1, id },
        ClientFrame::InvitationList { req: 1 },
        ClientFrame::RosterGet { req: 1 },
        ClientFrame::RosterPut { req: 1, roster: client.roster(sotto_protocol::ids::PracticeId([1; 16]), 1) },
        ClientFrame::Ephemeral {
            frame: Ephemeral { space: SPACE, era, author: account, device, body, signature },
        },
        ClientFrame::Restore { req: 1, space: SPACE, records: vec![stored; PAGE_RECORDS_MAX + 1] },
        ClientFrame::Ping { req: 1 },
    ]
}

#[tokio::test]
async fn every_frame_cut_or_changed_anywhere_is_survived() {
    let (relay, world) = relay().await;
    for frame in every_frame(&world, relay.service().incarnation()) {
        let whole = frame.to_bytes();
        let step = (whole.len() / 97).max(1);
        for at in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            let longer = [&whole[..], &[0]].concat();
            for bytes in [&whole[..at], &changed, &longer] {
                let mut wire = Wire::signed_in(&relay, &world.thera, 0).await;
                wire.send_bytes(bytes).await;
                let mut first = Wire::open(&relay);
                first.send_bytes(bytes).await;
            }
        }
    }
    let mut wire = Wire::signed_in(&relay, &world.client, 0).await;
    wire.send_bytes(&vec![0; sotto_protocol::limits::FRAME_BYTES_MAX + 1]).await;
    assert_eq!(wire.error(), Some((None, ErrorCode::Malformed)));
}

#[tokio::test]
async fn every_request_gets_exactly_one_answer() {
    let (relay, world) = relay().await;
    for frame in every_frame(&world, relay.service().incarnation()) {
        let quiet = matches!(frame, ClientFrame::Cursor { .. } | ClientFrame::Ephemeral { .. });
        let mut wire = Wire::signed_in(&relay, &world.client, 0).await;
        wire.send(&frame).await;
        let mut answers = Vec::new();
        while let Some(answer) = wire.next() {
            answers.push(answer);
        }
        assert_eq!(answers.len(), usize::from(!quiet), "{frame:?}: {answers:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), signed_in: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (relay, world) = relay().await;
            let mut wire = if signed_in { Wire::signed_in(&relay, &world.client, 0).await } else { Wire::open(&relay) };
            wire.send_bytes(&bytes).await;
        });
    }
}

#[tokio::test]
async fn only_the_owner_sees_who_is_there_and_what_is_held() {
    let (relay, world) = relay().await;
    let mut owner = Wire::signed_in(&relay, &world.thera, 0).await;
    let mut client = Wire::signed_in(&relay, &world.client, 0).await;
    let Some(ServerBody::People { req: 1, people }) = owner.ask(&ClientFrame::PeopleList { req: 1 }).await
    else {
        panic!("people")
    };
    let handles: Vec<_> = people.iter().map(|person| person.handle.as_str()).collect();
    assert_eq!(handles, ["thera", "client"]);
    let Some(ServerBody::Glance { req: 2, tables }) = owner.ask(&ClientFrame::GlanceGet { req: 2 }).await
    else {
        panic!("a glance")
    };
    let accounts = tables.iter().find(|table| table.name.as_str() == "accounts").unwrap();
    assert_eq!((accounts.count, accounts.rows.len()), (2, 2));
    let row: Vec<_> = accounts.rows[1].iter().map(sotto_protocol::codec::Text::as_str).collect();
    assert_eq!(
        (row[0], row[2], row[3], row[11]),
        ("02020202… (16 B)", "client", "client", "2027-01-15T08:00:00Z")
    );
    for frame in [ClientFrame::PeopleList { req: 3 }, ClientFrame::GlanceGet { req: 3 }] {
        client.send(&frame).await;
        assert_eq!(client.error(), Some((Some(3), ErrorCode::RoleForbids)));
    }
    for req in 0..GLANCES_BURST - 2 {
        assert!(matches!(owner.ask(&ClientFrame::GlanceGet { req }).await, Some(ServerBody::Glance { .. })));
    }
    owner.send(&ClientFrame::GlanceGet { req: 9 }).await;
    assert_eq!(owner.error(), Some((Some(9), ErrorCode::RateLimited)));
    assert!(owner.closed().is_none(), "that is no reason to hang up");
}

#[tokio::test]
async fn a_server_without_notices_says_so() {
    let (relay, world) = relay().await;
    let mut wire = Wire::signed_in(&relay, &world.client, 0).await;
    let key = wire.ask(&ClientFrame::PushKeyGet { req: 1 }).await;
    assert_eq!(key, Some(ServerBody::PushKey { req: 1, key: None }));
    let endpoint = sotto_protocol::frame::PushEndpoint::new("https://fcm.googleapis.com/x").unwrap();
    wire.send(&ClientFrame::PushPut { req: 2, endpoint: Some(endpoint) }).await;
    assert_eq!(wire.error(), Some((Some(2), ErrorCode::PushRefused)));
    let done = wire.ask(&ClientFrame::PushPut { req: 3, endpoint: None }).await;
    assert_eq!(done, Some(ServerBody::Done { req: 3 }), "none can always be said");
}
