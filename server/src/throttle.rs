//! How often somebody may try to sign in.
//!
//! Owns two bounded tables: attempts per address, and per handle and address. Each has some free attempts, then a
//! delay that doubles. Pure: the time is a parameter. Invariant: what happens at one address never delays another,
//! so a stranger cannot lock a therapist out; an IPv6 address counts by its /64, which one subscriber owns.
//!
//! Guessing from many addresses at once is slowed only by their number; the strength of the passphrase stands
//! against that.

use sotto_protocol::ids::{Handle, Millis};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {ms} ms")]
pub struct RetryAfter {
    /// Milliseconds, at least 1.
    pub ms: u64,
}

/// When delays begin and how long they get.
#[derive(Clone, Copy, Debug)]
pub struct Curve {
    /// Failures without delay.
    pub free: u32,
    /// Delay after the first failure beyond, doubled by each further one.
    pub first_ms: u64,
    /// Longest delay.
    pub longest_ms: u64,
    /// Failures are forgotten when the last is this old.
    pub forget_ms: u64,
}

/// For one handle at one address: five tries, then 1 s, 2 s, 4 s … 15 min.
pub const PAIR: Curve = Curve { free: 5, first_ms: 1000, longest_ms: 15 * 60_000, forget_ms: 24 * 3_600_000 };
/// For one address, which a whole practice may share: 30 tries, then 1 s … 1 min.
pub const ADDRESS: Curve = Curve { free: 30, first_ms: 1000, longest_ms: 60_000, forget_ms: 3_600_000 };
/// Entries of each table; the one unused for longest makes room.
pub const ENTRIES_MAX: usize = 65_536;

/// One subscriber's network, as far as an address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash)]
pub enum Network {
    /// A single IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 /64.
    V6([u16; 4]),
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => Self::from(v6),
        }
    }
}

impl From<Ipv6Addr> for Network {
    fn from(address: Ipv6Addr) -> Self {
        let [a, b, c, d, ..] = address.segments();
        Self::V6([a, b, c, d])
    }
}

/// The two tables.
#[derive(Debug)]
pub struct Throttle {
    addresses: Table<Network>,
    pairs: Table<(Handle, Network)>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(ENTRIES_MAX)
    }
}

impl Throttle {
    /// With at most `entries_max` entries in each table.
    pub fn new(entries_max: usize) -> Self {
        Self { addresses: Table::new(ADDRESS, entries_max), pairs: Table::new(PAIR, entries_max) }
    }

    /// May `handle` be tried from `address` now? Changes nothing.
    pub fn check(&self, address: IpAddr, handle: &Handle, now: Millis) -> Result<(), RetryAfter> {
        let network = Network::from(address);
        let wait = self.addresses.wait(&network, now).max(self.pairs.wait(&(handle.clone(), network), now));
        if wait == 0 { Ok(()) } else { Err(RetryAfter { ms: wait }) }
    }

    /// An attempt was made that did not succeed, or not yet: OPAQUE tells a guesser whether he was right before
    /// the server knows, so count when answering KE1 and take it back with [`Throttle::succeeded`].
    pub fn failed(&mut self, address: IpAddr, handle: &Handle, now: Millis) {
        let network = Network::from(address);
        self.addresses.count(network, now);
        self.pairs.count((handle.clone(), network), now);
    }

    /// The attempt succeeded: forgets the failures of this handle at this address, and takes as many off the
    /// address. Somebody who guesses other handles cannot clear them by signing in as herself.
    pub fn succeeded(&mut self, address: IpAddr, handle: &Handle, now: Millis) {
        let network = Network::from(address);
        let failures = self.pairs.forget(&(handle.clone(), network), now);
        self.addresses.take_back(&network, failures);
    }
}

#[derive(Debug)]
struct Entry {
    failures: u32,
    last: Millis,
    /// Key in `order`.
    used: u64,
}

/// Failures by key, the least recently counted forgotten first.
#[derive(Debug)]
struct Table<K> {
    curve: Curve,
    entries_max: usize,
    entries: HashMap<K, Entry>,
    order: BTreeMap<u64, K>,
    uses: u64,
}

impl<K: Clone + Eq + Hash> Table<K> {
    fn new(curve: Curve, entries_max: usize) -> Self {
        Self {
            curve,
            entries_max: entries_max.max(1),
            entries: HashMap::new(),
            order: BTreeMap::new(),
            uses: 0,
        }
    }

    /// Milliseconds until the next attempt.
    fn wait(&self, key: &K, now: Millis) -> u64 {
        let Some(entry) = self.entries.get(key) else { return 0 };
        let doublings = match entry.failures.checked_sub(self.curve.free) {
            None | Some(0) => return 0,
            Some(beyond) => beyond - 1,
        };
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        let delay = self.curve.first_ms.saturating_mul(factor).min(self.curve.longest_ms);
        // Never longer than the delay itself, even if the clock was set back.
        entry.last.plus(delay).since(now).min(delay)
    }

    fn count(&mut self, key: K, now: Millis) {
        self.uses += 1;
        let forget = self.curve.forget_ms;
        let entry =
            self.entries.entry(key.clone()).or_insert(Entry { failures: 0, last: now, used: self.uses });
        if now.since(entry.last) >= forget {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
        self.order.remove(&entry.used);
        entry.used = self.uses;
        self.order.insert(self.uses, key);
        while self.entries.len() > self.entries_max {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.entries.remove(&oldest);
        }
    }

    /// Removes the key and returns the failures it had.
    fn forget(&mut self, key: &K, now: Millis) -> u32 {
        let Some(entry) = self.entries.remove(key) else { return 0 };
        self.order.remove(&entry.used);
        if now.since(entry.last) >= self.curve.forget_ms { 0 } else { entry.failures }
    }

    fn take_back(&mut self, key: &K, failures: u32) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.failures = entry.failures.saturating_sub(failures);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn handle(n: u8) -> Handle {
        Handle::parse(&format!("user{n}")).unwrap()
    }

    #[test]
    fn delays_begin_after_the_free_attempts_and_double() {
        let mut throttle = Throttle::default();
        let mut now = Millis(1_000_000);
        let mut waits = Vec::new();
        for _ in 0..20 {
            throttle.failed(v4(1), &handle(1), now);
            let wait = throttle.check(v4(1), &handle(1), now).map_or_else(|r| r.ms, |()| 0);
            waits.push(wait);
            if wait > 0 {
                assert!(throttle.check(v4(1), &handle(1), now.plus(wait - 1)).is_err());
            }
            now = now.plus(wait);
            assert_eq!(throttle.check(v4(1), &handle(1), now), Ok(()));
        }
        assert_eq!(waits[..8], [0, 0, 0, 0, 0, 1000, 2000, 4000]);
        assert_eq!(waits[19], PAIR.longest_ms);
        let next_day = now.plus(PAIR.forget_ms);
        throttle.failed(v4(1), &handle(1), next_day);
        assert_eq!(throttle.check(v4(1), &handle(1), next_day), Ok(()), "old failures are forgotten");
    }

    #[test]
    fn an_address_that_tries_many_handles_is_slowed() {
        let mut throttle = Throttle::default();
        for n in 0..=30 {
            throttle.failed(v4(1), &handle(n), Millis(0));
        }
        assert_eq!(throttle.check(v4(1), &handle(200), Millis(0)), Err(RetryAfter { ms: 1000 }));
        throttle.succeeded(v4(1), &handle(200), Millis(0));
        assert!(
            throttle.check(v4(1), &handle(200), Millis(0)).is_err(),
            "own success does not clear guesses"
        );
    }

    #[test]
    fn signing_in_costs_nothing() {
        let mut throttle = Throttle::default();
        for _ in 0..1000 {
            assert_eq!(throttle.check(v4(1), &handle(1), Millis(0)), Ok(()));
            throttle.failed(v4(1), &handle(1), Millis(0));
            throttle.succeeded(v4(1), &handle(1), Millis(0));
        }
    }

    #[test]
    fn ipv6_counts_by_64_bits_and_mapped_ipv4_as_itself() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn a_stranger_elsewhere_never_delays_her(
            attempts in proptest::collection::vec((1_u8..50, 0_u8..4, 0_u64..5000), 0..400),
        ) {
            let mut throttle = Throttle::default();
            let mut now = Millis(0);
            for (address, name, passed) in attempts {
                now = now.plus(passed);
                throttle.failed(v4(address), &handle(name), now);
                prop_assert_eq!(throttle.check(v4(200), &handle(name), now), Ok(()));
            }
        }

        #[test]
        fn tables_stay_bounded_and_consistent(
            steps in proptest::collection::vec((0_u8..40, 0_u8..6, 0_u64..10_000_000, any::<bool>()), 0..400),
        ) {
            let mut throttle = Throttle::new(16);
            let mut now = Millis(0);
            for (address, name, passed, success) in steps {
                now = now.plus(passed);
                throttle.failed(v4(address), &handle(name), now);
                if success {
                    throttle.succeeded(v4(address), &handle(name), now);
                }
                if let Err(retry) = throttle.check(v4(address), &handle(name), now) {
                    prop_assert!(retry.ms >= 1 && retry.ms <= PAIR.longest_ms);
                    prop_assert_eq!(throttle.check(v4(address), &handle(name), now.plus(retry.ms)), Ok(()));
                }
                for (entries, order) in [
                    (throttle.addresses.entries.len(), throttle.addresses.order.len()),
                    (throttle.pairs.entries.len(), throttle.pairs.order.len()),
                ] {
                    prop_assert!(entries <= 16 && entries == order);
                }
            }
        }

        #[test]
        fn more_failures_never_shorten_the_wait(failures in 1_u32..200) {
            let mut throttle = Throttle::default();
            let mut before = 0;
            for _ in 0..failures {
                throttle.failed(v4(1), &handle(1), Millis(5));
                let wait = throttle.check(v4(1), &handle(1), Millis(5)).map_or_else(|r| r.ms, |()| 0);
                prop_assert!(wait >= before);
                before = wait;
            }
            // A clock set back by a year does not lengthen it.
            prop_assert!(throttle.check(v4(1), &handle(1), Millis(0)).map_or_else(|r| r.ms, |()| 0) <= before);
        }
    }
}
