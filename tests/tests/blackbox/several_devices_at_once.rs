//! Devices of one account, and people, that do things at the same moment.

use sotto_tests::blackbox::person::values;
use sotto_tests::blackbox::{Process, World, times};

#[test]
fn devices_that_write_and_save_at_once_agree_afterwards() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("first");
    world.thera.texts();
    let phone = world.device(&client, "phone");
    let laptop = world.device(&client, "laptop");
    let mut expected = vec!["first".to_owned()];
    for round in 0..times(6, 2) {
        let mut running: Vec<Process> = Vec::new();
        for (name, device) in
            [("home", &client), ("phone", &phone), ("laptop", &laptop), ("thera", &world.thera)]
        {
            let text = format!("{name} {round}");
            running.push(device.start(&["send", &text, "--json"]));
            expected.push(text);
        }
        for process in running {
            let ended = process.end();
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert_eq!(values(&ended.out)[0]["delivered"], true, "{ended:?}");
        }
        // All save their account at once: one of them is first, the others put theirs together with it.
        let syncs: Vec<Process> =
            [&client, &phone, &laptop].iter().map(|device| device.start(&["sync", "--json"])).collect();
        for process in syncs {
            let ended = process.end();
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
    }
    expected.sort();
    let all = client.texts();
    for device in [&phone, &laptop, &world.thera, &world.device(&client, "fresh")] {
        assert_eq!(device.texts(), all, "{}", device.home.display());
        assert!(device.json(&["devices"]).as_array().unwrap().len() >= 2 || device.handle == "thera");
    }
    let mut sorted = all;
    sorted.sort();
    assert_eq!(sorted, expected);
    world.server.is_well();
}

#[test]
fn two_commands_on_one_home_take_turns() {
    let world = World::new();
    let client = world.client("client1");
    let running: Vec<Process> = (0..4).map(|n| client.start(&["send", &format!("{n}")])).collect();
    for process in running {
        let ended = process.end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), "Delivered.\n"), "{ended:?}");
    }
    assert_eq!(world.thera.texts().len(), 4);
}

#[test]
fn who_follows_sees_what_is_written_as_it_is_written() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("first");
    world.thera.texts();
    let phone = world.device(&client, "phone");
    let desk = world.device(&world.thera, "desk");
    let follow = ["read", "--follow", "--json"];
    let (left, right) = (phone.start(&follow), desk.start(&follow));
    let shown = |out: &str, text: &str| {
        values(&out[..out.rfind('\n').map_or(0, |end| end + 1)]).iter().any(|message| message["text"] == text)
    };
    for process in [&left, &right] {
        process.wait_for("the first message", |out, _| shown(out, "first").then_some(()));
    }
    for (person, text) in [(&client, "from the client"), (&world.thera, "from the therapist")] {
        person.send(text);
        for process in [&left, &right] {
            process.wait_for(text, |out, _| shown(out, text).then_some(()));
        }
    }
    // Through a restart of the server as well.
    world.server.kill();
    world.server.restart();
    client.send("after the restart");
    for process in [&left, &right] {
        process.wait_for("what came after", |out, _| shown(out, "after the restart").then_some(()));
        process.signal("INT");
    }
    for process in [left, right] {
        let ended = process.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        // Each message once; it may come again when something about it has changed.
        let texts: Vec<_> =
            values(&ended.out).iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(texts, ["first", "from the client", "from the therapist", "after the restart"]);
    }
    // Seen by following is read.
    assert_eq!(phone.json(&["spaces"])[0]["unread"], 0);
}
