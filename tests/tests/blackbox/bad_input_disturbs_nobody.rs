//! What no client would send, at the level of sockets.

use sotto_protocol::account::{ACCOUNT_PATH, AccountAnswer, AccountResponse, CONTENT_TYPE};
use sotto_protocol::codec;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, ServerBody};
use sotto_protocol::limits::{ACCOUNT_BYTES_MAX, FRAME_BYTES_MAX};
use sotto_tests::blackbox::proxy::{Damage, Proxy};
use sotto_tests::blackbox::search::contains;
use sotto_tests::blackbox::wire::{self, Goodbye, Socket};
use sotto_tests::blackbox::{Dice, Person, World, quick, times};
use std::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Close codes for the protocol's errors begin here.
const CLOSE: u16 = 4000;

fn ended_with(code: ErrorCode) -> Goodbye {
    Goodbye { error: Some(code), close: Some(CLOSE + code.number()) }
}

/// A practice in which two people write to each other; `check` sees to it that they still can.
struct Others {
    world: World,
    client: Person,
    sent: Vec<String>,
    checks: usize,
}

impl Others {
    fn new() -> Self {
        let world = World::new();
        let client = world.client("client1");
        client.send("first");
        Self { world, client, sent: vec!["first".into()], checks: 0 }
    }

    fn address(&self) -> String {
        self.world.server.address().to_owned()
    }

    fn check(&mut self, after: &str) {
        self.world.server.is_well();
        self.checks += 1;
        if quick() && self.checks % 5 != 1 {
            return;
        }
        let text = format!("after {after}");
        self.client.send(&text);
        self.sent.push(text);
        assert_eq!(self.world.thera.texts(), self.sent);
    }
}

#[test]
fn messages_that_are_no_frames_end_only_their_own_connection() {
    let mut others = Others::new();
    let address = others.address();
    let mut dice = Dice::new(7);
    let mut random =
        |length: usize| (0..length).map(|_| u8::try_from(dice.below(256)).unwrap()).collect::<Vec<u8>>();
    let ping = codec::encode(&ClientFrame::Ping { req: 1 });
    let close = Message::Close(Some(CloseFrame { code: 4999.into(), reason: "because".into() }));
    let cases: Vec<(&str, Message, Option<ErrorCode>)> = vec![
        ("an empty message", Message::binary(Vec::new()), Some(ErrorCode::Malformed)),
        ("one byte", Message::binary(vec![0xff]), Some(ErrorCode::Malformed)),
        ("garbage", Message::binary(random(1000)), Some(ErrorCode::Malformed)),
        (
            "a frame with more behind it",
            Message::binary([&ping[..], &[0]].concat()),
            Some(ErrorCode::Malformed),
        ),
        ("half a frame", Message::binary(ping[..ping.len() - 1].to_vec()), Some(ErrorCode::Malformed)),
        ("deep nesting", Message::binary(vec![0x81; 100_000]), Some(ErrorCode::Malformed)),
        (
            "an endless array",
            Message::binary([&[0x9f; 1][..], &[0; 5000]].concat()),
            Some(ErrorCode::Malformed),
        ),
        (
            "a length beyond the end",
            Message::binary(vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Some(ErrorCode::Malformed),
        ),
        ("text", Message::text("hello"), Some(ErrorCode::Malformed)),
        ("a frame before Connect", Message::binary(ping.clone()), Some(ErrorCode::NotSignedIn)),
        ("the largest message", Message::binary(random(FRAME_BYTES_MAX)), Some(ErrorCode::Malformed)),
        (
            "a message that is too long",
            Message::binary(vec![0; FRAME_BYTES_MAX + 1]),
            Some(ErrorCode::LimitExceeded),
        ),
        ("a goodbye", close, None),
    ];
    for (what, message, expected) in cases {
        let mut socket = Socket::open(&address);
        assert!(matches!(socket.frame(), Some(ServerBody::Hello { .. })), "{what}");
        socket.send(message);
        let goodbye = socket.goodbye();
        match expected {
            Some(code) => assert_eq!(goodbye, ended_with(code), "{what}"),
            None => assert_eq!(goodbye.error, None, "{what}"),
        }
        others.check(what);
    }
}

#[test]
fn bytes_that_are_no_websocket_end_only_their_own_connection() {
    let mut others = Others::new();
    let address = others.address();
    for (what, bytes) in [
        ("an unmasked frame", &b"\x82\x01a"[..]),
        ("reserved bits", b"\xf2\x81\0\0\0\0a"),
        ("an unknown opcode", b"\x83\x81\0\0\0\0a"),
        ("a length of 2^63", b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"),
        ("a continuation of nothing", b"\x80\x81\0\0\0\0a"),
        ("a long ping", &[&b"\x89\xfe\x01\0\0\0\0\0"[..], &[0; 256]].concat()),
    ] {
        let mut socket = Socket::open(&address);
        assert!(socket.frame().is_some());
        socket.send_raw(bytes);
        let goodbye = socket.goodbye();
        assert!(
            goodbye.error.is_some()
                || goodbye.close.is_some()
                || goodbye == Goodbye { error: None, close: None },
            "{what}"
        );
        others.check(what);
    }
    for (subprotocol, status) in [(None, "400"), (Some("sotto.v2"), "400"), (Some("chat"), "400")] {
        let refused = Socket::open_as(&address, subprotocol).err().expect("refused");
        assert!(refused.contains(status), "{subprotocol:?}: {refused}");
    }
    others.check("other subprotocols");
}

#[test]
fn http_that_is_none_of_ours_is_answered_with_a_status() {
    let mut others = Others::new();
    let address = others.address();
    let post = |length: usize, content: &str, body: &[u8]| {
        let head = format!(
            "POST {ACCOUNT_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {content}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    let get =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes();
    let many_headers = "X-Header: something\r\n".repeat(2000);
    let long = ACCOUNT_BYTES_MAX + 1;
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("garbage", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 hello\r\n\r\n".to_vec(), &[400]),
        ("no HTTP", b"HELO example.org\r\n\r\n".to_vec(), &[400]),
        ("another version", b"GET / HTTP/9.9\r\n\r\n".to_vec(), &[400, 505]),
        (
            "too many headers",
            format!("GET / HTTP/1.1\r\nHost: x\r\n{many_headers}\r\n").into_bytes(),
            &[431, 400],
        ),
        ("a long address", get(&format!("/{}", "a".repeat(100_000))), &[414, 431, 400]),
        // Where the web app is inside, paths without an ending are places of it.
        ("a strange address", get("/../../etc/passwd"), &[404, 400, 200]),
        ("no such page", get("/admin.php"), &[404]),
        ("another method", get(ACCOUNT_PATH), &[405]),
        ("no WebSocket at its place", get("/v1/socket"), &[400, 426]),
        ("another type of contents", post(1, "text/plain", b"a"), &[415]),
        (
            "two lengths",
            format!(
                "POST {ACCOUNT_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa"
            )
            .into_bytes(),
            &[400],
        ),
        ("a body that is too long", post(long, CONTENT_TYPE, &vec![0; long]), &[413]),
        ("health", get("/healthz"), &[200]),
    ];
    for (what, bytes, expected) in cases {
        let answer = wire::exchange(&address, &bytes);
        let status = wire::status(&answer);
        assert!(
            status.is_some_and(|status| expected.contains(&status)),
            "{what}: {}",
            String::from_utf8_lossy(&answer)
        );
        assert!(!contains(&answer, b"root:"), "{what}: a file of the machine");
        others.check(what);
    }
    // Errors of the account request are numbered.
    for (what, body) in [
        ("an empty body", &b""[..]),
        ("a body that is no request", b"\xff\xff\xff"),
        ("deep nesting", &[0x81; 5000]),
    ] {
        let answer = wire::exchange(&address, &post(body.len(), CONTENT_TYPE, body));
        let start = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let response = AccountResponse::from_bytes(&answer[start..]).unwrap();
        assert!(
            matches!(response.body, AccountAnswer::Error { code: ErrorCode::Malformed, .. }),
            "{what}: {response:?}"
        );
        others.check(what);
    }
}

#[test]
fn what_was_recorded_cannot_be_used_again() {
    let mut others = Others::new();
    let proxy = Proxy::start();
    proxy.forward_to(&others.address());
    let spy = others.client.other_device("recorded");
    spy.login(&proxy.origin());
    spy.send("recorded");
    others.sent.push("recorded".into());
    let messages = proxy.client_messages();
    let connects: Vec<_> = messages
        .iter()
        .filter(|m| matches!(ClientFrame::from_bytes(m), Ok(ClientFrame::Connect { .. })))
        .collect();
    let appends: Vec<_> = messages
        .iter()
        .filter(|m| matches!(ClientFrame::from_bytes(m), Ok(ClientFrame::Append { .. })))
        .collect();
    assert!(!connects.is_empty() && !appends.is_empty(), "{} messages", messages.len());
    for (what, replayed, code) in [
        ("a recorded Connect", connects[0], ErrorCode::Forged),
        ("a recorded Append", appends[0], ErrorCode::NotSignedIn),
    ] {
        let mut socket = Socket::open(&others.address());
        assert!(socket.frame().is_some());
        socket.send(Message::binary(replayed.clone()));
        assert_eq!(socket.goodbye(), ended_with(code), "{what}");
        others.check(what);
    }

    // A second Connect in a connection that is signed in.
    proxy.damage(Damage::RepeatFirstMessage);
    let ended = spy.run(&["sync", "--timeout", "2"]);
    assert_ne!(ended.code, Some(0), "{ended:?}");
    let error = codec::encode(&ServerBody::Error {
        req: None,
        code: ErrorCode::UnexpectedFrame,
        retry_after_ms: None,
    });
    assert!(proxy.recorded().iter().any(|stream| contains(stream, &error)));
    proxy.damage(Damage::None);
    spy.sync();
    others.check("a second Connect");
}

/// Bytes are changed on the way, in both directions: neither side panics, nothing wrong is taken for right, and what
/// did not get through is either still sent, or marked for its author as refused.
#[test]
fn bytes_changed_on_the_way_do_no_harm() {
    let mut others = Others::new();
    let proxy = Proxy::start();
    proxy.forward_to(&others.address());
    let spy = others.client.other_device("damaged");
    spy.login(&proxy.origin());
    let mut dice = Dice::new(8);
    let tries = times(25, 6);
    for n in 0..tries {
        proxy.damage(Damage::FlipAt(600 + usize::try_from(dice.below(6000)).unwrap()));
        let ended = spy.run(&["send", &format!("through noise {n}"), "--timeout", "1", "--json"]);
        assert!(matches!(ended.code, Some(0 | 1 | 3 | 4)), "{ended:?}");
        proxy.damage(Damage::None);
        let ended = spy.run(&["sync"]);
        assert_eq!(ended.code, Some(0), "{n}: {ended:?}");
    }
    let messages = spy.messages();
    assert_eq!(messages.len(), 1 + tries, "nothing is lost, nothing doubled");
    for message in &messages {
        let text = message["text"].as_str().unwrap().to_owned();
        match message["state"].as_str() {
            Some("delivered") if text != "first" => others.sent.push(text),
            Some("delivered" | "refused") => {}
            _ => panic!("neither delivered nor refused: {message}"),
        }
    }
    assert!(others.sent.len() > tries / 3, "{:?}", others.sent);
    others.check("noise");
}

#[test]
fn many_that_say_nothing_keep_nobody_from_being_served() {
    let mut others = Others::new();
    let address = others.address();
    let silent: Vec<TcpStream> = (0..times(1000, 200)).map(|_| wire::connect(&address)).collect();
    let mut greeted: Vec<Socket> = (0..times(100, 20)).map(|_| Socket::open(&address)).collect();
    others.check("silence");
    // Who does not sign in is asked to leave after a while.
    let mut first = greeted.remove(0);
    assert!(first.frame().is_some());
    if !quick() {
        assert_eq!(first.goodbye().close, Some(CLOSE + ErrorCode::NotSignedIn.number()));
        others.check("a long silence");
    }
    drop((silent, greeted));
    others.check("they have gone");
}
