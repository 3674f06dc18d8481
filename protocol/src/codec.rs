//! Bytes on the wire and at rest.
//!
//! Owns strict CBOR decoding (the whole input or nothing), size-bounded byte and text fields, and
//! hexadecimal. Refuses to know any message. Invariant: untrusted bytes never panic, never allocate more
//! than the input's own size, and trailing bytes are an error.

use core::fmt;

/// Why bytes were refused. Says what was being read, never the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what}")]
pub struct DecodeError {
    /// What was being read.
    pub what: String,
}

impl DecodeError {
    /// An error about `what`.
    pub fn malformed(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// Encodes a value as CBOR.
pub fn encode<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut encoder = minicbor::Encoder::new(&mut out);
    // Writing to a Vec is infallible and no value of ours fails to encode.
    if value.encode(&mut encoder, &mut ()).is_err() {
        out.clear();
    }
    out
}

/// Decodes a value that must fill the whole input.
pub fn decode<'b, T: minicbor::Decode<'b, ()>>(
    bytes: &'b [u8],
    what: &'static str,
) -> Result<T, DecodeError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(|e| DecodeError::malformed(format!("{what}: {e}")))?;
    if decoder.position() == bytes.len() {
        Ok(value)
    } else {
        Err(DecodeError::malformed(format!("{what}: trailing bytes")))
    }
}

/// A byte string of at most `MAX` bytes, checked when decoded and when made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Checks the length.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if bytes.len() <= MAX {
            Ok(Self(bytes))
        } else {
            Err(DecodeError::malformed(format!("bytes: more than {MAX}")))
        }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, owned.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const MAX: usize> fmt::Debug for Bytes<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl<const MAX: usize, C> minicbor::Encode<C> for Bytes<MAX> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, const MAX: usize, C> minicbor::Decode<'b, C> for Bytes<MAX> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?;
        if bytes.len() <= MAX {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(minicbor::decode::Error::message("bytes too long"))
        }
    }
}

/// A text of at most `MAX` bytes of UTF-8, checked when decoded and when made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Checks the length.
    pub fn new(text: impl Into<String>) -> Result<Self, DecodeError> {
        let text = text.into();
        if text.len() <= MAX {
            Ok(Self(text))
        } else {
            Err(DecodeError::malformed(format!("text: more than {MAX} bytes")))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<const MAX: usize, C> minicbor::Encode<C> for Text<MAX> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, const MAX: usize, C> minicbor::Decode<'b, C> for Text<MAX> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let text = d.str()?;
        if text.len() <= MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(minicbor::decode::Error::message("text too long"))
        }
    }
}

/// Small letters of hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        for nibble in [b >> 4, b & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        out
    })
}

/// Reads hexadecimal of either case.
pub fn unhex(text: &str) -> Result<Vec<u8>, DecodeError> {
    let bad = || DecodeError::malformed("hexadecimal");
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()
        .ok_or_else(bad)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if rest.is_empty() { Ok(pairs.iter().map(|[hi, lo]| hi << 4 | lo).collect()) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_bytes_are_refused() {
        let mut bytes = encode(&7_u64);
        assert_eq!(decode::<u64>(&bytes, "number"), Ok(7));
        bytes.push(0);
        assert!(decode::<u64>(&bytes, "number").is_err());
    }

    #[test]
    fn bounded_fields_refuse_more() {
        let long = encode(&Bytes::<8>::new(vec![1; 8]).unwrap_or_default());
        assert!(decode::<Bytes<8>>(&long, "bytes").is_ok());
        assert!(decode::<Bytes<7>>(&long, "bytes").is_err());
        assert!(Text::<2>::new("abc").is_err());
    }

    #[test]
    fn hex_round_trips() {
        assert_eq!(unhex(&hex(&[0, 0xAB, 255])), Ok(vec![0, 0xAB, 255]));
        assert!(unhex("abc").is_err() && unhex("zz").is_err());
    }
}
