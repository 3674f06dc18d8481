//! What every store must do: one suite, run on memory, SQLite and PostgreSQL.
//!
//! The scenarios of the service run here as well, with each store under them.

use super::*;
use crate::db::{Db, Location};
use crate::fixture::{Draft, Person, pass};
use crate::service::tests::{Fresh, NOW, SPACE, World, every_scenario, speaker, upload};
use crate::testing::Postgres;
use sotto_protocol::credentials::{OpaqueMessage, SealedInner};
use sotto_protocol::factor::FactorKind;
use sotto_protocol::frame::{DeviceWeek, InvitationBody};
use sotto_protocol::ids::{EraId, FactorId, InvitationId, Week};
use sotto_protocol::limits::VAULT_KEPT_MS;
use sotto_protocol::log::LogState;
use sotto_protocol::record::Cause;
use sotto_protocol::roster::Role;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::default())
}

async fn sqlite(directory: &Path, number: &AtomicU32) -> Arc<dyn Store> {
    let path = directory.join(format!("{}.db", number.fetch_add(1, Ordering::Relaxed)));
    Arc::new(SqlStore::new(Db::create(&Location::Sqlite(path)).await.unwrap()))
}

async fn postgres(server: &Postgres) -> Arc<dyn Store> {
    let location = Location::postgres(&server.fresh_database().unwrap()).unwrap();
    Arc::new(SqlStore::new(Db::create(&location).await.unwrap()))
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    let fresh: Fresh<'_> = &|| Box::pin(async { memory() });
    contract(fresh).await;
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let number = AtomicU32::new(0);
    let fresh: Fresh<'_> = &|| Box::pin(sqlite(directory.path(), &number));
    contract(fresh).await;
    every_scenario(fresh).await;
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    let server = Postgres::start().unwrap();
    let fresh: Fresh<'_> = &|| Box::pin(postgres(&server));
    contract(fresh).await;
    every_scenario(fresh).await;
}

async fn contract(fresh: Fresh<'_>) {
    facts_about_itself(&*fresh().await).await;
    pages_are_bounded(fresh).await;
    what_does_not_fit_changes_nothing(fresh).await;
    needs_are_answered(fresh).await;
    spaces_are_listed(fresh).await;
    vaults_are_kept_a_while(fresh).await;
    credentials_change_whole_or_not_at_all(fresh).await;
    invitations_are_counted(fresh).await;
    cards_have_neighbours(fresh).await;
    appends_at_once_get_one_order(fresh).await;
    cursors_are_kept(&*fresh().await).await;
    addresses_for_notices_are_kept_with_their_devices(fresh).await;
    of_a_device_only_the_week_is_kept_and_it_goes_with_the_device(fresh).await;
    factors_are_used_once_and_go_when_they_are_told_to(fresh).await;
    an_owner_sees_her_practice(fresh).await;
}

async fn facts_about_itself(store: &dyn Store) {
    assert!(store.is_new().await.unwrap());
    assert_eq!(store.meta(MetaKey::Setup).await, Ok(None));
    store.set_meta(MetaKey::Setup, Some(vec![1])).await.unwrap();
    store.set_meta(MetaKey::Setup, Some(vec![2])).await.unwrap();
    assert_eq!(store.meta(MetaKey::Setup).await, Ok(Some(vec![2])));
    assert_eq!(store.meta(MetaKey::Incarnation).await, Ok(None));
    store.set_meta(MetaKey::Setup, None).await.unwrap();
    assert_eq!(store.meta(MetaKey::Setup).await, Ok(None));
    let nobody = Person::new(1, Role::Client);
    assert!(store.account(nobody.account).await.unwrap().is_none());
    assert!(store.vault(nobody.account).await.unwrap().is_none());
    assert!(store.space(SPACE).await.unwrap().is_none());
    assert_eq!(store.put_card(nobody.card, Version(1)).await, Ok(Swap::Lost));
}

async fn pages_are_bounded(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    assert!(!world.store.is_new().await.unwrap());
    let client = world.client.clone();
    for id in 0..150 {
        let record = client.content(&world.state, id, &[7; 1000]);
        world.add(&client, &record).await;
    }
    let page = world.store.page(SPACE, Seq(2), 100, 1 << 20).await.unwrap();
    assert_eq!(page.iter().map(|r| r.seq.0).collect::<Vec<_>>(), (3..=102).collect::<Vec<_>>());
    let small = world.store.page(SPACE, Seq(2), 100, 5000).await.unwrap();
    assert!(!small.is_empty() && small.iter().map(PageRow::size).sum::<usize>() <= 5000);
    assert_eq!(world.store.page(SPACE, Seq(2), 100, 0).await.unwrap().len(), 1, "at least one");
    assert_eq!(world.store.page(SPACE, Seq(152), 100, 1 << 20).await.unwrap(), []);
    assert_eq!(world.store.page(SPACE, Seq(u64::MAX), 100, 1 << 20).await.unwrap(), []);
    assert_eq!(world.store.page(SpaceId::ZERO, Seq::ZERO, 100, 1 << 20).await.unwrap(), []);
    let all = world.store.page(SPACE, Seq::ZERO, 200, 1 << 30).await.unwrap();
    let (head, era) = world.store.ground(SPACE, Seq(152)).await.unwrap().unwrap();
    let state = world.store.space(SPACE).await.unwrap().unwrap().state.clone();
    assert_eq!((head, Some(&era)), (state.head(), all.first()), "the head there, and the era in force");
    assert_eq!(world.store.ground(SPACE, Seq(153)).await.unwrap(), None);
    assert_eq!(world.store.ground(SPACE, Seq::ZERO).await.unwrap(), None);
    let row = &page[0];
    let stored = row.to_stored().unwrap();
    assert_eq!((stored.at, stored.record.header().space), (NOW, SPACE));
}

/// A judge that decides what can't be: the store refuses, and nothing is half done.
async fn what_does_not_fit_changes_nothing(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let client = &world.client;
    let before = world.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap();
    let mut state = world.state.clone();
    let good = client.content(&state, 1, b"good");
    let new = |record: &sotto_protocol::record::Record, seq: u64| NewRecord {
        seq: Seq(seq),
        at: NOW,
        head: record.head_after(world.state.head()),
        practice: PracticeId([1; 16]),
        record: Arc::new(record.clone()),
    };
    let twice = client.content(&state, 1, b"the same id");
    pass(&mut state, &good);
    let space = SpaceWrite { practice: PracticeId([1; 16]), founded: false, state: state.clone(), era: None };
    let missing = SpaceWrite { state: LogState::new(SpaceId([3; 16])), ..space.clone() };
    let taken = vec![new(&good, 2)];
    let doubled = vec![new(&good, 3), new(&twice, 4)];
    for (records, space) in [(taken, space.clone()), (doubled, space), (vec![], missing)] {
        let writes = Writes { records, spaces: vec![space], ..Writes::default() };
        let result = world.store.append(&Needs::default(), &mut |_: &View| writes.clone()).await;
        assert!(matches!(result, Err(StoreError::Internal(_))), "{result:?}");
        assert_eq!(world.store.page(SPACE, Seq::ZERO, 100, 1 << 20).await.unwrap(), before);
        assert_eq!(world.store.space(SPACE).await.unwrap().unwrap().state, world.state);
    }
    world.store.append(&Needs::default(), &mut |_: &View| Writes::default()).await.unwrap();
    assert!(world.append(client, &good).await.is_ok());
}

async fn needs_are_answered(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let record = client.content(&world.state, 1, b"hello");
    let appended = world.add(&client, &record).await;
    let void = thera.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    world.add(&thera, &void).await;
    let key = RecordKey { space: SPACE, author: client.account, id: record.header().id };
    let needs = Needs {
        spaces: [SPACE, SpaceId([1; 16])].into(),
        accounts: [AccountId([77; 16])].into(),
        records: [key, RecordKey { author: thera.account, ..key }].into(),
        heads: [(SPACE, Seq(3)), (SPACE, Seq(1)), (SPACE, Seq(99)), (SpaceId([1; 16]), Seq(1))].into(),
        cards: [(client.account, Version(1)), (client.account, Version(2))].into(),
        era_makers: [(SPACE, thera.account), (SPACE, client.account)].into(),
        space_counts: [client.account, AccountId([77; 16])].into(),
    };
    let mut seen = View::default();
    world
        .store
        .append(&needs, &mut |view: &View| {
            seen = view.clone();
            Writes::default()
        })
        .await
        .unwrap();
    assert_eq!(seen.spaces.keys().copied().collect::<Vec<_>>(), [SPACE]);
    assert_eq!(seen.spaces[&SPACE].state, world.state);
    assert_eq!(seen.spaces[&SPACE].era_started, NOW);
    assert_eq!(
        seen.accounts.keys().copied().collect::<Vec<_>>(),
        [thera.account, client.account],
        "the members"
    );
    assert_eq!(seen.accounts[&client.account].role, Role::Client);
    assert_eq!(seen.accounts[&client.account].card.hash(), client.card.hash());
    let known = seen.records[&key];
    assert_eq!((known.seq, known.head, known.at), (appended.seq, appended.head, NOW));
    assert_eq!((known.kind, known.payload_hash), (record.header().kind, record.header().payload_hash));
    assert_eq!(seen.records.len(), 1);
    assert_eq!(seen.heads.keys().copied().collect::<Vec<_>>(), [(SPACE, Seq(1)), (SPACE, Seq(3))]);
    assert_eq!(seen.heads[&(SPACE, Seq(3))], appended.head);
    let pin = seen.cards[&(client.account, Version(1))];
    assert_eq!((pin.hash, pin.identity), (client.card.hash(), client.card.card().identity));
    assert_eq!(seen.cards.len(), 1);
    assert_eq!(seen.era_makes, BTreeMap::from([((SPACE, thera.account), NOW)]));
    assert_eq!(seen.space_counts.get(&client.account), Some(&1));
}

async fn spaces_are_listed(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let mut own = LogState::new(SpaceId([0x10; 16]));
    let founding = client.record(Draft::era(&own, Cause::Founding, &[&client]));
    world.append(&client, &founding).await.unwrap();
    pass(&mut own, &founding);
    let heads = world.store.spaces_of(client.account).await.unwrap();
    let expected = |state: &LogState| SpaceHead {
        space: state.space(),
        seq: state.seq(),
        head: state.head(),
        era: state.era().map_or(EraId::ZERO, |e| e.id),
    };
    assert_eq!(heads, [expected(&own), expected(&world.state)]);
    assert_eq!(world.store.spaces_of(thera.account).await.unwrap(), [expected(&world.state)]);
    assert_eq!(world.store.spaces_after(None, 1).await.unwrap(), [own.space()]);
    assert_eq!(world.store.spaces_after(Some(own.space()), 9).await.unwrap(), [SPACE]);
    let both = BTreeSet::from([client.account, thera.account]);
    assert_eq!(world.store.sharing_with(thera.account).await.unwrap(), both);
    let era = client.record(Draft::era(&world.state, Cause::Membership, &[&client]));
    world.add(&client, &era).await;
    assert_eq!(world.store.sharing_with(thera.account).await.unwrap(), BTreeSet::from([thera.account]));
    assert!(world.store.spaces_of(thera.account).await.unwrap().is_empty());
}

async fn credentials_change_whole_or_not_at_all(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let mut client = world.client.clone();
    let account = client.account;
    let before = world.store.signed_in(account).await.unwrap().unwrap();
    let (opaque, inner) = (OpaqueMessage::new(vec![8; 20]).unwrap(), SealedInner::new(vec![9; 20]).unwrap());
    let sealed = SealedVault::new(vec![7; 10]).unwrap();
    let write = CredentialsWrite {
        account,
        version: Version(2),
        credentials: client.credentials(&opaque, &inner),
        opaque: Some(opaque.clone()),
        inner: Some(inner.clone()),
        card: Some(client.add_device(1)),
        vault: Some(VaultRow { revision: Revision(2), sealed: sealed.clone(), at: NOW }),
        keep_since: Millis::ZERO,
        forget_factors: true,
    };
    for row in [factor(&client, 1, 9), factor(&world.thera, 1, 9)] {
        assert_eq!(world.store.put_factor(row, 1).await, Ok(true));
    }
    let late = |change: &dyn Fn(&mut CredentialsWrite)| {
        let mut write = write.clone();
        change(&mut write);
        write
    };
    let misfits = [
        late(&|w| w.version = Version(3)),
        late(&|w| w.card = Some(client.clone().add_device(2))),
        late(&|w| w.vault.as_mut().unwrap().revision = Revision(3)),
        late(&|w| w.account = AccountId([0xEE; 16])),
    ];
    for write in &misfits {
        assert_eq!(world.store.change_credentials(write).await, Ok(Swap::Lost));
    }
    assert_eq!(world.store.factors(account).await.unwrap().len(), 1);
    let same = world.store.signed_in(account).await.unwrap().unwrap();
    assert_eq!((same.card.hash(), same.vault), (before.card.hash(), before.vault));
    assert_eq!((same.credentials, &same.inner), (before.credentials, &before.inner));
    assert_eq!(world.store.change_credentials(&write).await, Ok(Swap::Done));
    assert_eq!(world.store.change_credentials(&write).await, Ok(Swap::Lost), "once");
    assert_eq!(world.store.factors(account).await, Ok(vec![]));
    assert_eq!(world.store.factors(world.thera.account).await.unwrap().len(), 1);
    let after = world.store.signed_in(account).await.unwrap().unwrap();
    assert_eq!((after.card.hash(), after.vault.sealed), (client.card.hash(), sealed));
    assert_eq!((after.credentials, after.inner), (write.credentials.clone(), inner.clone()));
    let login = world.store.login(&Handle::parse("client").unwrap()).await.unwrap().unwrap();
    assert_eq!(login.opaque, opaque);
    assert_eq!(world.store.account(account).await.unwrap().unwrap().card.hash(), client.card.hash());
    // What is not named stays.
    let set =
        CredentialsWrite { version: Version(3), opaque: None, inner: None, card: None, vault: None, ..write };
    assert_eq!(world.store.change_credentials(&set).await, Ok(Swap::Done));
    let kept = world.store.signed_in(account).await.unwrap().unwrap();
    assert_eq!((kept.inner, kept.vault.revision, kept.card.hash()), (inner, Revision(2), client.card.hash()));
    let login = world.store.login(&Handle::parse("client").unwrap()).await.unwrap().unwrap();
    assert_eq!(login.opaque, opaque);
}

async fn vaults_are_kept_a_while(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let account = world.client.account;
    let sealed = |n: u8| SealedVault::new(vec![n; 10]).unwrap();
    let fits = |stored: Revision, base: Revision| stored == base;
    let day = 24 * 3600 * 1000;
    for n in 2..=5_u8 {
        let at = NOW.plus(u64::from(n) * day * 14);
        let vault = VaultRow { revision: Revision(n.into()), sealed: sealed(n), at };
        let since = Millis(at.0 - VAULT_KEPT_MS);
        let base = Revision(u64::from(n) - 1);
        assert_eq!(world.store.put_vault(account, vault.clone(), fits, base, since).await, Ok(Swap::Done));
        assert_eq!(world.store.put_vault(account, vault, fits, base, since).await, Ok(Swap::Lost));
    }
    // Revision 2 was replaced 28 days before the last, revision 1 earlier.
    let mut kept = Vec::new();
    for n in 1..=5 {
        kept.push(world.store.vault_at(account, Revision(n)).await.unwrap().is_some());
    }
    assert_eq!(kept, [false, true, true, true, true]);
    assert_eq!(world.store.vault(account).await.unwrap().map(|v| v.sealed), Some(sealed(5)));
    let handle = Handle::parse("client").unwrap();
    assert_eq!(world.store.login(&handle).await.unwrap().map(|row| row.account), Some(account));
    let row = world.store.signed_in(account).await.unwrap().unwrap();
    assert_eq!(
        (row.role, row.vault.revision, row.card.hash()),
        (Role::Client, Revision(5), world.client.card.hash())
    );
}

async fn invitations_are_counted(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let practice = world.store.account(world.thera.account).await.unwrap().unwrap().practice;
    let name = world.store.practice(practice).await.unwrap();
    assert_eq!(name.map(|n| n.as_str().to_owned()), Some("The practice".to_owned()));
    let row = |n: u8| InvitationRow {
        id: InvitationId([n; 16]),
        practice,
        inviter: world.thera.account,
        role: Role::Client,
        expires_at: NOW.plus(10),
        body: InvitationBody::new(vec![n; 30]).unwrap(),
        revoked: false,
        used_by: None,
        created_at: NOW,
    };
    let put = |row, max| world.store.put_invitation(row, max);
    assert_eq!(put(row(100), 2).await, Ok(InvitationPut::Stored), "the one used does not count");
    assert_eq!(put(row(100), 2).await, Ok(InvitationPut::Stored), "the same again");
    assert_eq!(put(InvitationRow { role: Role::FrontDesk, ..row(100) }, 2).await, Ok(InvitationPut::Taken));
    assert_eq!(put(row(101), 2).await, Ok(InvitationPut::Stored));
    assert_eq!(put(row(102), 2).await, Ok(InvitationPut::TooMany));
    assert_eq!(world.store.revoke_invitation(InvitationId([101; 16]), world.client.account).await, Ok(false));
    assert_eq!(world.store.revoke_invitation(InvitationId([101; 16]), world.thera.account).await, Ok(true));
    assert_eq!(put(row(102), 2).await, Ok(InvitationPut::Stored));
    assert_eq!(
        put(InvitationRow { created_at: NOW.plus(10), ..row(103) }, 1).await,
        Ok(InvitationPut::Stored),
        "expired"
    );
    let list = world.store.invitations(world.thera.account).await.unwrap();
    let ids: Vec<_> = list.iter().map(|row| row.id.0[0]).collect();
    assert_eq!(ids, [103, 9, 100, 101, 102], "newest first");
    assert_eq!(list[1].used_by, Some(world.client.account));
    assert_eq!(
        world.store.invitation(InvitationId([101; 16])).await.unwrap(),
        Some(InvitationRow { revoked: true, ..row(101) })
    );
    assert_eq!(world.store.invitation(InvitationId([1; 16])).await, Ok(None));
}

async fn cards_have_neighbours(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let mut client = world.client.clone();
    let account = client.account;
    let cards: Vec<_> = (1..=3).map(|n| client.add_device(n)).collect();
    assert_eq!(world.store.put_card(cards[2].clone(), Version(2)).await, Ok(Swap::Lost));
    assert_eq!(world.store.put_card(cards[2].clone(), Version(1)).await, Ok(Swap::Done));
    assert_eq!(world.store.put_card(cards[0].clone(), Version(4)).await, Ok(Swap::Done));
    assert_eq!(world.store.put_card(cards[0].clone(), Version(4)).await, Ok(Swap::Lost));
    let (before, after) = world.store.cards_around(account, Version(3)).await.unwrap();
    let versions = (before.map(|c| c.card().version), after.map(|c| c.card().version));
    assert_eq!(versions, (Some(Version(2)), Some(Version(4))));
    let view = world.store.account(account).await.unwrap().unwrap();
    assert_eq!(view.card.card().version, Version(4));
    assert!(world.store.card(account, Some(Version(3))).await.unwrap().is_none());
    let roster = world.thera.roster(view.practice, 3);
    assert_eq!(world.store.put_roster(view.practice, Version(3), roster.clone()).await, Ok(Swap::Done));
    assert_eq!(world.store.put_roster(view.practice, Version(3), roster.clone()).await, Ok(Swap::Lost));
    assert_eq!(world.store.roster(view.practice).await, Ok(Some(roster)));
    assert_eq!(world.store.roster(PracticeId([9; 16])).await, Ok(None));
}

/// Batches that overlap in their spaces, from several tasks: dense numbers, no record lost, none twice.
async fn appends_at_once_get_one_order(fresh: Fresh<'_>) {
    let mut world = World::on(fresh().await).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    let mut other = LogState::new(SpaceId([0x52; 16]));
    let id = InvitationId([21; 16]);
    world.invite(id).await.unwrap();
    let second = Person::new(3, Role::Client);
    world.account(&second.join(&thera, other.space(), id, "second", upload())).await;
    for record in second.found_with(&thera, other.space(), id) {
        pass(&mut other, &record);
    }
    let world = &world;
    let (first, other) = (&world.state, &other);
    let batches = (0..8_u64).map(|n| {
        let (thera, client) = (thera.clone(), client.clone());
        async move {
            let mut batch = Vec::new();
            for i in 0..6 {
                let (state, who) = if (n + i) % 2 == 0 { (other, &thera) } else { (first, &client) };
                let record = who.content(state, n * 100 + i, b"at once");
                batch.push(world.service.prepare(speaker(who, 0), record).await.unwrap());
            }
            let outcome = world.service.append_batch(&batch, NOW).await;
            outcome.results.into_iter().map(|r| r.unwrap().seq).collect::<Vec<_>>()
        }
    });
    let results = futures_util::future::join_all(batches).await;
    assert_eq!(results.iter().map(Vec::len).sum::<usize>(), 48);
    for space in [SPACE, other.space()] {
        let page = world.store.page(space, Seq(2), 100, 1 << 20).await.unwrap();
        assert_eq!(page.iter().map(|row| row.seq.0).collect::<Vec<_>>(), (3..=26).collect::<Vec<_>>());
        let mut state = if space == SPACE { first.clone() } else { other.clone() };
        for row in &page {
            pass(&mut state, &row.to_stored().unwrap().record);
        }
        assert_eq!(world.store.space(space).await.unwrap().unwrap().state, state);
    }
}

async fn cursors_are_kept(store: &dyn Store) {
    let (device, space) = (DeviceId([1; 16]), SpaceId([2; 16]));
    assert_eq!(store.cursor(device, space).await, Ok(None));
    let other = SpaceId([3; 16]);
    store.put_cursors(&[(device, space, Seq(5)), (device, other, Seq(6))]).await.unwrap();
    store.put_cursors(&[(device, space, Seq(7))]).await.unwrap();
    assert_eq!(store.cursor(device, space).await, Ok(Some(Seq(7))));
    assert_eq!(store.cursor(device, other).await, Ok(Some(Seq(6))));
}

async fn addresses_for_notices_are_kept_with_their_devices(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let (store, mut client, thera) = (&world.store, world.client.clone(), &world.thera);
    let card = client.add_device(1);
    assert_eq!(store.put_card(card, Version(1)).await, Ok(Swap::Done));
    let row = |who: &Person, device: u8, n: u8| PushRow {
        device: who.device(device),
        account: who.account,
        endpoint: PushEndpoint::new(format!("https://push.example/{n}")).unwrap(),
    };
    let both = BTreeSet::from([client.account, thera.account]);
    let all = || async { store.push_endpoints(&both).await.unwrap() };
    assert_eq!(all().await, []);
    for (who, device, n) in [(&client, 0, 1), (&client, 1, 2), (thera, 0, 3)] {
        assert_eq!(store.put_push(row(who, device, n), NOW).await, Ok(true));
    }
    assert_eq!(store.put_push(row(&client, 7, 9), NOW).await, Ok(false), "no device of hers");
    assert_eq!(store.put_push(row(&Person::new(9, Role::Client), 0, 9), NOW).await, Ok(false), "nobody");
    assert_eq!(all().await, [row(thera, 0, 3), row(&client, 0, 1), row(&client, 1, 2)]);
    let one = BTreeSet::from([thera.account]);
    assert_eq!(store.push_endpoints(&one).await.unwrap(), [row(thera, 0, 3)]);
    // At most one a device, and the same address not for two.
    assert_eq!(store.put_push(row(&client, 0, 4), NOW).await, Ok(true));
    assert_eq!(store.put_push(row(&client, 1, 3), NOW).await, Ok(true));
    assert_eq!(all().await, [row(&client, 0, 4), row(&client, 1, 3)]);
    // Forgotten only if it still is that one.
    let endpoint = |n| Some(row(&client, 0, n).endpoint);
    store.forget_push(client.account, client.device(0), endpoint(1)).await.unwrap();
    store.forget_push(thera.account, client.device(0), None).await.unwrap();
    assert_eq!(all().await.len(), 2);
    store.forget_push(client.account, client.device(0), endpoint(4)).await.unwrap();
    assert_eq!(all().await, [row(&client, 1, 3)]);
    store.forget_push(client.account, client.device(1), None).await.unwrap();
    assert_eq!(all().await, []);
    // With the device goes its address, and it can't come back.
    assert_eq!(store.put_push(row(&client, 0, 5), NOW).await, Ok(true));
    assert_eq!(store.put_push(row(&client, 1, 6), NOW).await, Ok(true));
    let card = client.remove_device(1);
    assert_eq!(store.put_card(card, Version(2)).await, Ok(Swap::Done));
    assert_eq!(all().await, [row(&client, 0, 5)]);
    assert_eq!(store.put_push(row(&client, 1, 6), NOW).await, Ok(false));
}

async fn of_a_device_only_the_week_is_kept_and_it_goes_with_the_device(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let (store, mut client, thera) = (&world.store, world.client.clone(), &world.thera);
    assert_eq!(store.put_card(client.add_device(1), Version(1)).await, Ok(Swap::Done));
    assert_eq!(store.device_weeks(client.account).await, Ok(vec![]));
    for (who, device, week) in [(&client, 0, 8), (&client, 1, 9), (thera, 0, 7), (&client, 0, 10)] {
        store.put_device_week(who.account, who.device(device), Week(week)).await.unwrap();
    }
    let noted = |device: u8, week: u64| DeviceWeek { device: client.device(device), week: Week(week) };
    assert_eq!(store.device_weeks(client.account).await, Ok(vec![noted(0, 10), noted(1, 9)]));
    // Nothing of what is no device of hers, or is none any more.
    store.put_device_week(client.account, client.device(7), Week(10)).await.unwrap();
    let removed = client.clone().remove_device(1);
    assert_eq!(store.put_card(removed, Version(2)).await, Ok(Swap::Done));
    store.put_device_week(client.account, client.device(1), Week(11)).await.unwrap();
    assert_eq!(store.device_weeks(client.account).await, Ok(vec![noted(0, 10)]));
}

fn factor(of: &Person, id: u8, created_at: u64) -> FactorRow {
    let kind = if id == 1 { FactorKind::Totp } else { FactorKind::Passkey };
    let (account, id, sealed) = (of.account, FactorId([id; 16]), vec![id; 80]);
    FactorRow { account, id, kind, sealed, used: 5, created_at: Millis(created_at) }
}

async fn factors_are_used_once_and_go_when_they_are_told_to(fresh: Fresh<'_>) {
    let world = World::on(fresh().await).await;
    let (store, client, thera) = (&world.store, &world.client, &world.thera);
    let (first, second) = (factor(client, 2, 7), factor(client, 1, 9));
    let standing = |account| async move { store.factor_standing(account).await.unwrap() };
    let before = standing(client.account).await.unwrap();
    assert_eq!((before.since, before.has_factor), (None, false));
    assert_eq!(standing(AccountId([99; 16])).await, None);
    for row in [&second, &first] {
        assert_eq!(store.put_factor(row.clone(), 2).await, Ok(true));
    }
    // Again, one too many, of nobody.
    let again = FactorRow { sealed: vec![0], used: 0, ..first.clone() };
    assert_eq!(store.put_factor(again, 2).await, Ok(true));
    assert_eq!(store.put_factor(factor(client, 3, 9), 2).await, Ok(false));
    let nobody = FactorRow { account: AccountId([99; 16]), ..first.clone() };
    assert_eq!(store.put_factor(nobody, 2).await, Ok(false));
    assert_eq!(store.put_factor(factor(thera, 1, 9), 2).await, Ok(true));
    assert_eq!(store.factors(client.account).await, Ok(vec![first.clone(), second.clone()]));
    assert!(standing(client.account).await.unwrap().has_factor);

    for (used, swap) in [(5, Swap::Lost), (6, Swap::Done), (6, Swap::Lost), (4, Swap::Lost), (9, Swap::Done)]
    {
        assert_eq!(store.use_factor(client.account, first.id, used).await, Ok(swap), "{used}");
    }
    assert_eq!(store.use_factor(thera.account, first.id, 99).await, Ok(Swap::Lost));
    store.remove_factor(client.account, second.id).await.unwrap();
    store.remove_factor(client.account, second.id).await.unwrap();
    assert_eq!(store.factors(client.account).await, Ok(vec![FactorRow { used: 9, ..first }]));
    assert_eq!(store.factors(thera.account).await.unwrap().len(), 1);

    let practice = store.account(thera.account).await.unwrap().unwrap().practice;
    for (set, kept) in [(Some(3), Some(3)), (Some(8), Some(3)), (None, None), (Some(9), Some(9))] {
        store.set_factors_since(practice, set.map(Millis)).await.unwrap();
        assert_eq!(standing(client.account).await.unwrap().since, kept.map(Millis));
    }
}

/// A practice with something in every table.
async fn everything(store: Arc<dyn Store>) -> World {
    let mut world = World::on(store).await;
    let (client, thera) = (world.client.clone(), world.thera.clone());
    for id in 0..12 {
        let record = client.content(&world.state, id, b"hello");
        world.now = NOW.plus(id);
        world.add(&client, &record).await;
    }
    let void = thera.record(Draft::era(&world.state, Cause::Void, &[&client, &thera]));
    world.add(&thera, &void).await;
    world.store.put_cursors(&[(client.device(0), SPACE, Seq(3))]).await.unwrap();
    let practice = world.store.account(thera.account).await.unwrap().unwrap().practice;
    world.store.put_roster(practice, Version(1), thera.roster(practice, 1)).await.unwrap();
    let endpoint = PushEndpoint::new("https://push.example/secret").unwrap();
    let row = PushRow { device: client.device(0), account: client.account, endpoint };
    assert_eq!(world.store.put_push(row, NOW).await, Ok(true));
    world.store.put_device_week(client.account, client.device(0), Week(2941)).await.unwrap();
    assert_eq!(world.store.put_factor(factor(&client, 1, 9), 1).await, Ok(true));
    world.store.set_factors_since(practice, Some(NOW)).await.unwrap();
    world
}

/// The same cells from every store; only the stored state of a space is none but a database's.
async fn an_owner_sees_her_practice(fresh: Fresh<'_>) {
    let world = everything(fresh().await).await;
    let reference = everything(memory()).await;
    let practice = world.store.account(world.thera.account).await.unwrap().unwrap().practice;
    let people = world.store.people(practice, 10).await.unwrap();
    assert_eq!(people, reference.store.people(practice, 10).await.unwrap());
    let listed: Vec<_> = people.iter().map(|p| (p.handle.as_str(), p.role, p.since)).collect();
    assert_eq!(listed, [("thera", Role::OwnerTherapist, NOW), ("client", Role::Client, NOW)]);
    assert_eq!(world.store.people(practice, 1).await.unwrap(), people[..1]);
    let (seen, expected) =
        (world.store.glance(practice, 5).await.unwrap(), reference.store.glance(practice, 5).await.unwrap());
    assert_eq!(seen.len(), glance::SHAPES.len());
    for (table, reference) in seen.iter().zip(&expected) {
        let name = table.shape.name;
        assert_eq!((name, table.count), (reference.shape.name, reference.count));
        assert!(
            table.count > 0 && table.rows.len() == usize::try_from(table.count.min(5)).unwrap(),
            "{name}"
        );
        for (row, reference) in table.rows.iter().zip(&reference.rows) {
            assert_eq!(row.len(), table.shape.columns.len(), "{name}");
            for ((cell, reference), (column, _)) in row.iter().zip(reference).zip(table.shape.columns) {
                assert!(cell == reference || *column == "state", "{name}.{column}: {cell:?} {reference:?}");
            }
        }
    }
    let records = seen.iter().find(|table| table.shape.name == "records").unwrap();
    let newest: Vec<_> = records.rows.iter().map(|row| row[1].clone()).collect();
    assert_eq!(newest, (11..=15).rev().map(glance::Cell::Number).collect::<Vec<_>>());
    // Another practice has nothing here.
    let other = PracticeId([0xEE; 16]);
    assert_eq!(world.store.people(other, 10).await.unwrap(), []);
    for table in world.store.glance(other, 5).await.unwrap() {
        assert_eq!((table.count, table.rows.len()), (0, 0), "{}", table.shape.name);
    }
}

/// A table or column that is added must be shown as well: "everything the server can see" is said of it.
#[tokio::test]
async fn every_table_of_a_practice_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::create(&Location::Sqlite(directory.path().join("all.db"))).await.unwrap();
    let schema = crate::db::schema::Schema::read(&mut db.read().await.unwrap()).await.unwrap();
    let columns = |table: &crate::db::schema::Table| table.columns.keys().cloned().collect::<BTreeSet<_>>();
    let mut stored: BTreeMap<_, _> =
        schema.tables.iter().map(|(name, t)| (name.clone(), columns(t))).collect();
    // Facts about the server itself.
    assert!(stored.remove("meta").is_some() && stored.remove("_sqlx_migrations").is_some());
    let shown = |shape: &glance::Shape| {
        (shape.name.to_owned(), shape.columns.iter().map(|(name, _)| (*name).to_owned()).collect())
    };
    assert_eq!(stored, glance::SHAPES.iter().map(shown).collect());
}

#[test]
fn a_stored_state_is_opened_by_every_later_version() {
    let (client, thera) = (Person::new(2, Role::Client), Person::new(1, Role::OwnerTherapist));
    let mut state = LogState::new(SPACE);
    for record in client.found_with(&thera, SPACE, InvitationId([9; 16])) {
        pass(&mut state, &record);
    }
    let bytes = sql::state_bytes(&state);
    assert_eq!(sql::state_from_bytes(&bytes, state.seq(), state.head()).unwrap(), state);
    let golden = include_str!("golden/log-state-1.hex");
    assert_eq!(sotto_protocol::codec::hex(&bytes), golden.trim(), "a new form gets a new version byte");
    let golden = sotto_protocol::codec::unhex(golden.trim()).unwrap();
    assert_eq!(sql::state_from_bytes(&golden, state.seq(), state.head()).unwrap(), state);
    for bad in [&[][..], &[2], &golden[..golden.len() - 1], &[&golden[..], &[0]].concat()] {
        assert!(sql::state_from_bytes(bad, Seq(1), state.head()).is_err());
    }
}
