//! Where things are, and how commands are started.
//!
//! Owns the paths of the tree and the one way a foreign command is run: shown first, in the root of the tree, its
//! failure turned into an error that names it. Invariant: cargo runs with `--locked` once `Cargo.lock` is
//! committed, so that what is checked is what is committed.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The tree this task was built from.
pub(crate) struct Workspace {
    root: PathBuf,
    locked: bool,
}

impl Workspace {
    /// Finds the tree.
    pub(crate) fn open() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in the root of the workspace")?
            .to_owned();
        let locked =
            succeeds(Command::new("git").current_dir(&root).args(["cat-file", "-e", "HEAD:Cargo.lock"]));
        Ok(Self { root, locked })
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Everything that is built or installed for this tree.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => self.root.join(dir),
            None => self.root.join("target"),
        }
    }

    /// A command that runs in the root.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// `cargo SUBCOMMAND`, locked.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.plain_cargo(subcommand);
        if self.locked {
            command.arg("--locked");
        }
        command
    }

    /// `cargo SUBCOMMAND`, for subcommands that take no `--locked`.
    pub(crate) fn plain_cargo(&self, subcommand: &str) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.arg(subcommand);
        command
    }

    /// Builds the two binaries of the product; gives the folder they are in. Not with `--workspace`: that would give
    /// them the features that the tests ask for, such as deliberate defects.
    pub(crate) fn build_binaries(&self, profile: Profile) -> Result<PathBuf> {
        let mut build = self.cargo("build");
        build.args(["--package", "sotto-server", "--package", "sotto-cli", "--bins"]);
        if profile == Profile::Release {
            build.arg("--release");
        }
        run(&mut build)?;
        Ok(self.target().join(profile.folder()))
    }
}

/// How the binaries are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For tests.
    Debug,
    /// For use and for measuring.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// Shows and runs a command, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    eprintln!("   $ {line}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Whether a command can be started and succeeds. Its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A command as one would type it, without its environment.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let words = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}
