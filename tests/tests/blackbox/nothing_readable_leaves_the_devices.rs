//! A whole run in which everything that a person writes or names is unique, and then a search for it.

use sotto_protocol::link::InvitationLink;
use sotto_tests::blackbox::proxy::Proxy;
use sotto_tests::blackbox::search::{Marker, files, found, found_in_folder};
use sotto_tests::blackbox::{Options, Person, Server, World, world};
use std::fs;

const TEXTS: [&str; 13] = [
    "Marker-name-of-therapist",
    "Marker-name-of-client",
    "Marker-note-of-invitation",
    "Marker-message-of-client",
    "Marker-message-from-file",
    "Marker-message-edited",
    "Marker-message-taken-back",
    "Marker-answer-of-therapist",
    "Marker-device-therapist-one",
    "Marker-device-client-one",
    "Marker-device-client-two",
    "Marker-written-offline",
    "Größe-Übung-Märkte-Zeichen",
];
const PASSWORDS: [&str; 2] = ["marker-password-of-therapist-9f3a", "marker-password-of-client-77c1"];

#[test]
fn no_byte_that_the_server_saw_or_keeps_tells_what_was_written() {
    let proxy = Proxy::start();
    let folder = world::folder();
    let mut options = Options::new(&folder.path().join("server")).with(&["--public-url", &proxy.origin()]);
    options.log = "debug".into();
    let server = Server::start(options);
    proxy.forward_to(server.address());
    let setup_link = server.setup_link();

    let thera = Person::new(folder.path(), "quillfeather", PASSWORDS[0]);
    let client = Person::new(folder.path(), "marmalade", PASSWORDS[1]);
    thera.ok(&[
        "setup",
        &setup_link,
        "--handle",
        "quillfeather",
        "--name",
        TEXTS[0],
        "--practice",
        "The practice",
        "--device-name",
        TEXTS[8],
        "--password-file",
        thera.password_file(),
    ]);
    let invitation = thera.json(&["invite", "--note", TEXTS[2]]);
    let link = invitation["link"].as_str().unwrap().to_owned();
    client.ok(&[
        "join",
        &link,
        "--handle",
        "marmalade",
        "--name",
        TEXTS[1],
        "--device-name",
        TEXTS[9],
        "--password-file",
        client.password_file(),
    ]);
    let mut world = World::assemble(folder, server, thera.clone());
    let ids = a_life(&world, &client, &proxy);

    let mut markers: Vec<Marker> = TEXTS.iter().chain(&PASSWORDS).map(|text| Marker::text(text)).collect();
    let secret = InvitationLink::parse(&link).unwrap().secret;
    markers.push(Marker::bytes("the invitation's secret", &secret.0));
    markers.push(Marker::text(link.split_once('#').unwrap().1));
    for home in [&client, &thera] {
        let key = fs::read(home.home.join("storage.key")).unwrap();
        markers.push(Marker::bytes("a storage key", &key[1..33]));
    }

    // The search itself works: the same markers are where they belong.
    let shown = client.ok(&["read", "--all"]);
    assert!(shown.contains(TEXTS[3]) && !found(&markers, shown.as_bytes()).is_empty());

    // As a thief would find it, and as it lies there after a stop.
    let data = world.server.options.data.clone();
    world.server.kill();
    assert!(files(&data).len() >= 3);
    assert_eq!(found_in_folder(&markers, &data), Vec::<String>::new());
    world.server.restart();
    client.sync();
    assert_eq!(world.server.stop(), Some(0));
    assert_eq!(found_in_folder(&markers, &data), Vec::<String>::new());

    let traffic = proxy.recorded();
    let bytes: usize = traffic.iter().map(Vec::len).sum();
    assert!(bytes > 100_000, "only {bytes} bytes were recorded");
    for stream in &traffic {
        assert_eq!(found(&markers, stream), Vec::<String>::new());
    }
    // In the homes everything is locked as well, but for the file with the lock's own key.
    markers.truncate(TEXTS.len() + PASSWORDS.len() + 2);
    for home in [&client.home, &thera.home] {
        assert_eq!(found_in_folder(&markers, home), Vec::<String>::new());
    }
    the_log_is_discreet(&world.server.log(), &markers, &ids, &setup_link);
}

/// Everything that can be done; the ids that occurred.
fn a_life(world: &World, client: &Person, proxy: &Proxy) -> Vec<String> {
    let thera = &world.thera;
    let message = client.send(TEXTS[3]);
    let file = world.folder().join("letter.txt");
    fs::write(&file, format!("{}\n{}\n", TEXTS[4], TEXTS[12])).unwrap();
    client.ok(&["send", "--file", file.to_str().unwrap(), "--bring"]);
    thera.texts();
    thera.send(TEXTS[7]);
    client.ok(&["edit", &message, TEXTS[5]]);
    let regretted = client.send(TEXTS[6]);
    thera.texts();
    client.ok(&["take-back", &regretted]);
    thera.ok(&["acknowledge", &message]);
    thera.ok(&["hold", &message]);
    client.ok(&["send", "--offline", TEXTS[11]]);
    let second = client.other_device("two");
    second.ok(&[
        "login",
        &proxy.origin(),
        "marmalade",
        "--password-file",
        client.password_file(),
        "--device-name",
        TEXTS[10],
    ]);
    client.sync();
    let wrong = Person::new(world.folder(), "wrong", "something else entirely, and long");
    wrong.fails(&["login", &proxy.origin(), "marmalade", "--password-file", wrong.password_file()]);
    let device = second.json(&["whoami"])["device"].as_str().unwrap().to_owned();
    client.ok(&["devices", "remove", &device, "--password-file", client.password_file()]);
    client.send(TEXTS[3]);
    assert_eq!(second.fails(&["sync"]).name, "DeviceRemoved");
    let pending = thera.json(&["invite", "--note", TEXTS[2]])["id"].as_str().unwrap().to_owned();
    thera.ok(&["revoke", &pending]);

    let mut ids = vec![message, regretted, device, pending];
    for person in [thera, client] {
        let me = person.json(&["whoami"]);
        for field in ["account", "device", "identity"] {
            ids.push(me[field].as_str().unwrap().to_owned());
        }
        ids.push(person.json(&["spaces"])[0]["id"].as_str().unwrap().to_owned());
    }
    ids
}

fn the_log_is_discreet(log: &str, markers: &[Marker], ids: &[String], setup_link: &str) {
    assert!(log.contains("DEBUG"), "the log is to tell everything");
    assert_eq!(found(markers, log.as_bytes()), Vec::<String>::new());
    for id in ids {
        assert!(!log.contains(id.as_str()), "a full id is in the log: {id}");
    }
    let token = setup_link.split_once('#').unwrap().1;
    for (what, word) in [
        ("a sign-in name", "quillfeather"),
        ("a sign-in name", "marmalade"),
        ("an address", "127.0.0.1"),
        ("the set-up link", token),
    ] {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{what} is in the log");
    }
    for line in log.lines() {
        let digits = line.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() >= 32);
        assert_eq!(digits, None, "something long is in the log: {line}");
    }
}
