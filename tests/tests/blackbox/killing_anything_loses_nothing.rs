//! SIGKILL under load, many times at random instants (`SOTTO_SEED` repeats them as far as time allows).

use serde_json::Value;
use sotto_tests::blackbox::person::{id, values};
use sotto_tests::blackbox::writer::{Load, Written};
use sotto_tests::blackbox::{Dice, Person, World, times, until};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// What a person reads: position, id and text of every message.
fn read(person: &Person) -> Vec<(u64, String, String)> {
    let shown = |message: &Value| {
        assert_eq!(message["state"], "delivered", "{message}");
        let text = message["text"].as_str().unwrap_or_else(|| panic!("not readable: {message}"));
        (message["seq"].as_u64().unwrap(), id(message), text.to_owned())
    };
    person.messages().iter().map(shown).collect()
}

/// Everybody reads the same, in order, nothing twice.
fn agree(people: &[&Person]) -> Vec<(u64, String, String)> {
    let first = read(people[0]);
    for person in &people[1..] {
        assert_eq!(read(person), first, "{} and {}", people[0].home.display(), person.home.display());
    }
    assert!(first.windows(2).all(|pair| pair[0].0 < pair[1].0), "{first:?}");
    for part in [|m: &(u64, String, String)| m.1.clone(), |m: &(u64, String, String)| m.2.clone()] {
        assert_eq!(
            first.iter().map(part).collect::<BTreeSet<_>>().len(),
            first.len(),
            "something is there twice"
        );
    }
    first
}

#[test]
fn the_server_is_killed_while_many_write() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("first");
    world.thera.texts();
    let devices = [
        client.clone(),
        world.device(&client, "phone"),
        world.thera.clone(),
        world.device(&world.thera, "phone"),
    ];

    let load = Load::default();
    let mut dice = Dice::new(1);
    let kills = times(24, 5);
    let written: Vec<Written> = thread::scope(|scope| {
        let writers: Vec<_> = devices
            .iter()
            .map(|person| {
                let (load, home) = (&load, &person.home);
                let name = home.file_name().unwrap().to_str().unwrap();
                scope.spawn(move || load.write(home, name))
            })
            .collect();
        for _ in 0..kills {
            // The server works, and then is gone in the middle of something.
            let so_far = load.acknowledged();
            until("acknowledgements", || (load.acknowledged() > so_far + 4).then_some(()));
            dice.pause_us(40_000);
            world.server.kill();
            world.server.restart();
        }
        load.stop();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });

    let fresh = world.device(&client, "fresh");
    let everybody: Vec<&Person> = devices.iter().chain([&fresh]).collect();
    let all = agree(&everybody);
    let mut expected: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for (text, (id, seq)) in written.into_iter().flatten() {
        expected.insert(text, (seq.0, id));
    }
    println!("{kills} kills of the server, {} messages acknowledged", expected.len());
    assert!(expected.len() > 4 * kills);
    let there: BTreeMap<String, (u64, String)> = all
        .into_iter()
        .filter(|(_, _, text)| text != "first")
        .map(|(seq, id, text)| (text, (seq, id)))
        .collect();
    assert_eq!(there, expected);
    world.server.is_well();
}

#[test]
fn clients_are_killed_while_they_send() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("first");
    world.thera.texts();
    let devices = [client.clone(), world.thera.clone()];

    let kills = times(24, 5);
    let told: Vec<_> = thread::scope(|scope| {
        let run = |n: usize, person: &Person| {
            let mut dice = Dice::new(100 + u64::try_from(n).unwrap());
            let mut told = Vec::new();
            for count in 0..kills {
                let text = format!("{} {count}", person.handle);
                let process = person.start(&["send", &text, "--json"]);
                // A whole `send` takes some 50 ms on an idle machine, and several times that on a busy one.
                dice.pause_us(200_000);
                let ended = process.kill();
                assert!(!ended.err.contains("panicked"), "{ended:?}");
                let answer = ended.out.ends_with('\n').then(|| values(&ended.out).remove(0));
                told.push((text, answer));
            }
            told
        };
        let threads: Vec<_> =
            devices.iter().enumerate().map(|(n, person)| scope.spawn(move || run(n, person))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for person in &devices {
        assert!(person.ok(&["doctor"]).contains("is in order"));
        person.sync();
    }
    let fresh = world.device(&world.thera, "fresh");
    let all = agree(&[&devices[0], &devices[1], &fresh]);
    let acknowledged = told.iter().filter(|(_, answer)| answer.is_some()).count();
    println!(
        "{} kills of clients, {acknowledged} had answered, {} messages are there",
        told.len(),
        all.len() - 1
    );
    for (text, answer) in &told {
        let there = all.iter().find(|(_, _, found)| found == text);
        let Some(answer) = answer else { continue };
        // It was told to be saved; more it may have told, and then that holds too.
        let (seq, id, _) = there.unwrap_or_else(|| panic!("{text} is lost: {answer}"));
        assert_eq!(answer["id"], id.as_str());
        if answer["delivered"] == true {
            assert_eq!(answer["seq"], *seq);
        }
    }
    // Order of each author is the order in which she wrote.
    for person in &devices {
        let of_her = |text: &str| {
            text.strip_prefix(&format!("{} ", person.handle)).and_then(|n| n.parse::<u64>().ok())
        };
        let numbers: Vec<u64> = all.iter().filter_map(|(_, _, text)| of_her(text)).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
    world.server.is_well();
}
