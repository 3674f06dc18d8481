//! The conversation as it stands now.
//!
//! Owns the fold from verified entries and outbox to messages: edits applied, taken-back texts gone, reading
//! acknowledgements and session marks set. Refuses to know how entries came about. Invariant: the order is the log's;
//! a message is shown once, whatever was sent again; only an author changes her own message.

use crate::client::Client;
use crate::content::{Content, ContentFrame, SettingName};
use crate::io::MessageId;
use crate::rows::{Entry, EntryBody, OutboxBody};
use crate::space::Space;
use crate::view::{
    ATTENTION_MAX, AccountView, BodyView, DeviceView, InvitationView, MemberView, MessageView, PageView,
    SettingView, SpaceView,
};
use sotto_protocol::ids::{AccountId, Millis, Seq, SpaceId};
use sotto_protocol::record::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// The fold.
struct Timeline {
    me: AccountId,
    messages: Vec<MessageView>,
    index: BTreeMap<MessageId, usize>,
    names: BTreeMap<AccountId, String>,
    read: BTreeMap<MessageId, Vec<AccountId>>,
    marks: BTreeMap<MessageId, (bool, bool)>,
    dropped: BTreeSet<MessageId>,
    /// The newest edit of each message by its author's clock, and what was taken back; a target may come later.
    edits: BTreeMap<MessageId, (Millis, String)>,
    taken_back: BTreeSet<MessageId>,
    settings: BTreeMap<(AccountId, SettingName), SettingView>,
}

/// Where a frame stands.
#[derive(Clone, Copy)]
struct Place {
    id: MessageId,
    seq: Option<Seq>,
    stored_at: Option<Millis>,
}

impl Timeline {
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
            taken_back: BTreeSet::new(),
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
            }
            Content::Edit(edit) if edit.target.author == author => {
                let newest = self.edits.get(&edit.target).is_none_or(|(at, _)| *at <= frame.sent_at);
                if newest {
                    self.edits.insert(edit.target, (frame.sent_at, edit.text.as_str().to_owned()));
                }
            }
            Content::TakeBack(target) if target.author == author => {
                self.taken_back.insert(target);
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
            if self.taken_back.contains(&message.id) {
                message.body = BodyView::TakenBack;
            }
            if let Some((bring, held)) = self.marks.get(&message.id) {
                message.bring |= bring;
                message.held |= held;
            }
        }
        // A dropped payload that no take-back names was an edit of something taken back.
        let (dropped, taken_back) =
            (core::mem::take(&mut self.dropped), core::mem::take(&mut self.taken_back));
        self.messages.retain(|m| !dropped.contains(&m.id) || taken_back.contains(&m.id));
        self
    }
}

impl Timeline {
    /// What may want an answer: see [`SpaceView::attention`]. Where there is more than fits, marked ones stay, then the newest.
    fn attention(&self, me: AccountId) -> Vec<MessageView> {
        let own = self.newest_own();
        let marked = |m: &MessageView| m.bring || m.held;
        let open = |(index, m): &(usize, &MessageView)| {
            !m.mine && (own.is_none_or(|own| *index > own) || !m.read_by.contains(&me))
        };
        let there = |m: &MessageView| m.body != BodyView::TakenBack;
        let all = || self.messages.iter().enumerate().rev().filter(|(_, m)| there(m));
        let marks = all().filter(|(_, m)| marked(m)).map(|(index, _)| index);
        let others = all().filter(|(_, m)| !marked(m)).filter(open).map(|(index, _)| index);
        let chosen: BTreeSet<usize> = marks.chain(others).take(ATTENTION_MAX).collect();
        chosen.into_iter().filter_map(|index| self.messages.get(index).cloned()).collect()
    }

    /// Where one's own newest message stands. One that the server refused has reached nobody.
    fn newest_own(&self) -> Option<usize> {
        self.messages.iter().rposition(|m| m.mine && !m.refused && matches!(m.body, BodyView::Text(_)))
    }

    /// See [`SpaceView::unanswered`].
    fn unanswered(&self) -> u64 {
        let after = self.newest_own().map_or(0, |own| own + 1);
        let open = |m: &&MessageView| !m.mine && m.body != BodyView::TakenBack;
        u64::try_from(self.messages.iter().skip(after).filter(open).count()).unwrap_or(u64::MAX)
    }
}

/// Frames sent again, by the record whose place they take.
fn resent(space: &Space) -> BTreeMap<MessageId, ContentFrame> {
    let mut resent = BTreeMap::new();
    for entry in &space.entries {
        if let EntryBody::Opened { frame } = &entry.body
            && let Ok(ContentFrame { content: Content::Resend(again), .. }) =
                ContentFrame::from_bytes(frame.as_slice())
            && again.original.author == entry.id.author
            && let Ok(original) = ContentFrame::from_bytes(again.frame.as_slice())
        {
            resent.entry(again.original).or_insert(original);
        }
    }
    resent
}

impl Client {
    /// The account on this device; `None` before registration or login is done.
    pub fn account(&self) -> Option<AccountView> {
        let account = self.signed_in().ok()?;
        Some(AccountView {
            account: account.id,
            handle: account.handle.clone(),
            device: account.device,
            role: account.role,
            practice: account.practice.as_str().to_owned(),
            name: self.keeping.as_ref().map(|k| k.vault.name.as_str().to_owned()).unwrap_or_default(),
            origin: account.origin.clone(),
            identity: account.identity,
            online: self.link.ready(),
            removed: account.removed,
        })
    }

    /// The account's devices, removed ones included.
    pub fn devices(&self) -> Vec<DeviceView> {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return Vec::new() };
        let Some(card) = self.cards.newest(account.id) else { return Vec::new() };
        let name = |id| keeping.vault.devices.get(&id).map(|n| n.as_str().to_owned()).unwrap_or_default();
        let view = |d: &sotto_protocol::card::CardDevice| DeviceView {
            id: d.id,
            name: name(d.id),
            this: d.id == account.device,
            added_at: d.added_at,
            removed_in: d.removed_in,
        };
        card.card().devices.iter().map(view).collect()
    }

    /// The account's spaces.
    pub fn spaces(&self) -> Vec<SpaceView> {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return Vec::new() };
        self.spaces
            .values()
            .filter(|s| s.log.seq() > Seq::ZERO)
            .map(|s| self.space_view(s, account))
            .collect()
    }

    /// One of the account's spaces.
    pub fn space(&self, id: SpaceId) -> Option<SpaceView> {
        let account = self.account.as_ref()?.id;
        self.spaces.get(&id).filter(|s| s.log.seq() > Seq::ZERO).map(|s| self.space_view(s, account))
    }

    fn space_view(&self, space: &Space, me: AccountId) -> SpaceView {
        let timeline = Timeline::of(space, me);
        let pin = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&space.id()));
        let read = pin.map(|p| p.read).unwrap_or_default();
        let unread = timeline.messages.iter().filter(|m| !m.mine && m.seq.is_some_and(|s| s > read)).count();
        let members = space.log.era().map(|era| era.members.as_slice()).unwrap_or_default();
        let waiting: Vec<_> = space.outbox.values().filter(|row| row.refused.is_none()).collect();
        SpaceView {
            id: space.id(),
            members: members
                .iter()
                .map(|m| MemberView {
                    account: m.account,
                    name: timeline.names.get(&m.account).cloned(),
                    role: m.role,
                    me: m.account == me,
                })
                .collect(),
            confirmed: pin.is_some_and(|p| p.confirmed),
            member: space.is_member(me),
            unread: u64::try_from(unread).unwrap_or(u64::MAX),
            unanswered: timeline.unanswered(),
            waiting: u64::try_from(waiting.len()).unwrap_or(u64::MAX),
            needs_consent: waiting.iter().any(|row| !space.readers_accepted(row)),
            seq: space.log.seq(),
            head: space.log.head(),
            era: space.log.era().map(|e| e.number).unwrap_or_default(),
            alarm: space.live.alarm.clone(),
            complete: space.caught_up(),
            total: u64::try_from(timeline.messages.len()).unwrap_or(u64::MAX),
            last: timeline.messages.last().cloned(),
            attention: timeline.attention(me),
            settings: timeline.settings.into_values().collect(),
            era_at: space.log.era().map(|_| space.era_at),
            draft: space.draft.as_str().to_owned(),
        }
    }

    /// The messages of a space: oldest first, waiting ones last.
    pub fn messages(&self, space: SpaceId) -> Vec<MessageView> {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return Vec::new() };
        self.spaces.get(&space).map(|s| Timeline::of(s, account).messages).unwrap_or_default()
    }

    /// Messages `start .. start + count` of a space, oldest first; fewer at the end.
    pub fn messages_page(&self, space: SpaceId, start: u64, count: u64) -> PageView {
        let messages = self.messages(space);
        let total = u64::try_from(messages.len()).unwrap_or(u64::MAX);
        let skip = usize::try_from(start).unwrap_or(usize::MAX);
        let take = usize::try_from(count).unwrap_or(usize::MAX);
        PageView {
            total,
            start: start.min(total),
            messages: messages.into_iter().skip(skip).take(take).collect(),
        }
    }

    /// The server's clock minus this device's, in milliseconds, as told when the connection was signed in.
    pub fn clock_off_ms(&self) -> Option<i64> {
        self.link.clock_off_ms()
    }

    /// The practice's staff, from the owner's signed roster.
    pub fn staff_roster(&self) -> Option<&sotto_protocol::roster::Roster> {
        self.roster.as_ref()
    }

    /// Invitations this account made.
    pub fn invitations(&self) -> Vec<InvitationView> {
        let Some(keeping) = &self.keeping else { return Vec::new() };
        let view =
            |(id, e): (&sotto_protocol::ids::InvitationId, &crate::vault::InvitationEntry)| InvitationView {
                id: *id,
                role: e.role,
                expires_at: e.expires_at,
                used_by: e.consumed.map(|c| c.account),
                revoked: e.revoked,
            };
        keeping.vault.invitations.iter().map(view).collect()
    }

    /// Says when a sync is done, and when everything is here after signing in.
    pub(crate) fn settle(&mut self) {
        if !self.link.ready() || !self.link.quiet() || self.flow.is_some() {
            return;
        }
        let Some(me) = self.account.as_ref().map(|a| a.id) else { return };
        let known = self.spaces.values().all(|s| s.live.alarm.is_some() || !s.is_member(me) || s.caught_up());
        if known && self.account.as_ref().is_some_and(|a| !a.restored) {
            if let Some(account) = &mut self.account {
                account.restored = true;
            }
            self.save_account();
            let texts = |s: &Space| {
                Timeline::of(s, me).messages.iter().filter(|m| matches!(m.body, BodyView::Text(_))).count()
            };
            let messages = u64::try_from(self.spaces.values().map(texts).sum::<usize>()).unwrap_or(u64::MAX);
            let spaces = u64::try_from(self.spaces.len()).unwrap_or(u64::MAX);
            self.event(crate::io::Event::Restored { messages, spaces });
        }
        let idle = known
            && !self.own_wanted
            && self.vault_clean()
            && self.inviting.is_empty()
            && self.spaces.values().all(|s| self.at_rest(s, me));
        if idle && core::mem::take(&mut self.sync_wanted) {
            self.event(crate::io::Event::Synced);
        }
    }

    /// Nothing under way in a space, and nothing that could go out now.
    fn at_rest(&self, space: &Space, me: AccountId) -> bool {
        if space.live.alarm.is_some() || !space.is_member(me) || !self.confirmed(space.id()) {
            return true;
        }
        let sendable = space.outbox.values().any(|row| row.refused.is_none() && space.readers_accepted(row));
        let changing = self.changes_wanted.get(&space.id()).is_some_and(|w| !w.is_empty());
        space.live.hand_back.is_none() && space.live.era_work.is_none() && !sendable && !changing
    }

    pub(crate) fn wake_at(&self) -> Option<Millis> {
        let retries = self
            .spaces
            .values()
            .flat_map(|s| [s.live.retry_at, s.live.era_retry.as_ref().map(|(at, _)| *at)])
            .flatten();
        let retries = retries.filter(|at| *at > self.now);
        let accounts: BTreeSet<Millis> =
            retries.chain(self.link_wake_at()).chain(self.vault_wake_at()).collect();
        accounts.first().copied()
    }
}
