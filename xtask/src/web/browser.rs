//! What runs the web app in a real browser, against the real server.
//!
//! Owns what those scripts are given: `SOTTO_SERVER_BIN` and `SOTTO_BIN` (the product's binaries, with the web app in
//! them) and `SOTTO_CHROMIUM`. Refuses to know what they do; they live in `client-web/tests`.

use super::{Budgets, build, node};
use crate::args::Args;
use crate::sample;
use crate::tools;
use crate::workspace::{Profile, Workspace, run};
use anyhow::Result;
use std::process::Command;

/// Runs `client-web/tests/browser`.
pub(crate) fn browser_tests(workspace: &Workspace) -> Result<()> {
    let mut npm = prepared(workspace, Profile::Debug)?;
    run(npm.args(["run", "--silent", "test:browser"]))
}

/// Makes the sample practice and runs `client-web/tests/sample` on it.
pub(crate) fn sample_tests(workspace: &Workspace) -> Result<()> {
    let mut npm = prepared(workspace, Profile::Debug)?;
    sample::rehearse(workspace, &workspace.build_binaries(Profile::Debug)?, |links| {
        run(npm.args(["run", "--silent", "test:browser"]).env("SOTTO_SAMPLE", links))
    })
}

/// `cargo xtask screens`
pub(crate) fn screens(mut args: Args) -> Result<()> {
    let passed_on = args.passed_on();
    args.finish()?;
    let workspace = Workspace::open()?;
    let mut npm = prepared(&workspace, Profile::Debug)?;
    npm.env("SOTTO_SCREENS", workspace.target().join("screens"));
    run(npm.args(["run", "--silent", "screens", "--"]).args(passed_on))
}

/// `cargo xtask bench web` and `restore`
pub(crate) fn bench(workspace: &Workspace, script: &str, passed_on: &[String]) -> Result<()> {
    let mut npm = prepared(workspace, Profile::Release)?;
    run(npm.args(["run", "--silent", script, "--"]).args(passed_on))
}

fn prepared(workspace: &Workspace, profile: Profile) -> Result<Command> {
    build(workspace, Budgets::Shown)?;
    let binaries = workspace.build_binaries(profile)?;
    let mut npm = node::npm(workspace);
    npm.env("SOTTO_SERVER_BIN", binaries.join("sotto-server"));
    npm.env("SOTTO_BIN", binaries.join("sotto"));
    npm.env("SOTTO_CHROMIUM", tools::chromium(workspace)?);
    Ok(npm)
}
