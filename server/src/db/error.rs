//! What can go wrong with the database, in words both drivers share.
//!
//! Owns the one mapping from driver errors to [`DbError`] and [`OpenError`]. Invariant: no text here carries a
//! value from a row; Postgres puts those into `detail`, which is never read.

use sqlx::error::DatabaseError;

/// Why a statement or transaction failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// A unique index or primary key holds such a row already.
    #[error("table {table} has such a row already")]
    Conflict {
        /// The table.
        table: String,
    },
    /// Another transaction was in the way: roll back and try the whole transaction again.
    #[error("the database is busy; the transaction can be tried again")]
    Busy,
    /// The database does not answer. If this came from `commit`, whether it took effect is unknown.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// What the database holds is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The disk is full.
    #[error("the database's disk is full")]
    Full,
    /// Our mistake: wrong SQL, wrong type, a broken rule that the code should have checked.
    #[error("internal database error: {0}")]
    Internal(String),
}

impl DbError {
    /// True if trying the whole transaction again can succeed without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

/// Why a database was not opened. It is never replaced by an empty one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is no database here.
    #[error("there is no database at {at}; restore it from a backup, or start with an empty data directory")]
    Absent {
        /// Where it was looked for.
        at: String,
    },
    /// There is a database here already.
    #[error("there is a database at {at} already")]
    Exists {
        /// Where.
        at: String,
    },
    /// There is something, but it is not a whole Sotto database.
    #[error("the database at {at} is damaged: {why}; nothing was changed, restore it from a backup")]
    Corrupt {
        /// Where.
        at: String,
        /// What is wrong with it.
        why: String,
    },
    /// A newer Sotto has written it.
    #[error(
        "the database at {at} has schema {found}, this version of sotto-server knows {known}; please update it"
    )]
    NewerSchema {
        /// Where.
        at: String,
        /// Its newest migration.
        found: i64,
        /// The newest migration here.
        known: i64,
    },
    /// Another process uses it.
    #[error("the database at {at} is in use by another process")]
    Locked {
        /// Where.
        at: String,
    },
    /// The server or file cannot be reached.
    #[error("the database at {at} cannot be reached: {why}")]
    Unreachable {
        /// Where.
        at: String,
        /// Why.
        why: String,
    },
    /// The disk is full.
    #[error("the disk of the database at {at} is full")]
    Full {
        /// Where.
        at: String,
    },
    /// The address is not understood.
    #[error("the database address is not understood: {why}")]
    Address {
        /// Why.
        why: String,
    },
    /// A migration failed, or something else that is our mistake.
    #[error("the database at {at} could not be brought up to date: {why}")]
    Internal {
        /// Where.
        at: String,
        /// What happened.
        why: String,
    },
}

impl OpenError {
    /// Puts a driver's error under the place it happened at.
    pub(super) fn from_db(at: &str, error: DbError) -> Self {
        let at = at.to_owned();
        match error {
            DbError::Busy => Self::Locked { at },
            DbError::Unavailable(why) => Self::Unreachable { at, why },
            DbError::Corrupt(why) => Self::Corrupt { at, why },
            DbError::Full => Self::Full { at },
            DbError::Conflict { .. } | DbError::Internal(_) => Self::Internal { at, why: error.to_string() },
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Database(e) => {
                if let Some(e) = e.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                    postgres(e)
                } else {
                    sqlite(&*e)
                }
            }
            E::Io(e) => Self::Unavailable(e.to_string()),
            E::Tls(e) => Self::Unavailable(e.to_string()),
            E::Protocol(e) => Self::Unavailable(e),
            E::PoolTimedOut => Self::Unavailable("no connection became free in time".to_owned()),
            E::PoolClosed => Self::Unavailable("the connections are closed".to_owned()),
            E::WorkerCrashed => Self::Unavailable("the database thread ended".to_owned()),
            other => Self::Internal(other.to_string()),
        }
    }
}

/// <https://www.sqlite.org/rescode.html>: the primary code is in the low byte.
fn sqlite(error: &dyn DatabaseError) -> DbError {
    let code = error.code().and_then(|c| c.parse::<i32>().ok()).unwrap_or(0);
    let message = error.message().to_owned();
    if error.is_unique_violation() {
        let table = message.rsplit(": ").next().and_then(|c| c.split('.').next()).unwrap_or_default();
        return DbError::Conflict { table: table.to_owned() };
    }
    match code & 0xFF {
        5 | 6 => DbError::Busy,                         // SQLITE_BUSY, SQLITE_LOCKED
        11 | 26 => DbError::Corrupt(message),           // SQLITE_CORRUPT, SQLITE_NOTADB
        13 => DbError::Full,                            // SQLITE_FULL
        10 if code == 522 => DbError::Corrupt(message), // SQLITE_IOERR_SHORT_READ: the file is too short
        8 | 10 | 14 => DbError::Unavailable(message),   // SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN
        _ => DbError::Internal(format!("SQLite {code}: {message}")),
    }
}

/// PostgreSQL manual, appendix A.
fn postgres(error: &sqlx::postgres::PgDatabaseError) -> DbError {
    let (code, message) = (error.code(), error.message().to_owned());
    match code {
        "23505" => DbError::Conflict { table: error.table().unwrap_or_default().to_owned() },
        "40001" | "40P01" | "55P03" => DbError::Busy,
        "53100" => DbError::Full,
        "XX001" | "XX002" => DbError::Corrupt(message),
        // Wrong password, no such role or database: the operator's, like a host that does not answer.
        "25006" | "57P01" | "57P02" | "57P03" | "58030" | "28000" | "28P01" | "3D000" => {
            DbError::Unavailable(message)
        }
        _ if code.starts_with("08") || code.starts_with("53") => DbError::Unavailable(message),
        _ => DbError::Internal(format!("PostgreSQL {code}: {message}")),
    }
}
