//! Identifiers and counters that cross the wire.
//!
//! Owns the newtypes for ids, hashes, sequence numbers and handles, and how each reads and writes itself as
//! CBOR and as text. Refuses to know what they identify. Invariant: an id of one kind never passes for
//! another, and no bare integer or byte string stands in a public signature for one of these.

use crate::codec::{self, DecodeError};
use crate::limits::DEVICE_IDLE_MS_MAX;
use core::fmt;
use core::str::FromStr;

macro_rules! byte_id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The all-zero value, used only where the specification says "zero".
            pub const ZERO: Self = Self([0; $len]);

            /// Reads the value from a slice of exactly the right length.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, DecodeError> {
                bytes.try_into().map(Self).map_err(|_| DecodeError::malformed(concat!("length of ", stringify!($name))))
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// The first four bytes in hexadecimal, for logs.
            pub fn short(&self) -> String {
                codec::hex(self.0.get(..4).unwrap_or_default())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&codec::hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = DecodeError;
            fn from_str(text: &str) -> Result<Self, DecodeError> {
                Self::from_slice(&codec::unhex(text)?)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes = d.bytes()?;
                bytes
                    .try_into()
                    .map(Self)
                    .map_err(|_| minicbor::decode::Error::message(concat!("length of ", stringify!($name))))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    };
}

byte_id!(/// A person's account on one server. Chosen by the client at registration.
    AccountId, 16);
byte_id!(/// One practice on a server.
    PracticeId, 16);
byte_id!(/// One space (append-only log). Chosen by its founder.
    SpaceId, 16);
byte_id!(/// One device of an account. Chosen by the device.
    DeviceId, 16);
byte_id!(/// One record, chosen by its author and signed; unique per (space, author).
    RecordId, 16);
byte_id!(/// One invitation, chosen by the inviter.
    InvitationId, 16);
byte_id!(/// One approval of a new reader; used at most once in a space.
    ApprovalId, 16);
byte_id!(/// One unlock method in a credential set.
    MethodId, 16);
byte_id!(/// One second factor of an account. Chosen by the server.
    FactorId, 16);
byte_id!(/// One life of a server's data; a restored server gets a new one.
    IncarnationId, 16);
byte_id!(/// SHA-256 with a label, see [`crate::hash`].
    Hash, 32);
byte_id!(/// Chain value after a record; see [`crate::record::Head`] rules in `docs/PROTOCOL.md`.
    Head, 32);
byte_id!(/// The id of an era: the labelled hash of its body.
    EraId, 32);
byte_id!(/// Labelled hash of an identity key, as carried by an invitation link.
    Fingerprint, 32);

macro_rules! counter {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            minicbor::Encode, minicbor::Decode, serde::Serialize,
        )]
        #[cbor(transparent)]
        #[serde(transparent)]
        pub struct $name(#[n(0)] pub u64);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(0);
            /// The next value, saturating.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter!(/// Position of a record in its space; the first record has 1, an empty log 0.
    Seq);
counter!(/// Version of a card, credential set or roster; the first is 1.
    Version);
counter!(/// Revision of a vault; the first is 1.
    Revision);
counter!(/// How many eras a space has had before this one.
    EraNumber);
counter!(/// Milliseconds since 1970-01-01T00:00:00Z.
    Millis);

counter!(/// Weeks since that of 1970-01-01, each from Monday to Sunday by UTC.
    Week);

const DAY_MS: u64 = 24 * 3600 * 1000;
/// 1970-01-01 was a Thursday.
const MONDAY_MS: u64 = 3 * DAY_MS;
const WEEK_MS: u64 = 7 * DAY_MS;

impl Week {
    /// The week of an instant.
    pub fn of(at: Millis) -> Self {
        Self(at.plus(MONDAY_MS).0 / WEEK_MS)
    }

    /// True when the whole of this week lies more than [`DEVICE_IDLE_MS_MAX`] back.
    pub fn is_idle_at(self, now: Millis) -> bool {
        let end = self.next().0.saturating_mul(WEEK_MS).saturating_sub(MONDAY_MS);
        now.since(Millis(end)) > DEVICE_IDLE_MS_MAX
    }
}

impl Millis {
    /// Milliseconds from `earlier` to `self`, zero if `earlier` lies in the future.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This instant moved by `ms` milliseconds.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A sign-in name: 3 to 64 characters of `a-z 0-9 . _ -`, starting with a letter. The server sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Handle(String);

impl Handle {
    /// Parses a handle; capital letters are folded to small ones.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let text = text.trim().to_ascii_lowercase();
        let sized = (3..=64).contains(&text.len());
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b));
        if sized && first && rest {
            Ok(Self(text))
        } else {
            Err(DecodeError::malformed(
                "handle (3 to 64 characters of a-z, 0-9, dot, dash, underscore, first a letter)",
            ))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> minicbor::Encode<C> for Handle {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Handle {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let text = d.str()?;
        let parsed = Self::parse(text).map_err(|_| minicbor::decode::Error::message("handle"))?;
        if parsed.0 == text {
            Ok(parsed)
        } else {
            Err(minicbor::decode::Error::message("handle not canonical"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_are_idle_after_sixty_days() {
        let day = |n: u64| Millis(n * DAY_MS);
        assert_eq!(Week::of(day(0)), Week(0));
        assert_eq!(Week::of(Millis(day(4).0 - 1)), Week(0), "Sunday, 1970-01-04");
        assert_eq!(Week::of(day(4)), Week(1), "Monday, 1970-01-05");
        let end = day(11);
        assert!(!Week(1).is_idle_at(Millis(0)), "a clock that was set back");
        assert!(!Week(1).is_idle_at(end.plus(DEVICE_IDLE_MS_MAX)));
        assert!(Week(1).is_idle_at(end.plus(DEVICE_IDLE_MS_MAX + 1)));
        assert!(!Week(u64::MAX).is_idle_at(Millis(u64::MAX)));
    }

    #[test]
    fn handles_are_folded_and_bounded() {
        assert_eq!(Handle::parse(" Thera.One ").map(|h| h.to_string()), Ok("thera.one".to_owned()));
        for bad in ["", "ab", "1abc", "a b c", "ä-bc", &"a".repeat(65)] {
            assert!(Handle::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
