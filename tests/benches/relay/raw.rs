//! Raw limits of the machine, measured in the same run.
//!
//! Owns the barest forms of what the relay does: flushing, SQLite in groups, echoing over `WebSockets`, verifying.

use crate::load::clock;
use crate::process::cpu;
use crate::socket::{Conn, message};
use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use rusqlite::Connection;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long each raw limit is measured.
const SPAN: Duration = Duration::from_secs(2);
/// The argument that turns this program into the echo server.
pub(crate) const ECHO: &str = "--echo-server";

/// Flushes a second: 4 KiB appended and flushed, one after the other.
pub(crate) fn flushes(folder: &Path) -> Result<f64> {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join("flushes"))?;
    let begin = clock();
    let mut count = 0;
    while begin.elapsed() < SPAN {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / begin.elapsed().as_secs_f64())
}

/// Rows a second, and processor time of each, of a bare loop that commits `batch` rows of `bytes` at a time to SQLite
/// in WAL mode with `synchronous=FULL`.
pub(crate) fn group_commits(folder: &Path, batch: usize, bytes: usize) -> Result<(f64, Duration)> {
    let mut db = Connection::open(folder.join(format!("bare-{batch}.db")))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body BLOB NOT NULL)", ())?;
    let body = vec![7_u8; bytes];
    let (begin, used) = (clock(), cpu(std::process::id())?);
    let mut count = 0_u32;
    while begin.elapsed() < SPAN {
        let tx = db.transaction()?;
        {
            let mut insert = tx.prepare_cached("INSERT INTO rows (body) VALUES (?1)")?;
            for _ in 0..batch {
                insert.execute([&body])?;
                count += 1;
            }
        }
        tx.commit()?;
    }
    let used = cpu(std::process::id())?.saturating_sub(used);
    Ok((f64::from(count) / begin.elapsed().as_secs_f64(), used / count.max(1)))
}

/// Processor time of one `verify_strict` with a key that was read before, and of reading the key from its bytes.
pub(crate) fn verify(message: &[u8]) -> Result<(Duration, Duration)> {
    use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
    let key = SigningKey::from_bytes(&[7; 32]);
    let (public, signature) = (key.verifying_key(), key.sign(message));
    let bytes = public.to_bytes();
    let checking = each(20_000, || Ok(public.verify_strict(std::hint::black_box(message), &signature)?))?;
    let reading = each(100_000, || {
        std::hint::black_box(VerifyingKey::from_bytes(std::hint::black_box(&bytes))?);
        Ok(())
    })?;
    Ok((checking, reading))
}

/// Processor time of one call: what else runs on the machine does not count.
fn each(times: u32, mut call: impl FnMut() -> Result<()>) -> Result<Duration> {
    let used = cpu(std::process::id())?;
    for _ in 0..times {
        call()?;
    }
    Ok(cpu(std::process::id())?.saturating_sub(used) / times)
}

/// The bare echo server, until it is killed.
#[expect(clippy::print_stdout, reason = "tells its parent where it listens")]
pub(crate) async fn echo_server() -> Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            #[expect(clippy::result_large_err, reason = "the library's signature")]
            let subprotocol =
                |_: &_, mut answer: tokio_tungstenite::tungstenite::handshake::server::Response| {
                    let name = tokio_tungstenite::tungstenite::http::HeaderValue::from_static("sotto.v1");
                    answer.headers_mut().insert("sec-websocket-protocol", name);
                    Ok(answer)
                };
            let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, subprotocol).await else {
                return;
            };
            while let Some(Ok(message)) = socket.next().await {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// The echo server as a child process.
struct Echo(Child);

impl Drop for Echo {
    fn drop(&mut self) {
        // It ends no other way.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Messages a second echoed over `connections` with `in_flight` on each, and the server's processor time for one.
pub(crate) async fn echoes(connections: usize, in_flight: usize, bytes: usize) -> Result<(f64, Duration)> {
    let mut child = Command::new(std::env::current_exe()?);
    let mut child = Echo(child.arg(ECHO).stdout(Stdio::piped()).spawn()?);
    let stdout = child.0.stdout.take().context("output")?;
    let line = BufReader::new(stdout).lines().next().context("address")??;
    let server: SocketAddr = line.trim().parse()?;
    let mut out = Vec::new();
    message(&mut out, &[&vec![7; bytes]]);
    let begin = clock();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let out = out.clone();
        tasks.spawn_local(async move {
            let mut conn = Conn::raw(server).await?;
            for _ in 0..in_flight {
                conn.write(&out).await?;
            }
            let mut count = 0_u32;
            while begin.elapsed() < SPAN {
                conn.more().await?;
                let mut again = Vec::new();
                while conn.next()?.is_some() {
                    count += 1;
                    again.extend_from_slice(&out);
                }
                conn.write(&again).await?;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(done) = tasks.join_next().await {
        count += done??;
    }
    let (span, used) = (begin.elapsed(), cpu(child.0.id())?);
    Ok((f64::from(count) / span.as_secs_f64(), used / count.max(1)))
}
