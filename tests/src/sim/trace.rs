//! What happened, for comparing runs and for reading after a failure.
//!
//! Owns a running hash over every byte that travelled or was stored, and the last happenings as text.

use sha2::{Digest as _, Sha256};
use sotto_protocol::codec::hex;
use std::collections::VecDeque;

/// Lines kept.
const KEPT: usize = 60;

/// A run's trace.
#[derive(Debug, Default)]
pub struct Trace {
    hash: Sha256,
    lines: VecDeque<String>,
    /// Every line, for looking into one seed.
    loud: bool,
}

impl Trace {
    /// An empty trace; a loud one prints every line at once.
    pub fn new(loud: bool) -> Self {
        Self { loud, ..Self::default() }
    }

    /// Takes bytes into the hash.
    pub fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.hash.update(what.as_bytes());
        self.hash.update(len.to_be_bytes());
        self.hash.update(bytes);
    }

    /// Notes a happening.
    pub fn line(&mut self, at: u64, text: String) {
        self.hash.update(at.to_be_bytes());
        self.hash.update(text.as_bytes());
        let line = format!("{:>8}.{:03}  {text}", at / 1000, at % 1000);
        if self.loud {
            eprintln!("{line}");
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The hash so far.
    pub fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// The last lines.
    pub fn tail(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }
}
