//! SQLite's log is folded into its file beside the writer, so that no append waits for that.
//!
//! Owns the task and its connection. Invariant: while it runs, the log stays near [`LOG_PAGES_MAX`]; should it fail,
//! the writer folds by itself at [`WRITER_FOLDS_AT`].

use sqlx::SqlitePool;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// Pause between two rounds. One with nothing to do costs a look into shared memory.
const EVERY: Duration = Duration::from_millis(500);
/// A longer log is begun anew, for which the writer waits once: 256 MiB, which only a flood reaches.
const LOG_PAGES_MAX: i64 = 64 * 1024;
/// Pages after which the writer folds: 512 MiB.
pub(super) const WRITER_FOLDS_AT: &str = "131072";

/// The task; it ends with this.
#[derive(Debug)]
pub struct Folding {
    task: AbortHandle,
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts folding. Ends when the pool is closed.
pub(super) fn start(pool: SqlitePool) -> Folding {
    Folding { task: tokio::spawn(run(pool)).abort_handle() }
}

async fn run(pool: SqlitePool) {
    loop {
        sleep(EVERY).await;
        if pool.is_closed() {
            return;
        }
        if let Err(error) = fold(&pool).await
            && !pool.is_closed()
        {
            tracing::warn!(%error, "the database's log could not be folded in");
        }
    }
}

async fn fold(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut conn = pool.acquire().await?;
    // Busy or not, pages in the log, pages folded. A log that was folded whole is begun anew by the next writer.
    let (_, pages, folded): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *conn).await?;
    if pages > LOG_PAGES_MAX && folded < pages {
        let _: (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(RESTART)").fetch_one(&mut *conn).await?;
    }
    Ok(())
}
