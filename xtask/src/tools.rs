//! What the checks need beside the Rust toolchain.
//!
//! Owns finding those tools and installing them where that is allowed: Debian packages as root, everything else
//! inside `target/`. Refuses to install anything anywhere else. Invariant: where it may not install, the error is
//! one sentence that says what to install.

use crate::workspace::{Workspace, run, succeeds};
use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_DENY_VERSION: &str = "0.20.2";
const REQUIREMENTS: &str = "tests/independent/requirements.txt";
const CHROMIUM_NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const CHROMIUM_FOLDERS: [&str; 2] = ["/usr/bin", "/usr/local/bin"];
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Finds or installs everything.
pub(crate) fn install_all(workspace: &Workspace) -> Result<()> {
    components(workspace)?;
    postgres(workspace)?;
    python(workspace)?;
    cargo_deny(workspace)?;
    chromium(workspace)?;
    Ok(())
}

/// rustfmt and clippy, which only rustup installs.
fn components(workspace: &Workspace) -> Result<()> {
    for component in ["fmt", "clippy"] {
        if !succeeds(workspace.plain_cargo(component).arg("--version")) {
            bail!("`cargo {component}` is missing: run `rustup component add rustfmt clippy`");
        }
    }
    Ok(())
}

/// The folder of PostgreSQL's server binaries.
pub(crate) fn postgres(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(folder) = find_postgres() {
        return Ok(folder);
    }
    apt_install(workspace, "postgresql")?;
    find_postgres().context(
        "Debian's package postgresql is installed, but its server binaries are not where they belong",
    )
}

/// `SOTTO_POSTGRES_BIN`, or the newest version that Debian's packages have put in place.
pub(crate) fn find_postgres() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("SOTTO_POSTGRES_BIN") {
        return Some(folder.into());
    }
    let versions = fs::read_dir(POSTGRES_VERSIONS).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let has_server =
        |version: &PathBuf| version.join("bin/postgres").exists() && version.join("bin/initdb").exists();
    versions
        .filter(has_server)
        .max_by_key(|version| version_number(version))
        .map(|version| version.join("bin"))
}

fn version_number(folder: &Path) -> u32 {
    folder.file_name().and_then(OsStr::to_str).and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// A Python with the packages of the independent reader, in `target/py`; gives the interpreter.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target().join("py");
    let interpreter = folder.join("bin/python");
    let wanted =
        fs::read_to_string(workspace.root().join(REQUIREMENTS)).with_context(|| REQUIREMENTS.to_owned())?;
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(interpreter);
    }
    make_venv(workspace, &folder)?;
    let mut pip = workspace.command(&interpreter);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]);
    run(&mut pip)
        .context("the packages of the independent reader are needed from the Python package index")?;
    fs::write(stamp, wanted)?;
    Ok(interpreter)
}

fn make_venv(workspace: &Workspace, folder: &Path) -> Result<()> {
    let make = || workspace.command("python3").args(["-m", "venv", "--clear"]).arg(folder).status();
    if make().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    apt_install(workspace, "python3-venv")?;
    if !make()?.success() {
        bail!("python3 cannot make a virtual environment");
    }
    Ok(())
}

/// `cargo-deny`: the one on the path, or one of our own in `target/tools`, which takes some minutes to build.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    let root = workspace.target().join("tools");
    let ours = root.join("bin/cargo-deny");
    for candidate in [ours.clone(), PathBuf::from("cargo-deny")] {
        if succeeds(Command::new(&candidate).arg("--version")) {
            return Ok(candidate);
        }
    }
    eprintln!("   installing cargo-deny into target/tools; this takes some minutes, once");
    let mut install = workspace.plain_cargo("install");
    // Unoptimised it is built in half the time, and still checks within two seconds.
    install.args(["--quiet", "--debug", "--locked", "--version", CARGO_DENY_VERSION]);
    install.arg("--root").arg(&root).arg("cargo-deny");
    install.arg("--target-dir").arg(root.join("build"));
    run(&mut install)?;
    // What it was built from is ten times its size.
    fs::remove_dir_all(root.join("build"))?;
    Ok(ours)
}

/// A Chromium for the browser tests: `SOTTO_CHROMIUM`, or one that is installed, or Debian's.
pub(crate) fn chromium(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("SOTTO_CHROMIUM") {
        return Ok(program.into());
    }
    if let Some(program) = find_chromium() {
        return Ok(program);
    }
    apt_install(workspace, "chromium")?;
    find_chromium().context("Debian's package chromium is installed, but does not start")
}

fn find_chromium() -> Option<PathBuf> {
    let named =
        CHROMIUM_NAMES.iter().flat_map(|name| CHROMIUM_FOLDERS.map(|folder| Path::new(folder).join(name)));
    named.into_iter().find(|program| succeeds(Command::new(program).arg("--version")))
}

/// Installs a Debian package, after refreshing the package lists if need be.
pub(crate) fn apt_install(workspace: &Workspace, package: &str) -> Result<()> {
    let sentence =
        || format!("install Debian's package {package} (or your system's equal) and run this again");
    if !may_install() {
        bail!("{}", sentence());
    }
    let install = || {
        let mut apt = workspace.command("apt-get");
        apt.args(["install", "--yes", "--quiet", "--no-install-recommends", package]);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut apt)
    };
    if install().is_ok() {
        return Ok(());
    }
    run(workspace.command("apt-get").args(["update", "--quiet"]))?;
    install().with_context(sentence)
}

fn may_install() -> bool {
    succeeds(Command::new("apt-get").arg("--version")) && is_root()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
