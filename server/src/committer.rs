//! Group commit: appends of many connections share one flush.
//!
//! Owns the queue between connections and the store. Refuses to know what an append means; [`Relay::commit`] does.
//! Invariant: no artificial delay; a batch is whatever came while the flush before ran. The queue is bounded: who
//! finds it full waits, and is not read from meanwhile.

use crate::clock::Clock;
use crate::relay::{PendingAppend, Relay};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::limits::BATCH_RECORDS_MAX;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// Appends waiting for a flush, of all connections together.
const QUEUE_MAX: usize = 4 * BATCH_RECORDS_MAX;
/// How often noted cursors are stored.
const CURSORS_EVERY: Duration = Duration::from_secs(2);

enum Work {
    Append(PendingAppend),
    /// Everything before was flushed.
    Flushed(oneshot::Sender<()>),
}

/// The way to the committing task. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Work>,
}

impl Committer {
    /// Starts the task. It ends when every clone is gone and the queue is empty. It has a thread to itself: each step
    /// of a commit would otherwise wait behind the signatures that connections check.
    pub fn start(relay: Arc<Relay>, clock: Arc<dyn Clock>) -> (Self, JoinHandle<()>) {
        let (queue, work) = mpsc::channel(QUEUE_MAX);
        let runtime = Handle::current();
        (Self { queue }, tokio::task::spawn_blocking(move || runtime.block_on(run(relay, clock, work))))
    }

    /// Hands over an append; waits while the queue is full.
    pub async fn append(&self, relay: &Relay, append: PendingAppend) {
        if let Err(mpsc::error::SendError(Work::Append(append))) = self.queue.send(Work::Append(append)).await
        {
            append.refuse(relay, ErrorCode::ShuttingDown);
        }
    }

    /// Waits until everything handed over before is on disk and answered.
    pub async fn flushed(&self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Work::Flushed(done)).await.is_ok() {
            // An error means that the task has ended: nothing is waiting any more.
            let _ = wait.await;
        }
    }
}

async fn run(relay: Arc<Relay>, clock: Arc<dyn Clock>, mut work: mpsc::Receiver<Work>) {
    let mut taken = Vec::with_capacity(BATCH_RECORDS_MAX);
    let mut tick = interval(CURSORS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            count = work.recv_many(&mut taken, BATCH_RECORDS_MAX) => {
                if count == 0 {
                    break;
                }
                commit(&relay, &*clock, &mut taken).await;
            }
            _ = tick.tick() => flush_cursors(&relay).await,
        }
    }
    flush_cursors(&relay).await;
}

async fn commit(relay: &Relay, clock: &dyn Clock, taken: &mut Vec<Work>) {
    let mut batch = Vec::with_capacity(taken.len());
    let mut waiting = Vec::new();
    for work in taken.drain(..) {
        match work {
            Work::Append(append) => batch.push(append),
            Work::Flushed(done) => waiting.push(done),
        }
    }
    if !batch.is_empty() {
        relay.commit(batch, clock.now()).await;
    }
    for done in waiting {
        // Whoever waited may have gone.
        let _ = done.send(());
    }
}

async fn flush_cursors(relay: &Relay) {
    if let Err(error) = relay.service().flush_cursors().await {
        tracing::warn!(code = error.code.number(), "cursors were not stored");
    }
}
