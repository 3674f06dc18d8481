use super::*;
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::io::Failure;
use sotto_protocol::ids::Handle;
use sotto_protocol::link::{LinkSecret, SetupLink};
use sotto_protocol::roster::Role;
use tokio::net::TcpListener;

fn setup(port: u16) -> Command {
    Command::Setup {
        link: SetupLink {
            origin: Origin { tls: false, host: "127.0.0.1".into(), port },
            token: LinkSecret([1; 32]),
        },
        handle: Handle::parse("thera").unwrap(),
        name: "Therapist".into(),
        practice: "The practice".into(),
        role: Role::OwnerTherapist,
        password: Password::new("seven quiet lanterns above the orchard wall"),
        sheet: false,
        device_name: "terminal".into(),
    }
}

async fn new_host(dir: &std::path::Path, net: Option<Net>) -> Host {
    Host::open(Home::open_or_create(dir).await.unwrap(), net).await.unwrap()
}

fn failure(event: &Event) -> Option<Failure> {
    match event {
        Event::Failed(failure) => Some(failure.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn without_a_network_a_sign_in_fails_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = new_host(dir.path(), None).await;
    host.command(setup(1)).await.unwrap();
    assert_eq!(host.run_until(failure, None).await.unwrap(), Some(Failure::Unreachable));
    assert!(host.client().account().is_none());
    host.close().await.unwrap();
    assert!(new_host(dir.path(), None).await.client().account().is_none());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut host = new_host(dir.path(), Some(Net::new(None).unwrap())).await;
    host.command(setup(port)).await.unwrap();
    assert_eq!(host.run_until(failure, None).await.unwrap(), Some(Failure::Unreachable));
    assert!(matches!(host.trouble(), Some(NetError::Connect { .. })), "{:?}", host.trouble());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_given_up() {
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's own type")]
        let choose = |_: &Request, mut response: Response| {
            response.headers_mut().insert("sec-websocket-protocol", "sotto.v1".parse().unwrap());
            Ok(response)
        };
        tokio_tungstenite::accept_hdr_async(tcp, choose).await.unwrap()
    });
    let origin = Origin { tls: false, host: "127.0.0.1".into(), port };
    let socket = Net::new(None).unwrap().dial(&origin).await.unwrap();
    let _open = server.await.unwrap();
    let begun = Instant::now();
    let mut wire = Wire::Up { socket: Box::new(socket), silent_at: begun + SILENCE };
    assert!(matches!(wire.next().await, Arrival::Lost));
    assert!(begun.elapsed() >= SILENCE);
}

#[tokio::test]
async fn a_deadline_ends_waiting_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = new_host(dir.path(), None).await;
    let past = Some(Instant::now());
    assert_eq!(host.run_until(failure, past).await.unwrap(), None);
    host.command(setup(1)).await.unwrap();
    // What has happened already is told, however late it is.
    assert_eq!(host.run_until(failure, past).await.unwrap(), Some(Failure::Unreachable));
}

#[tokio::test]
async fn a_refused_command_leaves_the_host_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = new_host(dir.path(), None).await;
    let refused = host.command(Command::Sync).await.unwrap_err();
    assert!(matches!(refused, HostError::Rejected(Rejected::NotSignedIn)), "{refused:?}");
    host.command(setup(1)).await.unwrap();
}

#[test]
fn many_hosts_can_share_the_threads_of_one_process() {
    fn on_any_thread<T: Send>(value: T) -> T {
        value
    }
    fn look(host: &mut Host) {
        drop(on_any_thread(host.run_until(failure, None)));
        drop(on_any_thread(host.command(Command::Sync)));
    }
    on_any_thread(look);
}

#[tokio::test]
async fn a_home_of_another_storage_key_is_reported() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&one, &other] {
        let (mut store, _, _lock) = Home::open_or_create(dir.path()).await.unwrap().into_parts();
        let value = Some(b"sealed by somebody else".to_vec());
        store.put(vec![sotto_client_core::io::Change { key: b"account".to_vec(), value }]).await.unwrap();
        store.close().await.unwrap();
    }
    std::fs::copy(other.path().join("storage.key"), one.path().join("storage.key")).unwrap();
    let opened = Host::open(Home::open(one.path()).await.unwrap(), None).await;
    assert!(matches!(opened, Err(HostError::Open(OpenError::Damaged(_)))), "{opened:?}");
}
