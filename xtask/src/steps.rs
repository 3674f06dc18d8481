//! The checks, in the order they run.
//!
//! Owns the table [`STEPS`]; a new check is one more row. Refuses to know how steps are chosen, timed and reported
//! (that is `test`). Invariant: a step can run alone; what it needs, it finds or installs itself.
//!
//! The web app comes first because the server embeds it: built later, it would make everything above the server compile
//! twice. All tests are built with `--workspace`, so that one set of features serves them and nothing is built twice. They
//! get `SOTTO_BIN_DIR` (the product's binaries), `SOTTO_POSTGRES_BIN`, and `SOTTO_QUICK=1` under `--quick`.

use crate::tools;
use crate::web::{self, Budgets};
use crate::workspace::{Profile, Workspace, run};
use anyhow::Result;
use std::process::Command;

/// What a step may know.
pub(crate) struct Context {
    pub(crate) workspace: Workspace,
    pub(crate) quick: bool,
}

/// One check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Whether `--quick` runs it.
    pub(crate) quick: bool,
    pub(crate) run: fn(&Context) -> Result<()>,
}

/// The browser's core is a workspace of its own.
const WASM: &str = "client-web/wasm/Cargo.toml";
const SEEDS: &str = "1000";
const SEEDS_QUICK: &str = "40";

/// Every check.
#[rustfmt::skip]
pub(crate) const STEPS: &[Step] = &[
    Step { name: "tools", about: "find or install what the other steps need", quick: false, run: tools },
    Step { name: "format", about: "cargo fmt --check", quick: true, run: format },
    Step { name: "web", about: "the web app: types, style, unit tests, budgets", quick: true, run: web },
    Step { name: "lint", about: "cargo clippy, warnings are errors", quick: true, run: lint },
    Step { name: "deny", about: "licences, banned crates and sources of dependencies", quick: false, run: deny },
    Step { name: "unit", about: "tests beside the code", quick: true, run: unit },
    Step { name: "corpora", about: "what fuzzing started from and has found", quick: true, run: corpora },
    Step { name: "blackbox", about: "the real binaries, from outside", quick: true, run: blackbox },
    Step { name: "sample", about: "the sample practice of `cargo xtask run --demo`, and its links in Chromium", quick: false, run: sample },
    Step { name: "simulation", about: "seeded runs of client and server under faults", quick: true, run: simulation },
    Step { name: "browser", about: "the web app in Chromium, on the real server", quick: false, run: browser },
    Step { name: "independent", about: "a reader in Python opens a recorded log", quick: false, run: independent },
];

fn tools(context: &Context) -> Result<()> {
    tools::install_all(&context.workspace)
}

fn format(context: &Context) -> Result<()> {
    run(context.workspace.plain_cargo("fmt").args(["--all", "--check"]))?;
    run(context.workspace.plain_cargo("fmt").args(["--manifest-path", WASM, "--check"]))
}

fn lint(context: &Context) -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    run(context.workspace.cargo("clippy").args(["--workspace", "--all-targets"]).args(deny))?;
    if context.quick {
        return Ok(());
    }
    // And as it is shipped, without the tests' features.
    let shipped = ["--package", "sotto-server", "--package", "sotto-cli", "--lib", "--bins"];
    run(context.workspace.cargo("clippy").args(shipped).args(deny))
}

fn deny(context: &Context) -> Result<()> {
    let cargo_deny = tools::cargo_deny(&context.workspace)?;
    for manifest in ["Cargo.toml", WASM] {
        let mut command = context.workspace.command(&cargo_deny);
        command.args(["--manifest-path", manifest, "--config", "deny.toml", "--workspace", "check"]);
        run(command.args(["--hide-inclusion-graph", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

fn unit(context: &Context) -> Result<()> {
    let mut command = tests(context);
    run(command.args(["--exclude", "sotto-tests"]))
}

fn corpora(context: &Context) -> Result<()> {
    run(tests(context).args(["--test", "corpora"]))
}

fn blackbox(context: &Context) -> Result<()> {
    let binaries = context.workspace.build_binaries(Profile::Debug)?;
    run(tests(context).args(["--test", "blackbox"]).env("SOTTO_BIN_DIR", binaries))
}

fn sample(context: &Context) -> Result<()> {
    web::sample_tests(&context.workspace)
}

fn simulation(context: &Context) -> Result<()> {
    let seeds = if context.quick { SEEDS_QUICK } else { SEEDS };
    run(tests(context).args(["--test", "simulation"]).env("SOTTO_SEEDS", seeds))
}

fn web(context: &Context) -> Result<()> {
    web::unit_tests(&context.workspace)?;
    web::build(&context.workspace, Budgets::Kept)
}

fn browser(context: &Context) -> Result<()> {
    web::browser_tests(&context.workspace)
}

fn independent(context: &Context) -> Result<()> {
    let python = tools::python(&context.workspace)?;
    let binaries = context.workspace.build_binaries(Profile::Debug)?;
    let mut command = tests(context);
    run(command.args(["--test", "independent"]).env("SOTTO_PYTHON", python).env("SOTTO_BIN_DIR", binaries))
}

fn tests(context: &Context) -> Command {
    let mut command = context.workspace.cargo("test");
    command.arg("--workspace");
    if let Some(folder) = tools::find_postgres() {
        command.env("SOTTO_POSTGRES_BIN", folder);
    }
    if context.quick {
        command.env("SOTTO_QUICK", "1");
    }
    command
}
