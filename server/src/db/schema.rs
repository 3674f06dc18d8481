//! The tables as the database itself describes them.
//!
//! Owns reading tables, columns, nullability, primary keys, indexes and foreign keys of either database into one
//! comparable structure. Used to notice missing tables when a database is opened, and by the test that both
//! dialects say the same. Leaves out `_sqlx_migrations`' columns, which belong to the driver.

use super::error::DbError;
use super::query::{Conn, Row, Source, query};
use std::collections::{BTreeMap, BTreeSet};

/// The table in which the driver remembers applied migrations.
pub(super) const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// All tables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Name and shape.
    pub tables: BTreeMap<String, Table>,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Name and shape.
    pub columns: BTreeMap<String, Column>,
    /// Column names in key order.
    pub primary_key: Vec<String>,
    /// Column names of every other index, and whether it is unique. Names of indexes don't matter.
    pub indexes: BTreeSet<(Vec<String>, bool)>,
    /// Referring column, table referred to, column referred to.
    pub references: BTreeSet<(String, String, String)>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be NULL. On SQLite that includes a primary key without `NOT NULL`.
    pub nullable: bool,
}

/// What a column holds, in the shared dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// BIGINT.
    Int,
    /// TEXT.
    Text,
    /// BLOB or BYTEA.
    Blob,
    /// Something the shared dialect doesn't have.
    Other(String),
}

impl Kind {
    fn parse(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "bigint" | "int8" => Self::Int,
            "text" => Self::Text,
            "blob" | "bytea" => Self::Blob,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Schema {
    /// Reads the tables of the database behind `source`.
    pub async fn read(source: &mut impl Source) -> Result<Self, DbError> {
        let texts = match source.conn() {
            Conn::Sqlite(_) => &SQLITE,
            Conn::Postgres(_) => &POSTGRES,
        };
        let mut schema = Self::default();
        for row in query(texts.tables).fetch_all(source).await? {
            schema.tables.insert(row.get("table_name")?, Table::default());
        }
        for row in query(texts.columns).fetch_all(source).await? {
            let shape = Column {
                kind: Kind::parse(&row.get::<String>("kind")?),
                nullable: row.get::<bool>("nullable")?,
            };
            if let Some(table) = schema.table(&row)? {
                table.columns.insert(row.get("column_name")?, shape);
            }
        }
        // (table, index) to (columns, unique, primary); the rows come in key order.
        let mut indexes: BTreeMap<(String, String), (Vec<String>, bool, bool)> = BTreeMap::new();
        for row in query(texts.indexes).fetch_all(source).await? {
            let index = indexes.entry((row.get("table_name")?, row.get("index_name")?)).or_default();
            index
                .0
                .push(row.get::<Option<String>>("column_name")?.unwrap_or_else(|| "(expression)".to_owned()));
            index.1 = row.get("is_unique")?;
            index.2 = row.get("is_primary")?;
        }
        for ((table, _), (columns, unique, primary)) in indexes {
            match schema.tables.get_mut(&table) {
                Some(table) if primary => table.primary_key = columns,
                Some(table) => drop(table.indexes.insert((columns, unique))),
                None => {}
            }
        }
        for row in query(texts.references).fetch_all(source).await? {
            let reference = (row.get("column_name")?, row.get("to_table")?, row.get("to_column")?);
            if let Some(table) = schema.table(&row)? {
                table.references.insert(reference);
            }
        }
        if let Some(table) = schema.tables.get_mut(MIGRATIONS_TABLE) {
            *table = Table::default();
        }
        Ok(schema)
    }

    fn table(&mut self, row: &Row) -> Result<Option<&mut Table>, DbError> {
        Ok(self.tables.get_mut(&row.get::<String>("table_name")?))
    }

    /// The first table or column of `self` that `found` lacks, in words.
    pub fn missing_in(&self, found: &Self) -> Option<String> {
        self.tables.iter().find_map(|(name, table)| {
            let Some(other) = found.tables.get(name) else { return Some(format!("table {name} is missing")) };
            let column = table.columns.keys().find(|column| !other.columns.contains_key(*column))?;
            Some(format!("column {column} of table {name} is missing"))
        })
    }
}

/// The statements of one database; the answers have the same columns.
struct Texts {
    tables: &'static str,
    columns: &'static str,
    indexes: &'static str,
    references: &'static str,
}

const SQLITE: Texts = Texts {
    tables: "SELECT name AS table_name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#'",
    columns: "SELECT m.name AS table_name, c.name AS column_name, c.type AS kind, 1 - c.\"notnull\" AS nullable
        FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    indexes: "SELECT m.name AS table_name, l.name AS index_name, i.name AS column_name, l.\"unique\" AS is_unique,
            l.origin = 'pk' AS is_primary
        FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE m.type = 'table'
        ORDER BY m.name, l.name, i.seqno",
    references: "SELECT m.name AS table_name, f.\"from\" AS column_name, f.\"table\" AS to_table, f.\"to\" AS to_column
        FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
};

const POSTGRES: Texts = Texts {
    tables: "SELECT CAST(relname AS TEXT) AS table_name FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = CAST(current_schema() AS regnamespace)",
    columns: "SELECT CAST(t.relname AS TEXT) AS table_name, CAST(a.attname AS TEXT) AS column_name,
            CAST(y.typname AS TEXT) AS kind, CAST(CASE WHEN a.attnotnull THEN 0 ELSE 1 END AS BIGINT) AS nullable
        FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_type y ON y.oid = a.atttypid
        WHERE t.relkind IN ('r', 'p') AND t.relnamespace = CAST(current_schema() AS regnamespace)
            AND a.attnum > 0 AND NOT a.attisdropped",
    indexes: "SELECT CAST(t.relname AS TEXT) AS table_name, CAST(x.relname AS TEXT) AS index_name,
            CAST(a.attname AS TEXT) AS column_name,
            CAST(CASE WHEN i.indisunique THEN 1 ELSE 0 END AS BIGINT) AS is_unique,
            CAST(CASE WHEN i.indisprimary THEN 1 ELSE 0 END AS BIGINT) AS is_primary
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
            CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND k.position <= i.indnkeyatts
        ORDER BY t.relname, x.relname, k.position",
    references: "SELECT CAST(t.relname AS TEXT) AS table_name, CAST(a.attname AS TEXT) AS column_name,
            CAST(o.relname AS TEXT) AS to_table, CAST(b.attname AS TEXT) AS to_column
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid
            CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(here, there)
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.here
            JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = k.there
        WHERE c.contype = 'f' AND t.relnamespace = CAST(current_schema() AS regnamespace)",
};
