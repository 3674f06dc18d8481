//! Generators of two generations.
//!
//! Owns the bridge from the generator that is passed around (`rand_core` 0.10) to the one that `opaque-ke`
//! takes (0.6). Refuses to draw randomness by itself.

use rand_core::CryptoRng;

/// A generator as older libraries want it.
pub(crate) struct Legacy<'a, R>(pub(crate) &'a mut R);

impl<R: CryptoRng> rand_core_06::RngCore for Legacy<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill_bytes(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

impl<R: CryptoRng> rand_core_06::CryptoRng for Legacy<'_, R> {}
