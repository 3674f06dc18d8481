//! What hosts look at: the views, made from the state as it is.
//!
//! Owns the making of every view in [`crate::view`]. Refuses to know how a conversation is put together
//! ([`crate::timeline`]) and how it is shown. Invariant: looking changes nothing, and costs what is looked at, not what
//! there is.

use crate::client::Client;
use crate::io::MessageId;
use crate::space::Space;
use crate::timeline::ReadMark;
use crate::view::{AccountView, EditView, InvitationView, MemberView, MessageView, PageView, SpaceView};
use sotto_protocol::ids::{AccountId, Seq, SpaceId};

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
            password_needed: self.password_needed(),
            sheet_at: self.sheet_at(),
            password_at: self.password_at(),
            eras_due: number(self.spaces.values().filter(|space| self.lags_behind(space)).count()),
            factors: self.factors.have.iter().map(Into::into).collect(),
            factors_since: self.factors.since,
            factor_due: self.factors.due,
        })
    }

    /// The account's spaces.
    pub fn spaces(&self) -> Vec<SpaceView> {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return Vec::new() };
        self.spaces
            .values()
            .filter(|s| s.shown().log.seq() > Seq::ZERO)
            .map(|s| self.space_view(s, account))
            .collect()
    }

    /// One of the account's spaces.
    pub fn space(&self, id: SpaceId) -> Option<SpaceView> {
        let account = self.account.as_ref()?.id;
        self.spaces.get(&id).filter(|s| s.shown().log.seq() > Seq::ZERO).map(|s| self.space_view(s, account))
    }

    fn space_view(&self, whole: &Space, me: AccountId) -> SpaceView {
        let space = whole.shown();
        let pin = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&space.id()));
        let members = space.log.era().map(|era| era.members.as_slice()).unwrap_or_default();
        let waiting = || whole.outbox.values().filter(|row| row.refused.is_none());
        SpaceView {
            id: space.id(),
            members: members
                .iter()
                .map(|m| MemberView {
                    account: m.account,
                    name: space.name_of(m.account).or_else(|| whole.name_of(m.account)),
                    role: m.role,
                    me: m.account == me,
                })
                .collect(),
            confirmed: pin.is_some_and(|p| p.confirmed),
            member: !whole.left && space.is_member(me),
            unread: number(space.timeline.unread()),
            unanswered: number(space.timeline.unanswered()),
            waiting: number(waiting().count()),
            needs_consent: waiting().any(|row| !space.readers_accepted(row)),
            seq: space.log.seq(),
            head: space.log.head(),
            era: space.log.era().map(|e| e.number).unwrap_or_default(),
            alarm: whole.live.alarm.clone(),
            complete: whole.caught_up(),
            partial: space.is_partial(),
            verified: whole.log.seq().0,
            told: whole.told().max(whole.log.seq()).0,
            total: number(space.timeline.total()),
            last: space.newest_message().map(|message| whole.named(message)),
            attention: space.attention().into_iter().map(|message| whole.named(message)).collect(),
            settings: whole.all_settings(),
            era_at: space.log.era().map(|_| space.era_at),
            draft: whole.draft.as_str().to_owned(),
            edit: whole.edit.as_ref().map(|edit| EditView {
                target: MessageId { author: me, record: edit.target },
                text: edit.text.as_str().to_owned(),
            }),
        }
    }

    /// The messages of a space: oldest first, waiting ones last.
    pub fn messages(&self, space: SpaceId) -> Vec<MessageView> {
        self.spaces.get(&space).map(|space| space.shown_messages(0, usize::MAX)).unwrap_or_default()
    }

    /// Messages `start .. start + count` of a space, oldest first; fewer at the end.
    pub fn messages_page(&self, space: SpaceId, start: u64, count: u64) -> PageView {
        let Some(space) = self.spaces.get(&space) else {
            return PageView { total: 0, start: 0, messages: Vec::new() };
        };
        let total = number(space.shown().timeline.total());
        let start = start.min(total);
        let (skip, take) = (usize::try_from(start), usize::try_from(count).unwrap_or(usize::MAX));
        let messages = skip.map(|skip| space.shown_messages(skip, take)).unwrap_or_default();
        PageView { total, start, messages }
    }

    /// Holds what is shown of every space against the same folded anew; says what differs.
    #[cfg(any(test, feature = "simulation"))]
    pub fn audit_timelines(&self) -> Result<(), String> {
        let Some(me) = self.account.as_ref().map(|a| a.id) else { return Ok(()) };
        for space in self.spaces.values() {
            let told =
                crate::timeline::full::told(space, me, self.read_mark(space.id()), space.timeline.clock());
            let shown = crate::timeline::full::Told {
                messages: space.messages(0, usize::MAX),
                unread: space.timeline.unread(),
                unanswered: space.timeline.unanswered(),
                attention: space.attention(),
                settings: space.settings(),
            };
            if shown != told {
                return Err(format!("{}: shown {shown:?}, folded anew {told:?}", space.id().short()));
            }
        }
        Ok(())
    }

    pub(crate) fn read_mark(&self, space: SpaceId) -> ReadMark {
        let pin = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&space));
        pin.map(|pin| ReadMark { seq: pin.read, at: pin.read_at.unwrap_or_default() }).unwrap_or_default()
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
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
