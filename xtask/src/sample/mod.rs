//! `cargo xtask run --demo`: a sample practice to walk around in.
//!
//! Owns its making, through the real client and the real server, and a link for each person that signs her in. Refuses
//! to know how messages travel: it types `sotto` commands. Invariant: a practice that was made only in part is never
//! shown; it is made anew. Its past is made by clocks that are behind, the server's and everybody's, while it happens.

mod story;

use crate::server::Server;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use story::{
    AGREEMENT, AVAILABILITY, Ago, By, CLIENTS, Client, FOUNDED, Mark, PHRASES, PRACTICE, THERAPIST,
    THERAPIST_NAME, Turn,
};

/// Made last: with it, the practice is complete.
const PEOPLE: &str = "people.json";
const DATA: &str = "data";
const HOMES: &str = "homes";
const ANY_FREE_PORT: &str = "127.0.0.1:0";

/// What a link hands to the web app, which offers to sign in with it.
#[derive(Serialize, Deserialize)]
struct SignIn {
    handle: String,
    password: String,
}

/// The sample practice in its folder.
pub(crate) struct Sample {
    folder: PathBuf,
    people: Option<Vec<SignIn>>,
}

impl Sample {
    /// Looks at what is there, and removes what was made only in part.
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        let made = fs::read_to_string(folder.join(PEOPLE)).ok();
        let people = made.and_then(|text| serde_json::from_str(&text).ok());
        if people.is_none() && folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, people })
    }

    /// Where the server keeps its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join(DATA)
    }

    /// Whether everybody has moved in.
    pub(crate) fn is_made(&self) -> bool {
        self.people.is_some()
    }

    /// Lets everybody move in and write.
    pub(crate) fn make(&mut self, sotto: &Path, server: &mut Server) -> Result<()> {
        let homes = self.folder.join(HOMES);
        let mut stage = Stage::new(sotto, homes.clone());
        let mut people = Vec::new();
        // Time goes one way for a server: everything in its order, whoever it is about.
        for (at, scene) in scenes() {
            if server.interrupted() {
                bail!("interrupted");
            }
            server.restart(at.behind())?;
            stage.at = at;
            match scene {
                Scene::Founding => people.push(stage.found(&server.wait_setup_link()?)?),
                Scene::Joining(client) => people.push(stage.let_in(client)?),
                Scene::Turn(client, turn) => stage.play(client, turn)?,
            }
        }
        server.restart(Duration::ZERO)?;
        // The devices they wrote on; from here on the web app is theirs.
        fs::remove_dir_all(homes)?;
        write_private(&self.folder.join(PEOPLE), &serde_json::to_string(&people)?)?;
        self.people = Some(people);
        Ok(())
    }

    /// The link of each, for a script.
    fn links(&self, address: &str) -> Result<String> {
        let links =
            self.people.iter().flatten().map(|person| {
                Ok(serde_json::json!({ "handle": person.handle, "link": person.link(address)? }))
            });
        Ok(serde_json::to_string(&links.collect::<Result<Vec<_>>>()?)?)
    }

    /// Who is there, with a link for each.
    pub(crate) fn shown(&self, address: &str) -> Result<String> {
        let mut text = format!("\n{PRACTICE} is open at {address}. Everybody in it is invented.\n");
        for person in self.people.iter().flatten() {
            let about = match CLIENTS.iter().find(|client| client.handle == person.handle) {
                Some(client) => format!("{} {}", client.name, client.place),
                None => format!("{THERAPIST_NAME} treats them, and owns the practice"),
            };
            let _ = write!(text, "\n{about}:\n  {}\n", person.link(address)?);
        }
        let _ = write!(
            text,
            "\nOne browser holds one person: open each link in a private window, or a browser, of its own.\n\
             To begin anew, stop this and delete {}.\nCtrl-C stops the server.\n",
            self.folder.display()
        );
        Ok(text)
    }
}

/// Makes the sample practice on a free port, has it looked at (`[{"handle", "link"}]`), and lets everything go again.
pub(crate) fn rehearse(
    workspace: &Workspace,
    binaries: &Path,
    look: impl FnOnce(&str) -> Result<()>,
) -> Result<()> {
    fs::create_dir_all(workspace.target())?;
    let folder = tempfile::Builder::new().prefix("demo-").tempdir_in(workspace.target())?;
    let mut sample = Sample::open(folder.path().join("practice"))?;
    let mut server = Server::start(&binaries.join("sotto-server"), &sample.data(), ANY_FREE_PORT)?;
    sample.make(&binaries.join("sotto"), &mut server)?;
    look(&sample.links(&server.wait_ready()?)?)?;
    server.stop()
}

impl SignIn {
    fn link(&self, address: &str) -> Result<String> {
        let fragment = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_string(self)?);
        Ok(format!("{address}/#demo={fragment}"))
    }
}

/// What happens at one time.
enum Scene {
    Founding,
    Joining(&'static Client),
    Turn(&'static Client, &'static Turn),
}

/// Everything that happened, the earliest first.
fn scenes() -> Vec<(Ago, Scene)> {
    let mut all = vec![(FOUNDED, Scene::Founding)];
    for client in &CLIENTS {
        all.push((client.joined, Scene::Joining(client)));
        all.extend(client.turns.iter().map(|turn| (turn.at, Scene::Turn(client, turn))));
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all
}

/// Where people type.
struct Stage {
    sotto: PathBuf,
    homes: PathBuf,
    /// How long ago it is, on the stage.
    at: Ago,
    /// The conversation of each client.
    spaces: BTreeMap<&'static str, String>,
}

impl Stage {
    fn new(sotto: &Path, homes: PathBuf) -> Self {
        Self { sotto: sotto.to_owned(), homes, at: FOUNDED, spaces: BTreeMap::new() }
    }

    fn found(&self, setup_link: &str) -> Result<SignIn> {
        let sign_in = self.sign_in(THERAPIST)?;
        let words = ["setup", setup_link, "--name", THERAPIST_NAME, "--practice", PRACTICE];
        self.register(&sign_in, &words, "Practice computer")?;
        // The web app publishes the card to every client from here.
        self.ask(THERAPIST, &["set", "--own", "availability", AVAILABILITY])?;
        self.ask(THERAPIST, &["set", "--own", "phrases", PHRASES])?;
        Ok(sign_in)
    }

    /// Invites a client, who joins.
    fn let_in(&mut self, client: &'static Client) -> Result<SignIn> {
        let invitation = self.ask(THERAPIST, &["invite", "--note", client.invitation])?;
        let sign_in = self.sign_in(client.handle)?;
        self.register(&sign_in, &["join", text(&invitation, "link")?, "--name", client.name], "Phone")?;

        let spaces = self.ask(client.handle, &["spaces"])?;
        let space = text(spaces.get(0).context("a client who has joined has a conversation")?, "id")?;
        self.ask(THERAPIST, &["set", space, "availability", AVAILABILITY])?;
        let agreement = format!("{AGREEMENT}{}}}", self.now_ms()?);
        self.ask(client.handle, &["set", space, "agreement", &agreement])?;
        self.spaces.insert(client.handle, space.to_owned());
        Ok(sign_in)
    }

    /// Somebody writes, as people do: she reads first.
    fn play(&self, client: &Client, turn: &Turn) -> Result<()> {
        let space = self.spaces.get(client.handle).context("nobody writes before she has joined")?;
        let author = match turn.by {
            By::Client => client.handle,
            By::Therapist => THERAPIST,
        };
        self.ask(author, &["read", space])?;
        let mut words = vec!["send", space, turn.text];
        if turn.marks.contains(&Mark::Bring) {
            words.push("--bring");
        }
        let written = self.ask(author, &words)?;
        ensure!(
            written.get("delivered") == Some(&Value::Bool(true)),
            "a message was not delivered: {written}"
        );
        let message = text(&written, "id")?;
        for (mark, verb) in [(Mark::Read, "acknowledge"), (Mark::Held, "hold")] {
            if turn.marks.contains(&mark) {
                self.ask(THERAPIST, &[verb, space, message])?;
            }
        }
        Ok(())
    }

    /// The time on the stage.
    fn now_ms(&self) -> Result<u128> {
        let now = wall_clock().duration_since(UNIX_EPOCH)?;
        Ok(now.saturating_sub(self.at.behind()).as_millis())
    }

    fn register(&self, sign_in: &SignIn, words: &[&str], device: &str) -> Result<()> {
        let file = self.homes.join(format!("{}.password", sign_in.handle));
        write_private(&file, &sign_in.password)?;
        let file = file.to_str().context("the path of the tree is not UTF-8")?;
        let rest = ["--handle", &sign_in.handle, "--device-name", device, "--password-file", file];
        self.ask(&sign_in.handle, &[words, &rest].concat()).map(drop)
    }

    fn sign_in(&self, handle: &str) -> Result<SignIn> {
        fs::create_dir_all(&self.homes)?;
        let made = self.ask(handle, &["passphrase"])?;
        Ok(SignIn { handle: handle.to_owned(), password: text(&made, "passphrase")?.to_owned() })
    }

    /// What `sotto` answers to somebody.
    fn ask(&self, handle: &str, words: &[&str]) -> Result<Value> {
        let verb = words.first().copied().unwrap_or_default();
        let output = Command::new(&self.sotto)
            .arg("--home")
            .arg(self.homes.join(handle))
            .args(["--json", "--clock-behind", &self.at.behind().as_secs().to_string()])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.sotto.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`sotto {verb}` failed ({}): {}", output.status, said.trim());
        // `read` gives a line for each message, and nobody needs those.
        let answer = String::from_utf8_lossy(&output.stdout);
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}

fn text<'value>(value: &'value Value, field: &str) -> Result<&'value str> {
    let found = value.get(field).and_then(Value::as_str);
    found.with_context(|| format!("`sotto` did not say {field:?}"))
}

#[expect(clippy::disallowed_methods, reason = "what people in the sample accept bears the day they did")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(path)?.write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_carries_who_signs_in_and_only_in_its_fragment() {
        let person = SignIn { handle: "june".to_owned(), password: "lusab?>bifom".to_owned() };
        let link = person.link("http://127.0.0.1:8081").unwrap();
        let (address, fragment) = link.split_once("/#demo=").unwrap();
        assert_eq!(address, "http://127.0.0.1:8081");
        let read: SignIn = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(fragment).unwrap()).unwrap();
        assert_eq!((read.handle.as_str(), read.password.as_str()), ("june", "lusab?>bifom"));
    }

    #[test]
    fn what_was_made_in_part_is_made_anew_and_what_is_complete_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("demo");
        fs::create_dir_all(folder.join(DATA)).unwrap();
        assert!(!Sample::open(folder.clone()).unwrap().is_made());
        assert!(!folder.join(DATA).exists());

        fs::create_dir_all(folder.join(DATA)).unwrap();
        let people = vec![SignIn { handle: THERAPIST.to_owned(), password: "x".to_owned() }];
        write_private(&folder.join(PEOPLE), &serde_json::to_string(&people).unwrap()).unwrap();
        let sample = Sample::open(folder.clone()).unwrap();
        assert!(sample.is_made() && folder.join(DATA).exists());
        assert!(sample.shown("http://127.0.0.1:8081").unwrap().contains("Elena Ruiz treats them"));
    }
}
