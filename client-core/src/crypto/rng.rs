//! Randomness of the core.
//!
//! Owns [`Entropy`], the seeded generator from which all keys, nonces and ids of one client are drawn, and the
//! adapter for the one library that speaks an older `rand_core`. Refuses to know where the seed comes from (the
//! host asks the operating system). Invariant: the same seed and the same calls give the same bytes, so a
//! simulation replays; a seed is used for one run only.

use core::convert::Infallible;
use core::fmt;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Rng, SeedableRng, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// `ChaCha20` (20 rounds) keyed with 32 bytes of the operating system's entropy.
pub struct Entropy(Box<ChaCha20Rng>);

impl Entropy {
    /// A generator from a seed of 32 bytes, fresh for every run: a seed used twice repeats nonces.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(Box::new(ChaCha20Rng::from_seed(*seed)))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}

impl Drop for Entropy {
    fn drop(&mut self) {
        // The library's generator does not wipe itself; overwriting it is what safe code can do.
        *self.0 = ChaCha20Rng::from_seed([0; 32]);
        core::hint::black_box(&self.0);
    }
}

impl TryRng for Entropy {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(dst);
        Ok(())
    }
}

impl TryCryptoRng for Entropy {}

/// `N` random bytes, wiped when dropped.
pub(crate) fn secret_bytes<const N: usize>(rng: &mut impl CryptoRng) -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    rng.fill_bytes(bytes.as_mut_slice());
    bytes
}

/// A generator of `rand_core` 0.10 for `opaque-ke`, which speaks 0.6.
pub(crate) struct Legacy<'a, R>(pub(crate) &'a mut R);

impl<R: CryptoRng> rand_core_06::RngCore for Legacy<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, dst: &mut [u8]) {
        self.0.fill_bytes(dst);
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.0.fill_bytes(dst);
        Ok(())
    }
}

impl<R: CryptoRng> rand_core_06::CryptoRng for Legacy<'_, R> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_and_stays_hidden() {
        let (mut a, mut b) = (Entropy::from_seed([7; 32]), Entropy::from_seed([7; 32]));
        assert_eq!(secret_bytes::<40>(&mut a), secret_bytes::<40>(&mut b));
        assert_ne!(secret_bytes::<40>(&mut a), secret_bytes::<40>(&mut Entropy::from_seed([8; 32])));
        assert_eq!(format!("{a:?}"), "Entropy(..)");
    }

    #[test]
    fn both_generator_interfaces_draw_one_stream() {
        let (mut a, mut b) = (Entropy::from_seed([7; 32]), Entropy::from_seed([7; 32]));
        let mut bytes = [0; 32];
        rand_core_06::RngCore::fill_bytes(&mut Legacy(&mut a), &mut bytes);
        assert_eq!(bytes, *secret_bytes::<32>(&mut b));
    }
}
