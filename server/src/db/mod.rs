//! SQL is written once: one enum of two drivers.
//!
//! Owns opening and creating the database, connections and transactions. [`query()`] binds [`Value`]s, runs on a
//! [`Tx`] or a [`Reader`] and gives [`Row`]s. Refuses to know the tables; `store` does. Invariants: a transaction
//! that committed is on disk (`synchronous=FULL`, `synchronous_commit=on`); a database that is missing, empty,
//! foreign or damaged is an [`OpenError`], and only [`Db::create`] ever makes one.
//!
//! The shared dialect: `$1`, `RETURNING`, `ON CONFLICT`; BIGINT, TEXT and BLOB or BYTEA; truth as BIGINT 0 or 1;
//! `CAST(sum(x) AS BIGINT)`, because Postgres sums to NUMERIC; primary keys `NOT NULL` in so many words.

mod copy;
mod error;
mod folding;
mod migrations;
mod open;
mod query;
pub mod schema;
mod value;

#[cfg(test)]
mod tests;

pub use copy::copy;
pub use error::{DbError, OpenError};
pub use open::Location;
pub use query::{
    At, Conn, Query, ROWS_PER_STATEMENT_MAX, Reader, Row, Source, Tx, chunks, insert_rows, query, query_in,
    query_rows,
};
pub use value::{FromColumn, Value};

use sqlx::{PgPool, SqlitePool};
use std::sync::Arc;

/// An open database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file on this machine.
    Sqlite {
        /// The only connection that writes.
        writer: SqlitePool,
        /// Connections that cannot write.
        readers: SqlitePool,
        /// Folds the log.
        folding: (SqlitePool, Arc<folding::Folding>),
    },
    /// A PostgreSQL server, shared by any number of nodes.
    Postgres(PgPool),
}

impl Db {
    /// Begins a writing transaction. On SQLite it waits for its turn and is then alone.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(busy)?))
            }
            Self::Postgres(pool) => {
                Ok(Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?))
            }
        }
    }

    /// A connection whose statements each see the newest committed state.
    pub async fn read(&self) -> Result<Reader, DbError> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Reader::Sqlite(readers.acquire().await.map_err(busy)?)),
            Self::Postgres(pool) => Ok(Reader::Postgres(pool.acquire().await?)),
        }
    }

    /// A connection whose statements all see one state, that of the first statement. Keep it briefly.
    pub async fn snapshot(&self) -> Result<Reader, DbError> {
        Ok(Reader::Snapshot(match self {
            Self::Sqlite { readers, .. } => {
                Tx::Sqlite(readers.begin_with("BEGIN DEFERRED").await.map_err(busy)?)
            }
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        }))
    }

    /// True if other nodes may write to the same database.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Waits for running statements and closes every connection; SQLite folds its log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, folding } => {
                folding.0.close().await;
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// No free connection to our own file means that it is busy, not away.
fn busy(error: sqlx::Error) -> DbError {
    if matches!(error, sqlx::Error::PoolTimedOut) { DbError::Busy } else { error.into() }
}
