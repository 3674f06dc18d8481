//! Padding of everything that is sealed and stored (P1).
//!
//! Owns the length a plaintext is padded to: at least 1 KiB, then Padmé (Nikitin et al., "Reducing Metadata
//! Leakage from Encrypted Files and Communication with `PURBs`", `PoPETs` 2019, algorithm 1), and the filling
//! (ISO/IEC 7816-4: one byte 0x80, then zeros). Invariant: `unpad(pad(x)) == x`, overhead at most 12 % above
//! 1 KiB, and an acknowledgement, an edit and a short text have one length.

use crate::codec::DecodeError;
use crate::limits::PADDED_BYTES_MIN;

/// The Padmé length for `len` bytes: keeps the top `floor(log2(log2 len)) + 1` bits of the length.
pub fn padme(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let size = exponent.ilog2() + 1;
    let mask = (1_usize << (exponent.saturating_sub(size))) - 1;
    len.saturating_add(mask) & !mask
}

/// Pads a plaintext: 0x80, then zeros up to `max(1024, padme(len + 1))`.
pub fn pad(mut plain: Vec<u8>) -> Vec<u8> {
    let target = padme(plain.len() + 1).max(PADDED_BYTES_MIN);
    plain.reserve_exact(target.saturating_sub(plain.len()));
    plain.push(0x80);
    plain.resize(target, 0);
    plain
}

/// Takes the padding off. Wrong padding or a length that [`pad`] never makes is an error.
pub fn unpad(mut padded: Vec<u8>) -> Result<Vec<u8>, DecodeError> {
    let total = padded.len();
    let end = padded.iter().rposition(|b| *b != 0).ok_or_else(|| DecodeError::malformed("padding"))?;
    if padded.get(end) != Some(&0x80) || padme(end + 1).max(PADDED_BYTES_MIN) != total {
        return Err(DecodeError::malformed("padding"));
    }
    padded.truncate(end);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_look_alike() {
        for len in [0, 1, 500, 1023] {
            assert_eq!(pad(vec![0x80; len]).len(), 1024);
        }
        assert_eq!(pad(vec![0; 1024]).len(), 1088);
    }

    #[test]
    fn padding_comes_off() {
        for len in [0, 1, 1022, 1023, 1024, 5000, 65_537] {
            let plain = vec![0; len];
            let padded = pad(plain.clone());
            assert!(len < 1024 || padded.len() * 100 <= (len + 1) * 112, "overhead at {len}");
            assert_eq!(unpad(padded), Ok(plain));
        }
        assert!(unpad(vec![0; 1024]).is_err() && unpad(vec![]).is_err() && unpad(vec![0x80]).is_err());
    }
}
