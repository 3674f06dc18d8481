//! The tables, as numbered migrations for both databases.
//!
//! Owns the list: each number names one change and holds it in both dialects. Invariant: a migration that was
//! released is never edited; `_sqlx_migrations` remembers its checksum.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

/// One change of the tables.
struct Change {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! changes {
    ($($version:literal $file:literal),+ $(,)?) => {
        &[$(Change {
            version: $version,
            name: $file,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $file, ".sql")),
        }),+]
    };
}

const CHANGES: &[Change] = changes![
    1 "0001_meta",
    2 "0002_relay",
    3 "0003_push",
    4 "0004_device_weeks",
    5 "0005_factors",
];

/// The newest migration.
pub(super) fn newest() -> i64 {
    CHANGES.last().map_or(0, |c| c.version)
}

pub(super) fn sqlite() -> Migrator {
    migrator(|c| c.sqlite)
}

pub(super) fn postgres() -> Migrator {
    migrator(|c| c.postgres)
}

fn migrator(text: fn(&Change) -> &'static str) -> Migrator {
    Migrator::with_migrations(
        CHANGES
            .iter()
            .map(|change| {
                let sql = text(change).into_sql_str();
                Migration::new(change.version, Cow::Borrowed(change.name), MigrationType::Simple, sql, false)
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_on_both_databases() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let listed: Vec<_> = CHANGES.iter().map(|c| format!("{}.sql", c.name)).collect();
        for database in ["sqlite", "postgres"] {
            let mut files: Vec<_> = std::fs::read_dir(root.join(database))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            assert_eq!(files, listed, "{database}");
        }
        for (change, number) in CHANGES.iter().zip(1..) {
            assert_eq!(change.version, number);
            assert!(change.name.starts_with(&format!("{number:04}_")), "{}", change.name);
        }
    }
}
