//! Raw connections to a server, for what no client would send.

use super::PATIENCE;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{SOCKET_PATH, SUBPROTOCOL, ServerBody, ServerFrame};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// A TCP connection that does not wait for ever.
pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("{address}: {e}"));
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

/// Sends bytes and gives everything that comes back until the other side closes.
pub fn exchange(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    // The other side may have closed already; then what it said counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// The status of an HTTP answer.
pub fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(line).ok()?.split(' ').nth(1)?.parse().ok()
}

/// A WebSocket to the server's socket.
pub struct Socket(WebSocket<TcpStream>);

/// What a server said before it closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye {
    /// The error frame.
    pub error: Option<ErrorCode>,
    /// The close code.
    pub close: Option<u16>,
}

impl Socket {
    /// Connects; `Hello` has not been read.
    pub fn open(address: &str) -> Self {
        Self::open_as(address, Some(SUBPROTOCOL)).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The same with another subprotocol, or none.
    pub fn open_as(address: &str, subprotocol: Option<&str>) -> Result<Self, String> {
        let url = format!("ws://{address}{SOCKET_PATH}");
        let mut request = url.into_client_request().map_err(|e| e.to_string())?;
        if let Some(name) = subprotocol {
            let name = name.parse().map_err(|_| "not a subprotocol")?;
            request.headers_mut().insert("sec-websocket-protocol", name);
        }
        match tungstenite::client(request, connect(address)) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(e) => Err(e.to_string()),
        }
    }

    /// Sends; a connection that is closed meanwhile is no failure.
    pub fn send(&mut self, message: Message) {
        let _ = self.0.send(message);
    }

    /// Sends bytes below the WebSocket's framing.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// The next frame; none when the connection has ended.
    pub fn frame(&mut self) -> Option<ServerBody> {
        loop {
            match self.0.read() {
                Ok(Message::Binary(bytes)) => {
                    return Some(ServerFrame::from_bytes(&bytes).expect("servers send frames").body);
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Reads to the end of the connection.
    pub fn goodbye(&mut self) -> Goodbye {
        let mut goodbye = Goodbye { error: None, close: None };
        loop {
            match self.0.read() {
                Ok(Message::Binary(bytes)) => {
                    let frame = ServerFrame::from_bytes(&bytes).expect("servers send frames");
                    if let ServerBody::Error { code, .. } = frame.body {
                        goodbye.error = Some(code);
                    }
                }
                Ok(Message::Close(close)) => goodbye.close = close.map(|close| close.code.into()),
                Ok(_) => {}
                Err(_) => return goodbye,
            }
        }
    }
}
