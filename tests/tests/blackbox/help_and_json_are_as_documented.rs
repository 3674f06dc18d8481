//! What scripts and people rely on: help texts, exit codes, the fields of `--json`.

use serde_json::Value;
use sotto_tests::blackbox::person::values;
use sotto_tests::blackbox::{Person, Process, World, binary};
use std::process::Command;

fn help(program: &str, words: &[&str]) -> String {
    let mut command = Command::new(binary(program));
    command.args(words).arg("--help");
    let ended = Process::start(command).end();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{words:?}: {ended:?}");
    ended.out
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let names = list.lines().take_while(|line| line.starts_with("  "));
    // Wrapped lines are indented further.
    let names =
        names.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_command_has_a_help_text_that_gives_units() {
    let top = help("sotto", &[]);
    for word in ["Exit codes:", "0  done", "2  wrong use", "4  the server was needed", "--json", "SECONDS"] {
        assert!(top.contains(word), "{word}: {top}");
    }
    let all = commands(&top);
    assert!(all.len() >= 20, "{all:?}");
    for name in &all {
        let text = help("sotto", &[name]);
        assert!(
            text.contains("Usage: sotto ") && text.lines().next().is_some_and(|line| line.len() > 10),
            "{text}"
        );
        assert!(text.contains("<SECONDS>"), "{name}: {text}");
    }
    for (words, unit) in [
        (&["invite"][..], "days"),
        (&["setup"], "3 to 64"),
        (&["read"], "50 messages"),
        (&["export"], "YYYY-MM-DD"),
    ] {
        assert!(help("sotto", words).contains(unit), "{words:?}");
    }
    for words in [
        &["devices", "remove"][..],
        &["devices", "rename"],
        &["devices", "wake"],
        &["members", "add"],
        &["members", "remove"],
    ] {
        assert!(help("sotto", words).contains("Usage: sotto "), "{words:?}");
    }
    let server = commands(&help("sotto-server", &[]));
    assert!(server.contains(&"serve".to_owned()), "{server:?}");
    let serve = help("sotto-server", &["serve"]);
    for word in ["--data <DIR>", "--listen <ADDRESS:PORT>", "[default: 127.0.0.1:8080]", "Examples:"] {
        assert!(serve.contains(word), "{word}: {serve}");
    }
    for program in ["sotto", "sotto-server"] {
        let mut command = Command::new(binary(program));
        command.arg("--version");
        let ended = Process::start(command).end();
        assert!(ended.code == Some(0) && ended.out.starts_with(program), "{ended:?}");
    }
}

#[test]
fn wrong_use_has_exit_code_2_and_changes_nothing() {
    let world = World::new();
    let person = world.person("nobody");
    for words in [
        &["nonsense"][..],
        &["setup", "x"],
        &["invite", "--days", "0"],
        &["invite", "--days", "31"],
        &["read", "--follow", "--offline"],
        &["sync", "--timeout", "0"],
        &["edit", "9c"],
    ] {
        let ended = person.run(words);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{words:?}: {ended:?}");
        assert!(!ended.err.is_empty());
        assert!(!person.home.exists(), "{words:?} made a home");
        let failed = person.fails(words);
        assert_eq!((failed.code, failed.number), (2, 1000), "{failed:?}");
    }
    let client = world.client("client1");
    client.send("first");
    let mut wrong = Vec::new();
    for (words, code, name) in [
        (&["send", ""][..], 1, "Empty"),
        (&["send"], 2, "Usage"),
        (&["send", "ffffffff", "x"], 1, "NotFound"),
        (&["send", "--file", "/nowhere/at/all"], 1, "Text"),
        (&["edit", "ffffffff", "x"], 1, "NotFound"),
        (&["acknowledge", ""], 2, "Usage"),
        (&["devices", "remove", "ffffffff", "--password-file", client.password_file()], 1, "NotFound"),
        (&["revoke", "ffffffff"], 1, "NotFound"),
        (&["invite"], 1, "NotAllowed"),
    ] {
        let failed = client.fails(words);
        if (failed.code, failed.name.as_str()) != (code, name) {
            wrong.push(format!("{words:?}: {failed:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // As long as a text may be, and one byte more.
    let file = world.folder().join("long.txt");
    std::fs::write(&file, "a".repeat(64 * 1024)).unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(client.json(&["send", "--file", path])["delivered"], true);
    std::fs::write(&file, "a".repeat(64 * 1024 + 1)).unwrap();
    assert_eq!(client.fails(&["send", "--file", path]).name, "TooLong");
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(client.fails(&["send", "--file", path]).name, "Text");
    assert_eq!(world.thera.texts().len(), 2);
    assert_eq!(world.thera.texts()[1].len(), 64 * 1024);
}

fn has(value: &Value, fields: &[(&str, &str)]) {
    for (field, kind) in fields {
        let got = match value.get(field) {
            None => "nothing",
            Some(Value::Null) => "null",
            Some(Value::Bool(_)) => "bool",
            Some(Value::Number(_)) => "number",
            Some(Value::String(text)) if text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit()) => {
                "id"
            }
            Some(Value::String(text)) if text.len() == 24 && text.ends_with('Z') => "time",
            Some(Value::String(_)) => "text",
            Some(Value::Array(_)) => "list",
            Some(Value::Object(_)) => "object",
        };
        assert!(kind.split('|').any(|kind| kind == got), "{field} is {got}, not {kind}: {value}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of fields")]
fn json_has_the_documented_fields() {
    let world = World::new();
    let invitation = world.thera.json(&["invite"]);
    has(&invitation, &[("id", "id"), ("link", "text"), ("expires_at", "time"), ("expires_at_ms", "number")]);
    let client = world.person("client1");
    let words = ["--handle", "client1", "--name", "Anna", "--password-file", client.password_file()];
    let joined = client.json(&[&["join", invitation["link"].as_str().unwrap()], &words[..]].concat());
    let account = [
        ("account", "id"),
        ("handle", "text"),
        ("name", "text"),
        ("role", "text"),
        ("practice", "text"),
        ("identity", "text"),
        ("device", "id"),
        ("server", "text"),
        ("removed", "bool"),
    ];
    has(&joined, &account);
    has(&client.json(&["whoami"]), &account);
    let sent = client.json(&["send", "Hello.", "--bring"]);
    has(
        &sent,
        &[
            ("space", "id"),
            ("id", "id"),
            ("queued", "bool"),
            ("delivered", "bool"),
            ("seq", "number"),
            ("needs_consent", "bool"),
        ],
    );
    let offline = client.json(&["send", "Later.", "--offline"]);
    has(&offline, &[("seq", "null"), ("queued", "bool")]);
    let message = [
        ("space", "id"),
        ("id", "id"),
        ("author", "id"),
        ("author_name", "text|null"),
        ("mine", "bool"),
        ("sent_at", "time"),
        ("sent_at_ms", "number"),
        ("text", "text"),
        ("edited", "bool"),
        ("taken_back", "bool"),
        ("read_by", "list"),
        ("bring", "bool"),
        ("held", "bool"),
        ("state", "text"),
    ];
    let messages = client.json_lines(&["read", "--offline"]);
    for one in &messages {
        has(one, &message);
    }
    has(&messages[0], &[("seq", "number"), ("stored_at", "time"), ("stored_at_ms", "number")]);
    has(&messages[1], &[("seq", "null"), ("stored_at", "null"), ("stored_at_ms", "null")]);
    assert_eq!((&messages[0]["state"], &messages[1]["state"]), (&"delivered".into(), &"waiting".into()));

    let synced = client.sync();
    has(
        &synced,
        &[
            ("synced", "bool"),
            ("spaces", "number"),
            ("unread", "number"),
            ("waiting", "number"),
            ("alarms", "list"),
        ],
    );
    let spaces = world.thera.json(&["spaces"]);
    has(
        &spaces[0],
        &[
            ("id", "id"),
            ("members", "list"),
            ("unread", "number"),
            ("waiting", "number"),
            ("needs_consent", "bool"),
            ("confirmed", "bool"),
            ("member", "bool"),
            ("complete", "bool"),
            ("seq", "number"),
            ("head", "text"),
            ("era", "number"),
            ("alarm", "null"),
        ],
    );
    has(
        &spaces[0]["members"][0],
        &[("account", "id"), ("name", "text|null"), ("role", "text"), ("me", "bool")],
    );
    assert_eq!(world.thera.json(&["members"]).as_array().unwrap().len(), 2);
    let devices = client.json(&["devices"]);
    has(
        &devices[0],
        &[
            ("id", "id"),
            ("name", "text"),
            ("this", "bool"),
            ("added_at", "time"),
            ("added_at_ms", "number"),
            ("removed", "bool"),
            ("weeks_ago", "number|null"),
        ],
    );
    let invitations = world.thera.json(&["invitations"]);
    has(
        &invitations[0],
        &[
            ("id", "id"),
            ("role", "text"),
            ("state", "text"),
            ("expires_at", "time"),
            ("expires_at_ms", "number"),
            ("used_by", "id"),
        ],
    );
    has(
        &client.json(&["doctor"]),
        &[("ok", "bool"), ("home", "text"), ("spaces", "number"), ("findings", "list"), ("alarms", "list")],
    );
    has(&client.json(&["passphrase"]), &[("passphrase", "text")]);
    let file = world.folder().join("record.html");
    has(
        &client.json(&["export", file.to_str().unwrap()]),
        &[
            ("file", "text"),
            ("bytes", "number"),
            ("conversations", "number"),
            ("messages", "number"),
            ("taken_back", "number"),
            ("settings", "number"),
            ("records", "number"),
            ("waiting", "number"),
            ("incomplete", "number"),
        ],
    );
    let login = client.other_device("second").login(world.server.origin());
    has(&login, &[("restored_messages", "number"), ("restored_spaces", "number"), ("checked", "bool")]);
    has(&login, &account);
    nothing_else_is_said(&client);
}

fn nothing_else_is_said(client: &Person) {
    // Nothing else is on the streams: whatever is said is JSON.
    let ended = client.run(&["sync", "--json"]);
    assert_eq!(values(&ended.out).len(), 1);
    assert_eq!(ended.err, "");
}
