//! `removal`: what was written after a removal opens nowhere in what was removed.

use super::super::host::{Fate, Host};
use super::super::world::World;
use super::Finding;
use super::reading::{Readers, readers};
use sotto_client_core::Client;
use sotto_client_core::crypto::keys::{EraKey, StorageKey, VaultKey};
use sotto_client_core::crypto::seal::{self, ContentPlace};
use sotto_client_core::crypto::wrap::{EraWrap, SealingSecret, unwrap_era};
use sotto_client_core::vault::Vault;
use sotto_client_core::view::BodyView;
use sotto_protocol::codec::{self, Bytes};
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::frame::Stored;
use sotto_protocol::ids::{AccountId, Revision, Seq, SpaceId, Version};
use sotto_protocol::record::{EraBody, Kind};

/// Everything secret on the disks of an account.
#[derive(Default)]
struct Loot {
    eras: Vec<EraKey>,
    vaults: Vec<Vault>,
    vault_keys: Vec<[u8; 32]>,
}

fn loot(host: &Host, into: &mut Loot) {
    let storage = StorageKey::from_bytes(host.storage);
    for (name, value) in &host.rows {
        let Ok(plain) = seal::open_store(&storage, name, value) else { continue };
        if name.starts_with(b"key/") {
            into.eras.extend(EraKey::from_slice(&plain));
        } else if name == b"account" {
            into.vault_keys.extend(vault_key(&plain));
        } else if name == b"vault" {
            let row: Result<(Bytes<{ 256 * 1024 }>, Revision, bool), _> = codec::decode(&plain, "vault row");
            into.vaults.extend(row.ok().and_then(|(vault, ..)| Vault::from_bytes(vault.as_slice()).ok()));
        }
    }
}

/// The vault key in the row of an account.
fn vault_key(row: &[u8]) -> Option<[u8; 32]> {
    let mut fields = minicbor::Decoder::new(row);
    fields.array().ok()?;
    (0..10).try_for_each(|_| fields.skip()).ok()?;
    fields.bytes().ok()?.try_into().ok()
}

/// Whoever has a lost device opens nothing that was sealed after its account was put under new keys.
pub fn lost(world: &World) -> Result<(), Finding> {
    for (device, h) in &world.model.lost_devices {
        let host = &world.hosts[*h];
        let Some(account) = world.people.list[host.person].account else { continue };
        let Some(card) = world.server.card(account, None).and_then(|card| card.peek().ok()) else { continue };
        let Some(removed_in) = card.device(*device).and_then(|entry| entry.removed_in) else { continue };
        // It may have been removed without new keys first.
        let renewals = (removed_in.0..=card.version.0)
            .filter_map(|v| Some(world.server.card(account, Some(Version(v)))?.peek().ok()?.sealing_since));
        let Some(renewed_in) = renewals.filter(|since| *since >= removed_in).min() else { continue };
        let mut all = Loot::default();
        loot(host, &mut all);
        for space in world.server.spaces() {
            let records = world.server.records(space, Seq::ZERO, usize::MAX);
            let pins = |s: &Stored| {
                let body = EraBody::parse(s.record.payload()?.as_slice()).ok()?;
                body.member(account).map(|m| m.card_version)
            };
            let eras = records.iter().filter(|s| s.record.header().kind == Kind::Era);
            let Some(renewed) = eras.clone().find(|s| pins(s).is_some_and(|v| v >= renewed_in)) else {
                continue;
            };
            // From there on every era pins her at least there, as long as she is a member.
            let later: Vec<&Stored> = records.iter().filter(|s| s.seq >= renewed.seq).collect();
            opens_nothing(&all, space, &later)?;
        }
        let revision = world.server.vault_revision(account).unwrap_or_default();
        let sealed = world.server.vault_at(account, revision);
        let opens = |key: &[u8; 32], sealed: &SealedVault| {
            seal::open_vault(&VaultKey::from_bytes(*key), account, revision, sealed.as_slice()).is_ok()
        };
        if sealed.is_some_and(|sealed| all.vault_keys.iter().any(|key| opens(key, &sealed))) {
            return Err(Finding::new("removal", format!("the lost host {h} opens the newest vault")));
        }
    }
    Ok(())
}

/// Accounts that are not members any more open nothing that came after.
pub fn accounts(world: &World) -> Result<(), Finding> {
    for space in world.server.spaces() {
        let records = world.server.records(space, Seq::ZERO, usize::MAX);
        let readers = readers(&records);
        for (person, account) in
            world.people.list.iter().enumerate().filter_map(|(n, p)| Some((n, p.account?)))
        {
            let Some(after) = left_at(&readers, account) else { continue };
            let mut all = Loot::default();
            for host in world.hosts.iter().filter(|host| host.person == person) {
                loot(host, &mut all);
                shows_nothing(host, space, after)?;
                served_nothing(world, host, space, after)?;
            }
            let later: Vec<&Stored> = records.iter().filter(|s| s.seq >= after).collect();
            opens_nothing(&all, space, &later)?;
        }
    }
    Ok(())
}

/// The position at which an account that once could read could read no longer, up to the end.
fn left_at(readers: &Readers, account: AccountId) -> Option<Seq> {
    let last = readers.iter().rposition(|(_, set)| set.contains(&account))?;
    readers.get(last + 1).map(|(seq, _)| *seq)
}

fn shows_nothing(host: &Host, space: SpaceId, after: Seq) -> Result<(), Finding> {
    let messages = host.client.as_ref().map(|c| c.messages(space)).unwrap_or_default();
    let late =
        messages.iter().find(|m| m.seq.is_some_and(|s| s >= after) && matches!(m.body, BodyView::Text(_)));
    match late {
        Some(m) => Err(Finding::new("removal", format!("a removed account shows {:?}", m.body))),
        None => Ok(()),
    }
}

/// The era that removes an account is the last that it is shown.
fn served_nothing(world: &World, host: &Host, space: SpaceId, after: Seq) -> Result<(), Finding> {
    let views = host.client.as_ref().map(Client::spaces).unwrap_or_default();
    match views.iter().find(|v| v.id == space && v.seq > after && !world.parted(space)) {
        Some(v) => Err(Finding::new(
            "removal",
            format!("a removed account was served {} up to {}, after {after}", space.short(), v.seq),
        )),
        None => Ok(()),
    }
}

/// Once the removal of a device is done, nothing is sealed for an era that does not know of it.
pub fn eras(world: &World) -> Result<(), Finding> {
    for (device, (account, at)) in world.model.removals.iter().filter(|_| world.model.set_back == 0) {
        let Some(removed_in) = world.server.removed_in(*account, *device) else { continue };
        for space in world.server.spaces() {
            let records = world.server.records(space, Seq::ZERO, usize::MAX);
            let mut pinned = None;
            for stored in &records {
                let header = stored.record.header();
                let body = stored.record.payload().filter(|_| header.kind == Kind::Era);
                if let Some(body) = body.and_then(|p| EraBody::parse(p.as_slice()).ok()) {
                    pinned = body.member(*account).map(|m| m.card_version);
                }
                if header.kind == Kind::Content && stored.at > *at && pinned.is_some_and(|v| v < removed_in) {
                    let what = format!(
                        "the record at {} of {} is sealed for an era that a removed device can open",
                        stored.seq,
                        space.short()
                    );
                    return Err(Finding::new("removal", what));
                }
            }
        }
    }
    Ok(())
}

fn opens_nothing(loot: &Loot, space: SpaceId, later: &[&Stored]) -> Result<(), Finding> {
    for stored in later {
        let header = stored.record.header();
        let Some(payload) = stored.record.payload() else { continue };
        let opened = match header.kind {
            Kind::Content => {
                let place = ContentPlace { space, era: header.era, author: header.author, record: header.id };
                let opens = |key: &EraKey| {
                    seal::open_content(&key.derive_record(space, header.era), &place, payload.as_slice())
                        .is_ok()
                };
                loot.eras.iter().any(opens)
            }
            Kind::Era => EraBody::parse(payload.as_slice())
                .is_ok_and(|body| unwraps(loot, space, &body, header.author)),
            _ => false,
        };
        if opened {
            let what = format!("a removed account opens the record at {} of {}", stored.seq, space.short());
            return Err(Finding::new("removal", what));
        }
    }
    Ok(())
}

fn unwraps(loot: &Loot, space: SpaceId, body: &EraBody, author: AccountId) -> bool {
    let secrets: Vec<SealingSecret> = loot
        .vaults
        .iter()
        .flat_map(|v| &v.sealing)
        .map(|e| SealingSecret::from_seed(*e.seed.expose()))
        .collect();
    body.members.iter().zip(&body.sealed).any(|(member, sealed)| {
        let place = EraWrap {
            space,
            prev: body.prev,
            number: body.number,
            author,
            member: member.account,
            card_version: member.card_version,
        };
        secrets.iter().any(|secret| unwrap_era(secret, &place, sealed).is_ok())
    })
}

/// Devices that were removed show nothing that was written after that.
pub fn devices(world: &World) -> Result<(), Finding> {
    for (h, host) in world.hosts.iter().enumerate() {
        let Some(client) = &host.client else { continue };
        let Some(account) = client.account() else { continue };
        let Some(since) = world.model.removed_devices.get(&account.device) else { continue };
        for space in client.spaces() {
            for message in client.messages(space.id).iter().filter(|m| !m.mine) {
                let BodyView::Text(text) = &message.body else { continue };
                if world.model.texts.get(text).is_some_and(|t| t.at > *since) {
                    return Err(Finding::new("removal", format!("the removed host {h} shows {text:?}")));
                }
            }
        }
        if host.fate == Fate::Used && host.online && world.faults.cut == 0 {
            return Err(Finding::new("removal", format!("the removed host {h} does not know of it")));
        }
    }
    Ok(())
}
