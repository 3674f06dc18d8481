//! Reading the local store at the start.
//!
//! Owns which row becomes which part of the state, and whether the whole is complete. Refuses to know how rows came there.
//! Invariant: a row that does not open, or is not what its name says, is an error, never an absent row.

use crate::cards::CardRow;
use crate::client::{Account, Client, Keeping, OpenError};
use crate::crypto::keys::{EraKey, VaultKey};
use crate::crypto::seal;
use crate::crypto::signing::DeviceKey;
use crate::io::{DRAFT_BYTES_MAX, Row};
use crate::rows::{AccountRow, EditRow, Entry, OutboxRow, ROW_VERSION, SpaceRow, VaultRow};
use crate::space::Space;
use crate::vault::Vault;
use sotto_protocol::codec::{self, Text};
use sotto_protocol::ids::{EraId, SpaceId};
use sotto_protocol::link::Origin;

impl Client {
    pub(crate) fn load(&mut self, rows: Vec<Row>) -> Result<(), OpenError> {
        let mut rows = rows;
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        for Row { key, value } in rows {
            let damaged = || OpenError::Damaged(row_name(&key));
            let plain = seal::open_store(&self.storage, &key, &value).map_err(|_| damaged())?;
            self.load_row(&key, &plain).ok_or_else(damaged)??;
        }
        match (&self.account, &self.keeping) {
            (None, None) if self.spaces.is_empty() => {}
            (None, _) => return Err(OpenError::Incomplete("account")),
            (Some(_), None) => return Err(OpenError::Incomplete("vault")),
            (Some(account), Some(_)) if self.cards.newest(account.id).is_none() => {
                return Err(OpenError::Incomplete("card"));
            }
            (Some(_), Some(_)) => {}
        }
        for space in self.spaces.values_mut() {
            space.loaded();
            let last = space
                .entries
                .last()
                .map_or_else(|| sotto_protocol::hash::head_zero(space.log.space()), |e| e.head);
            if last != space.log.head() {
                return Err(OpenError::Incomplete("entries"));
            }
        }
        Ok(())
    }

    /// Takes one opened row; `None` when it is not what its name says.
    fn load_row(&mut self, key: &[u8], plain: &[u8]) -> Option<Result<(), OpenError>> {
        let (sort, rest) = match key.iter().position(|b| *b == b'/') {
            Some(at) => (key.get(..at)?, key.get(at + 1..)?),
            None => (key, &[][..]),
        };
        match sort {
            b"account" => {
                let row: AccountRow = codec::decode(plain, "account").ok()?;
                if row.version != ROW_VERSION {
                    return Some(Err(OpenError::Newer));
                }
                self.account = Some(account_of(row)?);
            }
            b"sheet" => self.sheet = Some(codec::decode(plain, "sheet").ok()?),
            b"changing" => self.changing = Some(codec::decode(plain, "changing").ok()?),
            b"registering" => self.registering = Some(codec::decode(plain, "registering").ok()?),
            b"vault" => {
                let row: VaultRow = codec::decode(plain, "vault").ok()?;
                let vault = Vault::from_bytes(row.vault.as_slice()).ok()?;
                self.keeping = Some(Keeping {
                    vault,
                    revision: row.revision,
                    urgent: row.dirty,
                    dirty_since: None,
                    busy: false,
                    doubted: false,
                    changed_here: false,
                    renewed_elsewhere: false,
                });
            }
            b"card" => {
                let row: CardRow = codec::decode(plain, "card").ok()?;
                self.cards.restore(row).ok()?;
            }
            b"space" => {
                let row: SpaceRow = codec::decode(plain, "space").ok()?;
                if row.version != ROW_VERSION {
                    return Some(Err(OpenError::Newer));
                }
                let id = row.log.space();
                let old = self.spaces.remove(&id);
                let mut space = Space::from_row(row);
                if let Some(old) = old {
                    space.entries = old.entries;
                    space.keys = old.keys;
                    space.outbox = old.outbox;
                    space.outbox_next = old.outbox_next;
                    space.draft = old.draft;
                    space.edit = old.edit;
                }
                self.spaces.insert(id, space);
            }
            b"entry" => {
                let (id, _) = rest.split_first_chunk::<16>()?;
                let entry: Entry = codec::decode(plain, "entry").ok()?;
                self.space_for_row(SpaceId(*id)).entries.push(entry);
            }
            b"key" => {
                let (id, tail) = rest.split_first_chunk::<16>()?;
                let era = EraId::from_slice(tail.get(1..)?).ok()?;
                self.space_for_row(SpaceId(*id)).keys.insert(era, EraKey::from_slice(plain)?);
            }
            b"want" => {
                let wanted = codec::decode(plain, "wanted").ok()?;
                self.changes_wanted.insert(SpaceId::from_slice(rest).ok()?, wanted);
            }
            b"out" => {
                let (id, tail) = rest.split_first_chunk::<16>()?;
                let number = u64::from_be_bytes(tail.get(1..)?.try_into().ok()?);
                let row: OutboxRow = codec::decode(plain, "outbox").ok()?;
                let space = self.space_for_row(SpaceId(*id));
                space.outbox.insert(number, row);
                space.outbox_next = space.outbox_next.max(number.saturating_add(1));
            }
            b"draft" => {
                let draft: Text<DRAFT_BYTES_MAX> = codec::decode(plain, "draft").ok()?;
                self.space_for_row(SpaceId::from_slice(rest).ok()?).draft = draft;
            }
            b"edit" => {
                let edit: EditRow = codec::decode(plain, "edit").ok()?;
                self.space_for_row(SpaceId::from_slice(rest).ok()?).edit = Some(edit);
            }
            _ => return Some(Err(OpenError::Newer)),
        }
        Some(Ok(()))
    }

    fn space_for_row(&mut self, id: SpaceId) -> &mut Space {
        self.spaces.entry(id).or_insert_with(|| Space::new(id))
    }
}

fn row_name(key: &[u8]) -> String {
    key.iter().take_while(|b| **b != b'/').map(|b| char::from(*b)).collect()
}

fn account_of(row: AccountRow) -> Option<Account> {
    Some(Account {
        origin: Origin::parse(row.origin.as_str()).ok()?,
        id: row.account,
        handle: row.handle,
        identity: row.identity,
        role: row.role,
        practice: row.practice,
        practice_id: row.practice_id,
        device: row.device,
        device_key: DeviceKey::from_seed(*row.device_seed.expose()),
        vault_key: VaultKey::from_bytes(*row.vault_key.expose()),
        credentials: row.credentials,
        removed: row.removed,
        restored: row.restored,
    })
}
