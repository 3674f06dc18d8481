//! Looks for plaintext where there must be none.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fs;
use std::path::Path;

/// Something that must not be found, in every form in which it could be written.
#[derive(Clone, Debug)]
pub struct Marker {
    name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Marker {
    /// A text.
    pub fn text(text: &str) -> Self {
        let mut marker = Self::bytes(text, text.as_bytes());
        marker.forms.push(("UTF-16LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        marker.forms.push(("UTF-16BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
        marker
    }

    /// Bytes.
    pub fn bytes(name: &str, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 8, "{name} is too short to be unique");
        let hex = sotto_protocol::codec::hex(bytes);
        let mut forms = vec![
            ("as it is", bytes.to_vec()),
            ("reversed", bytes.iter().rev().copied().collect()),
            ("hex", hex.clone().into_bytes()),
            ("HEX", hex.to_uppercase().into_bytes()),
        ];
        // The same bytes look different in base64 at each of three offsets, and their ends mix with what is beside.
        for skip in 0..3 {
            let inner = &bytes[skip..];
            let inner = &inner[..inner.len() / 3 * 3];
            forms.push(("base64", STANDARD_NO_PAD.encode(inner).into_bytes()));
            forms.push(("base64url", URL_SAFE_NO_PAD.encode(inner).into_bytes()));
        }
        Self { name: name.to_owned(), forms }
    }

    fn found_in(&self, hay: &[u8]) -> Option<String> {
        let (form, _) = self.forms.iter().find(|(_, needle)| contains(hay, needle))?;
        Some(format!("{:?} ({form})", self.name))
    }
}

/// Which of the markers are somewhere in the bytes.
pub fn found(markers: &[Marker], hay: &[u8]) -> Vec<String> {
    markers.iter().filter_map(|marker| marker.found_in(hay)).collect()
}

/// Which of the markers are in a file of a folder, and in which.
pub fn found_in_folder(markers: &[Marker], folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for path in files(folder) {
        let bytes = fs::read(&path).unwrap_or_default();
        all.extend(found(markers, &bytes).into_iter().map(|what| format!("{what} in {}", path.display())));
    }
    all
}

/// Every file below a folder, sorted.
pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

/// Every file below a folder with what is in it.
pub fn contents(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    files(folder).into_iter().map(|path| (path.clone(), fs::read(&path).expect("readable"))).collect()
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    for (path, bytes) in contents(from) {
        let target = to.join(path.strip_prefix(from).expect("below"));
        fs::create_dir_all(target.parent().expect("in a folder")).expect("make a folder");
        fs::write(&target, bytes).expect("write a copy");
        let mode = fs::metadata(&path).expect("there").permissions();
        fs::set_permissions(&target, mode).expect("keep the mode");
    }
}

/// Whether bytes contain others.
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some(&first) = needle.first() else { return true };
    let mut from = 0;
    while let Some(at) = hay[from..].iter().position(|&byte| byte == first) {
        from += at;
        if hay[from..].starts_with(needle) {
            return true;
        }
        from += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_in_every_form() {
        let marker = [Marker::text("zwischenraum")];
        let hay = |inner: &[u8]| [b"\0\x01before ", inner, b" after\xff"].concat();
        let utf16: Vec<u8> = "zwischenraum".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex = sotto_protocol::codec::hex(b"zwischenraum").to_uppercase();
        let mut hays = vec![hay(b"zwischenraum"), hay(&utf16), hay(hex.as_bytes())];
        for before in ["", "a", "ab"] {
            let text = format!("{before}zwischenraum and more");
            hays.push(hay(STANDARD_NO_PAD.encode(text).as_bytes()));
        }
        for hay in hays {
            assert_eq!(found(&marker, &hay).len(), 1, "{}", String::from_utf8_lossy(&hay));
        }
        assert!(found(&marker, b"zwischen raum").is_empty());
    }
}
