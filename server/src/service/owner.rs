//! What only the practice's owner is shown: who has an account, and what the server holds.
//!
//! Owns who may ask, and how a stored cell is worded. Invariant: what is shown is of the asker's own practice, and no
//! more of it than would tell two things apart.

use super::{Service, ServiceError, Speaker};
use crate::store::glance::{Cell, TableRows};
use sotto_protocol::codec::hex;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{GlanceCell, Person, TableGlance};
use sotto_protocol::ids::{Millis, PracticeId};
use sotto_protocol::limits::{GLANCE_CELL_BYTES_MAX, GLANCE_ROWS_MAX, PEOPLE_MAX};

/// Bytes that are shown of a longer value.
const BYTES_SHOWN: usize = 4;
/// For what is absent.
const NOTHING: &str = "–";

impl Service {
    /// The accounts of the asker's practice, newest first.
    pub async fn people(&self, who: Speaker) -> Result<Vec<Person>, ServiceError> {
        let practice = self.owned_by(who).await?;
        Ok(self.store.people(practice, PEOPLE_MAX).await?)
    }

    /// What is held of the asker's practice.
    pub async fn glance(&self, who: Speaker) -> Result<Vec<TableGlance>, ServiceError> {
        let practice = self.owned_by(who).await?;
        let tables = self.store.glance(practice, GLANCE_ROWS_MAX).await?;
        Ok(tables.iter().map(worded).collect())
    }

    pub(super) async fn owned_by(&self, who: Speaker) -> Result<PracticeId, ServiceError> {
        let account = self.store.account(who.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        if account.role.owns() { Ok(account.practice) } else { Err(ErrorCode::RoleForbids.into()) }
    }
}

fn worded(table: &TableRows) -> TableGlance {
    TableGlance {
        name: cut(table.shape.name),
        count: table.count,
        columns: table.shape.columns.iter().map(|(name, _)| cut(name)).collect(),
        rows: table.rows.iter().map(|row| row.iter().map(|cell| cut(&word(cell))).collect()).collect(),
    }
}

fn word(cell: &Cell) -> String {
    match cell {
        Cell::Null => NOTHING.to_owned(),
        Cell::Bytes(bytes) => {
            let (first, rest) = bytes.split_at(bytes.len().min(BYTES_SHOWN));
            let more = if rest.is_empty() { "" } else { "…" };
            format!("{}{more} ({} B)", hex(first), bytes.len())
        }
        Cell::Number(number) => number.to_string(),
        Cell::Time(at) => iso(*at),
        Cell::Text(text) => text.clone(),
        Cell::Address(address) => {
            let host = address.split_once("://").map_or("", |(_, rest)| rest);
            format!("https://{}/…", host.split(['/', '?', '#']).next().unwrap_or_default())
        }
    }
}

/// As much as fits into a cell.
fn cut(text: &str) -> GlanceCell {
    let end = text.floor_char_boundary(GLANCE_CELL_BYTES_MAX);
    GlanceCell::new(text.get(..end).unwrap_or_default()).unwrap_or_default()
}

/// ISO 8601 in UTC, to the second. The calendar is counted from 1 March of the year 0, so that leap days come last
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn iso(at: Millis) -> String {
    const SECONDS_OF_DAY: u64 = 86_400;
    const DAYS_OF_ERA: u64 = 146_097;
    let seconds = at.0 / 1000;
    let (days, second) = (seconds / SECONDS_OF_DAY + 719_468, seconds % SECONDS_OF_DAY);
    let (era, day) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_worded_as_everybody_else_words_them() {
        for (at, worded) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_800_000_000_123, "2027-01-15T08:00:00Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (1_735_689_599_000, "2024-12-31T23:59:59Z"),
        ] {
            assert_eq!(iso(Millis(at)), worded);
        }
        // No time makes it stumble.
        assert!(iso(Millis(u64::MAX)).ends_with('Z'));
    }

    #[test]
    fn cells_say_what_is_there_and_not_more() {
        for (cell, worded) in [
            (Cell::Null, "–"),
            (Cell::Bytes(vec![0xAB; 1040]), "abababab… (1040 B)"),
            (Cell::Bytes(vec![1, 2, 3]), "010203 (3 B)"),
            (Cell::Bytes(vec![1, 2, 3, 4]), "01020304 (4 B)"),
            (Cell::Number(7), "7"),
            (Cell::Text("Praxis".to_owned()), "Praxis"),
            (Cell::Address("https://push.example:8443/secret?a#b".to_owned()), "https://push.example:8443/…"),
        ] {
            assert_eq!(word(&cell), worded);
        }
        assert_eq!(cut(&"ü".repeat(300)).as_str(), "ü".repeat(GLANCE_CELL_BYTES_MAX / 2));
    }
}
