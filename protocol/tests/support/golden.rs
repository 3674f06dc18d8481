//! Golden files: bytes that were written once and open forever.
//!
//! Owns `tests/golden/GROUP.hex` of the crate under test, one `name: hexadecimal` a line. A line is never changed or
//! removed. When a form grows, the sample of the new form gets a new name, and the old line is kept with
//! [`Golden::opens`]. `SOTTO_BLESS=1 cargo test` adds lines for new names; it never overwrites one.

use minicbor::{Decode, Encode};
use sotto_protocol::codec::{decode, encode, hex, unhex};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

pub(crate) struct Golden {
    path: PathBuf,
    text: String,
    lines: BTreeMap<String, Vec<u8>>,
    asked: BTreeSet<String>,
    missing: Vec<String>,
}

impl Golden {
    pub(crate) fn group(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.hex"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut lines = BTreeMap::new();
        for line in text.lines() {
            let (name, digits) = line.split_once(": ").expect("name: hexadecimal");
            let bytes = unhex(digits).expect("hexadecimal");
            assert!(lines.insert(name.to_owned(), bytes).is_none(), "{name} stands twice");
        }
        Self { path, text, lines, asked: BTreeSet::new(), missing: Vec::new() }
    }

    /// Encodes to the golden bytes, and these decode to the sample.
    pub(crate) fn check<T>(&mut self, name: &str, sample: &T)
    where
        T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
    {
        if let Some(bytes) = self.bytes(name, &encode(sample)) {
            assert!(decode::<T>(&bytes, "golden").as_ref() == Ok(sample), "{name} opens as something else");
        }
    }

    /// For forms that hold secrets and so cannot be compared: what is opened is encoded again.
    pub(crate) fn check_secret<T: Encode<()> + for<'b> Decode<'b, ()>>(&mut self, name: &str, sample: &T) {
        if let Some(bytes) = self.bytes(name, &encode(sample)) {
            let opened: T = decode(&bytes, "golden").expect(name);
            assert!(encode(&opened) == bytes, "{name} opens as something else");
        }
    }

    /// Bytes of any form, with the function that reads them.
    pub(crate) fn check_bytes(&mut self, name: &str, bytes: &[u8], opens: impl Fn(&[u8]) -> bool) {
        if let Some(golden) = self.bytes(name, bytes) {
            assert!(opens(&golden), "{name} opens as something else");
        }
    }

    /// An older form that is no longer written but must still open as this.
    #[allow(dead_code, reason = "not every crate has forms that grew")]
    pub(crate) fn opens<T: for<'b> Decode<'b, ()> + PartialEq>(&mut self, name: &str, sample: &T) {
        self.asked.insert(name.to_owned());
        let bytes = self.lines.get(name).expect(name);
        assert!(decode::<T>(bytes, "golden").as_ref() == Ok(sample), "{name} opens as something else");
    }

    fn bytes(&mut self, name: &str, made: &[u8]) -> Option<Vec<u8>> {
        assert!(self.asked.insert(name.to_owned()), "{name} is asked for twice");
        let golden = self.lines.get(name);
        if let Some(golden) = golden {
            assert!(golden == made, "{name} is written differently: {}", hex(made));
        } else {
            self.missing.push(name.to_owned());
            let _ = writeln!(self.text, "{name}: {}", hex(made));
        }
        golden.cloned()
    }

    /// Every line was opened, none is missing.
    pub(crate) fn finish(self) {
        let orphans: Vec<_> = self.lines.keys().filter(|name| !self.asked.contains(*name)).collect();
        assert!(orphans.is_empty(), "nothing opens {orphans:?} any more");
        if self.missing.is_empty() {
            return;
        }
        let blessed = std::env::var_os("SOTTO_BLESS").is_some_and(|value| value == "1");
        assert!(blessed, "no golden bytes for {:?}: run once with SOTTO_BLESS=1", self.missing);
        std::fs::write(&self.path, &self.text).expect("golden file");
    }
}
