//! Files of server and client that are damaged, cut short, missing or of a later version: a sentence, an exit code,
//! and nothing overwritten.

use sotto_tests::blackbox::search::{contents, copy};
use sotto_tests::blackbox::{Options, Person, Server, World, times};
use std::fs;
use std::path::{Path, PathBuf};

/// Every file with what is in it, but for those that are made by looking: locks, and SQLite's shared memory.
fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = contents(folder);
    all.retain(|(path, bytes)| {
        let name = path.file_name().unwrap().to_str().unwrap();
        !(name == "lock" || name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty())
    });
    all
}

/// A way to damage a file.
type Harm = fn(&Path);

const TRUNCATED: Harm = |path| {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
};
const EMPTY: Harm = |path| fs::write(path, b"").unwrap();
const GARBAGE: Harm = |path| fs::write(path, vec![0x5a; 40_000]).unwrap();
const SCRIBBLED: Harm = |path| {
    // The pages of tables and indices, but not the first, which a reader may look at.
    let mut bytes = fs::read(path).unwrap();
    let length = bytes.len();
    bytes[4096.min(length / 2)..].fill(0x5a);
    fs::write(path, bytes).unwrap();
};
const MISSING: Harm = |path| fs::remove_file(path).unwrap();

fn sqlite(path: &Path, sql: &'static str) {
    use sotto_tests::blackbox::database;
    database::execute_in(path, sql);
}

#[test]
fn a_server_that_cannot_load_its_data_says_so_and_touches_nothing() {
    let mut world = World::new();
    world.client("client1").send("first");
    assert_eq!(world.server.stop(), Some(0));
    let good = world.server.options.data.clone();
    let cases: Vec<(&str, &str, Harm, &str)> = vec![
        ("database cut short", "sotto.db", TRUNCATED, "sotto.db"),
        ("database empty", "sotto.db", EMPTY, "sotto.db"),
        ("database garbage", "sotto.db", GARBAGE, "sotto.db"),
        ("database scribbled over", "sotto.db", SCRIBBLED, "sotto.db"),
        ("database missing", "sotto.db", MISSING, "sotto.db"),
        (
            "database of a later version",
            "sotto.db",
            |path| {
                sqlite(
                    path,
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 0)",
                );
            },
            "please update",
        ),
        ("secrets missing", "secrets/server-setup", MISSING, "server-setup"),
        ("secrets cut short", "secrets/server-setup", TRUNCATED, "damaged"),
        ("secrets empty", "secrets/server-setup", EMPTY, "damaged"),
        ("secrets garbage", "secrets/server-setup", GARBAGE, "damaged"),
        (
            "secrets of a later version",
            "secrets/server-setup",
            |path| {
                let text = fs::read_to_string(path).unwrap();
                fs::write(path, text.replacen("server-setup 1", "server-setup 2", 1)).unwrap();
            },
            "server-setup",
        ),
    ];
    for (what, file, harm, word) in cases {
        let data = world.folder().join(what.replace(' ', "-"));
        copy(&good, &data);
        harm(&data.join(file));
        let before = state(&data);
        let ended =
            Server::try_start(Options::new(&data)).err().unwrap_or_else(|| panic!("{what}: it started"));
        assert_eq!(ended.code, Some(1), "{what}: {ended:?}");
        assert!(!ended.err.contains("panicked") && ended.out.is_empty(), "{what}: {ended:?}");
        assert!(ended.err.contains("sotto-server: ") && ended.err.contains(word), "{what}: {ended:?}");
        assert!(state(&data) == before, "{what}: files were changed");
    }
    // Foreign secrets: nobody could sign in any more.
    let other = World::new();
    let data = world.folder().join("foreign");
    copy(&good, &data);
    fs::copy(other.server.options.data.join("secrets/server-setup"), data.join("secrets/server-setup"))
        .unwrap();
    let before = state(&data);
    let ended = Server::try_start(Options::new(&data)).err().expect("foreign secrets are refused");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(state(&data) == before);
    // Nothing about the good copy has changed.
    world.server.restart();
    assert_eq!(world.thera.texts(), ["first"]);
}

#[test]
fn two_servers_do_not_share_a_folder_or_a_port() {
    let world = World::new();
    let second = Server::try_start(Options::new(&world.server.options.data)).err().expect("refused");
    assert!(second.code == Some(1) && second.err.contains("in use by another sotto-server"), "{second:?}");
    let mut options = Options::new(&world.folder().join("other"));
    options.listen = world.server.address().to_owned();
    let second = Server::try_start(options).err().expect("refused");
    assert!(second.code == Some(1) && second.err.contains("--listen"), "{second:?}");
    assert!(!world.folder().join("other").exists(), "a half-made folder was left");
    world.thera.sync();
}

#[test]
fn a_client_that_cannot_load_its_home_says_so_and_touches_nothing() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("first");
    client.ok(&["send", "--offline", "waiting"]);
    let good = client.home.clone();
    let cases: Vec<(&str, &str, Harm, &str)> = vec![
        ("database cut short", "home.db", TRUNCATED, "HomeDatabaseDamaged"),
        ("database empty", "home.db", EMPTY, "HomeDatabaseDamaged"),
        ("database garbage", "home.db", GARBAGE, "HomeDatabaseDamaged"),
        ("database missing", "home.db", MISSING, "HomeDatabaseMissing"),
        (
            "database of a later version",
            "home.db",
            |path| sqlite(path, "UPDATE meta SET format = 99"),
            "HomeNewer",
        ),
        (
            "no account row",
            "home.db",
            |path| sqlite(path, "DELETE FROM rows WHERE CAST(key AS TEXT) = 'account'"),
            "HomeContentsIncomplete",
        ),
        (
            "no vault row",
            "home.db",
            |path| sqlite(path, "DELETE FROM rows WHERE CAST(key AS TEXT) = 'vault'"),
            "HomeContentsIncomplete",
        ),
        (
            "no card row",
            "home.db",
            |path| sqlite(path, "DELETE FROM rows WHERE substr(key, 1, 5) = x'636172642f'"),
            "HomeContentsIncomplete",
        ),
        (
            "no space row",
            "home.db",
            |path| sqlite(path, "DELETE FROM rows WHERE substr(key, 1, 6) = x'73706163652f'"),
            "HomeContentsIncomplete",
        ),
        (
            "no entry row",
            "home.db",
            |path| sqlite(path, "DELETE FROM rows WHERE substr(key, 1, 6) = x'656e7472792f'"),
            "HomeContentsIncomplete",
        ),
        (
            "a row changed",
            "home.db",
            |path| {
                sqlite(
                    path,
                    "UPDATE rows SET value = CAST(substr(value, 1, length(value) - 1) || x'00' AS BLOB)",
                );
            },
            "HomeContentsDamaged",
        ),
        ("key missing", "storage.key", MISSING, "HomeKeyMissing"),
        ("key cut short", "storage.key", TRUNCATED, "HomeKeyDamaged"),
        ("key empty", "storage.key", EMPTY, "HomeKeyDamaged"),
        ("key garbage", "storage.key", GARBAGE, "HomeKeyDamaged"),
    ];
    for (what, file, harm, name) in cases {
        let broken = Person { home: world.folder().join(what.replace(' ', "-")), ..client.clone() };
        copy(&good, &broken.home);
        harm(&broken.home.join(file));
        reported(what, &broken, name, world.server.origin());
    }
    // The key of somebody else.
    let broken = Person { home: world.folder().join("wrong-key"), ..client.clone() };
    copy(&good, &broken.home);
    fs::copy(world.thera.home.join("storage.key"), broken.home.join("storage.key")).unwrap();
    reported("another home's key", &broken, "HomeContentsDamaged", world.server.origin());
    // And none at all.
    let nobody = world.person("nobody");
    assert_eq!(nobody.fails(&["read"]).name, "HomeAbsent");
    assert!(!nobody.home.exists());
    // The home that was copied is as it was.
    client.sync();
    assert_eq!(world.thera.texts(), ["first", "waiting"]);
    world.server.is_well();
}

fn reported(what: &str, broken: &Person, name: &str, origin: &str) {
    let before = state(&broken.home);
    let login = ["login", origin, "client1", "--password-file", broken.password_file()];
    let commands = [&login[..], &["read"], &["send", "x"], &["sync"], &["doctor"]];
    for words in &commands[..times(5, 2)] {
        let failed = broken.fails(words);
        assert_eq!((failed.code, failed.name.as_str()), (1, name), "{what}, {words:?}: {failed:?}");
        assert!(failed.message.ends_with('.'), "{what}: {failed:?}");
        assert!(state(&broken.home) == before, "{what}, {words:?}: files were changed");
    }
}
