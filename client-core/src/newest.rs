//! The newest records, shown before all the others are here (decision 0010).
//!
//! Owns asking for them, holding them against what the vault has pinned, and letting go of them when everything before
//! them has been verified. Refuses to write anything down: they live in memory, and nothing is sealed, sent or pinned on
//! their account. Invariant: they are shown only when the chain from their base through them meets a head that another
//! device of this account has verified, and each is admitted by the shared rules; what stands before the base, those rules see
//! when its turn comes.

use crate::client::Client;
use crate::defects::Defect;
use crate::io::{Alarm, Event, MessageId};
use crate::rows::{Entry, EntryBody, ROW_VERSION, SpaceRow};
use crate::session::Pending;
use crate::space::Space;
use crate::view::{MessageView, SettingView};
use sotto_protocol::frame::{ClientFrame, SpaceHead, Stored};
use sotto_protocol::ids::{Seq, SpaceId};
use sotto_protocol::log::{Admission, Effect, LogState, Refusal};
use sotto_protocol::ordered;
use sotto_protocol::record::{EraBody, Kind, Seen};
use std::collections::BTreeSet;

/// Records that have been served and wait for the cards that judge them.
#[derive(Clone, Debug)]
pub(crate) struct Newest {
    pub(crate) base: Seen,
    pub(crate) era: Option<Box<Stored>>,
    pub(crate) records: Vec<Stored>,
    pub(crate) head: SpaceHead,
}

impl Client {
    /// Asks for the newest records of a space that is far behind, if the vault can vouch for them.
    pub(crate) fn ask_newest(&mut self, id: SpaceId) {
        let usual = u64::from(self.config.newest_records);
        let Some(space) = self.spaces.get(&id).filter(|s| s.newest.is_none()) else { return };
        let (Some(server), Some(pinned)) = (space.live.server, self.pinned_head(id)) else { return };
        let since = server.seq.0.saturating_sub(pinned.seq.0);
        // Less than a few pages is here almost as soon.
        let far = server.seq.0 > space.log.seq().0.saturating_add(usual.saturating_mul(FAR));
        let limit = usual.max(since.saturating_add(1));
        let vouched = pinned.seq > space.log.seq() && pinned.seq <= server.seq;
        if !far || !vouched || space.live.alarm.is_some() || limit > u64::from(NEWEST_MAX) {
            return;
        }
        let limit = u32::try_from(limit).unwrap_or(NEWEST_MAX);
        self.request_early(Pending::Newest(id), |req| ClientFrame::ReadNewest { req, space: id, limit });
    }

    fn pinned_head(&self, id: SpaceId) -> Option<Seen> {
        let pin = self.keeping.as_ref()?.vault.spaces.get(&id)?;
        (!pin.left).then_some(pin.head)
    }

    pub(crate) fn newest_arrived(&mut self, id: SpaceId, newest: Newest) {
        if let Some(space) = self.spaces.get_mut(&id).filter(|s| s.live.alarm.is_none()) {
            space.live.newest = Some(newest);
            self.ask_cards_of_newest(id);
            self.try_newest(id);
        }
    }

    /// All cards at once, so that there is one pause for them and not one for each.
    fn ask_cards_of_newest(&mut self, id: SpaceId) {
        let Some(newest) = self.spaces.get(&id).and_then(|s| s.live.newest.as_ref()) else { return };
        let mut wanted = BTreeSet::new();
        for stored in &newest.records {
            let header = stored.record.header();
            wanted.insert((header.author, header.card_version));
            if header.kind == Kind::Era
                && let Some(Ok(body)) = stored.record.payload().map(|p| EraBody::parse(p.as_slice()))
            {
                wanted.extend(body.members.iter().map(|m| (m.account, m.card_version)));
            }
        }
        for (account, version) in wanted {
            let known = self.cards.pin(account, version).is_some();
            let Some(space) = self.spaces.get_mut(&id).filter(|_| !known) else { continue };
            if space.live.cards_asked.insert((account, version.0)) {
                self.ask_card(account, Some(version));
            }
        }
    }

    /// Shows what has been served if it is what it must be; keeps it while a card is on its way.
    pub(crate) fn try_newest(&mut self, id: SpaceId) {
        let Some(newest) = self.spaces.get_mut(&id).and_then(|s| s.live.newest.take()) else { return };
        match self.stand(id, &newest) {
            Ok(Some(shown)) => {
                let seq = shown.log.seq();
                if let Some(space) = self.spaces.get_mut(&id).filter(|s| s.log.seq() < seq) {
                    space.newest = Some(Box::new(shown));
                    self.event(Event::Updated { space: id, seq });
                }
            }
            Err(Refusal::CardUnknown { .. }) => {
                if let Some(space) = self.spaces.get_mut(&id) {
                    space.live.newest = Some(newest);
                }
            }
            // Then nothing is shown before its turn. What is wrong is said where everything is judged, and what comes before
            // it can be read until then.
            Ok(None) | Err(_) => {}
        }
    }

    /// A space that begins at the base. `None` when nothing here vouches for it.
    fn stand(&self, id: SpaceId, newest: &Newest) -> Result<Option<Space>, Refusal> {
        let Newest { base, era: Some(era), records, head } = newest else { return Ok(None) };
        let Some(pin) = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&id)) else { return Ok(None) };
        // The record after the base names its era, and lies on the pinned chain: so the era is the right one.
        if base.seq >= pin.head.seq || head.seq < pin.head.seq || head.space != id {
            return Ok(None);
        }
        let log = LogState::standing(id, *base, pin.founding, &era.record);
        let log = log.ok_or(Refusal::Malformed("no era"))?;
        let mut space = Space::from_row(SpaceRow {
            version: ROW_VERSION,
            log,
            bad_eras: BTreeSet::new(),
            missing: BTreeSet::new(),
            join: None,
            era_at: era.at,
            left: false,
        });
        space.base = *base;
        self.open_key(&mut space, era);
        for stored in records {
            self.place(&mut space, stored)?;
        }
        let trusted = self.config.defects.has(Defect::TrustNewest);
        let pinned = space.head_at(pin.head.seq) == Some(pin.head.head);
        let told = space.seen() == Seen { seq: head.seq, head: head.head };
        if (pinned && told) || trusted { Ok(Some(space)) } else { Err(Refusal::SeenElsewhere) }
    }

    /// Puts the next record into a space that is only shown.
    fn place(&self, space: &mut Space, stored: &Stored) -> Result<(), Refusal> {
        let header = stored.record.header();
        if stored.seq != space.log.seq().next() {
            return Err(Refusal::SeenElsewhere);
        }
        let judged = space.judge(stored, &self.cards);
        let trusted = self.config.defects.has(Defect::TrustNewest) && header.kind == Kind::Content;
        let admission = match judged {
            Err(Refusal::SeenElsewhere | Refusal::SeenAhead | Refusal::Rule(_)) if trusted => Admission {
                seq: space.log.seq().next(),
                head: stored.record.head_after(space.log.head()),
                effect: Effect::Content,
            },
            judged => judged?,
        };
        let body = if header.kind == Kind::Content { space.open(stored) } else { EntryBody::Visible };
        let (head, effect) = (admission.head, admission.effect.clone());
        space.log.apply(admission);
        space.push_entry(Entry {
            at: stored.at,
            id: MessageId { author: header.author, record: header.id },
            device: header.device,
            era: header.era,
            kind: header.kind,
            payload_hash: header.payload_hash,
            head,
            body,
        });
        match effect {
            Effect::Era(..) => {
                space.era_at = stored.at;
                self.open_key(space, stored);
            }
            Effect::Drop(record) => {
                space.set_body(&MessageId { author: header.author, record }, EntryBody::Dropped);
            }
            Effect::Content | Effect::Join(_) => {}
        }
        Ok(())
    }

    fn open_key(&self, space: &mut Space, stored: &Stored) {
        let Some(era) = space.log.era().cloned() else { return };
        match self.open_era(space.id(), stored, &era) {
            Some(key) => drop(space.keys.insert(era.id, key)),
            None => drop(space.bad_eras.insert(era.id)),
        }
    }

    /// What is pushed follows the newest at once.
    pub(crate) fn newest_goes_on(&mut self, id: SpaceId, records: &[Stored]) {
        let Some(mut shown) = self.spaces.get_mut(&id).and_then(|s| s.newest.take()) else { return };
        let next = records.iter().find(|stored| stored.seq == shown.log.seq().next());
        // What can't be judged yet comes when its turn comes.
        let before = shown.log.seq();
        if let Some(first) = next {
            for stored in records.iter().filter(|stored| stored.seq >= first.seq) {
                if self.place(&mut shown, stored).is_err() {
                    break;
                }
            }
        }
        let seq = shown.log.seq();
        if let Some(space) = self.spaces.get_mut(&id) {
            space.newest = Some(shown);
        }
        if seq > before {
            self.event(Event::Updated { space: id, seq });
        }
    }

    /// Everything up to some position has been verified: what was shown before it must be the same, and has served when
    /// all of it was reached.
    pub(crate) fn newest_reached(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let Some(shown) = &space.newest else { return };
        let reached = space.log.seq();
        let same = [shown.base.seq, reached, shown.log.seq()].into_iter().all(|seq| {
            let both = space.head_at(seq).zip(shown.head_at(seq));
            both.is_none_or(|(here, there)| here == there)
        });
        if !same {
            self.alarm(Some(id), Alarm::Forked);
        } else if reached >= shown.log.seq() {
            space.newest = None;
        }
    }
}

/// So many times what would be shown must be missing.
const FAR: u64 = 4;
/// More than this is not asked for at once.
const NEWEST_MAX: u32 = 200;

impl Space {
    /// What is shown: the newest, while not all is here.
    pub(crate) fn shown(&self) -> &Space {
        self.newest.as_deref().unwrap_or(self)
    }

    /// A history that contradicts what is known shows nothing of itself in advance.
    pub(crate) fn newest_doubted(&mut self, alarm: &Alarm) {
        let withheld = matches!(alarm, Alarm::Withheld { .. } | Alarm::PayloadWithheld | Alarm::UpdateNeeded);
        if !withheld {
            self.newest = None;
            self.live.newest = None;
        }
    }

    /// Begins somewhere in the middle.
    pub(crate) fn is_partial(&self) -> bool {
        self.base.seq > Seq::ZERO
    }

    /// Messages as they are shown. Who somebody is may have been said long before the newest of them.
    pub(crate) fn shown_messages(&self, start: usize, count: usize) -> Vec<MessageView> {
        let messages = self.shown().messages(start, count);
        messages.into_iter().map(|message| self.named(message)).collect()
    }

    pub(crate) fn named(&self, message: MessageView) -> MessageView {
        let author_name = message.author_name.or_else(|| self.name_of(message.id.author));
        MessageView { author_name, ..message }
    }

    /// Settings, the newest first of what is shown, then of what is verified.
    pub(crate) fn all_settings(&self) -> Vec<SettingView> {
        let mut settings = self.shown().settings();
        if self.newest.is_some() {
            let known = ordered::set(settings.iter().map(|s| (s.author, s.name.clone())));
            settings
                .extend(self.settings().into_iter().filter(|s| !known.contains(&(s.author, s.name.clone()))));
        }
        settings
    }
}
