//! Embeds the built web app.
//!
//! Owns the table of files in `client-web/dist` that the server hands out: path, type, tag, bytes, and what Brotli
//! made of them. Refuses to build the web app: without it the table is empty, so that the server builds and is
//! tested without Node. Files named `X.br` are never paths of their own.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("../client-web/dist");
    // Cargo watches what is there; a folder that comes later would make it build the server anew each time. Where
    // the sources can't be written to, nothing will come later either.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = BTreeMap::new();
    collect(&dist, "", &mut files)?;
    let mut table = String::from("&[\n");
    for (path, file) in &files {
        if path.strip_suffix(".br").is_none() {
            table.push_str(&entry(path, file, files.get(&format!("{path}.br")))?);
        }
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("web_files.rs"), table)
}

/// Files below a folder by the paths under which browsers ask for them.
fn collect(folder: &Path, above: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| io::Error::other("a name that is no text"))?;
        let path = format!("{above}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if !name.starts_with('.') {
            let file = fs::canonicalize(entry.path())?.into_os_string().into_string();
            files.insert(path, file.map_err(|_| io::Error::other("a folder whose name is no text"))?);
        }
    }
    Ok(())
}

fn entry(path: &str, file: &str, brotli: Option<&String>) -> io::Result<String> {
    let bytes = fs::read(file)?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    let tag = format!("{:016x}-{}", hasher.finish(), bytes.len());
    let brotli = brotli.map_or("None".to_owned(), |file| format!("Some(include_bytes!({file:?}))"));
    let kind = kind(path);
    Ok(format!(
        "    WebFile {{ path: {path:?}, kind: {kind:?}, tag: {tag:?}, plain: include_bytes!({file:?}), brotli: {brotli} }},\n"
    ))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
