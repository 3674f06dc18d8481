//! What a person sees while she waits.
//!
//! Owns the line before a piece of work and the one after it, with how long it took. Refuses to know the work.

use anyhow::Result;
use std::time::Instant;

/// Says what is being done, does it, and says how long it took.
pub(crate) fn doing<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {what}");
    let started = now();
    let done = work()?;
    eprintln!("    done in {:.0} s", now().duration_since(started).as_secs_f64());
    Ok(done)
}

/// The clock, for saying how long something took.
#[expect(
    clippy::disallowed_methods,
    reason = "a build task may look at the clock to say how long a step took"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
