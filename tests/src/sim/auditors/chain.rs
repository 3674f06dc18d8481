//! `chain`: one dense sequence, the same for everybody (P3).

use super::super::world::World;
use super::Finding;
use sotto_protocol::hash::head_zero;
use sotto_protocol::ids::Seq;
use std::collections::BTreeSet;

/// Looks at the server's logs.
pub fn dense(world: &World) -> Result<(), Finding> {
    for space in world.server.spaces() {
        let Some(state) = world.server.space(space) else { continue };
        let (mut seq, mut head) = (Seq::ZERO, head_zero(space));
        let mut ids = BTreeSet::new();
        for stored in world.server.records(space, Seq::ZERO, usize::MAX) {
            if stored.seq != seq.next() {
                return Err(Finding::new("chain", format!("{space}: {} after {seq}", stored.seq)));
            }
            (seq, head) = (stored.seq, stored.record.head_after(head));
            if !ids.insert((stored.record.header().author, stored.record.header().id)) {
                return Err(Finding::new("once", format!("{space}: the record at {seq} stands there twice")));
            }
        }
        if (seq, head) != (state.seq(), state.head()) {
            return Err(Finding::new("chain", format!("{space}: the head is not that of its records")));
        }
    }
    Ok(())
}

/// Looks whether everybody at rest has the server's head.
pub fn equal(world: &World) -> Result<(), Finding> {
    for h in world.users() {
        let Some(client) = world.hosts[h].signed_in() else { continue };
        // Where something is not as it must be, a client stops; whether rightly, `alarms` says.
        for view in client.spaces().into_iter().filter(|v| v.alarm.is_none() && !world.parted(v.id)) {
            let Some(state) = world.server.space(view.id) else { continue };
            let longer = view.seq > state.seq();
            let behind = view.member && view.seq < state.seq() && world.hosts[h].synced;
            let other = view.seq == state.seq() && view.head != state.head();
            if longer || other || behind {
                let what = format!("host {h}: {} at {}, server at {}", view.id, view.seq, state.seq());
                return Err(Finding::new("chain", what));
            }
        }
    }
    Ok(())
}
