//! `cargo xtask fuzz`: libFuzzer on one target of `fuzz/`.
//!
//! Owns the compiler flags that give libFuzzer its coverage. They are stable ones, so neither cargo-fuzz nor a
//! nightly compiler is needed; what is missing against `cargo fuzz` is `AddressSanitizer`, which a tree that
//! forbids unsafe code can spare. New inputs and crashes go to `target/`; the inputs in `fuzz/corpus/TARGET` are
//! only read, and replay as unit tests.

use crate::args::Args;
use crate::workspace::{Workspace, run};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECONDS_BY_DEFAULT: u32 = 60;
const INPUT_BYTES_MAX: u32 = 1 << 17;

const COVERAGE_FLAGS: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
    "--cfg=fuzzing",
];

/// Builds and runs one target.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let target = args.positional();
    let seconds = args.number("--seconds")?.unwrap_or(SECONDS_BY_DEFAULT);
    args.finish()?;

    let workspace = Workspace::open()?;
    let targets = targets(&workspace.root().join("fuzz/fuzz_targets"))?;
    let target = target.with_context(|| format!("which target? There are: {}", targets.join(", ")))?;
    if !targets.contains(&target) {
        bail!("there is no fuzz target {target:?}; there are: {}", targets.join(", "));
    }
    let binary = build(&workspace, &target)?;
    fuzz(&workspace, &binary, &target, seconds)
}

/// The targets' names: one file each.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let files =
        fs::read_dir(folder).with_context(|| format!("there are no fuzz targets in {}", folder.display()))?;
    let mut names = Vec::new();
    for file in files {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// The triple is named so that the flags reach the target's crates only, not build scripts and macros.
fn build(workspace: &Workspace, target: &str) -> Result<PathBuf> {
    let triple = host_triple()?;
    let folder = workspace.target().join("fuzz");
    let mut build = workspace.plain_cargo("build");
    build.args(["--release", "--manifest-path", "fuzz/Cargo.toml", "--bin", target, "--target", &triple]);
    build.arg("--target-dir").arg(&folder);
    build.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE_FLAGS.join("\u{1f}"));
    run(&mut build).context("if this is a linker error about C++, install a C++ compiler (Debian: g++)")?;
    Ok(folder.join(triple).join("release").join(target))
}

/// libFuzzer adds to the first folder and only reads the second.
fn fuzz(workspace: &Workspace, binary: &Path, target: &str, seconds: u32) -> Result<()> {
    let found = workspace.target().join("fuzz/corpus").join(target);
    let crashes = workspace.target().join("fuzz/crashes").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&crashes)?;
    let mut command = workspace.command(binary);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    command.arg(format!("-artifact_prefix={}/", crashes.display()));
    command.arg(&found);
    let seeds = workspace.root().join("fuzz/corpus").join(target);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    run(&mut command).with_context(|| {
        format!(
            "a crashing input is kept in {}; copied to fuzz/corpus/{target}/ it is replayed by the tests",
            crashes.display()
        )
    })
}

fn host_triple() -> Result<String> {
    let output =
        Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host =
        text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not name its host")?;
    Ok(host.to_owned())
}
