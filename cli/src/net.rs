//! The network: TLS, one kind of HTTP request, and the WebSocket.
//!
//! Owns connections and their bounds. Refuses to know what travels. Invariants: TLS 1.3 only, with the hybrid
//! X25519MLKEM768 key exchange preferred; without TLS only to this very computer; no redirects, no proxies, no
//! cookies; every wait has an end and every answer a largest size.

use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use sotto_protocol::account::{self, ACCOUNT_PATH};
use sotto_protocol::frame::{SOCKET_PATH, SUBPROTOCOL};
use sotto_protocol::limits::{ACCOUNT_BYTES_MAX, FRAME_BYTES_MAX};
use sotto_protocol::link::Origin;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

/// Looking up the name, connecting and agreeing on TLS, together.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// A whole request, from looking up the name to the last byte.
const REQUEST_WAIT: Duration = Duration::from_secs(30);
/// Handing frames to the system. A server that takes none for so long is as good as gone.
const SEND_WAIT: Duration = Duration::from_secs(30);
/// A benchmark holds hundreds of connections; the library's 128 KiB each would be most of its memory.
const SOCKET_BUFFER_BYTES: usize = 16 * 1024;

/// Why the server could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Plain text over a network.
    #[error("{0} is not this computer, so the connection has to be https")]
    PlainText(Origin),
    /// No such host, or nobody answers there.
    #[error("{origin} does not answer: {}", plain(.source))]
    Connect {
        /// Where.
        origin: Origin,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate is not to be trusted.
    #[error(
        "the certificate of {origin} isn't one this computer trusts: {source}. If the practice has its own \
         authority, give its file with --ca-file"
    )]
    Certificate {
        /// Where.
        origin: Origin,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// Nothing came in time.
    #[error("{0} took too long to answer")]
    TooSlow(Origin),
    /// Another answer than 200.
    #[error("{origin} answered {status}; is this the address of a Sotto server?")]
    Status {
        /// Where.
        origin: Origin,
        /// What.
        status: StatusCode,
    },
    /// Something that is no HTTP or WebSocket, or larger than it may be.
    #[error("{origin} does not speak as a Sotto server should: {source}")]
    Strange {
        /// Where.
        origin: Origin,
        /// What was strange.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why certificates could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// No such file, or no certificates in it.
    #[error("The certificates in {} can't be read: {reason}.", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The TLS library refused its own defaults.
    #[error("TLS can't be used on this computer: {0}.")]
    Tls(#[from] rustls::Error),
}

/// The usual reasons in plain words, the others as the system names them.
fn plain(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens there".into(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "there is no way to it".into(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "the connection was cut".into(),
        _ => source.to_string(),
    }
}

/// How to reach servers.
#[derive(Clone)]
pub struct Net {
    tls: tokio_rustls::TlsConnector,
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net")
    }
}

/// A byte stream, with TLS or without.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A WebSocket.
pub struct Socket {
    stream: WebSocketStream<Box<dyn Wire>>,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl Net {
    /// The public authorities, and those of a PEM file besides.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, CaError> {
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = ca_file {
            let unreadable = |reason: String| CaError::Unreadable { path: path.to_owned(), reason };
            let mut found = 0_usize;
            for cert in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(e.to_string()))? {
                let cert = cert.map_err(|e| unreadable(e.to_string()))?;
                roots.add(cert).map_err(|e| unreadable(e.to_string()))?;
                found += 1;
            }
            if found == 0 {
                return Err(unreadable("there are none".into()));
            }
        }
        let mut provider = aws_lc_rs::default_provider();
        provider.kx_groups = vec![
            aws_lc_rs::kx_group::X25519MLKEM768,
            aws_lc_rs::kx_group::X25519,
            aws_lc_rs::kx_group::SECP256R1,
        ];
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: Arc::new(tls).into() })
    }

    /// POSTs to `/v1/account`; the body of a 200.
    pub async fn request(&self, origin: &Origin, body: Vec<u8>) -> Result<Vec<u8>, NetError> {
        timeout(REQUEST_WAIT, self.request_unbounded(origin, body))
            .await
            .map_err(|_| NetError::TooSlow(origin.clone()))?
    }

    /// Opens a WebSocket.
    pub async fn dial(&self, origin: &Origin) -> Result<Socket, NetError> {
        timeout(REQUEST_WAIT, self.dial_unbounded(origin))
            .await
            .map_err(|_| NetError::TooSlow(origin.clone()))?
    }

    async fn request_unbounded(&self, origin: &Origin, body: Vec<u8>) -> Result<Vec<u8>, NetError> {
        let wire = self.connect(origin).await?;
        let strange = |e: hyper::Error| strange(origin, e);
        let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await.map_err(strange)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(ACCOUNT_PATH)
            .header(HOST, origin.authority())
            .header(CONTENT_TYPE, account::CONTENT_TYPE)
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| self::strange(origin, e))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(strange)?;
            if response.status() != StatusCode::OK {
                return Err(NetError::Status { origin: origin.clone(), status: response.status() });
            }
            let body = Limited::new(response.into_body(), ACCOUNT_BYTES_MAX).collect().await;
            let body = body.map_err(|source| NetError::Strange { origin: origin.clone(), source })?;
            Ok(body.to_bytes().into())
        };
        // The connection carries the exchange, so both are polled; what it says of its own end doesn't matter.
        tokio::pin!(exchange, connection);
        tokio::select! {
            answer = &mut exchange => answer,
            ended = &mut connection => match ended {
                Ok(()) => exchange.await,
                Err(e) => Err(strange(e)),
            },
        }
    }

    async fn dial_unbounded(&self, origin: &Origin) -> Result<Socket, NetError> {
        let wire = self.connect(origin).await?;
        let scheme = if origin.tls { "wss" } else { "ws" };
        let uri = format!("{scheme}://{}{SOCKET_PATH}", origin.authority());
        let uri = uri.parse().map_err(|e: hyper::http::uri::InvalidUri| strange(origin, e))?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX))
            .read_buffer_size(SOCKET_BUFFER_BYTES)
            .write_buffer_size(SOCKET_BUFFER_BYTES)
            .max_write_buffer_size(4 * FRAME_BYTES_MAX);
        match tokio_tungstenite::client_async_with_config(request, wire, Some(config)).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(tungstenite::Error::Http(response)) => {
                Err(NetError::Status { origin: origin.clone(), status: response.status() })
            }
            Err(e) => Err(strange(origin, e)),
        }
    }

    async fn connect(&self, origin: &Origin) -> Result<Box<dyn Wire>, NetError> {
        timeout(CONNECT_WAIT, self.connect_unbounded(origin))
            .await
            .map_err(|_| NetError::TooSlow(origin.clone()))?
    }

    async fn connect_unbounded(&self, origin: &Origin) -> Result<Box<dyn Wire>, NetError> {
        let failed = |source| NetError::Connect { origin: origin.clone(), source };
        if !origin.tls && !origin.is_loopback() {
            return Err(NetError::PlainText(origin.clone()));
        }
        let tcp = TcpStream::connect((origin.host.as_str(), origin.port)).await.map_err(failed)?;
        // A name for this computer may be made to lead elsewhere.
        if !origin.tls && !tcp.peer_addr().map_err(failed)?.ip().is_loopback() {
            return Err(NetError::PlainText(origin.clone()));
        }
        tcp.set_nodelay(true).map_err(failed)?;
        if !origin.tls {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(origin.host.clone()).map_err(|e| strange(origin, e))?;
        match self.tls.connect(name, tcp).await {
            Ok(tls) => Ok(Box::new(tls)),
            Err(source) => Err(tls_failed(origin, source)),
        }
    }
}

impl Socket {
    /// Hands a frame over, to be sent with the next [`Socket::flush`] at the latest.
    pub async fn feed(&mut self, frame: Vec<u8>) -> Result<(), Gone> {
        let feeding = timeout(SEND_WAIT, self.stream.feed(Message::Binary(frame.into())));
        feeding.await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// Sends what was handed over.
    pub async fn flush(&mut self) -> Result<(), Gone> {
        timeout(SEND_WAIT, self.stream.flush()).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// The next frame. Nothing is lost when this is dropped before it is done.
    pub async fn next(&mut self) -> Result<Vec<u8>, Gone> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(frame))) => return Ok(frame.into()),
                // The library answers pings by itself, and keeps raw frames to itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Text(_) | Message::Close(_)) | Err(_)) | None => return Err(Gone),
            }
        }
    }

    /// Says good-bye, if the other side takes it at once.
    pub async fn close(mut self) {
        // Whatever comes of it: the connection ends here.
        let _ = timeout(Duration::from_millis(200), self.stream.close(None)).await;
    }
}

fn strange(origin: &Origin, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> NetError {
    NetError::Strange { origin: origin.clone(), source: source.into() }
}

fn tls_failed(origin: &Origin, source: io::Error) -> NetError {
    let origin = origin.clone();
    match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(said @ rustls::Error::InvalidCertificate(_)) => {
            NetError::Certificate { origin, source: said.clone() }
        }
        Some(said) => NetError::Strange { origin, source: Box::new(said.clone()) },
        None => NetError::Connect { origin, source },
    }
}

#[cfg(test)]
mod tests;
