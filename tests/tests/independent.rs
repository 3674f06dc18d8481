//! A reader in another language, written from the protocol's page alone, opens and verifies recorded logs: those of
//! this version, and those that earlier versions left in `tests/independent/fixtures/`.
//!
//! `SOTTO_PYTHON` names an interpreter with the packages of `tests/independent/requirements.txt`; `cargo xtask test
//! independent` sees to that.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on stops")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sotto_client_core::content::{Content, ContentFrame};
use sotto_client_core::crypto::seal::{self, ContentPlace};
use sotto_client_core::crypto::unlock::ExportKey;
use sotto_client_core::crypto::wrap::{self, EraWrap, MethodWrap};
use sotto_client_core::io::{Alarm, Event, MessageId};
use sotto_client_core::vault::Vault;
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec;
use sotto_protocol::credentials::{CredentialSet, MethodKind};
use sotto_protocol::frame::{ServerBody, Stored};
use sotto_protocol::ids::{AccountId, Revision, SpaceId};
use sotto_protocol::log::{Authentic, CardPin, Facts, LogState, Target};
use sotto_protocol::record::{Drop, EraBody, Kind, Record};
use sotto_tests::blackbox;
use sotto_tests::recording::{Life, Recording};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The committed recordings were made with this seed; a fresh run takes another.
const FIXTURE_SEED: u8 = 1;
const FRESH_SEED: u8 = 2;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("independent")
}

/// The interpreter: the one named, the one that `xtask` makes, or whatever is on the path and has the packages.
fn python() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/py/bin/python");
    let candidates =
        [std::env::var_os("SOTTO_PYTHON").map(PathBuf::from), Some(ours), Some("python3".into())];
    let has_packages = |python: &PathBuf| {
        let import = "import nacl, cryptography.hazmat.primitives.asymmetric.mlkem";
        Command::new(python).args(["-c", import]).output().is_ok_and(|output| output.status.success())
    };
    candidates.into_iter().flatten().find(has_packages).expect(
        "no Python has the packages of tests/independent/requirements.txt: run `cargo xtask test independent`",
    )
}

fn reader(arguments: &[&str], recording: &Path) -> Output {
    script("reader.py", arguments, recording)
}

fn script(name: &str, arguments: &[&str], about: &Path) -> Output {
    let mut command = Command::new(python());
    command.arg(folder().join(name)).args(arguments).arg(about);
    command.output().expect("the reader runs")
}

fn opened(recording: &Path) -> Value {
    let output = reader(&[], recording);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn write(folder: &Path, recording: &Recording) {
    std::fs::create_dir_all(folder).unwrap();
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    std::fs::write(folder.join("recording.json"), text(&recording.recording)).unwrap();
    std::fs::write(folder.join("expected.json"), text(&recording.expected)).unwrap();
}

/// Says the first difference rather than both conversations.
fn same(theirs: &Value, ours: &Value) {
    let messages = |value: &Value| value["messages"].as_array().cloned().unwrap_or_default();
    for (theirs, ours) in messages(theirs).iter().zip(messages(ours)) {
        assert_eq!(*theirs, ours);
    }
    assert_eq!(theirs, ours);
}

fn recordings(life: &mut Life) -> [(&'static str, Recording); 3] {
    [("thera", life.for_thera()), ("anna", life.for_anna()), ("petra", life.for_petra())]
}

#[test]
fn the_independent_reader_opens_a_fresh_log() {
    let mut life = Life::lead(FRESH_SEED);
    let temporary = tempfile::tempdir().unwrap();
    for (name, recording) in recordings(&mut life) {
        let folder = temporary.path().join(name);
        write(&folder, &recording);
        same(&opened(&folder), &recording.expected);
        let count = recording.expected["messages"].as_array().unwrap().len();
        assert!(count > if name == "petra" { 0 } else { 10 }, "{name} reads {count} messages");
    }
}

#[test]
fn the_independent_reader_notices_every_damage() {
    let mut life = Life::lead(FRESH_SEED);
    let temporary = tempfile::tempdir().unwrap();
    write(temporary.path(), &life.for_anna());
    let output = reader(&["--damage"], temporary.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["tried"].as_u64().unwrap() > 500, "{report}");
}

/// What a person took along, made by the real binary, and what this version's core makes of a sample.
#[test]
fn the_independent_reader_checks_a_record_that_was_taken_along() {
    let world = blackbox::World::new();
    let client = world.client("client1");
    let first = client.send("I slept well.");
    world.thera.sync();
    world.thera.send("Thank you.");
    client.json(&["edit", &first, "I slept very well."]);
    world.device(&client, "phone").send("From my phone.");

    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client-core/tests/golden/export.html");
    let mut files = vec![(sample, None)];
    for (person, format) in [(&client, "html"), (&client, "json"), (&world.thera, "html")] {
        let file = world.folder().join(format!("{}.{format}", person.handle));
        person.ok(&["export", "--format", format, file.to_str().unwrap()]);
        files.push((file, Some(["I slept very well.", "Thank you.", "From my phone."])));
    }
    for (file, texts) in files {
        let output = script("export.py", &[], &file);
        assert!(output.status.success(), "{file:?}: {}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let messages = told["messages"].as_array().unwrap();
        if let Some(texts) = texts {
            let said: Vec<&str> = messages.iter().map(|message| message["text"].as_str().unwrap()).collect();
            assert_eq!(said, texts, "{file:?}");
        }
        let output = script("export.py", &["--damage"], &file);
        assert!(output.status.success(), "{file:?}: {}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(report["tried"].as_u64().unwrap() > 50, "{report}");
    }
}

/// So does our own client: the server answers repeats, but nothing else keeps it from showing a record twice.
#[test]
fn a_client_takes_no_record_twice() {
    let mut life = Life::begin(FRESH_SEED);
    let (space, anna) = (life.space, life.anna);
    let before = life.world.client(anna).messages(space);
    let served = life.world.served(space);
    let last = served.last().unwrap().clone();
    let again = Stored { seq: last.seq.next(), ..last };
    life.world.pretend(anna, ServerBody::Push { space, records: vec![again] });
    assert_eq!(life.world.client(anna).messages(space), before);
    let alarm = Event::Alarm { space: Some(space), alarm: Alarm::RuleBroken };
    assert!(life.world.events(anna).contains(&alarm), "{:?}", life.world.events(anna));
}

/// Recordings are made once for a version of the forms: `SOTTO_BLESS=1` makes missing ones, and changes none.
#[test]
fn recordings_of_earlier_versions_open() {
    let fixtures = folder().join("fixtures/v1");
    let blessed = std::env::var_os("SOTTO_BLESS").is_some_and(|value| value == "1");
    if blessed && !fixtures.exists() {
        for (name, recording) in recordings(&mut Life::lead(FIXTURE_SEED)) {
            write(&fixtures.join(name), &recording);
        }
    }
    for name in ["thera", "anna", "petra"] {
        let folder = fixtures.join(name);
        let json = |file: &str| serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        let (recording, expected): (Value, Value) = (json("recording.json"), json("expected.json"));
        same(&opened(&folder), &expected);
        assert_eq!(texts_by_our_code(&recording), texts(&expected), "{name}");
    }
}

/// The texts of messages that were never edited nor taken back.
fn texts(expected: &Value) -> Vec<String> {
    let messages = expected["messages"].as_array().unwrap();
    let plain = messages.iter().filter(|m| m["state"] == "text" && m["edited"] == false);
    plain.map(|m| m["text"].as_str().unwrap().to_owned()).collect()
}

/// What this version's protocol and cryptography make of a recording.
fn texts_by_our_code(recording: &Value) -> Vec<String> {
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let me: AccountId = recording["account"].as_str().unwrap().parse().unwrap();
    let space: SpaceId = recording["space"].as_str().unwrap().parse().unwrap();
    let mut newest = BTreeMap::new();
    let mut pins = BTreeMap::new();
    for versions in recording["cards"].as_object().unwrap().values() {
        for encoded in versions.as_array().unwrap() {
            let card = VerifiedCard::verify(codec::decode(&bytes(encoded), "card").unwrap()).unwrap();
            let (account, version) = (card.card().account, card.card().version);
            pins.insert((account, version), CardPin { hash: card.hash(), identity: card.card().identity });
            newest.insert(account, card);
        }
    }
    let credentials = codec::decode(&bytes(&recording["credentials"]), "credentials").unwrap();
    let set = CredentialSet::verify(&credentials, &newest[&me].card().identity).unwrap();
    let method = set.method(MethodKind::Password).unwrap();
    let unlock = ExportKey::from_bytes(bytes(&recording["export_key"]).try_into().unwrap()).derive_unlock();
    let place = MethodWrap { account: me, method: method.id };
    let key = wrap::unwrap_vault(&unlock, &place, &method.vault_wrap).unwrap();
    let revision = Revision(recording["vault_revision"].as_u64().unwrap());
    let sealed = bytes(&recording["vault"]);
    let vault = Vault::from_bytes(&seal::open_vault(&key, me, revision, &sealed).unwrap()).unwrap();

    let mut log = LogState::new(space);
    let mut heads = vec![log.head()];
    let (mut known, mut keys, mut contents) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for stored in recording["records"].as_array().unwrap() {
        let record = Record::from_bytes(&bytes(&stored["record"])).unwrap();
        let header = record.header();
        let payload = record.payload().map(codec::Bytes::as_slice).unwrap_or_default();
        let authentic = Authentic::check(&record, &newest[&header.author]).unwrap();
        let target = Drop::parse(payload).ok().and_then(|d| known.get(&(header.author, d.target)).copied());
        let card = |account, version| pins.get(&(account, version)).copied();
        let seen_head = heads.get(usize::try_from(header.seen.seq.0).unwrap()).copied();
        let repeated = known.contains_key(&(header.author, header.id));
        let admission = log.admit(&authentic, &Facts { seen_head, repeated, target, card: &card }).unwrap();
        log.apply(admission);
        heads.push(log.head());
        known.insert(
            (header.author, header.id),
            Target { kind: header.kind, payload_hash: header.payload_hash },
        );
        if header.kind == Kind::Era
            && let Some(era) = log.era().filter(|era| era.member(me).is_some())
        {
            let card_version = era.member(me).unwrap().card_version;
            let (prev, number) = (era.prev, era.number);
            let place = EraWrap { space, prev, number, author: header.author, member: me, card_version };
            let secret = vault.sealing_secret(card_version).unwrap();
            let body = EraBody::parse(payload).unwrap();
            let key = wrap::unwrap_era(&secret, &place, body.wrap_for(me).unwrap()).unwrap();
            assert_eq!(key.derive_commitment(space, prev, number), era.commitment);
            keys.insert(era.id, key.derive_record(space, era.id));
        }
        if header.kind == Kind::Content
            && let Some(key) = keys.get(&header.era)
            && !payload.is_empty()
        {
            let place = ContentPlace { space, era: header.era, author: header.author, record: header.id };
            let plain = seal::open_content(key, &place, payload).unwrap();
            let id = MessageId { author: header.author, record: header.id };
            contents.push((id, ContentFrame::from_bytes(&plain).unwrap().content));
        }
    }
    assert_eq!(
        heads[usize::try_from(vault.spaces[&space].head.seq.0).unwrap()],
        vault.spaces[&space].head.head
    );
    let mut texts = Vec::new();
    for (id, content) in &contents {
        let changed = contents.iter().any(|(_, other)| match other {
            Content::Edit(edit) => edit.target == *id,
            Content::TakeBack(back) => back.target() == *id,
            _ => false,
        });
        if let (Content::Message(message), false) = (content, changed) {
            texts.push(message.text.as_str().to_owned());
        }
    }
    texts
}
