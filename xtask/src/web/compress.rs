//! The web app, compressed once.
//!
//! Owns the `.br` file beside every file that gets smaller by it, which the server hands to browsers that take
//! brotli: all of them do over a secure connection, and on the machine itself.

use crate::fingerprint::all_files;
use anyhow::{Context as _, Result};
use brotli::enc::BrotliEncoderParams;
use std::fs;
use std::path::Path;

const QUALITY_BEST: i32 = 11;
const WINDOW_LOG2: i32 = 22;
/// Everything else that is served is compressed already: fonts and pictures.
const COMPRESSIBLE: [&str; 9] = ["html", "js", "css", "json", "svg", "txt", "wasm", "webmanifest", "map"];

/// Puts a `.br` beside every file in a folder that it makes smaller.
pub(crate) fn folder(folder: &Path) -> Result<()> {
    for file in all_files(folder)? {
        let extension = file.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        if !COMPRESSIBLE.contains(&extension) {
            continue;
        }
        let plain = fs::read(&file)?;
        let small = compressed(&plain).with_context(|| format!("cannot compress {}", file.display()))?;
        if small.len() < plain.len() {
            let mut name = file.into_os_string();
            name.push(".br");
            fs::write(name, small)?;
        }
    }
    Ok(())
}

fn compressed(plain: &[u8]) -> Result<Vec<u8>> {
    let mut small = Vec::new();
    let params = BrotliEncoderParams {
        quality: QUALITY_BEST,
        lgwin: WINDOW_LOG2,
        size_hint: plain.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut &*plain, &mut small, &params)?;
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gets_smaller_gets_a_twin_that_opens_to_the_same() {
        let place = tempfile::tempdir().unwrap();
        let text = "the same words again and again. ".repeat(100);
        for (name, content) in [("a.js", text.as_str()), ("tiny.txt", "x"), ("b.woff2", text.as_str())] {
            fs::write(place.path().join(name), content).unwrap();
        }
        folder(place.path()).unwrap();
        let mut opened = Vec::new();
        let small = fs::read(place.path().join("a.js.br")).unwrap();
        brotli::BrotliDecompress(&mut small.as_slice(), &mut opened).unwrap();
        assert_eq!(opened, text.as_bytes());
        assert!(!place.path().join("tiny.txt.br").exists());
        assert!(!place.path().join("b.woff2.br").exists());
    }
}
