//! Small steps come to what folding everything anew comes to.

use super::full::{Told, told};
use super::*;
use crate::content::{Edit, Message, Resend, Setting, TakeBack};
use crate::rows::{Entry, EntryBody, OutboxBody, OutboxRow};
use proptest::collection::vec;
use proptest::prelude::*;
use sotto_protocol::codec::{Bytes, Text};
use sotto_protocol::ids::{DeviceId, EraId, Hash, Head, RecordId, SpaceId};
use sotto_protocol::record::Kind;

const ME: AccountId = AccountId([1; 16]);
const OTHER: AccountId = AccountId([2; 16]);
const BAD: EraId = EraId([7; 32]);
const HOUR: u64 = 3_600_000;

struct World {
    space: Space,
    now: Millis,
    mark: ReadMark,
    ids: Vec<MessageId>,
}

/// Something that happens: which, to whom, how, and how long after the one before.
type Step = (u8, u8, u8, u64);

fn frame(sent_at: Millis, content: Content) -> Bytes<{ sotto_protocol::limits::PAYLOAD_BYTES_MAX }> {
    Bytes::new(ContentFrame { sent_at, content }.to_bytes().unwrap()).unwrap()
}

impl World {
    fn new() -> Self {
        let mut space = Space::new(SpaceId([9; 16]));
        space.bad_eras.insert(BAD);
        Self { space, now: Millis(1_800_000_000_000), mark: ReadMark::default(), ids: Vec::new() }
    }

    fn next_id(&self, author: AccountId) -> MessageId {
        let number = u64::try_from(self.ids.len()).unwrap().to_be_bytes();
        let mut record = [author.0[0]; 16];
        record[8..].copy_from_slice(&number);
        MessageId { author, record: RecordId(record) }
    }

    fn log(&mut self, id: MessageId, skew: u8, era: EraId, body: EntryBody) {
        self.space.push_entry(Entry {
            at: Millis(self.now.0 + u64::from(skew) - 100),
            id,
            device: DeviceId([3; 16]),
            era,
            kind: Kind::Content,
            payload_hash: Hash([4; 32]),
            head: Head([5; 32]),
            body,
        });
        self.ids.push(id);
    }

    fn say(&mut self, author: AccountId, skew: u8, content: Content) -> MessageId {
        let id = self.next_id(author);
        self.log(id, skew, EraId([6; 32]), EntryBody::Opened { frame: frame(self.now, content) });
        id
    }

    fn queue(&mut self, content: Content) {
        let id = self.next_id(ME);
        let body = OutboxBody::Content { frame: frame(self.now, content) };
        let readers = BTreeSet::new();
        self.space.queue(OutboxRow {
            id: id.record,
            body,
            readers,
            queued_at: self.now,
            refused: None,
            attempted: false,
        });
        self.ids.push(id);
    }

    fn message(&self, how: u8) -> Content {
        let show_at = how.is_multiple_of(3).then(|| self.now.plus(u64::from(how) * HOUR / 8));
        Content::Message(Message {
            text: Text::new(format!("{how}")).unwrap(),
            bring: how.is_multiple_of(7),
            show_at,
        })
    }

    fn step(&mut self, (what, whom, how, pause): Step) {
        self.now = self.now.plus(pause);
        let author = if whom.is_multiple_of(2) { ME } else { OTHER };
        let target = match self.ids.len() {
            0 => self.next_id(author),
            known => self.ids[usize::from(whom) * 31 % known],
        };
        let reader = if target.author == ME { OTHER } else { ME };
        let edit = Content::Edit(Edit { target, text: Text::new(format!("edit {how}")).unwrap() });
        let back = Content::TakeBack(TakeBack {
            author: target.author,
            record: target.record,
            show_at: self.space.timeline.shown_later(&target),
        });
        match what {
            0..=4 => {
                self.say(author, how, self.message(how));
            }
            5 => {
                self.say(target.author, how, edit);
            }
            6 => {
                self.say(target.author, how, back);
            }
            7 => {
                self.say(reader, how, Content::Acknowledge(target));
            }
            8 if how.is_multiple_of(2) => {
                self.say(author, how, Content::Bring(target));
            }
            8 => {
                self.say(author, how, Content::Hold(target));
            }
            9 => drop(self.space.set_body(&target, EntryBody::Dropped)),
            10 => match how % 4 {
                0 if target.author == ME => self.queue(edit),
                1 if target.author == ME => self.queue(back),
                2 if target.author == OTHER => self.queue(Content::Acknowledge(target)),
                _ => self.queue(self.message(how)),
            },
            11 => {
                let first = self.space.outbox.keys().next().copied();
                first.into_iter().for_each(|number| self.space.unqueue(number));
            }
            12 => {
                let known = u64::try_from(self.space.entries.len()).unwrap();
                let seq = Seq(known * u64::from(how) / 255).max(self.mark.seq);
                self.mark = ReadMark { seq, at: self.now };
            }
            13 => {
                let id = self.next_id(author);
                self.log(id, how, BAD, EntryBody::Closed);
            }
            14 => {
                let again = frame(self.now, self.message(how));
                let resend = Content::Resend(Resend { original: target, frame: again });
                self.say(target.author, how, resend);
            }
            15 => {
                let value = Text::new(format!("{how}")).unwrap();
                let name = SettingName::parse("availability").unwrap();
                self.say(author, how, Content::Setting(Setting { name, value }));
            }
            16 => {
                self.say(author, how, Content::Profile(Text::new(format!("{how}")).unwrap()));
            }
            17 => {
                self.say(author, how, Content::Unknown(900, Bytes::new(vec![how]).unwrap()));
            }
            _ => {
                let id = self.next_id(author);
                self.log(id, how, EraId([6; 32]), EntryBody::Bad);
            }
        }
        self.space.settle_timeline(ME, self.mark, self.now);
    }

    fn shown(&self) -> Told {
        Told {
            messages: self.space.messages(0, usize::MAX),
            unread: self.space.timeline.unread(),
            unanswered: self.space.timeline.unanswered(),
            attention: self.space.attention(),
            settings: self.space.settings(),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec((0_u8..19, any::<u8>(), any::<u8>(), prop_oneof![0..1000_u64, Just(HOUR), Just(6 * HOUR)]), 1..60)
}

proptest! {
    #[test]
    fn small_steps_come_to_the_same_as_folding_anew(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            let anew = told(&world.space, ME, world.mark, world.now);
            prop_assert_eq!(world.shown(), anew, "after {:?}", step);
        }
        let total = world.space.timeline.total();
        let all = world.space.messages(0, total);
        for start in (0..total).step_by(7) {
            let page = world.space.messages(start, 5);
            prop_assert_eq!(&page[..], &all[start..total.min(start + 5)]);
        }
        let mut opened = World { space: Space::new(SpaceId([9; 16])), ids: Vec::new(), ..world };
        core::mem::swap(&mut opened.space, &mut world.space);
        let before = opened.shown();
        opened.space.timeline = Timeline::default();
        opened.space.loaded();
        opened.space.settle_timeline(ME, opened.mark, opened.now);
        prop_assert_eq!(opened.shown(), before, "opened again");
    }
}

fn texts(world: &World) -> Vec<String> {
    let text = |view: MessageView| match view.body {
        crate::view::BodyView::Text(text) => text,
        other => format!("{other:?}"),
    };
    world.space.messages(0, usize::MAX).into_iter().map(text).collect()
}

fn later(world: &World, text: &str) -> Content {
    let show_at = Some(world.now.plus(HOUR));
    Content::Message(Message { text: Text::new(text).unwrap(), bring: false, show_at })
}

fn plain(text: &str) -> Content {
    Content::Message(Message { text: Text::new(text).unwrap(), bring: false, show_at: None })
}

fn settle(world: &mut World) -> bool {
    world.space.settle_timeline(ME, world.mark, world.now)
}

#[test]
fn a_message_for_later_appears_in_its_time_and_is_new_then() {
    let mut world = World::new();
    let id = world.say(OTHER, 100, later(&world, "good morning"));
    world.say(OTHER, 110, plain("before"));
    world.mark = ReadMark { seq: Seq(2), at: world.now };
    assert!(!settle(&mut world));
    assert_eq!((texts(&world), world.space.timeline.unread()), (vec!["before".to_owned()], 0));
    assert!(world.space.timeline.keeps_back(&id));
    assert_eq!(world.space.timeline.due_at(), Some(world.now.plus(HOUR)));

    world.now = world.now.plus(HOUR);
    assert!(settle(&mut world), "it appeared by itself");
    assert_eq!(texts(&world), ["before", "good morning"]);
    assert_eq!((world.space.timeline.unread(), world.space.timeline.due_at()), (1, None));

    world.now = world.now.plus(HOUR);
    world.say(OTHER, 100, plain("after"));
    settle(&mut world);
    assert_eq!(texts(&world), ["before", "good morning", "after"]);
    world.mark = ReadMark { seq: Seq(3), at: world.now };
    settle(&mut world);
    assert_eq!(world.space.timeline.unread(), 0);
}

#[test]
fn what_was_taken_back_before_its_time_never_was_there() {
    let mut world = World::new();
    let id = world.say(OTHER, 100, later(&world, "never"));
    let show_at = world.space.entries.first().map(|_| world.now.plus(HOUR));
    let back = TakeBack { author: OTHER, record: id.record, show_at };
    world.say(OTHER, 120, Content::TakeBack(back));
    world.now = world.now.plus(2 * HOUR);
    settle(&mut world);
    assert_eq!(texts(&world), Vec::<String>::new());
    world.space.set_body(&id, EntryBody::Dropped);
    settle(&mut world);
    assert_eq!(texts(&world), Vec::<String>::new(), "nor when the server has erased it");
}

#[test]
fn its_author_sees_it_at_once_and_sees_that_she_took_it_back() {
    let mut world = World::new();
    let id = world.say(ME, 100, later(&world, "tomorrow"));
    settle(&mut world);
    assert_eq!(texts(&world), ["tomorrow"]);
    let back = TakeBack { author: ME, record: id.record, show_at: world.space.timeline.shown_later(&id) };
    world.say(ME, 110, Content::TakeBack(back));
    settle(&mut world);
    assert_eq!(texts(&world), ["TakenBack"]);
}
