//! One message with everything the log says about it, up to a position.
//!
//! Owns what an export needs and the app does not show: earlier texts, and who marked what when. Refuses to know how it is
//! written down ([`crate::export`]). Invariants: what stands in the outbox or after the position changes nothing; of a
//! message that was taken back no text is given.

use super::{At, Effects, ItemKind, Timeline, frames};
use crate::content::{Content, ContentFrame};
use crate::io::MessageId;
use crate::space::Space;
use crate::view::BodyView;
use sotto_protocol::ids::{AccountId, DeviceId, Millis, Seq};

/// Somebody marked something, and when the server stored that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) by: AccountId,
    pub(crate) at: Millis,
}

/// A text that a message once had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wording {
    /// When, by the author's clock.
    pub(crate) sent_at: Millis,
    pub(crate) text: String,
}

/// A message and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) id: MessageId,
    pub(crate) device: DeviceId,
    pub(crate) sent_at: Millis,
    pub(crate) stored_at: Millis,
    pub(crate) show_at: Option<Millis>,
    pub(crate) body: BodyView,
    /// The texts before the one of now, oldest first.
    pub(crate) earlier: Vec<Wording>,
    /// When the text of now was written, if it is not the first.
    pub(crate) edited_at: Option<Millis>,
    pub(crate) taken_back_at: Option<Millis>,
    pub(crate) read: Vec<Mark>,
    pub(crate) brought: Vec<Mark>,
    pub(crate) held: Vec<Mark>,
}

/// Where a message stands among what is shown: after this position, shown then, stored there.
pub(crate) type Stand = (Seq, Millis, Seq);

impl Timeline {
    /// How often something that had been looked at changed where it stands: its payload was dropped, or it could be opened.
    pub(crate) fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// An author's name as she had said it by then.
    pub(crate) fn name_by(&self, author: AccountId, last: Seq) -> Option<&String> {
        self.names.get(&author)?.range(..=At::Log(last)).next_back().map(|(_, name)| name)
    }

    /// Where the newest value of each setting stands.
    pub(crate) fn newest_settings(&self, last: Seq) -> impl Iterator<Item = Seq> {
        let newest =
            move |places: &std::collections::BTreeSet<At>| match places.range(..=At::Log(last)).next_back() {
                Some(At::Log(seq)) => Some(*seq),
                Some(At::Out(_)) | None => None,
            };
        self.settings.values().filter_map(newest)
    }

    /// The messages of the log that are shown, in their order.
    pub(crate) fn stands(&self) -> impl Iterator<Item = Stand> {
        self.shown.in_log()
    }
}

impl Space {
    /// What the entry at a position says, if it was opened.
    pub(crate) fn frame_at(&self, seq: Seq) -> Option<ContentFrame> {
        frames::frame(self, &self.timeline.resends, At::Log(seq))
    }

    /// By then its author had taken the message at a position back.
    pub(crate) fn is_taken_back(&self, seq: Seq, last: Seq) -> bool {
        let item = self.timeline.items.get(&At::Log(seq));
        let effects = item.and_then(|item| self.timeline.effects.get(&item.id));
        let taken = effects.is_some_and(|e| e.taken_back.range(..=At::Log(last)).next().is_some());
        taken || item.is_some_and(|item| item.kind == ItemKind::Dropped)
    }

    /// The message at a position, as the log up to `last` has it.
    pub(crate) fn history_at(&self, seq: Seq, last: Seq) -> Option<History> {
        let (entry, item) = (self.entry_at(seq)?, self.timeline.items.get(&At::Log(seq))?);
        let none = Effects::default();
        let effects = self.timeline.effects.get(&item.id).unwrap_or(&none);
        let frame = self.frame_at(seq);
        let sent_at = frame.as_ref().map_or(entry.at, |frame| frame.sent_at);
        let taken = effects.taken_back.range(..=At::Log(last)).next().map(|(_, taken)| taken);
        let mut wordings = if taken.is_none() && item.kind == ItemKind::Text {
            self.wordings(frame, effects, last)
        } else {
            Vec::new()
        };
        let edited_at = if wordings.len() > 1 { wordings.last().map(|now| now.sent_at) } else { None };
        let body = match (taken, item.kind) {
            (Some(_), _) | (None, ItemKind::Dropped) => BodyView::TakenBack,
            (None, ItemKind::Text) => BodyView::Text(wordings.pop().map(|now| now.text).unwrap_or_default()),
            (None, ItemKind::Resending) => BodyView::Resending,
            (None, ItemKind::Newer) => BodyView::Newer,
            (None, ItemKind::Unreadable) => BodyView::Unreadable,
        };
        let mut brought = self.marks(effects.bring.iter(), last);
        if item.bring {
            brought.insert(0, Mark { by: item.id.author, at: entry.at });
        }
        Some(History {
            id: item.id,
            device: entry.device,
            sent_at,
            stored_at: entry.at,
            show_at: item.show_at,
            body,
            earlier: wordings,
            edited_at,
            taken_back_at: taken.and_then(|taken| taken.stored_at),
            read: self.marks(effects.read.keys(), last),
            brought,
            held: self.marks(effects.hold.iter(), last),
        })
    }

    /// Every text of a message, the one of now last.
    fn wordings(&self, frame: Option<ContentFrame>, effects: &Effects, last: Seq) -> Vec<Wording> {
        let first = frame.and_then(|frame| match frame.content {
            Content::Message(message) => Some((frame.sent_at, message.text)),
            _ => None,
        });
        let edit = |(sent_at, at): &(Millis, At)| match *at {
            At::Log(seq) if seq <= last => match self.frame_at(seq)?.content {
                Content::Edit(edit) => Some((*sent_at, edit.text)),
                _ => None,
            },
            At::Log(_) | At::Out(_) => None,
        };
        let all = first.into_iter().chain(effects.edits.iter().filter_map(edit));
        all.map(|(sent_at, text)| Wording { sent_at, text: text.as_str().to_owned() }).collect()
    }

    /// The first mark of each person.
    fn marks<'a>(&self, places: impl Iterator<Item = &'a At>, last: Seq) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for at in places {
            let At::Log(seq) = *at else { continue };
            let Some(entry) = self.entry_at(seq).filter(|_| seq <= last) else { continue };
            if !marks.iter().any(|mark| mark.by == entry.id.author) {
                marks.push(Mark { by: entry.id.author, at: entry.at });
            }
        }
        marks
    }
}
