//! The two things that come from nowhere: the time, and the operating system's entropy.
//!
//! Owns the only places of this binary that read the real clock and draw real randomness. Refuses to know what
//! either is used for. Invariant: everything else takes them as parameters.

use sotto_protocol::ids::Millis;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The operating system gave no entropy. Nothing secret can be made without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This computer gives no random numbers, so nothing can be locked safely. Nothing was done.")]
pub struct NoEntropy;

/// The time now.
pub fn now() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "the one place of this binary that owns the real clock")]
    let now = SystemTime::now();
    let ms = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Millis(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// Thirty-two fresh bytes of the operating system's entropy.
pub fn seed() -> Result<Zeroizing<[u8; 32]>, NoEntropy> {
    let mut bytes = Zeroizing::new([0; 32]);
    #[expect(clippy::disallowed_methods, reason = "the one place of this binary that asks for real entropy")]
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoEntropy)?;
    Ok(bytes)
}
