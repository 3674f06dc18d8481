//! The conversation folded anew from the first entry: what [`super::Timeline`] must come to by small steps.
//!
//! For tests and the simulation only. Owns one plain fold over everything. Refuses to keep anything. Invariant: it is
//! written for being read, not for speed.

use super::ReadMark;
use crate::content::{Content, ContentFrame, SettingName};
use crate::io::MessageId;
use crate::rows::{Entry, EntryBody, OutboxBody};
use crate::space::Space;
use crate::view::{ATTENTION_MAX, BodyView, MessageView, SettingView};
use sotto_protocol::ids::{AccountId, Millis, Seq};
use sotto_protocol::record::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// What a space says, told at once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) messages: Vec<MessageView>,
    pub(crate) unread: usize,
    pub(crate) unanswered: usize,
    pub(crate) attention: Vec<MessageView>,
    pub(crate) settings: Vec<SettingView>,
}

/// The fold.
struct Fold {
    me: AccountId,
    messages: Vec<MessageView>,
    index: BTreeMap<MessageId, usize>,
    names: BTreeMap<AccountId, String>,
    read: BTreeMap<MessageId, Vec<AccountId>>,
    marks: BTreeMap<MessageId, (bool, bool)>,
    dropped: BTreeSet<MessageId>,
    /// The newest edit of each message by its author's clock, and what was taken back; a target may come later.
    edits: BTreeMap<MessageId, (Millis, String)>,
    taken_back: BTreeMap<MessageId, Vec<TakenBack>>,
    settings: BTreeMap<(AccountId, SettingName), SettingView>,
}

/// When a take-back was stored, and from when its target was to be shown.
type TakenBack = (Option<Millis>, Option<Millis>);

/// Where a frame stands.
#[derive(Clone, Copy)]
struct Place {
    id: MessageId,
    seq: Option<Seq>,
    stored_at: Option<Millis>,
}

impl Fold {
    fn of(space: &Space, me: AccountId) -> Self {
        let mut timeline = Self {
            me,
            messages: Vec::new(),
            index: BTreeMap::new(),
            names: BTreeMap::new(),
            read: BTreeMap::new(),
            marks: BTreeMap::new(),
            dropped: BTreeSet::new(),
            edits: BTreeMap::new(),
            taken_back: BTreeMap::new(),
            settings: BTreeMap::new(),
        };
        let resent = resent(space);
        for (entry, seq) in space.entries.iter().zip(1..) {
            if entry.kind == Kind::Content {
                // What was written while one was no reader is not one's to read.
                let mine = entry.body != EntryBody::Closed || space.bad_eras.contains(&entry.era);
                if mine {
                    timeline.entry(entry, Seq(seq), resent.get(&entry.id));
                }
            }
        }
        for row in space.outbox.values() {
            if let OutboxBody::Content { frame } = &row.body
                && let Ok(frame) = ContentFrame::from_bytes(frame.as_slice())
            {
                let place =
                    Place { id: MessageId { author: me, record: row.id }, seq: None, stored_at: None };
                timeline.frame(place, frame);
                if row.refused.is_some()
                    && let Some(message) = timeline.message(&place.id)
                {
                    message.refused = true;
                }
            }
        }
        timeline.finish()
    }

    fn entry(&mut self, entry: &Entry, seq: Seq, resent: Option<&ContentFrame>) {
        let place = Place { id: entry.id, seq: Some(seq), stored_at: Some(entry.at) };
        match (&entry.body, resent) {
            (EntryBody::Opened { frame }, _) => match ContentFrame::from_bytes(frame.as_slice()) {
                Ok(frame) => self.frame(place, frame),
                Err(_) => self.add(place, entry.at, BodyView::Unreadable, false),
            },
            (EntryBody::Closed, Some(frame)) => self.frame(place, frame.clone()),
            (EntryBody::Closed, None) => self.add(place, entry.at, BodyView::Resending, false),
            (EntryBody::Bad, _) => self.add(place, entry.at, BodyView::Unreadable, false),
            (EntryBody::Dropped, _) => {
                // Whether it was a message is told by the take-back that names it.
                self.dropped.insert(entry.id);
                self.add(place, entry.at, BodyView::TakenBack, false);
            }
            (EntryBody::Visible, _) => {}
        }
    }

    fn add(&mut self, place: Place, sent_at: Millis, body: BodyView, bring: bool) {
        self.index.insert(place.id, self.messages.len());
        self.messages.push(MessageView {
            id: place.id,
            seq: place.seq,
            author_name: None,
            mine: place.id.author == self.me,
            sent_at,
            stored_at: place.stored_at,
            show_at: None,
            body,
            edited: false,
            read_by: Vec::new(),
            bring,
            held: false,
            refused: false,
        });
    }

    fn message(&mut self, id: &MessageId) -> Option<&mut MessageView> {
        self.index.get(id).and_then(|index| self.messages.get_mut(*index))
    }

    fn frame(&mut self, place: Place, frame: ContentFrame) {
        let author = place.id.author;
        match frame.content {
            Content::Message(message) => {
                self.add(
                    place,
                    frame.sent_at,
                    BodyView::Text(message.text.as_str().to_owned()),
                    message.bring,
                );
                if let Some(added) = self.messages.last_mut() {
                    added.show_at = message.shown_later(frame.sent_at, place.stored_at);
                }
            }
            Content::Edit(edit) if edit.target.author == author => {
                let newest = self.edits.get(&edit.target).is_none_or(|(at, _)| *at <= frame.sent_at);
                if newest {
                    self.edits.insert(edit.target, (frame.sent_at, edit.text.as_str().to_owned()));
                }
            }
            Content::TakeBack(back) if back.target().author == author => {
                let taken = (place.stored_at, back.show_at);
                self.taken_back.entry(back.target()).or_default().push(taken);
            }
            Content::Acknowledge(target) if target.author != author => {
                let readers = self.read.entry(target).or_default();
                if !readers.contains(&author) {
                    readers.push(author);
                }
            }
            Content::Bring(target) => self.marks.entry(target).or_default().0 = true,
            Content::Hold(target) => self.marks.entry(target).or_default().1 = true,
            Content::Profile(name) => {
                self.names.insert(author, name.as_str().to_owned());
            }
            Content::Setting(setting) => {
                let view = SettingView {
                    author,
                    name: setting.name.as_str().to_owned(),
                    value: setting.value.as_str().to_owned(),
                    sent_at: frame.sent_at,
                };
                self.settings.insert((author, setting.name), view);
            }
            // Not the author's to change, or taken in where the original stands.
            Content::Edit(_) | Content::TakeBack(_) | Content::Acknowledge(_) | Content::Resend(_) => {}
            Content::Unknown(..) => self.add(place, frame.sent_at, BodyView::Newer, false),
        }
    }

    fn finish(mut self) -> Self {
        for message in &mut self.messages {
            message.author_name = self.names.get(&message.id.author).cloned();
            if let Some(readers) = self.read.remove(&message.id) {
                message.read_by = readers;
            }
            if let (Some((_, text)), BodyView::Text(_)) = (self.edits.remove(&message.id), &message.body) {
                message.body = BodyView::Text(text);
                message.edited = true;
            }
            if let Some(taken) = self.taken_back.get(&message.id) {
                message.body = BodyView::TakenBack;
                if self.dropped.contains(&message.id) {
                    message.show_at = taken.iter().find_map(|(_, show_at)| *show_at);
                }
            }
            if let Some((bring, held)) = self.marks.get(&message.id) {
                message.bring |= bring;
                message.held |= held;
            }
        }
        // A dropped payload that no take-back names was an edit of something taken back.
        let (dropped, taken_back) = (&self.dropped, &self.taken_back);
        self.messages.retain(|m| !dropped.contains(&m.id) || taken_back.contains_key(&m.id));
        self
    }
}

/// Where one's own newest message stands. One that the server refused has reached nobody.
fn newest_own(messages: &[MessageView]) -> Option<usize> {
    messages.iter().rposition(|m| m.mine && !m.refused && matches!(m.body, BodyView::Text(_)))
}

/// What may want an answer. Where there is more than fits, marked ones stay, then the newest.
fn attention(messages: &[MessageView], me: AccountId) -> Vec<MessageView> {
    let own = newest_own(messages);
    let marked = |m: &MessageView| m.bring || m.held;
    let open = |(index, m): &(usize, &MessageView)| {
        !m.mine && (own.is_none_or(|own| *index > own) || !m.read_by.contains(&me))
    };
    let all = || messages.iter().enumerate().rev().filter(|(_, m)| m.body != BodyView::TakenBack);
    let marks = all().filter(|(_, m)| marked(m)).map(|(index, _)| index);
    let others = all().filter(|(_, m)| !marked(m)).filter(open).map(|(index, _)| index);
    let chosen: BTreeSet<usize> = marks.chain(others).take(ATTENTION_MAX).collect();
    chosen.into_iter().filter_map(|index| messages.get(index).cloned()).collect()
}

/// What a space says to this account at this time.
pub(crate) fn told(space: &Space, me: AccountId, mark: ReadMark, clock: Millis) -> Told {
    let fold = Fold::of(space, me);
    let withdrawn = |m: &MessageView, show_at: Millis| {
        fold.taken_back
            .get(&m.id)
            .is_some_and(|taken| taken.iter().any(|(at, _)| at.is_none_or(|at| at <= show_at)))
    };
    let mut placed = Vec::new();
    for message in &fold.messages {
        let seq = message.seq.map_or(u64::MAX, |seq| seq.0);
        let place = match message.show_at.filter(|_| !message.mine) {
            None => (seq, Millis::ZERO, seq),
            Some(show_at) if show_at > clock || withdrawn(message, show_at) => continue,
            Some(show_at) => {
                let entries = space.entries.iter().zip(1_u64..);
                let later = entries.filter(|(_, n)| *n > seq).find(|(entry, _)| entry.at > show_at);
                (later.map_or(u64::MAX - 1, |(_, n)| n - 1), show_at, seq)
            }
        };
        placed.push((place, message.clone()));
    }
    placed.sort_by_key(|(place, _)| *place);
    let messages: Vec<MessageView> = placed.into_iter().map(|(_, message)| message).collect();
    let beyond = |m: &&MessageView| {
        let late = m.show_at.is_some_and(|show_at| show_at > mark.at);
        !m.mine && m.seq.is_some_and(|seq| seq > mark.seq || late)
    };
    let unread = messages.iter().filter(beyond).count();
    let attention = attention(&messages, me);
    let after = newest_own(&messages).map_or(0, |own| own + 1);
    let open = |m: &&MessageView| !m.mine && m.body != BodyView::TakenBack;
    let unanswered = messages.iter().skip(after).filter(open).count();
    Told { messages, unread, unanswered, attention, settings: fold.settings.into_values().collect() }
}

/// Frames sent again, by the record whose place they take.
fn resent(space: &Space) -> BTreeMap<MessageId, ContentFrame> {
    let mut resent = BTreeMap::new();
    for entry in &space.entries {
        if let EntryBody::Opened { frame } = &entry.body
            && let Ok(ContentFrame { content: Content::Resend(again), .. }) =
                ContentFrame::from_bytes(frame.as_slice())
            && again.original.author == entry.id.author
            && space.seq_of(&again.original) < space.seq_of(&entry.id)
            && space.by_id.contains_key(&again.original)
            && let Ok(original) = ContentFrame::from_bytes(again.frame.as_slice())
        {
            resent.entry(again.original).or_insert(original);
        }
    }
    resent
}
