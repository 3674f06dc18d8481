//! `durable`: what was acknowledged stands where it was said to stand (P2), and once only (P4).

use super::super::model::Ack;
use super::super::net::ConnId;
use super::super::world::World;
use super::{Finding, vault};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, Req, ServerBody, ServerFrame};
use sotto_protocol::ids::Seq;

/// Looks at a frame that leaves the server.
pub fn told(world: &mut World, conn: ConnId, frame: &[u8]) -> Result<(), Finding> {
    let Ok(ServerFrame { body, .. }) = ServerFrame::from_bytes(frame) else {
        return Err(Finding::new("contract", "the server sent what is no frame".to_owned()));
    };
    if let ServerBody::Error { req, code, .. } = &body {
        refused(world, conn, *req, *code)?;
        world.note(format!("connection {conn} hears of {req:?}: {}", code.name()));
    }
    vault::told(world, conn, &body)?;
    let ServerBody::Appended { id, seq, head, payload_hash, .. } = body else { return Ok(()) };
    // The acknowledgement names neither space nor author; the store tells, or lacks the record.
    for space in world.server.spaces() {
        let stored = world.server.records(space, Seq(seq.0.saturating_sub(1)), 1);
        let Some(stored) = stored.first().filter(|s| s.seq == seq && s.record.header().id == id) else {
            continue;
        };
        let author = stored.record.header().author;
        let ack = Ack { space, author, id, seq, head, payload_hash };
        if stored.record.header().payload_hash != payload_hash {
            return Err(Finding::new("durable", format!("told another payload of {id} than what is stored")));
        }
        if world.parted(space) {
            return Ok(());
        }
        if let Some(before) = world.model.acks.insert((space, author, id), ack).filter(|b| *b != ack) {
            return Err(Finding::new(
                "durable",
                format!("acknowledged twice, otherwise: {before:?}, {ack:?}"),
            ));
        }
        return Ok(());
    }
    Err(Finding::new("durable", format!("acknowledged {id} at {seq}, where it does not stand")))
}

/// Notes a frame that repeats an append which was acknowledged.
pub fn asked(world: &mut World, conn: ConnId, frame: &[u8]) {
    if let Ok(ClientFrame::Append { req, record }) = ClientFrame::from_bytes(frame) {
        let header = record.header();
        let key = (header.space, header.author, header.id);
        if let Some(ack) = world.model.acks.get(&key).filter(|_| !world.parted(header.space)) {
            world.model.repeats.insert((conn, req), *ack);
        }
    }
}

/// A repeat has the first result, for as long as the space exists (P4).
fn refused(world: &World, conn: ConnId, req: Option<Req>, code: ErrorCode) -> Result<(), Finding> {
    let repeat = req.and_then(|req| world.model.repeats.get(&(conn, req)));
    let judged = matches!(
        code,
        ErrorCode::StaleEra
            | ErrorCode::EraRequired
            | ErrorCode::SeenAhead
            | ErrorCode::SeenElsewhere
            | ErrorCode::RuleForbids
            | ErrorCode::TakeBackTooLate
            | ErrorCode::SpaceUnknown
            | ErrorCode::Internal
    );
    match repeat.filter(|ack| judged && stands(world, ack)) {
        Some(ack) => Err(Finding::new("once", format!("{} for a repeat of {ack:?}", code.name()))),
        None => Ok(()),
    }
}

/// True when what was acknowledged stands where it was said to stand.
pub fn stands(world: &World, ack: &Ack) -> bool {
    let stored = world.server.records(ack.space, Seq(ack.seq.0.saturating_sub(1)), 1);
    stored.first().is_some_and(|s| {
        let header = s.record.header();
        s.seq == ack.seq
            && header.author == ack.author
            && header.id == ack.id
            && header.payload_hash == ack.payload_hash
    })
}

/// Looks whether everything acknowledged is there.
pub fn all(world: &World) -> Result<(), Finding> {
    for ack in world.model.acks.values().filter(|ack| !world.parted(ack.space)) {
        if !stands(world, ack) {
            return Err(Finding::new("durable", format!("acknowledged and not there: {ack:?}")));
        }
    }
    Ok(())
}
