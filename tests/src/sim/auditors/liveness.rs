//! `liveness`: once nothing fails any more, everything settles.

use super::super::host::Fate;
use super::super::net::HostId;
use super::super::world::World;
use super::Finding;
use std::fmt::Write as _;

/// Why these hosts are not at rest.
pub fn restless(world: &World, users: &[HostId]) -> Option<String> {
    for h in users {
        let Some(client) = world.hosts[*h].signed_in() else { continue };
        for view in client.spaces().into_iter().filter(|s| s.member) {
            let Some(state) = world.server.space(view.id) else {
                return Some(format!("host {h}: the server lacks {}", view.id));
            };
            let waits = view.confirmed && view.waiting > 0;
            if view.alarm.is_none() && (waits || view.head != state.head()) {
                return Some(format!(
                    "host {h}: {} at {} with {} waiting (consent {}), server at {}",
                    view.id.short(),
                    view.seq,
                    view.waiting,
                    view.needs_consent,
                    state.seq(),
                ));
            }
        }
    }
    None
}

/// A finding that says who is not at rest.
pub fn unsettled(world: &World, why: &str) -> Finding {
    let mut what = why.to_owned();
    for (h, host) in world.hosts.iter().enumerate().filter(|(_, host)| host.fate == Fate::Used) {
        let account = host.client.as_ref().and_then(sotto_client_core::Client::account);
        let online = account.as_ref().is_some_and(|a| a.online);
        if host.wish.is_some() || !host.synced || !online {
            let _ = write!(
                what,
                "; host {h}: running {}, wish {:?}, online {online}, synced {}",
                host.client.is_some(),
                host.wish,
                host.synced
            );
        }
    }
    let users = world.users();
    if let Some(more) = restless(world, &users) {
        let _ = write!(what, "; {more}");
    }
    Finding::new("liveness", what)
}
