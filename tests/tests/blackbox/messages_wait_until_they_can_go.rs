//! Writing without a connection.

use serde_json::Value;
use sotto_tests::blackbox::person::id;
use sotto_tests::blackbox::{World, times};

#[test]
fn what_is_written_while_the_server_is_away_goes_later_in_order() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("Before.");
    world.thera.texts();
    world.server.kill();

    let sent = client.run(&["send", "One.", "--timeout", "1"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(
        sent.out.starts_with("Not sent yet. It's saved here and will go when you're connected."),
        "{sent:?}"
    );
    assert!(sent.err.contains("does not answer"), "{sent:?}");
    let second = client.json(&["send", "Two.", "--timeout", "1"]);
    assert_eq!((&second["queued"], &second["delivered"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(second["seq"], Value::Null);
    client.ok(&["send", "--offline", "Three."]);
    // What waits can be looked at, changed and taken back.
    client.ok(&["edit", &id(&second), "Two, changed.", "--offline"]);
    let waiting = client.run(&["read", "--timeout", "1"]);
    assert_eq!(waiting.code, Some(4), "{waiting:?}");
    assert!(waiting.out.contains("Two, changed.") && waiting.out.contains("waiting to send"), "{waiting:?}");
    let sync = client.fails(&["sync", "--timeout", "1"]);
    assert_eq!((sync.code, sync.number), (4, 1010), "{sync:?}");

    world.server.restart();
    let synced = client.sync();
    assert_eq!((&synced["synced"], &synced["waiting"]), (&Value::Bool(true), &0.into()), "{synced}");
    let expected = ["Before.", "One.", "Two, changed.", "Three."];
    assert_eq!(world.thera.texts(), expected);
    assert_eq!(client.texts(), expected);
    world.server.is_well();
}

/// `send` is killed at instants spread over its whole life: what was told to be saved is sent once, the rest at most
/// once, and the home stays whole.
#[test]
fn the_outbox_survives_a_kill() {
    let mut world = World::new();
    let client = world.client("client1");
    world.server.kill();

    let tries = times(30, 8);
    let mut saved = Vec::new();
    for n in 0..tries {
        let text = format!("Message {n}.");
        let process = client.start(&["send", &text, "--json", "--timeout", "5"]);
        // A whole `send` without a server takes some tens of milliseconds until it is queued.
        sotto_tests::blackbox::pause(std::time::Duration::from_millis(
            u64::try_from(n * 60 / tries).unwrap(),
        ));
        drop(process.kill());
        let seen = client.json_lines(&["read", "--offline"]);
        if seen.iter().any(|message| message["text"] == text.as_str()) {
            saved.push(text);
        }
    }
    // Told to be saved, and killed right after.
    for n in 0..3 {
        let text = format!("Saved {n}.");
        client.json(&["send", "--offline", &text]);
        saved.push(text);
    }
    world.server.restart();
    let process = client.start(&["sync"]);
    sotto_tests::blackbox::pause(std::time::Duration::from_millis(15));
    drop(process.kill());
    client.sync();
    assert_eq!(world.thera.texts(), saved);
    assert_eq!(client.texts(), saved);
    assert!(client.ok(&["doctor"]).contains("is in order"));
}

/// `send --lines` queues everything before it sends anything, keeps the order, and says how much of it has gone.
#[test]
fn many_messages_are_written_at_once() {
    let mut world = World::new();
    let client = world.client("client1");
    let lines = |name: &str, text: &str| {
        let path = client.home.with_extension(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let here: Vec<String> = (0..100).map(|n| format!("Line {n}.")).collect();
    let file = lines("one", &format!("\n{}\n\n", here.join("\n")));
    assert_eq!(client.ok(&["send", "--lines", &file]), "100 messages delivered.\n");
    assert_eq!(world.thera.texts(), here);

    // One line that can't be a message: nothing of it is written.
    let long = lines("long", &format!("Short.\n{}\n", "x".repeat(64 * 1024 + 1)));
    let refused = client.fails(&["send", "--lines", &long]);
    assert_eq!((refused.code, refused.number), (1, 1078), "{refused:?}");
    assert_eq!(client.fails(&["send", "a text", "extra", "--lines", &file]).code, 2);

    world.server.kill();
    let away = lines("two", "Later one.\nLater two.\n");
    let sent = client.run(&["send", "--lines", &away, "--timeout", "1"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert_eq!(sent.out, "2 messages saved here, to go when you're connected.\n");
    assert!(sent.err.contains("does not answer"), "{sent:?}");
    let offline = client.json_lines(&["send", "--lines", &away, "--offline"]);
    assert_eq!(offline.len(), 2);
    assert!(offline.iter().all(|one| one["queued"] == true && one["delivered"] == false), "{offline:?}");

    world.server.restart();
    client.sync();
    let expected =
        [&here[..], &["Later one.", "Later two.", "Later one.", "Later two."].map(str::to_owned)].concat();
    assert_eq!(world.thera.texts(), expected);
    assert_eq!(client.texts(), expected);
}
