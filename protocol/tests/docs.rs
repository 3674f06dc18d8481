//! `docs/PROTOCOL.md` and `docs/protocol.cddl` say what the code says, no more and no less.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

mod support;

use sotto_protocol::account::AccountResponse;
use sotto_protocol::codec;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::ServerFrame;
use sotto_protocol::ids::IncarnationId;
use sotto_protocol::label::Label;
use std::collections::{BTreeMap, BTreeSet};
use support::samples;

const PAGE: &str = include_str!("../../docs/PROTOCOL.md");
const CDDL: &str = include_str!("../../docs/protocol.cddl");
const LABELS: &str = include_str!("../src/label.rs");
const LIMITS: &str = include_str!("../src/limits.rs");

/// The rows of the table under a heading, cells trimmed and without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let section = PAGE.split(&format!("\n## {heading}\n")).nth(1).expect("the heading");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    rows.map(|row| row.trim_matches('|').split('|').map(cell).collect()).collect()
}

#[test]
fn every_label_stands_on_the_page() {
    let page: Vec<String> = table("Labels").into_iter().map(|row| row[0].clone()).collect();
    let code: Vec<&str> = Label::ALL.iter().map(|label| label.as_str()).collect();
    assert_eq!(page, code);
    let source: BTreeSet<&str> =
        LABELS.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(source, code.into_iter().collect(), "Label::ALL is not all");
}

#[test]
fn no_other_label_is_named() {
    let known: BTreeSet<&str> = Label::ALL.iter().map(|label| label.as_str()).collect();
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "/-".contains(c));
    for rest in PAGE.split("sotto/1/").skip(1) {
        let label = format!("sotto/1/{}", rest.split(ends).next().unwrap());
        // The OPAQUE context is no label.
        assert!(known.contains(label.as_str()) || label == "sotto/1/opaque", "{label}");
    }
}

#[test]
fn every_error_stands_on_the_page() {
    let page: Vec<(String, String)> =
        table("Errors").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let code: Vec<(String, String)> =
        ErrorCode::ALL.iter().map(|code| (code.number().to_string(), code.name().to_owned())).collect();
    assert_eq!(page, code);
}

/// Products of numbers, or another limit.
fn value(expression: &str, known: &BTreeMap<String, u64>) -> u64 {
    let factor = |text: &str| {
        let text = text.trim();
        known.get(text).copied().unwrap_or_else(|| text.replace('_', "").parse().expect(text))
    };
    expression.split('*').map(factor).product()
}

#[test]
fn every_limit_stands_on_the_page() {
    let mut code = BTreeMap::new();
    for line in LIMITS.lines().filter_map(|line| line.strip_prefix("pub const ")) {
        let (name, rest) = line.split_once(':').unwrap();
        let expression = rest.split_once('=').unwrap().1.trim_end_matches(';');
        code.insert(name.to_owned(), value(expression, &code));
    }
    let mut page = BTreeMap::new();
    for row in table("Limits") {
        page.insert(row[0].clone(), value(&row[1], &code));
    }
    assert_eq!(page, code);
    assert!(code.len() > 30);
}

/// Numbers and names of the choices of a CDDL rule: lines `[number, [fields]] ; Name`.
fn choices(rule: &str) -> BTreeMap<String, u32> {
    let body = CDDL.split(&format!("\n{rule} =\n")).nth(1).expect(rule);
    let lines = body.lines().take_while(|line| line.starts_with("    ") || line.starts_with("  /"));
    lines
        .map(|line| {
            let (shape, name) = line.split_once(';').expect(line);
            let number = shape.split(['[', ',']).nth(1).unwrap().trim().parse().expect(line);
            (name.trim().to_owned(), number)
        })
        .collect()
}

/// Numbers and names as they are encoded.
fn numbers<T: minicbor::Encode<()>>(samples: &[(&'static str, T)]) -> BTreeMap<String, u32> {
    let plain = samples.iter().filter(|(name, _)| !name.contains(' '));
    plain
        .map(|(name, sample)| {
            let bytes = codec::encode(sample);
            let mut decoder = minicbor::Decoder::new(&bytes);
            assert_eq!(decoder.array().unwrap(), Some(2), "{name}");
            ((*name).to_owned(), decoder.u32().unwrap())
        })
        .collect()
}

#[test]
fn every_frame_stands_in_the_cddl() {
    assert_eq!(choices("client-frame"), numbers(&samples::client_frames()));
    assert_eq!(choices("server-body"), numbers(&samples::server_bodies()));
    assert_eq!(choices("account-request"), numbers(&samples::account_requests()));
    assert_eq!(choices("account-answer"), numbers(&samples::account_answers()));
}

/// Definite lengths and shortest integers only, as "Encoding" says.
#[test]
fn what_is_written_is_written_in_the_shortest_way() {
    let incarnation = IncarnationId([0; 16]);
    let mut all: Vec<Vec<u8>> = Vec::new();
    all.extend(samples::client_frames().iter().map(|(_, frame)| frame.to_bytes()));
    all.extend(samples::account_requests().iter().map(|(_, request)| request.to_bytes()));
    for (_, body) in samples::server_bodies() {
        all.push(ServerFrame { incarnation, body }.to_bytes());
    }
    for (_, body) in samples::account_answers() {
        all.push(AccountResponse { incarnation, body }.to_bytes());
    }
    for bytes in all {
        let mut at = 0;
        while at < bytes.len() {
            let (major, low) = (bytes[at] >> 5, bytes[at] & 31);
            let width = match low {
                0..=23 => 0,
                24..=27 => 1 << (low - 24),
                _ => panic!("indefinite length"),
            };
            let follows = &bytes[at + 1..at + 1 + width];
            let number = match width {
                0 => u64::from(low),
                _ => follows.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
            };
            let shortest = match width {
                0 => true,
                1 => number >= 24,
                2 => number > 0xFF,
                4 => number > 0xFFFF,
                _ => number > 0xFFFF_FFFF,
            };
            assert!(shortest || major == 7);
            at += 1 + width;
            if major == 2 || major == 3 {
                at += usize::try_from(number).unwrap();
            }
        }
        assert_eq!(at, bytes.len());
    }
}
