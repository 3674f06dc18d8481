//! Opening and creating databases.
//!
//! Owns connection settings and the checks before the first statement. Invariant: [`Db::open`] never makes a
//! database and never replaces one; [`Db::create`] builds a file under another name and renames it when it is
//! whole, so a file that is there has been initialised.

use super::error::{DbError, OpenError};
use super::query::{Tx, query};
use super::schema::{MIGRATIONS_TABLE, Schema};
use super::{Db, busy, folding, migrations};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, PgPool, SqlitePool};
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Connections that read from SQLite.
const SQLITE_READERS: u32 = 4;
/// Connections of one node to Postgres.
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// How long to wait for a free connection or another process's lock.
const WAIT: Duration = Duration::from_secs(5);
/// A connection idle for longer is pinged before use.
const PING_AFTER: Duration = Duration::from_secs(1);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;
/// The writer's page cache, as SQLite counts it: negative for KiB. The leaves of the index that makes an append happen
/// once are touched at random; the usual 2 MiB would read most of them from the file again for each batch.
const SQLITE_WRITER_CACHE: &str = "-32768";
/// What every SQLite file starts with.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Where a database is.
#[derive(Clone)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<PgConnectOptions>),
}

impl Location {
    /// Reads `postgres://user:password@host:port/name?sslmode=…`.
    pub fn postgres(url: &str) -> Result<Self, OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::Address { why: "it does not start with postgres://".to_owned() });
        }
        // The driver's message may quote the address, and with it the password.
        let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Address {
            why: "expected postgres://user:password@host:port/name".to_owned(),
        })?;
        let options = options.application_name("sotto-server").statement_cache_capacity(STATEMENTS);
        // P2 must not depend on a server-wide default.
        Ok(Self::Postgres(Box::new(
            options.options([("synchronous_commit", "on"), ("client_min_messages", "warning")]),
        )))
    }
}

/// Without user and password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(options) => {
                let name = options.get_database().unwrap_or("?");
                write!(f, "postgres://{}:{}/{name}", options.get_host(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

impl Db {
    /// Opens a database, checks it and applies new migrations.
    pub async fn open(location: &Location) -> Result<Self, OpenError> {
        match location {
            Location::Sqlite(path) => open_sqlite(path, &location.to_string()).await,
            Location::Postgres(options) => open_postgres(options, &location.to_string(), false).await,
        }
    }

    /// Makes a database where there is none, and opens it.
    pub async fn create(location: &Location) -> Result<Self, OpenError> {
        let at = location.to_string();
        match location {
            Location::Sqlite(path) => {
                create_sqlite(path, &at).await?;
                open_sqlite(path, &at).await
            }
            Location::Postgres(options) => open_postgres(options, &at, true).await,
        }
    }
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(WAIT)
        .statement_cache_capacity(STATEMENTS)
        .pragma("wal_autocheckpoint", folding::WRITER_FOLDS_AT)
        .pragma("journal_size_limit", "268435456") // the log keeps its blocks: writing over them costs less than new ones
        .pragma("temp_store", "MEMORY") // so that undoing part of a long statement costs no file
        .pragma("secure_delete", "ON") // a dropped payload is overwritten
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
}

async fn sqlite_writer(options: SqliteConnectOptions) -> Result<SqlitePool, DbError> {
    one_connection().connect_with(options).await.map_err(busy)
}

fn one_connection() -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().max_connections(1).min_connections(1).test_before_acquire(false);
    pool.idle_timeout(None).max_lifetime(None).acquire_timeout(WAIT)
}

async fn open_sqlite(path: &Path, at: &str) -> Result<Db, OpenError> {
    check_file(path, at)?;
    let fail = |e| OpenError::from_db(at, e);
    let options = sqlite_options(path).pragma("cache_size", SQLITE_WRITER_CACHE);
    let writer = sqlite_writer(options).await.map_err(fail)?;
    if let Err(e) = prepare_sqlite(&writer, at).await {
        writer.close().await;
        return Err(e);
    }
    let readers =
        SqlitePoolOptions::new().max_connections(SQLITE_READERS).min_connections(1).acquire_timeout(WAIT);
    let readers = readers.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let readers = readers.connect_with(sqlite_options(path).pragma("query_only", "ON")).await;
    let readers = readers.map_err(|e| fail(busy(e)))?;
    let folder = one_connection().connect_with(sqlite_options(path)).await.map_err(|e| fail(busy(e)))?;
    let folding = Arc::new(folding::start(folder.clone()));
    Ok(Db::Sqlite { writer, readers, folding: (folder, folding) })
}

/// Reads the whole file once and brings its tables up to date.
async fn prepare_sqlite(writer: &SqlitePool, at: &str) -> Result<(), OpenError> {
    let fail = |e| OpenError::from_db(at, e);
    let mut tx = Tx::Sqlite(writer.begin().await.map_err(|e| fail(busy(e)))?);
    let verdict = query("PRAGMA quick_check(1)").fetch_one(&mut tx).await;
    let verdict = verdict.and_then(|row| row.get::<String>(0)).map_err(fail)?;
    if verdict != "ok" {
        return Err(OpenError::Corrupt { at: at.to_owned(), why: verdict });
    }
    check_schema(&mut tx, at).await?;
    drop(tx);
    migrations::sqlite().run(writer).await.map_err(|e| migrate_error(at, e))
}

/// Looks at the file before the driver does. SQLite takes an empty file for an empty database, and fills a torn
/// last page with zeros.
fn check_file(path: &Path, at: &str) -> Result<(), OpenError> {
    let corrupt = |why: &str| Err(OpenError::Corrupt { at: at.to_owned(), why: why.to_owned() });
    let io = |e: std::io::Error| io_error(at, &e);
    let file = match File::open(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(OpenError::Absent { at: at.to_owned() }),
        other => other.map_err(io)?,
    };
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return corrupt("it is no file");
    }
    if metadata.len() == 0 {
        return corrupt("the file is empty");
    }
    let mut header = Vec::with_capacity(18);
    file.take(18).read_to_end(&mut header).map_err(io)?;
    // Magic, then the page size as two bytes big-endian, 1 standing for 65,536.
    let page = match header.strip_prefix(SQLITE_MAGIC) {
        Some([0, 1]) => 65_536,
        Some([high, low]) => u64::from(u16::from_be_bytes([*high, *low])),
        _ => return corrupt("the file is not a SQLite database"),
    };
    // A crash while the log was being folded in may tear the last page; then the log still has it.
    let logged = std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    if !logged && !metadata.len().is_multiple_of(page.max(1)) {
        return corrupt("the file is cut off");
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

async fn create_sqlite(path: &Path, at: &str) -> Result<(), OpenError> {
    let io = |e: std::io::Error| io_error(at, &e);
    if path.try_exists().map_err(io)? {
        return Err(OpenError::Exists { at: at.to_owned() });
    }
    let directory = path.parent().ok_or_else(|| OpenError::Absent { at: at.to_owned() })?;
    // What a crash during an earlier first start left. The names are ours; a log without its database would be
    // taken for the new one's.
    for suffix in [".new", ".new-wal", ".new-shm", ".new-journal", "-wal", "-shm", "-journal"] {
        match std::fs::remove_file(beside(path, suffix)) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(io(e)),
            _ => {}
        }
    }
    let new = beside(path, ".new");
    create_private(&new).map_err(io)?;
    let writer = sqlite_writer(sqlite_options(&new)).await.map_err(|e| OpenError::from_db(at, e))?;
    migrations::sqlite().run(&writer).await.map_err(|e| migrate_error(at, e))?;
    writer.close().await;
    File::open(&new).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&new, path).map_err(io)?;
    File::open(directory).and_then(|dir| dir.sync_all()).map_err(io)
}

/// An empty file that only its owner reads; the log beside it gets the same mode.
fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

async fn open_postgres(options: &PgConnectOptions, at: &str, create: bool) -> Result<Db, OpenError> {
    let fail = |e: sqlx::Error| OpenError::from_db(at, e.into());
    // One connection first: the pool would try again and report only that time ran out.
    match tokio::time::timeout(WAIT, PgConnection::connect_with(options)).await {
        Err(_) => {
            return Err(OpenError::Unreachable { at: at.to_owned(), why: "no answer in 5 s".to_owned() });
        }
        Ok(conn) => drop(conn.map_err(fail)?.close().await),
    }
    let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS_MAX).acquire_timeout(WAIT);
    let pool: PgPool = pool
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            let stale = meta.idle_for > PING_AFTER;
            Box::pin(async move { if stale { conn.ping().await.map(|()| true) } else { Ok(true) } })
        })
        .connect_with(options.clone())
        .await
        .map_err(fail)?;
    let mut tx = Tx::Postgres(pool.begin().await.map_err(fail)?);
    let fsync = query("SELECT current_setting('fsync') AS fsync").fetch_one(&mut tx).await;
    if fsync.and_then(|row| row.get::<String>("fsync")).map_err(|e| OpenError::from_db(at, e))? != "on" {
        tracing::warn!("PostgreSQL runs with fsync off: a power cut can lose acknowledged messages");
    }
    match (check_schema(&mut tx, at).await, create) {
        (Ok(()), false) | (Err(OpenError::Absent { .. }), true) => {}
        (Ok(()), true) => return Err(OpenError::Exists { at: at.to_owned() }),
        (Err(e), _) => return Err(e),
    }
    drop(tx);
    migrations::postgres().run(&pool).await.map_err(|e| migrate_error(at, e))?;
    Ok(Db::Postgres(pool))
}

/// Checks that the tables are those which the applied migrations make.
async fn check_schema(tx: &mut Tx, at: &str) -> Result<(), OpenError> {
    let fail = |e| OpenError::from_db(at, e);
    let corrupt = |why: String| OpenError::Corrupt { at: at.to_owned(), why };
    let found = Schema::read(tx).await.map_err(fail)?;
    if !found.tables.contains_key(MIGRATIONS_TABLE) {
        return Err(match (&tx, found.tables.is_empty()) {
            (Tx::Postgres(_), true) => OpenError::Absent { at: at.to_owned() },
            _ => corrupt("it is no Sotto database, or its list of migrations is missing".to_owned()),
        });
    }
    let row = query("SELECT COALESCE(max(version), 0) AS version FROM _sqlx_migrations").fetch_one(tx).await;
    let applied: i64 = row.and_then(|row| row.get("version")).map_err(fail)?;
    if applied > migrations::newest() {
        let (found, known) = (applied, migrations::newest());
        return Err(OpenError::NewerSchema { at: at.to_owned(), found, known });
    }
    let expected = expected_schema(applied).await.map_err(fail)?;
    expected.missing_in(&found).map_or(Ok(()), |why| Err(corrupt(why)))
}

/// The tables after the migrations up to `version`.
async fn expected_schema(version: i64) -> Result<Schema, DbError> {
    let pool = sqlite_writer(SqliteConnectOptions::new().in_memory(true)).await?;
    let run = migrations::sqlite().run_to(version, &pool).await;
    run.map_err(|e| DbError::Internal(e.to_string()))?;
    let mut tx = Tx::Sqlite(pool.begin().await?);
    let schema = Schema::read(&mut tx).await;
    drop(tx);
    pool.close().await;
    schema
}

fn migrate_error(at: &str, error: MigrateError) -> OpenError {
    let at_owned = at.to_owned();
    match error {
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => OpenError::from_db(at, e.into()),
        MigrateError::VersionMissing(found) => {
            OpenError::NewerSchema { at: at_owned, found, known: migrations::newest() }
        }
        MigrateError::VersionMismatch(version) => OpenError::Corrupt {
            at: at_owned,
            why: format!("its migration {version} differs from the one in this version"),
        },
        other => OpenError::Internal { at: at_owned, why: other.to_string() },
    }
}

fn io_error(at: &str, error: &std::io::Error) -> OpenError {
    let at = at.to_owned();
    if error.kind() == ErrorKind::StorageFull {
        OpenError::Full { at }
    } else {
        OpenError::Unreachable { at, why: error.to_string() }
    }
}
