//! A running `sotto-server` child.
//!
//! Owns the child process: starts it, forwards its output, learns from it the address and the set-up link, and
//! ends it by its own id, also when this task is interrupted or fails. Refuses to know what it serves. Nothing
//! here waits by sleeping: output, its end and interruptions arrive on one channel.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

const START_WITHIN: Duration = Duration::from_mins(1);
const STOP_WITHIN: Duration = Duration::from_secs(10);
const OUTPUT_STREAMS: usize = 2;

const LISTENING: &str = "Listening on ";
const SETUP_LINK: &str = "Set-up link: ";

enum Event {
    Line(String),
    StreamEnded,
    Interrupted,
}

/// The child, and what it has said so far.
pub(crate) struct Server {
    child: Child,
    binary: PathBuf,
    data: PathBuf,
    sender: Sender<Event>,
    events: Receiver<Event>,
    streams_open: usize,
    address: Option<String>,
    setup_link: Option<String>,
}

/// Why the server is no longer waited for.
#[derive(PartialEq, Eq)]
pub(crate) enum Ended {
    /// Ctrl-C, or a request to terminate.
    Interrupted,
    /// It stopped by itself.
    ByItself,
}

impl Server {
    /// Starts `binary serve` in a process group of its own, so that Ctrl-C reaches it once, through us.
    pub(crate) fn start(binary: &Path, data: &Path, listen: &str) -> Result<Self> {
        let (sender, events) = channel();
        let interrupted = sender.clone();
        ctrlc::set_handler(move || drop(interrupted.send(Event::Interrupted)))
            .context("cannot watch for Ctrl-C")?;
        let child = spawn(binary, data, listen, Duration::ZERO, &sender)?;
        let (binary, data) = (binary.to_owned(), data.to_owned());
        let streams_open = OUTPUT_STREAMS;
        Ok(Self { child, binary, data, sender, events, streams_open, address: None, setup_link: None })
    }

    /// Starts it again on the same data and address, with its clock so far behind, and waits until it listens.
    pub(crate) fn restart(&mut self, behind: Duration) -> Result<()> {
        let address = self.wait_ready()?;
        let listen = address.split_once("://").map_or(address.as_str(), |(_, listen)| listen).to_owned();
        self.stop()?;
        // Until it is set up, each start has a link of its own.
        (self.address, self.setup_link) = (None, None);
        self.child = spawn(&self.binary, &self.data, &listen, behind, &self.sender)?;
        self.streams_open = OUTPUT_STREAMS;
        self.wait_ready().map(drop)
    }

    /// Waits until it listens; gives the address, `http://HOST:PORT`.
    pub(crate) fn wait_ready(&mut self) -> Result<String> {
        self.wait_for("the address it listens on", |server| server.address.clone())
    }

    /// Waits for the set-up link that a first start prints.
    pub(crate) fn wait_setup_link(&mut self) -> Result<String> {
        self.wait_for("a set-up link", |server| server.setup_link.clone())
    }

    /// The set-up link, if it has printed one.
    pub(crate) fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// Serves until it ends or we are told to stop.
    pub(crate) fn wait_end(&mut self) -> Ended {
        while self.streams_open > 0 {
            match self.events.recv() {
                Ok(Event::Interrupted) => return Ended::Interrupted,
                Ok(event) => self.note(event),
                Err(_) => break,
            }
        }
        Ended::ByItself
    }

    /// Whether we were asked to stop meanwhile.
    pub(crate) fn interrupted(&mut self) -> bool {
        while let Ok(event) = self.events.try_recv() {
            if matches!(event, Event::Interrupted) {
                return true;
            }
            self.note(event);
        }
        false
    }

    /// Asks the child to stop, insists after ten seconds, and waits for its end.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status().is_ok_and(|status| status.success());
        while asked && self.streams_open > 0 {
            match self.events.recv_timeout(STOP_WITHIN) {
                Ok(event) => self.note(event),
                Err(_) => break,
            }
        }
        if !asked || self.streams_open > 0 {
            self.child.kill()?;
        }
        self.child.wait()?;
        Ok(())
    }

    fn wait_for(&mut self, what: &str, said: impl Fn(&Self) -> Option<String>) -> Result<String> {
        loop {
            if let Some(value) = said(self) {
                return Ok(value);
            }
            if self.streams_open == 0 {
                bail!("the server stopped before it printed {what}: {}", self.child.wait()?);
            }
            match self.events.recv_timeout(START_WITHIN) {
                Ok(Event::Interrupted) => bail!("interrupted"),
                Ok(event) => self.note(event),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("the server did not print {what} within {} s", START_WITHIN.as_secs())
                }
                Err(RecvTimeoutError::Disconnected) => bail!("the server's output was lost"),
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Line(line) => {
                if let Some(address) = after(&line, LISTENING) {
                    self.address = Some(address);
                }
                if let Some(link) = after(&line, SETUP_LINK) {
                    self.setup_link = Some(link);
                }
            }
            Event::StreamEnded => self.streams_open = self.streams_open.saturating_sub(1),
            Event::Interrupted => {}
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("xtask: the server could not be stopped: {error:#}");
        }
    }
}

fn spawn(
    binary: &Path,
    data: &Path,
    listen: &str,
    behind: Duration,
    events: &Sender<Event>,
) -> Result<Child> {
    let mut command = Command::new(binary);
    command.arg("serve").arg("--data").arg(data).args(["--listen", listen]).process_group(0);
    if !behind.is_zero() {
        command.args(["--log", "error", "--clock-behind", &behind.as_secs().to_string()]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
    // What a server of the past says is for nobody's eyes.
    let aloud = behind.is_zero();
    forward(child.stdout.take(), events.clone(), aloud);
    forward(child.stderr.take(), events.clone(), aloud);
    Ok(child)
}

fn forward(stream: Option<impl Read + Send + 'static>, events: Sender<Event>, aloud: bool) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if aloud {
                eprintln!("server: {line}");
            }
            if events.send(Event::Line(line)).is_err() {
                return;
            }
        }
        drop(events.send(Event::StreamEnded));
    });
}

/// The word that follows `marker` in a line.
fn after(line: &str, marker: &str) -> Option<String> {
    let (_, rest) = line.split_once(marker)?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_after_a_marker_is_found_anywhere_in_the_line() {
        assert_eq!(
            after("Listening on http://127.0.0.1:80", LISTENING).as_deref(),
            Some("http://127.0.0.1:80")
        );
        assert_eq!(
            after("12:00 INFO Set-up link: http://x/setup#abc (once)", SETUP_LINK).as_deref(),
            Some("http://x/setup#abc")
        );
        assert_eq!(after("nothing", LISTENING), None);
    }
}
