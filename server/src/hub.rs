//! Who hears what.
//!
//! Owns the connections, their subscriptions and their outgoing queues. Refuses to know sockets, the store and
//! any rule: it is told what happened and passes it on. Invariants: the order in which connections are served is
//! fixed (`BTreeMap`); every queue is bounded, and a connection that doesn't keep up is closed without anybody
//! else noticing; pushes of a space reach a connection in order, after the `Subscribed` that announces them.

use crate::defects::{Defect, Defects};
use crate::service::{Frame, Published};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{AccountId, DeviceId, SpaceId};
use sotto_protocol::limits::{CONNECTIONS_PER_ACCOUNT_MAX, OUTGOING_FRAMES_MAX};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes waiting to go out on one connection. A page larger than this still goes out, alone.
pub const OUTGOING_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A queue that grew beyond this is given back when it is empty, so that idle connections stay small.
const QUEUE_KEPT: usize = 8;

/// A connection, for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(u64);

/// A notice to a device that is away, for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeId(u64);

/// What goes out next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A frame.
    Frame(Frame),
    /// The connection ends, because of this if of anything.
    Close(Option<ErrorCode>),
}

/// The connection ends, because of this if of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Closing(Option<ErrorCode>);

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    closing: Option<Closing>,
}

/// A connection's outgoing queue.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    in_flight: AtomicUsize,
    changed: Notify,
    defects: Defects,
}

impl Outbox {
    /// An empty queue.
    pub fn new(defects: Defects) -> Arc<Self> {
        Arc::new(Self { defects, ..Self::default() })
    }

    /// Queues a frame; closes the connection when the queue is full.
    pub fn send(&self, frame: Frame) {
        let mut queue = self.lock();
        if queue.closing.is_some() {
            return;
        }
        let full = queue.frames.len() >= OUTGOING_FRAMES_MAX || queue.bytes >= OUTGOING_BYTES_MAX;
        if full && self.defects.has(Defect::DropPushOnOverflow) {
            return;
        }
        if full {
            *queue = Queue { closing: Some(Closing(Some(ErrorCode::RateLimited))), ..Queue::default() };
        } else {
            queue.bytes += frame.len();
            queue.frames.push_back(frame);
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Ends the connection once what is queued has gone out.
    pub fn close(&self, code: Option<ErrorCode>) {
        self.lock().closing.get_or_insert(Closing(code));
        self.changed.notify_one();
    }

    /// Takes what goes out next, if there is anything. After `Close` there is always `Close`.
    pub fn take(&self) -> Option<Outgoing> {
        let mut queue = self.lock();
        if let Some(frame) = queue.frames.pop_front() {
            queue.bytes = queue.bytes.saturating_sub(frame.len());
            if queue.frames.is_empty() && queue.frames.capacity() > QUEUE_KEPT {
                queue.frames = VecDeque::new();
            }
            return Some(Outgoing::Frame(frame));
        }
        queue.closing.map(|Closing(code)| Outgoing::Close(code))
    }

    /// Waits until there may be something to take.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Frames waiting.
    pub fn len(&self) -> usize {
        self.lock().frames.len()
    }

    /// True when nothing waits and the connection is not closing.
    pub fn is_empty(&self) -> bool {
        let queue = self.lock();
        queue.frames.is_empty() && queue.closing.is_none()
    }

    /// True when the connection is closing.
    pub fn is_closing(&self) -> bool {
        self.lock().closing.is_some()
    }

    /// True when the connection is being cut because its reader is too slow.
    pub fn is_overflowing(&self) -> bool {
        self.lock().closing == Some(Closing(Some(ErrorCode::RateLimited)))
    }

    /// Counts an append that waits for its flush; returns how many wait now.
    pub(crate) fn begin(&self) -> usize {
        self.in_flight.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts it off.
    pub(crate) fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
enum Subscription {
    /// `Subscribed` has not gone out yet; what is pushed meanwhile follows it.
    Waiting(Vec<Frame>),
    Live,
}

#[derive(Debug)]
struct Connection {
    account: AccountId,
    device: DeviceId,
    outbox: Arc<Outbox>,
    spaces: BTreeSet<SpaceId>,
    /// `Ready` has not gone out yet; what is said meanwhile follows it.
    held: Option<Vec<Frame>>,
}

impl Connection {
    fn say(&mut self, frame: &Frame) {
        match &mut self.held {
            None => self.outbox.send(frame.clone()),
            Some(held) if held.len() < OUTGOING_FRAMES_MAX => held.push(frame.clone()),
            Some(_) => self.outbox.close(Some(ErrorCode::RateLimited)),
        }
    }
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    accounts: BTreeMap<AccountId, BTreeSet<ConnectionId>>,
    spaces: BTreeMap<SpaceId, BTreeMap<ConnectionId, Subscription>>,
    /// Devices that were told there is something new, and have not come since.
    told: BTreeMap<(AccountId, DeviceId), NoticeId>,
}

/// All signed-in connections of this process.
#[derive(Debug, Default)]
pub struct Hub {
    inner: Mutex<Inner>,
    defects: Defects,
}

impl Hub {
    /// Nobody connected.
    pub fn new(defects: Defects) -> Self {
        Self { inner: Mutex::default(), defects }
    }

    /// A connection signed in. None when its account has too many. [`Hub::ready`] completes it.
    pub fn join(&self, account: AccountId, device: DeviceId, outbox: Arc<Outbox>) -> Option<ConnectionId> {
        let mut inner = self.lock();
        inner.last += 1;
        let id = ConnectionId(inner.last);
        let of_account = inner.accounts.entry(account).or_default();
        if of_account.len() >= CONNECTIONS_PER_ACCOUNT_MAX {
            return None;
        }
        of_account.insert(id);
        inner.told.remove(&(account, device));
        let connection =
            Connection { account, device, outbox, spaces: BTreeSet::new(), held: Some(Vec::new()) };
        inner.connections.insert(id, connection);
        Some(id)
    }

    /// Sends `Ready`, and whatever was said since the connection joined.
    pub fn ready(&self, id: ConnectionId, ready: Frame) {
        let mut inner = self.lock();
        let Some(connection) = inner.connections.get_mut(&id) else { return };
        connection.outbox.send(ready);
        for frame in connection.held.take().unwrap_or_default() {
            connection.outbox.send(frame);
        }
    }

    /// A connection is gone.
    pub fn leave(&self, id: ConnectionId) {
        let mut inner = self.lock();
        let Some(connection) = inner.connections.remove(&id) else { return };
        if let Some(ids) = inner.accounts.get_mut(&connection.account) {
            ids.remove(&id);
            if ids.is_empty() {
                inner.accounts.remove(&connection.account);
            }
        }
        connection.spaces.iter().for_each(|space| inner.unsubscribe(id, *space));
    }

    /// Begins a subscription; false when the connection has `max` or is gone. [`Hub::subscribed`] completes it.
    pub fn subscribe(&self, id: ConnectionId, space: SpaceId, max: usize) -> bool {
        let mut inner = self.lock();
        let Some(connection) = inner.connections.get_mut(&id) else { return false };
        if connection.spaces.len() >= max && !connection.spaces.contains(&space) {
            return false;
        }
        connection.spaces.insert(space);
        let waiting = Subscription::Waiting(Vec::new());
        inner.spaces.entry(space).or_default().entry(id).or_insert(waiting);
        true
    }

    /// Sends the answer to a subscription, and whatever was pushed meanwhile.
    pub fn subscribed(&self, id: ConnectionId, space: SpaceId, answer: Frame) {
        let mut inner = self.lock();
        let Some(outbox) = inner.connections.get(&id).map(|c| c.outbox.clone()) else { return };
        outbox.send(answer);
        let Some(subscription) = inner.spaces.get_mut(&space).and_then(|s| s.get_mut(&id)) else { return };
        if let Subscription::Waiting(frames) = std::mem::replace(subscription, Subscription::Live) {
            for frame in frames {
                outbox.send(frame);
            }
        }
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, id: ConnectionId, space: SpaceId) {
        let mut inner = self.lock();
        if let Some(connection) = inner.connections.get_mut(&id) {
            connection.spaces.remove(&space);
        }
        inner.unsubscribe(id, space);
    }

    /// True when somebody else listens to a space.
    pub fn has_listeners(&self, space: SpaceId, except: ConnectionId) -> bool {
        self.lock().spaces.get(&space).is_some_and(|subscribers| subscribers.keys().any(|id| *id != except))
    }

    /// New records of a space: former members get the era that removed them and are unsubscribed, subscribers get the
    /// pushes, and `space_added` goes to those who came in.
    pub fn publish(&self, published: &Published, space_added: &Frame) {
        let space = published.head.space;
        let mut inner = self.lock();
        if let (Some(members), false) = (&published.members, self.defects.has(Defect::KeepSubscriptions)) {
            inner.keep_members(space, members, &published.parting);
        }
        for account in &published.added {
            inner.tell_account(*account, None, space_added);
        }
        let Inner { connections, spaces, .. } = &mut *inner;
        let Some(subscribers) = spaces.get_mut(&space) else { return };
        for (id, subscription) in subscribers {
            match (subscription, connections.get(id)) {
                (Subscription::Live, Some(connection)) => {
                    published.frames.iter().for_each(|frame| connection.outbox.send(frame.clone()));
                }
                (Subscription::Waiting(frames), Some(connection)) => {
                    frames.extend(published.frames.iter().cloned());
                    if frames.len() > OUTGOING_FRAMES_MAX {
                        connection.outbox.close(Some(ErrorCode::RateLimited));
                    }
                }
                (_, None) => {}
            }
        }
    }

    /// Something ephemeral for the other subscribers of a space.
    pub fn relay(&self, space: SpaceId, from: ConnectionId, frame: &Frame) {
        let inner = self.lock();
        let Some(subscribers) = inner.spaces.get(&space) else { return };
        for (id, subscription) in subscribers {
            let live = matches!(subscription, Subscription::Live) && *id != from;
            if let Some(connection) = inner.connections.get(id).filter(|_| live)
                // Ephemeral frames are the first to go when somebody is slow.
                && connection.outbox.len() < OUTGOING_FRAMES_MAX / 2
            {
                connection.outbox.send(frame.clone());
            }
        }
    }

    /// A frame for all connections of an account but one.
    pub fn to_account(&self, account: AccountId, except: Option<ConnectionId>, frame: &Frame) {
        self.lock().tell_account(account, except, frame);
    }

    /// Ends the connections of devices that are no longer active.
    pub fn cut(&self, account: AccountId, active: &BTreeSet<DeviceId>) {
        let inner = self.lock();
        for id in inner.accounts.get(&account).into_iter().flatten() {
            if let Some(connection) = inner.connections.get(id).filter(|c| !active.contains(&c.device)) {
                connection.outbox.close(Some(ErrorCode::DeviceNotListed));
            }
        }
    }

    /// Begins telling a device that there is something new: none when it is connected, or was told before and has
    /// not been connected since.
    pub fn begin_notice(&self, account: AccountId, device: DeviceId) -> Option<NoticeId> {
        let mut inner = self.lock();
        let mut connections = inner.accounts.get(&account).into_iter().flatten();
        let here = connections.any(|id| inner.connections.get(id).is_some_and(|c| c.device == device));
        if here || inner.told.contains_key(&(account, device)) {
            return None;
        }
        inner.last += 1;
        let id = NoticeId(inner.last);
        inner.told.insert((account, device), id);
        Some(id)
    }

    /// False when the device has been connected since the notice began.
    pub fn notice_stands(&self, account: AccountId, device: DeviceId, id: NoticeId) -> bool {
        self.lock().told.get(&(account, device)) == Some(&id)
    }

    /// The notice could not be given: the next record begins another.
    pub fn end_notice(&self, account: AccountId, device: DeviceId, id: NoticeId) {
        let mut inner = self.lock();
        if inner.told.get(&(account, device)) == Some(&id) {
            inner.told.remove(&(account, device));
        }
    }

    /// Ends all connections.
    pub fn close_all(&self, code: ErrorCode) {
        self.lock().connections.values().for_each(|connection| connection.outbox.close(Some(code)));
    }

    /// Signed-in connections.
    pub fn len(&self) -> usize {
        self.lock().connections.len()
    }

    /// True when nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn unsubscribe(&mut self, id: ConnectionId, space: SpaceId) {
        if let Some(subscribers) = self.spaces.get_mut(&space) {
            subscribers.remove(&id);
            if subscribers.is_empty() {
                self.spaces.remove(&space);
            }
        }
    }

    fn keep_members(&mut self, space: SpaceId, members: &BTreeSet<AccountId>, parting: &[Frame]) {
        let ids: Vec<_> = self.spaces.get(&space).into_iter().flat_map(BTreeMap::keys).copied().collect();
        for id in ids {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            if !members.contains(&connection.account) {
                connection.spaces.remove(&space);
                for frame in parting {
                    connection.outbox.send(frame.clone());
                }
                self.unsubscribe(id, space);
            }
        }
    }

    fn tell_account(&mut self, account: AccountId, except: Option<ConnectionId>, frame: &Frame) {
        for id in self.accounts.get(&account).into_iter().flatten().filter(|id| Some(**id) != except) {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.say(frame);
            }
        }
    }
}
