//! The rules, through the service: scenarios that run on every store.

use super::*;
use crate::factor::Factors;
use crate::fixture::{Draft, Person, pass};
use crate::opaque::Opaque;
use crate::secrets::Secrets;
use crate::throttle::Throttle;
use crate::tokens::Tokens;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_protocol::account::{AccountAnswer, AccountRequest};
use sotto_protocol::credentials::OpaqueMessage;
use sotto_protocol::frame::{InvitationBody, NewInvitation};
use sotto_protocol::ids::{Hash, InvitationId, Millis};
use sotto_protocol::limits::{ERA_AGE_MS_MAX, ERA_INTERVAL_MS_MIN, TAKE_BACK_MS_MAX};
use sotto_protocol::link::Origin;
use sotto_protocol::log::LogState;
use sotto_protocol::record::{Cause, Record};
use sotto_protocol::roster::Role;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::OnceLock;

/// Makes an empty store.
pub(crate) type Fresh<'a> = &'a (dyn Fn() -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + 'a>> + 'a);

pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const TOKEN: Hash = Hash([0xAB; 32]);
pub(crate) const SPACE: SpaceId = SpaceId([0x51; 16]);
pub(crate) const NOW: Millis = Millis(1_800_000_000_000);

/// A registration upload of the suite; for which password doesn't matter here.
pub(crate) fn upload() -> OpaqueMessage {
    static UPLOAD: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = UPLOAD.get_or_init(|| {
        use opaque_ke::{ClientRegistration, ClientRegistrationFinishParameters, RegistrationResponse};
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let server = Opaque::new(Secrets::generate(&mut rng).setup);
        let handle = sotto_protocol::ids::Handle::parse("anybody").unwrap();
        let mut rng = crate::rng::Legacy(&mut rng);
        let start =
            ClientRegistration::<sotto_protocol::opaque::Suite>::start(&mut rng, b"open sesame").unwrap();
        let request = OpaqueMessage::new(start.message.serialize().to_vec()).unwrap();
        let response = server.registration_start(&handle, &request).unwrap();
        let response = RegistrationResponse::deserialize(response.as_slice()).unwrap();
        let parameters = ClientRegistrationFinishParameters::default();
        let done = start.state.finish(&mut rng, b"open sesame", response, parameters).unwrap();
        done.message.serialize().to_vec()
    });
    OpaqueMessage::new(bytes.clone()).unwrap()
}

/// A practice with a therapist, a client and their space.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) entrance: Entrance,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) thera: Person,
    pub(crate) client: Person,
    pub(crate) state: LogState,
    pub(crate) now: Millis,
}

impl World {
    pub(crate) async fn empty(store: Arc<dyn Store>) -> Self {
        store.set_meta(MetaKey::Incarnation, Some(vec![7; 16])).await.unwrap();
        store.set_meta(MetaKey::Setup, Some(setup_hash(&TOKEN).0.to_vec())).await.unwrap();
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let secrets = Secrets::generate(&mut rng);
        let entrance = Entrance::new(
            Opaque::new(secrets.setup),
            Tokens::new(&secrets.server),
            Factors::new(&secrets.server, Some(&Origin::parse("https://sotto.example").unwrap())),
            Throttle::default(),
        );
        Self {
            service: Service::open(store.clone(), Defects::none()).await.unwrap(),
            store,
            entrance,
            rng,
            thera: Person::new(1, Role::OwnerTherapist),
            client: Person::new(2, Role::Client),
            state: LogState::new(SPACE),
            now: NOW,
        }
    }

    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
        let mut world = Self::empty(store).await;
        let setup = world.thera.setup(TOKEN, "thera", upload());
        assert!(matches!(world.account(&setup).await, AccountAnswer::Registered { .. }));
        let id = InvitationId([9; 16]);
        world.invite(id).await.unwrap();
        let join = world.client.join(&world.thera, SPACE, id, "client", upload());
        assert!(matches!(world.account(&join).await, AccountAnswer::Registered { .. }));
        for record in world.client.found_with(&world.thera, SPACE, id) {
            pass(&mut world.state, &record);
        }
        world
    }

    pub(crate) async fn account(&mut self, request: &AccountRequest) -> AccountAnswer {
        self.account_from(request, HERE).await
    }

    pub(crate) async fn account_from(&mut self, request: &AccountRequest, from: IpAddr) -> AccountAnswer {
        let bytes = request.to_bytes();
        let outcome =
            self.service.handle_account(&self.entrance, &bytes, from, self.now, &mut self.rng).await;
        outcome.response.body
    }

    pub(crate) async fn invite(&self, id: InvitationId) -> Result<(), ServiceError> {
        let body = InvitationBody::new(vec![1; 200]).unwrap();
        let invitation = NewInvitation { id, role: Role::Client, expires_at: self.now.plus(1000), body };
        self.service.put_invitation(speaker(&self.thera, 0), invitation, self.now).await
    }

    pub(crate) async fn append(&self, who: &Person, record: &Record) -> Result<Appended, ServiceError> {
        let device = record.header().device;
        let speaker = Speaker { account: who.account, device };
        let prepared = self.service.prepare(speaker, record.clone()).await?;
        self.service.append_batch(&[prepared], self.now).await.results.remove(0)
    }

    /// Appends what must be accepted.
    pub(crate) async fn add(&mut self, who: &Person, record: &Record) -> Appended {
        let appended = self.append(who, record).await.unwrap();
        pass(&mut self.state, record);
        assert_eq!((appended.seq, appended.head), (self.state.seq(), self.state.head()));
        appended
    }

    pub(crate) async fn code(&self, who: &Person, record: &Record) -> ErrorCode {
        self.append(who, record).await.unwrap_err().code
    }
}

pub(crate) fn speaker(person: &Person, device: u8) -> Speaker {
    Speaker { account: person.account, device: person.device(device) }
}

fn code<T: std::fmt::Debug>(answer: &T) -> String {
    format!("{answer:?}")
}

pub(crate) async fn records_get_dense_numbers_and_the_same_chain(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    for id in 0..5 {
        let record = client.content(&world.state, id, b"hello");
        let appended = world.add(&client, &record).await;
        assert_eq!(appended.seq, Seq(3 + id));
    }
    let record = thera.content(&world.state, 0, b"the same id of another author");
    world.add(&thera, &record).await;
    let page = world.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap();
    assert_eq!(page.iter().map(|row| row.seq.0).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
}

pub(crate) async fn a_repeat_gets_the_first_answer_whatever_has_changed(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let client = world.client.clone();
    let record = client.content(&world.state, 1, b"once");
    let first = world.add(&client, &record).await;
    let resealed = client.content(&world.state, 1, b"sealed again");
    let again = world.append(&client, &resealed).await.unwrap();
    assert_eq!(again, Appended { repeat: true, ..first });
    // Also when the era has moved, and for somebody whose device was the reason.
    let era = client.record(Draft::era(&world.state, Cause::Void, &[&client, &world.thera]));
    world.add(&client, &era).await;
    assert_eq!(world.append(&client, &record).await.unwrap(), Appended { repeat: true, ..first });
    assert_eq!(
        world
            .code(
                &client,
                &client.record(Draft { era: record.header().era, ..Draft::content(&world.state, 2, b"") })
            )
            .await,
        ErrorCode::StaleEra
    );
}

pub(crate) async fn one_bad_record_does_not_fail_its_batch(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let (client, thera) = (&world.client, &world.thera);
    let elsewhere = {
        let mut draft = Draft::content(&world.state, 2, b"b");
        draft.seen.head.0[0] ^= 1;
        client.record(draft)
    };
    let records = [
        (client, client.content(&world.state, 1, b"a")),
        (client, elsewhere),
        (thera, thera.content(&world.state, 3, b"c")),
        (client, client.content(&world.state, 1, b"a again")),
        (
            thera,
            thera.record(Draft {
                era: sotto_protocol::ids::EraId([1; 32]),
                ..Draft::content(&world.state, 4, b"d")
            }),
        ),
        (thera, thera.content(&world.state, 5, b"e")),
    ];
    let mut batch = Vec::new();
    for (who, record) in records {
        batch.push(world.service.prepare(speaker(who, 0), record).await.unwrap());
    }
    let outcome = world.service.append_batch(&batch, world.now).await;
    let results: Vec<_> =
        outcome.results.iter().map(|r| r.map(|a| (a.seq.0, a.repeat)).map_err(|e| e.code)).collect();
    assert_eq!(
        results,
        [
            Ok((3, false)),
            Err(ErrorCode::SeenElsewhere),
            Ok((4, false)),
            Ok((3, true)),
            Err(ErrorCode::StaleEra),
            Ok((5, false))
        ]
    );
    assert_eq!(outcome.published.len(), 1);
    assert_eq!(world.store.page(SPACE, Seq(2), 10, 1 << 20).await.unwrap().len(), 3);
}

pub(crate) async fn after_a_device_was_removed_an_era_comes_first(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let mut client = world.client.clone();
    let thera = world.thera.clone();
    for card in [client.add_device(1), client.remove_device(0)] {
        world.service.put_card(card).await.unwrap();
    }
    // The removed device writes nothing, not even by an old card's leave.
    let stale = world.client.content(&world.state, 1, b"stolen");
    assert_eq!(world.code(&world.client, &stale).await, ErrorCode::DeviceNotListed);
    let record = thera.content(&world.state, 1, b"hello");
    assert_eq!(world.code(&thera, &record).await, ErrorCode::EraRequired);
    // An era that pins the old card is no remedy.
    let old =
        thera.record(Draft::era_of(&world.state, Cause::Void, vec![world.client.member(), thera.member()]));
    assert_eq!(world.code(&thera, &old).await, ErrorCode::StaleCard);
    let era = thera.record(Draft::era(&world.state, Cause::Card, &[&client, &thera]));
    world.add(&thera, &era).await;
    let record = client.record_by(1, Draft::content(&world.state, 2, b"from the new one"));
    world.add(&client, &record).await;
}

pub(crate) async fn age_and_void_eras_are_rationed(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let young = client.record(Draft::era(&world.state, Cause::Age, &[&client, &thera]));
    assert_eq!(world.code(&client, &young).await, ErrorCode::RuleForbids);
    world.now = world.now.plus(ERA_AGE_MS_MAX);
    let aged = client.record(Draft::era(&world.state, Cause::Age, &[&client, &thera]));
    world.add(&client, &aged).await;
    let void = client.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    let refused = world.append(&client, &void).await.unwrap_err();
    assert_eq!(refused, ServiceError::later(ErrorCode::RateLimited, ERA_INTERVAL_MS_MIN));
    let void = thera.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    world.add(&thera, &void).await;
    world.now = world.now.plus(ERA_INTERVAL_MS_MIN);
    let void = client.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    world.add(&client, &void).await;
}

pub(crate) async fn a_drop_erases_for_a_while_and_only_ones_own(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let record = client.content(&world.state, 1, b"a secret");
    world.add(&client, &record).await;
    let foreign = thera.record(Draft::drop_of(&world.state, 2, &record));
    assert_eq!(world.code(&thera, &foreign).await, ErrorCode::TargetUnknown);
    let late = client.record(Draft::drop_of(&world.state, 2, &record));
    world.now = world.now.plus(TAKE_BACK_MS_MAX + 1);
    assert_eq!(world.code(&client, &late).await, ErrorCode::TakeBackTooLate);
    world.now = Millis(world.now.0 - 2);
    world.add(&client, &late).await;
    let page = world.store.page(SPACE, Seq(2), 10, 1 << 20).await.unwrap();
    assert_eq!(page.first().map(|row| row.payload.clone()), Some(None));
    // A repeat of what was dropped stores nothing.
    assert!(world.append(&client, &record).await.unwrap().repeat);
    assert_eq!(world.store.page(SPACE, Seq(2), 1, 1 << 20).await.unwrap()[0].payload, None);
}

pub(crate) async fn strangers_and_former_members_learn_nothing(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let other = InvitationId([10; 16]);
    world.invite(other).await.unwrap();
    let stranger = Person::new(3, Role::Client);
    let join = stranger.join(&thera, SpaceId([0x52; 16]), other, "stranger", upload());
    assert!(matches!(world.account(&join).await, AccountAnswer::Registered { .. }));
    let forged = stranger.content(&world.state, 1, b"me too");
    let unknown = stranger.content(&LogState::new(SpaceId([0x53; 16])), 1, b"me too");
    assert_eq!(world.code(&stranger, &forged).await, ErrorCode::SpaceUnknown);
    assert_eq!(world.code(&stranger, &unknown).await, ErrorCode::SpaceUnknown);
    for space in [SPACE, SpaceId([0x53; 16])] {
        let head = world.service.space_head(stranger.account, space).await;
        assert_eq!(head.unwrap_err().code, ErrorCode::SpaceUnknown);
        let page = world.service.page(stranger.account, 1, space, Seq::ZERO, 10).await;
        assert_eq!(page.unwrap_err().code, ErrorCode::SpaceUnknown);
    }
    // Nor may she found a space of two, or one that exists.
    let pair = stranger.record(Draft::era(
        &LogState::new(SpaceId([0x54; 16])),
        Cause::Founding,
        &[&stranger, &thera],
    ));
    assert_eq!(world.code(&stranger, &pair).await, ErrorCode::RuleForbids);
    let taken = stranger.record(Draft::era(&LogState::new(SPACE), Cause::Founding, &[&stranger]));
    assert_eq!(world.code(&stranger, &taken).await, ErrorCode::SpaceUnknown);
    let own = stranger.record(Draft::era(&LogState::new(SpaceId([0x54; 16])), Cause::Founding, &[&stranger]));
    assert_eq!(world.append(&stranger, &own).await.unwrap().seq, Seq(1));
    // The client removes the therapist, who from then on reads nothing.
    let era = client.record(Draft::era(&world.state, Cause::Membership, &[&client]));
    world.add(&client, &era).await;
    let head = world.service.space_head(thera.account, SPACE).await;
    assert_eq!(head.unwrap_err().code, ErrorCode::SpaceUnknown);
    assert_eq!(world.service.spaces_of(client.account).await.unwrap().len(), 1);
    assert_eq!(world.service.spaces_of(thera.account).await.unwrap().len(), 1, "only the stranger's");
}

pub(crate) async fn registration_is_one_step_and_repeatable(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (thera, client) = (world.thera.clone(), world.client.clone());
    let id = InvitationId([9; 16]);
    let again = client.join(&thera, SPACE, id, "client", upload());
    assert!(matches!(world.account(&again).await, AccountAnswer::Registered { .. }));
    let setup = thera.setup(TOKEN, "thera", upload());
    assert!(matches!(world.account(&setup).await, AccountAnswer::Registered { .. }));
    // The invitation is used; the set-up too.
    let second = Person::new(4, Role::Client);
    let used = second.join(&thera, SpaceId([0x60; 16]), id, "second", upload());
    assert!(code(&world.account(&used).await).contains("InvitationUsed"));
    let owner = Person::new(5, Role::Owner);
    assert!(code(&world.account(&owner.setup(TOKEN, "owner", upload())).await).contains("SetupRefused"));
    // A handle is taken once; nothing of the attempt remains.
    let id = InvitationId([11; 16]);
    world.invite(id).await.unwrap();
    let taken = second.join(&thera, SpaceId([0x60; 16]), id, "client", upload());
    assert!(code(&world.account(&taken).await).contains("HandleTaken"));
    assert!(world.store.account(second.account).await.unwrap().is_none());
    assert!(world.store.space(SpaceId([0x60; 16])).await.unwrap().is_none());
    world.service.revoke_invitation(speaker(&thera, 0), id).await.unwrap();
    let revoked = second.join(&thera, SpaceId([0x60; 16]), id, "second", upload());
    assert!(code(&world.account(&revoked).await).contains("InvitationRevoked"));
    let id = InvitationId([12; 16]);
    world.invite(id).await.unwrap();
    world.now = world.now.plus(1000);
    let expired = second.join(&thera, SpaceId([0x60; 16]), id, "second", upload());
    assert!(code(&world.account(&expired).await).contains("InvitationExpired"));
}

pub(crate) async fn registration_founds_exactly_the_space_with_the_inviter(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let thera = world.thera.clone();
    let id = InvitationId([13; 16]);
    world.invite(id).await.unwrap();
    let second = Person::new(4, Role::Client);
    let space = SpaceId([0x60; 16]);
    let alone = second.record(Draft::era(&LogState::new(space), Cause::Founding, &[&second]));
    let with_other = second.found_with(&world.client, space, id);
    let good = second.found_with(&thera, space, id);
    let wrong_invitation = second.found_with(&thera, space, InvitationId([1; 16]));
    for founding in [
        vec![],
        vec![alone],
        with_other,
        good[..1].to_vec(),
        wrong_invitation,
        second.found_with(&thera, SPACE, id),
    ] {
        let ticket = sotto_protocol::account::Ticket::Invitation { id };
        let registration = second.registration(ticket, "second", upload(), founding);
        let request = AccountRequest::RegisterFinish { registration: Box::new(registration) };
        assert!(matches!(world.account(&request).await, AccountAnswer::Error { .. }));
        assert!(world.store.account(second.account).await.unwrap().is_none());
    }
    let join = second.join(&thera, space, id, "second", upload());
    assert!(matches!(world.account(&join).await, AccountAnswer::Registered { .. }));
}

pub(crate) async fn a_server_set_back_is_healed_verbatim(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let mut renewed = client.clone();
    for id in 0..5 {
        let record = client.content(&world.state, id, b"hello");
        world.add(&client, &record).await;
    }
    world.service.put_card(renewed.add_device(1)).await.unwrap();
    let era = thera.record(Draft::era(&world.state, Cause::Card, &[&renewed, &thera]));
    world.add(&thera, &era).await;
    let last = renewed.record_by(1, Draft::content(&world.state, 9, b"last"));
    world.add(&renewed, &last).await;
    let rows = world.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap();
    let records: Vec<_> = rows.iter().map(|row| row.to_stored().unwrap()).collect();

    // The older copy: the same registrations, and nothing since.
    let old = World::on(fresh().await).await;
    let who = speaker(&thera, 0);
    // Without the new card the era can't be judged; nothing is stored.
    let refused = old.service.restore(who, SPACE, records.clone(), world.now).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::CardUnknown);
    assert_eq!(old.store.page(SPACE, Seq(2), 100, 1 << 20).await.unwrap().len(), 0);
    old.service.put_card(renewed.card.clone()).await.unwrap();
    let gap = old.service.restore(who, SPACE, records[4..].to_vec(), world.now).await.unwrap_err();
    assert_eq!(gap.code, ErrorCode::RestoreRefused);
    let mut forged = records.clone();
    forged.swap(3, 4);
    assert!(old.service.restore(who, SPACE, forged, world.now).await.is_err());
    let (head, published) = old.service.restore(who, SPACE, records.clone(), world.now).await.unwrap();
    assert_eq!((head.seq, head.head), (world.state.seq(), world.state.head()));
    assert_eq!(published.len(), 1);
    assert_eq!(old.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap(), rows);
    // Again is no error and changes nothing.
    let (again, published) = old.service.restore(who, SPACE, records.clone(), world.now).await.unwrap();
    assert_eq!((again, published.len()), (head, 0));
    // What differs from what is there is refused.
    let mut other = records;
    other[3].record = client.content(&world.state, 77, b"another history");
    let refused = world.service.restore(who, SPACE, other, world.now).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::RestoreRefused);
}

pub(crate) async fn what_is_handed_back_keeps_to_the_rules_of_its_time(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let secret = client.content(&world.state, 1, b"a secret");
    world.add(&client, &secret).await;
    let void = client.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    world.add(&client, &void).await;
    world.now = world.now.plus(ERA_INTERVAL_MS_MIN);
    let void = client.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    world.add(&client, &void).await;
    let drop = client.record(Draft::drop_of(&world.state, 2, &secret));
    world.add(&client, &drop).await;
    let rows = world.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap();
    let records: Vec<_> = rows.iter().map(|row| row.to_stored().unwrap()).collect();
    assert_eq!(records.len(), 6);

    let old = World::on(fresh().await).await;
    let who = speaker(&thera, 0);
    // Two void eras of one member at the same time were never accepted.
    let mut hurried = records.clone();
    hurried[4].at = hurried[3].at;
    let refused = old.service.restore(who, SPACE, hurried, world.now).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::RateLimited);
    // Nor was a drop after the time for it.
    let mut late = records.clone();
    late[5].at = late[2].at.plus(TAKE_BACK_MS_MAX + 1);
    let then = late[5].at;
    let refused = old.service.restore(who, SPACE, late, then).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TakeBackTooLate);
    assert_eq!(old.store.page(SPACE, Seq(2), 100, 1 << 20).await.unwrap().len(), 0);
    old.service.restore(who, SPACE, records, world.now).await.unwrap();
    assert_eq!(old.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap(), rows);
}

pub(crate) async fn members_are_what_they_are_in_the_practice(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let client = &world.client;
    let own = LogState::new(SpaceId([0x54; 16]));
    let alone = |role: Role| {
        let member = sotto_protocol::record::Member { role, ..client.member() };
        client.record(Draft::era_of(&own, Cause::Founding, vec![member]))
    };
    for role in [Role::Therapist, Role::Owner, Role::OwnerTherapist] {
        assert_eq!(world.code(client, &alone(role)).await, ErrorCode::RuleForbids, "{role:?}");
    }
    assert_eq!(world.append(client, &alone(Role::Client)).await.unwrap().seq, Seq(1));
}

pub(crate) async fn cards_are_taken_from_anybody_but_only_good_ones(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let mut client = world.client.clone();
    let second = client.add_device(1);
    let third = client.remove_device(1);
    assert!(world.service.put_card(third.clone()).await.unwrap().is_some());
    assert!(world.service.put_card(second.clone()).await.unwrap().is_none(), "a gap is filled");
    assert!(world.service.put_card(second).await.unwrap().is_none(), "again");
    let mut other = world.client.clone();
    let branch = other.add_device(2);
    assert_eq!(world.service.put_card(branch).await.unwrap_err().code, ErrorCode::VersionStale);
    other.add_device(3);
    let contradicts = other.add_device(4);
    assert_eq!(world.service.put_card(contradicts).await.unwrap_err().code, ErrorCode::RuleForbids);
    let stranger = Person::new(9, Role::Client);
    assert_eq!(world.service.put_card(stranger.card).await.unwrap_err().code, ErrorCode::AccountUnknown);
    let newest = world.store.card(client.account, None).await.unwrap().unwrap();
    assert_eq!(newest.hash(), third.hash());
}

pub(crate) async fn vaults_are_swapped_only_from_the_newest(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let vault = |n: u8| sotto_protocol::credentials::SealedVault::new(vec![n; 10]).unwrap();
    let put = |base: u64, revision: u64, n: u8| {
        let (base, revision) = (sotto_protocol::ids::Revision(base), sotto_protocol::ids::Revision(revision));
        world.service.put_vault(world.client.account, base, revision, vault(n), world.now)
    };
    put(1, 2, 2).await.unwrap();
    assert_eq!(put(1, 3, 3).await.unwrap_err().code, ErrorCode::VaultConflict);
    assert_eq!(put(2, 2, 3).await.unwrap_err().code, ErrorCode::Malformed);
    put(7, 9, 9).await.expect("the server was set back");
    let stored = world.service.vault(world.client.account).await.unwrap().unwrap();
    assert_eq!((stored.revision.0, stored.sealed), (9, vault(9)));
}

#[test]
fn frames_written_by_hand_are_those_of_the_protocol() {
    use sotto_protocol::frame::{SpaceHead, Stored};
    let person = Person::new(1, Role::Client);
    let state = LogState::new(SPACE);
    let incarnation = IncarnationId([7; 16]);
    let records: Vec<_> = (0..3).map(|n| person.content(&state, n, &[5; 1024])).collect();
    let dropped = records[1].clone().without_payload();
    let records = [records[0].clone(), dropped, records[2].clone()];
    let stored: Vec<_> = records
        .iter()
        .zip(1_u64..)
        .map(|(record, n)| Stored { seq: Seq(n), at: Millis(70_000 * n), record: record.clone() })
        .collect();
    let head =
        SpaceHead { space: SPACE, seq: Seq(3), head: state.head(), era: sotto_protocol::ids::EraId([2; 32]) };
    let rows: Vec<_> = stored
        .iter()
        .map(|s| crate::store::PageRow {
            seq: s.seq,
            at: s.at,
            header: s.record.header_bytes().to_vec(),
            signature: *s.record.signature(),
            payload: s.record.payload().map(|p| p.as_slice().to_vec()),
        })
        .collect();
    let page = ServerBody::Page { req: 300, space: SPACE, records: stored.clone(), head };
    assert_eq!(
        wire::page_frame(incarnation, 300, &rows, &head),
        ServerFrame { incarnation, body: page }.to_bytes()
    );
    let push = ServerBody::Push { space: SPACE, records: stored.clone() };
    let shared: Vec<_> = stored.iter().map(|s| (s.seq, s.at, Arc::new(s.record.clone()))).collect();
    assert_eq!(
        push_frames(incarnation, SPACE, &shared),
        [ServerFrame { incarnation, body: push }.to_bytes()]
    );
    let many: Vec<_> = (0..600).map(|n| (Seq(n), Millis(1), shared[0].2.clone())).collect();
    let frames = push_frames(incarnation, SPACE, &many);
    let sizes: Vec<_> = frames
        .iter()
        .map(|f| match ServerFrame::from_bytes(f).unwrap().body {
            ServerBody::Push { records, .. } => records.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 600);
}

macro_rules! on_every_store {
    ($($name:ident,)+) => {
        /// Each scenario as a test of its own on the store in memory.
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&|| Box::pin(async { crate::store::contract::memory() })).await;
            })+
        }

        /// All scenarios, for the stores that take a while to start.
        pub(crate) async fn every_scenario(fresh: Fresh<'_>) {
            $($name(fresh).await;)+
        }
    };
}

on_every_store! {
    records_get_dense_numbers_and_the_same_chain,
    a_repeat_gets_the_first_answer_whatever_has_changed,
    one_bad_record_does_not_fail_its_batch,
    after_a_device_was_removed_an_era_comes_first,
    age_and_void_eras_are_rationed,
    a_drop_erases_for_a_while_and_only_ones_own,
    strangers_and_former_members_learn_nothing,
    registration_is_one_step_and_repeatable,
    registration_founds_exactly_the_space_with_the_inviter,
    a_server_set_back_is_healed_verbatim,
    what_is_handed_back_keeps_to_the_rules_of_its_time,
    members_are_what_they_are_in_the_practice,
    cards_are_taken_from_anybody_but_only_good_ones,
    vaults_are_swapped_only_from_the_newest,
}
