//! The server's data is set back to an older copy; the clients hand back what it lacks.

use sotto_tests::blackbox::database::{RecordRow, records};
use sotto_tests::blackbox::search::copy;
use sotto_tests::blackbox::{Ended, Person, World};
use std::fs;

/// A practice whose server is set back: to the whole older folder, or to the older database only, which the server
/// itself can notice.
struct SetBack {
    world: World,
    client: Person,
    phone: Person,
    lost: Vec<RecordRow>,
    texts: Vec<String>,
}

fn set_back(whole: bool, with_phone: bool) -> SetBack {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("One.");
    world.thera.texts();
    world.thera.send("Two.");
    client.texts();
    assert_eq!(world.server.stop(), Some(0));
    let (data, older) = (world.server.options.data.clone(), world.folder().join("older"));
    copy(&data, &older);

    world.server.restart();
    let third = client.send("Three.");
    // A device that the older copy does not know.
    let phone = if with_phone { world.device(&client, "phone") } else { client.clone() };
    world.thera.texts();
    world.thera.send("Four.");
    phone.send("Five.");
    let regretted = client.send("Six.");
    client.ok(&["take-back", &regretted]);
    client.ok(&["edit", &third, "Three, changed."]);
    for person in [&client, &phone, &world.thera] {
        person.sync();
    }
    let texts = world.thera.texts();
    assert_eq!(client.texts(), texts);
    assert_eq!(phone.texts(), texts);
    let lost = records(&world.server);
    assert_eq!(world.server.stop(), Some(0));
    if whole {
        fs::remove_dir_all(&data).unwrap();
        copy(&older, &data);
    } else {
        for name in ["sotto.db", "sotto.db-wal", "sotto.db-shm"] {
            let _ = fs::remove_file(data.join(name));
        }
        fs::copy(older.join("sotto.db"), data.join("sotto.db")).unwrap();
    }
    world.server.restart();
    assert!(records(&world.server).len() < lost.len());
    SetBack { world, client, phone, lost, texts }
}

fn handed_back(ended: &Ended) -> bool {
    ended.err.contains("The server had lost ") && ended.err.contains("this device has handed them back.")
}

/// After anybody has synced, everything is where it was, to the byte.
fn heals(mut scene: SetBack, first: &Person) {
    let ended = first.run(&["sync"]);
    assert!(handed_back(&ended), "{ended:?}");
    assert!(ended.err.contains("set back to an older copy"), "{ended:?}");
    assert_eq!(ended.code, Some(3), "something is not as it must be: {ended:?}");
    assert_eq!(records(&scene.world.server), scene.lost, "verbatim, at the old numbers");

    // Said once; then all is well again.
    assert_eq!(first.run(&["sync"]).code, Some(0));
    let people = [scene.client.clone(), scene.phone.clone(), scene.world.thera.clone()];
    for person in &people {
        let ended = person.run(&["sync"]);
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
        assert_eq!(person.texts(), scene.texts, "{}", person.home.display());
    }
    scene.client.send("Seven.");
    scene.phone.send("Eight.");
    scene.world.thera.send("Nine.");
    let expected = [&scene.texts[..], &["Seven.", "Eight.", "Nine."].map(str::to_owned)].concat();
    let fresh = [scene.world.device(&scene.client, "fresh"), scene.world.device(&scene.world.thera, "fresh")];
    for person in people.iter().chain(&fresh) {
        assert_eq!(person.texts(), expected, "{}", person.home.display());
        assert_eq!(person.run(&["sync"]).code, Some(0));
    }
    scene.world.server.is_well();
}

#[test]
fn the_other_side_heals_a_whole_folder_that_was_put_back() {
    let scene = set_back(true, true);
    let first = scene.world.thera.clone();
    heals(scene, &first);
}

#[test]
fn a_device_that_the_older_copy_does_not_know_heals_it() {
    let scene = set_back(true, true);
    let first = scene.phone.clone();
    heals(scene, &first);
}

#[test]
fn a_database_alone_that_was_put_back_is_noticed_by_the_server_too() {
    let scene = set_back(false, true);
    assert!(scene.world.server.log().contains("older copy"), "{}", scene.world.server.log());
    let first = scene.client.clone();
    heals(scene, &first);
}

#[test]
fn nobody_who_signs_in_anew_is_told_that_all_is_well_before_it_is_healed() {
    let scene = set_back(true, false);
    // The account's vault was set back as well, so a device without memory cannot know: it reads what is there.
    let fresh = scene.world.device(&scene.client, "fresh");
    assert_eq!(fresh.texts(), ["One.", "Two."]);
    // As soon as another device hands back what was lost, it is there, and the fresh device has disturbed nothing.
    let ended = scene.world.thera.run(&["sync"]);
    assert!(handed_back(&ended), "{ended:?}");
    for person in [&scene.client, &fresh, &scene.world.thera] {
        person.run(&["sync"]);
        assert_eq!(person.texts(), scene.texts, "{}", person.home.display());
    }
}
