//! `consent`: nothing is sealed for a reader whom its author had not seen.

use super::super::model::Queued;
use super::super::world::World;
use super::Finding;
use super::reading::readers;
use sotto_client_core::io::MessageId;
use sotto_protocol::ids::{AccountId, RecordId, Seq, SpaceId};
use std::collections::BTreeSet;

/// Looks at every record that somebody wrote.
pub fn asked(world: &World) -> Result<(), Finding> {
    for space in world.server.spaces() {
        let records = world.server.records(space, Seq::ZERO, usize::MAX);
        let eras = readers(&records);
        for stored in &records {
            let header = stored.record.header();
            let id = MessageId { author: header.author, record: header.id };
            let Some(queued) = world.model.queued.get(&(space, id)) else { continue };
            let reads = eras.iter().rev().find(|(from, _)| *from <= stored.seq);
            let unseen = reads.and_then(|(_, reads)| reads.difference(&queued.readers).next());
            if let Some(reader) = unseen {
                let what = format!(
                    "the record at {} of {} is for {reader:?}, whom its author had not seen",
                    stored.seq,
                    space.short()
                );
                return Err(Finding::new("consent", what));
            }
        }
    }
    Ok(())
}

/// Somebody has looked at who reads now: what she wrote and the server does not have is for them too.
pub fn given(world: &mut World, h: usize, space: SpaceId, readers: &BTreeSet<AccountId>) {
    let records = world.server.records(space, Seq::ZERO, usize::MAX);
    let there: BTreeSet<(AccountId, RecordId)> =
        records.iter().map(|s| (s.record.header().author, s.record.header().id)).collect();
    let waits = |id: &MessageId, q: &Queued| q.host == h && !there.contains(&(id.author, id.record));
    for ((at, id), queued) in &mut world.model.queued {
        if *at == space && waits(id, queued) {
            queued.readers.clone_from(readers);
        }
    }
}
