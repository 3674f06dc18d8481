//! Embeds the built web app.
//!
//! Owns the table of what `web_folder` finds in `client-web/dist`: path, type, tag, bytes, and what Brotli made of
//! them. Refuses to build the web app: without it the table is empty, so that the server builds and is tested
//! without Node.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/transport/web_folder.rs"]
mod web_folder;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("../client-web/dist");
    // Cargo watches what is there; a folder that comes later would make it build the server anew each time. Where
    // the sources can't be written to, nothing will come later either.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/transport/web_folder.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut table = String::from("&[\n");
    for file in web_folder::read(&dist)? {
        table.push_str(&entry(&file)?);
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("web_files.rs"), table)
}

fn entry(file: &web_folder::Found) -> io::Result<String> {
    let web_folder::Found { path, kind, tag, plain, brotli } = file;
    let plain = text(plain)?;
    let brotli = match brotli {
        Some(file) => format!("Some(include_bytes!({:?}))", text(file)?),
        None => "None".to_owned(),
    };
    Ok(format!(
        "    WebFile {{ path: {path:?}, kind: {kind:?}, tag: {tag:?}, plain: include_bytes!({plain:?}), brotli: {brotli} }},\n"
    ))
}

fn text(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::Error::other("a folder whose name is no text"))
}
