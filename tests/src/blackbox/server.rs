//! `sotto-server serve` as a process.

use super::{Ended, Process, binary, until};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Data directory.
    pub data: PathBuf,
    /// Where to listen; the port is taken from the first start for all later ones.
    pub listen: String,
    /// Further arguments.
    pub more: Vec<String>,
    /// PostgreSQL instead of SQLite.
    pub database: Option<String>,
    /// What to log.
    pub log: String,
}

impl Options {
    /// The built-in database, unencrypted on a free port of this machine, telling everything.
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            listen: "127.0.0.1:0".into(),
            more: Vec::new(),
            database: None,
            log: "info,sotto_server=debug".into(),
        }
    }

    /// With further arguments.
    #[must_use]
    pub fn with(mut self, more: &[&str]) -> Self {
        self.more.extend(more.iter().map(|&word| word.to_owned()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary("sotto-server"));
        command.arg("serve").arg("--data").arg(&self.data).args([
            "--listen",
            &self.listen,
            "--log",
            &self.log,
        ]);
        command.args(&self.more);
        command.env_remove("SOTTO_DATABASE_URL").env_remove("RUST_LOG").env("RUST_BACKTRACE", "1");
        if let Some(database) = &self.database {
            command.env("SOTTO_DATABASE_URL", database);
        }
        command
    }
}

/// A server that runs, or has stopped and may be started again.
pub struct Server {
    /// Options of the next start.
    pub options: Options,
    process: Option<Process>,
    origin: String,
    setup_link: Option<String>,
    /// What earlier lives logged.
    logged: String,
}

impl Server {
    /// Starts a server that has to start.
    pub fn start(options: Options) -> Self {
        match Self::try_start(options) {
            Ok(server) => server,
            Err(ended) => panic!("the server did not start: {ended:?}"),
        }
    }

    /// Starts a server; when it ends instead, tells how.
    pub fn try_start(options: Options) -> Result<Self, Ended> {
        let process = Process::start(options.command());
        let listening = |out: &str, _: &str| after(out, "Listening on ");
        let Some(origin) = process.wait_or_end(super::PATIENCE, listening) else {
            return Err(process.end());
        };
        let setup_link = after(&process.said().0, "Set-up link: ");
        let mut options = options;
        options.listen = socket_address(&origin, &options.listen);
        Ok(Self { options, process: Some(process), origin, setup_link, logged: String::new() })
    }

    /// `http://127.0.0.1:PORT`, as it said.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.options.listen
    }

    /// What it printed at its first start.
    pub fn setup_link(&self) -> String {
        self.setup_link.clone().expect("a first start prints a set-up link")
    }

    /// Whether it printed one.
    pub fn has_setup_link(&self) -> bool {
        self.setup_link.is_some()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            self.logged += &process.kill().err;
        }
    }

    /// SIGTERM, and its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let process = self.process.take().expect("it runs");
        process.signal("TERM");
        let ended = process.end();
        self.logged += &ended.err;
        ended.code
    }

    /// Starts it again at the same address.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let options = self.options.clone();
        let mut last = None;
        // Somebody may have taken the port for a moment.
        let mut again = until("the server to start again", || match Self::try_start(options.clone()) {
            Ok(server) => Some(Ok(server)),
            Err(ended) if ended.err.contains("in use") => {
                last = Some(ended);
                None
            }
            Err(ended) => Some(Err(ended)),
        })
        .unwrap_or_else(|ended| panic!("the server did not start again: {ended:?}, before: {last:?}"));
        self.setup_link = again.setup_link.take();
        self.process = again.process.take();
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    /// Process id while it runs.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Everything it has logged, in all its lives.
    pub fn log(&self) -> String {
        let now = self.process.as_ref().map(|process| process.said().1).unwrap_or_default();
        format!("{}{now}", self.logged)
    }

    /// Asserts that it is alive and has never panicked.
    pub fn is_well(&mut self) {
        assert!(self.is_running(), "the server has ended: {}", self.log());
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// The word that follows a marker.
fn after(text: &str, marker: &str) -> Option<String> {
    let (_, rest) = text.split_once(marker)?;
    // Only a whole line counts.
    let (line, _) = rest.split_once('\n')?;
    line.split_whitespace().next().map(str::to_owned)
}

/// The address it listens on, with the port that it has chosen.
fn socket_address(origin: &str, listen: &str) -> String {
    let port = origin.rsplit(':').next().unwrap_or_default();
    let host = listen.rsplit_once(':').map_or("127.0.0.1", |(host, _)| host);
    format!("{host}:{port}")
}
