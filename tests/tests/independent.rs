//! A reader in another language, written from the protocol's page alone, opens and verifies recorded logs: those of
//! this version, and those that earlier versions left in `tests/independent/fixtures/`.
//!
//! `SOTTO_PYTHON` names an interpreter with the packages of `tests/independent/requirements.txt`; `cargo xtask test
//! independent` sees to that.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on stops")]

use serde_json::Value;
use sotto_tests::recording::{Life, Recording};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The committed recordings were made with this seed; a fresh run takes another.
const FIXTURE_SEED: u8 = 1;
const FRESH_SEED: u8 = 2;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("independent")
}

/// The interpreter: the one named, the one that `xtask` makes, or whatever is on the path and has the packages.
fn python() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/py/bin/python");
    let candidates =
        [std::env::var_os("SOTTO_PYTHON").map(PathBuf::from), Some(ours), Some("python3".into())];
    let has_packages = |python: &PathBuf| {
        let import = "import nacl, cryptography.hazmat.primitives.asymmetric.mlkem";
        Command::new(python).args(["-c", import]).output().is_ok_and(|output| output.status.success())
    };
    candidates.into_iter().flatten().find(has_packages).expect(
        "no Python has the packages of tests/independent/requirements.txt: run `cargo xtask test independent`",
    )
}

fn reader(arguments: &[&str], recording: &Path) -> Output {
    let mut command = Command::new(python());
    command.arg(folder().join("reader.py")).args(arguments).arg(recording);
    command.output().expect("the reader runs")
}

fn opened(recording: &Path) -> Value {
    let output = reader(&[], recording);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn write(folder: &Path, recording: &Recording) {
    std::fs::create_dir_all(folder).unwrap();
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    std::fs::write(folder.join("recording.json"), text(&recording.recording)).unwrap();
    std::fs::write(folder.join("expected.json"), text(&recording.expected)).unwrap();
}

/// Says the first difference rather than both conversations.
fn same(theirs: &Value, ours: &Value) {
    let messages = |value: &Value| value["messages"].as_array().cloned().unwrap_or_default();
    for (theirs, ours) in messages(theirs).iter().zip(messages(ours)) {
        assert_eq!(*theirs, ours);
    }
    assert_eq!(theirs, ours);
}

fn recordings(life: &mut Life) -> [(&'static str, Recording); 3] {
    [("thera", life.for_thera()), ("anna", life.for_anna()), ("petra", life.for_petra())]
}

#[test]
fn the_independent_reader_opens_a_fresh_log() {
    let mut life = Life::lead(FRESH_SEED);
    let temporary = tempfile::tempdir().unwrap();
    for (name, recording) in recordings(&mut life) {
        let folder = temporary.path().join(name);
        write(&folder, &recording);
        same(&opened(&folder), &recording.expected);
        let count = recording.expected["messages"].as_array().unwrap().len();
        assert!(count > if name == "petra" { 0 } else { 10 }, "{name} reads {count} messages");
    }
}

#[test]
fn the_independent_reader_notices_every_damage() {
    let mut life = Life::lead(FRESH_SEED);
    let temporary = tempfile::tempdir().unwrap();
    write(temporary.path(), &life.for_anna());
    let output = reader(&["--damage"], temporary.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["tried"].as_u64().unwrap() > 500, "{report}");
}

/// Recordings are made once for a version of the forms: `SOTTO_BLESS=1` makes missing ones, and changes none.
#[test]
fn recordings_of_earlier_versions_open() {
    let fixtures = folder().join("fixtures/v1");
    let blessed = std::env::var_os("SOTTO_BLESS").is_some_and(|value| value == "1");
    if blessed && !fixtures.exists() {
        for (name, recording) in recordings(&mut Life::lead(FIXTURE_SEED)) {
            write(&fixtures.join(name), &recording);
        }
    }
    for name in ["thera", "anna", "petra"] {
        let folder = fixtures.join(name);
        let expected = std::fs::read(folder.join("expected.json")).unwrap();
        same(&opened(&folder), &serde_json::from_slice(&expected).unwrap());
    }
}
