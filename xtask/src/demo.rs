//! `cargo xtask run --demo-exchange`: an exchange from start to end.
//!
//! Owns the demonstration: the real binaries, a temporary folder, a free port. Fails when a command fails or when
//! somebody does not read what the other wrote; leaves nothing behind.

use crate::exchange::{self, Expect, INVITATION, Line, Person};
use crate::server::Server;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ANY_FREE_PORT: &str = "127.0.0.1:0";

/// Runs the exchange with the binaries in a folder.
pub(crate) fn run(workspace: &Workspace, binaries: &Path) -> Result<()> {
    fs::create_dir_all(workspace.target())?;
    let folder = tempfile::Builder::new().prefix("demo-").tempdir_in(workspace.target())?;
    play_in(folder.path(), binaries)
}

fn play_in(folder: &Path, binaries: &Path) -> Result<()> {
    let mut server = Server::start(&binaries.join("sotto-server"), &folder.join("data"), ANY_FREE_PORT)?;
    let setup_link = server.wait_setup_link()?;
    server.wait_ready()?;

    let mut stage = Stage { sotto: binaries.join("sotto"), folder: shown(folder)?, invitation: None };
    stage.write_passphrases()?;
    for line in exchange::lines(&stage.folder, &setup_link) {
        if server.interrupted() {
            bail!("interrupted");
        }
        stage.play(line)?;
    }
    server.stop()?;
    eprintln!("Both have read what the other wrote; the server has stored only what it cannot read.");
    Ok(())
}

struct Stage {
    sotto: PathBuf,
    folder: String,
    invitation: Option<String>,
}

impl Stage {
    fn write_passphrases(&self) -> Result<()> {
        for person in Person::BOTH {
            let path = exchange::password_file(&self.folder, person);
            fs::write(&path, format!("{}\n", person.passphrase()))?;
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        }
        Ok(())
    }

    fn play(&mut self, mut line: Line) -> Result<()> {
        say(&format!("$ {}\n", line.shell("sotto", &self.folder)))?;
        self.put_invitation(&mut line)?;
        let output = Command::new(&self.sotto)
            .args(line.arguments(&self.folder))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {}", self.sotto.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        say(&text)?;
        let command = line.words.first().map_or("", String::as_str);
        ensure!(output.status.success(), "`sotto {command}` failed ({})", output.status);
        match line.expect {
            Expect::Success => Ok(()),
            Expect::Invitation => {
                self.invitation = Some(link_in(&text)?);
                Ok(())
            }
            Expect::Text(wanted) if text.contains(wanted) => Ok(()),
            Expect::Text(wanted) => bail!("`sotto {command}` did not show {wanted:?}"),
        }
    }

    fn put_invitation(&self, line: &mut Line) -> Result<()> {
        for word in line.words.iter_mut().filter(|word| *word == INVITATION) {
            word.clone_from(self.invitation.as_ref().context("nobody has been invited yet")?);
        }
        Ok(())
    }
}

fn link_in(output: &str) -> Result<String> {
    let link = output.lines().map(str::trim).find(|line| line.starts_with("http"));
    Ok(link.context("`sotto invite` printed no link")?.to_owned())
}

fn shown(path: &Path) -> Result<String> {
    Ok(path.to_str().context("the path of the tree is not UTF-8")?.to_owned())
}

fn say(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const SERVER: &str = "#!/bin/sh
echo 'Set-up link: http://127.0.0.1:1/setup#secret'
echo 'Listening on http://127.0.0.1:1'
echo $$ > \"$3.id\"
exec sleep 600
";

    const SOTTO: &str = "#!/bin/sh
case \"$3\" in
    invite) echo http://127.0.0.1:1/join#secret ;;
    join) test \"$4\" = http://127.0.0.1:1/join#secret ;;
    send) echo \"$4\" >> \"$2/../said\" ;;
    read) cat \"$2/../said\" ;;
esac
";

    #[test]
    fn the_exchange_plays_through_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("sotto-server", SERVER), ("sotto", SOTTO)] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let stage = folder.path().join("stage");
        fs::create_dir(&stage).unwrap();
        for person in Person::BOTH {
            fs::create_dir(stage.join(person.folder())).unwrap();
        }
        play_in(&stage, folder.path()).unwrap();

        let id = fs::read_to_string(stage.join("data.id")).unwrap();
        assert!(!Path::new("/proc").join(id.trim()).exists(), "the server still runs");
    }
}
