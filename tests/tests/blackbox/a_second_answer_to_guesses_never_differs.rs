//! Signing in with a wrong password, or a name that nobody has.

use sotto_tests::blackbox::proxy::Proxy;
use sotto_tests::blackbox::{Ended, Options, Person, World, now, times};
use std::time::Duration;

const BEHIND: [&str; 3] = ["--behind-proxy", "--public-url", "http://127.0.0.1:9"];

fn behind_a_proxy() -> (World, Proxy) {
    let proxy = Proxy::start();
    let folder = sotto_tests::blackbox::world::folder();
    let options = Options::new(&folder.path().join("server")).with(&[
        "--behind-proxy",
        "--public-url",
        &proxy.origin(),
    ]);
    let server = sotto_tests::blackbox::Server::start(options);
    proxy.forward_to(server.address());
    proxy.add_header("X-Forwarded-For: 198.51.100.1");
    let link = server.setup_link();
    assert!(link.starts_with(&proxy.origin()), "{link}");
    (World::found(folder, server, &link, None), proxy)
}

fn try_login(person: &Person, origin: &str, handle: &str, more: &[&str]) -> Ended {
    let words = ["login", origin, handle, "--password-file", person.password_file()];
    person.run(&[&words[..], more].concat())
}

#[test]
fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let (world, proxy) = behind_a_proxy();
    let guesser = Person::new(world.folder(), "guesser", "this is not the password of anybody");
    let origin = proxy.origin();
    let tries = times(15, 5);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..tries {
        // Every try comes from elsewhere, so that none is slowed down; both sorts take turns.
        proxy.add_header(&format!("X-Forwarded-For: 203.0.113.{n}"));
        for (handle, took) in [("thera", &mut known), ("therb", &mut unknown)] {
            let more = if n % 2 == 0 { &["--json"][..] } else { &[] };
            let begun = now();
            let ended = try_login(&guesser, &origin, handle, more);
            took.push((begun.elapsed(), ended));
        }
    }
    for (with, without) in known.iter().zip(&unknown) {
        assert_eq!(with.1, without.1);
        assert_eq!(with.1.code, Some(1));
        assert_eq!(with.1.out, "");
        assert!(with.1.err.contains("The name or the password is not right."), "{with:?}");
    }
    let median = |all: &mut Vec<(Duration, Ended)>| {
        all.sort_by_key(|(took, _)| *took);
        all[all.len() / 2].0
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    println!("median of {tries} sign-ins: {known:?} for a wrong password, {unknown:?} for an unknown name");
    assert!(known < 3 * unknown && unknown < 3 * known, "{known:?} and {unknown:?}");
}

#[test]
fn guessing_is_slowed_down_where_it_comes_from_and_nowhere_else() {
    let (world, proxy) = behind_a_proxy();
    let guesser = Person::new(world.folder(), "guesser", "this is not the password of anybody");
    let origin = proxy.origin();
    proxy.add_header("X-Forwarded-For: 203.0.113.99");
    let mut slowed = None;
    for n in 1..=8 {
        let failed = guesser.fails(&["login", &origin, "thera", "--password-file", guesser.password_file()]);
        match failed.name.as_str() {
            "SignInFailed" => {}
            "Throttled" => {
                slowed = Some((n, failed));
                break;
            }
            _ => panic!("{failed:?}"),
        }
    }
    let (n, failed) = slowed.expect("eight tries in a row are too many");
    assert!(n > 4, "a person may mistype: {n}");
    assert_eq!((failed.code, failed.number), (1, 24), "{failed:?}");
    assert!(failed.message.contains("Too many attempts"), "{failed:?}");
    let seconds: String = failed.message.chars().filter(char::is_ascii_digit).collect();
    assert!(
        seconds.parse::<u64>().is_ok_and(|s| (1..=60).contains(&s)),
        "it says how long to wait: {failed:?}"
    );

    // A header that the guesser adds himself does not help him: the last one counts, which the proxy sets.
    proxy.add_header("X-Forwarded-For: 203.0.113.1, 203.0.113.99");
    let failed = guesser.fails(&["login", &origin, "thera", "--password-file", guesser.password_file()]);
    assert_eq!(failed.name, "Throttled");

    // The therapist, elsewhere, is not locked out, with the password that is right.
    proxy.add_header("X-Forwarded-For: 203.0.113.50");
    let device = world.thera.other_device("elsewhere");
    device.login(&origin);
    device.sync();
    // Nor is anybody kept from what is signed in already.
    proxy.add_header("X-Forwarded-For: 203.0.113.99");
    world.thera.sync();
}

#[test]
fn without_a_proxy_nobody_chooses_her_address() {
    let world = World::new();
    let front = Proxy::start();
    front.forward_to(world.server.address());
    let guesser = Person::new(world.folder(), "guesser", "this is not the password of anybody");
    let mut names = Vec::new();
    for n in 0..8 {
        front.add_header(&format!("X-Forwarded-For: 203.0.113.{n}"));
        let words = ["login", &front.origin(), "thera", "--password-file", guesser.password_file()];
        names.push(guesser.fails(&words).name);
    }
    assert!(names.contains(&"Throttled".to_owned()), "{names:?}");
    // A proxy in front of a server that was not told so is refused at the start.
    let refused = sotto_tests::blackbox::Server::try_start(
        Options::new(&world.folder().join("other")).with(&BEHIND[..1]),
    );
    let refused = refused.err().expect("it needs a public address");
    assert!(refused.code == Some(1) && refused.err.contains("--public-url"), "{refused:?}");
}
