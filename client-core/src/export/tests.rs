//! Files made of a small record, piece by piece as a host would ask for them.

use super::*;
use crate::client::{Account, Config, Keeping};
use crate::content::{Content, ContentFrame, Edit, Message, Setting, SettingName, TakeBack};
use crate::crypto::keys::{StorageKey, VaultKey};
use crate::crypto::rng::Entropy;
use crate::crypto::seal;
use crate::crypto::signing::{DeviceKey, IdentityKey};
use crate::io::{Command, Input, MessageId};
use crate::rows::{Entry, EntryBody, LogHeaderRow};
use crate::space::Space;
use crate::vault::{VAULT_VERSION, Vault};
use serde_json::Value;
use sotto_protocol::card::{Card, CardDevice, SUITE_1, SealingPublic, VerifiedCard};
use sotto_protocol::codec::{self, Bytes, Text};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::hash;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, EraNumber, Handle, Hash, PracticeId, RecordId, Revision, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::link::Origin;
use sotto_protocol::log::{Admission, Effect, Era};
use sotto_protocol::record::{Cause, Header, Kind, Member};
use sotto_protocol::roster::Role;
use std::collections::BTreeMap;

const ANNA: AccountId = AccountId([0xA0; 16]);
const THERA: AccountId = AccountId([0x70; 16]);
const SPACE: SpaceId = SpaceId([0x51; 16]);
/// 3 March 2026, 21:00 UTC.
const AT: Millis = Millis(1_772_571_600_000);
const HOUR: u64 = 3_600_000;

struct World {
    client: Client,
    space: Space,
    stored: BTreeMap<Vec<u8>, Vec<u8>>,
    now: Millis,
    entropy: Entropy,
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn device_of(account: AccountId) -> (DeviceId, DeviceKey) {
    (DeviceId([account.0[0] + 1; 16]), DeviceKey::from_seed([account.0[0]; 32]))
}

fn identity_of(account: AccountId) -> IdentityKey {
    IdentityKey::from_seed([account.0[0] + 2; 32])
}

fn card_of(account: AccountId) -> VerifiedCard {
    let (identity, (id, key)) = (identity_of(account), device_of(account));
    let card = Card {
        account,
        version: Version(1),
        identity: identity.public(),
        devices: vec![CardDevice {
            id,
            key: key.public(),
            added_in: Version(1),
            added_at: AT,
            removed_in: None,
        }],
        sealing: SealingPublic::from_slice(&[7; SealingPublic::LEN]).unwrap(),
        sealing_since: Version(1),
        suites: vec![SUITE_1],
    };
    VerifiedCard::verify(identity.sign_object(&card).unwrap()).unwrap()
}

fn client(role: Role, me: AccountId) -> Client {
    let storage = || StorageKey::from_slice(&[9; 32]).unwrap();
    let entropy = Entropy::from_seed([1; 32]);
    let mut client = Client::open(Vec::new(), storage(), entropy, Config::default(), AT).unwrap();
    let credentials = CredentialSet {
        account: me,
        version: Version(1),
        opaque_hash: Hash([1; 32]),
        inner_hash: Hash([2; 32]),
        vault_generation: Version(1),
        methods: Vec::new(),
    };
    let handle = Handle::parse("somebody").unwrap();
    client.account = Some(Account {
        origin: Origin::parse("https://practice.example").unwrap(),
        id: me,
        handle: handle.clone(),
        identity: identity_of(me).public(),
        role,
        practice: text("Practice <&> \"Sons\""),
        practice_id: PracticeId([3; 16]),
        device: device_of(me).0,
        device_key: device_of(me).1,
        vault_key: VaultKey::from_slice(&[4; 32]).unwrap(),
        credentials: identity_of(me).sign_object(&credentials).unwrap(),
        removed: false,
        restored: true,
    });
    let vault = Vault {
        version: VAULT_VERSION,
        account: me,
        handle,
        name: text("Me myself"),
        identity: identity_of(me).public(),
        card_version_min: Version(1),
        sealing: Vec::new(),
        spaces: BTreeMap::new(),
        peers: BTreeMap::new(),
        invitations: BTreeMap::new(),
        devices: BTreeMap::from([(device_of(me).0, text("Old <laptop>"))]),
        owner: None,
        practice: PracticeId([3; 16]),
        roster_version: Version(0),
        sheet_at: None,
        renamed: None,
    };
    client.keeping = Some(Keeping {
        vault,
        revision: Revision(1),
        urgent: false,
        dirty_since: None,
        busy: false,
        doubted: false,
        changed_here: false,
        renewed_elsewhere: false,
    });
    for account in [ANNA, THERA] {
        client.cards.learn(card_of(account)).unwrap();
    }
    client
}

impl World {
    /// Anna's conversation with her therapist, seen by `me`.
    fn new(me: AccountId) -> Self {
        let role = if me == ANNA { Role::Client } else { Role::Therapist };
        let mut world = Self {
            client: client(role, me),
            space: Space::new(SPACE),
            stored: BTreeMap::new(),
            now: AT,
            entropy: Entropy::from_seed([5; 32]),
        };
        world.era(ANNA, Cause::Founding, &[(THERA, Role::Therapist), (ANNA, Role::Client)]);
        world.say(ANNA, Content::Profile(text("Anna \u{202e}<b>")));
        world.say(THERA, Content::Profile(text("Thera")));
        world
    }

    fn era(&mut self, by: AccountId, cause: Cause, members: &[(AccountId, Role)]) {
        let number = EraNumber(self.space.log.era().map_or(0, |era| era.number.0 + 1));
        let members = members.iter().map(|(account, role)| Member {
            account: *account,
            role: *role,
            identity: identity_of(*account).public(),
            card_version: Version(1),
            card_hash: card_of(*account).hash(),
        });
        let body = EraBody {
            prev: EraId([0; 32]),
            number,
            cause,
            members: members.collect(),
            commitment: Hash([6; 32]),
            sealed: Vec::new(),
            approvals: Vec::new(),
            made_at: self.now,
            suite: SUITE_1,
        };
        let body = EraBody { sealed: vec![Bytes::new(vec![8; 40]).unwrap(); body.members.len()], ..body };
        let payload = codec::encode(&body);
        let id = hash::era(SPACE, &payload);
        let era = Era {
            id,
            number,
            prev: body.prev,
            made_by: by,
            made_on: device_of(by).0,
            made_at: self.now,
            members: body.members,
            commitment: body.commitment,
        };
        let effect = Effect::Era(Box::new(era), BTreeSet::new());
        self.append(by, Kind::Era, &payload, EntryBody::Visible, effect);
    }

    fn say(&mut self, by: AccountId, content: Content) -> MessageId {
        let frame = ContentFrame { sent_at: Millis(self.now.0 - 500), content }.to_bytes().unwrap();
        let body = EntryBody::Opened { frame: Bytes::new(frame).unwrap() };
        self.append(by, Kind::Content, b"locked", body, Effect::Content)
    }

    fn write(&mut self, by: AccountId, said: &str) -> MessageId {
        self.say(by, Content::Message(Message { text: text(said), bring: false, show_at: None }))
    }

    fn append(
        &mut self,
        by: AccountId,
        kind: Kind,
        payload: &[u8],
        body: EntryBody,
        effect: Effect,
    ) -> MessageId {
        let seq = self.space.log.seq().next();
        let (device, key) = device_of(by);
        let mut id = [by.0[0]; 16];
        id[8..].copy_from_slice(&seq.0.to_be_bytes());
        let header = Header {
            version: 1,
            space: SPACE,
            era: self.space.log.era().map_or(EraId([0; 32]), |era| era.id),
            author: by,
            card_version: Version(1),
            device,
            id: RecordId(id),
            seen: self.space.seen(),
            kind,
            payload_hash: hash::payload(payload),
        };
        let bytes = codec::encode(&header);
        let signature = key.sign(Label::SignHeader, &bytes);
        let record = Record::from_parts(bytes.clone(), signature, None).unwrap();
        let head = record.head_after(self.space.log.head());
        self.now = self.now.plus(60_000);
        let row = LogHeaderRow { at: self.now, header: Bytes::new(bytes).unwrap(), signature };
        self.keep(rows::log_header(SPACE, seq), &codec::encode(&row));
        let payload: sotto_protocol::record::Payload = Bytes::new(payload.to_vec()).unwrap();
        self.keep(rows::log_payload(SPACE, seq), &codec::encode(&payload));
        let message = MessageId { author: by, record: header.id };
        self.space.log.apply(Admission { seq, head, effect });
        self.space.push_entry(Entry {
            at: self.now,
            id: message,
            device,
            era: header.era,
            kind,
            payload_hash: header.payload_hash,
            head,
            body,
        });
        message
    }

    fn keep(&mut self, key: Vec<u8>, plain: &[u8]) {
        let sealed = seal::seal_store(&self.client.storage, &key, plain, &mut self.entropy);
        self.stored.insert(key, sealed);
    }

    /// Into the client, where the rest happens.
    fn settle(&mut self) {
        let space = core::mem::replace(&mut self.space, Space::new(SPACE));
        self.client.spaces.insert(SPACE, space);
        self.client.handle(Input::Wake, self.now).unwrap();
        self.drain();
    }

    /// Carries out what the client asks for; the events it tells.
    fn drain(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            match self.client.poll() {
                Output::Load(from, to) => {
                    let rows = self.stored.range(from..to);
                    let rows =
                        rows.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect();
                    self.client.handle(Input::Loaded(rows), self.now).unwrap();
                }
                Output::Store(batch, _) => self.client.handle(Input::Stored(batch), self.now).unwrap(),
                Output::Event(event) => events.push(event),
                Output::Idle { .. } => return events,
                Output::Dial(_) | Output::Send(_) | Output::HangUp | Output::Request(..) => {}
            }
        }
    }

    fn ask(&mut self, command: Command) -> Event {
        self.client.handle(Input::Command(command), self.now).unwrap();
        let about = |event: &Event| {
            matches!(event, Event::ExportBegun { .. } | Event::ExportPiece { .. } | Event::Failed(_))
        };
        self.drain().into_iter().find(about).unwrap()
    }

    fn begin(&mut self, wanted: Wanted) -> (ExportId, Contents) {
        match self.ask(Command::Export(Box::new(wanted))) {
            Event::ExportBegun { export, contents } => (export, contents),
            event => panic!("{event:?}"),
        }
    }

    fn export(&mut self, wanted: Wanted) -> String {
        let (export, _) = self.begin(wanted);
        let mut file = String::new();
        let mut before = 0;
        loop {
            let Event::ExportPiece { piece, last, done, of, .. } = self.ask(Command::ExportMore(export))
            else {
                panic!("no piece")
            };
            assert!(piece.len() <= PIECE_BYTES_MAX && (last || !piece.is_empty()));
            assert!(before <= done && done <= of, "{done} of {of}");
            before = done;
            file.push_str(&piece);
            if last {
                assert_eq!(done, of);
                return file;
            }
        }
    }
}

fn wanted(form: Form) -> Wanted {
    let offsets = vec![(Millis(0), -300), (Millis(1_772_953_200_000), -240)];
    Wanted {
        spaces: None,
        from: None,
        until: None,
        form,
        language: Language::English,
        zone: Zone { name: "America/New_York".into(), offsets },
    }
}

/// A record with one of everything.
fn one_of_everything(me: AccountId) -> World {
    let mut world = World::new(me);
    let card = Setting {
        name: SettingName::parse("availability").unwrap(),
        value: text("{\"v\":1,\"note\":\"</pre>\"}"),
    };
    world.say(THERA, Content::Setting(card));
    let first = world
        .write(ANNA, "I slept well.\r\nThen <script>alert(\"1\")</script> & </script></style>\0\u{202e}evil");
    world.say(ANNA, Content::Edit(Edit { target: first, text: text("I slept <very> well.") }));
    world.say(THERA, Content::Acknowledge(first));
    world.say(THERA, Content::Hold(first));
    world.say(ANNA, Content::Bring(first));
    let gone = world.write(ANNA, "nobody should read this again");
    world.say(ANNA, Content::TakeBack(TakeBack { author: gone.author, record: gone.record, show_at: None }));
    world.now = world.now.plus(4 * HOUR);
    let long = "long".repeat(200);
    world.write(THERA, &long);
    world.say(ANNA, Content::Unknown(900, Bytes::new(vec![1]).unwrap()));
    let later = Message { text: text("Tomorrow"), bring: true, show_at: Some(world.now.plus(30 * HOUR)) };
    world.say(me, Content::Message(later));
    world.era(THERA, Cause::Age, &[(THERA, Role::Therapist), (ANNA, Role::Client)]);
    world.append(ANNA, Kind::Content, b"closed", EntryBody::Bad, Effect::Content);
    world.settle();
    world
}

fn golden(name: &str, made: &str) {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("SOTTO_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{name} is not what is made now; SOTTO_BLESS=1 writes it anew, if that is meant");
}

fn parsed(file: &str) -> Value {
    serde_json::from_str(file).unwrap()
}

/// The machine-readable form inside a page.
fn inside(page: &str) -> &str {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"record\">").unwrap();
    rest.split_once("</script>").unwrap().0
}

#[test]
fn the_files_are_those_of_the_golden_ones() {
    golden("export.html", &one_of_everything(ANNA).export(wanted(Form::Html)));
    golden("export.json", &one_of_everything(ANNA).export(wanted(Form::Json)));
    let spanish =
        Wanted { language: Language::Spanish, spaces: Some(BTreeSet::from([SPACE])), ..wanted(Form::Html) };
    golden("export.es.html", &one_of_everything(THERA).export(spanish));
}

#[test]
fn the_form_inside_the_page_is_the_form_of_its_own() {
    let (page, data) = (
        one_of_everything(ANNA).export(wanted(Form::Html)),
        one_of_everything(ANNA).export(wanted(Form::Json)),
    );
    assert_eq!(parsed(inside(&page)), parsed(&data));
}

#[test]
fn nothing_that_somebody_wrote_becomes_part_of_the_page() {
    let page = one_of_everything(ANNA).export(wanted(Form::Html));
    for (tag, times) in [("<script", 1), ("</script", 1), ("<style", 1), ("</style", 1), ("<body", 1)] {
        assert_eq!(page.matches(tag).count(), times, "{tag}");
    }
    assert_eq!(page.matches("<b>").count(), page.matches("<article").count());
    assert!(!page.contains("alert(\"") && !page.contains('\0') && !page.contains('\r'));
    assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)"));
    let data = parsed(inside(&page));
    let entries = data["conversations"][0]["entries"].as_array().unwrap();
    let first = entries.iter().find(|entry| entry["kind"] == "message").unwrap();
    let said = "I slept well.\r\nThen <script>alert(\"1\")</script> & </script></style>\0\u{202e}evil";
    assert_eq!(
        (&first["earlier"][0]["text"], &first["text"]),
        (&said.into(), &"I slept <very> well.".into())
    );
}

#[test]
fn what_was_taken_back_is_said_and_not_told() {
    for form in [Form::Html, Form::Json] {
        let file = one_of_everything(ANNA).export(wanted(form));
        assert!(!file.contains("nobody should read this again"));
        assert!(file.contains(if form == Form::Html {
            "Taken back by its author."
        } else {
            "\"taken_back_at\":\"2026"
        }));
    }
}

#[test]
fn what_another_has_not_shown_yet_is_not_in_it() {
    let mut world = World::new(ANNA);
    let later =
        |world: &World, text: Text<_>| Message { text, bring: false, show_at: Some(world.now.plus(HOUR)) };
    let hers = later(&world, text("a surprise"));
    world.say(THERA, Content::Message(hers));
    let mine = later(&world, text("my own later word"));
    world.say(ANNA, Content::Message(mine));
    world.settle();
    let file = world.export(wanted(Form::Json));
    assert!(!file.contains("a surprise") && file.contains("my own later word"));
    world.now = world.now.plus(2 * HOUR);
    world.client.handle(Input::Wake, world.now).unwrap();
    assert!(world.export(wanted(Form::Json)).contains("a surprise"));
}

#[test]
fn a_period_leaves_out_what_was_before_and_after_it() {
    let mut world = World::new(THERA);
    world.write(ANNA, "before");
    world.now = world.now.plus(24 * HOUR);
    let from = world.now;
    world.write(ANNA, "within");
    let first = world.space.log.seq();
    world.now = world.now.plus(24 * HOUR);
    let until = world.now;
    let after = world.write(ANNA, "after");
    world.say(THERA, Content::Acknowledge(after));
    world.settle();
    let period = Wanted {
        from: Some(from),
        until: Some(until),
        spaces: Some(BTreeSet::from([SPACE])),
        ..wanted(Form::Json)
    };
    let data = parsed(&world.export(period));
    let conversation = &data["conversations"][0];
    assert_eq!(conversation["entries"].as_array().unwrap().len(), 1);
    assert_eq!(conversation["entries"][0]["text"], "within");
    assert_eq!(conversation["log"].as_array().unwrap().len(), 1);
    assert_eq!(conversation["before"]["seq"], first.0 - 1);
    assert_eq!(data["subjects"][0], ANNA.to_string());
    assert_eq!(data["contents"]["messages"], 1);
}

#[test]
fn one_file_is_made_at_a_time() {
    let mut world = one_of_everything(ANNA);
    let (first, _) = world.begin(wanted(Form::Html));
    let again = |world: &mut World| {
        let command = Command::Export(Box::new(wanted(Form::Html)));
        world.client.handle(Input::Command(command), world.now)
    };
    assert_eq!(again(&mut world), Err(Rejected::Busy));
    // Whoever asked for it is gone.
    world.now = world.now.plus(IDLE_MS_MAX + 1);
    assert_eq!(again(&mut world), Ok(()));
    world.drain();
    let more = |export| Input::Command(Command::ExportMore(export));
    assert!(matches!(world.client.handle(more(first), world.now), Err(Rejected::NotAllowed(_))));
    world.client.handle(Input::Command(Command::ExportStop(first + 1)), world.now).unwrap();
    assert!(matches!(world.client.handle(more(first + 1), world.now), Err(Rejected::NotAllowed(_))));
    assert_eq!(again(&mut world), Ok(()));
}

#[test]
fn rows_that_were_asked_for_a_file_given_up_are_not_taken_for_another() {
    let mut world = one_of_everything(ANNA);
    let ask = |world: &mut World, command| {
        world.client.handle(Input::Command(command), world.now).unwrap();
        let mut load = None;
        loop {
            match world.client.poll() {
                Output::Load(from, to) => load = Some((from, to)),
                Output::Idle { .. } => return load,
                _ => {}
            }
        }
    };
    let rows = |world: &World, (from, to): (Vec<u8>, Vec<u8>)| -> Vec<Row> {
        let rows = world.stored.range(from..to);
        rows.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect()
    };
    assert_eq!(ask(&mut world, Command::Export(Box::new(wanted(Form::Json)))), None);
    let given_up = ask(&mut world, Command::ExportMore(1)).unwrap();
    assert_eq!(ask(&mut world, Command::ExportStop(1)), None);
    assert_eq!(ask(&mut world, Command::Export(Box::new(wanted(Form::Json)))), None);
    let wanted_now = ask(&mut world, Command::ExportMore(2)).unwrap();
    // The host answers in the order of asking; the first answer is nobody's now, whatever it holds.
    assert!(!rows(&world, given_up).is_empty());
    let other = rows(&world, wanted_now);
    world.client.handle(Input::Loaded(Vec::new()), world.now).unwrap();
    world.client.handle(Input::Loaded(other), world.now).unwrap();
    let piece = world.drain().into_iter().find_map(|event| match event {
        Event::ExportPiece { export, piece, last: true, .. } => Some((export, piece)),
        _ => None,
    });
    let (export, piece) = piece.unwrap();
    assert_eq!((export, piece), (2, one_of_everything(ANNA).export(wanted(Form::Json))));
}

#[test]
fn what_comes_meanwhile_is_not_in_it_and_what_changes_ends_it() {
    let mut world = World::new(ANNA);
    let first = world.write(ANNA, "first");
    let second = world.write(ANNA, "second");
    world.settle();
    let (export, _) = world.begin(wanted(Form::Json));
    world.space = world.client.spaces.remove(&SPACE).unwrap();
    world.say(ANNA, Content::Edit(Edit { target: first, text: text("changed") }));
    world.write(THERA, "third");
    world.settle();
    let Event::ExportPiece { piece, last: true, .. } = world.ask(Command::ExportMore(export)) else {
        panic!()
    };
    assert!(piece.contains("\"first\"") && !piece.contains("changed") && !piece.contains("third"));

    let (export, _) = world.begin(wanted(Form::Json));
    world.client.spaces.get_mut(&SPACE).unwrap().set_body(&second, EntryBody::Dropped);
    assert_eq!(world.ask(Command::ExportMore(export)), Event::Failed(Failure::RecordChanged));
}

#[test]
fn a_damaged_store_gives_no_file() {
    let mut world = one_of_everything(ANNA);
    let key = rows::log_header(SPACE, Seq(5));
    let whole = world.stored.remove(&key).unwrap();
    let file = |world: &mut World| {
        let (export, _) = world.begin(wanted(Form::Json));
        world.ask(Command::ExportMore(export))
    };
    let failed = Event::Failed(Failure::RecordUnreadable);
    // The rows before it are told, and then it is missed.
    assert_eq!(file(&mut world), failed);
    let other = world.stored[&rows::log_header(SPACE, Seq(6))].clone();
    world.stored.insert(key.clone(), other);
    assert_eq!(file(&mut world), failed);
    world.stored.insert(key, whole);
    assert!(matches!(file(&mut world), Event::ExportPiece { last: true, .. }));
}

#[test]
fn a_piece_is_never_larger_than_it_may_be() {
    let mut world = World::new(ANNA);
    let first = world.write(ANNA, "x");
    // A message that was changed again and again holds all of its texts.
    for number in 0..12_u8 {
        let said = char::from(b'a' + number).to_string().repeat(30_000) + &"\u{1}<\u{1f319}".repeat(2_000);
        world.say(ANNA, Content::Edit(Edit { target: first, text: text(&said) }));
    }
    world.settle();
    let page = world.export(wanted(Form::Html));
    assert!(page.len() > 4 * PIECE_BYTES_MAX, "{}", page.len());
    let data = parsed(inside(&page));
    let entries = data["conversations"][0]["entries"].as_array().unwrap();
    let message = entries.iter().find(|entry| entry["kind"] == "message").unwrap();
    assert_eq!(message["earlier"].as_array().unwrap().len(), 12);
}

#[test]
fn zones_are_bounded() {
    let mut world = one_of_everything(ANNA);
    let mut refused = |zone: Zone| {
        let command = Command::Export(Box::new(Wanted { zone, ..wanted(Form::Html) }));
        world.client.handle(Input::Command(command), world.now).is_err()
    };
    assert!(refused(Zone { name: "x".repeat(65), offsets: Vec::new() }));
    assert!(refused(Zone { name: String::new(), offsets: vec![(Millis(1), 0); 2] }));
    assert!(refused(Zone { name: String::new(), offsets: vec![(Millis(1), 1081)] }));
    assert!(refused(Zone { name: String::new(), offsets: (0..1025).map(|at| (Millis(at), 0)).collect() }));
    assert!(!refused(Zone { name: "x".repeat(64), offsets: vec![(Millis(1), -1080)] }));
}
