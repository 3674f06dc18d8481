//! `cargo xtask wasm`: the client core, compiled for the browser.
//!
//! Owns the way from Rust to what the worker imports: compiled, wrapped in JavaScript, put into
//! `client-web/src/core/pkg`. Refuses to know what the core does. Invariant: that folder holds all of one build and
//! the hash of what it was made from, or it is made anew.
//!
//! There is no `wasm-opt`: after `opt-level = "s"`, fat LTO and without names, `-Oz` took 5 % off the module and made it 1 %
//! larger once compressed, and Debian's cannot read what today's compilers write.

use super::toolchain::{TARGET, Toolchain};
use crate::fingerprint::Fingerprint;
use crate::progress::doing;
use crate::workspace::{Workspace, run};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

const CRATE: &str = "client-web/wasm";
const PACKAGE: &str = "client-web/src/core/pkg";
const NAME: &str = "sotto_wasm";
const STAMP: &str = "built-from.txt";
/// All that decides what comes out, beside the tools' versions.
const SOURCES: [&str; 8] = [
    "Cargo.toml",
    "protocol/Cargo.toml",
    "protocol/src",
    "client-core/Cargo.toml",
    "client-core/src",
    "client-web/wasm/Cargo.toml",
    "client-web/wasm/Cargo.lock",
    "client-web/wasm/src",
];

/// Compiles the core for the browser, unless that has been done.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let toolchain = Toolchain::find(workspace)?;
    let package = workspace.root().join(PACKAGE);
    let fingerprint = fingerprint(workspace, &toolchain)?;
    if fs::read_to_string(package.join(STAMP)).is_ok_and(|stamp| stamp == fingerprint) {
        eprintln!("==> The browser's core is up to date");
        return Ok(());
    }

    if package.exists() {
        fs::remove_dir_all(&package)?;
    }
    fs::create_dir_all(&package)?;
    let compiled = doing("Compiling the client core for the browser (some minutes the first time)", || {
        compile(workspace, &toolchain)
    })?;
    doing("Wrapping it for JavaScript", || wrap(&compiled, &package))?;
    fs::write(package.join(STAMP), fingerprint)?;
    Ok(())
}

fn fingerprint(workspace: &Workspace, toolchain: &Toolchain) -> Result<String> {
    let mut fingerprint = Fingerprint::default()
        .word(toolchain.version())
        .word(include_str!("toolchain.rs"))
        .word(include_str!("wasm.rs"));
    for path in SOURCES {
        fingerprint = fingerprint.files(workspace.root(), path, &|_| true)?;
    }
    Ok(fingerprint.hex())
}

fn compile(workspace: &Workspace, toolchain: &Toolchain) -> Result<PathBuf> {
    let target = workspace.target().join("wasm").join(toolchain.name());
    let mut build = toolchain.cargo_build(workspace)?;
    build.args(["--manifest-path", &format!("{CRATE}/Cargo.toml")]).arg("--target-dir").arg(&target);
    build.env("CARGO_ENCODED_RUSTFLAGS", flags(workspace));
    run(&mut build)
        .context("if its lock is out of date, run `cargo update --workspace` in client-web/wasm")?;
    Ok(target.join(TARGET).join("release").join(format!("{NAME}.wasm")))
}

/// Names of folders on this machine don't belong into what others are given.
fn flags(workspace: &Workspace) -> String {
    let mut flags = vec![format!("--remap-path-prefix={}=sotto", workspace.root().display())];
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    flags.join("\u{1f}")
}

fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
}

fn wrap(compiled: &Path, package: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name(NAME);
    bindgen.web(true)?.typescript(true).remove_name_section(true).remove_producers_section(true);
    bindgen.generate(package).context("wasm-bindgen cannot wrap what was compiled")
}

#[cfg(test)]
mod tests {
    /// The version that a lock file has chosen for a crate.
    fn locked(lock: &str, name: &str) -> Vec<String> {
        let wanted = format!("name = \"{name}\"");
        let packages = lock.split("[[package]]").filter(|package| package.lines().any(|line| line == wanted));
        packages
            .map(|package| package.lines().find(|line| line.starts_with("version")).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_wraps_the_core_has_the_version_of_what_is_inside() {
        let inside = locked(include_str!("../../../client-web/wasm/Cargo.lock"), "wasm-bindgen");
        let outside = locked(include_str!("../../../Cargo.lock"), "wasm-bindgen-cli-support");
        assert_eq!(inside.len(), 1);
        assert_eq!(inside, outside);
    }
}
