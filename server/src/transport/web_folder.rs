//! A folder with a built web app, as the paths under which browsers ask for its files.
//!
//! Owns which files count and what type each is. Shared with `build.rs`, which embeds what is found here; refuses to
//! know anything else of the server. Invariant: in the order of the paths; files named `X.br` are the compressed form
//! of `X` and never a path of their own.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file of the folder.
pub(crate) struct Found {
    /// As asked for, with a slash first.
    pub(crate) path: String,
    /// Its `Content-Type`.
    pub(crate) kind: &'static str,
    /// Changes with its contents.
    pub(crate) tag: String,
    /// Where it lies.
    pub(crate) plain: PathBuf,
    /// Where its compressed form lies.
    pub(crate) brotli: Option<PathBuf>,
}

/// All files below a folder; none where there is no folder.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<Found>> {
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files)?;
    let plain = files.iter().filter(|(path, _)| path.strip_suffix(".br").is_none());
    plain
        .map(|(path, file)| {
            let bytes = fs::read(file)?;
            let mut hasher = DefaultHasher::new();
            hasher.write(&bytes);
            Ok(Found {
                path: path.clone(),
                kind: kind(path),
                tag: format!("{:016x}-{}", hasher.finish(), bytes.len()),
                plain: file.clone(),
                brotli: files.get(&format!("{path}.br")).cloned(),
            })
        })
        .collect()
}

fn collect(folder: &Path, above: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| io::Error::other("a name that is no text"))?;
        let path = format!("{above}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if !name.starts_with('.') {
            files.insert(path, fs::canonicalize(entry.path())?);
        }
    }
    Ok(())
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
