//! Second factors: asked for after the password, used once, set up by showing that they work, and asked of staff.

use super::account_tests::{practice, sign_in};
use super::tests::{HERE, World, speaker};
use super::*;
use crate::factor::{FactorError, totp_step};
use crate::store::{FactorRow, MemoryStore};
use sotto_protocol::account::{AccountAnswer, AccountRequest, Token};
use sotto_protocol::factor::{
    FactorCode, FactorKind, FactorProof, FactorState, FactorSummary, NewFactor, TotpSecret, WebauthnJson,
};
use sotto_protocol::ids::{FactorId, Millis};
use sotto_protocol::limits::{FACTOR_GRACE_MS, FACTORS_MAX, LOGIN_MS_MAX};
use sotto_protocol::roster::Role;
use std::net::{IpAddr, Ipv4Addr};
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;
use webauthn_rs::prelude::{CreationChallengeResponse, RequestChallengeResponse, Url};

const PASSWORD: &[u8] = b"open sesame";

/// RFC 6238, appendix B: the key, and with eight digits the codes of SHA-1; six digits are their last six.
const KEY: &[u8] = b"12345678901234567890";
const CODES: [(u64, &str); 6] = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
];

fn key() -> TotpSecret {
    TotpSecret::new(KEY.to_vec()).unwrap()
}

fn code(text: &str) -> FactorCode {
    FactorCode::new(text).unwrap()
}

fn error(code: ErrorCode) -> AccountAnswer {
    AccountAnswer::Error { code, retry_after_ms: None }
}

/// What the app shows `steps` from now.
fn shows(world: &World, steps: i64) -> FactorCode {
    let totp = totp_rs::Builder::new().with_secret(KEY.to_vec()).build().unwrap();
    let at = world.now.0 / 1000;
    code(&totp.generate(at.checked_add_signed(steps * 30).unwrap()).to_string())
}

async fn token(world: &mut World) -> Token {
    match sign_in(world, "thera", PASSWORD, HERE).await.1 {
        Some(AccountAnswer::LoggedIn { token, .. }) => token,
        other => panic!("{other:?}"),
    }
}

async fn needed(world: &mut World) -> (FactorState, bool, Option<WebauthnJson>) {
    match sign_in(world, "thera", PASSWORD, HERE).await.1 {
        Some(AccountAnswer::FactorNeeded { state, totp, passkey }) => (state, totp, passkey),
        other => panic!("{other:?}"),
    }
}

async fn add_totp(world: &mut World, token: &Token, code: FactorCode) -> AccountAnswer {
    let factor = NewFactor::Totp { secret: key(), code };
    world.account(&AccountRequest::FactorAdd { token: token.clone(), factor }).await
}

async fn show(world: &mut World, state: &FactorState, code: FactorCode) -> AccountAnswer {
    let proof = FactorProof::Totp { code };
    world.account(&AccountRequest::FactorFinish { state: state.clone(), proof }).await
}

fn factors(answer: &AccountAnswer) -> &[FactorSummary] {
    let AccountAnswer::Factors { factors } = answer else { panic!("{answer:?}") };
    factors
}

#[test]
fn codes_are_those_of_the_rfc_one_step_early_or_late() {
    for (second, shown) in CODES {
        let at = Millis(second * 1000);
        let step = second / 30;
        assert_eq!(totp_step(&key(), &code(shown), at), Ok(step));
        for (later, fits) in [(0, true), (30_000, true), (60_000, false)] {
            assert_eq!(totp_step(&key(), &code(shown), at.plus(later)).is_ok(), fits, "{second} {later}");
        }
        assert_eq!(totp_step(&key(), &code(shown), Millis(at.0 - 30_000)), Ok(step), "early");
    }
    let at = Millis(59_000);
    assert_eq!(totp_step(&key(), &code("287 082"), at), Ok(1), "as apps write it");
    for wrong in ["287083", "28708", "2870820", "", "28708x", "94287082"] {
        assert_eq!(totp_step(&key(), &code(wrong), at), Err(FactorError::Wrong), "{wrong}");
    }
    let short = TotpSecret::new(vec![1; 15]).unwrap();
    assert_eq!(totp_step(&short, &code("287082"), at), Err(FactorError::Malformed));
}

#[tokio::test]
async fn a_password_alone_opens_nothing_once_there_is_a_factor_and_a_code_works_once() {
    let mut world = practice(PASSWORD).await;
    let admitted = token(&mut world).await;
    let wrong = shows(&world, 7);
    assert_eq!(add_totp(&mut world, &admitted, wrong).await, error(ErrorCode::FactorRefused));
    assert_eq!(world.store.factors(world.thera.account).await, Ok(vec![]));
    let shown = shows(&world, 0);
    let first = add_totp(&mut world, &admitted, shown.clone()).await;
    assert_eq!(factors(&first).len(), 1);
    assert_eq!(factors(&first)[0].kind, FactorKind::Totp);
    assert_eq!(add_totp(&mut world, &admitted, shown.clone()).await, first, "again");

    let (state, totp, passkey) = needed(&mut world).await;
    assert_eq!((totp, passkey), (true, None));
    // The code that set it up was used.
    assert_eq!(show(&mut world, &state, shown).await, error(ErrorCode::FactorRefused));
    world.now = world.now.plus(30_000);
    let next = shows(&world, 0);
    let AccountAnswer::LoggedIn { factors: told, .. } = show(&mut world, &state, next.clone()).await else {
        panic!("logged in")
    };
    assert_eq!(told, factors(&first));
    assert_eq!(show(&mut world, &state, next.clone()).await, error(ErrorCode::FactorRefused), "once");
    let earlier = shows(&world, -1);
    assert_eq!(show(&mut world, &state, earlier).await, error(ErrorCode::FactorRefused), "older");

    // What goes out in between is nobody else's, and for nothing else.
    let mut bent = state.clone().into_vec();
    bent[40] ^= 1;
    let bent = FactorState::new(bent).unwrap();
    assert_eq!(show(&mut world, &bent, next.clone()).await, error(ErrorCode::TokenInvalid));
    world.now = world.now.plus(LOGIN_MS_MAX);
    assert_eq!(show(&mut world, &state, next).await, error(ErrorCode::TokenInvalid), "late");
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_like_guessing_passwords() {
    let mut world = practice(PASSWORD).await;
    let admitted = token(&mut world).await;
    let shown = shows(&world, 0);
    add_totp(&mut world, &admitted, shown).await;
    let there = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    let Some(AccountAnswer::FactorNeeded { state, .. }) =
        sign_in(&mut world, "thera", PASSWORD, there).await.1
    else {
        panic!("needed")
    };
    let proof = FactorProof::Totp { code: code("000000") };
    let guess = AccountRequest::FactorFinish { state, proof };
    let mut throttled = 0;
    for _ in 0..20 {
        match world.account_from(&guess, there).await {
            AccountAnswer::Error { code: ErrorCode::Throttled, retry_after_ms: Some(_) } => throttled += 1,
            other => assert_eq!(other, error(ErrorCode::FactorRefused)),
        }
    }
    assert_eq!(throttled, 15, "the password was counted, and five codes");
    world.now = world.now.plus(30_000);
    let (state, ..) = needed(&mut world).await;
    let shown = shows(&world, 0);
    assert!(matches!(show(&mut world, &state, shown).await, AccountAnswer::LoggedIn { .. }), "elsewhere");
}

#[tokio::test]
async fn factors_are_removed_one_by_one_and_their_number_is_bounded() {
    let mut world = practice(PASSWORD).await;
    let admitted = token(&mut world).await;
    let shown = shows(&world, 0);
    let first = add_totp(&mut world, &admitted, shown).await;
    let mine = factors(&first)[0].id;
    for fill in 1..FACTORS_MAX {
        let row = FactorRow {
            account: world.thera.account,
            id: FactorId([u8::try_from(fill).unwrap(); 16]),
            kind: FactorKind::Passkey,
            sealed: vec![1],
            used: 0,
            created_at: world.now,
        };
        assert_eq!(world.store.put_factor(row, FACTORS_MAX).await, Ok(true));
    }
    let factor = NewFactor::Totp {
        secret: TotpSecret::new(vec![9; 20]).unwrap(),
        code: {
            let totp = totp_rs::Builder::new().with_secret(vec![9; 20]).build().unwrap();
            code(&totp.generate(world.now.0 / 1000).to_string())
        },
    };
    let request = AccountRequest::FactorAdd { token: admitted.clone(), factor };
    assert_eq!(world.account(&request).await, error(ErrorCode::LimitExceeded));
    let remove = AccountRequest::FactorRemove { token: admitted.clone(), id: mine };
    for _ in 0..2 {
        let left = world.account(&remove).await;
        assert_eq!(factors(&left).len(), FACTORS_MAX - 1);
        assert!(factors(&left).iter().all(|factor| factor.id != mine));
    }
}

#[tokio::test]
async fn a_row_of_another_account_or_id_opens_nothing() {
    let mut world = practice(PASSWORD).await;
    let admitted = token(&mut world).await;
    let shown = shows(&world, 0);
    add_totp(&mut world, &admitted, shown).await;
    let row = world.store.factors(world.thera.account).await.unwrap().remove(0);
    let judge = &world.entrance.factors;
    let contains = |needle: &[u8]| row.sealed.windows(needle.len()).any(|window| window == needle);
    assert!(!contains(&KEY[..8]), "the database alone opens nothing");
    assert!(judge.open(row.account, row.id, &row.sealed).is_ok());
    let moved = judge.open(world.client.account, row.id, &row.sealed);
    assert_eq!(moved.unwrap_err(), FactorError::Internal);
    let renamed = judge.open(row.account, FactorId([1; 16]), &row.sealed);
    assert_eq!(renamed.unwrap_err(), FactorError::Internal);
}

#[tokio::test]
async fn a_passkey_is_set_up_and_signs_in_for_this_address_only() {
    let mut world = practice(PASSWORD).await;
    let admitted = token(&mut world).await;
    let [here, elsewhere] =
        ["https://sotto.example", "https://sotto.example.evil"].map(|url| Url::parse(url).unwrap());
    let mut authenticator = SoftPasskey::new(true);
    let start = AccountRequest::FactorStart { token: admitted.clone() };
    let AccountAnswer::FactorOptions { state, .. } = world.account(&start).await else { panic!("options") };
    let options = |text: &str| -> CreationChallengeResponse {
        serde_json::from_str(&format!(r#"{{"publicKey":{text}}}"#)).unwrap()
    };
    let AccountAnswer::FactorOptions { options: asked, .. } = world.account(&start).await else {
        panic!("options")
    };
    let made = authenticator.do_registration(Url::clone(&here), options(asked.as_str())).unwrap();
    let credential = WebauthnJson::new(serde_json::to_string(&made).unwrap()).unwrap();
    let add = |state: &FactorState| AccountRequest::FactorAdd {
        token: admitted.clone(),
        factor: NewFactor::Passkey { state: state.clone(), credential: credential.clone() },
    };
    assert_eq!(world.account(&add(&state)).await, error(ErrorCode::FactorRefused), "another challenge");
    let AccountAnswer::FactorOptions { state, options: asked } = world.account(&start).await else {
        panic!("options")
    };
    let made = authenticator.do_registration(Url::clone(&here), options(asked.as_str())).unwrap();
    let credential = WebauthnJson::new(serde_json::to_string(&made).unwrap()).unwrap();
    let factor = NewFactor::Passkey { state: state.clone(), credential };
    let answer = world.account(&AccountRequest::FactorAdd { token: admitted, factor }).await;
    assert_eq!(factors(&answer)[0].kind, FactorKind::Passkey);

    let sign = |authenticator: &mut SoftPasskey, at: &Url, asked: &WebauthnJson| {
        let asked: RequestChallengeResponse =
            serde_json::from_str(&format!(r#"{{"publicKey":{}}}"#, asked.as_str())).unwrap();
        authenticator.do_authentication(at.clone(), asked).ok().map(|signed| FactorProof::Passkey {
            assertion: WebauthnJson::new(serde_json::to_string(&signed).unwrap()).unwrap(),
        })
    };
    let (state, totp, asked) = needed(&mut world).await;
    assert!(!totp);
    let proof = sign(&mut authenticator, &here, &asked.clone().unwrap()).unwrap();
    let finish = |state: &FactorState, proof: &FactorProof| AccountRequest::FactorFinish {
        state: state.clone(),
        proof: proof.clone(),
    };
    let (other, ..) = needed(&mut world).await;
    assert_eq!(world.account(&finish(&other, &proof)).await, error(ErrorCode::FactorRefused), "challenge");
    if let Some(phished) = sign(&mut authenticator, &elsewhere, &asked.unwrap()) {
        assert_eq!(world.account(&finish(&state, &phished)).await, error(ErrorCode::FactorRefused), "origin");
    }
    assert!(matches!(world.account(&finish(&state, &proof)).await, AccountAnswer::LoggedIn { .. }));
    let garbage = FactorProof::Passkey { assertion: WebauthnJson::new("{}").unwrap() };
    assert_eq!(world.account(&finish(&state, &garbage)).await, error(ErrorCode::Malformed));
}

async fn due(
    world: &World,
    account: AccountId,
    role: Role,
) -> Result<(Option<Millis>, Option<Millis>), ErrorCode> {
    world.service.factor_due(account, role, world.now).await.map_err(|error| error.code)
}

#[tokio::test]
async fn staff_without_a_factor_connect_until_it_is_due_and_clients_always() {
    let mut world = World::on(Arc::new(MemoryStore::default())).await;
    let (thera, client) = (world.thera.account, world.client.account);
    assert_eq!(due(&world, thera, Role::OwnerTherapist).await, Ok((None, None)));
    let refused = world.service.put_factor_policy(speaker(&world.client, 0), true, world.now).await;
    assert_eq!(refused, Err(ErrorCode::RoleForbids.into()));
    let since = world.now;
    for _ in 0..2 {
        world.service.put_factor_policy(speaker(&world.thera, 0), true, world.now).await.unwrap();
        world.now = world.now.plus(1000);
    }
    let until = since.plus(FACTOR_GRACE_MS);
    assert_eq!(due(&world, thera, Role::OwnerTherapist).await, Ok((Some(since), Some(until))));
    world.now = until;
    assert_eq!(due(&world, thera, Role::OwnerTherapist).await, Err(ErrorCode::FactorRequired));
    assert_eq!(due(&world, client, Role::Client).await, Ok((Some(since), None)));
    let row = FactorRow {
        account: thera,
        id: FactorId([1; 16]),
        kind: FactorKind::Totp,
        sealed: vec![1],
        used: 0,
        created_at: world.now,
    };
    assert_eq!(world.store.put_factor(row, FACTORS_MAX).await, Ok(true));
    assert_eq!(due(&world, thera, Role::OwnerTherapist).await, Ok((Some(since), None)));
    world.service.put_factor_policy(speaker(&world.thera, 0), false, world.now).await.unwrap();
    assert_eq!(due(&world, thera, Role::OwnerTherapist).await, Ok((None, None)));
}
