//! `erasure`: what was taken back is gone from the server.

use super::super::world::World;
use super::Finding;
use sotto_protocol::frame::Stored;
use sotto_protocol::ids::Seq;
use sotto_protocol::record::{Drop, Kind};

/// Looks at every drop.
pub fn done(world: &World) -> Result<(), Finding> {
    for space in world.server.spaces() {
        let records = world.server.records(space, Seq::ZERO, usize::MAX);
        for dropping in records.iter().filter(|s| s.record.header().kind == Kind::Drop) {
            let body = dropping.record.payload().and_then(|p| Drop::parse(p.as_slice()).ok());
            let Some(body) = body else { continue };
            let target = |s: &&Stored| {
                let header = s.record.header();
                header.author == dropping.record.header().author && header.id == body.target
            };
            if let Some(kept) = records.iter().find(target).filter(|s| s.record.payload().is_some()) {
                let what =
                    format!("the payload at {} of {} was dropped and is there", kept.seq, space.short());
                return Err(Finding::new("erasure", what));
            }
        }
    }
    Ok(())
}
