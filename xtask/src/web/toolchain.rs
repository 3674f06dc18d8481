//! The compiler that makes the browser's core.
//!
//! Owns the choice between the two that machines have: the Rust that runs this task, if it has or can get the target
//! `wasm32-unknown-unknown`, otherwise Debian's `rustc-web`, which brings the standard library as source. Invariant:
//! what is missing is installed where that is allowed, and otherwise named in one sentence.
//!
//! Debian's compiler is 1.85, the code wants 1.95. What lies between are two language features, which that compiler
//! has but does not offer yet: this program stands before it as `RUSTC_WRAPPER` and turns them on for the crates that
//! use them. `SOTTO_WASM_TOOLCHAIN=rustup` or `debian` decides by hand.

use crate::tools::apt_install;
use crate::workspace::{Workspace, succeeds};
use anyhow::{Context as _, Result, bail};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What the core is compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const CHOICE: &str = "SOTTO_WASM_TOOLCHAIN";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];
const DEBIAN_MINOR_MIN: u32 = 85;

/// Set to the features to turn on when this program is started in the place of rustc.
const AS_RUSTC: &str = "SOTTO_XTASK_AS_RUSTC";
const FEATURES: &str = "let_chains,slice_as_chunks";
const CRATES_WITH_FEATURES: [&str; 2] = ["sotto_", "minicbor_derive"];

/// One of the two.
pub(crate) enum Toolchain {
    /// The Rust that runs this task.
    Own {
        /// `rustc --version`
        version: String,
    },
    /// Debian's, with the standard library built along.
    Debian {
        /// `rustc --version`
        version: String,
        /// An `rust-lld` or `wasm-ld`.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds or installs one.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self> {
        let choice = std::env::var(CHOICE).unwrap_or_default();
        match choice.as_str() {
            "rustup" => own(workspace).with_context(|| format!("this Rust has no target {TARGET}")),
            "debian" => debian(workspace),
            "" => own(workspace).map_or_else(|| debian(workspace), Ok),
            _ => bail!("{CHOICE} is {choice:?}; it may be `rustup` or `debian`"),
        }
    }

    /// How it calls itself.
    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Own { version } | Self::Debian { version, .. } => version,
        }
    }

    /// A folder name that keeps the two apart.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Own { .. } => "rustup",
            Self::Debian { .. } => "debian",
        }
    }

    /// `cargo build` for the target, without saying of what.
    pub(crate) fn cargo_build(&self, workspace: &Workspace) -> Result<Command> {
        let mut command = match self {
            Self::Own { .. } => workspace.plain_cargo("build"),
            Self::Debian { linker, .. } => {
                let mut command = workspace.command(DEBIAN_CARGO);
                // What rustup's cargo has put there speaks of rustup's compiler.
                for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC"] {
                    command.env_remove(name);
                }
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                command.env("RUSTC_WRAPPER", std::env::current_exe()?).env(AS_RUSTC, FEATURES);
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command.args(["build", "-Zbuild-std=std,panic_abort", "--ignore-rust-version"]);
                command
            }
        };
        command.args(["--locked", "--release", "--target", TARGET]);
        Ok(command)
    }
}

fn own(workspace: &Workspace) -> Option<Toolchain> {
    let sysroot = answer(workspace.command("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib");
    if !library.exists() {
        eprintln!("    asking rustup for the target {TARGET}");
        if !succeeds(workspace.command("rustup").args(["target", "add", TARGET])) || !library.exists() {
            return None;
        }
    }
    let version = answer(workspace.command("rustc").arg("--version"))?;
    Some(Toolchain::Own { version })
}

fn debian(workspace: &Workspace) -> Result<Toolchain> {
    if debian_version().is_none() {
        eprintln!("    this Rust cannot get the target {TARGET}; Debian's packages can build it");
        for package in DEBIAN_PACKAGES {
            apt_install(workspace, package).with_context(|| {
                format!(
                    "the browser's core needs a compiler for {TARGET}: run `rustup target add {TARGET}`, or on \
                     Debian install {}",
                    DEBIAN_PACKAGES.join(", ")
                )
            })?;
        }
    }
    let version = debian_version()
        .with_context(|| format!("{DEBIAN_RUSTC} is not Debian's rustc-web 1.{DEBIAN_MINOR_MIN} or newer"))?;
    let linker =
        linker(workspace).context("neither rust-lld nor wasm-ld is there: install Debian's package lld")?;
    Ok(Toolchain::Debian { version, linker })
}

/// The version of Debian's compiler, if it is there with its sources and new enough.
fn debian_version() -> Option<String> {
    let sysroot = answer(Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]))?;
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    if !sources.exists() || !Path::new(DEBIAN_CARGO).exists() {
        return None;
    }
    let version = answer(Command::new(DEBIAN_RUSTC).arg("--version"))?;
    (minor(&version)? >= DEBIAN_MINOR_MIN).then_some(version)
}

/// 85 of `rustc 1.85.0 (…)`.
fn minor(version: &str) -> Option<u32> {
    version.split_whitespace().nth(1)?.strip_prefix("1.")?.split('.').next()?.parse().ok()
}

fn linker(workspace: &Workspace) -> Option<PathBuf> {
    let in_sysroot = || {
        let sysroot = answer(workspace.command("rustc").args(["--print", "sysroot"]))?;
        let hosts = fs::read_dir(Path::new(&sysroot).join("lib/rustlib")).ok()?;
        hosts.filter_map(|host| Some(host.ok()?.path().join("bin/rust-lld"))).find(|path| path.exists())
    };
    in_sysroot().or_else(|| {
        let wasm_ld = PathBuf::from("/usr/bin/wasm-ld");
        wasm_ld.exists().then_some(wasm_ld)
    })
}

/// What a command says, if it succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Acts as rustc, if this program was started as `RUSTC_WRAPPER`.
pub(crate) fn as_rustc() -> Option<ExitCode> {
    let features = std::env::var(AS_RUSTC).ok()?;
    let mut words = std::env::args_os().skip(1);
    let Some(rustc) = words.next() else { return Some(ExitCode::FAILURE) };
    let words: Vec<OsString> = words.collect();
    let mut command = Command::new(rustc);
    command.args(&words);
    if needs_features(&words) {
        command.arg(format!("-Zcrate-attr=feature({features})"));
    }
    let code = command.status().ok().and_then(|status| u8::try_from(status.code()?).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn needs_features(words: &[OsString]) -> bool {
    let name = words.iter().skip_while(|word| *word != "--crate-name").nth(1);
    let name = name.map(OsString::as_os_str).and_then(OsStr::to_str);
    name.is_some_and(|name| CRATES_WITH_FEATURES.iter().any(|start| name.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn only_crates_that_use_them_get_the_features() {
        assert!(needs_features(&words("--crate-name sotto_protocol --edition=2024 src/lib.rs")));
        assert!(needs_features(&words("--crate-name minicbor_derive src/lib.rs")));
        assert!(!needs_features(&words("--crate-name serde src/sotto_lib.rs")));
        assert!(!needs_features(&words("-vV")));
    }

    #[test]
    fn the_version_of_a_compiler_is_read() {
        assert_eq!(minor("rustc 1.85.0 (4d91de4e4 2025-02-17) (built from a source tarball)"), Some(85));
        assert_eq!(minor("rustc"), None);
    }
}
