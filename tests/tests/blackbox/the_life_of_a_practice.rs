//! From set-up to a lost device, once on each database.

use serde_json::Value;
use sotto_server::testing::Postgres;
use sotto_tests::blackbox::database::{id_bytes, records};
use sotto_tests::blackbox::person::{id, texts};
use sotto_tests::blackbox::search::contains;
use sotto_tests::blackbox::{Options, Person, World};
use std::fs;

#[test]
fn on_the_built_in_database() {
    live(World::new());
}

#[test]
fn on_postgresql() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.fresh_database().unwrap();
    live(World::with(|data| Options { database: Some(database), ..Options::new(data) }));
}

fn live(mut world: World) {
    let thera = world.thera.clone();
    assert_eq!(thera.json(&["spaces"]), Value::Array(Vec::new()));

    // The client joins and writes while no device of the therapist is online.
    let client = world.person("client1");
    let link = world.invite();
    let joined = client.run(&[
        "join",
        &link,
        "--handle",
        "client1",
        "--name",
        "Anna",
        "--password-file",
        client.password_file(),
    ]);
    assert_eq!(joined.code, Some(0), "{joined:?}");
    assert!(joined.err.contains("Therapist (The practice) invites you.\n    Welcome"), "{joined:?}");
    let first = client.send("I slept well.");
    assert_eq!(thera.json(&["invitations"])[0]["state"], "used");

    // Now she reads.
    let read = thera.run(&["read"]);
    assert!(read.out.contains("Anna, ") && read.out.contains("\n    I slept well."), "{read:?}");
    let answer = thera.send("Thank you.");
    assert_eq!(client.texts(), ["I slept well.", "Thank you."]);

    what_people_do_with_messages(&client, &thera, &first, &answer);
    take_back(&mut world, &client, &thera);
    spaces_and_devices(&client, &thera);
    any_device_reads_everything(&mut world, &client);
    remove_a_device(&mut world, &client);
    world.server.is_well();
    assert_eq!(world.server.stop(), Some(0));
}

fn message<'a>(messages: &'a [Value], id: &str) -> &'a Value {
    messages
        .iter()
        .find(|message| message["id"] == id)
        .unwrap_or_else(|| panic!("{id} is not in {messages:?}"))
}

fn what_people_do_with_messages(client: &Person, thera: &Person, first: &str, answer: &str) {
    client.ok(&["edit", &first[..8], "I slept very well."]);
    client.ok(&["bring", first]);
    client.ok(&["acknowledge", answer]);
    let messages = thera.messages();
    let edited = message(&messages, first);
    assert_eq!(edited["text"], "I slept very well.");
    assert_eq!(edited["edited"], true);
    assert_eq!(edited["bring"], true);
    assert_eq!(edited["held"], false);
    let me = client.json(&["whoami"])["account"].clone();
    assert_eq!(message(&messages, answer)["read_by"], Value::Array(vec![me]));
    thera.ok(&["hold", first]);
    let messages = client.messages();
    assert_eq!(message(&messages, first)["held"], true);
    let shown = client.ok(&["read"]);
    assert!(shown.contains("(edited · bring to session · kept for your session · delivered)"), "{shown}");
    // Nobody changes what somebody else wrote.
    assert_eq!(thera.fails(&["edit", first, "something else"]).name, "MessageUnknown");
    assert_eq!(thera.fails(&["take-back", first]).name, "MessageUnknown");
}

fn take_back(world: &mut World, client: &Person, thera: &Person) {
    let secret = client.send("Please forget this sentence at once.");
    assert_eq!(thera.texts().last().unwrap(), "Please forget this sentence at once.");
    let row =
        |world: &World| records(&world.server).into_iter().find(|row| row.id == id_bytes(&secret)).unwrap();
    let payload = row(world).payload.expect("stored");

    client.ok(&["take-back", &secret]);
    assert_eq!(row(world).payload, None);
    for person in [client, thera] {
        let messages = person.messages();
        let gone = message(&messages, &secret);
        assert_eq!((&gone["taken_back"], &gone["text"]), (&Value::Bool(true), &Value::Null));
    }
    if world.server.options.database.is_none() {
        // The bytes themselves are overwritten once the log of the database is folded in.
        assert_eq!(world.server.stop(), Some(0));
        for file in sotto_tests::blackbox::search::files(&world.server.options.data) {
            let bytes = fs::read(&file).unwrap();
            assert!(!contains(&bytes, &payload[..64]), "the payload is still in {}", file.display());
        }
        world.server.restart();
    }
}

fn spaces_and_devices(client: &Person, thera: &Person) {
    client.send("Unread as yet.");
    let spaces = thera.json(&["spaces"]);
    let space = &spaces[0];
    assert_eq!(space["unread"], 1, "{spaces}");
    for (field, value) in
        [("confirmed", true), ("member", true), ("complete", true), ("needs_consent", false)]
    {
        assert_eq!(space[field], value, "{field}: {spaces}");
    }
    let names: Vec<_> =
        space["members"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(
        (names.len(), names.contains(&"Anna"), names.contains(&"Therapist")),
        (2, true, true),
        "{names:?}"
    );
    assert_eq!(thera.texts().last().unwrap(), "Unread as yet.");
    assert_eq!(thera.json(&["spaces"])[0]["unread"], 0);

    let devices = client.json(&["devices"]);
    assert_eq!(devices.as_array().unwrap().len(), 1);
    assert_eq!((&devices[0]["this"], &devices[0]["removed"]), (&Value::Bool(true), &Value::Bool(false)));
}

/// Nobody else is online, and part of it arrived while no device existed.
fn any_device_reads_everything(world: &mut World, client: &Person) {
    let before = client.texts();
    fs::remove_dir_all(&client.home).unwrap();
    let thera = world.thera.clone();
    thera.send("Written while no device of yours existed.");
    let expected = [&before[..], &["Written while no device of yours existed.".to_owned()]].concat();

    for (person, what) in [(client, "new"), (&thera, "second")] {
        let device = person.other_device(what);
        let login = device.run(&[
            "login",
            world.server.origin(),
            &person.handle,
            "--password-file",
            person.password_file(),
            "--device-name",
            what,
        ]);
        assert_eq!(login.code, Some(0), "{login:?}");
        let counted = device.texts().len();
        assert!(
            login.out.contains(&format!("{counted} messages in 1 conversation restored and checked")),
            "{login:?}"
        );
        assert_eq!(device.texts(), expected, "{what}");
        let login = person.other_device(&format!("{what}-json")).login(world.server.origin());
        assert_eq!(login["restored_messages"], counted, "{login}");
        assert_eq!(
            (&login["restored_spaces"], &login["checked"]),
            (&1.into(), &Value::Bool(true)),
            "{login}"
        );
    }
}

fn remove_a_device(world: &mut World, client: &Person) {
    let (mine, lost) = (client.other_device("new"), client.other_device("new-json"));
    let era = |person: &Person| person.json(&["spaces"])[0]["era"].as_u64().unwrap();
    let before = era(&mine);
    lost.ok(&["send", "--offline", "Still waiting on the lost device."]);
    let gone = lost.json(&["whoami"])["device"].as_str().unwrap().to_owned();
    let removed = mine.json(&["devices", "remove", &gone[..8], "--password-file", mine.password_file()]);
    assert_eq!((id(&removed), &removed["removed"]), (gone.clone(), &Value::Bool(true)));

    let refused = lost.fails(&["sync"]);
    assert_eq!((refused.code, refused.name.as_str()), (1, "DeviceRemoved"), "{refused:?}");
    assert!(refused.message.contains("This device was removed from the account."), "{refused:?}");
    assert!(lost.ok(&["read", "--offline"]).contains("Still waiting on the lost device."));

    mine.send("Without the lost one.");
    world.thera.send("Understood.");
    assert!(era(&mine) > before, "a new era begins");
    let texts_of = |person: &Person| texts(&person.messages());
    let expected = ["Without the lost one.", "Understood."];
    for person in [&mine, &world.thera, &world.thera.other_device("second")] {
        let all = texts_of(person);
        assert_eq!(all[all.len() - 2..], expected, "{}", person.home.display());
    }
    // What the lost device holds is what it had.
    let refused = lost.run(&["read", "--json"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(!refused.out.contains("Without the lost one."), "{refused:?}");
    let listed = mine.json(&["devices"]);
    let listed =
        listed.as_array().unwrap().iter().find(|device| device["id"] == gone.as_str()).unwrap().clone();
    assert_eq!(listed["removed"], true);
}
