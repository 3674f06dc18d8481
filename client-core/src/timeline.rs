//! The conversation as it stands now.
//!
//! Owns what verified entries and the outbox say together: edits applied, taken-back texts gone, acknowledgements and
//! session marks set, what is not to be shown yet kept back. Refuses to know how entries came about. Invariants: the
//! order is the log's; a message is shown once, whatever was sent again; only an author changes her own message; and
//! whatever order things became known in, the outcome is that of folding everything anew (`full` does, in tests).
//!
//! A change costs the logarithm of what there is, and what is shown is read where it lies: this holds places, no texts.

mod frames;
#[cfg(any(test, feature = "simulation"))]
pub(crate) mod full;
pub(crate) mod history;
mod shown;
#[cfg(test)]
mod tests;

use crate::content::{Content, ContentFrame, SettingName};
use crate::io::MessageId;
use crate::space::Space;
use crate::view::{ATTENTION_MAX, MessageView, SettingView};
use core::mem::take;
use frames::Said;
use shown::Shown;
use sotto_protocol::ids::{AccountId, Millis, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// Where a frame stands: in the log or, after all of that, in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    Log(Seq),
    Out(u64),
}

/// The read mark: how far, and when it was set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadMark {
    pub(crate) seq: Seq,
    pub(crate) at: Millis,
}

/// What a space says.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    me: AccountIdOrNone,
    /// Frames to be looked at again.
    touched: BTreeSet<At>,
    /// What was taken from each frame, to take it out again.
    sources: BTreeMap<At, Source>,
    items: BTreeMap<At, Item>,
    index: BTreeMap<MessageId, At>,
    effects: BTreeMap<MessageId, Effects>,
    names: BTreeMap<AccountId, BTreeMap<At, String>>,
    settings: BTreeMap<(AccountId, SettingName), BTreeSet<At>>,
    resends: BTreeMap<MessageId, BTreeSet<Seq>>,
    /// Entries of the log that were looked at once.
    known: Seq,
    /// Changes of entries that had been looked at.
    rewritten: u64,
    shown: Shown,
}

/// Whose timeline it is; unknown until it is first brought up to date.
type AccountIdOrNone = Option<AccountId>;

/// What a frame brought.
#[derive(Debug)]
enum Source {
    Item,
    Edit { target: MessageId, sent_at: Millis },
    TakeBack(MessageId),
    Read(MessageId),
    Bring(MessageId),
    Hold(MessageId),
    Name(AccountId),
    Setting(AccountId, SettingName),
    Resend(MessageId),
}

/// Something that may be shown.
#[derive(Debug)]
struct Item {
    id: MessageId,
    kind: ItemKind,
    /// When the server stored it.
    stored_at: Option<Millis>,
    /// When others are shown it, if that is later than it was stored.
    show_at: Option<Millis>,
    bring: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemKind {
    Text,
    Resending,
    Newer,
    Unreadable,
    Dropped,
}

/// What other frames did to a message; it may come before or after them.
#[derive(Debug, Default)]
struct Effects {
    /// By the author's clock; the last counts.
    edits: BTreeSet<(Millis, At)>,
    taken_back: BTreeMap<At, TakenBack>,
    read: BTreeMap<At, AccountId>,
    bring: BTreeSet<At>,
    hold: BTreeSet<At>,
}

/// A take-back: when it was stored, and from when its target was to be shown.
#[derive(Clone, Copy, Debug)]
struct TakenBack {
    stored_at: Option<Millis>,
    show_at: Option<Millis>,
}

impl Effects {
    fn is_empty(&self) -> bool {
        self.edits.is_empty()
            && self.taken_back.is_empty()
            && self.read.is_empty()
            && self.bring.is_empty()
            && self.hold.is_empty()
    }

    /// From when the message was to be shown, as its take-backs say: they outlive its text.
    fn show_at(&self) -> Option<Millis> {
        self.taken_back.values().find_map(|taken| taken.show_at)
    }

    /// It was taken back before anybody else was shown it.
    fn withdrawn(&self, show_at: Millis) -> bool {
        self.taken_back.values().any(|taken| taken.stored_at.is_none_or(|at| at <= show_at))
    }
}

impl Timeline {
    /// Something about this frame changed.
    pub(crate) fn touch(&mut self, at: At) {
        if matches!(at, At::Log(seq) if seq <= self.known) {
            self.rewritten = self.rewritten.saturating_add(1);
        }
        self.touched.insert(at);
    }

    /// When the next thing becomes visible.
    pub(crate) fn due_at(&self) -> Option<Millis> {
        self.shown.due_at()
    }

    /// Up to when what is due is shown.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn clock(&self) -> Millis {
        self.shown.clock()
    }

    /// How many messages are shown.
    pub(crate) fn total(&self) -> usize {
        self.shown.total()
    }

    /// Messages of others after the read mark.
    pub(crate) fn unread(&self) -> usize {
        self.shown.unread()
    }

    /// Messages of others that are shown after one's own newest one.
    pub(crate) fn unanswered(&self) -> usize {
        self.shown.unanswered()
    }

    /// True when this message of another person is there, and not to be shown yet.
    pub(crate) fn keeps_back(&self, id: &MessageId) -> bool {
        self.index.get(id).is_some_and(|at| !self.shown.has(*at))
    }

    /// From when others are shown a message, if that is later than it was stored.
    pub(crate) fn shown_later(&self, id: &MessageId) -> Option<Millis> {
        self.index.get(id).and_then(|at| self.items.get(at)).and_then(|item| item.show_at)
    }

    fn author_is_me(&self, id: &MessageId) -> bool {
        self.me == Some(id.author)
    }

    /// Takes a frame in that was not there, or out that is no longer.
    fn replace(&mut self, space: &Space, at: At) {
        if let Some(Source::Resend(original)) = self.remove(space, at) {
            self.touch_original(space, original);
        }
        if let Some((id, said)) = frames::said(space, &self.resends, at, self.me) {
            self.add(space, at, id, said);
        }
    }

    fn add(&mut self, space: &Space, at: At, id: MessageId, said: Said) {
        let stored_at = frames::stored_at(space, at);
        let source = match said {
            Said::Placeholder(kind) => self.add_item(space, at, Item::new(id, kind, stored_at)),
            Said::Frame(frame) => match self.add_frame(space, at, id, stored_at, frame) {
                Some(source) => source,
                None => return,
            },
        };
        self.sources.insert(at, source);
    }

    fn add_item(&mut self, space: &Space, at: At, item: Item) -> Source {
        self.index.insert(item.id, at);
        self.items.insert(at, item);
        self.place(space, at);
        Source::Item
    }

    /// `None` when it is not the author's to say, or says nothing by itself.
    fn add_frame(
        &mut self,
        space: &Space,
        at: At,
        id: MessageId,
        stored_at: Option<Millis>,
        frame: ContentFrame,
    ) -> Option<Source> {
        let ContentFrame { sent_at, content } = frame;
        let author = id.author;
        Some(match content {
            Content::Message(message) => {
                let show_at = message.shown_later(sent_at, stored_at);
                let item = Item { show_at, bring: message.bring, ..Item::new(id, ItemKind::Text, stored_at) };
                self.add_item(space, at, item)
            }
            Content::Unknown(..) => self.add_item(space, at, Item::new(id, ItemKind::Newer, stored_at)),
            Content::Edit(edit) if edit.target.author == author => {
                self.affect(space, edit.target, |e| e.edits.insert((sent_at, at)));
                Source::Edit { target: edit.target, sent_at }
            }
            Content::TakeBack(back) if back.target().author == author => {
                let taken = TakenBack { stored_at, show_at: back.show_at };
                self.affect(space, back.target(), |e| e.taken_back.insert(at, taken));
                Source::TakeBack(back.target())
            }
            Content::Acknowledge(target) if target.author != author => {
                self.affect(space, target, |e| e.read.insert(at, author));
                Source::Read(target)
            }
            Content::Bring(target) => {
                self.affect(space, target, |e| e.bring.insert(at));
                Source::Bring(target)
            }
            Content::Hold(target) => {
                self.affect(space, target, |e| e.hold.insert(at));
                Source::Hold(target)
            }
            Content::Profile(name) => {
                self.names.entry(author).or_default().insert(at, name.as_str().to_owned());
                Source::Name(author)
            }
            Content::Setting(setting) => {
                self.settings.entry((author, setting.name.clone())).or_default().insert(at);
                Source::Setting(author, setting.name)
            }
            Content::Resend(again) => {
                let At::Log(seq) = at else { return None };
                // Only of what stands before it: references that lead in a circle would never come to an end.
                let before = space.seq_of(&again.original).is_some_and(|original| original < seq);
                let readable = ContentFrame::from_bytes(again.frame.as_slice()).is_ok();
                let genuine = before && readable && again.original.author == author;
                if !genuine {
                    return None;
                }
                self.resends.entry(again.original).or_default().insert(seq);
                self.touch_original(space, again.original);
                Source::Resend(again.original)
            }
            Content::Edit(_) | Content::TakeBack(_) | Content::Acknowledge(_) => return None,
        })
    }

    fn touch_original(&mut self, space: &Space, original: MessageId) {
        if let Some(seq) = space.seq_of(&original) {
            self.touch(At::Log(seq));
        }
    }

    fn remove(&mut self, space: &Space, at: At) -> Option<Source> {
        let source = self.sources.remove(&at)?;
        match &source {
            Source::Item => {
                self.shown.lift(at);
                if let Some(item) = self.items.remove(&at)
                    && self.index.get(&item.id) == Some(&at)
                {
                    self.index.remove(&item.id);
                }
            }
            Source::Edit { target, sent_at } => {
                self.affect(space, *target, |e| e.edits.remove(&(*sent_at, at)))
            }
            Source::TakeBack(target) => self.affect(space, *target, |e| e.taken_back.remove(&at)),
            Source::Read(target) => self.affect(space, *target, |e| e.read.remove(&at)),
            Source::Bring(target) => self.affect(space, *target, |e| e.bring.remove(&at)),
            Source::Hold(target) => self.affect(space, *target, |e| e.hold.remove(&at)),
            Source::Name(author) => drop(self.names.entry(*author).or_default().remove(&at)),
            Source::Setting(author, name) => {
                self.settings.entry((*author, name.clone())).or_default().remove(&at);
            }
            Source::Resend(original) => {
                if let At::Log(seq) = at {
                    self.resends.entry(*original).or_default().remove(&seq);
                }
            }
        }
        Some(source)
    }

    /// Changes what is known about a message, and shows it accordingly.
    fn affect<R>(&mut self, space: &Space, target: MessageId, change: impl FnOnce(&mut Effects) -> R) {
        let effects = self.effects.entry(target).or_default();
        change(effects);
        if effects.is_empty() {
            self.effects.remove(&target);
        }
        if let Some(at) = self.index.get(&target).copied() {
            self.place(space, at);
        }
    }

    /// Puts an item where it belongs among what is shown, or keeps it back.
    fn place(&mut self, space: &Space, at: At) {
        self.shown.lift(at);
        let Some(item) = self.items.get(&at) else { return };
        let none = Effects::default();
        let effects = self.effects.get(&item.id).unwrap_or(&none);
        let taken_back = !effects.taken_back.is_empty();
        // A dropped payload that no take-back names was an edit of something taken back.
        if item.kind == ItemKind::Dropped && !taken_back {
            return;
        }
        let mine = self.author_is_me(&item.id);
        let show_at = if item.kind == ItemKind::Dropped { effects.show_at() } else { item.show_at };
        // It never was there for anybody but its author.
        if !mine && show_at.is_some_and(|show_at| effects.withdrawn(show_at)) {
            return;
        }
        let row = |number| space.outbox.get(&number);
        let refused = matches!(at, At::Out(number) if row(number).is_some_and(|row| row.refused.is_some()));
        let facts = shown::Facts {
            mine,
            refused,
            show_at: show_at.filter(|_| !mine),
            anchor: frames::anchor(space, at, show_at.filter(|_| !mine)),
            text: item.kind == ItemKind::Text && !taken_back,
            gone: taken_back,
            marked: item.bring || !effects.bring.is_empty() || !effects.hold.is_empty(),
            answered: effects.read.values().any(|reader| self.me == Some(*reader)),
        };
        self.shown.place(at, facts);
    }

    /// The entry after all that are known was stored at `stored_at`: what was shown before that gets its place before it.
    fn anchor_before(&mut self, space: &Space, stored_at: Millis) {
        for at in self.shown.floating_before(stored_at) {
            self.place(space, at);
        }
    }

    fn name(&self, author: AccountId) -> Option<&String> {
        self.names.get(&author).and_then(|names| names.values().next_back())
    }
}

impl Item {
    fn new(id: MessageId, kind: ItemKind, stored_at: Option<Millis>) -> Self {
        Self { id, kind, stored_at, show_at: None, bring: false }
    }
}

impl Space {
    /// Brings the timeline up to date with entries, outbox, read mark and clock. True when something became visible only
    /// because its time has come.
    pub(crate) fn settle_timeline(&mut self, me: AccountId, mark: ReadMark, now: Millis) -> bool {
        let mut timeline = take(&mut self.timeline);
        timeline.me = Some(me);
        timeline.shown.read_up_to(mark);
        while let Some(at) = timeline.touched.pop_first() {
            if let At::Log(seq) = at
                && seq > timeline.known
                && let Some(stored_at) = frames::stored_at(self, at)
            {
                timeline.anchor_before(self, stored_at);
                timeline.known = seq;
            }
            timeline.replace(self, at);
        }
        let mut appeared = false;
        for at in timeline.shown.advance(now) {
            timeline.place(self, at);
            appeared |= timeline.shown.has(at);
        }
        self.timeline = timeline;
        appeared
    }

    /// Messages `start .. start + count`, oldest first.
    pub(crate) fn messages(&self, start: usize, count: usize) -> Vec<MessageView> {
        self.timeline.shown.page(start, count).filter_map(|at| self.message_at(at)).collect()
    }

    /// The newest message.
    pub(crate) fn newest_message(&self) -> Option<MessageView> {
        self.timeline.shown.last().and_then(|at| self.message_at(at))
    }

    /// See [`SpaceView::attention`](crate::view::SpaceView::attention).
    pub(crate) fn attention(&self) -> Vec<MessageView> {
        self.timeline.shown.attention(ATTENTION_MAX).filter_map(|at| self.message_at(at)).collect()
    }

    /// How many messages have a text.
    pub(crate) fn texts(&self) -> usize {
        self.timeline.shown.texts()
    }

    /// A member's name, once she has said it.
    pub(crate) fn name_of(&self, author: AccountId) -> Option<String> {
        self.timeline.name(author).cloned()
    }

    /// The newest value of each author under each name.
    pub(crate) fn settings(&self) -> Vec<SettingView> {
        let newest = self.timeline.settings.iter().filter_map(|((author, name), places)| {
            let frame = frames::frame(self, &self.timeline.resends, *places.last()?)?;
            let Content::Setting(setting) = frame.content else { return None };
            Some(SettingView {
                author: *author,
                name: name.as_str().to_owned(),
                value: setting.value.as_str().to_owned(),
                sent_at: frame.sent_at,
            })
        });
        newest.collect()
    }
}
