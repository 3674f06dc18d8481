//! Devices that were not connected for sixty days, on a server whose clock goes on from one start to the next.

use sotto_tests::blackbox::World;

/// Sixty-nine days, in seconds.
const LONG_AGO: &str = "5961600";

#[test]
fn an_idle_device_keeps_what_waits_until_somebody_signs_in_on_it() {
    let mut world = World::new();
    let client = world.client("client1");
    let phone = world.device(&client, "phone");
    // They were connected last when the server's clock stood there; an invitation would not outlast that.
    world.server.options.more.extend(["--clock-behind".to_owned(), LONG_AGO.to_owned()]);
    assert_eq!(world.server.stop(), Some(0));
    world.server.restart();
    phone.sync();
    client.send("long ago");
    let devices = client.json(&["devices"]);
    let used: Vec<_> =
        devices.as_array().unwrap().iter().map(|device| device["weeks_ago"].as_u64()).collect();
    assert_eq!(used, [None, Some(0)], "{devices}");

    world.server.options.more.clear();
    assert_eq!(world.server.stop(), Some(0));
    world.server.restart();
    let failed = client.fails(&["send", "written while away"]);
    assert_eq!((failed.name.as_str(), failed.number), ("DeviceIdle", 1016), "{failed:?}");
    assert!(client.fails(&["sync"]).message.contains("sotto devices wake"));
    assert_eq!(client.json_lines(&["read", "--offline"]).len(), 2, "it is still here");
    let wrong = client.password_file().replace("client1", "thera");
    assert_eq!(client.fails(&["devices", "wake", "--password-file", &wrong]).name, "SignInFailed");

    // Signing in on it again sends what waited, and takes the phone off the list in passing.
    let woken = client.run(&["devices", "wake", "--password-file", client.password_file()]);
    assert_eq!(woken.code, Some(0), "{woken:?}");
    assert!(woken.err.contains("because it wasn't used for 60 days"), "{woken:?}");
    client.sync();
    assert_eq!(world.device(&client, "laptop").texts(), ["long ago", "written while away"]);
    let devices = client.json(&["devices"]);
    let removed: Vec<_> = devices.as_array().unwrap().iter().map(|d| d["removed"] == true).collect();
    assert_eq!(removed, [false, true, false], "{devices}");
    assert_eq!(phone.fails(&["send", "too late"]).name, "DeviceRemoved");
    world.server.is_well();
}
