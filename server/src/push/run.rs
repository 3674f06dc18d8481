//! The task that sends notices.
//!
//! Owns what waits, until when, and how often it was tried. Invariants: a notice whose device has been connected
//! since is dropped, whenever that is noticed; at most [`WAITING_MAX`] wait and [`SENDING_MAX`] are under way; after
//! the last try a notice is given up, and the next record begins another.

use super::client::{Client, Outcome};
use super::{Notices, PushKey};
use crate::clock::Clock;
use crate::hub::NoticeId;
use crate::relay::Relay;
use crate::store::PushRow;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// Notices that wait for their time.
const WAITING_MAX: usize = 16_384;
/// Requests under way.
const SENDING_MAX: usize = 16;

/// When notices go out.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Records that come within this time are looked at together.
    pub gather: Duration,
    /// A notice goes out after a random part of this time, so that its time says less about who wrote to whom.
    pub jitter: Duration,
    /// After the first failure; four times as long after each further one.
    pub retry: Duration,
    /// Tries altogether.
    pub tries: u32,
    /// A push service that asks for more patience than this gets no more.
    pub patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            gather: Duration::from_secs(1),
            jitter: Duration::from_secs(5),
            retry: Duration::from_secs(30),
            tries: 5,
            patience: Duration::from_hours(1),
        }
    }
}

/// A notice on its way to a device.
#[derive(Clone, Debug)]
struct Notice {
    id: NoticeId,
    row: PushRow,
    failures: u32,
}

/// Everything that sending needs.
pub struct Sending {
    /// Hub, store, and where notices are handed in.
    pub relay: Arc<Relay>,
    /// Signs tokens.
    pub key: Arc<PushKey>,
    /// Whom push services may ask: `mailto:` or `https:`.
    pub contact: Option<String>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For jitter.
    pub rng: ChaCha20Rng,
    /// When notices go out.
    pub timing: Timing,
}

impl Sending {
    /// Starts the task; it ends soon after `stopping` says so. What waits then is lost. None without notices.
    pub fn start(self, mut stopping: watch::Receiver<bool>) -> Result<Option<JoinHandle<()>>, rustls::Error> {
        let Some(notices) = self.relay.notices().cloned() else { return Ok(None) };
        let mut task = Task { client: Client::new()?, with: self, waiting: BTreeMap::new(), last: 0 };
        Ok(Some(tokio::spawn(async move {
            tokio::select! {
                () = task.run(&notices) => {}
                // An error means that whoever could have stopped it is gone.
                _ = stopping.wait_for(|stop| *stop) => {}
            }
        })))
    }
}

struct Task {
    with: Sending,
    client: Client,
    /// By the time they are due, and a number.
    waiting: BTreeMap<(Instant, u64), Notice>,
    last: u64,
}

/// What happened.
enum Event {
    HandedIn,
    Gathered,
    Sent(Option<(Notice, Outcome)>),
    Due,
}

impl Task {
    async fn run(&mut self, notices: &Notices) {
        let mut sending: JoinSet<(Notice, Outcome)> = JoinSet::new();
        let mut gathered_at: Option<Instant> = None;
        loop {
            let due = self.waiting.first_key_value().map(|((at, _), _)| *at);
            let due = due.filter(|_| sending.len() < SENDING_MAX);
            let event = tokio::select! {
                Some(sent) = sending.join_next() => Event::Sent(sent.ok()),
                () = until(gathered_at) => Event::Gathered,
                () = notices.changed(), if gathered_at.is_none() => Event::HandedIn,
                () = until(due) => Event::Due,
            };
            match event {
                Event::HandedIn => gathered_at = Some(Instant::now() + self.with.timing.gather),
                Event::Gathered => {
                    gathered_at = None;
                    self.look_up(notices).await;
                }
                Event::Sent(Some((notice, outcome))) => self.settle(notice, outcome).await,
                Event::Sent(None) => {}
                Event::Due => {
                    if let Some((_, notice)) = self.waiting.pop_first() {
                        self.send(notices, notice, &mut sending);
                    }
                }
            }
        }
    }

    /// Begins notices to the devices of the accounts that were handed in.
    async fn look_up(&mut self, notices: &Notices) {
        let accounts = notices.take();
        let rows = match self.with.relay.service().store().push_endpoints(&accounts).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "notices were lost");
                return;
            }
        };
        for row in rows {
            if self.waiting.len() >= WAITING_MAX {
                tracing::warn!("too many notices are waiting");
                return;
            }
            if let Some(id) = self.with.relay.hub().begin_notice(row.account, row.device) {
                let at = Instant::now() + self.jitter();
                self.wait(at, Notice { id, row, failures: 0 });
            }
        }
    }

    fn jitter(&mut self) -> Duration {
        let most = u64::try_from(self.with.timing.jitter.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.with.rng.next_u64() % most.saturating_add(1))
    }

    fn wait(&mut self, at: Instant, notice: Notice) {
        self.last += 1;
        self.waiting.insert((at, self.last), notice);
    }

    fn send(&self, notices: &Notices, notice: Notice, sending: &mut JoinSet<(Notice, Outcome)>) {
        let PushRow { account, device, endpoint } = &notice.row;
        if !self.with.relay.hub().notice_stands(*account, *device, notice.id) {
            return;
        }
        // The operator may have changed the list since.
        let Some(target) = notices.rules().target(endpoint.as_str()) else { return };
        let contact = self.with.contact.as_deref();
        let authorization = self.with.key.authorization(&target.origin(), contact, self.with.clock.now());
        let client = self.client.clone();
        sending.spawn(async move {
            let outcome = client.post(&target, &authorization).await;
            (notice, outcome)
        });
    }

    async fn settle(&mut self, mut notice: Notice, outcome: Outcome) {
        let PushRow { account, device, endpoint } = notice.row.clone();
        let device_short = device.short();
        match outcome {
            Outcome::Taken => tracing::debug!(device = device_short, "a notice was sent"),
            Outcome::Gone => {
                tracing::debug!(device = device_short, "a device takes no more notices");
                let forgotten =
                    self.with.relay.service().store().forget_push(account, device, Some(endpoint)).await;
                if let Err(error) = forgotten {
                    tracing::warn!(%error, "where a device took notices was not forgotten");
                }
                self.with.relay.hub().end_notice(account, device, notice.id);
            }
            Outcome::Refused(status) => {
                tracing::warn!(device = device_short, status = status.as_u16(), "a notice was refused");
                self.with.relay.hub().end_notice(account, device, notice.id);
            }
            Outcome::Later(asked) => {
                notice.failures += 1;
                let Timing { retry, tries, patience, .. } = self.with.timing;
                let asked = asked.unwrap_or_default();
                if notice.failures >= tries || asked > patience || self.waiting.len() >= WAITING_MAX {
                    tracing::warn!(device = device_short, tries = notice.failures, "a notice was given up");
                    self.with.relay.hub().end_notice(account, device, notice.id);
                    return;
                }
                let pause = retry.saturating_mul(4_u32.saturating_pow(notice.failures - 1));
                let at = Instant::now() + pause.min(patience).max(asked) + self.jitter();
                self.wait(at, notice);
            }
        }
    }
}

/// For ever when there is no time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
