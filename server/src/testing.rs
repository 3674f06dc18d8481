//! Test support: a PostgreSQL of one's own.
//!
//! Owns a server process in a temporary directory on a free loopback port, with `fsync` on, and stops it by its
//! own process id when dropped. Never touches a server that was running before.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

const SUPERUSER: &str = "postgres";

/// A running PostgreSQL server.
#[derive(Debug)]
pub struct Postgres {
    // Stopped by `drop` before the directory goes.
    process: Child,
    owner: Option<(u32, u32)>,
    bin: PathBuf,
    data: PathBuf,
    port: u16,
    databases: AtomicU32,
    _directory: TempDir,
}

impl Postgres {
    /// Starts a server and returns when it accepts connections. Blocks for a second or two.
    pub fn start() -> Result<Self> {
        let bin = binaries()?;
        let directory = tempfile::Builder::new().prefix("sotto-pg-").tempdir()?;
        let owner = owner(directory.path())?;
        if let Some((uid, gid)) = owner {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        let data = directory.path().join("data");
        let init = command(&bin, "initdb", owner, directory.path())
            .args([
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
                "-U",
                SUPERUSER,
                "-D",
            ])
            .arg(&data)
            .output()
            .context("initdb")?;
        if !init.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&init.stderr));
        }
        // Another process may take the port between our look and the server's start: look again.
        for _ in 0..5 {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            if let Some(process) = spawn(&bin, owner, directory.path(), &data, port)? {
                let databases = AtomicU32::new(0);
                return Ok(Self { process, owner, bin, data, port, databases, _directory: directory });
            }
        }
        bail!("postgres did not start on five free ports")
    }

    /// Makes an empty database and returns its address.
    pub fn fresh_database(&self) -> Result<String> {
        let name = format!("sotto_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = command(&self.bin, "createdb", self.owner, &self.data)
            .args(["-h", "127.0.0.1", "-U", SUPERUSER, "-p"])
            .arg(self.port.to_string())
            .arg(&name)
            .output()
            .context("createdb")?;
        if !made.status.success() {
            bail!("createdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(format!("postgres://{SUPERUSER}@127.0.0.1:{}/{name}", self.port))
    }

    /// Kills the server as a power cut would and starts it again on the same port and data.
    pub fn crash_and_restart(&mut self) -> Result<()> {
        self.stop();
        let directory = self.data.parent().context("data directory")?.to_owned();
        self.process =
            spawn(&self.bin, self.owner, &directory, &self.data, self.port)?.context("postgres restart")?;
        Ok(())
    }

    /// Immediate shutdown: no checkpoint, so the next start recovers from the log.
    fn stop(&mut self) {
        let stopped = command(&self.bin, "pg_ctl", self.owner, &self.data)
            .args(["stop", "--mode=immediate", "--silent", "-D"])
            .arg(&self.data)
            .output();
        if !stopped.is_ok_and(|o| o.status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the server and waits for its word that it is ready; none if it ended before.
fn spawn(bin: &Path, owner: Option<(u32, u32)>, dir: &Path, data: &Path, port: u16) -> Result<Option<Child>> {
    let mut process = command(bin, "postgres", owner, dir)
        .arg("-D")
        .arg(data)
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "logging_collector=off"])
        .args(["-c", "log_destination=stderr", "-c", "max_connections=100", "-c", "shared_buffers=32MB"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", dir.display()))
        .arg("-c")
        .arg(format!("port={port}"))
        .stderr(Stdio::piped())
        .spawn()
        .context("postgres")?;
    let mut log = BufReader::new(process.stderr.take().context("postgres log")?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line)? == 0 {
            process.wait()?;
            return Ok(None);
        }
        if String::from_utf8_lossy(&line).contains("database system is ready to accept connections") {
            // Read on, or the server blocks when the pipe is full.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Ok(Some(process));
        }
    }
}

fn command(bin: &Path, program: &str, owner: Option<(u32, u32)>, directory: &Path) -> Command {
    let mut command = Command::new(bin.join(program));
    command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGPORT").current_dir(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    if let Some((uid, gid)) = owner {
        command.gid(gid).uid(uid);
    }
    command
}

/// The newest installed server.
fn binaries() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in
        std::fs::read_dir("/usr/lib/postgresql").context("PostgreSQL's server binaries are not installed")?
    {
        let entry = entry?;
        if let Some(version) = entry.file_name().to_str().and_then(|n| n.parse().ok()) {
            found.push((version, entry.path().join("bin")));
        }
    }
    found.retain(|(_, bin)| bin.join("initdb").exists());
    found.sort();
    Ok(found.pop().context("PostgreSQL's server binaries are not installed")?.1)
}

/// PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`.
fn owner(ours: &Path) -> Result<Option<(u32, u32)>> {
    if std::fs::metadata(ours)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    for wanted in ["postgres", "nobody"] {
        for line in users.lines() {
            let fields: Vec<_> = line.split(':').collect();
            if let [name, _, uid, gid, ..] = fields.as_slice()
                && *name == wanted
            {
                return Ok(Some((uid.parse()?, gid.parse()?)));
            }
        }
    }
    bail!("neither user postgres nor nobody exists")
}
