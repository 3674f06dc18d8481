//! One behaviour on both databases, and every way a file can be unfit.

use super::*;
use crate::testing::Postgres;
use sotto_protocol::ids::{AccountId, Millis, Seq, SpaceId};
use std::fs;
use std::path::{Path, PathBuf};

fn sqlite(dir: &Path) -> Location {
    Location::Sqlite(dir.join("sotto.db"))
}

async fn made(dir: &Path) -> PathBuf {
    Db::create(&sqlite(dir)).await.unwrap().close().await;
    dir.join("sotto.db")
}

fn corrupt(result: Result<Db, OpenError>, what: &str) {
    match result {
        Err(OpenError::Corrupt { why, .. }) => assert!(why.contains(what), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// What both drivers must do alike.
async fn contract(db: &Db) {
    let blob = if db.is_shared() { "BYTEA" } else { "BLOB" };
    let table =
        format!("CREATE TABLE thing (id {blob} NOT NULL PRIMARY KEY, n BIGINT, name TEXT, data {blob})");
    let mut tx = db.begin().await.unwrap();
    query(table.leak()).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    // Values come back as they went in, NULL and empty apart.
    let id = SpaceId([7; 16]);
    let insert = "INSERT INTO thing (id, n, name, data) VALUES ($1, $2, $3, $4) RETURNING n";
    let mut tx = db.begin().await.unwrap();
    let row = query(insert).bind(id).bind(Seq(5)).bind("ä\u{0}").bind(Vec::new()).fetch_one(&mut tx).await;
    // Postgres has no NUL in texts: an error, not a cut text. SQLite keeps it.
    match (db.is_shared(), row) {
        (false, Ok(row)) => assert_eq!(row.get::<Seq>("n"), Ok(Seq(5))),
        (true, Err(DbError::Internal(_))) => {}
        (_, other) => panic!("{other:?}"),
    }
    tx.rollback().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let row =
        query(insert).bind(id).bind(Seq(5)).bind("ä").bind(Vec::new()).fetch_one(&mut tx).await.unwrap();
    assert_eq!(row.get::<Seq>(0), Ok(Seq(5)));
    let none: Option<Vec<u8>> = None;
    let other = SpaceId([8; 16]);
    query(insert)
        .bind(other)
        .bind(None::<Millis>)
        .bind(None::<&str>)
        .bind(none)
        .fetch_one(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut reader = db.read().await.unwrap();
    let select = "SELECT id, n, name, data FROM thing WHERE id = $1";
    let row = query(select).bind(id).fetch_one(&mut reader).await.unwrap();
    assert_eq!(row.get::<SpaceId>("id"), Ok(id));
    assert_eq!(row.get::<String>("name"), Ok("ä".to_owned()));
    assert_eq!(row.get::<Option<Vec<u8>>>("data"), Ok(Some(Vec::new())));
    let row = query(select).bind(other).fetch_one(&mut reader).await.unwrap();
    assert_eq!(row.get::<Option<Millis>>("n"), Ok(None));
    assert_eq!(row.get::<Option<String>>("name"), Ok(None));
    assert_eq!(row.get::<Option<Vec<u8>>>("data"), Ok(None));
    // A column of the wrong type, length or absence of a value is an error, not a guess.
    assert!(matches!(row.get::<Seq>("n"), Err(DbError::Corrupt(_))));
    assert!(matches!(row.get::<String>("id"), Err(DbError::Internal(_))));
    assert!(matches!(row.get::<String>("nothing"), Err(DbError::Internal(_))));
    assert!(matches!(row.get::<sotto_protocol::ids::Hash>("id"), Err(DbError::Corrupt(_))));
    assert!(query(select).bind(AccountId::ZERO).fetch_optional(&mut reader).await.unwrap().is_none());

    // A repeated key is a conflict that names the table; the transaction's other writes vanish.
    let mut tx = db.begin().await.unwrap();
    query(insert).bind(&[9_u8; 16]).bind(1_i64).bind("x").bind(&[1_u8, 2]).fetch_one(&mut tx).await.unwrap();
    let again = query(insert).bind(id).bind(1_i64).bind("x").bind(&[1_u8][..]).fetch_one(&mut tx).await;
    assert_eq!(again.unwrap_err(), DbError::Conflict { table: "thing".to_owned() });
    drop(tx);
    assert!(query(select).bind(&[9_u8; 16]).fetch_optional(&mut reader).await.unwrap().is_none());

    // Many rows, the conflicting one left out.
    let rows = (0..200_u8).map(|n| [Value::from(vec![n; 16]), u64::from(n).into(), "row".into()]);
    let mut tx = db.begin().await.unwrap();
    let head = "INSERT INTO thing (id, n, name) VALUES";
    assert_eq!(insert_rows(&mut tx, head, rows, "ON CONFLICT (id) DO NOTHING").await, Ok(198));
    let wanted: Vec<_> = [1_u8, 2, 250].map(|n| vec![n; 16].into()).into();
    let found = query_in("SELECT n FROM thing WHERE id IN", wanted, "ORDER BY n").for_update();
    let found: Vec<_> =
        found.fetch_all(&mut tx).await.unwrap().iter().map(|r| r.get::<u64>(0).unwrap()).collect();
    assert_eq!(found, [1, 2]);

    // A snapshot sees one state; a reader the newest.
    let count = "SELECT count(*) AS n FROM thing";
    let mut snapshot = db.snapshot().await.unwrap();
    assert_eq!(query(count).fetch_one(&mut snapshot).await.unwrap().get::<u64>("n"), Ok(2));
    tx.commit().await.unwrap();
    assert_eq!(query(count).fetch_one(&mut snapshot).await.unwrap().get::<u64>("n"), Ok(2));
    assert_eq!(query(count).fetch_one(&mut reader).await.unwrap().get::<u64>("n"), Ok(200));
    drop(snapshot); // it would hold up DROP TABLE

    // Two transactions that count one counter up at once both count.
    let up =
        "INSERT INTO thing (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = thing.n + 1 RETURNING n";
    let mut counting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let db = db.clone();
        counting.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let row = query(up).bind(&[255_u8; 16]).fetch_one(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            row.get::<Seq>("n").unwrap()
        });
    }
    let mut seen = counting.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=20).map(Seq).collect::<Vec<_>>());

    let mut tx = db.begin().await.unwrap();
    query("DROP TABLE thing").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::create(&sqlite(dir.path())).await.unwrap();
    contract(&db).await;
    // A reader cannot write, whatever the statement.
    let mut reader = db.read().await.unwrap();
    let insert = "INSERT INTO meta (key, value) VALUES ('a', $1) RETURNING key";
    assert!(query(insert).bind(&[1_u8]).fetch_optional(&mut reader).await.is_err());
    drop(reader);
    // A writer that waits in vain is told to try again.
    let tx = db.begin().await.unwrap();
    assert_eq!(db.begin().await.unwrap_err(), DbError::Busy);
    drop(tx);
    db.begin().await.unwrap().rollback().await.unwrap();
    for (pragma, wanted) in
        [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1), ("PRAGMA secure_delete", 1)]
    {
        let mut tx = db.begin().await.unwrap();
        assert_eq!(query(pragma).fetch_one(&mut tx).await.unwrap().get::<i64>(0), Ok(wanted), "{pragma}");
    }
    db.close().await;
    assert!(matches!(db.begin().await, Err(DbError::Unavailable(_))));
}

#[tokio::test]
async fn postgres_keeps_the_contract_and_has_the_same_tables() {
    let mut server = Postgres::start().unwrap();
    let location = Location::postgres(&server.fresh_database().unwrap()).unwrap();
    assert!(matches!(Db::open(&location).await, Err(OpenError::Absent { .. })));
    let db = Db::create(&location).await.unwrap();
    assert!(matches!(Db::create(&location).await, Err(OpenError::Exists { .. })));
    contract(&db).await;

    let dir = tempfile::tempdir().unwrap();
    let file = Db::create(&sqlite(dir.path())).await.unwrap();
    let one = schema::Schema::read(&mut file.read().await.unwrap()).await.unwrap();
    let other = schema::Schema::read(&mut db.read().await.unwrap()).await.unwrap();
    assert_eq!(one, other);
    assert!(one.tables.contains_key("meta"));
    for (name, table) in &one.tables {
        let plain = table.columns.values().all(|c| !matches!(c.kind, schema::Kind::Other(_)));
        assert!(plain, "{name} leaves the shared dialect");
    }

    // What was committed survives a crash; what was not does not; old connections are replaced.
    let mut tx = db.begin().await.unwrap();
    let put = "INSERT INTO meta (key, value) VALUES ($1, $2)";
    query(put).bind("kept").bind(&[1_u8]).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    query(put).bind("lost").bind(&[1_u8]).execute(&mut tx).await.unwrap();
    server.crash_and_restart().unwrap();
    assert!(matches!(tx.commit().await, Err(DbError::Unavailable(_))));
    let db = Db::open(&location).await.unwrap();
    let mut reader = db.read().await.unwrap();
    let keys = query("SELECT key FROM meta ORDER BY key").fetch_all(&mut reader).await.unwrap();
    assert_eq!(keys.iter().map(|r| r.get::<String>("key").unwrap()).collect::<Vec<_>>(), ["kept"]);
    drop(reader);

    // Deadlocked transactions are told to try again.
    let (a, b) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    let mut first = db.begin().await.unwrap();
    query(put).bind("other").bind(&[1_u8]).execute(&mut first).await.unwrap();
    first.commit().await.unwrap();
    let lock = |key: &'static str| query("SELECT key FROM meta WHERE key = $1").bind(key).for_update();
    let (mut a, mut b) = (a, b);
    lock("kept").fetch_one(&mut a).await.unwrap();
    lock("other").fetch_one(&mut b).await.unwrap();
    let (left, right) = tokio::join!(lock("other").fetch_one(&mut a), async {
        let locked = lock("kept").fetch_one(&mut b).await;
        drop(b);
        locked
    });
    drop(a);
    let failed: Vec<_> = [left.err(), right.err()].into_iter().flatten().collect();
    assert_eq!(failed, [DbError::Busy]);

    let mut tx = db.begin().await.unwrap();
    query("DROP TABLE meta").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    corrupt(Db::open(&location).await, "table meta is missing");
    drop(server);
    assert!(matches!(Db::open(&location).await, Err(OpenError::Unreachable { .. })));
}

#[tokio::test]
async fn an_absent_file_is_not_made_by_opening() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Db::open(&sqlite(dir.path())).await, Err(OpenError::Absent { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let path = made(dir.path()).await;
    assert!(matches!(Db::create(&sqlite(dir.path())).await, Err(OpenError::Exists { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the file itself");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn an_interrupted_first_start_is_taken_up_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sotto.db.new"), b"half").unwrap();
    fs::write(dir.path().join("sotto.db.new-wal"), b"half").unwrap();
    Db::create(&sqlite(dir.path())).await.unwrap();
}

#[tokio::test]
async fn an_empty_foreign_or_torn_file_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = made(dir.path()).await;
    let whole = fs::read(&path).unwrap();
    for (bytes, what) in [
        (&whole[..0], "empty"),
        (&whole[..9], "not a SQLite"),
        (b"a letter to my aunt".as_slice(), "not a SQLite"),
    ] {
        fs::write(&path, bytes).unwrap();
        corrupt(Db::open(&sqlite(dir.path())).await, what);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    for length in [whole.len() / 2, whole.len() - 1, 4096, 100, 16] {
        fs::write(&path, &whole[..length]).unwrap();
        let opened = Db::open(&sqlite(dir.path())).await;
        assert!(opened.is_err(), "{length} of {} bytes", whole.len());
        corrupt(opened, "");
    }
    let mut torn = whole.clone();
    torn[4096..8192].fill(0xA5);
    fs::write(&path, &torn).unwrap();
    corrupt(Db::open(&sqlite(dir.path())).await, "");
    fs::write(&path, &whole).unwrap();
    Db::open(&sqlite(dir.path())).await.unwrap();
}

#[tokio::test]
async fn a_file_without_its_tables_or_from_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let change = |sql: &'static str| async move {
        let dir = path;
        let _ = fs::remove_file(dir.join("sotto.db"));
        let db = Db::create(&sqlite(dir)).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        query(sql).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        Db::open(&sqlite(dir)).await
    };
    corrupt(change("DROP TABLE meta").await, "table meta is missing");
    corrupt(
        change("ALTER TABLE meta RENAME COLUMN value TO other").await,
        "column value of table meta is missing",
    );
    corrupt(change("DROP TABLE _sqlx_migrations").await, "no Sotto database");
    corrupt(
        change("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await,
        "migration 1 differs",
    );
    let newer = change(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', 1, x'00', 0)",
    );
    assert!(matches!(newer.await, Err(OpenError::NewerSchema { found: 9999, .. })));
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_locked() {
    let dir = tempfile::tempdir().unwrap();
    let path = made(dir.path()).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .locking_mode(sqlx::sqlite::SqliteLockingMode::Exclusive);
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    sqlx::Executor::execute(&mut other, "CREATE TABLE held (id BIGINT)").await.unwrap();
    assert!(matches!(Db::open(&sqlite(dir.path())).await, Err(OpenError::Locked { .. })));
}

#[test]
fn addresses_are_shown_without_the_password() {
    let location = Location::postgres("postgres://sotto:geheim@db.example:5433/sotto").unwrap();
    assert_eq!(location.to_string(), "postgres://db.example:5433/sotto");
    assert!(!format!("{location:?}").contains("geheim"));
    let wrong = Location::postgres("postgres://sotto:geheim@db.example:notaport/sotto").unwrap_err();
    assert!(!wrong.to_string().contains("geheim"));
    assert!(matches!(Location::postgres("mysql://x"), Err(OpenError::Address { .. })));
}
