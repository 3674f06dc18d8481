//! Asking for records.
//!
//! Owns which pages are asked for, in which order and how many at once, and noticing a server that speaks of records
//! and shows none. Refuses to judge what comes ([`crate::sync`] does). Invariants: no more is under way than the named
//! limits, and nothing further ahead than is kept until its turn; a page is asked for before what came is stored, so
//! that line, disk and core work at the same time.

use crate::client::Client;
use crate::io::Alarm;
use crate::session::Pending;
use crate::space::{Live, Space};
use crate::sync::AHEAD_MAX;
use core::cmp::Reverse;
use sotto_protocol::frame::{ClientFrame, SpaceHead, Stored};
use sotto_protocol::ids::{Head, Millis, Seq, SpaceId};
use sotto_protocol::record::Seen;

/// Pages under way on a connection.
const READS_MAX: usize = 6;
/// Of them, pages of one space.
const SPACE_READS_MAX: usize = 4;
/// Records asked for at once. A page of so many short messages is below what a page may weigh.
const READ_RECORDS: u64 = 128;
/// Records asked for first: they say who is in a conversation, so it can be named while the rest is on its way.
const FIRST_RECORDS: u64 = 12;
/// Pages in a row that may bring nothing nearer; one can be older than what was acknowledged meanwhile.
const FRUITLESS_MAX: u32 = 3;

/// What was asked for by a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) space: SpaceId,
    pub(crate) after: Seq,
    count: u64,
    /// What was verified when it was asked for.
    verified: Seq,
}

impl Client {
    /// Goes on reading where a space, or any other, is behind.
    pub(crate) fn read_on(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let ready = space.live.alarm.is_none() && space.live.subscribed;
        if ready && space.told() <= space.log.seq() && core::mem::take(&mut space.live.overflown) {
            self.ask_where(id);
        }
        self.read_more();
    }

    /// One record again.
    pub(crate) fn read_one(&mut self, space: SpaceId, after: Seq) {
        self.ask_page(space, after, 1);
    }

    /// Asks for as many pages as may be under way: first of the spaces with something new, last looked at first.
    pub(crate) fn read_more(&mut self) {
        let mut under_way: usize = self.spaces.values().map(|s| s.live.reads.len()).sum();
        if under_way >= READS_MAX {
            return;
        }
        let behind = self.spaces.values().filter(|s| s.next_read().is_some());
        let mut behind: Vec<_> = behind.map(|s| (self.urgency(s), s.id())).collect();
        behind.sort_unstable();
        for (_, id) in behind {
            while under_way < READS_MAX {
                let Some((after, count)) = self.spaces.get(&id).and_then(Space::next_read) else { break };
                if !self.ask_page(id, after, count) {
                    return;
                }
                if let Some(space) = self.spaces.get_mut(&id) {
                    space.live.reads.insert(after, count);
                }
                under_way += 1;
            }
        }
    }

    /// Lower comes first.
    fn urgency(&self, space: &Space) -> (bool, bool, Reverse<Millis>) {
        let pin = self.keeping.as_ref().and_then(|k| k.vault.spaces.get(&space.id()));
        let read = pin.map(|pin| pin.read).unwrap_or_default();
        let looked_at = pin.and_then(|pin| pin.read_at).unwrap_or_default();
        (space.log.seq() > Seq::ZERO, space.told() <= read, Reverse(looked_at))
    }

    fn ask_page(&mut self, space: SpaceId, after: Seq, count: u64) -> bool {
        let verified = self.spaces.get(&space).map(|s| s.log.seq()).unwrap_or_default();
        let limit = u32::try_from(count).unwrap_or(u32::MAX);
        let reading = Reading { space, after, count, verified };
        let frame = |req| ClientFrame::Read { req, space, after, limit };
        self.request_early(Pending::Read(reading), frame)
    }

    pub(crate) fn page(&mut self, reading: Reading, records: Vec<Stored>, head: SpaceHead) {
        self.page_arrived(reading, records, head);
        self.read_more();
    }

    fn page_arrived(&mut self, reading: Reading, records: Vec<Stored>, head: SpaceHead) {
        let Reading { space: id, after, count, verified } = reading;
        if let Some(space) = self.spaces.get_mut(&id) {
            space.live.came(after, count, records.last().map(|last| last.seq));
            if records.is_empty() && head.seq > after.max(space.log.seq()) {
                let (expected, have) = (Seen { seq: head.seq, head: head.head }, space.log.seq());
                self.alarm(Some(id), Alarm::Withheld { expected, have });
                return;
            }
        }
        self.heard(head, verified);
        if self.is_fruitless(id, after, &records) {
            return;
        }
        self.take_in(id, records);
    }

    /// Alarms when the server speaks of records and, asked for them again and again, does not show the next one.
    fn is_fruitless(&mut self, id: SpaceId, asked_at: Seq, records: &[Stored]) -> bool {
        let Some(space) = self.spaces.get_mut(&id) else { return true };
        let next = space.log.seq().next();
        // What was asked for ahead of its turn says nothing about the next one.
        if asked_at >= next {
            return false;
        }
        let asked_for_next = asked_at.next() == next;
        let shown = records.iter().any(|stored| stored.seq == next) || space.live.ahead.contains_key(&next);
        let told = space.told();
        if !asked_for_next || shown || told < next {
            space.live.fruitless = 0;
            return false;
        }
        space.live.fruitless += 1;
        if space.live.fruitless < FRUITLESS_MAX {
            return false;
        }
        let head = space.live.server.filter(|server| server.seq == told).map(|server| server.head);
        let (expected, have) = (Seen { seq: told, head: head.unwrap_or(Head::ZERO) }, space.log.seq());
        self.alarm(Some(id), Alarm::Withheld { expected, have });
        true
    }
}

impl Live {
    /// An answer to a read came, with records up to `last`.
    fn came(&mut self, after: Seq, count: u64, last: Option<Seq>) {
        if self.reads.get(&after) != Some(&count) {
            return;
        }
        self.reads.remove(&after);
        let got = last.map_or(0, |last| last.0.saturating_sub(after.0));
        // Long messages fill a page sooner; what is asked for next should neither overlap nor leave gaps.
        let fits = if got < count { got } else { READ_RECORDS.min(count.saturating_mul(16)) };
        self.page_records = fits.clamp(1, READ_RECORDS);
    }
}

impl Space {
    /// How far the server has said, or shown, that this space goes.
    pub(crate) fn told(&self) -> Seq {
        let server = self.live.server.map(|head| head.seq).unwrap_or_default();
        self.live.ahead.keys().next_back().copied().unwrap_or_default().max(server)
    }

    /// The next page to ask for, and how many records of it: the first that are neither here nor under way.
    fn next_read(&self) -> Option<(Seq, u64)> {
        let live = &self.live;
        if live.alarm.is_some() || !live.subscribed || live.reads.len() >= SPACE_READS_MAX {
            return None;
        }
        let mut after = self.log.seq();
        if after == Seq::ZERO && live.reads.is_empty() && live.ahead.is_empty() {
            return (self.told() > after).then_some((after, FIRST_RECORDS));
        }
        let count = if live.page_records == 0 { READ_RECORDS } else { live.page_records };
        loop {
            let mut reads =
                live.reads.iter().map(|(from, count)| (*from, Seq(from.0.saturating_add(*count))));
            if let Some((_, end)) = reads.find(|(from, end)| *from <= after && after < *end) {
                after = end;
            } else if live.ahead.contains_key(&after.next()) {
                after = after.next();
            } else {
                break;
            }
        }
        let within = after.0.saturating_add(count) <= self.log.seq().0.saturating_add(AHEAD_MAX);
        (after < self.told() && within).then_some((after, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_protocol::ids::EraId;

    fn behind(told: u64) -> Space {
        let mut space = Space::new(SpaceId([7; 16]));
        let head = SpaceHead { space: space.id(), seq: Seq(told), head: Head::ZERO, era: EraId::ZERO };
        (space.live.server, space.live.subscribed) = (Some(head), true);
        space
    }

    /// What is asked for until nothing more may be under way.
    fn asked(space: &mut Space) -> Vec<(u64, u64)> {
        core::iter::from_fn(|| {
            let (after, count) = space.next_read()?;
            space.live.reads.insert(after, count);
            Some((after.0, count))
        })
        .collect()
    }

    #[test]
    fn pages_follow_each_other_without_waiting() {
        let mut space = behind(10_000);
        assert_eq!(asked(&mut space), [(0, 12), (12, 128), (140, 128), (268, 128)]);
        space.live.came(Seq(0), 12, Some(Seq(12)));
        space.log = space.log.clone().at(Seq(12), Head::ZERO);
        assert_eq!(asked(&mut space), [(396, 128)]);
    }

    #[test]
    fn nothing_is_asked_for_that_would_not_be_kept_or_is_not_there() {
        let mut space = behind(200);
        assert_eq!(asked(&mut space), [(0, 12), (12, 128), (140, 128)]);
        let mut far = behind(10_000);
        far.live.page_records = 300;
        assert_eq!(asked(&mut far), [(0, 12), (12, 300), (312, 300), (612, 300)]);
        assert_eq!(asked(&mut behind(0)), []);
    }

    #[test]
    fn a_page_that_was_full_earlier_leaves_a_gap_that_is_read_next() {
        let mut space = behind(10_000);
        assert_eq!(asked(&mut space).len(), SPACE_READS_MAX);
        // Long messages: only ten of them fit.
        space.live.came(Seq(0), 12, Some(Seq(5)));
        space.log = space.log.clone().at(Seq(5), Head::ZERO);
        assert_eq!(asked(&mut space), [(5, 5)]);
        space.live.came(Seq(5), 5, Some(Seq(10)));
        space.log = space.log.clone().at(Seq(10), Head::ZERO);
        assert_eq!(asked(&mut space), [(10, 80)], "they may be over");
    }

    #[test]
    fn of_a_space_that_is_not_as_it_must_be_nothing_is_read() {
        let mut space = behind(10);
        space.live.alarm = Some(Alarm::Forked);
        assert_eq!(space.next_read(), None);
    }
}
