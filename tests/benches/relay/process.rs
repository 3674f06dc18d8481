//! The server as a child process, and what the kernel says of it.
//!
//! Owns starting and stopping `sotto-server` and reading `/proc`. Refuses to know what the server does.

use anyhow::{Context as _, Result, bail};
use sotto_protocol::link::SetupLink;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Clock ticks a second in `/proc/*/stat`: 100 on every Linux that is built the usual way.
const TICKS_PER_SECOND: u32 = 100;

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Printed by the first start.
    pub(crate) setup: Option<SetupLink>,
}

impl Server {
    /// Starts the server over a data directory.
    pub(crate) fn start(data: &Path, database: Option<&str>) -> Result<Self> {
        let folder = std::env::var_os("SOTTO_BIN_DIR").context("run this with `cargo xtask bench relay`")?;
        let mut command = Command::new(PathBuf::from(folder).join("sotto-server"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(data);
        if let Some(url) = database {
            command.env("SOTTO_DATABASE_URL", url);
        }
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("sotto-server")?;
        let stdout = child.stdout.take().context("the server's output")?;
        let mut setup = None;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(link) = line.strip_prefix("Set-up link: ") {
                setup = Some(SetupLink::parse(link.trim())?);
            }
            if let Some(url) = line.strip_prefix("Listening on http://") {
                let address = url.trim().parse().context("the server's address")?;
                return Ok(Self { child, address, setup });
            }
        }
        bail!("the server ended before it listened: {}", child.wait()?);
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it in good order.
    pub(crate) fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        if !asked.success() {
            self.child.kill()?;
        }
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone when it was stopped in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that a process has used so far.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is a name in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("/proc/…/stat")?;
    let mut times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let (Some(user), Some(system)) = (times.next(), times.next()) else { bail!("/proc/{pid}/stat") };
    Ok(Duration::from_secs(1) * (user? + system?) / TICKS_PER_SECOND)
}

/// Processor time that the whole machine has used so far, everybody's.
pub(crate) fn cpu_of_all() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let fields = stat.lines().next().context("/proc/stat")?.split_whitespace().skip(1);
    let ticks = fields.map(str::parse::<u32>).collect::<Result<Vec<_>, _>>()?;
    // User, nice, system, then idle and waiting, then interrupts and what other machines took.
    let [user, nice, system, _, _, irq, softirq, steal, ..] = ticks.as_slice() else { bail!("/proc/stat") };
    Ok(Duration::from_secs(1) * (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND)
}

/// Resident memory of a process, KiB.
pub(crate) fn resident_kib(pid: u32) -> Result<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
