//! `cargo xtask web`: the web app, as the server will serve it.
//!
//! Owns the order: packages, core, Vite, compression, budgets. Refuses to know what the app does. Invariant:
//! `client-web/dist` holds one complete build, compressed, and nothing else.

mod browser;
mod budgets;
mod compress;
mod node;
mod toolchain;
mod wasm;

pub(crate) use browser::{bench, browser_tests, sample_tests, screens};
pub(crate) use toolchain::as_rustc;

use crate::args::Args;
use crate::fingerprint::{Fingerprint, all_files};
use crate::progress::doing;
use crate::workspace::{Workspace, run};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "client-web";
const DIST: &str = "client-web/dist";
/// What the app is not made of, below `client-web`.
const NOT_INPUTS: [&str; 5] = ["node_modules", "dist", "wasm", "tests", "budgets.json"];

/// Whether going over a budget is a failure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budgets {
    /// When the project is checked.
    Kept,
    /// When somebody only wants to run it.
    Shown,
}

/// `cargo xtask web`
pub(crate) fn main(args: Args) -> Result<()> {
    args.finish()?;
    build(&Workspace::open()?, Budgets::Kept)
}

/// `cargo xtask wasm`
pub(crate) fn main_wasm(args: Args) -> Result<()> {
    args.finish()?;
    wasm::build(&Workspace::open()?)
}

/// Builds whatever has changed.
pub(crate) fn build(workspace: &Workspace, strictness: Budgets) -> Result<()> {
    prepare(workspace)?;
    let dist = workspace.root().join(DIST);
    let manifest = kept(workspace, "manifest.json");
    let stamp = kept(workspace, "built-from.txt");
    let inputs = inputs(workspace)?;
    if fs::read_to_string(&stamp).is_ok_and(|stamp| is_current(&stamp, &inputs, &dist)) {
        eprintln!("==> The web app is up to date");
    } else {
        fs::create_dir_all(stamp.parent().unwrap_or(Path::new(".")))?;
        drop(fs::remove_file(&stamp));
        doing("Building the web app", || bundle(workspace, &dist, &manifest))?;
        doing("Compressing it", || compress::folder(&dist))?;
        fs::write(&stamp, format!("{inputs}\n{}", listing(&dist)?))?;
    }
    let table = budgets::measure(workspace.root(), &dist, &manifest)?;
    eprint!("{table}");
    match strictness {
        Budgets::Kept => table.check(),
        Budgets::Shown => Ok(()),
    }
}

/// `npm run check` and `npm test`, on what they need.
pub(crate) fn unit_tests(workspace: &Workspace) -> Result<()> {
    prepare(workspace)?;
    for script in ["check", "test"] {
        run(node::npm(workspace).args(["run", "--silent", script]))?;
    }
    Ok(())
}

fn prepare(workspace: &Workspace) -> Result<()> {
    node::require()?;
    node::packages(workspace)?;
    wasm::build(workspace)
}

/// What outlives `dist`: it is neither served nor committed.
fn kept(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target().join("web").join(name)
}

fn inputs(workspace: &Workspace) -> Result<String> {
    let wanted = |path: &Path| {
        let inside = path.strip_prefix(FOLDER).unwrap_or(path);
        !NOT_INPUTS.iter().any(|name| inside == Path::new(name))
            && !path.to_string_lossy().ends_with(".test.ts")
    };
    Ok(Fingerprint::default()
        .word(include_str!("compress.rs"))
        .files(workspace.root(), FOLDER, &wanted)?
        .hex())
}

fn is_current(stamp: &str, inputs: &str, dist: &Path) -> bool {
    let expected = listing(dist).map(|listing| format!("{inputs}\n{listing}"));
    expected.is_ok_and(|expected| expected == stamp)
}

/// Names and sizes, so that a build by hand or half a build is noticed.
fn listing(folder: &Path) -> Result<String> {
    let lines: Result<Vec<String>> = all_files(folder)?
        .iter()
        .map(|file| {
            let name = file.strip_prefix(folder).unwrap_or(file);
            Ok(format!("{} {}\n", name.display(), fs::metadata(file)?.len()))
        })
        .collect();
    Ok(lines?.concat())
}

fn bundle(workspace: &Workspace, dist: &Path, manifest: &Path) -> Result<()> {
    run(node::npm(workspace).args(["run", "--silent", "build"]))?;
    // Vite's list of what belongs to what serves the budgets, not browsers.
    let made = dist.join(".vite");
    fs::copy(made.join("manifest.json"), manifest).context("vite.config.ts must ask for a manifest")?;
    Ok(fs::remove_dir_all(made)?)
}
