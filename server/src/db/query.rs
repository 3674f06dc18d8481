//! One statement, one row, one transaction, over either driver.
//!
//! Owns the two-variant enums. Refuses to know any table. Invariant: a statement's text is fixed at compile time
//! or built only from counts (and, in [`super::copy`], from our own names), so no value ever becomes SQL.

use super::error::DbError;
use super::value::{FromColumn, Native, Value};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{
    Arguments, AssertSqlSafe, Executor, PgConnection, Postgres, Row as _, Sqlite, SqliteConnection,
    Transaction,
};
use std::borrow::Cow;
use std::fmt::Write;

/// A writing transaction; dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// `BEGIN IMMEDIATE` on the only writing connection.
    Sqlite(Transaction<'static, Sqlite>),
    /// `READ COMMITTED`.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes everything durable. After [`DbError::Unavailable`] it is unknown whether it took effect.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes everything and waits for it.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// A connection for reading: each statement for itself ([`super::Db::read`]), or all of them from one state of
/// the database ([`super::Db::snapshot`]).
#[derive(Debug)]
pub enum Reader {
    /// One of the reading connections.
    Sqlite(PoolConnection<Sqlite>),
    /// Any connection.
    Postgres(PoolConnection<Postgres>),
    /// One state of the database.
    Snapshot(Tx),
}

/// A driver's connection.
#[derive(Debug)]
pub enum Conn<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// Where statements that return rows can run: a [`Tx`] or a [`Reader`].
pub trait Source: Send {
    /// The connection.
    fn conn(&mut self) -> Conn<'_>;
}

impl Source for Tx {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(tx),
            Self::Postgres(tx) => Conn::Postgres(tx),
        }
    }
}

impl Source for Reader {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
            Self::Snapshot(tx) => tx.conn(),
        }
    }
}

/// A statement with its parameters.
#[derive(Debug)]
#[must_use = "a statement does nothing until it runs"]
pub struct Query<'q> {
    sql: Cow<'static, str>,
    values: Vec<Value<'q>>,
    lock: bool,
}

/// A statement of the shared dialect (`$1`, `RETURNING`, `ON CONFLICT`).
pub fn query<'q>(sql: &'static str) -> Query<'q> {
    Query { sql: Cow::Borrowed(sql), values: Vec::new(), lock: false }
}

/// A statement whose text was made at run time, from names that our own migrations gave and from counts.
pub(super) fn query_text<'q>(sql: String) -> Query<'q> {
    Query { sql: Cow::Owned(sql), values: Vec::new(), lock: false }
}

/// `head ($1,$2),($3,$4)… tail`: one statement for several rows, e.g. with `RETURNING` in `tail`. Each number of
/// rows is another text, so pass the sizes of [`chunks`] to keep the drivers' statement caches small.
pub fn query_rows<'q, const N: usize>(
    head: &'static str,
    rows: Vec<[Value<'q>; N]>,
    tail: &'static str,
) -> Query<'q> {
    let mut sql = String::with_capacity(head.len() + tail.len() + rows.len() * (N * 6 + 3) + 2);
    sql.push_str(head);
    sql.push(' ');
    for row in 0..rows.len() {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        push_placeholders(&mut sql, row * N, N);
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    Query { sql: Cow::Owned(sql), values: rows.into_iter().flatten().collect(), lock: false }
}

/// `head ($1,$2,…) tail`, as in `SELECT … WHERE id IN ($1,$2,…)`. At least one value; later parameters go on
/// counting after the last.
pub fn query_in<'q>(head: &'static str, values: Vec<Value<'q>>, tail: &'static str) -> Query<'q> {
    let mut sql = String::with_capacity(head.len() + tail.len() + values.len() * 6 + 4);
    sql.push_str(head);
    sql.push_str(" (");
    push_placeholders(&mut sql, 0, values.len());
    sql.push_str(") ");
    sql.push_str(tail);
    Query { sql: Cow::Owned(sql), values, lock: false }
}

/// `?` for `$1`, `$2`, … when they come in order: the driver looks up each name by walking over all of them, which
/// takes longer than the statement itself when there are many.
fn anonymous(sql: String) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut pieces = sql.split('$');
    out.push_str(pieces.next().unwrap_or_default());
    for (piece, expected) in pieces.zip(1_usize..) {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = piece.strip_suffix(rest).and_then(|digits| digits.parse::<usize>().ok());
        if number != Some(expected) {
            return sql;
        }
        out.push('?');
        out.push_str(rest);
    }
    out
}

fn push_placeholders(sql: &mut String, before: usize, count: usize) {
    for n in 1..=count {
        let comma = if n == 1 { "" } else { "," };
        // Writing to a String is infallible.
        let _ = write!(sql, "{comma}${}", before + n);
    }
}

/// Rows that one multi-row statement carries at most.
pub const ROWS_PER_STATEMENT_MAX: usize = 128;
/// Numbers of rows above this are multiples of it, so that there are few different statements.
const ROWS_STEP: usize = 8;

/// Splits `count` rows into pieces of at most [`ROWS_PER_STATEMENT_MAX`], largest first: few pieces, of sizes
/// that come again, because each size is another statement to prepare and each piece another way to the database.
pub fn chunks(mut count: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let most = count.min(ROWS_PER_STATEMENT_MAX);
        let chunk = if most >= ROWS_STEP { most - most % ROWS_STEP } else { most };
        count -= chunk;
        (chunk > 0).then_some(chunk)
    })
}

/// Inserts many rows with few statements: `INSERT INTO t (a, b) VALUES` and perhaps `ON CONFLICT DO NOTHING`.
/// Returns how many rows were written.
pub async fn insert_rows<'q, const N: usize>(
    tx: &mut Tx,
    head: &'static str,
    rows: impl IntoIterator<Item = [Value<'q>; N]>,
    tail: &'static str,
) -> Result<u64, DbError> {
    let rows: Vec<_> = rows.into_iter().collect();
    let sizes = chunks(rows.len());
    let mut rows = rows.into_iter();
    let mut written = 0;
    for size in sizes {
        written += query_rows(head, rows.by_ref().take(size).collect(), tail).execute(tx).await?;
    }
    Ok(written)
}

impl<'q> Query<'q> {
    /// Binds the next parameter.
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds several parameters in order.
    pub fn bind_all(mut self, values: impl IntoIterator<Item = Value<'q>>) -> Self {
        self.values.extend(values);
        self
    }

    /// Locks the selected rows until the transaction ends: `FOR UPDATE` on Postgres, nothing on SQLite, where a
    /// writing transaction is alone anyway.
    pub fn for_update(mut self) -> Self {
        self.lock = true;
        self
    }

    /// Runs a statement and returns the number of rows it changed.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64, DbError> {
        Ok(match tx.conn() {
            Conn::Sqlite(conn) => conn.execute(self.sqlite()?).await?.rows_affected(),
            Conn::Postgres(conn) => conn.execute(self.postgres()?).await?.rows_affected(),
        })
    }

    /// The first row, if any.
    pub async fn fetch_optional(self, source: &mut impl Source) -> Result<Option<Row>, DbError> {
        Ok(match source.conn() {
            Conn::Sqlite(conn) => conn.fetch_optional(self.sqlite()?).await?.map(Row::Sqlite),
            Conn::Postgres(conn) => conn.fetch_optional(self.postgres()?).await?.map(Row::Postgres),
        })
    }

    /// The first row; its absence is [`DbError::Internal`].
    pub async fn fetch_one(self, source: &mut impl Source) -> Result<Row, DbError> {
        self.fetch_optional(source).await?.ok_or_else(|| DbError::Internal("a row was expected".to_owned()))
    }

    /// All rows.
    pub async fn fetch_all(self, source: &mut impl Source) -> Result<Vec<Row>, DbError> {
        Ok(match source.conn() {
            Conn::Sqlite(conn) => {
                conn.fetch_all(self.sqlite()?).await?.into_iter().map(Row::Sqlite).collect()
            }
            Conn::Postgres(conn) => {
                conn.fetch_all(self.postgres()?).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    fn sqlite(self) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, DbError> {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(self.values.len(), 0);
        for value in self.values {
            match value {
                Value::Int(v) => Arguments::add(&mut arguments, v),
                Value::Text(v) => Arguments::add(&mut arguments, v.map(Cow::into_owned)),
                Value::Blob(v) => Arguments::add(&mut arguments, v.map(Cow::into_owned)),
            }
            .map_err(|e| DbError::Internal(e.to_string()))?;
        }
        let sql = match self.sql {
            Cow::Owned(sql) => Cow::Owned(anonymous(sql)),
            Cow::Borrowed(fixed) => Cow::Borrowed(fixed),
        };
        Ok(sqlx::query_with(AssertSqlSafe(sql), arguments))
    }

    fn postgres(self) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, DbError> {
        let mut arguments = PgArguments::default();
        arguments.reserve(self.values.len(), self.values.iter().map(Value::size).sum());
        for value in &self.values {
            match value {
                Value::Int(v) => arguments.add(v),
                Value::Text(v) => arguments.add(v.as_deref()),
                Value::Blob(v) => arguments.add(v.as_deref()),
            }
            .map_err(|e| DbError::Internal(e.to_string()))?;
        }
        let sql = if self.lock { Cow::Owned(format!("{} FOR UPDATE", self.sql)) } else { self.sql };
        Ok(sqlx::query_with(AssertSqlSafe(sql), arguments))
    }
}

impl Value<'_> {
    fn size(&self) -> usize {
        match self {
            Self::Int(_) => 12,
            Self::Text(v) => v.as_ref().map_or(4, |t| t.len() + 4),
            Self::Blob(v) => v.as_ref().map_or(4, |b| b.len() + 4),
        }
    }
}

/// One row of an answer.
#[derive(Debug)]
pub enum Row {
    /// SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

/// Which column: its name or its position.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// By name.
    Name(&'a str),
    /// By position from 0.
    Index(usize),
}

impl<'a> From<&'a str> for At<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for At<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl At<'_> {
    /// An error about this column. A stored value that its type refuses means damaged data.
    pub fn error(&self, why: &str) -> DbError {
        match self {
            Self::Name(name) => DbError::Corrupt(format!("column {name}: {why}")),
            Self::Index(index) => DbError::Corrupt(format!("column {index}: {why}")),
        }
    }
}

impl Row {
    /// Reads a column by name or position.
    pub fn get<'a, T: FromColumn>(&self, at: impl Into<At<'a>>) -> Result<T, DbError> {
        T::from_column(self, at.into())
    }

    pub(super) fn native<T: Native>(&self, at: At<'_>) -> Result<Option<T>, DbError> {
        Ok(match (self, at) {
            (Self::Sqlite(row), At::Name(name)) => row.try_get::<Option<T>, _>(name)?,
            (Self::Sqlite(row), At::Index(index)) => row.try_get::<Option<T>, _>(index)?,
            (Self::Postgres(row), At::Name(name)) => row.try_get::<Option<T>, _>(name)?,
            (Self::Postgres(row), At::Index(index)) => row.try_get::<Option<T>, _>(index)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_few_sizes_that_add_up() {
        for count in 0..300 {
            let sizes: Vec<_> = chunks(count).collect();
            assert_eq!(sizes.iter().sum::<usize>(), count);
            let usual =
                |s: &usize| *s < ROWS_STEP || (s.is_multiple_of(ROWS_STEP) && *s <= ROWS_PER_STATEMENT_MAX);
            assert!(sizes.iter().all(usual) && sizes.len() <= count / ROWS_PER_STATEMENT_MAX + 2);
        }
    }

    #[test]
    fn parameters_in_order_need_no_names() {
        let of = |sql: &str| anonymous(sql.to_owned());
        assert_eq!(of("VALUES ($1,$2),($3,$4) RETURNING a"), "VALUES (?,?),(?,?) RETURNING a");
        for kept in ["a = $2 AND b = $1", "a = $1 OR b = $1", "a = '$'", ""] {
            assert_eq!(of(kept), kept);
        }
    }

    #[test]
    fn rows_are_numbered_through() {
        let q = query_rows(
            "INSERT INTO t (a, b) VALUES",
            vec![[1_i64.into(), "x".into()], [2_i64.into(), "y".into()]],
            "RETURNING a",
        );
        assert_eq!(q.sql, "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4) RETURNING a");
        assert_eq!(q.values.len(), 4);
        let q = query_in("SELECT a FROM t WHERE a IN", vec![1_i64.into(), 2_i64.into()], "ORDER BY a");
        assert_eq!(q.sql, "SELECT a FROM t WHERE a IN ($1,$2) ORDER BY a");
    }
}
