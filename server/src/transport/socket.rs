//! `GET /v1/socket`: one session over one WebSocket.
//!
//! Owns the loop that feeds a [`Session`] and empties its outbox. Invariants: the session is never interrupted
//! while it handles a frame; while a reader is slow, nothing is read from it; buffers stay small when idle.

use super::serve::Alive;
use super::{Peer, Shared};
use crate::hub::{Outbox, Outgoing};
use crate::session::Session;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, SinkExt, StreamExt};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::SUBPROTOCOL;
use sotto_protocol::ids::Millis;
use sotto_protocol::limits::FRAME_BYTES_MAX;
use std::sync::Arc;
use std::time::Duration;

/// An idle connection keeps this much for reading.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Frames are put together up to this much before they go out.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Frames handled before answers go out.
const FRAMES_AT_ONCE: usize = 32;
/// A reader that takes nothing for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// For saying goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// WebSocket close codes for our errors: this plus the error's number (RFC 6455 section 7.4.2: private use).
const CLOSE_CODE_BASE: u16 = 4000;

pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Extension(alive): Extension<Alive>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !same_origin(&shared, &headers) {
        return (StatusCode::FORBIDDEN, "Only pages of this server may connect.\n").into_response();
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "The WebSocket subprotocol sotto.v1 is required.\n")
            .into_response();
    }
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .on_upgrade(move |socket| run(socket, shared, peer, alive))
}

/// Browsers say which page opens a socket; other clients say nothing.
fn same_origin(shared: &Shared, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if let Some(own) = &shared.public_url {
        return origin == own.as_str();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| origin.strip_prefix("http://").or(origin.strip_prefix("https://")) == Some(host))
}

/// What happened to a connection.
enum Event {
    Message(Option<Result<Message, axum::Error>>),
    Outgoing,
    Deadline,
    Stopping,
}

// Peer and sign of life are held as long as the connection lasts.
async fn run(mut socket: WebSocket, shared: Arc<Shared>, _peer: Peer, _alive: Alive) {
    let now = shared.clock.now();
    let mut session = Session::open(shared.relay.clone(), shared.challenge(), now);
    let outbox = session.outbox().clone();
    let mut stopping = shared.stopping.clone();
    loop {
        if !write(&mut socket, &outbox).await {
            return;
        }
        let wait = remaining(&session, shared.clock.now());
        let event = tokio::select! {
            biased;
            () = outbox.changed() => Event::Outgoing,
            message = socket.next() => Event::Message(message),
            () = tokio::time::sleep(wait) => Event::Deadline,
            () = super::stopped(&mut stopping) => Event::Stopping,
        };
        match event {
            Event::Outgoing => {}
            Event::Deadline => session.expire(shared.clock.now()),
            Event::Stopping => session.refuse(ErrorCode::ShuttingDown),
            Event::Message(message) => {
                let mut next = Some(message);
                let mut handled = 0;
                // What has arrived already is handled before the answers go out, in one write.
                while let Some(message) = next.take() {
                    if !handle(&mut session, &shared, message).await {
                        return;
                    }
                    handled += 1;
                    if handled < FRAMES_AT_ONCE && !outbox.is_closing() {
                        next = socket.next().now_or_never();
                    }
                }
            }
        }
    }
}

fn remaining(session: &Session, now: Millis) -> Duration {
    Duration::from_millis(session.deadline().since(now).max(1))
}

/// False when the connection is over.
async fn handle(
    session: &mut Session,
    shared: &Shared,
    message: Option<Result<Message, axum::Error>>,
) -> bool {
    match message {
        Some(Ok(Message::Binary(bytes))) => {
            if let Some(append) = session.handle(&bytes, shared.clock.now()).await {
                shared.committer.append(&shared.relay, append).await;
            }
            true
        }
        // Answered by the library; they don't count as a sign of life, which `Ping` frames are.
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
        Some(Ok(Message::Text(_))) => {
            session.refuse(ErrorCode::Malformed);
            true
        }
        Some(Ok(Message::Close(_))) | None => false,
        Some(Err(error)) => {
            // A message that is too long, or no WebSocket at all.
            tracing::debug!(%error, "connection");
            session.refuse(ErrorCode::LimitExceeded);
            true
        }
    }
}

/// Empties the outbox. False when the connection is over.
async fn write(socket: &mut WebSocket, outbox: &Outbox) -> bool {
    let mut unflushed = false;
    loop {
        match outbox.take() {
            Some(Outgoing::Frame(frame)) => {
                unflushed = true;
                if !within(WRITE_TIMEOUT, outbox, socket.feed(Message::Binary(frame))).await {
                    return false;
                }
            }
            Some(Outgoing::Close(code)) => {
                close(socket, code).await;
                return false;
            }
            None if unflushed => {
                unflushed = false;
                if !within(WRITE_TIMEOUT, outbox, socket.flush()).await {
                    return false;
                }
                // Waiting for the flush may have used up the word of something new: look again.
            }
            None => return true,
        }
    }
}

/// True when the write was done in time, and the queue behind it did not overflow meanwhile.
async fn within(
    limit: Duration,
    outbox: &Outbox,
    write: impl Future<Output = Result<(), axum::Error>>,
) -> bool {
    let overflow = async {
        while !outbox.is_overflowing() {
            outbox.changed().await;
        }
    };
    tokio::select! {
        biased;
        done = tokio::time::timeout(limit, write) => matches!(done, Ok(Ok(()))),
        () = overflow => false,
    }
}

async fn close(socket: &mut WebSocket, code: Option<ErrorCode>) {
    let frame =
        code.map(|code| CloseFrame { code: CLOSE_CODE_BASE + code.number(), reason: code.name().into() });
    let goodbye = async {
        if socket.send(Message::Close(frame)).await.is_ok() {
            // Until the other side has answered, or is gone.
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    // Whoever doesn't answer is cut off.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, goodbye).await;
}
