//! Notices to devices that are away (RFC 8030), without any content.
//!
//! Owns who is told, when, how often, and by which push services. Refuses to know what is new: a notice has no
//! payload, and the browser shows a fixed text. Invariants: at most one notice goes to a device until it has been
//! connected again, and none to one that is connected; the server calls only hosts on its list, follows no
//! redirect, and never writes an address into its log; every queue, try and wait is bounded, and a notice that is
//! lost costs nothing but itself.

mod client;
mod key;
mod rules;
mod run;
#[cfg(test)]
mod tests;

pub use key::{PushKey, PushKeyError};
pub use rules::{HostRules, RuleError};
pub use run::{Sending, Timing};

use sotto_protocol::frame::{PushEndpoint, PushPublic};
use sotto_protocol::ids::AccountId;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Accounts that wait for being looked up.
const ACCOUNTS_MAX: usize = 4096;

/// Where accounts with something new are handed in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Notices {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    public: PushPublic,
    rules: HostRules,
    accounts: Mutex<BTreeSet<AccountId>>,
    changed: Notify,
}

impl Notices {
    /// With the server's public key and the push services it may call.
    pub fn new(public: PushPublic, rules: HostRules) -> Self {
        let accounts = Mutex::default();
        Self { inner: Arc::new(Inner { public, rules, accounts, changed: Notify::new() }) }
    }

    /// The server's public key, for browsers.
    pub fn public(&self) -> &PushPublic {
        &self.inner.public
    }

    /// True when the server may send to this address.
    pub fn sends_to(&self, endpoint: &PushEndpoint) -> bool {
        self.inner.rules.target(endpoint.as_str()).is_some()
    }

    /// These accounts have something new. Never waits; when too many are waiting, the notice is lost.
    pub fn hand_in(&self, accounts: BTreeSet<AccountId>) {
        let mut waiting = self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + accounts.len() <= ACCOUNTS_MAX {
            waiting.extend(accounts);
        } else {
            tracing::warn!(lost = accounts.len(), "too many notices are waiting");
        }
        drop(waiting);
        self.inner.changed.notify_one();
    }

    fn rules(&self) -> &HostRules {
        &self.inner.rules
    }

    /// Waits until somebody may have been handed in.
    async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    fn take(&self) -> BTreeSet<AccountId> {
        std::mem::take(&mut *self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
