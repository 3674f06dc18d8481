//! Node and the packages of the web app.
//!
//! Owns what is asked of the machine: a Node that is new enough, and `client-web/node_modules` as the lock file says.
//! Refuses to install Node itself: people have their own ways to it.

use crate::fingerprint::Fingerprint;
use crate::progress::doing;
use crate::workspace::{Workspace, run};
use anyhow::{Result, bail};
use std::fs;
use std::process::Command;

const VERSION_MIN: (u32, u32) = (20, 19);
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
const STAMP: &str = "client-web/node_modules/.installed-from";

/// Fails with a sentence if Node is missing or too old.
pub(crate) fn require() -> Result<()> {
    let (major, minor) = VERSION_MIN;
    let found = Command::new("node").arg("--version").output();
    let found =
        found.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    match version(&found) {
        Some(version) if version >= VERSION_MIN => Ok(()),
        Some(_) => bail!("the web app needs Node {major}.{minor} or newer to build, and this is {found}"),
        None => {
            bail!("the web app needs Node {major}.{minor} or newer, with npm, to build: install it first")
        }
    }
}

/// `v20.19.1` as numbers.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// `npm`, in the folder of the web app.
pub(crate) fn npm(workspace: &Workspace) -> Command {
    let mut command = workspace.command("npm");
    command.current_dir(workspace.root().join("client-web"));
    command
}

/// `npm ci`, if the lock has changed since.
pub(crate) fn packages(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root().join("client-web");
    let fingerprint = FILES
        .iter()
        .try_fold(Fingerprint::default(), |fingerprint, file| fingerprint.files(&folder, file, &|_| true))?
        .hex();
    let stamp = workspace.root().join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == fingerprint) {
        return Ok(());
    }
    doing("Installing the web app's packages", || {
        run(npm(workspace).args(["ci", "--no-audit", "--no-fund"]))
    })?;
    Ok(fs::write(stamp, fingerprint)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("v20.19.0") >= Some(VERSION_MIN));
        assert!(version("v22.1.0") >= Some(VERSION_MIN));
        assert!(version("v20.9.0") < Some(VERSION_MIN));
        assert_eq!(version(""), None);
    }
}
