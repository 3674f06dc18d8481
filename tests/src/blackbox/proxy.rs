//! A TCP proxy in front of a server, on loopback.
//!
//! Owns recording what passes, as it passes, and adding a header to each connection's first request as a reverse
//! proxy does. WebSocket messages of clients are masked (RFC 6455 section 5.3): [`Proxy::recorded`] gives them
//! unmasked as well, or nothing would ever be found in them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

type Recording = Arc<Mutex<Vec<u8>>>;

/// What is done to connections that begin from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    #[default]
    None,
    /// The client's first WebSocket message is sent twice.
    RepeatFirstMessage,
    /// Of each direction, one bit of the byte at this place is flipped.
    FlipAt(usize),
}

#[derive(Default)]
struct Settings {
    damage: Damage,
    backend: Option<SocketAddr>,
    header: Option<String>,
}

/// A proxy; it listens until the test ends.
pub struct Proxy {
    address: SocketAddr,
    settings: Arc<Mutex<Settings>>,
    recordings: Arc<Mutex<Vec<Recording>>>,
}

impl Proxy {
    /// Listens on a free port; refuses connections until it has a backend.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let settings: Arc<Mutex<Settings>> = Arc::default();
        let recordings: Arc<Mutex<Vec<Recording>>> = Arc::default();
        let (set, record) = (settings.clone(), recordings.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (set, record) = (set.clone(), record.clone());
                thread::spawn(move || pass(&stream, &set, &record));
            }
        });
        Self { address, settings, recordings }
    }

    /// Where connections go from now on.
    pub fn forward_to(&self, backend: &str) {
        self.set().backend = Some(backend.parse().expect("an address"));
    }

    /// A header for the first request of every connection from now on, without line break.
    pub fn add_header(&self, header: &str) {
        self.set().header = Some(header.to_owned());
    }

    /// What is done to connections from now on.
    pub fn damage(&self, damage: Damage) {
        self.set().damage = damage;
    }

    /// Every WebSocket message of clients that has passed.
    pub fn client_messages(&self) -> Vec<Vec<u8>> {
        let recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |recording: &Recording| messages(&recording.lock().unwrap_or_else(PoisonError::into_inner));
        recordings.iter().step_by(2).flat_map(of).collect()
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that has passed: each direction of each connection, raw, and the unmasked WebSocket payloads.
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        let recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for recording in recordings.iter() {
            let bytes = recording.lock().unwrap_or_else(PoisonError::into_inner).clone();
            all.push(unmasked(&bytes));
            all.push(bytes);
        }
        all
    }

    fn set(&self) -> std::sync::MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pass(client: &TcpStream, settings: &Mutex<Settings>, recordings: &Mutex<Vec<Recording>>) {
    let (backend, header, damage) = {
        let settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
        (settings.backend, settings.header.clone(), settings.damage)
    };
    let Some(Ok(server)) = backend.map(TcpStream::connect) else { return };
    let (up, down): (Recording, Recording) = Default::default();
    recordings.lock().unwrap_or_else(PoisonError::into_inner).extend([up.clone(), down.clone()]);
    let (Ok(client_back), Ok(server_back)) = (client.try_clone(), server.try_clone()) else { return };
    let back = if damage == Damage::RepeatFirstMessage { Damage::None } else { damage };
    thread::spawn(move || pump(&server_back, &client_back, &down, None, back));
    pump(client, &server, &up, header, damage);
}

/// Carries one direction until it ends.
fn pump(
    mut from: &TcpStream,
    mut to: &TcpStream,
    recording: &Mutex<Vec<u8>>,
    mut header: Option<String>,
    damage: Damage,
) {
    let mut bytes = vec![0; 64 * 1024];
    let (mut passed, mut chunks) = (0, 0);
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let mut chunk = bytes[..read].to_vec();
        if let Some(header) = header.take()
            && let Some(end) = chunk.windows(2).position(|pair| pair == b"\r\n")
        {
            // After the request line.
            chunk.splice(end..end, format!("\r\n{header}").into_bytes());
        }
        chunks += 1;
        match damage {
            // Clients send their first message after the upgrade by itself, so it is the second chunk.
            Damage::RepeatFirstMessage if chunks == 2 => chunk.extend_from_within(..),
            Damage::FlipAt(at) if (passed..passed + chunk.len()).contains(&at) => chunk[at - passed] ^= 4,
            Damage::None | Damage::RepeatFirstMessage | Damage::FlipAt(_) => {}
        }
        passed += chunk.len();
        recording.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk);
        if to.write_all(&chunk).is_err() {
            break;
        }
    }
    // Whoever waits for the rest hears that there is none.
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

/// All payloads after an upgrade.
fn unmasked(stream: &[u8]) -> Vec<u8> {
    messages(stream).concat()
}

/// The payloads of WebSocket frames after the upgrade; nothing when this is no such stream.
fn messages(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    let Some(head) = stream.windows(4).position(|window| window == b"\r\n\r\n") else { return payloads };
    if !String::from_utf8_lossy(&stream[..head]).to_ascii_lowercase().contains("upgrade: websocket") {
        return payloads;
    }
    let mut rest = &stream[head + 4..];
    while let [_, second, after @ ..] = rest {
        let extended =
            |count: usize| after.get(..count).map(|len| len.iter().fold(0, |n, b| n << 8 | usize::from(*b)));
        let (skip, length) = match second & 0x7f {
            126 => (2, extended(2)),
            127 => (8, extended(8)),
            short => (0, Some(usize::from(short))),
        };
        let masked = second & 0x80 != 0;
        let Some(length) = length else { break };
        let Some(body) = after.get(skip..) else { break };
        let (mask, body) = if masked && body.len() >= 4 { body.split_at(4) } else { (&[0; 4][..], body) };
        let Some(payload) = body.get(..length) else { break };
        payloads.push(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect());
        rest = &body[length..];
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_messages_are_read() {
        let mask = [1, 2, 3, 4];
        let text: Vec<u8> = b"hello".iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
        let mut stream = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x82\x85".to_vec();
        stream.extend(mask);
        stream.extend(&text);
        stream.extend([0x82, 0x02, b'o', b'k']);
        assert_eq!(unmasked(&stream), b"hellook");
        assert_eq!(unmasked(b"POST / HTTP/1.1\r\n\r\nbody"), b"");
    }
}
