//! Notices against a little push service over real sockets.

use super::*;
use crate::clock::Clock;
use crate::defects::Defects;
use crate::fixture::{Person, pass};
use crate::relay::Relay;
use crate::service::Service;
use crate::service::tests::{NOW, World};
use crate::session::tests::Wire;
use crate::store::MemoryStore;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, ServerBody};
use sotto_protocol::ids::Millis;
use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

const TRIES: u32 = 3;

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        NOW
    }
}

/// What the push service was sent: the head, and whatever came after it.
struct Seen {
    head: String,
    body: Vec<u8>,
}

impl Seen {
    fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Answers with the given lines, then with 201.
async fn push_service(answers: &[&str]) -> (SocketAddr, mpsc::UnboundedReceiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, seen) = mpsc::unbounded_channel();
    let mut answers: VecDeque<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let end = loop {
                let mut piece = [0; 4096];
                let count = stream.read(&mut piece).await.unwrap();
                bytes.extend_from_slice(&piece[..count]);
                if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                    break at;
                }
                assert!(count > 0, "cut off: {}", String::from_utf8_lossy(&bytes));
            };
            let answer = answers.pop_front().unwrap_or_else(|| "201 Created".to_owned());
            let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            // To the end: nothing may follow the head.
            stream.read_to_end(&mut bytes).await.unwrap();
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            tell.send(Seen { head, body: bytes[end + 4..].to_vec() }).unwrap();
        }
    });
    (address, seen)
}

struct Town {
    relay: Arc<Relay>,
    world: World,
    key: Arc<PushKey>,
    address: SocketAddr,
    seen: mpsc::UnboundedReceiver<Seen>,
    stop: watch::Sender<bool>,
    sending: JoinHandle<()>,
    written: u64,
}

async fn town(answers: &[&str]) -> Town {
    let (address, seen) = push_service(answers).await;
    let mut world = World::on(Arc::new(MemoryStore::default())).await;
    let card = world.client.add_device(1);
    world.service.put_card(card).await.unwrap();
    let card = world.thera.add_device(1);
    world.service.put_card(card).await.unwrap();
    let key = Arc::new(PushKey::generate(&mut ChaCha20Rng::from_seed([5; 32])));
    let notices = Notices::new(key.public(), format!("http://{address}").parse().unwrap());
    let service = Service::open(world.store.clone(), Defects::none()).await.unwrap();
    let relay = Relay::with_notices(service, Some(notices));
    let sending = Sending {
        relay: relay.clone(),
        key: key.clone(),
        contact: Some("mailto:me@example.org".to_owned()),
        clock: Arc::new(FixedClock),
        rng: ChaCha20Rng::from_seed([6; 32]),
        timing: Timing {
            gather: Duration::ZERO,
            jitter: Duration::from_millis(2),
            retry: Duration::from_millis(1),
            tries: TRIES,
            patience: Duration::from_mins(1),
        },
    };
    let (stop, stopping) = watch::channel(false);
    let sending = sending.start(stopping).unwrap().unwrap();
    Town { relay, world, key, address, seen, stop, sending, written: 0 }
}

impl Town {
    /// A device says where it takes notices: at a path of its own. It leaves when the answer is dropped.
    async fn register(&self, who: &Person, device: u8, path: &str) -> Wire {
        let mut wire = Wire::signed_in(&self.relay, who, device).await;
        let endpoint = PushEndpoint::new(format!("http://{}/{path}", self.address)).unwrap();
        let done = wire.ask(&ClientFrame::PushPut { req: 1, endpoint: Some(endpoint) }).await;
        assert_eq!(done, Some(ServerBody::Done { req: 1 }));
        wire
    }

    /// The therapist's first device writes.
    async fn write(&mut self) {
        let thera = self.world.thera.clone();
        let mut wire = Wire::signed_in(&self.relay, &thera, 0).await;
        self.written += 1;
        let record = thera.content(&self.world.state, self.written, b"hello");
        pass(&mut self.world.state, &record);
        let answer = wire.ask(&ClientFrame::Append { req: 9, record }).await;
        assert!(matches!(answer, Some(ServerBody::Appended { .. })), "{answer:?}");
    }

    async fn next(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }

    /// The path of the next notice.
    async fn path(&mut self) -> String {
        self.next().await.path().to_owned()
    }

    /// After the last notice, whatever else was sent.
    async fn rest(mut self) -> Vec<String> {
        self.stop.send(true).unwrap();
        self.sending.await.unwrap();
        let mut rest = Vec::new();
        while let Ok(seen) = self.seen.try_recv() {
            rest.push(seen.path().to_owned());
        }
        rest
    }

    /// Waits until a notice to the client's device was given up, so that the next record begins another.
    async fn given_up(&self, device: u8) {
        let (account, device) = (self.world.client.account, self.world.client.device(device));
        loop {
            if let Some(id) = self.relay.hub().begin_notice(account, device) {
                self.relay.hub().end_notice(account, device, id);
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_notice_is_empty_and_signed_for_the_push_service() {
    let mut town = town(&[]).await;
    let client = town.world.client.clone();
    drop(town.register(&client, 0, "wpush/a?b=c").await);
    town.write().await;
    let seen = town.next().await;
    assert!(seen.head.starts_with("POST /wpush/a?b=c HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!((seen.header("content-length"), seen.body.len()), (Some("0"), 0));
    assert_eq!(seen.header("host"), Some(town.address.to_string().as_str()));
    assert_eq!((seen.header("urgency"), seen.header("topic")), (Some("normal"), Some("sotto")));
    assert!(seen.header("ttl").unwrap().parse::<u32>().unwrap() > 0);
    for absent in ["cookie", "user-agent", "referer", "content-encoding", "transfer-encoding"] {
        assert_eq!(seen.header(absent), None);
    }
    let (token, public) =
        seen.header("authorization").unwrap().strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    let public = URL_SAFE_NO_PAD.decode(public).unwrap();
    assert_eq!(public, town.key.public().as_slice());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    VerifyingKey::from_sec1_bytes(&public).unwrap().verify(signed.as_bytes(), &signature).unwrap();
    let json = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (header, claims) = signed.split_once('.').unwrap();
    assert_eq!(json(header), serde_json::json!({"typ": "JWT", "alg": "ES256"}));
    let claims = json(claims);
    assert_eq!(claims["aud"], format!("http://{}", town.address));
    assert_eq!(claims["sub"], "mailto:me@example.org");
    let lasts = claims["exp"].as_u64().unwrap() - NOW.0 / 1000;
    assert!((60..=12 * 3600).contains(&lasts), "{lasts}");
    assert_eq!(town.rest().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_device_is_told_once_until_it_comes_back() {
    let mut town = town(&[]).await;
    let client = town.world.client.clone();
    drop(town.register(&client, 0, "first").await);
    town.write().await;
    assert_eq!(town.path().await, "/first");
    drop(town.register(&client, 1, "second").await);
    town.write().await;
    assert_eq!(town.path().await, "/second", "the first was told already");
    town.write().await;
    // It comes and goes: then it is told again.
    drop(Wire::signed_in(&town.relay, &client, 0).await);
    town.write().await;
    assert_eq!(town.path().await, "/first");
    assert_eq!(town.rest().await, Vec::<String>::new());
}

#[tokio::test]
async fn who_writes_and_who_is_here_is_not_told() {
    let mut town = town(&[]).await;
    let (client, thera) = (town.world.client.clone(), town.world.thera.clone());
    drop(town.register(&thera, 0, "author").await);
    drop(town.register(&thera, 1, "her-other-device").await);
    let here = town.register(&client, 0, "here").await;
    drop(town.register(&client, 1, "away").await);
    town.write().await;
    assert_eq!(town.path().await, "/away");
    drop(here);
    town.write().await;
    assert_eq!(town.path().await, "/here", "it is away now");
    assert_eq!(town.rest().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_address_that_is_gone_is_forgotten() {
    for gone in ["404 Not Found", "410 Gone"] {
        let mut town = town(&[gone]).await;
        let client = town.world.client.clone();
        drop(town.register(&client, 0, "gone").await);
        drop(town.register(&client, 1, "stays").await);
        let accounts = BTreeSet::from([client.account]);
        // In one look-up, the first device comes first or not: both are sent, one answer is "gone".
        town.write().await;
        town.next().await;
        town.next().await;
        while town.world.store.push_endpoints(&accounts).await.unwrap().len() != 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(town.rest().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_will_not_is_given_up() {
    let away = "503 Service Unavailable\r\nretry-after: 0";
    let elsewhere = "307 Temporary Redirect\r\nlocation: /elsewhere";
    let long = "429 Too Many Requests\r\nretry-after: 86400";
    let mut town =
        town(&[away, "429 Too Many Requests", "201 Created", elsewhere, "400 Bad Request", long]).await;
    let client = town.world.client.clone();
    drop(town.register(&client, 0, "a").await);
    town.write().await;
    for _ in 0..3 {
        assert_eq!(town.path().await, "/a");
    }
    // It was taken. From here on each answer ends the notice, and each record begins another.
    drop(Wire::signed_in(&town.relay, &client, 0).await);
    for _ in 0..3 {
        town.write().await;
        assert_eq!(town.path().await, "/a", "no redirect is followed");
        town.given_up(0).await;
    }
    assert_eq!(town.rest().await, Vec::<String>::new());
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn tries_are_bounded_and_the_log_tells_no_address() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("trace")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut town = town(&["500 Oh"; 4]).await;
    let client = town.world.client.clone();
    drop(town.register(&client, 0, "capability").await);
    for _ in 0..TRIES {
        if town.written == 0 {
            town.write().await;
        }
        assert_eq!(town.path().await, "/capability");
    }
    town.given_up(0).await;
    town.write().await;
    assert_eq!(town.path().await, "/capability", "the next record begins another");
    let (address, log) = (town.address, log.0.lock().unwrap().clone());
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("given up"), "{log}");
    assert!(!log.contains("capability") && !log.contains(&address.to_string()), "{log}");
}

#[tokio::test]
async fn only_listed_push_services_are_accepted() {
    let town = town(&[]).await;
    let mut wire = Wire::signed_in(&town.relay, &town.world.client, 0).await;
    let key = wire.ask(&ClientFrame::PushKeyGet { req: 1 }).await;
    assert_eq!(key, Some(ServerBody::PushKey { req: 1, key: Some(town.key.public()) }));
    for (req, bad) in [(2, "https://fcm.googleapis.com/x"), (3, "http://127.0.0.1:1/x"), (4, "")] {
        let endpoint = Some(PushEndpoint::new(bad).unwrap());
        let refused = wire.ask(&ClientFrame::PushPut { req, endpoint }).await;
        let code = ErrorCode::PushRefused;
        assert_eq!(refused, Some(ServerBody::Error { req: Some(req), code, retry_after_ms: None }), "{bad}");
    }
    assert_eq!(town.rest().await, Vec::<String>::new());
}
