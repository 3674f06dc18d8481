//! Whatever fuzzing started from or has found goes through its target again.
//!
//! `fuzz/corpus/TARGET/` holds one input a file. `SOTTO_BLESS=1` writes the seeds that are missing: valid samples from
//! the golden files and a recorded life, and some nasty ones.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on stops")]

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sotto_protocol::codec::unhex;
use sotto_protocol::frame::{ClientFrame, ServerBody};
use sotto_tests::fuzzing::{TARGETS, answers, frames_sent, rows_opened};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn corpus(target: &str) -> PathBuf {
    root().join("fuzz/corpus").join(target)
}

/// The lines of golden files: name and bytes.
fn golden(file: &str) -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let line = |line: &str| {
        let (name, digits) = line.split_once(": ").unwrap();
        (name.replace([' ', ','], "-"), unhex(digits).unwrap())
    };
    text.lines().map(line).collect()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// Valid samples of a target.
fn samples(target: &str) -> Vec<(String, Vec<u8>)> {
    let protocol = |name: &str| golden(&format!("protocol/tests/golden/{name}.hex"));
    let client = |name: &str| golden(&format!("client-core/tests/golden/{name}.hex"));
    let numbered = |name: &str, all: Vec<Vec<u8>>| -> Vec<(String, Vec<u8>)> {
        all.into_iter().enumerate().map(|(n, bytes)| (format!("{name}-{n:02}"), bytes)).collect()
    };
    match target {
        "frame" => [protocol("client-frames"), protocol("server-frames"), protocol("account")].concat(),
        "record" => {
            let bodies = protocol("records").into_iter().filter(|(name, _)| !name.starts_with("header"));
            let judged = |(name, bytes): (String, Vec<u8>)| {
                let kind = if name.starts_with("era") { 1 } else { 3 };
                (format!("judged-{name}"), [&[kind][..], &bytes].concat())
            };
            let all: Vec<_> = bodies.chain(protocol("log-state")).collect();
            all.iter().cloned().chain(all.iter().cloned().map(judged)).collect()
        }
        "session" => {
            let frames = frames_sent();
            let said: Vec<Vec<u8>> =
                frames.iter().map(|frame| [&[1][..], &with_length(frame)].concat()).collect();
            let all = [vec![1], frames.iter().flat_map(|frame| with_length(frame)).collect()].concat();
            let strangers = protocol("client-frames").into_iter();
            let stranger =
                |(name, bytes): (String, Vec<u8>)| (name, [&[1][..], &with_length(&bytes)].concat());
            let requests = protocol("account").into_iter().filter(|(name, _)| name.starts_with("request"));
            let request = |(name, bytes): (String, Vec<u8>)| (name, [&[2][..], &bytes].concat());
            let mut seeds = numbered("sent", said);
            seeds.push(("sent-all".to_owned(), all));
            seeds.extend(strangers.map(stranger));
            seeds.extend(requests.map(request));
            seeds
        }
        "envelope" => {
            let sealed = |len: usize| [vec![1], vec![0x5A; len]].concat();
            numbered("shape", [0, 24, 40, 1064, 1168].map(sealed).to_vec())
        }
        "card" => {
            let inside = protocol("signed").into_iter().filter(|(name, _)| name == "card-inside");
            let cards: Vec<Vec<u8>> = inside.map(|(_, bytes)| with_length(&bytes)).collect();
            let twice = cards.iter().chain(&cards).flatten().copied().collect();
            let mut seeds = protocol("signed");
            seeds.extend([("alone".to_owned(), cards.concat()), ("twice".to_owned(), twice)]);
            seeds
        }
        "link" => protocol("links"),
        "vault" => [client("vault"), client("content"), numbered("row", rows_opened())].concat(),
        other => unreachable!("no seeds for {other}"),
    }
}

/// Inputs that have hurt decoders elsewhere.
fn nasty() -> Vec<(String, Vec<u8>)> {
    let deep = |byte: u8| [&[0x82, 16, 0x82, 7][..], &vec![byte; 2000]].concat();
    let long = |head: u8| [&[0x82, 1, head][..], &[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]].concat();
    [
        ("empty", Vec::new()),
        ("zero", vec![0]),
        ("deep-arrays", deep(0x81)),
        ("deep-endless-arrays", deep(0x9F)),
        ("deep-maps", deep(0xA1)),
        ("deep-tags", deep(0xC1)),
        ("long-bytes", long(0x5B)),
        ("long-array", long(0x9B)),
        ("long-text", long(0x7B)),
        ("long-map", long(0xBB)),
        ("not-utf8", vec![0x82, 3, 0x82, 0x64, 0xFF, 0xFE, 0xFD, 0xFC]),
        ("all-ones", vec![0xFF; 64]),
        ("address", b"https://[::1]:65536/join#".to_vec()),
        ("address-without-host", b"http://:80/setup#AAAA".to_vec()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .to_vec()
}

fn plant() {
    for (target, _) in TARGETS {
        let folder = corpus(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in samples(target).into_iter().chain(nasty()) {
            let file = folder.join(name);
            if !file.exists() {
                std::fs::write(file, bytes).unwrap();
            }
        }
    }
}

#[test]
fn every_input_goes_through_its_target() {
    if std::env::var_os("SOTTO_BLESS").is_some_and(|value| value == "1") {
        plant();
    }
    for (target, run) in TARGETS {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(corpus(target)).expect(target).map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() > 10, "{target} has lost its corpus");
        for file in files {
            println!("{}", file.display());
            run(&std::fs::read(file).unwrap());
        }
    }
}

/// The session target reaches what only a signed-in client reaches.
#[test]
fn the_session_is_signed_in() {
    let ping = ClientFrame::Ping { req: 7 }.to_bytes();
    let said = answers(&[ping]);
    assert!(said.iter().any(|body| matches!(body, ServerBody::Ready { .. })), "{said:?}");
    assert!(said.iter().any(|body| matches!(body, ServerBody::Pong { req: 7, .. })), "{said:?}");
    let appended = frames_sent().iter().filter(|frame| {
        matches!(ClientFrame::from_bytes(frame), Ok(ClientFrame::Append { .. }))
            && answers(&[(*frame).clone()])
                .iter()
                .any(|b| matches!(b, ServerBody::Appended { repeat: true, .. }))
    });
    assert!(appended.count() > 0, "no append of the recorded life is known as one");
}

/// A short way into the neighbourhood of the corpus, on machines where nobody fuzzes. `SOTTO_MUTATIONS` goes further.
#[test]
fn damaged_inputs_go_through_too() {
    let each = std::env::var("SOTTO_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    for (target, run) in TARGETS {
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(corpus(target)).expect(target).map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let original = std::fs::read(&file).unwrap();
            for number in 0..each {
                let input = mutated(&original, &mut rng);
                let run = std::panic::AssertUnwindSafe(|| run(&input));
                if std::panic::catch_unwind(run).is_err() {
                    let hex = sotto_protocol::codec::hex(&input);
                    panic!("{target}: mutation {number} of {}: {hex}", file.display());
                }
            }
        }
    }
}

fn mutated(original: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=rng.next_u32() % 4 {
        let below = |limit: usize, rng: &mut ChaCha20Rng| {
            usize::try_from(rng.next_u32()).unwrap_or_default() % limit.max(1)
        };
        let at = below(bytes.len(), rng);
        let value = rng.next_u32().to_be_bytes()[0];
        match rng.next_u32() % 5 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, value),
            2 => {
                let length = below(16, rng);
                let copied: Vec<u8> = bytes.iter().skip(at).take(length).copied().collect();
                let to = below(bytes.len(), rng);
                bytes.splice(to..to, copied);
            }
            3 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (value & 7)),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = value),
        }
    }
    bytes
}

/// A target that is fuzzed is replayed, and one that is replayed is fuzzed.
#[test]
fn every_target_has_a_file() {
    let files = std::fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    let mut expected: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}
