//! A look into the server's database, past the server.

use super::Server;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use std::future::Future;
use std::path::Path;

/// A record as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Position.
    pub seq: i64,
    /// Record id.
    pub id: Vec<u8>,
    /// Head after it.
    pub head: Vec<u8>,
    /// Header as signed.
    pub header: Vec<u8>,
    /// Signature over it.
    pub signature: Vec<u8>,
    /// Payload, unless it was dropped.
    pub payload: Option<Vec<u8>>,
}

const RECORDS: &str = "SELECT seq, id, head, header, signature, payload FROM records ORDER BY space, seq";

/// Every record, space by space, in order.
pub fn records(server: &Server) -> Vec<RecordRow> {
    macro_rules! rows {
        ($rows:expr) => {
            $rows
                .iter()
                .map(|row| RecordRow {
                    seq: row.get("seq"),
                    id: row.get("id"),
                    head: row.get("head"),
                    header: row.get("header"),
                    signature: row.get("signature"),
                    payload: row.get("payload"),
                })
                .collect()
        };
    }
    run(async {
        if let Some(url) = &server.options.database {
            let mut db = PgConnection::connect(url).await.expect("connect to PostgreSQL");
            let rows = sqlx::query(RECORDS).fetch_all(&mut db).await.expect("read records");
            return rows!(rows);
        }
        let path = server.options.data.join("sotto.db");
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut db = options.connect().await.expect("open the database");
        let rows = sqlx::query(RECORDS).fetch_all(&mut db).await.expect("read records");
        rows!(rows)
    })
}

/// Bytes of an id as people see it.
pub fn id_bytes(id: &str) -> Vec<u8> {
    sotto_protocol::codec::unhex(id).expect("an id is hexadecimal")
}

/// Runs something asynchronous.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Changes the database of a server that does not run.
pub fn execute(server: &Server, sql: &'static str) {
    assert!(server.options.database.is_none(), "for the built-in database only");
    execute_in(&server.options.data.join("sotto.db"), sql);
}

/// Changes a SQLite database that nobody uses.
pub fn execute_in(path: &Path, sql: &'static str) {
    run(async {
        let mut db = SqliteConnectOptions::new().filename(path).connect().await.expect("open the database");
        sqlx::query(sql).execute(&mut db).await.expect("change the database");
        db.close().await.expect("close the database");
    });
}
