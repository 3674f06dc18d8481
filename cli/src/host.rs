//! Drives a client: carries out what it asks for, and tells it what happened.
//!
//! Owns the loop between the state machine and its surroundings. Refuses to know frames and contents. Invariants:
//! outputs are carried out in order; a batch is on disk before the client hears that it is; after a failure of the
//! disk nothing more goes in or out, because the client is then ahead of what is stored.

use crate::ambient::{self, NoEntropy};
use crate::home::rows::Rows;
use crate::home::{Home, HomeError};
use crate::net::{Net, NetError, Socket};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::io::{Command, Event, Input, Output, Rejected, RequestId};
use sotto_client_core::{Client, Config, OpenError};
use sotto_protocol::ids::Millis;
use sotto_protocol::limits::IDLE_MS_MAX;
use sotto_protocol::link::Origin;
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A connection on which the server says nothing for so long is dead, whatever the system believes: the client pings
/// three times as often.
const SILENCE: Duration = Duration::from_millis(IDLE_MS_MAX);

/// Why a host stopped, or would not do something.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The home cannot be used. The host is finished.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// What the home holds does not open.
    #[error("{}", unopened(.0))]
    Open(#[from] OpenError),
    /// The client refused a command. Nothing was changed.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// There is no entropy.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The host has failed before.
    #[error("What was being stored has failed before. Please start again.")]
    Finished,
}

/// The client's words are for programmers.
fn unopened(error: &OpenError) -> &'static str {
    match error {
        OpenError::Damaged(_) => {
            "What this home holds can't be opened: something in it was changed, or its file storage.key belongs to \
             another home. Nothing was changed. Put it back from a backup, or sign in with a new, empty home \
             (`sotto login`): everything that was delivered is on the server."
        }
        OpenError::Incomplete(_) => {
            "Something is missing in this home. Nothing was changed. Put it back from a backup, or sign in with a \
             new, empty home (`sotto login`): everything that was delivered is on the server."
        }
        OpenError::Newer => {
            "This home was written by a newer version of Sotto. Please update. Nothing was changed."
        }
    }
}

/// A client with its surroundings.
pub struct Host {
    client: Client,
    rows: Rows,
    /// Nobody else uses the home while this lives.
    _lock: Option<File>,
    /// `None` stays offline.
    net: Option<Net>,
    wire: Wire,
    requests: FuturesUnordered<BoxFuture<'static, Answered>>,
    wake_at: Option<Millis>,
    events: VecDeque<Event>,
    trouble: Option<NetError>,
    finished: bool,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("finished", &self.finished).finish_non_exhaustive()
    }
}

/// What came of a request.
type Answered = (RequestId, Result<Vec<u8>, NetError>);

/// The one connection.
enum Wire {
    Down,
    Dialing(BoxFuture<'static, Result<Socket, NetError>>),
    Up {
        socket: Box<Socket>,
        /// When the server is given up unless something comes.
        silent_at: Instant,
    },
}

/// Something happened outside.
enum Arrival {
    Dialed(Result<Socket, NetError>),
    Frame(Vec<u8>),
    Lost,
    Answered(Answered),
    Wake,
}

impl Host {
    /// Opens the client that lives in a home. `net` is how it reaches its server; without, it stays offline.
    pub async fn open(home: Home, net: Option<Net>) -> Result<Self, HostError> {
        Self::open_with(home, net, Config::default()).await
    }

    /// The same with another configuration.
    pub async fn open_with(home: Home, net: Option<Net>, config: Config) -> Result<Self, HostError> {
        let (mut rows, key, lock) = home.into_parts();
        let eager = rows.eager().await?;
        let entropy = Entropy::from_seed(*ambient::seed()?);
        let client = Client::open(eager, key, entropy, config, ambient::now())?;
        let mut host = Self {
            client,
            rows,
            _lock: lock,
            net,
            wire: Wire::Down,
            requests: FuturesUnordered::new(),
            wake_at: None,
            events: VecDeque::new(),
            trouble: None,
            finished: false,
        };
        host.drain().await?;
        Ok(host)
    }

    /// The client, to be looked at.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Why the server could not be reached the last time it was tried; `None` after it could.
    pub fn trouble(&self) -> Option<&NetError> {
        self.trouble.as_ref()
    }

    /// Gives the client a command. What comes of it is told by events.
    pub async fn command(&mut self, command: Command) -> Result<(), HostError> {
        if self.finished {
            return Err(HostError::Finished);
        }
        self.client.handle(Input::Command(command), ambient::now())?;
        self.drain().await
    }

    /// Runs until the closure has seen an event that answers it, or until the deadline; then `None`. Every event
    /// before that is shown to the closure, and each event only once. When this is dropped in the middle of storing
    /// something, the host is finished.
    pub async fn run_until<T>(
        &mut self,
        mut answer: impl FnMut(&Event) -> Option<T>,
        deadline: Option<Instant>,
    ) -> Result<Option<T>, HostError> {
        while let Some(event) = self.next_event(deadline).await? {
            if let Some(found) = answer(&event) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The next event, or `None` when there is none until the deadline. When this is dropped in the middle
    /// of storing something, the host is finished.
    pub async fn next_event(&mut self, deadline: Option<Instant>) -> Result<Option<Event>, HostError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            if self.finished {
                return Err(HostError::Finished);
            }
            let Some(arrival) = self.wait(deadline).await else { return Ok(None) };
            self.arrived(arrival);
            self.drain().await?;
        }
    }

    /// Ends the connection and closes the home in good order. Dropping the host loses nothing either.
    pub async fn close(mut self) -> Result<(), HostError> {
        if let Wire::Up { socket, .. } = std::mem::replace(&mut self.wire, Wire::Down) {
            socket.close().await;
        }
        Ok(self.rows.close().await?)
    }

    /// Carries out what the client asks for until it is idle.
    async fn drain(&mut self) -> Result<(), HostError> {
        // Stays so when this is dropped in between: then nobody knows what was stored.
        self.finished = true;
        self.drain_unguarded().await?;
        self.finished = false;
        Ok(())
    }

    async fn drain_unguarded(&mut self) -> Result<(), HostError> {
        loop {
            match self.client.poll() {
                Output::Store(batch, changes) => {
                    self.rows.put(changes).await?;
                    self.tell(Input::Stored(batch));
                }
                Output::Load(from, to) => {
                    let rows = self.rows.range(&from, &to).await?;
                    self.tell(Input::Loaded(rows));
                }
                Output::Dial(origin) => self.dial(origin),
                Output::Send(frame) => self.send(frame).await,
                Output::HangUp => {
                    if let Wire::Up { socket, .. } = std::mem::replace(&mut self.wire, Wire::Down) {
                        socket.close().await;
                    }
                    self.tell(Input::Disconnected);
                }
                Output::Request(id, origin, body) => self.request(id, origin, body),
                Output::Event(event) => self.events.push_back(event),
                Output::Idle { wake_at } => {
                    self.wake_at = wake_at;
                    if self.flush().await {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The first thing that happens outside; `None` when nothing does until the deadline. Nothing is lost when this
    /// is dropped.
    async fn wait(&mut self, deadline: Option<Instant>) -> Option<Arrival> {
        let wake = self.wake_at.map(|at| Duration::from_millis(at.since(ambient::now())));
        tokio::select! {
            // The deadline first, so that a flood does not put it off; then what the server says, so that a client
            // that was busy for long hears it before it is told how late it is.
            biased;
            () = sleep_until(deadline) => None,
            arrival = self.wire.next() => Some(arrival),
            Some(answered) = self.requests.next() => Some(Arrival::Answered(answered)),
            () = sleep_for(wake) => Some(Arrival::Wake),
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Dialed(Ok(socket)) => {
                self.wire = Wire::Up { socket: Box::new(socket), silent_at: Instant::now() + SILENCE };
                self.trouble = None;
                self.tell(Input::Connected);
            }
            Arrival::Dialed(Err(error)) => {
                tracing::debug!(%error, "cannot connect");
                self.trouble = Some(error);
                self.lost();
            }
            Arrival::Frame(frame) => self.tell(Input::Frame(frame)),
            Arrival::Lost => self.lost(),
            Arrival::Answered((id, Ok(body))) => {
                self.trouble = None;
                self.tell(Input::Response(id, Some(body)));
            }
            Arrival::Answered((id, Err(error))) => {
                tracing::debug!(%error, "no answer");
                self.trouble = Some(error);
                self.tell(Input::Response(id, None));
            }
            Arrival::Wake => {
                self.wake_at = None;
                self.tell(Input::Wake);
            }
        }
    }

    /// Only commands are refused for a reason a person should hear. Of anything else that the client will not take,
    /// it has changed nothing, and there is nothing to do.
    fn tell(&mut self, input: Input) {
        if let Err(refused) = self.client.handle(input, ambient::now()) {
            tracing::warn!(%refused, "the client would not take an input");
        }
    }

    fn dial(&mut self, origin: Origin) {
        match &self.net {
            Some(net) => {
                let net = net.clone();
                self.wire = Wire::Dialing(Box::pin(async move { net.dial(&origin).await }));
            }
            None => self.lost(),
        }
    }

    fn request(&mut self, id: RequestId, origin: Origin, body: Vec<u8>) {
        match &self.net {
            Some(net) => {
                let net = net.clone();
                self.requests.push(Box::pin(async move { (id, net.request(&origin, body).await) }));
            }
            None => self.tell(Input::Response(id, None)),
        }
    }

    async fn send(&mut self, frame: Vec<u8>) {
        // A frame for a connection that has just gone is let go: the client hears of the loss and sends again.
        if let Wire::Up { socket, .. } = &mut self.wire
            && socket.feed(frame).await.is_err()
        {
            self.lost();
        }
    }

    /// Sends what was handed over. False when that lost the connection, so that there may be more to carry out.
    async fn flush(&mut self) -> bool {
        if let Wire::Up { socket, .. } = &mut self.wire
            && socket.flush().await.is_err()
        {
            self.lost();
            return false;
        }
        true
    }

    fn lost(&mut self) {
        self.wire = Wire::Down;
        self.tell(Input::Disconnected);
    }
}

impl Wire {
    async fn next(&mut self) -> Arrival {
        match self {
            Self::Down => std::future::pending().await,
            Self::Dialing(dialing) => Arrival::Dialed(dialing.await),
            Self::Up { socket, silent_at } => {
                // In this order, so that a host that was busy for long hears what has come meanwhile.
                match timeout_at(*silent_at, socket.next()).await {
                    Ok(Ok(frame)) => {
                        *silent_at = Instant::now() + SILENCE;
                        Arrival::Frame(frame)
                    }
                    Ok(Err(_)) | Err(_) => Arrival::Lost,
                }
            }
        }
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn sleep_for(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
