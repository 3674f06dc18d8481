//! Backups: made while people write, opened only whole and by their key, and put back on either database.

use sotto_server::testing::Postgres;
use sotto_tests::blackbox::database::records;
use sotto_tests::blackbox::search::contains;
use sotto_tests::blackbox::{Ended, Options, Person, Process, World, binary};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs `sotto-server` with words that are texts or paths.
fn server(database: Option<&str>, words: &[&dyn AsRef<std::ffi::OsStr>]) -> Ended {
    let mut command = Command::new(binary("sotto-server"));
    command.args(words.iter().map(AsRef::as_ref)).env_remove("SOTTO_DATABASE_URL");
    if let Some(url) = database {
        command.env("SOTTO_DATABASE_URL", url);
    }
    Process::start(command).end()
}

fn ok(ended: Ended) -> String {
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    ended.out
}

/// A key, and what is sealed to it.
struct Key {
    file: PathBuf,
    recipient: String,
}

fn key(folder: &Path, name: &str) -> Key {
    let file = folder.join(name);
    let said = ok(server(None, &[&"backup-key", &file]));
    let recipient = said.lines().next().unwrap().to_owned();
    assert!(recipient.starts_with("age1"), "{said}");
    Key { file, recipient }
}

fn back_up(world: &World, key: &Key, name: &str) -> PathBuf {
    let file = world.folder().join(name);
    let (data, database) = (&world.server.options.data, world.server.options.database.as_deref());
    let said = ok(server(database, &[&"backup", &file, &"--data", data, &"--to", &key.recipient]));
    assert!(said.contains("records, 3 files"), "{said}");
    file
}

fn restore(file: &Path, key: &Key, data: &Path, database: Option<&str>) -> Ended {
    server(database, &[&"restore", &file, &"--key", &key.file, &"--data", &data])
}

fn verify(file: &Path, key: &Key) -> Ended {
    server(None, &[&"verify", &file, &"--key", &key.file])
}

/// Two people write, a backup is made under them, and they go on.
fn practice(world: &World) -> Person {
    let client = world.client("client1");
    client.send("One.");
    world.thera.texts();
    world.thera.send("Two.");
    client.texts();
    client
}

/// The server's data are gone; what the backup lacks comes from the devices.
fn comes_back(
    world: &mut World,
    client: &Person,
    key: &Key,
    file: &Path,
    data: PathBuf,
    database: Option<String>,
) {
    client.send("Three.");
    world.thera.texts();
    world.thera.send("Four.");
    client.texts();
    let lost = records(&world.server);
    world.server.kill();
    let said = ok(restore(file, key, &data, database.as_deref()));
    assert!(said.contains("records restored") && !said.contains("WRONG"), "{said}");
    world.server.options.data = data;
    world.server.options.database = database;
    world.server.restart();
    assert!(!world.server.has_setup_link(), "it is the same practice");
    assert!(records(&world.server).len() < lost.len());

    let ended = client.run(&["sync"]);
    assert!(ended.err.contains("this device has handed them back."), "{ended:?}");
    assert_eq!(records(&world.server), lost, "verbatim, at the old numbers");
    world.thera.run(&["sync"]);
    let everything = ["One.", "Two.", "Three.", "Four."];
    let fresh = world.device(client, "fresh");
    for person in [client, &world.thera, &fresh] {
        assert_eq!(person.texts(), everything, "{}", person.home.display());
    }
    world.server.is_well();
    let (data, database) = (&world.server.options.data, world.server.options.database.as_deref());
    let said = ok(server(database, &[&"doctor", &"--data", data]));
    assert!(!said.contains("WRONG"), "{said}");
}

#[test]
fn what_was_written_after_the_backup_is_handed_back() {
    let mut world = World::new();
    let client = practice(&world);
    let key = key(world.folder(), "key");
    let file = back_up(&world, &key, "night.age");
    let said = ok(verify(&file, &key));
    assert!(said.contains("The file is whole") && said.contains("from their first record"), "{said}");
    let left: Vec<_> =
        fs::read_dir(&world.server.options.data).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().starts_with("backup-")), "{left:?}");
    let data = world.folder().join("again");
    comes_back(&mut world, &client, &key, &file, data, None);
}

#[test]
fn a_backup_moves_between_the_databases() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.fresh_database().unwrap();
    let mut world = World::with(|data| Options { database: Some(url), ..Options::new(data) });
    let client = practice(&world);
    let key = key(world.folder(), "key");
    let file = back_up(&world, &key, "from-postgres.age");
    ok(verify(&file, &key));
    let data = world.folder().join("embedded");
    comes_back(&mut world, &client, &key, &file, data, None);

    let file = back_up(&world, &key, "from-sqlite.age");
    let held = records(&world.server);
    assert_eq!(world.server.stop(), Some(0));
    let (data, other) = (world.folder().join("shared"), postgres.fresh_database().unwrap());
    ok(restore(&file, &key, &data, Some(&other)));
    let refused = restore(&file, &key, &world.folder().join("twice"), Some(&other));
    assert!(refused.code == Some(1) && refused.err.contains("already"), "nothing is replaced: {refused:?}");
    world.server.options.data = data;
    world.server.options.database = Some(other);
    world.server.restart();
    assert_eq!(records(&world.server), held);
    client.run(&["sync"]);
    client.send("Five.");
    world.thera.run(&["sync"]);
    assert_eq!(world.thera.texts().last().unwrap(), "Five.");
}

#[test]
fn it_opens_only_whole_and_with_its_key() {
    let world = World::new();
    practice(&world);
    let folder = world.folder();
    let (mine, other) = (key(folder, "mine"), key(folder, "other"));
    let file = back_up(&world, &mine, "backup.age");
    let whole = fs::read(&file).unwrap();
    for word in ["client1", "thera", "The practice", "sotto", "SQLite"] {
        assert!(!contains(&whole, word.as_bytes()), "{word} can be read in the backup");
    }
    let refused = |file: &Path, key: &Key, words: &str| {
        let data = folder.join("never");
        for ended in [verify(file, key), restore(file, key, &data, None)] {
            assert!(ended.code == Some(1) && ended.err.contains(words), "{words}: {ended:?}");
            assert_eq!(ended.err.lines().count(), 1, "a sentence: {ended:?}");
        }
        assert!(!data.exists(), "nothing is left behind");
    };
    refused(&file, &other, "sealed to another key");
    let (bad, length) = (folder.join("bad.age"), whole.len());
    for cut in [0, 1, 20, 200, length / 2, length - 1] {
        fs::write(&bad, &whole[..cut]).unwrap();
        refused(&bad, &mine, "damaged");
    }
    for at in [3, 60, 180, 260, length / 3, length / 2, length - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&bad, &changed).unwrap();
        for ended in [verify(&bad, &mine), restore(&bad, &mine, &folder.join("never"), None)] {
            assert!(ended.code == Some(1) && ended.err.lines().count() == 1, "byte {at}: {ended:?}");
        }
    }
    let no_key = Key { file: bad.clone(), recipient: String::new() };
    fs::write(&bad, "not a key\n").unwrap();
    refused(&file, &no_key, "no age key");

    // Nothing is replaced, and a wrong recipient is named before anything is read.
    let data = &world.server.options.data;
    let again = server(None, &[&"backup", &file, &"--data", data, &"--to", &mine.recipient]);
    assert!(again.code == Some(1) && again.err.contains("exists already"), "{again:?}");
    assert_eq!(fs::read(&file).unwrap(), whole);
    let there = restore(&file, &mine, data, None);
    assert!(there.code == Some(1) && there.err.contains("not empty"), "{there:?}");
    let twice = server(None, &[&"backup-key", &mine.file]);
    assert!(twice.code == Some(1) && twice.err.contains("exists already"), "{twice:?}");
    let wrong = server(None, &[&"backup", &folder.join("x"), &"--data", data, &"--to", &"age1nobody"]);
    assert!(wrong.code == Some(1) && wrong.err.contains("no age recipient"), "{wrong:?}");
}
