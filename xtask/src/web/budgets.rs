//! How large the web app may be.
//!
//! Owns the measuring of what is built against `client-web/budgets.json`. Refuses to set a budget. The first screen is
//! the entry and everything it imports statically; the worker and pages that are loaded later are not in it.

use crate::fingerprint::all_files;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::Path;

const TABLE: &str = "client-web/budgets.json";
/// The one page; other entries, such as the service worker, don't stand in its way.
const PAGE: &str = "index.html";

/// One line of `budgets.json`.
#[derive(Deserialize)]
struct Budget {
    about: String,
    bytes: u64,
}

/// `budgets.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    script: Budget,
    style: Budget,
    core: Budget,
    fonts: Budget,
}

/// What Vite says of one chunk.
#[derive(Deserialize)]
struct Chunk {
    file: String,
    #[serde(default)]
    imports: Vec<String>,
}

/// What was measured.
pub(crate) struct Measured {
    rows: Vec<Row>,
}

struct Row {
    budget: Budget,
    bytes: u64,
}

/// Measures what is built.
pub(crate) fn measure(root: &Path, dist: &Path, manifest: &Path) -> Result<Measured> {
    let budgets: Budgets = read(&root.join(TABLE))?;
    let chunks: BTreeMap<String, Chunk> = read(manifest)?;
    ensure!(chunks.contains_key(PAGE), "{} does not tell of {PAGE}", manifest.display());
    let mut script = 0;
    for file in first_screen(&chunks) {
        script += gzip_bytes(&dist.join(file))?;
    }
    let (mut style, mut core, mut fonts) = (0, 0, 0);
    for file in all_files(dist)? {
        match file.extension().and_then(std::ffi::OsStr::to_str) {
            Some("css") => style += gzip_bytes(&file)?,
            Some("wasm") => core += fs::metadata(file.with_extension("wasm.br"))?.len(),
            Some("woff2" | "woff" | "ttf") => fonts += fs::metadata(&file)?.len(),
            _ => {}
        }
    }
    let measured =
        [(budgets.script, script), (budgets.style, style), (budgets.core, core), (budgets.fonts, fonts)];
    Ok(Measured { rows: measured.into_iter().map(|(budget, bytes)| Row { budget, bytes }).collect() })
}

fn read<T: for<'json> Deserialize<'json>>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what it should be", path.display()))
}

/// The scripts that a browser loads before it can show anything.
fn first_screen(chunks: &BTreeMap<String, Chunk>) -> BTreeSet<&str> {
    let mut waiting = vec![PAGE];
    let mut reached = BTreeSet::new();
    let mut files = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if let Some(chunk) = chunks.get(name).filter(|_| reached.insert(name)) {
            waiting.extend(chunk.imports.iter().map(String::as_str));
            files.insert(chunk.file.as_str());
        }
    }
    files.retain(|file| Path::new(file).extension().is_some_and(|extension| extension == "js"));
    files
}

fn gzip_bytes(file: &Path) -> Result<u64> {
    let plain = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&plain)?;
    Ok(u64::try_from(gzip.finish()?.len())?)
}

impl Measured {
    /// Fails when something is larger than it may be.
    pub(crate) fn check(&self) -> Result<()> {
        let over: Vec<&str> =
            self.rows.iter().filter(|row| row.over()).map(|row| row.budget.about.as_str()).collect();
        if over.is_empty() {
            return Ok(());
        }
        bail!("the web app is larger than {TABLE} allows: {}", over.join("; "))
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let verdict = if row.over() { "  TOO LARGE" } else { "" };
            let (bytes, limit) = (kilobytes(row.bytes), kilobytes(row.budget.bytes));
            writeln!(out, "    {:<38} {bytes:>8} of {limit:>6} KB{verdict}", row.budget.about)?;
        }
        Ok(())
    }
}

impl Row {
    fn over(&self) -> bool {
        self.bytes > self.budget.bytes
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_screen_is_the_entry_and_its_static_imports() {
        let manifest = r#"{
            "index.html": { "file": "assets/index.js", "isEntry": true, "imports": ["_a.js"], "dynamicImports": ["late.ts"] },
            "_a.js": { "file": "assets/a.js", "imports": ["_b.js"] },
            "_b.js": { "file": "assets/b.js", "imports": ["_a.js"] },
            "late.ts": { "file": "assets/late.js", "isDynamicEntry": true, "imports": ["_a.js", "_c.js"] },
            "_c.js": { "file": "assets/c.js" },
            "src/sw/sw.ts": { "file": "sw.js", "isEntry": true, "imports": ["_c.js"] },
            "font.woff2": { "file": "assets/font.woff2" }
        }"#;
        let chunks = serde_json::from_str(manifest).unwrap();
        assert_eq!(Vec::from_iter(first_screen(&chunks)), ["assets/a.js", "assets/b.js", "assets/index.js"]);
    }

    #[test]
    fn what_is_too_large_is_named() {
        let row = |bytes| Row { budget: Budget { about: "fonts".to_owned(), bytes: 80_000 }, bytes };
        assert!(Measured { rows: vec![row(80_000)] }.check().is_ok());
        let over = Measured { rows: vec![row(80_001)] };
        assert!(over.check().unwrap_err().to_string().ends_with("allows: fonts"));
        assert!(over.to_string().contains("80.0 of   80.0 KB  TOO LARGE"));
    }

    #[test]
    fn the_table_names_every_budget() {
        let _: Budgets = serde_json::from_str(include_str!("../../../client-web/budgets.json")).unwrap();
    }
}
