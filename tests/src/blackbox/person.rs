//! `sotto` as a person uses it, on one device.

use super::{Ended, Process, binary};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One device of a person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Her device's folder.
    pub home: PathBuf,
    /// Sign-in name.
    pub handle: String,
    /// File with her password.
    pub password: PathBuf,
    /// Certificates to trust.
    pub ca: Option<PathBuf>,
}

impl Person {
    /// A person with an empty home; her password stands in a file.
    pub fn new(folder: &Path, handle: &str, password: &str) -> Self {
        let file = folder.join(format!("{handle}.password"));
        std::fs::write(&file, format!("{password}\n")).expect("write a password");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("keep it private");
        Self { home: folder.join(handle), handle: handle.to_owned(), password: file, ca: None }
    }

    /// Another device of hers, not signed in yet.
    #[must_use]
    pub fn other_device(&self, name: &str) -> Self {
        let home = self.home.with_file_name(format!("{}-{name}", self.handle));
        Self { home, ..self.clone() }
    }

    /// A command of hers, not started.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary("sotto"));
        command.arg("--home").arg(&self.home).args(words);
        for name in ["SOTTO_HOME", "SOTTO_CA_FILE", "SOTTO_LOG"] {
            command.env_remove(name);
        }
        command.env("RUST_BACKTRACE", "1").env("TZ", "UTC");
        if let Some(ca) = &self.ca {
            command.arg("--ca-file").arg(ca);
        }
        command
    }

    /// Starts a command.
    pub fn start(&self, words: &[&str]) -> Process {
        Process::start(self.command(words))
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&str]) -> Ended {
        let ended = self.start(words).end();
        assert!(!ended.err.contains("panicked"), "{words:?}: {ended:?}");
        ended
    }

    /// Runs a command that has to succeed; its output.
    pub fn ok(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code, Some(0), "{} {words:?}: {ended:?}", self.handle);
        ended.out
    }

    /// Runs a command with `--json` that has to succeed; the one value it prints.
    pub fn json(&self, words: &[&str]) -> Value {
        let mut values = self.json_lines(words);
        assert_eq!(values.len(), 1, "{words:?}: {values:?}");
        values.remove(0)
    }

    /// The same for several lines.
    pub fn json_lines(&self, words: &[&str]) -> Vec<Value> {
        values(&self.ok(&[words, &["--json"]].concat()))
    }

    /// Runs a command with `--json` that has to fail: exit code, and number and sentence of the error.
    pub fn fails(&self, words: &[&str]) -> Failed {
        let ended = self.run(&[words, &["--json"]].concat());
        let code = ended.code.unwrap_or(-1);
        assert_ne!(code, 0, "{words:?} did not fail: {ended:?}");
        let error = values(&ended.err).into_iter().find_map(|value| value.get("error").cloned());
        let error = error.unwrap_or_else(|| panic!("{words:?}: no error in {ended:?}"));
        Failed {
            code,
            number: error["number"].as_u64().expect("errors have numbers"),
            name: error["code"].as_str().expect("errors have names").to_owned(),
            message: error["message"].as_str().expect("errors have sentences").to_owned(),
        }
    }

    /// `join`
    pub fn join(&self, link: &str, name: &str) -> String {
        self.ok(&[
            "join",
            link,
            "--handle",
            &self.handle,
            "--name",
            name,
            "--password-file",
            self.password_file(),
        ])
    }

    /// `login`
    pub fn login(&self, origin: &str) -> Value {
        self.json(&["login", origin, &self.handle, "--password-file", self.password_file()])
    }

    /// The password file's path.
    pub fn password_file(&self) -> &str {
        self.password.to_str().expect("temporary paths are text")
    }

    /// The messages of her only conversation, as `read --json` shows them.
    pub fn messages(&self) -> Vec<Value> {
        self.json_lines(&["read"])
    }

    /// The texts of her only conversation.
    pub fn texts(&self) -> Vec<String> {
        texts(&self.messages())
    }

    /// Sends into her only conversation; the message's id.
    pub fn send(&self, text: &str) -> String {
        let sent = self.json(&["send", text]);
        assert_eq!(sent["delivered"], true, "{sent}");
        id(&sent)
    }

    /// `sync`, which has to find everything in order.
    pub fn sync(&self) -> Value {
        self.json(&["sync"])
    }
}

/// A command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Exit code.
    pub code: i32,
    /// Number of the error.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// The sentence.
    pub message: String,
}

/// The texts of messages, in order; what is taken back has none.
pub fn texts(messages: &[Value]) -> Vec<String> {
    messages.iter().filter_map(|message| message["text"].as_str().map(str::to_owned)).collect()
}

/// The id in an answer.
pub fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// The JSON values of a text, one a line.
pub fn values(text: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(parse).collect()
}
