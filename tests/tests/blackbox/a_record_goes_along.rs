//! `sotto export`: one file with everything, held against what was written.

use serde_json::Value;
use sotto_tests::blackbox::person::texts;
use sotto_tests::blackbox::{Person, World};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn file(world: &World, name: &str) -> PathBuf {
    world.folder().join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The form for programs inside a page, or alone.
fn data(path: &Path) -> Value {
    let file = std::fs::read_to_string(path).unwrap();
    let inside = file.split_once("<script type=\"application/json\" id=\"record\">").map(|(_, rest)| rest);
    let inside = inside.map_or(file.as_str(), |rest| rest.split_once("</script>").unwrap().0);
    serde_json::from_str(inside).unwrap()
}

fn messages(conversation: &Value) -> Vec<Value> {
    let entries = conversation["entries"].as_array().unwrap();
    entries.iter().filter(|entry| entry["kind"] == "message").cloned().collect()
}

/// What `read --json` shows, and what the file holds, of each message.
fn compare(person: &Person, conversation: &Value) {
    let read = person.messages();
    let exported = messages(conversation);
    assert_eq!(read.len(), exported.len());
    for (read, exported) in read.iter().zip(&exported) {
        for field in ["id", "seq", "author", "sent_at", "sent_at_ms", "stored_at_ms", "text"] {
            assert_eq!(read[field], exported[field], "{field}: {read} {exported}");
        }
        let readers: Vec<&Value> =
            exported["read"].as_array().unwrap().iter().map(|mark| &mark["by"]).collect();
        assert_eq!(read["read_by"].as_array().unwrap().iter().collect::<Vec<_>>(), readers);
        assert_eq!(read["edited"], !exported["edited_at"].is_null());
        assert_eq!(read["taken_back"], exported["state"] == "taken_back");
        assert_eq!(read["bring"], !exported["brought"].as_array().unwrap().is_empty());
        assert_eq!(read["held"], !exported["held"].as_array().unwrap().is_empty());
    }
}

#[test]
fn everything_that_both_wrote_is_in_it_once_in_order_and_by_whom() {
    let world = World::new();
    let (client, thera) = (world.client("client1"), &world.thera);
    let first = client.send("I slept well.\r\n</script><script>alert(1)</script>\u{202e}");
    thera.sync();
    thera.send("Thank you.");
    let gone = client.send("nobody should read this again");
    client.json(&["take-back", &gone]);
    client.json(&["edit", &first, "I slept <i>very</i> well."]);
    thera.json(&["acknowledge", &first]);
    thera.json(&["hold", &first]);
    client.json(&["send", "--bring", "For Tuesday."]);
    client.json(&["set", "agreement", "{\"v\":1}"]);
    let (page, plain) = (file(&world, "record.html"), file(&world, "record.json"));
    let told = client.json(&["export", text(&page)]);
    assert_eq!((&told["messages"], &told["taken_back"]), (&3.into(), &1.into()));
    assert_eq!((&told["incomplete"], &told["waiting"]), (&0.into(), &0.into()));
    assert_eq!(told["bytes"], std::fs::metadata(&page).unwrap().len());
    assert_eq!(std::fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    client.ok(&["export", "--format", "json", text(&plain)]);
    for path in [&page, &plain] {
        let record = data(path);
        let conversation = record["conversations"][0].clone();
        compare(&client, &conversation);
        assert_eq!(messages(&conversation)[0]["earlier"].as_array().unwrap().len(), 1);
        let log = conversation["log"].as_array().unwrap();
        assert_eq!(conversation["last"]["seq"], log.len());
        assert_eq!(record["contents"]["records"], log.len());
        assert!(!std::fs::read_to_string(path).unwrap().contains("nobody should read this again"));
    }
    // Both have the same record, up to the last of both: the heads say so.
    let hers = file(&world, "hers.json");
    thera.ok(&["export", "--client", "client client1", "--format", "json", text(&hers)]);
    client.ok(&["export", "--force", "--format", "json", text(&plain)]);
    let (ours, theirs) = (data(&plain), data(&hers));
    assert_eq!(ours["conversations"][0]["last"], theirs["conversations"][0]["last"]);
    let signed = |record: &Value| {
        let log = record["conversations"][0]["log"].as_array().unwrap().clone();
        log.iter().map(|one| (one["header"].clone(), one["signature"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(signed(&ours), signed(&theirs));
    assert_eq!(theirs["subjects"], serde_json::json!([ours["made_by"]["account"]]));
    let streamed = client.run(&["export", "--format", "json", "-"]);
    let streamed: Value = serde_json::from_str(&streamed.out).unwrap();
    assert_eq!(streamed["conversations"], ours["conversations"]);
}

#[test]
fn a_therapist_hands_out_one_client_and_not_the_other() {
    let world = World::new();
    let (anna, boris) = (world.client("anna"), world.client("boris"));
    anna.send("of Anna");
    boris.send("of Boris");
    world.thera.sync();
    let path = file(&world, "anna.html");
    world.thera.ok(&["export", "--client", "Client Anna", text(&path)]);
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("of Anna") && !page.contains("of Boris") && !page.contains("Client boris"));
    assert!(page.contains("<i>My notes</i>"));
    let space = world.thera.json(&["spaces"])[0]["id"].as_str().unwrap().to_owned();
    world.thera.ok(&["export", "--conversation", &space[..8], "--language", "es", "--force", text(&path)]);
    assert!(std::fs::read_to_string(&path).unwrap().contains("Historial de "));
    let whole = file(&world, "whole.html");
    world.thera.ok(&["export", text(&whole)]);
    assert_eq!(data(&whole)["conversations"].as_array().unwrap().len(), 2);
    for (words, name) in [
        (&["export", "--client", "Nobody", "x.html"][..], "NotFound"),
        (&["export", "--conversation", "ffffffff", "x.html"], "NotFound"),
        (&["export", "--from", "yesterday", "x.html"], "Usage"),
        (&["export", text(&whole)], "Usage"),
        (&["export", "/nowhere/at/all.html"], "Output"),
    ] {
        assert_eq!(world.thera.fails(words).name, name, "{words:?}");
    }
    // Days are those of this computer; the clock of these tests is today's.
    let empty = file(&world, "empty.html");
    world.thera.ok(&["export", "--client", "client anna", "--from", "2999-01-01", text(&empty)]);
    let record = data(&empty);
    assert_eq!(record["conversations"][0]["entries"], serde_json::json!([]));
    assert_eq!(record["from"], "2999-01-01T00:00:00.000Z");
}

#[test]
fn what_has_not_arrived_or_was_not_sent_is_said() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("delivered");
    world.server.kill();
    client.json(&["send", "--offline", "only here"]);
    let path = file(&world, "record.html");
    let ended = client.run(&["export", "--offline", text(&path)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let record = data(&path);
    assert_eq!(texts(&messages(&record["conversations"][0])), ["delivered"]);
    assert_eq!((&record["contents"]["waiting"], &record["contents"]["incomplete"]), (&1.into(), &1.into()));
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("not sent yet: 1.") && page.contains("could not be asked without a connection"));
    // Without --offline the file is made all the same, and the exit code says that the server was needed.
    let again = file(&world, "again.html");
    let ended = client.run(&["export", text(&again), "--timeout", "1"]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert_eq!(texts(&messages(&data(&again)["conversations"][0])), ["delivered"]);
}
