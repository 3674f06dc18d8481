//! Over real sockets: what HTTP and WebSocket add to the session.

use super::*;
use crate::defects::Defects;
use crate::factor::Factors;
use crate::fixture::Person;
use crate::opaque::Opaque;
use crate::secrets::Secrets;
use crate::service::Service;
use crate::service::tests::{NOW, SPACE, World};
use crate::store::{MemoryStore, Store};
use crate::throttle::Throttle;
use crate::tokens::Tokens;
use futures_util::{SinkExt, StreamExt};
use sotto_protocol::account::{AccountAnswer, AccountRequest, AccountResponse};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, ServerBody, ServerFrame};
use sotto_protocol::ids::InvitationId;
use sotto_protocol::limits::{ACCOUNT_BYTES_MAX, FRAME_BYTES_MAX};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        NOW
    }
}

pub(super) struct Server {
    running: Running,
    pub(super) address: SocketAddr,
    world: World,
}

async fn server(behind_proxy: bool) -> Server {
    server_with(behind_proxy, None, &[]).await
}

pub(super) async fn server_with(
    behind_proxy: bool,
    public_url: Option<crate::config::Origin>,
    web: &'static [WebFile],
) -> Server {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let world = World::on(store.clone()).await;
    let relay = Relay::new(Service::open(store, Defects::none()).await.unwrap());
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let secrets = Secrets::generate(&mut rng);
    let entrance = Entrance::new(
        Opaque::new(secrets.setup),
        Tokens::new(&secrets.server),
        Factors::new(&secrets.server, None),
        Throttle::default(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::new(FixedClock);
    let start_with =
        Start { relay, entrance, clock, rng, tls: None, behind_proxy, public_url, web, sending: None };
    let running = start(listener, start_with).unwrap();
    let address = running.address();
    Server { running, address, world }
}

type Socket = WebSocketStream<TcpStream>;

async fn open(address: SocketAddr, protocol: Option<&str>, origin: Option<&str>) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/v1/socket").into_client_request().unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
    }
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.map(|(socket, _)| socket)
}

async fn next(socket: &mut Socket) -> ServerBody {
    match socket.next().await.unwrap().unwrap() {
        Message::Binary(bytes) => ServerFrame::from_bytes(&bytes).unwrap().body,
        other => panic!("{other:?}"),
    }
}

async fn signed_in(server: &Server, who: &Person) -> Socket {
    let mut socket = open(server.address, Some("sotto.v1"), None).await.unwrap();
    let ServerBody::Hello { challenge, .. } = next(&mut socket).await else { panic!("hello") };
    let incarnation = server.world.service.incarnation();
    send(&mut socket, &who.connect(0, incarnation, challenge)).await;
    assert!(matches!(next(&mut socket).await, ServerBody::Ready { .. }));
    socket
}

async fn send(socket: &mut Socket, frame: &ClientFrame) {
    socket.send(Message::Binary(frame.to_bytes().into())).await.unwrap();
}

/// The error a connection ends with, and the close code that says the same.
async fn ending(socket: &mut Socket) -> (ErrorCode, u16) {
    let ServerBody::Error { req: None, code, .. } = next(socket).await else { panic!("an error") };
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => (code, frame.code.into()),
        other => panic!("{other:?}"),
    }
}

/// Status line, headers and body.
pub(super) async fn http(address: SocketAddr, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("{head}\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(answer.len());
    let body = answer.get(at + 4..).unwrap_or_default().to_vec();
    (String::from_utf8_lossy(&answer[..at]).into_owned(), body)
}

async fn account(address: SocketAddr, headers: &str, body: &[u8]) -> (String, AccountAnswer) {
    let (head, body) = http(address, &format!("POST /v1/account HTTP/1.1\r\n{headers}"), body).await;
    (head.lines().next().unwrap_or_default().to_owned(), AccountResponse::from_bytes(&body).unwrap().body)
}

#[tokio::test]
async fn a_socket_needs_the_subprotocol_and_no_foreign_page() {
    let server = server(false).await;
    let own = format!("http://{}", server.address);
    for (protocol, origin, status) in [
        (None, None, 400),
        (Some("sotto.v2"), None, 400),
        (Some("sotto.v1"), Some("https://elsewhere.example"), 403),
        (Some("sotto.v1"), Some("null"), 403),
    ] {
        match open(server.address, protocol, origin).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), status),
            other => panic!("{other:?}"),
        }
    }
    let mut socket = open(server.address, Some("sotto.v1"), Some(&own)).await.unwrap();
    assert!(matches!(next(&mut socket).await, ServerBody::Hello { now: NOW, .. }));
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_with_its_number() {
    let server = server(false).await;
    let too_long = Message::Binary(vec![0; FRAME_BYTES_MAX + 1].into());
    for (message, code) in [
        (Message::Text("hello".into()), ErrorCode::Malformed),
        (Message::Binary(vec![1, 2, 3].into()), ErrorCode::Malformed),
        (too_long, ErrorCode::LimitExceeded),
    ] {
        let mut socket = open(server.address, Some("sotto.v1"), None).await.unwrap();
        next(&mut socket).await;
        // The server may hang up in the middle of what is too long.
        let _ = socket.send(message).await;
        if code == ErrorCode::Malformed {
            assert_eq!(ending(&mut socket).await, (code, 4000 + code.number()));
        } else {
            while let Some(Ok(_)) = socket.next().await {}
        }
    }
    let mut socket = signed_in(&server, &server.world.client).await;
    send(&mut socket, &ClientFrame::Ping { req: 3 }).await;
    assert_eq!(next(&mut socket).await, ServerBody::Pong { req: 3, now: NOW });
}

#[tokio::test]
async fn messages_cross_and_what_was_sent_before_stopping_is_answered() {
    let server = server(false).await;
    let mut client = signed_in(&server, &server.world.client).await;
    let mut thera = signed_in(&server, &server.world.thera).await;
    send(&mut thera, &ClientFrame::Subscribe { req: 1, space: SPACE }).await;
    assert!(matches!(next(&mut thera).await, ServerBody::Subscribed { .. }));
    let mut state = server.world.state.clone();
    for id in 0..20 {
        let record = server.world.client.content(&server.world.state, id, &[7; 1000]);
        crate::fixture::pass(&mut state, &record);
        send(&mut client, &ClientFrame::Append { req: 9, record }).await;
    }
    let mut pushed = 0;
    while pushed < 20 {
        let ServerBody::Push { records, .. } = next(&mut thera).await else { panic!("a push") };
        pushed += records.len();
    }
    for _ in 0..20 {
        assert!(matches!(next(&mut client).await, ServerBody::Appended { repeat: false, .. }));
    }
    let waiting = open(server.address, Some("sotto.v1"), None).await.unwrap();
    let stop = tokio::spawn(server.running.stop());
    let stopped = (ErrorCode::ShuttingDown, 4000 + ErrorCode::ShuttingDown.number());
    assert_eq!(ending(&mut client).await, stopped);
    assert_eq!(ending(&mut thera).await, stopped);
    drop((client, thera, waiting));
    stop.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    let stored = server.world.store.space(SPACE).await.unwrap().unwrap();
    assert_eq!(stored.state.head(), state.head());
}

#[tokio::test]
async fn account_requests_are_bounded_and_answered_in_kind() {
    let server = server(false).await;
    let open = AccountRequest::InvitationOpen { id: InvitationId([9; 16]) }.to_bytes();
    let kind = "content-type: application/cbor";
    let (status, answer) = account(server.address, kind, &open).await;
    assert!(
        status.contains("200") && matches!(answer, AccountAnswer::Invitation { .. }),
        "{status} {answer:?}"
    );
    let (status, answer) = account(server.address, "content-type: text/plain", &open).await;
    assert!(
        status.contains("415") && matches!(answer, AccountAnswer::Error { code: ErrorCode::Malformed, .. })
    );
    let (status, answer) = account(server.address, kind, &vec![0; ACCOUNT_BYTES_MAX + 1]).await;
    assert!(
        status.contains("413")
            && matches!(answer, AccountAnswer::Error { code: ErrorCode::LimitExceeded, .. })
    );
    let (head, _) = http(server.address, "GET /nothing HTTP/1.1", b"").await;
    assert!(head.contains("404") && head.contains("content-security-policy: default-src 'none'"), "{head}");
    let (head, _) = http(server.address, "DELETE /healthz HTTP/1.1", b"").await;
    assert!(head.contains("405") && head.contains("nosniff") && head.contains("no-referrer"), "{head}");
    let (_, page) = http(server.address, "GET /join HTTP/1.1", b"").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("sotto --home DIR join") && !page.contains("<script"));
    let (mut limited, mut tries) = (false, 0);
    while !limited {
        tries += 1;
        assert!(tries < 2 * ACCOUNT_REQUESTS.1, "a limit");
        limited = account(server.address, kind, &open).await.0.contains("429");
    }
}

/// Only behind a proxy is the last address of `X-Forwarded-For` believed: here, whose requests are counted.
#[tokio::test]
async fn forwarded_addresses_count_only_behind_a_proxy() {
    for (behind_proxy, refused) in [(false, true), (true, false)] {
        let server = server(behind_proxy).await;
        let body = AccountRequest::InvitationOpen { id: InvitationId([9; 16]) }.to_bytes();
        for _ in 0..ACCOUNT_REQUESTS.1 {
            account(server.address, "content-type: application/cbor\r\nx-forwarded-for: 198.51.100.7", &body)
                .await;
        }
        let headers = "content-type: application/cbor\r\nx-forwarded-for: 198.51.100.7, 203.0.113.9";
        let (status, _) = account(server.address, headers, &body).await;
        assert_eq!(status.contains("429"), refused, "{status}");
    }
}
