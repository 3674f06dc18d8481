//! SIGTERM while people write.

use sotto_tests::blackbox::writer::{Load, Written};
use sotto_tests::blackbox::{Dice, Person, World, times, until};
use std::thread;

#[test]
fn a_server_that_is_told_to_stop_keeps_what_it_has_acknowledged() {
    let mut world = World::new();
    let client = world.client("client1");
    client.send("first");
    world.thera.texts();
    let devices = [client.clone(), world.thera.clone()];
    let load = Load::default();
    let mut dice = Dice::new(2);
    let written: Vec<Written> = thread::scope(|scope| {
        let writers: Vec<_> = devices
            .iter()
            .map(|person| {
                let load = &load;
                scope.spawn(move || load.write(&person.home, &person.handle))
            })
            .collect();
        for _ in 0..times(5, 2) {
            let so_far = load.acknowledged();
            until("acknowledgements", || (load.acknowledged() > so_far + 10).then_some(()));
            dice.pause_us(20_000);
            assert_eq!(world.server.stop(), Some(0));
            world.server.restart();
        }
        load.stop();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let mut expected: Vec<String> = written.iter().flat_map(|texts| texts.keys().cloned()).collect();
    expected.push("first".into());
    expected.sort();
    for person in devices.iter().chain([&world.device(&client, "fresh")]) {
        let mut texts = Person::texts(person);
        texts.sort();
        assert_eq!(texts, expected);
    }
    let log = world.server.log();
    assert!(log.contains("stopped"), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    world.server.is_well();
}
