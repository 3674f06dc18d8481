use super::*;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that takes one connection and answers the first bytes it gets with these.
async fn answering(bytes: Vec<u8>) -> Origin {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = tcp.read(&mut buffer).await;
        let _ = tcp.write_all(&bytes).await;
        // Open until the other side has had enough.
        while tcp.read(&mut buffer).await.is_ok_and(|got| got > 0) {}
    });
    Origin { tls: false, host: "127.0.0.1".into(), port }
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// What a TLS server has seen of a connection: version and key exchange.
type Agreed = (Option<rustls::ProtocolVersion>, Option<rustls::NamedGroup>);

/// A TLS server with a certificate of its own that answers one request; its certificate, and what was agreed on.
async fn tls_server(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> (Origin, String, tokio::task::JoinHandle<Agreed>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let der = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], der.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let Ok(mut tls) = tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(tcp).await else {
            return (None, None);
        };
        let mut buffer = [0; 4096];
        let _ = tls.read(&mut buffer).await;
        tls.write_all(&answer(b"over tls")).await.unwrap();
        tls.shutdown().await.unwrap();
        let (_, session) = tls.get_ref();
        (
            session.protocol_version(),
            session.negotiated_key_exchange_group().map(rustls::crypto::SupportedKxGroup::name),
        )
    });
    (Origin { tls: true, host: "localhost".into(), port }, cert.pem(), task)
}

fn trusting(pem: &str) -> Net {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    Net::new(Some(&path)).unwrap()
}

#[tokio::test]
async fn a_practices_own_authority_is_trusted_when_named() {
    let (origin, pem, server) = tls_server(&[&rustls::version::TLS13]).await;
    assert_eq!(trusting(&pem).request(&origin, b"q".to_vec()).await.unwrap(), b"over tls");
    let (version, group) = server.await.unwrap();
    assert_eq!(version, Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(group, Some(rustls::NamedGroup::X25519MLKEM768));
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_with_advice() {
    let (origin, _, _server) = tls_server(&[&rustls::version::TLS13]).await;
    let error = Net::new(None).unwrap().request(&origin, b"q".to_vec()).await.unwrap_err();
    assert!(matches!(error, NetError::Certificate { .. }), "{error:?}");
    assert!(error.to_string().contains("--ca-file"));
}

#[tokio::test]
async fn an_older_tls_is_refused() {
    let (origin, pem, server) = tls_server(&[&rustls::version::TLS12]).await;
    assert!(trusting(&pem).request(&origin, b"q".to_vec()).await.is_err());
    assert_eq!(server.await.unwrap(), (None, None));
}

#[tokio::test]
async fn without_tls_only_this_computer_is_reached() {
    let net = Net::new(None).unwrap();
    let origin = Origin { tls: false, host: "192.0.2.1".into(), port: 80 };
    assert!(matches!(net.request(&origin, Vec::new()).await, Err(NetError::PlainText(_))));
    assert!(matches!(net.dial(&origin).await, Err(NetError::PlainText(_))));
}

#[tokio::test]
async fn only_a_bounded_200_is_an_answer() {
    let net = Net::new(None).unwrap();
    let origin = answering(answer(b"yes")).await;
    assert_eq!(net.request(&origin, b"q".to_vec()).await.unwrap(), b"yes");

    let origin = answering(answer(&vec![0; ACCOUNT_BYTES_MAX + 1])).await;
    assert!(matches!(net.request(&origin, Vec::new()).await, Err(NetError::Strange { .. })));

    let moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec();
    let origin = answering(moved).await;
    assert!(matches!(net.request(&origin, Vec::new()).await, Err(NetError::Status { .. })));

    let origin = answering(b"220 mail.example ready\r\n".to_vec()).await;
    assert!(matches!(net.request(&origin, Vec::new()).await, Err(NetError::Strange { .. })));
}

#[tokio::test]
async fn nobody_there_is_said() {
    let net = Net::new(None).unwrap();
    // Bound and let go again: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let origin = Origin { tls: false, host: "127.0.0.1".into(), port };
    assert!(matches!(net.request(&origin, Vec::new()).await, Err(NetError::Connect { .. })));
    assert!(matches!(net.dial(&origin).await, Err(NetError::Connect { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let net = Net::new(None).unwrap();
    let origin = answering(Vec::new()).await;
    assert!(matches!(net.request(&origin, Vec::new()).await, Err(NetError::TooSlow(_))));
    let origin = answering(Vec::new()).await;
    assert!(matches!(net.dial(&origin).await, Err(NetError::TooSlow(_))));
}

/// A WebSocket server that does what it is told with the first connection.
async fn socket_server<F: Future<Output = ()> + Send>(
    subprotocol: &'static str,
    behave: impl FnOnce(WebSocketStream<TcpStream>) -> F + Send + 'static,
) -> Origin {
    use tungstenite::handshake::server::{Request, Response};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's own type")]
        let choose = |request: &Request, mut response: Response| {
            assert_eq!(request.uri().path(), SOCKET_PATH);
            response.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().unwrap());
            Ok(response)
        };
        if let Ok(socket) = tokio_tungstenite::accept_hdr_async(tcp, choose).await {
            behave(socket).await;
        }
    });
    Origin { tls: false, host: "127.0.0.1".into(), port }
}

#[tokio::test]
async fn frames_go_both_ways_and_pings_are_answered() {
    let origin = socket_server(SUBPROTOCOL, |mut socket| async move {
        socket.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let answer = match message {
                Message::Pong(_) => Bytes::from_static(b"the pong has come"),
                Message::Binary(frame) => frame,
                _ => continue,
            };
            socket.send(Message::Binary(answer)).await.unwrap();
        }
    })
    .await;
    let mut socket = Net::new(None).unwrap().dial(&origin).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), b"the pong has come");
    let large = vec![7; FRAME_BYTES_MAX];
    socket.feed(large.clone()).await.unwrap();
    socket.flush().await.unwrap();
    assert_eq!(socket.next().await.unwrap(), large);
}

#[tokio::test]
async fn a_socket_that_breaks_the_rules_is_gone() {
    let net = Net::new(None).unwrap();
    for message in [
        Message::Text("no binary".into()),
        Message::Binary(vec![0; FRAME_BYTES_MAX + 1].into()),
        Message::Close(None),
    ] {
        let origin = socket_server(SUBPROTOCOL, |mut socket| async move {
            let _ = socket.send(message).await;
            let _ = socket.next().await;
        })
        .await;
        let mut socket = net.dial(&origin).await.unwrap();
        assert_eq!(socket.next().await, Err(Gone));
    }
    let origin = socket_server("other.v9", |_| async {}).await;
    assert!(matches!(net.dial(&origin).await, Err(NetError::Strange { .. })));
}

#[test]
fn a_bad_file_of_certificates_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    assert!(matches!(Net::new(Some(&path)), Err(CaError::Unreadable { .. })));
    std::fs::write(&path, "not a certificate").unwrap();
    assert!(matches!(Net::new(Some(&path)), Err(CaError::Unreadable { .. })));
}
