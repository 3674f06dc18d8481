//! What the practice's owner is shown, from memory: the same rows and cells as from a database.

use super::{Account, Data};
use crate::store::glance::{Cell, SHAPES, TableRows};
use crate::store::rows::InvitationRow;
use sotto_protocol::codec;
use sotto_protocol::ids::{AccountId, PracticeId};
use std::cmp::Reverse;

fn bytes(bytes: impl AsRef<[u8]>) -> Cell {
    Cell::Bytes(bytes.as_ref().to_vec())
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// The newest rows in the order of their keys, and how many there are.
fn newest<K: Ord>(limit: usize, mut rows: Vec<(K, Vec<Cell>)>) -> (u64, Vec<Vec<Cell>>) {
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    (count, rows.into_iter().take(limit).map(|(_, cells)| cells).collect())
}

impl Data {
    pub(super) fn glance(&self, practice: PracticeId, limit: usize) -> Vec<TableRows> {
        let table = |shape: &'static crate::store::glance::Shape| {
            let (count, rows) = self.table(shape.name, practice, limit);
            TableRows { shape, count, rows }
        };
        SHAPES.iter().map(table).collect()
    }

    fn table(&self, name: &str, practice: PracticeId, limit: usize) -> (u64, Vec<Vec<Cell>>) {
        match name {
            "practices" => newest(limit, self.practice_cells(practice)),
            "accounts" => newest(limit, self.account_cells(practice)),
            "cards" => newest(limit, self.card_cells(practice)),
            "vaults" => newest(limit, self.vault_cells(practice)),
            "invitations" => newest(limit, self.invitation_cells(practice)),
            "rosters" => newest(limit, self.roster_cells(practice)),
            "spaces" => newest(limit, self.space_cells(practice)),
            "members" => newest(limit, self.member_cells(practice)),
            "records" => newest(limit, self.record_cells(practice)),
            "cursors" => newest(limit, self.cursor_cells(practice)),
            "era_makes" => newest(limit, self.era_cells(practice)),
            "device_weeks" => newest(limit, self.week_cells(practice)),
            "factors" => newest(limit, self.factor_cells(practice)),
            "push_endpoints" => newest(limit, self.push_cells(practice)),
            _ => (0, Vec::new()),
        }
    }

    fn is_of(&self, account: AccountId, practice: PracticeId) -> bool {
        self.accounts.get(&account).is_some_and(|a| a.practice == practice)
    }

    fn has(&self, space: sotto_protocol::ids::SpaceId, practice: PracticeId) -> bool {
        self.spaces.get(&space).is_some_and(|s| s.practice == practice)
    }

    fn practice_cells(&self, practice: PracticeId) -> Vec<((), Vec<Cell>)> {
        let row = self.practices.get(&practice);
        let since = self.factors_since.get(&practice).map_or(Cell::Null, |at| Cell::Time(*at));
        row.map(|(name, at)| ((), vec![bytes(practice.0), text(name.as_str()), Cell::Time(*at), since]))
            .into_iter()
            .collect()
    }

    fn account_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let row = |(id, a): (&AccountId, &Account)| {
            let card = self.newest_card(*id)?.card();
            let cells = vec![
                bytes(id.0),
                bytes(a.practice.0),
                text(a.handle.as_str()),
                text(a.role.as_str()),
                bytes(card.identity.0),
                Cell::Number(card.version.0),
                Cell::Number(card.era_floor().0),
                bytes(a.opaque.as_slice()),
                bytes(codec::encode(&*a.credentials)),
                Cell::Number(a.credentials_version.0),
                bytes(a.inner.as_slice()),
                Cell::Time(a.created_at),
            ];
            Some(((Reverse(a.created_at), *id), cells))
        };
        self.accounts.iter().filter(|(_, a)| a.practice == practice).filter_map(row).collect()
    }

    fn card_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.cards.iter().filter(|((account, _), _)| self.is_of(*account, practice));
        mine.map(|((account, version), card)| {
            let signed = bytes(codec::encode(card.signed()));
            let cells = vec![
                bytes(account.0),
                Cell::Number(version.0),
                bytes(practice.0),
                signed,
                bytes(card.hash().0),
            ];
            ((Reverse(*version), *account), cells)
        })
        .collect()
    }

    fn vault_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.vaults.iter().filter(|((account, _), _)| self.is_of(*account, practice));
        mine.map(|((account, revision), vault)| {
            let sealed = bytes(vault.sealed.as_slice());
            let cells = vec![
                bytes(account.0),
                Cell::Number(revision.0),
                bytes(practice.0),
                sealed,
                Cell::Time(vault.at),
            ];
            ((Reverse(vault.at), *account, Reverse(*revision)), cells)
        })
        .collect()
    }

    fn invitation_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let row = |row: &InvitationRow| {
            let cells = vec![
                bytes(row.id.0),
                bytes(row.practice.0),
                bytes(row.inviter.0),
                text(row.role.as_str()),
                Cell::Time(row.expires_at),
                bytes(row.body.as_slice()),
                Cell::Number(row.revoked.into()),
                row.used_by.map_or(Cell::Null, |account| bytes(account.0)),
                Cell::Time(row.created_at),
            ];
            ((Reverse(row.created_at), row.id), cells)
        };
        self.invitations.values().filter(|row| row.practice == practice).map(row).collect()
    }

    fn roster_cells(&self, practice: PracticeId) -> Vec<((), Vec<Cell>)> {
        let row = self.rosters.get(&practice);
        row.map(|(version, roster)| {
            ((), vec![bytes(practice.0), Cell::Number(version.0), bytes(codec::encode(roster))])
        })
        .into_iter()
        .collect()
    }

    fn space_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.spaces.iter().filter(|(_, space)| space.practice == practice);
        mine.map(|(id, space)| {
            let era = space.state.era().map_or([0; 32], |era| era.id.0);
            let cells = vec![
                bytes(id.0),
                bytes(practice.0),
                Cell::Number(space.state.seq().0),
                bytes(space.state.head().0),
                bytes(era),
                Cell::Time(space.era_started),
                bytes(codec::encode(&space.state)),
            ];
            ((Reverse(space.era_started), *id), cells)
        })
        .collect()
    }

    fn member_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.memberships.iter().filter(|(_, space)| self.has(*space, practice));
        mine.map(|(account, space)| {
            ((*space, *account), vec![bytes(space.0), bytes(account.0), bytes(practice.0)])
        })
        .collect()
    }

    fn record_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.records.iter().filter(|((space, _), _)| self.has(*space, practice));
        mine.map(|((space, seq), row)| {
            let header = row.record.header();
            let cells = vec![
                bytes(space.0),
                Cell::Number(seq.0),
                bytes(practice.0),
                bytes(header.author.0),
                bytes(header.id.0),
                Cell::Number(header.kind.code().into()),
                Cell::Time(row.at),
                bytes(row.head.0),
                bytes(header.payload_hash.0),
                bytes(row.record.header_bytes()),
                bytes(row.record.signature().0),
                row.record.payload().map_or(Cell::Null, |payload| bytes(payload.as_slice())),
            ];
            ((Reverse(row.at), *space, Reverse(*seq)), cells)
        })
        .collect()
    }

    fn cursor_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.cursors.iter().filter(|((_, space), _)| self.has(*space, practice));
        mine.map(|((device, space), seq)| {
            ((*device, *space), vec![bytes(device.0), bytes(space.0), Cell::Number(seq.0)])
        })
        .collect()
    }

    fn era_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.era_makes.iter().filter(|((space, _), _)| self.has(*space, practice));
        mine.map(|((space, account), at)| {
            ((Reverse(*at), *space, *account), vec![bytes(space.0), bytes(account.0), Cell::Time(*at)])
        })
        .collect()
    }

    fn week_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.weeks.iter().filter(|((account, _), _)| self.is_of(*account, practice));
        mine.map(|((account, device), week)| {
            let cells = vec![bytes(account.0), bytes(device.0), bytes(practice.0), Cell::Number(week.0)];
            ((Reverse(*week), *account, *device), cells)
        })
        .collect()
    }

    fn factor_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.factors.values().filter(|row| self.is_of(row.account, practice));
        mine.map(|row| {
            let cells = vec![
                bytes(row.account.0),
                bytes(row.id.0),
                bytes(practice.0),
                Cell::Number(row.kind_number()),
                bytes(&row.sealed),
                Cell::Number(row.used),
                Cell::Time(row.created_at),
            ];
            ((Reverse(row.created_at), row.account, row.id), cells)
        })
        .collect()
    }

    fn push_cells(&self, practice: PracticeId) -> Vec<(impl Ord, Vec<Cell>)> {
        let mine = self.push.values().filter(|(row, _)| self.is_of(row.account, practice));
        mine.map(|(row, at)| {
            let cells = vec![
                bytes(row.account.0),
                bytes(row.device.0),
                bytes(practice.0),
                Cell::Address(row.endpoint.as_str().to_owned()),
                Cell::Time(*at),
            ];
            ((Reverse(*at), row.account, row.device), cells)
        })
        .collect()
    }
}
