//! Sockets: where bytes come from and go to.
//!
//! Owns listening, TLS, HTTP and the WebSocket, and stopping in good order. Refuses to know what any byte means:
//! [`crate::session`] and [`crate::service`] do. Invariant: a connection that is slow, silent or hostile costs
//! memory and time up to a named limit, and nobody else anything.

mod http;
mod pages;
mod serve;
mod socket;
#[cfg(test)]
mod tests;
mod web;
mod web_folder;
#[cfg(test)]
mod web_tests;

pub use serve::{Running, Start, start};
pub use web::{WEB_FILES, WebFile, read_web_files};

use crate::clock::Clock;
use crate::committer::Committer;
use crate::config::Origin;
use crate::rate::TokenBucket;
use crate::relay::Relay;
use crate::service::Entrance;
use crate::throttle::Network;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sotto_protocol::frame::Challenge;
use sotto_protocol::ids::{Hash, Millis};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Open connections of any sort.
const CONNECTIONS_MAX: usize = 20_000;
/// Requests for an account that one network may make per second, sustained, and at once.
const ACCOUNT_REQUESTS: (u32, u32) = (50, 500);
/// Networks remembered for that.
const NETWORKS_MAX: usize = 16_384;

/// What all connections share.
struct Shared {
    relay: Arc<Relay>,
    entrance: Entrance,
    committer: Committer,
    clock: Arc<dyn Clock>,
    rng: Mutex<ChaCha20Rng>,
    requests: Mutex<BTreeMap<Network, TokenBucket>>,
    behind_proxy: bool,
    public_url: Option<Origin>,
    web: web::Web,
    stopping: watch::Receiver<bool>,
}

/// Waits until the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever could have stopped it is gone.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// One TCP connection. Its permit is given back when the last who holds this is done.
#[derive(Clone)]
struct Peer {
    address: IpAddr,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Shared {
    fn challenge(&self) -> Challenge {
        let mut bytes = [0; 32];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        Challenge(Hash(bytes))
    }

    /// A generator of one's own, so that nobody waits for another's sign-in.
    fn fork(&self) -> ChaCha20Rng {
        let mut seed = [0; 32];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut seed);
        ChaCha20Rng::from_seed(seed)
    }

    /// Counts a request; when it is too much, says after how many milliseconds to try again.
    fn admit(&self, address: IpAddr, now: Millis) -> Result<(), u64> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let network = Network::from(address);
        if requests.len() >= NETWORKS_MAX && !requests.contains_key(&network) {
            // All start afresh: better than to refuse whom we don't know.
            requests.clear();
        }
        let (per_second, burst) = ACCOUNT_REQUESTS;
        let bucket = requests.entry(network).or_insert_with(|| TokenBucket::new(per_second, burst, now));
        bucket.take(1, now).map_err(|wait| wait.ms)
    }
}
