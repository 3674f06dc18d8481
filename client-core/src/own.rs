//! What is one's own alone: the account's own space, and what is typed and not sent.
//!
//! Owns founding the one space that has no other member, choosing among several, and drafts. Refuses to know what is
//! written there. Invariant: an account is given one own space, the same on each of its devices once they know the same
//! spaces; none is founded while something of the account is still unread here.

use crate::client::Client;
use crate::io::{DRAFT_BYTES_MAX, Event, Failure, Rejected};
use crate::rows::{self, EditRow};
use crate::session::Pending;
use crate::space::Space;
use sotto_protocol::codec::Text;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::ClientFrame;
use sotto_protocol::ids::{AccountId, RecordId, Seq, SpaceId};

impl Client {
    /// The account's own space, once founded. Two devices may have founded one each at the same time: the one with
    /// the lowest founding hash is it, whatever order they came in.
    pub fn own_space(&self) -> Option<SpaceId> {
        let me = self.account.as_ref()?.id;
        let own = self.spaces.values().filter(|space| space.is_own(me));
        own.min_by_key(|space| space.log.founding()).map(Space::id)
    }

    pub(crate) fn found_own(&mut self) -> Result<(), Rejected> {
        self.signed_in()?;
        if let Some(id) = self.own_space() {
            self.event(Event::SpaceAdded(id));
            return Ok(());
        }
        if !self.link.ready() {
            return Err(Rejected::NotAllowed("the server can't be reached, and a new space begins there"));
        }
        self.own_wanted = true;
        Ok(())
    }

    /// Founds the own space when it is wanted and everything the account has is known here.
    pub(crate) fn drive_own(&mut self) {
        if !self.own_wanted {
            return;
        }
        if let Some(id) = self.own_space() {
            self.own_wanted = false;
            self.event(Event::SpaceAdded(id));
            return;
        }
        let unread = |s: &Space| s.live.subscribed && s.live.alarm.is_none() && !s.caught_up();
        if !self.link.ready() || self.spaces.values().any(|s| s.live.founding || unread(s)) {
            return;
        }
        self.found_another();
    }

    /// Founds a space with nobody else: its founding era waits nowhere, it is sent and, once stored, pushed back.
    fn found_another(&mut self) {
        let Some((me, role)) = self.account.as_ref().map(|a| (a.id, a.role)) else { return };
        // What was begun on a connection that broke, and is not on the server, is begun again.
        let begun =
            |s: &&Space| s.log.seq() == Seq::ZERO && !s.live.subscribed && s.live.alarm.is_none() && !s.left;
        let id = self.spaces.values().find(begun).map(Space::id);
        let id = id.unwrap_or_else(|| SpaceId(self.random_id()));
        self.spaces.entry(id).or_insert_with(|| Space::new(id));
        let Some(record) = self.found(id, &[(me, role)]) else {
            // The account's own card is not at hand; it comes with the connection.
            self.spaces.remove(&id);
            return;
        };
        self.save_space(id);
        if let Some(space) = self.spaces.get_mut(&id) {
            space.live.founding = true;
        }
        let pending = Pending::EraAppend { space: id, record: Box::new(record.clone()) };
        self.request(pending, |req| ClientFrame::Append { req, record });
    }

    /// The server did not take a founding era: the space is forgotten, and the person told. True when it was one.
    pub(crate) fn founding_refused(
        &mut self,
        id: SpaceId,
        code: ErrorCode,
        retry_after_ms: Option<u64>,
    ) -> bool {
        if self.spaces.get(&id).is_none_or(|s| !s.live.founding || s.log.seq() > Seq::ZERO) {
            return false;
        }
        self.spaces.remove(&id);
        self.delete(rows::space(id));
        self.own_wanted = false;
        self.event(Event::Failed(Failure::Server { code, retry_after_ms }));
        true
    }

    /// Keeps what is typed and not sent: a new message, or the new text of a `target`, one at a time.
    pub(crate) fn keep_draft(
        &mut self,
        id: SpaceId,
        target: Option<RecordId>,
        text: String,
    ) -> Result<(), Rejected> {
        self.signed_in()?;
        let space = self.spaces.get_mut(&id).ok_or(Rejected::SpaceUnknown)?;
        let got = text.len();
        let draft = Text::new(text).map_err(|_| Rejected::TooLong {
            what: "What is typed",
            got,
            max: DRAFT_BYTES_MAX,
        })?;
        if let Some(target) = target {
            let edit = Some(EditRow { target, text: draft }).filter(|edit| !edit.text.as_str().is_empty());
            if edit == space.edit {
                return Ok(());
            }
            space.edit.clone_from(&edit);
            match edit {
                Some(edit) => self.put(rows::edit(id), &edit),
                None => self.delete(rows::edit(id)),
            }
            return Ok(());
        }
        if draft == space.draft {
            return Ok(());
        }
        space.draft = draft.clone();
        if draft.as_str().is_empty() {
            self.delete(rows::draft(id));
        } else {
            self.put(rows::draft(id), &draft);
        }
        Ok(())
    }
}

impl Space {
    /// Founded by this account, for nobody else, then and now.
    fn is_own(&self, me: AccountId) -> bool {
        let alone = |era: &sotto_protocol::log::Era| era.members.iter().all(|m| m.account == me);
        self.log.seq() > Seq::ZERO
            && self.entries.first().is_some_and(|founding| founding.id.author == me)
            && self.is_member(me)
            && self.log.era().is_some_and(alone)
    }
}
