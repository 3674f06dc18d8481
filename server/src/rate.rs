//! A token bucket.
//!
//! Owns how many units somebody may use at once and per second. Pure: the time is a parameter. Invariant: over any
//! span no more than `burst + per_second × span` units are granted, however the calls fall.

use crate::throttle::RetryAfter;
use sotto_protocol::ids::Millis;

/// Units are counted in thousandths, so that a millisecond refills `per_second` of them.
const SCALE: u64 = 1000;

/// Fills with `per_second` units a second up to `burst`.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    per_second: u64,
    capacity: u64,
    level: u64,
    filled_at: Millis,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(per_second: u32, burst: u32, now: Millis) -> Self {
        let capacity = u64::from(burst.max(1)) * SCALE;
        Self { per_second: u64::from(per_second.max(1)), capacity, level: capacity, filled_at: now }
    }

    /// Takes `units`, all or nothing. More than the burst is never granted; the answer is then when the bucket
    /// will be full.
    pub fn take(&mut self, units: u32, now: Millis) -> Result<(), RetryAfter> {
        let filled = now.since(self.filled_at).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(filled).min(self.capacity);
        // A clock set back starts over from there, so that nobody waits for it to catch up.
        self.filled_at = now;
        let wanted = u64::from(units) * SCALE;
        if let Some(rest) = self.level.checked_sub(wanted) {
            self.level = rest;
            return Ok(());
        }
        let missing = wanted.min(self.capacity) - self.level;
        Err(RetryAfter { ms: missing.div_ceil(self.per_second).max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_then_the_rate() {
        let mut bucket = TokenBucket::new(10, 3, Millis(50));
        assert!((0..3).all(|_| bucket.take(1, Millis(50)).is_ok()));
        assert_eq!(bucket.take(1, Millis(50)), Err(RetryAfter { ms: 100 }));
        assert!(bucket.take(1, Millis(149)).is_err());
        assert!(bucket.take(1, Millis(150)).is_ok());
        assert_eq!(bucket.take(4, Millis(100_000)), Err(RetryAfter { ms: 1 }), "never, but without overflow");
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(
            rate in 1_u32..100, burst in 1_u32..50,
            calls in proptest::collection::vec((0_u64..500, 1_u32..5), 1..200),
        ) {
            let mut bucket = TokenBucket::new(rate, burst, Millis(0));
            let (mut now, mut granted) = (Millis(0), 0_u64);
            for (passed, units) in calls {
                now = now.plus(passed);
                match bucket.take(units, now) {
                    Ok(()) => granted += u64::from(units),
                    Err(retry) if units <= burst => {
                        prop_assert!(bucket.clone().take(units, now.plus(retry.ms)).is_ok());
                    }
                    Err(_) => {}
                }
                prop_assert!(granted * 1000 <= u64::from(burst) * 1000 + now.0 * u64::from(rate));
            }
        }
    }
}
