//! `cargo xtask bench`: measurements.
//!
//! Owns only how a measurement is started; what it measures stands in `tests/benches/`, and for the web app in
//! `client-web/tests/bench.ts` and `restore.ts`. The binaries it drives are built for release first; the benches get their folder as
//! `SOTTO_BIN_DIR`.

use crate::args::Args;
use crate::web;
use crate::workspace::{Profile, Workspace, run};
use anyhow::{Context as _, Result, ensure};

const BENCHES: [&str; 2] = ["relay", "client"];
/// Measurements in the browser, and the scripts that make them.
const WEB: [(&str, &str); 2] = [("web", "bench"), ("restore", "bench:restore")];

/// Runs one measurement.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let name =
        args.positional().context("which one? `cargo xtask bench relay`, `client`, `web` or `restore`")?;
    let passed_on = args.passed_on();
    args.finish()?;
    let workspace = Workspace::open()?;
    if let Some((_, script)) = WEB.iter().find(|(known, _)| *known == name) {
        return web::bench(&workspace, script, &passed_on);
    }
    ensure!(
        BENCHES.contains(&name.as_str()),
        "there is no measurement {name:?}, only {}, web and restore",
        BENCHES.join(", ")
    );
    let binaries = workspace.build_binaries(Profile::Release)?;
    let mut bench = workspace.cargo("bench");
    bench.args(["--package", "sotto-tests", "--bench", &name, "--"]).args(passed_on);
    run(bench.env("SOTTO_BIN_DIR", binaries))
}
