//! The network on virtual time, and the order of everything that happens.
//!
//! Owns the queue of happenings and what is known of each connection. Refuses to know clients and server. Invariants:
//! happenings come in the order of their time, and of one time in the order in which they were planned; frames of one
//! connection and direction keep their order, unless a lane tears them.

use sotto_client_core::io::{BatchId, RequestId};
use sotto_server::service::Frame;
use std::collections::BTreeMap;

/// A connection.
pub type ConnId = u64;
/// A host, by its place in the list.
pub type HostId = usize;

/// Something that will happen.
#[derive(Debug)]
pub enum Happening {
    /// A dialled connection stands, or was refused.
    Dialled(HostId, u32, Option<ConnId>),
    /// A connection arrives at the server.
    Arrived(ConnId),
    /// A frame arrives at the server.
    AtServer(ConnId, Vec<u8>),
    /// A frame arrives at a client.
    AtClient(ConnId, Frame),
    /// The client learns that its connection is gone.
    ClientLost(ConnId),
    /// The server learns that a connection is gone.
    ServerLost(ConnId),
    /// The server looks whether a connection has been silent for too long.
    Expire(ConnId),
    /// The server reads on for a slow client.
    Unstall(ConnId),
    /// A request arrives; the answer goes back unless it is a copy.
    Requested(HostId, u32, RequestId, Vec<u8>, bool),
    /// An answer arrives, or the waiting is over.
    Answered(HostId, u32, RequestId, Option<Vec<u8>>),
    /// The local disk has written a batch.
    Written(HostId, u32, BatchId),
    /// A client wants to be woken.
    Wake(HostId, u32, u64),
    /// A crashed client starts again.
    Start(HostId),
    /// A host has network again.
    Online(HostId),
    /// The server flushes what waits.
    Flush,
    /// The server has power again.
    PowerOn,
    /// Somebody does something.
    Act,
    /// A person goes on with what she wants on this host.
    Pursue(HostId),
}

/// A connection as the network sees it.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    /// Whose.
    pub host: HostId,
    /// Which run of the client.
    pub life: u32,
    /// The client believes that it stands.
    pub client_up: bool,
    /// Frames still pass.
    pub passes: bool,
    /// The last frame to the server arrives then.
    to_server: u64,
    /// The last frame to the client arrives then.
    to_client: u64,
}

/// The queue and the connections.
#[derive(Debug, Default)]
pub struct Net {
    queue: BTreeMap<(u64, u64), Happening>,
    planned: u64,
    wires: BTreeMap<ConnId, Wire>,
    last: ConnId,
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the server.
    Up,
    /// To the client.
    Down,
}

impl Net {
    /// Plans something.
    pub fn plan(&mut self, at: u64, happening: Happening) {
        self.planned += 1;
        self.queue.insert((at, self.planned), happening);
    }

    /// The next happening and its time.
    pub fn pop(&mut self) -> Option<(u64, Happening)> {
        self.queue.pop_first().map(|((at, _), happening)| (at, happening))
    }

    /// When the next happening comes.
    pub fn next_at(&self) -> Option<u64> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// A new connection.
    pub fn wire(&mut self, host: HostId, life: u32, now: u64) -> ConnId {
        self.last += 1;
        let wire = Wire { host, life, client_up: true, passes: true, to_server: now, to_client: now };
        self.wires.insert(self.last, wire);
        self.last
    }

    /// A connection.
    pub fn get(&self, conn: ConnId) -> Option<&Wire> {
        self.wires.get(&conn)
    }

    /// A connection, to be changed.
    pub fn get_mut(&mut self, conn: ConnId) -> Option<&mut Wire> {
        self.wires.get_mut(&conn)
    }

    /// Connections of a host that the client believes in.
    pub fn of_host(&self, host: HostId) -> Option<ConnId> {
        self.wires.iter().find(|(_, w)| w.host == host && w.client_up).map(|(id, _)| *id)
    }

    /// Every connection through which frames pass.
    pub fn passing(&self) -> Vec<ConnId> {
        self.wires.iter().filter(|(_, w)| w.passes).map(|(id, _)| *id).collect()
    }

    /// When a frame sent now arrives: after its delay, and not before the one sent earlier.
    pub fn arrival(&mut self, conn: ConnId, way: Way, at: u64) -> Option<u64> {
        let wire = self.wires.get_mut(&conn)?;
        let last = match way {
            Way::Up => &mut wire.to_server,
            Way::Down => &mut wire.to_client,
        };
        *last = (*last).max(at);
        Some(*last)
    }

    /// Forgets a connection that neither side believes in.
    pub fn forget(&mut self, conn: ConnId) {
        if self.wires.get(&conn).is_some_and(|w| !w.client_up && !w.passes) {
            self.wires.remove(&conn);
        }
    }
}
