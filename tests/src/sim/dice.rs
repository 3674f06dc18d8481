//! Chance.
//!
//! Owns the generators of a run, one for each purpose, all from the run's seed. Invariant: what one part draws
//! doesn't change what another part gets.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// A generator for one purpose.
#[derive(Debug)]
pub struct Dice(ChaCha20Rng);

impl Dice {
    /// The generator of a seed for a purpose.
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(rng(seed, purpose))
    }

    /// A number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let drawn = self.0.next_u64();
        drawn.checked_rem(n).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True so many times of a thousand. Draws nothing for 0, so that a calm world has one future.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        per_mille > 0 && self.below(1000) < per_mille
    }

    /// One of them.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let at = usize::try_from(self.below(u64::try_from(from.len()).unwrap_or(0))).unwrap_or(0);
        from.get(at).cloned()
    }

    /// Fresh bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// A generator for those who want one themselves.
pub fn rng(seed: u64, purpose: &str) -> ChaCha20Rng {
    let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(purpose).finalize();
    ChaCha20Rng::from_seed(digest.into())
}
