//! A client that costs next to nothing: WebSocket frames written and read by hand.
//!
//! Owns HTTP requests and WebSocket framing. Masks with zeros, which the server cannot tell from any other mask.

use crate::people::Person;
use anyhow::{Context as _, Result, bail, ensure};
use sotto_protocol::account::{ACCOUNT_PATH, AccountAnswer, AccountResponse, CONTENT_TYPE};
use sotto_protocol::frame::{Challenge, ClientFrame, SOCKET_PATH, SUBPROTOCOL, ServerBody, ServerFrame};
use sotto_protocol::ids::{Hash, IncarnationId, SpaceId};
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where the index of a [`ServerBody`] stands in an encoded [`ServerFrame`].
const INDEX_AT: usize = 19;
const ERROR: u8 = 2;
const SUBSCRIBED: u8 = 4;
const FINAL_BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;

/// Posts an account request.
pub(crate) async fn post(server: SocketAddr, body: &[u8]) -> Result<AccountAnswer> {
    let mut stream = TcpStream::connect(server).await?;
    let head = format!(
        "POST {ACCOUNT_PATH} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Type: {CONTENT_TYPE}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n").context("no HTTP answer")?;
    Ok(AccountResponse::from_bytes(answer.get(at + 4..).unwrap_or_default())?.body)
}

/// A connection.
pub(crate) struct Conn {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    pub(crate) incarnation: IncarnationId,
    pub(crate) challenge: Challenge,
}

impl Conn {
    /// Any WebSocket server.
    pub(crate) async fn raw(server: SocketAddr) -> Result<Self> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {SOCKET_PATH} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let (incarnation, challenge) = (IncarnationId::ZERO, Challenge(Hash::ZERO));
        let mut conn = Self { stream, buffer: vec![0; 4096], start: 0, end: 0, incarnation, challenge };
        loop {
            conn.more().await?;
            let got = conn.buffer.get(..conn.end).unwrap_or_default();
            if let Some(at) = got.windows(4).position(|w| w == b"\r\n\r\n") {
                ensure!(got.starts_with(b"HTTP/1.1 101"), "no WebSocket: {}", String::from_utf8_lossy(got));
                conn.start = at + 4;
                return Ok(conn);
            }
        }
    }

    /// The relay, up to its `Hello`.
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let mut conn = Self::raw(server).await?;
        let ServerFrame { incarnation, body } = conn.read().await?;
        let ServerBody::Hello { challenge, .. } = body else { bail!("no Hello but {body:?}") };
        (conn.incarnation, conn.challenge) = (incarnation, challenge);
        Ok(conn)
    }

    /// Signs in.
    pub(crate) async fn sign_in(&mut self, person: &Person) -> Result<()> {
        let connect = person.connect(self);
        self.send(&connect).await?;
        match self.read().await?.body {
            ServerBody::Ready { .. } => Ok(()),
            other => bail!("no Ready but {other:?}"),
        }
    }

    /// Subscribes to a space.
    pub(crate) async fn subscribe(&mut self, space: SpaceId) -> Result<()> {
        self.send(&ClientFrame::Subscribe { req: 7, space }).await?;
        self.answer(SUBSCRIBED).await
    }

    /// A signed-in connection that listens to a space.
    pub(crate) async fn ready(server: SocketAddr, person: &Person, space: SpaceId) -> Result<Self> {
        let mut conn = Self::open(server).await?;
        conn.sign_in(person).await?;
        conn.subscribe(space).await?;
        Ok(conn)
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: &ClientFrame) -> Result<()> {
        let mut out = Vec::new();
        message(&mut out, &[&frame.to_bytes()]);
        self.write(&out).await
    }

    /// Sends what was put together with [`message`].
    pub(crate) async fn write(&mut self, out: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(out).await?)
    }

    /// The next frame, decoded.
    pub(crate) async fn read(&mut self) -> Result<ServerFrame> {
        loop {
            if let Some(frame) = self.next()? {
                return Ok(ServerFrame::from_bytes(frame)?);
            }
            self.more().await?;
        }
    }

    /// Waits for a frame with this index, and drops the ones before.
    pub(crate) async fn answer(&mut self, wanted: u8) -> Result<()> {
        loop {
            while let Some(frame) = self.next()? {
                if index(frame)? == wanted {
                    return Ok(());
                }
            }
            self.more().await?;
        }
    }

    /// Waits for bytes.
    pub(crate) async fn more(&mut self) -> Result<()> {
        loop {
            self.stream.readable().await?;
            if self.fill()? {
                return Ok(());
            }
        }
    }

    /// Waits until there may be bytes; safe to give up at any time.
    pub(crate) async fn readable(&self) -> Result<()> {
        Ok(self.stream.readable().await?)
    }

    /// Takes what has arrived. False when there was nothing.
    pub(crate) fn fill(&mut self) -> Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        match self.stream.try_read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
            Ok(0) => bail!("the server hung up"),
            Ok(count) => {
                self.end += count;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The next whole message of what has arrived.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        let got = self.buffer.get(self.start..self.end).unwrap_or_default();
        let (head, len) = match got {
            [_, len @ ..=125, ..] => (2, usize::from(*len)),
            [_, 126, a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            [_, 127, rest @ ..] => match rest.first_chunk::<8>() {
                Some(bytes) => (10, usize::try_from(u64::from_be_bytes(*bytes))?),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let (first, from, to) = (got.first().copied(), self.start + head, self.start + head + len);
        if to > self.end {
            return Ok(None);
        }
        self.start = to;
        let body = self.buffer.get(from..to).unwrap_or_default();
        match first {
            Some(FINAL_BINARY) => Ok(Some(body)),
            Some(CLOSE) => bail!("the server closed the connection: {}", String::from_utf8_lossy(body)),
            other => bail!("unexpected WebSocket frame {other:?}"),
        }
    }
}

/// Appends a masked binary message made of parts.
pub(crate) fn message(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    out.push(FINAL_BINARY);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ ..126), _) => out.push(0x80 | len),
        (_, Ok(len)) => {
            out.push(0x80 | 0x7e);
            out.extend(len.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// What a frame is; an error of the server ends the measurement.
pub(crate) fn index(frame: &[u8]) -> Result<u8> {
    let index = *frame.get(INDEX_AT).context("a frame without body")?;
    if index == ERROR {
        bail!("the server refused: {:?}", ServerFrame::from_bytes(frame)?.body);
    }
    Ok(index)
}
