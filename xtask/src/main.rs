//! `cargo xtask`: builds, runs and checks the project.
//!
//! Owns the command line of the tasks; each task is a module. Refuses to know anything about the protocol: it
//! only starts the project's own binaries and the ordinary tools. Progress goes to stderr, results to stdout.

mod args;
mod bench;
mod demo;
mod exchange;
mod fingerprint;
mod fuzz;
mod progress;
mod run;
mod sample;
mod server;
mod sim;
mod steps;
mod test;
mod tools;
mod web;
mod workspace;

use anyhow::{Result, bail};
use args::Args;
use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask run [--data DIR] [--listen ADDRESS]
    builds and starts everything, and prints where to go
cargo xtask run --demo [--listen ADDRESS]
    the same with a sample practice, and a link for each person in it
cargo xtask run --demo-exchange
    plays a first exchange between two people at the command line, and stops
cargo xtask test [--quick] [--keep-going] [--list] [STEP…]
    runs every check, or the named ones
cargo xtask sim [--seed N | --seeds A..B] [--lane NAME]
    replays simulated runs
cargo xtask web
    builds the web app into client-web/dist and holds it against its budgets
cargo xtask wasm
    only compiles the client core for the browser, into client-web/src/core/pkg
cargo xtask screens [-- ARGUMENTS]
    photographs every screen, into target/screens
cargo xtask bench relay|client|web [-- ARGUMENTS]
    measures
cargo xtask fuzz TARGET [--seconds N]
    fuzzes one target, 60 seconds unless told otherwise
";

fn main() -> ExitCode {
    if let Some(code) = web::as_rustc() {
        return code;
    }
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut args = Args::from_environment();
    match args.positional().as_deref() {
        Some("run") => run::main(args),
        Some("test") => test::main(args),
        Some("sim") => sim::main(args),
        Some("web") => web::main(args),
        Some("wasm") => web::main_wasm(args),
        Some("screens") => web::screens(args),
        Some("bench") => bench::main(args),
        Some("fuzz") => fuzz::main(args),
        Some("help") | None => Ok(std::io::stdout().write_all(USAGE.as_bytes())?),
        Some(other) => bail!("there is no task {other:?}\n\n{USAGE}"),
    }
}
