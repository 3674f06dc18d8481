//! Listening and stopping.

use super::web::{Web, WebFile};
use super::{CONNECTIONS_MAX, Peer, Shared, http};
use crate::clock::Clock;
use crate::committer::Committer;
use crate::config::Origin;
use crate::push::Sending;
use crate::relay::Relay;
use crate::service::Entrance;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// How long a TLS handshake may take.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request's headers may take, and a kept-open connection may wait for the next.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Most bytes of a request's headers.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// How long connections get for saying goodbye.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// After the system refused a connection, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Everything a server starts with.
pub struct Start {
    /// Rules and connections.
    pub relay: Arc<Relay>,
    /// Sign-in.
    pub entrance: Entrance,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Seeded from the operating system.
    pub rng: ChaCha20Rng,
    /// TLS, unless somebody else does it.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Believe `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Where browsers find the server.
    pub public_url: Option<Origin>,
    /// The web app, in the order of the paths.
    pub web: &'static [WebFile],
    /// Sends notices.
    pub sending: Option<Sending>,
}

/// A server that runs.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    /// Closed when the last connection is gone.
    connections: mpsc::Receiver<()>,
    accepting: JoinHandle<()>,
    committing: JoinHandle<()>,
    committer: Committer,
    sending: Option<JoinHandle<()>>,
}

/// Starts serving on a listener.
pub fn start(listener: TcpListener, start: Start) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    let (committer, committing) = Committer::start(start.relay.clone(), start.clock.clone());
    let sending = start.sending.map(|sending| sending.start(stopping.clone()));
    let sending = sending.transpose().map_err(io::Error::other)?.flatten();
    // Behind a proxy the public address says what browsers use.
    let tls = start.tls.is_some()
        || start.behind_proxy
            && start.public_url.as_ref().is_some_and(|url| url.as_str().starts_with("https:"));
    let shared = Arc::new(Shared {
        web: Web::new(start.web, start.public_url.as_ref(), tls),
        relay: start.relay,
        entrance: start.entrance,
        committer: committer.clone(),
        clock: start.clock,
        rng: Mutex::new(start.rng),
        requests: Mutex::new(BTreeMap::new()),
        behind_proxy: start.behind_proxy,
        public_url: start.public_url,
        stopping: stopping.clone(),
    });
    let (alive, connections) = mpsc::channel(1);
    let acceptor = start.tls.map(TlsAcceptor::from);
    let accepting = tokio::spawn(accept(listener, http::router(shared), acceptor, stopping, alive));
    Ok(Running { address, stop, connections, accepting, committing, committer, sending })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: takes nothing new, finishes what is waiting for its flush, says goodbye and waits for it.
    pub async fn stop(mut self) {
        // Answers of what is waiting go out before the goodbye.
        self.committer.flushed().await;
        // An error means that nobody listens any more.
        let _ = self.stop.send(true);
        let _ = self.accepting.await;
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.connections.recv()).await;
        if let Some(sending) = self.sending {
            let _ = tokio::time::timeout(STOP_TIMEOUT, sending).await;
        }
        drop(self.committer);
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.committing).await;
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    mut stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // The semaphore is never closed; without a permit nothing is accepted and the system's queue fills.
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = super::stopped(&mut stopping) => return,
        };
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer { address: address.ip().to_canonical(), _permit: Arc::new(permit) };
                let connection =
                    connection(stream, peer, router.clone(), tls.clone(), stopping.clone(), alive.clone());
                drop(tokio::spawn(connection));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One TCP connection, until it ends or becomes a WebSocket.
async fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    tls: Option<TlsAcceptor>,
    stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    // Frames are small and each waits for an answer.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => http(stream, peer, router, stopping, alive).await,
        Some(tls) => match tokio::time::timeout(TLS_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => http(stream, peer, router, stopping, alive).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

/// Lives as long as a connection, also after it became a WebSocket.
#[derive(Clone)]
pub(super) struct Alive(
    #[allow(dead_code, reason = "held, and dropped with the connection")] mpsc::Sender<()>,
);

async fn http<S>(
    stream: S,
    peer: Peer,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = router.layer(axum::Extension(peer)).layer(axum::Extension(Alive(alive)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES_MAX);
    let service = TowerToHyperService::new(router);
    let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = super::stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "HTTP connection");
    }
}
