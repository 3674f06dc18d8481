//! Password, recovery sheet, and a device that somebody else has.

use sotto_tests::blackbox::World;
use sotto_tests::blackbox::person::Person;
use std::path::Path;

const NEW: &str = "dubim-kahof-lizat-sovub-pogun";
const NEWER: &str = "hivob-mudaf-natil-gosup-zabir";

/// The same person with another password.
fn with_password(person: &Person, password: &str) -> Person {
    let folder = person.home.parent().unwrap().join(password);
    std::fs::create_dir_all(&folder).unwrap();
    Person { password: Person::new(&folder, &person.handle, password).password, ..person.clone() }
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn sheet_of(person: &Person) -> String {
    let sheet = person.json(&["sheet", "--password-file", person.password_file()]);
    sheet["words"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_password_holds_everywhere_and_signs_nothing_out() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("before");
    let phone = world.device(&client, "phone");
    let renewed = with_password(&client, NEW);
    let wrong = with_password(&client, NEWER);
    let change = |old: &Person, new: &Person| {
        let (old, new) = (old.password_file().to_owned(), new.password_file().to_owned());
        ["password".to_owned(), "--password-file".into(), old, "--new-password-file".into(), new]
    };
    let words = |words: &[String]| words.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    let run = |person: &Person, all: &[String]| {
        let text = words(all);
        person.run(&text.split('\n').collect::<Vec<_>>())
    };
    let refused = run(&client, &change(&wrong, &renewed));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("The name or the password is not right."), "{refused:?}");
    let weak = with_password(&client, "short");
    assert_eq!(run(&client, &change(&client, &weak)).code, Some(1));
    let done = run(&client, &change(&client, &renewed));
    assert_eq!(done.code, Some(0), "{done:?}");

    // Nothing is signed out, nothing is lost.
    phone.send("from the phone");
    client.send("from here");
    world.thera.send("an answer");
    let all = ["before", "from the phone", "from here", "an answer"];
    for device in [&phone, &client] {
        assert_eq!(device.texts(), all);
    }
    let old = client.other_device("old");
    assert_eq!(
        old.fails(&["login", world.server.origin(), &old.handle, "--password-file", old.password_file()])
            .number,
        23
    );
    let fresh = renewed.other_device("fresh");
    fresh.login(world.server.origin());
    assert_eq!(fresh.texts(), all);
    // With the new password a step up works on a device that never heard of it.
    let listed = phone.json(&["devices"]);
    let gone = listed.as_array().unwrap().iter().find(|d| d["this"] == false).unwrap()["id"].clone();
    phone.ok(&["devices", "remove", gone.as_str().unwrap(), "--password-file", renewed.password_file()]);
    world.server.is_well();
}

#[test]
fn a_recovery_sheet_brings_everything_back_without_the_password() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("before");
    let first = sheet_of(&client);
    let sheet = sheet_of(&client);
    assert_ne!(first, sheet);
    let folder = client.home.parent().unwrap();
    let recover = |words: &str, device: &Person| {
        let sheet = file(folder, "words", words);
        let (origin, handle, new) = (world.server.origin(), device.handle.as_str(), device.password_file());
        let device_words = ["recover", origin, handle, "--sheet-file", &sheet, "--new-password-file", new];
        device.run(&[&device_words[..], &["--json"]].concat())
    };
    let renewed = with_password(&client, NEW);

    // Two letters that changed places are told with their word.
    let mut letters: Vec<char> = sheet.chars().collect();
    letters.swap(3 * 8, 3 * 8 + 2);
    let typed: String = letters.iter().collect();
    if typed != sheet {
        let told = recover(&typed, &renewed.other_device("typed"));
        assert_eq!(told.code, Some(2), "{told:?}");
        assert!(told.err.contains("Word 4 is not as it stands on the sheet"), "{told:?}");
    }
    // A sheet that was replaced opens nothing, and neither does somebody else's name.
    let told = recover(&first, &renewed.other_device("replaced"));
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("replaced by a newer one"), "{told:?}");
    let stranger = Person { handle: "nobody1".into(), ..renewed.other_device("stranger") };
    assert_eq!(recover(&sheet, &stranger).code, Some(1));

    let phone = renewed.other_device("phone");
    let told = recover(&sheet, &phone);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.out.contains("\"restored_messages\":1"), "{told:?}");
    assert_eq!(phone.texts(), ["before"]);
    client.send("the old device goes on");
    assert_eq!(phone.texts().len(), 2);
    // The new password holds, the forgotten one doesn't, and the sheet still opens.
    let old = client.other_device("old");
    assert_eq!(
        old.fails(&["login", world.server.origin(), &old.handle, "--password-file", old.password_file()])
            .number,
        23
    );
    renewed.other_device("laptop").login(world.server.origin());
    let again = with_password(&client, NEWER).other_device("again");
    assert_eq!(recover(&sheet, &again).code, Some(0));
    assert_eq!(again.texts().len(), 2);
    world.server.is_well();
}

#[test]
fn what_was_copied_from_a_lost_device_opens_nothing_new() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("before");
    let sheet = sheet_of(&client);
    let phone = world.device(&client, "phone");
    let lost = world.device(&client, "lost");
    assert_eq!(lost.texts(), ["before"]);
    let renewed = with_password(&client, NEW);
    let id = lost.json(&["whoami"])["device"].as_str().unwrap().to_owned();
    client.json(&[
        "devices",
        "lost",
        &id,
        "--password-file",
        client.password_file(),
        "--new-password-file",
        renewed.password_file(),
    ]);

    // The thief is out at once, at the server and in what is written from now on.
    assert_eq!(lost.fails(&["sync"]).name, "DeviceRemoved");
    let thief = client.other_device("thief");
    let refused = ["login", world.server.origin(), &thief.handle, "--password-file", thief.password_file()];
    assert_eq!(thief.fails(&refused).number, 23);
    client.send("after");
    world.thera.send("an answer");

    // Another device of hers asks for the new password once, and loses nothing that was written meanwhile.
    assert_eq!(phone.fails(&["sync"]).name, "PasswordNeeded");
    let waiting = phone.json(&["send", "--offline", "from the phone"]);
    assert_eq!(waiting["delivered"], false);
    assert_eq!(phone.fails(&["reopen", "--password-file", client.password_file()]).number, 23);
    phone.ok(&["reopen", "--password-file", renewed.password_file()]);
    let all = ["before", "after", "an answer", "from the phone"];
    for device in [&phone, &client, &world.thera] {
        assert_eq!(device.texts(), all);
    }
    assert_eq!(lost.run(&["read", "--offline"]).out.matches("before").count(), 1);

    // Everything is there for a new device, and the sheet on paper has gone along with the new locks.
    let fresh = renewed.other_device("fresh");
    fresh.login(world.server.origin());
    assert_eq!(fresh.texts(), all);
    let words = file(client.home.parent().unwrap(), "words", &sheet);
    let paper = with_password(&client, NEWER).other_device("paper");
    paper.ok(&[
        "recover",
        world.server.origin(),
        &paper.handle,
        "--sheet-file",
        &words,
        "--new-password-file",
        paper.password_file(),
    ]);
    assert_eq!(paper.texts(), all);
    world.server.is_well();
}
