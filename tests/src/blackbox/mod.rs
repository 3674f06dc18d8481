//! What the black-box tests share: the two binaries as processes, people with their homes, and what lies between.
//!
//! Owns starting and ending processes (each by its own id, also when a test fails), temporary folders, and waiting
//! for a condition until a deadline. Refuses to know scenarios: those stand in `tests/blackbox`. Invariant: nothing
//! here listens on, or writes to, a place that another test could use.

pub mod database;
pub mod person;
pub mod process;
pub mod proxy;
pub mod search;
pub mod server;
pub mod wire;
pub mod world;
pub mod writer;

pub use person::Person;
pub use process::{Ended, Process};
pub use server::{Options, Server};
pub use world::World;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Nothing that is waited for takes longer, on any machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// True when only the essential part is asked for.
pub fn quick() -> bool {
    std::env::var_os("SOTTO_QUICK").is_some_and(|value| value == "1")
}

/// One number for a full run, a smaller one for a quick one.
pub fn times(full: usize, quick_one: usize) -> usize {
    if quick() { quick_one } else { full }
}

/// A binary of the product: from `SOTTO_BIN_DIR`, else where cargo puts it.
pub fn binary(name: &str) -> PathBuf {
    let folder = std::env::var_os("SOTTO_BIN_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing; build it, or set SOTTO_BIN_DIR", path.display());
    path
}

/// The time, for deadlines and for seeds.
#[expect(clippy::disallowed_methods, reason = "black-box tests run in real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets time pass: for events at random instants, and between two looks at a condition.
pub fn pause(time: Duration) {
    let (_sender, never) = mpsc::channel::<()>();
    assert_eq!(never.recv_timeout(time), Err(RecvTimeoutError::Timeout));
}

/// Random numbers that a seed repeats: `SOTTO_SEED`, or 1.
pub struct Dice(ChaCha20Rng);

impl Dice {
    /// The dice of one purpose.
    pub fn new(purpose: u64) -> Self {
        let seed = std::env::var("SOTTO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
        Self(ChaCha20Rng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(purpose)))
    }

    /// A number below another.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    /// Lets a random time pass, shorter than so many microseconds.
    pub fn pause_us(&mut self, end: u64) {
        pause(Duration::from_micros(self.below(end)));
    }
}

/// Looks until there is something.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now() < deadline, "waited in vain for {what}");
        pause(Duration::from_millis(20));
    }
}
