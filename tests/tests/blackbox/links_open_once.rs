//! Links that are damaged, used up, withdrawn, too old, or of the wrong sort.

use sotto_tests::blackbox::person::Failed;
use sotto_tests::blackbox::{Person, World};

fn join(person: &Person, link: &str) -> Failed {
    person.fails(&[
        "join",
        link,
        "--handle",
        &person.handle,
        "--name",
        "N",
        "--password-file",
        person.password_file(),
    ])
}

fn setup(person: &Person, link: &str) -> Failed {
    person.fails(&[
        "setup",
        link,
        "--handle",
        &person.handle,
        "--name",
        "N",
        "--practice",
        "P",
        "--password-file",
        person.password_file(),
    ])
}

/// Refused with this exit code and error; and nothing has come of it: the person can still join, as her first try.
fn refused(what: &str, failed: &Failed, code: i32, name: &str, words: &str) {
    assert_eq!((failed.code, failed.name.as_str()), (code, name), "{what}: {failed:?}");
    assert!(failed.message.contains(words), "{what}: {failed:?}");
}

#[test]
fn a_link_that_was_changed_on_the_way_is_refused_before_anything_is_asked() {
    let mut world = World::new();
    let link = world.invite();
    let newcomer = world.person("newcomer");
    let (head, fragment) = link.split_once('#').unwrap();
    let middle = fragment.len() / 2;
    let other = if fragment.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let changed = format!("{head}#{}{other}{}", &fragment[..middle], &fragment[middle + 1..]);
    let swapped_host = link.replace("127.0.0.1", "127.0.0.1.evil/");

    for (what, link, name) in [
        ("cut short", link[..link.len() - 1].to_owned(), "LinkDamaged"),
        ("cut in half", link[..link.len() - fragment.len() / 2].to_owned(), "LinkDamaged"),
        ("without fragment", head.to_owned(), "LinkDamaged"),
        ("empty fragment", format!("{head}#"), "LinkDamaged"),
        ("a character changed", changed, "LinkDamaged"),
        ("more behind", format!("{link}AAAA"), "LinkDamaged"),
        ("no link", "hello".to_owned(), "NotALink"),
        ("another scheme", link.replace("http://", "ftp://"), "NotALink"),
        ("a strange host", swapped_host, "NotALink"),
        ("the empty link", String::new(), "NotALink"),
    ] {
        let failed = join(&newcomer, &link);
        assert!(
            (failed.code, failed.name.as_str()) == (2, name)
                || (failed.code, failed.name.as_str()) == (2, "NotALink"),
            "{what}: {failed:?}"
        );
        assert!(failed.message.ends_with('.'), "{failed:?}");
        assert!(!newcomer.home.exists(), "{what}: a home was made");
    }
    // The link itself is as good as before.
    newcomer.join(&link, "Newcomer");
    newcomer.send("Here I am.");
    assert_eq!(world.thera.texts(), ["Here I am."]);
    world.server.is_well();
}

#[test]
fn an_invitation_works_once() {
    let mut world = World::new();
    let link = world.invite();
    let first = world.person("first");
    first.join(&link, "First");
    let second = world.person("second");
    refused("used", &join(&second, &link), 1, "InvitationUsed", "already been used");
    refused("used by the same", &join(&first, &link), 1, "SignedInAlready", "already belongs");
    first.send("Only me.");
    let spaces = world.thera.json(&["spaces"]);
    assert_eq!(spaces.as_array().unwrap().len(), 1, "{spaces}");
    // A person whose link was used up can still come in with a new one, under the same name and in the same home.
    second.join(&world.invite(), "Second");
    assert_eq!(world.thera.json(&["spaces"]).as_array().unwrap().len(), 2);
    world.server.is_well();
}

#[test]
fn two_people_with_the_same_link_at_once_do_not_both_come_in() {
    let world = World::new();
    let link = world.invite();
    let people = [world.person("left"), world.person("right")];
    let words = |person: &Person| {
        ["join", &link, "--handle", &person.handle, "--name", "N", "--password-file", person.password_file()]
            .map(str::to_owned)
    };
    let started: Vec<_> = people
        .iter()
        .map(|person| person.start(&words(person).iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let ended: Vec<_> = started.into_iter().map(sotto_tests::blackbox::Process::end).collect();
    let came_in = ended.iter().filter(|ended| ended.code == Some(0)).count();
    assert_eq!(came_in, 1, "{ended:?}");
    assert!(
        ended.iter().any(|ended| ended.code == Some(1) && ended.err.contains("already been used")),
        "{ended:?}"
    );
    assert_eq!(world.thera.json(&["spaces"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_withdrawn_or_old_invitation_is_refused() {
    let mut world = World::new();
    let newcomer = world.person("newcomer");
    let made = world.thera.json(&["invite", "--days", "1"]);
    let (link, id) = (made["link"].as_str().unwrap(), made["id"].as_str().unwrap());
    world.thera.ok(&["revoke", &id[..8]]);
    assert_eq!(world.thera.json(&["invitations"])[0]["state"], "revoked");
    refused("revoked", &join(&newcomer, link), 1, "InvitationRevoked", "withdrawn");

    // No option makes a link that expires within a test, so a day passes in the database.
    let made = world.thera.json(&["invite", "--days", "1"]);
    assert_eq!(world.server.stop(), Some(0));
    sotto_tests::blackbox::database::execute(
        &world.server,
        "UPDATE invitations SET expires_at = expires_at - 86400001",
    );
    world.server.restart();
    refused("expired", &join(&newcomer, made["link"].as_str().unwrap()), 1, "InvitationExpired", "expired");

    // One that this server has never seen.
    let elsewhere = World::new();
    let link = elsewhere.invite();
    let port = |origin: &str| origin.rsplit(':').next().unwrap().to_owned();
    let foreign = link.replace(&port(elsewhere.server.origin()), &port(world.server.origin()));
    refused("unknown", &join(&newcomer, &foreign), 1, "InvitationUnknown", "not known here");
    assert_eq!(world.thera.json(&["spaces"]).as_array().unwrap().len(), 0);
    newcomer.join(&world.invite(), "Newcomer");
    world.server.is_well();
}

#[test]
fn the_set_up_link_works_once_and_for_set_up_only() {
    let world = World::new();
    let link = world.server.setup_link();
    let stranger = world.person("stranger");
    refused("again", &setup(&stranger, &link), 1, "SetupRefused", "used before");
    refused("join with it", &join(&stranger, &link), 2, "LinkWrongSort", "something else");
    refused(
        "set up with an invitation",
        &setup(&stranger, &world.invite()),
        2,
        "LinkWrongSort",
        "something else",
    );
    // The therapist is who she was.
    assert_eq!(world.thera.json(&["whoami"])["role"], "owner-therapist");
    world.thera.sync();
}

#[test]
fn every_start_until_set_up_gives_a_new_link_and_only_the_last_works() {
    use sotto_tests::blackbox::{Options, Server, world};
    let folder = world::folder();
    let mut server = Server::start(Options::new(&folder.path().join("server")));
    let first = server.setup_link();
    server.kill();
    server.restart();
    let last = server.setup_link();
    assert_ne!(first, last);
    let early = Person::new(folder.path(), "early", "a password that is long enough for this");
    refused("the first", &setup(&early, &first), 1, "SetupRefused", "not valid");
    let mut world = World::found(folder, server, &last, None);
    assert_eq!(world.server.stop(), Some(0));
    world.server.restart();
    assert!(!world.server.has_setup_link());
    world.thera.sync();
}

#[test]
fn who_joins_chooses_a_free_name_and_a_strong_password() {
    let world = World::new();
    let twin = Person::new(world.folder(), "twin", "a password that is long enough for this");
    let failed = twin.fails(&[
        "join",
        &world.invite(),
        "--handle",
        "thera",
        "--name",
        "N",
        "--password-file",
        twin.password_file(),
    ]);
    refused("taken", &failed, 1, "HandleTaken", "choose another");
    let failed = twin.fails(&[
        "join",
        &world.invite(),
        "--handle",
        "1!",
        "--name",
        "N",
        "--password-file",
        twin.password_file(),
    ]);
    assert_eq!((failed.code, failed.number), (2, 1000), "{failed:?}");
    std::fs::write(&twin.password, "short\n").unwrap();
    let failed = join(&twin, &world.invite());
    refused("weak", &failed, 1, "WeakPassword", "too easy to guess");
}
