//! The file `home.db`: sealed rows in SQLite.
//!
//! Owns the two tables and their durability. Refuses to know keys and what a row means. Invariants: a batch is
//! stored whole or not at all, and is on disk (`synchronous=FULL`) before [`Store::put`] returns; a file that is not
//! such a database is never written to.

use super::HomeError;
use sotto_client_core::io::{Change, LAZY_PREFIX, Row};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, SqlSafeStr as _, SqlStr, SqliteConnection,
};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Version of the tables.
const FORMAT: i64 = 1;
/// A sealed record of the usual size fits into a page together with others; SQLite's 4 KiB would send every one of
/// them to overflow pages. Taken for a new database only.
const PAGE_BYTES: u32 = 8192;
/// How long to wait for somebody who looks into the file with a tool of theirs.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// The rows of one client.
#[derive(Debug)]
pub(crate) struct Store {
    db: SqliteConnection,
    /// For how many rows a statement is, and the statement; the last is for one row.
    upserts: [(usize, SqlStr); 3],
}

impl Store {
    /// Opens a database that exists.
    pub(super) async fn open(path: &Path) -> Result<Self, HomeError> {
        has_first_page(path)?;
        let mut db = connect(path).await?;
        let format: Option<i64> =
            sqlx::query_scalar("SELECT max(format) FROM meta").fetch_one(&mut db).await.map_err(|e| {
                match told(e) {
                    // No such table, or no such column.
                    HomeError::Io { .. } => HomeError::DatabaseDamaged("it is not a home of Sotto".into()),
                    other => other,
                }
            })?;
        match format {
            Some(FORMAT) => Ok(Self::of(db)),
            Some(later) if later > FORMAT => Err(HomeError::Newer),
            Some(_) | None => Err(HomeError::DatabaseDamaged("its version is missing".into())),
        }
    }

    /// Makes an empty database. A file of this name, left by a making that was cut short, is replaced.
    pub(super) async fn create(path: &Path) -> Result<Self, HomeError> {
        let clear = || -> io::Result<()> {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                match fs::remove_file(beside(path, suffix)) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                    _ => {}
                }
            }
            // Made here, since SQLite would let others read it.
            OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map(drop)
        };
        clear().map_err(HomeError::io("Making the home"))?;
        let mut db = connect(path).await?;
        let mut tx = db.begin().await.map_err(told)?;
        for sql in [
            "CREATE TABLE meta (format INTEGER NOT NULL) STRICT",
            "CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
        ] {
            sqlx::query(sql).execute(&mut *tx).await.map_err(told)?;
        }
        sqlx::query("INSERT INTO meta (format) VALUES (?1)")
            .bind(FORMAT)
            .execute(&mut *tx)
            .await
            .map_err(told)?;
        tx.commit().await.map_err(told)?;
        Ok(Self::of(db))
    }

    /// A page of a log is hundreds of rows, and every statement is a trip to the thread that owns the database.
    fn of(db: SqliteConnection) -> Self {
        let upsert = |rows| {
            let values = vec!["(?, ?)"; rows].join(", ");
            let sql = format!(
                "INSERT INTO rows (key, value) VALUES {values} ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            );
            (rows, AssertSqlSafe(sql).into_sql_str())
        };
        Self { db, upserts: [upsert(64), upsert(8), upsert(1)] }
    }

    /// What a client is opened with: all rows but those it asks for later.
    pub(super) async fn eager(&mut self) -> Result<Vec<Row>, HomeError> {
        let after = successor(LAZY_PREFIX);
        sqlx::query("SELECT key, value FROM rows WHERE key < ?1 OR key >= ?2 ORDER BY key")
            .bind(LAZY_PREFIX)
            .bind(after)
            .try_map(|row| to_row(&row))
            .fetch_all(&mut self.db)
            .await
            .map_err(told)
    }

    /// The rows from the first name (included) to the second (excluded), in order.
    pub(super) async fn range(&mut self, from: &[u8], to: &[u8]) -> Result<Vec<Row>, HomeError> {
        sqlx::query("SELECT key, value FROM rows WHERE key >= ?1 AND key < ?2 ORDER BY key")
            .bind(from)
            .bind(to)
            .try_map(|row| to_row(&row))
            .fetch_all(&mut self.db)
            .await
            .map_err(told)
    }

    /// Stores all of these changes, which name each row once. They are on disk when this returns.
    pub(super) async fn put(&mut self, changes: &[Change]) -> Result<(), HomeError> {
        let mut tx = self.db.begin_with("BEGIN IMMEDIATE").await.map_err(told)?;
        let (set, unset): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.value.is_some());
        for change in unset {
            let query = sqlx::query("DELETE FROM rows WHERE key = ?1").bind(change.key.as_slice());
            query.execute(&mut *tx).await.map_err(told)?;
        }
        let mut rest = set.as_slice();
        for (rows, sql) in &self.upserts {
            let (whole, left) = rest.split_at(rest.len() - rest.len() % rows);
            rest = left;
            for some in whole.chunks(*rows) {
                let mut query = sqlx::query(sql.clone());
                for change in some {
                    query = query.bind(change.key.as_slice()).bind(change.value.as_deref());
                }
                query.execute(&mut *tx).await.map_err(told)?;
            }
        }
        tx.commit().await.map_err(told)
    }

    /// Checks every page.
    pub(super) async fn check(&mut self) -> Result<(), HomeError> {
        let said: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(&mut self.db).await.map_err(told)?;
        match said.as_slice() {
            [ok] if ok == "ok" => Ok(()),
            _ => Err(HomeError::DatabaseDamaged("some of its pages don't fit together".into())),
        }
    }

    /// Closes the file in good order.
    pub(super) async fn close(self) -> Result<(), HomeError> {
        self.db.close().await.map_err(told)
    }
}

/// SQLite takes a file shorter than a page for a new database, and would begin to write it.
fn has_first_page(path: &Path) -> Result<(), HomeError> {
    let failed = |e| HomeError::io("Reading the file home.db")(e);
    let mut file = File::open(path).map_err(failed)?;
    let len = file.metadata().map_err(failed)?.len();
    if len == 0 {
        return Err(HomeError::DatabaseDamaged("it is empty".into()));
    }
    // <https://www.sqlite.org/fileformat.html#the_database_header>: sixteen bytes of text, then the page size.
    let mut header = [0; 18];
    if len < 512 {
        return Err(HomeError::DatabaseDamaged("it was cut short".into()));
    }
    file.read_exact(&mut header).map_err(failed)?;
    let Some((b"SQLite format 3\0", &[high, low])) = header.split_first_chunk::<16>() else {
        return Err(HomeError::DatabaseDamaged("it is no database".into()));
    };
    let page_bytes = match u16::from_be_bytes([high, low]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    // A last page that was only begun is what a power cut leaves; the write-ahead log then has the whole of it.
    let begun = page_bytes == 0 || !len.is_multiple_of(page_bytes);
    if len < page_bytes || (begun && !has_log(path)) {
        return Err(HomeError::DatabaseDamaged("it was cut short".into()));
    }
    Ok(())
}

/// There is a write-ahead log with something in it.
fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0)
}

/// A file that SQLite keeps beside its database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

async fn connect(path: &Path) -> Result<SqliteConnection, HomeError> {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .page_size(PAGE_BYTES)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(told)
}

fn to_row(row: &SqliteRow) -> sqlx::Result<Row> {
    Ok(Row { key: row.try_get(0)?, value: row.try_get(1)? })
}

/// The first name after all those with this prefix.
fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut after = prefix.to_vec();
    while let Some(last) = after.pop() {
        if last < u8::MAX {
            after.push(last + 1);
            break;
        }
    }
    after
}

/// What SQLite said, as ours. Numbers: <https://www.sqlite.org/rescode.html>, the low byte of the extended code.
fn told(error: sqlx::Error) -> HomeError {
    let code = match &error {
        sqlx::Error::Database(said) => {
            said.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Some(11),
        _ => None,
    };
    match code {
        Some(5 | 6) => HomeError::InUse,
        Some(11) => HomeError::DatabaseDamaged("it was cut short or changed".into()),
        Some(26) => HomeError::DatabaseDamaged("it is no database".into()),
        Some(13) => HomeError::DiskFull,
        _ => HomeError::Io { what: "Using the file home.db".into(), source: io::Error::other(error) },
    }
}
