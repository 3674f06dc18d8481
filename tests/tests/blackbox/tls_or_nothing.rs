//! Certificates of one's own, and what is refused without.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use sotto_tests::blackbox::{Options, Person, Server, World, wire, world};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of an authority and of a server's certificate that it signed.
struct Files {
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

fn certificates(folder: &Path, name: &str, hosts: &[&str]) -> Files {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let cert = CertificateParams::new(hosts).unwrap().signed_by(&key, &issuer).unwrap();
    let write = |what: &str, text: String| {
        let path = folder.join(format!("{name}-{what}.pem"));
        fs::write(&path, text).unwrap();
        path
    };
    Files {
        ca: write("ca", ca_cert.pem()),
        cert: write("cert", cert.pem()),
        key: write("key", key.serialize_pem()),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn over_tls(files: &Files, data: &Path) -> Options {
    Options::new(data).with(&["--tls-cert", text(&files.cert), "--tls-key", text(&files.key)])
}

#[test]
fn a_practice_with_its_own_authority_lives_over_tls() {
    let folder = world::folder();
    let files = certificates(folder.path(), "own", &["127.0.0.1", "localhost"]);
    let foreign = certificates(folder.path(), "foreign", &["127.0.0.1", "localhost"]);
    let server = Server::start(over_tls(&files, &folder.path().join("server")));
    let link = server.setup_link();
    assert!(link.starts_with("https://127.0.0.1:") && server.origin().starts_with("https://"), "{link}");

    let mut world = World::found(folder, server, &link, Some(files.ca.clone()));
    let client = world.client("client1");
    client.send("Over TLS.");
    assert_eq!(world.thera.texts(), ["Over TLS."]);
    let phone = world.device(&client, "phone");
    assert_eq!(phone.texts(), ["Over TLS."]);

    // Without the authority, or with another, nothing is said to the server.
    for ca in [None, Some(foreign.ca)] {
        let stranger = Person { ca, ..phone.other_device("stranger") };
        let failed = stranger.fails(&[
            "login",
            world.server.origin(),
            "client1",
            "--password-file",
            stranger.password_file(),
        ]);
        assert_eq!((failed.code, failed.number), (4, 1010), "{failed:?}");
        assert!(failed.message.contains("certificate") && failed.message.contains("--ca-file"), "{failed:?}");
        let waiting = Person { ca: stranger.ca.clone(), ..client.clone() }.fails(&["sync", "--timeout", "1"]);
        assert_eq!(waiting.code, 4, "{waiting:?}");
    }
    // A file that holds no certificate is wrong use.
    let confused = Person { ca: Some(client.password.clone()), ..client.clone() };
    assert_eq!(confused.fails(&["sync"]).name, "Certificates");
    // Plain HTTP to the port of TLS.
    let plain = world.server.origin().replace("https://", "http://");
    let failed = phone.other_device("plain").fails(&[
        "login",
        &plain,
        "client1",
        "--password-file",
        phone.password_file(),
    ]);
    assert_eq!(failed.code, 4, "{failed:?}");
    client.sync();

    let address = world.server.address().to_owned();
    assert_eq!(speaks(&address, &files.ca, &rustls::version::TLS13), Ok(ProtocolVersion::TLSv1_3));
    let old = speaks(&address, &files.ca, &rustls::version::TLS12).unwrap_err();
    assert!(old.contains("ProtocolVersion"), "{old}");
    world.server.is_well();
}

/// A handshake with one version; what was agreed on. The hybrid key exchange is checked on the way.
fn speaks(
    address: &str,
    ca: &Path,
    version: &'static SupportedProtocolVersion,
) -> Result<ProtocolVersion, String> {
    let mut roots = RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = wire::connect(address);
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).map_err(|e| format!("{e:?}"))?;
    }
    if *version == rustls::version::TLS13 {
        let group = tls.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    }
    Ok(tls.protocol_version().unwrap())
}

#[test]
fn nothing_leaves_the_machine_without_tls() {
    let folder = world::folder();
    let start = |what: &str, listen: &str, more: &[&str]| {
        let mut options = Options::new(&folder.path().join(what)).with(more);
        options.listen = listen.to_owned();
        (Server::try_start(options), folder.path().join(what))
    };
    for (what, listen, more, word) in [
        ("open", "0.0.0.0:0", &[][..], "without encryption"),
        (
            "open with a name",
            "0.0.0.0:0",
            &["--public-url", "https://chat.example.org"],
            "without encryption",
        ),
        ("open on six", "[::]:0", &[], "without encryption"),
        ("half", "127.0.0.1:0", &["--tls-cert", "c.pem"], "belong together"),
        (
            "no files",
            "127.0.0.1:0",
            &["--tls-cert", "/nowhere/c.pem", "--tls-key", "/nowhere/k.pem"],
            "/nowhere/c.pem",
        ),
        (
            "plain public",
            "127.0.0.1:0",
            &["--behind-proxy", "--public-url", "http://chat.example.org"],
            "--public-url",
        ),
    ] {
        let (started, data) = start(what, listen, more);
        let ended = started.err().unwrap_or_else(|| panic!("{what}: it started"));
        assert!(ended.code == Some(1) && ended.err.contains(word), "{what}: {ended:?}");
        assert!(!data.exists(), "{what}: something was made");
    }
    let (started, _) =
        start("behind", "0.0.0.0:0", &["--behind-proxy", "--public-url", "https://chat.example.org"]);
    assert!(started.is_ok_and(|server| server.setup_link().starts_with("https://chat.example.org/setup#")));

    // The client neither: a host that is not this machine needs https.
    let person = Person::new(folder.path(), "somebody", "a password that is long enough for this");
    for origin in ["http://192.0.2.1:8080", "http://chat.example.org"] {
        let failed = person.fails(&["login", origin, "somebody", "--password-file", person.password_file()]);
        assert_eq!((failed.code, failed.number), (2, 1000), "{failed:?}");
        assert!(failed.message.contains("https"), "{failed:?}");
        assert!(!person.home.exists(), "a home was made");
    }
}
