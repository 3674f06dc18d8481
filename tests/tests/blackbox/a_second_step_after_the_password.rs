//! An authenticator app: set up, asked for on a new device, used once, asked of the staff, and gone with the sheet.

use serde_json::Value;
use sotto_tests::blackbox::person::Person;
use sotto_tests::blackbox::{Process, World, until};
use std::time::{SystemTime, UNIX_EPOCH};

/// The app: RFC 6238 with the key that it was given.
struct App {
    key: Vec<u8>,
    last: u64,
}

impl App {
    /// Reads the key as apps do (RFC 4648, section 6).
    fn new(secret: &str) -> Self {
        let (mut key, mut held, mut bits) = (Vec::new(), 0_u32, 0);
        for letter in secret.bytes() {
            let value =
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
            held = (held << 5) | u32::try_from(value).unwrap();
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                key.push(u8::try_from((held >> bits) & 0xFF).unwrap());
            }
        }
        Self { key, last: 0 }
    }

    /// A code that was not shown before: the next step's, which the server takes early, or the one after a while.
    #[expect(clippy::disallowed_methods, reason = "black-box tests run in real time")]
    fn shows(&mut self) -> String {
        let totp = totp_rs::Builder::new().with_secret(self.key.clone()).build().unwrap();
        let step = until("a code that was not used", || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
            (now..=now + 1).find(|step| *step > self.last)
        });
        self.last = step;
        totp.generate(step * 30).to_string()
    }
}

/// Sets an app up, as a person at a terminal: first the key, then its code.
fn set_up(person: &Person) -> App {
    let words = ["factors", "app", "--password-file", person.password_file(), "--json"];
    let mut process = Process::start_listening(person.command(&words));
    let offered = process.wait_for("a key", |out, _| out.lines().next().map(str::to_owned));
    let offered: Value = serde_json::from_str(&offered).unwrap();
    let secret = offered["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    assert!(offered["uri"].as_str().unwrap().starts_with("otpauth://totp/Sotto:"), "{offered}");
    let mut app = App::new(secret);
    process.say(&app.shows());
    let ended = process.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    app
}

fn login<'a>(person: &'a Person, origin: &'a str, code: &'a str) -> Vec<&'a str> {
    vec!["login", origin, &person.handle, "--password-file", person.password_file(), "--code", code]
}

#[test]
fn a_code_is_asked_for_on_a_new_device_and_works_once() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("before");
    let mut app = set_up(&client);
    let origin = world.server.origin().to_owned();

    // The password alone opens nothing.
    let phone = client.other_device("phone");
    let alone = ["login", &origin, &phone.handle, "--password-file", phone.password_file()];
    assert_eq!(phone.fails(&alone).name, "PasswordInput");
    assert_eq!(phone.fails(&login(&phone, &origin, "000000")).name, "FactorRefused");
    let code = app.shows();
    assert_eq!(phone.run(&login(&phone, &origin, &code)).code, Some(0));
    assert_eq!(phone.texts(), ["before"]);
    let laptop = client.other_device("laptop");
    assert_eq!(laptop.fails(&login(&laptop, &origin, &code)).name, "FactorRefused", "used");

    // What needs the password needs a code as well, and the devices that are signed in go on without.
    client.send("no code for this");
    let listed = phone.json(&["factors"]);
    assert_eq!(listed["factors"].as_array().unwrap().len(), 1, "{listed}");
    let id = listed["factors"][0]["id"].as_str().unwrap();
    let remove = |code| ["factors", "remove", id, "--password-file", phone.password_file(), "--code", code];
    assert_eq!(phone.fails(&remove("123456")).name, "FactorRefused");
    phone.ok(&remove(&app.shows()));
    assert_eq!(laptop.run(&login(&laptop, &origin, "")).code, Some(0), "none is asked for any more");
    assert_eq!(laptop.texts(), ["before", "no code for this"]);
    world.server.is_well();
}

#[test]
fn the_recovery_sheet_needs_no_code_and_ends_it() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("before");
    let sheet = client.json(&["sheet", "--password-file", client.password_file()]);
    let file = client.home.with_file_name("sheet");
    std::fs::write(&file, sheet["words"].as_str().unwrap()).unwrap();
    set_up(&client);
    let renewed = Person::new(client.home.parent().unwrap(), "client1", "dubim-kahof-lizat-sovub-pogun");
    let phone = renewed.other_device("phone");
    let origin = world.server.origin();
    let file = file.to_str().unwrap();
    let words =
        ["recover", origin, "client1", "--sheet-file", file, "--new-password-file", phone.password_file()];
    assert_eq!(phone.run(&words).code, Some(0));
    assert_eq!(phone.texts(), ["before"]);
    assert_eq!(phone.json(&["factors"])["factors"], serde_json::json!([]));
    renewed.other_device("laptop").login(origin);
    world.server.is_well();
}

#[test]
fn an_owner_asks_her_staff_and_nobody_else_can() {
    let mut world = World::new();
    let client = world.client("client1");
    assert_eq!(client.fails(&["factors", "require", "on"]).name, "NotAllowed");
    world.thera.ok(&["factors", "require", "on"]);
    let due = world.thera.json(&["factors"]);
    assert!(due["due"].is_u64() && due["asked_since"].is_u64(), "{due}");
    let hers = client.json(&["factors"]);
    assert!(hers["due"].is_null(), "clients are not asked: {hers}");
    set_up(&world.thera);
    let done = world.thera.json(&["factors"]);
    assert!(done["due"].is_null() && done["asked_since"].is_u64(), "{done}");
    world.thera.ok(&["factors", "require", "off"]);
    assert!(world.thera.json(&["factors"])["asked_since"].is_null());
    world.server.is_well();
}
