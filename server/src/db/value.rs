//! What goes into a statement and what comes out of a row.
//!
//! Owns [`Value`] (a parameter: whole number, text or bytes, or a typed NULL) and [`FromColumn`] (reading one
//! column). A closed enum, because a parameter is bound before the database is known and must cost one copy at
//! most. Invariant: no value wraps around; a number that does not fit is an error or saturates, and says so.

use super::error::DbError;
use super::query::{At, Row};
use sotto_protocol::ids::{
    AccountId, ApprovalId, DeviceId, EraId, EraNumber, FactorId, Fingerprint, Handle, Hash, Head,
    IncarnationId, InvitationId, MethodId, Millis, PracticeId, RecordId, Revision, Seq, SpaceId, Version,
    Week,
};
use sotto_protocol::sign::{PublicKey, SignatureBytes};
use sqlx::{Decode, Postgres, Sqlite, Type};
use std::borrow::Cow;

/// One parameter of a statement.
#[derive(Clone, Debug)]
pub enum Value<'q> {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<Cow<'q, str>>),
    /// BLOB or BYTEA.
    Blob(Option<Cow<'q, [u8]>>),
}

/// A type that both drivers read natively.
pub(super) trait Native:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Native for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

/// A type that can be read from a column. Implement it through one of the given ones.
pub trait FromColumn: Sized {
    /// Reads the column; NULL is an error.
    fn from_column(row: &Row, at: At<'_>) -> Result<Self, DbError> {
        Self::from_nullable(row, at)?.ok_or_else(|| at.error("it is null"))
    }

    /// Reads the column; NULL is none.
    fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError>;
}

/// Types with a `NULL` of their own kind.
trait Null {
    fn null() -> Value<'static>;
}

macro_rules! native {
    ($($type:ty => $null:expr;)+) => {$(
        impl Null for $type {
            fn null() -> Value<'static> {
                $null
            }
        }
    )+};
}

native! {
    i64 => Value::Int(None);
    u64 => Value::Int(None);
    u32 => Value::Int(None);
    bool => Value::Int(None);
    &str => Value::Text(None);
    String => Value::Text(None);
    &String => Value::Text(None);
    Handle => Value::Text(None);
    &Handle => Value::Text(None);
    &[u8] => Value::Blob(None);
    Vec<u8> => Value::Blob(None);
    &Vec<u8> => Value::Blob(None);
    PublicKey => Value::Blob(None);
    SignatureBytes => Value::Blob(None);
}

impl<'q, T: Null + Into<Value<'q>>> From<Option<T>> for Value<'q> {
    fn from(value: Option<T>) -> Self {
        match value {
            Some(value) => value.into(),
            None => T::null(),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(Some(value))
    }
}

/// Saturates at `i64::MAX`.
impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Value::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Value::Int(Some(i64::from(value)))
    }
}

/// 0 or 1; there is no BOOLEAN in the shared dialect.
impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Int(Some(i64::from(value)))
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(value: &'q str) -> Self {
        Value::Text(Some(Cow::Borrowed(value)))
    }
}

impl<'q> From<&'q String> for Value<'q> {
    fn from(value: &'q String) -> Self {
        Value::Text(Some(Cow::Borrowed(value)))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value::Text(Some(Cow::Owned(value)))
    }
}

impl From<Handle> for Value<'_> {
    fn from(value: Handle) -> Self {
        Value::Text(Some(Cow::Owned(value.as_str().to_owned())))
    }
}

impl<'q> From<&'q Handle> for Value<'q> {
    fn from(value: &'q Handle) -> Self {
        Value::Text(Some(Cow::Borrowed(value.as_str())))
    }
}

impl<'q> From<&'q [u8]> for Value<'q> {
    fn from(value: &'q [u8]) -> Self {
        Value::Blob(Some(Cow::Borrowed(value)))
    }
}

impl<'q> From<&'q Vec<u8>> for Value<'q> {
    fn from(value: &'q Vec<u8>) -> Self {
        Value::Blob(Some(Cow::Borrowed(value)))
    }
}

impl<'q, const N: usize> From<&'q [u8; N]> for Value<'q> {
    fn from(value: &'q [u8; N]) -> Self {
        Value::Blob(Some(Cow::Borrowed(value)))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(Some(Cow::Owned(value)))
    }
}

macro_rules! blob_value {
    ($($name:ident),+) => {$(
        impl From<$name> for Value<'_> {
            fn from(value: $name) -> Self {
                Value::Blob(Some(Cow::Owned(value.0.to_vec())))
            }
        }

        impl FromColumn for $name {
            fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
                let bytes = row.native::<Vec<u8>>(at)?;
                bytes
                    .map(|b| b.as_slice().try_into().map(Self).map_err(|_| at.error("its length is wrong")))
                    .transpose()
            }
        }
    )+};
}

macro_rules! id_value {
    ($($name:ident),+) => {
        $(impl Null for $name {
            fn null() -> Value<'static> {
                Value::Blob(None)
            }
        })+
        blob_value!($($name),+);
    };
}

id_value!(
    AccountId,
    PracticeId,
    SpaceId,
    DeviceId,
    FactorId,
    RecordId,
    InvitationId,
    ApprovalId,
    MethodId,
    IncarnationId,
    Hash,
    Head,
    EraId,
    Fingerprint
);
blob_value!(PublicKey, SignatureBytes);

macro_rules! counter_value {
    ($($name:ident),+) => {$(
        /// Saturates at `i64::MAX`.
        impl From<$name> for Value<'_> {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }

        impl Null for $name {
            fn null() -> Value<'static> {
                Value::Int(None)
            }
        }

        impl FromColumn for $name {
            fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
                Ok(u64::from_nullable(row, at)?.map(Self))
            }
        }
    )+};
}

counter_value!(Seq, Version, Revision, EraNumber, Millis, Week);

macro_rules! read_native {
    ($($type:ty),+) => {$(
        impl FromColumn for $type {
            fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
                row.native(at)
            }
        }
    )+};
}

read_native!(i64, String, Vec<u8>);

impl FromColumn for u64 {
    fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
        let value = row.native::<i64>(at)?;
        value.map(|v| Self::try_from(v).map_err(|_| at.error("it is negative"))).transpose()
    }
}

impl FromColumn for u32 {
    fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
        let value = row.native::<i64>(at)?;
        value.map(|v| Self::try_from(v).map_err(|_| at.error("it is out of range"))).transpose()
    }
}

impl FromColumn for bool {
    fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
        match row.native::<i64>(at)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(_) => Err(at.error("it is neither 0 nor 1")),
        }
    }
}

impl FromColumn for Handle {
    fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
        let text = row.native::<String>(at)?;
        text.map(|t| Self::parse(&t).map_err(|_| at.error("it is no handle"))).transpose()
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(row: &Row, at: At<'_>) -> Result<Self, DbError> {
        T::from_nullable(row, at)
    }

    fn from_nullable(row: &Row, at: At<'_>) -> Result<Option<Self>, DbError> {
        Ok(Some(T::from_nullable(row, at)?))
    }
}
