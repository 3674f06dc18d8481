//! What is shown, in its order, and what is kept back until its time.
//!
//! Owns the order, counting and choosing of places. Refuses to know what stands there. Invariant: every place is in at
//! most one of shown and kept back; the read mark and the clock only move forward.

use super::{At, ReadMark};
use core::ops::Bound;
use sotto_protocol::ids::{Millis, Seq};
use sotto_protocol::ordered;
use std::collections::{BTreeMap, BTreeSet};

/// A place among what is shown. What is shown later than it was stored stands right before the first entry stored after
/// that, or after the whole log; then comes the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    after: u64,
    shown: Millis,
    at: At,
}

/// After the whole log.
const AFTER_LOG: u64 = u64::MAX - 1;

/// What decides where, and in which lists, an item stands.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one item")]
pub(super) struct Facts {
    pub(super) mine: bool,
    /// The server refused it: it has reached nobody.
    pub(super) refused: bool,
    /// Another's message is shown from then on.
    pub(super) show_at: Option<Millis>,
    /// The entry before which it stands then.
    pub(super) anchor: Option<Seq>,
    /// It has a text to be read.
    pub(super) text: bool,
    /// It was taken back.
    pub(super) gone: bool,
    /// Brought or held.
    pub(super) marked: bool,
    /// Acknowledged by oneself.
    pub(super) answered: bool,
}

#[derive(Debug, Default)]
pub(super) struct Shown {
    /// In order. What comes late into the middle moves a few bytes for each message after it.
    order: Vec<Key>,
    keys: BTreeMap<At, Key>,
    hidden: BTreeSet<(Millis, At)>,
    hidden_at: BTreeMap<At, Millis>,
    /// Shown later than stored, and nothing stored after that yet.
    floating: BTreeSet<(Millis, At)>,
    texts: BTreeSet<Key>,
    own_texts: BTreeSet<Key>,
    others: BTreeSet<Key>,
    unanswered: BTreeSet<Key>,
    marked: BTreeSet<Key>,
    unread: BTreeSet<Seq>,
    /// Of others, shown later than stored, and not looked at since.
    unread_late: BTreeSet<(Millis, Seq)>,
    mark: ReadMark,
    clock: Millis,
}

impl Shown {
    /// Takes a place out of everything.
    pub(super) fn lift(&mut self, at: At) {
        if let Some(time) = self.hidden_at.remove(&at) {
            self.hidden.remove(&(time, at));
            self.floating.remove(&(time, at));
        }
        let Some(key) = self.keys.remove(&at) else { return };
        if let Ok(index) = self.order.binary_search(&key) {
            self.order.remove(index);
        }
        for list in
            [&mut self.texts, &mut self.own_texts, &mut self.others, &mut self.unanswered, &mut self.marked]
        {
            list.remove(&key);
        }
        self.floating.remove(&(key.shown, at));
        if let At::Log(seq) = at {
            self.unread.remove(&seq);
            self.unread_late.remove(&(key.shown, seq));
        }
    }

    /// Shows a place that was lifted, or keeps it back.
    pub(super) fn place(&mut self, at: At, facts: Facts) {
        let key = match (at, facts.show_at) {
            (At::Out(_), _) => Key { after: u64::MAX, shown: Millis::ZERO, at },
            (At::Log(seq), None) => Key { after: seq.0, shown: Millis::ZERO, at },
            (At::Log(_), Some(shown)) => {
                let after = facts.anchor.map_or(AFTER_LOG, |seq| seq.0.saturating_sub(1));
                if facts.anchor.is_none() {
                    self.floating.insert((shown, at));
                }
                Key { after, shown, at }
            }
        };
        if facts.show_at.is_some_and(|show_at| show_at > self.clock) {
            self.hidden.insert((key.shown, at));
            self.hidden_at.insert(at, key.shown);
            return;
        }
        let index = self.order.binary_search(&key).unwrap_or_else(|index| index);
        self.order.insert(index, key);
        self.keys.insert(at, key);
        self.list(key, &facts);
    }

    fn list(&mut self, key: Key, facts: &Facts) {
        if facts.text {
            self.texts.insert(key);
        }
        if facts.text && facts.mine && !facts.refused {
            self.own_texts.insert(key);
        }
        if !facts.mine && !facts.gone {
            self.others.insert(key);
        }
        if !facts.mine && !facts.gone && !facts.answered {
            self.unanswered.insert(key);
        }
        if facts.marked && !facts.gone {
            self.marked.insert(key);
        }
        if let (At::Log(seq), false) = (key.at, facts.mine) {
            if facts.show_at.is_some() {
                if self.mark.misses(key.shown, seq) {
                    self.unread_late.insert((key.shown, seq));
                }
            } else if seq > self.mark.seq {
                self.unread.insert(seq);
            }
        }
    }

    /// The read mark, which only moves forward.
    pub(super) fn read_up_to(&mut self, mark: ReadMark) {
        if mark == self.mark {
            return;
        }
        self.mark = mark;
        self.unread = self.unread.split_off(&mark.seq.next());
        self.unread_late.retain(|(shown, seq)| mark.misses(*shown, *seq));
    }

    /// The clock, which only moves forward: the places whose time has come.
    pub(super) fn advance(&mut self, now: Millis) -> Vec<At> {
        self.clock = self.clock.max(now);
        let due: Vec<At> =
            self.hidden.iter().take_while(|(time, _)| *time <= self.clock).map(|(_, at)| *at).collect();
        due
    }

    /// Places shown later than stored, whose time was before an entry now stored at `stored_at`.
    pub(super) fn floating_before(&self, stored_at: Millis) -> Vec<At> {
        self.floating.iter().take_while(|(time, _)| *time < stored_at).map(|(_, at)| *at).collect()
    }

    pub(super) fn has(&self, at: At) -> bool {
        self.keys.contains_key(&at)
    }

    pub(super) fn due_at(&self) -> Option<Millis> {
        self.hidden.first().map(|(time, _)| *time)
    }

    #[cfg(any(test, feature = "simulation"))]
    pub(super) fn clock(&self) -> Millis {
        self.clock
    }

    pub(super) fn total(&self) -> usize {
        self.order.len()
    }

    pub(super) fn texts(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn unread(&self) -> usize {
        self.unread.len().saturating_add(self.unread_late.len())
    }

    pub(super) fn unanswered(&self) -> usize {
        let own = self.own_texts.last().map_or(Bound::Unbounded, |own| Bound::Excluded(*own));
        self.others.range((own, Bound::Unbounded)).count()
    }

    pub(super) fn last(&self) -> Option<At> {
        self.order.last().map(|key| key.at)
    }

    pub(super) fn page(&self, start: usize, count: usize) -> impl Iterator<Item = At> {
        self.order.iter().skip(start).take(count).map(|key| key.at)
    }

    /// What stands in the log: after which position it is shown, from when, and where it stands.
    pub(super) fn in_log(&self) -> impl Iterator<Item = (Seq, Millis, Seq)> {
        self.order.iter().filter_map(|key| match key.at {
            At::Log(seq) => Some((Seq(key.after), key.shown, seq)),
            At::Out(_) => None,
        })
    }

    /// What may want an answer, oldest first. Where there is more than `max`, marked ones stay, then the newest.
    pub(super) fn attention(&self, max: usize) -> impl Iterator<Item = At> {
        let mut chosen = ordered::set(self.marked.iter().rev().take(max).copied());
        let own = self.own_texts.last().copied();
        let after_own = self.others.iter().rev().take_while(|key| own.is_none_or(|own| **key > own));
        let before = self.unanswered.iter().rev().skip_while(|key| own.is_none_or(|own| **key > own));
        for key in after_own.chain(before) {
            if chosen.len() >= max {
                break;
            }
            chosen.insert(*key);
        }
        chosen.into_iter().map(|key| key.at)
    }
}

impl ReadMark {
    /// Something that was shown later than stored was not there yet when the mark was set, or is beyond it.
    pub(super) fn misses(&self, shown: Millis, seq: Seq) -> bool {
        seq > self.seq || shown > self.at
    }
}
