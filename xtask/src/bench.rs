//! `cargo xtask bench`: measurements.
//!
//! Owns only how a measurement is started; what it measures stands in `tests/benches/`. The binaries it drives
//! are built for release first and their folder is handed over as `SOTTO_BIN_DIR`.

use crate::args::Args;
use crate::workspace::{Profile, Workspace, run};
use anyhow::{Context as _, Result, ensure};

const BENCHES: [&str; 2] = ["relay", "client"];

/// Runs one measurement.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let name = args.positional().context("which one? `cargo xtask bench relay` or `client`")?;
    let passed_on = args.passed_on();
    args.finish()?;
    ensure!(
        BENCHES.contains(&name.as_str()),
        "there is no measurement {name:?}, only {}",
        BENCHES.join(" and ")
    );

    let workspace = Workspace::open()?;
    let binaries = workspace.build_binaries(Profile::Release)?;
    let mut bench = workspace.cargo("bench");
    bench.args(["--package", "sotto-tests", "--bench", &name, "--"]).args(passed_on);
    run(bench.env("SOTTO_BIN_DIR", binaries))
}
