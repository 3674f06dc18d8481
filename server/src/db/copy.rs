//! All rows of a database into an empty one, of the same kind or the other.
//!
//! Owns the order of the tables and the pages in which they go over. Refuses to know what is in them. Invariants:
//! what arrives is one state of the source, whoever goes on writing there; the target holds all of it or nothing;
//! no more than one page of rows is in memory.
//!
//! The only statements whose texts are made at run time: from the names of tables and columns that our own
//! migrations made, read back from the database.

use super::error::DbError;
use super::query::{At, Reader, Row, Tx, query_text};
use super::schema::{Kind, MIGRATIONS_TABLE, Schema, Table};
use super::value::Value;
use super::{Db, ROWS_PER_STATEMENT_MAX};
use std::collections::BTreeSet;

/// Copies every row. Gives how many there were.
pub async fn copy(from: &mut Reader, to: &Db) -> Result<u64, DbError> {
    let schema = Schema::read(from).await?;
    let mut tx = to.begin().await?;
    let mut rows = 0;
    for name in in_order(&schema)? {
        if let Some(table) = schema.tables.get(name) {
            rows += copy_table(from, &mut tx, name, table).await?;
        }
    }
    tx.commit().await?;
    Ok(rows)
}

/// The tables, each after those that it refers to.
fn in_order(schema: &Schema) -> Result<Vec<&str>, DbError> {
    let mut left: BTreeSet<&str> =
        schema.tables.keys().map(String::as_str).filter(|name| *name != MIGRATIONS_TABLE).collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |name: &&str| {
            schema.tables.get(*name).is_some_and(|table| {
                table.references.iter().any(|(_, to, _)| to != *name && left.contains(to.as_str()))
            })
        };
        let (later, ready): (BTreeSet<&str>, BTreeSet<&str>) = left.iter().copied().partition(waits);
        if ready.is_empty() {
            return Err(DbError::Internal("tables refer to each other in a circle".to_owned()));
        }
        order.extend(ready);
        left = later;
    }
    Ok(order)
}

async fn copy_table(from: &mut Reader, tx: &mut Tx, name: &str, table: &Table) -> Result<u64, DbError> {
    let columns: Vec<&str> = table.columns.keys().map(String::as_str).collect();
    let key = &table.primary_key;
    if key.is_empty() {
        return Err(DbError::Internal(format!("table {name} has no primary key")));
    }
    let (listed, keys) = (columns.join(", "), key.join(", "));
    let first = format!("SELECT {listed} FROM {name} ORDER BY {keys} LIMIT {ROWS_PER_STATEMENT_MAX}");
    let after = format!(
        "SELECT {listed} FROM {name} WHERE ({keys}) > ({}) ORDER BY {keys} LIMIT {ROWS_PER_STATEMENT_MAX}",
        placeholders(0, key.len())
    );
    let mut copied = 0;
    let mut page = query_text(first).fetch_all(from).await?;
    while let Some(last) = page.last() {
        let reached = key.iter().map(|column| value(last, table, column)).collect::<Result<Vec<_>, _>>()?;
        let mut values = Vec::with_capacity(page.len() * columns.len());
        for row in &page {
            for column in &columns {
                values.push(value(row, table, column)?);
            }
        }
        let rows: Vec<_> = (0..page.len())
            .map(|row| format!("({})", placeholders(row * columns.len(), columns.len())))
            .collect();
        let insert = format!("INSERT INTO {name} ({listed}) VALUES {}", rows.join(","));
        copied += query_text(insert).bind_all(values).execute(tx).await?;
        if page.len() < ROWS_PER_STATEMENT_MAX {
            break;
        }
        page = query_text(after.clone()).bind_all(reached).fetch_all(from).await?;
    }
    Ok(copied)
}

fn placeholders(before: usize, count: usize) -> String {
    let names: Vec<_> = (1..=count).map(|n| format!("${}", before + n)).collect();
    names.join(",")
}

fn value(row: &Row, table: &Table, column: &str) -> Result<Value<'static>, DbError> {
    let at = At::Name(column);
    Ok(match table.columns.get(column).map(|column| &column.kind) {
        Some(Kind::Int) => Value::Int(row.native::<i64>(at)?),
        Some(Kind::Text) => Value::Text(row.native::<String>(at)?.map(Into::into)),
        Some(Kind::Blob) => Value::Blob(row.native::<Vec<u8>>(at)?.map(Into::into)),
        Some(Kind::Other(_)) | None => return Err(at.error("its type is not of the shared dialect")),
    })
}
