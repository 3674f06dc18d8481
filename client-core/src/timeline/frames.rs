//! Reading frames where they lie: entries, outbox, and what was sent again.
//!
//! Owns finding what stands at a place, and the view of one message. Refuses to know the order of what is shown.
//! Invariant: nothing is read that the account was no reader of.

use super::{At, Effects, ItemKind};
use crate::content::{Content, ContentFrame};
use crate::io::MessageId;
use crate::rows::{EntryBody, OutboxBody};
use crate::space::Space;
use crate::view::{BodyView, MessageView};
use sotto_protocol::ids::{AccountId, Millis, Seq};
use sotto_protocol::record::Kind;
use std::collections::{BTreeMap, BTreeSet};

type Resends = BTreeMap<MessageId, BTreeSet<Seq>>;

/// What stands at a place.
pub(super) enum Said {
    Frame(ContentFrame),
    Placeholder(ItemKind),
}

/// When the server stored it; `None` in the outbox.
pub(super) fn stored_at(space: &Space, at: At) -> Option<Millis> {
    match at {
        At::Log(seq) => space.entry_at(seq).map(|entry| entry.at),
        At::Out(_) => None,
    }
}

/// The first entry that was stored after a message's time to be shown.
pub(super) fn anchor(space: &Space, at: At, show_at: Option<Millis>) -> Option<Seq> {
    let (At::Log(seq), Some(show_at)) = (at, show_at) else { return None };
    let after = usize::try_from(seq.0.checked_sub(space.base.seq.0)?).ok()?;
    let later = space.entries.iter().enumerate().skip(after).find(|(_, entry)| entry.at > show_at)?;
    Some(space.seq_at(later.0))
}

/// What is said at a place, and as which message; `None` when nothing is, or nothing for this account.
pub(super) fn said(
    space: &Space,
    resends: &Resends,
    at: At,
    me: Option<AccountId>,
) -> Option<(MessageId, Said)> {
    match at {
        At::Log(seq) => {
            let entry = space.entry_at(seq).filter(|entry| entry.kind == Kind::Content)?;
            let said = match &entry.body {
                EntryBody::Visible => return None,
                // What was written while one was no reader is not one's to read.
                EntryBody::Closed if !space.bad_eras.contains(&entry.era) => return None,
                EntryBody::Closed => match again(space, resends, &entry.id) {
                    Some(frame) => Said::Frame(frame),
                    None => Said::Placeholder(ItemKind::Resending),
                },
                EntryBody::Opened { frame } => match ContentFrame::from_bytes(frame.as_slice()) {
                    Ok(frame) => Said::Frame(frame),
                    Err(_) => Said::Placeholder(ItemKind::Unreadable),
                },
                EntryBody::Bad => Said::Placeholder(ItemKind::Unreadable),
                EntryBody::Dropped => Said::Placeholder(ItemKind::Dropped),
            };
            Some((entry.id, said))
        }
        At::Out(number) => {
            let row = space.outbox.get(&number)?;
            let OutboxBody::Content { frame } = &row.body else { return None };
            let frame = ContentFrame::from_bytes(frame.as_slice()).ok()?;
            Some((MessageId { author: me?, record: row.id }, Said::Frame(frame)))
        }
    }
}

/// The frame at a place.
pub(super) fn frame(space: &Space, resends: &Resends, at: At) -> Option<ContentFrame> {
    // Whose it is makes no difference to what it says.
    match said(space, resends, at, Some(AccountId::ZERO))?.1 {
        Said::Frame(frame) => Some(frame),
        Said::Placeholder(_) => None,
    }
}

/// The frame that was sent again for a record, the first if there are several.
fn again(space: &Space, resends: &Resends, original: &MessageId) -> Option<ContentFrame> {
    let seq = resends.get(original)?.first()?;
    let EntryBody::Opened { frame } = &space.entry_at(*seq)?.body else { return None };
    match ContentFrame::from_bytes(frame.as_slice()).ok()?.content {
        Content::Resend(again) => ContentFrame::from_bytes(again.frame.as_slice()).ok(),
        _ => None,
    }
}

impl Space {
    /// The view of the message at a place.
    pub(super) fn message_at(&self, at: At) -> Option<MessageView> {
        let timeline = &self.timeline;
        let item = timeline.items.get(&at)?;
        let none = Effects::default();
        let effects = timeline.effects.get(&item.id).unwrap_or(&none);
        let frame = frame(self, &timeline.resends, at);
        let sent_at = frame.as_ref().map(|frame| frame.sent_at).or(item.stored_at).unwrap_or_default();
        let (body, edited) = self.body_of(item.kind, frame, effects);
        let mut read_by: Vec<AccountId> = Vec::new();
        for reader in effects.read.values() {
            if !read_by.contains(reader) {
                read_by.push(*reader);
            }
        }
        let (seq, refused) = match at {
            At::Log(seq) => (Some(seq), false),
            At::Out(number) => (None, self.outbox.get(&number).is_some_and(|row| row.refused.is_some())),
        };
        let dropped = item.kind == ItemKind::Dropped;
        Some(MessageView {
            id: item.id,
            seq,
            author_name: timeline.name(item.id.author).cloned(),
            mine: timeline.author_is_me(&item.id),
            sent_at,
            stored_at: item.stored_at,
            show_at: if dropped { effects.show_at() } else { item.show_at },
            body,
            edited,
            read_by,
            bring: item.bring || !effects.bring.is_empty(),
            held: !effects.hold.is_empty(),
            refused,
        })
    }

    fn body_of(&self, kind: ItemKind, frame: Option<ContentFrame>, effects: &Effects) -> (BodyView, bool) {
        let edit = effects.edits.last().and_then(|(_, at)| frame_text(self, *at));
        let own = frame.and_then(|frame| match frame.content {
            Content::Message(message) => Some(message.text.as_str().to_owned()),
            _ => None,
        });
        let edited = kind == ItemKind::Text && edit.is_some();
        if !effects.taken_back.is_empty() {
            return (BodyView::TakenBack, edited);
        }
        let body = match kind {
            ItemKind::Text => BodyView::Text(edit.or(own).unwrap_or_default()),
            ItemKind::Resending => BodyView::Resending,
            ItemKind::Newer => BodyView::Newer,
            ItemKind::Unreadable => BodyView::Unreadable,
            ItemKind::Dropped => BodyView::TakenBack,
        };
        (body, edited)
    }
}

/// The text of an edit.
fn frame_text(space: &Space, at: At) -> Option<String> {
    match frame(space, &space.timeline.resends, at)?.content {
        Content::Edit(edit) => Some(edit.text.as_str().to_owned()),
        _ => None,
    }
}
