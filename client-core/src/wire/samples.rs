//! One of each shape, written out for the TypeScript compiler.
//!
//! `client-web/src/core/samples.ts` holds what this code really sends and takes, annotated with the types of `types.ts`
//! and `api.ts`: a field too many, too few or of another type is an error of `npm run check`. Here it is held against
//! the code, and the kinds against those that the TypeScript names. After a change:
//! `SOTTO_WRITE_SAMPLES=1 cargo test -p sotto-client-core the_web_app`.

use super::*;
use crate::export::Contents;
use crate::io::{Alarm, Command, Failure, MessageId};
use crate::view::{
    AccountView, BodyView, DeviceView, EditView, FactorView, InvitationView, MemberView, MessageView,
    PageView, SettingView, SpaceView,
};
use serde_json::{Value, json};
use sotto_protocol::codec::Text;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::factor::{FactorKind, FactorSummary};
use sotto_protocol::frame::{Person, PushPublic, TableGlance};
use sotto_protocol::ids::{
    AccountId, DeviceId, EraNumber, FactorId, Head, InvitationId, Millis, RecordId, Seq, SpaceId, Version,
};
use sotto_protocol::link::{InvitationLink, LinkSecret, Origin, SetupLink};
use sotto_protocol::record::Seen;
use sotto_protocol::roster::Role;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use zeroize::Zeroizing;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../client-web/src/core/samples.ts");
const API: &str = include_str!("../../../client-web/src/core/api.ts");
const TYPES: &str = include_str!("../../../client-web/src/core/types.ts");

const ANNA: AccountId = AccountId([0xA1; 16]);
const THERA: AccountId = AccountId([0x7E; 16]);
const SPACE: SpaceId = SpaceId([0x5A; 16]);
const ID: MessageId = MessageId { author: ANNA, record: RecordId([0x1D; 16]) };
const AT: Millis = Millis(1_800_000_000_000);

fn alarms() -> Vec<Alarm> {
    let expected = Seen { seq: Seq(7), head: Head([1; 32]) };
    vec![
        Alarm::Forked,
        Alarm::Forged,
        Alarm::RuleBroken,
        Alarm::Withheld { expected, have: Seq(5) },
        Alarm::PayloadWithheld,
        Alarm::SetBack,
        Alarm::OldVault,
        Alarm::OldCard,
        Alarm::OldRoster,
        Alarm::IdentityChanged(ANNA),
        Alarm::Uninvited(ANNA),
        Alarm::BadEra(ANNA),
        Alarm::BadContent(ANNA),
        Alarm::UpdateNeeded,
    ]
}

fn message(body: BodyView) -> MessageView {
    MessageView {
        id: ID,
        seq: Some(Seq(3)),
        author_name: Some("Anna".into()),
        mine: false,
        sent_at: AT,
        stored_at: Some(AT.plus(40)),
        show_at: Some(AT.plus(90)),
        body,
        edited: true,
        read_by: vec![THERA],
        bring: true,
        held: false,
        refused: false,
    }
}

fn messages() -> Vec<MessageView> {
    let mut messages: Vec<_> = [
        BodyView::Text("Guten Abend".into()),
        BodyView::TakenBack,
        BodyView::Resending,
        BodyView::Newer,
        BodyView::Unreadable,
    ]
    .map(message)
    .into();
    let bare = message(BodyView::Text("Waiting".into()));
    messages.push(MessageView {
        seq: None,
        author_name: None,
        stored_at: None,
        show_at: None,
        read_by: vec![],
        ..bare
    });
    messages
}

fn space() -> SpaceView {
    SpaceView {
        id: SPACE,
        members: vec![
            MemberView { account: ANNA, name: Some("Anna".into()), role: Role::Client, me: false },
            MemberView { account: THERA, name: None, role: Role::OwnerTherapist, me: true },
        ],
        confirmed: true,
        member: true,
        unread: 2,
        unanswered: 1,
        waiting: 1,
        needs_consent: false,
        seq: Seq(9),
        head: Head([2; 32]),
        era: EraNumber(1),
        alarm: Some(Alarm::Forked),
        complete: true,
        partial: false,
        verified: 70_001,
        told: 70_001,
        total: 4,
        last: Some(message(BodyView::TakenBack)),
        attention: vec![message(BodyView::Text("Guten Abend".into()))],
        settings: vec![SettingView {
            author: THERA,
            name: "availability".into(),
            value: "{}".into(),
            sent_at: AT,
        }],
        era_at: Some(AT),
        draft: "Dear".into(),
        edit: Some(EditView { target: ID, text: "Guten Morgen".into() }),
    }
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::SignedIn { account: ANNA },
        Event::Failed(Failure::Server { code: ErrorCode::HandleTaken, retry_after_ms: Some(500) }),
        Event::Failed(Failure::Unreachable),
        Event::Failed(Failure::Dishonest("card")),
        Event::Failed(Failure::WrongPassword),
        Event::Welcome {
            inviter: "Thera".into(),
            practice: "Practice".into(),
            note: "Hello".into(),
            role: Role::Client,
        },
        Event::SetupOpen,
        Event::Invitation { id: InvitationId([3; 16]), link: Zeroizing::new("https://…".into()) },
        Event::Revoked(InvitationId([3; 16])),
        Event::Queued { space: SPACE, id: ID },
        Event::Delivered { space: SPACE, id: ID, seq: Seq(4) },
        Event::Refused { space: SPACE, id: ID, code: ErrorCode::TakeBackTooLate },
        Event::Updated { space: SPACE, seq: Seq(4) },
        Event::SpaceAdded(SPACE),
        Event::Confirmed { space: SPACE, account: ANNA },
        Event::ReadersChanged(SPACE),
        Event::EraBegan { space: SPACE, by: ANNA, added: vec![THERA], removed: vec![] },
        Event::HandedBack { space: SPACE, records: 3 },
        Event::Restored { messages: 12, spaces: 2 },
        Event::DeviceRemoved,
        Event::DeviceGone(DeviceId([4; 16])),
        Event::PasswordChanged,
        Event::Sheet { words: Zeroizing::new("babahab hifogid".into()), made_at: AT },
        Event::PasswordNeeded,
        Event::Reopened,
        Event::Failed(Failure::WrongSheet),
        Event::Failed(Failure::Unanswered),
        Event::FactorNeeded { totp: true, passkey: Some(text(r#"{"challenge":"AQ"}"#)), refused: None },
        Event::FactorNeeded {
            totp: true,
            passkey: None,
            refused: Some(Failure::Server { code: ErrorCode::FactorRefused, retry_after_ms: None }),
        },
        Event::TotpOffered { secret: Zeroizing::new("GEZDGNBVGY3TQOJQ".into()) },
        Event::Factors(vec![FactorSummary { id: FactorId([9; 16]), kind: FactorKind::Totp, created_at: AT }]),
        Event::FactorRequired,
        Event::FactorsRequired(true),
        Event::DeviceIdle,
        Event::Woken,
        Event::IdleRemoved(vec![DeviceId([4; 16])]),
        Event::People(vec![Person {
            account: ANNA,
            handle: Handle::parse("anna").unwrap(),
            role: Role::Client,
            since: AT,
        }]),
        Event::Glance(vec![TableGlance {
            name: text("records"),
            count: 12,
            columns: vec![text("id"), text("stored_at")],
            rows: vec![vec![text("a1a1a1a1… (16 B)"), text("2027-01-15T08:00:00Z")]],
        }]),
        Event::PushKey(Some(PushPublic::new(vec![4; 65]).unwrap())),
        Event::PushKey(None),
        Event::PushSet,
        Event::ExportBegun {
            export: 1,
            contents: Contents {
                conversations: 1,
                messages: 12,
                taken_back: 1,
                settings: 2,
                records: 31,
                waiting: 0,
                incomplete: 1,
            },
        },
        Event::ExportPiece { export: 1, piece: "<!doctype html>".into(), done: 3, of: 55, last: false },
        Event::Failed(Failure::RecordChanged),
        Event::Failed(Failure::RecordUnreadable),
        Event::Synced,
        Event::Online,
        Event::Offline,
    ];
    events.extend(alarms().into_iter().map(|alarm| Event::Alarm { space: Some(SPACE), alarm }));
    events.push(Event::Alarm { space: None, alarm: Alarm::OldVault });
    events
}

/// Commands as the web app writes them.
fn commands() -> Vec<Value> {
    let origin = Origin::parse("https://practice.example").unwrap();
    let invitation = InvitationLink {
        origin: origin.clone(),
        id: InvitationId([3; 16]),
        secret: LinkSecret([5; 32]),
        inviter: sotto_protocol::ids::Fingerprint([6; 32]),
        card_version_min: Version(1),
    };
    let setup = SetupLink { origin, token: LinkSecret([7; 32]) };
    let (link, setup) = (invitation.to_text(), setup.to_text());
    let (space, id, target) = (SPACE.to_string(), ID.record.to_string(), json!(ID));
    let write = |draft: Value| json!({ "kind": "write", "space": space, "id": id, "draft": draft });
    vec![
        json!({ "kind": "setup", "link": setup, "handle": "thera", "name": "Thera", "practice": "Practice",
                "role": "owner_therapist", "password": "lusab-bifom-gutih", "deviceName": "Laptop" }),
        json!({ "kind": "peek", "link": link }),
        json!({ "kind": "peekSetup", "link": setup }),
        json!({ "kind": "join", "link": link, "handle": "anna", "name": "Anna", "password": "lusab-bifom-gutih",
                "deviceName": "Phone", "sheet": true }),
        json!({ "kind": "login", "origin": "https://practice.example", "handle": "anna",
                "password": "lusab-bifom-gutih", "deviceName": "Phone" }),
        json!({ "kind": "invite", "role": "front_desk", "note": "", "ttlMs": 86_400_000 }),
        json!({ "kind": "revoke", "id": InvitationId([3; 16]) }),
        json!({ "kind": "write", "space": space, "id": null,
                "draft": { "kind": "message", "text": "Hello", "bring": false, "showAt": null } }),
        write(json!({ "kind": "message", "text": "Tomorrow", "bring": true, "showAt": AT })),
        write(json!({ "kind": "edit", "target": target, "text": "Hello again" })),
        write(json!({ "kind": "takeBack", "target": target })),
        write(json!({ "kind": "acknowledge", "target": target })),
        write(json!({ "kind": "bring", "target": target })),
        write(json!({ "kind": "hold", "target": target })),
        write(json!({ "kind": "setting", "name": "availability", "value": "{}" })),
        json!({ "kind": "keepDraft", "space": space, "target": null, "text": "Dear" }),
        json!({ "kind": "keepDraft", "space": space, "target": ID.record, "text": "Guten Morgen" }),
        json!({ "kind": "acceptReaders", "space": space }),
        json!({ "kind": "markRead", "space": space, "seq": 4 }),
        json!({ "kind": "removeDevice", "device": DeviceId([4; 16]), "password": "lusab-bifom-gutih" }),
        json!({ "kind": "removeLost", "devices": [DeviceId([4; 16])], "password": "lusab-bifom-gutih",
                "new": "tugad-mosup-hinob" }),
        json!({ "kind": "recover", "origin": "https://practice.example", "handle": "anna",
                "words": "babidum famugom hidijib kinulab mofinar popurir sugitog vuruzug",
                "new": "tugad-mosup-hinob", "deviceName": "Phone" }),
        json!({ "kind": "changePassword", "password": "lusab-bifom-gutih", "new": "tugad-mosup-hinob" }),
        json!({ "kind": "makeSheet", "password": "lusab-bifom-gutih" }),
        json!({ "kind": "sheetKept" }),
        json!({ "kind": "reopen", "password": "tugad-mosup-hinob" }),
        json!({ "kind": "renameDevice", "device": DeviceId([4; 16]), "name": "The old phone" }),
        json!({ "kind": "wake", "password": "lusab-bifom-gutih" }),
        json!({ "kind": "showCode", "code": "287 082" }),
        json!({ "kind": "showPasskey", "assertion": "{}" }),
        json!({ "kind": "stopFactor" }),
        json!({ "kind": "offerTotp" }),
        json!({ "kind": "addTotp", "password": "lusab-bifom-gutih", "code": "287082" }),
        json!({ "kind": "removeFactor", "password": "lusab-bifom-gutih", "id": FactorId([9; 16]) }),
        json!({ "kind": "requireFactors", "required": true }),
        json!({ "kind": "foundOwn" }),
        json!({ "kind": "people" }),
        json!({ "kind": "glance" }),
        json!({ "kind": "pushKey" }),
        json!({ "kind": "pushTo", "endpoint": "https://push.example/a" }),
        json!({ "kind": "pushTo", "endpoint": null }),
        json!({ "kind": "export", "spaces": [space], "from": AT, "until": null, "form": "html", "language": "es",
                "zone": { "name": "Europe/Madrid", "offsets": [{ "from": 0, "minutes": 60 }] } }),
        json!({ "kind": "export", "spaces": null, "from": null, "until": null, "form": "json", "language": "en",
                "zone": { "name": "UTC", "offsets": [] } }),
        json!({ "kind": "exportMore", "export": 1 }),
        json!({ "kind": "exportStop", "export": 1 }),
        json!({ "kind": "sync" }),
    ]
}

fn account() -> AccountView {
    AccountView {
        account: ANNA,
        handle: Handle::parse("anna").unwrap(),
        device: DeviceId([4; 16]),
        role: Role::FrontDesk,
        practice: "Practice".into(),
        name: "Anna".into(),
        origin: Origin::parse("https://practice.example").unwrap(),
        identity: PublicKey([8; 32]),
        online: true,
        removed: false,
        password_needed: false,
        sheet_at: Some(AT),
        password_at: Some(AT),
        eras_due: 3,
        factors: vec![FactorView { id: FactorId([9; 16]), app: true, created_at: AT }],
        factors_since: Some(AT),
        factor_due: None,
    }
}

fn rendered() -> String {
    let (id, used_by) = (InvitationId([3; 16]), Some(ANNA));
    let invitations = [
        InvitationView { id, role: Role::Client, expires_at: AT, used_by, revoked: false },
        InvitationView { id, role: Role::Therapist, expires_at: AT, used_by: None, revoked: true },
    ];
    let device = DeviceView {
        id: DeviceId([4; 16]),
        name: "Phone".into(),
        model: "Safari · iPhone".into(),
        this: true,
        added_at: AT,
        removed_in: None,
        weeks_ago: None,
    };
    let other = DeviceView { this: false, weeks_ago: Some(5), ..device.clone() };
    let devices = [device, other.clone(), DeviceView { removed_in: Some(Version(3)), ..other }];
    let told: Vec<Value> = events().iter().filter_map(event).map(|e| json!(e)).collect();
    let errors = [
        CoreError::new("wrong_password"),
        Rejected::TooLong { what: "The message", got: 70_000, max: 65_536 }.into(),
        Rejected::Limit("open invitations").into(),
    ];
    let errors: Vec<CoreError> = errors
        .into_iter()
        .chain([BadWords::Word { number: 3 }.into(), BadWords::Count { got: 7 }.into()])
        .collect();
    let strengths = ["short", "a fair one of mine", "lusab-bifom-gutih-tugad-mosup"]
        .map(|typed| strength(&Password::new(typed)));
    let page = PageView { total: 6, start: 0, messages: messages() };
    let samples = [
        ("account", "AccountView", json!(account())),
        (
            "spaces",
            "SpaceView[]",
            json!([space(), SpaceView { alarm: None, last: None, era_at: None, edit: None, ..space() }]),
        ),
        ("page", "ReturnType<Core['page']>", json!(page)),
        ("alarms", "Alarm[]", json!(alarms())),
        ("devices", "DeviceView[]", json!(devices)),
        ("invitations", "InvitationView[]", json!(invitations)),
        ("strengths", "Strength[]", json!(strengths)),
        ("errors", "CoreError[]", json!(errors)),
        ("events", "Event[]", json!(told)),
        ("commands", "Command[]", json!(commands())),
    ];
    let mut text = String::from(
        "// Made by client-core (src/wire/samples.rs says how), checked against the types by the compiler.\n\n\
         import type { Command, Core, CoreError, Event } from './api';\n\
         import type { AccountView, Alarm, DeviceView, InvitationView, SpaceView, Strength } from './types';\n",
    );
    for (name, of, value) in samples {
        let value = serde_json::to_string_pretty(&value).unwrap();
        writeln!(text, "\nexport const {name}: {of} = {value};").unwrap();
    }
    text
}

#[test]
fn the_web_app_sees_what_its_types_say() {
    let rendered = rendered();
    if std::env::var_os("SOTTO_WRITE_SAMPLES").is_some() {
        std::fs::write(PATH, &rendered).unwrap();
    }
    let kept = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        kept == rendered,
        "{PATH} is not what the code makes. Run: SOTTO_WRITE_SAMPLES=1 cargo test -p sotto-client-core the_web_app"
    );
}

/// The kinds that a union in TypeScript names.
fn kinds_in(source: &str, union: &str) -> BTreeSet<String> {
    let start = source.find(&format!("export type {union} =")).unwrap();
    let body = source[start..].split("\n\n").next().unwrap();
    body.split("kind: '").skip(1).map(|rest| rest.split('\'').next().unwrap().to_owned()).collect()
}

fn kinds_of(values: impl IntoIterator<Item = Value>) -> BTreeSet<String> {
    values.into_iter().map(|value| value["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_kind_is_known_on_both_sides() {
    let told = events();
    let told: Vec<Value> = told.iter().filter_map(event).map(|e| json!(e)).collect();
    assert_eq!(kinds_of(told), kinds_in(API, "Event"));
    assert_eq!(kinds_of(alarms().into_iter().map(|a| json!(a))), kinds_in(TYPES, "Alarm"));
    assert_eq!(kinds_of(messages().into_iter().map(|m| json!(m.body))), kinds_in(TYPES, "BodyView"));
    assert_eq!(kinds_of(commands()), kinds_in(API, "Command"));
    let drafts = commands().into_iter().map(|c| c["draft"].clone()).filter(|d| !d.is_null());
    assert_eq!(kinds_of(drafts), kinds_in(TYPES, "Draft"));
}

fn read_command(value: Value) -> Result<Command, CoreError> {
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    command(&kind, value)
}

#[test]
fn every_command_is_read_and_damaged_ones_are_told_apart() {
    for value in commands() {
        assert!(read_command(value.clone()).is_ok(), "{value}");
    }
    let with = |field: &str, damaged: Value| {
        let mut join = commands().swap_remove(3);
        join[field] = damaged;
        read_command(join).map(|_| ()).map_err(|e| e.code)
    };
    assert_eq!(with("handle", json!("1")), Err("handle_malformed"));
    assert_eq!(with("link", json!("hello")), Err("not_a_link"));
    assert_eq!(
        with(
            "link",
            json!(
                SetupLink {
                    origin: Origin::parse("https://practice.example").unwrap(),
                    token: LinkSecret([7; 32])
                }
                .to_text()
            )
        ),
        Err("link_wrong_sort")
    );
    assert_eq!(with("deviceName", Value::Null), Err("malformed"));
    assert_eq!(with("kind", json!("nonsense")), Err("malformed"));
    let write = |draft: Value| {
        read_command(json!({ "kind": "write", "space": SPACE, "id": null, "draft": draft })).map(|_| ())
    };
    assert!(write(json!({ "kind": "edit", "text": "without target" })).is_err());
    assert!(write(json!({ "kind": "hold", "target": { "author": "xyz", "record": "00" } })).is_err());
    assert!(write(json!({ "kind": "setting", "name": "availability" })).is_err());
}
