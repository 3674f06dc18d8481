//! Coming to rest: when there is nothing left to do, and when to wake.
//!
//! Owns saying so ([`Event::Synced`], [`Event::Restored`]) and the time of the next thing that is due. Refuses to know
//! what is due; each topic says it for itself. Invariant: nothing is called done while something of it is under way.

use crate::client::Client;
use crate::io::Event;
use crate::space::Space;
use sotto_protocol::ids::{AccountId, Millis};

impl Client {
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
            let messages = self.spaces.values().map(Space::texts).sum::<usize>();
            let messages = u64::try_from(messages).unwrap_or(u64::MAX);
            let spaces = u64::try_from(self.spaces.len()).unwrap_or(u64::MAX);
            self.event(Event::Restored { messages, spaces });
        }
        let idle = known
            && !self.own_wanted
            && self.vault_clean()
            && self.inviting.is_empty()
            && self.spaces.values().all(|s| self.at_rest(s, me));
        if idle && core::mem::take(&mut self.sync_wanted) {
            self.event(Event::Synced);
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

    /// Brings what is shown up to date with what is there, and says where something appeared by itself or
    /// whether everything is here has changed.
    pub(crate) fn settle_timelines(&mut self) {
        let Some(me) = self.account.as_ref().map(|a| a.id) else { return };
        let now = self.now;
        let marks: Vec<_> = self.spaces.keys().map(|id| (*id, self.read_mark(*id))).collect();
        for (id, mark) in marks {
            let Some(space) = self.spaces.get_mut(&id) else { continue };
            let newest = space.newest.as_mut().is_some_and(|shown| shown.settle_timeline(me, mark, now));
            let (appeared, settled) = (space.settle_timeline(me, mark, now) || newest, space.tell_complete());
            if appeared || settled {
                let seq = space.log.seq();
                self.event(Event::Updated { space: id, seq });
            }
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Millis> {
        let retries = self
            .spaces
            .values()
            .flat_map(|s| {
                let era = s.live.era_retry.as_ref().map(|(at, _)| *at);
                [s.live.retry_at, era, s.timeline.due_at()]
            })
            .flatten();
        let retries = retries.filter(|at| *at > self.now);
        retries.chain(self.link_wake_at()).chain(self.vault_wake_at()).min()
    }
}
