//! Whether what was built is what would be built now.
//!
//! Owns a hash over files and words. Refuses to trust times of change: a checkout touches files without changing
//! them. Invariant: two trees whose files have the same names and contents have the same fingerprint.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything that something is built from, hashed.
#[derive(Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds a word, such as a tool's version.
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.add(word.as_bytes());
        self
    }

    /// Adds a file, or all files in a folder for which `wanted` holds; it is asked with paths below `root`.
    pub(crate) fn files(mut self, root: &Path, path: &str, wanted: &dyn Fn(&Path) -> bool) -> Result<Self> {
        let mut found = Vec::new();
        collect(root, &root.join(path), wanted, &mut found)?;
        found.sort();
        for file in found {
            let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
            let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            self.add(name.as_bytes());
            self.add(&content);
        }
        Ok(self)
    }

    /// The hash, in hex.
    pub(crate) fn hex(self) -> String {
        let mut text = String::new();
        for byte in self.0.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_string());
        self.0.update(":");
        self.0.update(bytes);
    }
}

/// Every file below a folder.
pub(crate) fn all_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, folder, &|_| true, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(root: &Path, path: &Path, wanted: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<()> {
    if !wanted(path.strip_prefix(root).unwrap_or(path)) {
        return Ok(());
    }
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        collect(root, &entry?.path(), wanted, found)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &Path) -> String {
        Fingerprint::default().files(folder, "in", &|path| !path.ends_with("not")).unwrap().hex()
    }

    #[test]
    fn contents_and_names_count_and_what_is_not_wanted_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("in/deeper");
        fs::create_dir_all(inside.join("not")).unwrap();
        fs::write(inside.join("a"), "one").unwrap();
        let first = of(folder.path());
        fs::write(inside.join("not/b"), "two").unwrap();
        assert_eq!(of(folder.path()), first);
        fs::write(inside.join("a"), "three").unwrap();
        let second = of(folder.path());
        assert_ne!(second, first);
        fs::rename(inside.join("a"), inside.join("c")).unwrap();
        assert_ne!(of(folder.path()), second);
    }

    #[test]
    fn words_do_not_run_into_each_other() {
        let hex =
            |words: &[&str]| words.iter().fold(Fingerprint::default(), |hash, word| hash.word(word)).hex();
        assert_ne!(hex(&["ab", "c"]), hex(&["a", "bc"]));
    }
}
