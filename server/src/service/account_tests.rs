//! Sign-in over HTTP: what is answered, how long it takes, how often it may be tried.

use super::tests::{HERE, SPACE, TOKEN, World, upload};
use super::*;
use crate::fixture::Person;
use crate::rng::Legacy;
use crate::store::MemoryStore;
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse,
};
use sotto_protocol::account::{AccountAnswer, AccountRequest, Ticket, Token};
use sotto_protocol::codec::Text;
use sotto_protocol::credentials::OpaqueMessage;
use sotto_protocol::frame::DeviceWeek;
use sotto_protocol::ids::{Handle, Hash, Week};
use sotto_protocol::opaque::{CONTEXT, SERVER_IDENTIFIER, Suite};
use sotto_protocol::roster::Role;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

fn message(bytes: &[u8]) -> OpaqueMessage {
    OpaqueMessage::new(bytes.to_vec()).unwrap()
}

fn identifiers(handle: &Handle) -> Identifiers<'_> {
    Identifiers { client: Some(handle.as_str().as_bytes()), server: Some(SERVER_IDENTIFIER) }
}

/// A practice whose owner has really chosen a password.
pub(super) async fn practice(password: &[u8]) -> World {
    let mut world = World::empty(Arc::new(MemoryStore::default())).await;
    let handle = Handle::parse("thera").unwrap();
    let start = ClientRegistration::<Suite>::start(&mut Legacy(&mut world.rng), password).unwrap();
    let ticket = Ticket::Setup {
        token: TOKEN,
        practice: Text::new("The practice").unwrap(),
        role: Role::OwnerTherapist,
    };
    let opaque = message(&start.message.serialize());
    let request = AccountRequest::RegisterStart { ticket, handle: handle.clone(), opaque };
    let AccountAnswer::RegisterContinue { opaque } = world.account(&request).await else {
        panic!("continue")
    };
    let response = RegistrationResponse::deserialize(opaque.as_slice()).unwrap();
    let parameters = ClientRegistrationFinishParameters::new(identifiers(&handle), None);
    let done = start.state.finish(&mut Legacy(&mut world.rng), password, response, parameters).unwrap();
    let request = world.thera.setup(TOKEN, "thera", message(&done.message.serialize()));
    assert!(matches!(world.account(&request).await, AccountAnswer::Registered { .. }));
    world
}

/// Both steps of signing in; the second with a wrong KE3 when the client sees that the password is wrong.
pub(super) async fn sign_in(
    world: &mut World,
    handle: &str,
    password: &[u8],
    from: IpAddr,
) -> (AccountAnswer, Option<AccountAnswer>) {
    let handle = Handle::parse(handle).unwrap();
    let client = ClientLogin::<Suite>::start(&mut Legacy(&mut world.rng), password).unwrap();
    let request =
        AccountRequest::LoginStart { handle: handle.clone(), opaque: message(&client.message.serialize()) };
    let first = world.account_from(&request, from).await;
    let AccountAnswer::LoginContinue { opaque, state } = &first else { return (first, None) };
    let response = CredentialResponse::deserialize(opaque.as_slice()).unwrap();
    let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), identifiers(&handle), None);
    let finished = client.state.finish(&mut Legacy(&mut world.rng), password, response, parameters);
    let ke3 = finished.map_or(vec![0; 64], |f| f.message.serialize().to_vec());
    let request = AccountRequest::LoginFinish { state: state.clone(), opaque: message(&ke3) };
    let second = world.account_from(&request, from).await;
    (first, Some(second))
}

fn failed() -> AccountAnswer {
    AccountAnswer::Error { code: ErrorCode::SignInFailed, retry_after_ms: None }
}

fn add(token: &Token, card: &sotto_protocol::card::VerifiedCard) -> AccountRequest {
    AccountRequest::DeviceAdd { token: token.clone(), card: card.signed().clone(), wakes: None }
}

#[tokio::test]
async fn the_right_password_admits_one_more_device() {
    let mut world = practice(b"open sesame").await;
    let (_, second) = sign_in(&mut world, "thera", b"open sesame", HERE).await;
    let Some(AccountAnswer::LoggedIn { token, card, role, vault_revision, .. }) = second else {
        panic!("{second:?}")
    };
    assert_eq!((role, vault_revision.0, &card), (Role::OwnerTherapist, 1, world.thera.card.signed()));
    let mut thera = world.thera.clone();
    let next = thera.add_device(1);
    let skipped = thera.clone().add_device(2);
    let other = Person::new(9, Role::Client).card;
    for (card, code) in [(&skipped, ErrorCode::StaleCard), (&other, ErrorCode::TokenInvalid)] {
        let answer = world.account(&add(&token, card)).await;
        assert_eq!(answer, AccountAnswer::Error { code, retry_after_ms: None });
    }
    assert_eq!(world.account(&add(&token, &next)).await, AccountAnswer::Done);
    assert_eq!(world.account(&add(&token, &next)).await, AccountAnswer::Done, "again");
    world.now = world.now.plus(sotto_protocol::limits::LOGIN_MS_MAX);
    let late = AccountAnswer::Error { code: ErrorCode::TokenInvalid, retry_after_ms: None };
    assert_eq!(world.account(&add(&token, &next)).await, late);
    let invented = Token::new(vec![1; 80]).unwrap();
    assert_eq!(world.account(&add(&invented, &next)).await, late);
}

#[tokio::test]
async fn the_right_password_wakes_an_idle_device_and_no_other() {
    let mut world = practice(b"open sesame").await;
    let thera = world.thera.clone();
    let long_ago = Week(Week::of(world.now).0 - 20);
    world.store.put_device_week(thera.account, thera.device(0), long_ago).await.unwrap();
    let (_, second) = sign_in(&mut world, "thera", b"open sesame", HERE).await;
    let Some(AccountAnswer::LoggedIn { token, card, weeks: told, now, .. }) = second else {
        panic!("{second:?}")
    };
    assert_eq!((told, now), (vec![DeviceWeek { device: thera.device(0), week: long_ago }], world.now));
    let wake =
        |device| AccountRequest::DeviceAdd { token: token.clone(), card: card.clone(), wakes: Some(device) };
    let refused = AccountAnswer::Error { code: ErrorCode::DeviceNotListed, retry_after_ms: None };
    assert_eq!(world.account(&wake(thera.device(7))).await, refused);
    assert_eq!(world.account(&wake(thera.device(0))).await, AccountAnswer::Done);
    let awake = DeviceWeek { device: thera.device(0), week: Week::of(world.now) };
    assert_eq!(world.store.device_weeks(thera.account).await, Ok(vec![awake]));
}

#[tokio::test]
async fn an_unknown_handle_is_answered_like_a_wrong_password() {
    let mut world = practice(b"open sesame").await;
    let known = sign_in(&mut world, "thera", b"open barley", HERE).await;
    let unknown = sign_in(&mut world, "nobody.here", b"open barley", HERE).await;
    let size = |answer: &AccountAnswer| match answer {
        AccountAnswer::LoginContinue { opaque, state } => (opaque.len(), state.len()),
        other => panic!("{other:?}"),
    };
    let (known_size, unknown_size) = (size(&known.0), size(&unknown.0));
    assert_eq!(known_size.0, unknown_size.0);
    // The sealed state carries the handle that the client gave.
    assert_eq!(unknown_size.1 - known_size.1, "nobody.here".len() - "thera".len());
    assert_eq!((known.1, unknown.1), (Some(failed()), Some(failed())));
}

/// Compares medians of many tries, taken in turns; far apart would be twice as long.
#[tokio::test]
async fn an_unknown_handle_takes_as_long_as_a_known_one() {
    let mut world = practice(b"open sesame").await;
    let ke1 = ClientLogin::<Suite>::start(&mut Legacy(&mut world.rng), b"x").unwrap().message;
    let mut times: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    for round in 0..60_u8 {
        for (handle, times) in ["thera", "dhera"].iter().zip(&mut times) {
            let handle = Handle::parse(handle).unwrap();
            let request = AccountRequest::LoginStart { handle, opaque: message(&ke1.serialize()) };
            #[expect(clippy::disallowed_methods, reason = "measures")]
            let started = std::time::Instant::now();
            let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, round));
            let answer = world.account_from(&request, from).await;
            times.push(started.elapsed());
            assert!(matches!(answer, AccountAnswer::LoginContinue { .. }));
        }
    }
    for times in &mut times {
        times.sort();
    }
    let [known, unknown] = times.map(|t| t[t.len() / 2].as_secs_f64());
    assert!((0.6..1.6).contains(&(known / unknown)), "known {known}, unknown {unknown}");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_locks_nobody_out() {
    let mut world = practice(b"open sesame").await;
    let there = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    let mut refused = 0;
    for _ in 0..20 {
        let (first, second) = sign_in(&mut world, "thera", b"guess", there).await;
        match first {
            AccountAnswer::Error { code: ErrorCode::Throttled, retry_after_ms: Some(wait) } => {
                assert!(wait > 0);
                refused += 1;
            }
            _ => assert_eq!(second, Some(failed())),
        }
    }
    assert_eq!(refused, 14, "five failures cost nothing");
    let (_, second) = sign_in(&mut world, "thera", b"open sesame", HERE).await;
    assert!(matches!(second, Some(AccountAnswer::LoggedIn { .. })), "she herself is elsewhere");
    world.now = world.now.plus(1000);
    let (first, _) = sign_in(&mut world, "thera", b"guess", there).await;
    assert!(matches!(first, AccountAnswer::LoginContinue { .. }), "after a while one more");
    let (first, _) = sign_in(&mut world, "thera", b"guess", there).await;
    assert!(
        matches!(first, AccountAnswer::Error { retry_after_ms: Some(2000), .. }),
        "then later: {first:?}"
    );
    // Unknown handles are slowed down just the same.
    for _ in 0..6 {
        sign_in(&mut world, "nobody", b"guess", HERE).await;
    }
    let (first, _) = sign_in(&mut world, "nobody", b"guess", HERE).await;
    assert!(matches!(first, AccountAnswer::Error { code: ErrorCode::Throttled, .. }));
}

#[tokio::test]
async fn a_set_up_link_says_whether_it_works_and_no_more() {
    let mut world = World::empty(Arc::new(MemoryStore::default())).await;
    let refused = AccountAnswer::Error { code: ErrorCode::SetupRefused, retry_after_ms: None };
    let open = |token| AccountRequest::SetupOpen { token };
    let mut near = TOKEN;
    near.0[31] ^= 1;
    assert_eq!(world.account(&open(near)).await, refused);
    assert_eq!(world.account(&open(TOKEN)).await, AccountAnswer::Done);
    assert_eq!(world.account(&open(TOKEN)).await, AccountAnswer::Done, "asking uses nothing up");
    let setup = world.thera.setup(TOKEN, "thera", upload());
    assert!(matches!(world.account(&setup).await, AccountAnswer::Registered { .. }));
    assert_eq!(world.account(&open(TOKEN)).await, refused, "a used one is like a made-up one");
}

#[tokio::test]
async fn wrong_tickets_and_wrong_bytes_change_nothing() {
    let mut world = practice(b"open sesame").await;
    let practice = Text::new("Another").unwrap();
    let start = ClientRegistration::<Suite>::start(&mut Legacy(&mut world.rng), b"x").unwrap();
    let opaque = message(&start.message.serialize());
    let handle = Handle::parse("second").unwrap();
    for ticket in [
        Ticket::Setup { token: TOKEN, practice: practice.clone(), role: Role::Owner },
        Ticket::Setup { token: Hash([1; 32]), practice, role: Role::Client },
        Ticket::Invitation { id: sotto_protocol::ids::InvitationId([1; 16]) },
    ] {
        let request =
            AccountRequest::RegisterStart { ticket, handle: handle.clone(), opaque: opaque.clone() };
        assert!(matches!(world.account(&request).await, AccountAnswer::Error { .. }));
    }
    let whole = world.thera.setup(TOKEN, "thera", upload()).to_bytes();
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        for bytes in [&whole[..at], &changed] {
            let outcome =
                world.service.handle_account(&world.entrance, bytes, HERE, world.now, &mut world.rng).await;
            let body = outcome.response.body;
            let same = matches!(body, AccountAnswer::Registered { .. } | AccountAnswer::Error { .. });
            assert!(same, "{body:?}");
        }
    }
    assert!(world.store.space(SPACE).await.unwrap().is_none());
}
