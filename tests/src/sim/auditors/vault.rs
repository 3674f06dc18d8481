//! `vault`: what any device of an account knew stands in the vault that a new device will get (P6).

use super::super::forging;
use super::super::host::Fate;
use super::super::net::ConnId;
use super::super::world::World;
use super::{Finding, lies};
use sotto_client_core::crypto::seal;
use sotto_client_core::vault::Vault;
use sotto_protocol::frame::{ClientFrame, ServerBody};

/// Notes a frame that would replace a vault which its writer did not know.
pub fn asked(world: &mut World, conn: ConnId, frame: &[u8]) {
    let Some(h) = world.net.get(conn).map(|w| w.host) else { return };
    let account = world.people.list[world.hosts[h].person].account;
    if let Ok(ClientFrame::VaultPut { req, base, .. }) = ClientFrame::from_bytes(frame)
        && account.and_then(|a| world.server.vault_revision(a)) > Some(base)
    {
        world.model.blind_writes.insert((conn, req));
    }
}

/// A vault is replaced only by whoever knew it.
pub fn told(world: &World, conn: ConnId, body: &ServerBody) -> Result<(), Finding> {
    match body {
        ServerBody::Done { req } if world.model.blind_writes.contains(&(conn, *req)) => {
            Err(Finding::new("vault", format!("connection {conn} replaced a vault that it did not know")))
        }
        _ => Ok(()),
    }
}

/// Looks at the newest vault of every account.
pub fn complete(world: &World) -> Result<(), Finding> {
    for (h, host) in world.hosts.iter().enumerate() {
        let used = host.fate == Fate::Used && host.synced && host.signed_in().is_some();
        if !used || lies::misleads(world, host.person) {
            continue;
        }
        let Some(device) = forging::steal(host).filter(|d| !d.dirty) else { continue };
        let Some(newest) = world.server.vault_revision(device.account) else { continue };
        let sealed = world.server.vault_at(device.account, newest);
        let opened = sealed.and_then(|sealed| {
            seal::open_vault(&device.vault_key, device.account, newest, sealed.as_slice()).ok()
        });
        let Some(mut vault) = opened.and_then(|plain| Vault::from_bytes(&plain).ok()) else {
            return Err(Finding::new("vault", format!("host {h} cannot open the vault of its account")));
        };
        if vault.merge(&device.vault) != Ok(false) {
            let what = format!("the vault at {newest} lacks what host {h} knows since {}", device.revision);
            return Err(Finding::new("vault", what));
        }
    }
    Ok(())
}
