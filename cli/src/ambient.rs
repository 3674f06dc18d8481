//! The two things that come from nowhere: the time, and the operating system's entropy.
//!
//! Owns the only places of this binary that read the real clock and draw real randomness. Refuses to know what
//! either is used for. Invariant: everything else takes them as parameters.

use sotto_protocol::ids::Millis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The operating system gave no entropy. Nothing secret can be made without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This computer gives no random numbers, so nothing can be locked safely. Nothing was done.")]
pub struct NoEntropy;

/// How far the clock is said to be behind, milliseconds.
static BEHIND_MS: AtomicU64 = AtomicU64::new(0);

/// From now on the time is so much earlier, in this process: how a sample comes by its past.
pub fn set_behind(behind: Duration) {
    BEHIND_MS.store(u64::try_from(behind.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// The time now.
pub fn now() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "the one place of this binary that owns the real clock")]
    let now = SystemTime::now();
    let ms = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let ms = u64::try_from(ms).unwrap_or(u64::MAX);
    Millis(ms.saturating_sub(BEHIND_MS.load(Ordering::Relaxed)))
}

/// Thirty-two fresh bytes of the operating system's entropy.
pub fn seed() -> Result<Zeroizing<[u8; 32]>, NoEntropy> {
    let mut bytes = Zeroizing::new([0; 32]);
    #[expect(clippy::disallowed_methods, reason = "the one place of this binary that asks for real entropy")]
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoEntropy)?;
    Ok(bytes)
}
